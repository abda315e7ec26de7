/* The slot that a station has booted, as far as it tells: by the configuration key BootedSlot (1.6)
 * or the variable BootedSlot of the component ChargingStation (2.x). No version of OCPP has them;
 * rauc-ocpp-agent does. */
#pragma once

#include "csms.h"

/* Reads it from a message, where that has it: what a station answered to this action, or told by
 * it. Whether another slot is known now. */
bool slot_learn(Station *station, const char *action, const cJSON *payload);
/* It boots: what it told before may be wrong now. */
void slot_forget(Station *station);
/* It was accepted: one that has ever told it is asked. */
void slot_ask(Station *station);
