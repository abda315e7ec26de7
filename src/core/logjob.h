/* The life of one request for logs: a table of transitions and a step function, without I/O and
 * without a clock, as job.h is that of an update. Laws: "Logs" in docs/behaviour.md, N01.FR.01-20.
 */
#pragma once

#include "messages.h"

typedef enum LogJobState {
        LOGJOB_IDLE,       /* no request; the row keeps the last one */
        LOGJOB_COLLECTING, /* a worker makes the archive */
        LOGJOB_UPLOADING,  /* the archive is whole; a worker sends it */
        LOGJOB_RETRYING,   /* between two attempts, with or without an archive */
        LOGJOB_STATE_MAX,
} LogJobState;

typedef enum LogJobEvent {
        LOGEV_REQUESTED,        /* accepted */
        LOGEV_REQUESTED_NO_URL, /* accepted, but nothing can be sent to the location */
        LOGEV_COLLECTED,
        LOGEV_UPLOADED,
        LOGEV_ATTEMPT_FAILED, /* to collect or to upload; attempts are left */
        LOGEV_FAILED,         /* none is; the row's verdict is what the last one came to */
        LOGEV_ARCHIVE_READY,  /* on with it: the retry is due, or the agent started; it is there */
        LOGEV_ARCHIVE_LOST,   /* the same, but there is none, or not the whole of it */
        LOGEV_SUPERSEDED, /* another request takes its place: its first step is stored over this */
        LOGJOB_EVENT_MAX,
} LogJobEvent;

/* What the agent must do after the row is stored. Each bears repeating. */
typedef enum LogJobAction {
        LOGDO_NOTHING = 0,
        LOGDO_COLLECT = 1 << 0,
        LOGDO_UPLOAD = 1 << 1,
        LOGDO_WAIT = 1 << 2, /* LOGEV_ARCHIVE_READY or _LOST after the retry interval */
        LOGDO_STOP = 1 << 3, /* the worker is killed */
        LOGDO_DROP = 1 << 4, /* the archive is deleted */
} LogJobAction;

/* Says what the row holds as verdict. */
#define LOGJOB_VERDICT LOG_STATUS_MAX

/* One transition. */
typedef struct LogJobStep {
        LogJobState state;
        LogJobEvent event;
        LogJobState next;
        int say; /* LogStatus, LOG_STATUS_NONE, or LOGJOB_VERDICT */
        unsigned actions;
} LogJobStep;

/* The row, as stored. Strings owned. */
typedef struct LogJob {
        LogJobState state;
        LogStatus last_status; /* the last one put into the outbox for this request */
        LogStatus verdict;     /* what the attempt that failed last came to */
        bool plain;            /* came by 1.6 GetDiagnostics */
        LogRequest request;
        int64_t answer;    /* LogsVerdict that the request got: given again to the same request */
        char *name;        /* of the file, as the CSMS was told */
        int64_t size;      /* bytes of the whole archive */
        int64_t attempts;  /* that failed, or were cut off by a restart */
        char *reason;      /* for people: why the last one failed, or why none was made */
        char *reason_code; /* … in one of OCPP's words; NULL: it has none for that */
} LogJob;

/* The transition, NULL if the event means nothing in that state (it is then ignored). */
const LogJobStep *logjob_step(LogJobState state, LogJobEvent event);
/* All transitions, for tests. */
const LogJobStep *logjob_steps(size_t *ret_count);
/* What a worker's failure is called (TransferFailure.code), never by what the server wrote:
 * PermissionDenied, BadMessage, NotSupportedOperation, else UploadFailure (N01.FR.10). */
LogStatus logjob_status_of(const char *code);
/* The same request: id and all else. */
bool logjob_request_equal(const LogRequest *a, const LogRequest *b);

/* Why it fails, and in one of OCPP's words (NULL: it has none); both are copied. What is lost for
 * want of memory is not said. */
void logjob_set_reason(LogJob *job, const char *reason, const char *code);

/* No request, nothing given. */
void logjob_init(LogJob *job);
/* Frees what the job owns and makes it as logjob_init() does. */
void logjob_done(LogJob *job);
/* Words for logs and the store, e.g. "collecting"; never NULL. */
const char *logjob_state_to_string(LogJobState state);
/* LOGJOB_STATE_MAX for an unknown word. */
LogJobState logjob_state_from_string(const char *word);
/* For logs; never NULL. */
const char *logjob_event_to_string(LogJobEvent event);
