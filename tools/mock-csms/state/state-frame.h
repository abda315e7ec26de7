/* The frames of stations: the newest of all together, within a number and a size. */
#pragma once

#include "csms.h"
#include "state.h"

/* Frames kept if nothing else is said, and the most that can be asked for. */
#define FRAMES_KEPT_DEFAULT 100000
#define FRAMES_KEPT_MAX 100000000
/* Bytes of the texts of all that are kept. */
#define FRAMES_BYTES_MAX ((int64_t)512 << 20)
/* Frames of an answer, and bytes of their lines, about. */
#define FRAMES_ANSWER_DEFAULT 1000
#define FRAMES_ANSWER_MAX 10000
#define FRAMES_ANSWER_BYTES_MAX ((size_t)1 << 20)

typedef struct StateFrames StateFrames;

/* From now on the frames of csms are kept, max of them (0: none). Both must outlive it, but for its
 * end csms may have gone. 0 and *ret; negative errno, logged. */
int state_frames_open(State *state, Csms *csms, int64_t max, StateFrames **ret);
/* Writes what it still has to. */
void state_frames_free(StateFrames *frames);
DEFINE_CLEANUP(StateFrames *, state_frames_free)
/* Frames are written when no more come, within a second: this writes some of them. Returns the
 * boottime of the next time. */
usec_t state_frames_tick(StateFrames *frames, usec_t now);
/* Deletes a station from the state with its frames, before csms_remove(): they have gone from the
 * disk when this returns. 0; negative errno, logged: nothing has changed there. */
int state_frames_delete_station(StateFrames *frames, const Station *station);

/* The frames of a station after the number since (-1: its newest), at most limit of them, as lines
 * of JSON. 0, *ret (owned by the caller), and *ret_last: the number of the last of them, or the
 * station's newest if there is none. -ENOMEM; negative errno, logged. */
int state_frames_read(StateFrames *frames, const Station *station, int64_t since, int64_t limit,
                      char **ret, uint64_t *ret_last);
