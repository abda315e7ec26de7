/* What each variable may hold: a line a variable. */
#include "vars.h"

/* Further than this nobody plans: a year in seconds; and a CSMS that wants to be left alone for
 * more than a day would not be found again by those who correct it, no more than a connection that
 * broke unseen, without pings, before the next Heartbeat. A list or text may have as many code
 * points as 1.6 can tell (CiString500Type). */
#define YEAR (366 * DAY)
#define DAY (24 * 3600)
#define LIST_SIZE 500
#define TEXT_SIZE 500
#define NUMBER_TEXT(n) #n
#define NUMBER(n) NUMBER_TEXT(n)

/* MeasurandEnumType, with 1.6's Temperature and RPM: words for meters that the agent
 * does not read. */
#define MEASURANDS                                                                                 \
        "Current.Export,Current.Import,Current.Offered,Energy.Active.Export.Register,"             \
        "Energy.Active.Import.Register,Energy.Reactive.Export.Register,"                           \
        "Energy.Reactive.Import.Register,Energy.Active.Export.Interval,"                           \
        "Energy.Active.Import.Interval,Energy.Active.Net,Energy.Reactive.Export.Interval,"         \
        "Energy.Reactive.Import.Interval,Energy.Reactive.Net,Energy.Apparent.Net,"                 \
        "Energy.Apparent.Import,Energy.Apparent.Export,Frequency,Power.Active.Export,"             \
        "Power.Active.Import,Power.Factor,Power.Offered,Power.Reactive.Export,"                    \
        "Power.Reactive.Import,RPM,SoC,Temperature,Voltage"
static const char measurands[] = MEASURANDS;
static const char tx_points[] =
        "ParkingBayOccupancy,EVConnected,Authorized,PowerPathClosed,EnergyTransfer,DataSigned";
/* C16 9.1.7 */
static const char rotations[] = "NotApplicable,Unknown,RST,RTS,SRT,STR,TRS,TSR";
static const char states[] = "Available,Occupied,Reserved,Unavailable,Faulted";
static const char transfers[] = "FTP,FTPS,HTTP,HTTPS,SFTP";

/* See network.h. */
static const char network_slots[] = "0,1,2,3,4,5,6,7,8";

#define RO VAR_READ_ONLY
#define RW VAR_READ_WRITE
#define INT(n, a, least, most, u, first)                                                           \
        {                                                                                          \
                .name = n, .type = VAR_INTEGER, .access = a, .min = least, .max = most, .unit = u, \
                .initial = first                                                                   \
        }
#define BOOL(n, a, first)                                                                          \
        {                                                                                          \
                .name = n, .type = VAR_BOOLEAN, .access = a, .initial = first                      \
        }
#define TEXT(n, a, most, first)                                                                    \
        {                                                                                          \
                .name = n, .type = VAR_STRING, .access = a, .max = most, .initial = first          \
        }
/* A list of measurands, with their phases (C16 9.1.15). */
#define METER(n, first)                                                                            \
        {                                                                                          \
                .name = n, .type = VAR_MEMBER_LIST, .access = RW, .shape = VAR_WORDS_OF_PHASE,     \
                .max = LIST_SIZE, .values = measurands, .initial = first                           \
        }
#define LIST(n, t, a, list, first)                                                                 \
        {                                                                                          \
                .name = n, .type = t, .access = a, .max = LIST_SIZE, .values = list,               \
                .initial = first                                                                   \
        }

/* clang-format off */
const VarRule var_rules[VAR_MAX] = {
        [VAR_HEARTBEAT_INTERVAL]           = INT ("HeartbeatInterval", RW, 1, DAY, "s", "3600"),
        [VAR_PING_INTERVAL]                = INT ("WebSocketPingInterval", RW, 0, YEAR, "s", NULL),
        [VAR_MESSAGE_TIMEOUT]              = INT ("MessageTimeout", RO, 1, YEAR, "s", NULL),
        [VAR_BACKOFF_WAIT_MINIMUM]         = INT ("RetryBackOffWaitMinimum", RW, 1, DAY, "s", NULL),
        [VAR_BACKOFF_RANDOM_RANGE]         = INT ("RetryBackOffRandomRange", RW, 0, DAY, "s", NULL),
        [VAR_BACKOFF_REPEAT_TIMES]         = INT ("RetryBackOffRepeatTimes", RW, 0, 30, NULL, NULL),
        [VAR_NETWORK_PRIORITY]             = { .name = "NetworkConfigurationPriority", .type = VAR_SEQUENCE_LIST, .access = RW,
                                               .reboot = true, .max = LIST_SIZE, .values = network_slots, .initial = "0" },
        [VAR_NETWORK_ATTEMPTS]             = INT ("NetworkProfileConnectionAttempts", RW, 1, 100, NULL, "3"),
        [VAR_ACTIVE_NETWORK_PROFILE]       = INT ("ActiveNetworkProfile", RO, 0, INT32_MAX, NULL, NULL),
        [VAR_OFFLINE_THRESHOLD]            = INT ("OfflineThreshold", RW, 0, YEAR, "s", "60"),
        [VAR_QUEUE_ALL_MESSAGES]           = BOOL("QueueAllMessages", RO, "true"),
        [VAR_RESET_RETRIES]                = INT ("ResetRetries", RW, 0, 100, NULL, "2"),
        [VAR_FILE_TRANSFER_PROTOCOLS]      = LIST("FileTransferProtocols", VAR_MEMBER_LIST, RO, transfers, NULL),

        [VAR_IDENTITY]                     = TEXT("Identity", RO, 48, NULL),
        [VAR_SECURITY_PROFILE]             = INT ("SecurityProfile", RO, 0, 3, NULL, NULL),
        [VAR_ORGANIZATION_NAME]            = TEXT("OrganizationName", RW, TEXT_SIZE, ""),
        [VAR_BASIC_AUTH_PASSWORD]          = TEXT("BasicAuthPassword", VAR_WRITE_ONLY, 64, NULL),
        [VAR_CERTIFICATE_ENTRIES]          = INT ("CertificateEntries", RO, 0, INT32_MAX, NULL, NULL),
        [VAR_CERTIFICATE_STORE_MAX]        = INT ("CertificateStoreMaxLength", RO, 0, INT32_MAX, NULL, NULL),
        [VAR_CERTIFICATE_CHAIN_MAX]        = INT ("MaxCertificateChainSize", RO, 0, 10000, NULL, "10000"),
        [VAR_ADDITIONAL_ROOT_CHECK]        = BOOL("AdditionalRootCertificateCheck", RO, "false"),

        [VAR_VENDOR_NAME]                  = TEXT("VendorName", RO, 50, NULL),
        [VAR_MODEL]                        = TEXT("Model", RO, 50, NULL),
        [VAR_SERIAL_NUMBER]                = TEXT("SerialNumber", RO, 50, NULL),
        [VAR_FIRMWARE_VERSION]             = TEXT("FirmwareVersion", RO, 50, NULL),
        [VAR_BOOTED_SLOT]                  = TEXT("BootedSlot", RO, 50, NULL),
        [VAR_NUMBER_OF_CONNECTORS]         = INT ("NumberOfConnectors", RO, 1, INT32_MAX, NULL, NULL),
        [VAR_AVAILABLE]                    = BOOL("Available", RO, "true"),
        [VAR_AVAILABILITY_STATE]           = LIST("AvailabilityState", VAR_OPTION_LIST, RO, states, NULL),
        [VAR_PROBLEM]                      = BOOL("Problem", RO, "false"),
        [VAR_SUPPLY_PHASES]                = INT ("SupplyPhases", RO, 0, 3, NULL, NULL),
        [VAR_EVSE_POWER]                   = INT ("Power", RO, 0, INT32_MAX, "W", NULL),
        [VAR_CONNECTOR_TYPE]               = TEXT("ConnectorType", RO, 20, NULL),
        [VAR_ALLOW_NEW_SESSIONS]           = BOOL("AllowNewSessionsPendingFirmwareUpdate", RW, "false"),
        [VAR_DATE_TIME]                    = { .name = "DateTime", .type = VAR_TIME, .access = RO },
        [VAR_TIME_SOURCE]                  = LIST("TimeSource", VAR_SEQUENCE_LIST, RO, "Heartbeat,RealTimeClock", "Heartbeat,RealTimeClock"),

        [VAR_ITEMS_GET_REPORT]             = INT ("ItemsPerMessage.GetReport", RO, 1, 1000, NULL, "50"),
        [VAR_ITEMS_GET_VARIABLES]          = INT ("ItemsPerMessage.GetVariables", RO, 1, 1000, NULL, "100"),
        [VAR_ITEMS_SET_VARIABLES]          = INT ("ItemsPerMessage.SetVariables", RO, 1, 1000, NULL, "100"),
        [VAR_BYTES_GET_REPORT]             = INT ("BytesPerMessage.GetReport", RO, 1, INT32_MAX, NULL, "16384"),
        [VAR_BYTES_GET_VARIABLES]          = INT ("BytesPerMessage.GetVariables", RO, 1, INT32_MAX, NULL, "65536"),
        [VAR_BYTES_SET_VARIABLES]          = INT ("BytesPerMessage.SetVariables", RO, 1, INT32_MAX, NULL, "65536"),
        [VAR_CONFIGURATION_MAX_KEYS]       = INT ("GetConfigurationMaxKeys", RO, 1, 1000, NULL, NUMBER(CONFIGURATION_KEYS_MAX)),
        [VAR_FEATURE_PROFILES]             = LIST("SupportedFeatureProfiles", VAR_MEMBER_LIST, RO, NULL, "Core,FirmwareManagement,RemoteTrigger"),

        [VAR_AUTHORIZE_REMOTE_START]       = BOOL("AuthorizeRemoteStart", RW, "true"),
        [VAR_LOCAL_AUTHORIZE_OFFLINE]      = BOOL("LocalAuthorizeOffline", RW, "true"),
        [VAR_LOCAL_PRE_AUTHORIZE]          = BOOL("LocalPreAuthorize", RW, "false"),
        [VAR_CONNECTION_TIMEOUT]           = INT ("EVConnectionTimeOut", RW, 0, YEAR, "s", "60"),
        [VAR_STOP_ON_EV_DISCONNECT]        = BOOL("StopTxOnEVSideDisconnect", RW, "true"),
        [VAR_STOP_ON_INVALID_ID]           = BOOL("StopTxOnInvalidId", RW, "true"),
        [VAR_UNLOCK_ON_EV_DISCONNECT]      = BOOL("UnlockOnEVSideDisconnect", RW, "true"),
        [VAR_TRANSACTION_ATTEMPTS]         = INT ("MessageAttempts", RW, 0, 1000, NULL, "3"),
        [VAR_TRANSACTION_ATTEMPT_INTERVAL] = INT ("MessageAttemptInterval", RW, 0, YEAR, "s", "60"),
        [VAR_TX_START_POINT]               = LIST("TxStartPoint", VAR_MEMBER_LIST, RW, tx_points, "PowerPathClosed"),
        [VAR_TX_STOP_POINT]                = LIST("TxStopPoint", VAR_MEMBER_LIST, RW, tx_points, "EVConnected,Authorized"),
        [VAR_ALIGNED_INTERVAL]             = INT ("AlignedDataInterval", RW, 0, YEAR, "s", "0"),
        [VAR_ALIGNED_MEASURANDS]           = METER("AlignedDataMeasurands", "Energy.Active.Import.Register"),
        [VAR_ALIGNED_ENDED_INTERVAL]       = INT ("AlignedDataTxEndedInterval", RW, 0, YEAR, "s", "0"),
        [VAR_ALIGNED_ENDED_MEASURANDS]     = METER("AlignedDataTxEndedMeasurands", ""),
        [VAR_SAMPLED_STARTED_MEASURANDS]   = METER("SampledDataTxStartedMeasurands", "Energy.Active.Import.Register"),
        [VAR_SAMPLED_INTERVAL]             = INT ("SampledDataTxUpdatedInterval", RW, 0, YEAR, "s", "0"),
        [VAR_SAMPLED_MEASURANDS]           = METER("SampledDataTxUpdatedMeasurands", "Energy.Active.Import.Register"),
        [VAR_SAMPLED_ENDED_INTERVAL]       = INT ("SampledDataTxEndedInterval", RW, 0, YEAR, "s", "0"),
        [VAR_SAMPLED_ENDED_MEASURANDS]     = METER("SampledDataTxEndedMeasurands", "Energy.Active.Import.Register"),
        [VAR_CONNECTOR_PHASE_ROTATION]     = { .name = "ConnectorPhaseRotation", .type = VAR_MEMBER_LIST, .access = RW, .shape = VAR_WORDS_OF_CONNECTOR, .max = LIST_SIZE, .values = rotations },
};
/* clang-format on */
