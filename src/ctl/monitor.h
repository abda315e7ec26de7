/* "rauc-ocpp-ctl monitor". */
#pragma once

#include "view.h"

/* Prints a line for each change of the agent until SIGINT or SIGTERM; an agent that stops is waited
 * for. 0; negative errno: the bus was lost. */
int monitor(sd_bus *bus);
