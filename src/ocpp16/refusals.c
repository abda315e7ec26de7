/* OCPP 1.6: what is asked of charging, and of vendors' own, and what a station without them
 * answers. A request is checked all the same; of the answer's words the one that is said stands
 * first, the others are the version's. */
#include "fields.h"
#include "tables.h"

/* clang-format off */
static const char *const rejected[] = { "Rejected" };
static const char *const accepted[] = { "Accepted", NULL };
static const EnumTable rejected_words = WORDS_AND_OTHERS(rejected, accepted, -1);

const FixedAnswer ocpp16_refused = { .status = 0 };
/* C16 5.10: local authorization lists are not supported */
const FixedAnswer ocpp16_no_list = { .number = -1 };

static const Field rejected_fields[] = {
        ENUM_FIELD("status", REQUIRED, FixedAnswer, status, rejected_words),
};

static const Field start_fields[] = {
        IGNORED_STRING("idTag",           REQUIRED, 20),
        IGNORED_MEMBER("connectorId",     OPTIONAL, JSON_INTEGER),
        IGNORED_MEMBER("chargingProfile", OPTIONAL, JSON_OBJECT),
};
const Table ocpp16_remote_start = TABLE("RemoteStartTransaction", start_fields);
const Table ocpp16_remote_start_answer = TABLE("RemoteStartTransaction", rejected_fields);

static const Field stop_fields[] = {
        IGNORED_MEMBER("transactionId", REQUIRED, JSON_INTEGER),
};
const Table ocpp16_remote_stop = TABLE("RemoteStopTransaction", stop_fields);
const Table ocpp16_remote_stop_answer = TABLE("RemoteStopTransaction", rejected_fields);

/* C16 5.4: there is no cache to clear. */
const Table ocpp16_clear_cache = EMPTY_TABLE("ClearCache");
const Table ocpp16_clear_cache_answer = TABLE("ClearCache", rejected_fields);

/* No certificate was asked to be signed (WP3 A02). */
static const Field certificate_fields[] = {
        IGNORED_STRING("certificateChain", REQUIRED, 10000),
};
const Table ocpp16_certificate_signed = TABLE("CertificateSigned", certificate_fields);
const Table ocpp16_certificate_signed_answer = TABLE("CertificateSigned", rejected_fields);

/* UnlockStatus (C16 7.45): the agent has no hand on a lock. */
static const char *const unlock_list[] = { "NotSupported" };
static const char *const unlock_others[] = { "Unlocked", "UnlockFailed", NULL };
static const EnumTable unlock_words = WORDS_AND_OTHERS(unlock_list, unlock_others, -1);

static const Field unlock_fields[] = {
        IGNORED_MEMBER("connectorId", REQUIRED, JSON_INTEGER),
};
const Table ocpp16_unlock = TABLE("UnlockConnector", unlock_fields);

static const Field unlock_answer_fields[] = {
        ENUM_FIELD("status", REQUIRED, FixedAnswer, status, unlock_words),
};
const Table ocpp16_unlock_answer = TABLE("UnlockConnector", unlock_answer_fields);

const Table ocpp16_list_version = EMPTY_TABLE("GetLocalListVersion");

static const Field list_version_answer_fields[] = {
        INT_FIELD("listVersion", REQUIRED, FixedAnswer, number),
};
const Table ocpp16_list_version_answer = TABLE("GetLocalListVersion", list_version_answer_fields);

/* UpdateType (C16 7.44), UpdateStatus (C16 7.43) */
static const char *const update_type_list[] = { "Differential", "Full" };
static const EnumTable update_type_words = WORDS(update_type_list);
static const char *const list_status_list[] = { "NotSupported" };
static const char *const list_status_others[] = { "Accepted", "Failed", "VersionMismatch", NULL };
static const EnumTable list_status_words = WORDS_AND_OTHERS(list_status_list, list_status_others, -1);

static const Field send_list_fields[] = {
        IGNORED_MEMBER("listVersion",            REQUIRED, JSON_INTEGER),
        IGNORED_MEMBER("localAuthorizationList", OPTIONAL, JSON_ARRAY),
        IGNORED_WORD  ("updateType",             REQUIRED, update_type_words),
};
const Table ocpp16_send_list = TABLE("SendLocalList", send_list_fields);

static const Field send_list_answer_fields[] = {
        ENUM_FIELD("status", REQUIRED, FixedAnswer, status, list_status_words),
};
const Table ocpp16_send_list_answer = TABLE("SendLocalList", send_list_answer_fields);

/* DataTransferStatus (C16 7.22): the agent knows no vendor. */
static const char *const transfer_list[] = { "UnknownVendorId" };
static const char *const transfer_others[] = { "Accepted", "Rejected", "UnknownMessageId", NULL };
static const EnumTable transfer_words = WORDS_AND_OTHERS(transfer_list, transfer_others, -1);

static const Field transfer_fields[] = {
        IGNORED_STRING("vendorId",  REQUIRED, 255),
        IGNORED_STRING("messageId", OPTIONAL, 50),
        IGNORED_MEMBER("data",      OPTIONAL, JSON_STRING),
};
const Table ocpp16_data_transfer = TABLE("DataTransfer", transfer_fields);

static const Field transfer_answer_fields[] = {
        ENUM_FIELD    ("status", REQUIRED, FixedAnswer, status, transfer_words),
        IGNORED_MEMBER("data",   OPTIONAL, JSON_STRING),
};
const Table ocpp16_data_transfer_answer = TABLE("DataTransfer", transfer_answer_fields);
/* clang-format on */
