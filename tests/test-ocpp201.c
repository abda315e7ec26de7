/* OCPP 2.0.1: every message by golden vectors, every field by the sweep, and what stands beside. */
#include "dialect-sweep.h"
#include "ocpp201.h"

#define AT "2026-11-24T04:10:00.000Z"
#define CUSTOM "\"customData\":{\"vendorId\":\"v\",\"more\":[1,{}]}"

#define ITEMS(...)                                                                                 \
        {                                                                                          \
                (VariableItem[]){__VA_ARGS__},                                                     \
                        sizeof((VariableItem[]){__VA_ARGS__}) / sizeof(VariableItem)               \
        }
#define HEARTBEAT                                                                                  \
        {                                                                                          \
                .component = "OCPPCommCtrlr", .variable = "HeartbeatInterval", .evse = NO_INT,     \
                .connector = NO_INT                                                                \
        }
#define HEARTBEAT_JSON                                                                             \
        "\"component\":{\"name\":\"OCPPCommCtrlr\"},\"variable\":{\"name\":\"HeartbeatInterval\"}"
#define PLUG                                                                                       \
        {                                                                                          \
                .component = "Connector", .component_instance = "a", .evse = 2, .connector = 1,    \
                .variable = "Available", .variable_instance = "b"                                  \
        }
#define PLUG_JSON                                                                                  \
        "\"component\":{\"name\":\"Connector\",\"instance\":\"a\",\"evse\":{\"id\":2,"             \
        "\"connectorId\":"                                                                         \
        "1}},\"variable\":{\"name\":\"Available\",\"instance\":\"b\"}"

/* clang-format off */
static RootId roots[] = {
        { ROOT_OF_CSMS,         HASH_SHA256, (char *)"a1", (char *)"b2", (char *)"1f" },
        { ROOT_OF_MANUFACTURER, HASH_SHA512, (char *)"c",  (char *)"d",  (char *)"0"  },
};

static const Golden goldens[] = {
        { "UpdateFirmware", false,
          "{\"requestId\":17,\"retries\":2,\"retryInterval\":30,\"firmware\":{\"location\":\"https://h/a.raucb\","
          "\"retrieveDateTime\":\"" AT "\",\"installDateTime\":\"2026-11-24T04:10:01.500Z\","
          "\"signingCertificate\":\"CERT\",\"signature\":\"SIG\"}}",
          { .update = { .request_id = 17, .location = (char *)"https://h/a.raucb", .retrieve_at = SAMPLE_USEC,
                        .install_at = SAMPLE_USEC + 1500000, .retries = 2, .retry_interval = 30,
                        .signing_certificate = (char *)"CERT", .signature = (char *)"SIG" } } },
        { "UpdateFirmware", false, /* the least: no certificate, no signature (TC_L_18) */
          "{\"requestId\":-1,\"firmware\":{\"location\":\"l\",\"retrieveDateTime\":\"" AT "\"}}",
          { .update = { .request_id = -1, .location = (char *)"l", .retrieve_at = SAMPLE_USEC, .install_at = NO_TIME,
                        .retries = NO_INT, .retry_interval = NO_INT } } },
        { "UpdateFirmware", false, /* customData is allowed everywhere */
          "{\"requestId\":1," CUSTOM ",\"firmware\":{\"location\":\"l\",\"retrieveDateTime\":\"2026-11-24T04:10:00Z\"," CUSTOM "}}",
          { .update = { .request_id = 1, .location = (char *)"l", .retrieve_at = SAMPLE_USEC, .install_at = NO_TIME,
                        .retries = NO_INT, .retry_interval = NO_INT } }, .decode_only = true },
        { "UpdateFirmware", true, "{\"status\":\"Accepted\"}", { .update_answer = { VERDICT_ACCEPTED, NULL, NULL } } },
        { "UpdateFirmware", true, "{\"status\":\"Rejected\",\"statusInfo\":{\"reasonCode\":\"FwUpdateInProgress\"}}",
          { .update_answer = { VERDICT_REJECTED, "FwUpdateInProgress", NULL } } },
        { "UpdateFirmware", true, "{\"status\":\"AcceptedCanceled\"}", { .update_answer = { VERDICT_ACCEPTED_CANCELED, NULL, NULL } } },
        { "UpdateFirmware", true,
          "{\"status\":\"InvalidCertificate\",\"statusInfo\":{\"reasonCode\":\"InvalidCertificate\",\"additionalInfo\":\"it has expired\"}}",
          { .update_answer = { VERDICT_INVALID_CERTIFICATE, "InvalidCertificate", "it has expired" } } },
        { "UpdateFirmware", true, "{\"status\":\"RevokedCertificate\"}", { .update_answer = { VERDICT_REVOKED_CERTIFICATE, NULL, NULL } } },
        { "GetLog", false,
          "{\"logType\":\"SecurityLog\",\"requestId\":-1,\"retries\":0,\"retryInterval\":5,\"log\":{\"remoteLocation\":\"ftps://h/d/\","
          "\"oldestTimestamp\":\"" AT "\",\"latestTimestamp\":\"2026-11-24T04:10:01.500Z\"}}",
          { .log_request = { .kind = LOGS_SECURITY, .request_id = -1, .location = (char *)"ftps://h/d/", .oldest = SAMPLE_USEC,
                             .latest = SAMPLE_USEC + 1500000, .retries = 0, .retry_interval = 5 } } },
        { "GetLog", false, "{\"logType\":\"DiagnosticsLog\",\"requestId\":7,\"log\":{\"remoteLocation\":\"l\"}}",
          { .log_request = { .kind = LOGS_DIAGNOSTICS, .request_id = 7, .location = (char *)"l", .oldest = NO_TIME,
                             .latest = NO_TIME, .retries = NO_INT, .retry_interval = NO_INT } } },
        { "GetLog", true, "{\"status\":\"Accepted\",\"filename\":\"a.tar.gz\"}", { .log_answer = { LOGS_ACCEPTED, "a.tar.gz" } } },
        { "GetLog", true, "{\"status\":\"Rejected\"}", { .log_answer = { LOGS_REJECTED, NULL } } },
        { "GetLog", true, "{\"status\":\"AcceptedCanceled\",\"filename\":\"b\"}", { .log_answer = { LOGS_ACCEPTED_CANCELED, "b" } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"BootNotification\"}", { .trigger = { TRIGGER_BOOT_NOTIFICATION, NO_INT, NO_INT } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"Heartbeat\"}", { .trigger = { TRIGGER_HEARTBEAT, NO_INT, NO_INT } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"FirmwareStatusNotification\",\"evse\":{\"id\":1}}", { .trigger = { TRIGGER_FIRMWARE_STATUS, 1, NO_INT } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"LogStatusNotification\"}", { .trigger = { TRIGGER_LOG_STATUS, NO_INT, NO_INT } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"StatusNotification\",\"evse\":{\"id\":2,\"connectorId\":1}}", { .trigger = { TRIGGER_STATUS, 2, 1 } } },
        { "TriggerMessage", false, "{\"requestedMessage\":\"SignCombinedCertificate\"}", { .trigger = { TRIGGER_OTHER, NO_INT, NO_INT } }, .decode_only = true },
        { "TriggerMessage", false, "{\"requestedMessage\":\"MeterValues\",\"evse\":{\"id\":1," CUSTOM "}}", { .trigger = { TRIGGER_METER_VALUES, 1, NO_INT } }, .decode_only = true },
        { "TriggerMessage", true, "{\"status\":\"Accepted\"}", { .trigger_answer = { TRIGGER_ACCEPTED } } },
        { "TriggerMessage", true, "{\"status\":\"Rejected\"}", { .trigger_answer = { TRIGGER_REJECTED } } },
        { "TriggerMessage", true, "{\"status\":\"NotImplemented\"}", { .trigger_answer = { TRIGGER_NOT_IMPLEMENTED } } },
        { "TriggerMessage", true, "{\"status\":\"Rejected\",\"statusInfo\":{\"reasonCode\":\"x\"}}", { .trigger_answer = { TRIGGER_REJECTED } }, .decode_only = true },
        { "InstallCertificate", false, "{\"certificateType\":\"CSMSRootCertificate\",\"certificate\":\"PEM\"}",
          { .install = { ROOT_OF_CSMS, (char *)"PEM" } } },
        { "InstallCertificate", false, "{\"certificateType\":\"ManufacturerRootCertificate\",\"certificate\":\"\"}",
          { .install = { ROOT_OF_MANUFACTURER, (char *)"" } } },
        { "InstallCertificate", false, "{\"certificateType\":\"V2GRootCertificate\",\"certificate\":\"PEM\"}",
          { .install = { ROOT_OF_OTHERS, (char *)"PEM" } }, .decode_only = true },
        { "InstallCertificate", true, "{\"status\":\"Rejected\",\"statusInfo\":{\"reasonCode\":\"OutOfStorage\",\"additionalInfo\":\"i\"}}",
          { .root_answer = { ROOT_REJECTED, "OutOfStorage", "i" } } },
        { "DeleteCertificate", true, "{\"status\":\"Failed\",\"statusInfo\":{\"reasonCode\":\"ReadOnly\"}}",
          { .root_answer = { ROOT_FAILED, "ReadOnly", NULL } } },
        { "InstallCertificate", true, "{\"status\":\"Accepted\"}", { .root_answer = { ROOT_ACCEPTED, NULL, NULL } } },
        { "InstallCertificate", true, "{\"status\":\"Rejected\"}", { .root_answer = { ROOT_REJECTED, NULL, NULL } } },
        { "InstallCertificate", true, "{\"status\":\"Failed\"}", { .root_answer = { ROOT_FAILED, NULL, NULL } } },
        { "GetInstalledCertificateIds", false, "{}", { .roots = { .use = -1 } } },
        { "GetInstalledCertificateIds", false,
          "{\"certificateType\":[\"ManufacturerRootCertificate\",\"CSMSRootCertificate\"]}",
          { .roots = { -1, { (int[]){ ROOT_OF_MANUFACTURER, ROOT_OF_CSMS }, 2 } } } },
        { "GetInstalledCertificateIds", false, "{\"certificateType\":[\"V2GCertificateChain\"]}",
          { .roots = { -1, { (int[]){ ROOT_OF_OTHERS }, 1 } } }, .decode_only = true },
        { "GetInstalledCertificateIds", true, "{\"status\":\"NotFound\"}", { .roots_answer = { .verdict = ROOT_NOT_FOUND } } },
        { "GetInstalledCertificateIds", true,
          "{\"status\":\"Accepted\",\"certificateHashDataChain\":["
          "{\"certificateType\":\"CSMSRootCertificate\",\"certificateHashData\":{\"hashAlgorithm\":\"SHA256\",\"issuerNameHash\":\"a1\",\"issuerKeyHash\":\"b2\",\"serialNumber\":\"1f\"}},"
          "{\"certificateType\":\"ManufacturerRootCertificate\",\"certificateHashData\":{\"hashAlgorithm\":\"SHA512\",\"issuerNameHash\":\"c\",\"issuerKeyHash\":\"d\",\"serialNumber\":\"0\"}}]}",
          { .roots_answer = { ROOT_ACCEPTED, { roots, 2 } } } },
        { "DeleteCertificate", false, "{\"certificateHashData\":{\"hashAlgorithm\":\"SHA384\",\"issuerNameHash\":\"a\",\"issuerKeyHash\":\"b\",\"serialNumber\":\"1\"}}",
          { .root = { ROOT_OF_CSMS, HASH_SHA384, (char *)"a", (char *)"b", (char *)"1" } } },
        { "DeleteCertificate", true, "{\"status\":\"Accepted\"}", { .root_answer = { ROOT_ACCEPTED, NULL, NULL } } },
        { "DeleteCertificate", true, "{\"status\":\"Failed\"}", { .root_answer = { ROOT_FAILED, NULL, NULL } } },
        { "DeleteCertificate", true, "{\"status\":\"NotFound\"}", { .root_answer = { ROOT_NOT_FOUND, NULL, NULL } } },
        { "SetNetworkProfile", false,
          "{\"configurationSlot\":1,\"connectionData\":{\"ocppVersion\":\"OCPP20\",\"ocppTransport\":\"JSON\",\"ocppCsmsUrl\":\"wss://h/o\","
          "\"messageTimeout\":30,\"securityProfile\":2,\"ocppInterface\":\"Wired0\"}}",
          { .network = { .slot = 1, .transport = TRANSPORT_JSON, .url = (char *)"wss://h/o", .timeout = 30, .security = 2, .version = 3,
                         .apn_login = -1, .vpn_type = -1 } } },
        { "SetNetworkProfile", false, /* all that there may be */
          "{\"configurationSlot\":-1,\"connectionData\":{\"ocppVersion\":\"OCPP16\",\"ocppTransport\":\"SOAP\",\"ocppCsmsUrl\":\"u\","
          "\"messageTimeout\":0,\"securityProfile\":0,\"ocppInterface\":\"Wireless3\",\"apn\":{\"apn\":\"a\",\"apnUserName\":\"u\","
          "\"apnPassword\":\"p\",\"simPin\":1234,\"preferredNetwork\":\"123456\",\"useOnlyPreferredNetwork\":true,\"apnAuthentication\":\"PAP\"},"
          "\"vpn\":{\"server\":\"s\",\"user\":\"u\",\"group\":\"g\",\"password\":\"p\",\"key\":\"k\",\"type\":\"IKEv2\"}}}",
          { .network = { .slot = -1, .transport = TRANSPORT_SOAP, .url = (char *)"u", .version = 2, .interface = 7,
                         .apn = (char *)"a", .apn_login = 2, .vpn = (char *)"s", .vpn_user = (char *)"u",
                         .vpn_password = (char *)"p", .vpn_key = (char *)"k", .vpn_type = 0 } }, .decode_only = true },
        { "SetNetworkProfile", true, "{\"status\":\"Accepted\"}", { .network_answer = { NETWORK_ACCEPTED, NULL, NULL } } },
        { "SetNetworkProfile", true, "{\"status\":\"Rejected\",\"statusInfo\":{\"reasonCode\":\"InvalidURL\",\"additionalInfo\":\"why\"}}",
          { .network_answer = { NETWORK_REJECTED, "InvalidURL", "why" } } },
        { "SetNetworkProfile", true, "{\"status\":\"Failed\",\"statusInfo\":{\"reasonCode\":\"InternalError\"}}",
          { .network_answer = { NETWORK_FAILED, "InternalError", NULL } } },
        { "Reset", false, "{\"type\":\"Immediate\"}", { .reset = { RESET_IMMEDIATE, NO_INT } } },
        { "Reset", false, "{\"type\":\"OnIdle\",\"evseId\":1}", { .reset = { RESET_ON_IDLE, 1 } } },
        { "Reset", true, "{\"status\":\"Accepted\"}", { .order_answer = { ORDER_ACCEPTED, NULL, NULL } } },
        { "Reset", true, "{\"status\":\"Scheduled\"}", { .order_answer = { ORDER_SCHEDULED, NULL, NULL } } },
        { "Reset", true, "{\"status\":\"Rejected\",\"statusInfo\":{\"reasonCode\":\"TxInProgress\",\"additionalInfo\":\"a session\"}}",
          { .order_answer = { ORDER_REJECTED, "TxInProgress", "a session" } } },
        { "ChangeAvailability", false, "{\"operationalStatus\":\"Inoperative\"}", { .availability = { NO_INT, NO_INT, INOPERATIVE } } },
        { "ChangeAvailability", false, "{\"operationalStatus\":\"Operative\",\"evse\":{\"id\":2,\"connectorId\":1}}",
          { .availability = { 2, 1, OPERATIVE } } },
        { "ChangeAvailability", true, "{\"status\":\"Accepted\"}", { .order_answer = { ORDER_ACCEPTED, NULL, NULL } } },
        { "ChangeAvailability", true, "{\"status\":\"Scheduled\"}", { .order_answer = { ORDER_SCHEDULED, NULL, NULL } } },
        { "ChangeAvailability", true, "{\"status\":\"Rejected\",\"statusInfo\":{\"reasonCode\":\"UnknownEvse\"}}",
          { .order_answer = { ORDER_REJECTED, "UnknownEvse", NULL } } },
        { "UnlockConnector", false, "{\"evseId\":1,\"connectorId\":2}", { .unlock = { 1, 2 } } },
        { "UnlockConnector", true, "{\"status\":\"UnlockFailed\"}", { .unlock_answer = { UNLOCK_FAILED } } },
        { "UnlockConnector", true, "{\"status\":\"OngoingAuthorizedTransaction\"}", { .unlock_answer = { UNLOCK_IN_SESSION } } },
        { "UnlockConnector", true, "{\"status\":\"UnknownConnector\"}", { .unlock_answer = { UNLOCK_UNKNOWN } } },
        { "GetTransactionStatus", false, "{}", { .transaction = { NULL } } },
        { "GetTransactionStatus", false, "{\"transactionId\":\"t\"}", { .transaction = { (char *)"t" } } },
        { "GetTransactionStatus", true, "{\"messagesInQueue\":false}", { .transaction_answer = { -1, 0 } } },
        { "GetTransactionStatus", true, "{\"messagesInQueue\":false,\"ongoingIndicator\":false}", { .transaction_answer = { 0, 0 } } },
        { "RequestStartTransaction", false, "{\"idToken\":{\"idToken\":\"T\",\"type\":\"Central\",\"additionalInfo\":[{}]},\"remoteStartId\":1,\"evseId\":1,\"groupIdToken\":{\"idToken\":\"\",\"type\":\"NoAuthorization\"},\"chargingProfile\":{}}", { .empty = { 0 } }, .decode_only = true },
        { "RequestStartTransaction", true, "{\"status\":\"Rejected\"}", { .fixed = { 0, 0 } } },
        { "RequestStopTransaction", false, "{\"transactionId\":\"t\"}", { .empty = { 0 } }, .decode_only = true },
        { "RequestStopTransaction", true, "{\"status\":\"Rejected\"}", { .fixed = { 0, 0 } } },
        { "ClearCache", false, "{}", { .empty = { 0 } }, .decode_only = true },
        { "ClearCache", true, "{\"status\":\"Rejected\"}", { .fixed = { 0, 0 } } },
        { "CertificateSigned", false, "{\"certificateChain\":\"PEM\",\"certificateType\":\"V2GCertificate\"}", { .empty = { 0 } }, .decode_only = true },
        { "CertificateSigned", true, "{\"status\":\"Rejected\"}", { .fixed = { 0, 0 } } },
        { "GetLocalListVersion", false, "{}", { .empty = { 0 } }, .decode_only = true },
        { "GetLocalListVersion", true, "{\"versionNumber\":0}", { .fixed = { 0, 0 } } },
        { "SendLocalList", false, "{\"versionNumber\":1,\"localAuthorizationList\":[{}],\"updateType\":\"Differential\"}", { .empty = { 0 } }, .decode_only = true },
        { "SendLocalList", true, "{\"status\":\"Failed\"}", { .fixed = { 0, 0 } } },
        { "DataTransfer", false, "{\"vendorId\":\"V\",\"messageId\":\"m\",\"data\":[1,{}]}", { .empty = { 0 } }, .decode_only = true },
        { "DataTransfer", true, "{\"status\":\"UnknownVendorId\"}", { .fixed = { 0, 0 } } },
        { "SetMonitoringBase", false, "{\"monitoringBase\":\"All\"}", { .empty = { 0 } }, .decode_only = true },
        { "SetMonitoringBase", true, "{\"status\":\"NotSupported\"}", { .fixed = { 0, 0 } } },
        { "GetMonitoringReport", false, "{\"requestId\":1,\"componentVariable\":[{}],\"monitoringCriteria\":[\"DeltaMonitoring\"]}", { .empty = { 0 } }, .decode_only = true },
        { "GetMonitoringReport", true, "{\"status\":\"NotSupported\"}", { .fixed = { 0, 0 } } },
        { "CustomerInformation", false, "{\"requestId\":1,\"report\":true,\"clear\":false,\"customerCertificate\":{},\"idToken\":{\"idToken\":\"T\",\"type\":\"Local\"},\"customerIdentifier\":\"c\"}", { .empty = { 0 } }, .decode_only = true },
        { "CustomerInformation", true, "{\"status\":\"Rejected\"}", { .fixed = { 0, 0 } } },
        { "GetVariables", false, "{\"getVariableData\":[{" HEARTBEAT_JSON "},{\"attributeType\":\"MaxSet\"," PLUG_JSON "}]}",
          { .variables = { ITEMS({ .name = HEARTBEAT, .attribute = -1, .status = -1 },
                                 { .name = PLUG, .attribute = ATTRIBUTE_MAX_SET, .status = -1 }) } } },
        { "GetVariables", true,
          "{\"getVariableResult\":[{\"attributeStatus\":\"Accepted\",\"attributeType\":\"Actual\",\"attributeValue\":\"300\"," HEARTBEAT_JSON "},"
          "{\"attributeStatus\":\"Accepted\",\"attributeValue\":\"\"," HEARTBEAT_JSON "},"
          "{\"attributeStatus\":\"Rejected\",\"attributeStatusInfo\":{\"reasonCode\":\"MissingDevModelInfo\",\"additionalInfo\":\"x\"}," PLUG_JSON "},"
          "{\"attributeStatus\":\"UnknownComponent\"," PLUG_JSON "},{\"attributeStatus\":\"UnknownVariable\"," PLUG_JSON "},"
          "{\"attributeStatus\":\"NotSupportedAttributeType\",\"attributeType\":\"Target\"," PLUG_JSON "}]}",
          { .variables = { ITEMS({ .name = HEARTBEAT, .attribute = ATTRIBUTE_ACTUAL, .value = (char *)"300", .status = VARIABLE_ACCEPTED },
                                 { .name = HEARTBEAT, .attribute = -1, .value = (char *)"", .status = VARIABLE_ACCEPTED },
                                 { .name = PLUG, .attribute = -1, .status = VARIABLE_REJECTED, .reason = (char *)"MissingDevModelInfo", .info = (char *)"x" },
                                 { .name = PLUG, .attribute = -1, .status = VARIABLE_UNKNOWN_COMPONENT },
                                 { .name = PLUG, .attribute = -1, .status = VARIABLE_UNKNOWN_VARIABLE },
                                 { .name = PLUG, .attribute = ATTRIBUTE_TARGET, .status = VARIABLE_NOT_SUPPORTED_ATTRIBUTE }) } } },
        { "SetVariables", false,
          "{\"setVariableData\":[{\"attributeValue\":\"300\"," HEARTBEAT_JSON "},{\"attributeType\":\"MinSet\",\"attributeValue\":\"\"," PLUG_JSON "}]}",
          { .variables = { ITEMS({ .name = HEARTBEAT, .attribute = -1, .value = (char *)"300" },
                                 { .name = PLUG, .attribute = ATTRIBUTE_MIN_SET, .value = (char *)"" }) } } },
        { "SetVariables", true,
          "{\"setVariableResult\":[{\"attributeStatus\":\"Accepted\",\"attributeType\":\"Actual\"," HEARTBEAT_JSON "},"
          "{\"attributeStatus\":\"RebootRequired\"," HEARTBEAT_JSON "},"
          "{\"attributeStatus\":\"Rejected\",\"attributeStatusInfo\":{\"reasonCode\":\"ReadOnly\"}," PLUG_JSON "},"
          "{\"attributeStatus\":\"UnknownComponent\"," PLUG_JSON "},{\"attributeStatus\":\"UnknownVariable\"," PLUG_JSON "},"
          "{\"attributeStatus\":\"NotSupportedAttributeType\"," PLUG_JSON "}]}",
          { .variables = { ITEMS({ .name = HEARTBEAT, .attribute = ATTRIBUTE_ACTUAL, .status = VARIABLE_ACCEPTED },
                                 { .name = HEARTBEAT, .attribute = -1, .status = VARIABLE_REBOOT_REQUIRED },
                                 { .name = PLUG, .attribute = -1, .status = VARIABLE_REJECTED, .reason = (char *)"ReadOnly" },
                                 { .name = PLUG, .attribute = -1, .status = VARIABLE_UNKNOWN_COMPONENT },
                                 { .name = PLUG, .attribute = -1, .status = VARIABLE_UNKNOWN_VARIABLE },
                                 { .name = PLUG, .attribute = -1, .status = VARIABLE_NOT_SUPPORTED_ATTRIBUTE }) } } },
        { "GetBaseReport", false, "{\"requestId\":-7,\"reportBase\":\"ConfigurationInventory\"}", { .report_request = { .request_id = -7, .base = REPORT_CONFIGURATION } } },
        { "GetBaseReport", false, "{\"requestId\":0,\"reportBase\":\"FullInventory\"}", { .report_request = { .request_id = 0, .base = REPORT_FULL } } },
        { "GetBaseReport", false, "{\"requestId\":1,\"reportBase\":\"SummaryInventory\"}", { .report_request = { .request_id = 1, .base = REPORT_SUMMARY } } },
        { "GetBaseReport", true, "{\"status\":\"Accepted\"}", { .report_answer = { REPORT_ACCEPTED, NULL, NULL } } },
        { "GetBaseReport", true, "{\"status\":\"NotSupported\"}", { .report_answer = { REPORT_NOT_SUPPORTED, NULL, NULL } } },
        { "GetBaseReport", true, "{\"status\":\"Rejected\",\"statusInfo\":{\"reasonCode\":\"Unspecified\",\"additionalInfo\":\"x\"}}",
          { .report_answer = { REPORT_REJECTED, "Unspecified", "x" } } },
        { "GetReport", false, "{\"requestId\":3}", { .report_request = { .request_id = 3 } } },
        { "GetReport", false,
          "{\"requestId\":3,\"componentCriteria\":[\"Active\",\"Available\",\"Enabled\",\"Problem\"],"
          "\"componentVariable\":[{" PLUG_JSON "},{\"component\":{\"name\":\"EVSE\",\"evse\":{\"id\":1}}}]}",
          { .report_request = { .request_id = 3,
                                .criteria = { (int[]){ CRITERION_ACTIVE, CRITERION_AVAILABLE, CRITERION_ENABLED, CRITERION_PROBLEM }, 4 },
                                .names = { (ModelName[]){ PLUG, { .component = (char *)"EVSE", .evse = 1, .connector = NO_INT } }, 2 } } } },
        { "GetReport", true, "{\"status\":\"NotSupported\"}", { .report_answer = { REPORT_NOT_SUPPORTED, NULL, NULL } } },
        { "GetReport", true, "{\"status\":\"EmptyResultSet\"}", { .report_answer = { REPORT_EMPTY, NULL, NULL } } },
        { "NotifyReport", false,
          "{\"requestId\":3,\"generatedAt\":\"" AT "\",\"seqNo\":1,\"tbc\":true,\"reportData\":[{" HEARTBEAT_JSON ",\"variableAttribute\":"
          "[{\"type\":\"Actual\",\"value\":\"300\",\"mutability\":\"ReadWrite\",\"persistent\":true,\"constant\":false}],\"variableCharacteristics\":"
          "{\"unit\":\"s\",\"dataType\":\"integer\",\"minLimit\":1,\"maxLimit\":10,\"supportsMonitoring\":false}},"
          "{" PLUG_JSON ",\"variableAttribute\":[{\"mutability\":\"ReadOnly\"}],\"variableCharacteristics\":"
          "{\"dataType\":\"OptionList\",\"valuesList\":\"a,b\",\"supportsMonitoring\":false}}]}",
          { .report_part = { .request_id = 3, .generated_at = SAMPLE_USEC, .number = 1, .more = 1,
                             .items = { (ReportItem[]){
                                { .name = HEARTBEAT, .type = VAR_INTEGER, .unit = "s", .least = 1, .most = 10,
                                  .attributes = { (ReportAttribute[]){ { ATTRIBUTE_ACTUAL, (char *)"300", VAR_READ_WRITE, 1, 0 } }, 1 } },
                                { .name = PLUG, .type = VAR_OPTION_LIST, .values = "a,b", .least = NO_INT, .most = NO_INT,
                                  .attributes = { (ReportAttribute[]){ { -1, NULL, VAR_READ_ONLY, -1, -1 } }, 1 } } }, 2 } } } },
        { "NotifyReport", false, "{\"requestId\":3,\"generatedAt\":\"" AT "\",\"seqNo\":0,\"tbc\":false}",
          { .report_part = { .request_id = 3, .generated_at = SAMPLE_USEC, .number = 0, .more = 0 } } },
        { "NotifyReport", true, "{}", { .empty = { 0 } } },
        { "BootNotification", false,
          "{\"reason\":\"FirmwareUpdate\",\"chargingStation\":{\"vendorName\":\"V\",\"model\":\"M\",\"serialNumber\":\"S\",\"firmwareVersion\":\"1.2\"}}",
          { .boot = { BOOT_FIRMWARE_UPDATE, "V", "M", "S", "1.2" } } },
        { "BootNotification", false, "{\"reason\":\"PowerUp\",\"chargingStation\":{\"vendorName\":\"V\",\"model\":\"M\"}}",
          { .boot = { BOOT_POWER_UP, "V", "M", NULL, NULL } } },
        { "BootNotification", false,
          "{\"reason\":\"Watchdog\",\"chargingStation\":{\"vendorName\":\"V\",\"model\":\"M\",\"modem\":{\"iccid\":\"i\",\"imsi\":\"j\"}}}",
          { .boot = { BOOT_WATCHDOG, "V", "M", NULL, NULL } }, .decode_only = true },
        { "BootNotification", true, "{\"status\":\"Accepted\",\"currentTime\":\"" AT "\",\"interval\":300}",
          { .boot_answer = { REGISTRATION_ACCEPTED, SAMPLE_USEC, 300 } } },
        { "BootNotification", true, "{\"status\":\"Pending\",\"currentTime\":\"" AT "\",\"interval\":0}",
          { .boot_answer = { REGISTRATION_PENDING, SAMPLE_USEC, 0 } } },
        { "BootNotification", true,
          "{\"status\":\"Rejected\",\"currentTime\":\"2026-11-24T05:10:00+01:00\",\"interval\":10,\"statusInfo\":{\"reasonCode\":\"x\",\"additionalInfo\":\"y\"}}",
          { .boot_answer = { REGISTRATION_REJECTED, SAMPLE_USEC, 10 } }, .decode_only = true },
        { "Heartbeat", false, "{}", { .empty = { 0 } } },
        { "Heartbeat", true, "{\"currentTime\":\"" AT "\"}", { .heartbeat_answer = { SAMPLE_USEC } } },
        { "StatusNotification", false,
          "{\"timestamp\":\"" AT "\",\"connectorStatus\":\"Available\",\"evseId\":2,\"connectorId\":1}",
          { .connector = { SAMPLE_USEC, 2, 1, CONNECTOR_AVAILABLE, 0 } } },
        { "StatusNotification", false,
          "{\"timestamp\":\"" AT "\",\"connectorStatus\":\"Unavailable\",\"evseId\":1,\"connectorId\":1}",
          { .connector = { SAMPLE_USEC, 1, 1, CONNECTOR_UNAVAILABLE, 0 } } },
        { "StatusNotification", true, "{}", { .empty = { 0 } } },
        { "FirmwareStatusNotification", false, "{\"status\":\"InstallVerificationFailed\",\"requestId\":17}",
          { .firmware = { FW_INSTALL_VERIFICATION_FAILED, 17 } } },
        { "FirmwareStatusNotification", false, "{\"status\":\"Idle\"}", { .firmware = { FW_IDLE, NO_INT } } },
        { "FirmwareStatusNotification", true, "{}", { .empty = { 0 } } },
        { "LogStatusNotification", false, "{\"status\":\"Idle\"}", { .log = { LOG_STATUS_IDLE, NO_INT } } },
        { "LogStatusNotification", false, "{\"status\":\"Uploading\",\"requestId\":3}", { .log = { LOG_STATUS_UPLOADING, 3 } } },
        { "LogStatusNotification", false, "{\"status\":\"Uploaded\",\"requestId\":0}", { .log = { LOG_STATUS_UPLOADED, 0 } } },
        { "LogStatusNotification", false, "{\"status\":\"UploadFailure\",\"requestId\":1}", { .log = { LOG_STATUS_UPLOAD_FAILURE, 1 } } },
        { "LogStatusNotification", false, "{\"status\":\"PermissionDenied\",\"requestId\":1}", { .log = { LOG_STATUS_PERMISSION_DENIED, 1 } } },
        { "LogStatusNotification", false, "{\"status\":\"BadMessage\",\"requestId\":1}", { .log = { LOG_STATUS_BAD_MESSAGE, 1 } } },
        { "LogStatusNotification", false, "{\"status\":\"NotSupportedOperation\",\"requestId\":1}", { .log = { LOG_STATUS_NOT_SUPPORTED_OPERATION, 1 } } },
        { "LogStatusNotification", false, "{\"status\":\"AcceptedCanceled\",\"requestId\":1}", { .log = { LOG_STATUS_ACCEPTED_CANCELED, 1 } } },
        { "LogStatusNotification", true, "{" CUSTOM "}", { .empty = { 0 } }, .decode_only = true },
        { "SecurityEventNotification", false,
          "{\"type\":\"InvalidCsmsCertificate\",\"timestamp\":\"" AT "\",\"techInfo\":\"expired\"}",
          { .security = { SECURITY_INVALID_CSMS_CERTIFICATE, SAMPLE_USEC, "expired" } } },
        { "SecurityEventNotification", false, "{\"type\":\"FailedToAuthenticateAtCsms\",\"timestamp\":\"" AT "\"}",
          { .security = { SECURITY_FAILED_TO_AUTHENTICATE, SAMPLE_USEC, NULL } } },
        { "SecurityEventNotification", false, "{\"type\":\"InvalidFirmwareSigningCertificate\",\"timestamp\":\"" AT "\"}",
          { .security = { SECURITY_INVALID_FIRMWARE_SIGNING_CERTIFICATE, SAMPLE_USEC, NULL } } },
        { "SecurityEventNotification", false, "{\"type\":\"StartupOfTheDevice\",\"timestamp\":\"" AT "\"}",
          { .security = { SECURITY_STARTUP, SAMPLE_USEC, NULL } } },
        { "SecurityEventNotification", false, "{\"type\":\"ResetOrReboot\",\"timestamp\":\"" AT "\"}",
          { .security = { SECURITY_RESET_OR_REBOOT, SAMPLE_USEC, NULL } } },
        { "SecurityEventNotification", true, "{}", { .empty = { 0 } } },
};
/* clang-format on */

static void ocpp201_vectors_both_ways(_unused_ void **state)
{
        check_goldens(&ocpp201, goldens, ELEMENTSOF(goldens));
}

static void ocpp201_every_message_has_a_vector(_unused_ void **state)
{
        check_goldens_complete(&ocpp201, goldens, ELEMENTSOF(goldens));
}

static void ocpp201_refuses_every_bad_field(_unused_ void **state)
{
        each_table(&ocpp201, sweep_table);
}

static void ocpp201_writes_what_it_reads(_unused_ void **state)
{
        each_table(&ocpp201, sweep_encoder);
}

/* Signed or not, every status has its word. */
static void ocpp201_says_each_status_as_it_is(_unused_ void **state)
{
        check_firmware_word(&ocpp201, true, FW_NONE, NULL);
        for (int s = FW_NONE + 1; s < FW_STATUS_MAX; s++) {
                const char *word = firmware_status_to_string((FirmwareStatus)s);

                check_firmware_word(&ocpp201, true, (FirmwareStatus)s, word);
                check_firmware_word(&ocpp201, false, (FirmwareStatus)s, word);
        }
        assert_int_equal(dialect_firmware_kind(&ocpp201, true), OUT_FIRMWARE_STATUS);
        assert_int_equal(dialect_firmware_kind(&ocpp201, false), OUT_FIRMWARE_STATUS);
        assert_null(dialect_outgoing(&ocpp201, OUT_DIAGNOSTICS_STATUS)->action);
}

static void ocpp201_trigger_tells_the_firmware_status(_unused_ void **state)
{
        assert_int_equal(dialect_find_incoming(&ocpp201, "TriggerMessage")->firmware_status,
                         OUT_FIRMWARE_STATUS);
}

static void ocpp201_spells_errors_its_own_way(_unused_ void **state)
{
        static const char *const words[] = {"FormatViolation", "OccurrenceConstraintViolation",
                                            "RpcFrameworkError", "MessageTypeNotSupported"};

        check_errors(&ocpp201, words, ELEMENTSOF(words));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ocpp201_vectors_both_ways),
                cmocka_unit_test(ocpp201_every_message_has_a_vector),
                cmocka_unit_test(ocpp201_refuses_every_bad_field),
                cmocka_unit_test(ocpp201_writes_what_it_reads),
                cmocka_unit_test(ocpp201_says_each_status_as_it_is),
                cmocka_unit_test(ocpp201_trigger_tells_the_firmware_status),
                cmocka_unit_test(ocpp201_spells_errors_its_own_way),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
