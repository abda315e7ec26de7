/* OCPP 2.0.1: what the station tells of itself, and triggers; what 2.1 has otherwise stands beside
 * it. */
#include "fields.h"
#include "tables.h"

/* clang-format off */
static const char *const registration_list[REGISTRATION_MAX] = {
        [REGISTRATION_ACCEPTED] = "Accepted",
        [REGISTRATION_PENDING]  = "Pending",
        [REGISTRATION_REJECTED] = "Rejected",
};
static const EnumTable registration_words = WORDS(registration_list);

static const char *const reason_list[BOOT_REASON_MAX] = {
        [BOOT_APPLICATION_RESET] = "ApplicationReset",
        [BOOT_FIRMWARE_UPDATE]   = "FirmwareUpdate",
        [BOOT_LOCAL_RESET]       = "LocalReset",
        [BOOT_POWER_UP]          = "PowerUp",
        [BOOT_REMOTE_RESET]      = "RemoteReset",
        [BOOT_SCHEDULED_RESET]   = "ScheduledReset",
        [BOOT_TRIGGERED]         = "Triggered",
        [BOOT_UNKNOWN]           = "Unknown",
        [BOOT_WATCHDOG]          = "Watchdog",
};
static const EnumTable reason_words = WORDS(reason_list);

static const char *const connector_list[CONNECTOR_STATUS_MAX] = {
        [CONNECTOR_AVAILABLE]   = "Available",
        [CONNECTOR_UNAVAILABLE] = "Unavailable",
};
/* ConnectorStatusEnumType */
static const char *const connector_others[] = { "Occupied", "Reserved", "Faulted", NULL };
static const EnumTable connector_words = WORDS_AND_OTHERS(connector_list, connector_others, -1);

/* MessageTriggerEnumType */
static const char *const trigger_list[TRIGGER_KIND_MAX] = {
        [TRIGGER_BOOT_NOTIFICATION] = "BootNotification",
        [TRIGGER_HEARTBEAT]         = "Heartbeat",
        [TRIGGER_FIRMWARE_STATUS]   = "FirmwareStatusNotification",
        [TRIGGER_LOG_STATUS]        = "LogStatusNotification",
        [TRIGGER_STATUS]            = "StatusNotification",
        [TRIGGER_METER_VALUES]      = "MeterValues",
};
static const char *const trigger_others[] = {
        "PublishFirmwareStatusNotification", "SignChargingStationCertificate",
        "SignCombinedCertificate", "SignV2GCertificate", "TransactionEvent", NULL
};
static const EnumTable trigger_words = WORDS_AND_OTHERS(trigger_list, trigger_others, TRIGGER_OTHER);
/* 2.1 has two more. */
static const char *const trigger_others_21[] = {
        "PublishFirmwareStatusNotification", "SignChargingStationCertificate",
        "SignCombinedCertificate", "SignV2GCertificate", "TransactionEvent",
        "SignV2G20Certificate", "CustomTrigger", NULL
};
const EnumTable ocpp21_trigger_words = WORDS_AND_OTHERS(trigger_list, trigger_others_21, TRIGGER_OTHER);

static const char *const trigger_verdict_list[TRIGGER_VERDICT_MAX] = {
        [TRIGGER_ACCEPTED]        = "Accepted",
        [TRIGGER_REJECTED]        = "Rejected",
        [TRIGGER_NOT_IMPLEMENTED] = "NotImplemented",
};
static const EnumTable trigger_verdict_words = WORDS(trigger_verdict_list);

/* Part 2 appendix 1 */
static const char *const security_list[SECURITY_EVENT_MAX] = {
        [SECURITY_FIRMWARE_UPDATED]                     = "FirmwareUpdated",
        [SECURITY_INVALID_FIRMWARE_SIGNATURE]           = "InvalidFirmwareSignature",
        [SECURITY_INVALID_FIRMWARE_SIGNING_CERTIFICATE] = "InvalidFirmwareSigningCertificate",
        [SECURITY_FAILED_TO_AUTHENTICATE]               = "FailedToAuthenticateAtCsms",
        [SECURITY_INVALID_CSMS_CERTIFICATE]             = "InvalidCsmsCertificate",
        [SECURITY_INVALID_TLS_VERSION]                  = "InvalidTLSVersion",
        [SECURITY_INVALID_TLS_CIPHER_SUITE]             = "InvalidTLSCipherSuite",
        [SECURITY_PARAMETERS_RECONFIGURED]              = "ReconfigurationOfSecurityParameters",
        [SECURITY_STARTUP]                              = "StartupOfTheDevice",
        [SECURITY_RESET_OR_REBOOT]                      = "ResetOrReboot",
};
const EnumTable ocpp201_security_words = WORDS(security_list);

/* StatusInfoType where it has nothing for us */
static const Field status_info_fields[] = {
        IGNORED_STRING("reasonCode",     REQUIRED, 20),
        IGNORED_STRING("additionalInfo", OPTIONAL, 512),
};
const Table ocpp201_status_info = TABLE("StatusInfoType", status_info_fields);

static const Field evse_fields[] = {
        INT_FIELD("id",          REQUIRED, TriggerRequest, connector),
        INT_FIELD("connectorId", OPTIONAL, TriggerRequest, connector_of_evse),
};
static const Table evse_type = TABLE("EVSEType", evse_fields);

static const Field modem_fields[] = {
        IGNORED_STRING("iccid", OPTIONAL, 20),
        IGNORED_STRING("imsi",  OPTIONAL, 20),
};
static const Table modem_type = TABLE("ModemType", modem_fields);

static const Field station_fields[] = {
        STRING_FIELD  ("model",           REQUIRED, BootReport, model,            20),
        STRING_FIELD  ("vendorName",      REQUIRED, BootReport, vendor,           50),
        STRING_FIELD  ("serialNumber",    OPTIONAL, BootReport, serial,           25),
        STRING_FIELD  ("firmwareVersion", OPTIONAL, BootReport, firmware_version, 50),
        IGNORED_OBJECT("modem",           OPTIONAL, modem_type),
};
static const Table station_type = TABLE("ChargingStationType", station_fields);

static const Field trigger_fields[] = {
        ENUM_FIELD  ("requestedMessage", REQUIRED, TriggerRequest, requested, trigger_words),
        INLINE_FIELD("evse",             OPTIONAL, evse_type),
};
const Table ocpp201_trigger = TABLE("TriggerMessage", trigger_fields);

static const Field trigger_answer_fields[] = {
        ENUM_FIELD    ("status",     REQUIRED, TriggerAnswer, verdict, trigger_verdict_words),
        IGNORED_OBJECT("statusInfo", OPTIONAL, ocpp201_status_info),
};
const Table ocpp201_trigger_answer = TABLE("TriggerMessage", trigger_answer_fields);

static const Field boot_fields[] = {
        ENUM_FIELD  ("reason",          REQUIRED, BootReport, reason, reason_words),
        INLINE_FIELD("chargingStation", REQUIRED, station_type),
};
const Table ocpp201_boot = TABLE("BootNotification", boot_fields);

static const Field boot_answer_fields[] = {
        ENUM_FIELD    ("status",      REQUIRED, BootAnswer, status, registration_words),
        TIME_FIELD    ("currentTime", REQUIRED, BootAnswer, current_time),
        INT_FIELD     ("interval",    REQUIRED, BootAnswer, interval),
        IGNORED_OBJECT("statusInfo",  OPTIONAL, ocpp201_status_info),
};
const Table ocpp201_boot_answer = TABLE("BootNotification", boot_answer_fields);

const Table ocpp201_heartbeat = EMPTY_TABLE("Heartbeat");
static const Field heartbeat_answer_fields[] = {
        TIME_FIELD("currentTime", REQUIRED, HeartbeatAnswer, current_time),
};
const Table ocpp201_heartbeat_answer = TABLE("Heartbeat", heartbeat_answer_fields);

static const Field status_fields[] = {
        TIME_FIELD("timestamp",       REQUIRED, ConnectorReport, timestamp),
        ENUM_FIELD("connectorStatus", REQUIRED, ConnectorReport, status, connector_words),
        INT_FIELD ("evseId",          REQUIRED, ConnectorReport, connector),
        INT_FIELD ("connectorId",     REQUIRED, ConnectorReport, connector_of_evse),
};
const Table ocpp201_status = TABLE("StatusNotification", status_fields);
const Table ocpp201_status_answer = EMPTY_TABLE("StatusNotification");

static const Field security_fields[] = {
        OPEN_ENUM_FIELD("type",      REQUIRED, SecurityEventReport, type, ocpp201_security_words, 50),
        TIME_FIELD     ("timestamp", REQUIRED, SecurityEventReport, timestamp),
        STRING_FIELD   ("techInfo",  OPTIONAL, SecurityEventReport, tech_info, 255),
};
const Table ocpp201_security = TABLE("SecurityEventNotification", security_fields);
const Table ocpp201_security_answer = EMPTY_TABLE("SecurityEventNotification");
/* clang-format on */
