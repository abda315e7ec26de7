/* Somebody who watches what stations do, and may have a say in it: the scenario runner. */
#pragma once

#include "rpc.h"

typedef struct Station Station;

/* Every function may be called from within the handling of a frame: none may end a connection or
 * the CSMS, nor free a station. All that is handed over is borrowed. */
typedef struct Observer {
        /* Connected; the connection has gone. */
        void (*joined)(void *userdata, const Station *station);
        void (*left)(void *userdata, const Station *station);
        /* A CALL came. An answer in *ret (owned by the caller) is given in the place of the usual
         * one. */
        void (*call_came)(void *userdata, const Station *station, const char *action,
                          const cJSON *payload, cJSON **ret);
        /* A CALLRESULT to a call of this action came. */
        void (*result_came)(void *userdata, const Station *station, const char *action,
                            const cJSON *payload);
        /* A frame came that can't be used. */
        void (*trouble_came)(void *userdata, const Station *station, RpcTrouble trouble);
        /* Whether this identity may not connect now. */
        bool (*refuses)(void *userdata, const char *id);
        void *userdata;
} Observer;
