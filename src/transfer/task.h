/* The one job of this process, as the daemon wrote it: see core/transfer.h. */
#pragma once

#include "util.h"
#include <cjson/cJSON.h>

typedef struct Task Task;

typedef int (*TaskRun)(const Task *task);

/* text is the job as it came, borrowed. Texts of members are borrowed from tree. Members that the
 * job doesn't have are NULL or 0. */
struct Task {
        const char *text;
        size_t size;
        cJSON *tree;
        TaskRun run;
        const char *url, *ca_file;                      /* fetch */
        const char *file;                               /* fetch, copy */
        const cJSON *protocols;                         /* fetch: an array of texts */
        int64_t max_size_bytes;                         /* fetch, copy */
        int64_t rate_bytes;                             /* fetch */
        int64_t stall_timeout_seconds, timeout_seconds; /* fetch */
        const char *host, *service;                     /* resolve */
};

/* Reads a job; text must outlive it. 0 and *ret (task_done()); -EBADMSG and *reterr, a sentence
 * without any of its text: no JSON, another job, a member that is missing, unknown or of another
 * type; -ENOMEM. */
int task_parse(const char *text, size_t size, Task *ret, const char **reterr);
/* Frees the tree and empties the task. */
void task_done(Task *t);

/* The jobs, a file each. Each says how it ended; the exit code of the process. */
int copy_run(const Task *task);
int fetch_run(const Task *task);
int hash_run(const Task *task);
int resolve_run(const Task *task);
