/* Takes events one by one and tells how far an await has come. */
#pragma once

#include "scenario-match.h"
#include "scenario-values.h"
#include "scenario.h"

typedef struct Event {
        EventKind kind;
        char *action;   /* CALL; owned */
        cJSON *payload; /* CALL; owned */
        usec_t when;    /* boottime */
} Event;

/* Closest miss of an event that was not taken, for the report. */
typedef struct Miss {
        bool same_action;
        Mismatch mismatch;
} Miss;

/* Starts from the beginning. */
void await_reset(Await *await);
/* Whether the await takes the event; what it saves of it goes into values. 1: taken; 0: not, *ret
 * (may be NULL) says how near it was; -EINVAL: a name without a value, a path to nothing, in
 * ret->mismatch; -ENOMEM. */
int await_feed(Await *await, const Event *event, Values *values, Miss *ret);
/* Whether it has all it must have; it may take more (an optional part). */
bool await_is_satisfied(const Await *await);
/* Whether it has all it may have. */
bool await_is_done(const Await *await);
/* Whether it wants an event of this kind and action at all. */
bool await_names(const Await *await, EventKind kind, const char *action);
/* What is still awaited, in words; cut to the room. */
void await_describe(const Await *await, char *buffer, size_t room);

/* Keeps members of json by a "save" object, {"name": "path.to.0.member"}. 0; -ENOENT with *reterr,
 * the path to nothing (borrowed); -ENOSPC; -ENOMEM. */
int values_save(Values *values, const cJSON *save, const cJSON *json, const char **reterr);
