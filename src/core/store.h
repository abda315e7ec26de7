/* What must outlive a power cut: the job, the outbox, a few named values. SQLite, and the only file
 * that includes it. A step of the job and the statuses it says are one transaction, synced before
 * it returns. */
#pragma once

#include "job.h"
#include "logjob.h"

typedef struct Store Store;

typedef enum OutboxKind {
        OUTBOX_FIRMWARE_STATUS,
        OUTBOX_SECURITY_EVENT,
        OUTBOX_LOG_STATUS,
        OUTBOX_KIND_MAX
} OutboxKind;

/* One thing to be said, in words of no version. Strings owned by whom outbox_row_done() is called
 * by. */
typedef struct OutboxRow {
        int64_t id;
        OutboxKind kind;
        int value;  /* FirmwareStatus, SecurityEventType or LogStatus */
        bool plain; /* a status of a job that came by 1.6 UpdateFirmware or GetDiagnostics */
        int64_t request_id; /* NO_INT none */
        usec_t timestamp;   /* wall clock: when it happened */
        char *tech_info;    /* for people: of a security event, or why a status says failure; NULL
                               none */
        char *reason_code;  /* … and that in one of OCPP's words; NULL none */
        int64_t tries;      /* that count: see "Outbox" in docs/behaviour.md */
        bool aside;         /* set aside: sent once more after each BootNotification */
        int64_t count;      /* read: how many events of its type it stands for */
        bool silent;        /* written: kept for people, see store_said(), not for the CSMS */
        bool combine; /* written: an unsent event of its type is counted up instead, if there is
                         one */
} OutboxRow;
/* Frees what the row owns and empties it. */
void outbox_row_done(OutboxRow *row);
/* Must it arrive? Ends of jobs and security events; the others may be given up. */
bool outbox_row_is_final(OutboxKind kind, int value);

/* Names of single values. */
#define STORE_CONFIRMED_SLOT                                                                       \
        "confirmed-slot" /* what our record has confirmed: see prove_mark_of() in agent-prove.c */
#define STORE_CSMS_TIME "csms-time" /* wall clock usec: the last time a CSMS told */
#define STORE_SIGNED_LATCH                                                                         \
        "signed-latch" /* "1": a manufacturer root was seen, unsigned requests are refused from    \
                          then on */
#define STORE_BOOT_REASON                                                                          \
        "boot-reason" /* id of the boot that our reboot ends, until a BootNotification after it    \
                         was Accepted: its reason is FirmwareUpdate */
#define STORE_BOOT_ID "boot-id" /* of the boot that the CSMS was told of */
#define STORE_STARTED                                                                              \
        "started" /* id of the boot whose StartupOfTheDevice or ResetOrReboot is in the outbox, or \
                     was */
#define STORE_RESET                                                                                \
        "reset" /* an order of the CSMS's, and then what the next BootNotification is due to: see  \
                   agent-reset.c */
#define STORE_INOPERATIVE "inoperative" /* connectors: see to_text() in agent-availability.c */
#define STORE_FAILED_TRIALS                                                                        \
        "failed-trials" /* "SHA-256 number" a line, the newest first: files whose trial failed */
#define STORE_HEALTH_SINCE                                                                         \
        "health-since" /* "BOOT-ID USEC": boot clock at that boot's first health check; goes once  \
                          one said good */
#define STORE_HOLDERS                                                                              \
        "holders"         /* who holds locks, a line each, to be waited for after a restart        \
                           */
#define STORE_CSMS "csms" /* host of csms.url that the outbox belongs to */
#define STORE_NETWORK_PROFILE "network-profile:" /* and the slot: see network_profile_to_text() */
#define STORE_NETWORK_LAST "network-last"        /* slot of the profile that worked last */
#define STORE_NETWORK_FLOOR                                                                        \
        "network-floor" /* highest security profile of the CSMS's profiles that worked */
#define STORE_NETWORK_URL "network-url" /* csms.url when all this was set */

/* Opens (makes) folder/agent.db. A schema newer than ours is used as it is: changes are additive
 * only. A damaged database is set aside as agent.db.damaged (logged) and a fresh one filled by the
 * copy beside it, which has no location, certificate and signature. 0, or 1: that happened, and
 * *ret; negative errno. *reterr: a sentence for people, owned by the
 * caller. */
int store_open(const char *folder, Store **ret, char **reterr);
/* Catches up and closes the database. */
void store_free(Store *s);
DEFINE_CLEANUP(Store *, store_free)

/* What is stored is in the WAL and synced; the copy beside the database and the WAL's way into the
 * database are more writes and syncs, which nobody needs to wait for. From now on they are left:
 * owes(userdata), called within the call that stores something, tells that there is such work, and
 * store_catch_up() is to be called from the loop. Without it a power cut loses nothing, but the
 * copy is older, and a WAL that has grown too long is dealt with where it grows. Before
 * store_defer() each call does all of its work. */
void store_defer(Store *s, void (*owes)(void *userdata), void *userdata);
/* Does what was left. What fails is logged or tried again later. */
void store_catch_up(Store *s);

/* Fills *ret (initialised). A state that only a newer agent knows is read as downloading or
 * rebooting. 0: there never was a job; 1; negative errno. */
int store_load_job(Store *s, Job *ret);

/* The same for the request for logs; a state that only a newer agent knows is read as collecting.
 */
int store_load_log(Store *s, LogJob *ret);

/* A status as it was put into the outbox; the newest STATUSES_KEPT stay after they were answered,
 * for people. */
#define STATUSES_KEPT 10
typedef struct SaidStatus {
        usec_t time;        /* wall clock */
        int64_t request_id; /* NO_INT none */
        FirmwareStatus status;
} SaidStatus;
/* Of a request (NO_INT: those without an id) the newest status that does not wait in the outbox,
 * the row sending aside; the first one if all wait; FW_NONE: there is none, or it can't be read. */
FirmwareStatus store_last_sent(Store *s, int64_t request_id, int64_t sending);
/* Those, oldest first. Their number, or negative errno. */
int store_said(Store *s, SaidStatus ret[static STATUSES_KEPT]);

/* What a step changes, all or nothing. */
typedef struct StoreChange {
        const Job *job;        /* NULL: the row stays */
        const LogJob *log;     /* the same for the request for logs; not both in one change */
        const OutboxRow *rows; /* put at the end of the outbox (id and tries are ignored) */
        size_t row_count;
        bool keep_copy;         /* the copy beside the database stays as it is */
        int64_t sending;        /* id of the row on the wire, which nothing is added to; 0 none */
        bool drop_intermediate; /* superseded: unsent statuses of the job's kind that are not final
                                   go */
        const char *name;       /* NULL, or a value that is set as by store_set() */
        const char *value;
} StoreChange;
/* Stores it, synced. 0 or negative errno (nothing was changed then). */
int store_commit(Store *s, const StoreChange *change);

/* The first row that isn't set aside, or, with aside, the first set-aside one with id > after.
 * 1 and *ret (owned by the caller); 0 none; negative errno. */
int store_outbox_first(Store *s, bool aside, int64_t after, OutboxRow *ret);
/* It was said. 0, also where there is no such row; negative errno. */
int store_outbox_remove(Store *s, int64_t id);
/* Writes tries and aside of the row with this id. 0 or negative errno. */
int store_outbox_update(Store *s, const OutboxRow *row);
/* Where there are more than max rows, intermediate statuses go, the oldest first. 0 or negative
 * errno. */
int store_outbox_trim(Store *s, int64_t max);
/* Security events beyond max go, the oldest first. How many went; negative errno. */
int store_outbox_trim_events(Store *s, int64_t max);
/* A foreign CSMS: what was to be said of updates and logs goes, security events stay. */
int store_outbox_drop_statuses(Store *s);

/* A single value by its name. *ret owned by the caller, NULL: not set. 0 or negative errno. */
int store_get(Store *s, const char *name, char **ret);
/* Sets it, synced; NULL removes. 0 or negative errno. */
int store_set(Store *s, const char *name, const char *value);
