/* Runs the program of --hook on libuv: no shell, its words as they are. */
#pragma once

#include "util.h"
#include <uv.h>

typedef struct Hook Hook;

/* Starts program with these words behind its name (NULL at their end); what it prints goes to our
 * stderr. ended is called from the loop, with its exit status, or -1 for a signal. 0 and *ret,
 * valid until then; negative errno. */
int hook_start(uv_loop_t *loop, const char *program, char *const *words,
               void (*ended)(void *userdata, int status), void *userdata, Hook **ret);
/* Kills it; ended is not called any more. */
void hook_kill(Hook *hook);
