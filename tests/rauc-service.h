/* For the tests of src/rauc against the real thing: `rauc service` on slots that are plain files.
 */
#pragma once

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

static inline void write_system_conf(World *w)
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
static inline void make_bundle(World *w, const char *name, const char *compatible,
                               const char *signer, char fill)
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
static inline void write_activation(World *w)
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

static inline int group_setup(void **state)
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

static inline int group_teardown(void **state)
{
        return world_teardown(*state);
}

/* ---- the service ---- */

static inline pid_t start_rauc(World *w, const char *slot)
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
static inline pid_t fresh(World *w)
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

static inline void done(World *w, pid_t rauc)
{
        drop_installer(w);
        reap(rauc);
}

static inline const char *bundle(World *w, const char *name)
{
        static char path[128];

        snprintf(path, sizeof(path), "%s/%s.raucb", w->dir, name);
        return path;
}

static inline void assert_slot_holds(World *w, const char *image, char fill)
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

static inline const Slot *slot(World *w, const char *name)
{
        const Slot *s = installer_state_find(&w->state, name);

        assert_non_null(s);
        return s;
}
