/* The roll-outs of this CSMS: runs each engine (rollout.h) on what stations do, keeps it in the
 * state, and tells stations by the message for the version of each. One that can't be stored rests,
 * as it is stored, and is tried again after a while that grows. */
#pragma once

#include "csms.h"
#include "events.h"
#include "firmware.h"
#include "rollout.h"
#include "state.h"

/* Roll-outs kept, running or not. */
#define ROLLOUTS_MAX 256

typedef struct Rollouts Rollouts;

typedef struct RolloutsOptions {
        Csms *csms; /* these four are borrowed, and outlive the roll-outs */
        State *state;
        Events *events;
        FirmwareStore *firmware; /* whose files roll-outs need */
        /* rollouts_tick() is to be called at this boottime or earlier. */
        void (*wake_at)(void *userdata, usec_t when);
        void *userdata;
} RolloutsOptions;

/* Loads what is stored, and watches the stations from then on. 0 and *ret; negative errno, logged.
 */
int rollouts_open(const RolloutsOptions *options, Rollouts **ret);
void rollouts_free(Rollouts *rollouts);
DEFINE_CLEANUP(Rollouts *, rollouts_free)
/* Does what is due. Returns the boottime of the next time. */
usec_t rollouts_tick(Rollouts *rollouts);
/* To be called before frames go out: what stations have told of their ends is on the disk then, all
 * of a turn of the loop by one write. */
void rollouts_flush(Rollouts *rollouts);

/* The doors of a roll-out that is made for rollouts_add(). */
RolloutDoors rollouts_doors(Rollouts *rollouts);
/* Takes a new one in, and stores it: on the disk. It is consumed where 0 comes. 0; -ENOSPC:
 * ROLLOUTS_MAX; -EEXIST: there is one of this name; negative errno. */
int rollouts_add(Rollouts *rollouts, Rollout *rollout);
/* Forgets one that is not under way. 0; -EBUSY: it is; negative errno. */
int rollouts_remove(Rollouts *rollouts, int64_t id);
/* Gives a command; what followed from it is on the disk. 0; -ENOENT; -EPERM: not in its state;
 * -EBUSY: START or SUPERSEDE of one that has a station in common with another that is under way:
 * *ret_station (borrowed) and *ret_other; negative errno. */
int rollouts_command(Rollouts *rollouts, int64_t id, const RolloutCommand *command,
                     const char **ret_station, int64_t *ret_other);
/* NULL: there is none. */
const Rollout *rollouts_find(Rollouts *rollouts, int64_t id);
/* The first with a greater id; NULL: there is none. */
const Rollout *rollouts_behind(Rollouts *rollouts, int64_t id);
/* What REST and events tell: of a roll-out, also one that is not among these; of a target. Owned by
 * the caller, NULL when out of memory. */
cJSON *rollouts_describe(const Rollouts *rollouts, const Rollout *rollout);
/* What it went through, to be drawn, of one that is found. Owned by the caller, NULL when out of
 * memory or where the state can't be read. */
cJSON *rollouts_describe_history(Rollouts *rollouts, int64_t id);
/* As rollouts_describe(), without what only these know. */
cJSON *rollout_describe(const Rollout *rollout);
cJSON *target_describe(const Rollout *rollout, const RolloutTarget *target);
