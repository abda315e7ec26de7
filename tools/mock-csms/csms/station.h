/* A station from the inside, for the files that make up the CSMS. */
#pragma once

#include "csms.h"
#include "fault-rules.h"
#include "rpc.h"

/* Answers held back at a time, of all stations. */
#define LATE_MAX 10000
/* Bytes that are remembered of a firmware status, and of what BootNotification tells. */
#define STATUS_WORD_MAX 64
#define FIELD_TEXT_MAX 64

/* What is done to the next frame that rpc sends. */
typedef enum Mangle { MANGLE_NOTHING, MANGLE_CUT, MANGLE_DOUBLE } Mangle;

typedef struct UpdateStep UpdateStep;

/* The last firmware status that a station told. */
typedef struct UpdateState {
        char status[STATUS_WORD_MAX + 1]; /* "" = nothing heard yet */
        int64_t request_id;               /* NO_INT: the message had none */
        usec_t since;                     /* wall clock: when it was heard */
} UpdateState;

/* Stations that wait for something, in the order of the time when it is due. */
typedef struct Queue {
        Station *first, *last;
        size_t count;
} Queue;

struct Station {
        Csms *csms;
        int64_t key; /* its number in the state; never another station's */
        char id[STATION_ID_MAX + 1];
        const Dialect *dialect; /* of the last connection */
        Conn *conn;             /* NULL: offline */
        uint64_t session;       /* counts connections */
        size_t connections;     /* those that were not left yet: old ones linger */
        Rpc *rpc;
        Call *calls; /* the first is in flight if call_sent */
        size_t calls_count;
        bool call_sent;
        Queue *queue; /* where it waits, beside these two; NULL: nowhere */
        Station *before, *behind;
        const cJSON *frame;  /* the frame being handled */
        Mangle mangle;       /* of the next frame that rpc sends */
        LineFault line;      /* what goes wrong with its connection */
        uint64_t last_frame; /* the number of the newest frame; they count from 1 */
        /* wall clock; 0: never, not now */
        usec_t first_seen, last_seen, connected_since;
        char vendor[FIELD_TEXT_MAX + 1], model[FIELD_TEXT_MAX + 1], version[FIELD_TEXT_MAX + 1],
                serial[FIELD_TEXT_MAX + 1], reason[FIELD_TEXT_MAX + 1], slot[FIELD_TEXT_MAX + 1];
        bool tells_slot; /* it has told slot (see slot.h), though that may be "" now */
        UpdateState update;
        UpdateStep *steps; /* of its last update: see update-steps.h; NULL: none */
        char *tags;        /* the operator's words, a blank between each two; NULL: none */
        char *timezone;    /* see station_timezone() */
        char *server;      /* see station_server() */
        char *uploads;     /* see station_uploads() */
};

/* An answer held back. */
typedef struct LateAnswer LateAnswer;
struct LateAnswer {
        LateAnswer *next;
        Station *station;
        uint64_t session; /* the connection that asked; another gets none */
        usec_t when;      /* boottime */
        cJSON *payload;   /* owned */
        char *id;         /* of the CALL, owned */
};

struct Csms {
        CsmsOptions options;
        const Observer *observers[OBSERVERS_MAX];
        size_t observers_count;
        Station **stations; /* sorted by id */
        size_t count, room;
        int64_t last_key;
        Queue ready;                       /* stations with a call to be sent by the next tick */
        Queue flying;                      /* … with one that is in flight */
        FaultRule *rules[FAULT_RULES_MAX]; /* the faults that are on, the oldest first; owned */
        size_t rules_count;
        int64_t last_rule;  /* its number; they count from 1 */
        usec_t lines_begin; /* boottime: when the first fault of a connection may begin */
        LateAnswer *late;   /* owned */
        size_t late_count;
        int64_t last_request_id;
        size_t request_ids_left; /* of those reserved */
};

/* Takes in a station that was known before, not connected; all that is known of it is filled in by
 * the caller, its dialect first of all. Its identity is valid and new. 0 and *ret; -ENOSPC;
 * -ENOMEM. */
int csms_restore(Csms *csms, const char *id, int64_t key, Station **ret);
/* A station of this identity, not connected. 0 and *ret; -ENOMEM. */
int station_new(Csms *csms, const char *id, Station **ret);
/* Forgets its calls without telling who waits. */
void station_free(Station *station);
/* Makes the new connection the station's own. */
void station_attach(Station *station, const Dialect *dialect, Conn *conn);
/* The connection has gone: calls end as CALL_GONE. */
void station_detach(Station *station);
/* Gives up a call whose time is over and sends the next. */
void station_tick(Station *station, usec_t now);
/* Puts it behind all others in a queue, or (NULL) in none; takes it out of where it is. */
void queue_move(Station *station, Queue *to);
/* Copies what it told (NULL: nothing) to out, of max + 1 bytes: cut at a code point. */
void station_take_text(const char *text, char *out, size_t max);
/* Sends a text frame and records it. 0, -ENOTCONN, -ENOBUFS, -ENOMEM. */
int station_send(Station *station, const char *data, size_t size, bool is_json);

/* RpcHandlers.on_call with a Station. */
void station_on_call(void *userdata, const char *id, const char *action, const cJSON *payload);
