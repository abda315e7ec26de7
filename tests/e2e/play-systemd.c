/* play-systemd FOLDER [--refuse]: a systemd that knows the agent's hooks alone, for the end-to-end
 * tests. Its units are those of data/rauc-ocpp-hook@.service, with their EnvironmentFile= in
 * FOLDER; with --refuse nobody may start one. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "util.h"

#define UNITS "/org/freedesktop/systemd1/unit"

/* What the file assigns is exported to the program: a shell reads it as systemd does. */
#define RUN "set -a; . \"$0\"; exec /usr/bin/env \"$RAUC_OCPP_HOOK\" \"$1\""

typedef struct Unit {
        const char *name, *instance, *job;
        pid_t running; /* 0: nothing */
        const char *active_state, *result;
        int code, status;
} Unit;

static const char *folder;
static bool refuses;
static sd_event *event;
static sd_bus *bus;
static Unit units[] = {
        {"rauc-ocpp-hook@pre-download.service", "pre-download", "/org/freedesktop/systemd1/job/1",
         .active_state = "inactive"},
        {"rauc-ocpp-hook@pre-install.service", "pre-install", "/org/freedesktop/systemd1/job/2",
         .active_state = "inactive"},
        {"rauc-ocpp-hook@verify.service", "verify", "/org/freedesktop/systemd1/job/3",
         .active_state = "inactive"},
};

static Unit *unit_find(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (streq(units[i].name, name))
                        return &units[i];
        return NULL;
}

static int on_unit_exit(sd_event_source *source, const siginfo_t *si, void *userdata)
{
        Unit *u = userdata;

        sd_event_source_unref(source);
        if (si->si_pid != u->running)
                return 0;
        u->running = 0;
        u->code = si->si_code;
        u->status = si->si_status;
        u->active_state = si->si_code == CLD_EXITED && si->si_status <= 2 ? "active" : "failed";
        u->result = si->si_code != CLD_EXITED ? "signal"
                    : si->si_status <= 2      ? "success"
                                              : "exit-code";
        return sd_bus_emit_signal(bus, "/org/freedesktop/systemd1",
                                  "org.freedesktop.systemd1.Manager", "JobRemoved", "uoss",
                                  (uint32_t)1, u->job, u->name, "done");
}

static void stop(Unit *u)
{
        if (u->running > 0)
                kill(-u->running, SIGKILL);
        u->running = 0;
        u->active_state = "inactive";
}

static void start(Unit *u)
{
        _cleanup_(freep) char *file = str_printf("%s/hook-%s.env", folder, u->instance);
        sd_event_source *source; /* goes with the child */
        sigset_t none;

        u->running = fork();
        if (u->running == 0) {
                sigemptyset(&none);
                sigprocmask(SIG_SETMASK, &none, NULL);
                setpgid(0, 0);
                execl("/bin/sh", "sh", "-c", RUN, strempty(file), u->instance, NULL);
                _exit(203);
        }
        setpgid(u->running, u->running);
        sd_event_add_child(event, &source, u->running, WEXITED, on_unit_exit, u);
        u->active_state = "activating";
}

static int on_restart(sd_bus_message *m, void *userdata _unused_, sd_bus_error *reterr)
{
        const char *name, *mode;
        Unit *u;

        if (sd_bus_message_read(m, "ss", &name, &mode) < 0 || !(u = unit_find(name)))
                return -EINVAL;
        printf("restart %s\n", name);
        if (refuses)
                return sd_bus_error_set(reterr, SD_BUS_ERROR_ACCESS_DENIED, "nobody may");
        stop(u);
        start(u);
        return sd_bus_reply_method_return(m, "o", u->job);
}

static int on_stop(sd_bus_message *m, void *userdata _unused_, sd_bus_error *reterr _unused_)
{
        const char *name, *mode;
        Unit *u;

        if (sd_bus_message_read(m, "ss", &name, &mode) < 0 || !(u = unit_find(name)))
                return -EINVAL;
        printf("stop %s\n", name);
        stop(u);
        return sd_bus_reply_method_return(m, "o", u->job);
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
        SD_BUS_PROPERTY("ActiveState", "s", NULL, offsetof(Unit, active_state), 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable service_properties[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Result", "s", NULL, offsetof(Unit, result), 0),
        SD_BUS_PROPERTY("ExecMainCode", "i", NULL, offsetof(Unit, code), 0),
        SD_BUS_PROPERTY("ExecMainStatus", "i", NULL, offsetof(Unit, status), 0),
        SD_BUS_VTABLE_END,
};

static int on_find(sd_bus *on _unused_, const char *path, const char *interface _unused_,
                   void *userdata _unused_, void **ret, sd_bus_error *reterr _unused_)
{
        _cleanup_(freep) char *name = NULL;

        if (sd_bus_path_decode(path, UNITS, &name) <= 0)
                return 0;
        *ret = unit_find(name);
        return *ret != NULL;
}

int main(int argc, char **argv)
{
        sigset_t signals;

        if (argc < 2)
                return 2;
        folder = argv[1];
        refuses = argc > 2 && streq(argv[2], "--refuse");
        setvbuf(stdout, NULL, _IOLBF, 0);
        sigemptyset(&signals);
        sigaddset(&signals, SIGCHLD);
        sigaddset(&signals, SIGTERM);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        if (sd_event_new(&event) < 0 || sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL) < 0 ||
            sd_bus_open_system(&bus) < 0 || sd_bus_attach_event(bus, event, 0) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/systemd1",
                                     "org.freedesktop.systemd1.Manager", manager, NULL) < 0 ||
            sd_bus_add_fallback_vtable(bus, NULL, UNITS, "org.freedesktop.systemd1.Unit",
                                       unit_properties, on_find, NULL) < 0 ||
            sd_bus_add_fallback_vtable(bus, NULL, UNITS, "org.freedesktop.systemd1.Service",
                                       service_properties, on_find, NULL) < 0 ||
            sd_bus_request_name(bus, "org.freedesktop.systemd1", 0) < 0)
                return 1;
        puts("ready");
        sd_event_loop(event);
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                stop(&units[i]);
        sd_bus_flush_close_unref(bus);
        sd_event_unref(event);
        return 0;
}
