/* OCPP 1.6: every message by golden vectors, every field by the sweep, and what stands beside. */
#include "dialect-sweep.h"
#include "ocpp16.h"

#define NO_UPDATE .request_id = NO_INT, .retries = NO_INT, .retry_interval = NO_INT
#define AT "2026-11-24T04:10:00.000Z"

/* clang-format off */
static const char *const asked_keys[] = { "HeartbeatInterval", "Nonsense" };
static const ConfigurationValue told_values[] = {
        { "NumberOfConnectors", 1, (char *)"2" }, { "CpoName", 0, (char *)"" }, { "Empty", 0, NULL },
};
static RootId roots[] = {
        { ROOT_OF_CSMS,         HASH_SHA256, (char *)"a1", (char *)"b2", (char *)"1f" },
        { ROOT_OF_MANUFACTURER, HASH_SHA512, (char *)"c",  (char *)"d",  (char *)"0"  },
};

static const Golden goldens[] = {
        { "SignedUpdateFirmware", false,
          "{\"requestId\":17,\"retries\":2,\"retryInterval\":30,\"firmware\":{\"location\":\"https://h/a.raucb\","
          "\"retrieveDateTime\":\"" AT "\",\"installDateTime\":\"2026-11-24T04:10:01.500Z\","
          "\"signingCertificate\":\"CERT\",\"signature\":\"SIG\"}}",
          { .update = { .request_id = 17, .location = (char *)"https://h/a.raucb", .retrieve_at = SAMPLE_USEC,
                        .install_at = SAMPLE_USEC + 1500000, .retries = 2, .retry_interval = 30,
                        .signing_certificate = (char *)"CERT", .signature = (char *)"SIG" } } },
        { "SignedUpdateFirmware", false, /* the least; an id may be 0 */
          "{\"requestId\":0,\"firmware\":{\"location\":\"l\",\"retrieveDateTime\":\"" AT "\","
          "\"signingCertificate\":\"C\",\"signature\":\"S\"}}",
          { .update = { .request_id = 0, .location = (char *)"l", .retrieve_at = SAMPLE_USEC, .install_at = NO_TIME,
                        .retries = NO_INT, .retry_interval = NO_INT, .signing_certificate = (char *)"C",
                        .signature = (char *)"S" } } },
        { "SignedUpdateFirmware", true, "{\"status\":\"Accepted\"}", { .update_answer = { VERDICT_ACCEPTED } } },
        { "SignedUpdateFirmware", true, "{\"status\":\"Rejected\"}", { .update_answer = { VERDICT_REJECTED } } },
        { "SignedUpdateFirmware", true, "{\"status\":\"AcceptedCanceled\"}", { .update_answer = { VERDICT_ACCEPTED_CANCELED } } },
        { "SignedUpdateFirmware", true, "{\"status\":\"InvalidCertificate\"}", { .update_answer = { VERDICT_INVALID_CERTIFICATE } } },
        { "SignedUpdateFirmware", true, "{\"status\":\"RevokedCertificate\"}", { .update_answer = { VERDICT_REVOKED_CERTIFICATE } } },
        { "UpdateFirmware", false,
          "{\"location\":\"ftp://u:p@h:21/d/a.raucb\",\"retrieveDate\":\"" AT "\",\"retries\":0,\"retryInterval\":60}",
          { .update = { .request_id = NO_INT, .location = (char *)"ftp://u:p@h:21/d/a.raucb", .retrieve_at = SAMPLE_USEC,
                        .install_at = NO_TIME, .retries = 0, .retry_interval = 60 } } },
        { "UpdateFirmware", false, "{\"location\":\"l\",\"retrieveDate\":\"" AT "\"}",
          { .update = { NO_UPDATE, .location = (char *)"l", .retrieve_at = SAMPLE_USEC, .install_at = NO_TIME } } },
        { "UpdateFirmware", true, "{}", { .empty = { 0 } } },
        { "GetLog", false,
          "{\"logType\":\"SecurityLog\",\"requestId\":-1,\"retries\":0,\"retryInterval\":5,\"log\":{\"remoteLocation\":\"ftps://h/d/\","
          "\"oldestTimestamp\":\"" AT "\",\"latestTimestamp\":\"2026-11-24T04:10:01.500Z\"}}",
          { .log_request = { .kind = LOGS_SECURITY, .request_id = -1, .location = (char *)"ftps://h/d/", .oldest = SAMPLE_USEC,
                             .latest = SAMPLE_USEC + 1500000, .retries = 0, .retry_interval = 5 } } },
        { "GetLog", false, "{\"logType\":\"DiagnosticsLog\",\"requestId\":7,\"log\":{\"remoteLocation\":\"l\"}}",
          { .log_request = { .kind = LOGS_DIAGNOSTICS, .request_id = 7, .location = (char *)"l", .oldest = NO_TIME,
                             .latest = NO_TIME, .retries = NO_INT, .retry_interval = NO_INT } } },
        { "GetDiagnostics", false,
          "{\"location\":\"ftp://u:p@h/d\",\"retries\":3,\"retryInterval\":9,\"startTime\":\"" AT "\",\"stopTime\":\"2026-11-24T04:10:01.500Z\"}",
          { .log_request = { .request_id = NO_INT, .location = (char *)"ftp://u:p@h/d", .oldest = SAMPLE_USEC,
                             .latest = SAMPLE_USEC + 1500000, .retries = 3, .retry_interval = 9 } } },
        { "GetDiagnostics", true, "{\"fileName\":\"a.tar.gz\"}", { .log_answer = { 0, "a.tar.gz" } } },
        { "GetDiagnostics", true, "{}", { .log_answer = { 0, NULL } } },
        { "GetLog", true, "{\"status\":\"Accepted\",\"filename\":\"a.tar.gz\"}", { .log_answer = { LOGS_ACCEPTED, "a.tar.gz" } } },
        { "GetLog", true, "{\"status\":\"Rejected\"}", { .log_answer = { LOGS_REJECTED, NULL } } },
        { "GetLog", true, "{\"status\":\"AcceptedCanceled\",\"filename\":\"b\"}", { .log_answer = { LOGS_ACCEPTED_CANCELED, "b" } } },
        { "GetConfiguration", false, "{}", { .configuration = { { NULL, 0 } } } },
        { "GetConfiguration", false, "{\"key\":[]}", { .configuration = { { NULL, 0 } } }, .decode_only = true },
        { "GetConfiguration", false, "{\"key\":[\"HeartbeatInterval\",\"Nonsense\"]}", { .configuration = { { (void *)asked_keys, 2 } } } },
        { "GetConfiguration", true, "{}", { .configuration_answer = { { NULL, 0 }, { NULL, 0 } } } },
        { "GetConfiguration", true,
          "{\"configurationKey\":[{\"key\":\"NumberOfConnectors\",\"readonly\":true,\"value\":\"2\"},"
          "{\"key\":\"CpoName\",\"readonly\":false,\"value\":\"\"},{\"key\":\"Empty\",\"readonly\":false}],"
          "\"unknownKey\":[\"HeartbeatInterval\",\"Nonsense\"]}",
          { .configuration_answer = { { (void *)told_values, 3 }, { (void *)asked_keys, 2 } } } },
        { "ChangeConfiguration", false, "{\"key\":\"k\",\"value\":\"\"}", { .configuration_change = { (char *)"k", (char *)"" } } },
        { "ChangeConfiguration", true, "{\"status\":\"Accepted\"}", { .configuration_changed = { CONFIGURATION_ACCEPTED } } },
        { "ChangeConfiguration", true, "{\"status\":\"Rejected\"}", { .configuration_changed = { CONFIGURATION_REJECTED } } },
        { "ChangeConfiguration", true, "{\"status\":\"RebootRequired\"}", { .configuration_changed = { CONFIGURATION_REBOOT_REQUIRED } } },
        { "ChangeConfiguration", true, "{\"status\":\"NotSupported\"}", { .configuration_changed = { CONFIGURATION_NOT_SUPPORTED } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"BootNotification\"}", { .trigger = { TRIGGER_BOOT_NOTIFICATION, NO_INT, NO_INT } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"Heartbeat\"}", { .trigger = { TRIGGER_HEARTBEAT, NO_INT, NO_INT } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"FirmwareStatusNotification\"}", { .trigger = { TRIGGER_FIRMWARE_STATUS, NO_INT, NO_INT } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"DiagnosticsStatusNotification\"}", { .trigger = { TRIGGER_DIAGNOSTICS_STATUS, NO_INT, NO_INT } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"StatusNotification\",\"connectorId\":1}", { .trigger = { TRIGGER_STATUS, 1, NO_INT } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"MeterValues\",\"connectorId\":3}", { .trigger = { TRIGGER_METER_VALUES, 3, NO_INT } } },
        { "TriggerMessage", true, "{\"status\":\"Accepted\"}", { .trigger_answer = { TRIGGER_ACCEPTED } } },
        { "TriggerMessage", true, "{\"status\":\"Rejected\"}", { .trigger_answer = { TRIGGER_REJECTED } } },
        { "TriggerMessage", true, "{\"status\":\"NotImplemented\"}", { .trigger_answer = { TRIGGER_NOT_IMPLEMENTED } } },
        { "ExtendedTriggerMessage", false, "{\"requestedMessage\":\"FirmwareStatusNotification\"}", { .trigger = { TRIGGER_FIRMWARE_STATUS, NO_INT, NO_INT } } },
        { "ExtendedTriggerMessage", false, "{\"requestedMessage\":\"LogStatusNotification\"}", { .trigger = { TRIGGER_LOG_STATUS, NO_INT, NO_INT } } },
        { "ExtendedTriggerMessage", false, "{\"requestedMessage\":\"BootNotification\"}", { .trigger = { TRIGGER_BOOT_NOTIFICATION, NO_INT, NO_INT } } },
        { "ExtendedTriggerMessage", false, "{\"requestedMessage\":\"Heartbeat\"}", { .trigger = { TRIGGER_HEARTBEAT, NO_INT, NO_INT } } },
        { "ExtendedTriggerMessage", false, "{\"requestedMessage\":\"StatusNotification\",\"connectorId\":2}", { .trigger = { TRIGGER_STATUS, 2, NO_INT } } },
        { "ExtendedTriggerMessage", false, "{\"requestedMessage\":\"SignChargePointCertificate\"}", { .trigger = { TRIGGER_OTHER, NO_INT, NO_INT } }, .decode_only = true },
        { "ExtendedTriggerMessage", true, "{\"status\":\"Accepted\"}", { .trigger_answer = { TRIGGER_ACCEPTED } } },
        { "InstallCertificate", false, "{\"certificateType\":\"CentralSystemRootCertificate\",\"certificate\":\"PEM\"}",
          { .install = { ROOT_OF_CSMS, (char *)"PEM" } } },
        { "InstallCertificate", false, "{\"certificateType\":\"ManufacturerRootCertificate\",\"certificate\":\"\"}",
          { .install = { ROOT_OF_MANUFACTURER, (char *)"" } } },
        { "InstallCertificate", true, "{\"status\":\"Accepted\"}", { .root_answer = { ROOT_ACCEPTED, NULL, NULL } } },
        { "InstallCertificate", true, "{\"status\":\"Rejected\"}", { .root_answer = { ROOT_REJECTED, NULL, NULL } } },
        { "InstallCertificate", true, "{\"status\":\"Failed\"}", { .root_answer = { ROOT_FAILED, NULL, NULL } } },
        { "GetInstalledCertificateIds", false, "{\"certificateType\":\"ManufacturerRootCertificate\"}",
          { .roots = { .use = ROOT_OF_MANUFACTURER } } },
        { "GetInstalledCertificateIds", true, "{\"status\":\"NotFound\"}", { .roots_answer = { .verdict = ROOT_NOT_FOUND } } },
        { "GetInstalledCertificateIds", true,
          "{\"status\":\"Accepted\",\"certificateHashData\":[{\"hashAlgorithm\":\"SHA256\",\"issuerNameHash\":\"a1\",\"issuerKeyHash\":\"b2\",\"serialNumber\":\"1f\"},"
          "{\"hashAlgorithm\":\"SHA512\",\"issuerNameHash\":\"c\",\"issuerKeyHash\":\"d\",\"serialNumber\":\"0\"}]}",
          { .roots_answer = { ROOT_ACCEPTED, { roots, 2 } } } },
        { "DeleteCertificate", false, "{\"certificateHashData\":{\"hashAlgorithm\":\"SHA384\",\"issuerNameHash\":\"a\",\"issuerKeyHash\":\"b\",\"serialNumber\":\"1\"}}",
          { .root = { ROOT_OF_CSMS, HASH_SHA384, (char *)"a", (char *)"b", (char *)"1" } } },
        { "DeleteCertificate", true, "{\"status\":\"Accepted\"}", { .root_answer = { ROOT_ACCEPTED, NULL, NULL } } },
        { "DeleteCertificate", true, "{\"status\":\"Failed\"}", { .root_answer = { ROOT_FAILED, NULL, NULL } } },
        { "DeleteCertificate", true, "{\"status\":\"NotFound\"}", { .root_answer = { ROOT_NOT_FOUND, NULL, NULL } } },
        { "Reset", false, "{\"type\":\"Soft\"}", { .reset = { RESET_SERVICE, NO_INT } } },
        { "Reset", false, "{\"type\":\"Hard\"}", { .reset = { RESET_MACHINE, NO_INT } } },
        { "Reset", true, "{\"status\":\"Accepted\"}", { .order_answer = { ORDER_ACCEPTED, NULL, NULL } } },
        { "Reset", true, "{\"status\":\"Rejected\"}", { .order_answer = { ORDER_REJECTED, NULL, NULL } } },
        { "ChangeAvailability", false, "{\"connectorId\":0,\"type\":\"Inoperative\"}", { .availability = { 0, NO_INT, INOPERATIVE } } },
        { "ChangeAvailability", false, "{\"connectorId\":2,\"type\":\"Operative\"}", { .availability = { 2, NO_INT, OPERATIVE } } },
        { "ChangeAvailability", true, "{\"status\":\"Accepted\"}", { .order_answer = { ORDER_ACCEPTED, NULL, NULL } } },
        { "ChangeAvailability", true, "{\"status\":\"Rejected\"}", { .order_answer = { ORDER_REJECTED, NULL, NULL } } },
        { "ChangeAvailability", true, "{\"status\":\"Scheduled\"}", { .order_answer = { ORDER_SCHEDULED, NULL, NULL } } },
        { "RemoteStartTransaction", false, "{\"idTag\":\"T\",\"connectorId\":1,\"chargingProfile\":{\"stackLevel\":1}}", { .empty = { 0 } }, .decode_only = true },
        { "RemoteStartTransaction", true, "{\"status\":\"Rejected\"}", { .fixed = { 0, 0 } } },
        { "RemoteStopTransaction", false, "{\"transactionId\":7}", { .empty = { 0 } }, .decode_only = true },
        { "RemoteStopTransaction", true, "{\"status\":\"Rejected\"}", { .fixed = { 0, 0 } } },
        { "ClearCache", false, "{}", { .empty = { 0 } }, .decode_only = true },
        { "ClearCache", true, "{\"status\":\"Rejected\"}", { .fixed = { 0, 0 } } },
        { "CertificateSigned", false, "{\"certificateChain\":\"PEM\"}", { .empty = { 0 } }, .decode_only = true },
        { "CertificateSigned", true, "{\"status\":\"Rejected\"}", { .fixed = { 0, 0 } } },
        { "UnlockConnector", false, "{\"connectorId\":1}", { .empty = { 0 } }, .decode_only = true },
        { "UnlockConnector", true, "{\"status\":\"NotSupported\"}", { .fixed = { 0, 0 } } },
        { "GetLocalListVersion", false, "{}", { .empty = { 0 } }, .decode_only = true },
        { "GetLocalListVersion", true, "{\"listVersion\":-1}", { .fixed = { 0, -1 } } },
        { "SendLocalList", false, "{\"listVersion\":1,\"localAuthorizationList\":[{\"idTag\":\"T\"}],\"updateType\":\"Full\"}", { .empty = { 0 } }, .decode_only = true },
        { "SendLocalList", true, "{\"status\":\"NotSupported\"}", { .fixed = { 0, 0 } } },
        { "DataTransfer", false, "{\"vendorId\":\"V\",\"messageId\":\"m\",\"data\":\"d\"}", { .empty = { 0 } }, .decode_only = true },
        { "DataTransfer", true, "{\"status\":\"UnknownVendorId\"}", { .fixed = { 0, 0 } } },
        { "BootNotification", false,
          "{\"chargePointVendor\":\"V\",\"chargePointModel\":\"M\",\"chargePointSerialNumber\":\"S\",\"firmwareVersion\":\"1.2\"}",
          { .boot = { BOOT_FIRMWARE_UPDATE, "V", "M", "S", "1.2" } } },
        { "BootNotification", false,
          "{\"chargePointVendor\":\"V\",\"chargePointModel\":\"M\",\"chargeBoxSerialNumber\":\"b\",\"iccid\":\"i\","
          "\"imsi\":\"j\",\"meterType\":\"t\",\"meterSerialNumber\":\"n\"}",
          { .boot = { 0, "V", "M", NULL, NULL } }, .decode_only = true },
        { "BootNotification", true, "{\"status\":\"Accepted\",\"currentTime\":\"" AT "\",\"interval\":300}",
          { .boot_answer = { REGISTRATION_ACCEPTED, SAMPLE_USEC, 300 } } },
        { "BootNotification", true, "{\"status\":\"Pending\",\"currentTime\":\"" AT "\",\"interval\":0}",
          { .boot_answer = { REGISTRATION_PENDING, SAMPLE_USEC, 0 } } },
        { "BootNotification", true, "{\"status\":\"Rejected\",\"currentTime\":\"2026-11-24T05:10:00+01:00\",\"interval\":10}",
          { .boot_answer = { REGISTRATION_REJECTED, SAMPLE_USEC, 10 } }, .decode_only = true },
        { "Heartbeat", false, "{}", { .empty = { 0 } } },
        { "Heartbeat", true, "{\"currentTime\":\"" AT "\"}", { .heartbeat_answer = { SAMPLE_USEC } } },
        { "StatusNotification", false,
          "{\"connectorId\":0,\"errorCode\":\"NoError\",\"status\":\"Available\",\"timestamp\":\"" AT "\"}",
          { .connector = { SAMPLE_USEC, 0, NO_INT, CONNECTOR_AVAILABLE, 0 } } },
        { "StatusNotification", false, "{\"connectorId\":2,\"errorCode\":\"NoError\",\"status\":\"Unavailable\"}",
          { .connector = { NO_TIME, 2, 1, CONNECTOR_UNAVAILABLE, 0 } } },
        { "StatusNotification", true, "{}", { .empty = { 0 } } },
        { "SignedFirmwareStatusNotification", false, "{\"status\":\"InvalidSignature\",\"requestId\":17}",
          { .firmware = { FW_INVALID_SIGNATURE, 17 } } },
        { "SignedFirmwareStatusNotification", false, "{\"status\":\"Idle\"}", { .firmware = { FW_IDLE, NO_INT } } },
        { "SignedFirmwareStatusNotification", true, "{}", { .empty = { 0 } } },
        { "FirmwareStatusNotification", false, "{\"status\":\"Downloading\"}", { .firmware = { FW_DOWNLOADING, NO_INT } } },
        { "FirmwareStatusNotification", false, "{\"status\":\"Installed\"}", /* an id has no place there */
          { .firmware = { FW_INSTALLED, 17 } } },
        { "FirmwareStatusNotification", true, "{}", { .empty = { 0 } } },
        { "LogStatusNotification", false, "{\"status\":\"Idle\"}", { .log = { LOG_STATUS_IDLE, NO_INT } } },
        { "LogStatusNotification", false, "{\"status\":\"Uploading\",\"requestId\":-4}", { .log = { LOG_STATUS_UPLOADING, -4 } } },
        { "LogStatusNotification", false, "{\"status\":\"Uploaded\",\"requestId\":0}", { .log = { LOG_STATUS_UPLOADED, 0 } } },
        { "LogStatusNotification", false, "{\"status\":\"UploadFailure\",\"requestId\":1}", { .log = { LOG_STATUS_UPLOAD_FAILURE, 1 } } },
        { "LogStatusNotification", false, "{\"status\":\"PermissionDenied\",\"requestId\":1}", { .log = { LOG_STATUS_PERMISSION_DENIED, 1 } } },
        { "LogStatusNotification", false, "{\"status\":\"BadMessage\",\"requestId\":1}", { .log = { LOG_STATUS_BAD_MESSAGE, 1 } } },
        { "LogStatusNotification", false, "{\"status\":\"NotSupportedOperation\",\"requestId\":1}", { .log = { LOG_STATUS_NOT_SUPPORTED_OPERATION, 1 } } },
        { "LogStatusNotification", true, "{}", { .empty = { 0 } } },
        { "DiagnosticsStatusNotification", false, "{\"status\":\"Idle\"}", { .log = { LOG_STATUS_IDLE, NO_INT } } },
        { "DiagnosticsStatusNotification", false, "{\"status\":\"Uploading\"}", { .log = { LOG_STATUS_UPLOADING, 4 } } },
        { "DiagnosticsStatusNotification", false, "{\"status\":\"Uploaded\"}", { .log = { LOG_STATUS_UPLOADED, NO_INT } } },
        { "DiagnosticsStatusNotification", false, "{\"status\":\"UploadFailed\"}", { .log = { LOG_STATUS_UPLOAD_FAILURE, NO_INT } } },
        { "DiagnosticsStatusNotification", true, "{}", { .empty = { 0 } } },
        { "SecurityEventNotification", false,
          "{\"type\":\"InvalidCentralSystemCertificate\",\"timestamp\":\"" AT "\",\"techInfo\":\"expired\"}",
          { .security = { SECURITY_INVALID_CSMS_CERTIFICATE, SAMPLE_USEC, "expired" } } },
        { "SecurityEventNotification", false,
          "{\"type\":\"FailedToAuthenticateAtCentralSystem\",\"timestamp\":\"" AT "\"}",
          { .security = { SECURITY_FAILED_TO_AUTHENTICATE, SAMPLE_USEC, NULL } } },
        { "SecurityEventNotification", false, "{\"type\":\"FirmwareUpdated\",\"timestamp\":\"" AT "\"}",
          { .security = { SECURITY_FIRMWARE_UPDATED, SAMPLE_USEC, NULL } } },
        { "SecurityEventNotification", false, "{\"type\":\"StartupOfTheDevice\",\"timestamp\":\"" AT "\"}",
          { .security = { SECURITY_STARTUP, SAMPLE_USEC, NULL } } },
        { "SecurityEventNotification", false, "{\"type\":\"ResetOrReboot\",\"timestamp\":\"" AT "\"}",
          { .security = { SECURITY_RESET_OR_REBOOT, SAMPLE_USEC, NULL } } },
        { "SecurityEventNotification", true, "{}", { .empty = { 0 } } },
};

/* What is on the wire by kind of job; NULL: nothing. */
static const struct {
        FirmwareStatus status;
        const char *plain, *with_signature;
} statuses[] = {
        { FW_NONE,                        NULL,                 NULL                        },
        { FW_IDLE,                        "Idle",               "Idle"                      },
        { FW_DOWNLOAD_SCHEDULED,          NULL,                 "DownloadScheduled"         },
        { FW_DOWNLOADING,                 "Downloading",        "Downloading"               },
        { FW_DOWNLOAD_PAUSED,             NULL,                 "DownloadPaused"            },
        { FW_DOWNLOADED,                  "Downloaded",         "Downloaded"                },
        { FW_DOWNLOAD_FAILED,             "DownloadFailed",     "DownloadFailed"            },
        { FW_SIGNATURE_VERIFIED,          NULL,                 "SignatureVerified"         },
        { FW_INVALID_SIGNATURE,           "InstallationFailed", "InvalidSignature"          },
        { FW_INSTALL_SCHEDULED,           NULL,                 "InstallScheduled"          },
        { FW_INSTALLING,                  "Installing",         "Installing"                },
        { FW_INSTALL_REBOOTING,           NULL,                 "InstallRebooting"          },
        { FW_INSTALL_VERIFICATION_FAILED, "InstallationFailed", "InstallVerificationFailed" },
        { FW_INSTALLATION_FAILED,         "InstallationFailed", "InstallationFailed"        },
        { FW_INSTALLED,                   "Installed",          "Installed"                 },
};
/* clang-format on */

static void ocpp16_vectors_both_ways(_unused_ void **state)
{
        check_goldens(&ocpp16, goldens, ELEMENTSOF(goldens));
}

static void ocpp16_every_message_has_a_vector(_unused_ void **state)
{
        check_goldens_complete(&ocpp16, goldens, ELEMENTSOF(goldens));
}

static void ocpp16_refuses_every_bad_field(_unused_ void **state)
{
        each_table(&ocpp16, sweep_table);
}

static void ocpp16_writes_what_it_reads(_unused_ void **state)
{
        each_table(&ocpp16, sweep_encoder);
}

static void ocpp16_says_each_status_by_kind_of_job(_unused_ void **state)
{
        assert_int_equal(ELEMENTSOF(statuses), FW_STATUS_MAX);
        for (size_t i = 0; i < ELEMENTSOF(statuses); i++) {
                check_firmware_word(&ocpp16, true, statuses[i].status, statuses[i].plain);
                check_firmware_word(&ocpp16, false, statuses[i].status, statuses[i].with_signature);
        }
        assert_int_equal(dialect_firmware_kind(&ocpp16, true), OUT_FIRMWARE_STATUS_PLAIN);
        assert_int_equal(dialect_firmware_kind(&ocpp16, false), OUT_FIRMWARE_STATUS);
}

/* The same word asks for different messages. */
static void ocpp16_triggers_by_their_action(_unused_ void **state)
{
        assert_int_equal(dialect_find_incoming(&ocpp16, "TriggerMessage")->firmware_status,
                         OUT_FIRMWARE_STATUS_PLAIN);
        assert_int_equal(dialect_find_incoming(&ocpp16, "ExtendedTriggerMessage")->firmware_status,
                         OUT_FIRMWARE_STATUS);
        assert_string_equal(dialect_outgoing(&ocpp16, OUT_FIRMWARE_STATUS_PLAIN)->action,
                            "FirmwareStatusNotification");
        assert_string_equal(dialect_outgoing(&ocpp16, OUT_FIRMWARE_STATUS)->action,
                            "SignedFirmwareStatusNotification");
}

/* OCPP-J 1.6 errata 5.1, 5.2: the wire keeps the misspelt words. */
static void ocpp16_spells_errors_its_own_way(_unused_ void **state)
{
        static const char *const misspelt[] = {"FormationViolation",
                                               "OccurenceConstraintViolation"};

        check_errors(&ocpp16, misspelt, ELEMENTSOF(misspelt));
        assert_null(ocpp16.frames.errors[RPC_FRAMEWORK_ERROR]);
        assert_null(ocpp16.frames.errors[RPC_MESSAGE_TYPE_NOT_SUPPORTED]);
}

/* A key each, of a variable each, and none longer than an answer may tell. */
static void ocpp16_names_each_variable_once(_unused_ void **state)
{
        for (size_t i = 0; i < ocpp16.key_count; i++) {
                const ConfigurationKey *key = &ocpp16.keys[i];

                assert_true(strlen(key->key) <= 50);
                assert_ptr_equal(dialect_find_key(&ocpp16, key->key), key);
                for (size_t k = 0; k < i; k++)
                        assert_int_not_equal(ocpp16.keys[k].id, key->id);
        }
}

/* CiString50Type; some write HeartBeatInterval. */
static void ocpp16_finds_keys_in_any_case(_unused_ void **state)
{
        assert_int_equal(dialect_find_key(&ocpp16, "HeartBeatInterval")->id,
                         VAR_HEARTBEAT_INTERVAL);
        assert_int_equal(dialect_find_key(&ocpp16, "CPONAME")->id, VAR_ORGANIZATION_NAME);
        assert_null(dialect_find_key(&(Dialect){0}, "CpoName")); /* 2.x has none */
        assert_null(dialect_find_key(&ocpp16, "CpoNam"));
        assert_null(dialect_find_key(&ocpp16, "CpoNames"));
        assert_null(dialect_find_key(&ocpp16, ""));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ocpp16_vectors_both_ways),
                cmocka_unit_test(ocpp16_every_message_has_a_vector),
                cmocka_unit_test(ocpp16_refuses_every_bad_field),
                cmocka_unit_test(ocpp16_writes_what_it_reads),
                cmocka_unit_test(ocpp16_says_each_status_by_kind_of_job),
                cmocka_unit_test(ocpp16_triggers_by_their_action),
                cmocka_unit_test(ocpp16_spells_errors_its_own_way),
                cmocka_unit_test(ocpp16_names_each_variable_once),
                cmocka_unit_test(ocpp16_finds_keys_in_any_case),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
