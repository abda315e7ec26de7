/* The restart by logind: what it is asked, and what becomes of its answer. logind is played here,
 * on a private bus: the real one would restart the machine. */
#include "control-world.h"
#include "machine.h"

/* How logind answers; set by each test. */
static const char *refusal;
static int asked, interactive;

static int answers, answer;
static char text[128];

static int on_reboot(sd_bus_message *m, void *userdata, sd_bus_error *reterr)
{
        (void)userdata;
        asked++;
        assert_true(sd_bus_message_read(m, "b", &interactive) >= 0);
        if (refusal)
                return sd_bus_error_set(reterr, refusal, "there is an inhibitor");
        return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable logind[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Reboot", "b", NULL, on_reboot, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void on_answer(void *userdata, int error, const char *message)
{
        World *w = userdata;

        answers++;
        answer = error;
        snprintf(text, sizeof(text), "%s", strempty(message));
        sd_event_exit(w->event, 0);
}

static void ask(World *w)
{
        asked = answers = 0;
        interactive = -1;
        assert_int_equal(machine_reboot(w->bus, on_answer, w), 0);
        assert_int_equal(answers, 0); /* the loop must not be held up */
        assert_true(sd_event_loop(w->event) >= 0);
        assert_int_equal(answers, 1);
}

static void logind_is_asked_not_interactively(void **state)
{
        World *w = *state;

        assert_true(sd_bus_add_object_vtable(w->bus, NULL, "/org/freedesktop/login1",
                                             "org.freedesktop.login1.Manager", logind, w) >= 0);
        assert_true(sd_bus_request_name(w->bus, "org.freedesktop.login1", 0) >= 0);
        refusal = NULL;
        ask(w);
        assert_int_equal(asked, 1);
        assert_int_equal(interactive, 0);
        assert_int_equal(answer, 0);
}

static void logind_may_refuse(void **state)
{
        World *w = *state;

        assert_true(sd_bus_add_object_vtable(w->bus, NULL, "/org/freedesktop/login1",
                                             "org.freedesktop.login1.Manager", logind, w) >= 0);
        assert_true(sd_bus_request_name(w->bus, "org.freedesktop.login1", 0) >= 0);
        refusal = SD_BUS_ERROR_ACCESS_DENIED;
        ask(w);
        assert_int_equal(answer, -EACCES);
        assert_string_equal(text, "there is an inhibitor");
}

static void logind_may_be_missing(void **state)
{
        ask(*state);
        assert_int_equal(asked, 0);
        assert_true(answer < 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(logind_is_asked_not_interactively),
                world_test(logind_may_refuse),
                world_test(logind_may_be_missing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
