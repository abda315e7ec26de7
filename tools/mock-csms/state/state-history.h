/* What roll-outs went through: the samples of their counts, and the marks of what happened to them.
 * Goes with the roll-out. */
#pragma once

#include "history.h"
#include "state.h"

/* Marks kept of a roll-out: the newest. */
#define MARKS_MAX 256

typedef struct RolloutMark {
        usec_t at; /* wall clock */
        RolloutEvent event;
        RolloutState state;      /* that it was in after it */
        const char *by, *reason; /* borrowed */
} RolloutMark;

/* Each: 0; negative errno, logged. */
int state_history_add(State *state, int64_t rollout, const HistorySample *sample);
int state_mark_add(State *state, int64_t rollout, const RolloutMark *mark);
/* Restores a history from what is stored. 0; negative errno. */
int state_history_load(State *state, int64_t rollout, History *ret);
/* In the order in which they came, as long as each() gives 0. What it gave at last; negative errno.
 * The texts are borrowed. */
int state_history_each(State *state, int64_t rollout,
                       int (*each)(void *userdata, usec_t at, const char *counts), void *userdata);
int state_marks_each(State *state, int64_t rollout,
                     int (*each)(void *userdata, const RolloutMark *mark), void *userdata);
