/* What the files of this room share. */
#pragma once

#include "push.h"

/* A call that a station has not answered. */
typedef struct Waiting Waiting;

struct Pusher {
        PusherOptions options;
        FirmwareUser user;
        int64_t sending;  /* the push whose targets go out; 0: none */
        char *told;       /* the last station of it that was; NULL: none */
        usec_t try_at;    /* boottime: not before; 0: now */
        Waiting *waiting; /* linked in both directions */
        int64_t changed;  /* a push that has changed since it was told; 0: none */
};
