/* One simulated station, without any network: what it says and when, and what it answers. Times are
 * boottime. */
#pragma once

#include "backoff.h"
#include "life.h"
#include "rpc.h"

/* Bytes of an identity, of a URL that the CSMS names. */
#define CHARGER_ID_MAX 48
#define CHARGER_URL_MAX 2000

typedef struct Charger Charger;

/* What is carried over HTTP. */
typedef enum ChargerCarry { CARRY_BUNDLE, CARRY_LOG, CARRY_MAX } ChargerCarry;

/* What a station needs done. */
typedef struct ChargerDoors {
        /* Puts one frame on the wire. 0, negative errno. */
        int (*send)(Charger *charger, const char *text, size_t size);
        /* Tries to connect: charger_connected() or charger_disconnected() follows, may be at once.
         */
        void (*connect)(Charger *charger);
        /* Cuts the connection, or the attempt at one, if there is any; nothing follows. */
        void (*disconnect)(Charger *charger);
        /* PUTs the text to the URL, or GETs it where text is NULL: charger_carried() follows later,
         * unless the next one of this kind takes its place. */
        void (*carry)(Charger *charger, ChargerCarry carry, const char *url, const char *text);
        /* charger_due() has changed. */
        void (*wake)(Charger *charger);
} ChargerDoors;

/* What all stations have done. */
typedef struct FleetCounts {
        uint64_t connected, booted; /* at this moment */
        uint64_t connects, failed_connects, frames_in, frames_out, heartbeats, unread;
        uint64_t orders, answered; /* updates */
        usec_t first_order, last_answer;
        uint64_t fates[FATE_MAX], statuses[FW_STATUS_MAX]; /* of the accepted; what was said */
        uint64_t logs, logs_uploaded, logs_failed;
} FleetCounts;

/* What all stations share. */
typedef struct FleetPlan {
        uint64_t seed;
        size_t count;
        const char *prefix;
        Mix protocols, vendors, models, versions, timezones;
        Rates rates;
        double speed;          /* everything but the Heartbeat is so much faster */
        int64_t heartbeat;     /* seconds; 0: as the CSMS says */
        double ramp;           /* first connections per second */
        double statuses;       /* firmware statuses that nobody ordered, per second of all */
        const char *version;   /* that updates bring; NULL: life_version_after() */
        const char *bad_build; /* a part of the URLs whose updates may fail; NULL: of all */
        bool fetch;            /* bundles are really downloaded */
        const ChargerDoors *doors;
        void *userdata; /* of who opens the doors */
        FleetCounts counts;
} FleetPlan;

/* What a station has to say. The first that is wanted goes first. */
typedef enum ChargerWish {
        WISH_BOOT,
        WISH_CONNECTOR, /* StatusNotification */
        WISH_FIRMWARE,  /* of the update that there is */
        WISH_LOG,
        WISH_FIRMWARE_ASKED, /* by TriggerMessage */
        WISH_LOG_ASKED,
        WISH_BEAT,
        WISH_FIRMWARE_UNASKED, /* charger_tell_status() */
        WISH_MAX,
} ChargerWish;

/* What a station waits for. */
typedef enum ChargerClock {
        CLOCK_CONNECT,
        CLOCK_BOOT, /* to ask again */
        CLOCK_BEAT,
        CLOCK_LIFE, /* the next point of the update */
        CLOCK_LOG,
        CLOCK_RESET,
        CLOCK_LEAVE, /* of those that come and go */
        CLOCK_MAX,
} ChargerClock;

typedef struct ChargerUpdate {
        bool ongoing, is_plain;
        LifeOrder order;
        LifePoint point;
        int64_t request_id;
        usec_t retrieve_at, install_at;
        char *location; /* owned */
} ChargerUpdate;

typedef struct ChargerLog {
        bool is_plain;
        int64_t request_id;
        LogStatus status;
        char *location; /* owned */
} ChargerLog;

struct Charger {
        FleetPlan *plan; /* borrowed */
        void *wire;      /* of who opens the doors */
        size_t index;    /* from 0 */
        char id[CHARGER_ID_MAX + 1];
        const Dialect *dialect;
        const char *vendor, *model, *timezone; /* in the plan's mixes */
        char version[LIFE_VERSION_MAX + 1];
        Rpc *rpc;
        bool is_online, is_booted, is_pending;
        bool comes_and_goes, is_gone; /* is it one that …, will it never come back? */
        BootReason reason;
        unsigned wishes; /* bits by ChargerWish */
        OutgoingKind asked_firmware, asked_log;
        int64_t interval;
        Backoff backoff;
        usec_t due[CLOCK_MAX];
        uint64_t lots; /* numbers drawn so far for what has no number of its own */
        uint64_t updates;
        uint64_t told; /* statuses that nobody ordered */
        ChargerUpdate update;
        ChargerLog log;
        bool fetching; /* its bundle is on the way */
};

/* The version spoken by a word of --protocols: "1.6". NULL: another word. */
const Dialect *charger_dialect(const char *name);
/* A station as seed and index want it, not connected. 0, -ENOMEM. charger_done() frees what it has.
 */
int charger_init(Charger *charger, FleetPlan *plan, size_t index, usec_t now);
void charger_done(Charger *charger);
/* What will become of its n-th update, from 0. */
Fate charger_fate(const Charger *charger, uint64_t n);

/* When charger_tick() is to be called; USEC_INFINITY: no need. */
usec_t charger_due(const Charger *charger);
/* Does what is due. */
void charger_tick(Charger *charger, usec_t now);
/* Events of its connection. The second one also where none came about. */
void charger_connected(Charger *charger, usec_t now);
void charger_disconnected(Charger *charger, usec_t now);
void charger_receive(Charger *charger, const char *data, size_t size, usec_t now);
/* What was carried is there, or not. */
void charger_carried(Charger *charger, ChargerCarry carry, bool good, usec_t now);
/* Has it tell the next status of an update that nobody ordered. false: it can't now, as it is not
 * accepted, has an update to tell of, or has not said the last one. */
bool charger_tell_status(Charger *charger);

/* ---- between charger.c, charger-life.c and charger-answer.c ---- */

/* RpcHandlers.on_call with a Charger. */
void charger_on_call(void *userdata, const char *id, const char *action, const cJSON *payload);
/* It has something to say, now or when it can. */
void charger_wish(Charger *charger, ChargerWish wish);
/* Sets a clock to ring a drawn time between shortest and longest seconds of its life from now. */
void charger_set_clock(Charger *charger, ChargerClock clock, double shortest, double longest,
                       Lot lot);
/* Sends the message of a kind; report is its struct. 0, negative errno. */
int charger_say(Charger *charger, ChargerWish wish, OutgoingKind kind, const void *report);
/* The machine goes down: the connection is cut and comes back in a drawn time. */
void charger_restart(Charger *charger, BootReason reason, double shortest, double longest);

/* Begins the update, which the order's members have been filled in of. */
void charger_life_begin(Charger *charger);
/* Says where the update is. */
int charger_life_say(Charger *charger);
/* Says the next status that nobody ordered, unless an update has begun in between. */
int charger_life_say_unasked(Charger *charger);
/* The status was heard, or there was none to say. */
void charger_life_said(Charger *charger);
/* The clock of the update has rung. */
void charger_life_go_on(Charger *charger);
/* Its bundle has come, or not. */
void charger_life_fetched(Charger *charger, bool good);
/* There is a new session: what of the update may not have been heard is said, or what the restart
 * was for. */
void charger_life_is_back(Charger *charger);
