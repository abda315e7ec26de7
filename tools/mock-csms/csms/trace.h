/* What went over the wire, one JSON object a line: for the trace file and for GET …/frames. */
#pragma once

#include "util.h"

typedef struct Trace Trace;

/* Appends to path. 0 and *ret; negative errno. */
int trace_open(const char *path, Trace **ret);
/* Closes the file. */
void trace_free(Trace *trace);
DEFINE_CLEANUP(Trace *, trace_free)

/* One message. Borrowed. */
typedef struct TraceMessage {
        const char *station;
        const char *protocol; /* "ocpp2.0.1" */
        usec_t time;          /* wall clock */
        bool from_csms, is_json;
        const char *text;
        size_t size;
} TraceMessage;

/* {"time":…,"station":…,"protocol":…,"from":"station"|"csms","frame":…} or, where is_json is false,
 * "raw" with a text of the bytes in which U+FFFD stands for what is no UTF-8. Owned by the caller,
 * no newline; NULL when out of memory. */
char *trace_line(const TraceMessage *message);
/* The bytes as a text in which U+FFFD stands for what is no UTF-8, and for NUL. Owned by the
 * caller, NULL when out of memory. */
char *trace_readable(const char *text, size_t size);
/* Writes its line, which is in the file after trace_flush() at the latest; trace may be NULL.
 * Returns 0 or negative errno. */
int trace_write(Trace *trace, const TraceMessage *message);
/* trace may be NULL. What can't be written is lost. */
void trace_flush(Trace *trace);
