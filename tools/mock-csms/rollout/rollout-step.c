/* What happens to a roll-out: each event moves a target or the roll-out by its table, then settle()
 * draws the consequences, stores them, and only then tells stations. See rollout.h. */
#include "rollout-private.h"
#include <inttypes.h>
#include <stdio.h>

/* Key of the ready queue: those superseded come before all others, also where nobody else is told.
 */
#define KEY_SUPERSEDED 0
#define KEY_DUE 1

/* ---- moving ---- */

static usec_t deadline_of(const Rollout *rollout, const RolloutTarget *target)
{
        const RolloutPlan *plan = &rollout->plan;
        if (target->state == TARGET_TELLING || target->state == TARGET_TOLD)
                return target->since + plan->answer_timeout;
        bool may_wait = target->state == TARGET_ACCEPTED || target->state == TARGET_DOWNLOADED;
        if (target_is_in_flight(target->state))
                return MAX(target->since, may_wait ? target->acts_at : 0) + plan->progress_timeout;
        return target->state == TARGET_RETRYING ? target->since + plan->retry.after : USEC_INFINITY;
}

void rollout_enqueue(Rollout *rollout, uint32_t i)
{
        const RolloutTarget *target = &rollout->targets[i];
        usec_t deadline = deadline_of(rollout, target);
        bool due = target->state == TARGET_DUE, superseded = target->state == TARGET_SUPERSEDED;
        if (deadline == USEC_INFINITY)
                heap_remove(&rollout->deadlines, i);
        else
                heap_put(&rollout->deadlines, i, deadline);
        if (target->online && (due || superseded))
                heap_put(&rollout->ready, i, superseded ? KEY_SUPERSEDED : KEY_DUE);
        else
                heap_remove(&rollout->ready, i);
}

static void mark(Rollout *rollout, uint32_t i)
{
        if (!rollout->targets[i].changed)
                rollout->changed[rollout->changed_count++] = i;
        rollout->targets[i].changed = true;
}

/* The one door for a target's state. false: the event means nothing in it. */
static bool move(Rollout *rollout, uint32_t i, TargetEvent event, usec_t now)
{
        RolloutTarget *target = &rollout->targets[i];
        TargetState next = target_step(target->state, event);
        if (next == TARGET_STATE_MAX)
                return false;
        uint32_t *counts = rollout->groups[target->group].counts;
        counts[target->state]--;
        rollout->counts[target->state]--;
        target->state = next;
        target->since = now;
        counts[next]++;
        rollout->counts[next]++;
        rollout_enqueue(rollout, i);
        mark(rollout, i);
        /* What a station says once must not be lost with a crash, lest it is told again. */
        rollout->must_flush |= target_is_over(next) || next == TARGET_RETRYING;
        return true;
}

/* Copies, cut at the end of the room. */
static void keep_text(char *to, size_t size, const char *text)
{
        snprintf(to, size, "%s", strempty(text));
}

/* The one door for the roll-out's state. false: not in this one. */
static bool enter(Rollout *rollout, RolloutEvent event, usec_t now)
{
        RolloutState next = rollout_step(rollout->plan.state, event);
        if (next == ROLLOUT_STATE_MAX)
                return false;
        if (next != rollout->plan.state)
                rollout->plan.since = now;
        rollout->plan.state = next;
        rollout->plan_changed = rollout->must_flush = true;
        rollout->events |= 1u << event;
        rollout->events_at = now;
        return true;
}

static void pause_itself(Rollout *rollout, usec_t now, const char *reason)
{
        if (!enter(rollout, ROLLOUT_TRIPPED, now))
                return;
        keep_text(rollout->plan.by, sizeof(rollout->plan.by), ROLLOUT_ITSELF);
        keep_text(rollout->plan.reason, sizeof(rollout->plan.reason), reason);
}

static bool is_active(const Rollout *rollout)
{
        return rollout->plan.state == ROLLOUT_RUNNING || rollout->plan.state == ROLLOUT_WAITING;
}

/* By the retry rule: again, or for good. refusal: in an answer. */
static bool fail(Rollout *rollout, uint32_t i, TargetFailure failure, bool refusal, usec_t now)
{
        const RolloutRetry *retry = &rollout->plan.retry;
        RolloutTarget *target = &rollout->targets[i];
        bool again = (retry->reasons & (1u << failure)) && target->tries <= retry->times &&
                     failure != FAILURE_UNTELLABLE &&
                     (is_active(rollout) || rollout->plan.state == ROLLOUT_PAUSED);
        TargetEvent event = refusal ? (again ? TARGET_REFUSES : TARGET_REFUSES_AT_LAST)
                                    : (again ? TARGET_FAILS : TARGET_FAILS_AT_LAST);
        if (!move(rollout, i, event, now))
                return false;
        target->failure = failure;
        return true;
}

/* ---- consequences ---- */

uint32_t rollout_pauses_at(RolloutShare limit, uint32_t size, uint32_t forgiven)
{
        return limit.kind == SHARE_NONE ? 0 : forgiven + MAX(rollout_share_of(limit, size), 1u);
}

static bool is_passed(RolloutShare limit, uint32_t size, uint32_t failed, uint32_t forgiven)
{
        uint32_t at = rollout_pauses_at(limit, size, forgiven);
        return at > 0 && failed >= at;
}

/* Whether too few of it are left for its share. */
static bool is_out_of_reach(const RolloutGroup *group)
{
        uint32_t lost = group->counts[TARGET_FAILED] + group->counts[TARGET_SKIPPED];
        return group->size - lost < rollout_needed(group);
}

/* Why it stops: "1 of 4 stations of group internal has failed"; group NULL: of all. */
static void pause_failed(Rollout *rollout, usec_t now, const RolloutGroup *group, bool lost)
{
        char reason[ROLLOUT_REASON_MAX + 1];
        uint32_t failed = group ? group->counts[TARGET_FAILED] : rollout->counts[TARGET_FAILED];
        uint32_t size = group ? group->size : rollout->count;
        snprintf(reason, sizeof(reason), "%" PRIu32 " of %" PRIu32 " %s%s%.64s %s failed%s.",
                 failed, size, size == 1 ? "station" : "stations", group ? " of group " : "",
                 group ? group->name : "", failed == 1 ? "has" : "have",
                 lost ? ": too few are left for the share that must have the firmware" : "");
        pause_itself(rollout, now, reason);
}

static void judge_failures(Rollout *rollout, usec_t now)
{
        uint32_t begun = rollout_begun(rollout), failed = rollout->counts[TARGET_FAILED];
        if (is_passed(rollout->plan.fail_limit, rollout->count, failed, rollout->plan.forgiven)) {
                pause_failed(rollout, now, NULL, false);
                return;
        }
        for (uint32_t g = 0; g < begun; g++) {
                const RolloutGroup *group = &rollout->groups[g];
                bool lost = g + 1 < rollout->groups_count && group->reached_at == NO_TIME &&
                            !group->waived && is_out_of_reach(group);
                if (!lost && !is_passed(group->fail_limit, group->size,
                                        group->counts[TARGET_FAILED], group->forgiven))
                        continue;
                pause_failed(rollout, now, group, lost);
                return;
        }
}

static void judge_reached(Rollout *rollout, uint32_t g, usec_t now)
{
        RolloutGroup *group = &rollout->groups[g];
        bool reached = group->waived ? rollout_over_count(group->counts) == group->size
                                     : group->counts[TARGET_INSTALLED] >= rollout_needed(group);
        if (group->reached_at != NO_TIME || !reached)
                return;
        group->reached_at = now;
        rollout->plan_changed = true;
}

static void begin_group(Rollout *rollout, uint32_t g, usec_t now)
{
        RolloutGroup *group = &rollout->groups[g];
        group->begun_at = now;
        rollout->plan_changed = true;
        for (uint32_t i = group->first; i < group->first + group->size; i++)
                (void)move(rollout, i, TARGET_GROUP_BEGUN, now);
}

/* Pauses, begins groups, finishes: whatever follows from what is. */
static void judge(Rollout *rollout, usec_t now)
{
        if (!is_active(rollout))
                return;
        judge_failures(rollout, now);
        if (!is_active(rollout))
                return;
        for (uint32_t g = 0; g < rollout_begun(rollout); g++)
                judge_reached(rollout, g, now);
        usec_t next;
        while ((next = rollout_next_begin(rollout)) <= now) {
                begin_group(rollout, rollout_begun(rollout), now);
                judge_reached(rollout, rollout_begun(rollout) - 1, now); /* a share of nothing */
        }
        if (rollout_over_count(rollout->counts) == rollout->count)
                (void)enter(rollout, ROLLOUT_DONE, now);
        else
                (void)enter(rollout, next == USEC_INFINITY ? ROLLOUT_DUE : ROLLOUT_AHEAD, now);
}

uint32_t rollout_tellable(const Rollout *rollout)
{
        uint32_t i = heap_first(&rollout->ready);
        if (i == HEAP_ABSENT || (rollout->targets[i].state == TARGET_DUE && !is_active(rollout)))
                return HEAP_ABSENT;
        uint32_t most = rollout->plan.in_flight_max;
        return most == 0 || rollout_in_flight_count(rollout->counts) < most ? i : HEAP_ABSENT;
}

/* Chooses whom to tell, up to ROLLOUT_TELLS_MAX. 0, or what fresh_id() gave. */
static int pick(Rollout *rollout, usec_t now, uint32_t *picked, uint32_t *count)
{
        const RolloutDoors *doors = &rollout->doors;
        uint32_t i;
        while (*count < ROLLOUT_TELLS_MAX && (i = rollout_tellable(rollout)) != HEAP_ABSENT) {
                RolloutTarget *target = &rollout->targets[i];
                usec_t acts_at = 0;
                if (!doors->tellable(doors->userdata, rollout, target, now, &acts_at)) {
                        if (*count > 0)
                                break; /* its failure may stop those picked: after they were told */
                        (void)fail(rollout, i, FAILURE_UNTELLABLE, false, now);
                        judge(rollout, now); /* which may end it all */
                        continue;
                }
                int r = doors->fresh_id(doors->userdata, &target->request_id);
                if (r < 0)
                        return r;
                target->tries++;
                target->firmware = rollout->plan.firmware;
                target->acts_at = acts_at;
                (void)move(rollout, i, TARGET_TELL, now);
                picked[(*count)++] = i;
        }
        return 0;
}

static void tell_news(Rollout *rollout, RolloutNewsKind kind, uint32_t index)
{
        if (rollout->doors.happened)
                rollout->doors.happened(rollout->doors.userdata, rollout,
                                        &(RolloutNews){kind, index, rollout->events_at});
}

/* Stores what has changed, then says so. 0, or what store() gave. */
static int store(Rollout *rollout, RolloutFlush flush)
{
        const RolloutDoors *doors = &rollout->doors;
        if (rollout->changed_count == 0 && !rollout->plan_changed)
                return 0;
        int r = doors->store(doors->userdata, rollout, rollout->changed, rollout->changed_count,
                             rollout->must_flush ? MAX(flush, FLUSH_FIRST) : flush);
        if (r < 0)
                return r;
        for (RolloutEvent e = 0; e < ROLLOUT_EVENT_MAX; e++)
                if (rollout->events & (1u << e))
                        tell_news(rollout, NEWS_EVENT, e);
        for (uint32_t n = 0; n < rollout->changed_count; n++) {
                RolloutTarget *target = &rollout->targets[rollout->changed[n]];
                target->changed = false;
                if (target->state != TARGET_DUE)
                        tell_news(rollout, NEWS_TARGET, rollout->changed[n]);
        }
        rollout->changed_count = rollout->events = 0;
        rollout->plan_changed = rollout->must_flush = false;
        return 0;
}

/* The end of each event: consequences, and the store. */
static int settle(Rollout *rollout, usec_t now)
{
        judge(rollout, now);
        return store(rollout, FLUSH_SOME_TIME);
}

/* Those who are to be told, at most so many at a time: events that come together lead to one
 * telling, and to one write. */
static int tell(Rollout *rollout, usec_t now)
{
        uint32_t picked[ROLLOUT_TELLS_MAX], count = 0;
        judge(rollout, now);
        int r = pick(rollout, now, picked, &count);
        if (r == 0)
                r = store(rollout, count > 0 ? FLUSH_NOW : FLUSH_SOME_TIME);
        if (r < 0)
                return r;
        for (uint32_t n = 0; n < count; n++) {
                rollout->doors.tell(rollout->doors.userdata, rollout, &rollout->targets[picked[n]]);
                (void)move(rollout, picked[n], TARGET_SENT, now);
        }
        return store(rollout, FLUSH_SOME_TIME);
}

/* ---- events ---- */

/* HEAP_ABSENT: no target. */
static uint32_t index_of(const Rollout *rollout, const char *id)
{
        const RolloutTarget *target = rollout_find(rollout, id);
        return target ? (uint32_t)(target - rollout->targets) : HEAP_ABSENT;
}

/* Failures until now count no more, and groups that can't reach their share need not. */
static void forgive(Rollout *rollout)
{
        uint32_t begun = rollout_begun(rollout);
        rollout->plan.forgiven = rollout->counts[TARGET_FAILED];
        for (uint32_t g = 0; g < begun; g++) {
                RolloutGroup *group = &rollout->groups[g];
                group->forgiven = group->counts[TARGET_FAILED];
                group->waived = group->reached_at == NO_TIME && is_out_of_reach(group);
        }
}

/* All that can be told the new firmware shall be. */
static void supersede(Rollout *rollout, const RolloutCommand *command, usec_t now)
{
        RolloutPlan *plan = &rollout->plan;
        plan->firmware = command->firmware;
        keep_text(plan->order, sizeof(plan->order), command->order);
        keep_text(plan->version, sizeof(plan->version), command->version);
        for (uint32_t i = 0; i < rollout->count; i++) {
                RolloutTarget *target = &rollout->targets[i];
                bool again =
                        move(rollout, i, TARGET_SUPERSEDE, now) ||
                        (plan->state != ROLLOUT_ABORTED && move(rollout, i, TARGET_RENEW, now));
                if (!again && target->state != TARGET_DUE && target->state != TARGET_SUPERSEDED)
                        continue;
                target->tries = 0;
                target->failure = FAILURE_NONE;
                target->request_id =
                        NO_INT; /* what it still tells of the old firmware counts no more */
                mark(rollout, i);
        }
        plan->forgiven = MIN(plan->forgiven, rollout->counts[TARGET_FAILED]);
        for (uint32_t g = 0; g < rollout->groups_count; g++) {
                RolloutGroup *group = &rollout->groups[g];
                group->forgiven = MIN(group->forgiven, group->counts[TARGET_FAILED]);
                group->waived = group->waived && is_out_of_reach(group);
        }
}

int rollout_command(Rollout *rollout, const RolloutCommand *command, usec_t now)
{
        RolloutState before = rollout->plan.state;
        if (!rollout_allows(rollout, command->event))
                return -EPERM;
        if (command->event == ROLLOUT_RESUME)
                forgive(rollout);
        if (command->event == ROLLOUT_SUPERSEDE)
                supersede(rollout, command, now);
        if (command->event == ROLLOUT_ABORT)
                for (uint32_t i = 0; i < rollout->count; i++)
                        (void)move(rollout, i, TARGET_ABORT, now);
        (void)enter(rollout, command->event, now);
        if (rollout->plan.state != before) { /* else why it is paused is still worth knowing */
                keep_text(rollout->plan.by, sizeof(rollout->plan.by), command->by);
                keep_text(rollout->plan.reason, sizeof(rollout->plan.reason), command->reason);
        }
        return settle(rollout, now);
}

int rollout_connected(Rollout *rollout, const char *id, bool online, usec_t now)
{
        uint32_t i = index_of(rollout, id);
        if (i == HEAP_ABSENT || rollout->targets[i].online == online)
                return 0;
        rollout->targets[i].online = online;
        rollout_enqueue(rollout, i);
        return settle(rollout, now);
}

int rollout_answered(Rollout *rollout, const char *id, int64_t request_id, TargetFailure failure,
                     usec_t now)
{
        uint32_t i = index_of(rollout, id);
        if (i == HEAP_ABSENT || rollout->targets[i].request_id != request_id)
                return 0;
        if (failure == FAILURE_NONE)
                (void)move(rollout, i, TARGET_ANSWER_ACCEPTED, now);
        else
                (void)fail(rollout, i, failure, true, now);
        return settle(rollout, now);
}

int rollout_status(Rollout *rollout, const char *id, int64_t request_id, const char *status,
                   usec_t now)
{
        /* clang-format off */
        static const struct {
                const char *word;
                TargetEvent event;
                TargetFailure failure; /* FAILURE_NONE: the event */
        } table[] = {
                {"DownloadScheduled",         TARGET_ANSWER_ACCEPTED, FAILURE_NONE},
                {"Downloading",               TARGET_IS_DOWNLOADING,  FAILURE_NONE},
                {"DownloadPaused",            TARGET_IS_DOWNLOADING,  FAILURE_NONE},
                {"Downloaded",                TARGET_HAS_DOWNLOADED,  FAILURE_NONE},
                {"SignatureVerified",         TARGET_HAS_DOWNLOADED,  FAILURE_NONE},
                {"InstallScheduled",          TARGET_HAS_DOWNLOADED,  FAILURE_NONE},
                {"Installing",                TARGET_IS_INSTALLING,   FAILURE_NONE},
                {"InstallRebooting",          TARGET_IS_REBOOTING,    FAILURE_NONE},
                {"Installed",                 TARGET_HAS_INSTALLED,   FAILURE_NONE},
                {"DownloadFailed",            TARGET_FAILS,           FAILURE_DOWNLOAD},
                {"InvalidSignature",          TARGET_FAILS,           FAILURE_SIGNATURE},
                {"InstallationFailed",        TARGET_FAILS,           FAILURE_INSTALL},
                {"InstallVerificationFailed", TARGET_FAILS,           FAILURE_VERIFICATION},
        };
        /* clang-format on */
        uint32_t i = index_of(rollout, id);
        if (i == HEAP_ABSENT || rollout->targets[i].request_id == NO_INT ||
            (request_id != NO_INT && rollout->targets[i].request_id != request_id))
                return 0;
        for (size_t n = 0; n < ELEMENTSOF(table); n++) {
                if (!streq(table[n].word, status))
                        continue;
                if (table[n].failure != FAILURE_NONE)
                        (void)fail(rollout, i, table[n].failure, false, now);
                else
                        (void)move(rollout, i, table[n].event, now);
        }
        return settle(rollout, now);
}

int rollout_booted(Rollout *rollout, const char *id, const char *version, usec_t now)
{
        uint32_t i = index_of(rollout, id);
        if (i == HEAP_ABSENT || !*rollout->plan.version || !streq(rollout->plan.version, version))
                return 0;
        (void)move(rollout, i, TARGET_HAS_VERSION, now);
        return settle(rollout, now);
}

static void expire(Rollout *rollout, uint32_t i, usec_t now)
{
        TargetState state = rollout->targets[i].state;
        if (state == TARGET_RETRYING)
                (void)move(rollout, i, TARGET_RETRY_DUE, now);
        else if (state == TARGET_TELLING || state == TARGET_TOLD)
                (void)fail(rollout, i, FAILURE_NO_ANSWER, false, now);
        else
                (void)fail(rollout, i, FAILURE_STALLED, false, now);
}

int rollout_tick(Rollout *rollout, usec_t now)
{
        uint32_t i;
        while ((i = heap_first(&rollout->deadlines)) != HEAP_ABSENT &&
               rollout->deadlines.keys[i] <= now)
                expire(rollout, i, now);
        return tell(rollout, now);
}

usec_t rollout_deadline(const Rollout *rollout)
{
        uint32_t i = heap_first(&rollout->deadlines);
        usec_t when = i == HEAP_ABSENT ? USEC_INFINITY : rollout->deadlines.keys[i];
        if (rollout_tellable(rollout) != HEAP_ABSENT)
                return 0;
        return is_active(rollout) ? MIN(when, rollout_next_begin(rollout)) : when;
}
