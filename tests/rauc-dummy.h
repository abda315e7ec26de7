/* A dummy that plays what the real RAUC can't be made to do on demand: other versions, nonsense,
 * races. For the tests of src/rauc. */
#pragma once

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
        int looks;
        char given[256]; /* to the last look: name=value of each argument */
} Dummy;

static inline int get_operation(sd_bus *bus _unused_, const char *path _unused_,
                                const char *interface _unused_, const char *property _unused_,
                                sd_bus_message *reply, void *userdata,
                                sd_bus_error *reterr _unused_)
{
        return sd_bus_message_append(reply, "s", ((Dummy *)userdata)->operation);
}

static inline int get_last_error(sd_bus *bus _unused_, const char *path _unused_,
                                 const char *interface _unused_, const char *property _unused_,
                                 sd_bus_message *reply, void *userdata _unused_,
                                 sd_bus_error *reterr _unused_)
{
        return sd_bus_message_append(reply, "s", "the dummy's error");
}

/* A device path, as RAUC tells where the kernel command line has root=. */
static inline int get_boot_slot(sd_bus *bus _unused_, const char *path _unused_,
                                const char *interface _unused_, const char *property _unused_,
                                sd_bus_message *reply, void *userdata _unused_,
                                sd_bus_error *reterr _unused_)
{
        return sd_bus_message_append(reply, "s", "/dev/mmcblk0p2");
}

static inline void emit_operation(Dummy *d, const char *operation)
{
        d->operation = operation;
        assert_true(sd_bus_emit_properties_changed(d->bus, "/", INTERFACE, "Operation", NULL) >= 0);
}

static inline void emit_completed(Dummy *d, int result)
{
        assert_true(sd_bus_emit_signal(d->bus, "/", INTERFACE, "Completed", "i", result) >= 0);
}

static inline int refuse(sd_bus_message *m, const char *text)
{
        return sd_bus_reply_method_errorf(m, REFUSAL, "%s", text);
}

static inline int on_install(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
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
static inline int on_get_slot_status(sd_bus_message *m, void *userdata,
                                     sd_bus_error *reterr _unused_)
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

static inline int on_get_primary(sd_bus_message *m, void *userdata _unused_,
                                 sd_bus_error *e _unused_)
{
        return sd_bus_reply_method_return(m, "s", "rootfs.9");
}

/* Strings, and lists of one. */
static inline void note_arguments(Dummy *d, sd_bus_message *m)
{
        const char *location, *key, *value, *contents;
        char type;

        assert_true(sd_bus_message_read(m, "s", &location) >= 0);
        assert_true(sd_bus_message_enter_container(m, 'a', "{sv}") >= 0);
        snprintf(d->given, sizeof(d->given), "%s", location);
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                size_t n = strlen(d->given);

                assert_true(sd_bus_message_read(m, "s", &key) >= 0);
                assert_true(sd_bus_message_peek_type(m, &type, &contents) >= 0);
                assert_true(streq(contents, "s")
                                    ? sd_bus_message_read(m, "v", "s", &value) >= 0
                                    : sd_bus_message_read(m, "v", "as", 1, &value) >= 0);
                snprintf(d->given + n, sizeof(d->given) - n, " %s=%s", key, value);
                assert_true(sd_bus_message_exit_container(m) >= 0);
        }
}

/* As RAUC ≥ 1.9 answers: dictionaries are wrapped once more. */
static inline int on_inspect(sd_bus_message *m, void *userdata, sd_bus_error *e _unused_)
{
        Dummy *d = userdata;

        d->looks++;
        note_arguments(d, m);
        return sd_bus_reply_method_return(m, "a{sv}", 4, "manifest-hash", "s", "hash", "update",
                                          "v", "a{sv}", 2, "compatible", "s", "toaster", "version",
                                          "s", "2.0", "bundle", "v", "a{sv}", 2, "format", "s",
                                          "verity", "verity-size", "t", UINT64_C(4096), "images",
                                          "v", "aa{sv}", 0);
}

static inline int on_artifacts(sd_bus_message *m, void *userdata _unused_, sd_bus_error *e _unused_)
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

static inline int append_good(sd_bus_message *m)
{
        return sd_bus_message_append(m, "a(sa{sv})", 2, "rootfs.0", 3, "state", "s", "booted",
                                     "bootname", "s", "A", "boot-status", "s", "good", "rootfs.9",
                                     2, "state", "s", "inactive", "bootname", "s", "B");
}

static inline int group_setup(void **state)
{
        static Dummy dummy;

        *state = &dummy;
        return world_setup(&dummy.w);
}

static inline int group_teardown(void **state)
{
        return world_teardown(&((Dummy *)*state)->w);
}

/* The dummy on the bus, an installer that knows it. */
static inline Dummy *enter(void **state, const sd_bus_vtable *vtable)
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

static inline void leave(Dummy *d)
{
        drop_installer(&d->w);
        d->bus = sd_bus_flush_close_unref(d->bus);
}
