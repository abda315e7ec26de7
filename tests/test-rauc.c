/* src/rauc against a real `rauc service` on slots that are plain files. */
#include "rauc-bus.h"

#define RAUC "de.pengutronix.rauc"
#define SLOT_SIZE 65536

/* A boot loader's memory in files; hold-WORD makes it wait in that command, fail-WORD fail. */
static const char backend[] = "#!/bin/sh\n"
                              "cd \"${0%/*}\" || exit 1\n"
                              "while [ -e \"hold-$1\" ]; do sleep 0.02; done\n"
                              "[ ! -e \"fail-$1\" ] || exit 1\n"
                              "case $1 in\n"
                              "get-primary) cat primary ;;\n"
                              "set-primary) echo \"$2\" >primary ;;\n"
                              "get-state) cat \"state.$2\" ;;\n"
                              "set-state) echo \"$3\" >\"state.$2\" ;;\n"
                              "get-current) cat current ;;\n"
                              "*) exit 1 ;;\n"
                              "esac\n";

static void write_system_conf(World *w)
{
        char *conf = str_printf("[system]\n"
                                "compatible=test-charger\n"
                                "bootloader=custom\n"
                                "statusfile=%s/rauc.status\n"
                                "mountprefix=%s/mnt\n"
                                "bundle-formats=plain verity\n"
                                "[keyring]\n"
                                "path=%s/pki/rauc/root.pem\n"
                                "[handlers]\n"
                                "bootloader-custom-backend=%s/backend\n"
                                "[slot.rootfs.0]\n"
                                "device=%s/a.img\ntype=raw\nbootname=A\n"
                                "[slot.rootfs.1]\n"
                                "device=%s/b.img\ntype=raw\nbootname=B\n",
                                w->dir, w->dir, w->dir, w->dir, w->dir, w->dir);

        write_file(w, "system.conf", conf);
        free(conf);
}

/* DIR/NAME.raucb: a bundle of SLOT_SIZE bytes of fill. */
static void make_bundle(World *w, const char *name, const char *compatible, const char *signer,
                        char fill)
{
        char *manifest = str_printf("[update]\ncompatible=%s\nversion=2.0-%s\n"
                                    "[bundle]\nformat=plain\n"
                                    "[image.rootfs]\nfilename=rootfs.img\n",
                                    compatible, name);
        char *content = str_printf("%s/content-%s", w->dir, name);
        char *bundle = str_printf("%s/%s.raucb", w->dir, name);
        char *cert = str_printf("--cert=%s/pki/rauc/%s.pem", w->dir, signer);
        char *key = str_printf("--key=%s/pki/rauc/%s.key", w->dir, signer);
        char *path = str_printf("%s/manifest.raucm", content);
        char *image = str_printf("%s/rootfs.img", content);
        char data[SLOT_SIZE];

        memset(data, fill, sizeof(data));
        assert_int_equal(mkdir(content, 0755), 0);
        assert_int_equal(file_write_atomic(path, manifest, strlen(manifest), 0644), 0);
        assert_int_equal(file_write_atomic(image, data, sizeof(data), 0644), 0);
        run(w, (const char *[]){"rauc", "bundle", cert, key, content, bundle, NULL});
        free(manifest);
        free(content);
        free(bundle);
        free(cert);
        free(key);
        free(path);
        free(image);
}

/* The bus may start the service, but that succeeds only where DIR/activatable exists. */
static void write_activation(World *w)
{
        char *service = str_printf("[D-BUS Service]\nName=" RAUC "\nExec=%s/activate\n", w->dir);
        char *script = str_printf("#!/bin/sh\n"
                                  "echo >%s/activated\n"
                                  "[ -e %s/activatable ] || exit 1\n"
                                  "export DBUS_SYSTEM_BUS_ADDRESS=unix:path=%s/bus\n"
                                  "exec rauc --conf=%s/system.conf --mount=%s/mnt service"
                                  " --override-boot-slot=A\n",
                                  w->dir, w->dir, w->dir, w->dir, w->dir);

        write_file(w, "services/" RAUC ".service", service);
        write_file(w, "activate", script);
        free(service);
        free(script);
}

static int group_setup(void **state)
{
        static World world;
        World *w = *state = &world;
        const char *source = getenv("SOURCE_DIR");
        char *pki, *make_pki;

        assert_non_null(source);
        if (geteuid() != 0)
                print_error("RAUC mounts the bundles that it installs: run this test as root\n");
        assert_int_equal(geteuid(), 0);
        world_setup(w);
        make_pki = str_printf("%s/certs/make-pki", source);
        pki = str_printf("%s/pki", w->dir);
        run(w, (const char *[]){make_pki, pki, NULL});
        free(make_pki);
        free(pki);
        write_system_conf(w);
        write_activation(w);
        write_file(w, "backend", backend);
        make_bundle(w, "good", "test-charger", "signer", 'g');
        make_bundle(w, "alien", "test-toaster", "signer", 'a');
        make_bundle(w, "foreign", "test-charger", "foreign", 'f');
        return 0;
}

static int group_teardown(void **state)
{
        return world_teardown(*state);
}

/* ---- the service ---- */

static pid_t start_rauc(World *w, const char *slot)
{
        char *conf = str_printf("--conf=%s/system.conf", w->dir);
        char *mount = str_printf("--mount=%s/mnt", w->dir);
        char *boot_slot = str_printf("--override-boot-slot=%s", slot);
        pid_t pid = spawn(w, (const char *[]){"rauc", conf, mount, "service", boot_slot, NULL});

        free(conf);
        free(mount);
        free(boot_slot);
        return pid;
}

/* A factory-fresh charger on slot A, RAUC running, the installer knowing it. */
static pid_t fresh(World *w)
{
        char blank[SLOT_SIZE] = {0};
        char *a = str_printf("%s/a.img", w->dir), *b = str_printf("%s/b.img", w->dir);
        pid_t rauc;

        assert_int_equal(file_write_atomic(a, blank, sizeof(blank), 0600), 0);
        assert_int_equal(file_write_atomic(b, blank, sizeof(blank), 0600), 0);
        free(a);
        free(b);
        write_file(w, "primary", "A\n");
        write_file(w, "state.A", "good\n");
        write_file(w, "state.B", "bad\n");
        remove_file(w, "rauc.status");
        remove_file(w, "activated");
        rauc = start_rauc(w, "A");
        make_installer(w);
        await(w, &w->appeared, 1);
        return rauc;
}

static void done(World *w, pid_t rauc)
{
        drop_installer(w);
        reap(rauc);
}

static const char *bundle(World *w, const char *name)
{
        static char path[128];

        snprintf(path, sizeof(path), "%s/%s.raucb", w->dir, name);
        return path;
}

static void assert_slot_holds(World *w, const char *image, char fill)
{
        char *path = str_printf("%s/%s", w->dir, image), *data = NULL;
        size_t size = 0;

        assert_int_equal(file_read(path, SLOT_SIZE, &data, &size), 0);
        assert_int_equal(size, SLOT_SIZE);
        for (size_t i = 0; i < size; i++)
                assert_int_equal(data[i], fill);
        free(data);
        free(path);
}

static const Slot *slot(World *w, const char *name)
{
        const Slot *s = installer_state_find(&w->state, name);

        assert_non_null(s);
        return s;
}

/* ---- cases ---- */

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

/* Freed with calls open: no call back may come. */
static void rauc_is_freed_amid_calls(void **state)
{
        World *w = *state;
        pid_t rauc = fresh(w);

        w->installer->ops->read_state(w->installer, on_state, w);
        w->installer->ops->install(w->installer, bundle(w, "missing"), NULL, on_answer, w);
        drop_installer(w);
        settle(w, RAUC);
        assert_int_equal(w->answers, 0);
        reap(rauc);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(rauc_tells_a_factory_state),
                cmocka_unit_test(rauc_installs),
                cmocka_unit_test(rauc_refuses_bad_bundles),
                cmocka_unit_test(rauc_is_busy_during_an_install),
                cmocka_unit_test(rauc_works_for_another),
                cmocka_unit_test(rauc_is_busy_after_refusing_another),
                cmocka_unit_test(rauc_marks),
                cmocka_unit_test(rauc_refuses_marks),
                cmocka_unit_test(rauc_tells_a_boot_loader_without_primary),
                cmocka_unit_test(rauc_is_killed_in_an_install),
                cmocka_unit_test(rauc_is_killed_in_a_call),
                cmocka_unit_test(rauc_is_absent_then_appears),
                cmocka_unit_test(rauc_is_started_on_demand),
                cmocka_unit_test(rauc_is_freed_amid_calls),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
