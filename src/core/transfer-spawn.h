/* Starts a worker process for transfer.c: its stdin holds the job, stdout is a pipe to us, stderr
 * is ours, descriptor 3 perhaps a file, nothing else is open; the environment is empty, signals are
 * as at boot. */
#pragma once

#include "util.h"
#include <cjson/cJSON.h>
#include <sys/types.h>

/* file is borrowed, -1: none. 0, *ret_pid (the caller reaps it) and *ret_output (owned by the
 * caller, non-blocking); -E2BIG: the job is longer than TRANSFER_JOB_MAX; negative errno, that of
 * execve() included. */
int worker_spawn(const char *worker, cJSON *job, int file, pid_t *ret_pid, int *ret_output);
