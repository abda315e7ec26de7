/* The CSMS without any network: its stations, what they said, what they are asked. */
#pragma once

#include "conn.h"
#include "dialect.h"
#include "fault.h"
#include "observer.h"
#include "trace.h"

/* Stations known at a time, connected or not. */
#define STATIONS_MAX 20000
/* Bytes of an identity (2.0.1: identifierString of 48 code points). */
#define STATION_ID_MAX 192
/* Calls waiting for a station, the one in flight included. */
#define CALLS_MAX 64

/* Those who watch. */
#define OBSERVERS_MAX 8

typedef struct Csms Csms;
typedef struct Call Call;

typedef struct CsmsOptions {
        int64_t interval;       /* seconds, told in the answer to BootNotification */
        usec_t message_timeout; /* how long a station may take to answer */
        Trace *trace;           /* borrowed; NULL: none */
        /* Numbers that were never used before: *ret and the next count - 1. 0; negative errno: the
         * CSMS makes do with others. NULL: none. */
        int (*reserve_ids)(void *userdata, int64_t count, int64_t *ret);
        /* csms_tick() is to be called at this boottime or earlier. */
        void (*wake_at)(void *userdata, usec_t when);
        void *userdata;
} CsmsOptions;

/* The versions spoken, each by its subprotocol; NULL for another word. */
const Dialect *csms_dialect(const char *subprotocol);
/* Whether a station may be called so. */
bool station_id_valid(const char *id);

/* options is copied. 0 and *ret; -ENOMEM. */
int csms_new(const CsmsOptions *options, Csms **ret);
/* Frees its stations too; no call of theirs is answered any more. */
void csms_free(Csms *csms);
DEFINE_CLEANUP(Csms *, csms_free)
/* Somebody more who watches: borrowed until csms_free(); OBSERVERS_MAX of them. They are told in
 * the order in which they were added. */
void csms_add_observer(Csms *csms, const Observer *observer);
/* Does what is due at now (boottime), and returns the boottime of the next time. */
usec_t csms_tick(Csms *csms, usec_t now);

/* A station has connected; an older connection of the same one is closed. 0 and *ret (kept until
 * csms_free() or csms_remove()); -ENOSPC: STATIONS_MAX; -ENOMEM. */
int csms_join(Csms *csms, const char *id, const Dialect *dialect, Conn *conn, Station **ret);
/* The connection has gone. Nothing happens if a newer one has taken its place. */
void csms_leave(Station *station, const Conn *conn);
/* By its identity; NULL if never seen. */
Station *csms_find(Csms *csms, const char *id);
/* Whether a station can be forgotten: it is not connected, and no old connection still closes. */
bool csms_may_remove(const Station *station);
/* Forgets a station, and frees it. 0; -EBUSY: see csms_may_remove(). */
int csms_remove(Csms *csms, Station *station);
/* What it was made with. Borrowed. */
const CsmsOptions *csms_options(const Csms *csms);
/* How many stations there are. */
size_t csms_count(const Csms *csms);
/* fault_rules_add() for all stations, also those yet to come. 0, -ENOSPC, -ENOMEM. */
int csms_set_fault(Csms *csms, const Fault *fault);
/* Whether an observer wants no connection of this identity now. */
bool csms_refuses(const Csms *csms, const char *id);
/* A request id that was not used before by this CSMS, nor probably by one before it. */
int64_t csms_request_id(Csms *csms);

/* One message came. 0 or negative errno: close the connection. */
int station_receive(Station *station, const char *data, size_t size, bool binary);
/* Its identity, decoded. Borrowed. */
const char *station_id(const Station *station);
bool station_is_online(const Station *station);
/* The version of its connection, or of the last one. */
const Dialect *station_dialect(const Station *station);
/* This server as the station itself named it when it connected last, "http://HOST:PORT"; NULL: it
 * has not since the start, or named none. Borrowed. */
const char *station_server(const Station *station);
/* url is copied. 0, -ENOMEM. */
int station_set_server(Station *station, const char *url);
/* The URL of the folder on this server that takes its uploads, as the station itself names this
 * server; NULL: none. Borrowed. */
const char *station_uploads(const Station *station);
/* url is copied. 0, -ENOMEM. */
int station_set_uploads(Station *station, const char *url);
/* The time zone that an operator has told, an IANA name ("Europe/Berlin"); NULL: none. Borrowed. */
const char *station_timezone(const Station *station);
/* Whether an operator has given it this tag. */
bool station_has_tag(const Station *station, const char *tag);
/* fault_rules_add() for this one. 0, -ENOSPC, -ENOMEM. */
int station_set_fault(Station *station, const Fault *fault);
/* Ends its connection, once what is queued has gone out. It must be online. */
void station_close(Station *station);
/* Sends bytes as they are. 0, -ENOTCONN, -ENOBUFS, -ENOMEM. */
int station_send_raw(Station *station, const char *data, size_t size, bool binary);
/* What is known of it, as REST tells it in lists and events; all of it, with the steps of its last
 * update. Owned by the caller, NULL when out of memory. */
cJSON *station_describe(const Station *station);
cJSON *station_describe_whole(const Station *station);

/* Answered by CALLRESULT, by CALLERROR, by nobody in time; the station went away. */
typedef enum CallEnd { CALL_RESULT, CALL_ERROR, CALL_TIMEOUT, CALL_GONE } CallEnd;

/* How a call ended. All borrowed. */
typedef struct CallOutcome {
        CallEnd end;
        const cJSON *result;            /* CALL_RESULT */
        const char *code, *description; /* CALL_ERROR */
        const cJSON *details;           /* CALL_ERROR; may be NULL */
} CallOutcome;

/* Asks a station; payload is consumed. done is called exactly once, unless call_forget() comes
 * first, and never from within this function. *ret is valid until then. 0; -ENOTCONN; -ENOBUFS:
 * CALLS_MAX; -ENOMEM. */
int station_call(Station *station, const char *action, cJSON *payload,
                 void (*done)(void *userdata, const CallOutcome *outcome), void *userdata,
                 Call **ret);
/* Whoever waited has gone. The call itself takes its course. */
void call_forget(Call *call);

/* Whether stations of any version send this action, and whether its answer has a status. */
bool answer_known(const char *action);
bool answer_has_status(const char *action);
/* A sentence if the answers to its action can't have this fault; NULL: they can. */
const char *answer_fault_objection(const Fault *fault);
