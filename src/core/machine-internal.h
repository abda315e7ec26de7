/* Between machine.c and machine-unit.c: what a Program is. */
#pragma once

#include "machine.h"

typedef struct HookUnit HookUnit;

struct Program {
        pid_t pid; /* of a child that has not ended; 0: none */
        sd_event_source *child, *timer;
        HookUnit *unit; /* NULL: it is a child */
        ProgramCallback callback;
        void *userdata;
};

/* Stops the unit, without waiting for it. */
void hook_unit_free(HookUnit *u);
