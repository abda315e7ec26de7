/* OCPP 1.6 (edition 2 with errata 4) and the messages of its security extension, as data for codec
 * and agent: see dialect.h. */
#pragma once

#include "dialect.h"

extern const Dialect ocpp16;
