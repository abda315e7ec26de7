/* What is said between station and CSMS, in words of no OCPP version. The dialects bind these
 * structs to JSON by tables. Strings are owned by the struct that codec_decode() filled and freed
 * by codec_done(); where we fill one ourselves to encode it, they are borrowed. Times are
 * wall-clock usec; absent: NO_TIME, NO_INT, NULL. */
#pragma once

#include "util.h"

/* The life of an update as the CSMS hears it: FirmwareStatusEnumType (2.0.1), FirmwareStatus of the
 * security extension (1.6). Zero is "nothing to say". */
typedef enum FirmwareStatus {
        FW_NONE,
        FW_IDLE,
        FW_DOWNLOAD_SCHEDULED,
        FW_DOWNLOADING,
        FW_DOWNLOAD_PAUSED,
        FW_DOWNLOADED,
        FW_DOWNLOAD_FAILED,
        FW_SIGNATURE_VERIFIED,
        FW_INVALID_SIGNATURE,
        FW_INSTALL_SCHEDULED,
        FW_INSTALLING,
        FW_INSTALL_REBOOTING,
        FW_INSTALL_VERIFICATION_FAILED,
        FW_INSTALLATION_FAILED,
        FW_INSTALLED,
        FW_STATUS_MAX,
} FirmwareStatus;

/* UploadLogStatusEnumType, and 1.6's DiagnosticsStatus, which has one word for all failures. Zero
 * is "nothing to say". */
typedef enum LogStatus {
        LOG_STATUS_NONE,
        LOG_STATUS_IDLE,
        LOG_STATUS_UPLOADING,
        LOG_STATUS_UPLOADED,
        LOG_STATUS_UPLOAD_FAILURE,
        LOG_STATUS_PERMISSION_DENIED,
        LOG_STATUS_BAD_MESSAGE,
        LOG_STATUS_NOT_SUPPORTED_OPERATION,
        LOG_STATUS_ACCEPTED_CANCELED, /* another request took its place; 1.6 has no word */
        LOG_STATUS_MAX,
} LogStatus;

/* LogEnumType; 1.6 GetDiagnostics asks for the first. */
typedef enum LogsKind {
        LOGS_DIAGNOSTICS,
        LOGS_SECURITY,
        LOGS_DATA_COLLECTOR, /* 2.1; the agent has none */
        LOGS_KIND_MAX
} LogsKind;

/* LogStatusEnumType: the answer to GetLog. GetDiagnostics has none but the file's name. */
typedef enum LogsVerdict {
        LOGS_ACCEPTED,
        LOGS_REJECTED,
        LOGS_ACCEPTED_CANCELED,
        LOGS_VERDICT_MAX
} LogsVerdict;

/* UpdateFirmwareStatusEnumType; plain 1.6 has no word, the agent maps those to {} or a CALLERROR.
 */
typedef enum UpdateVerdict {
        VERDICT_ACCEPTED,
        VERDICT_REJECTED,
        VERDICT_ACCEPTED_CANCELED,
        VERDICT_INVALID_CERTIFICATE,
        VERDICT_REVOKED_CERTIFICATE,
        VERDICT_MAX,
} UpdateVerdict;

/* RegistrationStatusEnumType: what BootNotification is answered (B01-B03). */
typedef enum Registration {
        REGISTRATION_ACCEPTED,
        REGISTRATION_PENDING,
        REGISTRATION_REJECTED,
        REGISTRATION_MAX
} Registration;

/* BootReasonEnumType; 1.6 has none. After an update's reboot it is FirmwareUpdate. */
typedef enum BootReason {
        BOOT_APPLICATION_RESET,
        BOOT_FIRMWARE_UPDATE,
        BOOT_LOCAL_RESET,
        BOOT_POWER_UP,
        BOOT_REMOTE_RESET,
        BOOT_SCHEDULED_RESET,
        BOOT_TRIGGERED,
        BOOT_UNKNOWN,
        BOOT_WATCHDOG,
        BOOT_REASON_MAX,
} BootReason;

/* Of ConnectorStatusEnumType what the agent says: Unavailable while an update waits for sessions at
 * other connectors (L01.FR.07). */
typedef enum ConnectorStatus {
        CONNECTOR_AVAILABLE,
        CONNECTOR_UNAVAILABLE,
        CONNECTOR_STATUS_MAX
} ConnectorStatus;

/* What TriggerMessage asks for. Words that a version knows but the agent does not serve decode to
 * TRIGGER_OTHER. */
typedef enum TriggerKind {
        TRIGGER_BOOT_NOTIFICATION,
        TRIGGER_HEARTBEAT,
        TRIGGER_FIRMWARE_STATUS,
        TRIGGER_LOG_STATUS,         /* LogStatusNotification */
        TRIGGER_DIAGNOSTICS_STATUS, /* 1.6 core: DiagnosticsStatusNotification */
        TRIGGER_STATUS,             /* StatusNotification */
        TRIGGER_METER_VALUES,       /* about a connector too, but not served */
        TRIGGER_OTHER,
        TRIGGER_KIND_MAX,
} TriggerKind;

/* TriggerMessageStatusEnumType. */
typedef enum TriggerVerdict {
        TRIGGER_ACCEPTED,
        TRIGGER_REJECTED,
        TRIGGER_NOT_IMPLEMENTED,
        TRIGGER_VERDICT_MAX
} TriggerVerdict;

/* 1.6 ConfigurationStatus: what ChangeConfiguration is answered. */
typedef enum ConfigurationVerdict {
        CONFIGURATION_ACCEPTED,
        CONFIGURATION_REJECTED,
        CONFIGURATION_REBOOT_REQUIRED,
        CONFIGURATION_NOT_SUPPORTED,
        CONFIGURATION_VERDICT_MAX
} ConfigurationVerdict;

/* Security events (WP3 ch. 8, 2.0.1 appendix 1) that the agent can raise today. */
typedef enum SecurityEventType {
        SECURITY_FIRMWARE_UPDATED,
        SECURITY_INVALID_FIRMWARE_SIGNATURE,
        SECURITY_INVALID_FIRMWARE_SIGNING_CERTIFICATE,
        SECURITY_FAILED_TO_AUTHENTICATE, /* …AtCentralSystem, …AtCsms */
        SECURITY_INVALID_CSMS_CERTIFICATE,
        SECURITY_INVALID_TLS_VERSION,
        SECURITY_INVALID_TLS_CIPHER_SUITE,
        SECURITY_PARAMETERS_RECONFIGURED, /* a root came or went */
        SECURITY_STARTUP,                 /* StartupOfTheDevice */
        SECURITY_RESET_OR_REBOOT,
        SECURITY_EVENT_MAX,
} SecurityEventType;

/* What a root is for: InstallCertificateUseEnumType, GetCertificateIdUseEnumType. */
typedef enum RootUse {
        ROOT_OF_CSMS,         /* TLS with the CSMS, and transfers */
        ROOT_OF_MANUFACTURER, /* signing certificates of firmware */
        ROOT_USES,
        ROOT_OF_OTHERS = ROOT_USES, /* 2.x: contracts and vehicles, nothing of the agent's */
        ROOT_USE_MAX,
} RootUse;

/* HashAlgorithmEnumType */
typedef enum HashAlgorithm {
        HASH_SHA256,
        HASH_SHA384,
        HASH_SHA512,
        HASH_ALGORITHM_MAX
} HashAlgorithm;

/* What InstallCertificate, DeleteCertificate and GetInstalledCertificateIds are answered; each has
 * words for some. */
typedef enum RootVerdict {
        ROOT_ACCEPTED,
        ROOT_REJECTED,
        ROOT_FAILED,
        ROOT_NOT_FOUND,
        ROOT_VERDICT_MAX
} RootVerdict;

/* UpdateFirmware, 1.6 SignedUpdateFirmware too (L01, L02). */
typedef struct UpdateRequest {
        int64_t request_id;        /* NO_INT in plain 1.6; 0 and negative ids are ids like others */
        char *location;            /* URL of the file */
        usec_t retrieve_at;        /* not before */
        usec_t install_at;         /* not before; NO_TIME: as soon as may be */
        int64_t retries;           /* retries, so attempts = retries + 1 */
        int64_t retry_interval;    /* seconds */
        char *signing_certificate; /* as it came: PEM, or hex; NULL: unsigned */
        char *signature;           /* base64 of the signature over the file; NULL: unsigned */
} UpdateRequest;
/* All absent. */
#define UPDATE_REQUEST_INIT                                                                        \
        {                                                                                          \
                .request_id = NO_INT, .retrieve_at = NO_TIME, .install_at = NO_TIME,               \
                .retries = NO_INT, .retry_interval = NO_INT                                        \
        }

/* What it is answered. */
typedef struct UpdateAnswer {
        int verdict;                 /* UpdateVerdict */
        const char *reason_code;     /* 2.x statusInfo.reasonCode ≤ 20; NULL: no statusInfo */
        const char *additional_info; /* ≤ 512, for people; NULL none */
} UpdateAnswer;

/* Of the words that part 2 appendix 5 lists for StatusInfoType.reasonCode: those that a status
 * says.
 */
#define REASON_INVALID_URL "InvalidURL"
#define REASON_OUT_OF_STORAGE "OutOfStorage"
#define REASON_UNSPECIFIED "Unspecified"

/* FirmwareStatusNotification, 1.6 SignedFirmwareStatusNotification too. */
typedef struct FirmwareReport {
        int status;         /* FirmwareStatus */
        int64_t request_id; /* NO_INT with FW_IDLE when nothing was ever asked, and in plain 1.6 */
        const char *reason_code;     /* 2.1 statusInfo.reasonCode ≤ 20; NULL: no statusInfo */
        const char *additional_info; /* ≤ 1024, for people; NULL none */
} FirmwareReport;

/* GetLog, 1.6 GetDiagnostics too (N01). */
typedef struct LogRequest {
        int kind;               /* LogsKind */
        int64_t request_id;     /* NO_INT in GetDiagnostics */
        char *location;         /* URL to upload to */
        usec_t oldest, latest;  /* the span that is asked for; NO_TIME: open */
        int64_t retries;        /* retries, so attempts = retries + 1 */
        int64_t retry_interval; /* seconds */
} LogRequest;
/* All absent. */
#define LOG_REQUEST_INIT                                                                           \
        {                                                                                          \
                .request_id = NO_INT, .oldest = NO_TIME, .latest = NO_TIME, .retries = NO_INT,     \
                .retry_interval = NO_INT                                                           \
        }

/* What it is answered. */
typedef struct LogAnswer {
        int verdict;      /* LogsVerdict */
        const char *name; /* of the file that will come, ≤ 255; NULL none */
} LogAnswer;

/* LogStatusNotification, 1.6 DiagnosticsStatusNotification. */
typedef struct LogReport {
        int status;              /* LogStatus */
        int64_t request_id;      /* NO_INT: none was asked for */
        const char *reason_code; /* as in FirmwareReport */
        const char *additional_info;
} LogReport;

/* Of GetInstalledCertificateIds: roots in an answer, and uses that a request may name. */
#define ROOTS_LISTED_MAX 100
#define ROOTS_ASKED_MAX 16

/* CertificateHashDataType: what tells a root from others. */
typedef struct RootId {
        int use;                /* RootUse; not in DeleteCertificate */
        int algorithm;          /* HashAlgorithm */
        char *issuer_name_hash; /* hex ≤ 128: of the DER of the issuer's name */
        char *issuer_key_hash;  /* hex ≤ 128: of the bits of the issuer's public key */
        char *serial;           /* hex ≤ 40, without leading zeros */
} RootId;

/* InstallCertificate (M05). */
typedef struct InstallRequest {
        int use;           /* RootUse */
        char *certificate; /* one, PEM */
} InstallRequest;

/* GetInstalledCertificateIds (M03): 1.6 asks for one use, 2.x for a list; neither: for all. */
typedef struct RootsRequest {
        int use;   /* RootUse; -1 absent */
        List uses; /* int: RootUse */
} RootsRequest;

typedef struct RootsAnswer {
        int verdict; /* RootVerdict */
        List roots;  /* RootId */
} RootsAnswer;

/* What InstallCertificate and DeleteCertificate are answered. */
typedef struct RootAnswer {
        int verdict;                 /* RootVerdict */
        const char *reason_code;     /* 2.x statusInfo.reasonCode ≤ 20; NULL: no statusInfo */
        const char *additional_info; /* ≤ 512, for people; NULL none */
} RootAnswer;

/* BootNotification (B01). */
typedef struct BootReport {
        int reason;                   /* BootReason; 1.6 has no word and leaves it out */
        const char *vendor;           /* ≤ 20 (1.6), ≤ 50 */
        const char *model;            /* ≤ 20 */
        const char *serial;           /* ≤ 25 */
        const char *firmware_version; /* ≤ 50 */
} BootReport;

typedef struct BootAnswer {
        int status;          /* Registration */
        usec_t current_time; /* the CSMS's clock */
        int64_t interval;    /* seconds to the next Heartbeat or BootNotification; 0: as we like */
} BootAnswer;

typedef struct HeartbeatAnswer {
        usec_t current_time; /* the CSMS's clock */
} HeartbeatAnswer;

/* StatusNotification (G01). */
typedef struct ConnectorReport {
        usec_t timestamp;
        int64_t connector;         /* 1.6: connectorId, 0 is the station; 2.x: evseId = connector,
                                      connectorId = 1 */
        int64_t connector_of_evse; /* 2.x: always 1 */
        int status;                /* ConnectorStatus */
        int error;                 /* 1.6: errorCode, always 0 = NoError */
} ConnectorReport;

/* SecurityEventNotification (A04). */
typedef struct SecurityEventReport {
        int type;              /* SecurityEventType */
        usec_t timestamp;      /* when it happened */
        const char *tech_info; /* ≤ 255; NULL none */
} SecurityEventReport;

/* TriggerMessage, 1.6 ExtendedTriggerMessage too (F06). */
typedef struct TriggerRequest {
        int requested;             /* TriggerKind */
        int64_t connector;         /* 1.6 connectorId, 2.x evse.id; NO_INT */
        int64_t connector_of_evse; /* 2.x evse.connectorId; NO_INT */
} TriggerRequest;

typedef struct TriggerAnswer {
        int verdict; /* TriggerVerdict */
} TriggerAnswer;

/* 1.6 GetConfiguration (C16 5.8). */
typedef struct ConfigurationRequest {
        List keys; /* char *; empty: all */
} ConfigurationRequest;

/* Of its answer: a key that the station has. */
typedef struct ConfigurationValue {
        const char *key; /* ≤ 50 */
        int read_only;   /* 0, 1 */
        char *value;     /* ≤ 500 */
} ConfigurationValue;

typedef struct ConfigurationAnswer {
        List known;   /* ConfigurationValue */
        List unknown; /* char *: as they were asked for */
} ConfigurationAnswer;

/* 1.6 ChangeConfiguration (C16 5.3). */
typedef struct ConfigurationChange {
        char *key;   /* ≤ 50 */
        char *value; /* ≤ 500 */
} ConfigurationChange;

typedef struct ConfigurationChanged {
        int verdict; /* ConfigurationVerdict */
} ConfigurationChanged;

/* OCPPTransportEnumType */
typedef enum NetworkTransport { TRANSPORT_JSON, TRANSPORT_SOAP, TRANSPORT_MAX } NetworkTransport;

/* SetNetworkProfile (B09). Words that are nothing to the agent are kept by their place in the list
 * of the version: OCPP's version is agreed upon in the handshake, the system routes. */
typedef struct NetworkRequest {
        int64_t slot;
        int transport; /* NetworkTransport */
        char *url;
        int64_t timeout;           /* seconds that an answer is waited for */
        int64_t security;          /* security profile */
        char *identity, *password; /* 2.1: for this profile; NULL: the station's */
        int version, interface;    /* -1 absent */
        char *apn;                 /* NULL: none is wanted */
        int apn_login;             /* -1 absent */
        char *vpn, *vpn_user, *vpn_password, *vpn_key; /* NULL: none is wanted */
        int vpn_type;                                  /* -1 absent */
} NetworkRequest;
/* All absent. */
#define NETWORK_REQUEST_INIT                                                                       \
        {                                                                                          \
                .slot = NO_INT, .timeout = NO_INT, .security = NO_INT, .version = -1,              \
                .interface = -1, .apn_login = -1, .vpn_type = -1                                   \
        }

/* SetNetworkProfileStatusEnumType */
typedef enum NetworkVerdict {
        NETWORK_ACCEPTED,
        NETWORK_REJECTED,
        NETWORK_FAILED,
        NETWORK_VERDICT_MAX
} NetworkVerdict;

typedef struct NetworkAnswer {
        int verdict;                 /* NetworkVerdict */
        const char *reason_code;     /* 2.x statusInfo.reasonCode ≤ 20; NULL: no statusInfo */
        const char *additional_info; /* ≤ 512, for people; NULL none */
} NetworkAnswer;

/* Reset (B11, B12). */
typedef enum ResetKind {
        RESET_SERVICE,   /* 1.6 Soft */
        RESET_MACHINE,   /* 1.6 Hard */
        RESET_IMMEDIATE, /* 2.x: now or not at all */
        RESET_ON_IDLE,   /* 2.x */
        RESET_KIND_MAX,
} ResetKind;

typedef struct ResetRequest {
        int kind;     /* ResetKind */
        int64_t evse; /* 2.x: that one alone; NO_INT */
} ResetRequest;

/* ChangeAvailability (G03, G04). */
typedef enum Operational { INOPERATIVE, OPERATIVE, OPERATIONAL_MAX } Operational;

typedef struct AvailabilityRequest {
        int64_t connector; /* 1.6 connectorId, 0 is the station with all of them; 2.x evse.id,
                              NO_INT the station */
        int64_t connector_of_evse; /* 2.x evse.connectorId; NO_INT the EVSE */
        int operational;           /* Operational */
} AvailabilityRequest;

/* What both are answered: ResetStatusEnumType, ChangeAvailabilityStatusEnumType. */
typedef enum OrderVerdict {
        ORDER_ACCEPTED,
        ORDER_REJECTED,
        ORDER_SCHEDULED,
        ORDER_VERDICT_MAX
} OrderVerdict;

typedef struct OrderAnswer {
        int verdict;                 /* OrderVerdict */
        const char *reason_code;     /* 2.x statusInfo.reasonCode ≤ 20; NULL: no statusInfo */
        const char *additional_info; /* ≤ 512, for people; NULL none */
} OrderAnswer;

/* UnlockConnector of 2.x (F05). */
typedef struct UnlockRequest {
        int64_t connector;         /* evseId */
        int64_t connector_of_evse; /* connectorId */
} UnlockRequest;

/* UnlockStatusEnumType, but for Unlocked: the agent has no hand on a lock. */
typedef enum UnlockVerdict {
        UNLOCK_FAILED,
        UNLOCK_IN_SESSION, /* OngoingAuthorizedTransaction */
        UNLOCK_UNKNOWN,
        UNLOCK_VERDICT_MAX
} UnlockVerdict;

typedef struct UnlockAnswer {
        int verdict; /* UnlockVerdict */
} UnlockAnswer;

/* GetTransactionStatus (E14). */
typedef struct TransactionRequest {
        char *id; /* NULL: all of them */
} TransactionRequest;

typedef struct TransactionAnswer {
        int ongoing;  /* -1: not asked */
        int in_queue; /* are messages of it still to be sent? */
} TransactionAnswer;

/* What is answered to messages about what the station does not have. */
typedef struct FixedAnswer {
        int status;     /* the word that its table has */
        int64_t number; /* the version of the local list */
} FixedAnswer;

/* A message without members, or one whose members don't concern us. */
typedef struct EmptyMessage {
        char unused;
} EmptyMessage;

/* Words for logs, the store and D-Bus: the 2.0.1 spelling. Never NULL for a valid value; "?" else.
 */
const char *firmware_status_to_string(FirmwareStatus s);
const char *security_event_to_string(SecurityEventType t);
const char *update_verdict_to_string(UpdateVerdict v);
const char *log_status_to_string(LogStatus s);
const char *logs_kind_to_string(LogsKind k);
/* The reverse; FW_NONE for an unknown word and NULL. */
FirmwareStatus firmware_status_from_string(const char *s);
/* LOG_STATUS_NONE for an unknown word and NULL. */
LogStatus log_status_from_string(const char *s);
/* LOGS_DIAGNOSTICS for an unknown word and NULL. */
LogsKind logs_kind_from_string(const char *s);
/* Ends a job: Installed and every failure. */
bool firmware_status_is_final(FirmwareStatus s);
/* … but Installed. */
bool firmware_status_is_failure(FirmwareStatus s);
/* Ends a request for logs: Uploaded, every failure, AcceptedCanceled. */
bool log_status_is_final(LogStatus s);
/* … but Uploaded and AcceptedCanceled. */
bool log_status_is_failure(LogStatus s);
