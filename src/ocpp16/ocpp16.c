/* OCPP 1.6 (C16: edition 2 with errata 4) with the security extension (WP3): words, messages, and
 * how it frames. Members that the version has and the agent has no use for are IGNORED. */
#include "ocpp16.h"

#include "fields.h"
#include "tables.h"

/* clang-format off */
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

static const Incoming incoming[] = {
        { "SignedUpdateFirmware",       IN_UPDATE_SIGNED, OUTGOING_MAX,              &ocpp16_signed_update,       &ocpp16_signed_update_answer },
        { "UpdateFirmware",             IN_UPDATE_PLAIN,  OUTGOING_MAX,              &ocpp16_update,              &ocpp16_update_answer        },
        { "TriggerMessage",             IN_TRIGGER,       OUT_FIRMWARE_STATUS_PLAIN, &ocpp16_trigger,             &ocpp16_trigger_answer       },
        { "ExtendedTriggerMessage",     IN_TRIGGER,       OUT_FIRMWARE_STATUS,       &ocpp16_extended,            &ocpp16_extended_answer      },
        { "GetLog",                     IN_LOGS,          OUTGOING_MAX,              &ocpp16_get_log,             &ocpp16_get_log_answer       },
        { "GetDiagnostics",             IN_LOGS_PLAIN,    OUTGOING_MAX,              &ocpp16_diagnostics_request, &ocpp16_diagnostics_answer   },
        { "GetConfiguration",           IN_GET_CONFIGURATION,    OUTGOING_MAX,       &ocpp16_get_configuration,    &ocpp16_get_configuration_answer    },
        { "ChangeConfiguration",        IN_CHANGE_CONFIGURATION, OUTGOING_MAX,       &ocpp16_change_configuration, &ocpp16_change_configuration_answer },
        { "InstallCertificate",         IN_INSTALL_CERTIFICATE, OUTGOING_MAX,        &ocpp16_install,             &ocpp16_install_answer },
        { "GetInstalledCertificateIds", IN_GET_CERTIFICATES,    OUTGOING_MAX,        &ocpp16_roots,               &ocpp16_roots_answer },
        { "DeleteCertificate",          IN_DELETE_CERTIFICATE,  OUTGOING_MAX,        &ocpp16_delete,              &ocpp16_delete_answer },
        { "Reset",                     IN_RESET,         OUTGOING_MAX, &ocpp16_reset,                      &ocpp16_reset_answer },
        { "ChangeAvailability",        IN_AVAILABILITY,  OUTGOING_MAX, &ocpp16_change_availability,        &ocpp16_change_availability_answer },
        { "RemoteStartTransaction",    IN_FIXED,         OUTGOING_MAX, &ocpp16_remote_start,               &ocpp16_remote_start_answer,                &ocpp16_refused },
        { "RemoteStopTransaction",     IN_FIXED,         OUTGOING_MAX, &ocpp16_remote_stop,                &ocpp16_remote_stop_answer,                 &ocpp16_refused },
        { "ClearCache",                IN_FIXED,         OUTGOING_MAX, &ocpp16_clear_cache,                &ocpp16_clear_cache_answer,                 &ocpp16_refused },
        { "CertificateSigned",         IN_FIXED,         OUTGOING_MAX, &ocpp16_certificate_signed,         &ocpp16_certificate_signed_answer,          &ocpp16_refused },
        { "UnlockConnector",           IN_FIXED,         OUTGOING_MAX, &ocpp16_unlock,                     &ocpp16_unlock_answer,                      &ocpp16_refused },
        { "GetLocalListVersion",       IN_FIXED,         OUTGOING_MAX, &ocpp16_list_version,               &ocpp16_list_version_answer,                &ocpp16_no_list },
        { "SendLocalList",             IN_FIXED,         OUTGOING_MAX, &ocpp16_send_list,                  &ocpp16_send_list_answer,                   &ocpp16_refused },
        { "DataTransfer",              IN_FIXED,         OUTGOING_MAX, &ocpp16_data_transfer,              &ocpp16_data_transfer_answer,               &ocpp16_refused },
        { "CancelReservation",          IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "ClearChargingProfile",       IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "GetCompositeSchedule",       IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "ReserveNow",                 IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
        { "SetChargingProfile",         IN_UNSUPPORTED,   OUTGOING_MAX,              NULL,                 NULL                  },
};

static const Outgoing outgoing[OUTGOING_MAX] = {
        [OUT_BOOT]                  = { "BootNotification",                 &ocpp16_boot,          &ocpp16_boot_answer },
        [OUT_HEARTBEAT]             = { "Heartbeat",                        &ocpp16_heartbeat,     &ocpp16_heartbeat_answer },
        [OUT_STATUS]                = { "StatusNotification",               &ocpp16_status,        &ocpp16_status_answer },
        [OUT_FIRMWARE_STATUS]       = { "SignedFirmwareStatusNotification", &ocpp16_signed_status, &ocpp16_signed_status_answer },
        [OUT_FIRMWARE_STATUS_PLAIN] = { "FirmwareStatusNotification",       &ocpp16_plain_status,  &ocpp16_plain_status_answer },
        [OUT_LOG_STATUS]            = { "LogStatusNotification",            &ocpp16_log_status,    &ocpp16_log_status_answer },
        [OUT_DIAGNOSTICS_STATUS]    = { "DiagnosticsStatusNotification",    &ocpp16_diagnostics_status, &ocpp16_diagnostics_status_answer },
        [OUT_SECURITY_EVENT]        = { "SecurityEventNotification",        &ocpp16_security,      &ocpp16_security_answer },
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
};/* clang-format on */

const Dialect ocpp16 = {
        .subprotocol = "ocpp1.6",
        .name = "1.6",
        .rules = {.unknown_is_violation = false, .custom_data = false},
        .frames = {.answer_unreadable = false,
                   .answer_unknown_type = false,
                   .rejected_gets_error = false,
                   .errors = errors},
        .own_incoming = incoming,
        .own_incoming_count = ELEMENTSOF(incoming),
        .own_outgoing = outgoing,
        .signed_words = signed_words,
        .plain_words = plain_words,
        .log_statuses = log_statuses,
        .diagnostics_statuses = diagnostics_statuses,
        .security_events = &ocpp16_security_words,
        .keys = ocpp16_keys,
        .key_count = ELEMENTSOF(ocpp16_keys),
        .password_is_hex = true,
        .connector_zero = true,
        .reconnect_is_silent = true,
};
