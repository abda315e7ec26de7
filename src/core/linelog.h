/* A log file of lines that is kept within a size: when it is full it becomes FILE.1, in place of
 * the one before. Written where a regular disk is expected, in the loop, as the journal is. */
#pragma once

#include "util.h"

typedef struct LineLog {
        char *path; /* NULL: nothing is kept */
        uint64_t max_bytes;
        bool failing; /* the last line could not be written, which was logged */
} LineLog;

/* path: absolute. max_bytes: of one file; 0: nothing is kept. 0 or -ENOMEM. */
int linelog_init(LineLog *l, const char *path, uint64_t max_bytes);
void linelog_done(LineLog *l);
/* Adds the line and its end. What fails is logged once, until a line is written again: nobody waits
 * for a log. */
void linelog_add(LineLog *l, const char *line);
/* Is there anything to read? */
bool linelog_has_lines(const LineLog *l);
/* The full file's name, "FILE.1". Owned by the caller; NULL: none, or out of memory. */
char *linelog_older(const LineLog *l);
