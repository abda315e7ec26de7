/* Those who watch what stations do, and may have a say in it: the scenario runner, the state,
 * events, roll-outs. */
#pragma once

#include "fault.h"
#include "rpc.h"
#include "trace.h"

typedef struct Station Station;
typedef struct FaultRule FaultRule;

/* Every function may be NULL, and may be called from within the handling of a frame: none may end a
 * connection or the CSMS, nor free a station. All that is handed over is borrowed. */
typedef struct Observer {
        /* Connected; the connection has gone. */
        void (*joined)(void *userdata, const Station *station);
        void (*left)(void *userdata, const Station *station);
        /* What station_describe_whole() tells of it is another now. */
        void (*changed)(void *userdata, const Station *station);
        /* A frame went or came; the station's are numbered from 1 on. */
        void (*frame_passed)(void *userdata, const Station *station, uint64_t number,
                             const TraceMessage *message);
        /* It is not known any more: csms_remove(). */
        void (*removed)(void *userdata, const Station *station);
        /* A CALL came. An answer in *ret (owned by the caller) is given in the place of the usual
         * one, unless an observer before has put one there. */
        void (*call_came)(void *userdata, const Station *station, const char *action,
                          const cJSON *payload, cJSON **ret);
        /* A CALLRESULT to a call of this action came. */
        void (*result_came)(void *userdata, const Station *station, const char *action,
                            const cJSON *payload);
        /* A frame came that can't be used. */
        void (*trouble_came)(void *userdata, const Station *station, RpcTrouble trouble);
        /* A fault is on, or is for others than before. */
        void (*fault_set)(void *userdata, const FaultRule *rule);
        /* It has happened to this identity; NULL: to the server. */
        void (*fault_applied)(void *userdata, const FaultRule *rule, const char *id);
        void (*fault_ended)(void *userdata, const FaultRule *rule, FaultEnd why);
        /* Whether this identity may not connect now. */
        bool (*refuses)(void *userdata, const char *id);
        void *userdata;
} Observer;

/* Calls a function of all observers of a CSMS that have it: TELL(csms, joined, station). */
#define TELL(csms, what, ...)                                                                      \
        do {                                                                                       \
                for (size_t tell_i = 0; tell_i < (csms)->observers_count; tell_i++) {              \
                        const Observer *tell_o = (csms)->observers[tell_i];                        \
                        if (tell_o->what)                                                          \
                                tell_o->what(tell_o->userdata, __VA_ARGS__);                       \
                }                                                                                  \
        } while (0)
