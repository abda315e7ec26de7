/* What an OCPP version must offer: a const Dialect of tables, and no code but where the meaning
 * differs. */
#pragma once

#include "codec.h"
#include "messages.h"
#include "model.h"
#include "vars.h"

/* Calls from the CSMS that we understand. */
typedef enum IncomingKind {
        IN_UPDATE_SIGNED, /* 2.x UpdateFirmware, 1.6 SignedUpdateFirmware: UpdateRequest →
                             UpdateAnswer */
        IN_UPDATE_PLAIN,  /* 1.6 UpdateFirmware: UpdateRequest → {} */
        IN_LOGS,          /* GetLog: LogRequest → LogAnswer */
        IN_LOGS_PLAIN,    /* 1.6 GetDiagnostics: LogRequest → LogAnswer */
        IN_TRIGGER,       /* TriggerMessage, 1.6 ExtendedTriggerMessage too: TriggerRequest →
                             TriggerAnswer */
        /* 1.6: ConfigurationRequest → ConfigurationAnswer; ConfigurationChange →
           ConfigurationChanged */
        IN_GET_CONFIGURATION,
        IN_CHANGE_CONFIGURATION,
        IN_GET_VARIABLES,       /* 2.x: VariableList both ways */
        IN_SET_VARIABLES,       /* … */
        IN_REPORT,              /* 2.x GetBaseReport, GetReport: ReportRequest → ReportAnswer */
        IN_INSTALL_CERTIFICATE, /* InstallCertificate: InstallRequest → RootAnswer */
        IN_GET_CERTIFICATES,    /* GetInstalledCertificateIds: RootsRequest → RootsAnswer */
        IN_DELETE_CERTIFICATE,  /* DeleteCertificate: RootId → RootAnswer */
        IN_NETWORK,             /* SetNetworkProfile: NetworkRequest → NetworkAnswer */
        IN_RESET,               /* ResetRequest → OrderAnswer */
        IN_AVAILABILITY,        /* ChangeAvailability: AvailabilityRequest → OrderAnswer */
        IN_UNLOCK,              /* UnlockConnector of 2.x: UnlockRequest → UnlockAnswer */
        IN_TRANSACTION,         /* GetTransactionStatus: TransactionRequest → TransactionAnswer */
        IN_FIXED,       /* about what the station does not have: checked, and answered by fixed */
        IN_UNSUPPORTED, /* the version knows the action, the agent doesn't serve it: CALLERROR
                           NotSupported */
        IN_KIND_MAX,
} IncomingKind;

/* Calls of ours. */
typedef enum OutgoingKind {
        OUT_BOOT,            /* BootReport → BootAnswer */
        OUT_HEARTBEAT,       /* EmptyMessage → HeartbeatAnswer */
        OUT_STATUS,          /* ConnectorReport → {} */
        OUT_FIRMWARE_STATUS, /* FirmwareReport → {}; 1.6: SignedFirmwareStatusNotification */
        OUT_FIRMWARE_STATUS_PLAIN, /* the same for a job that came by 1.6 UpdateFirmware; NULL
                                      action in 2.x: use OUT_FIRMWARE_STATUS */
        OUT_LOG_STATUS,            /* LogReport → {} */
        OUT_DIAGNOSTICS_STATUS,    /* LogReport → {}, for a request that came by 1.6
                                      GetDiagnostics; NULL in 2.x: use OUT_LOG_STATUS */
        OUT_SECURITY_EVENT,        /* SecurityEventReport → {} */
        OUT_NOTIFY_REPORT,         /* ReportPart → {}; NULL in 1.6 */
        OUTGOING_MAX,
} OutgoingKind;

/* Error codes, spelt by each version (OCPP-J 1.6 table 7 with errata 5.1 and 5.2; 2.0.1 part 4
 * table 8). */
typedef enum RpcErrorCode {
        RPC_NOT_IMPLEMENTED,
        RPC_NOT_SUPPORTED,
        RPC_INTERNAL_ERROR,
        RPC_PROTOCOL_ERROR,
        RPC_SECURITY_ERROR,
        RPC_FORMAT_VIOLATION,
        RPC_PROPERTY_CONSTRAINT_VIOLATION,
        RPC_OCCURRENCE_CONSTRAINT_VIOLATION,
        RPC_TYPE_CONSTRAINT_VIOLATION,
        RPC_GENERIC_ERROR,
        RPC_FRAMEWORK_ERROR,            /* 2.x; no word in 1.6 */
        RPC_MESSAGE_TYPE_NOT_SUPPORTED, /* 2.x */
        RPC_ERROR_MAX,
} RpcErrorCode;

/* A call from the CSMS: its name, what it is for us, how it and its answer are read and written. */
typedef struct Incoming {
        const char *action;
        IncomingKind kind;
        /* 1.6 TriggerMessage and ExtendedTriggerMessage ask for different messages by the same
         * word; the trigger's answer is then sent as … */
        OutgoingKind firmware_status; /* IN_TRIGGER: what a firmware status trigger sends */
        const Table *request;         /* NULL with IN_UNSUPPORTED */
        const Table *answer;
        const FixedAnswer *fixed; /* IN_FIXED */
} Incoming;

/* A call of ours. */
typedef struct Outgoing {
        const char *action; /* NULL: the version has no such message */
        const Table *request;
        const Table *answer;
} Outgoing;

/* How the version frames (part 4). */
typedef struct FrameRules {
        bool answer_unreadable;    /* 2.x: an unreadable message gets CALLERROR with id "-1"
                                      (J201 4.2.3) */
        bool answer_unknown_type;  /* 2.0.1: MessageTypeNotSupported (4.4); 1.6 and 2.1 ignore */
        bool more_types;           /* 2.1: CALLRESULTERROR (5) and SEND (6) (J21 4.1) */
        bool rejected_gets_error;  /* 2.x: while boot is Rejected a CALL gets SecurityError
                                      (B03.FR.08); 1.6: silence */
        const char *const *errors; /* RPC_ERROR_MAX names, NULL where the version has none */
} FrameRules;

/* 1.6: what a configuration key is called (C16 9, WP3 7), and which variable it is. */
typedef struct ConfigurationKey {
        const char *key;
        VarId id;
} ConfigurationKey;

/* A version, whole. */
typedef struct Dialect Dialect;
struct Dialect {
        const char *subprotocol; /* "ocpp2.0.1" */
        const char *name;        /* "2.0.1" */
        /* The version that this one lies over: what it doesn't have of its own it has from there
         * (see dialect_find_incoming() and dialect_outgoing()). NULL: it stands alone. */
        const Dialect *base;
        CodecRules rules;
        FrameRules frames;
        /* With those of base, every action that the version knows; others: NotImplemented. */
        const Incoming *own_incoming;
        size_t own_incoming_count;
        const Outgoing *own_outgoing; /* OUTGOING_MAX entries; without an action: that of base */
        /* By FirmwareStatus: what a job of this kind says in its stead, FW_NONE = silent.
         * signed_words for OUT_FIRMWARE_STATUS, plain_words for OUT_FIRMWARE_STATUS_PLAIN (NULL
         * where there is none). FW_STATUS_MAX entries each. */
        const uint8_t *signed_words;
        const uint8_t *plain_words;
        /* By LogStatus, in the same way: for OUT_LOG_STATUS, and for OUT_DIAGNOSTICS_STATUS (NULL
         * where there is none). LOG_STATUS_MAX entries each. */
        const uint8_t *log_statuses;
        const uint8_t *diagnostics_statuses;
        const VarAddresses *addresses;    /* of the device model; NULL in 1.6 */
        const EnumTable *security_events; /* by SecurityEventType */
        const ConfigurationKey *keys;     /* 1.6, in the order in which all are told; NULL */
        size_t key_count;
        bool password_is_hex; /* 1.6 AuthorizationKey: hex, decoded before it goes into the header
                               */
        bool connector_zero;  /* 1.6: connector 0 stands for the station in StatusNotification */
        bool reconnect_is_silent; /* 1.6: has no OfflineThreshold, after which 2.x tells of all
                                     connectors (B04) */
};

/* The entry of an action of the CSMS, NULL if the version has none. */
const Incoming *dialect_find_incoming(const Dialect *d, const char *action);
/* The entry of a configuration key in any spelling of upper and lower case (CiString50Type), NULL
 * if the version has none. */
const ConfigurationKey *dialect_find_key(const Dialect *d, const char *key);
/* The version's name of the first action of that kind, NULL if it has none. */
const char *dialect_action(const Dialect *d, IncomingKind kind);
/* A call of ours, never NULL; its action is, if the version has no such message. */
const Outgoing *dialect_outgoing(const Dialect *d, OutgoingKind kind);
/* The word's code, either spelling of any version; RPC_GENERIC_ERROR for others. */
RpcErrorCode rpc_error_from_word(const char *word);
/* The error that a violation gets. */
RpcErrorCode rpc_error_from_violation(CodecViolation v);
/* The entry to use: where the version has no plain status the signed one serves, and the other way
 * round. */
OutgoingKind dialect_firmware_kind(const Dialect *d, bool plain);
/* What this version says for a status of such a job; FW_NONE: nothing. */
FirmwareStatus dialect_firmware_word(const Dialect *d, bool plain, FirmwareStatus status);
/* The same for a request for logs; plain: it came by 1.6 GetDiagnostics. */
OutgoingKind dialect_log_kind(const Dialect *d, bool plain);
LogStatus dialect_log_status(const Dialect *d, bool plain, LogStatus status);
