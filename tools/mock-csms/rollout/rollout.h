/* A roll-out of firmware in stages: tables of transitions and the engine around them, without I/O,
 * without a clock and without stations. Whoever runs it (rollouts.h, a simulation in tests) says
 * what happens and when, stores what has changed and tells stations, through RolloutDoors.
 *
 * Its groups begin one after the other: the next one when enough of the one before have the
 * firmware and have had it for a while. In a group that has begun, each station is told as soon as
 * it is connected. A telling is stored before the message goes out, so that after a crash a station
 * may have been told nothing, which its answer time-out finds, but none is told a second time. Only
 * the retry rule and a superseding firmware tell again, each time by a request id of its own.
 *
 * Failures that pass a limit pause the roll-out within the event that brings the last of them: no
 * telling comes behind it. OCPP has no cancel: an abort only keeps away those not told yet, a
 * station that was told can be told other firmware to take the place of the first (supersede). */
#pragma once

#include "util.h"

#define ROLLOUT_GROUPS_MAX 32
/* Bytes of names, versions and sentences. */
#define ROLLOUT_NAME_MAX 128
#define ROLLOUT_REASON_MAX 256
/* Bytes of a sentence about what a command would do. */
#define ROLLOUT_EFFECT_MAX 511
/* RolloutPlan.by where no operator has done it. */
#define ROLLOUT_ITSELF "mock-csms"
/* Bytes of an order in JSON: a certificate, a signature and a location. */
#define ROLLOUT_ORDER_MAX 16384
/* Bytes of how they are told, in JSON: times and retries. */
#define ROLLOUT_HOW_MAX 511
/* Stations told in one step, so that none takes long; the next step is due at once. */
#define ROLLOUT_TELLS_MAX 100

typedef enum RolloutState {
        ROLLOUT_READY,    /* made, not started */
        ROLLOUT_RUNNING,  /* the groups that have begun are being told, or are awaited */
        ROLLOUT_WAITING,  /* for a time: the start, or that of the next group */
        ROLLOUT_PAUSED,   /* nobody is told; by and reason say by whom and why */
        ROLLOUT_FINISHED, /* every station has come to its end */
        ROLLOUT_ABORTED,  /* later groups are never told */
        ROLLOUT_STATE_MAX,
} RolloutState;

typedef enum RolloutEvent {
        /* What an operator can do: rollout_command(). */
        ROLLOUT_START,
        ROLLOUT_PAUSE,
        ROLLOUT_RESUME, /* what has failed until now is accepted: limits count from here on */
        ROLLOUT_ABORT,
        ROLLOUT_SUPERSEDE,
        ROLLOUT_COMMAND_MAX,
        /* What comes by itself. */
        ROLLOUT_TRIPPED = ROLLOUT_COMMAND_MAX, /* a limit of failures was passed, or a group can't
                                                  reach its share */
        ROLLOUT_AHEAD,                         /* nothing but a time is awaited */
        ROLLOUT_DUE, /* that time has come, or a station wants to be told again */
        ROLLOUT_DONE,
        ROLLOUT_EVENT_MAX,
} RolloutEvent;

typedef enum TargetState {
        TARGET_WAITING,  /* its group has not begun */
        TARGET_DUE,      /* to be told when it is connected and its turn */
        TARGET_TELLING,  /* stored; the message goes out, or was lost with a crash */
        TARGET_TOLD,     /* and has not answered */
        TARGET_ACCEPTED, /* by its answer */
        TARGET_DOWNLOADING,
        TARGET_DOWNLOADED,
        TARGET_INSTALLING,
        TARGET_REBOOTING,
        TARGET_INSTALLED,  /* an end */
        TARGET_RETRYING,   /* failed; DUE again after the retry rule's time */
        TARGET_FAILED,     /* an end, but for a late Installed and for a superseding firmware */
        TARGET_SUPERSEDED, /* was told, and is to be told the firmware that supersedes that; also
                              while paused or aborted */
        TARGET_SKIPPED,    /* an end: aborted before it was told */
        TARGET_STATE_MAX,
} TargetState;

typedef enum TargetEvent {
        TARGET_GROUP_BEGUN,
        TARGET_TELL,
        TARGET_SENT,
        TARGET_ANSWER_ACCEPTED,
        TARGET_IS_DOWNLOADING,
        TARGET_HAS_DOWNLOADED,
        TARGET_IS_INSTALLING,
        TARGET_IS_REBOOTING,
        TARGET_HAS_INSTALLED,
        TARGET_HAS_VERSION,   /* it has booted with the version that is rolled out */
        TARGET_FAILS,         /* and is told again */
        TARGET_FAILS_AT_LAST, /* and isn't */
        TARGET_REFUSES,       /* the same two, as its answer: too late once it has told a status */
        TARGET_REFUSES_AT_LAST,
        TARGET_RETRY_DUE,
        TARGET_SUPERSEDE,
        TARGET_RENEW, /* there is other firmware for one that has failed */
        TARGET_ABORT,
        TARGET_EVENT_MAX,
} TargetEvent;

/* Why a station failed. */
typedef enum TargetFailure {
        FAILURE_NONE,
        FAILURE_NO_ANSWER,    /* neither an answer nor a status within the answer time-out */
        FAILURE_REJECTED,     /* the answer was neither Accepted nor AcceptedCanceled */
        FAILURE_CALL_ERROR,   /* the answer was a CALLERROR */
        FAILURE_UNTELLABLE,   /* there is no message that tells this station; never retried */
        FAILURE_DOWNLOAD,     /* DownloadFailed */
        FAILURE_SIGNATURE,    /* InvalidSignature */
        FAILURE_INSTALL,      /* InstallationFailed */
        FAILURE_VERIFICATION, /* InstallVerificationFailed */
        FAILURE_STALLED,      /* no other status within the progress time-out */
        FAILURE_MAX,
} TargetFailure;

/* A part of something: hundredths of a per cent of it, rounded up, or a count. */
typedef struct RolloutShare {
        enum { SHARE_NONE, SHARE_PERCENT, SHARE_COUNT } kind;
        int64_t value; /* SHARE_PERCENT: 1000 is 10 % */
} RolloutShare;

/* A stage. The first members are the plan, the others the engine's. */
typedef struct RolloutGroup {
        char name[ROLLOUT_NAME_MAX + 1];
        RolloutShare success; /* how many of it must have the firmware before the next one begins */
        usec_t wait;          /* … and for how long */
        RolloutShare fail_limit; /* so many failures of it pause the roll-out; SHARE_NONE: any
                                    number may */

        usec_t begun_at, reached_at; /* wall clock; NO_TIME: not yet */
        bool waived; /* an operator has resumed though it can't reach its share: all ended is enough
                      */
        uint32_t forgiven;                 /* failures that were accepted by resuming */
        uint32_t first, size;              /* its targets: these, by index */
        uint32_t counts[TARGET_STATE_MAX]; /* of its targets by state */
} RolloutGroup;

typedef struct RolloutRetry {
        uint32_t times; /* after the first try */
        usec_t after;
        uint32_t reasons; /* a set of 1 << TargetFailure */
} RolloutRetry;

typedef struct RolloutTarget {
        char *id; /* owned */
        uint16_t group;
        TargetState state;
        TargetFailure failure; /* the last one, also while it is tried again */
        uint32_t tries;        /* how often it was told the firmware of now */
        int64_t request_id;    /* of the last telling; NO_INT: never told */
        int64_t firmware;      /* that it was told last; 0: none */
        usec_t since;          /* wall clock: when it came into its state */
        usec_t acts_at; /* wall clock: it was told to wait with downloading or installing until
                           then; what is over, or 0, is at once */

        bool online, changed; /* the engine's; not stored */
} RolloutTarget;

/* All that is stored of a roll-out, beside groups and targets. */
typedef struct RolloutPlan {
        int64_t id; /* 0: not stored yet */
        char name[ROLLOUT_NAME_MAX +
                  1];     /* also what shares are drawn by: the same name draws the same stations */
        int64_t firmware; /* 0: order */
        char order[ROLLOUT_ORDER_MAX +
                   1]; /* what stations are told where it is no firmware kept here: the runner's */
        char how[ROLLOUT_HOW_MAX + 1];      /* beside that, whatever it is; "": nothing */
        char version[ROLLOUT_NAME_MAX + 1]; /* "": unknown: only statuses tell of success */
        usec_t start_at;                    /* wall clock; 0: as soon as it is started */
        RolloutShare fail_limit;            /* of all stations; SHARE_NONE: any number may fail */
        RolloutRetry retry;
        usec_t answer_timeout;   /* how long a station that was told may say nothing */
        usec_t progress_timeout; /* how long it may stay in one status, be it time to act */
        uint32_t in_flight_max;  /* told and not ended at a time; 0: all */

        RolloutState state;
        char by[ROLLOUT_NAME_MAX + 1],
                reason[ROLLOUT_REASON_MAX + 1]; /* of the last command or pause */
        usec_t since;                           /* wall clock: when it came into its state */
        uint32_t forgiven;                      /* failures that were accepted by resuming */
} RolloutPlan;

typedef struct Rollout Rollout;

/* What has happened, for whoever watches. */
typedef enum RolloutNewsKind {
        NEWS_EVENT,  /* an event of its own life */
        NEWS_TARGET, /* its state (those that only became DUE are not told one by one) */
} RolloutNewsKind;

typedef struct RolloutNews {
        RolloutNewsKind kind;
        uint32_t index; /* the RolloutEvent, or of the target */
        usec_t at;      /* NEWS_EVENT: wall clock */
} RolloutNews;

/* When what is stored must be on the disk. */
typedef enum RolloutFlush {
        FLUSH_SOME_TIME, /* who repeats it will be heard, or it can be done without */
        FLUSH_FIRST,     /* a station has told its end: before anything more is said to anybody */
        FLUSH_NOW,       /* a station is going to be told */
} RolloutFlush;

/* What the engine needs. None may call the engine back. */
typedef struct RolloutDoors {
        /* A request id that was never used. Belongs to the step's transaction. 0 and *ret; negative
         * errno. */
        int (*fresh_id)(void *userdata, int64_t *ret);
        /* Writes the roll-out, its groups and these targets: all or nothing. 0; negative errno. */
        int (*store)(void *userdata, const Rollout *rollout, const uint32_t *targets, size_t count,
                     RolloutFlush flush);
        /* Whether there is a message that tells this station now, and RolloutTarget.acts_at of it:
         * asked before anything is stored, so that a limit of failures that is passed by it stops
         * those behind it. */
        bool (*tellable)(void *userdata, const Rollout *rollout, const RolloutTarget *target,
                         usec_t now, usec_t *ret_acts_at);
        /* Tells a station: it is connected, its request id and firmware are stored, and since is
         * the now of tellable(). Where it
         * can't be sent, the answer time-out finds it. */
        void (*tell)(void *userdata, const Rollout *rollout, const RolloutTarget *target);
        /* Told after it was stored. May be NULL. */
        void (*happened)(void *userdata, const Rollout *rollout, const RolloutNews *news);
        void *userdata;
} RolloutDoors;

/* ---- making and loading ---- */

/* Who is in a group: explicit identities, or a part of those that no group before has. */
typedef struct RolloutChoice {
        RolloutShare share;     /* SHARE_NONE: ids */
        const char *const *ids; /* borrowed; those that are no candidates or are in a group before
                                   are passed over */
        size_t ids_count;
} RolloutChoice;

/* An empty roll-out; plan, groups and doors are copied, of the groups not the engine's numbers. Its
 * targets come by rollout_assign() or rollout_add(). 0 and *ret; -E2BIG: no group or more than
 * ROLLOUT_GROUPS_MAX; -ENOMEM. */
int rollout_new(const RolloutPlan *plan, const RolloutGroup *groups, size_t groups_count,
                const RolloutDoors *doors, Rollout **ret);
void rollout_free(Rollout *rollout);
DEFINE_CLEANUP(Rollout *, rollout_free)
/* Draws the targets: candidates (each once) are given to the groups by choices, one a group; whom
 * none takes is no target. By a hash of the roll-out's name and the identity, so that the same ones
 * are drawn again. 0; -ENODATA: a group would be empty; -ENOMEM. */
int rollout_assign(Rollout *rollout, const char *const *candidates, size_t count,
                   const RolloutChoice *choices);
/* Adds one that was stored, in the order of their indices, groups ascending; id is copied. 0;
 * -EINVAL: no such group or state, out of order; -ENOMEM. */
int rollout_add(Rollout *rollout, const RolloutTarget *target);
/* After the last rollout_add(): counts and queues. All are taken to be offline. 0, -ENOMEM. */
int rollout_restore(Rollout *rollout);
/* The id that the database has given. */
void rollout_set_id(Rollout *rollout, int64_t id);

/* ---- what happens ----
 * now is the wall clock. Each returns 0, also where the event means nothing to the roll-out; or
 * what doors.store or fresh_id gave: then nobody was told anything, and the roll-out is to be freed
 * and loaded anew from what is stored. */

/* A command of an operator's. */
typedef struct RolloutCommand {
        RolloutEvent event;      /* below ROLLOUT_COMMAND_MAX */
        const char *by, *reason; /* for people; NULL: none */
        int64_t firmware;        /* ROLLOUT_SUPERSEDE: what is rolled out from now on … */
        const char *order;       /* … or this (NULL: firmware) … */
        const char *version;     /* … and its version; NULL: unknown */
} RolloutCommand;

/* -EPERM besides: not in this state. ROLLOUT_SUPERSEDE: those told and not at their end are told
 * the new firmware, at once where they are connected; who is told later gets the new one; in one
 * that is not aborted, those that have failed are DUE again. */
int rollout_command(Rollout *rollout, const RolloutCommand *command, usec_t now);
/* A station has connected, or its connection has gone. */
int rollout_connected(Rollout *rollout, const char *id, bool online, usec_t now);
/* It has answered a telling: FAILURE_NONE, FAILURE_REJECTED or FAILURE_CALL_ERROR. No answer is no
 * event, since whether a message got lost or a crash kept it from being sent is the same: the
 * answer time-out finds it. */
int rollout_answered(Rollout *rollout, const char *id, int64_t request_id, TargetFailure failure,
                     usec_t now);
/* It has told a firmware status, in OCPP's word; request_id is NO_INT where the message had none
 * (1.6). */
int rollout_status(Rollout *rollout, const char *id, int64_t request_id, const char *status,
                   usec_t now);
/* Its BootNotification told this version. */
int rollout_booted(Rollout *rollout, const char *id, const char *version, usec_t now);
/* Does what is due. */
int rollout_tick(Rollout *rollout, usec_t now);
/* When rollout_tick() is to be called, wall clock: now or earlier: at once; USEC_INFINITY: not
 * before something happens. */
usec_t rollout_deadline(const Rollout *rollout);

/* ---- what there is ---- all borrowed. */

const RolloutPlan *rollout_plan(const Rollout *rollout);
const RolloutGroup *rollout_groups(const Rollout *rollout, size_t *ret_count);
/* Group by group. */
const RolloutTarget *rollout_targets(const Rollout *rollout, size_t *ret_count);
/* NULL: it is no target. */
const RolloutTarget *rollout_find(const Rollout *rollout, const char *id);
/* Whether the command can be given now. */
bool rollout_allows(const Rollout *rollout, RolloutEvent command);
/* Whether nothing more will come of it by itself: FINISHED, or ABORTED with nobody under way. */
bool rollout_is_over(const Rollout *rollout);
/* What the roll-out waits for, as a sentence for people. Returns buffer. */
const char *rollout_next(const Rollout *rollout, char buffer[static ROLLOUT_REASON_MAX + 1]);

/* What the command would do now, as a sentence for people; for one that is allowed. Returns buffer.
 */
const char *rollout_effect(const Rollout *rollout, RolloutEvent command,
                           char buffer[static ROLLOUT_EFFECT_MAX + 1]);
/* How many of the group must have the firmware before the next one begins. */
uint32_t rollout_needed(const RolloutGroup *group);
/* So many failures of size stations pause the roll-out, those that were accepted included; 0: any
 * number may fail. */
uint32_t rollout_pauses_at(RolloutShare limit, uint32_t size, uint32_t forgiven);

/* How many of size the share is. SHARE_NONE: 0. */
uint32_t rollout_share_of(RolloutShare share, uint32_t size);
/* "10%", "0.25%", "25". 0 and *ret; -EINVAL. */
int rollout_share_parse(const char *text, RolloutShare *ret);
/* The reverse; "" for SHARE_NONE. Returns buffer. */
const char *rollout_share_format(RolloutShare share, char buffer[static TIME_TEXT_MAX]);

/* Words for JSON: "running", "downloading", "NoAnswer". MAX for another word. */
const char *rollout_state_to_string(RolloutState state);
const char *target_state_to_string(TargetState state);
TargetState target_state_from_string(const char *word);
const char *target_failure_to_string(TargetFailure failure);
TargetFailure target_failure_from_string(const char *word);

/* The tables, for tests. The state that follows; a MAX: nothing does. */
RolloutState rollout_step(RolloutState state, RolloutEvent event);
TargetState target_step(TargetState state, TargetEvent event);
/* Told, and neither ended nor given up. */
bool target_is_in_flight(TargetState state);
/* INSTALLED, FAILED, SKIPPED. */
bool target_is_over(TargetState state);
