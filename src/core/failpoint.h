/* Fail points: where a test stops this program to kill it, or one of those around it, with -9
 * (tests/e2e/test_kill.py). In builds with TEST_SEAMS alone; of others they are no part.
 *
 * Each passing adds a line "PID NAME" to the file that $RAUC_OCPP_FAILPOINT_FILE names. Where
 * $RAUC_OCPP_FAILPOINT is "NAME:N", the program that writes the N-th line of that name stops itself
 * by SIGSTOP: once a file, however often the agent is started again. */
#pragma once

#ifdef TEST_SEAMS

#include "dialect.h"
#include "logjob.h"

#define FAIL_POINT_VARIABLES 2

/* Passes "moment/what". */
void fail_point(const char *moment, const char *what);
/* A word for a value of the store by its name: what the CSMS sets are many, and one point. */
const char *fail_point_value(const char *name);
/* A word for an action of the job's table. */
const char *fail_point_action(unsigned action);
/* The same for the log job's; and a word for what is stored of it. */
const char *fail_point_log_action(unsigned action);
const char *fail_point_log_state(LogJobState state);
/* The variables above as a program started by us is to get them: "NAME=value", then NULL. */
void fail_points_pass_on(char *ret[static FAIL_POINT_VARIABLES + 1]);
/* --list-failpoints: the names, one a line. dialects: NULL-terminated. */
void fail_points_print(const Dialect *const *dialects);

#else
#define fail_point(moment, what) ((void)0)
#endif
