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

/* How many failures pause it: as a share, and as a number. */
static bool add_limit(cJSON *o, RolloutShare limit, uint32_t size, uint32_t forgiven)
{
        uint32_t at = rollout_pauses_at(limit, size, forgiven);
        return add_share(o, "failureLimit", limit) &&
               json_add_number(o, "failureCount", at > 0 ? (int64_t)at : NO_INT);
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
                const RolloutGroup *group = &groups[g];
                if (!cJSON_AddStringToObject(one, "name", group->name) ||
                    !cJSON_AddNumberToObject(one, "size", group->size) ||
                    !add_share(one, "success", group->success) ||
                    !add_seconds(one, "wait", group->wait) ||
                    !cJSON_AddNumberToObject(one, "successCount", rollout_needed(group)) ||
                    !add_limit(one, group->fail_limit, group->size, group->forgiven) ||
                    !json_add_time(one, "begunAt", group->begun_at) ||
                    !json_add_time(one, "reachedAt", group->reached_at) ||
                    !add_counts(one, group->counts))
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

/* What an operator can do, and what that would do. */
static bool add_commands(cJSON *o, const Rollout *rollout)
{
        static const char *const commands[ROLLOUT_COMMAND_MAX] = {"start", "pause", "resume",
                                                                  "abort", "supersede"};
        char effect[ROLLOUT_EFFECT_MAX + 1];
        cJSON *can = cJSON_AddArrayToObject(o, "can"),
              *effects = cJSON_AddObjectToObject(o, "effects");
        for (RolloutEvent e = 0; can && effects && e < ROLLOUT_COMMAND_MAX; e++) {
                if (!rollout_allows(rollout, e))
                        continue;
                cJSON_AddItemToArray(can, cJSON_CreateString(commands[e]));
                cJSON_AddStringToObject(effects, commands[e], rollout_effect(rollout, e, effect));
        }
        return can && effects;
}

cJSON *rollout_describe(const Rollout *rollout)
{
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
            !add_limit(o, plan->fail_limit, (uint32_t)count, plan->forgiven) ||
            !add_retry(o, &plan->retry) || !add_seconds(o, "answerTimeout", plan->answer_timeout) ||
            !add_seconds(o, "progressTimeout", plan->progress_timeout) ||
            !cJSON_AddNumberToObject(o, "inFlightMax", plan->in_flight_max) ||
            !cJSON_AddNumberToObject(o, "size", (double)count) || !add_counts(o, counts) ||
            !add_groups(o, rollout) || !add_commands(o, rollout))
                return NULL;
        return TAKE_PTR(o);
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
