/* src/rauc against a dummy: slots, who is busy, whose end it is. */
#include "rauc-dummy.h"

/* ---- slots ---- */

static int append_none(sd_bus_message *m)
{
        return sd_bus_message_append(m, "a(sa{sv})", 0);
}

static int append_two_booted(sd_bus_message *m)
{
        return sd_bus_message_append(m, "a(sa{sv})", 2, "rootfs.0", 1, "state", "s", "booted",
                                     "rootfs.1", 1, "state", "s", "booted");
}

static int append_wrong_signature(sd_bus_message *m)
{
        return sd_bus_message_append(m, "as", 2, "rootfs.0", "booted");
}

static int append_nothing(sd_bus_message *m _unused_)
{
        return 0;
}

/* Every key that we read, each with a type that it must not have. */
static int append_wrong_types(sd_bus_message *m)
{
        return sd_bus_message_append(
                m, "a(sa{sv})", 1, "rootfs.0", 9, "state", "u", 1, "boot-status", "b", 1,
                "bootname", "as", 1, "A", "device", "(ss)", "a", "b", "bundle.version", "d", 1.0,
                "installed.count", "s", "many", "installed.timestamp", "t", UINT64_C(5),
                "installed.transaction", "v", "s", "x", "status", "a{sv}", 0);
}

static int append_too_many(sd_bus_message *m)
{
        char name[32];
        int r = sd_bus_message_open_container(m, 'a', "(sa{sv})");

        for (int i = 0; r >= 0 && i <= INSTALLER_SLOTS_MAX; i++) {
                snprintf(name, sizeof(name), "rootfs.%d", i);
                r = sd_bus_message_append(m, "(sa{sv})", name, 0);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_long_text(sd_bus_message *m)
{
        char text[8192];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        return sd_bus_message_append(m, "a(sa{sv})", 1, "rootfs.0", 2, "state", "s", "booted",
                                     "bundle.version", "s", text);
}

/* ---- cases ---- */

static void dummy_tells_slots(void **state)
{
        /* clang-format off */
        static const struct {
                int (*append)(sd_bus_message *);
                int answer;
                size_t count;
                int booted, primary;
        } vectors[] = {
                { append_good,             0,                  2,  0,  1 },
                { NULL,                    INSTALLER_REFUSED,  0, -1, -1 },
                { append_none,            -ENODATA,            0, -1, -1 },
                { append_two_booted,       0,                  2, -1, -1 },
                { append_wrong_signature, -ENXIO,              0, -1, -1 },
                { append_nothing,         -ENXIO,              0, -1, -1 },
                { append_wrong_types,      0,                  1, -1, -1 },
                { append_too_many,        -E2BIG,              0, -1, -1 },
                { append_long_text,        0,                  1,  0, -1 },
        };
        /* clang-format on */
        Dummy *d = enter(state, vtable_1_8);

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                d->append_slots = vectors[i].append;
                assert_int_equal(ask_state(&d->w), vectors[i].answer);
                assert_int_equal(d->w.state.count, vectors[i].count);
                if (vectors[i].answer < 0)
                        continue;
                assert_int_equal(d->w.state.booted, vectors[i].booted);
                assert_int_equal(d->w.state.primary, vectors[i].primary);
                assert_null(d->w.state.slots[0].bundle_version);
        }
        leave(d);
}

static void dummy_wrong_types_are_absent(void **state)
{
        Dummy *d = enter(state, vtable_1_8);
        const Slot *s = &d->w.state.slots[0];

        d->append_slots = append_wrong_types;
        assert_int_equal(ask_state(&d->w), 0);
        assert_false(s->booted);
        assert_int_equal(s->boot_status, SLOT_UNKNOWN);
        assert_true(s->installed_count == NO_INT);
        assert_null(s->bootname);
        assert_null(s->device);
        assert_null(s->installed_timestamp);
        assert_null(s->installed_transaction);
        assert_null(s->status);
        leave(d);
}

/* Operation is read first: a call that RAUC would refuse is not even made. */
static void dummy_is_busy_before_a_call(void **state)
{
        Dummy *d = enter(state, vtable_1_8);

        d->operation = "installing"; /* and its signal was not sent */
        assert_int_equal(ask_install(&d->w, "/bundle", NULL), INSTALLER_BUSY);
        assert_int_equal(d->installs, 0);
        assert_int_equal(ask_state(&d->w), INSTALLER_BUSY);
        assert_int_equal(ask_mark(&d->w, MARK_BAD, "other"), INSTALLER_BUSY);
        leave(d);
}

static void dummy_is_busy_in_the_last_moment(void **state)
{
        Dummy *d = enter(state, vtable_1_9);

        d->loses_race = d->takes_transaction = true;
        assert_int_equal(ask_install(&d->w, "/bundle", "id"), INSTALLER_BUSY);
        assert_int_equal(d->installs, 1);
        emit_operation(d, "idle"); /* as RAUC does when it refuses: not the end */
        settle(&d->w, RAUC);
        assert_true(d->w.installer->ops->is_busy(d->w.installer));
        assert_int_equal(d->w.idle, 0);
        emit_completed(d, 0);
        await(&d->w, &d->w.idle, 1);
        assert_int_equal(d->w.completed, 0);
        leave(d);
}

/* An answer that RAUC gives only when idle ends the doubt that a missed Completed leaves. */
static void dummy_forgets_an_end(void **state)
{
        Dummy *d = enter(state, vtable_1_8);

        emit_operation(d, "installing");
        emit_operation(d, "idle");
        settle(&d->w, RAUC);
        assert_true(d->w.installer->ops->is_busy(d->w.installer));
        d->append_slots = NULL;
        assert_int_equal(ask_state(&d->w), INSTALLER_BUSY);
        d->append_slots = append_good;
        assert_int_equal(ask_state(&d->w), 0);
        assert_int_equal(d->w.idle, 1);
        assert_false(d->w.installer->ops->is_busy(d->w.installer));
        leave(d);
}

static void dummy_completes_before_it_answers(void **state)
{
        Dummy *d = enter(state, vtable_1_8);

        d->completes_early = true;
        assert_int_equal(ask_install(&d->w, "/bundle", NULL), 0);
        await(&d->w, &d->w.completed, 1);
        assert_int_equal(d->w.result, 7);
        assert_string_equal(d->w.error, "the dummy's error");
        emit_completed(d, 0); /* once is enough */
        settle(&d->w, RAUC);
        assert_int_equal(d->w.completed, 1);
        leave(d);
}

static void dummy_completes_for_another(void **state)
{
        Dummy *d = enter(state, vtable_1_8);

        emit_completed(d, 0);
        emit_operation(d, "installing");
        emit_completed(d, 0);
        emit_operation(d, "idle");
        settle(&d->w, RAUC);
        assert_int_equal(d->w.completed, 0);
        assert_int_equal(d->w.idle, 1);
        leave(d);
}

/* Anybody may send a signal of that name. */
static void dummy_is_played_by_an_impostor(void **state)
{
        Dummy *d = enter(state, vtable_1_8);
        sd_bus *impostor = connect_bus(&d->w);
        const char *impostor_name;

        assert_true(sd_bus_get_unique_name(impostor, &impostor_name) >= 0);
        assert_int_equal(ask_install(&d->w, "/bundle", NULL), 0);
        assert_true(sd_bus_emit_signal(impostor, "/", INTERFACE, "Completed", "i", 0) >= 0);
        assert_true(sd_bus_flush(impostor) >= 0);
        settle(&d->w, impostor_name);
        assert_int_equal(d->w.completed, 0);
        emit_completed(d, 0);
        await(&d->w, &d->w.completed, 1);
        sd_bus_flush_close_unref(impostor);
        leave(d);
}

/* Another program takes the name over: a new service, nothing of the old one counts. */
static void dummy_is_replaced(void **state)
{
        Dummy *d = enter(state, vtable_1_8);

        assert_int_equal(ask_install(&d->w, "/bundle", NULL), 0);
        assert_true(sd_bus_release_name(d->bus, RAUC) >= 0);
        await(&d->w, &d->w.vanished, 1);
        emit_completed(d, 0);
        d->operation = "idle";
        assert_true(sd_bus_request_name(d->bus, RAUC, 0) >= 0);
        await(&d->w, &d->w.appeared, 2);
        settle(&d->w, RAUC);
        assert_int_equal(d->w.completed, 0);
        assert_int_equal(ask_state(&d->w), 0);
        leave(d);
}

/* The agent starts amid an install: busy from the first moment, idle at its end. */
static void dummy_is_met_at_work(void **state)
{
        Dummy *d = enter(state, vtable_1_8);

        drop_installer(&d->w);
        d->operation = "installing";
        make_installer(&d->w);
        await(&d->w, &d->w.appeared, 1);
        assert_true(d->w.installer->ops->is_busy(d->w.installer));
        emit_completed(d, 0);
        emit_operation(d, "idle");
        await(&d->w, &d->w.idle, 1);
        assert_int_equal(d->w.completed, 0);
        leave(d);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(dummy_tells_slots),
                cmocka_unit_test(dummy_wrong_types_are_absent),
                cmocka_unit_test(dummy_is_busy_before_a_call),
                cmocka_unit_test(dummy_is_busy_in_the_last_moment),
                cmocka_unit_test(dummy_forgets_an_end),
                cmocka_unit_test(dummy_completes_before_it_answers),
                cmocka_unit_test(dummy_completes_for_another),
                cmocka_unit_test(dummy_is_played_by_an_impostor),
                cmocka_unit_test(dummy_is_replaced),
                cmocka_unit_test(dummy_is_met_at_work),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
