/* OCPP 2.1 as an overlay of 2.0.1: what it has added, what it has otherwise, and how it frames. All
 * else is 2.0.1's, whose file holds it. */
#include "ocpp201.h"

#include "fields.h"
#include "tables.h"

/* clang-format off */
/* None is known here: TriggerMessage of one is answered NotImplemented. */
static const Field custom_trigger = IGNORED_STRING("customTrigger", OPTIONAL, 50);
static const Field max_elements = IGNORED_MEMBER("maxElements", OPTIONAL, JSON_INTEGER);
static const Field signing_request = IGNORED_MEMBER("requestId", OPTIONAL, JSON_INTEGER);

/* Members, limits and words that differ, wherever a message has them; the tables of one name together. */
static const FieldChange changes[] = {
        { "StatusInfoType",     "additionalInfo",   .max = 1024 },
        { "EVSEType",           "id",               .not_negative = true },
        { "EVSEType",           "connectorId",      .not_negative = true },
        { "FirmwareType",       "location",         .max = 2000 },
        { "APNType",            "apn",              .max = 2000 },
        { "APNType",            "apnUserName",      .max = 50 },
        { "APNType",            "apnPassword",      .max = 64 },
        { "VPNType",            "server",           .max = 2000 },
        { "VPNType",            "user",             .max = 50 },
        { "VPNType",            "group",            .max = 50 },
        { "VPNType",            "password",         .max = 64 },
        { "NetworkConnectionProfileType", "securityProfile", .not_negative = true },
        { "UpdateFirmware",     "retries",          .not_negative = true },
        { "LogParametersType",  "remoteLocation",   .max = 2000 },
        { "GetLog",             "retries",          .not_negative = true },
        { "GetLog",             "logType",          .names = &ocpp21_logs_kind_words },
        { "StatusNotification", "evseId",           .not_negative = true },
        { "StatusNotification", "connectorId",      .not_negative = true },
        { "TriggerMessage",     "requestedMessage", .names = &ocpp21_trigger_words },
        { "TriggerMessage",     "customTrigger",    .added = &custom_trigger },
        { "InstallCertificate", "certificate",      .max = 10000 },
        { "InstallCertificate", "certificateType",  .names = &ocpp21_install_use_words },
        { "GetInstalledCertificateIds",   "certificateType", .list = &ocpp21_uses },
        { "CertificateHashDataChainType", "certificateType", .names = &ocpp21_get_use_words },
        { "Reset", "type",                              .names = &ocpp21_reset_words },
        { "Reset", "evseId",                            .not_negative = true },
        { "UnlockConnector", "evseId",                  .not_negative = true },
        { "UnlockConnector", "connectorId",             .not_negative = true },
        { "IdTokenType", "idToken",                     .max = 255 },
        { "IdTokenType", "type",                        .max = 20, .any_word = true },
        { "CertificateSigned", "certificateType",       .names = &ocpp21_signing_use_words },
        { "CertificateSigned", "requestId",             .added = &signing_request },
        { "SetVariableDataType", "attributeValue",      .max = 2500 },
        { "NotifyReport", "seqNo",                      .not_negative = true },
        { "VariableCharacteristicsType", "maxElements", .added = &max_elements },
        { 0 },
};

static const Incoming incoming[] = {
        { "AFRRSignal",                   IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "AdjustPeriodicEventStream",    IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "ChangeTransactionTariff",      IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "ClearDERControl",              IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "ClearTariffs",                 IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "GetDERControl",                IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "GetPeriodicEventStream",       IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "GetTariffs",                   IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "NotifyAllowedEnergyTransfer",  IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "NotifyWebPaymentStarted",      IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "RequestBatterySwap",           IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "SetDERControl",                IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "SetDefaultTariff",             IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "SetNetworkProfile",            IN_NETWORK,     OUTGOING_MAX, &ocpp21_network, &ocpp201_network_answer },
        { "UpdateDynamicSchedule",        IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
        { "UsePriorityCharging",          IN_UNSUPPORTED, OUTGOING_MAX, NULL, NULL },
};

static const Outgoing outgoing[OUTGOING_MAX] = {
        [OUT_FIRMWARE_STATUS] = { "FirmwareStatusNotification", &ocpp21_firmware_status, &ocpp201_firmware_status_answer },
        [OUT_LOG_STATUS]      = { "LogStatusNotification",      &ocpp21_log_status,      &ocpp201_log_status_answer },
};
/* clang-format on */

const Dialect ocpp21 = {
        .subprotocol = "ocpp2.1",
        .name = "2.1",
        .base = &ocpp201,
        .rules = {.unknown_is_violation = true, .custom_data = true, .changes = changes},
        .frames = {.answer_unreadable = true,
                   .answer_unknown_type = false,
                   .more_types = true,
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
