/* OCPP 2.0.1: updates, and requests for logs; what 2.1 has otherwise stands beside it. */
#include "fields.h"
#include "tables.h"

/* clang-format off */
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

/* LogEnumType */
static const char *const logs_kind_list[LOGS_KIND_MAX] = {
        [LOGS_DIAGNOSTICS] = "DiagnosticsLog",
        [LOGS_SECURITY]    = "SecurityLog",
};
static const EnumTable logs_kind_words = WORDS(logs_kind_list);
/* 2.1 has one more. */
static const char *const logs_kind_list_21[LOGS_KIND_MAX] = {
        [LOGS_DIAGNOSTICS]    = "DiagnosticsLog",
        [LOGS_SECURITY]       = "SecurityLog",
        [LOGS_DATA_COLLECTOR] = "DataCollectorLog",
};
const EnumTable ocpp21_logs_kind_words = WORDS(logs_kind_list_21);

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

static const Field firmware_fields[] = {
        STRING_FIELD("location",           REQUIRED, UpdateRequest, location,            512),
        TIME_FIELD  ("retrieveDateTime",   REQUIRED, UpdateRequest, retrieve_at),
        TIME_FIELD  ("installDateTime",    OPTIONAL, UpdateRequest, install_at),
        STRING_FIELD("signingCertificate", OPTIONAL, UpdateRequest, signing_certificate, 5500),
        STRING_FIELD("signature",          OPTIONAL, UpdateRequest, signature,           800),
};
static const Table firmware_type = TABLE("FirmwareType", firmware_fields);

/* StatusInfoType of the answer to UpdateFirmware */
static const Field update_info_fields[] = {
        STRING_FIELD("reasonCode",     REQUIRED, UpdateAnswer, reason_code,     20),
        STRING_FIELD("additionalInfo", OPTIONAL, UpdateAnswer, additional_info, 512),
};
static const Table update_info = TABLE("StatusInfoType", update_info_fields);

static const Field log_parameters_fields[] = {
        STRING_FIELD("remoteLocation",  REQUIRED, LogRequest, location, 512),
        TIME_FIELD  ("oldestTimestamp", OPTIONAL, LogRequest, oldest),
        TIME_FIELD  ("latestTimestamp", OPTIONAL, LogRequest, latest),
};
static const Table log_parameters = TABLE("LogParametersType", log_parameters_fields);

static const Field update_fields[] = {
        INT_FIELD   ("requestId",     REQUIRED, UpdateRequest, request_id),
        INT_FIELD   ("retries",       OPTIONAL, UpdateRequest, retries),
        INT_FIELD   ("retryInterval", OPTIONAL, UpdateRequest, retry_interval),
        INLINE_FIELD("firmware",      REQUIRED, firmware_type),
};
const Table ocpp201_update = TABLE("UpdateFirmware", update_fields);

static const Field update_answer_fields[] = {
        ENUM_FIELD  ("status",     REQUIRED, UpdateAnswer, verdict, verdict_words),
        INLINE_FIELD("statusInfo", OPTIONAL, update_info),
};
const Table ocpp201_update_answer = TABLE("UpdateFirmware", update_answer_fields);

static const Field get_log_fields[] = {
        ENUM_FIELD  ("logType",       REQUIRED, LogRequest, kind, logs_kind_words),
        INT_FIELD   ("requestId",     REQUIRED, LogRequest, request_id),
        INT_FIELD   ("retries",       OPTIONAL, LogRequest, retries),
        INT_FIELD   ("retryInterval", OPTIONAL, LogRequest, retry_interval),
        INLINE_FIELD("log",           REQUIRED, log_parameters),
};
const Table ocpp201_get_log = TABLE("GetLog", get_log_fields);

static const Field get_log_answer_fields[] = {
        ENUM_FIELD    ("status",     REQUIRED, LogAnswer, verdict, logs_verdict_words),
        STRING_FIELD  ("filename",   OPTIONAL, LogAnswer, name,    255),
        IGNORED_OBJECT("statusInfo", OPTIONAL, ocpp201_status_info),
};
const Table ocpp201_get_log_answer = TABLE("GetLog", get_log_answer_fields);

/* requestId: needed unless Idle (L01.FR.20, L02.FR.14); the agent sees to that. */
static const Field firmware_status_fields[] = {
        ENUM_FIELD("status",    REQUIRED, FirmwareReport, status, firmware_words),
        INT_FIELD ("requestId", OPTIONAL, FirmwareReport, request_id),
};
const Table ocpp201_firmware_status = TABLE("FirmwareStatusNotification", firmware_status_fields);
const Table ocpp201_firmware_status_answer = EMPTY_TABLE("FirmwareStatusNotification");

/* 2.1: StatusInfoType of a status of ours */
static const Field firmware_info_fields[] = {
        STRING_FIELD("reasonCode",     REQUIRED, FirmwareReport, reason_code,     20),
        STRING_FIELD("additionalInfo", OPTIONAL, FirmwareReport, additional_info, 1024),
};
static const Table firmware_info = TABLE("StatusInfoType", firmware_info_fields);

static const Field firmware_status_fields_21[] = {
        ENUM_FIELD  ("status",     REQUIRED, FirmwareReport, status, firmware_words),
        INT_FIELD   ("requestId",  OPTIONAL, FirmwareReport, request_id),
        INLINE_FIELD("statusInfo", OPTIONAL, firmware_info),
};
const Table ocpp21_firmware_status = TABLE("FirmwareStatusNotification", firmware_status_fields_21);

static const Field log_status_fields[] = {
        ENUM_FIELD("status",    REQUIRED, LogReport, status, log_words),
        INT_FIELD ("requestId", OPTIONAL, LogReport, request_id),
};
const Table ocpp201_log_status = TABLE("LogStatusNotification", log_status_fields);
const Table ocpp201_log_status_answer = EMPTY_TABLE("LogStatusNotification");

static const Field log_info_fields[] = {
        STRING_FIELD("reasonCode",     REQUIRED, LogReport, reason_code,     20),
        STRING_FIELD("additionalInfo", OPTIONAL, LogReport, additional_info, 1024),
};
static const Table log_info = TABLE("StatusInfoType", log_info_fields);

static const Field log_status_fields_21[] = {
        ENUM_FIELD  ("status",     REQUIRED, LogReport, status, log_words),
        INT_FIELD   ("requestId",  OPTIONAL, LogReport, request_id),
        INLINE_FIELD("statusInfo", OPTIONAL, log_info),
};
const Table ocpp21_log_status = TABLE("LogStatusNotification", log_status_fields_21);
/* clang-format on */
