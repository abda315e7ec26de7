/* Making the agent, and the one door through which the job changes: agent_event() looks the step
 * up, stores row and status in one transaction, then performs the actions of the table below. */

#include "agent-private.h"
#include "failpoint.h"

int agent_timer(Agent *a, sd_event_source **source, usec_t after, sd_event_time_handler_t function)
{
        int r;

        agent_timer_off(source);
        /* Not relative: inside libwebsockets' call backs sd-event's own idea of now is stale. */
        r = sd_event_add_time(a->parts.event, source, CLOCK_BOOTTIME, boottime_now() + after,
                              USEC_PER_MSEC, function, a);
        return r < 0 ? log_error_errno(r, "Can't set a timer") : 0;
}

void agent_timer_off(sd_event_source **source)
{
        *source = sd_event_source_disable_unref(*source);
}

void agent_set_reason(Agent *a, const char *reason)
{
        str_replace(&a->job.reason, reason);
        str_replace(&a->job.reason_code, NULL);
}

typedef struct ActionEntry {
        unsigned action;
        void (*perform)(Agent *a);
} ActionEntry;

/* In this order; of those that make the job go on, a step has one at most. The security events
 * (DO_TELL_…) are rows of the outbox, and they and DO_COUNT_TRIAL are stored with the step. */
/* clang-format off */
static const ActionEntry actions[] = {
        {DO_STOP_WORK,          fetch_stop},
        {DO_DROP_FILE,          fetch_drop_file},
        {DO_CONFIRMED,          trial_confirmed},
        {DO_ASK_DOWNLOAD,       fetch_ask},
        {DO_WAIT_RETRIEVE,      fetch_wait},
        {DO_FETCH,              fetch_begin},
        {DO_WAIT_RETRY,         fetch_wait_retry},
        {DO_VERIFY,             hash_verify},
        {DO_ASK_INSTALL,        hold_look},
        {DO_WAIT_INSTALL,       hold_look},
        {DO_PREPARE,            install_prepare},
        {DO_INSTALL,            install_begin},
        {DO_RESUME_INSTALL,     install_resume},
        {DO_WAIT_REBOOT,        hold_look},
        {DO_ANNOUNCE,           install_announce},
        {DO_REBOOT,             install_reboot},
        {DO_HEALTH,             trial_health},
        {DO_MARK_NAME,          trial_mark_name},
        {DO_NOTIFY_BOOT,        rollback_unless_answered},
        {DO_CONFIRM,            trial_confirm},
        {DO_AWAIT_ACCEPTED,     trial_await_accepted},
        {DO_UNDO,               undo_begin},
        {DO_ROLL_BACK,          rollback_begin},
        {DO_MARK_UNPROVEN,      rollback_stay},
        {DO_MARK_TARGET_BAD,    rollback_mark_target_bad},
        {DO_RECONNECT,          trial_reconnect},
};
/* clang-format on */

static void perform(Agent *a, unsigned wanted)
{
        for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
                if (!(wanted & actions[i].action))
                        continue;
                fail_point("before-do", fail_point_action(actions[i].action));
                actions[i].perform(a);
                fail_point("after-do", fail_point_action(actions[i].action));
        }
}

static FirmwareStatus status_to_say(const Job *job, const JobStep *step)
{
        FirmwareStatus status = step->say == FW_VERDICT ? job->verdict : (FirmwareStatus)step->say;

        if (job->plain && status == FW_DOWNLOAD_PAUSED)
                return FW_NONE; /* silent there, and Downloading is not said twice */
        /* Each is said once a job: waiting again is nothing new (field note 32). */
        return status == job->last_status ? FW_NONE : status;
}

static size_t rows_fill(const Agent *a, const JobStep *step, FirmwareStatus status,
                        OutboxRow rows[2])
{
        bool failed = firmware_status_is_failure(status);
        usec_t now = clock_csms_now(a);
        size_t n = 0;

        if (status != FW_NONE)
                rows[n++] = (OutboxRow){.kind = OUTBOX_FIRMWARE_STATUS,
                                        .value = (int)status,
                                        .plain = a->job.plain,
                                        .silent = a->job.silent == 1,
                                        .request_id = a->job.request.request_id,
                                        .timestamp = now,
                                        .tech_info = failed ? a->job.reason : NULL,
                                        .reason_code = failed ? a->job.reason_code : NULL};
        if (step->actions & (DO_TELL_BAD_SIGNATURE | DO_TELL_UPDATED))
                rows[n++] = (OutboxRow){.kind = OUTBOX_SECURITY_EVENT,
                                        .value = step->actions & DO_TELL_UPDATED
                                                         ? SECURITY_FIRMWARE_UPDATED
                                                         : SECURITY_INVALID_FIRMWARE_SIGNATURE,
                                        .request_id = NO_INT,
                                        .timestamp = now};
        return n;
}

static void tell(Agent *a, FirmwareStatus status)
{
        char buffer[32];
        const char *id = agent_id_text(a->job.request.request_id, buffer);
        _cleanup_(freep) char *uri = redact_url(strempty(a->job.request.location));
        LogFields fields = {
                .request_id = id, .status = firmware_status_to_string(status), .firmware_uri = uri};
        bool failed = firmware_status_is_failure(status);
        LogEvent event = failed                   ? EVENT_UPDATE_FAILED
                         : status == FW_INSTALLED ? EVENT_INSTALLED
                                                  : EVENT_STATUS;

        log_event(failed ? LOG_WARNING : LOG_NOTICE, event, &fields, "Update %s: %s%s%s", id,
                  fields.status, failed && a->job.reason ? ": " : "",
                  failed ? strempty(a->job.reason) : "");
        show_status(a, status);
}

static int on_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->again_timer);
        switch ((int)a->again) { /* what held then need not be what holds now */
        case EV_ANNOUNCED:
                agent_event(a, hold_is_held(a) ? EV_REBOOT_HELD : EV_ANNOUNCED);
                break;
        case EV_INSTALL_NOW:
        case EV_REBOOT_NOW:
                hold_look(a);
                break;
        case EV_PREPARED:
                install_prepare(a);
                break;
        default:
                agent_event(a, a->again);
        }
        return 0;
}

static bool event_is_a_request(JobEvent event)
{
        return event == EV_REQUESTED_NOW || event == EV_REQUESTED_LATER ||
               event == EV_REQUESTED_CHECK || event == EV_REQUESTED_NO_URL;
}

/* CSMS and operator are told of a failed store in the answer, and ask again themselves; without the
 * connection's word the state goes on. */
static bool event_may_be_lost(JobEvent event)
{
        return event_is_a_request(event) || event == EV_PAUSED || event == EV_RESUMED ||
               event == EV_OFFLINE;
}

/* Not written, so not done: the same event once more, when the disk may be well again. */
static void not_stored(Agent *a, JobEvent event, int error)
{
        agent_store_failed(a, error);
        if (event_may_be_lost(event))
                return; /* what waits already may be what the state hangs on */
        a->again = event;
        agent_timer(a, &a->again_timer, INSTALLER_RETRY, on_again);
}

/* What a new state starts with. */
static void enter(Agent *a, JobState state)
{
        agent_timer_off(&a->work_timer);
        agent_timer_off(&a->limit_timer);
        agent_timer_off(&a->again_timer); /* an event for the old state, or for the old job */
        a->when_idle = NULL;
        a->mark_until = a->health_until = a->check_again_at = 0;
        str_replace(&a->held_by, NULL);
        if (state == JOB_IDLE || a->superseding)
                hold_over(a);
        if (a->superseding && !a->same_file)
                fetch_drop_file(a);
        if (state != JOB_DOWNLOADING && state != JOB_RETRYING && state != JOB_PAUSED)
                closep(&a->local_file);
        if (state != JOB_DOWNLOADING && state != JOB_INSTALLING)
                a->percent = -1;
}

/* The row and what it says, written in one transaction. *ret_said is what is new to the CSMS. On
 * failure the job is as it was. */
static int store_step(Agent *a, const JobStep *step, FirmwareStatus *ret_said)
{
        Job *job = &a->job;
        JobState old_state = job->state;
        FirmwareStatus old_status = job->last_status, old_verdict = job->verdict;
        _cleanup_(freep) char *trials =
                step->actions & DO_COUNT_TRIAL ? wear_trial_failed(a) : NULL;
        bool confirmed = step->actions & DO_CONFIRMED;
        OutboxRow rows[2];
        StoreChange change = {.job = job,
                              .rows = rows,
                              .drop_intermediate = a->superseding,
                              .name = confirmed ? STORE_CONFIRMED_SLOT
                                      : trials  ? STORE_FAILED_TRIALS
                                                : NULL,
                              .value = confirmed ? a->booted_mark : trials};
        int r;

        if (job->verdict == FW_NONE)
                job->verdict = (FirmwareStatus)step->verdict;
        *ret_said = status_to_say(job, step);
        if (*ret_said != FW_NONE)
                job->last_status = *ret_said;
        job->state = step->next;
        change.row_count = rows_fill(a, step, *ret_said, rows);
        r = store_commit(a->store, &change);
        if (r < 0) {
                job->state = old_state;
                job->last_status = old_status;
                job->verdict = old_verdict;
                return r;
        }
        for (size_t i = 0; i < change.row_count; i++)
                if (rows[i].kind == OUTBOX_SECURITY_EVENT)
                        logs_keep_event(a, &rows[i]);
        return 0;
}

int agent_event(Agent *a, JobEvent event)
{
        const JobStep *step = job_step(a->job.state, event);
        FirmwareStatus said;
        int r;

        if (!step) {
                log_debug("Update: \"%s\" means nothing while %s", job_event_to_string(event),
                          job_state_to_string(a->job.state));
                return 0;
        }
        if (!job_is_rebooting(step->next))
                a->job.reboots = 0;
        if ((int64_t)step->next > a->job.furthest) {
                a->job.furthest = step->next;
                a->job.restores = 0;
        }
        r = store_step(a, step, &said);
        if (r < 0) {
                not_stored(a, event, r);
                return r;
        }
        log_debug("Update: %s, \"%s\" -> %s", job_state_to_string(step->state),
                  job_event_to_string(event), job_state_to_string(step->next));
        if (step->next != step->state || a->superseding)
                enter(a, step->next);
        a->superseding = false; /* an action may bring the new job's next event at once */
        if (event_is_a_request(event))
                request_tell_accepted(a);
        if (said != FW_NONE)
                tell(a, said);
        show_update(a);
        perform(a, step->actions);
        session_kick(a);
        return 0;
}

static void on_presence(void *userdata, bool present)
{
        Agent *a = userdata;
        void (*ask)(Agent *) = a->when_idle;

        log_info("RAUC is %s on the bus", present ? "there" : "gone");
        show_update(a);
        if (!present) {
                install_vanished(a);
                return;
        }
        if (!a->whereabouts_known)
                trial_look_around(a);
        a->when_idle = NULL;
        if (ask)
                ask(a);
}

static void on_progress(void *userdata, int percent, const char *step)
{
        Agent *a = userdata;

        if (a->job.state != JOB_INSTALLING || percent == a->percent)
                return;
        a->percent = percent;
        log_debug("RAUC: %d %% %s", percent, step);
        show_update(a);
}

static void on_completed(void *userdata, int result, const char *error)
{
        install_completed(userdata, result, error);
}

static void on_idle(void *userdata)
{
        Agent *a = userdata;
        void (*ask)(Agent *) = a->when_idle;

        if (!a->whereabouts_known)
                trial_look_around(a);
        a->when_idle = NULL;
        if (ask)
                ask(a);
}

static const InstallerHandlers installer_handlers = {
        .on_presence = on_presence,
        .on_progress = on_progress,
        .on_completed = on_completed,
        .on_idle = on_idle,
};

static int make_parts(Agent *a)
{
        int r = agent_store_init(a);

        if (r < 0)
                return r;
        r = store_load_job(a->store, &a->job);
        if (r >= 0)
                r = store_load_log(a->store, &a->logs.job);
        if (r < 0)
                return log_error_errno(r, "Can't read the store in %s", a->config->state_directory);
        r = machine_boot_id(a->boot_id);
        if (r < 0)
                return log_error_errno(r, "Can't read the kernel's boot id");
        r = roots_init(a);
        if (r == 0)
                r = agent_vars_init(a);
        if (r < 0)
                return r;
        r = a->parts.installer_new(a->parts.bus, &installer_handlers, a, &a->installer);
        if (r < 0)
                return log_error_errno(r, "Can't watch RAUC on the bus");
        r = hold_init(a);
        if (r == 0)
                r = logs_keep_init(a);
        if (r == 0)
                r = session_init(a);
        if (r == 0)
                r = connect_init(a);
        if (r < 0)
                return r;
        agent_vars_apply(a);
        show_init(a);
        return 0;
}

int agent_new(const AgentParts *parts, Agent **ret)
{
        _cleanup_(agent_freep) Agent *a = calloc(1, sizeof(*a));
        int r;

        if (!a)
                return log_error_errno(-ENOMEM, "Can't make the agent");
        a->parts = *parts;
        a->config = parts->config;
        a->percent = -1;
        a->local_file = -1;
        job_init(&a->job);
        logjob_init(&a->logs.job);
        r = make_parts(a);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(a);
        return 0;
}

/* Where nothing was written yet. Without its location an update can't go on. */
static JobEvent early_start_event(Agent *a)
{
        if (!a->store_was_damaged)
                return wear_start(a, EV_RESTORED);
        agent_set_reason(a, "the agent's database was damaged");
        return EV_CANCELED;
}

int agent_start(Agent *a)
{
        if (a->job.state != JOB_IDLE)
                log_notice("An update was under way: %s", job_state_to_string(a->job.state));
        if (a->parts.hook_folder)
                program_stop_units(a->parts.bus);
        boot_raise_event(a);
        fetch_init(a);
        machine_release_version(a->config->release_file, NULL, &a->firmware_version);
        if (a->job.state != JOB_IDLE && a->job.state < JOB_INSTALLING)
                agent_event(a, early_start_event(a));
        trial_look_around(a);
        logs_start(a);
        connect_start(a);
        return 0;
}

void agent_free(Agent *a)
{
        if (!a)
                return;
        connect_done(a);
        session_done(a);
        report_done(a);
        fetch_stop(a);
        logs_done(a);
        trial_done(a);
        show_done(a);
        hold_done(a);
        agent_timer_off(&a->again_timer);
        agent_timer_off(&a->work_timer);
        agent_timer_off(&a->limit_timer);
        installer_free(a->installer);
        roots_done(a);
        vars_free(a->vars);
        agent_store_done(a);
        job_done(&a->job);
        closep(&a->local_file);
        free(a->booted_slot);
        free(a->booted_mark);
        free(a->manifest_hash);
        free(a->unsafe_place);
        free(a->firmware_version);
        free(a);
}
