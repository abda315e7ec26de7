/* The cage's walls in the file system and on the network (Landlock). */
#pragma once

#include "task.h"

/* Places that a caged process may have, to be put together. */
typedef enum Places {
        PLACES_NONE = 0,
        PLACES_SYSTEM = 1 << 0, /* read: libraries, the resolver's configuration, trusted roots */
        PLACES_NAMED = 1 << 1,  /* read: what the way to the server names: keys, certificates */
        PLACES_FILE = 1 << 2,   /* read: the task's file */
        PLACES_FOLDER = 1 << 3, /* read and write: the folder of the task's file */
        PLACES_ALL = 1 << 4,    /* read: everything */
        PLACES_CONNECT = 1 << 5 /* TCP to anywhere */
} Places;

/* no_new_privs must be set. 0; -EOPNOTSUPP: no Landlock here; other negative errno. */
int places_limit(Places places, const Task *task);
