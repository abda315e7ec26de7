/* The session with the CSMS: BootNotification until Accepted, Heartbeat, answers, and what is sent
 * next. Everything that is to be sent is a fact in the agent (boot due, a trigger, a row of the
 * outbox), never a queued frame: what goes out is built when its turn comes. */
#include <stdio.h>

#include "agent-private.h"
#include "failpoint.h"

/* Where the CSMS gives no interval, or after a BootNotification that nobody answered. */
#define BOOT_RETRY (30 * USEC_PER_SEC)
/* A rejected station can't be triggered: a mistaken interval would leave it alone for decades. */
#define BOOT_WAIT_MAX (24 * USEC_PER_HOUR)

const char *agent_id_text(int64_t request_id, char buffer[static 32])
{
        snprintf(buffer, 32, "%lld", (long long)request_id);
        return request_id == NO_INT ? "(no id)" : buffer;
}

/* ---- what is sent next ---- */

static int on_rpc_deadline(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->rpc_timer);
        rpc_tick(a->rpc, boottime_now());
        return 0;
}

int session_call(Agent *a, OutgoingKind kind, const void *message, const InFlight *in_flight)
{
        const Outgoing *out = dialect_outgoing(a->dialect, kind);
        CodecError error = {0};
        cJSON *payload = NULL;
        int r = codec_encode(out->request, message, &payload, &error);

        if (r < 0)
                return log_error_errno(r, "%s was not sent: %s", out->action,
                                       *error.text ? error.text : "out of memory");
        return session_send(a, kind, payload, in_flight);
}

int session_send(Agent *a, OutgoingKind kind, cJSON *payload, const InFlight *in_flight)
{
        const Outgoing *out = dialect_outgoing(a->dialect, kind);
        int r = rpc_call(a->rpc, out->action, payload, 0, boottime_now());

        if (r < 0)
                return log_error_errno(r, "%s was not sent", out->action);
        a->in_flight = in_flight ? *in_flight : (InFlight){0};
        a->in_flight.kind = kind;
        fail_point("sent", out->action);
        return agent_timer(a, &a->rpc_timer, (usec_t)a->network.profile.timeout * USEC_PER_SEC,
                           on_rpc_deadline);
}

/* In the trial BootNotification comes after the health check and the first mark; on the way back it
 * is not sent from the slot that is left. */
static const bool boot_is_held[JOB_STATE_MAX] = {
        [JOB_TRIAL_HEALTH] = true,  [JOB_TRIAL_MARK] = true,         [JOB_ROLLING_BACK] = true,
        [JOB_ROLLBACK_HELD] = true, [JOB_ROLLBACK_REBOOTING] = true,
};

/* Until it is known where the agent woke up, a job that had begun to write holds it too, unless
 * this is still the boot in which it wrote. */
static bool boot_may_go(const Agent *a)
{
        return !boot_is_held[a->job.state] &&
               (a->whereabouts_known || a->blind || a->job.state < JOB_INSTALLING ||
                str_equal(a->job.boot_id, a->boot_id));
}

static int on_boot_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->boot_timer);
        a->boot_due = true;
        session_kick(a);
        return 0;
}

static int send_boot(Agent *a)
{
        BootReport report = {.reason = a->boot_reason,
                             .vendor = a->config->vendor,
                             .model = a->config->model,
                             .serial = a->config->serial,
                             .firmware_version = a->firmware_version};
        int r;

        agent_timer_off(&a->boot_timer); /* what it waits for is done now */
        r = session_call(a, OUT_BOOT, &report, NULL);
        a->boot_due = false;
        if (r < 0)
                agent_timer(a, &a->boot_timer, BOOT_RETRY, on_boot_timer);
        return r;
}

static int send_trigger(Agent *a)
{
        Trigger t = a->triggers[0];
        FirmwareReport firmware = calls_firmware_report(a, t.firmware_kind);
        OutgoingKind log_kind =
                t.kind == TRIGGER_LOG_STATUS ? OUT_LOG_STATUS : OUT_DIAGNOSTICS_STATUS;
        LogReport log = logs_report(a, log_kind);

        memmove(a->triggers, a->triggers + 1, sizeof(t) * --a->trigger_count);
        switch (t.kind) {
        case TRIGGER_BOOT_NOTIFICATION:
                return send_boot(a);
        case TRIGGER_HEARTBEAT:
                return session_call(a, OUT_HEARTBEAT, &(EmptyMessage){0}, NULL);
        case TRIGGER_FIRMWARE_STATUS:
                return session_call(a, t.firmware_kind, &firmware, NULL);
        case TRIGGER_LOG_STATUS:
        case TRIGGER_DIAGNOSTICS_STATUS:
                return session_call(a, log_kind, &log, NULL);
        case TRIGGER_STATUS:
                return hold_has_session(a, t.connector) ? 0 : availability_tell(a, t.connector);
        case TRIGGER_METER_VALUES:
        case TRIGGER_OTHER:
        case TRIGGER_KIND_MAX:
                break;
        }
        return -EINVAL;
}

/* The parts of a report and the outbox take turns. 1: sent. */
static int send_outbox_or_report(Agent *a)
{
        bool registered = a->registration == REGISTERED;
        bool reports = registered || a->registration == PENDING; /* B02.FR.01 */

        if (reports && !a->reports.was_last && report_send_next(a) == 1)
                return 1;
        a->reports.was_last = false;
        if (registered && outbox_send_next(a) == 1)
                return 1;
        return reports && report_send_next(a) == 1;
}

/* 1: something was put on the wire or tried; 0: nothing is due. */
static int send_next(Agent *a)
{
        if (a->trigger_count > 0 && (a->registration == PENDING || a->registration == REGISTERED))
                return send_trigger(a), 1;
        if (a->boot_due && !a->boot_timer && boot_may_go(a))
                return send_boot(a), 1;
        if (availability_send_next(a) == 1)
                return 1;
        if (send_outbox_or_report(a) == 1)
                return 1;
        if (a->registration != REGISTERED || !a->heartbeat_due)
                return 0;
        a->heartbeat_due = false;
        return session_call(a, OUT_HEARTBEAT, &(EmptyMessage){0}, NULL), 1;
}

static int on_pump(sd_event_source *source _unused_, void *userdata)
{
        Agent *a = userdata;

        while (link_is_open(a->link) && !rpc_is_busy(a->rpc) && send_next(a) == 1)
                ;
        if (a->job.state == JOB_ANNOUNCING && !rpc_is_busy(a->rpc) && outbox_is_empty(a))
                install_announced(a);
        reset_look(a);
        return 0;
}

void session_kick(Agent *a)
{
        if (a->pump_source)
                sd_event_source_set_enabled(a->pump_source, SD_EVENT_ONESHOT);
}

/* ---- BootNotification and Heartbeat ---- */

static int on_heartbeat(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        a->heartbeat_due = true;
        session_heartbeat_changed(a);
        session_kick(a);
        return 0;
}

void session_heartbeat_changed(Agent *a)
{
        usec_t interval = (usec_t)vars_int(a->vars, VAR_HEARTBEAT_INTERVAL, 1) * USEC_PER_SEC;

        if (a->registration == REGISTERED)
                agent_timer(a, &a->heartbeat_timer, interval, on_heartbeat);
}

/* C16E 3.35, TC_F_26: what was asked for before the station was accepted is not sent after it. */
static void drop_boot_triggers(Agent *a)
{
        size_t kept = 0;

        for (size_t i = 0; i < a->trigger_count; i++)
                if (a->triggers[i].kind != TRIGGER_BOOT_NOTIFICATION)
                        a->triggers[kept++] = a->triggers[i];
        a->trigger_count = kept;
}

static usec_t boot_wait(int64_t seconds)
{
        return seconds > 0 ? MIN((usec_t)seconds * USEC_PER_SEC, BOOT_WAIT_MAX) : BOOT_RETRY;
}

/* What BootNotification is answered is the new HeartbeatInterval; 0 leaves it to us (C16 4.2). */
static void take_heartbeat_interval(Agent *a, int64_t interval)
{
        char text[24];

        interval = MIN(interval, var_rules[VAR_HEARTBEAT_INTERVAL].max);
        snprintf(text, sizeof(text), "%lld", (long long)interval);
        if (interval > 0 && vars_put(a->vars, VAR_HEARTBEAT_INTERVAL, text) < 0)
                log_warning("HeartbeatInterval %s of the CSMS is not taken", text);
        session_heartbeat_changed(a);
}

static void registered(Agent *a, int64_t interval)
{
        a->registration = REGISTERED;
        drop_boot_triggers(a);
        availability_tell_all(a, false);
        take_heartbeat_interval(a, interval);
        boot_is_told(a);
        outbox_after_boot(a);
        log_info("The CSMS accepted the station; heartbeat every %lld s",
                 (long long)vars_int(a->vars, VAR_HEARTBEAT_INTERVAL, 0));
        agent_event(a, EV_BOOT_ACCEPTED);
}

static void on_boot_answer(Agent *a, const BootAnswer *answer)
{
        a->boot_answered = true; /* boot_due stays: what it told may have changed since */
        agent_timer_off(&a->boot_timer);
        agent_timer_off(&a->heartbeat_timer);
        rpc_set_rejected(a->rpc, answer->status == REGISTRATION_REJECTED);
        agent_event(a, EV_BOOT_ANSWERED);
        if (answer->status == REGISTRATION_ACCEPTED) {
                registered(a, answer->interval);
        } else {
                usec_t wait = boot_wait(answer->interval);

                a->registration = answer->status == REGISTRATION_PENDING ? PENDING : REJECTED;
                log_warning("The CSMS answered BootNotification with %s; nothing is reported until "
                            "it accepts the station, which is asked again in %llu s",
                            a->registration == PENDING ? "Pending" : "Rejected",
                            (unsigned long long)(wait / USEC_PER_SEC));
                agent_timer(a, &a->boot_timer, wait, on_boot_timer);
        }
        show_update(a);
}

void session_boot_wanted(Agent *a)
{
        if (a->boot_answered)
                agent_event(a, EV_BOOT_ANSWERED);
        session_kick(a);
}

/* ---- answers ---- */

/* What the CSMS adds to an answer is no reason to lose what it says with it. */
static int decode_answer(const Agent *a, const cJSON *payload, void *ret, CodecError *reterr)
{
        CodecRules lenient = a->dialect->rules;

        lenient.unknown_is_violation = false;
        return codec_decode(dialect_outgoing(a->dialect, a->in_flight.kind)->answer, lenient,
                            payload, ret, reterr);
}

static void on_result(void *userdata, uint64_t token _unused_, const cJSON *payload)
{
        Agent *a = userdata;
        BootAnswer boot = {.status = REGISTRATION_REJECTED, .current_time = NO_TIME, .interval = 0};
        HeartbeatAnswer heartbeat = {.current_time = NO_TIME};
        const Outgoing *out = dialect_outgoing(a->dialect, a->in_flight.kind);
        bool is_boot = a->in_flight.kind == OUT_BOOT,
             is_heartbeat = a->in_flight.kind == OUT_HEARTBEAT;
        CodecError error;

        agent_timer_off(&a->rpc_timer);
        if ((is_boot || is_heartbeat) &&
            decode_answer(a, payload, is_boot ? (void *)&boot : (void *)&heartbeat, &error) < 0) {
                log_warning("The CSMS's answer to %s is not usable: %s", out->action, error.text);
                rpc_refuse_result(a->rpc, rpc_error_from_violation(error.violation), error.text);
                if (is_boot)
                        agent_timer(a, &a->boot_timer, BOOT_RETRY, on_boot_timer);
        } else if (!clock_take(a, is_boot ? boot.current_time : heartbeat.current_time)) {
                a->boot_due |= is_boot;
                connect_refuse_dates(a);
                return;
        } else if (is_boot) {
                on_boot_answer(a, &boot);
        } else if (a->in_flight.kind == OUT_NOTIFY_REPORT) {
                report_answered(a);
        } else if (!is_heartbeat) {
                outbox_answered(a, NULL);
        }
        /* Not before: a CSMS may take connections and close them. */
        backoff_reset(&a->backoff);
        if (a->registration == PENDING || a->registration == REGISTERED)
                network_worked(a);
        else
                network_refused(a);
        a->last_end = LINK_CLOSED;
        session_kick(a);
}

static void on_error(void *userdata, uint64_t token _unused_, const char *code,
                     const char *description)
{
        Agent *a = userdata;

        agent_timer_off(&a->rpc_timer);
        log_warning("The CSMS answered %s with the error %.40s: %.120s",
                    dialect_outgoing(a->dialect, a->in_flight.kind)->action, code, description);
        if (a->in_flight.kind == OUT_BOOT) {
                agent_timer(a, &a->boot_timer, BOOT_RETRY, on_boot_timer);
                network_refused(a);
        } else if (a->in_flight.kind == OUT_NOTIFY_REPORT) {
                report_answered(a);
        } else {
                outbox_answered(a, code);
        }
        session_kick(a);
}

static void on_result_error(void *userdata _unused_, const char *id, const char *code,
                            const char *description)
{
        log_warning("The CSMS could not use the answer to its message %s: %.40s: %.120s", id, code,
                    description);
}

/* What was in flight is due again; counts: for a row of the outbox it was a try. */
static void not_answered(Agent *a, bool counts)
{
        if (a->in_flight.kind == OUT_BOOT)
                a->boot_due = true;
        if (a->in_flight.kind == OUT_STATUS)
                availability_not_answered(a, a->in_flight.connector);
        if (counts && a->in_flight.kind == OUT_NOTIFY_REPORT)
                report_timed_out(a);
        else if (counts)
                outbox_timed_out(a);
}

/* What was not answered in time is sent again, with a new id, on a new connection. */
static void on_timeout(void *userdata, uint64_t token _unused_)
{
        Agent *a = userdata;

        log_warning("The CSMS did not answer %s in time, connecting anew",
                    dialect_outgoing(a->dialect, a->in_flight.kind)->action);
        not_answered(a, true);
        link_close(a->link);
}

static void on_call(void *userdata, const char *id, const char *action, const cJSON *payload)
{
        calls_handle(userdata, id, action, payload);
}

static int on_rpc_send(void *userdata, const char *text, size_t size)
{
        Agent *a = userdata;

        logs_keep_frame(a, '>', text, size);
        return link_send(a->link, text, size);
}

/* ---- begin and end ---- */

int session_init(Agent *a)
{
        static const RpcHandlers handlers = {.send = on_rpc_send,
                                             .on_call = on_call,
                                             .on_result = on_result,
                                             .on_error = on_error,
                                             .on_timeout = on_timeout,
                                             .on_result_error = on_result_error};
        int r = rpc_new(&handlers, a, a->config->message_timeout, &a->rpc);

        if (r == 0)
                r = sd_event_add_defer(a->parts.event, &a->pump_source, on_pump, a);
        if (r < 0)
                return log_error_errno(r, "Can't make the session");
        sd_event_source_set_enabled(a->pump_source, SD_EVENT_OFF);
        a->boot_due = true;
        r = availability_init(a);
        if (r == 0)
                r = reset_init(a);
        return r < 0 ? r : boot_find_reason(a);
}

/* B10.FR.10 */
void session_moved(Agent *a)
{
        if (a->registration == REGISTERED)
                a->boot_reason = BOOT_UNKNOWN; /* the one before was told, and there is no word */
        a->registration = UNREGISTERED;
        a->boot_due = true;
        agent_timer_off(&a->boot_timer);
        agent_timer_off(&a->heartbeat_timer);
        rpc_set_rejected(a->rpc, false);
}

/* B04.FR.01; of a shorter time what has changed is told (FR.02), which is due already. */
static bool was_offline_for_long(const Agent *a)
{
        usec_t threshold = (usec_t)vars_int(a->vars, VAR_OFFLINE_THRESHOLD, 0) * USEC_PER_SEC;

        return !a->dialect->reconnect_is_silent && a->online_until != 0 &&
               boottime_now() - a->online_until > threshold;
}

void session_opened(Agent *a)
{
        rpc_reset(a->rpc, &a->dialect->frames);
        report_opened(a);
        a->trigger_count = 0;
        availability_opened(a);
        if (a->registration == REGISTERED && was_offline_for_long(a))
                availability_tell_all(a, false);
        /* J16 5.4, J201 5.3: a reconnect alone is no reason for BootNotification. */
        if (a->registration == REGISTERED)
                agent_event(a, EV_BOOT_ACCEPTED);
        else if (!a->boot_timer)
                a->boot_due = true;
        session_kick(a);
}

void session_closed(Agent *a)
{
        if (rpc_is_busy(a->rpc))
                not_answered(a, link_closed_by_peer(a->link));
        rpc_reset(a->rpc, NULL);
        agent_timer_off(&a->rpc_timer);
        reset_closed(a);
}

void session_done(Agent *a)
{
        reset_done(a);
        availability_done(a);
        rpc_free(TAKE_PTR(a->rpc));
        agent_timer_off(&a->rpc_timer);
        agent_timer_off(&a->boot_timer);
        agent_timer_off(&a->heartbeat_timer);
        agent_timer_off(&a->outbox_timer);
        a->pump_source = sd_event_source_disable_unref(a->pump_source);
}
