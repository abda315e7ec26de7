/* OCPP 1.6: configuration keys, and the messages that ask for them and set them. */
#include "fields.h"
#include "tables.h"

/* clang-format off */
/* In the order of the specification; a custom key is called as in 2.x. */
const ConfigurationKey ocpp16_keys[] = {
        /* core profile (C16 9.1): the required ones, and what the station has of the others */
        { "AuthorizeRemoteTxRequests",             VAR_AUTHORIZE_REMOTE_START       },
        { "ClockAlignedDataInterval",              VAR_ALIGNED_INTERVAL             },
        { "ConnectionTimeOut",                     VAR_CONNECTION_TIMEOUT           },
        { "ConnectorPhaseRotation",                VAR_CONNECTOR_PHASE_ROTATION     },
        { "GetConfigurationMaxKeys",               VAR_CONFIGURATION_MAX_KEYS       },
        { "HeartbeatInterval",                     VAR_HEARTBEAT_INTERVAL           },
        { "LocalAuthorizeOffline",                 VAR_LOCAL_AUTHORIZE_OFFLINE      },
        { "LocalPreAuthorize",                     VAR_LOCAL_PRE_AUTHORIZE          },
        { "MeterValuesAlignedData",                VAR_ALIGNED_MEASURANDS           },
        { "MeterValuesSampledData",                VAR_SAMPLED_MEASURANDS           },
        { "MeterValueSampleInterval",              VAR_SAMPLED_INTERVAL             },
        { "NumberOfConnectors",                    VAR_NUMBER_OF_CONNECTORS         },
        { "ResetRetries",                          VAR_RESET_RETRIES                },
        { "StopTransactionOnEVSideDisconnect",     VAR_STOP_ON_EV_DISCONNECT        },
        { "StopTransactionOnInvalidId",            VAR_STOP_ON_INVALID_ID           },
        { "StopTxnAlignedData",                    VAR_ALIGNED_ENDED_MEASURANDS     },
        { "StopTxnSampledData",                    VAR_SAMPLED_ENDED_MEASURANDS     },
        { "SupportedFeatureProfiles",              VAR_FEATURE_PROFILES             },
        { "TransactionMessageAttempts",            VAR_TRANSACTION_ATTEMPTS         },
        { "TransactionMessageRetryInterval",       VAR_TRANSACTION_ATTEMPT_INTERVAL },
        { "UnlockConnectorOnEVSideDisconnect",     VAR_UNLOCK_ON_EV_DISCONNECT      },
        { "WebSocketPingInterval",                 VAR_PING_INTERVAL                },
        /* firmware management (C16E 3.88) */
        { "SupportedFileTransferProtocols",        VAR_FILE_TRANSFER_PROTOCOLS      },
        /* security extension (WP3 7) */
        { "AdditionalRootCertificateCheck",        VAR_ADDITIONAL_ROOT_CHECK        },
        { "AuthorizationKey",                      VAR_BASIC_AUTH_PASSWORD          },
        { "CertificateSignedMaxChainSize",         VAR_CERTIFICATE_CHAIN_MAX        },
        { "CertificateStoreMaxLength",             VAR_CERTIFICATE_STORE_MAX        },
        { "CpoName",                               VAR_ORGANIZATION_NAME            },
        { "SecurityProfile",                       VAR_SECURITY_PROFILE             },
        /* custom */
        { "AllowNewSessionsPendingFirmwareUpdate", VAR_ALLOW_NEW_SESSIONS           },
        { "BootedSlot",                            VAR_BOOTED_SLOT                  },
        { "RetryBackOffRandomRange",               VAR_BACKOFF_RANDOM_RANGE         },
        { "RetryBackOffRepeatTimes",               VAR_BACKOFF_REPEAT_TIMES         },
        { "RetryBackOffWaitMinimum",               VAR_BACKOFF_WAIT_MINIMUM         },
};
_Static_assert(ELEMENTSOF(ocpp16_keys) <= CONFIGURATION_KEYS_MAX, "all do not fit into an answer");

/* ConfigurationStatus */
static const char *const verdict_list[CONFIGURATION_VERDICT_MAX] = {
        [CONFIGURATION_ACCEPTED]        = "Accepted",
        [CONFIGURATION_REJECTED]        = "Rejected",
        [CONFIGURATION_REBOOT_REQUIRED] = "RebootRequired",
        [CONFIGURATION_NOT_SUPPORTED]   = "NotSupported",
};
static const EnumTable verdict_words = WORDS(verdict_list);

static const ListType asked_type = LIST_OF_STRINGS(50, 0, CONFIGURATION_KEYS_MAX);
static const Field get_fields[] = {
        LIST_FIELD("key", OPTIONAL, ConfigurationRequest, keys, asked_type),
};
const Table ocpp16_get_configuration = TABLE("GetConfiguration", get_fields);

/* KeyValue, which has no name in the schema. */
static const Field value_fields[] = {
        STRING_FIELD("key",      REQUIRED, ConfigurationValue, key, 50),
        BOOL_FIELD  ("readonly", REQUIRED, ConfigurationValue, read_only),
        STRING_FIELD("value",    OPTIONAL, ConfigurationValue, value, 500),
};
static const Table value_table = TABLE("", value_fields);
static const ConfigurationValue value_initial = { .read_only = -1 };
static const ListType known_type = LIST_OF_OBJECTS(value_table, ConfigurationValue, &value_initial, 0, CONFIGURATION_KEYS_MAX);
static const Field get_answer_fields[] = {
        LIST_FIELD("configurationKey", OPTIONAL, ConfigurationAnswer, known,   known_type),
        LIST_FIELD("unknownKey",       OPTIONAL, ConfigurationAnswer, unknown, asked_type),
};
const Table ocpp16_get_configuration_answer = TABLE("GetConfiguration", get_answer_fields);

static const Field change_fields[] = {
        STRING_FIELD("key",   REQUIRED, ConfigurationChange, key,   50),
        STRING_FIELD("value", REQUIRED, ConfigurationChange, value, 500),
};
const Table ocpp16_change_configuration = TABLE("ChangeConfiguration", change_fields);

static const Field change_answer_fields[] = {
        ENUM_FIELD("status", REQUIRED, ConfigurationChanged, verdict, verdict_words),
};
const Table ocpp16_change_configuration_answer = TABLE("ChangeConfiguration", change_answer_fields);
/* clang-format on */
