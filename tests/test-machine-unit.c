/* Hooks as units: what systemd is asked, what the unit is given to read, what becomes of its end.
 * systemd is played here, on a private bus. */
#include "control-world.h"
#include "machine.h"
#include <sys/stat.h>

#define VERIFY_PATH "/org/freedesktop/systemd1/unit/rauc_2docpp_2dhook_40verify_2eservice"
#define JOB "/org/freedesktop/systemd1/job/17"

typedef struct Systemd {
        sd_bus *bus;
        const char *refusal; /* NULL: it takes the order */
        bool deaf;           /* it does not answer */
        int restarts, stops;
        char restarted[128], stopped[256], mode[32];
        /* the unit's properties */
        const char *active_state, *result;
        int code, status;
} Systemd;

static Systemd systemd;
static char folder[64], program_path[96], env_path[96];
static Program *program;
static int ends, end_status;

static int on_restart(sd_bus_message *m, void *userdata _unused_, sd_bus_error *reterr)
{
        const char *unit, *mode;

        assert_true(sd_bus_message_read(m, "ss", &unit, &mode) >= 0);
        systemd.restarts++;
        snprintf(systemd.restarted, sizeof(systemd.restarted), "%s", unit);
        snprintf(systemd.mode, sizeof(systemd.mode), "%s", mode);
        if (systemd.refusal)
                return sd_bus_error_set(reterr, systemd.refusal, "as it is played");
        return systemd.deaf ? 1 : sd_bus_reply_method_return(m, "o", JOB);
}

static int on_stop(sd_bus_message *m, void *userdata _unused_, sd_bus_error *reterr _unused_)
{
        const char *unit, *mode;
        size_t n = strlen(systemd.stopped);

        assert_true(sd_bus_message_read(m, "ss", &unit, &mode) >= 0);
        assert_string_equal(mode, "replace");
        systemd.stops++;
        snprintf(systemd.stopped + n, sizeof(systemd.stopped) - n, "%s ", unit);
        return sd_bus_reply_method_return(m, "o", JOB);
}

static const sd_bus_vtable manager[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("RestartUnit", "ss", "o", on_restart, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("StopUnit", "ss", "o", on_stop, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable unit_properties[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("ActiveState", "s", NULL, offsetof(Systemd, active_state), 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable service_properties[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Result", "s", NULL, offsetof(Systemd, result), 0),
        SD_BUS_PROPERTY("ExecMainCode", "i", NULL, offsetof(Systemd, code), 0),
        SD_BUS_PROPERTY("ExecMainStatus", "i", NULL, offsetof(Systemd, status), 0),
        SD_BUS_VTABLE_END,
};

static void play_systemd(World *w)
{
        sd_bus *bus = NULL;

        assert_true(sd_bus_new(&bus) >= 0 && sd_bus_set_address(bus, w->address) >= 0 &&
                    sd_bus_set_bus_client(bus, 1) >= 0 && sd_bus_start(bus) >= 0);
        assert_true(sd_bus_attach_event(bus, w->event, 0) >= 0);
        assert_true(sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/systemd1",
                                             "org.freedesktop.systemd1.Manager", manager,
                                             &systemd) >= 0);
        assert_true(sd_bus_add_object_vtable(bus, NULL, VERIFY_PATH,
                                             "org.freedesktop.systemd1.Unit", unit_properties,
                                             &systemd) >= 0);
        assert_true(sd_bus_add_object_vtable(bus, NULL, VERIFY_PATH,
                                             "org.freedesktop.systemd1.Service", service_properties,
                                             &systemd) >= 0);
        assert_true(sd_bus_request_name(bus, "org.freedesktop.systemd1", 0) >= 0);
        systemd.bus = bus;
}

static void systemd_goes(void)
{
        systemd.bus = sd_bus_flush_close_unref(systemd.bus);
}

static int set_up_unit(void **state)
{
        systemd = (Systemd){.active_state = "active", .result = "success", .code = CLD_EXITED};
        ends = 0;
        strcpy(folder, "/tmp/test-unit-XXXXXX");
        assert_non_null(mkdtemp(folder));
        snprintf(program_path, sizeof(program_path), "%s/a \"$1\" `hook`", folder);
        snprintf(env_path, sizeof(env_path), "%s/hook-verify.env", folder);
        assert_int_equal(file_write_atomic(program_path, "", 0, 0700), 0);
        return set_up(state);
}

static int tear_down_unit(void **state)
{
        program_free(TAKE_PTR(program));
        systemd_goes();
        unlink(env_path);
        unlink(program_path);
        assert_int_equal(rmdir(folder), 0);
        return tear_down(state);
}

static void until(World *w, const int *counter, int wanted)
{
        usec_t end = boottime_now() + PATIENCE_USEC;

        while (*counter < wanted) {
                usec_t now = boottime_now();

                assert_true(now < end);
                assert_true(sd_event_run(w->event, end - now) >= 0);
        }
        assert_int_equal(*counter, wanted);
}

/* As the agent's: frees the program in its own call back. */
static void on_end(void *userdata _unused_, int status)
{
        ends++;
        end_status = status;
        program_free(TAKE_PTR(program));
}

static int ask(World *w, const char *const *environment, usec_t timeout)
{
        UnitTask task = {folder, program_path, "verify", environment, timeout};
        int before = ends, r = program_run_unit(w->bus, &task, on_end, w, &program);

        assert_int_equal(ends, before); /* the loop must not be held up */
        return r;
}

static void start_hook(World *w, usec_t timeout)
{
        assert_int_equal(ask(w, (const char *const[]){NULL}, timeout), 0);
}

static void job_ends(const char *job)
{
        assert_true(sd_bus_emit_signal(systemd.bus, "/org/freedesktop/systemd1",
                                       "org.freedesktop.systemd1.Manager", "JobRemoved", "uoss",
                                       (uint32_t)17, job, systemd.restarted, "done") >= 0);
}

/* clang-format off */
static const struct {
        const char *active_state, *result;
        int code, status, expected;
} unit_ends[] = {
        {"active",       "success",   CLD_EXITED, 0,  0},
        {"active",       "success",   CLD_EXITED, 1,  1},
        {"active",       "success",   CLD_EXITED, 2,  2},
        {"failed",       "exit-code", CLD_EXITED, 7,  7},
        {"failed",       "signal",    CLD_KILLED, 2,  -1}, /* SIGINT is not "never" */
        {"failed",       "core-dump", CLD_DUMPED, 6,  -1},
        {"failed",       "timeout",   CLD_KILLED, 15, -1},
        {"failed",       "resources", CLD_EXITED, 0,  -1}, /* the status of the run before */
        {"inactive",     "success",   CLD_EXITED, 0,  -1}, /* a condition was not met: did not run */
        {"deactivating", "success",   CLD_EXITED, 0,  -1}, /* somebody stops it */
        {"active",       "success",   0,          0,  -1}, /* did not run */
        {"active",       "success",   CLD_KILLED, 1,  -1}, /* SuccessExitStatus=SIGHUP */
};
/* clang-format on */

static void unit_tells_its_exit_status(void **state)
{
        World *w = *state;

        play_systemd(w);
        for (size_t i = 0; i < ELEMENTSOF(unit_ends); i++) {
                systemd.active_state = unit_ends[i].active_state;
                systemd.result = unit_ends[i].result;
                systemd.code = unit_ends[i].code;
                systemd.status = unit_ends[i].status;
                systemd.stopped[0] = '\0';
                start_hook(w, USEC_PER_MIN);
                until(w, &systemd.restarts, (int)i + 1);
                assert_string_equal(systemd.restarted, "rauc-ocpp-hook@verify.service");
                assert_string_equal(systemd.mode, "replace");
                job_ends("/org/freedesktop/systemd1/job/16"); /* another's */
                job_ends(JOB);
                until(w, &ends, (int)i + 1);
                if (end_status != unit_ends[i].expected)
                        fail_msg("end %zu: %d", i, end_status);
                /* It stayed active until it was asked. */
                until(w, &systemd.stops, (int)i + 1);
                assert_string_equal(systemd.stopped, "rauc-ocpp-hook@verify.service ");
        }
}

static void unit_of_another_job_is_not_ours(void **state)
{
        World *w = *state;

        play_systemd(w);
        start_hook(w, 300 * USEC_PER_MSEC);
        until(w, &systemd.restarts, 1);
        job_ends("/org/freedesktop/systemd1/job/16");
        until(w, &ends, 1);
        assert_int_equal(end_status, -1);
}

static void unit_that_takes_too_long_is_stopped(void **state)
{
        World *w = *state;

        play_systemd(w);
        start_hook(w, 50 * USEC_PER_MSEC);
        until(w, &ends, 1);
        assert_int_equal(end_status, -1);
        until(w, &systemd.stops, 1);
        job_ends(JOB); /* late: nobody listens any more */
        assert_true(sd_event_run(w->event, 0) >= 0);
        assert_int_equal(ends, 1);
}

static void unit_is_stopped_with_its_owner(void **state)
{
        World *w = *state;

        play_systemd(w);
        start_hook(w, USEC_PER_MIN);
        until(w, &systemd.restarts, 1);
        program_free(TAKE_PTR(program));
        until(w, &systemd.stops, 1);
        assert_int_equal(ends, 0);
        /* … and before systemd has answered. */
        start_hook(w, USEC_PER_MIN);
        program_free(TAKE_PTR(program));
        until(w, &systemd.stops, 2);
        assert_int_equal(systemd.restarts, 2);
        assert_int_equal(ends, 0);
}

static void unit_left_behind_is_stopped(void **state)
{
        World *w = *state;

        play_systemd(w);
        program_stop_units(w->bus);
        until(w, &systemd.stops, 3);
        assert_string_equal(
                systemd.stopped,
                "rauc-ocpp-hook@pre-download.service rauc-ocpp-hook@pre-install.service "
                "rauc-ocpp-hook@verify.service ");
}

/* clang-format off */
static const struct {
        const char *name;
        int status;
} errors[] = {
        {"org.freedesktop.systemd1.NoSuchUnit",               PROGRAM_REFUSED},
        {"org.freedesktop.systemd1.LoadFailed",               PROGRAM_REFUSED},
        {"org.freedesktop.systemd1.BadUnitSetting",           PROGRAM_REFUSED},
        {"org.freedesktop.systemd1.UnitMasked",               PROGRAM_REFUSED},
        {SD_BUS_ERROR_ACCESS_DENIED,                          PROGRAM_REFUSED},
        {SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,     PROGRAM_REFUSED},
        {"org.freedesktop.systemd1.TransactionIsDestructive", -1}, /* the machine goes down */
        {"org.freedesktop.systemd1.ShuttingDown",             -1},
        {SD_BUS_ERROR_LIMITS_EXCEEDED,                        -1},
        {SD_BUS_ERROR_NO_MEMORY,                              -1},
};
/* clang-format on */

static void unit_may_be_refused(void **state)
{
        World *w = *state;

        play_systemd(w);
        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                systemd.refusal = errors[i].name;
                start_hook(w, USEC_PER_MIN);
                until(w, &ends, (int)i + 1);
                if (end_status != errors[i].status)
                        fail_msg("%s: %d", errors[i].name, end_status);
        }
}

static void systemd_may_be_missing(void **state)
{
        World *w = *state;

        start_hook(w, USEC_PER_MIN);
        until(w, &ends, 1);
        assert_int_equal(end_status, -1);
}

static void systemd_may_go_before_it_answers(void **state)
{
        World *w = *state;

        play_systemd(w);
        systemd.deaf = true;
        start_hook(w, USEC_PER_MIN);
        until(w, &systemd.restarts, 1);
        systemd_goes();
        until(w, &ends, 1);
        assert_int_equal(end_status, -1);
}

/* It may come back with the job (daemon-reexec), so that time alone ends this. */
static void systemd_may_go_while_the_unit_runs(void **state)
{
        World *w = *state;

        play_systemd(w);
        start_hook(w, 300 * USEC_PER_MSEC);
        until(w, &systemd.restarts, 1);
        systemd_goes();
        play_systemd(w);
        systemd_goes();
        until(w, &ends, 1);
        assert_int_equal(end_status, -1);
}

static void unit_may_not_tell(void **state)
{
        World *w = *state;

        play_systemd(w);
        systemd.active_state = NULL; /* "" */
        start_hook(w, USEC_PER_MIN);
        until(w, &systemd.restarts, 1);
        job_ends(JOB);
        systemd_goes();
        until(w, &ends, 1);
        assert_int_equal(end_status, -1);
}

static void unit_reads_what_it_runs(void **state)
{
        static const char *const environment[] = {
                "OCPP_REQUEST_ID=-7", "FIRMWARE_URI=http://h/a'b?c=\"d\"#\\e$HOME`f`%i é",
                "EMPTY=", NULL};
        static const char rest[] =
                "OCPP_REQUEST_ID=\"-7\"\n"
                "FIRMWARE_URI=\"http://h/a'b?c=\\\"d\\\"#\\\\e\\$HOME\\`f\\`%i é\"\n"
                "EMPTY=\"\"\n";
        World *w = *state;
        _cleanup_(freep) char *text = NULL, *expected = NULL;
        struct stat s;

        play_systemd(w);
        assert_int_equal(ask(w, environment, USEC_PER_MIN), 0);
        expected = str_printf("RAUC_OCPP_HOOK=\"%s/a \\\"\\$1\\\" \\`hook\\`\"\n%s", folder, rest);
        assert_int_equal(file_read(env_path, 4096, &text, NULL), 0);
        assert_string_equal(text, expected);
        assert_int_equal(stat(env_path, &s), 0);
        assert_int_equal(s.st_mode & 07777, 0600);
}

static void unit_is_not_started_where_it_can_not_be(void **state)
{
        World *w = *state;
        const char *none[] = {NULL};
        UnitTask task = {folder, "/tmp/a=b/hook", "verify", none, USEC_PER_MIN};

        play_systemd(w);
        /* No variable of a peer's making. */
        assert_int_equal(ask(w, (const char *const[]){"URI=a\nLD_PRELOAD=b", NULL}, 1), -EINVAL);
        assert_int_equal(ask(w, (const char *const[]){"URI=a\x7f", NULL}, 1), -EINVAL);
        assert_int_equal(access(env_path, F_OK), -1);
        assert_int_equal(program_run_unit(w->bus, &task, on_end, w, &program), -ENOENT);
        assert_int_equal(chmod(program_path, 0600), 0);
        assert_int_equal(ask(w, none, 1), -EACCES);
        task = (UnitTask){"/proc/nowhere", "/bin/true", "verify", none, USEC_PER_MIN};
        assert_int_equal(program_run_unit(w->bus, &task, on_end, w, &program), -ENOENT);
        /* env would take the path for a variable */
        snprintf(program_path, sizeof(program_path), "%s/=", folder);
        assert_int_equal(file_write_atomic(program_path, "", 0, 0700), 0);
        assert_int_equal(ask(w, none, 1), -EINVAL);
        unlink(program_path);
        snprintf(program_path, sizeof(program_path), "%s/a \"$1\" `hook`", folder);
        assert_null(program);
        assert_int_equal(ends, 0);
        assert_int_equal(systemd.restarts, 0);
}

#define hook_test(f) cmocka_unit_test_setup_teardown(f, set_up_unit, tear_down_unit)

int main(void)
{
        const struct CMUnitTest tests[] = {
                hook_test(unit_tells_its_exit_status),
                hook_test(unit_of_another_job_is_not_ours),
                hook_test(unit_that_takes_too_long_is_stopped),
                hook_test(unit_is_stopped_with_its_owner),
                hook_test(unit_left_behind_is_stopped),
                hook_test(unit_may_be_refused),
                hook_test(systemd_may_be_missing),
                hook_test(systemd_may_go_before_it_answers),
                hook_test(systemd_may_go_while_the_unit_runs),
                hook_test(unit_may_not_tell),
                hook_test(unit_reads_what_it_runs),
                hook_test(unit_is_not_started_where_it_can_not_be),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
