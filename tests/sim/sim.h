/* The simulation's inside: one world in one process on a virtual clock, in which the real agent
 * lives, dies and lives again. Shared by sim*.c alone:
 *   sim.c         seeds, worker processes, figures
 *   sim-run.c     one seed: lives of the agent, boots of the machine, the quiet end
 *   sim-plan.c    what a seed is about: configuration, faults, what happens when
 *   sim-loop.c    the virtual clock; sd_event_*() for the agent; what the world does later
 *   sim-disk.c    SQLite's VFS that loses what was not synced
 *   sim-sql.c     … and its statements, kept ready
 *   sim-spool.c   the downloaded file
 *   sim-link.c    link.h
 *   sim-csms.c    the CSMS's answers
 *   sim-orders.c  … its orders and triggers
 *   sim-logs.c    … its requests for logs, and what it heard of them
 *   sim-record.c  … what it heard, and whether it may hear that
 *   sim-rauc.c    installer.h
 *   sim-boot.c    slots and boot loaders
 *   sim-worker.c  transfer.h: what the workers bring
 *   sim-keys.c    … and the certificates of it
 *   sim-machine.c machine.h, control.h: programs, reboot, sessions, the operator
 *   sim-laws.c    what must be true of the world
 * All state is in `sim`, set to zero for each seed; nothing depends on anything but the seed. */
#pragma once

#include <stdio.h>

#include "agent-private.h"
#include "ocpp16.h"
#include "ocpp201.h"

#define DAY (24 * USEC_PER_HOUR)
/* 2035: behind any build, within the certificates of the simulation. */
#define SIM_EPOCH (UINT64_C(2051222400) * USEC_PER_SEC)
#define PERMILLE 1000

/* ---- chance (sim-loop.c) ---- */

uint64_t rnd(uint64_t n); /* 0 … n - 1 */
bool chance(unsigned permille);
/* Mostly near from, sometimes up to to: spans of the world. */
usec_t span(usec_t from, usec_t to);

/* ---- what a seed is about (sim-plan.c) ---- */

/* Kinds of faults. Each seed has its own rate for each, many are zero: a calm world lets the
 * unlikely faults be seen. */
typedef enum Fault {
        FAULT_LINK_CUT,    /* the connection breaks */
        FAULT_LINK_REFUSE, /* none comes about */
        FAULT_FRAME_LOST,  /* swallowed, though the connection lives */
        FAULT_FRAME_LATE,  /* past message_timeout */
        FAULT_FRAME_TWICE,
        FAULT_CSMS_ERROR, /* CALLERROR */
        FAULT_CSMS_SILENT,
        FAULT_CSMS_GARBAGE,
        FAULT_CSMS_PENDING, /* BootNotification: Pending or Rejected */
        FAULT_CSMS_CLOSES,
        FAULT_DOWNLOAD,
        FAULT_DOWNLOAD_FINAL,
        FAULT_WRONG_FILE, /* another file than was signed */
        FAULT_HASH,
        FAULT_SPOOL, /* rename, unlink, mkdir fail; a file is not as it was after a cut */
        FAULT_COLLECT,
        FAULT_UPLOAD,
        FAULT_RAUC_ERROR,
        FAULT_RAUC_GONE,
        FAULT_RAUC_BUSY, /* works for somebody else */
        FAULT_INSTALL,   /* Completed(1), at any step */
        FAULT_INSTALL_HANGS,
        FAULT_MARK_LOST, /* answered, not written */
        FAULT_DISK,
        FAULT_REBOOT, /* refused, or nothing comes of it */
        FAULT_HOOK,   /* can't be started, or ends by a signal */
        FAULT_MAX,
} Fault;

typedef enum Loader { LOADER_UBOOT, LOADER_GRUB, LOADER_EFI, LOADER_MAX } Loader;

typedef enum Health { HEALTHY, HEALTH_LATE, HEALTH_FLAKY, HEALTH_NEVER, HEALTH_SICK } Health;

/* A system that a bundle brings. */
typedef struct Content {
        bool comes_up, data_only;
        Health health;
        usec_t late; /* HEALTH_LATE: from then on after the boot it is well */
} Content;

#define CONTENTS_MAX 16
#define CONTENT_NONE (-1)   /* no file, or a slot that was never written */
#define CONTENT_BROKEN (-2) /* half of something */
#define CONTENT_FOREIGN 15  /* what a technician installs */
#define ARCHIVE_NONE (-1)
#define ARCHIVE_PART (-2)
#define FILE_BYTES 1000

/* ---- orders (sim-csms.c) ---- */

#define ORDERS_MAX 8
#define SAID_MAX 64

/* A status in the CSMS's record. */
typedef struct Said {
        FirmwareStatus status;
        bool settled; /* the agent has its answer, and has taken it to heart: not again */
} Said;

/* What was said of one request; of all plain 1.6 requests together, which have no id. */
typedef struct Record {
        Said said[SAID_MAX];
        size_t count;
        unsigned finals;
        /* how often the agent made it its job, and how often another one took its place */
        unsigned runs, superseded, begun;
        bool muddled; /* set aside, a final status came when it was not its turn any more */
        usec_t superseded_at;
} Record;

typedef struct Order {
        int64_t request_id;
        bool plain, is_signed, good_signature, good_certificate, good_url;
        int content; /* what the location serves */
        usec_t retrieve_at, install_at;
        int64_t retries, retry_interval;
        bool delivered, answered;
        /* of its download: one is open; the longest part; breaks that brought nothing new */
        bool fetching;
        int64_t furthest, barren;
        bool unsure;        /* the agent need not know of the two above */
        usec_t fetched_for; /* when the job was accepted that this is about: one may come again */
        Record record;
        /* what is true of it in the world */
        bool proven;       /* the new system ran, was well, was marked, was accepted */
        bool data_written; /* nothing bootable was in it, and RAUC completed */
        bool unproven_logged;
} Order;

/* ---- the world's parts ---- */

#define SLOTS 2

typedef struct WorldSlot {
        int content, order; /* order: -1 not by one of ours */
        int64_t count;
        char transaction[40], timestamp[40], status[12];
        /* the boot loader's */
        int left;
        bool in_order;
        /* what is true of the content there: by whom and how it was proven */
        bool healthy, marked, accepted, ran, unproven;
        unsigned generation; /* of the content: counts writes */
} WorldSlot;

typedef enum InstallPhase {
        INSTALL_CHECK,
        INSTALL_BEGIN,
        INSTALL_WRITE,
        INSTALL_WRITTEN,
        INSTALL_ACTIVATE,
        INSTALL_DONE,
} InstallPhase;

typedef struct World {
        Loader loader;
        WorldSlot slots[SLOTS];
        int first, next; /* of the boot loader's order; EFI's BootNext, -1 none */
        int booted;
        unsigned boots;
        char boot_id[BOOT_ID_MAX];
        usec_t boot_at;
        int64_t clock_error; /* of the wall clock, usec */
        bool reboot_due;
        int spool_part, spool_file; /* contents */
        int64_t part_bytes;         /* of FILE_BYTES that have come of spool_part */
        bool spool_fresh;           /* … not synced yet */
        bool spool_folder;
        int archive; /* size of the one that is to be uploaded; what of it is a part alone */
} World;

typedef struct Rauc {
        bool present, broken, busy, old; /* old: before 1.10, no transaction ids */
        unsigned run;   /* counts its starts: who asked an earlier one gets no answer */
        bool foreign;   /* works for somebody else */
        bool ours_open; /* the install's Completed goes to the agent of today */
        int content, target, order;
        char transaction[40];
        InstallPhase phase, fails_at;
        bool hangs;
        struct SimInstaller *installer; /* the agent's end; NULL: no agent */
} Rauc;

#define SESSIONS_MAX 3

typedef struct Session {
        bool runs;
        int fd; /* the lock, -1: not held (the agent is away, or has not been asked yet) */
        unsigned connector;
} Session;

typedef struct Figures {
        uint64_t seeds, failures, lives, kills, power_cuts, reboots, fall_backs, orders, frames;
        uint64_t steps, disk_faults, connections, triggers, installs, installs_failed, roll_backs;
        uint64_t log_requests, resets, sessions, cancels, foreign, bricked, reads_failed;
        uint64_t finals[FW_STATUS_MAX];
} Figures;

typedef enum Death { ALIVE, DEATH_STOP, DEATH_KILL, DEATH_POWER } Death;

typedef struct Sim {
        uint64_t seed, random[4];
        bool tells; /* the story is printed */
        char law[256];
        usec_t law_at;
        usec_t now; /* since the seed began; never jumps */
        unsigned rates[FAULT_MAX];
        bool quiet, over;
        usec_t quiet_at;
        unsigned finish; /* steps of the quiet end that are done */
        Config config;
        bool config_signed, dialect16;
        const Dialect *dialect; /* of the connection: 1.6 always, or 2.0.1 or 2.1 as it comes */
        unsigned reach;         /* per mille of instants at which the next cut is drawn */
        Content contents[CONTENTS_MAX];
        Order orders[ORDERS_MAX];
        size_t order_count;
        unsigned resets; /* that the CSMS wanted */
        Record plain;
        World world;
        Rauc rauc;
        Session sessions[SESSIONS_MAX];
        unsigned cut_in; /* effects until the agent dies; 0: not planned */
        Death cut_kind;
        Death death;       /* of this life */
        bool dying;        /* the agent is being freed */
        bool disk_was_bad; /* a fault of the disk since the last call into the agent */
        Agent *agent;
        unsigned life, unmoved; /* dispatches since the clock moved */
        unsigned taken;         /* requests that became the job, as the agent tells */
        bool clock_was_wrong;
        bool technician; /* somebody else's install was done */
        Figures figures;
} Sim;

extern Sim sim;

/* ---- the story and its laws ---- */

/* A line of the story, if it is told. */
void story(const char *format, ...) _printf_(1, 2);
/* A law was broken: the first one ends the seed. */
void broken(const char *format, ...) _printf_(1, 2);
#define LAW(kept, ...)                                                                             \
        do {                                                                                       \
                if (!(kept))                                                                       \
                        broken(__VA_ARGS__);                                                       \
        } while (0)

/* ---- sim-loop.c ---- */

typedef enum Owner { OF_WORLD, OF_BOOT, OF_LIFE, OF_RAUC } Owner;
typedef void (*Todo)(void *arg, uint64_t n);

void loop_reset(void);
/* Later, function(arg, n); it is dropped with its owner. */
void todo_add(Owner owner, usec_t after, Todo function, void *arg, uint64_t n);
void todo_drop(Owner owner);
void todo_cancel(const void *arg);
/* One thing that is due, moving the clock if need be. False: nothing is ever due again. */
bool loop_step(void);
/* A descriptor may be readable. */
void loop_look_at_fds(void);
/* Is the fault's hour? */
bool fault(Fault f);
/* Something is about to take effect outside of the agent: false if it can't, since the agent has
 * died, perhaps just now. */
bool effect(const char *what);
void die(Death death, const char *why);
void loop_agent_is_gone(void);
usec_t sim_wallclock(void);
usec_t sim_true_time(void);

/* ---- sim-disk.c, sim-spool.c ---- */

int disk_init(void); /* once a process: the VFS, and an empty store as the template */
void disk_reset(bool with_template);
void disk_crash(void); /* the power went */
void disk_done(void);
int spool_content(const char *path);
void spool_write(int content, int64_t bytes);

/* ---- sim-link.c ---- */

typedef enum ReceiptKind {
        RECEIPT_NONE,
        RECEIPT_SAID,
        RECEIPT_LOG,
        RECEIPT_BOOT,
        RECEIPT_CALL
} ReceiptKind;

/* What it means that a frame of the CSMS's reached the agent. */
typedef struct Receipt {
        ReceiptKind kind;
        Record *record; /* RECEIPT_SAID: what is settled by it */
        size_t said;
        bool *settled;             /* RECEIPT_LOG: the same */
        Registration registration; /* RECEIPT_BOOT */
        usec_t interval;
        unsigned call; /* RECEIPT_CALL: its number */
} Receipt;

void link_world_reset(void);
/* From the CSMS to the agent; takes text over. */
void link_from_csms(char *text, usec_t after, const Receipt *receipt);
void link_break(bool by_peer, const char *why);
void link_agent_is_gone(void);
bool link_world_is_open(void);

/* ---- sim-csms.c ---- */

void csms_reset(void);
void csms_opened(void);
void csms_closed(void);
/* The agent sends a frame: may it? Then the CSMS hears it, if it arrives. */
void csms_is_sent(const cJSON *frame);
void csms_hears(const cJSON *frame);
/* A frame reaches the agent, and was taken in by it. */
void csms_before(const Receipt *r);
void csms_after(const Receipt *r);
void csms_life_begins(void);
bool csms_has_accepted(void);
bool csms_has_rejected(void);
/* BootNotification may be sent once more: it tells something new. */
void csms_version_changed(void);
const char *csms_version(void);
void csms_trigger_accepted(OutgoingKind kind, unsigned times);
usec_t csms_time(void);

/* ---- sim-orders.c: what the CSMS asks by itself ---- */

void orders_reset(void);
void orders_closed(void);
void csms_order(void *arg, uint64_t n);
void csms_trigger(void *arg, uint64_t n);
void csms_resets(void *arg, uint64_t n);
void csms_babble(void *arg, uint64_t n);
void orders_ask_logs(size_t n, const char *action, const char *payload);
/* The agent answers the call: payload NULL is a CALLERROR. */
void orders_answered(const char *id, const cJSON *payload);
void orders_before(unsigned call);
void orders_after(unsigned call);
void orders_life_begins(void);

/* ---- sim-logs.c: requests for logs, and whether what is said of them is true ---- */

void logs_world_reset(void);
void logs_closed(void);
/* The CSMS asks for logs. */
void csms_wants_logs(void *arg, uint64_t n);
/* Its n-th request reaches the agent; is answered (NULL: a CALLERROR); was dealt with. */
void logs_before(void);
void logs_answered(size_t n, const cJSON *payload);
void logs_after(size_t n, bool answered);
void logs_life_begins(void);
void logs_triggered(void);
/* A status of a request without an id was lost. */
void logs_lost(void);
/* What the workers do. */
void logs_world_collects(bool security);
void logs_world_uploads(const char *url, const char *name);
void logs_world_uploaded(void);
void logs_world_failed(const char *code);
/* The CSMS was told a status. */
void logs_status(const char *word, int64_t request_id, bool is_plain, Receipt *ret);
bool logs_at_rest(void);
/* Each was said that had to be. */
void logs_judge(void);

/* ---- sim-record.c ---- */

void record_reset(void);
/* The CSMS was told a status: the entry to settle once it is answered; false: there is none. */
bool record_status(FirmwareStatus status, int64_t request_id, bool plain, Receipt *ret);
void record_security_event(const char *type, const char *timestamp, const char *tech_info);
/* A connection ended while a status was not answered. */
void record_unanswered(void);
/* One firmware status more may be said because it was asked for. */
void record_trigger(bool plain);
void record_closed(void);
void record_superseded(Record *r);
/* Each was said that had to be. */
void record_judge(void);

/* ---- sim-boot.c ---- */

void boot_reset(void);
int boot_primary(void);
bool boot_reads_good(int slot);
void boot_mark(MarkKind kind, int slot);
/* A power-on, up to the system that comes up. */
void boot_machine(void);
const char *boot_slot_name(int slot);
int boot_slot_of(const char *name); /* -1 */
void boot_slot_written(int slot, int content, int order, const char *transaction);

/* ---- sim-rauc.c ---- */

int rauc_world_installer_new(sd_bus *bus, const InstallerHandlers *handlers, void *userdata,
                             Installer **ret);
void rauc_world_reset(void);
void rauc_world_booted(void);
void rauc_vanish(void *arg, uint64_t n);
void rauc_foreign(void *arg, uint64_t n);
void rauc_heal(void);

/* ---- sim-worker.c, sim-keys.c ---- */

int keys_init(const char *folder); /* once a process */
void keys_done(void);
const char *keys_root(void);
const char *keys_certificate(bool good);
const char *keys_signature(int content);
void worker_digest(int content, FileDigest *ret);

/* ---- sim-machine.c ---- */

void machine_world_reset(void);
void machine_agent_is_gone(void);
void machine_life_begins(void);
void session_begin(void *arg, uint64_t n);
void session_end(void *arg, uint64_t n);
void operator_acts(void *arg, uint64_t n);
bool session_holds(void); /* the agent knows, or will as soon as its grace is used */
void machine_booted(void);

/* ---- sim-plan.c ---- */

int plan_make(void);
void plan_quiet(void);

/* ---- sim-laws.c ---- */

void laws_reset(void);
/* The agent asks for things: may it? */
void law_install_asked(void);
void law_install(int file_content, int target);
void law_mark(MarkKind kind, int slot, const char *as);
void law_marked(MarkKind kind, int slot); /* it is written */
void law_reboot(void);
void law_call_before_accepted(const char *action);
void law_fact_healthy(void);
void law_fact_accepted(void);
void law_end(void);
void law_life_begins(void);
/* Index of the order that is the agent's job, running or over; -1: none. */
int law_order_of_agent(void);
bool law_agent_is_idle(void);

/* ---- sim-run.c ---- */

/* Looks whether all is done that had to be, at intervals. */
void run_judge(void *arg, uint64_t n);
/* Runs one seed. True: all laws held. */
bool run_seed(uint64_t seed, bool tells);
