/* OCPP-J framing without I/O: bytes in, bytes out. Checks frames, correlates answers, keeps one
 * CALL of ours in flight, tells when it timed out. Never assumes that it is the only speaker;
 * either side (station or CSMS) can use it. The clock is a parameter. */
#pragma once

#include "dialect.h"

/* Code points. OCPP-J sets the first and the last; no action of any version comes near the second.
 */
#define RPC_ID_MAX 36
#define RPC_ACTION_MAX 64
#define RPC_DESCRIPTION_MAX 255

typedef struct Rpc Rpc;

/* What the owner must provide. Each may call back into rpc, but none may free it. */
typedef struct RpcHandlers {
        /* Puts one text frame on the wire. 0 or negative errno (the frame is then lost). */
        int (*send)(void *userdata, const char *text, size_t size);
        /* A CALL came: answer with rpc_answer() or rpc_refuse(), now or later, exactly once. id is
         * at most RPC_ID_MAX code points, action RPC_ACTION_MAX; payload is an object. All
         * borrowed. The same id again is a CALL of its own. */
        void (*on_call)(void *userdata, const char *id, const char *action, const cJSON *payload);
        /* The open CALL of ours was answered by CALLRESULT. Borrowed. */
        void (*on_result)(void *userdata, uint64_t token, const cJSON *payload);
        /* … by CALLERROR; code is the peer's word (borrowed, not yet checked against any list),
         * description is "" where the peer gave none. */
        void (*on_error)(void *userdata, uint64_t token, const char *code, const char *description);
        /* … by nobody in time. */
        void (*on_timeout)(void *userdata, uint64_t token);
        /* The peer could not use an answer of ours (2.1 CALLRESULTERROR): for people, it changes
         * nothing. id is that of the peer's CALL; the rest as in on_error. */
        void (*on_result_error)(void *userdata, const char *id, const char *code,
                                const char *description);
} RpcHandlers;

/* Frames that could not be used, counted for a log line each at the owner. */
typedef enum RpcTrouble {
        RPC_FINE,
        RPC_UNREADABLE,   /* not JSON, not an array, bad id or action: a CALL is answered by rule,
                             all else dropped */
        RPC_UNKNOWN_TYPE, /* message type number */
        RPC_UNWANTED,     /* a CALL while boot is Rejected: answered by rule */
        RPC_NOT_AWAITED,  /* an answer that nobody waits for: late, double or invented; dropped */
        RPC_SENT,         /* 2.1: a message that wants no answer; none is served, dropped */
} RpcTrouble;

/* handlers are copied. timeout: how long a CALL of ours waits. 0 and *ret; -ENOMEM. */
int rpc_new(const RpcHandlers *handlers, void *userdata, usec_t timeout, Rpc **ret);
/* An open CALL is forgotten without a call back. */
void rpc_free(Rpc *rpc);
DEFINE_CLEANUP(Rpc *, rpc_free)

/* A new connection in this version, or none (NULL): an open CALL is forgotten without a call back
 * (its owner knows that the link went). rules is borrowed for as long as it holds. */
void rpc_reset(Rpc *rpc, const FrameRules *rules);

/* Is boot Rejected? Then every CALL of the peer's gets SecurityError or silence, by the version's
 * rule (B03.FR.08, C16 4.2). Holds over connections; false at first. */
void rpc_set_rejected(Rpc *rpc, bool rejected);

/* Calls of ours that are made from now on wait so long. */
void rpc_set_timeout(Rpc *rpc, usec_t timeout);

/* One text message from the peer. Returns RpcTrouble (≥ 0; handlers may have been called), -ENOMEM.
 */
int rpc_feed(Rpc *rpc, const char *text, size_t size);
/* The same of a message that json_parse() has read already. Borrowed. */
int rpc_feed_frame(Rpc *rpc, const cJSON *frame);

/* Sends a CALL under a fresh UUID. payload is consumed; NULL stands for {}. token comes back in the
 * handlers. 0; -EBUSY: one is open; -ENOTCONN: no rules set; -ENOMEM; what send returned. On
 * failure no CALL is open and no handler will be called for it. */
int rpc_call(Rpc *rpc, const char *action, cJSON *payload, uint64_t token, usec_t now);
/* Is a CALL of ours open? */
bool rpc_is_busy(const Rpc *rpc);

/* Answers a CALL of the peer's. payload is consumed; NULL stands for {}. 0, -ENOTCONN, -ENOMEM,
 * what send returned. */
int rpc_answer(Rpc *rpc, const char *id, cJSON *payload);
/* Answers by CALLERROR with the version's own word (where it has none: its GenericError or
 * InternalError). description may be NULL; it is cut to RPC_DESCRIPTION_MAX. */
int rpc_refuse(Rpc *rpc, const char *id, RpcErrorCode code, const char *description);

/* The answer that on_result is being called with can't be used: CALLRESULTERROR with the version's
 * word (J21 4.2.4), nothing where the version has no such message. To be called from there, before
 * any other CALL. 0, -ENOTCONN, -ENOMEM, what send returned. */
int rpc_refuse_result(Rpc *rpc, RpcErrorCode code, const char *description);

/* Boottime usec at which rpc_tick() must be called; USEC_INFINITY: no CALL is open. */
usec_t rpc_deadline(const Rpc *rpc);
/* Gives up the open CALL if its time is over: on_timeout. */
void rpc_tick(Rpc *rpc, usec_t now);
