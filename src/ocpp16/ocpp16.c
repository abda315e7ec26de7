/* OCPP 1.6 (C16: edition 2 with errata 4) with the security extension (WP3): words, messages, and
 * how it frames. Members that the version has and the agent has no use for are IGNORED. */
#include "ocpp16.h"

#include "fields.h"

/* clang-format off */

/* ---- Words ---- */

/* FirmwareStatus (C16 7.25): core knows no waiting, no signature and no reboot. */
static const char *const core_firmware_list[FW_STATUS_MAX] = {
        [FW_IDLE]                = "Idle",
        [FW_DOWNLOADING]         = "Downloading",
        [FW_DOWNLOADED]          = "Downloaded",
        [FW_DOWNLOAD_FAILED]     = "DownloadFailed",
        [FW_INSTALLING]          = "Installing",
        [FW_INSTALLATION_FAILED] = "InstallationFailed",
        [FW_INSTALLED]           = "Installed",
};
static const EnumTable core_firmware = WORDS(core_firmware_list);

/* FirmwareStatusEnumType of the security extension. */
static const char *const signed_firmware_list[FW_STATUS_MAX] = {
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
static const EnumTable signed_firmware = WORDS(signed_firmware_list);

/* What a job that came by plain UpdateFirmware says instead: its waiting and its reboot are silent,
 * every failure behind the download is InstallationFailed. */
static const uint8_t plain_words[FW_STATUS_MAX] = {
        [FW_NONE]                        = FW_NONE,
        [FW_IDLE]                        = FW_IDLE,
        [FW_DOWNLOAD_SCHEDULED]          = FW_NONE,
        [FW_DOWNLOADING]                 = FW_DOWNLOADING,
        [FW_DOWNLOAD_PAUSED]             = FW_NONE,
        [FW_DOWNLOADED]                  = FW_DOWNLOADED,
        [FW_DOWNLOAD_FAILED]             = FW_DOWNLOAD_FAILED,
        [FW_SIGNATURE_VERIFIED]          = FW_NONE,
        [FW_INVALID_SIGNATURE]           = FW_INSTALLATION_FAILED,
        [FW_INSTALL_SCHEDULED]           = FW_NONE,
        [FW_INSTALLING]                  = FW_INSTALLING,
        [FW_INSTALL_REBOOTING]           = FW_NONE,
        [FW_INSTALL_VERIFICATION_FAILED] = FW_INSTALLATION_FAILED,
        [FW_INSTALLATION_FAILED]         = FW_INSTALLATION_FAILED,
        [FW_INSTALLED]                   = FW_INSTALLED,
};

/* SignedFirmwareStatusNotification has them all. */
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

/* UploadLogStatusEnumType; no AcceptedCanceled in 1.6. */
static const char *const log_list[LOG_STATUS_MAX] = {
        [LOG_STATUS_IDLE]                    = "Idle",
        [LOG_STATUS_UPLOADING]               = "Uploading",
        [LOG_STATUS_UPLOADED]                = "Uploaded",
        [LOG_STATUS_UPLOAD_FAILURE]          = "UploadFailure",
        [LOG_STATUS_PERMISSION_DENIED]       = "PermissionDenied",
        [LOG_STATUS_BAD_MESSAGE]             = "BadMessage",
        [LOG_STATUS_NOT_SUPPORTED_OPERATION] = "NotSupportedOperation",
};
static const EnumTable log_words = WORDS(log_list);

/* DiagnosticsStatus (C16 7.24) */
static const char *const diagnostics_list[LOG_STATUS_MAX] = {
        [LOG_STATUS_IDLE]           = "Idle",
        [LOG_STATUS_UPLOADING]      = "Uploading",
        [LOG_STATUS_UPLOADED]       = "Uploaded",
        [LOG_STATUS_UPLOAD_FAILURE] = "UploadFailed",
};
static const EnumTable diagnostics_words = WORDS(diagnostics_list);

/* A request that another one replaced ends in silence … */
static const uint8_t log_statuses[LOG_STATUS_MAX] = {
        [LOG_STATUS_IDLE]                    = LOG_STATUS_IDLE,
        [LOG_STATUS_UPLOADING]               = LOG_STATUS_UPLOADING,
        [LOG_STATUS_UPLOADED]                = LOG_STATUS_UPLOADED,
        [LOG_STATUS_UPLOAD_FAILURE]          = LOG_STATUS_UPLOAD_FAILURE,
        [LOG_STATUS_PERMISSION_DENIED]       = LOG_STATUS_PERMISSION_DENIED,
        [LOG_STATUS_BAD_MESSAGE]             = LOG_STATUS_BAD_MESSAGE,
        [LOG_STATUS_NOT_SUPPORTED_OPERATION] = LOG_STATUS_NOT_SUPPORTED_OPERATION,
};

/* … and core has one word for all failures. */
static const uint8_t diagnostics_statuses[LOG_STATUS_MAX] = {
        [LOG_STATUS_IDLE]                    = LOG_STATUS_IDLE,
        [LOG_STATUS_UPLOADING]               = LOG_STATUS_UPLOADING,
        [LOG_STATUS_UPLOADED]                = LOG_STATUS_UPLOADED,
        [LOG_STATUS_UPLOAD_FAILURE]          = LOG_STATUS_UPLOAD_FAILURE,
        [LOG_STATUS_PERMISSION_DENIED]       = LOG_STATUS_UPLOAD_FAILURE,
        [LOG_STATUS_BAD_MESSAGE]             = LOG_STATUS_UPLOAD_FAILURE,
        [LOG_STATUS_NOT_SUPPORTED_OPERATION] = LOG_STATUS_UPLOAD_FAILURE,
};

/* LogEnumType */
static const char *const logs_kind_list[LOGS_KIND_MAX] = {
        [LOGS_DIAGNOSTICS] = "DiagnosticsLog",
        [LOGS_SECURITY]    = "SecurityLog",
};
static const EnumTable logs_kind_words = WORDS(logs_kind_list);

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
};
static const char *const trigger_others[] = { "MeterValues", NULL };
static const EnumTable trigger_words = WORDS_AND_OTHERS(trigger_list, trigger_others, TRIGGER_OTHER);

/* MessageTriggerEnumType of the security extension */
static const char *const extended_list[TRIGGER_KIND_MAX] = {
        [TRIGGER_BOOT_NOTIFICATION] = "BootNotification",
        [TRIGGER_HEARTBEAT]         = "Heartbeat",
        [TRIGGER_FIRMWARE_STATUS]   = "FirmwareStatusNotification",
        [TRIGGER_LOG_STATUS]        = "LogStatusNotification",
        [TRIGGER_STATUS]            = "StatusNotification",
};
static const char *const extended_others[] = { "MeterValues", "SignChargePointCertificate", NULL };
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
};
static const EnumTable security_words = WORDS(security_list);

/* ---- From the CSMS ---- */

static const Field firmware_fields[] = {
        STRING_FIELD("location",           REQUIRED, UpdateRequest, location,            512),
        TIME_FIELD  ("retrieveDateTime",   REQUIRED, UpdateRequest, retrieve_at),
        TIME_FIELD  ("installDateTime",    OPTIONAL, UpdateRequest, install_at),
        STRING_FIELD("signingCertificate", REQUIRED, UpdateRequest, signing_certificate, 5500),
        STRING_FIELD("signature",          REQUIRED, UpdateRequest, signature,           800),
};
static const Table firmware_type = TABLE("FirmwareType", firmware_fields);

static const Field signed_update_fields[] = {
        INT_FIELD   ("requestId",     REQUIRED, UpdateRequest, request_id),
        INT_FIELD   ("retries",       OPTIONAL, UpdateRequest, retries),
        INT_FIELD   ("retryInterval", OPTIONAL, UpdateRequest, retry_interval),
        INLINE_FIELD("firmware",      REQUIRED, firmware_type),
};
static const Table signed_update = TABLE("SignedUpdateFirmware", signed_update_fields);

static const Field signed_update_answer_fields[] = {
        ENUM_FIELD("status", REQUIRED, UpdateAnswer, verdict, verdict_words),
};
static const Table signed_update_answer = TABLE("SignedUpdateFirmware", signed_update_answer_fields);

static const Field update_fields[] = {
        STRING_FIELD("location",      REQUIRED, UpdateRequest, location, 0),
        TIME_FIELD  ("retrieveDate",  REQUIRED, UpdateRequest, retrieve_at),
        INT_FIELD   ("retries",       OPTIONAL, UpdateRequest, retries),
        INT_FIELD   ("retryInterval", OPTIONAL, UpdateRequest, retry_interval),
};
static const Table update = TABLE("UpdateFirmware", update_fields);
static const Table update_answer = EMPTY_TABLE("UpdateFirmware");

static const Field log_parameters_fields[] = {
        STRING_FIELD("remoteLocation",  REQUIRED, LogRequest, location, 512),
        TIME_FIELD  ("oldestTimestamp", OPTIONAL, LogRequest, oldest),
        TIME_FIELD  ("latestTimestamp", OPTIONAL, LogRequest, latest),
};
static const Table log_parameters = TABLE("LogParametersType", log_parameters_fields);

static const Field get_log_fields[] = {
        ENUM_FIELD  ("logType",       REQUIRED, LogRequest, kind, logs_kind_words),
        INT_FIELD   ("requestId",     REQUIRED, LogRequest, request_id),
        INT_FIELD   ("retries",       OPTIONAL, LogRequest, retries),
        INT_FIELD   ("retryInterval", OPTIONAL, LogRequest, retry_interval),
        INLINE_FIELD("log",           REQUIRED, log_parameters),
};
static const Table get_log = TABLE("GetLog", get_log_fields);

static const Field get_log_answer_fields[] = {
        ENUM_FIELD  ("status",   REQUIRED, LogAnswer, verdict, logs_verdict_words),
        STRING_FIELD("filename", OPTIONAL, LogAnswer, name,    255),
};
static const Table get_log_answer = TABLE("GetLog", get_log_answer_fields);

static const Field diagnostics_request_fields[] = {
        STRING_FIELD("location",      REQUIRED, LogRequest, location, 0),
        INT_FIELD   ("retries",       OPTIONAL, LogRequest, retries),
        INT_FIELD   ("retryInterval", OPTIONAL, LogRequest, retry_interval),
        TIME_FIELD  ("startTime",     OPTIONAL, LogRequest, oldest),
        TIME_FIELD  ("stopTime",      OPTIONAL, LogRequest, latest),
};
static const Table diagnostics_request = TABLE("GetDiagnostics", diagnostics_request_fields);

/* C16 6.24: no fileName where nothing is available. */
static const Field diagnostics_answer_fields[] = {
        STRING_FIELD("fileName", OPTIONAL, LogAnswer, name, 255),
};
static const Table diagnostics_answer = TABLE("GetDiagnostics", diagnostics_answer_fields);

static const Field trigger_fields[] = {
        ENUM_FIELD("requestedMessage", REQUIRED, TriggerRequest, requested, trigger_words),
        INT_FIELD ("connectorId",      OPTIONAL, TriggerRequest, connector),
};
static const Table trigger = TABLE("TriggerMessage", trigger_fields);

static const Field extended_fields[] = {
        ENUM_FIELD("requestedMessage", REQUIRED, TriggerRequest, requested, extended_words),
        INT_FIELD ("connectorId",      OPTIONAL, TriggerRequest, connector),
};
static const Table extended = TABLE("ExtendedTriggerMessage", extended_fields);

static const Field trigger_answer_fields[] = {
        ENUM_FIELD("status", REQUIRED, TriggerAnswer, verdict, trigger_verdict_words),
};
static const Table trigger_answer = TABLE("TriggerMessage", trigger_answer_fields);
static const Table extended_answer = TABLE("ExtendedTriggerMessage", trigger_answer_fields);

static const Incoming incoming[] = {
        { "SignedUpdateFirmware",       IN_UPDATE_SIGNED, OUTGOING_MAX,              &signed_update,       &signed_update_answer },
        { "UpdateFirmware",             IN_UPDATE_PLAIN,  OUTGOING_MAX,              &update,              &update_answer        },
        { "TriggerMessage",             IN_TRIGGER,       OUT_FIRMWARE_STATUS_PLAIN, &trigger,             &trigger_answer       },
        { "ExtendedTriggerMessage",     IN_TRIGGER,       OUT_FIRMWARE_STATUS,       &extended,            &extended_answer      },
        { "GetLog",                     IN_LOGS,          OUTGOING_MAX,              &get_log,             &get_log_answer       },
        { "GetDiagnostics",             IN_LOGS_PLAIN,    OUTGOING_MAX,              &diagnostics_request, &diagnostics_answer   },
        { "CancelReservation",          IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "CertificateSigned",          IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "ChangeAvailability",         IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "ChangeConfiguration",        IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "ClearCache",                 IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "ClearChargingProfile",       IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "DataTransfer",               IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "DeleteCertificate",          IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "GetCompositeSchedule",       IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "GetConfiguration",           IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "GetInstalledCertificateIds", IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "GetLocalListVersion",        IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "InstallCertificate",         IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "RemoteStartTransaction",     IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "RemoteStopTransaction",      IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "ReserveNow",                 IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "Reset",                      IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "SendLocalList",              IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "SetChargingProfile",         IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "UnlockConnector",            IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
};

/* ---- To the CSMS ---- */

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
static const Table boot = TABLE("BootNotification", boot_fields);

static const Field boot_answer_fields[] = {
        ENUM_FIELD("status",      REQUIRED, BootAnswer, status, registration_words),
        TIME_FIELD("currentTime", REQUIRED, BootAnswer, current_time),
        INT_FIELD ("interval",    REQUIRED, BootAnswer, interval),
};
static const Table boot_answer = TABLE("BootNotification", boot_answer_fields);

static const Table heartbeat = EMPTY_TABLE("Heartbeat");
static const Field heartbeat_answer_fields[] = {
        TIME_FIELD("currentTime", REQUIRED, HeartbeatAnswer, current_time),
};
static const Table heartbeat_answer = TABLE("Heartbeat", heartbeat_answer_fields);

static const Field status_fields[] = {
        INT_FIELD     ("connectorId",     REQUIRED, ConnectorReport, connector),
        ENUM_FIELD    ("errorCode",       REQUIRED, ConnectorReport, error,  error_words),
        ENUM_FIELD    ("status",          REQUIRED, ConnectorReport, status, connector_words),
        TIME_FIELD    ("timestamp",       OPTIONAL, ConnectorReport, timestamp),
        IGNORED_STRING("info",            OPTIONAL, 50),
        IGNORED_STRING("vendorId",        OPTIONAL, 255),
        IGNORED_STRING("vendorErrorCode", OPTIONAL, 50),
};
static const Table status = TABLE("StatusNotification", status_fields);
static const Table status_answer = EMPTY_TABLE("StatusNotification");

/* requestId: needed unless Idle (WP3 L01.FR.21); the agent sees to that. */
static const Field signed_status_fields[] = {
        ENUM_FIELD("status",    REQUIRED, FirmwareReport, status, signed_firmware),
        INT_FIELD ("requestId", OPTIONAL, FirmwareReport, request_id),
};
static const Table signed_status = TABLE("SignedFirmwareStatusNotification", signed_status_fields);
static const Table signed_status_answer = EMPTY_TABLE("SignedFirmwareStatusNotification");

static const Field plain_status_fields[] = {
        ENUM_FIELD("status", REQUIRED, FirmwareReport, status, core_firmware),
};
static const Table plain_status = TABLE("FirmwareStatusNotification", plain_status_fields);
static const Table plain_status_answer = EMPTY_TABLE("FirmwareStatusNotification");

static const Field log_status_fields[] = {
        ENUM_FIELD("status",    REQUIRED, LogReport, status, log_words),
        INT_FIELD ("requestId", OPTIONAL, LogReport, request_id),
};
static const Table log_status = TABLE("LogStatusNotification", log_status_fields);
static const Table log_status_answer = EMPTY_TABLE("LogStatusNotification");

static const Field diagnostics_status_fields[] = {
        ENUM_FIELD("status", REQUIRED, LogReport, status, diagnostics_words),
};
static const Table diagnostics_status = TABLE("DiagnosticsStatusNotification", diagnostics_status_fields);
static const Table diagnostics_status_answer = EMPTY_TABLE("DiagnosticsStatusNotification");

static const Field security_fields[] = {
        OPEN_ENUM_FIELD("type",      REQUIRED, SecurityEventReport, type, security_words, 50),
        TIME_FIELD     ("timestamp", REQUIRED, SecurityEventReport, timestamp),
        STRING_FIELD   ("techInfo",  OPTIONAL, SecurityEventReport, tech_info, 255),
};
static const Table security = TABLE("SecurityEventNotification", security_fields);
static const Table security_answer = EMPTY_TABLE("SecurityEventNotification");

static const Outgoing outgoing[OUTGOING_MAX] = {
        [OUT_BOOT]                  = { "BootNotification",                 &boot,          &boot_answer },
        [OUT_HEARTBEAT]             = { "Heartbeat",                        &heartbeat,     &heartbeat_answer },
        [OUT_STATUS]                = { "StatusNotification",               &status,        &status_answer },
        [OUT_FIRMWARE_STATUS]       = { "SignedFirmwareStatusNotification", &signed_status, &signed_status_answer },
        [OUT_FIRMWARE_STATUS_PLAIN] = { "FirmwareStatusNotification",       &plain_status,  &plain_status_answer },
        [OUT_LOG_STATUS]            = { "LogStatusNotification",            &log_status,    &log_status_answer },
        [OUT_DIAGNOSTICS_STATUS]    = { "DiagnosticsStatusNotification",    &diagnostics_status, &diagnostics_status_answer },
        [OUT_SECURITY_EVENT]        = { "SecurityEventNotification",        &security,      &security_answer },
};

/* OCPP-J 1.6 table 7; errata 5.1 and 5.2 keep the two misspelt words. */
static const char *const errors[RPC_ERROR_MAX] = {
        [RPC_NOT_IMPLEMENTED]                 = "NotImplemented",
        [RPC_NOT_SUPPORTED]                   = "NotSupported",
        [RPC_INTERNAL_ERROR]                  = "InternalError",
        [RPC_PROTOCOL_ERROR]                  = "ProtocolError",
        [RPC_SECURITY_ERROR]                  = "SecurityError",
        [RPC_FORMAT_VIOLATION]                = "FormationViolation",
        [RPC_PROPERTY_CONSTRAINT_VIOLATION]   = "PropertyConstraintViolation",
        [RPC_OCCURRENCE_CONSTRAINT_VIOLATION] = "OccurenceConstraintViolation",
        [RPC_TYPE_CONSTRAINT_VIOLATION]       = "TypeConstraintViolation",
        [RPC_GENERIC_ERROR]                   = "GenericError",
};
/* clang-format on */

const Dialect ocpp16 = {
        .subprotocol = "ocpp1.6",
        .name = "1.6",
        .rules = {.unknown_is_violation = false, .custom_data = false},
        .frames = {.answer_unreadable = false,
                   .answer_unknown_type = false,
                   .rejected_gets_error = false,
                   .errors = errors},
        .incoming = incoming,
        .incoming_count = ELEMENTSOF(incoming),
        .outgoing = outgoing,
        .signed_words = signed_words,
        .plain_words = plain_words,
        .log_statuses = log_statuses,
        .diagnostics_statuses = diagnostics_statuses,
        .security_events = &security_words,
        .password_is_hex = true,
        .connector_zero = true,
};
