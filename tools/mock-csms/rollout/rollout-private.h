/* A roll-out from the inside, for the files that make up the engine. */
#pragma once

#include "heap.h"
#include "rollout.h"

/* Sets of states of targets. */
#define OF(state) (1u << TARGET_##state)
/* Told, and no status of it has come. */
#define QUIET (OF(TELLING) | OF(TOLD) | OF(ACCEPTED))
#define IN_FLIGHT (QUIET | OF(DOWNLOADING) | OF(DOWNLOADED) | OF(INSTALLING) | OF(REBOOTING))

struct Rollout {
        RolloutPlan plan;
        RolloutDoors doors;
        RolloutGroup groups[ROLLOUT_GROUPS_MAX];
        uint32_t groups_count;
        RolloutTarget *targets; /* group by group */
        uint32_t count, room;
        uint32_t *by_id; /* indices in the order of identities */
        uint32_t counts[TARGET_STATE_MAX];
        Heap ready;     /* connected, and to be told: those superseded first, then by index */
        Heap deadlines; /* by time */
        /* What the step under way has changed. */
        uint32_t *changed;
        uint32_t changed_count, events; /* a set of 1 << RolloutEvent */
        usec_t events_at;               /* wall clock */
        bool plan_changed, must_flush;
};

/* How many of its groups have begun. */
uint32_t rollout_begun(const Rollout *rollout);
/* When the next group begins: wall clock; USEC_INFINITY: there is none, or that is not known yet.
 */
usec_t rollout_next_begin(const Rollout *rollout);
/* How many have come to their end. */
uint32_t rollout_over_count(const uint32_t counts[static TARGET_STATE_MAX]);
uint32_t rollout_in_flight_count(const uint32_t counts[static TARGET_STATE_MAX]);
/* The first that may be told now; HEAP_ABSENT: nobody. */
uint32_t rollout_tellable(const Rollout *rollout);
/* Puts a target into the queues that its state wants. */
void rollout_enqueue(Rollout *rollout, uint32_t index);
