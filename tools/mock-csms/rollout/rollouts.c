/* See rollouts.h. */
#include "json-add.h"
#include "log.h"
#include "rollouts-private.h"
#include "state-history.h"
#include "state-rollout.h"
#include "station.h"
#include <inttypes.h>

/* A station that connects is told something once it has sent its BootNotification, or after this
 * long: one that comes back sends none. */
#define BOOT_WITHIN (3 * USEC_PER_SEC)
/* A roll-out that could not be stored is tried again after this long, twice as long each time. */
#define PAUSE_FIRST USEC_PER_SEC
#define PAUSE_MOST (60 * USEC_PER_SEC)

#define FOREACH_KEPT(k, rollouts)                                                                  \
        for (Kept *k = (rollouts)->all; k < (rollouts)->all + (rollouts)->count; k++)
/* Those to whom something can happen. */
#define FOREACH_AWAKE(k, rollouts)                                                                 \
        FOREACH_KEPT (k, rollouts)                                                                 \
                if (!k->error)

Kept *rollouts_kept(Rollouts *rollouts, int64_t id)
{
        FOREACH_KEPT (k, rollouts)
                if (k->id == id)
                        return k;
        return NULL;
}

const Rollout *rollouts_find(Rollouts *rollouts, int64_t id)
{
        const Kept *kept = rollouts_kept(rollouts, id);
        return kept ? kept->rollout : NULL;
}

const Rollout *rollouts_behind(Rollouts *rollouts, int64_t id)
{
        FOREACH_KEPT (k, rollouts)
                if (k->id > id && k->rollout)
                        return k->rollout;
        return NULL;
}

cJSON *rollouts_describe(const Rollouts *rollouts, const Rollout *rollout)
{
        _cleanup_(freep) char *trouble = NULL;
        cJSON *o = rollout_describe(rollout);
        FOREACH_KEPT (k, (Rollouts *)rollouts)
                if (k->rollout == rollout && k->error)
                        trouble = str_printf("It can't be stored, and rests until it can: %s.",
                                             strerror(-k->error));
        if (o && !json_add_text(o, "trouble", trouble))
                cJSON_Delete(TAKE_PTR(o));
        return o;
}

/* From the wall clock to the loop's. */
static usec_t to_boottime(usec_t when)
{
        usec_t now = wallclock_now();
        return when == USEC_INFINITY ? when : boottime_now() + (when > now ? when - now : 0);
}

/* ---- what can't be stored ---- */

/* 0, what state_rollout_load() gives. */
static int load(Rollouts *rollouts, Kept *kept)
{
        State *state = rollouts->options.state;
        const RolloutDoors doors = rollouts_doors(rollouts);
        int r = state_rollout_load(state, kept->id, &doors, &kept->rollout);
        return r == 0 ? state_history_load(state, kept->id, &kept->history) : r;
}

/* It is as it is stored: nobody was told by the step, and what was here goes too far. */
static void rest(Rollouts *rollouts, Kept *kept, int r)
{
        const RolloutsOptions *o = &rollouts->options;
        usec_t now = boottime_now();
        bool again = kept->pause > 0 && now - kept->failed_at <= 2 * PAUSE_MOST;
        log_error_errno(r, "Roll-out %" PRId64 " can't be stored, and rests until it can",
                        kept->id);
        kept->error = r;
        kept->pause = again ? MIN(2 * kept->pause, PAUSE_MOST) : PAUSE_FIRST;
        kept->failed_at = now;
        kept->again_at = now + kept->pause;
        rollout_free(TAKE_PTR(kept->rollout));
        r = load(rollouts, kept);
        if (r < 0)
                log_error_errno(r, "Roll-out %" PRId64 " can't be loaded", kept->id);
        else
                rollouts_changed(rollouts, kept);
        o->wake_at(o->userdata, kept->again_at);
}

int rollouts_stepped(Rollouts *rollouts, Kept *kept, int r)
{
        const RolloutsOptions *o = &rollouts->options;
        if (r < 0 && r != -EPERM)
                rest(rollouts, kept, r);
        else
                o->wake_at(o->userdata, to_boottime(rollout_deadline(kept->rollout)));
        return r;
}

/* Whether the last status of a station is one of what it was told last, as far as can be known. */
static bool is_about(const UpdateState *update, const RolloutTarget *target)
{
        return *update->status && target->request_id != NO_INT && update->since >= target->since &&
               (update->request_id == target->request_id || update->request_id == NO_INT);
}

/* What has come of one of its stations while it rested. Newcomers have their own turn. */
static int catch_up(Rollout *rollout, const RolloutTarget *target, const Station *station)
{
        usec_t now = wallclock_now();
        int r = 0;
        if (is_about(&station->update, target))
                r = rollout_status(rollout, target->id, station->update.request_id,
                                   station->update.status, now);
        if (r == 0 && station_is_online(station) && station->connected_since + BOOT_WITHIN <= now)
                r = rollout_connected(rollout, target->id, true, now);
        return r;
}

/* Whether one that rests goes on. */
static bool wake(Rollouts *rollouts, Kept *kept)
{
        size_t count = 0;
        int r = kept->rollout ? 0 : load(rollouts, kept);
        const RolloutTarget *targets = r == 0 ? rollout_targets(kept->rollout, &count) : NULL;
        kept->error = 0;
        for (size_t i = 0; i < count && r == 0; i++) {
                const Station *station = csms_find(rollouts->options.csms, targets[i].id);
                r = station ? catch_up(kept->rollout, &targets[i], station) : 0;
        }
        if (r == 0)
                r = state_flush(rollouts->options.state);
        if (rollouts_stepped(rollouts, kept, r) < 0)
                return false;
        log_notice("Roll-out %" PRId64 " goes on", kept->id);
        rollouts_changed(rollouts, kept);
        return true;
}

/* ---- what stations do ---- */

static void connected(Rollouts *rollouts, const Station *station, bool online)
{
        FOREACH_AWAKE (k, rollouts)
                (void)rollouts_stepped(rollouts, k,
                                       rollout_connected(k->rollout, station_id(station), online,
                                                         wallclock_now()));
}

static void on_joined(void *userdata, const Station *station)
{
        Rollouts *rollouts = userdata;
        Newcomer *newcomer = calloc(1, sizeof(*newcomer));
        if (!newcomer) {
                connected(rollouts, station, true);
                return;
        }
        newcomer->when = boottime_now() + BOOT_WITHIN;
        memcpy(newcomer->id, station_id(station), strlen(station_id(station)) + 1);
        *rollouts->newcomers_end = newcomer;
        rollouts->newcomers_end = &newcomer->next;
        rollouts->options.wake_at(rollouts->options.userdata, newcomer->when);
}

/* Those whose time has come. When the next one's does, boottime. */
static usec_t welcome(Rollouts *rollouts)
{
        for (Newcomer *n; (n = rollouts->newcomers) && n->when <= boottime_now();) {
                const Station *station = csms_find(rollouts->options.csms, n->id);
                rollouts->newcomers = n->next;
                if (!n->next)
                        rollouts->newcomers_end = &rollouts->newcomers;
                if (station && station_is_online(station))
                        connected(rollouts, station, true);
                free(n);
        }
        return rollouts->newcomers ? rollouts->newcomers->when : USEC_INFINITY;
}

static void on_left(void *userdata, const Station *station)
{
        connected(userdata, station, false);
}

static const char *text_of(const cJSON *object, const char *name)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
        return cJSON_IsString(item) ? item->valuestring : NULL;
}

static void on_call(void *userdata, const Station *station, const char *action,
                    const cJSON *payload, cJSON **ret _unused_)
{
        Rollouts *rollouts = userdata;
        bool boot = streq(action, "BootNotification");
        const cJSON *inner = cJSON_GetObjectItemCaseSensitive(payload, "chargingStation"); /* 2.x */
        const char *word = boot ? text_of(inner ? inner : payload, "firmwareVersion")
                                : text_of(payload, "status");
        if (!word || (!boot && !streq(action, "FirmwareStatusNotification") &&
                      !streq(action, "SignedFirmwareStatusNotification")))
                return;
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(payload, "requestId");
        int64_t request_id =
                cJSON_IsNumber(id) && id->valuedouble >= 0 && id->valuedouble <= INT32_MAX
                        ? (int64_t)id->valuedouble
                        : NO_INT;
        const char *who = station_id(station);
        usec_t now = wallclock_now();
        FOREACH_AWAKE (k, rollouts)
                (void)rollouts_stepped(
                        rollouts, k,
                        boot ? rollout_booted(k->rollout, who, word, now)
                             : rollout_status(k->rollout, who, request_id, word, now));
        if (boot)
                connected(rollouts, station, true);
}

usec_t rollouts_tick(Rollouts *rollouts)
{
        usec_t next = welcome(rollouts), now = wallclock_now();
        FOREACH_KEPT (k, rollouts) {
                next = MIN(next, rollouts_show(rollouts, k));
                bool awake = !k->error || (k->again_at <= boottime_now() && wake(rollouts, k));
                if (awake && rollout_deadline(k->rollout) <= now)
                        (void)rollouts_stepped(rollouts, k, rollout_tick(k->rollout, now));
                next = MIN(next,
                           k->error ? k->again_at : to_boottime(rollout_deadline(k->rollout)));
        }
        return next;
}

void rollouts_flush(Rollouts *rollouts)
{
        if (!rollouts->unflushed)
                return;
        State *state = rollouts->options.state;
        int r = state_flush(state);
        if (r == 0 && state_losses(state) != rollouts->losses) /* another's flush failed */
                r = -EIO;
        rollouts->unflushed = false;
        FOREACH_KEPT (k, rollouts) {
                if (k->unflushed && r < 0 && !k->error)
                        rest(rollouts, k, r);
                k->unflushed = false;
        }
}

/* ---- their lives ---- */

/* FirmwareUser.needs: whether one that is not over has it. */
static int needs(void *userdata, int64_t firmware, char **ret_who)
{
        Rollouts *rollouts = userdata;
        FOREACH_KEPT (k, rollouts) {
                const RolloutPlan *plan = k->rollout ? rollout_plan(k->rollout) : NULL;
                if (plan &&
                    (plan->firmware != firmware || *plan->order || rollout_is_over(k->rollout)))
                        continue;
                *ret_who = str_printf("roll-out %" PRId64, k->id);
                return *ret_who ? 1 : -ENOMEM;
        }
        return 0;
}

int rollouts_open(const RolloutsOptions *options, Rollouts **ret)
{
        _cleanup_(rollouts_freep) Rollouts *rollouts = calloc(1, sizeof(*rollouts));
        if (!rollouts)
                return -ENOMEM;
        rollouts->options = *options;
        rollouts->newcomers_end = &rollouts->newcomers;
        rollouts->observer = (Observer){
                .joined = on_joined, .left = on_left, .call_came = on_call, .userdata = rollouts};
        int64_t id = 0;
        int r;
        while ((r = state_rollout_next(options->state, id, &id)) == 0 &&
               rollouts->count < ROLLOUTS_MAX) {
                Kept *kept = &rollouts->all[rollouts->count];
                kept->id = id;
                rollouts->count++;
                r = load(rollouts, kept);
                if (r < 0)
                        return r;
                kept->unsampled = true; /* by what the last moments before had no time for */
        }
        if (r < 0 && r != -ENOENT)
                return r;
        rollouts->user = (FirmwareUser){.needs = needs, .userdata = rollouts};
        firmware_add_user(options->firmware, &rollouts->user);
        csms_add_observer(options->csms, &rollouts->observer);
        options->wake_at(options->userdata, boottime_now());
        *ret = TAKE_PTR(rollouts);
        return 0;
}

void rollouts_free(Rollouts *rollouts)
{
        if (!rollouts)
                return;
        for (size_t i = 0; i < rollouts->count; i++) {
                rollout_free(rollouts->all[i].rollout);
                history_done(&rollouts->all[i].history);
        }
        for (Newcomer *n = rollouts->newcomers, *next; n; n = next) {
                next = n->next;
                free(n);
        }
        free(rollouts);
}

int rollouts_add(Rollouts *rollouts, Rollout *rollout)
{
        int64_t id;
        size_t count;
        State *state = rollouts->options.state;
        if (rollouts->count == ROLLOUTS_MAX)
                return -ENOSPC;
        FOREACH_KEPT (k, rollouts)
                if (k->rollout &&
                    streq(rollout_plan(k->rollout)->name, rollout_plan(rollout)->name))
                        return -EEXIST;
        int r = state_rollout_add(state, rollout, &id);
        if (r == 0)
                r = state_flush(state);
        if (r < 0) /* a disk that is full is no word of ours */
                return r == -ENOMEM ? r : -EIO;
        rollout_set_id(rollout, id);
        rollouts->all[rollouts->count] = (Kept){.id = id, .rollout = rollout};
        rollouts_changed(rollouts, &rollouts->all[rollouts->count++]);
        const RolloutTarget *targets = rollout_targets(rollout, &count);
        for (size_t i = 0; i < count; i++) {
                const Station *station = csms_find(rollouts->options.csms, targets[i].id);
                if (station &&
                    station_is_online(station)) /* not started: nothing is told or stored */
                        (void)rollout_connected(rollout, targets[i].id, true, wallclock_now());
        }
        return 0;
}

static bool is_under_way(const Rollout *rollout)
{
        return rollout_plan(rollout)->state != ROLLOUT_READY && !rollout_is_over(rollout);
}

int rollouts_remove(Rollouts *rollouts, int64_t id)
{
        Kept *kept = rollouts_kept(rollouts, id);
        if (!kept || !kept->rollout)
                return -ENOENT;
        if (is_under_way(kept->rollout))
                return -EBUSY;
        int r = state_rollout_remove(rollouts->options.state, id);
        if (r == 0)
                r = state_flush(rollouts->options.state);
        if (r < 0)
                return r;
        rollout_free(kept->rollout);
        history_done(&kept->history);
        rollouts->count--;
        memmove(kept, kept + 1, (size_t)(rollouts->all + rollouts->count - kept) * sizeof(*kept));
        events_publish_id(rollouts->options.events, "rollout-deleted", id);
        return 0;
}

/* Whether another roll-out has not come to its end with a station of this one. */
static bool is_in_the_way(Rollouts *rollouts, const Rollout *rollout, const char **ret_station,
                          int64_t *ret_other)
{
        size_t count;
        const RolloutTarget *targets = rollout_targets(rollout, &count);
        FOREACH_KEPT (k, rollouts) {
                const Rollout *other = k->rollout;
                if (!other || other == rollout || !is_under_way(other))
                        continue;
                for (size_t n = 0; n < count; n++) {
                        const RolloutTarget *theirs = rollout_find(other, targets[n].id);
                        if (!theirs || target_is_over(theirs->state))
                                continue;
                        *ret_station = targets[n].id;
                        *ret_other = rollout_plan(other)->id;
                        return true;
                }
        }
        return false;
}

int rollouts_command(Rollouts *rollouts, int64_t id, const RolloutCommand *command,
                     const char **ret_station, int64_t *ret_other)
{
        Kept *kept = rollouts_kept(rollouts, id);
        if (!kept)
                return -ENOENT;
        if (kept->error && !wake(rollouts, kept))
                return kept->error;
        Rollout *rollout = kept->rollout;
        if (!rollout_allows(rollout, command->event))
                return -EPERM;
        if ((command->event == ROLLOUT_START || command->event == ROLLOUT_SUPERSEDE) &&
            is_in_the_way(rollouts, rollout, ret_station, ret_other))
                return -EBUSY;
        rollouts->command = command;
        int r = rollout_command(rollout, command, wallclock_now());
        rollouts->command = NULL;
        if (r == 0)
                r = state_flush(rollouts->options.state);
        return rollouts_stepped(rollouts, kept, r);
}
