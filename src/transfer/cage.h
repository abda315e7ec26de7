/* Locks this process up for its job, so that whoever takes it over by what it reads has nothing
 * but what the job needs: see docs/architecture.md, "The worker's cage". */
#pragma once

#include "task.h"

typedef enum CageKind {
        CAGE_HASH,
        CAGE_COPY,
        CAGE_RESOLVE,
        CAGE_FETCH,
        CAGE_UPLOAD,
        CAGE_COLLECT,
        CAGE_LOOK, /* no job of the worker: looks into an archive that is open */
        CAGE_KIND_MAX,
} CageKind;

/* For good, and before the first foreign byte. The files that may be touched are those that task
 * names. CAGE_HASH and CAGE_COPY allow a handful of system calls on what is open already; these
 * processes end by SYS_exit. 0; negative errno: the job must not be done, and that was said as
 * its failure. What the kernel does not offer otherwise is told on stderr. */
int cage_enter(CageKind kind, const Task *task);
/* The same, but a refusal is the caller's to tell. */
int cage_lock(CageKind kind, const Task *task);
