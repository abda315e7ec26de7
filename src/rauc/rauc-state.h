/* RAUC's words on the bus, read into our structs. Whatever has another type than RAUC documents is
 * skipped, never guessed at. */
#pragma once

#include "installer.h"
#include <systemd/sd-bus.h>

/* No text of RAUC is longer than this; a longer one counts as absent. */
#define RAUC_TEXT_MAX 4096

/* The properties that a PropertiesChanged or GetAll told; texts are borrowed from the message,
 * NULL and percent -1: not told. */
typedef struct RaucProperties {
        const char *operation;
        const char *last_error;
        const char *step;
        int percent;
} RaucProperties;

/* Reads a{sv}. 0 or negative errno. */
int rauc_properties_read(sd_bus_message *m, RaucProperties *ret);
/* Reads one variant that should hold a string; NULL if it holds something else. 0 or negative
 * errno. */
int rauc_text_read(sd_bus_message *m, const char **ret);

/* Reads the answer of GetSlotStatus, a(sa{sv}), primary left unknown. -ENODATA: no slot at all,
 * -E2BIG: more than INSTALLER_SLOTS_MAX, other negative errno; *ret is then empty. */
int rauc_state_read(sd_bus_message *m, InstallerState *ret);
/* Notes what GetPrimary named; -1 if no slot has that name. */
void rauc_state_set_primary(InstallerState *s, const char *name);
/* Of InspectBundle's answer, {"manifest-hash": …, "update": {"compatible": …, …}, "bundle":
 * {"format": …, …}, …}, which m stands before; the texts are m's. 0 or negative errno. */
int rauc_bundle_read(sd_bus_message *m, BundleInfo *ret);
