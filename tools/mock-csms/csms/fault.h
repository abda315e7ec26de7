/* What an operator wants to go wrong: the answers to one action of a station, its connections, or
 * TLS. Which faults there are and what each may have is one table; this is how they are read and
 * told. Whom they are for is in fault-rules.h. */
#pragma once

#include "codec.h"

/* Bytes of an action, of an error code, of a subprotocol; the longest time. */
#define FAULT_ACTION_MAX 64
#define FAULT_CODE_MAX 64
#define FAULT_PROTOCOL_MAX 64
#define FAULT_SECONDS_MAX 86400

typedef enum FaultKind {
        FAULT_NONE,       /* takes away those of the action; without one, those of the connection */
        FAULT_LATE,       /* the answer comes after `seconds` */
        FAULT_NEVER,      /* no answer */
        FAULT_CALLERROR,  /* CALLERROR with `code` */
        FAULT_GARBLED,    /* the answer cut in the middle */
        FAULT_CLOSE,      /* the connection is closed instead */
        FAULT_TWICE,      /* the answer is sent two times */
        FAULT_PENDING,    /* "status":"Pending"; of BootNotification, with interval `seconds` */
        FAULT_REJECTED,   /* "status":"Rejected"; likewise */
        FAULT_DISCONNECT, /* the connection is closed, after `seconds` or `frames` */
        FAULT_HALFOPEN,   /* likewise: nothing is read nor sent any more */
        FAULT_SLOWREAD,   /* likewise: `bytes_per_second` are read */
        FAULT_REFUSED,    /* the handshake is answered with the HTTP status `status` */
        FAULT_SUBPROTOCOL, /* … with `subprotocol`, whatever was offered; "": with none */
        FAULT_EXPIREDTLS,  /* new connections are shown an expired certificate */
        FAULT_KIND_MAX,
} FaultKind;

/* What goes wrong. */
typedef enum FaultPlace {
        FAULT_OF_ANSWER, /* the answer to `action` */
        FAULT_OF_LINE,   /* an open connection */
        FAULT_OF_DOOR,   /* the handshake of a new one */
        FAULT_OF_SERVER, /* what is there before anybody has said who he is */
        FAULT_PLACE_MAX,
} FaultPlace;

/* Why one is over. */
typedef enum FaultEnd {
        FAULT_DELETED,  /* taken away, by DELETE or the kind none */
        FAULT_REPLACED, /* a newer one for the same has taken its place */
        FAULT_USED_UP,  /* it has happened as often as it may, and is for nobody else */
        FAULT_OVER,     /* its duration */
        FAULT_END_MAX,
} FaultEnd;

typedef struct Fault {
        char action[FAULT_ACTION_MAX + 1]; /* FAULT_OF_ANSWER; "": none */
        FaultKind kind;
        double seconds; /* < 0: not given */
        char code[FAULT_CODE_MAX + 1];
        char subprotocol[FAULT_PROTOCOL_MAX + 1];
        double frames, bytes_per_second, status; /* whole; < 0: not given */
        double times;    /* whole: how often it applies to a station; 0: until taken away */
        double duration; /* seconds until it goes by itself; < 0: never */
} Fault;

/* A sentence that names the member. */
typedef struct FaultError {
        char text[192];
} FaultError;

/* Reads {"kind", …} with the members that the kind may have. 0 and *ret; -EINVAL and *reterr.
 * Members of others (a NULL-terminated list) are left to the caller; NULL: there are none. */
int fault_from_json(const cJSON *body, const char *const *others, Fault *ret, FaultError *reterr);
/* Adds to an object what fault_from_json() reads. Whether there was memory. */
bool fault_describe(const Fault *fault, cJSON *object);
/* What of a station it makes go wrong. */
FaultPlace fault_place(FaultKind kind);
/* Their words. */
const char *fault_word(FaultKind kind);
const char *fault_end_word(FaultEnd why);
