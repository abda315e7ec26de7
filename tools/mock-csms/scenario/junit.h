/* Test results as JUnit XML, as continuous integration reads them. */
#pragma once

#include "util.h"

typedef enum CaseEnd { CASE_PASSED, CASE_FAILED, CASE_SKIPPED } CaseEnd;

typedef struct CaseResult {
        const char *group; /* what it was tried on */
        const char *name, *title;
        CaseEnd end;
        usec_t took;
        const char *reason; /* why it failed or was skipped, one line; NULL with CASE_PASSED */
        const char *output; /* all lines */
} CaseResult;

/* Writes a file of these. 0 or negative errno. */
int junit_write(const char *path, const CaseResult *cases, size_t count);
