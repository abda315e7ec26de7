/* OCPP 2.0.1: reports of the device model (B07, B08). */
#include "fields.h"
#include "tables.h"

/* Names in one GetReport, as VAR_ITEMS_GET_REPORT says. */
#define NAMES_MAX 50
/* Variables in one NotifyReport: more than any station packs into a message. */
#define ITEMS_MAX 500

/* clang-format off */
/* ReportBaseEnumType */
static const char *const base_list[REPORT_BASE_MAX] = {
        [REPORT_CONFIGURATION] = "ConfigurationInventory",
        [REPORT_FULL]          = "FullInventory",
        [REPORT_SUMMARY]       = "SummaryInventory",
};
static const EnumTable base_words = WORDS(base_list);

/* ComponentCriterionEnumType */
static const char *const criterion_list[CRITERION_MAX] = {
        [CRITERION_ACTIVE]    = "Active",
        [CRITERION_AVAILABLE] = "Available",
        [CRITERION_ENABLED]   = "Enabled",
        [CRITERION_PROBLEM]   = "Problem",
};
/* What is none of them is told by the answer's status, as the OCA's tool awaits it. */
static const EnumTable criterion_words = WORDS_AND_ANY(criterion_list, CRITERION_UNKNOWN);

/* GenericDeviceModelStatusEnumType */
static const char *const verdict_list[REPORT_VERDICT_MAX] = {
        [REPORT_ACCEPTED]      = "Accepted",
        [REPORT_REJECTED]      = "Rejected",
        [REPORT_NOT_SUPPORTED] = "NotSupported",
        [REPORT_EMPTY]         = "EmptyResultSet",
};
static const EnumTable verdict_words = WORDS(verdict_list);

/* DataEnumType */
static const char *const type_list[VAR_TYPE_MAX] = {
        [VAR_STRING]        = "string",
        [VAR_INTEGER]       = "integer",
        [VAR_BOOLEAN]       = "boolean",
        [VAR_TIME]          = "dateTime",
        [VAR_OPTION_LIST]   = "OptionList",
        [VAR_SEQUENCE_LIST] = "SequenceList",
        [VAR_MEMBER_LIST]   = "MemberList",
};
static const char *const type_others[] = { "decimal", NULL };
static const EnumTable type_words = WORDS_AND_OTHERS(type_list, type_others, -1);

/* MutabilityEnumType */
static const char *const access_list[VAR_ACCESS_MAX] = {
        [VAR_READ_ONLY]  = "ReadOnly",
        [VAR_READ_WRITE] = "ReadWrite",
        [VAR_WRITE_ONLY] = "WriteOnly",
};
static const EnumTable access_words = WORDS(access_list);

static const Field answer_info_fields[] = {
        STRING_FIELD("reasonCode",     REQUIRED, ReportAnswer, reason_code,     20),
        STRING_FIELD("additionalInfo", OPTIONAL, ReportAnswer, additional_info, 512),
};
static const Table answer_info = TABLE("StatusInfoType", answer_info_fields);

static const Field base_report_fields[] = {
        INT_FIELD ("requestId",  REQUIRED, ReportRequest, request_id),
        ENUM_FIELD("reportBase", REQUIRED, ReportRequest, base, base_words),
};
const Table ocpp201_base_report = TABLE("GetBaseReport", base_report_fields);

static const Field answer_fields[] = {
        ENUM_FIELD  ("status",     REQUIRED, ReportAnswer, verdict, verdict_words),
        INLINE_FIELD("statusInfo", OPTIONAL, answer_info),
};
const Table ocpp201_base_report_answer = TABLE("GetBaseReport", answer_fields);
const Table ocpp201_get_report_answer = TABLE("GetReport", answer_fields);

static const Field name_fields[] = {
        INLINE_FIELD("component", REQUIRED, ocpp201_component),
        INLINE_FIELD("variable",  OPTIONAL, ocpp201_variable),
};
static const Table name_type = TABLE("ComponentVariableType", name_fields);
static const ModelName any_name = { .evse = NO_INT, .connector = NO_INT };
static const ListType names = LIST_OF_OBJECTS(name_type, ModelName, &any_name, 1, NAMES_MAX);
static const ListType criteria = LIST_OF_WORDS(criterion_words, 1, CRITERION_MAX);

static const Field get_report_fields[] = {
        LIST_FIELD("componentVariable", OPTIONAL, ReportRequest, names,    names),
        INT_FIELD ("requestId",         REQUIRED, ReportRequest, request_id),
        LIST_FIELD("componentCriteria", OPTIONAL, ReportRequest, criteria, criteria),
};
const Table ocpp201_get_report = TABLE("GetReport", get_report_fields);

static const Field attribute_fields[] = {
        ENUM_FIELD  ("type",       OPTIONAL, ReportAttribute, type,   ocpp201_attribute_words),
        STRING_FIELD("value",      OPTIONAL, ReportAttribute, value,  2500),
        ENUM_FIELD  ("mutability", OPTIONAL, ReportAttribute, access, access_words),
        BOOL_FIELD  ("persistent", OPTIONAL, ReportAttribute, persistent),
        BOOL_FIELD  ("constant",   OPTIONAL, ReportAttribute, constant),
};
static const Table attribute_type = TABLE("VariableAttributeType", attribute_fields);
static const ReportAttribute no_attribute = { .type = -1, .access = -1, .persistent = -1, .constant = -1 };
static const ListType attributes = LIST_OF_OBJECTS(attribute_type, ReportAttribute, &no_attribute, 1, ATTRIBUTE_MAX);

/* The limits are numbers to the schema; those of ours are whole. */
static const Field characteristics_fields[] = {
        STRING_FIELD("unit",               OPTIONAL, ReportItem, unit,   16),
        ENUM_FIELD  ("dataType",           REQUIRED, ReportItem, type,   type_words),
        INT_FIELD   ("minLimit",           OPTIONAL, ReportItem, least),
        INT_FIELD   ("maxLimit",           OPTIONAL, ReportItem, most),
        STRING_FIELD("valuesList",         OPTIONAL, ReportItem, values, 1000),
        BOOL_FIELD  ("supportsMonitoring", REQUIRED, ReportItem, monitoring),
};
static const Table characteristics = TABLE("VariableCharacteristicsType", characteristics_fields);

static const Field item_fields[] = {
        INLINE_FIELD("component",               REQUIRED, ocpp201_component),
        INLINE_FIELD("variable",                REQUIRED, ocpp201_variable),
        LIST_FIELD  ("variableAttribute",       REQUIRED, ReportItem, attributes, attributes),
        INLINE_FIELD("variableCharacteristics", OPTIONAL, characteristics),
};
static const Table item_type = TABLE("ReportDataType", item_fields);
static const ReportItem no_item = { .name = { .evse = NO_INT, .connector = NO_INT }, .type = -1, .least = NO_INT, .most = NO_INT, .monitoring = -1 };
static const ListType items = LIST_OF_OBJECTS(item_type, ReportItem, &no_item, 1, ITEMS_MAX);

static const Field notify_report_fields[] = {
        INT_FIELD ("requestId",   REQUIRED, ReportPart, request_id),
        TIME_FIELD("generatedAt", REQUIRED, ReportPart, generated_at),
        LIST_FIELD("reportData",  OPTIONAL, ReportPart, items, items),
        BOOL_FIELD("tbc",         OPTIONAL, ReportPart, more),
        INT_FIELD ("seqNo",       REQUIRED, ReportPart, number),
};
const Table ocpp201_notify_report = TABLE("NotifyReport", notify_report_fields);
const Table ocpp201_notify_report_answer = EMPTY_TABLE("NotifyReport");
/* clang-format on */
