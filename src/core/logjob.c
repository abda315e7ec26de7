/* The life of a request for logs as one table: state, event → state, status, actions. See logjob.h.
 */
#include "logjob.h"

/* clang-format off */
static const char *const state_words[LOGJOB_STATE_MAX] = {
        [LOGJOB_IDLE]       = "idle",
        [LOGJOB_COLLECTING] = "collecting",
        [LOGJOB_UPLOADING]  = "uploading",
        [LOGJOB_RETRYING]   = "retrying",
};

static const char *const event_words[LOGJOB_EVENT_MAX] = {
        [LOGEV_REQUESTED]        = "requested",
        [LOGEV_REQUESTED_NO_URL] = "requested, no URL",
        [LOGEV_COLLECTED]        = "collected",
        [LOGEV_UPLOADED]         = "uploaded",
        [LOGEV_ATTEMPT_FAILED]   = "attempt failed",
        [LOGEV_FAILED]           = "failed",
        [LOGEV_ARCHIVE_READY]    = "archive ready",
        [LOGEV_ARCHIVE_LOST]     = "archive lost",
        [LOGEV_SUPERSEDED]       = "superseded",
};

#define END (LOGDO_STOP | LOGDO_DROP)

static const LogJobStep steps[] = {
        {LOGJOB_IDLE,       LOGEV_REQUESTED,        LOGJOB_COLLECTING, LOG_STATUS_NONE,              LOGDO_COLLECT},
        {LOGJOB_IDLE,       LOGEV_REQUESTED_NO_URL, LOGJOB_IDLE,       LOGJOB_VERDICT,               LOGDO_NOTHING},

        {LOGJOB_COLLECTING, LOGEV_COLLECTED,        LOGJOB_UPLOADING,  LOG_STATUS_UPLOADING,         LOGDO_UPLOAD},
        {LOGJOB_COLLECTING, LOGEV_ATTEMPT_FAILED,   LOGJOB_RETRYING,   LOG_STATUS_NONE,              LOGDO_WAIT},
        {LOGJOB_COLLECTING, LOGEV_FAILED,           LOGJOB_IDLE,       LOGJOB_VERDICT,               END},
        {LOGJOB_COLLECTING, LOGEV_ARCHIVE_READY,    LOGJOB_COLLECTING, LOG_STATUS_NONE,              LOGDO_COLLECT},
        {LOGJOB_COLLECTING, LOGEV_ARCHIVE_LOST,     LOGJOB_COLLECTING, LOG_STATUS_NONE,              LOGDO_COLLECT},
        {LOGJOB_COLLECTING, LOGEV_SUPERSEDED,       LOGJOB_IDLE,       LOG_STATUS_ACCEPTED_CANCELED, END},

        {LOGJOB_UPLOADING,  LOGEV_UPLOADED,         LOGJOB_IDLE,       LOG_STATUS_UPLOADED,          END},
        {LOGJOB_UPLOADING,  LOGEV_ATTEMPT_FAILED,   LOGJOB_RETRYING,   LOG_STATUS_NONE,              LOGDO_WAIT},
        {LOGJOB_UPLOADING,  LOGEV_FAILED,           LOGJOB_IDLE,       LOGJOB_VERDICT,               END},
        {LOGJOB_UPLOADING,  LOGEV_ARCHIVE_READY,    LOGJOB_UPLOADING,  LOG_STATUS_NONE,              LOGDO_UPLOAD},
        {LOGJOB_UPLOADING,  LOGEV_ARCHIVE_LOST,     LOGJOB_COLLECTING, LOG_STATUS_NONE,              LOGDO_COLLECT},
        {LOGJOB_UPLOADING,  LOGEV_SUPERSEDED,       LOGJOB_IDLE,       LOG_STATUS_ACCEPTED_CANCELED, END},

        {LOGJOB_RETRYING,   LOGEV_ARCHIVE_READY,    LOGJOB_UPLOADING,  LOG_STATUS_UPLOADING,         LOGDO_UPLOAD},
        {LOGJOB_RETRYING,   LOGEV_ARCHIVE_LOST,     LOGJOB_COLLECTING, LOG_STATUS_NONE,              LOGDO_COLLECT},
        {LOGJOB_RETRYING,   LOGEV_SUPERSEDED,       LOGJOB_IDLE,       LOG_STATUS_ACCEPTED_CANCELED, END},
};

/* N01.FR.10 wants the most precise word. */
static const struct {
        const char *code;
        LogStatus status;
} failures[] = {
        {"http-401", LOG_STATUS_PERMISSION_DENIED},
        {"http-403", LOG_STATUS_PERMISSION_DENIED},
        {"ftp-530",  LOG_STATUS_PERMISSION_DENIED},
        {"login",    LOG_STATUS_PERMISSION_DENIED},
        {"http-400", LOG_STATUS_BAD_MESSAGE},
        {"http-415", LOG_STATUS_BAD_MESSAGE},
        {"http-422", LOG_STATUS_BAD_MESSAGE},
        {"http-405", LOG_STATUS_NOT_SUPPORTED_OPERATION},
        {"http-501", LOG_STATUS_NOT_SUPPORTED_OPERATION},
        {"scheme",   LOG_STATUS_NOT_SUPPORTED_OPERATION},
};
/* clang-format on */

const LogJobStep *logjob_steps(size_t *ret_count)
{
        *ret_count = ELEMENTSOF(steps);
        return steps;
}

const LogJobStep *logjob_step(LogJobState state, LogJobEvent event)
{
        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                if (steps[i].state == state && steps[i].event == event)
                        return &steps[i];
        return NULL;
}

LogStatus logjob_status_of(const char *code)
{
        for (size_t i = 0; i < ELEMENTSOF(failures); i++)
                if (streq(failures[i].code, code))
                        return failures[i].status;
        return LOG_STATUS_UPLOAD_FAILURE;
}

bool logjob_request_equal(const LogRequest *a, const LogRequest *b)
{
        return a->kind == b->kind && a->request_id == b->request_id &&
               str_equal(a->location, b->location) && a->oldest == b->oldest &&
               a->latest == b->latest && a->retries == b->retries &&
               a->retry_interval == b->retry_interval;
}

void logjob_set_reason(LogJob *job, const char *reason, const char *code)
{
        str_replace(&job->reason, reason);
        str_replace(&job->reason_code, code);
}

void logjob_init(LogJob *job)
{
        *job = (LogJob){.state = LOGJOB_IDLE, .request = LOG_REQUEST_INIT};
}

void logjob_done(LogJob *job)
{
        free(job->request.location);
        free(job->name);
        free(job->reason);
        free(job->reason_code);
        logjob_init(job);
}

const char *logjob_state_to_string(LogJobState state)
{
        return state >= 0 && state < LOGJOB_STATE_MAX ? state_words[state] : "?";
}

LogJobState logjob_state_from_string(const char *word)
{
        for (LogJobState s = 0; s < LOGJOB_STATE_MAX; s++)
                if (str_equal(state_words[s], word))
                        return s;
        return LOGJOB_STATE_MAX;
}

const char *logjob_event_to_string(LogJobEvent event)
{
        return event >= 0 && event < LOGJOB_EVENT_MAX ? event_words[event] : "?";
}
