/* Which connections have been silent for long: they are asked by a ping, and given up when that is
 * not answered. Constant work a message, however many there are; lws keeps its own such timers in
 * one sorted list, which costs each message a walk along all connections. No I/O; times are
 * boottime. */
#pragma once

#include "util.h"

/* Until a silent station is asked by a ping, and from then until it counts as gone. */
#define LIVENESS_PING_AFTER (60 * USEC_PER_SEC)
#define LIVENESS_GONE_AFTER (30 * USEC_PER_SEC)

typedef struct Pulse Pulse;
typedef struct PulseList PulseList;

/* Of a connection, as a member of it. */
struct Pulse {
        PulseList *list; /* NULL: in none */
        Pulse *before, *behind;
        usec_t due;
};

/* In the order of due. */
struct PulseList {
        Pulse *first, *last;
};

/* All connections; zeros to begin with. */
typedef struct Liveness {
        PulseList heard, asked;
} Liveness;

/* Something came from it, or it is new. */
void liveness_heard(Liveness *liveness, Pulse *pulse, usec_t now);
/* It has gone. */
void liveness_forget(Pulse *pulse);
/* One that is to be asked now, and counts as asked from then on; NULL: none. */
Pulse *liveness_next_silent(Liveness *liveness, usec_t now);
/* One that did not answer, and is forgotten; NULL: none. */
Pulse *liveness_next_gone(Liveness *liveness, usec_t now);
/* When to ask these again; USEC_INFINITY: there is no connection. */
usec_t liveness_due(const Liveness *liveness);
