/* The seam to the worker rauc-ocpp-transfer: one child process a job, one JSON object to its stdin,
 * JSON lines from its stdout, SIGKILL to cancel. All that is heavy, hostile or blocking happens
 * there. */
/* clang-format off */
/* The job: stdin, one object, then EOF. Members in [] may be absent; a limit of 0 is none.
 *
 *   {"job":"fetch", "url":…, "file":NAME.part, WAY, "max_size":bytes, "reserve":bytes}
 *       reserve: stays free on the disk
 *       goes on where NAME.part ends if its side-car NAME.part.json says that it is a part of the
 *       same file: {"synced":bytes, "boot":id, "url":…, "etag":…, "last_modified":…,
 *       "length":bytes or -1}; the side-car goes when the file is complete
 *   {"job":"copy", "file":…, "max_size":bytes, ["reserve":bytes]}
 *       the source is descriptor 3
 *   {"job":"hash", "sha384":true or false}
 *       the file is descriptor 3, opened O_RDONLY by the daemon; no network, no other file
 *   {"job":"resolve", "host":…, "service":…}
 *   {"job":"collect", "file":NAME.tar.gz, "max_size":bytes, ["reserve":bytes], "identity":…,
 *    "kind":"diagnostics" or "security", ["since":usec since 1970], ["until":usec],
 *    ["journal":FOLDER], "journal_units":[…], "files":[…], "secrets":[…], ["rauc_config":path],
 *    "notes":[{"name":…, "text":…}]}
 *       journal: a folder of journal files in place of the system's (tests)
 *       journal_units: as journalctl -u takes them, globs too; "*": all there is; none: no journal
 *       files, secrets: paths and globs; what is secret is never packed
 *       notes: texts that the daemon itself knows, each a file in the archive
 *   {"job":"upload", "file":…, "name":…, "url":…, "folder":true or false, WAY,
 *    "method":"auto", "put", "post" or "multipart"}
 *       folder: name is appended to the URL's path; else only if that ends in "/"
 *   WAY: "protocols":["https",…], "stall_timeout":s, "timeout":s, "rate":bytes a second,
 *        ["ca_file":…], ["csms_ca_file":…], ["installed_ca_file":…], ["client_cert_file":…],
 *        ["client_key":path or provider URI], ["credentials_file":…], ["proxy":…]
 *
 * The answer: stdout, a line each.
 *
 *   {"progress":{"now":bytes, "total":bytes or -1}}
 *       fetch, copy, upload: at most twice a second, once at the end, also of a failure
 *   {"done":{"size":bytes}}                                       fetch, copy, collect, upload
 *   {"done":{"size":bytes, "sha256":hex, ["sha384":hex]}}         hash
 *   {"done":{"addresses":["192.0.2.1",…]}}                        resolve
 *   {"failed":{"final":true or false, "code":"http-404", "message":"a sentence",
 *    ["retry_after":s]}}
 *
 * The worker exits 0 after "done" or "failed". Anything else is a failure that is not final, with
 * the code "worker": to die, to say what is none of these, more than asked for or too much, or to
 * give no sign of life for longer than the job's limits account for (transfer-jobs.c). */
/* clang-format on */
#pragma once

#include "util.h"
#include "verify.h"
#include <systemd/sd-event.h>

/* Bytes of a job and of a line of the answer; addresses that are taken of one. */
#define TRANSFER_JOB_MAX 65536
#define TRANSFER_LINE_MAX 8192
#define TRANSFER_ADDRESSES_MAX 8
/* Stays free in the spool, which mostly lies beside the database: its outbox when full, as much
 * again while a damaged one is set aside, its journal and the one-line copy. A full disk must never
 * keep the agent from storing how the update ends. */
#define TRANSFER_RESERVE_BYTES (UINT64_C(4) << 20)

typedef struct Transfer Transfer;

typedef struct TransferFailure {
        bool final;          /* another attempt would end the same way */
        const char *code;    /* "http-404", "scheme", "resolve", "connect", "tls", "redirects",
                                "connection", "stalled", "timeout", "too-large", "no-space", "file",
                                "hash", "worker", "encoding" (sent so, unasked), "ftp-550" (any
                                reply, 530 too), "ssh", "login" (SFTP), "nothing" (collect: none of
                                that kind) */
        const char *message; /* for people; printable ASCII */
        uint64_t retry_after_seconds; /* the server wants that long a rest; 0: it didn't say */
} TransferFailure;

/* Exactly one of on_done, on_digest, on_addresses, on_failed is the last call back, when the worker
 * is gone; none comes after transfer_cancel(). on_progress may be NULL, and what the job can't
 * call. All borrowed. */
typedef struct TransferHandlers {
        /* total_bytes: -1: not known; never less than now_bytes, which may also go back */
        void (*on_progress)(void *userdata, uint64_t now_bytes, int64_t total_bytes);
        void (*on_done)(void *userdata, uint64_t size_bytes); /* fetch, copy, collect, upload */
        void (*on_digest)(void *userdata, const FileDigest *digest); /* hash */
        void (*on_addresses)(void *userdata, const char *const *addresses,
                             size_t count); /* done: resolve */
        void (*on_failed)(void *userdata, const TransferFailure *failure);
} TransferHandlers;

/* How a server is spoken to. All borrowed; NULL: none. */
typedef struct TransferWay {
        const char *const *protocols;            /* NULL-terminated; after redirects too */
        usec_t stall_timeout_usec, timeout_usec; /* 0 = none */
        uint64_t rate_bytes;                     /* a second, 0 = no limit */
        /* trusted besides the system's roots */
        const char *ca_file, *csms_ca_file, *installed_ca_file;
        const char *client_cert_file, *client_key;
        const char *credentials_file; /* "host user password [SHA256:host key]" lines, used where
                                         the URL has none */
        const char *proxy;
} TransferWay;

/* What is fetched, and within which limits. All borrowed. */
typedef struct FetchJob {
        const char *url;
        const char *file; /* NAME.part in the spool folder */
        TransferWay way;
        uint64_t max_size_bytes, reserve_bytes;
} FetchJob;

typedef struct CollectNote {
        const char *name, *text;
} CollectNote;

/* What goes into an archive. All borrowed. */
typedef struct CollectJob {
        const char *file;
        uint64_t max_size_bytes;
        const char *identity;
        bool security;                                   /* SecurityLog, else DiagnosticsLog */
        usec_t since, until;                             /* wall clock; NO_TIME: open */
        const char *journal;                             /* NULL: the system's */
        const char *const *journal_units, *const *files; /* NULL-terminated; NULL: none */
        const char *const *secrets;                      /* never packed, whatever files says */
        const char *rauc_config;                         /* NULL: none */
        const CollectNote *notes;
        size_t note_count;
} CollectJob;

/* What is uploaded, and where to. All borrowed. */
typedef struct UploadJob {
        const char *file, *name, *url;
        bool folder;
        const char *method; /* "auto", "put", "post", "multipart" */
        TransferWay way;
} UploadJob;

/* The worker's path: where it is installed, or in builds for tests beside the program that asks.
 * Owned by the caller; NULL when out of memory. */
char *transfer_worker_path(void);
/* Each starts worker (the program's path) and returns at once. SIGCHLD must be blocked. 0 and *ret
 * (owned by the caller, who frees it with transfer_cancel() in or after the last call back);
 * -E2BIG: the job is longer than TRANSFER_JOB_MAX; other negative errno when it could not be
 * started. */
int transfer_fetch(sd_event *event, const char *worker, const FetchJob *job,
                   const TransferHandlers *handlers, void *userdata, Transfer **ret);
/* file is opened O_RDONLY | O_NOFOLLOW; -ENOENT etc. come from there, -EINVAL: no regular file.
 * sha384: SHA-384 is wanted beside SHA-256. */
int transfer_hash(sd_event *event, const char *worker, const char *file, bool sha384,
                  const TransferHandlers *handlers, void *userdata, Transfer **ret);
/* Copies source (borrowed; a regular file, read from where it stands) into file. */
int transfer_copy(sd_event *event, const char *worker, int source, const char *file,
                  uint64_t max_size_bytes, const TransferHandlers *handlers, void *userdata,
                  Transfer **ret);
/* Numeric addresses of a host, in the order in which they are to be tried. */
int transfer_resolve(sd_event *event, const char *worker, const char *host, const char *service,
                     const TransferHandlers *handlers, void *userdata, Transfer **ret);
int transfer_collect(sd_event *event, const char *worker, const CollectJob *job,
                     const TransferHandlers *handlers, void *userdata, Transfer **ret);
/* The same job as a text that transfer_collect_text() starts, perhaps in another process. Owned by
 * the caller; NULL when out of memory. */
char *transfer_collect_describe(const CollectJob *job);
/* text comes from the agent. As the others; -EBADMSG: it is no JSON. */
int transfer_collect_text(sd_event *event, const char *worker, const char *text,
                          const TransferHandlers *handlers, void *userdata, Transfer **ret);
int transfer_upload(sd_event *event, const char *worker, const UploadJob *job,
                    const TransferHandlers *handlers, void *userdata, Transfer **ret);
/* Kills the child if it still runs, and frees t; no call back follows. The loop reaps it. NULL is
 * fine. */
void transfer_cancel(Transfer *t);
DEFINE_CLEANUP(Transfer *, transfer_cancel)
