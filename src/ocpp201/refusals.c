/* OCPP 2.0.1: what is asked of charging, of monitors, of customers and of vendors' own, and what a
 * station without them answers. A request is checked all the same; of the answer's words the one
 * that is said stands first, the others are the version's. */
#include "fields.h"
#include "tables.h"

/* clang-format off */
static const char *const rejected[] = { "Rejected" };
static const char *const accepted[] = { "Accepted", NULL };
static const EnumTable rejected_words = WORDS_AND_OTHERS(rejected, accepted, -1);

/* D02: without a local list its version is 0. */
const FixedAnswer ocpp201_refused = { .status = 0, .number = 0 };

static const Field rejected_fields[] = {
        ENUM_FIELD    ("status",     REQUIRED, FixedAnswer, status, rejected_words),
        IGNORED_OBJECT("statusInfo", OPTIONAL, ocpp201_status_info),
};

/* IdTokenEnumType */
static const char *const token_type_list[] = {
        "Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization"
};
static const EnumTable token_type_words = WORDS(token_type_list);

static const Field token_fields[] = {
        IGNORED_STRING("idToken",        REQUIRED, 36),
        IGNORED_WORD  ("type",           REQUIRED, token_type_words),
        IGNORED_MEMBER("additionalInfo", OPTIONAL, JSON_ARRAY),
};
static const Table token_type = TABLE("IdTokenType", token_fields);

static const Field start_fields[] = {
        IGNORED_OBJECT("idToken",         REQUIRED, token_type),
        IGNORED_MEMBER("remoteStartId",   REQUIRED, JSON_INTEGER),
        IGNORED_MEMBER("evseId",          OPTIONAL, JSON_INTEGER),
        IGNORED_OBJECT("groupIdToken",    OPTIONAL, token_type),
        IGNORED_MEMBER("chargingProfile", OPTIONAL, JSON_OBJECT),
};
const Table ocpp201_request_start = TABLE("RequestStartTransaction", start_fields);

static const Field start_answer_fields[] = {
        ENUM_FIELD    ("status",        REQUIRED, FixedAnswer, status, rejected_words),
        IGNORED_OBJECT("statusInfo",    OPTIONAL, ocpp201_status_info),
        IGNORED_STRING("transactionId", OPTIONAL, 36),
};
const Table ocpp201_request_start_answer = TABLE("RequestStartTransaction", start_answer_fields);

static const Field stop_fields[] = {
        IGNORED_STRING("transactionId", REQUIRED, 36),
};
const Table ocpp201_request_stop = TABLE("RequestStopTransaction", stop_fields);
const Table ocpp201_request_stop_answer = TABLE("RequestStopTransaction", rejected_fields);

/* C11.FR.04: there is no cache to clear. */
const Table ocpp201_clear_cache = EMPTY_TABLE("ClearCache");
const Table ocpp201_clear_cache_answer = TABLE("ClearCache", rejected_fields);

/* CertificateSigningUseEnumType. No certificate was asked to be signed (A02). */
static const char *const signing_use_list[] = { "ChargingStationCertificate", "V2GCertificate" };
static const EnumTable signing_use_words = WORDS(signing_use_list);
static const char *const signing_use_list_21[] = { "ChargingStationCertificate", "V2GCertificate", "V2G20Certificate" };
const EnumTable ocpp21_signing_use_words = WORDS(signing_use_list_21);

static const Field certificate_fields[] = {
        IGNORED_STRING("certificateChain", REQUIRED, 10000),
        IGNORED_WORD  ("certificateType",  OPTIONAL, signing_use_words),
};
const Table ocpp201_certificate_signed = TABLE("CertificateSigned", certificate_fields);
const Table ocpp201_certificate_signed_answer = TABLE("CertificateSigned", rejected_fields);

const Table ocpp201_list_version = EMPTY_TABLE("GetLocalListVersion");

static const Field list_version_answer_fields[] = {
        INT_FIELD("versionNumber", REQUIRED, FixedAnswer, number),
};
const Table ocpp201_list_version_answer = TABLE("GetLocalListVersion", list_version_answer_fields);

/* UpdateEnumType, SendLocalListStatusEnumType */
static const char *const update_type_list[] = { "Differential", "Full" };
static const EnumTable update_type_words = WORDS(update_type_list);
static const char *const list_status_list[] = { "Failed" };
static const char *const list_status_others[] = { "Accepted", "VersionMismatch", NULL };
static const EnumTable list_status_words = WORDS_AND_OTHERS(list_status_list, list_status_others, -1);

static const Field send_list_fields[] = {
        IGNORED_MEMBER("versionNumber",          REQUIRED, JSON_INTEGER),
        IGNORED_MEMBER("localAuthorizationList", OPTIONAL, JSON_ARRAY),
        IGNORED_WORD  ("updateType",             REQUIRED, update_type_words),
};
const Table ocpp201_send_list = TABLE("SendLocalList", send_list_fields);

static const Field send_list_answer_fields[] = {
        ENUM_FIELD    ("status",     REQUIRED, FixedAnswer, status, list_status_words),
        IGNORED_OBJECT("statusInfo", OPTIONAL, ocpp201_status_info),
};
const Table ocpp201_send_list_answer = TABLE("SendLocalList", send_list_answer_fields);

/* DataTransferStatusEnumType: the agent knows no vendor. */
static const char *const transfer_list[] = { "UnknownVendorId" };
static const char *const transfer_others[] = { "Accepted", "Rejected", "UnknownMessageId", NULL };
static const EnumTable transfer_words = WORDS_AND_OTHERS(transfer_list, transfer_others, -1);

static const Field transfer_fields[] = {
        IGNORED_STRING("vendorId",  REQUIRED, 255),
        IGNORED_STRING("messageId", OPTIONAL, 50),
        IGNORED_MEMBER("data",      OPTIONAL, JSON_ANY),
};
const Table ocpp201_data_transfer = TABLE("DataTransfer", transfer_fields);

static const Field transfer_answer_fields[] = {
        ENUM_FIELD    ("status",     REQUIRED, FixedAnswer, status, transfer_words),
        IGNORED_OBJECT("statusInfo", OPTIONAL, ocpp201_status_info),
        IGNORED_MEMBER("data",       OPTIONAL, JSON_ANY),
};
const Table ocpp201_data_transfer_answer = TABLE("DataTransfer", transfer_answer_fields);

/* GenericDeviceModelStatusEnumType, MonitoringBaseEnumType, MonitoringCriterionEnumType */
static const char *const monitoring_list[] = { "NotSupported" };
static const char *const monitoring_others[] = { "Accepted", "Rejected", "EmptyResultSet", NULL };
static const EnumTable monitoring_words = WORDS_AND_OTHERS(monitoring_list, monitoring_others, -1);
static const char *const base_list[] = { "All", "FactoryDefault", "HardWiredOnly" };
static const EnumTable base_words = WORDS(base_list);

static const Field monitoring_answer_fields[] = {
        ENUM_FIELD    ("status",     REQUIRED, FixedAnswer, status, monitoring_words),
        IGNORED_OBJECT("statusInfo", OPTIONAL, ocpp201_status_info),
};

static const Field monitoring_base_fields[] = {
        IGNORED_WORD("monitoringBase", REQUIRED, base_words),
};
const Table ocpp201_monitoring_base = TABLE("SetMonitoringBase", monitoring_base_fields);
const Table ocpp201_monitoring_base_answer = TABLE("SetMonitoringBase", monitoring_answer_fields);

static const Field monitoring_report_fields[] = {
        IGNORED_MEMBER("requestId",          REQUIRED, JSON_INTEGER),
        IGNORED_MEMBER("componentVariable",  OPTIONAL, JSON_ARRAY),
        IGNORED_MEMBER("monitoringCriteria", OPTIONAL, JSON_ARRAY),
};
const Table ocpp201_monitoring_report = TABLE("GetMonitoringReport", monitoring_report_fields);
const Table ocpp201_monitoring_report_answer = TABLE("GetMonitoringReport", monitoring_answer_fields);

/* CustomerInformationStatusEnumType (N09, N10): nothing is kept of customers. */
static const char *const customer_list[] = { "Rejected" };
static const char *const customer_others[] = { "Accepted", "Invalid", NULL };
static const EnumTable customer_words = WORDS_AND_OTHERS(customer_list, customer_others, -1);

static const Field customer_fields[] = {
        IGNORED_MEMBER("requestId",           REQUIRED, JSON_INTEGER),
        IGNORED_MEMBER("report",              REQUIRED, JSON_BOOL),
        IGNORED_MEMBER("clear",               REQUIRED, JSON_BOOL),
        IGNORED_MEMBER("customerCertificate", OPTIONAL, JSON_OBJECT),
        IGNORED_OBJECT("idToken",             OPTIONAL, token_type),
        IGNORED_STRING("customerIdentifier",  OPTIONAL, 64),
};
const Table ocpp201_customer = TABLE("CustomerInformation", customer_fields);

static const Field customer_answer_fields[] = {
        ENUM_FIELD    ("status",     REQUIRED, FixedAnswer, status, customer_words),
        IGNORED_OBJECT("statusInfo", OPTIONAL, ocpp201_status_info),
};
const Table ocpp201_customer_answer = TABLE("CustomerInformation", customer_answer_fields);
/* clang-format on */
