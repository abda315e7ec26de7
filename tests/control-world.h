/* For the tests of the agent's D-Bus object and of rauc-ocpp-ctl: a private bus, and the state that
 * the object shows. */
#pragma once

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cmocka.h>

#include "control.h"

#define PATIENCE_USEC (10 * USEC_PER_SEC)

typedef struct World {
        char address[128];
        pid_t daemon;
        int daemon_output; /* kept open: it may have more to say */
        sd_event *event;
        sd_bus *bus;
        ControlState state;
        Control *control;
} World;

static const ControlState idle_state = {
        .connected = true,
        .protocol = "ocpp2.0.1",
        .registration = "accepted",
        .url = "wss://csms.example/ocpp/CP1",
        .identity = "CP1",
        .installer_present = true,
        .booted_slot = "rootfs.0",
        .firmware_version = "1.2.3",
        .job_state = "idle",
        .percent = -1,
        .version = "0.1.0",
};

static inline const ControlState *get_state(void *userdata)
{
        return &((World *)userdata)->state;
}

/* A child that dies with us; what it writes can be read from *ret_output. */
static inline pid_t start(const char *const argv[], int *ret_output)
{
        pid_t parent = getpid(), pid;
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() != parent)
                        _exit(126);
                dup2(fds[1], STDOUT_FILENO);
                dup2(fds[1], STDERR_FILENO);
                execvp(argv[0], (char **)(uintptr_t)argv);
                _exit(127);
        }
        close(fds[1]);
        *ret_output = fds[0];
        return pid;
}

static inline int set_up(void **state)
{
        char address[64];
        const char *const argv[] = {"dbus-daemon", "--session",       "--nofork", "--nopidfile",
                                    address,       "--print-address", NULL};
        World *w = calloc(1, sizeof(*w));
        size_t n = 0;

        assert_non_null(w);
        /* Abstract: a daemon that is killed leaves no socket file behind. */
        snprintf(address, sizeof(address), "--address=unix:abstract=test-control-%d", getpid());
        w->daemon = start(argv, &w->daemon_output);
        while (n + 1 < sizeof(w->address) && read(w->daemon_output, w->address + n, 1) == 1 &&
               w->address[n] != '\n')
                n++;
        w->address[n] = '\0';
        w->state = idle_state;
        assert_true(sd_event_new(&w->event) >= 0);
        assert_true(sd_bus_new(&w->bus) >= 0 && sd_bus_set_address(w->bus, w->address) >= 0 &&
                    sd_bus_set_bus_client(w->bus, 1) >= 0 && sd_bus_start(w->bus) >= 0);
        assert_true(sd_bus_attach_event(w->bus, w->event, 0) >= 0);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", w->address, 1);
        setenv("TZ", "UTC", 1);
        *state = w;
        return 0;
}

static inline int tear_down(void **state)
{
        World *w = *state;

        control_free(w->control);
        sd_bus_flush_close_unref(w->bus);
        sd_event_unref(w->event);
        kill(w->daemon, SIGKILL);
        waitpid(w->daemon, NULL, 0);
        close(w->daemon_output);
        free(w);
        return 0;
}

/* The agent's object is on the bus from now on, handlers (with get_state() as get) behind it. */
static inline void start_agent(World *w, const ControlHandlers *handlers)
{
        assert_int_equal(control_new(w->bus, handlers, w, &w->control), 0);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
