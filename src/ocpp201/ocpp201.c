/* OCPP 2.0.1 (edition 3): words, messages, and how it frames. Members that the version has and the
 * agent has no use for are IGNORED; customData is the codec's (CodecRules). */
#include "ocpp201.h"

#include "fields.h"
#include "tables.h"

/* clang-format off */
/* Every ocpp201_status has its word, with and without a signature. */
const uint8_t ocpp201_signed_words[FW_STATUS_MAX] = {
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

const uint8_t ocpp201_log_statuses[LOG_STATUS_MAX] = {
        [LOG_STATUS_IDLE]                    = LOG_STATUS_IDLE,
        [LOG_STATUS_UPLOADING]               = LOG_STATUS_UPLOADING,
        [LOG_STATUS_UPLOADED]                = LOG_STATUS_UPLOADED,
        [LOG_STATUS_UPLOAD_FAILURE]          = LOG_STATUS_UPLOAD_FAILURE,
        [LOG_STATUS_PERMISSION_DENIED]       = LOG_STATUS_PERMISSION_DENIED,
        [LOG_STATUS_BAD_MESSAGE]             = LOG_STATUS_BAD_MESSAGE,
        [LOG_STATUS_NOT_SUPPORTED_OPERATION] = LOG_STATUS_NOT_SUPPORTED_OPERATION,
        [LOG_STATUS_ACCEPTED_CANCELED]       = LOG_STATUS_ACCEPTED_CANCELED,
};

static const Incoming incoming[] = {
        { "UpdateFirmware",             IN_UPDATE_SIGNED, OUTGOING_MAX,        &ocpp201_update,  &ocpp201_update_answer  },
        { "TriggerMessage",             IN_TRIGGER,       OUT_FIRMWARE_STATUS, &ocpp201_trigger, &ocpp201_trigger_answer },
        { "GetLog",                     IN_LOGS,          OUTGOING_MAX,        &ocpp201_get_log, &ocpp201_get_log_answer },
        { "InstallCertificate",         IN_INSTALL_CERTIFICATE, OUTGOING_MAX,  &ocpp201_install, &ocpp201_install_answer },
        { "GetInstalledCertificateIds", IN_GET_CERTIFICATES,    OUTGOING_MAX,  &ocpp201_roots,   &ocpp201_roots_answer },
        { "DeleteCertificate",          IN_DELETE_CERTIFICATE,  OUTGOING_MAX,  &ocpp201_delete,  &ocpp201_delete_answer },
        { "Reset",                     IN_RESET,         OUTGOING_MAX, &ocpp201_reset,                     &ocpp201_reset_answer },
        { "ChangeAvailability",        IN_AVAILABILITY,  OUTGOING_MAX, &ocpp201_change_availability,       &ocpp201_change_availability_answer },
        { "UnlockConnector",           IN_UNLOCK,        OUTGOING_MAX, &ocpp201_unlock,                    &ocpp201_unlock_answer },
        { "GetTransactionStatus",      IN_TRANSACTION,   OUTGOING_MAX, &ocpp201_transaction_status,        &ocpp201_transaction_status_answer },
        { "RequestStartTransaction",   IN_FIXED,         OUTGOING_MAX, &ocpp201_request_start,             &ocpp201_request_start_answer,              &ocpp201_refused },
        { "RequestStopTransaction",    IN_FIXED,         OUTGOING_MAX, &ocpp201_request_stop,              &ocpp201_request_stop_answer,               &ocpp201_refused },
        { "ClearCache",                IN_FIXED,         OUTGOING_MAX, &ocpp201_clear_cache,               &ocpp201_clear_cache_answer,                &ocpp201_refused },
        { "CertificateSigned",         IN_FIXED,         OUTGOING_MAX, &ocpp201_certificate_signed,        &ocpp201_certificate_signed_answer,         &ocpp201_refused },
        { "GetLocalListVersion",       IN_FIXED,         OUTGOING_MAX, &ocpp201_list_version,              &ocpp201_list_version_answer,               &ocpp201_refused },
        { "SendLocalList",             IN_FIXED,         OUTGOING_MAX, &ocpp201_send_list,                 &ocpp201_send_list_answer,                  &ocpp201_refused },
        { "DataTransfer",              IN_FIXED,         OUTGOING_MAX, &ocpp201_data_transfer,             &ocpp201_data_transfer_answer,              &ocpp201_refused },
        { "SetMonitoringBase",         IN_FIXED,         OUTGOING_MAX, &ocpp201_monitoring_base,           &ocpp201_monitoring_base_answer,            &ocpp201_refused },
        { "GetMonitoringReport",       IN_FIXED,         OUTGOING_MAX, &ocpp201_monitoring_report,         &ocpp201_monitoring_report_answer,          &ocpp201_refused },
        { "CustomerInformation",       IN_FIXED,         OUTGOING_MAX, &ocpp201_customer,                  &ocpp201_customer_answer,                   &ocpp201_refused },
        { "CancelReservation",          IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "ClearChargingProfile",       IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "ClearDisplayMessage",        IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "ClearVariableMonitoring",    IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "CostUpdated",                IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetBaseReport",              IN_REPORT,        OUTGOING_MAX,        &ocpp201_base_report, &ocpp201_base_report_answer },
        { "GetChargingProfiles",        IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetCompositeSchedule",       IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetDisplayMessages",         IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "GetReport",                  IN_REPORT,        OUTGOING_MAX,        &ocpp201_get_report, &ocpp201_get_report_answer },
        { "GetVariables",               IN_GET_VARIABLES, OUTGOING_MAX,        &ocpp201_get_variables, &ocpp201_get_variables_answer },
        { "PublishFirmware",            IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "ReserveNow",                 IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetChargingProfile",         IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetDisplayMessage",          IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetMonitoringLevel",         IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetNetworkProfile",          IN_NETWORK,       OUTGOING_MAX,        &ocpp201_network, &ocpp201_network_answer },
        { "SetVariableMonitoring",      IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
        { "SetVariables",               IN_SET_VARIABLES, OUTGOING_MAX,        &ocpp201_set_variables, &ocpp201_set_variables_answer },
        { "UnpublishFirmware",          IN_UNSUPPORTED,   OUTGOING_MAX,        NULL,     NULL            },
};

static const Outgoing outgoing[OUTGOING_MAX] = {
        [OUT_BOOT]            = { "BootNotification",           &ocpp201_boot,            &ocpp201_boot_answer },
        [OUT_HEARTBEAT]       = { "Heartbeat",                  &ocpp201_heartbeat,       &ocpp201_heartbeat_answer },
        [OUT_STATUS]          = { "StatusNotification",         &ocpp201_status,          &ocpp201_status_answer },
        [OUT_FIRMWARE_STATUS] = { "FirmwareStatusNotification", &ocpp201_firmware_status, &ocpp201_firmware_status_answer },
        [OUT_LOG_STATUS]      = { "LogStatusNotification",      &ocpp201_log_status,      &ocpp201_log_status_answer },
        [OUT_SECURITY_EVENT]  = { "SecurityEventNotification",  &ocpp201_security,        &ocpp201_security_answer },
        [OUT_NOTIFY_REPORT]   = { "NotifyReport",               &ocpp201_notify_report,   &ocpp201_notify_report_answer },
};

/* Part 4 table 8 */
const char *const ocpp201_errors[RPC_ERROR_MAX] = {
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
};/* clang-format on */

const Dialect ocpp201 = {
        .subprotocol = "ocpp2.0.1",
        .name = "2.0.1",
        .rules = {.unknown_is_violation = true, .custom_data = true},
        .frames = {.answer_unreadable = true,
                   .answer_unknown_type = true,
                   .rejected_gets_error = true,
                   .errors = ocpp201_errors},
        .own_incoming = incoming,
        .own_incoming_count = ELEMENTSOF(incoming),
        .own_outgoing = outgoing,
        .signed_words = ocpp201_signed_words,
        .plain_words = NULL,
        .log_statuses = ocpp201_log_statuses,
        .diagnostics_statuses = NULL,
        .addresses = &ocpp201_addresses,
        .security_events = &ocpp201_security_words,
        .password_is_hex = false,
        .connector_zero = false,
};
