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
        const char *file;                               /* all but hash and resolve */
        int64_t max_size_bytes;                         /* fetch, copy, collect */
        const char *url;                                /* fetch, upload, as up to proxy */
        const cJSON *protocols;                         /* an array of texts */
        int64_t stall_timeout_seconds, timeout_seconds; /* 0: none */
        int64_t rate_bytes;                             /* 0: no limit */
        const char *ca_file, *csms_ca_file, *installed_ca_file, *client_cert_file, *client_key,
                *credentials_file, *proxy;
        int64_t reserve_bytes;          /* fetch, copy, collect */
        bool sha384;                    /* hash */
        const char *identity, *kind;    /* collect, as up to notes */
        int64_t since_usec, until_usec; /* 0: open */
        const char *journal, *rauc_config;
        const cJSON *journal_units, *files, *secrets; /* arrays of texts */
        const cJSON *notes;        /* an array of objects with the texts name and text */
        const char *name, *method; /* upload */
        bool folder;
        const char *host, *service; /* resolve */
};

/* Reads a job; text must outlive it. 0 and *ret (task_done()); -EBADMSG and *reterr, a sentence
 * without any of its text: no JSON, another job, a member that is missing, unknown or of another
 * type; -ENOMEM. */
int task_parse(const char *text, size_t size, Task *ret, const char **reterr);
/* Frees the tree and empties the task. */
void task_done(Task *t);

/* The jobs, a file each. Each says how it ended; the exit code of the process. */
int collect_run(const Task *task);
int copy_run(const Task *task);
int fetch_run(const Task *task);
int hash_run(const Task *task);
int resolve_run(const Task *task);
int upload_run(const Task *task);
