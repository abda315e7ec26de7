/* OCPP 2.0.1: where the device model has each variable (part 2, referenced components and
 * variables), and the messages that read and set them. */
#include "fields.h"
#include "tables.h"

/* As many as VAR_ITEMS_GET_VARIABLES and VAR_ITEMS_SET_VARIABLES say; of answers too. */
#define ITEMS_MAX 100

#define STATION(v, c, name)                                                                        \
        {                                                                                          \
                .var = v, .scope = SCOPE_STATION, .component = c, .variable = name                 \
        }
#define INSTANCE(v, c, name, i)                                                                    \
        {                                                                                          \
                .var = v, .scope = SCOPE_STATION, .component = c, .variable = name,                \
                .variable_instance = i                                                             \
        }
#define CONSTANT(v, c, name)                                                                       \
        {                                                                                          \
                .var = v, .scope = SCOPE_STATION, .component = c, .variable = name,                \
                .constant = true                                                                   \
        }
#define LIMIT(v, name, i)                                                                          \
        {                                                                                          \
                .var = v, .scope = SCOPE_STATION, .component = "DeviceDataCtrlr",                  \
                .variable = name, .variable_instance = i, .constant = true                         \
        }
#define EVSE(v, name)                                                                              \
        {                                                                                          \
                .var = v, .scope = SCOPE_EVSE, .component = "EVSE", .variable = name               \
        }
#define CONNECTOR(v, name)                                                                         \
        {                                                                                          \
                .var = v, .scope = SCOPE_CONNECTOR, .component = "Connector", .variable = name     \
        }

/* clang-format off */
static const VarAddress address_list[] = {
        STATION  (VAR_ALLOW_NEW_SESSIONS,           "ChargingStation",  "AllowNewSessionsPendingFirmwareUpdate"),
        STATION  (VAR_AVAILABILITY_STATE,           "ChargingStation",  "AvailabilityState"),
        STATION  (VAR_AVAILABLE,                    "ChargingStation",  "Available"),
        STATION  (VAR_PROBLEM,                      "ChargingStation",  "Problem"),
        STATION  (VAR_SUPPLY_PHASES,                "ChargingStation",  "SupplyPhases"),
        CONSTANT (VAR_VENDOR_NAME,                  "ChargingStation",  "VendorName"),
        CONSTANT (VAR_MODEL,                        "ChargingStation",  "Model"),
        CONSTANT (VAR_SERIAL_NUMBER,                "ChargingStation",  "SerialNumber"),
        STATION  (VAR_FIRMWARE_VERSION,             "ChargingStation",  "FirmwareVersion"),
        STATION  (VAR_BOOTED_SLOT,                  "ChargingStation",  "BootedSlot"),
        EVSE     (VAR_AVAILABILITY_STATE,           "AvailabilityState"),
        EVSE     (VAR_AVAILABLE,                    "Available"),
        EVSE     (VAR_PROBLEM,                      "Problem"),
        EVSE     (VAR_EVSE_POWER,                   "Power"),
        EVSE     (VAR_SUPPLY_PHASES,                "SupplyPhases"),
        CONNECTOR(VAR_AVAILABILITY_STATE,           "AvailabilityState"),
        CONNECTOR(VAR_AVAILABLE,                    "Available"),
        CONNECTOR(VAR_PROBLEM,                      "Problem"),
        CONNECTOR(VAR_CONNECTOR_TYPE,               "ConnectorType"),
        CONNECTOR(VAR_SUPPLY_PHASES,                "SupplyPhases"),

        STATION  (VAR_HEARTBEAT_INTERVAL,           "OCPPCommCtrlr",    "HeartbeatInterval"),
        STATION  (VAR_PING_INTERVAL,                "OCPPCommCtrlr",    "WebSocketPingInterval"),
        INSTANCE (VAR_MESSAGE_TIMEOUT,              "OCPPCommCtrlr",    "MessageTimeout", "Default"),
        INSTANCE (VAR_TRANSACTION_ATTEMPTS,         "OCPPCommCtrlr",    "MessageAttempts", "TransactionEvent"),
        INSTANCE (VAR_TRANSACTION_ATTEMPT_INTERVAL, "OCPPCommCtrlr",    "MessageAttemptInterval", "TransactionEvent"),
        STATION  (VAR_BACKOFF_WAIT_MINIMUM,         "OCPPCommCtrlr",    "RetryBackOffWaitMinimum"),
        STATION  (VAR_BACKOFF_RANDOM_RANGE,         "OCPPCommCtrlr",    "RetryBackOffRandomRange"),
        STATION  (VAR_BACKOFF_REPEAT_TIMES,         "OCPPCommCtrlr",    "RetryBackOffRepeatTimes"),
        STATION  (VAR_NETWORK_PRIORITY,             "OCPPCommCtrlr",    "NetworkConfigurationPriority"),
        STATION  (VAR_NETWORK_ATTEMPTS,             "OCPPCommCtrlr",    "NetworkProfileConnectionAttempts"),
        STATION  (VAR_ACTIVE_NETWORK_PROFILE,       "OCPPCommCtrlr",    "ActiveNetworkProfile"),
        STATION  (VAR_OFFLINE_THRESHOLD,            "OCPPCommCtrlr",    "OfflineThreshold"),
        CONSTANT (VAR_QUEUE_ALL_MESSAGES,           "OCPPCommCtrlr",    "QueueAllMessages"),
        STATION  (VAR_RESET_RETRIES,                "OCPPCommCtrlr",    "ResetRetries"),
        CONSTANT (VAR_FILE_TRANSFER_PROTOCOLS,      "OCPPCommCtrlr",    "FileTransferProtocols"),
        STATION  (VAR_UNLOCK_ON_EV_DISCONNECT,      "OCPPCommCtrlr",    "UnlockOnEVSideDisconnect"),

        CONSTANT (VAR_IDENTITY,                     "SecurityCtrlr",    "Identity"),
        STATION  (VAR_BASIC_AUTH_PASSWORD,          "SecurityCtrlr",    "BasicAuthPassword"),
        STATION  (VAR_SECURITY_PROFILE,             "SecurityCtrlr",    "SecurityProfile"),
        STATION  (VAR_ORGANIZATION_NAME,            "SecurityCtrlr",    "OrganizationName"),
        STATION  (VAR_CERTIFICATE_ENTRIES,          "SecurityCtrlr",    "CertificateEntries"),
        CONSTANT (VAR_CERTIFICATE_CHAIN_MAX,        "SecurityCtrlr",    "MaxCertificateChainSize"),
        CONSTANT (VAR_ADDITIONAL_ROOT_CHECK,        "SecurityCtrlr",    "AdditionalRootCertificateCheck"),

        STATION  (VAR_DATE_TIME,                    "ClockCtrlr",       "DateTime"),
        CONSTANT (VAR_TIME_SOURCE,                  "ClockCtrlr",       "TimeSource"),

        LIMIT    (VAR_ITEMS_GET_REPORT,             "ItemsPerMessage",  "GetReport"),
        LIMIT    (VAR_ITEMS_GET_VARIABLES,          "ItemsPerMessage",  "GetVariables"),
        LIMIT    (VAR_ITEMS_SET_VARIABLES,          "ItemsPerMessage",  "SetVariables"),
        LIMIT    (VAR_BYTES_GET_REPORT,             "BytesPerMessage",  "GetReport"),
        LIMIT    (VAR_BYTES_GET_VARIABLES,          "BytesPerMessage",  "GetVariables"),
        LIMIT    (VAR_BYTES_SET_VARIABLES,          "BytesPerMessage",  "SetVariables"),

        STATION  (VAR_AUTHORIZE_REMOTE_START,       "AuthCtrlr",        "AuthorizeRemoteStart"),
        STATION  (VAR_LOCAL_AUTHORIZE_OFFLINE,      "AuthCtrlr",        "LocalAuthorizeOffline"),
        STATION  (VAR_LOCAL_PRE_AUTHORIZE,          "AuthCtrlr",        "LocalPreAuthorize"),

        STATION  (VAR_CONNECTION_TIMEOUT,           "TxCtrlr",          "EVConnectionTimeOut"),
        STATION  (VAR_STOP_ON_EV_DISCONNECT,        "TxCtrlr",          "StopTxOnEVSideDisconnect"),
        STATION  (VAR_STOP_ON_INVALID_ID,           "TxCtrlr",          "StopTxOnInvalidId"),
        STATION  (VAR_TX_START_POINT,               "TxCtrlr",          "TxStartPoint"),
        STATION  (VAR_TX_STOP_POINT,                "TxCtrlr",          "TxStopPoint"),

        STATION  (VAR_ALIGNED_INTERVAL,             "AlignedDataCtrlr", "Interval"),
        STATION  (VAR_ALIGNED_MEASURANDS,           "AlignedDataCtrlr", "Measurands"),
        STATION  (VAR_ALIGNED_ENDED_INTERVAL,       "AlignedDataCtrlr", "TxEndedInterval"),
        STATION  (VAR_ALIGNED_ENDED_MEASURANDS,     "AlignedDataCtrlr", "TxEndedMeasurands"),

        STATION  (VAR_SAMPLED_STARTED_MEASURANDS,   "SampledDataCtrlr", "TxStartedMeasurands"),
        STATION  (VAR_SAMPLED_INTERVAL,             "SampledDataCtrlr", "TxUpdatedInterval"),
        STATION  (VAR_SAMPLED_MEASURANDS,           "SampledDataCtrlr", "TxUpdatedMeasurands"),
        STATION  (VAR_SAMPLED_ENDED_INTERVAL,       "SampledDataCtrlr", "TxEndedInterval"),
        STATION  (VAR_SAMPLED_ENDED_MEASURANDS,     "SampledDataCtrlr", "TxEndedMeasurands"),
};
const VarAddresses ocpp201_addresses = { address_list, ELEMENTSOF(address_list) };

/* AttributeEnumType */
static const char *const attribute_list[ATTRIBUTE_MAX] = {
        [ATTRIBUTE_ACTUAL]  = "Actual",
        [ATTRIBUTE_TARGET]  = "Target",
        [ATTRIBUTE_MIN_SET] = "MinSet",
        [ATTRIBUTE_MAX_SET] = "MaxSet",
};
const EnumTable ocpp201_attribute_words = WORDS(attribute_list);

static const char *const get_status_list[VARIABLE_STATUS_MAX] = {
        [VARIABLE_ACCEPTED]                = "Accepted",
        [VARIABLE_REJECTED]                = "Rejected",
        [VARIABLE_UNKNOWN_COMPONENT]       = "UnknownComponent",
        [VARIABLE_UNKNOWN_VARIABLE]        = "UnknownVariable",
        [VARIABLE_NOT_SUPPORTED_ATTRIBUTE] = "NotSupportedAttributeType",
};
static const EnumTable get_status_words = WORDS(get_status_list);

static const char *const set_status_list[VARIABLE_STATUS_MAX] = {
        [VARIABLE_ACCEPTED]                = "Accepted",
        [VARIABLE_REJECTED]                = "Rejected",
        [VARIABLE_UNKNOWN_COMPONENT]       = "UnknownComponent",
        [VARIABLE_UNKNOWN_VARIABLE]        = "UnknownVariable",
        [VARIABLE_NOT_SUPPORTED_ATTRIBUTE] = "NotSupportedAttributeType",
        [VARIABLE_REBOOT_REQUIRED]         = "RebootRequired",
};
static const EnumTable set_status_words = WORDS(set_status_list);

static const Field evse_fields[] = {
        INT_FIELD("id",          REQUIRED, ModelName, evse),
        INT_FIELD("connectorId", OPTIONAL, ModelName, connector),
};
static const Table evse_type = TABLE("EVSEType", evse_fields);

static const Field component_fields[] = {
        STRING_FIELD("name",     REQUIRED, ModelName, component,          50),
        STRING_FIELD("instance", OPTIONAL, ModelName, component_instance, 50),
        INLINE_FIELD("evse",     OPTIONAL, evse_type),
};
const Table ocpp201_component = TABLE("ComponentType", component_fields);

static const Field variable_fields[] = {
        STRING_FIELD("name",     REQUIRED, ModelName, variable,          50),
        STRING_FIELD("instance", OPTIONAL, ModelName, variable_instance, 50),
};
const Table ocpp201_variable = TABLE("VariableType", variable_fields);

static const Field item_info_fields[] = {
        STRING_FIELD("reasonCode",     REQUIRED, VariableItem, reason, 20),
        STRING_FIELD("additionalInfo", OPTIONAL, VariableItem, info,   512),
};
static const Table item_info = TABLE("StatusInfoType", item_info_fields);

static const Field get_item_fields[] = {
        ENUM_FIELD  ("attributeType", OPTIONAL, VariableItem, attribute, ocpp201_attribute_words),
        INLINE_FIELD("component",     REQUIRED, ocpp201_component),
        INLINE_FIELD("variable",      REQUIRED, ocpp201_variable),
};
static const Table get_item = TABLE("GetVariableDataType", get_item_fields);
static const ListType get_items = LIST_OF_OBJECTS(get_item, VariableItem, &variable_item_init, 1, ITEMS_MAX);

static const Field get_result_fields[] = {
        ENUM_FIELD  ("attributeStatus",     REQUIRED, VariableItem, status,    get_status_words),
        INLINE_FIELD("attributeStatusInfo", OPTIONAL, item_info),
        ENUM_FIELD  ("attributeType",       OPTIONAL, VariableItem, attribute, ocpp201_attribute_words),
        STRING_FIELD("attributeValue",      OPTIONAL, VariableItem, value,     2500),
        INLINE_FIELD("component",           REQUIRED, ocpp201_component),
        INLINE_FIELD("variable",            REQUIRED, ocpp201_variable),
};
static const Table get_result = TABLE("GetVariableResultType", get_result_fields);
static const ListType get_results = LIST_OF_OBJECTS(get_result, VariableItem, &variable_item_init, 1, ITEMS_MAX);

static const Field set_item_fields[] = {
        ENUM_FIELD  ("attributeType",  OPTIONAL, VariableItem, attribute, ocpp201_attribute_words),
        STRING_FIELD("attributeValue", REQUIRED, VariableItem, value,     1000),
        INLINE_FIELD("component",      REQUIRED, ocpp201_component),
        INLINE_FIELD("variable",       REQUIRED, ocpp201_variable),
};
static const Table set_item = TABLE("SetVariableDataType", set_item_fields);
static const ListType set_items = LIST_OF_OBJECTS(set_item, VariableItem, &variable_item_init, 1, ITEMS_MAX);

static const Field set_result_fields[] = {
        ENUM_FIELD  ("attributeStatus",     REQUIRED, VariableItem, status,    set_status_words),
        INLINE_FIELD("attributeStatusInfo", OPTIONAL, item_info),
        ENUM_FIELD  ("attributeType",       OPTIONAL, VariableItem, attribute, ocpp201_attribute_words),
        INLINE_FIELD("component",           REQUIRED, ocpp201_component),
        INLINE_FIELD("variable",            REQUIRED, ocpp201_variable),
};
static const Table set_result = TABLE("SetVariableResultType", set_result_fields);
static const ListType set_results = LIST_OF_OBJECTS(set_result, VariableItem, &variable_item_init, 1, ITEMS_MAX);

static const Field get_variables_fields[] = { LIST_FIELD("getVariableData", REQUIRED, VariableList, items, get_items) };
const Table ocpp201_get_variables = TABLE("GetVariables", get_variables_fields);
static const Field get_variables_answer_fields[] = { LIST_FIELD("getVariableResult", REQUIRED, VariableList, items, get_results) };
const Table ocpp201_get_variables_answer = TABLE("GetVariables", get_variables_answer_fields);

static const Field set_variables_fields[] = { LIST_FIELD("setVariableData", REQUIRED, VariableList, items, set_items) };
const Table ocpp201_set_variables = TABLE("SetVariables", set_variables_fields);
static const Field set_variables_answer_fields[] = { LIST_FIELD("setVariableResult", REQUIRED, VariableList, items, set_results) };
const Table ocpp201_set_variables_answer = TABLE("SetVariables", set_variables_answer_fields);
/* clang-format on */
