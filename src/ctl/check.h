/* rauc-ocpp-ctl check: what RAUC says of a bundle. */
#pragma once

#include <systemd/sd-bus.h>

/* Prints the bundle's compatible and version, and whether it is for this charger. 0: it can be
 * installed; 1: it is for another one; negative errno with *reterr set: RAUC refuses it, or is not
 * there. */
int check_bundle(sd_bus *bus, const char *location, sd_bus_error *reterr);
