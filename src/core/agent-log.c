/* The request for logs, beside the update and independent of it: the one door through which its job
 * changes, and the actions of its table. */
#include <sys/stat.h>
#include <unistd.h>

#include "agent-private.h"
#include "failpoint.h"

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

char *logs_archive_path(const Agent *a)
{
        return str_printf("%s/" LOGS_FOLDER "/logs.tar.gz", a->config->spool);
}

/* ---- steps ---- */

typedef struct ActionEntry {
        unsigned action;
        void (*perform)(Agent *a);
} ActionEntry;

static void stop(Agent *a);
static void drop(Agent *a);
static void upload(Agent *a);
static void wait_retry(Agent *a);

/* clang-format off */
static const ActionEntry actions[] = {
        {LOGDO_STOP,    stop},
        {LOGDO_DROP,    drop},
        {LOGDO_COLLECT, logs_collect},
        {LOGDO_UPLOAD,  upload},
        {LOGDO_WAIT,    wait_retry},
};
/* clang-format on */

static void perform(Agent *a, unsigned wanted)
{
        for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
                if (!(wanted & actions[i].action))
                        continue;
                fail_point("before-do", fail_point_log_action(actions[i].action));
                actions[i].perform(a);
                fail_point("after-do", fail_point_log_action(actions[i].action));
        }
}

static OutboxRow status_row(const Agent *a, const LogJob *job, LogStatus status)
{
        bool failed = log_status_is_failure(status);

        return (OutboxRow){.kind = OUTBOX_LOG_STATUS,
                           .value = (int)status,
                           .plain = job->plain,
                           .request_id = job->request.request_id,
                           .timestamp = clock_csms_now(a),
                           .tech_info = failed ? job->reason : NULL,
                           .reason_code = failed ? job->reason_code : NULL};
}

static void tell(const LogJob *job, LogStatus status)
{
        _cleanup_(freep) char *uri = redact_url(strempty(job->request.location));
        char buffer[32];

        log_full(log_status_is_failure(status) ? LOG_WARNING : LOG_NOTICE, 0, "Logs %s: %s, %s",
                 agent_id_text(job->request.request_id, buffer), log_status_to_string(status),
                 strempty(uri));
}

/* The row and what it says, and before that, if another request was replaced, the end of that one:
 * one transaction. On failure the job is as it was. */
static int store_step(Agent *a, const LogJobStep *step, const OutboxRow *replaced)
{
        LogJob *job = &a->logs.job;
        LogJobState old_state = job->state;
        LogStatus old_status = job->last_status;
        LogStatus say = step->say == LOGJOB_VERDICT ? job->verdict : (LogStatus)step->say;
        OutboxRow rows[2];
        StoreChange change = {
                .log = job, .rows = rows, .keep_copy = true, .drop_intermediate = replaced};
        int r;

        if (replaced && replaced->request_id != NO_INT)
                rows[change.row_count++] = *replaced;
        if (say == job->last_status) /* each is said once */
                say = LOG_STATUS_NONE;
        if (say != LOG_STATUS_NONE) {
                rows[change.row_count++] = status_row(a, job, say);
                job->last_status = say;
        }
        job->state = step->next;
        r = store_commit(a->store, &change);
        if (r < 0) {
                job->state = old_state;
                job->last_status = old_status;
                return r;
        }
        if (say != LOG_STATUS_NONE)
                tell(job, say);
        return 0;
}

/* more: what is to be done before the step's own actions. */
static void after_step(Agent *a, const LogJobStep *step, unsigned more)
{
        log_debug("Logs: %s, \"%s\" -> %s", logjob_state_to_string(step->state),
                  logjob_event_to_string(step->event), logjob_state_to_string(step->next));
        agent_timer_off(&a->logs.timer);
        perform(a, more | step->actions);
        session_kick(a);
}

void logs_event(Agent *a, LogJobEvent event)
{
        const LogJobStep *step = logjob_step(a->logs.job.state, event);
        int r;

        if (!step) {
                log_debug("Logs: \"%s\" means nothing while %s", logjob_event_to_string(event),
                          logjob_state_to_string(a->logs.job.state));
                return;
        }
        r = store_step(a, step, NULL);
        if (r == 0) {
                after_step(a, step, LOGDO_NOTHING);
                return;
        }
        agent_store_failed(a, r);
        a->logs.again = event;
        agent_timer(a, &a->logs.timer, INSTALLER_RETRY, on_timer);
}

int logs_take_over(Agent *a, LogJob *job, LogJobEvent event)
{
        const LogJobStep *step = logjob_step(LOGJOB_IDLE, event);
        LogJob old = a->logs.job;
        const LogJobStep *end = logjob_step(old.state, LOGEV_SUPERSEDED);
        OutboxRow last = status_row(a, &old, end ? (LogStatus)end->say : LOG_STATUS_NONE);
        int r;

        a->logs.job = *job;
        r = store_step(a, step, end ? &last : NULL);
        if (r < 0) {
                a->logs.job = old;
                agent_store_failed(a, r);
                /* A commit whose sync failed may be found after a power cut: it is written over by
                 * the next step of what runs, or, where nothing does, as soon as may be. */
                if (!end)
                        logs_save(a);
                return r;
        }
        logjob_init(job);
        if (end)
                tell(&old, (LogStatus)end->say);
        logjob_done(&old);
        after_step(a, step, end ? end->actions : LOGDO_NOTHING);
        return 0;
}

void logs_save(Agent *a)
{
        int r = store_commit(a->store, &(StoreChange){.log = &a->logs.job, .keep_copy = true});

        if (r < 0) {
                agent_store_failed(a, r);
                a->logs.again = LOGJOB_EVENT_MAX;
                agent_timer(a, &a->logs.timer, INSTALLER_RETRY, on_timer);
        }
}

/* ---- attempts ---- */

static bool attempts_are_left(const Agent *a)
{
        return way_may_be_tried_again(a->logs.job.attempts, a->logs.job.request.retries,
                                      a->config->log_retries);
}

/* Final errors too are tried as often as was asked for: TC_N_26 counts. */
void logs_attempt_failed(Agent *a, const char *what, const TransferFailure *failure)
{
        bool left;

        a->logs.job.attempts++;
        a->logs.job.verdict = logjob_status_of(failure->code);
        a->logs.server_seconds = failure->retry_after_seconds;
        logjob_set_reason(&a->logs.job, failure->message,
                          streq(failure->code, "no-space") ? REASON_OUT_OF_STORAGE : NULL);
        left = attempts_are_left(a);
        log_warning("Logs: %s: %s (%s)%s", what, failure->message, failure->code,
                    left ? "; will be tried again" : "");
        transfer_cancel(TAKE_PTR(a->logs.transfer)); /* it owns the failure's texts */
        logs_event(a, left ? LOGEV_ATTEMPT_FAILED : LOGEV_FAILED);
}

void logs_not_started(Agent *a, const char *what, int error)
{
        logs_attempt_failed(a, what,
                            &(TransferFailure){.code = "worker", .message = strerror(-error)});
}

/* Is there the whole of what was collected? */
static LogJobEvent archive_event(const Agent *a)
{
        _cleanup_(freep) char *path = logs_archive_path(a);
        struct stat st;
        bool whole = a->logs.job.size > 0 && path && stat(path, &st) == 0 &&
                     st.st_size == a->logs.job.size;

        return whole ? LOGEV_ARCHIVE_READY : LOGEV_ARCHIVE_LOST;
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;
        LogJobEvent again = a->logs.again;

        agent_timer_off(&a->logs.timer);
        a->logs.again = LOGEV_ARCHIVE_READY;
        if (again == LOGJOB_EVENT_MAX)
                logs_save(a);
        else if (again == LOGEV_ARCHIVE_READY || again == LOGEV_ARCHIVE_LOST)
                logs_event(a, archive_event(a));
        else
                logs_event(a, again);
        return 0;
}

static void wait_retry(Agent *a)
{
        /* After a restart what the server asked for is not known any more. */
        usec_t rest = way_rest(a->logs.job.request.retry_interval, a->config->log_retry_interval,
                               a->logs.server_seconds);

        a->logs.again = LOGEV_ARCHIVE_READY;
        agent_timer(a, &a->logs.timer, rest, on_timer);
}

/* ---- uploading ---- */

static void on_uploaded(void *userdata, uint64_t size_bytes _unused_)
{
        Agent *a = userdata;

        transfer_cancel(TAKE_PTR(a->logs.transfer));
        logs_event(a, LOGEV_UPLOADED);
}

static void on_upload_failed(void *userdata, const TransferFailure *failure)
{
        logs_attempt_failed(userdata, "upload", failure);
}

static void upload(Agent *a)
{
        static const TransferHandlers handlers = {.on_done = on_uploaded,
                                                  .on_failed = on_upload_failed};
        _cleanup_(freep) char *path = logs_archive_path(a);
        const Config *c = a->config;
        UploadJob job = {.file = path,
                         .name = a->logs.job.name,
                         .url = a->logs.job.request.location,
                         .folder = a->logs.job.plain,
                         .method = config_upload_methods[c->upload_method],
                         .way = way_of(a, 0)};
        int r = path ? transfer_upload(a->parts.event, a->parts.worker, &job, &handlers, a,
                                       &a->logs.transfer)
                     : -ENOMEM;

        if (r < 0)
                logs_not_started(a, "upload", r);
}

/* ---- begin and end ---- */

static void stop(Agent *a)
{
        transfer_cancel(TAKE_PTR(a->logs.transfer));
}

static void drop(Agent *a)
{
        _cleanup_(freep) char *path = logs_archive_path(a);

        if (path && unlink(path) < 0 && errno != ENOENT)
                log_warning_errno(-errno, "Can't remove %s", path);
}

LogReport logs_report(const Agent *a, OutgoingKind kind)
{
        const LogJob *job = &a->logs.job;
        LogReport idle = {.status = LOG_STATUS_IDLE, .request_id = NO_INT};
        LogReport busy = {.status = LOG_STATUS_UPLOADING, .request_id = job->request.request_id};
        bool without_id = kind == OUT_LOG_STATUS && job->request.request_id == NO_INT;

        /* N01.FR.13: Uploading may not go without an id, and one that came by core 1.6 has none. */
        return job->state == LOGJOB_IDLE || without_id ? idle : busy;
}

/* What a restart cut off counts as an attempt; what it had only to wait for is tried at once. */
void logs_start(Agent *a)
{
        LogJob *job = &a->logs.job;
        LogJobEvent event;

        if (job->state == LOGJOB_IDLE) {
                drop(a); /* the end was stored before the archive was removed */
                return;
        }
        log_notice("A request for logs was under way: %s", logjob_state_to_string(job->state));
        event = archive_event(a);
        if (job->state != LOGJOB_RETRYING) {
                job->attempts++;
                job->verdict = LOG_STATUS_UPLOAD_FAILURE;
                event = attempts_are_left(a) ? event : LOGEV_FAILED;
                logjob_set_reason(job, "a restart interrupted it", NULL);
        }
        logs_event(a, event);
}

int logs_forget(Agent *a)
{
        logjob_done(&a->logs.job);
        return store_commit(a->store, &(StoreChange){.log = &a->logs.job, .keep_copy = true});
}

void logs_done(Agent *a)
{
        stop(a);
        agent_timer_off(&a->logs.timer);
        logjob_done(&a->logs.job);
        linelog_done(&a->logs.security);
        linelog_done(&a->logs.ocpp);
        logs_describe_done(a);
}
