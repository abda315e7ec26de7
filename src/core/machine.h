/* The edge to the machine the agent runs on: which boot this is, what system runs, hook programs,
 * the reboot. */
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

/* status: the exit code; -1: it was ended by a signal or by the time-out. */
typedef void (*ProgramCallback)(void *userdata, int status);

/* Runs a program of the integrator's without a shell: one argument (NULL none), the environment
 * given ("NAME=value", NULL-terminated) and PATH. With all that it started it is killed after
 * timeout. The call back comes once, unless program_free() was called before. 0 and *ret (owned,
 * freed in or after the call back); negative errno when it can't be started. */
int program_run(sd_event *event, const char *path, const char *argument,
                const char *const *environment, usec_t timeout, ProgramCallback callback,
                void *userdata, Program **ret);
/* Kills it, and all that it started, if it still runs; the loop reaps it. */
void program_free(Program *p);
DEFINE_CLEANUP(Program *, program_free)

/* Asks logind for a reboot, not interactively. error: 0 or negative errno, with a sentence. 0 or
 * negative errno. */
int machine_reboot(sd_bus *bus, void (*callback)(void *userdata, int error, const char *message),
                   void *userdata);
