/* What the CSMS asks: the action is looked up in the dialect, the payload decoded by its table, the
 * answer encoded the same way. */

#include "agent-private.h"

/* The word that a plain 1.6 station said last before a status that it has no word for. */
/* clang-format off */
static const uint8_t said_before[FW_STATUS_MAX] = {
        [FW_DOWNLOAD_SCHEDULED] = FW_IDLE,
        [FW_DOWNLOAD_PAUSED]    = FW_DOWNLOADING,
        [FW_SIGNATURE_VERIFIED] = FW_DOWNLOADED,
        [FW_INSTALL_SCHEDULED]  = FW_DOWNLOADED,
        [FW_INSTALL_REBOOTING]  = FW_INSTALLING,
};
/* clang-format on */

/* L01.FR.25, .26: Idle after Installed, else the last status once more. 1.6 core: Idle whenever
 * nothing goes on. */
FirmwareReport calls_firmware_report(const Agent *a, OutgoingKind kind)
{
        FirmwareReport idle = {.status = FW_IDLE, .request_id = NO_INT}, report = idle;
        bool plain = kind == OUT_FIRMWARE_STATUS_PLAIN;
        FirmwareStatus last = a->job.last_status == FW_NONE || a->job.silent == 1
                                      ? FW_NONE
                                      : store_last_sent(a->store, a->job.request.request_id,
                                                        a->in_flight.outbox_id);

        if (last == FW_NONE || last == FW_INSTALLED || (plain && firmware_status_is_final(last)))
                return idle;
        report.status = (int)dialect_firmware_word(a->dialect, plain, last);
        if (report.status == FW_NONE)
                report.status = said_before[last];
        if (report.status == FW_NONE || report.status == FW_IDLE)
                return idle;
        report.request_id = a->job.request.request_id;
        if (firmware_status_is_failure(last)) {
                report.reason_code = outbox_reason_code(a->job.reason_code, a->job.reason);
                report.additional_info = a->job.reason;
        }
        /* A job that came by plain 1.6 has no id, and the signed message may not go without one. */
        return !plain && report.request_id == NO_INT ? idle : report;
}

int calls_decode(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload,
                 void *ret)
{
        CodecError error = {.text = "out of memory"};
        int r = codec_decode(incoming->request, a->dialect->rules, payload, ret, &error);

        if (r == 0)
                return 0;
        log_warning("%s refused: %s", incoming->action, error.text);
        rpc_refuse(a->rpc, id,
                   r == -ENOMEM ? RPC_INTERNAL_ERROR : rpc_error_from_violation(error.violation),
                   error.text);
        return r;
}

void calls_answer(Agent *a, const char *id, const Incoming *incoming, const void *message)
{
        CodecError error = {0};
        cJSON *payload = NULL;
        int r = codec_encode(incoming->answer, message, &payload, &error);

        if (r == 0)
                r = rpc_answer(a->rpc, id, payload);
        if (r < 0)
                log_error_errno(r, "The answer to %s was not sent: %s", incoming->action,
                                error.text);
}

static void push_trigger(Agent *a, TriggerKind kind, OutgoingKind firmware_kind, int64_t connector)
{
        if (a->trigger_count < TRIGGERS_MAX)
                a->triggers[a->trigger_count++] = (Trigger){kind, firmware_kind, connector};
}

static void push_connectors(Agent *a, const Incoming *incoming, int64_t connector)
{
        if (connector != NO_INT) {
                push_trigger(a, TRIGGER_STATUS, incoming->firmware_status, connector);
                return;
        }
        availability_tell_all(a, true);
}

/* A connector with a session is not the agent's to speak for. */
static bool connector_may_be_told(const Agent *a, const TriggerRequest *t)
{
        return t->connector == NO_INT ||
               (availability_exists(a, t->connector, t->connector_of_evse) &&
                !hold_has_session(a, t->connector));
}

static TriggerVerdict judge_trigger(const Agent *a, const TriggerRequest *t)
{
        switch ((TriggerKind)t->requested) {
        case TRIGGER_BOOT_NOTIFICATION: /* C16E 3.35, TC_F_26: not once it was accepted */
                return a->registration == REGISTERED ? TRIGGER_REJECTED : TRIGGER_ACCEPTED;
        case TRIGGER_STATUS:
                return connector_may_be_told(a, t) ? TRIGGER_ACCEPTED : TRIGGER_REJECTED;
        case TRIGGER_METER_VALUES: /* TC_055 of 1.6 */
                if (t->connector != NO_INT &&
                    !availability_exists(a, t->connector, t->connector_of_evse))
                        return TRIGGER_REJECTED;
                break;
        case TRIGGER_HEARTBEAT:
        case TRIGGER_FIRMWARE_STATUS:
        case TRIGGER_LOG_STATUS:
        case TRIGGER_DIAGNOSTICS_STATUS:
                return TRIGGER_ACCEPTED;
        case TRIGGER_OTHER:
        case TRIGGER_KIND_MAX:
                break;
        }
        return TRIGGER_NOT_IMPLEMENTED;
}

/* Answered first, then sent (F06). */
static void handle_trigger(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        TriggerRequest t = {.connector = NO_INT, .connector_of_evse = NO_INT};
        TriggerAnswer verdict;

        if (calls_decode(a, id, incoming, payload, &t) < 0)
                return;
        verdict.verdict = judge_trigger(a, &t);
        if (verdict.verdict == TRIGGER_ACCEPTED && a->trigger_count == TRIGGERS_MAX)
                verdict.verdict = TRIGGER_REJECTED;
        calls_answer(a, id, incoming, &verdict);
        if (verdict.verdict != TRIGGER_ACCEPTED)
                return;
        if (t.requested == TRIGGER_STATUS)
                push_connectors(a, incoming, t.connector);
        else
                push_trigger(a, t.requested, incoming->firmware_status, NO_INT);
        session_kick(a);
}

/* E14: there are none, and nothing of any is to be sent. */
static void handle_transaction(Agent *a, const char *id, const Incoming *incoming,
                               const cJSON *payload)
{
        TransactionRequest q = {.id = NULL};
        TransactionAnswer answer = {.in_queue = 0};

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        answer.ongoing = q.id ? 0 : -1;
        calls_answer(a, id, incoming, &answer);
        codec_done(incoming->request, &q);
}

/* Of such a request nothing is kept. */
static void answer_fixed(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        EmptyMessage none;

        if (calls_decode(a, id, incoming, payload, &none) < 0)
                return;
        log_info("The CSMS asked for %s, which is not this station's", incoming->action);
        calls_answer(a, id, incoming, incoming->fixed);
}

static void refuse_unsupported(Agent *a, const char *id, const Incoming *incoming,
                               const cJSON *payload _unused_)
{
        log_info("The CSMS asked for %s, which the agent does not serve", incoming->action);
        rpc_refuse(a->rpc, id, RPC_NOT_SUPPORTED, "not supported by this station");
}

typedef void (*CallHandler)(Agent *, const char *id, const Incoming *, const cJSON *payload);

/* clang-format off */
static const CallHandler handlers[IN_KIND_MAX] = {
        [IN_UPDATE_SIGNED]        = request_handle,
        [IN_UPDATE_PLAIN]         = request_handle,
        [IN_LOGS]                 = logs_handle_request,
        [IN_LOGS_PLAIN]           = logs_handle_request,
        [IN_TRIGGER]              = handle_trigger,
        [IN_GET_CONFIGURATION]    = configuration_handle_get,
        [IN_CHANGE_CONFIGURATION] = configuration_handle_change,
        [IN_GET_VARIABLES]        = variables_handle,
        [IN_SET_VARIABLES]        = variables_handle,
        [IN_REPORT]               = report_handle,
        [IN_INSTALL_CERTIFICATE]  = roots_handle_install,
        [IN_GET_CERTIFICATES]     = roots_handle_get,
        [IN_DELETE_CERTIFICATE]   = roots_handle_delete,
        [IN_NETWORK]              = network_handle,
        [IN_RESET]                = reset_handle,
        [IN_AVAILABILITY]         = availability_handle,
        [IN_UNLOCK]               = availability_handle_unlock,
        [IN_TRANSACTION]          = handle_transaction,
        [IN_FIXED]                = answer_fixed,
        [IN_UNSUPPORTED]          = refuse_unsupported,
};
/* clang-format on */

void calls_handle(Agent *a, const char *id, const char *action, const cJSON *payload)
{
        const Incoming *incoming = dialect_find_incoming(a->dialect, action);

        if (incoming) {
                handlers[incoming->kind](a, id, incoming, payload);
                return;
        }
        log_warning("The CSMS asked for an action that OCPP %s does not have", a->dialect->name);
        rpc_refuse(a->rpc, id, RPC_NOT_IMPLEMENTED, "unknown action");
}
