/* The cage's filters of system calls (seccomp). */
#pragma once

#include "util.h"

typedef enum CallSet {
        CALLS_HASH,    /* reads, writes, exits */
        CALLS_COPY,    /* also makes a file durable */
        CALLS_SHUT,    /* all that programs need who have opened all they want, and no socket */
        CALLS_QUIET,   /* all that programs need, but no socket */
        CALLS_NETWORK, /* all that programs need */
        CALL_SET_MAX,
} CallSet;

/* no_new_privs must be set. 0; negative errno: the kernel, or who started us, refuses. */
int calls_limit(CallSet set);
