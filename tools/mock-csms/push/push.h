/* Pushes: one update for one station, for many, or for all that fit a filter. A push is made as a
 * draft in which each station's message is ready, so that what is looked at is what goes out; then
 * it is sent, in slices. */
#pragma once

#include "events.h"
#include "push-message.h"
#include "state-push.h"

typedef struct Pusher Pusher;

/* What it works with; borrowed. */
typedef struct PusherOptions {
        Csms *csms;
        State *state;
        FirmwareStore *firmware;
        Events *events;
        /* pusher_tick() is to be called at this boottime or earlier. */
        void (*wake_at)(void *userdata, usec_t when);
        void *userdata;
} PusherOptions;

/* Goes on with what the process before has left unsent; what that had sent and was not answered
 * counts as unanswered. 0 and *ret; negative errno. */
int pusher_new(const PusherOptions *options, Pusher **ret);
/* Answers that come from now on are nobody's. */
void pusher_free(Pusher *pusher);
DEFINE_CLEANUP(Pusher *, pusher_free)
/* Sends what is due. Returns the boottime of the next time. */
usec_t pusher_tick(Pusher *pusher, usec_t now);

/* Makes a draft of a body {"stations" or "filter", "firmware" or "location", …}: the schema
 * PushOrder of openapi.json. 0 and *ret_id, on the disk; -EINVAL and sentence; -ENOENT and
 * sentence: there is no such firmware; negative errno. */
int pusher_make(Pusher *pusher, const cJSON *body, int64_t *ret_id,
                char sentence[static PUSH_SENTENCE_MAX]);
/* Sends a draft. 0; -ENOENT; -EALREADY: it is none; negative errno. */
int pusher_send(Pusher *pusher, int64_t id);
/* Forgets a push; calls that were sent take their course. 0; -ENOENT; -EBUSY: it is being sent;
 * negative errno. */
int pusher_delete(Pusher *pusher, int64_t id);

/* The schemas Push and PushTarget of openapi.json, payload: with the message's; owned by the
 * caller, NULL when out of memory. */
cJSON *push_describe(const Push *push);
cJSON *push_describe_target(Csms *csms, const PushTarget *target, bool payload);
