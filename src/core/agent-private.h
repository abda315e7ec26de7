/* The agent's inside, shared by agent*.c alone:
 *   agent.c          making it, the job's steps and the table of actions
 *   agent-connect.c  addresses, the link, back-off
 *   agent-session.c  BootNotification, Heartbeat, answers, what is sent next
 *   agent-clock.c    the CSMS's time
 *   agent-show.c     what D-Bus shows
 *   agent-outbox.c   statuses and events until the CSMS has answered
 *   agent-calls.c    what the CSMS asks: decoding, triggers
 *   agent-request.c  an update request's verdict
 *   agent-way.c      what downloads and uploads have in common
 *   agent-fetch.c    actions up to the closed file
 *   agent-hash.c     … up to the verified one
 *   agent-stream.c   RAUC fetches by itself
 *   agent-bundle.c   what RAUC tells of a bundle before it installs it
 *   agent-hold.c     what install and reboot wait for
 *   agent-install.c  actions from the installer's call to the reboot
 *   agent-undo.c     a failure: the old slot is the next boot's again
 *   agent-trial.c    after a boot: where are we, is it well, confirm
 *   agent-rollback.c back to the old slot, or staying
 *   agent-local.c    updates that the CSMS did not order
 *   agent-wear.c     what was tried too often: starts without progress, files that fail their trial
 *   agent-log.c      requests for logs: the job's steps, attempts, uploading
 *   agent-log-request.c   … what GetLog and GetDiagnostics are answered
 *   agent-log-collect.c   … what goes into the archive
 *   agent-log-keep.c      … what the agent keeps for them
 *   agent-prove.c    after a boot: the slot that no job of ours is about */
#pragma once

#include "agent.h"
#include "backoff.h"
#include "control.h"
#include "job.h"
#include "linelog.h"
#include "locks.h"
#include "log.h"
#include "machine.h"
#include "place.h"
#include "redact.h"
#include "rpc.h"
#include "store.h"
#include "transfer.h"
#include "verify.h"

#define TRIGGERS_MAX 16
/* How long a Mark, an undo and the like are tried again, and how often. */
#define MARK_FOR (10 * USEC_PER_MIN)
#define INSTALLER_RETRY (5 * USEC_PER_SEC)
/* InstallRebooting is answered, or this is over. */
#define ANNOUNCE_FOR (10 * USEC_PER_SEC)
#define HEALTH_RETRY (5 * USEC_PER_SEC)
#define LOOK_RETRY USEC_PER_MIN
/* Many CSMS tell their time in whole seconds and mean "now" by it. */
#define SCHEDULE_TOLERANCE (2 * USEC_PER_SEC)
/* An installer that is not there may be about to start. */
#define INSTALLER_WAIT (10 * USEC_PER_SEC)
/* Install, reboot, roll-back: how often each is begun. */
#define STARTS_MAX 3

/* A message that TriggerMessage asked for. */
typedef struct Trigger {
        TriggerKind kind;
        OutgoingKind firmware_kind; /* which of 1.6's two firmware messages */
        int64_t connector;          /* NO_INT: all */
} Trigger;

/* The CALL that is open. */
typedef struct InFlight {
        OutgoingKind kind;
        int64_t outbox_id; /* 0: not from the outbox */
        bool from_aside;
        OutboxKind row_kind;
        int status;        /* what that row says, by its kind */
        int64_t connector; /* StatusNotification: whose; it is told again if it is not answered */
} InFlight;

typedef enum RegistrationState {
        UNREGISTERED, /* BootNotification was not answered yet */
        PENDING,
        REJECTED,
        REGISTERED,
} RegistrationState;

typedef struct Shown Shown;

/* What belongs to requests for logs. */
typedef struct Logs {
        LogJob job;
        Transfer *transfer;
        bool asks_rauc;          /* read_state for the archive is under way */
        sd_event_source *timer;  /* the next attempt, or a step that could not be stored: */
        LogJobEvent again;       /* … the event; LOGJOB_EVENT_MAX: the row alone */
        uint64_t server_seconds; /* that the server wants before the next attempt */
        LineLog ocpp, security;  /* what is kept: messages, security events */
        ControlCall *asked;      /* who wants the job for a file of his own; NULL: nobody */
        char *asked_file;
} Logs;

struct Agent {
        AgentParts parts;
        const Config *config;
        Store *store;
        Installer *installer;
        TrustStore *roots;      /* NULL: none configured */
        bool store_was_damaged; /* … and is a fresh one with what its copy knew */
        bool require_signed;

        Job job;
        char boot_id[BOOT_ID_MAX];
        char *booted_slot;      /* NULL: not known yet */
        char *booted_mark;      /* … and what is installed there: see prove_mark_of() */
        char *firmware_version; /* of the running system */
        char *unsafe_place;     /* why state or spool would not outlive an update; NULL: they do */
        bool whereabouts_known; /* the start's questions are answered */
        bool blind;             /* … or were given up for a while: RAUC is not there */
        bool asking;            /* read_state for the start is under way */
        unsigned looks;         /* … and how often it was in vain */
        sd_event_source *look_timer, *look_limit;
        Program *prove_program; /* health of a slot that came without a job of ours */
        bool proving;           /* … or its mark is under way */
        usec_t prove_until;

        /* session */
        Link *link;
        Rpc *rpc;
        const Dialect *dialect; /* NULL: not connected */
        Transfer *resolve;
        char *addresses[TRANSFER_ADDRESSES_MAX];
        size_t address_count, address_next;
        Backoff backoff;
        sd_event_source *reconnect_timer, *rpc_timer, *boot_timer, *heartbeat_timer, *pump_source;
        RegistrationState registration;
        bool boot_due, boot_answered, heartbeat_due;
        bool connectors_triggered; /* connectors_due was asked for: allowed while Pending */
        usec_t online_until; /* boot clock: when the last connection ended, 0 there was none */
        LinkEnd last_end;    /* LINK_CLOSED once the CSMS has answered */
        bool dates_refused;  /* the certificate of the open connection is out of date */
        int connectors_due;  /* next connector to tell of, -1 none */
        BootReason boot_reason;
        usec_t heartbeat_interval;
        bool csms_told;     /* the CSMS has told its time in this run */
        usec_t csms_offset; /* … at boot time 0: what the wall clock does is nothing to it */
        InFlight in_flight;
        Trigger triggers[TRIGGERS_MAX];
        size_t trigger_count;

        /* outbox */
        sd_event_source *outbox_timer; /* a CALLERROR made it wait */
        bool outbox_waits;
        int64_t aside_after; /* set-aside rows up to this one were tried since the last
                                BootNotification */

        /* the job's work */
        bool superseding; /* the step that is being stored ends another job */
        bool same_file;   /* … which fetched from the same place: its part is kept */
        Transfer *transfer;
        Program *program;
        sd_event_source *work_timer;  /* one at a time: what the state waits for */
        sd_event_source *limit_timer; /* how long the state may last */
        sd_event_source *again_timer; /* a step that could not be stored */
        JobEvent again;
        void (*when_idle)(Agent *a); /* asked again as soon as the installer is idle or there */
        bool hashed;                 /* by this process: bundle_sha256 is the file's */
        bool asked_before;           /* InstallBundle was called before the call that is open */
        bool completed;              /* RAUC said Completed(0) to the install that is open */
        char *manifest_hash; /* of the bundle that RAUC has looked at; NULL: none that binds */
        void (*after_hash)(Agent *a); /* NULL: it is hashed for the first time, to be verified */
        int hash_tries;
        int local_file; /* to be copied; -1: none */
        int percent;    /* -1 unknown */
        usec_t mark_until, health_until;

        /* what it waits for */
        Locks *locks;
        char *held_by;         /* for people; NULL: nobody */
        char *missing_holders; /* a line each: held before the restart and are not back; NULL */
        usec_t grace_until;    /* … for which they are waited for */
        usec_t check_again_at; /* pre_install_check said not now */
        bool installer_busy;   /* … a moment ago, whatever it tells of itself */
        bool draining;         /* idle connectors are Unavailable */

        Shown *shown;
        Logs logs;
};

/* agent.c */
int agent_event(Agent *a, JobEvent event);
/* Stores the row as it is, without a step. 0 or negative errno, logged. */
int agent_save(Agent *a);
/* The same, again and again until it is done. */
void agent_save_surely(Agent *a);
/* For people: why the job will fail. Kept in the row with the next step. */
void agent_set_reason(Agent *a, const char *reason);
/* Something could not be stored: logged. Of a damaged database the agent begins anew. */
void agent_store_failed(Agent *a, int error);
/* One-shot timer into *source, replacing it; function gets the agent. */
int agent_timer(Agent *a, sd_event_source **source, usec_t after, sd_event_time_handler_t function);
void agent_timer_off(sd_event_source **source);

/* agent-clock.c */
/* The CSMS's time; until it was told, the wall clock. */
usec_t clock_csms_now(const Agent *a);
/* A time of the CSMS's as this machine's own clock tells it; NO_TIME stays. */
usec_t clock_to_wall(const Agent *a, usec_t when);
/* Is a scheduled time still to come? NO_TIME is not. */
bool clock_is_ahead(const Agent *a, usec_t when);
/* The wall clock, or what the CSMS told while that is before the build. */
usec_t clock_to_judge_by(Agent *a);
/* For link_judge_dates_by(). */
usec_t clock_for_tls(Agent *a);
/* The CSMS told its time (NO_TIME: it did not). False: its certificate was not valid then, so it is
 * not believed. */
bool clock_take(Agent *a, usec_t told);

/* agent-show.c */
void show_init(Agent *a);
void show_done(Agent *a);
/* What the D-Bus interface shows, until the loop goes on; NULL when out of memory. */
const ControlState *show_state(Agent *a);
/* Something that the D-Bus interface shows has changed. */
void show_update(Agent *a);
void show_status(Agent *a, FirmwareStatus status);

/* agent-connect.c */
int connect_init(Agent *a);
/* Begins to connect, and goes on for ever. */
void connect_start(Agent *a);
void connect_done(Agent *a);
/* Closes a connection whose certificate was not valid at the time that the CSMS tells. */
void connect_refuse_dates(Agent *a);
/* Closes an open connection; back-off and a new one follow. */
void connect_again(Agent *a);
const Dialect *connect_dialect_of(const Agent *a, const char *protocol);

/* agent-session.c */
int session_init(Agent *a);
/* The link is open, a->dialect is what was agreed on. */
void session_opened(Agent *a);
/* The link is gone. */
void session_closed(Agent *a);
void session_done(Agent *a);
/* Sends what is due next, soon, from the loop. */
void session_kick(Agent *a);
/* The job left a state in which BootNotification was held back, or wants to know what it knows
 * already. */
void session_boot_wanted(Agent *a);
/* Encodes and sends. 0, or negative errno (logged): nothing is in flight. */
int session_call(Agent *a, OutgoingKind kind, const void *message, const InFlight *in_flight);
const char *agent_id_text(int64_t request_id, char buffer[static 32]);

/* agent-outbox.c */
/* Sends the next row if one may go. 1: sent. */
int outbox_send_next(Agent *a);
void outbox_answered(Agent *a, const char *error_code);
void outbox_timed_out(Agent *a);
/* Each BootNotification gives set-aside rows one more chance. */
void outbox_after_boot(Agent *a);
/* Nothing waits that may be sent now. */
bool outbox_is_empty(Agent *a);
/* Puts one event into the outbox by itself. */
void agent_security_event(Agent *a, SecurityEventType type, const char *tech_info);

/* agent-calls.c */
void calls_handle(Agent *a, const char *id, const char *action, const cJSON *payload);
/* Decodes the payload into *ret (initialised), or answers by the CALLERROR that the violation gets:
 * negative errno, nothing to free. */
int calls_decode(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload,
                 void *ret);
/* Encodes and sends an answer; what fails is logged. */
void calls_answer(Agent *a, const char *id, const Incoming *incoming, const void *message);
/* What a firmware status trigger tells. */
FirmwareReport calls_firmware_report(const Agent *a, OutgoingKind kind);

/* agent-request.c */
/* 0; -EPROTONOSUPPORT: a URL of a scheme that is not allowed; -EINVAL: none that can be used. */
int request_judge_url(const Agent *a, const char *url);
/* As if a request had come, but the CSMS is told nothing. 0 and *q is taken over; negative errno.
 */
int request_take_local(Agent *a, UpdateRequest *q, JobEvent event);
/* Logs the request that has become the job. */
void request_tell_accepted(const Agent *a);
void request_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);

/* agent-way.c */

/* Borrows from c. rate_bytes: a second, 0 no limit. */
TransferWay way_of(const Config *c, uint64_t rate_bytes);
/* After so many attempts that failed: retries as asked for, NO_INT as configured. */
bool way_may_be_tried_again(int64_t failed, int64_t asked, int64_t configured);
/* Until the next attempt: as asked for (NO_INT as configured), and what the server wants at least.
 * A day at most. */
usec_t way_rest(int64_t asked_seconds, usec_t configured, uint64_t server_seconds);

/* agent-fetch.c */
/* The files in the spool. */
typedef enum FetchFile {
        FETCH_FILE, /* complete and closed */
        FETCH_PART, /* what has come of it so far */
        FETCH_PART_NOTES,
        FETCH_FILES,
} FetchFile;
/* Owned by the caller; NULL when out of memory. */
char *fetch_path(const Agent *a, FetchFile file);
/* At the start: what is left over in the spool goes. */
void fetch_init(Agent *a);
/* Asks pre_download_check. */
void fetch_ask(Agent *a);
void fetch_wait(Agent *a);
/* Begins a download or goes on with it. */
void fetch_begin(Agent *a);
/* It broke: the next attempt, the same one, or the end. */
void fetch_failed(Agent *a, const TransferFailure *failure);
/* A start found a download under way: the event to give the job. */
JobEvent fetch_restored(Agent *a);
void fetch_wait_retry(Agent *a);
void fetch_stop(Agent *a);
/* Nothing of ours stays in the spool. */
void fetch_drop_file(Agent *a);

/* agent-hash.c */
void hash_verify(Agent *a);
/* Hashes the closed file; then(a) if it is the one that was verified, else EV_FILE_LOST. */
void hash_again(Agent *a, void (*then)(Agent *a));

/* agent-stream.c */
/* Is a request's bundle to be streamed? */
bool stream_is_wanted(const Agent *a, const UpdateRequest *q);
/* … or the job's, since it can't be downloaded? */
bool stream_is_way_out(const Agent *a, const TransferFailure *failure);
/* When it may begin: download and install are one. NO_TIME: at once. */
usec_t stream_time(const UpdateRequest *q);
/* Tells what is missing. */
void stream_init(const Agent *a);
/* A header by the credentials file for the job's location; NULL none. Owned by the caller, who
 * erases it. */
char *stream_login(const Agent *a);
void stream_begin(Agent *a);

/* agent-bundle.c */
/* Where the job's bundle is: order's texts are its own, or the agent's. */
typedef struct BundleSource {
        BundleOrder order;
        char *file, *login;
} BundleSource;
/* 0 and *ret (bundle_source_done()), or -ENOMEM. */
int bundle_source(const Agent *a, BundleSource *ret);
void bundle_source_done(BundleSource *s);
/* Keeps what RAUC tells of the job's bundle. 0 or -ENOMEM. */
int bundle_note(Agent *a, const BundleInfo *bundle);
/* Why the bundle is not to be installed: another one was at the address before, or the
 * configuration refuses its version. NULL: it may be. What can't be judged is refused. */
const char *bundle_objection(const Agent *a);

/* agent-local.c */
/* Orders an update without the CSMS. 0; -EBUSY: there is one; -EINVAL: not a URL that can be
 * fetched, not a regular file; negative errno. file is borrowed, name is for people. */
int local_install(Agent *a, const char *url);
int local_install_file(Agent *a, int file, const char *name);
/* Does the job's bundle come from a file, a->local_file? */
bool local_is_file(const Agent *a);

/* agent-wear.c */
/* A start found the job in its state: the event to give it, or event itself if it may go on. */
JobEvent wear_start(Agent *a, JobEvent event);
/* The trial of the job's file failed: STORE_FAILED_TRIALS as it is then, owned by the caller; NULL:
 * there is no telling. */
char *wear_trial_failed(Agent *a);
/* Did the job's file fail so often that it is refused? */
bool wear_is_known_bad(Agent *a);

/* agent-hold.c */
int hold_init(Agent *a);
void hold_done(Agent *a);
/* Is it time, and does nobody hold? The job's next event comes now or when that is so. */
void hold_look(Agent *a);
/* Does anybody hold what the state is about (the check is not asked)? */
bool hold_is_held(Agent *a);
/* The job has ended: connectors are as they were. */
void hold_over(Agent *a);
bool hold_has_session(const Agent *a, int64_t connector);
/* For D-Bus. 0; -ENOENT: no update, or not paused; -EBUSY: not in this state; negative errno. */
int hold_cancel(Agent *a);
int hold_pause(Agent *a);
int hold_resume(Agent *a);
/* As locks_take(). */
int hold_inhibit(Agent *a, const char *who, const char *why, uint32_t connector, int *ret_fd);

/* agent-install.c */
/* Calls ask as soon as the installer is idle or back, at the latest after INSTALLER_RETRY; the next
 * state forgets it. */
void install_ask_again(Agent *a, void (*ask)(Agent *a));
void install_prepare(Agent *a);
void install_begin(Agent *a);
void install_resume(Agent *a);
void install_completed(Agent *a, int result, const char *error);
void install_vanished(Agent *a);
void install_announce(Agent *a);
/* The outbox became empty while a reboot is being announced. */
void install_announced(Agent *a);
void install_reboot(Agent *a);
bool install_has_our_mark(const Job *job, const Slot *slot);

/* agent-undo.c */
void undo_begin(Agent *a);

/* agent-trial.c */
/* Finds out where the agent woke up, gives the job its event, marks a confirmed slot good. */
void trial_look_around(Agent *a);
void trial_done(Agent *a);
void trial_health(Agent *a);
/* Runs an integrator's program with the job in its environment. 0 or negative errno. */
int trial_run_hook(Agent *a, const char *path, const char *argument, ProgramCallback callback,
                   Program **program);
/* Boot clock at the first health check of this boot, over restarts of the agent; a check that said
 * good ends it. */
usec_t trial_health_began(Agent *a);
void trial_health_is_good(Agent *a);
/* Runs verify_update_script; callback gets its exit code. 0; 1: there is no script, which counts as
 * good; negative errno: it can't be run. */
int trial_run_health(Agent *a, ProgramCallback callback, Program **program);
/* Marks are tried for MARK_FOR: begins that time; once more, or EV_MARK_FAILED. */
void trial_mark_begin(Agent *a);
void trial_mark_again(Agent *a, void (*ask)(Agent *), int error);
void trial_mark_name(Agent *a);
void trial_confirm(Agent *a);
void trial_confirmed(Agent *a);
void trial_await_accepted(Agent *a);
void trial_reconnect(Agent *a);

/* agent-rollback.c */
void rollback_begin(Agent *a);
void rollback_stay(Agent *a);
/* The reboot of the way back does not come. */
void rollback_stuck(Agent *a);
void rollback_mark_target_bad(Agent *a);
/* BootNotification must be answered; where nobody does for rollback_offline, back. */
void rollback_unless_answered(Agent *a);

/* agent-prove.c */
/* A slot with what is installed in it, one text to compare. Owned by the caller; NULL when out of
 * memory. */
char *prove_mark_of(const Slot *slot);
/* Does the record (a value of STORE_CONFIRMED_SLOT, NULL none) confirm it? */
bool prove_is_confirmed(const char *record, const char *mark);
/* Marks the booted slot good if it is the confirmed one; looks at it first if it came without a job
 * of ours. */
void trial_prove(Agent *a);

/* agent-log.c */
/* Goes on with what was under way. */
void logs_start(Agent *a);
void logs_done(Agent *a);
/* The CSMS is another one: nothing more is sent to where the old one wanted it. 0 or negative
 * errno. */
int logs_forget(Agent *a);
void logs_event(Agent *a, LogJobEvent event);
/* *job becomes the request, in one transaction with the end of the one that it replaces, and is
 * taken over. Negative errno: nothing has changed, it is the caller's still. */
int logs_take_over(Agent *a, LogJob *job, LogJobEvent event);
/* Stores the row as it is, again and again until it is done. */
void logs_save(Agent *a);
/* The worker failed, or could not be started (error: negative errno). what: "collect", "upload". */
void logs_attempt_failed(Agent *a, const char *what, const TransferFailure *failure);
void logs_not_started(Agent *a, const char *what, int error);
/* In the spool; a folder of its own, since the cage lets the worker that collects write all of it,
 * and a bundle that was verified may wait beside it. */
#define LOGS_FOLDER "logs"
/* Owned by the caller; NULL when out of memory. */
char *logs_archive_path(const Agent *a);
/* What a trigger tells by this message. */
LogReport logs_report(const Agent *a, OutgoingKind kind);

/* agent-log-request.c */
void logs_handle_request(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);

/* agent-log-collect.c */
void logs_collect(Agent *a);
/* Answers the call by the job that makes the archive as file, of all times. 0; -EBUSY: another call
 * waits for it; -ENOMEM. */
int logs_describe(Agent *a, const char *file, ControlCall *call);
/* Lets the call that waits go. */
void logs_describe_done(Agent *a);

/* agent-log-keep.c */
/* 0 or -ENOMEM. */
int logs_keep_init(Agent *a);
/* Without secrets, at level debug too; direction: '<' received, '>' sent. */
void logs_keep_frame(Agent *a, char direction, const char *text, size_t size);
/* A security event that was put into the outbox. */
void logs_keep_event(Agent *a, const OutboxRow *row);
