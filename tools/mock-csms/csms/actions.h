/* What a CSMS may call in a version of OCPP, as far as the version's tables tell: help for whoever
 * writes such a call by hand. */
#pragma once

#include "dialect.h"

/* The schema Actions of openapi.json: all actions by name, with their fields where there is a
 * table. Owned by the caller, NULL when out of memory. */
cJSON *actions_describe(const Dialect *dialect);
