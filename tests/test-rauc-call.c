/* What a real `rauc service` is asked: installs and marks, and when it has no time. */
#include "rauc-service.h"

/* The version speaks for itself: transaction-id came with 1.10. */
static bool rauc_takes_transactions(void)
{
        FILE *f = popen("rauc --version", "re");
        int major = 0, minor = 0;

        assert_non_null(f);
        assert_int_equal(fscanf(f, "rauc %d.%d", &major, &minor), 2);
        pclose(f);
        return major > 1 || minor >= 10;
}

static void rauc_installs(void **state)
{
        World *w = *state;
        pid_t rauc = fresh(w);
        const Slot *b;

        assert_int_equal(ask_install(w, bundle(w, "good"), "0b5c7c1e-0000-4000-8000-000000000001"),
                         0);
        assert_int_equal(w->completed, 0);
        await(w, &w->completed, 1);
        assert_int_equal(w->result, 0);
        await(w, &w->idle, 1);
        assert_true(w->progress > 0);
        assert_int_equal(w->percent, 100);
        assert_slot_holds(w, "b.img", 'g');
        assert_slot_holds(w, "a.img", 0);

        assert_int_equal(ask_state(w), 0);
        b = slot(w, "rootfs.1");
        assert_ptr_equal(&w->state.slots[w->state.primary], b);
        assert_string_equal(b->bundle_version, "2.0-good");
        assert_string_equal(b->status, "ok");
        assert_int_equal(b->installed_count, 1);
        assert_non_null(b->installed_timestamp);
        /* Our mark is there exactly if this RAUC takes one. */
        assert_int_equal(b->installed_transaction != NULL, rauc_takes_transactions());
        done(w, rauc);
}

static void rauc_refuses_bad_bundles(void **state)
{
        static const char *const bad[] = {"alien", "foreign", "missing"};
        World *w = *state;
        pid_t rauc = fresh(w);

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(ask_install(w, bundle(w, bad[i]), NULL), 0);
                await(w, &w->completed, (int)i + 1);
                assert_int_not_equal(w->result, 0);
                assert_true(strlen(w->error) > 0);
                await(w, &w->idle, (int)i + 1);
                assert_slot_holds(w, "b.img", 0);
        }
        assert_int_equal(ask_state(w), 0);
        assert_ptr_equal(&w->state.slots[w->state.primary], slot(w, "rootfs.0"));
        done(w, rauc);
}

static void rauc_is_busy_during_an_install(void **state)
{
        World *w = *state;
        pid_t rauc = fresh(w);

        write_file(w, "hold-set-primary", "");
        assert_int_equal(ask_install(w, bundle(w, "good"), NULL), 0);
        assert_true(w->installer->ops->is_busy(w->installer));
        assert_int_equal(ask_install(w, bundle(w, "good"), NULL), INSTALLER_BUSY);
        assert_int_equal(ask_mark(w, MARK_GOOD, "booted"), INSTALLER_BUSY);
        assert_int_equal(ask_state(w), INSTALLER_BUSY);
        assert_int_equal(w->completed, 0);

        remove_file(w, "hold-set-primary");
        await(w, &w->completed, 1);
        assert_int_equal(w->result, 0);
        await(w, &w->idle, 1);
        assert_int_equal(ask_state(w), 0);
        done(w, rauc);
}

static int call_by_another(World *w, sd_bus *other)
{
        return sd_bus_call_method(other, RAUC, "/", RAUC ".Installer", "InstallBundle", NULL, NULL,
                                  "sa{sv}", bundle(w, "good"), 0);
}

static sd_bus *another(void)
{
        sd_bus *other = NULL;

        assert_true(sd_bus_open_system(&other) >= 0);
        return other;
}

static void rauc_works_for_another(void **state)
{
        World *w = *state;
        pid_t rauc = fresh(w);
        sd_bus *other = another();

        write_file(w, "hold-set-primary", "");
        assert_true(call_by_another(w, other) >= 0);
        assert_int_equal(ask_install(w, bundle(w, "good"), NULL), INSTALLER_BUSY);
        remove_file(w, "hold-set-primary");
        await(w, &w->idle, 1);
        assert_int_equal(w->completed, 0);
        sd_bus_flush_close_unref(other);
        done(w, rauc);
}

/* RAUC sets Operation to idle when it refuses a second install: ours goes on nevertheless. */
static void rauc_is_busy_after_refusing_another(void **state)
{
        World *w = *state;
        pid_t rauc = fresh(w);
        sd_bus *other = another();

        write_file(w, "hold-set-primary", "");
        assert_int_equal(ask_install(w, bundle(w, "good"), NULL), 0);
        assert_true(call_by_another(w, other) < 0);
        assert_int_equal(ask_state(w), INSTALLER_BUSY);
        assert_int_equal(ask_mark(w, MARK_BAD, "other"), INSTALLER_BUSY);
        assert_true(w->installer->ops->is_busy(w->installer));
        assert_int_equal(w->idle, 0);
        assert_int_equal(w->completed, 0);

        remove_file(w, "hold-set-primary");
        await(w, &w->completed, 1);
        assert_int_equal(w->result, 0);
        await(w, &w->idle, 1);
        sd_bus_flush_close_unref(other);
        done(w, rauc);
}

static void rauc_marks(void **state)
{
        /* clang-format off */
        static const struct {
                MarkKind kind;
                const char *slot;
                SlotHealth a, b;
                const char *primary;
        } marks[] = {
                { MARK_GOOD,   "rootfs.1", SLOT_GOOD, SLOT_GOOD, "rootfs.0" },
                { MARK_ACTIVE, "other",    SLOT_GOOD, SLOT_GOOD, "rootfs.1" },
                { MARK_BAD,    "rootfs.0", SLOT_BAD,  SLOT_GOOD, "rootfs.1" },
                { MARK_ACTIVE, "rootfs.0", SLOT_BAD,  SLOT_GOOD, "rootfs.0" },
                { MARK_GOOD,   "booted",   SLOT_GOOD, SLOT_GOOD, "rootfs.0" },
                { MARK_BAD,    "other",    SLOT_GOOD, SLOT_BAD,  "rootfs.0" },
        };
        /* clang-format on */
        World *w = *state;
        pid_t rauc = fresh(w);

        for (size_t i = 0; i < ELEMENTSOF(marks); i++) {
                assert_int_equal(ask_mark(w, marks[i].kind, marks[i].slot), 0);
                assert_int_equal(ask_state(w), 0);
                assert_int_equal(slot(w, "rootfs.0")->boot_status, marks[i].a);
                assert_int_equal(slot(w, "rootfs.1")->boot_status, marks[i].b);
                assert_ptr_equal(&w->state.slots[w->state.primary], slot(w, marks[i].primary));
        }
        done(w, rauc);
}

static void rauc_refuses_marks(void **state)
{
        World *w = *state;
        pid_t rauc = fresh(w);

        assert_int_equal(ask_mark(w, MARK_GOOD, "rootfs.7"), INSTALLER_REFUSED);
        assert_true(strlen(w->message) > 0);
        write_file(w, "fail-set-state", "");
        assert_int_equal(ask_mark(w, MARK_GOOD, "booted"), INSTALLER_REFUSED);
        remove_file(w, "fail-set-state");
        assert_int_equal(ask_mark(w, MARK_GOOD, "booted"), 0);
        done(w, rauc);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(rauc_installs),
                cmocka_unit_test(rauc_refuses_bad_bundles),
                cmocka_unit_test(rauc_is_busy_during_an_install),
                cmocka_unit_test(rauc_works_for_another),
                cmocka_unit_test(rauc_is_busy_after_refusing_another),
                cmocka_unit_test(rauc_marks),
                cmocka_unit_test(rauc_refuses_marks),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
