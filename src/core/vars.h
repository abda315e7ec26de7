/* The station's variables, once: 1.6 calls them configuration keys, 2.x has them in its device
 * model, and each dialect only names them. What each may hold stands in vars-rules.c. Values are
 * texts as both versions write them: "true", "300", "HTTP,HTTPS", RFC 3339 times. */
#pragma once

#include "store.h"
#include "util.h"

typedef enum VarId {
        /* the connection */
        VAR_HEARTBEAT_INTERVAL,
        VAR_PING_INTERVAL,
        VAR_MESSAGE_TIMEOUT,
        VAR_BACKOFF_WAIT_MINIMUM,
        VAR_BACKOFF_RANDOM_RANGE,
        VAR_BACKOFF_REPEAT_TIMES,
        VAR_NETWORK_PRIORITY,
        VAR_NETWORK_ATTEMPTS,
        VAR_ACTIVE_NETWORK_PROFILE,
        VAR_OFFLINE_THRESHOLD,
        VAR_QUEUE_ALL_MESSAGES,
        VAR_RESET_RETRIES,
        VAR_FILE_TRANSFER_PROTOCOLS,
        /* security */
        VAR_IDENTITY,
        VAR_SECURITY_PROFILE,
        VAR_ORGANIZATION_NAME,
        VAR_BASIC_AUTH_PASSWORD,
        VAR_CERTIFICATE_ENTRIES,
        VAR_CERTIFICATE_STORE_MAX,
        VAR_CERTIFICATE_CHAIN_MAX,
        VAR_ADDITIONAL_ROOT_CHECK,
        /* what the station is */
        VAR_VENDOR_NAME,
        VAR_MODEL,
        VAR_SERIAL_NUMBER,
        VAR_FIRMWARE_VERSION,
        VAR_BOOTED_SLOT, /* no variable of OCPP's own: which slot runs, as RAUC names it */
        VAR_NUMBER_OF_CONNECTORS,
        VAR_AVAILABLE,          /* of station, EVSE, connector */
        VAR_AVAILABILITY_STATE, /* … */
        VAR_PROBLEM,            /* … */
        VAR_SUPPLY_PHASES,      /* … */
        VAR_EVSE_POWER,
        VAR_CONNECTOR_TYPE,
        VAR_ALLOW_NEW_SESSIONS, /* L01.FR.07 */
        VAR_DATE_TIME,
        VAR_TIME_SOURCE,
        /* what fits into one message */
        VAR_ITEMS_GET_REPORT,
        VAR_ITEMS_GET_VARIABLES,
        VAR_ITEMS_SET_VARIABLES,
        VAR_BYTES_GET_REPORT,
        VAR_BYTES_GET_VARIABLES,
        VAR_BYTES_SET_VARIABLES,
        VAR_CONFIGURATION_MAX_KEYS,
        VAR_FEATURE_PROFILES,
        /* kept for a CSMS that sets them: they matter for charging alone */
        VAR_AUTHORIZE_REMOTE_START,
        VAR_LOCAL_AUTHORIZE_OFFLINE,
        VAR_LOCAL_PRE_AUTHORIZE,
        VAR_CONNECTION_TIMEOUT,
        VAR_STOP_ON_EV_DISCONNECT,
        VAR_STOP_ON_INVALID_ID,
        VAR_UNLOCK_ON_EV_DISCONNECT,
        VAR_TRANSACTION_ATTEMPTS,
        VAR_TRANSACTION_ATTEMPT_INTERVAL,
        VAR_TX_START_POINT,
        VAR_TX_STOP_POINT,
        VAR_ALIGNED_INTERVAL,
        VAR_ALIGNED_MEASURANDS,
        VAR_ALIGNED_ENDED_INTERVAL,
        VAR_ALIGNED_ENDED_MEASURANDS,
        VAR_SAMPLED_STARTED_MEASURANDS,
        VAR_SAMPLED_INTERVAL,
        VAR_SAMPLED_MEASURANDS,
        VAR_SAMPLED_ENDED_INTERVAL,
        VAR_SAMPLED_ENDED_MEASURANDS,
        VAR_CONNECTOR_PHASE_ROTATION,
        VAR_MAX,
} VarId;

/* DataEnumType */
typedef enum VarType {
        VAR_STRING,
        VAR_INTEGER,
        VAR_BOOLEAN,
        VAR_TIME,
        VAR_OPTION_LIST,   /* one of the values */
        VAR_SEQUENCE_LIST, /* values parted by commas, in order */
        VAR_MEMBER_LIST,   /* … in any */
        VAR_TYPE_MAX,
} VarType;

/* MutabilityEnumType */
typedef enum VarAccess { VAR_READ_ONLY, VAR_READ_WRITE, VAR_WRITE_ONLY, VAR_ACCESS_MAX } VarAccess;

/* How the words of a list are written. */
typedef enum VarShape {
        VAR_WORDS,              /* each one of the values */
        VAR_WORDS_OF_PHASE,     /* … with or without a phase behind it: Voltage.L1-N */
        VAR_WORDS_OF_CONNECTOR, /* … behind a connector's number, each once: 1.RST,2.RTS */
        VAR_SHAPE_MAX,
} VarShape;

/* How many keys GetConfiguration may ask for. */
#define CONFIGURATION_KEYS_MAX 100

/* What a variable may hold. */
typedef struct VarRule {
        const char *name; /* in the store, and in logs */
        VarType type : 8;
        VarAccess access : 8;
        VarShape shape : 8;
        bool reboot;         /* a new value takes effect at the next start */
        int32_t min, max;    /* of an integer; max of a text or list: code points */
        const char *values;  /* words of a list or option, parted by commas; NULL: any */
        const char *unit;    /* 2.x unit; NULL none */
        const char *initial; /* until it is set; NULL: its owner tells */
} VarRule;

/* By VarId. */
extern const VarRule var_rules[VAR_MAX];

/* Of what a variable is: connector of evse, evse, or (both NO_INT) the station. */
typedef struct VarPlace {
        int64_t evse, connector;
} VarPlace;
#define VAR_OF_STATION                                                                             \
        (VarPlace)                                                                                 \
        {                                                                                          \
                NO_INT, NO_INT                                                                     \
        }

/* Who knows what is not stored, and acts on what is. */
typedef struct VarOwner {
        /* A value that is found out, or that a variable begins with. 0 and *ret (owned by the
         * caller); -ENODATA: nobody knows; -ENOMEM. */
        int (*read)(void *userdata, VarId id, VarPlace place, char **ret);
        /* May this value, which its rule allows, be set? */
        bool (*allows)(void *userdata, VarId id, const char *value);
        /* It was set to another value, and stored: act on it. */
        void (*changed)(void *userdata, VarId id);
} VarOwner;

typedef enum VarVerdict {
        VAR_SET,        /* stored, in force */
        VAR_SET_LATER,  /* stored, in force after the next start: RebootRequired */
        VAR_BAD_VALUE,  /* not of the type, out of range, not one of its values, or not now */
        VAR_NOT_TO_SET, /* read-only */
} VarVerdict;

typedef struct Vars Vars;

/* Reads what was set in earlier runs; a value that its rule does not allow any more is forgotten
 * (logged). The store is borrowed and must outlive *ret, the owner is copied. 0; negative errno. */
int vars_new(Store *store, const VarOwner *owner, void *userdata, Vars **ret);
void vars_free(Vars *v);
DEFINE_CLEANUP(Vars *, vars_free)

/* Its value. 0 and *ret (owned by the caller, never NULL); -ENODATA: it has none; -ENOMEM. */
int vars_read(const Vars *v, VarId id, VarPlace place, char **ret);
/* Of the station, as a number; fallback where there is none. */
int64_t vars_int(const Vars *v, VarId id, int64_t fallback);
bool vars_bool(const Vars *v, VarId id);
/* Sets one of the station's by order of the CSMS. VarVerdict; negative errno: it could not be
 * stored, nothing has changed. */
int vars_set(Vars *v, VarId id, const char *value);
/* The station itself has learnt a value; not told to the owner. As above. */
int vars_put(Vars *v, VarId id, const char *value);
