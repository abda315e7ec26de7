/* OCPP 2.1: what it has otherwise than 2.0.1 by golden vectors, every field of every message by the
 * sweep, and what 2.0.1 says of the same. */
#include "dialect-sweep.h"
#include "ocpp201.h"

#define INFO "\"statusInfo\":{\"reasonCode\":\"OutOfStorage\",\"additionalInfo\":\"no room\"}"

/* clang-format off */
static const Golden goldens[] = {
        { "TriggerMessage", false, "{\"requestedMessage\":\"Heartbeat\"}", { .trigger = { TRIGGER_HEARTBEAT, NO_INT, NO_INT } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"StatusNotification\",\"evse\":{\"id\":2,\"connectorId\":1}}", { .trigger = { TRIGGER_STATUS, 2, 1 } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"CustomTrigger\",\"customTrigger\":\"x\"}", { .trigger = { TRIGGER_OTHER, NO_INT, NO_INT } }, .decode_only = true },
        { "TriggerMessage", false, "{\"requestedMessage\":\"SignV2G20Certificate\"}", { .trigger = { TRIGGER_OTHER, NO_INT, NO_INT } }, .decode_only = true },
        { "TriggerMessage", true, "{\"status\":\"NotImplemented\"}", { .trigger_answer = { TRIGGER_NOT_IMPLEMENTED } } },
        { "SetNetworkProfile", false,
          "{\"configurationSlot\":1,\"connectionData\":{\"ocppTransport\":\"JSON\",\"messageTimeout\":30,\"securityProfile\":2,"
          "\"ocppCsmsUrl\":\"wss://h/o\",\"ocppInterface\":\"Any\"}}",
          { .network = { .slot = 1, .url = (char *)"wss://h/o", .timeout = 30, .security = 2, .version = -1, .interface = 8,
                         .apn_login = -1, .vpn_type = -1 } } },
        { "SetNetworkProfile", false,
          "{\"configurationSlot\":1,\"connectionData\":{\"ocppTransport\":\"JSON\",\"messageTimeout\":30,\"securityProfile\":2,"
          "\"ocppCsmsUrl\":\"wss://h/o\",\"ocppVersion\":\"OCPP21\",\"ocppInterface\":\"Wired0\",\"identity\":\"CS2\",\"basicAuthPassword\":\"pw\"}}",
          { .network = { .slot = 1, .url = (char *)"wss://h/o", .timeout = 30, .security = 2, .version = 5, .interface = 0,
                         .apn_login = -1, .vpn_type = -1, .identity = (char *)"CS2", .password = (char *)"pw" } } },
        { "SetNetworkProfile", true, "{\"status\":\"Accepted\"}", { .network_answer = { NETWORK_ACCEPTED, NULL, NULL } } },
        { "SetNetworkProfile", true, "{\"status\":\"Rejected\",\"statusInfo\":{\"reasonCode\":\"InvalidURL\",\"additionalInfo\":\"why\"}}",
          { .network_answer = { NETWORK_REJECTED, "InvalidURL", "why" } } },
        { "FirmwareStatusNotification", false, "{\"status\":\"DownloadFailed\",\"requestId\":17," INFO "}",
          { .firmware = { FW_DOWNLOAD_FAILED, 17, "OutOfStorage", "no room" } } },
        { "FirmwareStatusNotification", false, "{\"status\":\"Idle\"}", { .firmware = { FW_IDLE, NO_INT, NULL, NULL } } },
        { "FirmwareStatusNotification", true, "{}", { .empty = { 0 } } },
        { "LogStatusNotification", false, "{\"status\":\"UploadFailure\",\"requestId\":3," INFO "}",
          { .log = { LOG_STATUS_UPLOAD_FAILURE, 3, "OutOfStorage", "no room" } } },
        { "LogStatusNotification", false, "{\"status\":\"Uploading\",\"requestId\":3}", { .log = { LOG_STATUS_UPLOADING, 3, NULL, NULL } } },
        { "LogStatusNotification", true, "{}", { .empty = { 0 } } },
        { "GetLog", false, "{\"logType\":\"DataCollectorLog\",\"requestId\":7,\"log\":{\"remoteLocation\":\"l\"}}",
          { .log_request = { .kind = LOGS_DATA_COLLECTOR, .request_id = 7, .location = (char *)"l", .oldest = NO_TIME,
                             .latest = NO_TIME, .retries = NO_INT, .retry_interval = NO_INT } }, .decode_only = true },
};
/* clang-format on */

static void ocpp21_vectors_both_ways(_unused_ void **state)
{
        check_goldens(&ocpp21, goldens, ELEMENTSOF(goldens));
}

static void ocpp21_every_message_of_its_own_has_a_vector(_unused_ void **state)
{
        check_goldens_complete(&ocpp21, goldens, ELEMENTSOF(goldens));
}

static void ocpp21_refuses_every_bad_field(_unused_ void **state)
{
        each_table(&ocpp21, sweep_table);
}

static void ocpp21_writes_what_it_reads(_unused_ void **state)
{
        each_table(&ocpp21, sweep_encoder);
}

static void ocpp21_says_each_status_as_it_is(_unused_ void **state)
{
        for (int s = FW_NONE + 1; s < FW_STATUS_MAX; s++) {
                const char *word = firmware_status_to_string((FirmwareStatus)s);

                check_firmware_word(&ocpp21, true, (FirmwareStatus)s, word);
                check_firmware_word(&ocpp21, false, (FirmwareStatus)s, word);
        }
}

static void ocpp21_spells_errors_as_201(_unused_ void **state)
{
        static const char *const words[] = {"FormatViolation", "OccurrenceConstraintViolation",
                                            "RpcFrameworkError", "MessageTypeNotSupported"};

        check_errors(&ocpp21, words, ELEMENTSOF(words));
}

/* A status tells its reason in 2.1; the versions before have no place for it. */
static void ocpp21_alone_tells_the_reason(_unused_ void **state)
{
        static const FirmwareReport firmware = {FW_DOWNLOAD_FAILED, 17, "OutOfStorage", "no room"};
        static const LogReport log = {LOG_STATUS_UPLOAD_FAILURE, 3, "OutOfStorage", "no room"};
        static const struct {
                OutgoingKind kind;
                const void *report;
        } cases[] = {{OUT_FIRMWARE_STATUS, &firmware}, {OUT_LOG_STATUS, &log}};
        static const Dialect *const dialects[] = {&ocpp201, &ocpp21};

        for (size_t i = 0; i < ELEMENTSOF(cases) * ELEMENTSOF(dialects); i++) {
                const Dialect *d = dialects[i % ELEMENTSOF(dialects)];
                const Table *t = dialect_outgoing(d, cases[i / ELEMENTSOF(dialects)].kind)->request;
                CodecError error;
                cJSON *json = NULL;

                assert_int_equal(
                        codec_encode(t, cases[i / ELEMENTSOF(dialects)].report, &json, &error), 0);
                assert_int_equal(cJSON_HasObjectItem(json, "statusInfo"), d == &ocpp21);
                cJSON_Delete(json);
        }
}

/* The text with location for its "%s". */
static void put_location(const char *text, const char *location, char *out, size_t size)
{
        const char *hole = strstr(text, "%s");

        if (hole)
                snprintf(out, size, "%.*s%s%s", (int)(hole - text), text, location, hole + 2);
        else
                snprintf(out, size, "%s", text);
}

/* The same request, with something that only one of the two takes. */
static void ocpp21_takes_what_201_refuses(_unused_ void **state)
{
        /* clang-format off */
        static const struct { const char *action, *json; CodecViolation before, now; } cases[] = {
                { "UpdateFirmware", "{\"requestId\":1,\"firmware\":{\"location\":\"%s\",\"retrieveDateTime\":\"" SAMPLE_TIME "\"}}",
                  CODEC_CONSTRAINT, CODEC_FINE },
                { "UpdateFirmware", "{\"requestId\":1,\"retries\":-1,\"firmware\":{\"location\":\"l\",\"retrieveDateTime\":\"" SAMPLE_TIME "\"}}",
                  CODEC_FINE, CODEC_CONSTRAINT },
                { "GetLog", "{\"logType\":\"DataCollectorLog\",\"requestId\":1,\"log\":{\"remoteLocation\":\"l\"}}",
                  CODEC_CONSTRAINT, CODEC_FINE },
                { "GetLog", "{\"logType\":\"SecurityLog\",\"requestId\":1,\"log\":{\"remoteLocation\":\"%s\"}}",
                  CODEC_CONSTRAINT, CODEC_FINE },
                { "TriggerMessage", "{\"requestedMessage\":\"CustomTrigger\"}", CODEC_CONSTRAINT, CODEC_FINE },
                { "TriggerMessage", "{\"requestedMessage\":\"Heartbeat\",\"customTrigger\":\"x\"}", CODEC_UNKNOWN, CODEC_FINE },
                { "TriggerMessage", "{\"requestedMessage\":\"Heartbeat\",\"evse\":{\"id\":-1}}", CODEC_FINE, CODEC_CONSTRAINT },
        };
        static const Dialect *const dialects[] = {&ocpp201, &ocpp21};
        /* clang-format on */
        char location[2001] = "";

        memset(location, 'l', sizeof(location) - 1);
        for (size_t i = 0; i < 2 * ELEMENTSOF(cases); i++) {
                const Dialect *d = dialects[i % 2];
                const Table *t = dialect_find_incoming(d, cases[i / 2].action)->request;
                char json[3000];
                cJSON *parsed;
                CodecError error = {0};
                Message m;

                put_location(cases[i / 2].json, location, json, sizeof(json));
                parsed = parse(json);
                make_blank(t, &m);
                codec_decode(t, d->rules, parsed, &m, &error);
                if (error.violation != (i % 2 ? cases[i / 2].now : cases[i / 2].before))
                        fail_msg("%s: %.80s: %s", d->name, cases[i / 2].json, error.text);
                codec_done(t, &m);
                cJSON_Delete(parsed);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ocpp21_vectors_both_ways),
                cmocka_unit_test(ocpp21_every_message_of_its_own_has_a_vector),
                cmocka_unit_test(ocpp21_refuses_every_bad_field),
                cmocka_unit_test(ocpp21_writes_what_it_reads),
                cmocka_unit_test(ocpp21_says_each_status_as_it_is),
                cmocka_unit_test(ocpp21_spells_errors_as_201),
                cmocka_unit_test(ocpp21_alone_tells_the_reason),
                cmocka_unit_test(ocpp21_takes_what_201_refuses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
