/* How scenarios went: a line a step for people, all of it as JUnit XML at the end. */
#pragma once

#include "junit.h"

/* Bytes of the lines kept of one scenario. */
#define REPORT_BYTES_MAX ((size_t)256 << 10)

typedef struct Report Report;

/* 0 and *ret; -ENOMEM. */
int report_new(size_t cases_max, Report **ret);
void report_free(Report *report);
DEFINE_CLEANUP(Report *, report_free)

/* A scenario begins; name and title are borrowed until report_free(). */
void report_begin(Report *report, const char *group, const char *name, const char *title);
/* A line of it, indented; control characters of a peer's become "?". */
void report_line(Report *report, const char *format, ...) _printf_(2, 3);
/* It has ended; reason may be NULL with CASE_PASSED. */
void report_end(Report *report, CaseEnd end, usec_t took, const char *reason);
/* The last line, and the JUnit file if junit is not NULL. 0: all passed but those skipped, and one
 * did; 1 otherwise; negative errno: the file can't be written. */
int report_finish(Report *report, const char *junit);
