/* The last update of a station as a time line: what it was told and answered, each firmware status,
 * and the BootNotifications in between. A step for which there is no memory is not kept. */
#pragma once

#include "csms.h"

/* Steps kept: of more the second goes, so that the order and the newest stay. */
#define UPDATE_STEPS_MAX 32

/* It is told to do this: the order of an update begins a new list. */
void steps_ordered(Station *station, const char *action, const cJSON *payload);
/* How a call of this action has ended. Whether it was the order of an update. */
bool steps_answered(Station *station, const char *action, const CallOutcome *outcome);
/* It has told a firmware status, which is in station->update. A status of another request than the
 * list's begins a new one. What is told again is no new step. */
void steps_status(Station *station);
/* It has told of itself by BootNotification, and its version is known. */
void steps_booted(Station *station);
/* It has none any more. */
void steps_forget(Station *station);
/* The list as REST tells it and the state keeps it, owned by the caller; empty if there is none.
 * NULL: out of memory. */
cJSON *steps_describe(const Station *station);
/* Takes a list that was kept before. 0; -EINVAL: it is none; -ENOMEM. */
int steps_restore(Station *station, const char *text);
/* The member requestId of a message; NO_INT: it has none. */
int64_t update_request_id(const cJSON *payload);
