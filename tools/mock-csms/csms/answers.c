/* What the CSMS answers to a station, by a table of actions; what it learns from them; and the
 * faults that an operator wants in those answers. */
#include "ocpp16.h"
#include "ocpp201.h"
#include "slot.h"
#include "station.h"
#include "update-steps.h"
#include <math.h>

/* What 2.0.1 has, 2.1 has too. */
enum { V16 = 1, V201 = 2, V21 = 4, ANY = V16 | V201 | V21 };

static int versions_of(const Dialect *dialect)
{
        return dialect == &ocpp16 ? V16 : dialect == &ocpp201 ? V201 : V201 | V21;
}

typedef enum AnswerKind {
        ANSWER_EMPTY,    /* {} */
        ANSWER_STATUS,   /* {"status": word} */
        ANSWER_BOOT,     /* status, currentTime, interval */
        ANSWER_TIME,     /* currentTime */
        ANSWER_ID_TAG,   /* 1.6: {"idTagInfo":{"status":"Accepted"}} */
        ANSWER_ID_TOKEN, /* 2.0.1: {"idTokenInfo":{"status":"Accepted"}} */
        ANSWER_START,    /* 1.6: idTagInfo and a transactionId */
} AnswerKind;

/* Whether something else is known of the station now. */
typedef bool Learn(Station *station, const cJSON *payload);
static Learn learn_boot, learn_report, learn_update;

typedef struct Answer {
        const char *action;
        int versions;
        AnswerKind kind;
        const char *word;
        Learn *learn;
} Answer;

/* clang-format off */
static const Answer answers[] = {
        { "Authorize",                        V16,  ANSWER_ID_TAG,   NULL,              NULL },
        { "Authorize",                        V201, ANSWER_ID_TOKEN, NULL,              NULL },
        { "BatterySwap",                      V21,  ANSWER_EMPTY,    NULL,              NULL },
        { "BootNotification",                 ANY,  ANSWER_BOOT,     "Accepted",        learn_boot },
        { "ClearedChargingLimit",             V201, ANSWER_EMPTY,    NULL,              NULL },
        { "ClosePeriodicEventStream",         V21,  ANSWER_EMPTY,    NULL,              NULL },
        { "DataTransfer",                     ANY,  ANSWER_STATUS,   "UnknownVendorId", NULL },
        { "DiagnosticsStatusNotification",    V16,  ANSWER_EMPTY,    NULL,              NULL },
        { "FirmwareStatusNotification",       ANY,  ANSWER_EMPTY,    NULL,              learn_update },
        { "GetCertificateStatus",             V201, ANSWER_STATUS,   "Failed",          NULL },
        { "Heartbeat",                        ANY,  ANSWER_TIME,     NULL,              NULL },
        { "LogStatusNotification",            ANY,  ANSWER_EMPTY,    NULL,              NULL },
        { "MeterValues",                      ANY,  ANSWER_EMPTY,    NULL,              NULL },
        { "NotifyChargingLimit",              V201, ANSWER_EMPTY,    NULL,              NULL },
        { "NotifyCustomerInformation",        V201, ANSWER_EMPTY,    NULL,              NULL },
        { "NotifyDERAlarm",                   V21,  ANSWER_EMPTY,    NULL,              NULL },
        { "NotifyDERStartStop",               V21,  ANSWER_EMPTY,    NULL,              NULL },
        { "NotifyDisplayMessages",            V201, ANSWER_EMPTY,    NULL,              NULL },
        { "NotifyEVChargingNeeds",            V201, ANSWER_STATUS,   "Rejected",        NULL },
        { "NotifyEVChargingSchedule",         V201, ANSWER_STATUS,   "Accepted",        NULL },
        { "NotifyEvent",                      V201, ANSWER_EMPTY,    NULL,              NULL },
        { "NotifyMonitoringReport",           V201, ANSWER_EMPTY,    NULL,              NULL },
        { "NotifyPriorityCharging",           V21,  ANSWER_EMPTY,    NULL,              NULL },
        { "NotifyReport",                     V201, ANSWER_EMPTY,    NULL,              learn_report },
        { "NotifySettlement",                 V21,  ANSWER_EMPTY,    NULL,              NULL },
        { "OpenPeriodicEventStream",          V21,  ANSWER_STATUS,   "Rejected",        NULL },
        { "PublishFirmwareStatusNotification", V201, ANSWER_EMPTY,   NULL,              NULL },
        { "PullDynamicScheduleUpdate",        V21,  ANSWER_STATUS,   "Rejected",        NULL },
        { "ReportChargingProfiles",           V201, ANSWER_EMPTY,    NULL,              NULL },
        { "ReportDERControl",                 V21,  ANSWER_EMPTY,    NULL,              NULL },
        { "ReservationStatusUpdate",          V201, ANSWER_EMPTY,    NULL,              NULL },
        { "SecurityEventNotification",        ANY,  ANSWER_EMPTY,    NULL,              NULL },
        { "SignCertificate",                  ANY,  ANSWER_STATUS,   "Rejected",        NULL },
        { "SignedFirmwareStatusNotification", V16,  ANSWER_EMPTY,    NULL,              learn_update },
        { "StartTransaction",                 V16,  ANSWER_START,    NULL,              NULL },
        { "StatusNotification",               ANY,  ANSWER_EMPTY,    NULL,              NULL },
        { "StopTransaction",                  V16,  ANSWER_EMPTY,    NULL,              NULL },
        { "TransactionEvent",                 V201, ANSWER_EMPTY,    NULL,              NULL },
};
/* clang-format on */

static const Answer *find(const char *action, int versions)
{
        for (size_t i = 0; i < ELEMENTSOF(answers); i++)
                if ((answers[i].versions & versions) && streq(answers[i].action, action))
                        return &answers[i];
        return NULL;
}

bool answer_known(const char *action)
{
        return find(action, ANY);
}

bool answer_has_status(const char *action)
{
        const Answer *answer = find(action, ANY);
        return answer && answer->word;
}

const char *answer_fault_objection(const Fault *fault)
{
        if (*fault->action && !answer_known(fault->action))
                return "action must name a message that stations send.";
        if (fault->kind == FAULT_PENDING && !streq(fault->action, "BootNotification"))
                return "Only BootNotification can be answered by Pending.";
        if (fault->kind == FAULT_REJECTED && !answer_has_status(fault->action))
                return "The answer to this action has no status to be Rejected.";
        return NULL;
}

/* A string member; "" if there is none. */
static void learn_text(const cJSON *object, const char *name, char *out, size_t max)
{
        station_take_text(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)), out,
                          max);
}

static bool learn_boot(Station *station, const cJSON *payload)
{
        /* 2.0.1 keeps the names in an object of their own */
        const cJSON *o = cJSON_GetObjectItemCaseSensitive(payload, "chargingStation");
        const char *vendor = o ? "vendorName" : "chargePointVendor";
        const char *model = o ? "model" : "chargePointModel";
        const char *serial = o ? "serialNumber" : "chargePointSerialNumber";
        o = o ? o : payload;
        learn_text(o, vendor, station->vendor, FIELD_TEXT_MAX);
        learn_text(o, model, station->model, FIELD_TEXT_MAX);
        learn_text(o, serial, station->serial, FIELD_TEXT_MAX);
        learn_text(o, "firmwareVersion", station->version, FIELD_TEXT_MAX);
        learn_text(payload, "reason", station->reason, FIELD_TEXT_MAX);
        slot_forget(station);
        steps_booted(station);
        return true;
}

static bool learn_report(Station *station, const cJSON *payload)
{
        return slot_learn(station, "NotifyReport", payload);
}

static bool learn_update(Station *station, const cJSON *payload)
{
        learn_text(payload, "status", station->update.status, STATUS_WORD_MAX);
        station->update.request_id = update_request_id(payload);
        station->update.since = wallclock_now();
        steps_status(station);
        return true;
}

static bool add_time(cJSON *o)
{
        char now[TIME_TEXT_MAX];
        return cJSON_AddStringToObject(o, "currentTime", time_format(wallclock_now(), now));
}

static bool add_info(cJSON *o, const char *name)
{
        cJSON *info = cJSON_AddObjectToObject(o, name);
        return info && cJSON_AddStringToObject(info, "status", "Accepted");
}

static bool fill(const Answer *answer, Csms *csms, cJSON *o)
{
        if (answer->word && !cJSON_AddStringToObject(o, "status", answer->word))
                return false;
        switch (answer->kind) {
        case ANSWER_EMPTY:
        case ANSWER_STATUS:
                return true;
        case ANSWER_BOOT:
                return add_time(o) &&
                       cJSON_AddNumberToObject(o, "interval", (double)csms->options.interval);
        case ANSWER_TIME:
                return add_time(o);
        case ANSWER_ID_TAG:
                return add_info(o, "idTagInfo");
        case ANSWER_ID_TOKEN:
                return add_info(o, "idTokenInfo");
        case ANSWER_START:
                return add_info(o, "idTagInfo") &&
                       cJSON_AddNumberToObject(o, "transactionId", (double)csms_request_id(csms));
        }
        return false;
}

static int hold_back(Station *station, const char *id, cJSON *payload, double seconds)
{
        _cleanup_(cJSON_Deletep) cJSON *owned = payload;
        Csms *csms = station->csms;
        if (csms->late_count == LATE_MAX)
                return -ENOBUFS;
        LateAnswer *late = calloc(1, sizeof(*late));
        if (!late || !(late->id = strdup(id))) {
                free(late);
                return -ENOMEM;
        }
        late->station = station;
        late->session = station->session;
        late->when = boottime_now() + (usec_t)(seconds * (double)USEC_PER_SEC);
        late->payload = TAKE_PTR(owned);
        late->next = csms->late;
        csms->late = late;
        csms->late_count++;
        csms->options.wake_at(csms->options.userdata, late->when);
        return 0;
}

/* CALLERROR in the operator's own words: rpc would only say those of the version. */
static int send_error(Station *station, const char *id, const char *code)
{
        _cleanup_(cJSON_Deletep) cJSON *frame = cJSON_CreateArray();
        cJSON_AddItemToArray(frame, cJSON_CreateNumber(4));
        cJSON_AddItemToArray(frame, cJSON_CreateString(id));
        cJSON_AddItemToArray(frame, cJSON_CreateString(code));
        cJSON_AddItemToArray(frame, cJSON_CreateString("An operator wanted this error."));
        cJSON_AddItemToArray(frame, cJSON_CreateObject());
        _cleanup_(freep) char *text = frame ? cJSON_PrintUnformatted(frame) : NULL;
        return text ? station_send(station, text, strlen(text), true) : -ENOMEM;
}

static void change_status(cJSON *payload, const char *word, double seconds)
{
        cJSON *interval = cJSON_GetObjectItemCaseSensitive(payload, "interval");
        cJSON_ReplaceItemInObjectCaseSensitive(payload, "status", cJSON_CreateString(word));
        if (interval && seconds >= 0)
                cJSON_SetNumberValue(interval, floor(seconds));
}

/* Answers in the way the fault wants it; payload is consumed. */
static int answer_with_fault(Station *station, const char *id, const Fault *fault, cJSON *payload)
{
        _cleanup_(cJSON_Deletep) cJSON *owned = payload;
        switch (fault->kind) {
        case FAULT_LATE:
                return hold_back(station, id, TAKE_PTR(owned), fault->seconds);
        case FAULT_NEVER:
                return 0;
        case FAULT_CALLERROR:
                return send_error(station, id, fault->code);
        case FAULT_CLOSE:
                conn_close(station->conn, CLOSE_GOING_AWAY);
                return 0;
        case FAULT_GARBLED:
                station->mangle = MANGLE_CUT;
                break;
        case FAULT_TWICE:
                station->mangle = MANGLE_DOUBLE;
                break;
        case FAULT_PENDING:
        case FAULT_REJECTED:
                change_status(owned, fault->kind == FAULT_PENDING ? "Pending" : "Rejected",
                              fault->seconds);
                break;
        case FAULT_NONE: /* it and those below are none of an answer */
        case FAULT_DISCONNECT:
        case FAULT_HALFOPEN:
        case FAULT_SLOWREAD:
        case FAULT_REFUSED:
        case FAULT_SUBPROTOCOL:
        case FAULT_EXPIREDTLS:
        case FAULT_KIND_MAX:
                break;
        }
        int r = rpc_answer(station->rpc, id, TAKE_PTR(owned));
        station->mangle = MANGLE_NOTHING; /* if it was never sent */
        return r;
}

/* What an observer wants answered; owned by the caller. NULL: the usual. */
static cJSON *ask_observers(const Station *station, const char *action, const cJSON *payload)
{
        const Csms *csms = station->csms;
        cJSON *fixed = NULL;
        for (size_t i = 0; i < csms->observers_count; i++) {
                const Observer *o = csms->observers[i];
                if (o->call_came)
                        o->call_came(o->userdata, station, action, payload, &fixed);
        }
        return fixed;
}

static bool is_accepted(const cJSON *reply)
{
        const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "status"));
        return word && streq(word, "Accepted");
}

/* A frame that can't be sent, or no memory for it, is a lost answer: the station asks again. */
void station_on_call(void *userdata, const char *id, const char *action, const cJSON *payload)
{
        Station *station = userdata;
        Fault fault;
        const Answer *answer = find(action, versions_of(station->dialect));
        _cleanup_(cJSON_Deletep) cJSON *fixed = ask_observers(station, action, payload);
        if (!answer && !fixed) {
                (void)rpc_refuse(station->rpc, id, RPC_NOT_IMPLEMENTED,
                                 "This CSMS has no such message.");
                return;
        }
        if (answer && answer->learn && answer->learn(station, payload))
                TELL(station->csms, changed, station);
        _cleanup_(cJSON_Deletep) cJSON *reply = fixed ? TAKE_PTR(fixed) : cJSON_CreateObject();
        if (!reply || (!reply->child && answer && !fill(answer, station->csms, reply)))
                (void)rpc_refuse(station->rpc, id, RPC_INTERNAL_ERROR, "Out of memory.");
        else if (fault_take_answer(station, action, &fault))
                (void)answer_with_fault(station, id, &fault, TAKE_PTR(reply));
        else {
                bool accepted = answer && answer->kind == ANSWER_BOOT && is_accepted(reply);
                if (rpc_answer(station->rpc, id, TAKE_PTR(reply)) == 0 && accepted)
                        slot_ask(station);
        }
}
