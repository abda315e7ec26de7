/* OCPP 2.0.1 and 2.1: network connection profiles. */
#include "fields.h"
#include "tables.h"

/* clang-format off */
/* OCPPVersionEnumType: of no use since the version is agreed upon in the handshake */
static const char *const version_list[] = { "OCPP12", "OCPP15", "OCPP16", "OCPP20" };
static const EnumTable version_words = WORDS(version_list);
static const char *const version21_list[] = { "OCPP12", "OCPP15", "OCPP16", "OCPP20", "OCPP201", "OCPP21" };
static const EnumTable version21_words = WORDS(version21_list);

/* OCPPInterfaceEnumType: the system routes as it is set up */
static const char *const interface_list[] = {
        "Wired0", "Wired1", "Wired2", "Wired3", "Wireless0", "Wireless1", "Wireless2", "Wireless3"
};
static const EnumTable interface_words = WORDS(interface_list);
static const char *const interface21_list[] = {
        "Wired0", "Wired1", "Wired2", "Wired3", "Wireless0", "Wireless1", "Wireless2", "Wireless3", "Any"
};
static const EnumTable interface21_words = WORDS(interface21_list);

/* OCPPTransportEnumType */
static const char *const transport_list[TRANSPORT_MAX] = {
        [TRANSPORT_JSON] = "JSON",
        [TRANSPORT_SOAP] = "SOAP",
};
static const EnumTable transport_words = WORDS(transport_list);

/* APNAuthenticationEnumType */
static const char *const apn_list[] = { "CHAP", "NONE", "PAP", "AUTO" };
static const EnumTable apn_words = WORDS(apn_list);

/* VPNEnumType */
static const char *const vpn_list[] = { "IKEv2", "IPSec", "L2TP", "PPTP" };
static const EnumTable vpn_words = WORDS(vpn_list);

/* SetNetworkProfileStatusEnumType */
static const char *const verdict_list[NETWORK_VERDICT_MAX] = {
        [NETWORK_ACCEPTED] = "Accepted",
        [NETWORK_REJECTED] = "Rejected",
        [NETWORK_FAILED]   = "Failed",
};
static const EnumTable verdict_words = WORDS(verdict_list);

static const Field apn_fields[] = {
        STRING_FIELD  ("apn",                     REQUIRED, NetworkRequest, apn, 512),
        IGNORED_STRING("apnUserName",             OPTIONAL, 20),
        IGNORED_STRING("apnPassword",             OPTIONAL, 20),
        IGNORED_FIELD ("simPin",                  OPTIONAL, JSON_INTEGER),
        IGNORED_STRING("preferredNetwork",        OPTIONAL, 6),
        IGNORED_FIELD ("useOnlyPreferredNetwork", OPTIONAL, JSON_BOOL),
        ENUM_FIELD    ("apnAuthentication",       REQUIRED, NetworkRequest, apn_login, apn_words),
};
static const Table apn_type = TABLE("APNType", apn_fields);

static const Field vpn_fields[] = {
        STRING_FIELD  ("server",   REQUIRED, NetworkRequest, vpn,          512),
        STRING_FIELD  ("user",     REQUIRED, NetworkRequest, vpn_user,     20),
        IGNORED_STRING("group",    OPTIONAL, 20),
        STRING_FIELD  ("password", REQUIRED, NetworkRequest, vpn_password, 20),
        STRING_FIELD  ("key",      REQUIRED, NetworkRequest, vpn_key,      255),
        ENUM_FIELD    ("type",     REQUIRED, NetworkRequest, vpn_type,     vpn_words),
};
static const Table vpn_type = TABLE("VPNType", vpn_fields);

/* What both versions have of it. */
#define PROFILE_FIELDS \
        ENUM_FIELD  ("ocppTransport",   REQUIRED, NetworkRequest, transport, transport_words), \
        INT_FIELD   ("messageTimeout",  REQUIRED, NetworkRequest, timeout),                    \
        INT_FIELD   ("securityProfile", REQUIRED, NetworkRequest, security),                   \
        INLINE_FIELD("apn",             OPTIONAL, apn_type),                                   \
        INLINE_FIELD("vpn",             OPTIONAL, vpn_type)

static const Field profile_fields[] = {
        PROFILE_FIELDS,
        STRING_FIELD("ocppCsmsUrl",   REQUIRED, NetworkRequest, url,       512),
        ENUM_FIELD  ("ocppVersion",   REQUIRED, NetworkRequest, version,   version_words),
        ENUM_FIELD  ("ocppInterface", REQUIRED, NetworkRequest, interface, interface_words),
};
static const Table profile_type = TABLE("NetworkConnectionProfileType", profile_fields);

static const Field profile21_fields[] = {
        PROFILE_FIELDS,
        STRING_FIELD("ocppCsmsUrl",       REQUIRED, NetworkRequest, url,       2000),
        ENUM_FIELD  ("ocppVersion",       OPTIONAL, NetworkRequest, version,   version21_words),
        ENUM_FIELD  ("ocppInterface",     REQUIRED, NetworkRequest, interface, interface21_words),
        STRING_FIELD("identity",          OPTIONAL, NetworkRequest, identity,  48),
        STRING_FIELD("basicAuthPassword", OPTIONAL, NetworkRequest, password,  64),
};
static const Table profile21_type = TABLE("NetworkConnectionProfileType", profile21_fields);

static const Field network_fields[] = {
        INT_FIELD   ("configurationSlot", REQUIRED, NetworkRequest, slot),
        INLINE_FIELD("connectionData",    REQUIRED, profile_type),
};
const Table ocpp201_network = TABLE("SetNetworkProfile", network_fields);

static const Field network21_fields[] = {
        INT_FIELD   ("configurationSlot", REQUIRED, NetworkRequest, slot),
        INLINE_FIELD("connectionData",    REQUIRED, profile21_type),
};
const Table ocpp21_network = TABLE("SetNetworkProfile", network21_fields);

/* StatusInfoType of the answer */
static const Field network_info_fields[] = {
        STRING_FIELD("reasonCode",     REQUIRED, NetworkAnswer, reason_code,     20),
        STRING_FIELD("additionalInfo", OPTIONAL, NetworkAnswer, additional_info, 512),
};
static const Table network_info = TABLE("StatusInfoType", network_info_fields);

static const Field network_answer_fields[] = {
        ENUM_FIELD  ("status",     REQUIRED, NetworkAnswer, verdict, verdict_words),
        INLINE_FIELD("statusInfo", OPTIONAL, network_info),
};
const Table ocpp201_network_answer = TABLE("SetNetworkProfile", network_answer_fields);
/* clang-format on */
