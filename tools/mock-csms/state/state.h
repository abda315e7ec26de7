/* What mock-csms remembers, in SQLite: stations, frames, firmware files, roll-outs, logs. Each kind
 * of thing has a header of its own (state-station.h, …); this one has the life of the database. The
 * only room that includes SQLite.
 *
 * Writes are gathered in one transaction, which state_flush() ends: whoever says to somebody that a
 * thing was done, or does what must not be done a second time, flushes before. All else is flushed
 * within STATE_FLUSH_AFTER or STATE_FLUSH_LATER. */
#pragma once

#include "util.h"

/* How long a write may wait for its transaction's end. */
#define STATE_FLUSH_AFTER (200 * USEC_PER_MSEC)
/* … and one of what is many and small, and may be lost by a kill: frames. Each flush writes whole
 * pages, of which a few frames of many stations touch many. */
#define STATE_FLUSH_LATER (4 * USEC_PER_SEC)

typedef struct State State;

typedef struct StateOptions {
        const char *path; /* NULL: a temporary database, gone with the process */
        /* There is something to flush: state_flush() is to be called at this boottime or earlier.
         */
        void (*wake_at)(void *userdata, usec_t when);
        void *userdata;
} StateOptions;

/* Opens or makes the database. 0 and *ret; -EBUSY: another process has it; -EBADMSG: no database,
 * or not one of ours; -EPROTO: a newer or older mock-csms has made it; -EUCLEAN: it is damaged;
 * negative errno. What went wrong is logged with the path. */
int state_open(const StateOptions *options, State **ret);
/* Flushes and closes. */
void state_free(State *state);
DEFINE_CLEANUP(State *, state_free)
/* Ends the transaction: what was written is on the disk. 0; negative errno, logged: what was not
 * flushed is lost, and the database is as it was after the flush before. */
int state_flush(State *state);
/* How many transactions were lost so far, whoever flushed. */
uint64_t state_losses(const State *state);
/* For what belongs together in several writes: all of it or nothing. 0; negative errno. */
int state_savepoint(State *state);
/* Ends that by what came of the writes: nothing of them is kept where r is negative. 0; r, or
 * negative errno. */
int state_end_savepoint(State *state, int r);
/* The id that makes this database's ids differ from those of other ones, e.g. in request ids;
 * counts up from a number made of the time when it was made. Never the same twice. 0 and *ret;
 * negative errno. */
int state_fresh_id(State *state, int64_t *ret);
/* So many of them at once: *ret is the first. */
int state_fresh_ids(State *state, int64_t count, int64_t *ret);
