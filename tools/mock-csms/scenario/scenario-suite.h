/* The scenarios of a run, from the command line: all are read and found good before anything
 * starts. */
#pragma once

#include "scenario.h"

/* Files and values at a time. */
#define SCENARIOS_MAX 256
#define SETS_MAX 64

typedef struct Suite {
        Scenario **items; /* owned */
        size_t count;
        cJSON *set; /* owned: name: value, of the command line */
} Suite;

/* Reads the files, and the values "NAME=VALUE" (VALUE is JSON where it is such, else text). 0;
 * -EINVAL: a complaint is on stderr, with file and place; -ENOMEM. */
int suite_load(const char *const *files, size_t files_count, const char *const *sets,
               size_t sets_count, Suite *ret);
void suite_done(Suite *suite);
