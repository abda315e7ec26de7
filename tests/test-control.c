/* The agent's D-Bus object on a bus of its own. */
#include "control-world.h"

#define NAMES_SIZE 1024

static const ControlHandlers handlers = {.get = get_state};

static void control_is_one_of_its_name(void **state)
{
        World *w = *state;
        Control *second = NULL;
        sd_bus *bus = NULL;

        start_agent(w, &handlers);
        assert_true(sd_bus_open_system(&bus) >= 0);
        assert_int_equal(control_new(bus, &handlers, w, &second), -EEXIST);
        assert_null(second);
        sd_bus_flush_close_unref(bus);
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error _unused_)
{
        char *names = userdata;
        const char *interface, *name;

        assert_true(sd_bus_message_read(m, "s", &interface) >= 0);
        assert_true(sd_bus_message_enter_container(m, 'a', "{sv}") >= 0);
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                assert_true(sd_bus_message_read(m, "s", &name) >= 0);
                snprintf(names + strlen(names), NAMES_SIZE - strlen(names), "%s ", name);
                assert_true(sd_bus_message_skip(m, "v") >= 0);
                assert_true(sd_bus_message_exit_container(m) >= 0);
        }
        return 0;
}

/* Of many updates only what is other than before goes over the bus. */
static void control_tells_only_what_changed(void **state)
{
        static char names[NAMES_SIZE];
        World *w = *state;
        sd_bus *bus = NULL;

        start_agent(w, &handlers);
        assert_int_equal(control_update(w->control), 0); /* the first tells all */
        assert_true(sd_bus_open_system(&bus) >= 0);
        assert_true(sd_bus_attach_event(bus, w->event, 0) >= 0);
        assert_true(sd_bus_match_signal(bus, NULL, CONTROL_NAME, CONTROL_PATH,
                                        "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                        on_changed, names) >= 0);
        assert_int_equal(control_update(w->control), 0);
        w->state.percent = 5;
        w->state.connected = false;
        assert_int_equal(control_update(w->control), 0);
        assert_int_equal(control_update(w->control), 0);
        w->state.job_state = "installing";
        assert_int_equal(control_update(w->control), 0);
        assert_int_equal(control_status_reported(w->control, 1, "1", "Installing"), 0);
        while (!strstr(names, "LastStatuses"))
                assert_true(sd_event_run(w->event, PATIENCE_USEC) > 0);
        assert_string_equal(names, "Connected Percent JobState LastStatuses ");
        assert_int_equal(control_update(NULL), 0);
        assert_int_equal(control_status_reported(NULL, 1, "1", "Idle"), 0);
        sd_bus_flush_close_unref(bus);
}

typedef struct Answer {
        char *text;
        bool done;
} Answer;

static int on_introspected(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Answer *a = userdata;
        const char *text;

        (void)error;
        assert_true(sd_bus_message_read(m, "s", &text) >= 0);
        assert_int_equal(str_replace(&a->text, text), 0);
        a->done = true;
        return 0;
}

/* The next element of that tag in an introspection, as "name type" in out. NULL: none left. */
static const char *next_element(const char *xml, const char *tag, char out[static 128])
{
        char name[64] = "", type[32] = "";
        const char *at = strstr(xml, tag), *name_at, *type_at;

        if (!at)
                return NULL;
        at += strlen(tag);
        name_at = strstr(at, "name=\"");
        type_at = strstr(at, "type=\"");
        if (name_at)
                sscanf(name_at, "name=\"%63[^\"]", name);
        if (type_at)
                sscanf(type_at, "type=\"%31[^\"]", type);
        snprintf(out, 128, "%s %s", name, type);
        return at;
}

/* What is installed for others to read says what the agent has: the same names and types. */
static void control_is_as_documented(void **state)
{
        static const char *const tags[] = {"<property ", "<method ", "<arg ", "<signal "};
        World *w = *state;
        _cleanup_(freep) char *file = NULL;
        char path[512];
        Answer a = {0};
        sd_bus *bus = NULL;
        const char *ours;

        start_agent(w, &handlers);
        assert_true(sd_bus_open_system(&bus) >= 0);
        assert_true(sd_bus_attach_event(bus, w->event, 0) >= 0);
        assert_true(sd_bus_call_method_async(bus, NULL, CONTROL_NAME, CONTROL_PATH,
                                             "org.freedesktop.DBus.Introspectable", "Introspect",
                                             on_introspected, &a, "") >= 0);
        while (!a.done)
                assert_true(sd_event_run(w->event, PATIENCE_USEC) > 0);
        snprintf(path, sizeof(path), "%s/data/dbus/org.raucocpp.Agent1.xml", getenv("SOURCE_DIR"));
        assert_int_equal(file_read(path, 65536, &file, NULL), 0);
        assert_non_null(ours = strstr(a.text, "<interface name=\"" CONTROL_INTERFACE "\">"));
        *strstr(strstr(a.text, CONTROL_INTERFACE), "</interface>") = '\0';
        for (size_t i = 0; i < ELEMENTSOF(tags); i++) {
                const char *p = file, *q = ours;
                char documented[128], real[128];
                unsigned n = 0;

                for (; (p = next_element(p, tags[i], documented)); n++) {
                        assert_non_null(q = next_element(q, tags[i], real));
                        assert_string_equal(documented, real);
                }
                assert_true(n >= 1);
                assert_null(next_element(q, tags[i], real));
        }
        free(a.text);
        sd_bus_flush_close_unref(bus);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(control_is_one_of_its_name),
                world_test(control_tells_only_what_changed),
                world_test(control_is_as_documented),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
