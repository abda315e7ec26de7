/* The calls about roll-outs: plans, their preview, what has become of them, and an operator's
 * commands. */
#include "api.h"
#include "rollout-read.h"
#include "rollouts.h"
#include <inttypes.h>
#include <stdio.h>

#define TARGETS_DEFAULT 100
#define TARGETS_MOST 10000

/* The roll-out that the path names. NULL: the call is answered. */
static const Rollout *find(const ApiCall *call)
{
        int64_t id;
        if (!api_id(call, 0, &id))
                return NULL;
        const Rollout *rollout = rollouts_find(call->service->rollouts, id);
        if (!rollout)
                exchange_problem(call->x, 404, "There is no roll-out of this id.");
        return rollout;
}

static void list_rollouts(const ApiCall *call)
{
        _cleanup_(cJSON_Deletep) cJSON *list = cJSON_CreateArray();
        const Rollout *rollout = rollouts_behind(call->service->rollouts, 0);
        for (; list && rollout;
             rollout = rollouts_behind(call->service->rollouts, rollout_plan(rollout)->id)) {
                cJSON *one = rollouts_describe(call->service->rollouts, rollout);
                if (!one)
                        cJSON_Delete(TAKE_PTR(list));
                else
                        cJSON_AddItemToArray(list, one);
        }
        exchange_reply_json(call->x, 200, TAKE_PTR(list));
}

static void get_rollout(const ApiCall *call)
{
        const Rollout *rollout = find(call);
        if (rollout)
                exchange_reply_json(call->x, 200,
                                    rollouts_describe(call->service->rollouts, rollout));
}

static void get_history(const ApiCall *call)
{
        const Rollout *rollout = find(call);
        if (rollout)
                exchange_reply_json(call->x, 200,
                                    rollouts_describe_history(call->service->rollouts,
                                                              rollout_plan(rollout)->id));
}

/* Makes one of the body. NULL: the call is answered. */
static Rollout *make(const ApiCall *call)
{
        CodecError error = {0};
        Rollout *rollout = NULL;
        const RolloutDoors doors = rollouts_doors(call->service->rollouts);
        const RolloutSources sources = {call->service->csms, call->service->firmware};
        int r = rollout_read(call->body, &sources, &doors, &rollout, &error);
        if (r == -EINVAL)
                exchange_problem(call->x, 400, error.text);
        else if (r < 0)
                api_out_of_memory(call->x);
        return rollout;
}

static void preview_rollout(const ApiCall *call)
{
        _cleanup_(rollout_freep) Rollout *rollout = make(call);
        size_t count;
        if (!rollout)
                return;
        const RolloutTarget *targets = rollout_targets(rollout, &count);
        cJSON *o = rollouts_describe(call->service->rollouts, rollout);
        const cJSON *groups = cJSON_GetObjectItemCaseSensitive(o, "groups");
        for (size_t i = 0; groups && i < count; i++) {
                cJSON *group = cJSON_GetArrayItem(groups, targets[i].group);
                cJSON *list = cJSON_GetObjectItemCaseSensitive(group, "stations");
                if (!list)
                        list = cJSON_AddArrayToObject(group, "stations");
                cJSON_AddItemToArray(list, cJSON_CreateString(targets[i].id));
        }
        exchange_reply_json(call->x, 200, o);
}

static void create_rollout(const ApiCall *call)
{
        Rollout *rollout = make(call);
        if (!rollout)
                return;
        int r = rollouts_add(call->service->rollouts, rollout);
        if (r == 0) {
                exchange_reply_json(call->x, 201,
                                    rollouts_describe(call->service->rollouts, rollout));
                return;
        }
        rollout_free(rollout);
        if (r == -EEXIST)
                exchange_problem(call->x, 409, "There is a roll-out of this name already.");
        else if (r == -ENOSPC)
                exchange_problem(call->x, 409,
                                 "There are too many roll-outs: delete one that is over.");
        else
                api_not_written(call->x);
}

static void delete_rollout(const ApiCall *call)
{
        const Rollout *rollout = find(call);
        if (!rollout)
                return;
        int r = rollouts_remove(call->service->rollouts, rollout_plan(rollout)->id);
        if (r == -EBUSY)
                exchange_problem(call->x, 409,
                                 "The roll-out is under way: abort it first, and let it end.");
        else if (r < 0)
                api_not_written(call->x);
        else
                exchange_reply(call->x, 204, NULL, NULL);
}

/* Whether a target is one that the query asks for. */
static bool is_wanted(const ApiCall *call, const Rollout *rollout, const RolloutTarget *target)
{
        size_t count;
        const char *state = request_arg(call->request, "state"),
                   *group = request_arg(call->request, "group");
        return (!state || streq(state, target_state_to_string(target->state))) &&
               (!group || streq(group, rollout_groups(rollout, &count)[target->group].name));
}

static int64_t count_wanted(const ApiCall *call, const Rollout *rollout)
{
        size_t count;
        int64_t wanted = 0;
        const RolloutTarget *targets = rollout_targets(rollout, &count);
        for (size_t i = 0; i < count; i++)
                wanted += is_wanted(call, rollout, &targets[i]);
        return wanted;
}

static void list_targets(const ApiCall *call)
{
        int64_t limit = TARGETS_DEFAULT;
        size_t count, first = 0;
        const Rollout *rollout = find(call);
        const char *after = request_arg(call->request, "after"),
                   *state = request_arg(call->request, "state");
        if (!rollout || !api_number(call, "limit", 1, TARGETS_MOST, &limit))
                return;
        const RolloutTarget *targets = rollout_targets(rollout, &count), *last = NULL;
        if (after && !(last = rollout_find(rollout, after))) {
                exchange_problem(call->x, 400, "after must be a station of this roll-out.");
                return;
        }
        if (state && target_state_from_string(state) == TARGET_STATE_MAX) {
                exchange_problem(call->x, 400, "state must be a state of a station in a roll-out.");
                return;
        }
        if (last)
                first = (size_t)(last - targets) + 1;
        _cleanup_(cJSON_Deletep) cJSON *list = cJSON_CreateArray();
        int64_t left = limit;
        for (size_t i = first; list && i < count && left > 0; i++) {
                if (!is_wanted(call, rollout, &targets[i]))
                        continue;
                cJSON *one = target_describe(rollout, &targets[i]);
                if (!one)
                        cJSON_Delete(TAKE_PTR(list));
                else
                        cJSON_AddItemToArray(list, one);
                left--;
        }
        api_reply_page(call, &(ApiPage){.list = TAKE_PTR(list),
                                        .limit = limit,
                                        .total = count_wanted(call, rollout),
                                        .member = "station"});
}

static void answer_command(const ApiCall *call, int64_t id, const RolloutCommand *command)
{
        char sentence[2 * STATION_ID_MAX];
        const char *station = NULL;
        int64_t other = 0;
        Rollouts *rollouts = call->service->rollouts;
        int r = rollouts_command(rollouts, id, command, &station, &other);
        if (r == 0) {
                exchange_reply_json(call->x, 200,
                                    rollouts_describe(rollouts, rollouts_find(rollouts, id)));
                return;
        }
        if (r != -EPERM && r != -EBUSY) {
                api_not_written(call->x);
                return;
        }
        if (r == -EPERM)
                snprintf(sentence, sizeof(sentence), "The roll-out is %s: this can't be done now.",
                         rollout_state_to_string(rollout_plan(rollouts_find(rollouts, id))->state));
        else
                snprintf(sentence, sizeof(sentence),
                         "%s has not come to its end in roll-out %" PRId64 ".", station, other);
        exchange_problem(call->x, 409, sentence);
}

static void give_command(const ApiCall *call, RolloutEvent event)
{
        _cleanup_(rollout_change_done) RolloutChange change = {0};
        CodecError error = {0};
        const Rollout *rollout = find(call);
        if (!rollout)
                return;
        int r = rollout_read_change(call->body,
                                    event == ROLLOUT_SUPERSEDE ? call->service->firmware : NULL,
                                    &change, &error);
        if (r == -EINVAL)
                exchange_problem(call->x, 400, error.text);
        else if (r < 0)
                api_out_of_memory(call->x);
        else
                answer_command(call, rollout_plan(rollout)->id,
                               &(RolloutCommand){
                                       .event = event,
                                       .by = "operator",
                                       .reason = change.reason,
                                       .firmware = change.firmware == NO_INT ? 0 : change.firmware,
                                       .order = change.order,
                                       .version = change.version});
}

static void post_start(const ApiCall *call)
{
        give_command(call, ROLLOUT_START);
}

static void post_pause(const ApiCall *call)
{
        give_command(call, ROLLOUT_PAUSE);
}

static void post_resume(const ApiCall *call)
{
        give_command(call, ROLLOUT_RESUME);
}

static void post_abort(const ApiCall *call)
{
        give_command(call, ROLLOUT_ABORT);
}

static void post_supersede(const ApiCall *call)
{
        give_command(call, ROLLOUT_SUPERSEDE);
}

/* clang-format off */
const Route api_rollout_routes[] = {
        { HTTP_GET,    "/api/rollouts",                "listRollouts",     ROLE_READ,     0,        list_rollouts,   NULL },
        { HTTP_POST,   "/api/rollouts",                "createRollout",    ROLE_OPERATOR, API_JSON, create_rollout,  NULL },
        { HTTP_POST,   "/api/rollouts/preview",        "previewRollout",   ROLE_READ,     API_JSON, preview_rollout, NULL },
        { HTTP_GET,    "/api/rollouts/{id}",           "getRollout",       ROLE_READ,     0,        get_rollout,     NULL },
        { HTTP_DELETE, "/api/rollouts/{id}",           "deleteRollout",    ROLE_OPERATOR, 0,        delete_rollout,  NULL },
        { HTTP_GET,    "/api/rollouts/{id}/targets",   "listTargets",      ROLE_READ,     0,        list_targets,    "state,group,limit,after" },
        { HTTP_GET,    "/api/rollouts/{id}/history",   "getRolloutHistory", ROLE_READ,    0,        get_history,     NULL },
        { HTTP_POST,   "/api/rollouts/{id}/start",     "startRollout",     ROLE_OPERATOR, API_JSON, post_start,      NULL },
        { HTTP_POST,   "/api/rollouts/{id}/pause",     "pauseRollout",     ROLE_OPERATOR, API_JSON, post_pause,      NULL },
        { HTTP_POST,   "/api/rollouts/{id}/resume",    "resumeRollout",    ROLE_OPERATOR, API_JSON, post_resume,     NULL },
        { HTTP_POST,   "/api/rollouts/{id}/abort",     "abortRollout",     ROLE_OPERATOR, API_JSON, post_abort,      NULL },
        { HTTP_POST,   "/api/rollouts/{id}/supersede", "supersedeRollout", ROLE_OPERATOR, API_JSON, post_supersede,  NULL },
        { 0 },
};
/* clang-format on */
