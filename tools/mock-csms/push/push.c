/* Sends pushes and hears the answers; tells what became of them. See push.h. */
#include "filter.h"
#include "log.h"
#include "push-private.h"
#include "station.h"
#include <inttypes.h>

/* Stations told at a time: those who beat meanwhile don't wait long. */
#define SLICE 1000
/* Listeners hear of a push that changes at most so often. */
#define TELL_EVERY (200 * USEC_PER_MSEC)
/* What could not be written is tried again after so long. */
#define TRY_AFTER (5 * USEC_PER_SEC)

struct Waiting {
        Waiting *next, *previous;
        Pusher *pusher;
        int64_t push;
        Station *station;
        Call *call;
};

static void link_waiting(Waiting *w)
{
        w->next = w->pusher->waiting;
        if (w->next)
                w->next->previous = w;
        w->pusher->waiting = w;
}

static void waiting_free(Waiting *w)
{
        if (w->previous)
                w->previous->next = w->next;
        else
                w->pusher->waiting = w->next;
        if (w->next)
                w->next->previous = w->previous;
        free(w);
}

/* Sees to it that listeners hear of it. */
static void note_change(Pusher *pusher, int64_t push)
{
        if (pusher->changed && pusher->changed != push) /* told with the next one's changes */
                return;
        if (!pusher->changed)
                pusher->options.wake_at(pusher->options.userdata, boottime_now() + TELL_EVERY);
        pusher->changed = push;
}

static void tell_change(Pusher *pusher)
{
        Push push;
        int64_t id = pusher->changed;
        pusher->changed = 0;
        if (id == 0 || !events_wanted(pusher->options.events, "push", NULL) ||
            state_push_get(pusher->options.state, id, &push) < 0)
                return;
        events_publish(pusher->options.events, "push", NULL, push_describe(&push));
        push_done(&push);
}

/* What an answer means; *ret_detail, borrowed from it, may be NULL. */
static PushState judge(const CallOutcome *outcome, const char **ret_detail)
{
        const cJSON *status = NULL;
        *ret_detail = NULL;
        switch (outcome->end) {
        case CALL_RESULT:
                status = cJSON_GetObjectItemCaseSensitive(outcome->result, "status");
                *ret_detail = cJSON_IsString(status) ? status->valuestring : NULL;
                /* plain OCPP 1.6 has no status to refuse by */
                return !*ret_detail || startswith(*ret_detail, "Accepted") ? PUSH_ACCEPTED
                                                                           : PUSH_REFUSED;
        case CALL_ERROR:
                *ret_detail = outcome->code;
                return PUSH_REFUSED;
        case CALL_TIMEOUT:
                *ret_detail = "It did not answer in time.";
                return PUSH_NO_ANSWER;
        case CALL_GONE:
                *ret_detail = "It went away before it answered.";
                return PUSH_NO_ANSWER;
        }
        return PUSH_NO_ANSWER;
}

static void on_done(void *userdata, const CallOutcome *outcome)
{
        Waiting *w = userdata;
        Pusher *pusher = w->pusher;
        const char *detail;
        PushState to = judge(outcome, &detail);
        (void)state_push_answered(pusher->options.state, w->push, station_id(w->station), to,
                                  detail, wallclock_now());
        note_change(pusher, w->push);
        waiting_free(w);
}

/* The targets of a slice, taken out of the database before anything is written there. */
typedef struct Slice {
        PushTarget targets[SLICE];
        Station *stations[SLICE]; /* NULL: not connected */
        size_t count;
} Slice;

static int take(void *userdata, const PushTarget *target)
{
        Slice *slice = userdata;
        PushTarget *own = &slice->targets[slice->count];
        *own = (PushTarget){.station = strdup(target->station),
                            .action = strdup(target->action),
                            .payload = strdup(target->payload)};
        slice->count++;
        return own->station && own->action && own->payload ? 0 : -ENOMEM;
}

static void slice_done(Slice *slice)
{
        for (size_t i = 0; i < slice->count; i++)
                push_target_done(&slice->targets[i]);
}

/* Writes who is going to be told and who is not there, before anybody is: all of it or nothing. */
static int write_slice(Pusher *pusher, Slice *slice)
{
        State *state = pusher->options.state;
        usec_t now = wallclock_now();
        int r = state_savepoint(state);
        if (r < 0)
                return r;
        r = state_push_told(state, pusher->sending, strempty(pusher->told),
                            slice->targets[slice->count - 1].station, now);
        for (size_t i = 0; i < slice->count && r == 0; i++) {
                const char *id = slice->targets[i].station;
                Station *station = csms_find(pusher->options.csms, id);
                bool online = station && station_is_online(station);
                slice->stations[i] = online ? station : NULL;
                if (!online)
                        r = state_push_answered(state, pusher->sending, id, PUSH_OFFLINE, NULL,
                                                now);
        }
        r = state_end_savepoint(state, r);
        return r < 0 ? r : state_flush(state);
}

static int call_station(Pusher *pusher, Station *station, const PushTarget *target)
{
        cJSON *payload = cJSON_CreateRaw(target->payload); /* it was printed here */
        Waiting *w = payload ? calloc(1, sizeof(*w)) : NULL;
        if (!w) {
                cJSON_Delete(payload);
                return -ENOMEM;
        }
        *w = (Waiting){.pusher = pusher, .push = pusher->sending, .station = station};
        link_waiting(w);
        int r = station_call(station, target->action, payload, on_done, w, &w->call);
        if (r < 0)
                waiting_free(w);
        return r;
}

static int send_slice(Pusher *pusher, Slice *slice)
{
        int r = state_push_each_target(pusher->options.state, pusher->sending, PUSH_READY,
                                       strempty(pusher->told), SLICE, take, slice);
        if (r == 0 && slice->count > 0)
                r = write_slice(pusher, slice);
        for (size_t i = 0; r == 0 && i < slice->count; i++) {
                if (!slice->stations[i])
                        continue;
                if (call_station(pusher, slice->stations[i], &slice->targets[i]) < 0)
                        (void)state_push_answered(
                                pusher->options.state, pusher->sending, slice->targets[i].station,
                                PUSH_NO_ANSWER, "Too much waits for it already.", wallclock_now());
        }
        if (r == 0 && slice->count > 0) {
                free(pusher->told);
                pusher->told = TAKE_PTR(slice->targets[slice->count - 1].station);
        }
        return r;
}

/* The next push goes on, if there is one. */
static void take_unsent(Pusher *pusher)
{
        int64_t id = 0;
        pusher->sending = state_push_unsent(pusher->options.state, &id) > 0 ? id : 0;
        free(pusher->told);
        pusher->told = NULL;
}

usec_t pusher_tick(Pusher *pusher, usec_t now)
{
        if (pusher->sending && pusher->try_at <= now) {
                Slice *slice = calloc(1, sizeof(*slice));
                int r = slice ? send_slice(pusher, slice) : -ENOMEM;
                bool over = r == 0 && slice->count < SLICE;
                pusher->try_at = r < 0 ? now + TRY_AFTER : 0;
                if (r < 0)
                        log_error_errno(r, "Push %" PRId64 " can't go on yet", pusher->sending);
                if (slice)
                        slice_done(slice);
                free(slice);
                note_change(pusher, pusher->sending);
                if (over)
                        take_unsent(pusher);
        }
        tell_change(pusher);
        return pusher->sending ? pusher->try_at : USEC_INFINITY;
}

/* ---- Who still needs a file ---- */

typedef struct Need {
        Pusher *pusher;
        int64_t firmware, push; /* push: that needs it, 0: none does */
} Need;

/* Whether an accepted update may not have ended yet. */
static int is_open_target(void *userdata, const PushTarget *target)
{
        const Need *need = userdata;
        const Station *station = csms_find(need->pusher->options.csms, target->station);
        if (target->state != PUSH_SENT && target->state != PUSH_ACCEPTED &&
            target->state != PUSH_READY)
                return 0;
        if (!station || !*station->update.status || station->update.since < target->since)
                return station ? 1 : 0;
        if (station->update.request_id != target->request_id) /* another one since */
                return 0;
        int phase = update_phase(station->update.status);
        return phase != PHASE_INSTALLED && phase != PHASE_FAILED;
}

static int is_needed_by(void *userdata, const Push *push)
{
        Need *need = userdata;
        if (push->firmware != need->firmware)
                return 0;
        int r = push->sent == NO_TIME
                        ? 1
                        : state_push_each_target(need->pusher->options.state, push->id, -1, "",
                                                 STATIONS_MAX, is_open_target, need);
        if (r > 0)
                need->push = push->id;
        return r;
}

static int needs(void *userdata, int64_t firmware, char **ret_who)
{
        Need need = {.pusher = userdata, .firmware = firmware};
        int r = state_push_each(need.pusher->options.state, 0, INT64_MAX, is_needed_by, &need);
        if (r > 0 && !(*ret_who = str_printf("push %" PRId64, need.push)))
                return -ENOMEM;
        return r;
}

/* ---- The life of a pusher ---- */

int pusher_new(const PusherOptions *options, Pusher **ret)
{
        int r = state_push_give_up(options->state, "mock-csms was ended before it answered.",
                                   wallclock_now());
        if (r < 0)
                return r;
        Pusher *pusher = calloc(1, sizeof(*pusher));
        if (!pusher)
                return -ENOMEM;
        pusher->options = *options;
        pusher->user = (FirmwareUser){.needs = needs, .userdata = pusher};
        firmware_add_user(options->firmware, &pusher->user);
        take_unsent(pusher);
        if (pusher->sending)
                options->wake_at(options->userdata, boottime_now());
        *ret = pusher;
        return 0;
}

void pusher_free(Pusher *pusher)
{
        if (!pusher)
                return;
        while (pusher->waiting) {
                call_forget(pusher->waiting->call);
                waiting_free(pusher->waiting);
        }
        free(pusher->told);
        free(pusher);
}

int pusher_send(Pusher *pusher, int64_t id)
{
        Push push;
        int r = state_push_get(pusher->options.state, id, &push);
        if (r < 0)
                return r;
        bool draft = push.sent == NO_TIME;
        push_done(&push);
        if (!draft)
                return -EALREADY;
        r = state_push_mark_sent(pusher->options.state, id, wallclock_now());
        if (r == 0)
                r = state_flush(pusher->options.state);
        if (r == 0 && !pusher->sending)
                pusher->sending = id;
        if (r == 0)
                pusher->options.wake_at(pusher->options.userdata, boottime_now());
        return r;
}

int pusher_delete(Pusher *pusher, int64_t id)
{
        Push push;
        int r = state_push_get(pusher->options.state, id, &push);
        if (r < 0)
                return r;
        bool busy =
                push.sent != NO_TIME && (push.counts[PUSH_READY] > 0 || push.counts[PUSH_SENT] > 0);
        push_done(&push);
        if (busy)
                return -EBUSY;
        r = state_push_delete(pusher->options.state, id);
        if (r == 0)
                r = state_flush(pusher->options.state);
        if (r == 0)
                events_publish_id(pusher->options.events, "push-deleted", id);
        return r;
}

/* ---- What is told ---- */

cJSON *push_describe(const Push *push)
{
        char made[TIME_TEXT_MAX], sent[TIME_TEXT_MAX];
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (!o || !cJSON_AddNumberToObject(o, "id", (double)push->id) ||
            !cJSON_AddRawToObject(o, "order", push->order) ||
            !cJSON_AddStringToObject(o, "made", time_format(push->made, made)) ||
            !(push->sent == NO_TIME
                      ? cJSON_AddNullToObject(o, "sent")
                      : cJSON_AddStringToObject(o, "sent", time_format(push->sent, sent))))
                return NULL;
        cJSON *counts = cJSON_AddObjectToObject(o, "counts");
        for (PushState i = 0; i < PUSH_STATE_MAX; i++)
                if (!counts ||
                    !cJSON_AddNumberToObject(counts, push_state_word(i), (double)push->counts[i]))
                        return NULL;
        return TAKE_PTR(o);
}

/* The last status of its station that is about this push; null: none yet. */
static bool add_status(cJSON *o, const Station *station, const PushTarget *target)
{
        const UpdateState *update = station ? &station->update : NULL;
        if (!update || !*update->status || update->since < target->since ||
            update->request_id != target->request_id)
                return cJSON_AddNullToObject(o, "status");
        return cJSON_AddStringToObject(o, "status", update->status);
}

cJSON *push_describe_target(Csms *csms, const PushTarget *target, bool payload)
{
        char since[TIME_TEXT_MAX];
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (!o || !cJSON_AddStringToObject(o, "station", target->station) ||
            !cJSON_AddStringToObject(o, "state", push_state_word(target->state)) ||
            !cJSON_AddStringToObject(o, "since", time_format(target->since, since)) ||
            !(target->detail ? cJSON_AddStringToObject(o, "detail", target->detail)
                             : cJSON_AddNullToObject(o, "detail")) ||
            !add_status(o, csms_find(csms, target->station), target))
                return NULL;
        if (target->action && (!cJSON_AddStringToObject(o, "action", target->action) ||
                               (payload && !cJSON_AddRawToObject(o, "payload", target->payload))))
                return NULL;
        return TAKE_PTR(o);
}
