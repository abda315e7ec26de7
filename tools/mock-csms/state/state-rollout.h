/* Roll-outs, their groups and their targets in the state. */
#pragma once

#include "rollout.h"
#include "state.h"

/* Writes a new one with all that it has. 0 and *ret_id; -EEXIST: there is one of this name;
 * negative errno, logged. */
int state_rollout_add(State *state, const Rollout *rollout, int64_t *ret_id);
/* Writes the roll-out, its groups and these of its targets (by index): all of it or nothing. 0;
 * negative errno, logged. */
int state_rollout_store(State *state, const Rollout *rollout, const uint32_t *targets,
                        size_t count);
/* Forgets one. 0; -ENOENT; negative errno, logged. */
int state_rollout_remove(State *state, int64_t id);
/* Loads one as it is stored; doors as in rollout_new(). 0 and *ret; -ENOENT; -EUCLEAN: what is
 * stored makes no sense, logged; negative errno. */
int state_rollout_load(State *state, int64_t id, const RolloutDoors *doors, Rollout **ret);
/* The smallest id above after. 0 and *ret; -ENOENT: there is none; negative errno. */
int state_rollout_next(State *state, int64_t after, int64_t *ret);
