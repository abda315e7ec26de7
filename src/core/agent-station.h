/* What the CSMS may order of the station itself, for agent-private.h: Reset, ChangeAvailability,
 * and why the agent has started. */
#pragma once

#include "dialect.h"
#include "machine.h"

typedef struct Agent Agent;

/* How far a Reset is. */
typedef enum ResetPhase {
        RESET_NONE,
        RESET_WAITING, /* for who holds the charger, or for an update */
        RESET_SAYING,  /* what is left to be said is sent, for RESET_SAY_FOR */
        RESET_ASKED,   /* the reboot was asked for, or the connection is being closed */
} ResetPhase;

typedef struct Reset {
        ResetPhase phase;
        bool service;   /* the agent alone */
        bool scheduled; /* that is what it was answered */
        bool served;    /* this start is what a Reset led to, and no BootNotification was Accepted
                           since */
        bool again;     /* the reboot was asked for before, in this boot */
        bool untold;    /* … of the agent alone, in this boot, and its event was not stored */
        char from[BOOT_ID_MAX]; /* … the boot in which it was asked for */
        sd_event_source *timer;
        Program *program; /* reboot_command */
} Reset;

/* What is so of a connector; bits of a byte. */
enum {
        CONNECTOR_INOPERATIVE = 1 << 0, /* by ChangeAvailability: the EVSE; the station, for 0 */
        CONNECTOR_INNER_INOPERATIVE = 1 << 1, /* … the EVSE's connector */
        CONNECTOR_DUE = 1 << 2,               /* its status is to be told */
        CONNECTOR_ASKED = 1 << 3,             /* … since somebody asked: while Pending, too */
        CONNECTOR_TOLD_UNAVAILABLE = 1 << 4,  /* what was told last */
};

/* agent-reset.c */
/* Goes on with what was under way. 0 or negative errno, logged. */
int reset_init(Agent *a);
void reset_done(Agent *a);
/* Is it time? Asked whenever something may have changed. */
void reset_look(Agent *a);
/* The connection has ended. */
void reset_closed(Agent *a);
/* What stands for a Reset of the agent alone once its event is in the outbox, owned by the caller;
 * NULL when out of memory. */
char *reset_told_record(const Agent *a);
/* The CSMS was told of the Reset that this start is due to. */
void reset_is_told(Agent *a);
/* Nothing is begun any more. */
bool reset_is_near(const Agent *a);
void reset_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);

/* agent-boot.c */
/* Finds out why BootNotification is sent. 0 or negative errno, logged. */
int boot_find_reason(Agent *a);
/* The next boot, whoever asks for it, is because of this update. */
void boot_note_update(Agent *a);
/* Puts the event of this start into the outbox, once a boot. */
void boot_raise_event(Agent *a);
/* The CSMS has Accepted a BootNotification. */
void boot_is_told(Agent *a);

/* agent-availability.c */
/* 0 or negative errno, logged. */
int availability_init(Agent *a);
void availability_done(Agent *a);
/* What StatusNotification tells of a connector, of an EVSE, or of the station (0). */
bool availability_is_unavailable(const Agent *a, int64_t connector);
/* "0 2 3.1": the station, the EVSE 2, the connector of the EVSE 3 are inoperative. Owned by the
 * caller; NULL: none is, or out of memory. */
char *availability_text(const Agent *a);
bool availability_exists(const Agent *a, int64_t connector, int64_t connector_of_evse);
/* All connectors are to be told of; asked: the CSMS asked for it. */
void availability_tell_all(Agent *a, bool asked);
/* What is other than it was told, is to be told. */
void availability_changed(Agent *a);
/* A new connection. */
void availability_opened(Agent *a);
/* A status was not answered. */
void availability_not_answered(Agent *a, int64_t connector);
/* Tells of one connector. 0, negative errno, logged. */
int availability_tell(Agent *a, int64_t connector);
/* Tells of the next connector that is due and may be told of. 1: of one; 0: there is none. */
int availability_send_next(Agent *a);
void availability_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);
void availability_handle_unlock(Agent *a, const char *id, const Incoming *incoming,
                                const cJSON *payload);
