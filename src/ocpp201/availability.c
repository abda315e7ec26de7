/* OCPP 2.0.1: Reset, ChangeAvailability, and what is asked of connectors and transactions. */
#include "fields.h"
#include "tables.h"

/* clang-format off */
/* ResetEnumType */
static const char *const reset_list[RESET_KIND_MAX] = {
        [RESET_IMMEDIATE] = "Immediate",
        [RESET_ON_IDLE]   = "OnIdle",
};
static const EnumTable reset_words = WORDS(reset_list);
/* 2.1 may let transactions go on afterwards: of ours there are none. */
static const char *const reset_others_21[] = { "ImmediateAndResume", NULL };
const EnumTable ocpp21_reset_words = WORDS_AND_OTHERS(reset_list, reset_others_21, RESET_IMMEDIATE);

/* OperationalStatusEnumType */
static const char *const operational_list[OPERATIONAL_MAX] = {
        [INOPERATIVE] = "Inoperative",
        [OPERATIVE]   = "Operative",
};
static const EnumTable operational_words = WORDS(operational_list);

/* ResetStatusEnumType, ChangeAvailabilityStatusEnumType */
static const char *const verdict_list[ORDER_VERDICT_MAX] = {
        [ORDER_ACCEPTED]  = "Accepted",
        [ORDER_REJECTED]  = "Rejected",
        [ORDER_SCHEDULED] = "Scheduled",
};
static const EnumTable verdict_words = WORDS(verdict_list);

/* UnlockStatusEnumType */
static const char *const unlock_list[UNLOCK_VERDICT_MAX] = {
        [UNLOCK_FAILED]     = "UnlockFailed",
        [UNLOCK_IN_SESSION] = "OngoingAuthorizedTransaction",
        [UNLOCK_UNKNOWN]    = "UnknownConnector",
};
static const char *const unlock_others[] = { "Unlocked", NULL };
static const EnumTable unlock_words = WORDS_AND_OTHERS(unlock_list, unlock_others, -1);

static const Field order_info_fields[] = {
        STRING_FIELD("reasonCode",     REQUIRED, OrderAnswer, reason_code,     20),
        STRING_FIELD("additionalInfo", OPTIONAL, OrderAnswer, additional_info, 512),
};
static const Table order_info = TABLE("StatusInfoType", order_info_fields);

static const Field order_answer_fields[] = {
        ENUM_FIELD  ("status",     REQUIRED, OrderAnswer, verdict, verdict_words),
        INLINE_FIELD("statusInfo", OPTIONAL, order_info),
};

static const Field reset_fields[] = {
        ENUM_FIELD("type",   REQUIRED, ResetRequest, kind, reset_words),
        INT_FIELD ("evseId", OPTIONAL, ResetRequest, evse),
};
const Table ocpp201_reset = TABLE("Reset", reset_fields);
const Table ocpp201_reset_answer = TABLE("Reset", order_answer_fields);

static const Field evse_fields[] = {
        INT_FIELD("id",          REQUIRED, AvailabilityRequest, connector),
        INT_FIELD("connectorId", OPTIONAL, AvailabilityRequest, connector_of_evse),
};
static const Table evse_type = TABLE("EVSEType", evse_fields);

static const Field change_fields[] = {
        INLINE_FIELD("evse",              OPTIONAL, evse_type),
        ENUM_FIELD  ("operationalStatus", REQUIRED, AvailabilityRequest, operational, operational_words),
};
const Table ocpp201_change_availability = TABLE("ChangeAvailability", change_fields);
const Table ocpp201_change_availability_answer = TABLE("ChangeAvailability", order_answer_fields);

static const Field unlock_fields[] = {
        INT_FIELD("evseId",      REQUIRED, UnlockRequest, connector),
        INT_FIELD("connectorId", REQUIRED, UnlockRequest, connector_of_evse),
};
const Table ocpp201_unlock = TABLE("UnlockConnector", unlock_fields);

static const Field unlock_answer_fields[] = {
        ENUM_FIELD    ("status",     REQUIRED, UnlockAnswer, verdict, unlock_words),
        IGNORED_OBJECT("statusInfo", OPTIONAL, ocpp201_status_info),
};
const Table ocpp201_unlock_answer = TABLE("UnlockConnector", unlock_answer_fields);

static const Field transaction_fields[] = {
        STRING_FIELD("transactionId", OPTIONAL, TransactionRequest, id, 36),
};
const Table ocpp201_transaction_status = TABLE("GetTransactionStatus", transaction_fields);

static const Field transaction_answer_fields[] = {
        BOOL_FIELD("ongoingIndicator", OPTIONAL, TransactionAnswer, ongoing),
        BOOL_FIELD("messagesInQueue",  REQUIRED, TransactionAnswer, in_queue),
};
const Table ocpp201_transaction_status_answer = TABLE("GetTransactionStatus", transaction_answer_fields);
/* clang-format on */
