/* OCPP 1.6: updates, and requests for logs. */
#include "fields.h"
#include "tables.h"

/* clang-format off */
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

/* FirmwareStatusEnumType of the ocpp16_security extension. */
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
const Table ocpp16_signed_update = TABLE("SignedUpdateFirmware", signed_update_fields);

static const Field signed_update_answer_fields[] = {
        ENUM_FIELD("status", REQUIRED, UpdateAnswer, verdict, verdict_words),
};
const Table ocpp16_signed_update_answer = TABLE("SignedUpdateFirmware", signed_update_answer_fields);

static const Field update_fields[] = {
        STRING_FIELD("location",      REQUIRED, UpdateRequest, location, 0),
        TIME_FIELD  ("retrieveDate",  REQUIRED, UpdateRequest, retrieve_at),
        INT_FIELD   ("retries",       OPTIONAL, UpdateRequest, retries),
        INT_FIELD   ("retryInterval", OPTIONAL, UpdateRequest, retry_interval),
};
const Table ocpp16_update = TABLE("UpdateFirmware", update_fields);
const Table ocpp16_update_answer = EMPTY_TABLE("UpdateFirmware");

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
const Table ocpp16_get_log = TABLE("GetLog", get_log_fields);

static const Field get_log_answer_fields[] = {
        ENUM_FIELD  ("status",   REQUIRED, LogAnswer, verdict, logs_verdict_words),
        STRING_FIELD("filename", OPTIONAL, LogAnswer, name,    255),
};
const Table ocpp16_get_log_answer = TABLE("GetLog", get_log_answer_fields);

static const Field diagnostics_request_fields[] = {
        STRING_FIELD("location",      REQUIRED, LogRequest, location, 0),
        INT_FIELD   ("retries",       OPTIONAL, LogRequest, retries),
        INT_FIELD   ("retryInterval", OPTIONAL, LogRequest, retry_interval),
        TIME_FIELD  ("startTime",     OPTIONAL, LogRequest, oldest),
        TIME_FIELD  ("stopTime",      OPTIONAL, LogRequest, latest),
};
const Table ocpp16_diagnostics_request = TABLE("GetDiagnostics", diagnostics_request_fields);

/* C16 6.24: no fileName where nothing is available. */
static const Field diagnostics_answer_fields[] = {
        STRING_FIELD("fileName", OPTIONAL, LogAnswer, name, 255),
};
const Table ocpp16_diagnostics_answer = TABLE("GetDiagnostics", diagnostics_answer_fields);

/* requestId: needed unless Idle (WP3 L01.FR.21); the agent sees to that. */
static const Field signed_status_fields[] = {
        ENUM_FIELD("status",    REQUIRED, FirmwareReport, status, signed_firmware),
        INT_FIELD ("requestId", OPTIONAL, FirmwareReport, request_id),
};
const Table ocpp16_signed_status = TABLE("SignedFirmwareStatusNotification", signed_status_fields);
const Table ocpp16_signed_status_answer = EMPTY_TABLE("SignedFirmwareStatusNotification");

static const Field plain_status_fields[] = {
        ENUM_FIELD("status", REQUIRED, FirmwareReport, status, core_firmware),
};
const Table ocpp16_plain_status = TABLE("FirmwareStatusNotification", plain_status_fields);
const Table ocpp16_plain_status_answer = EMPTY_TABLE("FirmwareStatusNotification");

static const Field log_status_fields[] = {
        ENUM_FIELD("status",    REQUIRED, LogReport, status, log_words),
        INT_FIELD ("requestId", OPTIONAL, LogReport, request_id),
};
const Table ocpp16_log_status = TABLE("LogStatusNotification", log_status_fields);
const Table ocpp16_log_status_answer = EMPTY_TABLE("LogStatusNotification");

static const Field diagnostics_status_fields[] = {
        ENUM_FIELD("status", REQUIRED, LogReport, status, diagnostics_words),
};
const Table ocpp16_diagnostics_status = TABLE("DiagnosticsStatusNotification", diagnostics_status_fields);
const Table ocpp16_diagnostics_status_answer = EMPTY_TABLE("DiagnosticsStatusNotification");
/* clang-format on */
