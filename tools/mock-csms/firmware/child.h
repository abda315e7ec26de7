/* A program that is asked something: no shell, its words as they are, what it prints kept within a
 * limit, and an end after a time. */
#pragma once

#include "util.h"
#include <uv.h>

/* Bytes kept of what it prints, of each of stdout and stderr, unless told otherwise; more ends it.
 */
#define CHILD_OUTPUT_MAX ((size_t)256 << 10)

typedef struct Child Child;

/* How it ended. All borrowed. */
typedef struct ChildEnd {
        int status;            /* exit status; -1: a signal, too much output, too long */
        bool timed_out;        /* … because it took too long */
        const char *out, *err; /* texts */
        size_t out_size, err_size;
} ChildEnd;

typedef struct ChildOptions {
        const char *const *words; /* the first is the program, found by PATH; NULL at their end */
        usec_t timeout;
        size_t output_max;  /* 0: CHILD_OUTPUT_MAX */
        int input;          /* a descriptor for its stdin, borrowed; 0: none */
        bool limits_itself; /* else it may write files of 1 MiB, has 2 GiB of memory, and leaves no
                               core */
} ChildOptions;

/* Whether PATH leads to a program of that name. */
bool child_exists(const char *program);
/* Starts a program with an environment of PATH and LC_ALL=C alone, in a session of its own. ended
 * is called from the loop. 0 and *ret, valid until then; -ENOENT: there is no such program;
 * negative errno. */
int child_start(uv_loop_t *loop, const ChildOptions *options,
                void (*ended)(void *userdata, const ChildEnd *end), void *userdata, Child **ret);
/* Kills it and all that it has started; ended is not called any more. */
void child_kill(Child *child);
