/* What is told of roll-outs in JSON. See rollouts.h. */
#include "json-add.h"
#include "rollouts.h"

static bool add_share(cJSON *o, const char *name, RolloutShare share)
{
        char text[TIME_TEXT_MAX];
        return share.kind == SHARE_NONE
                       ? cJSON_AddNullToObject(o, name) != NULL
                       : cJSON_AddStringToObject(o, name, rollout_share_format(share, text)) !=
                                 NULL;
}

/* The members of an object that is kept as text; "": none. */
static bool add_members(cJSON *o, const char *text)
{
        _cleanup_(cJSON_Deletep) cJSON *json = *text ? cJSON_Parse(text) : NULL;
        while (json && json->child) {
                cJSON *item = cJSON_DetachItemViaPointer(json, json->child);
                if (!cJSON_AddItemToObject(o, item->string, item)) {
                        cJSON_Delete(item);
                        return false;
                }
        }
        return json || !*text;
}

static bool add_seconds(cJSON *o, const char *name, usec_t span)
{
        return cJSON_AddNumberToObject(o, name, (double)span / (double)USEC_PER_SEC);
}

/* States that nobody is in are left out. */
static bool add_counts(cJSON *o, const uint32_t counts[static TARGET_STATE_MAX])
{
        cJSON *list = cJSON_AddObjectToObject(o, "counts");
        for (TargetState s = 0; list && s < TARGET_STATE_MAX; s++)
                if (counts[s] > 0 &&
                    !cJSON_AddNumberToObject(list, target_state_to_string(s), counts[s]))
                        return false;
        return list;
}

static bool add_groups(cJSON *o, const Rollout *rollout)
{
        size_t count;
        const RolloutGroup *groups = rollout_groups(rollout, &count);
        cJSON *list = cJSON_AddArrayToObject(o, "groups");
        for (size_t g = 0; list && g < count; g++) {
                cJSON *one = cJSON_CreateObject();
                if (!one || !cJSON_AddItemToArray(list, one))
                        return false;
                if (!cJSON_AddStringToObject(one, "name", groups[g].name) ||
                    !cJSON_AddNumberToObject(one, "size", groups[g].size) ||
                    !add_share(one, "success", groups[g].success) ||
                    !add_seconds(one, "wait", groups[g].wait) ||
                    !add_share(one, "failureLimit", groups[g].fail_limit) ||
                    !json_add_time(one, "begunAt", groups[g].begun_at) ||
                    !json_add_time(one, "reachedAt", groups[g].reached_at) ||
                    !add_counts(one, groups[g].counts))
                        return false;
        }
        return list;
}

static bool add_firmware(cJSON *o, const RolloutPlan *plan)
{
        if (!*plan->order)
                return cJSON_AddNumberToObject(o, "firmware", (double)plan->firmware);
        cJSON *order = cJSON_Parse(plan->order);
        if (order)
                cJSON_AddItemToObject(o, "order", order);
        return order;
}

static bool add_retry(cJSON *o, const RolloutRetry *retry)
{
        cJSON *object = cJSON_AddObjectToObject(o, "retry");
        cJSON *reasons = object ? cJSON_AddArrayToObject(object, "failures") : NULL;
        if (!reasons || !cJSON_AddNumberToObject(object, "times", retry->times) ||
            !add_seconds(object, "after", retry->after))
                return false;
        for (TargetFailure f = 1; f < FAILURE_MAX; f++)
                if (retry->reasons & (1u << f))
                        cJSON_AddItemToArray(reasons,
                                             cJSON_CreateString(target_failure_to_string(f)));
        return true;
}

cJSON *rollout_describe(const Rollout *rollout)
{
        static const char *const commands[ROLLOUT_COMMAND_MAX] = {"start", "pause", "resume",
                                                                  "abort", "supersede"};
        char next[ROLLOUT_REASON_MAX + 1];
        size_t count, groups_count;
        uint32_t counts[TARGET_STATE_MAX] = {0};
        const RolloutPlan *plan = rollout_plan(rollout);
        const RolloutGroup *groups = rollout_groups(rollout, &groups_count);
        (void)rollout_targets(rollout, &count);
        for (size_t g = 0; g < groups_count; g++)
                for (TargetState s = 0; s < TARGET_STATE_MAX; s++)
                        counts[s] += groups[g].counts[s];
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (!o || !cJSON_AddNumberToObject(o, "id", (double)plan->id) ||
            !cJSON_AddStringToObject(o, "name", plan->name) || !add_firmware(o, plan) ||
            !add_members(o, plan->how) || !cJSON_AddStringToObject(o, "version", plan->version) ||
            !cJSON_AddStringToObject(o, "state", rollout_state_to_string(plan->state)) ||
            !json_add_time(o, "since", plan->since) ||
            !cJSON_AddStringToObject(o, "by", plan->by) ||
            !cJSON_AddStringToObject(o, "reason", plan->reason) ||
            !cJSON_AddStringToObject(o, "next", rollout_next(rollout, next)) ||
            !json_add_time(o, "startAt", plan->start_at) ||
            !add_share(o, "failureLimit", plan->fail_limit) || !add_retry(o, &plan->retry) ||
            !add_seconds(o, "answerTimeout", plan->answer_timeout) ||
            !add_seconds(o, "progressTimeout", plan->progress_timeout) ||
            !cJSON_AddNumberToObject(o, "inFlightMax", plan->in_flight_max) ||
            !cJSON_AddNumberToObject(o, "size", (double)count) || !add_counts(o, counts) ||
            !add_groups(o, rollout))
                return NULL;
        cJSON *can = cJSON_AddArrayToObject(o, "can");
        for (RolloutEvent e = 0; can && e < ROLLOUT_COMMAND_MAX; e++)
                if (rollout_allows(rollout, e))
                        cJSON_AddItemToArray(can, cJSON_CreateString(commands[e]));
        return can ? TAKE_PTR(o) : NULL;
}

cJSON *target_describe(const Rollout *rollout, const RolloutTarget *target)
{
        size_t count;
        const RolloutGroup *groups = rollout_groups(rollout, &count);
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (!o || !cJSON_AddNumberToObject(o, "rollout", (double)rollout_plan(rollout)->id) ||
            !cJSON_AddStringToObject(o, "station", target->id) ||
            !cJSON_AddStringToObject(o, "group", groups[target->group].name) ||
            !cJSON_AddStringToObject(o, "state", target_state_to_string(target->state)) ||
            !json_add_time(o, "since", target->since) ||
            !cJSON_AddNumberToObject(o, "tries", target->tries) ||
            !cJSON_AddBoolToObject(o, "online", target->online))
                return NULL;
        bool failed = target->failure != FAILURE_NONE;
        bool good = json_add_text(o, "failure",
                                  failed ? target_failure_to_string(target->failure) : NULL) &&
                    json_add_number(o, "requestId", target->request_id);
        return good ? TAKE_PTR(o) : NULL;
}
