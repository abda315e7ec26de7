/* See rollouts.h. */
#include "rollouts.h"
#include "log.h"
#include "order.h"
#include "state-rollout.h"
#include <inttypes.h>

/* A station that connects is told something once it has sent its BootNotification, or after this
 * long: one that comes back sends none. */
#define BOOT_WITHIN (3 * USEC_PER_SEC)

/* Has connected, and sent no BootNotification yet. */
typedef struct Newcomer Newcomer;
struct Newcomer {
        Newcomer *next;
        usec_t when; /* boottime: of its turn */
        char id[STATION_ID_MAX + 1];
};

struct Rollouts {
        RolloutsOptions options;
        Observer observer;
        FirmwareUser user;
        Rollout *all[ROLLOUTS_MAX]; /* by id; NULL: could not be loaded anew, and rests until the
                                       next start */
        size_t count;
        Newcomer *newcomers, **newcomers_end;
};

/* An order under way: who asked what. Owned by the call, until it is done. */
typedef struct Asked {
        Rollouts *rollouts;
        int64_t rollout, request_id;
        char station[STATION_ID_MAX + 1];
} Asked;

static size_t position(const Rollouts *rollouts, int64_t id)
{
        size_t i = 0;
        while (i < rollouts->count &&
               (!rollouts->all[i] || rollout_plan(rollouts->all[i])->id != id))
                i++;
        return i;
}

const Rollout *rollouts_find(const Rollouts *rollouts, int64_t id)
{
        size_t i = position(rollouts, id);
        return i < rollouts->count ? rollouts->all[i] : NULL;
}

const Rollout *rollouts_at(const Rollouts *rollouts, size_t i)
{
        return i < rollouts->count ? rollouts->all[i] : NULL;
}

/* From the wall clock to the loop's. */
static usec_t to_boottime(usec_t when)
{
        usec_t now = wallclock_now();
        return when == USEC_INFINITY ? when : boottime_now() + (when > now ? when - now : 0);
}

/* After each step of the i-th: when it is next, or what is to be done where it could not be stored.
 */
static int after(Rollouts *rollouts, size_t i, int r)
{
        const RolloutsOptions *o = &rollouts->options;
        if (r < 0 && r != -EPERM) {
                /* nobody was told by this step: what is stored is true, what is here goes too far
                 */
                int64_t id = rollout_plan(rollouts->all[i])->id;
                rollout_free(TAKE_PTR(rollouts->all[i]));
                log_error_errno(r,
                                "Roll-out %" PRId64
                                " could not be stored, and rests until the next start",
                                id);
                return r;
        }
        o->wake_at(o->userdata, to_boottime(rollout_deadline(rollouts->all[i])));
        return r;
}

#define FOREACH_ROLLOUT(i, rollouts)                                                               \
        for (size_t i = 0; i < (rollouts)->count; i++)                                             \
                if ((rollouts)->all[i])

/* ---- doors ---- */

static int fresh_id(void *userdata, int64_t *ret)
{
        Rollouts *rollouts = userdata;
        return state_fresh_id(rollouts->options.state, ret);
}

static int store(void *userdata, const Rollout *rollout, const uint32_t *targets, size_t count,
                 bool flush)
{
        Rollouts *rollouts = userdata;
        State *state = rollouts->options.state;
        int r = state_rollout_store(state, rollout, targets, count);
        return r == 0 && flush ? state_flush(state) : r;
}

/* The body of an order for a firmware that is kept here. */
static int order_of(FirmwareStore *store, int64_t id, const Station *station, cJSON **ret)
{
        _cleanup_(firmware_freep) Firmware *firmware = NULL;
        int r = firmware_find(store, id, &firmware);
        return r < 0 ? r : firmware_order(store, firmware, station, ret);
}

/* The message for a station. 0, -EINVAL: there is none, -ENODATA: not now, -ENOMEM. */
static int message_for(Rollouts *rollouts, const Rollout *rollout, const RolloutTarget *target,
                       const char **action, cJSON **payload)
{
        const RolloutsOptions *o = &rollouts->options;
        const RolloutPlan *plan = rollout_plan(rollout);
        const char *sentence;
        _cleanup_(cJSON_Deletep) cJSON *body = NULL;
        const Station *station = csms_find(o->csms, target->id);
        int r = 0;
        if (!station || !station_is_online(station))
                return -ENODATA;
        if (*plan->order)
                r = json_parse(plan->order, strlen(plan->order), &body);
        else
                r = order_of(o->firmware, plan->firmware, station, &body);
        if (r < 0)
                return r == -ENOMEM || r == -ENODATA ? r : -EINVAL;
        cJSON_DeleteItemFromObjectCaseSensitive(body, "requestId");
        if (!cJSON_AddNumberToObject(body, "requestId",
                                     (double)MAX(target->request_id, (int64_t)0)))
                return -ENOMEM;
        return order_message(&order_update, o->csms, station, body,
                             &(OrderMessage){action, payload, &sentence});
}

static bool tellable(void *userdata, const Rollout *rollout, const RolloutTarget *target)
{
        const char *action;
        _cleanup_(cJSON_Deletep) cJSON *payload = NULL;
        return message_for(userdata, rollout, target, &action, &payload) != -EINVAL;
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
        size_t i = position(rollouts, asked->rollout);
        if (i == rollouts->count || (outcome->end != CALL_RESULT && outcome->end != CALL_ERROR))
                return;
        (void)after(rollouts, i,
                    rollout_answered(rollouts->all[i], asked->station, asked->request_id,
                                     read_answer(outcome), wallclock_now()));
}

static void tell(void *userdata, const Rollout *rollout, const RolloutTarget *target)
{
        Rollouts *rollouts = userdata;
        const char *action;
        cJSON *payload = NULL;
        Call *call;
        Station *station = csms_find(rollouts->options.csms, target->id);
        Asked *asked = calloc(1, sizeof(*asked));
        int r = asked ? message_for(rollouts, rollout, target, &action, &payload) : -ENOMEM;
        if (r == 0) {
                *asked = (Asked){.rollouts = rollouts,
                                 .rollout = rollout_plan(rollout)->id,
                                 .request_id = target->request_id};
                memcpy(asked->station, target->id, strlen(target->id) + 1);
                r = station_call(station, action, payload, on_done, asked, &call);
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
        if (news->kind == NEWS_ROLLOUT && events_wanted(events, "rollout", NULL))
                events_publish(events, "rollout", NULL, rollout_describe(rollout));
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

/* ---- what stations do ---- */

static void connected(Rollouts *rollouts, const Station *station, bool online)
{
        FOREACH_ROLLOUT(i, rollouts)
        (void)after(
                rollouts, i,
                rollout_connected(rollouts->all[i], station_id(station), online, wallclock_now()));
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
        FOREACH_ROLLOUT(i, rollouts)
        {
                Rollout *rollout = rollouts->all[i];
                const char *who = station_id(station);
                (void)after(rollouts, i,
                            boot ? rollout_booted(rollout, who, word, wallclock_now())
                                 : rollout_status(rollout, who, request_id, word, wallclock_now()));
        }
        if (boot)
                connected(rollouts, station, true);
}

usec_t rollouts_tick(Rollouts *rollouts)
{
        usec_t next = welcome(rollouts), now = wallclock_now();
        FOREACH_ROLLOUT(i, rollouts)
        {
                if (rollout_deadline(rollouts->all[i]) <= now)
                        (void)after(rollouts, i, rollout_tick(rollouts->all[i], now));
                if (rollouts->all[i])
                        next = MIN(next, to_boottime(rollout_deadline(rollouts->all[i])));
        }
        return next;
}

/* ---- their lives ---- */

/* FirmwareUser.needs: whether one that is not over has it. */
static int needs(void *userdata, int64_t firmware, char **ret_who)
{
        const Rollouts *rollouts = userdata;
        FOREACH_ROLLOUT(i, rollouts)
        {
                const RolloutPlan *plan = rollout_plan(rollouts->all[i]);
                if (plan->firmware != firmware || *plan->order || rollout_is_over(rollouts->all[i]))
                        continue;
                *ret_who = str_printf("roll-out %" PRId64, plan->id);
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
        const RolloutDoors doors = rollouts_doors(rollouts);
        int64_t id = 0;
        int r;
        while ((r = state_rollout_next(options->state, id, &id)) == 0 &&
               rollouts->count < ROLLOUTS_MAX) {
                r = state_rollout_load(options->state, id, &doors, &rollouts->all[rollouts->count]);
                if (r < 0)
                        return r;
                rollouts->count++;
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
        for (size_t i = 0; i < rollouts->count; i++)
                rollout_free(rollouts->all[i]);
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
        FOREACH_ROLLOUT(i, rollouts)
        if (streq(rollout_plan(rollouts->all[i])->name, rollout_plan(rollout)->name))
                return -EEXIST;
        int r = state_rollout_add(state, rollout, &id);
        if (r == 0)
                r = state_flush(state);
        if (r < 0)
                return r;
        rollout_set_id(rollout, id);
        size_t at = rollouts->count++;
        rollouts->all[at] = rollout;
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
        size_t i = position(rollouts, id);
        if (i == rollouts->count)
                return -ENOENT;
        if (is_under_way(rollouts->all[i]))
                return -EBUSY;
        int r = state_rollout_remove(rollouts->options.state, id);
        if (r == 0)
                r = state_flush(rollouts->options.state);
        if (r < 0)
                return r;
        rollout_free(rollouts->all[i]);
        rollouts->count--;
        memmove(rollouts->all + i, rollouts->all + i + 1,
                (rollouts->count - i) * sizeof(*rollouts->all));
        return 0;
}

/* Whether another roll-out has not come to its end with a station of this one. */
static bool is_in_the_way(const Rollouts *rollouts, const Rollout *rollout,
                          const char **ret_station, int64_t *ret_other)
{
        size_t count;
        const RolloutTarget *targets = rollout_targets(rollout, &count);
        FOREACH_ROLLOUT(i, rollouts)
        {
                const Rollout *other = rollouts->all[i];
                if (other == rollout || !is_under_way(other))
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
        size_t i = position(rollouts, id);
        if (i == rollouts->count)
                return -ENOENT;
        Rollout *rollout = rollouts->all[i];
        if (!rollout_allows(rollout, command->event))
                return -EPERM;
        if ((command->event == ROLLOUT_START || command->event == ROLLOUT_SUPERSEDE) &&
            is_in_the_way(rollouts, rollout, ret_station, ret_other))
                return -EBUSY;
        int r = after(rollouts, i, rollout_command(rollout, command, wallclock_now()));
        return r < 0 ? r : state_flush(rollouts->options.state);
}
