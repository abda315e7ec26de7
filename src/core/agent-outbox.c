/* The outbox: statuses and security events, in order, until the CSMS has answered each. Rules:
 * "Outbox" in docs/behaviour.md. */

#include "agent-private.h"

#define TRIES_MAX 5
#define ERROR_WAIT_FIRST (10 * USEC_PER_SEC)

/* 0 or negative errno, logged. */
static int row_remove(Agent *a, int64_t id)
{
        int r = store_outbox_remove(a->store, id);

        return r < 0 ? log_error_errno(r, "Can't take a status out of the outbox; one that was "
                                          "answered will be said again")
                     : 0;
}

/* 1: it is on the wire; 0: the version has no word for it, the row is gone; negative: it stays. */
static int send_row(Agent *a, OutgoingKind kind, const void *message, const OutboxRow *row)
{
        int r = session_call(a, kind, message,
                             &(InFlight){.outbox_id = row->id,
                                         .from_aside = row->aside,
                                         .row_kind = row->kind,
                                         .status = row->value});

        if (r == -ENODATA)
                return row_remove(a, row->id);
        return r < 0 ? r : 1;
}

const char *outbox_reason_code(const char *code, const char *reason)
{
        return code || !reason ? code : REASON_UNSPECIFIED;
}

static int send_status(Agent *a, const OutboxRow *row)
{
        FirmwareStatus word =
                dialect_firmware_word(a->dialect, row->plain, (FirmwareStatus)row->value);
        FirmwareReport report = {.status = (int)word,
                                 .request_id = row->request_id,
                                 .reason_code =
                                         outbox_reason_code(row->reason_code, row->tech_info),
                                 .additional_info = row->tech_info};

        if (word == FW_NONE)
                return row_remove(a, row->id);
        return send_row(a, dialect_firmware_kind(a->dialect, row->plain), &report, row);
}

static int send_log_status(Agent *a, const OutboxRow *row)
{
        LogStatus status = dialect_log_status(a->dialect, row->plain, (LogStatus)row->value);
        LogReport report = {.status = (int)status,
                            .request_id = row->request_id,
                            .reason_code = outbox_reason_code(row->reason_code, row->tech_info),
                            .additional_info = row->tech_info};

        if (status == LOG_STATUS_NONE)
                return row_remove(a, row->id);
        return send_row(a, dialect_log_kind(a->dialect, row->plain), &report, row);
}

static int send_security_event(Agent *a, const OutboxRow *row)
{
        _cleanup_(freep) char *many =
                row->count > 1
                        ? str_printf("%lld times since then%s%s", (long long)row->count,
                                     row->tech_info ? "; first: " : "", strempty(row->tech_info))
                        : NULL;
        SecurityEventReport report = {.type = row->value,
                                      .timestamp = row->timestamp,
                                      .tech_info = many ?: row->tech_info};

        return send_row(a, OUT_SECURITY_EVENT, &report, row);
}

static int send_by_kind(Agent *a, const OutboxRow *row)
{
        switch (row->kind) {
        case OUTBOX_SECURITY_EVENT:
                return send_security_event(a, row);
        case OUTBOX_LOG_STATUS:
                return send_log_status(a, row);
        case OUTBOX_FIRMWARE_STATUS:
        case OUTBOX_KIND_MAX:
                break;
        }
        return send_status(a, row);
}

/* 1: sent; 0: nothing there; negative errno. */
static int send_first(Agent *a, bool aside, int64_t after)
{
        int r;

        do {
                _cleanup_(outbox_row_done) OutboxRow row = {0};

                r = store_outbox_first(a->store, aside, after, &row);
                if (r < 0)
                        log_error_errno(r, "Can't read the outbox in %s",
                                        a->config->state_directory);
                if (r <= 0)
                        return r;
                if (aside)
                        a->aside_after = row.id;
                r = send_by_kind(a, &row);
        } while (r == 0);
        return r;
}

int outbox_send_next(Agent *a)
{
        int r;

        if (a->outbox_waits)
                return 0;
        r = send_first(a, false, 0);
        return r != 0 ? r : send_first(a, true, a->aside_after);
}

bool outbox_is_empty(Agent *a)
{
        _cleanup_(outbox_row_done) OutboxRow row = {0};

        return store_outbox_first(a->store, false, 0, &row) <= 0;
}

void outbox_after_boot(Agent *a)
{
        a->aside_after = 0;
}

static int on_outbox_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->outbox_timer);
        a->outbox_waits = false;
        session_kick(a);
        return 0;
}

/* Errors that may pass: a status that must arrive is sent again. */
static bool may_pass(const char *code)
{
        switch (rpc_error_from_word(code)) {
        case RPC_INTERNAL_ERROR:
        case RPC_GENERIC_ERROR:
        case RPC_SECURITY_ERROR:
                return true;
        case RPC_NOT_IMPLEMENTED:
        case RPC_NOT_SUPPORTED:
        case RPC_PROTOCOL_ERROR:
        case RPC_FORMAT_VIOLATION:
        case RPC_PROPERTY_CONSTRAINT_VIOLATION:
        case RPC_OCCURRENCE_CONSTRAINT_VIOLATION:
        case RPC_TYPE_CONSTRAINT_VIOLATION:
        case RPC_FRAMEWORK_ERROR:
        case RPC_MESSAGE_TYPE_NOT_SUPPORTED:
        case RPC_ERROR_MAX:
                break;
        }
        return false;
}

/* Counts a failed try of the row in flight. Its number, negative errno if it is gone. */
static int64_t count_try(Agent *a, bool *ret_give_up)
{
        _cleanup_(outbox_row_done) OutboxRow row = {0};
        int r = store_outbox_first(a->store, a->in_flight.from_aside, a->in_flight.outbox_id - 1,
                                   &row);

        *ret_give_up = false;
        if (r <= 0 || row.id != a->in_flight.outbox_id)
                return -ENOENT;
        row.tries++;
        *ret_give_up = row.tries >= TRIES_MAX;
        r = store_outbox_update(a->store, &row);
        return r < 0 ? r : row.tries;
}

void outbox_answered(Agent *a, const char *error_code)
{
        int64_t id = a->in_flight.outbox_id, tries;
        bool give_up;

        if (id == 0)
                return;
        if (error_code && outbox_row_is_final(a->in_flight.row_kind, a->in_flight.status) &&
            may_pass(error_code)) {
                tries = count_try(a, &give_up);
                if (tries >= 0 && !give_up) {
                        a->outbox_waits = true;
                        agent_timer(a, &a->outbox_timer, ERROR_WAIT_FIRST << (tries - 1),
                                    on_outbox_timer);
                        return;
                }
        }
        if (error_code)
                log_warning("The CSMS answered a status with an error; it counts as delivered");
        row_remove(a, id);
}

/* After five tries an intermediate status is given up and a final one set aside, so that nothing is
 * blocked. */
void outbox_timed_out(Agent *a)
{
        OutboxRow row = {.id = a->in_flight.outbox_id, .tries = TRIES_MAX, .aside = true};
        bool give_up;

        if (row.id == 0 || count_try(a, &give_up) < 0 || !give_up)
                return;
        if (!outbox_row_is_final(a->in_flight.row_kind, a->in_flight.status)) {
                log_warning("A status was never answered and is given up");
                row_remove(a, row.id);
        } else if (!a->in_flight.from_aside && store_outbox_update(a->store, &row) == 0) {
                a->aside_after =
                        MAX(a->aside_after, row.id); /* not before a later BootNotification */
                log_warning("A final status was never answered; it is sent again after the next "
                            "BootNotification");
        }
}

/* The others are put together with a count while they wait. */
static const bool told_each_time[SECURITY_EVENT_MAX] = {
        [SECURITY_FIRMWARE_UPDATED] = true,
        [SECURITY_INVALID_FIRMWARE_SIGNATURE] = true,
        [SECURITY_INVALID_FIRMWARE_SIGNING_CERTIFICATE] = true,
        [SECURITY_STARTUP] = true,
        [SECURITY_RESET_OR_REBOOT] = true,
};

int agent_security_event_once(Agent *a, SecurityEventType type, const char *tech_info,
                              const char *name, const char *value)
{
        OutboxRow row = {.kind = OUTBOX_SECURITY_EVENT,
                         .value = (int)type,
                         .combine = !told_each_time[type],
                         .request_id = NO_INT,
                         .timestamp = clock_csms_now(a),
                         .tech_info = (char *)tech_info};
        StoreChange change = {.rows = &row,
                              .row_count = 1,
                              .sending = a->in_flight.outbox_id,
                              .name = name,
                              .value = value};
        int r = store_commit(a->store, &change);

        logs_keep_event(a, &row); /* also one that is not told */
        if (r == 0)
                r = store_outbox_trim(a->store, a->config->outbox_max);
        if (r == 0)
                r = store_outbox_trim_events(a->store, a->config->outbox_max);
        if (r > 0)
                log_warning("%d security events were never sent and had to make room", r);
        if (r < 0)
                log_error_errno(r, "Can't store the security event %s",
                                security_event_to_string(type));
        session_kick(a);
        return MIN(r, 0);
}

void agent_security_event(Agent *a, SecurityEventType type, const char *tech_info)
{
        agent_security_event_once(a, type, tech_info, NULL, NULL);
}
