/* What the files of this stem share. */
#pragma once

#include "history.h"
#include "rollouts.h"

/* Has connected, and sent no BootNotification yet. */
typedef struct Newcomer Newcomer;
struct Newcomer {
        Newcomer *next;
        usec_t when; /* boottime: of its turn */
        char id[STATION_ID_MAX + 1];
};

/* A roll-out, and how it is with its storing. */
typedef struct Kept {
        int64_t id;
        Rollout *rollout; /* NULL: it could not be loaded anew */
        int error;        /* negative errno: its last step could not be stored; it rests, as it is
                             stored, until it is tried again. 0: all is well */
        usec_t failed_at, pause, again_at; /* boottime, of that */
        bool unflushed;                    /* something waits for rollouts_flush() */
        bool untold, unsampled; /* it has changed since listeners heard of it; since its history has
                                   looked at it */
        usec_t told_at;         /* boottime: when they did */
        History history;
} Kept;

struct Rollouts {
        RolloutsOptions options;
        Observer observer;
        FirmwareUser user;
        Kept all[ROLLOUTS_MAX]; /* by id */
        size_t count;
        bool unflushed;  /* one of them is */
        uint64_t losses; /* the state's, before that */
        Newcomer *newcomers, **newcomers_end;
        const RolloutCommand *command; /* that is being given; NULL: none */
};

/* The one of this id; NULL: there is none. */
Kept *rollouts_kept(Rollouts *rollouts, int64_t id);
/* To be called after each step of it with what the step has given, which is returned: says when it
 * is next; where it could not be stored, lets it rest. */
int rollouts_stepped(Rollouts *rollouts, Kept *kept, int r);
/* It has changed: listeners and its history are to hear of it, soon. */
void rollouts_changed(Rollouts *rollouts, Kept *kept);
/* Tells them, where it is time. The boottime of the next time. */
usec_t rollouts_show(Rollouts *rollouts, Kept *kept);
/* Keeps a NEWS_EVENT as a mark of its history. */
void rollouts_mark(Rollouts *rollouts, const Rollout *rollout, const RolloutNews *news);
