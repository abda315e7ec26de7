/* OCPP 2.0.1 as data for codec and agent: see dialect.h. */
#pragma once

#include "dialect.h"

extern const Dialect ocpp201;
