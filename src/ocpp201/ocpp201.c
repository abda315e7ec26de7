/* OCPP 2.0.1 (edition 3): words, messages, and how it frames. Members that the version has and the
 * agent has no use for are IGNORED; customData is the codec's (CodecRules). */
#include "ocpp201.h"

#include "fields.h"

/* clang-format off */

/* ---- Words ---- */

/* FirmwareStatusEnumType */
static const char *const firmware_list[FW_STATUS_MAX] = {
        [FW_IDLE]                        = "Idle",
        [FW_DOWNLOAD_SCHEDULED]          = "DownloadScheduled",
        [FW_DOWNLOADING]                 = "Downloading",
        [FW_DOWNLOAD_PAUSED]             = "DownloadPaused",
        [FW_DOWNLOADED]                  = "Downloaded",
        [FW_DOWNLOAD_FAILED]             = "DownloadFailed",
        [FW_SIGNATURE_VERIFIED]          = "SignatureVerified",
        [FW_INVALID_SIGNATURE]           = "InvalidSignature",
        [FW_INSTALL_SCHEDULED]           = "InstallScheduled",
        [FW_INSTALLING]                  = "Installing",
        [FW_INSTALL_REBOOTING]           = "InstallRebooting",
        [FW_INSTALL_VERIFICATION_FAILED] = "InstallVerificationFailed",
        [FW_INSTALLATION_FAILED]         = "InstallationFailed",
        [FW_INSTALLED]                   = "Installed",
};
static const EnumTable firmware_words = WORDS(firmware_list);

/* Every status has its word, with and without a signature. */
static const uint8_t signed_words[FW_STATUS_MAX] = {
        [FW_NONE]                        = FW_NONE,
        [FW_IDLE]                        = FW_IDLE,
        [FW_DOWNLOAD_SCHEDULED]          = FW_DOWNLOAD_SCHEDULED,
        [FW_DOWNLOADING]                 = FW_DOWNLOADING,
        [FW_DOWNLOAD_PAUSED]             = FW_DOWNLOAD_PAUSED,
        [FW_DOWNLOADED]                  = FW_DOWNLOADED,
        [FW_DOWNLOAD_FAILED]             = FW_DOWNLOAD_FAILED,
        [FW_SIGNATURE_VERIFIED]          = FW_SIGNATURE_VERIFIED,
        [FW_INVALID_SIGNATURE]           = FW_INVALID_SIGNATURE,
        [FW_INSTALL_SCHEDULED]           = FW_INSTALL_SCHEDULED,
        [FW_INSTALLING]                  = FW_INSTALLING,
        [FW_INSTALL_REBOOTING]           = FW_INSTALL_REBOOTING,
        [FW_INSTALL_VERIFICATION_FAILED] = FW_INSTALL_VERIFICATION_FAILED,
        [FW_INSTALLATION_FAILED]         = FW_INSTALLATION_FAILED,
        [FW_INSTALLED]                   = FW_INSTALLED,
};

/* UploadLogStatusEnumType */
static const char *const log_list[LOG_STATUS_MAX] = {
        [LOG_STATUS_IDLE]                    = "Idle",
        [LOG_STATUS_UPLOADING]               = "Uploading",
        [LOG_STATUS_UPLOADED]                = "Uploaded",
        [LOG_STATUS_UPLOAD_FAILURE]          = "UploadFailure",
        [LOG_STATUS_PERMISSION_DENIED]       = "PermissionDenied",
        [LOG_STATUS_BAD_MESSAGE]             = "BadMessage",
        [LOG_STATUS_NOT_SUPPORTED_OPERATION] = "NotSupportedOperation",
        [LOG_STATUS_ACCEPTED_CANCELED]       = "AcceptedCanceled",
};
static const EnumTable log_words = WORDS(log_list);

static const uint8_t log_statuses[LOG_STATUS_MAX] = {
        [LOG_STATUS_IDLE]                    = LOG_STATUS_IDLE,
        [LOG_STATUS_UPLOADING]               = LOG_STATUS_UPLOADING,
        [LOG_STATUS_UPLOADED]                = LOG_STATUS_UPLOADED,
        [LOG_STATUS_UPLOAD_FAILURE]          = LOG_STATUS_UPLOAD_FAILURE,
        [LOG_STATUS_PERMISSION_DENIED]       = LOG_STATUS_PERMISSION_DENIED,
        [LOG_STATUS_BAD_MESSAGE]             = LOG_STATUS_BAD_MESSAGE,
        [LOG_STATUS_NOT_SUPPORTED_OPERATION] = LOG_STATUS_NOT_SUPPORTED_OPERATION,
        [LOG_STATUS_ACCEPTED_CANCELED]       = LOG_STATUS_ACCEPTED_CANCELED,
};

/* LogEnumType */
static const char *const logs_kind_list[LOGS_KIND_MAX] = {
        [LOGS_DIAGNOSTICS] = "DiagnosticsLog",
        [LOGS_SECURITY]    = "SecurityLog",
};
static const EnumTable logs_kind_words = WORDS(logs_kind_list);

/* LogStatusEnumType */
static const char *const logs_verdict_list[LOGS_VERDICT_MAX] = {
        [LOGS_ACCEPTED]          = "Accepted",
        [LOGS_REJECTED]          = "Rejected",
        [LOGS_ACCEPTED_CANCELED] = "AcceptedCanceled",
};
static const EnumTable logs_verdict_words = WORDS(logs_verdict_list);

static const char *const verdict_list[VERDICT_MAX] = {
        [VERDICT_ACCEPTED]            = "Accepted",
        [VERDICT_REJECTED]            = "Rejected",
        [VERDICT_ACCEPTED_CANCELED]   = "AcceptedCanceled",
        [VERDICT_INVALID_CERTIFICATE] = "InvalidCertificate",
        [VERDICT_REVOKED_CERTIFICATE] = "RevokedCertificate",
};
static const EnumTable verdict_words = WORDS(verdict_list);

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
};
static const char *const trigger_others[] = {
        "MeterValues", "PublishFirmwareStatusNotification", "SignChargingStationCertificate",
        "SignCombinedCertificate", "SignV2GCertificate", "TransactionEvent", NULL
};
static const EnumTable trigger_words = WORDS_AND_OTHERS(trigger_list, trigger_others, TRIGGER_OTHER);

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
};
static const EnumTable security_words = WORDS(security_list);

/* ---- Inner objects ---- */

static const Field firmware_fields[] = {
        STRING_FIELD("location",           REQUIRED, UpdateRequest, location,            512),
        TIME_FIELD  ("retrieveDateTime",   REQUIRED, UpdateRequest, retrieve_at),
        TIME_FIELD  ("installDateTime",    OPTIONAL, UpdateRequest, install_at),
        STRING_FIELD("signingCertificate", OPTIONAL, UpdateRequest, signing_certificate, 5500),
        STRING_FIELD("signature",          OPTIONAL, UpdateRequest, signature,           800),
};
static const Table firmware_type = TABLE("FirmwareType", firmware_fields);

/* StatusInfoType of the answer to UpdateFirmware, which we fill … */
static const Field update_info_fields[] = {
        STRING_FIELD("reasonCode",     REQUIRED, UpdateAnswer, reason_code,     20),
        STRING_FIELD("additionalInfo", OPTIONAL, UpdateAnswer, additional_info, 512),
};
static const Table update_info = TABLE("StatusInfoType", update_info_fields);

/* … and of the others, which has nothing for us. */
static const Field status_info_fields[] = {
        IGNORED_STRING("reasonCode",     REQUIRED, 20),
        IGNORED_STRING("additionalInfo", OPTIONAL, 512),
};
static const Table status_info = TABLE("StatusInfoType", status_info_fields);

static const Field log_parameters_fields[] = {
        STRING_FIELD("remoteLocation",  REQUIRED, LogRequest, location, 512),
        TIME_FIELD  ("oldestTimestamp", OPTIONAL, LogRequest, oldest),
        TIME_FIELD  ("latestTimestamp", OPTIONAL, LogRequest, latest),
};
static const Table log_parameters = TABLE("LogParametersType", log_parameters_fields);

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

/* ---- From the CSMS ---- */

static const Field update_fields[] = {
        INT_FIELD   ("requestId",     REQUIRED, UpdateRequest, request_id),
        INT_FIELD   ("retries",       OPTIONAL, UpdateRequest, retries),
        INT_FIELD   ("retryInterval", OPTIONAL, UpdateRequest, retry_interval),
        INLINE_FIELD("firmware",      REQUIRED, firmware_type),
};
static const Table update = TABLE("UpdateFirmware", update_fields);

static const Field update_answer_fields[] = {
        ENUM_FIELD  ("status",     REQUIRED, UpdateAnswer, verdict, verdict_words),
        INLINE_FIELD("statusInfo", OPTIONAL, update_info),
};
static const Table update_answer = TABLE("UpdateFirmware", update_answer_fields);

static const Field get_log_fields[] = {
        ENUM_FIELD  ("logType",       REQUIRED, LogRequest, kind, logs_kind_words),
        INT_FIELD   ("requestId",     REQUIRED, LogRequest, request_id),
        INT_FIELD   ("retries",       OPTIONAL, LogRequest, retries),
        INT_FIELD   ("retryInterval", OPTIONAL, LogRequest, retry_interval),
        INLINE_FIELD("log",           REQUIRED, log_parameters),
};
static const Table get_log = TABLE("GetLog", get_log_fields);

static const Field get_log_answer_fields[] = {
        ENUM_FIELD    ("status",     REQUIRED, LogAnswer, verdict, logs_verdict_words),
        STRING_FIELD  ("filename",   OPTIONAL, LogAnswer, name,    255),
        IGNORED_OBJECT("statusInfo", OPTIONAL, status_info),
};
static const Table get_log_answer = TABLE("GetLog", get_log_answer_fields);

static const Field trigger_fields[] = {
        ENUM_FIELD  ("requestedMessage", REQUIRED, TriggerRequest, requested, trigger_words),
        INLINE_FIELD("evse",             OPTIONAL, evse_type),
};
static const Table trigger = TABLE("TriggerMessage", trigger_fields);

static const Field trigger_answer_fields[] = {
        ENUM_FIELD    ("status",     REQUIRED, TriggerAnswer, verdict, trigger_verdict_words),
        IGNORED_OBJECT("statusInfo", OPTIONAL, status_info),
};
static const Table trigger_answer = TABLE("TriggerMessage", trigger_answer_fields);

static const Incoming incoming[] = {
        { "UpdateFirmware",             IN_UPDATE_SIGNED, OUTGOING_MAX,        &update,  &update_answer  },
        { "TriggerMessage",             IN_TRIGGER,       OUT_FIRMWARE_STATUS, &trigger, &trigger_answer },
        { "GetLog",                     IN_LOGS,          OUTGOING_MAX,        &get_log, &get_log_answer },
        { "CancelReservation",          IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "CertificateSigned",          IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "ChangeAvailability",         IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "ClearCache",                 IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "ClearChargingProfile",       IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "ClearDisplayMessage",        IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "ClearVariableMonitoring",    IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "CostUpdated",                IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "CustomerInformation",        IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "DataTransfer",               IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "DeleteCertificate",          IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetBaseReport",              IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetChargingProfiles",        IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetCompositeSchedule",       IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetDisplayMessages",         IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetInstalledCertificateIds", IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetLocalListVersion",        IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetMonitoringReport",        IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetReport",                  IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetTransactionStatus",       IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetVariables",               IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "InstallCertificate",         IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "PublishFirmware",            IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "RequestStartTransaction",    IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "RequestStopTransaction",     IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "ReserveNow",                 IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "Reset",                      IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SendLocalList",              IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetChargingProfile",         IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetDisplayMessage",          IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetMonitoringBase",          IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetMonitoringLevel",         IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetNetworkProfile",          IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetVariableMonitoring",      IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetVariables",               IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "UnlockConnector",            IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "UnpublishFirmware",          IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
};

/* ---- To the CSMS ---- */

static const Field boot_fields[] = {
        ENUM_FIELD  ("reason",          REQUIRED, BootReport, reason, reason_words),
        INLINE_FIELD("chargingStation", REQUIRED, station_type),
};
static const Table boot = TABLE("BootNotification", boot_fields);

static const Field boot_answer_fields[] = {
        ENUM_FIELD    ("status",      REQUIRED, BootAnswer, status, registration_words),
        TIME_FIELD    ("currentTime", REQUIRED, BootAnswer, current_time),
        INT_FIELD     ("interval",    REQUIRED, BootAnswer, interval),
        IGNORED_OBJECT("statusInfo",  OPTIONAL, status_info),
};
static const Table boot_answer = TABLE("BootNotification", boot_answer_fields);

static const Table heartbeat = EMPTY_TABLE("Heartbeat");
static const Field heartbeat_answer_fields[] = {
        TIME_FIELD("currentTime", REQUIRED, HeartbeatAnswer, current_time),
};
static const Table heartbeat_answer = TABLE("Heartbeat", heartbeat_answer_fields);

static const Field status_fields[] = {
        TIME_FIELD("timestamp",       REQUIRED, ConnectorReport, timestamp),
        ENUM_FIELD("connectorStatus", REQUIRED, ConnectorReport, status, connector_words),
        INT_FIELD ("evseId",          REQUIRED, ConnectorReport, connector),
        INT_FIELD ("connectorId",     REQUIRED, ConnectorReport, connector_of_evse),
};
static const Table status = TABLE("StatusNotification", status_fields);
static const Table status_answer = EMPTY_TABLE("StatusNotification");

/* requestId: needed unless Idle (L01.FR.20, L02.FR.14); the agent sees to that. */
static const Field firmware_status_fields[] = {
        ENUM_FIELD("status",    REQUIRED, FirmwareReport, status, firmware_words),
        INT_FIELD ("requestId", OPTIONAL, FirmwareReport, request_id),
};
static const Table firmware_status = TABLE("FirmwareStatusNotification", firmware_status_fields);
static const Table firmware_status_answer = EMPTY_TABLE("FirmwareStatusNotification");

static const Field log_status_fields[] = {
        ENUM_FIELD("status",    REQUIRED, LogReport, status, log_words),
        INT_FIELD ("requestId", OPTIONAL, LogReport, request_id),
};
static const Table log_status = TABLE("LogStatusNotification", log_status_fields);
static const Table log_status_answer = EMPTY_TABLE("LogStatusNotification");

static const Field security_fields[] = {
        OPEN_ENUM_FIELD("type",      REQUIRED, SecurityEventReport, type, security_words, 50),
        TIME_FIELD     ("timestamp", REQUIRED, SecurityEventReport, timestamp),
        STRING_FIELD   ("techInfo",  OPTIONAL, SecurityEventReport, tech_info, 255),
};
static const Table security = TABLE("SecurityEventNotification", security_fields);
static const Table security_answer = EMPTY_TABLE("SecurityEventNotification");

static const Outgoing outgoing[OUTGOING_MAX] = {
        [OUT_BOOT]            = { "BootNotification",           &boot,            &boot_answer },
        [OUT_HEARTBEAT]       = { "Heartbeat",                  &heartbeat,       &heartbeat_answer },
        [OUT_STATUS]          = { "StatusNotification",         &status,          &status_answer },
        [OUT_FIRMWARE_STATUS] = { "FirmwareStatusNotification", &firmware_status, &firmware_status_answer },
        [OUT_LOG_STATUS]      = { "LogStatusNotification",      &log_status,      &log_status_answer },
        [OUT_SECURITY_EVENT]  = { "SecurityEventNotification",  &security,        &security_answer },
};

/* Part 4 table 8 */
static const char *const errors[RPC_ERROR_MAX] = {
        [RPC_NOT_IMPLEMENTED]                 = "NotImplemented",
        [RPC_NOT_SUPPORTED]                   = "NotSupported",
        [RPC_INTERNAL_ERROR]                  = "InternalError",
        [RPC_PROTOCOL_ERROR]                  = "ProtocolError",
        [RPC_SECURITY_ERROR]                  = "SecurityError",
        [RPC_FORMAT_VIOLATION]                = "FormatViolation",
        [RPC_PROPERTY_CONSTRAINT_VIOLATION]   = "PropertyConstraintViolation",
        [RPC_OCCURRENCE_CONSTRAINT_VIOLATION] = "OccurrenceConstraintViolation",
        [RPC_TYPE_CONSTRAINT_VIOLATION]       = "TypeConstraintViolation",
        [RPC_GENERIC_ERROR]                   = "GenericError",
        [RPC_FRAMEWORK_ERROR]                 = "RpcFrameworkError",
        [RPC_MESSAGE_TYPE_NOT_SUPPORTED]      = "MessageTypeNotSupported",
};
/* clang-format on */

const Dialect ocpp201 = {
        .subprotocol = "ocpp2.0.1",
        .name = "2.0.1",
        .rules = {.unknown_is_violation = true, .custom_data = true},
        .frames = {.answer_unreadable = true,
                   .answer_unknown_type = true,
                   .rejected_gets_error = true,
                   .errors = errors},
        .incoming = incoming,
        .incoming_count = ELEMENTSOF(incoming),
        .outgoing = outgoing,
        .signed_words = signed_words,
        .plain_words = NULL,
        .log_statuses = log_statuses,
        .diagnostics_statuses = NULL,
        .security_events = &security_words,
        .password_is_hex = false,
        .connector_zero = false,
};
