/* OCPP 1.6: what the station tells of itself, and triggers. */
#include "fields.h"
#include "tables.h"

/* clang-format off */
static const char *const registration_list[REGISTRATION_MAX] = {
        [REGISTRATION_ACCEPTED] = "Accepted",
        [REGISTRATION_PENDING]  = "Pending",
        [REGISTRATION_REJECTED] = "Rejected",
};
static const EnumTable registration_words = WORDS(registration_list);

static const char *const connector_list[CONNECTOR_STATUS_MAX] = {
        [CONNECTOR_AVAILABLE]   = "Available",
        [CONNECTOR_UNAVAILABLE] = "Unavailable",
};
/* ChargePointStatus (C16 7.7) */
static const char *const connector_others[] = {
        "Preparing", "Charging", "SuspendedEVSE", "SuspendedEV", "Finishing", "Reserved", "Faulted", NULL
};
static const EnumTable connector_words = WORDS_AND_OTHERS(connector_list, connector_others, -1);

/* ChargePointErrorCode (C16 7.6) */
static const char *const error_list[] = { "NoError" };
static const char *const error_others[] = {
        "ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature", "InternalError",
        "LocalListConflict", "OtherError", "OverCurrentFailure", "OverVoltage", "PowerMeterFailure",
        "PowerSwitchFailure", "ReaderFailure", "ResetFailure", "UnderVoltage", "WeakSignal", NULL
};
static const EnumTable error_words = WORDS_AND_OTHERS(error_list, error_others, -1);

/* MessageTrigger (C16 7.33) */
static const char *const trigger_list[TRIGGER_KIND_MAX] = {
        [TRIGGER_BOOT_NOTIFICATION]  = "BootNotification",
        [TRIGGER_HEARTBEAT]          = "Heartbeat",
        [TRIGGER_FIRMWARE_STATUS]    = "FirmwareStatusNotification",
        [TRIGGER_DIAGNOSTICS_STATUS] = "DiagnosticsStatusNotification",
        [TRIGGER_STATUS]             = "StatusNotification",
        [TRIGGER_METER_VALUES]       = "MeterValues",
};
static const EnumTable trigger_words = WORDS(trigger_list);

/* MessageTriggerEnumType of the ocpp16_security extension */
static const char *const extended_list[TRIGGER_KIND_MAX] = {
        [TRIGGER_BOOT_NOTIFICATION] = "BootNotification",
        [TRIGGER_HEARTBEAT]         = "Heartbeat",
        [TRIGGER_FIRMWARE_STATUS]   = "FirmwareStatusNotification",
        [TRIGGER_LOG_STATUS]        = "LogStatusNotification",
        [TRIGGER_STATUS]            = "StatusNotification",
        [TRIGGER_METER_VALUES]      = "MeterValues",
};
static const char *const extended_others[] = { "SignChargePointCertificate", NULL };
static const EnumTable extended_words = WORDS_AND_OTHERS(extended_list, extended_others, TRIGGER_OTHER);

static const char *const trigger_verdict_list[TRIGGER_VERDICT_MAX] = {
        [TRIGGER_ACCEPTED]        = "Accepted",
        [TRIGGER_REJECTED]        = "Rejected",
        [TRIGGER_NOT_IMPLEMENTED] = "NotImplemented",
};
static const EnumTable trigger_verdict_words = WORDS(trigger_verdict_list);

/* WP3 chapter 8 */
static const char *const security_list[SECURITY_EVENT_MAX] = {
        [SECURITY_FIRMWARE_UPDATED]                     = "FirmwareUpdated",
        [SECURITY_INVALID_FIRMWARE_SIGNATURE]           = "InvalidFirmwareSignature",
        [SECURITY_INVALID_FIRMWARE_SIGNING_CERTIFICATE] = "InvalidFirmwareSigningCertificate",
        [SECURITY_FAILED_TO_AUTHENTICATE]               = "FailedToAuthenticateAtCentralSystem",
        [SECURITY_INVALID_CSMS_CERTIFICATE]             = "InvalidCentralSystemCertificate",
        [SECURITY_INVALID_TLS_VERSION]                  = "InvalidTLSVersion",
        [SECURITY_INVALID_TLS_CIPHER_SUITE]             = "InvalidTLSCipherSuite",
        [SECURITY_PARAMETERS_RECONFIGURED]              = "ReconfigurationOfSecurityParameters",
        [SECURITY_STARTUP]                              = "StartupOfTheDevice",
        [SECURITY_RESET_OR_REBOOT]                      = "ResetOrReboot",
};
const EnumTable ocpp16_security_words = WORDS(security_list);

static const Field trigger_fields[] = {
        ENUM_FIELD("requestedMessage", REQUIRED, TriggerRequest, requested, trigger_words),
        INT_FIELD ("connectorId",      OPTIONAL, TriggerRequest, connector),
};
const Table ocpp16_trigger = TABLE("TriggerMessage", trigger_fields);

static const Field extended_fields[] = {
        ENUM_FIELD("requestedMessage", REQUIRED, TriggerRequest, requested, extended_words),
        INT_FIELD ("connectorId",      OPTIONAL, TriggerRequest, connector),
};
const Table ocpp16_extended = TABLE("ExtendedTriggerMessage", extended_fields);

static const Field trigger_answer_fields[] = {
        ENUM_FIELD("status", REQUIRED, TriggerAnswer, verdict, trigger_verdict_words),
};
const Table ocpp16_trigger_answer = TABLE("TriggerMessage", trigger_answer_fields);
const Table ocpp16_extended_answer = TABLE("ExtendedTriggerMessage", trigger_answer_fields);

static const Field boot_fields[] = {
        STRING_FIELD  ("chargePointVendor",       REQUIRED, BootReport, vendor,           20),
        STRING_FIELD  ("chargePointModel",        REQUIRED, BootReport, model,            20),
        STRING_FIELD  ("chargePointSerialNumber", OPTIONAL, BootReport, serial,           25),
        STRING_FIELD  ("firmwareVersion",         OPTIONAL, BootReport, firmware_version, 50),
        IGNORED_STRING("chargeBoxSerialNumber",   OPTIONAL, 25),
        IGNORED_STRING("iccid",                   OPTIONAL, 20),
        IGNORED_STRING("imsi",                    OPTIONAL, 20),
        IGNORED_STRING("meterType",               OPTIONAL, 25),
        IGNORED_STRING("meterSerialNumber",       OPTIONAL, 25),
};
const Table ocpp16_boot = TABLE("BootNotification", boot_fields);

static const Field boot_answer_fields[] = {
        ENUM_FIELD("status",      REQUIRED, BootAnswer, status, registration_words),
        TIME_FIELD("currentTime", REQUIRED, BootAnswer, current_time),
        INT_FIELD ("interval",    REQUIRED, BootAnswer, interval),
};
const Table ocpp16_boot_answer = TABLE("BootNotification", boot_answer_fields);

const Table ocpp16_heartbeat = EMPTY_TABLE("Heartbeat");
static const Field heartbeat_answer_fields[] = {
        TIME_FIELD("currentTime", REQUIRED, HeartbeatAnswer, current_time),
};
const Table ocpp16_heartbeat_answer = TABLE("Heartbeat", heartbeat_answer_fields);

static const Field status_fields[] = {
        INT_FIELD     ("connectorId",     REQUIRED, ConnectorReport, connector),
        ENUM_FIELD    ("errorCode",       REQUIRED, ConnectorReport, error,  error_words),
        ENUM_FIELD    ("status",          REQUIRED, ConnectorReport, status, connector_words),
        TIME_FIELD    ("timestamp",       OPTIONAL, ConnectorReport, timestamp),
        IGNORED_STRING("info",            OPTIONAL, 50),
        IGNORED_STRING("vendorId",        OPTIONAL, 255),
        IGNORED_STRING("vendorErrorCode", OPTIONAL, 50),
};
const Table ocpp16_status = TABLE("StatusNotification", status_fields);
const Table ocpp16_status_answer = EMPTY_TABLE("StatusNotification");

static const Field security_fields[] = {
        OPEN_ENUM_FIELD("type",      REQUIRED, SecurityEventReport, type, ocpp16_security_words, 50),
        TIME_FIELD     ("timestamp", REQUIRED, SecurityEventReport, timestamp),
        STRING_FIELD   ("techInfo",  OPTIONAL, SecurityEventReport, tech_info, 255),
};
const Table ocpp16_security = TABLE("SecurityEventNotification", security_fields);
const Table ocpp16_security_answer = EMPTY_TABLE("SecurityEventNotification");
/* clang-format on */
