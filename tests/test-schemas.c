/* Every table is compared with the official JSON schema of its message, member by
 * member and both ways, and the lists of actions with those of the whole schema file. The schemas
 * come with the npm package ocpp-rpc; they are not ours to copy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ocpp16.h"
#include "ocpp201.h"
#include "schema-oracle.h"

#define SCHEMA_FILE_MAX (16U << 20)
#define FOLDER "node_modules/ocpp-rpc/lib/schemas"

/* The one message of 2.1 that goes by SEND: its schema's name is its own. */
#define SENT "NotifyPeriodicEventStream"

/* clang-format off */
/* Who calls whom; DataTransfer goes both ways. */
static const char *const from_csms_16[] = {
        "CancelReservation", "ChangeAvailability", "ChangeConfiguration", "ClearCache", "ClearChargingProfile",
        "DataTransfer", "GetCompositeSchedule", "GetConfiguration", "GetDiagnostics", "GetLocalListVersion",
        "RemoteStartTransaction", "RemoteStopTransaction", "ReserveNow", "Reset", "SendLocalList",
        "SetChargingProfile", "TriggerMessage", "UnlockConnector", "UpdateFirmware",
        /* security extension */
        "CertificateSigned", "DeleteCertificate", "ExtendedTriggerMessage", "GetInstalledCertificateIds", "GetLog",
        "InstallCertificate", "SignedUpdateFirmware", NULL
};
static const char *const from_station_16[] = {
        "Authorize", "BootNotification", "DataTransfer", "DiagnosticsStatusNotification",
        "FirmwareStatusNotification", "Heartbeat", "MeterValues", "StartTransaction", "StatusNotification",
        "StopTransaction",
        /* security extension */
        "LogStatusNotification", "SecurityEventNotification", "SignCertificate",
        "SignedFirmwareStatusNotification", NULL
};
#define CSMS_201 \
        "CancelReservation", "CertificateSigned", "ChangeAvailability", "ClearCache", "ClearChargingProfile", \
        "ClearDisplayMessage", "ClearVariableMonitoring", "CostUpdated", "CustomerInformation", "DataTransfer", \
        "DeleteCertificate", "GetBaseReport", "GetChargingProfiles", "GetCompositeSchedule", "GetDisplayMessages", \
        "GetInstalledCertificateIds", "GetLocalListVersion", "GetLog", "GetMonitoringReport", "GetReport", \
        "GetTransactionStatus", "GetVariables", "InstallCertificate", "PublishFirmware", "RequestStartTransaction", \
        "RequestStopTransaction", "ReserveNow", "Reset", "SendLocalList", "SetChargingProfile", "SetDisplayMessage", \
        "SetMonitoringBase", "SetMonitoringLevel", "SetNetworkProfile", "SetVariableMonitoring", "SetVariables", \
        "TriggerMessage", "UnlockConnector", "UnpublishFirmware", "UpdateFirmware"
static const char *const from_csms_201[] = { CSMS_201, NULL };
#define STATION_201 \
        "Authorize", "BootNotification", "ClearedChargingLimit", "DataTransfer", "FirmwareStatusNotification", \
        "Get15118EVCertificate", "GetCertificateStatus", "Heartbeat", "LogStatusNotification", "MeterValues", \
        "NotifyChargingLimit", "NotifyCustomerInformation", "NotifyDisplayMessages", "NotifyEVChargingNeeds", \
        "NotifyEVChargingSchedule", "NotifyEvent", "NotifyMonitoringReport", "NotifyReport", \
        "PublishFirmwareStatusNotification", "ReportChargingProfiles", "ReservationStatusUpdate", \
        "SecurityEventNotification", "SignCertificate", "StatusNotification", "TransactionEvent"
static const char *const from_station_201[] = { STATION_201, NULL };

static const char *const from_csms_21[] = {
        CSMS_201,
        "AFRRSignal", "AdjustPeriodicEventStream", "ChangeTransactionTariff", "ClearDERControl", "ClearTariffs",
        "GetDERControl", "GetPeriodicEventStream", "GetTariffs", "NotifyAllowedEnergyTransfer",
        "NotifyWebPaymentStarted", "RequestBatterySwap", "SetDERControl", "SetDefaultTariff",
        "UpdateDynamicSchedule", "UsePriorityCharging", NULL
};
static const char *const from_station_21[] = {
        STATION_201,
        "BatterySwap", "ClosePeriodicEventStream", "GetCertificateChainStatus", "NotifyDERAlarm",
        "NotifyDERStartStop", "NotifyPriorityCharging", "NotifySettlement", "OpenPeriodicEventStream",
        "PullDynamicScheduleUpdate", "ReportDERControl", "VatNumberValidation",
        SENT, NULL
};

static const Edition editions[] = {
        { &ocpp16,  "ocpp1_6.json",   from_csms_16,  from_station_16,  ".req",    ".conf",    true  },
        { &ocpp201, "ocpp2_0_1.json", from_csms_201, from_station_201, ".req",    ".conf",    false },
        { &ocpp21,  "ocpp2_1.json",   from_csms_21,  from_station_21,  "Request", "Response", false },
};

/* clang-format on */

/* ---- The schema files ---- */

/* Owned by the caller. */
static cJSON *load(const Edition *e)
{
        const char *source = getenv("SOURCE_DIR");
        _cleanup_(freep) char *path =
                str_printf("%s/" FOLDER "/%s", source ? source : ".", e->file);
        _cleanup_(freep) char *text = NULL;
        size_t size;
        cJSON *json;

        assert_non_null(path);
        if (file_read(path, SCHEMA_FILE_MAX, &text, &size) < 0)
                fail_msg("no schemas to compare with at " FOLDER "/%s: run ./dev setup", e->file);
        json = cJSON_ParseWithLength(text, size);
        if (!cJSON_IsArray(json))
                fail_msg(FOLDER "/%s is not an array of schemas: run ./dev setup", e->file);
        return json;
}

/* The schema of "Action" and what follows it, NULL if there is none. */
static const cJSON *schema_of(const cJSON *file, const char *action, const char *end)
{
        char id[96];
        const cJSON *item;

        snprintf(id, sizeof(id), "urn:%s%s", action, end);
        cJSON_ArrayForEach (item, file)
                if (str_equal(get_string(item, "$id"), id))
                        return item;
        return NULL;
}

static size_t compare_message(const Edition *e, const cJSON *file, const char *action,
                              const char *end, const Table *t)
{
        Oracle o = {.edition = e,
                    .schema = schema_of(file, action, end),
                    .message = action,
                    .quiet = e->quiet};

        if (!o.schema) {
                find(&o, action, end, "is in no schema");
                return 1;
        }
        if (!streq(t->name, action))
                find(&o, t->name, "", "is not the action's name");
        compare_object(&o, t, o.schema);
        return o.findings;
}

static size_t compare_dialect(const Edition *e, const cJSON *file)
{
        size_t findings = 0;

        FOREACH_INCOMING (in, e->dialect) {
                if (in->kind == IN_UNSUPPORTED)
                        continue;
                findings += compare_message(e, file, in->action, e->request, in->request);
                findings += compare_message(e, file, in->action, e->answer, in->answer);
        }
        for (size_t i = 0; i < OUTGOING_MAX; i++) {
                const Outgoing *out = dialect_outgoing(e->dialect, i);

                if (!out->action)
                        continue;
                findings += compare_message(e, file, out->action, e->request, out->request);
                findings += compare_message(e, file, out->action, e->answer, out->answer);
        }
        return findings;
}

static void schemas_and_tables_agree(_unused_ void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(editions); i++) {
                cJSON *file = load(&editions[i]);

                assert_int_equal(compare_dialect(&editions[i], file), 0);
                cJSON_Delete(file);
        }
}

static bool cut_end(char *name, const char *end)
{
        size_t n = strlen(name), m = strlen(end);

        if (n <= m || !streq(name + n - m, end))
                return false;
        name[n - m] = '\0';
        return true;
}

/* "urn:Reset.req" → "Reset"; one that is sent has its own name alone. */
static void action_of(const Edition *e, const cJSON *schema, char *action, size_t size)
{
        const char *id = get_string(schema, "$id"), *name = id ? startswith(id, "urn:") : NULL;

        snprintf(action, size, "%s", strempty(name));
        if (!cut_end(action, e->request) && !cut_end(action, e->answer) &&
            !(e->dialect->frames.more_types && streq(action, SENT)))
                fail_msg("a schema named %s", strempty(id));
}

/* No action of the version is forgotten: each goes in a known direction … */
static void schemas_actions_have_a_direction(_unused_ void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(editions); i++) {
                const Edition *e = &editions[i];
                cJSON *file = load(e), *item;

                cJSON_ArrayForEach (item, file) {
                        char action[64];

                        action_of(e, item, action, sizeof(action));
                        if (!is_in(e->from_csms, action) && !is_in(e->from_station, action))
                                fail_msg("%s: who sends %s?", e->dialect->name, action);
                }
                for (size_t k = 0; e->from_csms[k]; k++)
                        assert_non_null(schema_of(file, e->from_csms[k], e->request));
                for (size_t k = 0; e->from_station[k]; k++)
                        assert_non_null(
                                schema_of(file, e->from_station[k],
                                          streq(e->from_station[k], SENT) ? "" : e->request));
                cJSON_Delete(file);
        }
}

/* … and what the CSMS may call has a line, what we call is ours to call. */
static void schemas_actions_are_in_the_dialect(_unused_ void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(editions); i++) {
                const Dialect *d = editions[i].dialect;

                for (size_t k = 0; editions[i].from_csms[k]; k++)
                        if (!dialect_find_incoming(d, editions[i].from_csms[k]))
                                fail_msg("%s lacks %s", d->name, editions[i].from_csms[k]);
                FOREACH_INCOMING (in, d)
                        assert_true(is_in(editions[i].from_csms, in->action));
                for (size_t k = 0; k < OUTGOING_MAX; k++) {
                        const char *action = dialect_outgoing(d, k)->action;

                        if (action)
                                assert_true(is_in(editions[i].from_station, action));
                }
        }
}

/* ---- Would it notice? ---- */

/* clang-format off */
/* Changes to a schema that the tables then no longer agree with: at the object under path
 * (names parted by '/'), member is set to this JSON, or removed. */
typedef struct Change { const char *action, *end, *path, *member, *json; } Change;
static const Change changes_201[] = {
        { "UpdateFirmware",   ".req",  "properties",                                            "retries",              NULL },
        { "UpdateFirmware",   ".req",  "properties",                                            "checksum",             "{\"type\":\"string\"}" },
        { "UpdateFirmware",   ".req",  "properties/retries",                                    "type",                 "\"string\"" },
        { "UpdateFirmware",   ".req",  "properties/retries",                                    "minimum",              "0" },
        { "UpdateFirmware",   ".req",  "properties/retries",                                    "maximum",              "9" },
        { "UpdateFirmware",   ".req",  "",                                                      "required",             "[\"requestId\"]" },
        { "UpdateFirmware",   ".req",  "",                                                      "required",             "[\"requestId\",\"firmware\",\"retries\"]" },
        { "UpdateFirmware",   ".req",  "",                                                      "required",             "[\"requestId\",\"firmware\",\"customData\"]" },
        { "UpdateFirmware",   ".req",  "",                                                      "additionalProperties", "true" },
        { "UpdateFirmware",   ".req",  "definitions/FirmwareType/properties/location",          "maxLength",            "513" },
        { "UpdateFirmware",   ".req",  "definitions/FirmwareType/properties/location",          "maxLength",            NULL },
        { "UpdateFirmware",   ".req",  "definitions/FirmwareType/properties/location",          "pattern",              "\"^https\"" },
        { "UpdateFirmware",   ".req",  "definitions/FirmwareType/properties/retrieveDateTime",  "format",               NULL },
        { "UpdateFirmware",   ".req",  "definitions/FirmwareType",                              "additionalProperties", NULL },
        { "UpdateFirmware",   ".req",  "definitions/FirmwareType/properties",                   "customData",           NULL },
        { "UpdateFirmware",   ".req",  "definitions/CustomDataType/properties/vendorId",        "maxLength",            "50" },
        { "UpdateFirmware",   ".req",  "definitions/CustomDataType",                            "additionalProperties", "false" },
        { "UpdateFirmware",   ".conf", "definitions/UpdateFirmwareStatusEnumType",              "enum",                 "[\"Accepted\",\"Rejected\"]" },
        { "UpdateFirmware",   ".conf", "definitions/UpdateFirmwareStatusEnumType",              "enum",
          "[\"Accepted\",\"Rejected\",\"AcceptedCanceled\",\"InvalidCertificate\",\"RevokedCertificate\",\"Later\"]" },
        { "TriggerMessage",   ".req",  "definitions/EVSEType",                                  "required",             "[]" },
        { "TriggerMessage",   ".conf", "definitions/StatusInfoType/properties/reasonCode",      "maxLength",            "50" },
        { "BootNotification", ".req",  "definitions/ModemType/properties",                      "imei",                 "{\"type\":\"string\"}" },
        { "BootNotification", ".req",  "definitions/ModemType/properties/iccid",                "enum",                 "[\"1\"]" },
        { "BootNotification", ".req",  "properties/chargingStation",                            "$ref",                 "\"#/definitions/ModemType\"" },
};
/* … of 2.1, where it has something of its own. */
static const Change changes_21[] = {
        { "UpdateFirmware", "Request",  "properties/retries",                                     "minimum",   NULL },
        { "UpdateFirmware", "Request",  "definitions/FirmwareType/properties/location",           "maxLength", "512" },
        { "UpdateFirmware", "Response", "definitions/StatusInfoType/properties/additionalInfo",   "maxLength", "512" },
        { "GetLog",         "Request",  "definitions/LogEnumType",                                "enum",      "[\"DiagnosticsLog\",\"SecurityLog\"]" },
        { "GetLog",         "Request",  "definitions/LogParametersType/properties/remoteLocation", "maxLength", "512" },
        { "TriggerMessage", "Request",  "definitions/EVSEType/properties/id",                     "minimum",   NULL },
};
/* clang-format on */

/* The object under path; it must be there. */
static cJSON *descend(const cJSON *json, const char *path)
{
        char name[64];

        while (*path) {
                size_t n = strcspn(path, "/");

                snprintf(name, sizeof(name), "%.*s", (int)n, path);
                json = get(json, name);
                path += n + (path[n] == '/');
        }
        assert_non_null(json);
        return (cJSON *)json;
}

static void change(cJSON *object, const char *member, const char *json)
{
        cJSON *value = json ? cJSON_Parse(json) : NULL;

        assert_int_equal(!json, !value);
        if (!json)
                assert_non_null(get(object, member));
        cJSON_DeleteItemFromObjectCaseSensitive(object, member);
        if (value)
                cJSON_AddItemToObject(object, member, value);
}

static const Table *table_of(const Edition *e, const char *action, const char *end)
{
        const Incoming *in = dialect_find_incoming(e->dialect, action);
        const Outgoing *boot = dialect_outgoing(e->dialect, OUT_BOOT);
        bool request = streq(end, e->request);

        if (in)
                return request ? in->request : in->answer;
        assert_string_equal(action, boot->action);
        return request ? boot->request : boot->answer;
}

/* The list without the one at index i. Owned by the caller. */
static FieldChange *changes_but(const FieldChange *list, size_t i)
{
        size_t n = 0;
        FieldChange *rest;

        while (list[n].table)
                n++;
        rest = calloc(n, sizeof(*rest));
        assert_non_null(rest);
        for (size_t k = 0, to = 0; k < n; k++)
                if (k != i)
                        rest[to++] = list[k];
        return rest;
}

/* Each line of what 2.1 has otherwise is missed when it is gone. */
static void schemas_each_change_is_needed(_unused_ void **state)
{
        cJSON *file = load(&editions[2]);

        for (size_t i = 0; ocpp21.rules.changes[i].table; i++) {
                const FieldChange *c = &ocpp21.rules.changes[i];
                FieldChange *rest = changes_but(ocpp21.rules.changes, i);
                Dialect dialect = ocpp21;
                Edition e = editions[2];

                dialect.rules.changes = rest;
                e.dialect = &dialect;
                e.quiet = true;
                if (compare_dialect(&e, file) == 0)
                        fail_msg("nobody needs the change of %s.%s", c->table, c->field);
                free(rest);
        }
        cJSON_Delete(file);
}

static void notice_changes(const Edition *e, const Change *changes, size_t count)
{
        cJSON *file = load(e);

        for (size_t i = 0; i < count; i++) {
                cJSON *schema =
                        cJSON_Duplicate(schema_of(file, changes[i].action, changes[i].end), true);
                Oracle o = {.edition = e,
                            .schema = schema,
                            .message = changes[i].action,
                            .quiet = true};

                change(descend(schema, changes[i].path), changes[i].member, changes[i].json);
                compare_object(&o, table_of(e, changes[i].action, changes[i].end), schema);
                if (!o.findings)
                        fail_msg("nobody noticed %s/%s of %s", changes[i].path, changes[i].member,
                                 changes[i].action);
                cJSON_Delete(schema);
        }
        cJSON_Delete(file);
}

static void schemas_every_difference_is_noticed(_unused_ void **state)
{
        notice_changes(&editions[1], changes_201, ELEMENTSOF(changes_201));
        notice_changes(&editions[2], changes_21, ELEMENTSOF(changes_21));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(schemas_and_tables_agree),
                cmocka_unit_test(schemas_actions_have_a_direction),
                cmocka_unit_test(schemas_actions_are_in_the_dialect),
                cmocka_unit_test(schemas_every_difference_is_noticed),
                cmocka_unit_test(schemas_each_change_is_needed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
