/* How the engines of roll-outs reach the state, the stations and those who listen. See rollouts.h.
 */
#include "log.h"
#include "push-message.h"
#include "rollouts-private.h"
#include "state-rollout.h"
#include <inttypes.h>

/* An order under way: who asked what. Owned by the call, until it is done. */
typedef struct Asked {
        Rollouts *rollouts;
        int64_t rollout, request_id;
        char station[STATION_ID_MAX + 1];
} Asked;

static int fresh_id(void *userdata, int64_t *ret)
{
        Rollouts *rollouts = userdata;
        return state_fresh_id(rollouts->options.state, ret);
}

static int store(void *userdata, const Rollout *rollout, const uint32_t *targets, size_t count,
                 RolloutFlush flush)
{
        Rollouts *rollouts = userdata;
        State *state = rollouts->options.state;
        Kept *kept = rollouts_kept(rollouts, rollout_plan(rollout)->id);
        if (!rollouts->unflushed)
                rollouts->losses = state_losses(state);
        int r = state_rollout_store(state, rollout, targets, count);
        if (r == 0 && kept)
                rollouts_changed(rollouts, kept);
        if (r == 0 && kept && flush == FLUSH_FIRST)
                kept->unflushed = rollouts->unflushed = true;
        return r == 0 && flush == FLUSH_NOW ? state_flush(state) : r;
}

/* What the plan keeps as JSON: what is told, where it is no firmware of ours, and how. 0, -EINVAL,
 * -ENOMEM. */
static int read_plan(const RolloutPlan *plan, cJSON **ret_order, PushPlan *ret_how)
{
        char sentence[PUSH_SENTENCE_MAX];
        CodecError error;
        _cleanup_(cJSON_Deletep) cJSON *how = NULL;
        int r = *plan->order ? json_parse(plan->order, strlen(plan->order), ret_order) : 0;
        if (r == 0 && *plan->how) {
                r = json_parse(plan->how, strlen(plan->how), &how);
                if (r == 0)
                        r = codec_decode(&push_plan_table, (CodecRules){0}, how, ret_how, &error);
                if (r == 0)
                        r = push_plan_check(ret_how, sentence);
        }
        return r == -EBADMSG ? -EINVAL : r;
}

static void how_done(PushPlan *how)
{
        codec_done(&push_plan_table, how);
}

/* The message for a station. 0, -EINVAL: there is none, -ENODATA: not now, -ENOMEM. */
static int message_for(Rollouts *rollouts, const Rollout *rollout, const RolloutTarget *target,
                       usec_t now, PushMessage *ret)
{
        const RolloutsOptions *o = &rollouts->options;
        const RolloutPlan *plan = rollout_plan(rollout);
        char sentence[PUSH_SENTENCE_MAX];
        _cleanup_(cJSON_Deletep) cJSON *order = NULL;
        _cleanup_(firmware_freep) Firmware *firmware = NULL;
        _cleanup_(how_done) PushPlan how = PUSH_PLAN_INIT;
        const Station *station = csms_find(o->csms, target->id);
        if (!station || !station_is_online(station))
                return -ENODATA;
        int r = read_plan(plan, &order, &how);
        if (r == 0 && !order)
                r = firmware_find(o->firmware, plan->firmware, &firmware);
        if (r == 0)
                r = push_message(&(PushMaking){.csms = o->csms,
                                               .store = o->firmware,
                                               .firmware = firmware,
                                               .order = order,
                                               .plan = &how,
                                               .request_id = MAX(target->request_id, (int64_t)0),
                                               .now = now},
                                 station, ret, sentence);
        return r == 0 || r == -ENOMEM || r == -ENODATA ? r : -EINVAL;
}

static bool tellable(void *userdata, const Rollout *rollout, const RolloutTarget *target,
                     usec_t now, usec_t *ret_acts_at)
{
        PushMessage message = {0};
        int r = message_for(userdata, rollout, target, now, &message);
        if (r == 0)
                *ret_acts_at = message.acts_at;
        cJSON_Delete(message.payload);
        return r != -EINVAL;
}

/* What the answer means: 1.6's UpdateFirmware has no status. */
static TargetFailure read_answer(const CallOutcome *outcome)
{
        const cJSON *status = cJSON_GetObjectItemCaseSensitive(outcome->result, "status");
        if (outcome->end == CALL_ERROR)
                return FAILURE_CALL_ERROR;
        return !cJSON_IsString(status) || startswith(status->valuestring, "Accepted")
                       ? FAILURE_NONE
                       : FAILURE_REJECTED;
}

static void on_done(void *userdata, const CallOutcome *outcome)
{
        _cleanup_(freep) Asked *asked = userdata;
        Rollouts *rollouts = asked->rollouts;
        Kept *kept = rollouts_kept(rollouts, asked->rollout);
        if (!kept || kept->error || (outcome->end != CALL_RESULT && outcome->end != CALL_ERROR))
                return;
        (void)rollouts_stepped(rollouts, kept,
                               rollout_answered(kept->rollout, asked->station, asked->request_id,
                                                read_answer(outcome), wallclock_now()));
}

static void tell(void *userdata, const Rollout *rollout, const RolloutTarget *target)
{
        Rollouts *rollouts = userdata;
        PushMessage message;
        Call *call;
        Station *station = csms_find(rollouts->options.csms, target->id);
        Asked *asked = calloc(1, sizeof(*asked));
        int r = asked ? message_for(rollouts, rollout, target, target->since, &message) : -ENOMEM;
        if (r == 0) {
                *asked = (Asked){.rollouts = rollouts,
                                 .rollout = rollout_plan(rollout)->id,
                                 .request_id = target->request_id};
                memcpy(asked->station, target->id, strlen(target->id) + 1);
                r = station_call(station, message.action, message.payload, on_done, asked, &call);
        }
        if (r < 0) {
                log_warning("Roll-out %" PRId64 " can't tell %s: %s", rollout_plan(rollout)->id,
                            target->id, strerror(-r));
                free(asked);
        }
}

static void happened(void *userdata, const Rollout *rollout, const RolloutNews *news)
{
        Rollouts *rollouts = userdata;
        Events *events = rollouts->options.events;
        size_t count;
        const RolloutTarget *target = rollout_targets(rollout, &count) + news->index;
        if (news->kind == NEWS_TARGET && events_wanted(events, "rollout-target", target->id))
                events_publish(events, "rollout-target", target->id,
                               target_describe(rollout, target));
        if (news->kind == NEWS_EVENT)
                rollouts_mark(rollouts, rollout, news);
}

RolloutDoors rollouts_doors(Rollouts *rollouts)
{
        return (RolloutDoors){.fresh_id = fresh_id,
                              .store = store,
                              .tellable = tellable,
                              .tell = tell,
                              .happened = happened,
                              .userdata = rollouts};
}
