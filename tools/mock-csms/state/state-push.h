/* Pushes and their targets: what each station is sent, and what became of it. */
#pragma once

#include "state.h"

typedef enum PushState {
        PUSH_READY,      /* its message is made */
        PUSH_UNTELLABLE, /* an end: there is no message for it; detail says why */
        PUSH_OFFLINE,    /* an end: it was not connected when its turn came */
        PUSH_SENT,       /* has not answered yet */
        PUSH_ACCEPTED,   /* by its answer */
        PUSH_REFUSED,    /* an end; detail is the status, or the error */
        PUSH_NO_ANSWER,  /* an end; detail says whether it went away, did not answer in time, or
                            mock-csms ended */
        PUSH_STATE_MAX,
} PushState;

typedef struct PushTarget {
        char *station; /* all texts are owned */
        PushState state;
        char *detail;       /* NULL: nothing to say */
        char *action;       /* NULL: PUSH_UNTELLABLE */
        char *payload;      /* JSON */
        int64_t request_id; /* in payload; NO_INT: plain OCPP 1.6 has none */
        usec_t since;       /* wall clock: when it came into its state */
} PushTarget;

/* Frees what it has. */
void push_target_done(PushTarget *target);

typedef struct Push {
        int64_t id;
        int64_t firmware;               /* 0: none of ours */
        char *order;                    /* JSON, as it was asked for; owned */
        usec_t made, sent;              /* wall clock; sent NO_TIME: a draft */
        int64_t counts[PUSH_STATE_MAX]; /* its targets, by state */
} Push;

/* Frees what it has. */
void push_done(Push *push);

/* The word of a state, as in REST; and back: -EINVAL. */
const char *push_state_word(PushState state);
int push_state_from_word(const char *word);

/* Adds a draft. 0 and *ret_id; negative errno. */
int state_push_add(State *state, const Push *push, int64_t *ret_id);
/* Adds a target; one that the push has already stays as it is. 0; negative errno. */
int state_push_add_target(State *state, int64_t push, const PushTarget *target);
/* It is a draft no more. 0; negative errno. */
int state_push_mark_sent(State *state, int64_t push, usec_t now);
/* What became of a target that is PUSH_SENT; any other stays as it is. 0; negative errno. detail
 * may be NULL. */
int state_push_answered(State *state, int64_t push, const char *station, PushState to,
                        const char *detail, usec_t now);
/* All that are ready, behind the station after, up to the station last, are PUSH_SENT. 0; negative
 * errno. */
int state_push_told(State *state, int64_t push, const char *after, const char *last, usec_t now);
/* Those that were sent and have not answered have nobody any more who waits for it: PUSH_NO_ANSWER.
 * Returns 0 or negative errno. */
int state_push_give_up(State *state, const char *detail, usec_t now);
/* 0 and *ret, emptied by push_done(); -ENOENT; negative errno. */
int state_push_get(State *state, int64_t id, Push *ret);
/* Hands over pushes with an id above after, in their order, limit at most. 0; what each() gave if
 * that is not 0; negative errno. */
int state_push_each(State *state, int64_t after, int64_t limit,
                    int (*each)(void *userdata, const Push *push), void *userdata);
/* How many there are; negative errno. */
int64_t state_push_count(State *state);
/* As state_push_each() for targets, in the order of their stations, behind after (""); only those
 * in state which, if it is not -1. each() must not write. */
int state_push_each_target(State *state, int64_t push, int which, const char *after, int64_t limit,
                           int (*each)(void *userdata, const PushTarget *target), void *userdata);
/* Whether a push that is no draft has targets left to send. 1, 0, negative errno; *ret: the first
 * such push. */
int state_push_unsent(State *state, int64_t *ret);
/* With its targets. 0, also if there is none; negative errno. */
int state_push_delete(State *state, int64_t id);
