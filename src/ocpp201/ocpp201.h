/* OCPP 2.0.1 and 2.1 as data for codec and agent: see dialect.h. 2.1 lies over 2.0.1: what is
 * served there is served here. */
#pragma once

#include "dialect.h"

extern const Dialect ocpp201;
extern const Dialect ocpp21;
