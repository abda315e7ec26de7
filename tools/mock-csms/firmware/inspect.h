/* What RAUC says of a file: it runs as a child process, where it is installed. */
#pragma once

#include "state-firmware.h"
#include <uv.h>

typedef struct Inspection Inspection;

typedef struct InspectOptions {
        const char *path;    /* of the file, absolute */
        const char *keyring; /* PEM: the bundle's signature is checked by it; NULL: it is not */
} InspectOptions;

/* Asks RAUC about the file; firmware (borrowed until ended) gets what it says: kind, version,
 * compatible, description, build, format, manifest_hash, verified, note; and inspected, unless RAUC
 * is not there. What it does not say stays as it was. 0 and *ret, valid until ended; negative
 * errno: ended is not called. */
int inspect_start(uv_loop_t *loop, const InspectOptions *options, Firmware *firmware,
                  void (*ended)(void *userdata), void *userdata, Inspection **ret);
/* Stops; ended is not called any more. */
void inspect_stop(Inspection *inspection);
