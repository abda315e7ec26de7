/* What happens, for those who look on: a ring of the newest events, and listeners who read it at
 * their own pace. As server-sent events (the WHATWG's HTML, 9.2) in text, but knows no HTTP. */
#pragma once

#include "csms.h"

/* Events kept for a listener who is slow or comes back, and bytes of theirs together. */
#define EVENTS_KEPT_MAX 8192
#define EVENTS_BYTES_MAX ((size_t)8 << 20)
/* Listeners at a time. */
#define LISTENERS_MAX 64
/* Bytes of an event id in text. */
#define EVENT_ID_MAX 64

typedef struct Events Events;
typedef struct Listener Listener;

/* What a listener wants. Borrowed. */
typedef struct ListenerOptions {
        const char *types;   /* names parted by commas; NULL: all but "frame" */
        const char *station; /* only what is about this one, and what is about none; NULL: all.
                                "frame" needs one */
        const char *last_id; /* the last event it has read; NULL: it begins with what comes */
        void (*wake)(
                void *userdata); /* there is something to read again; may be called from anywhere */
        void *userdata;
} ListenerOptions;

/* Watches the stations of csms, which must outlive it. 0 and *ret; -ENOMEM. */
int events_new(Csms *csms, Events **ret);
/* No listener may be left. */
void events_free(Events *events);
DEFINE_CLEANUP(Events *, events_free)

/* Whether such an event would be kept for anybody: data need not be made if not. */
bool events_wanted(const Events *events, const char *type, const char *station);
/* Tells an event. type is a literal; station may be NULL; data is consumed, and NULL (out of
 * memory) is an event lost: listeners are told that there is a gap. */
void events_publish(Events *events, const char *type, const char *station, cJSON *data);
/* Tells an event about no station whose data is {"id"}. */
void events_publish_id(Events *events, const char *type, int64_t id);

/* 0 and *ret, freed with events_stop(); -ENOBUFS: LISTENERS_MAX; -EINVAL: an unknown type, or
 * "frame" without a station; -ENOMEM. */
int events_listen(Events *events, const ListenerOptions *options, Listener **ret);
void events_stop(Listener *listener);
/* The next events as text, owned by the caller: "id: …\nevent: …\ndata: …\n\n", or the event "lost"
 * where some were missed and all should be asked for anew. NULL: none now, wake() will be called
 * when there are. */
char *events_next(Listener *listener);
