/* The faults that are on: whom each is for, how often it has happened, and which of them a station
 * gets. In memory only: a CSMS that starts has none. No network in here. */
#pragma once

#include "fault.h"
#include "filter.h"

/* Faults on at a time; bytes of a seed. */
#define FAULT_RULES_MAX 256
#define FAULT_SEED_MAX 64

/* Whom a fault is for: all that is given must hold; nothing is: all stations. Empty with {}, but
 * percent 100. */
typedef struct FaultTarget {
        char station[STATION_ID_MAX + 1]; /* its identity; "": none is given */
        double percent;                   /* share of the stations, drawn by seed and identity */
        char seed[FAULT_SEED_MAX + 1];
        bool filtered;
        Filter filter; /* if filtered; owned */
} FaultTarget;

typedef struct FaultRule FaultRule;

/* Whether an identity is among so many percent. The same seed draws the same ones each time, and
 * what is drawn for a share is drawn for a larger one, too. */
bool fault_share_has(const char *seed, const char *id, double percent);

/* Reads a body of POST /api/faults: what fault_from_json() reads, and "station", "percent", "seed",
 * "filter". 0, and the target is to be given away or emptied; -EINVAL and *reterr; -ENOMEM. */
int fault_target_from_json(const cJSON *body, FaultTarget *ret, Fault *ret_fault,
                           FaultError *reterr);
void fault_target_done(FaultTarget *target);

/* Turns a fault on, in the place of one for the same stations and the same action or kind; at once
 * for connections that are open. FAULT_NONE takes faults away: see fault_rules_drop(). target is
 * consumed; *ret (may be NULL) is borrowed. 0; -ENOSPC: FAULT_RULES_MAX; -ENOMEM. */
int fault_rules_add(Csms *csms, FaultTarget *target, const Fault *fault, const FaultRule **ret);
/* No more faults of the action ("": of connections). Of one station: what is for it alone ends, and
 * it is left out of what is for others, too. station NULL: of all. 0, -ENOMEM. */
int fault_rules_drop(Csms *csms, const char *station, const char *action);
/* By its number. Whether there was one. */
bool fault_rules_remove(Csms *csms, int64_t id);
/* All of them. */
void fault_rules_clear(Csms *csms);
const FaultRule *fault_rules_find(const Csms *csms, int64_t id);
/* Ends those whose time is over, and begins those of connections. The boottime of the next time. */
usec_t fault_rules_tick(Csms *csms, usec_t now);

/* All, the oldest first; owned by the caller, NULL when out of memory. */
cJSON *fault_rules_describe(const Csms *csms);
/* One; if wanted with "stations", the identities of those known that it is for. */
cJSON *fault_rule_describe(const Csms *csms, const FaultRule *rule, bool stations);
/* {"id","kind","applied"}, which costs little. */
cJSON *fault_rule_brief(const FaultRule *rule);
/* The identity that it alone is for, borrowed; NULL: others too. */
const char *fault_rule_station(const FaultRule *rule);

/* The newest fault of the answer to this action: true and *ret; that is one use of it. */
bool fault_take_answer(Station *station, const char *action, Fault *ret);
/* Of the handshake of this identity, known or not; of the server, where id is NULL. */
bool fault_take_kind(Csms *csms, FaultKind kind, const char *id, Fault *ret);

/* What of this goes on in a station's connection. */
typedef struct LineFault {
        int64_t rule; /* 0: none */
        Fault fault;
        usec_t begins; /* boottime; USEC_INFINITY: not by time */
        double frames; /* to come until it begins; < 0: not by frames */
        bool begun;
} LineFault;

/* The connection is there; a frame came: what is due begins. */
void fault_line_open(Station *station);
void fault_line_frame(Station *station);
/* It has gone. */
void fault_line_closed(Station *station);
