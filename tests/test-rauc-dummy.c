/* src/rauc against a dummy that plays what the real RAUC can't be made to do on demand: other
 * versions, nonsense, races. */
#include "rauc-bus.h"

#define RAUC "de.pengutronix.rauc"
#define INTERFACE RAUC ".Installer"
#define REFUSAL "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code30"

typedef struct Dummy {
        World w;
        sd_bus *bus;
        const char *operation;
        int (*append_slots)(sd_bus_message *m); /* NULL: an error */
        bool takes_transaction, takes_hash;
        bool refuses;         /* every InstallBundle */
        bool loses_race;      /* another's install begins just before ours is looked at */
        bool completes_early; /* Completed is sent before the answer */
        int installs, transactions, hashes;
} Dummy;

static int get_operation(sd_bus *bus _unused_, const char *path _unused_,
                         const char *interface _unused_, const char *property _unused_,
                         sd_bus_message *reply, void *userdata, sd_bus_error *reterr _unused_)
{
        return sd_bus_message_append(reply, "s", ((Dummy *)userdata)->operation);
}

static int get_last_error(sd_bus *bus _unused_, const char *path _unused_,
                          const char *interface _unused_, const char *property _unused_,
                          sd_bus_message *reply, void *userdata _unused_,
                          sd_bus_error *reterr _unused_)
{
        return sd_bus_message_append(reply, "s", "the dummy's error");
}

/* A device path, as RAUC tells where the kernel command line has root=. */
static int get_boot_slot(sd_bus *bus _unused_, const char *path _unused_,
                         const char *interface _unused_, const char *property _unused_,
                         sd_bus_message *reply, void *userdata _unused_,
                         sd_bus_error *reterr _unused_)
{
        return sd_bus_message_append(reply, "s", "/dev/mmcblk0p2");
}

static void emit_operation(Dummy *d, const char *operation)
{
        d->operation = operation;
        assert_true(sd_bus_emit_properties_changed(d->bus, "/", INTERFACE, "Operation", NULL) >= 0);
}

static void emit_completed(Dummy *d, int result)
{
        assert_true(sd_bus_emit_signal(d->bus, "/", INTERFACE, "Completed", "i", result) >= 0);
}

static int refuse(sd_bus_message *m, const char *text)
{
        return sd_bus_reply_method_errorf(m, REFUSAL, "%s", text);
}

static int on_install(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Dummy *d = userdata;
        const char *path, *key, *value;
        bool unknown = false;
        int r;

        d->installs++;
        assert_true(sd_bus_message_read(m, "s", &path) >= 0);
        assert_true(sd_bus_message_enter_container(m, 'a', "{sv}") >= 0);
        while ((r = sd_bus_message_read(m, "{sv}", &key, "s", &value)) > 0) {
                bool hash = streq(key, "require-manifest-hash");

                assert_string_equal(value, hash ? "hash" : "id");
                *(hash ? &d->hashes : &d->transactions) += 1;
                unknown |= hash ? !d->takes_hash : !d->takes_transaction;
        }
        assert_int_equal(r, 0);
        if (unknown)
                return refuse(m, "Nicht unterstützter Schlüssel");
        if (d->loses_race)
                emit_operation(d, "installing");
        if (d->refuses || d->loses_race)
                return refuse(m, "nein");
        emit_operation(d, "installing");
        if (d->completes_early) {
                emit_completed(d, 7);
                emit_operation(d, "idle");
        }
        return sd_bus_reply_method_return(m, NULL);
}

/* A filter, since a method of a vtable may answer with its own signature alone. */
static int on_get_slot_status(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Dummy *d = userdata;
        sd_bus_message *reply = NULL;
        int r;

        if (!sd_bus_message_is_method_call(m, INTERFACE, "GetSlotStatus"))
                return 0;
        if (!d->append_slots)
                return refuse(m, "kaputt");
        assert_true(sd_bus_message_new_method_return(m, &reply) >= 0);
        assert_true(d->append_slots(reply) >= 0);
        r = sd_bus_send(d->bus, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

static int on_get_primary(sd_bus_message *m, void *userdata _unused_, sd_bus_error *e _unused_)
{
        return sd_bus_reply_method_return(m, "s", "rootfs.9");
}

/* As RAUC ≥ 1.9 answers: dictionaries are wrapped once more. */
static int on_inspect(sd_bus_message *m, void *userdata _unused_, sd_bus_error *e _unused_)
{
        return sd_bus_reply_method_return(m, "a{sv}", 4, "manifest-hash", "s", "hash", "update",
                                          "v", "a{sv}", 2, "compatible", "s", "toaster", "version",
                                          "s", "2.0", "bundle", "v", "a{sv}", 2, "format", "s",
                                          "verity", "verity-size", "t", UINT64_C(4096), "images",
                                          "v", "aa{sv}", 0);
}

static int on_artifacts(sd_bus_message *m, void *userdata _unused_, sd_bus_error *e _unused_)
{
        return refuse(m, "not asked for");
}

/* clang-format off */
#define COMMON_VTABLE \
        SD_BUS_VTABLE_START(0), \
        SD_BUS_METHOD("InstallBundle", "sa{sv}", "", on_install, SD_BUS_VTABLE_UNPRIVILEGED), \
        SD_BUS_METHOD("GetPrimary", "", "s", on_get_primary, SD_BUS_VTABLE_UNPRIVILEGED), \
        SD_BUS_PROPERTY("Operation", "s", get_operation, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE), \
        SD_BUS_PROPERTY("LastError", "s", get_last_error, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE), \
        SD_BUS_PROPERTY("BootSlot", "s", get_boot_slot, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE), \
        SD_BUS_SIGNAL("Completed", "i", 0)
/* clang-format on */

static const sd_bus_vtable vtable_1_8[] = {COMMON_VTABLE, SD_BUS_VTABLE_END};
static const sd_bus_vtable vtable_1_9[] = {
        COMMON_VTABLE,
        SD_BUS_METHOD("InspectBundle", "sa{sv}", "a{sv}", on_inspect, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END};
static const sd_bus_vtable vtable_1_13[] = {
        COMMON_VTABLE,
        SD_BUS_METHOD("InspectBundle", "sa{sv}", "a{sv}", on_inspect, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetArtifactStatus", "", "aa{sv}", on_artifacts, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END};

/* ---- slots ---- */

static int append_good(sd_bus_message *m)
{
        return sd_bus_message_append(m, "a(sa{sv})", 2, "rootfs.0", 3, "state", "s", "booted",
                                     "bootname", "s", "A", "boot-status", "s", "good", "rootfs.9",
                                     2, "state", "s", "inactive", "bootname", "s", "B");
}

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

/* ---- the stage ---- */

static int group_setup(void **state)
{
        static Dummy dummy;

        *state = &dummy;
        return world_setup(&dummy.w);
}

static int group_teardown(void **state)
{
        return world_teardown(&((Dummy *)*state)->w);
}

/* The dummy on the bus, an installer that knows it. */
static Dummy *enter(void **state, const sd_bus_vtable *vtable)
{
        Dummy *d = *state;
        World w = d->w;

        *d = (Dummy){.w = w, .operation = "idle", .append_slots = append_good};
        d->bus = connect_bus(&d->w);
        assert_true(sd_bus_add_object_vtable(d->bus, NULL, "/", INTERFACE, vtable, d) >= 0);
        assert_true(sd_bus_add_filter(d->bus, NULL, on_get_slot_status, d) >= 0);
        assert_true(sd_bus_request_name(d->bus, RAUC, 0) >= 0);
        make_installer(&d->w);
        await(&d->w, &d->w.appeared, 1);
        return d;
}

static void leave(Dummy *d)
{
        drop_installer(&d->w);
        d->bus = sd_bus_flush_close_unref(d->bus);
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

static void dummy_is_told_transactions_by_version(void **state)
{
        /* clang-format off */
        static const struct {
                const sd_bus_vtable *vtable;
                bool takes_transaction;
                int installs, transactions; /* what RAUC saw of the first install */
                int more;                   /* transactions of the second */
        } vectors[] = {
                { vtable_1_8, false, 1, 0, 0 },
                { vtable_1_9, false, 2, 1, 0 }, /* 1.9: tried, refused, again without */
                { vtable_1_9, true,  1, 1, 1 }, /* 1.10 */
        };
        /* clang-format on */

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                Dummy *d = enter(state, vectors[i].vtable);

                d->takes_transaction = vectors[i].takes_transaction;
                assert_int_equal(ask_install(&d->w, "/bundle", "id"), 0);
                assert_int_equal(d->installs, vectors[i].installs);
                assert_int_equal(d->transactions, vectors[i].transactions);

                /* What was found out is kept: no second try. */
                emit_completed(d, 0);
                emit_operation(d, "idle");
                await(&d->w, &d->w.idle, 1);
                assert_int_equal(d->w.completed, 1);
                assert_int_equal(ask_install(&d->w, "/bundle", "id"), 0);
                assert_int_equal(d->installs, vectors[i].installs + 1);
                assert_int_equal(d->transactions, vectors[i].transactions + vectors[i].more);
                leave(d);
        }
}

/* The same of the manifest hash, which later versions take. */
static void dummy_is_told_the_hash_by_version(void **state)
{
        /* clang-format off */
        static const struct {
                const sd_bus_vtable *vtable;
                bool takes_transaction, takes_hash;
                int installs, transactions, hashes; /* what RAUC saw of the first install */
                int more_transactions, more_hashes; /* … and of the second */
        } vectors[] = {
                { vtable_1_8,  false, false, 1, 0, 0, 0, 0 },
                { vtable_1_9,  false, false, 2, 1, 0, 0, 0 },
                { vtable_1_9,  true,  false, 1, 1, 0, 1, 0 }, /* 1.10 */
                { vtable_1_13, true,  false, 2, 2, 1, 1, 0 },
                { vtable_1_13, true,  true,  1, 1, 1, 1, 1 }, /* 1.14 */
        };
        /* clang-format on */
        BundleOrder order = {
                .location = "/bundle", .transaction_id = "id", .manifest_hash = "hash"};

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                Dummy *d = enter(state, vectors[i].vtable);

                d->takes_transaction = vectors[i].takes_transaction;
                d->takes_hash = vectors[i].takes_hash;
                assert_int_equal(ask_install_of(&d->w, &order), 0);
                assert_int_equal(d->installs, vectors[i].installs);
                assert_int_equal(d->transactions, vectors[i].transactions);
                assert_int_equal(d->hashes, vectors[i].hashes);
                emit_completed(d, 0);
                emit_operation(d, "idle");
                await(&d->w, &d->w.idle, 1);
                assert_int_equal(ask_install_of(&d->w, &order), 0);
                assert_int_equal(d->installs, vectors[i].installs + 1);
                assert_int_equal(d->transactions,
                                 vectors[i].transactions + vectors[i].more_transactions);
                assert_int_equal(d->hashes, vectors[i].hashes + vectors[i].more_hashes);
                leave(d);
        }
}

/* A refusal must not be a way to an install without the hash, once RAUC has taken one. */
static void dummy_keeps_the_hash_once_it_was_taken(void **state)
{
        Dummy *d = enter(state, vtable_1_13);
        BundleOrder order = {.location = "/bundle", .manifest_hash = "hash"};

        d->takes_hash = true;
        assert_int_equal(ask_install_of(&d->w, &order), 0);
        emit_completed(d, 1);
        emit_operation(d, "idle");
        await(&d->w, &d->w.idle, 1);
        d->refuses = true;
        assert_int_equal(ask_install_of(&d->w, &order), INSTALLER_REFUSED);
        assert_int_equal(d->installs, 2);
        leave(d);
}

static void dummy_tells_of_a_bundle(void **state)
{
        Dummy *d = enter(state, vtable_1_9);

        assert_int_equal(ask_inspect(&d->w, &(BundleOrder){.location = "/bundle"}), 0);
        assert_string_equal(d->w.bundle, "toaster|2.0|verity|hash");
        leave(d);
}

static void dummy_refuses_installs(void **state)
{
        Dummy *d = enter(state, vtable_1_9);

        d->refuses = d->takes_transaction = true;
        assert_int_equal(ask_install(&d->w, "/bundle", "id"), INSTALLER_REFUSED);
        assert_int_equal(d->installs, 2); /* once without transaction-id, never more */
        assert_int_equal(ask_install(&d->w, "/bundle", "id"), INSTALLER_REFUSED);
        assert_int_equal(d->transactions, 2); /* that it takes them is not forgotten */
        assert_int_equal(ask_install(&d->w, "/bundle", NULL), INSTALLER_REFUSED);
        assert_int_equal(d->installs, 5);
        emit_completed(d, 0);
        settle(&d->w, RAUC);
        assert_int_equal(d->w.completed, 0);
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
                cmocka_unit_test(dummy_is_told_transactions_by_version),
                cmocka_unit_test(dummy_is_told_the_hash_by_version),
                cmocka_unit_test(dummy_keeps_the_hash_once_it_was_taken),
                cmocka_unit_test(dummy_tells_of_a_bundle),
                cmocka_unit_test(dummy_refuses_installs),
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
