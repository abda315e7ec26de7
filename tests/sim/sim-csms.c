/* The CSMS: hears the agent's calls and answers them: well, late, twice, by an error, by garbage,
 * or not at all. What the agent may send at which time is judged here too. */
#include "sim.h"

static usec_t offset; /* of its clock */

/* What the agent was told about itself, in this life of it. */
static struct {
        bool told;
        Registration registration;
        usec_t boot_not_before;           /* the interval that it was given */
        bool boot_asked_again;            /* the version has changed */
        bool boot_open;                   /* the last one was not answered yet */
        bool status_in_flight;            /* not answered yet */
        char version[16];                 /* what BootNotification told last */
        unsigned triggered[OUTGOING_MAX]; /* what TriggerMessage asked for, still to come */
} view;

usec_t csms_time(void)
{
        return sim_true_time() + offset;
}

void csms_reset(void)
{
        offset = chance(300) ? rnd(2 * USEC_PER_HOUR) : 0;
        memset(&view, 0, sizeof(view));
}

void csms_life_begins(void)
{
        memset(&view, 0, sizeof(view));
}

/* Not of rnd(): what a seed is about does not hang on it. */
static bool draws_21(void)
{
        return ((sim.seed + sim.now) * UINT64_C(0x9e3779b97f4a7c15)) >> 63;
}

void csms_opened(void)
{
        memset(view.triggered, 0, sizeof(view.triggered));
        view.boot_not_before = 0;
        sim.dialect = sim.dialect16 ? &ocpp16 : draws_21() ? &ocpp21 : &ocpp201;
}

void csms_closed(void)
{
        if (view.status_in_flight)
                record_unanswered();
        view.status_in_flight = false;
        record_closed();
        logs_closed();
        orders_closed();
}

static OutgoingKind kind_of(const char *action)
{
        for (int i = 0; i < OUTGOING_MAX; i++)
                if (str_equal(dialect_outgoing(sim.dialect, i)->action, action))
                        return (OutgoingKind)i;
        return OUTGOING_MAX;
}

void csms_trigger_accepted(OutgoingKind kind, unsigned times)
{
        view.triggered[kind] += times;
}

/* ---- may it be sent? ---- */

static void judge_boot(void)
{
        bool asked = view.boot_asked_again || view.triggered[OUT_BOOT] > 0;

        LAW(sim.now + USEC_PER_SEC >= view.boot_not_before || asked,
            "BootNotification %llu s too soon",
            (unsigned long long)((view.boot_not_before - sim.now) / USEC_PER_SEC));
        LAW(!view.told || view.registration != REGISTRATION_ACCEPTED || asked || view.boot_open,
            "BootNotification though the station is accepted");
        view.boot_asked_again = false;
        view.boot_open = true;
}

static void judge_call(OutgoingKind kind, const char *action)
{
        bool accepted = view.told && view.registration == REGISTRATION_ACCEPTED;
        bool asked =
                view.triggered[kind] > 0 && view.told && view.registration == REGISTRATION_PENDING;

        if (kind == OUT_BOOT)
                judge_boot();
        else
                LAW(accepted || asked, "%s before BootNotification was accepted", action);
        if (asked)
                view.triggered[kind]--;
        view.status_in_flight = kind == OUT_FIRMWARE_STATUS || kind == OUT_FIRMWARE_STATUS_PLAIN;
}

static void judge_payload(OutgoingKind kind, const cJSON *payload)
{
        union {
                BootReport boot;
                FirmwareReport firmware;
                ConnectorReport connector;
                LogReport log;
                SecurityEventReport event;
                EmptyMessage none;
        } message = {0};
        const Table *table = dialect_outgoing(sim.dialect, kind)->request;
        CodecRules strict = {.unknown_is_violation = true, .custom_data = true};
        CodecError error = {0};
        int r = codec_decode(table, strict, payload, &message, &error);

        LAW(r == 0, "%s is not as the version wants it: %s", table->name, error.text);
        if (r == 0)
                codec_done(table, &message);
}

void csms_is_sent(const cJSON *frame)
{
        const cJSON *type = cJSON_GetArrayItem(frame, 0);
        const char *id = cJSON_GetStringValue(cJSON_GetArrayItem(frame, 1));
        const char *action = cJSON_GetStringValue(cJSON_GetArrayItem(frame, 2));
        OutgoingKind kind;

        if (type && type->valueint == 3) {
                orders_answered(id, cJSON_GetArrayItem(frame, 2));
                return;
        }
        if (type && type->valueint == 4) {
                orders_answered(id, NULL);
                return;
        }
        if (type && type->valueint == 5 && sim.dialect == &ocpp21)
                return; /* of an answer that was garbage */
        kind = action ? kind_of(action) : OUTGOING_MAX;
        LAW(type && type->valueint == 2 && id && kind != OUTGOING_MAX,
            "a frame that the version does not have");
        if (kind == OUTGOING_MAX)
                return;
        judge_call(kind, action);
        judge_payload(kind, cJSON_GetArrayItem(frame, 3));
}

/* ---- what it answers ---- */

static usec_t soon(void)
{
        return span(USEC_PER_MSEC, USEC_PER_SEC);
}

static char *garbage_for(const char *id)
{
        switch (rnd(7)) {
        case 0:
                return strdup("{");
        case 1:
                return strdup("[3]");
        case 2:
                return str_printf("[3,\"%s\",[]]", id);
        case 3:
                return strdup("[3,\"00000000-0000-4000-8000-000000000000\",{}]");
        case 4:
                return strdup("[9,\"junk\",{}]");
        case 5:
                return strdup("[2,\"junk\",\"Heartbeat\"]");
        default:
                return str_printf("[4,\"%s\"]", id);
        }
}

/* True: it was an error that the agent may take for delivered, or not. */
static void answer_error(const char *id, OutgoingKind kind, FirmwareStatus status,
                         const Receipt *receipt)
{
        static const char *const codes[] = {
                "InternalError", "GenericError",  "SecurityError",           "NotImplemented",
                "NotSupported",  "ProtocolError", "TypeConstraintViolation", "Nonsense"};
        size_t n = rnd(ELEMENTSOF(codes));
        bool may_pass = n < 3 || n == 7;
        bool counts =
                receipt->kind == RECEIPT_SAID &&
                (!may_pass || (kind != OUT_SECURITY_EVENT && !firmware_status_is_final(status)));

        link_from_csms(
                str_printf("[4,\"%s\",\"%s\",\"as the simulation wants it\",{}]", id, codes[n]),
                soon(), counts ? receipt : &(Receipt){0});
        if (receipt->kind == RECEIPT_SAID && !counts)
                record_unanswered(); /* a try like others */
        if (kind == OUT_BOOT)
                view.boot_not_before = sim.now + 20 * USEC_PER_SEC;
}

static void answer(const char *id, OutgoingKind kind, FirmwareStatus status, const char *payload,
                   const Receipt *receipt)
{
        usec_t timeout = sim.config.message_timeout;

        if (fault(FAULT_CSMS_SILENT))
                return;
        if (fault(FAULT_CSMS_CLOSES)) {
                link_break(true, "by the CSMS, instead of an answer");
                return;
        }
        if (fault(FAULT_CSMS_GARBAGE)) {
                link_from_csms(garbage_for(id), soon(), &(Receipt){0});
                if (chance(500))
                        return;
        } else if (fault(FAULT_CSMS_ERROR)) {
                answer_error(id, kind, status, receipt);
                return;
        }
        link_from_csms(str_printf("[3,\"%s\",%s]", id, payload),
                       fault(FAULT_FRAME_LATE) ? timeout / 2 + rnd(timeout) : soon(), receipt);
        if (fault(FAULT_FRAME_TWICE))
                link_from_csms(str_printf("[3,\"%s\",%s]", id, payload), soon(), &(Receipt){0});
        if (fault(FAULT_LINK_CUT))
                link_break(false, "while an answer is under way");
}

static void hear_boot(const char *id, const cJSON *payload)
{
        const cJSON *station = cJSON_GetObjectItemCaseSensitive(payload, "chargingStation");
        const cJSON *version =
                cJSON_GetObjectItemCaseSensitive(station ?: payload, "firmwareVersion");
        static const char *const words[] = {"Accepted", "Pending", "Rejected"};
        Registration registration = !fault(FAULT_CSMS_PENDING) ? REGISTRATION_ACCEPTED
                                    : chance(700)              ? REGISTRATION_PENDING
                                                               : REGISTRATION_REJECTED;
        usec_t interval = registration == REGISTRATION_ACCEPTED
                                  ? span(USEC_PER_HOUR, DAY)
                                  : span(5 * USEC_PER_SEC, USEC_PER_HOUR);
        char now[TIME_TEXT_MAX];
        _cleanup_(freep) char *text = str_printf(
                "{\"status\":\"%s\",\"currentTime\":\"%s\",\"interval\":%llu}", words[registration],
                time_format(csms_time(), now), (unsigned long long)(interval / USEC_PER_SEC));

        snprintf(view.version, sizeof(view.version), "%s", strempty(cJSON_GetStringValue(version)));
        answer(id, OUT_BOOT, FW_NONE, text,
               &(Receipt){
                       .kind = RECEIPT_BOOT, .registration = registration, .interval = interval});
}

static void hear_status(const char *id, OutgoingKind kind, const cJSON *payload)
{
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(payload, "requestId");
        const char *word =
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(payload, "status"));
        FirmwareStatus status = firmware_status_from_string(strempty(word));
        Receipt receipt = {.kind = RECEIPT_NONE};

        record_status(status, number ? (int64_t)number->valuedouble : NO_INT,
                      kind == OUT_FIRMWARE_STATUS_PLAIN, &receipt);
        answer(id, kind, status, "{}", &receipt);
}

static void hear_log_status(const char *id, OutgoingKind kind, const cJSON *payload)
{
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(payload, "requestId");
        const char *word =
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(payload, "status"));
        Receipt receipt = {.kind = RECEIPT_NONE};

        logs_status(strempty(word), number ? (int64_t)number->valuedouble : NO_INT,
                    kind == OUT_DIAGNOSTICS_STATUS, &receipt);
        answer(id, kind, FW_NONE, "{}", &receipt);
}

static void hear_event(const char *id, const cJSON *payload)
{
        record_security_event(
                strempty(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(payload, "type"))),
                strempty(cJSON_GetStringValue(
                        cJSON_GetObjectItemCaseSensitive(payload, "timestamp"))),
                strempty(cJSON_GetStringValue(
                        cJSON_GetObjectItemCaseSensitive(payload, "techInfo"))));
        answer(id, OUT_SECURITY_EVENT, FW_NONE, "{}", &(Receipt){0});
}

void csms_hears(const cJSON *frame)
{
        const char *id = cJSON_GetStringValue(cJSON_GetArrayItem(frame, 1));
        const char *action = cJSON_GetStringValue(cJSON_GetArrayItem(frame, 2));
        const cJSON *payload = cJSON_GetArrayItem(frame, 3);
        char now[TIME_TEXT_MAX], text[64];

        if (cJSON_GetArrayItem(frame, 0)->valueint != 2)
                return;
        switch (kind_of(action)) {
        case OUT_BOOT:
                hear_boot(id, payload);
                break;
        case OUT_HEARTBEAT:
                snprintf(text, sizeof(text), "{\"currentTime\":\"%s\"}",
                         time_format(csms_time(), now));
                answer(id, OUT_HEARTBEAT, FW_NONE, text, &(Receipt){0});
                break;
        case OUT_FIRMWARE_STATUS:
                hear_status(id, OUT_FIRMWARE_STATUS, payload);
                break;
        case OUT_FIRMWARE_STATUS_PLAIN:
                hear_status(id, OUT_FIRMWARE_STATUS_PLAIN, payload);
                break;
        case OUT_SECURITY_EVENT:
                hear_event(id, payload);
                break;
        case OUT_LOG_STATUS:
                hear_log_status(id, OUT_LOG_STATUS, payload);
                break;
        case OUT_DIAGNOSTICS_STATUS:
                hear_log_status(id, OUT_DIAGNOSTICS_STATUS, payload);
                break;
        case OUT_STATUS:
        case OUT_NOTIFY_REPORT:
        case OUTGOING_MAX:
                answer(id, OUT_STATUS, FW_NONE, "{}", &(Receipt){0});
                break;
        }
}

/* ---- what reaches the agent ---- */

void csms_before(const Receipt *r)
{
        if (r->kind == RECEIPT_CALL)
                orders_before(r->call);
        if (r->kind != RECEIPT_BOOT)
                return;
        view.told = true;
        view.boot_open = false;
        view.registration = r->registration;
        view.boot_not_before = r->registration == REGISTRATION_ACCEPTED ? 0 : sim.now + r->interval;
        if (r->registration != REGISTRATION_ACCEPTED)
                return;
        view.triggered[OUT_BOOT] = 0;
        law_fact_accepted();
}

void csms_after(const Receipt *r)
{
        if (r->kind == RECEIPT_CALL)
                orders_after(r->call);
        if (r->kind == RECEIPT_LOG && sim.death == ALIVE && !sim.disk_was_bad)
                *r->settled = true;
        if (r->kind != RECEIPT_SAID || sim.death != ALIVE || sim.disk_was_bad)
                return;
        r->record->said[r->said].settled = true;
        view.status_in_flight = false;
}

bool csms_has_accepted(void)
{
        return view.told && view.registration == REGISTRATION_ACCEPTED;
}

void csms_version_changed(void)
{
        view.boot_asked_again = true;
}

bool csms_has_rejected(void)
{
        return view.told && view.registration == REGISTRATION_REJECTED;
}

const char *csms_version(void)
{
        return view.version;
}
