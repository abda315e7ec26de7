/* OCPP 1.6: Reset and ChangeAvailability. */
#include "fields.h"
#include "tables.h"

/* clang-format off */
/* ResetType (C16 7.39) */
static const char *const reset_list[RESET_KIND_MAX] = {
        [RESET_SERVICE] = "Soft",
        [RESET_MACHINE] = "Hard",
};
static const EnumTable reset_words = WORDS(reset_list);

/* ResetStatus (C16 7.38): what waits is Accepted */
static const char *const reset_verdict_list[ORDER_VERDICT_MAX] = {
        [ORDER_ACCEPTED]  = "Accepted",
        [ORDER_REJECTED]  = "Rejected",
};
static const EnumTable reset_verdict_words = WORDS(reset_verdict_list);

/* AvailabilityType (C16 7.3) */
static const char *const operational_list[OPERATIONAL_MAX] = {
        [INOPERATIVE] = "Inoperative",
        [OPERATIVE]   = "Operative",
};
static const EnumTable operational_words = WORDS(operational_list);

/* AvailabilityStatus (C16 7.2) */
static const char *const change_verdict_list[ORDER_VERDICT_MAX] = {
        [ORDER_ACCEPTED]  = "Accepted",
        [ORDER_REJECTED]  = "Rejected",
        [ORDER_SCHEDULED] = "Scheduled",
};
static const EnumTable change_verdict_words = WORDS(change_verdict_list);

static const Field reset_fields[] = {
        ENUM_FIELD("type", REQUIRED, ResetRequest, kind, reset_words),
};
const Table ocpp16_reset = TABLE("Reset", reset_fields);

static const Field reset_answer_fields[] = {
        ENUM_FIELD("status", REQUIRED, OrderAnswer, verdict, reset_verdict_words),
};
const Table ocpp16_reset_answer = TABLE("Reset", reset_answer_fields);

static const Field change_fields[] = {
        INT_FIELD ("connectorId", REQUIRED, AvailabilityRequest, connector),
        ENUM_FIELD("type",        REQUIRED, AvailabilityRequest, operational, operational_words),
};
const Table ocpp16_change_availability = TABLE("ChangeAvailability", change_fields);

static const Field change_answer_fields[] = {
        ENUM_FIELD("status", REQUIRED, OrderAnswer, verdict, change_verdict_words),
};
const Table ocpp16_change_availability_answer = TABLE("ChangeAvailability", change_answer_fields);
/* clang-format on */
