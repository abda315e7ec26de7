/* What a roll-out's counts were over time, thin enough to be kept for weeks: which samples are
 * taken, and which go when there are too many. Pure; rollouts-history.c stores and shows them. */
#pragma once

#include "rollout.h"

/* Samples kept of a roll-out. When one more comes, every second one goes, and from then on they are
 * taken half as often. Even. */
#define HISTORY_SAMPLES_MAX 512
/* Between two samples, while all are kept. */
#define HISTORY_EVERY USEC_PER_SEC

/* The samples have numbers; those kept are the multiples of step, from 0 on. */
typedef struct History {
        int64_t next, step; /* step 0: as 1 */
        uint32_t count;
        usec_t last_at; /* wall clock: of the newest one */
        usec_t free_at; /* boottime: the next one is not taken before */
        char *last;     /* its counts; NULL: there is none */
} History;

/* A sample that is to be kept. */
typedef struct HistorySample {
        int64_t number;
        int64_t step;       /* above 0: those whose number is no multiple of it go first */
        usec_t at;          /* wall clock; never before that of the one before */
        const char *counts; /* the history's, until the next one */
} HistorySample;

/* The counts of all groups, in JSON: an array of objects in which phases that nobody is in are left
 * out. Owned by the caller; NULL: out of memory. */
char *history_counts(const Rollout *rollout);
/* Goes on behind what was stored: count samples, the newest with this number, time and counts,
 * which are consumed (NULL where count is 0). */
void history_restore(History *history, uint32_t count, int64_t number, usec_t at, char *counts);
/* Looks at the counts of now, which are consumed; at is the wall clock, now the boottime. Whether
 * they are a sample: they differ from the last one's. */
bool history_take(History *history, char *counts, usec_t at, usec_t now, HistorySample *ret);
void history_done(History *history);
