/* A station from the inside, for the files that make up the CSMS. */
#pragma once

#include "csms.h"
#include "rpc.h"

/* Frames kept a station for GET …/frames, and their bytes. */
#define FRAMES_MAX 1000
#define FRAMES_BYTES_MAX ((size_t)1 << 20)
/* Bytes of the frames of all stations: beyond, each keeps only its newest. */
#define FRAMES_TOTAL_MAX ((size_t)512 << 20)
/* Answers held back at a time, of all stations. */
#define LATE_MAX 10000
/* Bytes that are remembered of a firmware status, and of vendor, model and version. */
#define STATUS_WORD_MAX 64
#define FIELD_TEXT_MAX 64

/* What is done to the next frame that rpc sends. */
typedef enum Mangle { MANGLE_NOTHING, MANGLE_CUT, MANGLE_DOUBLE } Mangle;

/* The newest frames, in a ring. */
typedef struct Frames {
        char **lines;               /* FRAMES_MAX, made at the first frame */
        size_t first, count, bytes; /* the oldest, how many, and of what size together */
        uint64_t last;              /* the number of the newest; they count from 1 */
} Frames;

/* The last firmware status that a station told. */
typedef struct UpdateState {
        char status[STATUS_WORD_MAX + 1]; /* "" = nothing heard yet */
        int64_t request_id;               /* NO_INT: the message had none */
        usec_t since;                     /* wall clock: when it was heard */
} UpdateState;

struct Station {
        Csms *csms;
        char id[STATION_ID_MAX + 1];
        const Dialect *dialect; /* of the last connection */
        Conn *conn;             /* NULL: offline */
        uint64_t session;       /* counts connections */
        Rpc *rpc;
        Call *calls; /* the first is in flight if call_sent */
        size_t calls_count;
        bool call_sent;
        const cJSON *frame; /* the frame being handled */
        Mangle mangle;      /* of the next frame that rpc sends */
        Faults *faults;     /* NULL: never had any */
        Frames frames;
        char vendor[FIELD_TEXT_MAX + 1], model[FIELD_TEXT_MAX + 1], version[FIELD_TEXT_MAX + 1],
                serial[FIELD_TEXT_MAX + 1];
        UpdateState update;
        char *tags;     /* the operator's words, a blank between each two; NULL: none */
        char *timezone; /* see station_timezone() */
        char *uploads;  /* see station_uploads() */
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
        Faults *faults;   /* what new stations start with */
        LateAnswer *late; /* owned */
        size_t late_count;
        size_t frames_bytes; /* of all stations */
        int64_t last_request_id;
};

/* A station of this identity, not connected, with the faults for all. 0 and *ret; -ENOMEM. */
int station_new(Csms *csms, const char *id, Station **ret);
/* Forgets its calls without telling who waits. */
void station_free(Station *station);
/* Makes the new connection the station's own. */
void station_attach(Station *station, const Dialect *dialect, Conn *conn);
/* The connection has gone: calls end as CALL_GONE. */
void station_detach(Station *station);
/* Gives up a call whose time is over and sends the next. Returns the next deadline, boottime. */
usec_t station_tick(Station *station, usec_t now);
/* Its entry in the REST list; owned by the caller, NULL when out of memory. */
cJSON *station_describe(const Station *station);
/* Sends a frame and records it. 0, -ENOTCONN, -ENOBUFS, -ENOMEM. */
int station_send(Station *station, const char *data, size_t size, bool binary);

/* RpcHandlers.on_call with a Station. */
void station_on_call(void *userdata, const char *id, const char *action, const cJSON *payload);
