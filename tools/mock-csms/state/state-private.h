/* What the files of this room share. */
#pragma once

#include "state.h"
#include <sqlite3.h>

/* A statement, taken by STATEMENT() for as long as the variable lives. */
typedef sqlite3_stmt *Statement;
void statement_donep(Statement *statement);
#define _statement_ _cleanup_(statement_donep)

/* Prepares it, or takes the one that was prepared from this same literal before. 0 and *ret;
 * negative errno, logged. */
int state_prepare(State *state, const char *sql, Statement *ret);
/* The same, for one that writes: begins the transaction if there is none. */
int state_prepare_write(State *state, const char *sql, Statement *ret);
/* The same, for what need not be flushed before STATE_FLUSH_LATER. */
int state_prepare_write_later(State *state, const char *sql, Statement *ret);
/* Its file, for people. */
const char *state_path(const State *state);
/* Whether a later start reads it; one that is temporary nobody does. */
bool state_outlives(const State *state);
/* One step. 1: a row; 0: done; negative errno, logged. */
int state_step(State *state, Statement statement);
/* Deletes by a number, the one parameter of that literal. 0, also if there was nothing; negative
 * errno, logged. */
int state_delete(State *state, const char *sql, int64_t number);

/* The one number that this literal, without parameters, gives; negative errno, logged. */
int64_t state_number(State *state, const char *sql);

/* Binds a text that may be NULL; it must live until the step. */
void bind_text(Statement statement, int index, const char *text);
/* A column as a text of the caller's own; "" where it is NULL. NULL: out of memory. */
char *column_text(Statement statement, int index);

/* What each kind of thing needs, in SQL. */
extern const char state_station_schema[];
extern const char state_push_schema[];
extern const char state_frame_schema[];
extern const char state_firmware_schema[];
extern const char state_rollout_schema[];
extern const char state_history_schema[];
extern const char state_log_schema[];
