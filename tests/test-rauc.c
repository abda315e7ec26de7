/* src/rauc against a real `rauc service`: what it is like, when it comes and goes. */
#include "rauc-service.h"

static void rauc_tells_a_factory_state(void **state)
{
        World *w = *state;
        pid_t rauc = fresh(w);
        const Slot *a, *b;

        assert_int_equal(ask_state(w), 0);
        a = slot(w, "rootfs.0");
        b = slot(w, "rootfs.1");
        assert_int_equal(w->state.count, 2);
        assert_ptr_equal(&w->state.slots[w->state.booted], a);
        assert_ptr_equal(&w->state.slots[w->state.primary], a);
        assert_ptr_equal(installer_state_other(&w->state), b);
        assert_true(a->booted && !b->booted);
        assert_string_equal(a->bootname, "A");
        assert_int_equal(a->boot_status, SLOT_GOOD);
        assert_int_equal(b->boot_status, SLOT_BAD);
        assert_null(b->status); /* a factory slot has none */
        assert_null(b->bundle_version);
        assert_true(b->installed_count == NO_INT);
        done(w, rauc);
}

static void rauc_tells_a_boot_loader_without_primary(void **state)
{
        World *w = *state;
        pid_t rauc = fresh(w);

        write_file(w, "fail-get-primary", "");
        assert_int_equal(ask_state(w), 0);
        assert_int_equal(w->state.primary, -1);
        assert_true(w->state.booted >= 0);
        remove_file(w, "fail-get-primary");
        done(w, rauc);
}

static void rauc_is_absent_then_appears(void **state)
{
        World *w = *state;
        pid_t rauc;

        done(w, fresh(w));
        make_installer(w);
        settle(w, "org.freedesktop.DBus");
        assert_false(w->installer->ops->is_present(w->installer));
        assert_false(has_file(w, "activated")); /* our watching starts nothing */
        assert_int_equal(ask_state(w), INSTALLER_GONE);
        assert_int_equal(ask_mark(w, MARK_GOOD, "booted"), INSTALLER_GONE);
        assert_true(has_file(w, "activated"));
        assert_int_equal(w->appeared, 0);

        rauc = start_rauc(w, "B"); /* another slot was booted meanwhile */
        await(w, &w->appeared, 1);
        assert_int_equal(ask_state(w), 0);
        assert_true(slot(w, "rootfs.1")->booted);
        done(w, rauc);
}

static void rauc_is_started_on_demand(void **state)
{
        World *w = *state;
        sd_bus_creds *creds = NULL;
        pid_t pid;

        done(w, fresh(w));
        write_file(w, "activatable", "");
        make_installer(w);
        settle(w, "org.freedesktop.DBus");
        assert_int_equal(ask_state(w), 0);
        assert_int_equal(w->appeared, 1);
        assert_true(slot(w, "rootfs.0")->booted);

        assert_true(sd_bus_get_name_creds(w->bus, RAUC, SD_BUS_CREDS_PID, &creds) >= 0);
        assert_true(sd_bus_creds_get_pid(creds, &pid) >= 0);
        sd_bus_creds_unref(creds);
        remove_file(w, "activatable");
        assert_int_equal(kill(pid, SIGKILL), 0); /* a child of the bus, not ours */
        await(w, &w->vanished, 1);
        drop_installer(w);
}

static void rauc_is_killed_in_a_call(void **state)
{
        World *w = *state;
        pid_t rauc = fresh(w);

        write_file(w, "hold-set-state", "");
        w->installer->ops->mark(w->installer, MARK_GOOD, "booted", on_answer, w);
        w->installer->ops->read_state(w->installer, on_state, w);
        reap(rauc);
        await(w, &w->vanished, 1);
        remove_file(w, "hold-set-state");
        await(w, &w->answers, 2);
        assert_int_equal(w->answer, INSTALLER_GONE);
        drop_installer(w);
}

static void rauc_is_killed_in_an_install(void **state)
{
        World *w = *state;
        pid_t rauc = fresh(w);

        write_file(w, "hold-set-primary", "");
        assert_int_equal(ask_install(w, bundle(w, "good"), NULL), 0);
        reap(rauc);
        await(w, &w->vanished, 1);
        assert_int_equal(w->completed, 0);
        assert_false(w->installer->ops->is_busy(w->installer));
        remove_file(w, "hold-set-primary");

        rauc = start_rauc(w, "A");
        await(w, &w->appeared, 2);
        assert_int_equal(ask_state(w), 0);
        assert_string_not_equal(strempty(slot(w, "rootfs.1")->status), "ok");
        assert_ptr_equal(&w->state.slots[w->state.primary], slot(w, "rootfs.0"));
        done(w, rauc);
}

/* Freed with calls open: no call back may come. */
static void rauc_is_freed_amid_calls(void **state)
{
        World *w = *state;
        pid_t rauc = fresh(w);

        w->installer->ops->read_state(w->installer, on_state, w);
        w->installer->ops->install(w->installer, &(BundleOrder){.location = bundle(w, "missing")},
                                   on_answer, w);
        drop_installer(w);
        settle(w, RAUC);
        assert_int_equal(w->answers, 0);
        reap(rauc);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(rauc_tells_a_factory_state),
                cmocka_unit_test(rauc_tells_a_boot_loader_without_primary),
                cmocka_unit_test(rauc_is_absent_then_appears),
                cmocka_unit_test(rauc_is_started_on_demand),
                cmocka_unit_test(rauc_is_killed_in_a_call),
                cmocka_unit_test(rauc_is_killed_in_an_install),
                cmocka_unit_test(rauc_is_freed_amid_calls),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
