/* The seam to the worker rauc-ocpp-transfer: one child process a job, one JSON object to its stdin,
 * JSON lines from its stdout, SIGKILL to cancel. All that is heavy, hostile or blocking happens
 * there.
 *
 * The job (stdin, one object, then EOF):
 *   {"job":"fetch","url":…,"file":…,"protocols":["https","http"],"max_size":N,"stall_timeout":seconds,"timeout":seconds
 * or 0, "rate":bytes a second or 0,"ca_file":… or absent}
 *   {"job":"hash"}                 the file is descriptor 3, opened O_RDONLY by the daemon; no
 * network, no other file
 *   {"job":"resolve","host":…,"service":…}
 * The answer (stdout, a line each):
 *   {"progress":{"now":N,"total":N or -1}}      at most twice a second
 *   {"done":{"size":N,"sha256":"hex","sha384":"hex"}}       fetch, hash
 *   {"done":{"addresses":["192.0.2.1",…]}}      resolve
 *   {"failed":{"final":true|false,"code":"http-404","message":"a sentence"}}
 * The worker exits 0 after "done" or "failed". Anything else is a failure that is not final. */
#pragma once

#include "util.h"
#include "verify.h"
#include <systemd/sd-event.h>

#define TRANSFER_LINE_MAX 8192
#define TRANSFER_ADDRESSES_MAX 8

typedef struct Transfer Transfer;

typedef struct TransferFailure {
        bool final;          /* another attempt would end the same way */
        const char *code;    /* "http-404", "stalled", "no-space", "too-large", "scheme", "tls",
                                "connect", "resolve", "worker" … */
        const char *message; /* for people */
} TransferFailure;

/* Exactly one of on_done, on_failed is the last call back; none comes after transfer_cancel(). All
 * borrowed. */
typedef struct TransferHandlers {
        void (*on_progress)(void *userdata, uint64_t now_bytes, int64_t total_bytes);
        void (*on_digest)(void *userdata, const FileDigest *digest); /* done: fetch, hash */
        void (*on_addresses)(void *userdata, const char *const *addresses,
                             size_t count); /* done: resolve */
        void (*on_failed)(void *userdata, const TransferFailure *failure);
} TransferHandlers;

typedef struct FetchJob {
        const char *url;
        const char *file;             /* NAME.part in the spool folder */
        const char *const *protocols; /* NULL-terminated */
        uint64_t max_size_bytes;
        usec_t stall_timeout_usec, timeout_usec; /* 0 = none */
        uint64_t rate_bytes;                     /* a second, 0 = no limit */
        const char *ca_file;                     /* NULL: the system's roots */
} FetchJob;

/* Each starts worker (the program's path) and returns at once. 0 and *ret (owned by the caller, who
 * frees it in or after the last call back); negative errno when it could not be started. */
int transfer_fetch(sd_event *event, const char *worker, const FetchJob *job,
                   const TransferHandlers *handlers, void *userdata, Transfer **ret);
/* file is opened O_RDONLY | O_NOFOLLOW; -ENOENT etc. come from there. */
int transfer_hash(sd_event *event, const char *worker, const char *file,
                  const TransferHandlers *handlers, void *userdata, Transfer **ret);
int transfer_resolve(sd_event *event, const char *worker, const char *host, const char *service,
                     const TransferHandlers *handlers, void *userdata, Transfer **ret);
/* Kills the child if it still runs; no call back follows. NULL is fine. */
void transfer_cancel(Transfer *t);
DEFINE_CLEANUP(Transfer *, transfer_cancel)
