/* The agent's inside, shared by agent*.c alone:
 *   agent.c          making it, the job's steps and the table of actions
 *   agent-connect.c  addresses, the link, back-off
 *   agent-network.c  network connection profiles: which one is connected by, what the CSMS sets
 *   agent-session.c  BootNotification, Heartbeat, answers, what is sent next
 *   agent-boot.c     why it has started
 *   agent-reset.c    Reset
 *   agent-availability.c  connectors: ChangeAvailability, StatusNotification
 *   agent-clock.c    the CSMS's time
 *   agent-show.c     what D-Bus shows
 *   agent-outbox.c   statuses and events until the CSMS has answered
 *   agent-calls.c    what the CSMS asks: decoding, triggers
 *   agent-vars.c     variables: what they are, what they change
 *   agent-configuration.c  … asked for and set by 1.6's configuration keys
 *   agent-variables.c  … read and set by 2.x's messages
 *   agent-report.c   … told by 2.x's reports
 *   agent-request.c  an update request's verdict
 *   agent-roots.c    what InstallCertificate brings, and its effects
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

#include "agent-station.h"
#include "agent.h"
#include "backoff.h"
#include "certificates.h"
#include "control.h"
#include "job.h"
#include "linelog.h"
#include "locks.h"
#include "log.h"
#include "network.h"
#include "place.h"
#include "redact.h"
#include "rpc.h"
#include "store.h"
#include "transfer.h"
#include "vars.h"
#include "verify.h"

#define TRIGGERS_MAX 16
/* Reports that wait or are told. */
#define REPORTS_MAX 4
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

/* By which profile the station connects. */
typedef struct Network {
        NetworkProfile profile; /* in use, or tried next */
        int64_t slot;
        int64_t linked_slot; /* that the link was made for */
        int64_t told_slot;   /* of the last connection there was; -1 none in this run */
        int64_t worked_last; /* stored */
        int64_t floor;       /* stored: no profile below this security profile (A05) */
        unsigned failures;   /* attempts in a row by this profile that came to nothing */
        bool worked;         /* the open connection, or the one that has just ended, was of use */
        usec_t opened;       /* boot clock: when it began; 0: there was none */
        char *order;         /* NetworkConfigurationPriority as of then */
} Network;

/* A report that was asked for; see agent-report.c. */
typedef struct Report {
        ReportRequest request;
        const Table *table; /* that it was read by */
        ModelWalk next;     /* from here on it is still to be told */
        ModelWalk after;    /* the same, once the part that was sent is answered */
        int64_t number;     /* of the next part */
        unsigned tries;     /* that it had, in vain */
} Report;

typedef struct Reports {
        Report list[REPORTS_MAX]; /* the first one is told */
        size_t count;
        const Dialect *dialect; /* whose they are */
        bool was_last;          /* the outbox comes next */
} Reports;

struct Agent {
        AgentParts parts;
        const Config *config;
        Store *store;
        sd_event_source *store_source; /* what it has left to do */
        Installer *installer;
        Certificates certificates;
        TrustStore *roots;          /* of the manufacturer; NULL: none */
        char *installed_csms_roots; /* a PEM file; NULL: none */
        bool store_was_damaged;     /* … and is a fresh one with what its copy knew */
        bool require_signed;
        Vars *vars;

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
        Network network;
        Transfer *resolve;
        char *addresses[TRANSFER_ADDRESSES_MAX];
        size_t address_count, address_next;
        Backoff backoff;
        usec_t waiting_since; /* boot clock: when the wait for the next attempt began */
        sd_event_source *reconnect_timer, *rpc_timer, *boot_timer, *heartbeat_timer, *pump_source;
        RegistrationState registration;
        bool boot_due, boot_answered, heartbeat_due;
        usec_t online_until; /* boot clock: when the last connection ended, 0 there was none */
        LinkEnd last_end;    /* LINK_CLOSED once the CSMS has answered */
        bool dates_refused;  /* the certificate of the open connection is out of date */
        uint8_t *connectors; /* by number, 0 is the station: see agent-station.h */
        Reset reset;
        BootReason boot_reason;
        bool csms_told;     /* the CSMS has told its time in this run */
        usec_t csms_offset; /* … at boot time 0: what the wall clock does is nothing to it */
        InFlight in_flight;
        Trigger triggers[TRIGGERS_MAX];
        size_t trigger_count;
        size_t frame_bytes; /* of the frame that came last */
        Reports reports;

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
/* For people: why the job will fail; OCPP's word for it is taken away. Kept in the row with the
 * next step. */
void agent_set_reason(Agent *a, const char *reason);
/* One-shot timer into *source, replacing it; function gets the agent. */
int agent_timer(Agent *a, sd_event_source **source, usec_t after, sd_event_time_handler_t function);
void agent_timer_off(sd_event_source **source);

/* agent-store.c */
/* Opens it. 0 or negative errno, logged. */
int agent_store_init(Agent *a);
void agent_store_done(Agent *a);
/* Stores the row as it is, without a step. 0 or negative errno, logged. */
int agent_save(Agent *a);
/* The same, again and again until it is done. */
void agent_save_surely(Agent *a);
/* Something could not be stored: logged. Of a damaged database the agent begins anew. */
void agent_store_failed(Agent *a, int error);

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

/* agent-network.c */
/* The station's own configuration as a profile, with which the agent begins. 0 or -ENOMEM. */
int network_init(Agent *a);
/* The store is this CSMS's: what was set in earlier runs holds, and the first profile is chosen. 0
 * or negative errno. */
int network_load(Agent *a);
/* csms.url names another CSMS: what the old one has set is forgotten. 0 or negative errno. */
int network_forget(Agent *a);
void network_done(Agent *a);
/* A connection is open. True: by another profile than the one before. */
bool network_opened(Agent *a);
/* The CSMS has answered: the profile works. */
void network_worked(Agent *a);
/* BootNotification was rejected, or not answered as it should: this may be the wrong CSMS. */
void network_refused(Agent *a);
/* A connection has ended, or an attempt at one: chooses the profile of the next attempt. */
void network_ended(Agent *a);
void network_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);
/* May NetworkConfigurationPriority be this? */
bool network_allows_order(const Agent *a, const char *order);
/* Variables. Owned by the caller; NULL when out of memory. */
char *network_read_slot(const Agent *a);
char *network_read_security(const Agent *a);
char *network_read_timeout(const Agent *a);

/* agent-session.c */
int session_init(Agent *a);
/* The link is open, a->dialect is what was agreed on. */
void session_opened(Agent *a);
/* … by another network profile than before: the CSMS there has to accept the station first. */
void session_moved(Agent *a);
/* The link is gone. */
void session_closed(Agent *a);
void session_done(Agent *a);
/* Sends what is due next, soon, from the loop. */
void session_kick(Agent *a);
/* The job left a state in which BootNotification was held back, or wants to know what it knows
 * already. */
void session_boot_wanted(Agent *a);
/* HeartbeatInterval is another one: it counts from now. */
void session_heartbeat_changed(Agent *a);
/* Encodes and sends. 0, or negative errno (logged): nothing is in flight. */
int session_call(Agent *a, OutgoingKind kind, const void *message, const InFlight *in_flight);
/* The same for what is encoded already; payload is consumed. */
int session_send(Agent *a, OutgoingKind kind, cJSON *payload, const InFlight *in_flight);
const char *agent_id_text(int64_t request_id, char buffer[static 32]);

/* agent-outbox.c */
/* Sends the next row if one may go. 1: sent. */
int outbox_send_next(Agent *a);
void outbox_answered(Agent *a, const char *error_code);
void outbox_timed_out(Agent *a);
/* The code that a reason (NULL none) is told with: none is told without. */
const char *outbox_reason_code(const char *code, const char *reason);
/* Each BootNotification gives set-aside rows one more chance. */
void outbox_after_boot(Agent *a);
/* Nothing waits that may be sent now. */
bool outbox_is_empty(Agent *a);
/* Puts one event into the outbox by itself. */
void agent_security_event(Agent *a, SecurityEventType type, const char *tech_info);
/* … and sets a value of the store, both or none. 0 or negative errno, logged. */
int agent_security_event_once(Agent *a, SecurityEventType type, const char *tech_info,
                              const char *name, const char *value);

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

/* agent-vars.c */
/* Before anything is read. 0 or negative errno, logged. */
int agent_vars_init(Agent *a);
/* What was set in earlier runs takes effect, once there is a link. */
void agent_vars_apply(Agent *a);

/* agent-configuration.c */
void configuration_handle_get(Agent *a, const char *id, const Incoming *incoming,
                              const cJSON *payload);
void configuration_handle_change(Agent *a, const char *id, const Incoming *incoming,
                                 const cJSON *payload);

/* agent-variables.c */
/* 2.x alone: the device model of the version that is spoken. */
Model variables_model(const Agent *a);
/* B06.FR.17, B08.FR.18, and for SetVariables as well: is the call that came last longer than limit,
 * a BytesPerMessage? Then it is answered. */
bool variables_too_long(Agent *a, const char *id, const Incoming *incoming, VarId limit);
void variables_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);

/* agent-report.c */
void report_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);
/* Sends the next part of the first report. 1: sent; 0: there is none; negative errno, logged. */
int report_send_next(Agent *a);
/* The part in flight was answered, by whatever; or not at all. */
void report_answered(Agent *a);
void report_timed_out(Agent *a);
/* The session goes on with these reports, unless another version is spoken now. */
void report_opened(Agent *a);
void report_done(Agent *a);

/* agent-request.c */
/* 0; -EPROTONOSUPPORT: a URL of a scheme that is not allowed; -EINVAL: none that can be used. */
int request_judge_url(const Agent *a, const char *url);
/* As if a request had come, but the CSMS is told nothing. 0 and *q is taken over; negative errno.
 */
int request_take_local(Agent *a, UpdateRequest *q, JobEvent event);
/* Logs the request that has become the job. */
void request_tell_accepted(const Agent *a);
void request_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);

/* agent-roots.c */
/* Loads the roots, and finds out whether unsigned requests are refused. 0; negative errno or
 * AGENT_BAD_CONFIG, logged. */
int roots_init(Agent *a);
void roots_done(Agent *a);
/* Tells the link of the installed roots of the CSMS. */
void roots_tell_link(Agent *a);
void roots_handle_install(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);
void roots_handle_get(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);
void roots_handle_delete(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload);

#include "agent-job.h"
