/* The edge to the machine the agent runs on: which boot this is, what system runs, programs of the
 * integrator's, as children or as units of systemd, the reboot. */
#pragma once

#include "util.h"
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

/* Bytes of a boot id, NUL included. */
#define BOOT_ID_MAX 64

/* The kernel's boot id. Builds with TEST_SEAMS read $RAUC_OCPP_BOOT_DIR/boot_id where that is set.
 * 0 or negative errno. */
int machine_boot_id(char out[static BOOT_ID_MAX]);

/* The running system's version: release_file (os-release form: IMAGE_VERSION, else VERSION_ID; any
 * other text: its first line) or, if NULL, /etc/os-release's IMAGE_VERSION, then bundle_version
 * (may be NULL), then VERSION_ID. 0 and *ret owned; -ENOENT: nothing tells it. */
int machine_release_version(const char *release_file, const char *bundle_version, char **ret);

/* What RAUC needs of the running kernel to install over the network, and does not find; for people,
 * NULL: nothing. at_start: also what the kernel may load by itself when it is wanted. Builds with
 * TEST_SEAMS look below $RAUC_OCPP_BOOT_DIR where that is set. */
const char *machine_lacks_for_streams(bool at_start);

typedef struct Program Program;

/* A unit that can't be started, now or later. */
#define PROGRAM_REFUSED (-2)
/* status: the exit code; -1: it was ended by a signal or by the time-out, or its unit tells none;
 * PROGRAM_REFUSED. */
typedef void (*ProgramCallback)(void *userdata, int status);

/* Runs a program of the integrator's without a shell: one argument (NULL none), the environment
 * given ("NAME=value", NULL-terminated) and PATH. With all that it started it is killed after
 * timeout. The call back comes once, unless program_free() was called before. 0 and *ret (owned,
 * freed in or after the call back); negative errno when it can't be started. */
int program_run(sd_event *event, const char *path, const char *argument,
                const char *const *environment, usec_t timeout, ProgramCallback callback,
                void *userdata, Program **ret);
/* A hook as a unit of its own. */
typedef struct UnitTask {
        const char *folder;          /* where the unit reads what it runs, as hook-INSTANCE.env */
        const char *path, *instance; /* the program, and its one argument */
        const char *const *environment; /* "NAME=value", NULL-terminated */
        usec_t timeout;
} UnitTask;

/* The same by systemd, as rauc-ocpp-hook@INSTANCE.service: not in the cage that the caller's unit
 * is. One that still runs, by whomever it was started, is stopped before. The bus is attached to
 * the loop. What systemd answers comes by the call back. 0 and *ret as program_run(); -EINVAL: a
 * control character in the environment, or "=" in the path; other negative errno: the program can't
 * be executed, the folder not be written. */
int program_run_unit(sd_bus *bus, const UnitTask *task, ProgramCallback callback, void *userdata,
                     Program **ret);
/* Stops the units that an agent has left behind which was killed. */
void program_stop_units(sd_bus *bus);
/* Kills it, and all that it started, if it still runs; the loop reaps it. A unit is stopped. */
void program_free(Program *p);
DEFINE_CLEANUP(Program *, program_free)

/* Asks logind for a reboot, not interactively. error: 0 or negative errno, with a sentence. 0 or
 * negative errno. */
int machine_reboot(sd_bus *bus, void (*callback)(void *userdata, int error, const char *message),
                   void *userdata);
