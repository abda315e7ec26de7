/* struct Installer over RAUC's D-Bus interface, de.pengutronix.rauc.Installer.
 *
 * Queries of our own (who owns the name, what it can do, is it busy) never start the service; the
 * three calls of InstallerOps ask the bus to start it when nobody owns the name, since a RAUC that
 * is started on demand is the usual case. */
#pragma once

#include "installer.h"

typedef struct sd_bus sd_bus;

/* Begins to watch the bus; on_presence(true) follows if the service runs. bus is borrowed, must be
 * attached to an sd-event and outlive the installer; *handlers is copied and may hold NULLs. Not
 * to be freed from within one of its call backs. 0 or negative errno. */
int rauc_installer_new(sd_bus *bus, const InstallerHandlers *handlers, void *userdata,
                       Installer **ret);
