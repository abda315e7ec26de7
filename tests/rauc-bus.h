/* For the tests of src/rauc: a private bus in a temporary folder, an installer on it, and a record
 * of all it told. Everything dies with the test. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cmocka.h>

#include "rauc.h"

#define PATIENCE (30 * USEC_PER_SEC)

typedef struct World {
        char dir[64];
        pid_t daemon;
        sd_event *event;
        sd_bus *bus;
        Installer *installer;
        /* what the installer told */
        int appeared, vanished, idle, completed, progress, percent;
        int result;
        char *error;
        /* what a call was answered */
        int answers, answer;
        char *message;
        char bundle[128]; /* compatible|version|format|manifest hash */
        InstallerState state;
} World;

/* A new child that dies with us; output goes to DIR/log. */
static inline pid_t spawn(World *w, const char *const argv[])
{
        char *log = str_printf("%s/log", w->dir);
        pid_t parent = getpid(), pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() != parent)
                        _exit(126);
                dup2(fd, 1);
                dup2(fd, 2);
                execvp(argv[0], (char **)(uintptr_t)argv);
                _exit(127);
        }
        free(log);
        return pid;
}

static inline void reap(pid_t pid)
{
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static inline void run(World *w, const char *const argv[])
{
        pid_t pid = spawn(w, argv);
        int status;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (status)
                print_error("%s failed, see %s/log\n", argv[0], w->dir);
        assert_int_equal(status, 0);
}

static inline void write_file(World *w, const char *name, const char *text)
{
        char *path = str_printf("%s/%s", w->dir, name);

        assert_int_equal(file_write_atomic(path, text, strlen(text), 0755), 0);
        free(path);
}

static inline void remove_file(World *w, const char *name)
{
        char *path = str_printf("%s/%s", w->dir, name);

        unlink(path);
        free(path);
}

static inline bool has_file(World *w, const char *name)
{
        char *path = str_printf("%s/%s", w->dir, name);
        bool there = access(path, F_OK) == 0;

        free(path);
        return there;
}

/* Like a system bus, but that it starts services by itself. */
static inline void start_daemon(World *w)
{
        char *config = str_printf(
                "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\""
                " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
                "<busconfig><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>"
                "<servicedir>%s/services</servicedir><policy context=\"default\">"
                "<allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/>"
                "<allow eavesdrop=\"false\"/></policy></busconfig>\n",
                w->dir, w->dir);
        char *argument = str_printf("--config-file=%s/bus.conf", w->dir);
        char *address = str_printf("unix:path=%s/bus", w->dir);

        write_file(w, "bus.conf", config);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
        w->daemon = spawn(
                w, (const char *[]){"dbus-daemon", "--nofork", "--nopidfile", argument, NULL});
        for (int i = 0; i < 1000 && !has_file(w, "bus"); i++)
                usleep(10000); /* another process: no event tells */
        free(address);
        free(argument);
        free(config);
}

static inline sd_bus *connect_bus(World *w)
{
        sd_bus *bus = NULL;
        int r;

        /* between bind() and listen() the socket is there and refuses */
        for (int i = 0; (r = sd_bus_open_system(&bus)) == -ECONNREFUSED && i < 1000; i++)
                usleep(10000);
        assert_true(r >= 0);
        assert_true(sd_bus_attach_event(bus, w->event, 0) >= 0);
        return bus;
}

static inline int world_setup(World *w)
{
        char *services;

        *w = (World){.dir = "/tmp/test-rauc.XXXXXX"};
        assert_non_null(mkdtemp(w->dir));
        assert_int_equal(chmod(w->dir, 0755), 0);
        services = str_printf("%s/services", w->dir);
        assert_int_equal(mkdir(services, 0755), 0);
        free(services);
        assert_true(sd_event_new(&w->event) >= 0);
        start_daemon(w);
        w->bus = connect_bus(w);
        return 0;
}

static inline int remove_one(const char *path, const struct stat *s _unused_, int flag _unused_,
                             struct FTW *f _unused_)
{
        return remove(path);
}

static inline int world_teardown(World *w)
{
        installer_state_done(&w->state);
        free(w->error);
        free(w->message);
        w->bus = sd_bus_flush_close_unref(w->bus);
        w->event = sd_event_unref(w->event);
        reap(w->daemon);
        assert_int_equal(nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
        return 0;
}

/* ---- the record ---- */

static inline void on_presence(void *userdata, bool present)
{
        World *w = userdata;

        *(present ? &w->appeared : &w->vanished) += 1;
        assert_int_equal(w->installer->ops->is_present(w->installer), present);
}

static inline void on_progress(void *userdata, int percent, const char *step)
{
        World *w = userdata;

        assert_in_range(percent, 0, 100);
        assert_non_null(step);
        w->progress++;
        w->percent = percent;
}

static inline void on_completed(void *userdata, int result, const char *error)
{
        World *w = userdata;

        w->completed++;
        w->result = result;
        assert_int_equal(str_replace(&w->error, error), 0);
}

static inline void on_idle(void *userdata)
{
        World *w = userdata;

        w->idle++;
        assert_false(w->installer->ops->is_busy(w->installer));
}

static inline void on_answer(void *userdata, int error, const char *message)
{
        World *w = userdata;

        w->answers++;
        w->answer = error;
        assert_int_equal(str_replace(&w->message, message), 0);
}

static inline void slot_copy(const Slot *from, Slot *to)
{
        *to = (Slot){.installed_count = from->installed_count,
                     .booted = from->booted,
                     .boot_status = from->boot_status};
        assert_int_equal(str_replace(&to->name, from->name), 0);
        assert_int_equal(str_replace(&to->bootname, from->bootname), 0);
        assert_int_equal(str_replace(&to->device, from->device), 0);
        assert_int_equal(str_replace(&to->bundle_version, from->bundle_version), 0);
        assert_int_equal(str_replace(&to->installed_transaction, from->installed_transaction), 0);
        assert_int_equal(str_replace(&to->installed_timestamp, from->installed_timestamp), 0);
        assert_int_equal(str_replace(&to->status, from->status), 0);
}

/* Keeps what is borrowed within the call back alone. */
static inline void on_state(void *userdata, int error, const InstallerState *state)
{
        World *w = userdata;

        w->answers++;
        w->answer = error;
        installer_state_done(&w->state);
        assert_true(error < 0 ? state == NULL : state != NULL);
        if (!state)
                return;
        w->state = (InstallerState){
                .count = state->count, .booted = state->booted, .primary = state->primary};
        for (size_t i = 0; i < state->count; i++)
                slot_copy(&state->slots[i], &w->state.slots[i]);
}

/* Lets things happen until *counter has reached wanted. */
static inline void await(World *w, const int *counter, int wanted)
{
        usec_t end = boottime_now() + PATIENCE;

        while (*counter < wanted) {
                usec_t now = boottime_now();

                if (now >= end)
                        fail_msg("%d of %d came, see %s/log", *counter, wanted, w->dir);
                assert_true(sd_event_run(w->event, end - now) >= 0);
        }
        assert_int_equal(*counter, wanted);
}

static inline int on_pong(sd_bus_message *m _unused_, void *userdata, sd_bus_error *reterr _unused_)
{
        ++*(int *)userdata;
        return 0;
}

/* All that is under way between name and us has arrived afterwards: a ping is behind it. */
static inline void settle(World *w, const char *name)
{
        int pongs = 0;

        assert_true(sd_bus_call_method_async(w->bus, NULL, name, "/", "org.freedesktop.DBus.Peer",
                                             "Ping", on_pong, &pongs, NULL) >= 0);
        await(w, &pongs, 1);
}

static inline void make_installer(World *w)
{
        static const InstallerHandlers handlers = {on_presence, on_progress, on_completed, on_idle};

        w->appeared = w->vanished = w->idle = w->completed = w->progress = w->answers = 0;
        assert_int_equal(rauc_installer_new(w->bus, &handlers, w, &w->installer), 0);
}

static inline void drop_installer(World *w)
{
        installer_free(w->installer);
        w->installer = NULL;
}

static inline int ask_state(World *w)
{
        int before = w->answers;

        w->installer->ops->read_state(w->installer, on_state, w);
        await(w, &w->answers, before + 1);
        return w->answer;
}

static inline int ask_install_of(World *w, const BundleOrder *order)
{
        int before = w->answers;

        w->installer->ops->install(w->installer, order, on_answer, w);
        await(w, &w->answers, before + 1);
        return w->answer;
}

static inline int ask_install(World *w, const char *path, const char *transaction)
{
        return ask_install_of(w, &(BundleOrder){.location = path, .transaction_id = transaction});
}

/* Keeps what is borrowed within the call back alone. */
static inline void on_bundle(void *userdata, int error, const char *message,
                             const BundleInfo *bundle)
{
        World *w = userdata;

        on_answer(w, error, message);
        assert_true(error < 0 ? bundle == NULL : bundle != NULL);
        snprintf(w->bundle, sizeof(w->bundle), "%s|%s|%s|%s", bundle ? bundle->compatible : "",
                 bundle ? bundle->version : "", bundle && bundle->format ? bundle->format : "",
                 bundle && bundle->manifest_hash ? bundle->manifest_hash : "");
}

static inline int ask_inspect(World *w, const BundleOrder *order)
{
        int before = w->answers;

        w->installer->ops->inspect(w->installer, order, on_bundle, w);
        await(w, &w->answers, before + 1);
        return w->answer;
}

static inline int ask_mark(World *w, MarkKind kind, const char *slot)
{
        int before = w->answers;

        w->installer->ops->mark(w->installer, kind, slot, on_answer, w);
        await(w, &w->answers, before + 1);
        return w->answer;
}
