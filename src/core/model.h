/* The device model of 2.x (part 1 ch. 4, part 2 B05-B08): where a version keeps each variable, and
 * what is said about them. What a variable holds stands in vars.h. */
#pragma once

#include "codec.h"
#include "vars.h"

/* How often there is a component of that name: once, one an EVSE, one a connector of each EVSE. */
typedef enum ModelScope { SCOPE_STATION, SCOPE_EVSE, SCOPE_CONNECTOR } ModelScope;

/* Where a version keeps a variable: a line an address. Names are compared without regard to case
 * (ComponentType, VariableType). */
typedef struct VarAddress {
        VarId var : 8;
        ModelScope scope : 8;
        bool constant; /* it never changes while the station runs */
        const char *component, *component_instance;
        const char *variable, *variable_instance; /* instances: NULL none */
} VarAddress;

/* All of a version. */
typedef struct VarAddresses {
        const VarAddress *list;
        size_t count;
} VarAddresses;

/* Each EVSE has one connector, as in StatusNotification. */
#define MODEL_CONNECTOR 1

/* AttributeEnumType. All of our variables have Actual alone. */
typedef enum ModelAttribute {
        ATTRIBUTE_ACTUAL,
        ATTRIBUTE_TARGET,
        ATTRIBUTE_MIN_SET,
        ATTRIBUTE_MAX_SET,
        ATTRIBUTE_MAX
} ModelAttribute;

/* ComponentType and VariableType: what a message names. The first member of whatever has one. */
typedef struct ModelName {
        const char *component, *component_instance; /* instances: NULL none */
        int64_t evse, connector;                    /* NO_INT: none */
        const char *variable, *variable_instance;
} ModelName;

/* GetVariableStatusEnumType, SetVariableStatusEnumType */
typedef enum VariableStatus {
        VARIABLE_ACCEPTED,
        VARIABLE_REJECTED,
        VARIABLE_UNKNOWN_COMPONENT,
        VARIABLE_UNKNOWN_VARIABLE,
        VARIABLE_NOT_SUPPORTED_ATTRIBUTE,
        VARIABLE_REBOOT_REQUIRED, /* of SetVariables alone */
        VARIABLE_STATUS_MAX,
} VariableStatus;

/* One variable of GetVariables or SetVariables. An answer has the same ones as its request, so it
 * is written into it: status and reason, and by GetVariables the value. */
typedef struct VariableItem {
        ModelName name;
        int attribute; /* ModelAttribute; -1: not given, which is Actual */
        char *value;   /* NULL none */
        int status;    /* VariableStatus */
        char *reason;  /* ≤ 20, a word of part 2's appendix 5; NULL none */
        char *info;    /* ≤ 512, for people; NULL none */
} VariableItem;
/* Nothing but names. */
extern const VariableItem variable_item_init;

/* GetVariables, SetVariables and their answers (B05, B06). */
typedef struct VariableList {
        List items; /* VariableItem */
} VariableList;

/* ReportBaseEnumType, and what GetReport asks for. */
typedef enum ReportBase {
        REPORT_CONFIGURATION,
        REPORT_FULL,
        REPORT_SUMMARY,
        REPORT_BASE_MAX,
        REPORT_CHOSEN = REPORT_BASE_MAX,
} ReportBase;

/* ComponentCriterionEnumType */
typedef enum ReportCriterion {
        CRITERION_ACTIVE,
        CRITERION_AVAILABLE,
        CRITERION_ENABLED,
        CRITERION_PROBLEM,
        CRITERION_MAX,
        CRITERION_UNKNOWN = CRITERION_MAX /* any other word */
} ReportCriterion;

/* GetBaseReport (B07), GetReport (B08). */
typedef struct ReportRequest {
        int64_t request_id;
        int base;      /* ReportBase */
        List criteria; /* int, ReportCriterion; none: all components */
        List names;    /* ModelName; none: all variables */
} ReportRequest;
/* GetReport without a choice. */
#define REPORT_REQUEST_INIT                                                                        \
        {                                                                                          \
                .request_id = NO_INT, .base = REPORT_CHOSEN                                        \
        }

/* GenericDeviceModelStatusEnumType */
typedef enum ReportVerdict {
        REPORT_ACCEPTED,
        REPORT_REJECTED,
        REPORT_NOT_SUPPORTED,
        REPORT_EMPTY,
        REPORT_VERDICT_MAX
} ReportVerdict;

typedef struct ReportAnswer {
        int verdict;                 /* ReportVerdict */
        const char *reason_code;     /* ≤ 20; NULL: no statusInfo */
        const char *additional_info; /* ≤ 512, for people; NULL none */
} ReportAnswer;

/* VariableAttributeType */
typedef struct ReportAttribute {
        int type;    /* ModelAttribute */
        char *value; /* NULL: nobody knows */
        int access;  /* VarAccess */
        int persistent, constant;
} ReportAttribute;

/* ReportDataType with VariableCharacteristicsType */
typedef struct ReportItem {
        ModelName name;
        List attributes; /* ReportAttribute */
        const char *unit;
        int type;            /* VarType */
        int64_t least, most; /* NO_INT: no limit */
        const char *values;
        int monitoring;
} ReportItem;

/* NotifyReport */
typedef struct ReportPart {
        int64_t request_id;
        usec_t generated_at;
        List items; /* ReportItem */
        int more;   /* tbc */
        int64_t number;
} ReportPart;

/* A version's addresses, and how many EVSEs this station has. */
typedef struct Model {
        const VarAddresses *addresses;
        int64_t evses;
} Model;

/* The address of a variable and its place. VARIABLE_ACCEPTED with *ret and *ret_place;
 * VARIABLE_UNKNOWN_COMPONENT, VARIABLE_UNKNOWN_VARIABLE (B05.FR.04, .05; B06.FR.06, .07). */
VariableStatus model_find(const Model *m, const ModelName *name, const VarAddress **ret,
                          VarPlace *ret_place);

/* Where a walk through all variables at all of their places stands; zeros: before the first. */
typedef struct ModelWalk {
        size_t address;
        int64_t place; /* of those of the address */
} ModelWalk;
/* The variable under the walk; NULL: it is at the end. */
const VarAddress *model_at(const Model *m, const ModelWalk *walk, VarPlace *ret_place);
void model_step(const Model *m, ModelWalk *walk);

/* Does a name of GetReport mean this variable here? What it leaves out may be any: the variable
 * (B08.FR.20), an instance (B08.FR.21), the EVSE and its connector. */
bool model_name_fits(const ModelName *name, const VarAddress *address, VarPlace place);
/* The variable of the same component by which a criterion is decided; NULL: the component has
 * none. */
const VarAddress *model_criterion(const Model *m, const VarAddress *address, ReportCriterion c);
