/* Checks what stations send by the tables of their version. */
#pragma once

#include "dialect.h"

typedef enum Strictness {
        STRICT_FINE,
        STRICT_UNCHECKED, /* no table knows this action */
        STRICT_VIOLATION,
} Strictness;

/* A CALL of the station's. *reterr only with STRICT_VIOLATION. */
Strictness strict_check_call(const Dialect *dialect, const char *action, const cJSON *payload,
                             CodecError *reterr);
/* Its CALLRESULT to a call of this action. */
Strictness strict_check_result(const Dialect *dialect, const char *action, const cJSON *payload,
                               CodecError *reterr);
