/* The device model: that each version names what it must, once; look-ups, the walk, choices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <strings.h>

#include "doc-table.h"
#include "ocpp201.h"

static const Dialect *const dialects[] = {&ocpp201, &ocpp21};

static Model model_of(const Dialect *d)
{
        return (Model){.addresses = d->addresses, .evses = 3};
}

/* ---- what must be there ---- */

/* clang-format off */
/* Part 2, referenced components and variables: required of every station. */
static const struct { ModelScope scope; const char *component, *variable, *instance; bool writable; } required[] = {
        { SCOPE_STATION,   "ChargingStation",  "AvailabilityState",                NULL,               false },
        { SCOPE_STATION,   "ChargingStation",  "Available",                        NULL,               false },
        { SCOPE_STATION,   "ChargingStation",  "Model",                            NULL,               false },
        { SCOPE_STATION,   "ChargingStation",  "SupplyPhases",                     NULL,               false },
        { SCOPE_STATION,   "ChargingStation",  "VendorName",                       NULL,               false },
        { SCOPE_EVSE,      "EVSE",             "AvailabilityState",                NULL,               false },
        { SCOPE_EVSE,      "EVSE",             "Available",                        NULL,               false },
        { SCOPE_EVSE,      "EVSE",             "Power",                            NULL,               false },
        { SCOPE_EVSE,      "EVSE",             "SupplyPhases",                     NULL,               false },
        { SCOPE_CONNECTOR, "Connector",        "AvailabilityState",                NULL,               false },
        { SCOPE_CONNECTOR, "Connector",        "Available",                        NULL,               false },
        { SCOPE_CONNECTOR, "Connector",        "ConnectorType",                    NULL,               false },
        { SCOPE_CONNECTOR, "Connector",        "SupplyPhases",                     NULL,               false },
        { SCOPE_STATION,   "AlignedDataCtrlr", "Interval",                         NULL,               true  },
        { SCOPE_STATION,   "AlignedDataCtrlr", "Measurands",                       NULL,               true  },
        { SCOPE_STATION,   "AlignedDataCtrlr", "TxEndedInterval",                  NULL,               true  },
        { SCOPE_STATION,   "AlignedDataCtrlr", "TxEndedMeasurands",                NULL,               true  },
        { SCOPE_STATION,   "SampledDataCtrlr", "TxEndedInterval",                  NULL,               true  },
        { SCOPE_STATION,   "SampledDataCtrlr", "TxEndedMeasurands",                NULL,               true  },
        { SCOPE_STATION,   "SampledDataCtrlr", "TxStartedMeasurands",              NULL,               true  },
        { SCOPE_STATION,   "SampledDataCtrlr", "TxUpdatedInterval",                NULL,               true  },
        { SCOPE_STATION,   "SampledDataCtrlr", "TxUpdatedMeasurands",              NULL,               true  },
        { SCOPE_STATION,   "AuthCtrlr",        "AuthorizeRemoteStart",             NULL,               true  },
        { SCOPE_STATION,   "AuthCtrlr",        "LocalAuthorizeOffline",            NULL,               true  },
        { SCOPE_STATION,   "AuthCtrlr",        "LocalPreAuthorize",                NULL,               true  },
        { SCOPE_STATION,   "ClockCtrlr",       "DateTime",                         NULL,               false },
        { SCOPE_STATION,   "ClockCtrlr",       "TimeSource",                       NULL,               false },
        { SCOPE_STATION,   "DeviceDataCtrlr",  "BytesPerMessage",                  "GetReport",        false },
        { SCOPE_STATION,   "DeviceDataCtrlr",  "BytesPerMessage",                  "GetVariables",     false },
        { SCOPE_STATION,   "DeviceDataCtrlr",  "BytesPerMessage",                  "SetVariables",     false },
        { SCOPE_STATION,   "DeviceDataCtrlr",  "ItemsPerMessage",                  "GetReport",        false },
        { SCOPE_STATION,   "DeviceDataCtrlr",  "ItemsPerMessage",                  "GetVariables",     false },
        { SCOPE_STATION,   "DeviceDataCtrlr",  "ItemsPerMessage",                  "SetVariables",     false },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "FileTransferProtocols",            NULL,               false },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "HeartbeatInterval",                NULL,               true  },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "MessageAttemptInterval",           "TransactionEvent", true  },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "MessageAttempts",                  "TransactionEvent", true  },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "MessageTimeout",                   "Default",          false },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "NetworkConfigurationPriority",     NULL,               true  },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "NetworkProfileConnectionAttempts", NULL,               true  },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "OfflineThreshold",                 NULL,               true  },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "ResetRetries",                     NULL,               true  },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "RetryBackOffRandomRange",          NULL,               true  },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "RetryBackOffRepeatTimes",          NULL,               true  },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "RetryBackOffWaitMinimum",          NULL,               true  },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "UnlockOnEVSideDisconnect",         NULL,               true  },
        { SCOPE_STATION,   "OCPPCommCtrlr",    "WebSocketPingInterval",            NULL,               true  },
        { SCOPE_STATION,   "SecurityCtrlr",    "CertificateEntries",               NULL,               false },
        { SCOPE_STATION,   "SecurityCtrlr",    "OrganizationName",                 NULL,               true  },
        { SCOPE_STATION,   "SecurityCtrlr",    "SecurityProfile",                  NULL,               false },
        { SCOPE_STATION,   "TxCtrlr",          "EVConnectionTimeOut",              NULL,               true  },
        { SCOPE_STATION,   "TxCtrlr",          "StopTxOnEVSideDisconnect",         NULL,               true  },
        { SCOPE_STATION,   "TxCtrlr",          "StopTxOnInvalidId",                NULL,               true  },
        { SCOPE_STATION,   "TxCtrlr",          "TxStartPoint",                     NULL,               true  },
        { SCOPE_STATION,   "TxCtrlr",          "TxStopPoint",                      NULL,               true  },
};
/* clang-format on */

static VarPlace some_place(ModelScope scope)
{
        return (VarPlace){scope == SCOPE_STATION ? NO_INT : 3,
                          scope == SCOPE_CONNECTOR ? 1 : NO_INT};
}

static ModelName name_at(const VarAddress *a, VarPlace place)
{
        return (ModelName){.component = a->component,
                           .component_instance = a->component_instance,
                           .evse = place.evse,
                           .connector = place.connector,
                           .variable = a->variable,
                           .variable_instance = a->variable_instance};
}

static void what_is_required_is_there(_unused_ void **state)
{
        for (size_t d = 0; d < ELEMENTSOF(dialects); d++)
                for (size_t i = 0; i < ELEMENTSOF(required); i++) {
                        VarAddress wanted = {.component = required[i].component,
                                             .variable = required[i].variable,
                                             .variable_instance = required[i].instance};
                        VarPlace place = some_place(required[i].scope);
                        ModelName name = name_at(&wanted, place);
                        Model m = model_of(dialects[d]);
                        const VarAddress *address;

                        if (model_find(&m, &name, &address, &place) != VARIABLE_ACCEPTED)
                                fail_msg("no %s.%s", required[i].component, required[i].variable);
                        assert_int_equal(var_rules[address->var].access == VAR_READ_WRITE,
                                         required[i].writable);
                }
}

/* ---- laws ---- */

static bool same_address(const VarAddress *a, const VarAddress *b)
{
        return strcasecmp(a->component, b->component) == 0 &&
               strcasecmp(strempty(a->component_instance), strempty(b->component_instance)) == 0 &&
               strcasecmp(a->variable, b->variable) == 0 &&
               strcasecmp(strempty(a->variable_instance), strempty(b->variable_instance)) == 0;
}

static void check_address(const VarAddress *a)
{
        const VarRule *rule = &var_rules[a->var];

        assert_in_range(a->var, 0, VAR_MAX - 1);
        assert_in_range(strlen(a->component), 1, 50);
        assert_in_range(strlen(a->variable), 1, 50);
        assert_in_range(strlen(strempty(a->component_instance)), 0, 50);
        assert_in_range(strlen(strempty(a->variable_instance)), 0, 50);
        /* one that can be set is the station's: vars_set() knows no place */
        assert_true(rule->access == VAR_READ_ONLY || a->scope == SCOPE_STATION);
        assert_true(rule->access == VAR_READ_ONLY || !a->constant);
        assert_in_range(strlen(strempty(rule->unit)), 0, 16);
        assert_in_range(strlen(strempty(rule->values)), 0, 1000);
}

/* No variable has two addresses of one scope, and no two variables share one. */
static void each_address_is_there_once(_unused_ void **state)
{
        for (size_t d = 0; d < ELEMENTSOF(dialects); d++) {
                const VarAddresses *all = dialects[d]->addresses;

                for (size_t i = 0; i < all->count; i++) {
                        check_address(&all->list[i]);
                        for (size_t k = 0; k < i; k++) {
                                assert_false(same_address(&all->list[i], &all->list[k]));
                                assert_false(all->list[i].var == all->list[k].var &&
                                             all->list[i].scope == all->list[k].scope);
                        }
                }
        }
}

/* ItemsPerMessage says what the tables take. */
static size_t list_max(const Dialect *d, const char *action)
{
        const Table *t = dialect_find_incoming(d, action)->request;

        for (size_t i = 0; i < t->count; i++)
                if (t->fields[i].kind == FIELD_LIST && t->fields[i].list->item.table)
                        return t->fields[i].list->max;
        fail();
        return 0;
}

static void items_per_message_are_what_is_taken(_unused_ void **state)
{
        for (size_t d = 0; d < ELEMENTSOF(dialects); d++) {
                assert_int_equal(list_max(dialects[d], "GetVariables"),
                                 atoi(var_rules[VAR_ITEMS_GET_VARIABLES].initial));
                assert_int_equal(list_max(dialects[d], "SetVariables"),
                                 atoi(var_rules[VAR_ITEMS_SET_VARIABLES].initial));
                assert_int_equal(list_max(dialects[d], "GetReport"),
                                 atoi(var_rules[VAR_ITEMS_GET_REPORT].initial));
        }
}

/* docs/interfaces.md has each, in the same order, and no other. */
static void the_manual_has_each(_unused_ void **state)
{
        static const char *const access[VAR_ACCESS_MAX] = {
                [VAR_READ_ONLY] = "R", [VAR_READ_WRITE] = "RW", [VAR_WRITE_ONLY] = "W"};
        static const char *const scopes[] = {[SCOPE_STATION] = "of the station",
                                             [SCOPE_EVSE] = "of each EVSE",
                                             [SCOPE_CONNECTOR] = "of each connector"};
        _cleanup_(freep) char *text = doc_read("docs/interfaces.md");
        const char *row = doc_table(text, "| component | variable | access | there is one |");

        for (size_t i = 0; i < ocpp201.addresses->count; i++) {
                const VarAddress *a = &ocpp201.addresses->list[i];
                const char *instance = a->variable_instance;
                _cleanup_(freep) char *cells = str_printf(
                        "| %s | %s%s%s%s | %s |", a->component, a->variable, instance ? " (" : "",
                        strempty(instance), instance ? ")" : "", access[var_rules[a->var].access]);
                _cleanup_(freep) char *scope = str_printf("%s %s |", cells, scopes[a->scope]);

                if (!startswith(row, scope))
                        fail_msg("expected %s, there is %.60s", scope, row);
                row = doc_row(row, cells);
        }
        doc_end(row);
}

/* ---- look-ups ---- */

#define ANY NO_INT
static const struct {
        ModelName name;
        VariableStatus status;
        VarId var;
} lookups[] = {
        {{"OCPPCommCtrlr", NULL, ANY, ANY, "HeartbeatInterval", NULL},
         VARIABLE_ACCEPTED,
         VAR_HEARTBEAT_INTERVAL},
        {{"ocppcommctrlr", NULL, ANY, ANY, "HEARTBEATINTERVAL", NULL},
         VARIABLE_ACCEPTED,
         VAR_HEARTBEAT_INTERVAL},
        {{"OCPPCommCtrlr", NULL, ANY, ANY, "MessageTimeout", "default"},
         VARIABLE_ACCEPTED,
         VAR_MESSAGE_TIMEOUT},
        {{"EVSE", NULL, 3, ANY, "Available", NULL}, VARIABLE_ACCEPTED, VAR_AVAILABLE},
        {{"Connector", NULL, 1, 1, "ConnectorType", NULL}, VARIABLE_ACCEPTED, VAR_CONNECTOR_TYPE},
        {{"OCPPCommCtrlr", NULL, ANY, ANY, "MessageTimeout", NULL}, VARIABLE_UNKNOWN_VARIABLE, 0},
        {{"OCPPCommCtrlr", NULL, ANY, ANY, "MessageTimeout", "x"}, VARIABLE_UNKNOWN_VARIABLE, 0},
        {{"OCPPCommCtrlr", NULL, ANY, ANY, "HeartbeatInterval", "x"}, VARIABLE_UNKNOWN_VARIABLE, 0},
        {{"OCPPCommCtrlr", NULL, ANY, ANY, "", NULL}, VARIABLE_UNKNOWN_VARIABLE, 0},
        {{"OCPPCommCtrlr", "x", ANY, ANY, "HeartbeatInterval", NULL},
         VARIABLE_UNKNOWN_COMPONENT,
         0},
        {{"OCPPCommCtrlr", NULL, 1, ANY, "HeartbeatInterval", NULL}, VARIABLE_UNKNOWN_COMPONENT, 0},
        {{"OCPPCommCtrl", NULL, ANY, ANY, "HeartbeatInterval", NULL},
         VARIABLE_UNKNOWN_COMPONENT,
         0},
        {{"EVSE", NULL, ANY, ANY, "Available", NULL}, VARIABLE_UNKNOWN_COMPONENT, 0},
        {{"EVSE", NULL, 0, ANY, "Available", NULL}, VARIABLE_UNKNOWN_COMPONENT, 0},
        {{"EVSE", NULL, 4, ANY, "Available", NULL}, VARIABLE_UNKNOWN_COMPONENT, 0},
        {{"EVSE", NULL, 1, 1, "Available", NULL}, VARIABLE_UNKNOWN_COMPONENT, 0},
        {{"EVSE", NULL, 1, ANY, "Nothing", NULL}, VARIABLE_UNKNOWN_VARIABLE, 0},
        {{"Connector", NULL, 1, 2, "Available", NULL}, VARIABLE_UNKNOWN_COMPONENT, 0},
        {{"Connector", NULL, 1, ANY, "Available", NULL}, VARIABLE_UNKNOWN_COMPONENT, 0},
};

static void names_are_looked_up(_unused_ void **state)
{
        Model m = model_of(&ocpp201);

        for (size_t i = 0; i < ELEMENTSOF(lookups); i++) {
                const VarAddress *address = NULL;
                VarPlace place = {0};

                assert_int_equal(model_find(&m, &lookups[i].name, &address, &place),
                                 lookups[i].status);
                if (!address)
                        continue;
                assert_int_equal(address->var, lookups[i].var);
                assert_int_equal(place.evse, lookups[i].name.evse);
                assert_int_equal(place.connector, lookups[i].name.connector);
        }
}

/* Each is found where the walk meets it, and the walk meets all. */
static void the_walk_meets_all(_unused_ void **state)
{
        Model m = model_of(&ocpp201);
        size_t met[3] = {0}, addresses[3] = {0};
        const VarAddress *address, *found;
        ModelWalk walk = {0};
        VarPlace place, again;

        for (size_t i = 0; i < m.addresses->count; i++)
                addresses[m.addresses->list[i].scope]++;
        while ((address = model_at(&m, &walk, &place))) {
                ModelName name = name_at(address, place);

                assert_int_equal(model_find(&m, &name, &found, &again), VARIABLE_ACCEPTED);
                assert_ptr_equal(found, address);
                assert_int_equal(again.evse, place.evse);
                assert_true(model_name_fits(&name, address, place));
                met[address->scope]++;
                model_step(&m, &walk);
        }
        assert_int_equal(met[SCOPE_STATION], addresses[SCOPE_STATION]);
        assert_int_equal(met[SCOPE_EVSE], 3 * addresses[SCOPE_EVSE]);
        assert_int_equal(met[SCOPE_CONNECTOR], 3 * addresses[SCOPE_CONNECTOR]);
}

/* What is left out may be any; what is given must be the same. */
static void choices_may_leave_out(_unused_ void **state)
{
        static const VarAddress address = {
                VAR_AVAILABLE, SCOPE_CONNECTOR, false, "C", "i", "V", "j"};
        static const struct {
                ModelName name;
                bool fits;
        } cases[] = {
                {{"c", NULL, ANY, ANY, NULL, NULL}, true},
                {{"c", "I", 2, 1, "v", "J"}, true},
                {{"c", NULL, 2, ANY, "V", NULL}, true},
                {{"d", NULL, ANY, ANY, NULL, NULL}, false},
                {{"c", "x", ANY, ANY, NULL, NULL}, false},
                {{"c", NULL, 1, ANY, NULL, NULL}, false},
                {{"c", NULL, 2, 2, NULL, NULL}, false},
                {{"c", NULL, ANY, ANY, "W", NULL}, false},
                {{"c", NULL, ANY, ANY, "V", "x"}, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(model_name_fits(&cases[i].name, &address, (VarPlace){2, 1}),
                                 cases[i].fits);
}

static void criteria_are_of_the_same_component(_unused_ void **state)
{
        Model m = model_of(&ocpp201);
        const VarAddress *power, *timer, *found;
        VarPlace place;

        assert_int_equal(
                model_find(&m, &(ModelName){"EVSE", NULL, 1, ANY, "Power", NULL}, &power, &place),
                VARIABLE_ACCEPTED);
        found = model_criterion(&m, power, CRITERION_AVAILABLE);
        assert_non_null(found);
        assert_int_equal(found->var, VAR_AVAILABLE);
        assert_int_equal(found->scope, SCOPE_EVSE);
        assert_null(model_criterion(&m, power, CRITERION_ENABLED));
        assert_int_equal(model_find(&m,
                                    &(ModelName){"ClockCtrlr", NULL, ANY, ANY, "DateTime", NULL},
                                    &timer, &place),
                         VARIABLE_ACCEPTED);
        for (int c = 0; c < CRITERION_MAX; c++)
                assert_null(model_criterion(&m, timer, (ReportCriterion)c));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_required_is_there),
                cmocka_unit_test(each_address_is_there_once),
                cmocka_unit_test(items_per_message_are_what_is_taken),
                cmocka_unit_test(the_manual_has_each),
                cmocka_unit_test(names_are_looked_up),
                cmocka_unit_test(the_walk_meets_all),
                cmocka_unit_test(choices_may_leave_out),
                cmocka_unit_test(criteria_are_of_the_same_component),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
