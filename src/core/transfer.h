/* The seam to the worker rauc-ocpp-transfer: one child process a job, one JSON object to its stdin,
 * JSON lines from its stdout, SIGKILL to cancel. All that is heavy, hostile or blocking happens
 * there.
 *
 * The job (stdin, one object, then EOF):
 *   {"job":"fetch","url":…,"file":…,"protocols":["https","http"],"max_size":bytes,
 *    "stall_timeout":seconds or 0,"timeout":seconds or 0,"rate":bytes a second or 0,
 *    "ca_file":… or absent}
 *   {"job":"copy","file":…,"max_size":bytes}      the source is descriptor 3, as below
 *   {"job":"hash"}                 the file is descriptor 3, opened O_RDONLY by the daemon; no
 *                                  network, no other file
 *   {"job":"resolve","host":…,"service":…}
 * The answer (stdout, a line each):
 *   {"progress":{"now":bytes,"total":bytes or -1}}      fetch, copy: at most twice a second, once
 * at the end
 *   {"done":{"size":bytes,"sha256":"hex","sha384":"hex"}}       fetch, copy, hash
 *   {"done":{"addresses":["192.0.2.1",…]}}      resolve
 *   {"failed":{"final":true|false,"code":"http-404","message":"a sentence"}}
 * The worker exits 0 after "done" or "failed". Anything else is a failure that is not final, with
 * the code "worker". */
#pragma once

#include "util.h"
#include "verify.h"
#include <systemd/sd-event.h>

/* Bytes of a job and of a line of the answer; addresses that are taken of one. */
#define TRANSFER_JOB_MAX 65536
#define TRANSFER_LINE_MAX 8192
#define TRANSFER_ADDRESSES_MAX 8

typedef struct Transfer Transfer;

typedef struct TransferFailure {
        bool final;          /* another attempt would end the same way */
        const char *code;    /* "http-404", "scheme", "resolve", "connect", "tls", "redirects",
                                "connection", "stalled", "timeout", "too-large", "no-space", "file",
                                "hash", "worker" */
        const char *message; /* for people; printable ASCII */
} TransferFailure;

/* Exactly one of on_digest, on_addresses, on_failed is the last call back, when the worker is gone;
 * none comes after transfer_cancel(). on_progress may be NULL, and what the job can't call. All
 * borrowed. */
typedef struct TransferHandlers {
        void (*on_progress)(void *userdata, uint64_t now_bytes,
                            int64_t total_bytes); /* fetch; -1: total not known */
        void (*on_digest)(void *userdata, const FileDigest *digest); /* done: fetch, hash */
        void (*on_addresses)(void *userdata, const char *const *addresses,
                             size_t count); /* done: resolve */
        void (*on_failed)(void *userdata, const TransferFailure *failure);
} TransferHandlers;

/* What is fetched, and within which limits. All borrowed. */
typedef struct FetchJob {
        const char *url;
        const char *file;             /* NAME.part in the spool folder */
        const char *const *protocols; /* NULL-terminated */
        uint64_t max_size_bytes;
        usec_t stall_timeout_usec, timeout_usec; /* 0 = none */
        uint64_t rate_bytes;                     /* a second, 0 = no limit */
        const char *ca_file; /* trusted besides the system's roots; NULL: none */
} FetchJob;

/* Each starts worker (the program's path) and returns at once. SIGCHLD must be blocked. 0 and *ret
 * (owned by the caller, who frees it with transfer_cancel() in or after the last call back);
 * -E2BIG: the job is longer than TRANSFER_JOB_MAX; other negative errno when it could not be
 * started. */
int transfer_fetch(sd_event *event, const char *worker, const FetchJob *job,
                   const TransferHandlers *handlers, void *userdata, Transfer **ret);
/* file is opened O_RDONLY | O_NOFOLLOW; -ENOENT etc. come from there, -EINVAL: no regular file. */
int transfer_hash(sd_event *event, const char *worker, const char *file,
                  const TransferHandlers *handlers, void *userdata, Transfer **ret);
/* Numeric addresses of a host, in the order in which they are to be tried. */
/* Copies source (borrowed; a regular file, read from where it stands) into file. */
int transfer_copy(sd_event *event, const char *worker, int source, const char *file,
                  uint64_t max_size_bytes, const TransferHandlers *handlers, void *userdata,
                  Transfer **ret);
int transfer_resolve(sd_event *event, const char *worker, const char *host, const char *service,
                     const TransferHandlers *handlers, void *userdata, Transfer **ret);
/* Kills the child if it still runs, and frees t; no call back follows. The loop reaps it. NULL is
 * fine. */
void transfer_cancel(Transfer *t);
DEFINE_CLEANUP(Transfer *, transfer_cancel)
