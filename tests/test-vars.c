/* Variables: what they may hold, what is kept, who is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store-place.h"
#include "vars.h"

typedef struct Owner {
        VarId changed; /* the last one; VAR_MAX: none */
        const char *forbidden;
} Owner;

static int owner_read(void *userdata _unused_, VarId id, VarPlace place, char **ret)
{
        if (id == VAR_SERIAL_NUMBER || id == VAR_PROBLEM)
                return -ENODATA;
        *ret = place.evse == NO_INT ? strdup("30") : str_printf("evse %lld", (long long)place.evse);
        return *ret ? 0 : -ENOMEM;
}

static bool owner_allows(void *userdata, VarId id _unused_, const char *value)
{
        Owner *o = userdata;

        return !str_equal(o->forbidden, value);
}

static void owner_changed(void *userdata, VarId id)
{
        ((Owner *)userdata)->changed = id;
}

static const VarOwner handlers = {owner_read, owner_allows, owner_changed};

static Vars *make(Place *p, Owner *o)
{
        Vars *v = NULL;

        assert_int_equal(vars_new(p->store, &handlers, o, &v), 0);
        return v;
}

static void assert_value(const Vars *v, VarId id, const char *wanted)
{
        _cleanup_(freep) char *value = NULL;

        assert_int_equal(vars_read(v, id, VAR_OF_STATION, &value), 0);
        assert_string_equal(value, wanted);
}

/* A name is a key of the store: no two are the same, and each rule allows what it begins with. */
static void rules_are_sound(void **state)
{
        Owner o = {.changed = VAR_MAX};
        _cleanup_(vars_freep) Vars *v = make(*state, &o);

        for (VarId id = 0; id < VAR_MAX; id++) {
                const VarRule *rule = &var_rules[id];

                assert_non_null(rule->name);
                for (VarId other = 0; other < id; other++)
                        assert_string_not_equal(var_rules[other].name, rule->name);
                if (rule->initial)
                        assert_int_equal(vars_put(v, id, rule->initial), VAR_SET);
                assert_true(rule->type != VAR_INTEGER || rule->min < rule->max);
        }
}

static const struct {
        VarId id;
        const char *value;
        int verdict;
        const char *kept;
} settings[] = {
        {VAR_HEARTBEAT_INTERVAL, "300", VAR_SET, "300"},
        {VAR_HEARTBEAT_INTERVAL, "0300", VAR_SET, "300"},
        {VAR_HEARTBEAT_INTERVAL, "0", VAR_BAD_VALUE, "300"},
        {VAR_HEARTBEAT_INTERVAL, "-1", VAR_BAD_VALUE, "300"},
        {VAR_HEARTBEAT_INTERVAL, "99999999999999999999", VAR_BAD_VALUE, "300"},
        {VAR_HEARTBEAT_INTERVAL, "86401", VAR_BAD_VALUE, "300"},
        {VAR_HEARTBEAT_INTERVAL, "5m", VAR_BAD_VALUE, "300"},
        {VAR_HEARTBEAT_INTERVAL, "", VAR_BAD_VALUE, "300"},
        {VAR_LOCAL_PRE_AUTHORIZE, "TRUE", VAR_SET, "true"},
        {VAR_LOCAL_PRE_AUTHORIZE, "1", VAR_BAD_VALUE, "true"},
        {VAR_TX_STOP_POINT, "EVConnected , Authorized", VAR_SET, "EVConnected,Authorized"},
        {VAR_TX_STOP_POINT, "", VAR_SET, ""},
        {VAR_TX_STOP_POINT, "EVConnected,EVConnected", VAR_BAD_VALUE, ""},
        {VAR_TX_STOP_POINT, "EVConnected,", VAR_BAD_VALUE, ""},
        {VAR_TX_STOP_POINT, ",", VAR_BAD_VALUE, ""},
        {VAR_TX_STOP_POINT, "Nothing", VAR_BAD_VALUE, ""},
        {VAR_CONNECTOR_PHASE_ROTATION, "0.RST,1.RTS", VAR_SET, "0.RST,1.RTS"},
        {VAR_CONNECTOR_PHASE_ROTATION, "0.NotApplicable, 12.Unknown", VAR_SET,
         "0.NotApplicable,12.Unknown"},
        {VAR_CONNECTOR_PHASE_ROTATION, "1.RST,1.RTS", VAR_BAD_VALUE, "0.NotApplicable,12.Unknown"},
        {VAR_CONNECTOR_PHASE_ROTATION, "1.RST,11.RST", VAR_SET, "1.RST,11.RST"},
        {VAR_CONNECTOR_PHASE_ROTATION, "11.RST,1.RST", VAR_SET, "11.RST,1.RST"},
        {VAR_CONNECTOR_PHASE_ROTATION, "RST", VAR_BAD_VALUE, "11.RST,1.RST"},
        {VAR_CONNECTOR_PHASE_ROTATION, "1.RSR", VAR_BAD_VALUE, "11.RST,1.RST"},
        {VAR_CONNECTOR_PHASE_ROTATION, "1.", VAR_BAD_VALUE, "11.RST,1.RST"},
        {VAR_CONNECTOR_PHASE_ROTATION, ".RST", VAR_BAD_VALUE, "11.RST,1.RST"},
        {VAR_CONNECTOR_PHASE_ROTATION, "01.RST", VAR_BAD_VALUE, "11.RST,1.RST"},
        {VAR_CONNECTOR_PHASE_ROTATION, "-1.RST", VAR_BAD_VALUE, "11.RST,1.RST"},
        {VAR_SAMPLED_MEASURANDS, "Voltage.L1-N,Voltage.L2, Current.Import ,Temperature,RPM.N",
         VAR_SET, "Voltage.L1-N,Voltage.L2,Current.Import,Temperature,RPM.N"},
        {VAR_SAMPLED_MEASURANDS, "Voltage.L4", VAR_BAD_VALUE,
         "Voltage.L1-N,Voltage.L2,Current.Import,Temperature,RPM.N"},
        {VAR_SAMPLED_MEASURANDS, "Voltage.", VAR_BAD_VALUE,
         "Voltage.L1-N,Voltage.L2,Current.Import,Temperature,RPM.N"},
        {VAR_SAMPLED_MEASURANDS, "voltage", VAR_BAD_VALUE,
         "Voltage.L1-N,Voltage.L2,Current.Import,Temperature,RPM.N"},
        {VAR_NETWORK_PRIORITY, "1, 0", VAR_SET_LATER, "1,0"},
        {VAR_NETWORK_PRIORITY, "1,x", VAR_BAD_VALUE, "1,0"},
        {VAR_NETWORK_PRIORITY, "-1", VAR_BAD_VALUE, "1,0"},
        {VAR_NETWORK_PRIORITY, "9", VAR_BAD_VALUE, "1,0"},
        {VAR_HEARTBEAT_INTERVAL, " 301 ", VAR_SET, "301"},
        {VAR_HEARTBEAT_INTERVAL, "3 1", VAR_BAD_VALUE, "301"},
        {VAR_HEARTBEAT_INTERVAL, "  ", VAR_BAD_VALUE, "301"},
        {VAR_NETWORK_ATTEMPTS, "100", VAR_SET, "100"},
        {VAR_NETWORK_ATTEMPTS, "101", VAR_BAD_VALUE, "100"},
        {VAR_BACKOFF_WAIT_MINIMUM, "86401", VAR_BAD_VALUE, "30"},
        {VAR_BACKOFF_RANDOM_RANGE, "86400", VAR_SET, "86400"},
        {VAR_BACKOFF_RANDOM_RANGE, "31622400", VAR_BAD_VALUE, "86400"},
        {VAR_PING_INTERVAL, "0", VAR_SET, "0"},
        {VAR_PING_INTERVAL, "-1", VAR_BAD_VALUE, "0"}, /* J16: negative is not allowed */
        {VAR_STOP_ON_INVALID_ID, " False", VAR_SET, "false"},
        {VAR_ORGANIZATION_NAME, " ACME, Inc. ", VAR_SET, " ACME, Inc. "},
        {VAR_ORGANIZATION_NAME, "", VAR_SET, ""},
        {VAR_VENDOR_NAME, "me", VAR_NOT_TO_SET, "30"},
};

static void values_are_judged(void **state)
{
        Owner o = {.changed = VAR_MAX};
        _cleanup_(vars_freep) Vars *v = make(*state, &o);

        for (size_t i = 0; i < ELEMENTSOF(settings); i++) {
                assert_int_equal(vars_set(v, settings[i].id, settings[i].value),
                                 settings[i].verdict);
                assert_value(v, settings[i].id, settings[i].kept);
        }
}

static void the_owner_acts_on_changes_alone(void **state)
{
        Owner o = {.changed = VAR_MAX, .forbidden = "77"};
        _cleanup_(vars_freep) Vars *v = make(*state, &o);

        assert_int_equal(vars_set(v, VAR_OFFLINE_THRESHOLD, "60"), VAR_SET); /* as it was */
        assert_int_equal(o.changed, VAR_MAX);
        assert_int_equal(vars_set(v, VAR_OFFLINE_THRESHOLD, "77"), VAR_BAD_VALUE);
        assert_int_equal(o.changed, VAR_MAX);
        assert_int_equal(vars_put(v, VAR_OFFLINE_THRESHOLD, "78"), VAR_SET);
        assert_int_equal(o.changed, VAR_MAX);
        assert_int_equal(vars_set(v, VAR_OFFLINE_THRESHOLD, "79"), VAR_SET);
        assert_int_equal(o.changed, VAR_OFFLINE_THRESHOLD);
        assert_int_equal(vars_int(v, VAR_OFFLINE_THRESHOLD, 0), 79);
}

static void values_outlive_a_restart(void **state)
{
        Place *p = *state;
        Owner o = {0};
        Vars *v = make(p, &o);

        assert_int_equal(vars_set(v, VAR_RESET_RETRIES, "7"), VAR_SET);
        vars_free(v);
        assert_int_equal(store_set(p->store, "var:HeartbeatInterval", "rubbish"), 0);
        place_reopen(p);
        v = make(p, &o);
        assert_value(v, VAR_RESET_RETRIES, "7");
        assert_value(v, VAR_HEARTBEAT_INTERVAL, "3600");
        vars_free(v);
}

static void values_that_are_found_out(void **state)
{
        Owner o = {0};
        _cleanup_(vars_freep) Vars *v = make(*state, &o);
        _cleanup_(freep) char *value = NULL;

        assert_value(v, VAR_MESSAGE_TIMEOUT, "30");
        assert_int_equal(vars_read(v, VAR_AVAILABLE, (VarPlace){2, NO_INT}, &value), 0);
        assert_string_equal(value, "evse 2");
        free(TAKE_PTR(value));
        /* of which the owner knows no more there than elsewhere */
        assert_int_equal(vars_read(v, VAR_PROBLEM, (VarPlace){2, NO_INT}, &value), 0);
        assert_string_equal(value, "false");
        free(TAKE_PTR(value));
        assert_int_equal(vars_read(v, VAR_SERIAL_NUMBER, VAR_OF_STATION, &value), -ENODATA);
        assert_int_equal(vars_int(v, VAR_SERIAL_NUMBER, 5), 5);
        assert_true(vars_bool(v, VAR_QUEUE_ALL_MESSAGES));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(rules_are_sound, setup, teardown),
                cmocka_unit_test_setup_teardown(values_are_judged, setup, teardown),
                cmocka_unit_test_setup_teardown(the_owner_acts_on_changes_alone, setup, teardown),
                cmocka_unit_test_setup_teardown(values_outlive_a_restart, setup, teardown),
                cmocka_unit_test_setup_teardown(values_that_are_found_out, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
