/* rauc-ocpp-ctl cancel, pause, resume and inhibit: what is asked of the agent. */
#pragma once

#include <systemd/sd-bus.h>

/* Calls a method of the agent's that has no arguments. 0; negative errno, *reterr
 * (sd_bus_error_free()) tells. */
int order(sd_bus *bus, const char *method, sd_bus_error *reterr);
/* Runs a command while the charger is held. Its exit status (128 + the signal that ended it);
 * negative errno: it was not run, *reterr tells. */
/* Has the agent install from a URL, or from a file of ours. 0 or negative errno, with *reterr set.
 */
int install(sd_bus *bus, const char *location, sd_bus_error *reterr);
int inhibit_while(sd_bus *bus, const char *why, char *const command[], sd_bus_error *reterr);
