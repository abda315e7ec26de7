/* The life of one update: a table of transitions and a step function, without I/O and without a
 * clock. The agent turns circumstances into events, performs the actions, and is told here what to
 * say. Laws: docs/behaviour.md, L01.FR.01-32. */
#pragma once

#include "messages.h"

typedef enum JobState {
        JOB_IDLE,               /* no update; the row keeps the last one for triggers and status */
        JOB_CHECKING,           /* pre_download_check is asked before anything is said */
        JOB_DOWNLOAD_SCHEDULED, /* retrieve time ahead */
        JOB_DOWNLOADING,        /* the worker fetches */
        JOB_RETRYING,           /* between two attempts */
        JOB_PAUSED,             /* the operator stopped the download for a while */
        JOB_VERIFYING,          /* the closed file is hashed, then the signature checked */
        JOB_READY,              /* verified; may it be installed now? */
        JOB_INSTALL_SCHEDULED,  /* install time ahead, or something holds the install */
        JOB_PREPARING,          /* slots are read, the file is hashed again if need be */
        JOB_INSTALLING,         /* InstallBundle was called or is about to be */
        JOB_DATA_HEALTH,        /* nothing bootable was written: health check without a reboot */
        JOB_DATA_RECONNECT,     /* … and the WebSocket is opened anew (TC_L_01_CS) */
        JOB_REBOOT_HELD,        /* a bootable slot was written: may the machine reboot now? */
        JOB_ANNOUNCING,         /* InstallRebooting must be answered, or 10 s over */
        JOB_REBOOTING,          /* the reboot was asked for */
        JOB_TRIAL_HEALTH,       /* the new slot runs: is it well? */
        JOB_TRIAL_MARK,         /* Mark(good, slot's name) */
        JOB_TRIAL_BOOT,         /* BootNotification must be answered */
        JOB_TRIAL_CONFIRM,      /* Mark(good, booted), read back */
        JOB_TRIAL_ACCEPT,       /* BootNotification must be Accepted */
        JOB_UNDOING, /* a failure is known: the booted slot becomes the next boot's again, then it
                        is said */
        JOB_OWING,   /* the failure was said, the undo still can't be done */
        JOB_ROLLING_BACK,  /* the new slot failed its trial: the old one becomes the next boot's */
        JOB_ROLLBACK_HELD, /* … and the machine may not reboot yet */
        JOB_ROLLBACK_REBOOTING, /* … and the reboot was asked for */
        JOB_STAYING,            /* no slot to go back to: this one is marked good, as unproven */
        JOB_RETURNED, /* the old slot runs again: the target is marked bad, then the failure said */
        JOB_STATE_MAX,
} JobState;

typedef enum JobEvent {
        EV_REQUESTED_NOW,    /* accepted, retrieve time is over */
        EV_REQUESTED_LATER,  /* accepted, retrieve time is ahead */
        EV_REQUESTED_CHECK,  /* accepted, pre_download_check is to be asked */
        EV_REQUESTED_NO_URL, /* plain 1.6 can't refuse: the location can't be fetched */
        EV_DUE,              /* the time waited for has come */
        EV_NOT_YET,          /* pre_download_check says not now */
        EV_FETCHED,          /* complete in the spool */
        EV_ATTEMPT_FAILED,   /* attempts are left */
        EV_DOWNLOAD_FAILED,  /* none is, or the error is final */
        EV_SIGNATURE_GOOD,
        EV_SIGNATURE_BAD,
        EV_UNSIGNED,  /* the request carried no signature, and need not */
        EV_FILE_LOST, /* the file can't be read, or is another than was verified */
        EV_INSTALL_NOW,
        EV_INSTALL_LATER,  /* time ahead, or something holds the install */
        EV_PAUSED,         /* by the operator */
        EV_RESUMED,        /* by the operator */
        EV_OFFLINE,        /* no connection to the CSMS between two attempts */
        EV_CANCELED,       /* by the operator, or a check says never */
        EV_PREPARED,       /* origin, target, transaction and hash are in the row */
        EV_INSTALLED,      /* a bootable slot was written and is the next boot's */
        EV_BUNDLE_REFUSED, /* by RAUC's inspection */
        EV_ORIGIN_MOVED,   /* another slot is booted than when it was begun, but nothing was written
                            */
        EV_INSTALLED_DATA, /* nothing bootable was written */
        EV_INSTALL_FAILED,
        EV_REBOOT_NOW,  /* nothing holds the reboot */
        EV_REBOOT_HELD, /* something came to hold it while it was being announced */
        EV_ANNOUNCED,
        EV_REBOOT_FAILED, /* asked three times and still up; on the way back: and the origin is the
                             next boot's */
        EV_RESTORED,  /* the agent started, in the same boot or in the origin slot before any reboot
                         was due */
        EV_TARGET_UP, /* the agent started in the slot that was written, with our mark and status ok
                       */
        EV_TARGET_BROKEN, /* … written incompletely */
        EV_ORIGIN_UP, /* the agent started in the old slot by a new boot though the new one was due
                       */
        EV_ELSEWHERE_UP, /* … in neither, or in what somebody else installed */
        EV_HEALTH_GOOD,
        EV_HEALTH_BAD,  /* or too late, or the installer can't be asked */
        EV_MARKED,      /* and read back */
        EV_MARK_FAILED, /* for the whole time that retries are allowed */
        EV_BOOT_ANSWERED,
        EV_BOOT_ACCEPTED,
        EV_CSMS_AWAY, /* the CSMS does not answer the new system for too long */
        EV_UNDONE,
        EV_UNDO_OWED,   /* the installer can't be asked for too long */
        EV_ROLLED_BACK, /* the origin is the next boot's slot, read back */
        EV_NO_WAY_BACK, /* the origin is not proven */
        EV_SUPERSEDED, /* another request takes its place: its first step is stored over this job */
        JOB_EVENT_MAX,
} JobEvent;

/* What the agent must do after the row is stored. Each bears repeating. */
typedef enum JobAction {
        DO_NOTHING = 0,
        DO_WAIT_RETRIEVE = 1 << 0, /* EV_DUE at retrieve_at */
        DO_FETCH = 1 << 1,
        DO_WAIT_RETRY = 1 << 2, /* EV_DUE after retry_interval */
        DO_VERIFY = 1 << 3,
        DO_ASK_INSTALL = 1 << 4,  /* EV_INSTALL_NOW or EV_INSTALL_LATER */
        DO_WAIT_INSTALL = 1 << 5, /* EV_INSTALL_NOW when nothing holds any more */
        DO_PREPARE = 1 << 6,
        DO_INSTALL = 1 << 7,
        DO_RESUME_INSTALL =
                1 << 8, /* after a restart: finished, still at work, or to be begun anew? */
        DO_ANNOUNCE = 1 << 9,
        DO_REBOOT = 1 << 10,
        DO_HEALTH = 1 << 11,
        DO_MARK_NAME = 1 << 12,
        DO_NOTIFY_BOOT = 1 << 13,
        DO_CONFIRM = 1 << 14,
        DO_AWAIT_ACCEPTED = 1 << 15,
        DO_UNDO = 1 << 16,
        DO_ROLL_BACK = 1 << 17,
        DO_MARK_UNPROVEN = 1 << 18,
        DO_MARK_TARGET_BAD = 1 << 19,
        DO_RECONNECT = 1 << 20,
        DO_STOP_WORK = 1 << 21, /* the worker is killed, timers end */
        DO_DROP_FILE = 1 << 22,
        DO_TELL_BAD_SIGNATURE = 1 << 23, /* event InvalidFirmwareSignature */
        DO_TELL_UPDATED = 1 << 24,       /* event FirmwareUpdated */
        DO_CONFIRMED = 1 << 25,          /* the booted slot is recorded as confirmed */
        DO_WAIT_REBOOT = 1 << 26,        /* EV_REBOOT_NOW when nothing holds any more */
        DO_COUNT_TRIAL = 1 << 27,        /* the file failed one more trial, stored with the step */
        DO_ASK_DOWNLOAD = 1 << 28,       /* EV_DUE, EV_NOT_YET or EV_CANCELED */
} JobAction;

/* Says the failure that the row holds as verdict. */
#define FW_VERDICT FW_STATUS_MAX

/* One transition. */
typedef struct JobStep {
        JobState state;
        JobEvent event;
        JobState next;
        int say;     /* FirmwareStatus, FW_NONE, or FW_VERDICT */
        int verdict; /* FirmwareStatus to store as verdict unless one is stored already; FW_NONE */
        unsigned actions;
} JobStep;

/* The row, as stored. Strings owned. */
typedef struct Job {
        JobState state;
        FirmwareStatus last_status; /* the last one put into the outbox for this job */
        FirmwareStatus verdict;     /* the failure to be said at the end */
        bool plain;                 /* came by 1.6 UpdateFirmware */
        UpdateRequest request;
        int64_t answer; /* UpdateVerdict that the request got: given again to the same request */
        char *content_hash; /* of the request, to know it again */
        char *origin_slot, *target_slot;
        char *boot_id; /* of the boot in which the install was begun, later in which it was finished
                        */
        char *transaction_id;
        char *bundle_sha256; /* of the file that was verified */
        char *bundle_compatible, *bundle_version, *bundle_format; /* as RAUC tells; NULL: not yet */
        char *target_timestamp; /* installed.timestamp of the target before our install, "" none */
        int64_t target_count;   /* installed.count of it, NO_INT none */
        char *done_timestamp;   /* … and of both after it; NULL: it is not complete */
        int64_t done_count;
        int64_t install_accepted; /* 1: InstallBundle was called, and not refused */
        int64_t attempts;         /* download attempts that failed */
        int64_t streams;          /* 1: RAUC fetches by itself, bundle_sha256 is the manifest's */
        int64_t furthest_byte;    /* bytes of the longest part of the file that it ever had */
        int64_t installs;         /* InstallBundle calls */
        int64_t reboots;          /* asked for since the state was entered */
        int64_t roll_backs;       /* reboots out of a failed trial */
        int64_t furthest;         /* JobState: the latest phase it ever was in */
        int64_t restores;         /* starts that found it at work since it got there */
        int64_t was_online; /* 1: the origin slot was connected in the hour before the reboot */
        int64_t silent;     /* 1: not ordered by the CSMS of today, which is told nothing of it */
        int64_t paused;     /* 1: the operator wants it to wait before its next phase */
        usec_t due_at;      /* wall clock: what a waiting state waits for; NO_TIME */
        usec_t accepted_at; /* wall clock: when the request came; NO_TIME */
        usec_t held_since;  /* wall clock: since when somebody holds it; NO_TIME */
        char *reason;       /* for people: why it failed */
        char *reason_code;  /* … in one of OCPP's words; NULL: it has none for that */
} Job;

/* The transition, NULL if the event means nothing in that state (it is then ignored). */
const JobStep *job_step(JobState state, JobEvent event);
/* All transitions, for tests and the manual. */
const JobStep *job_steps(size_t *ret_count);

/* The starts that an update may cost without getting further, and what more than these mean: the
 * event to give it, EV_RESTORED for states that only wait or have limits of their own. */
#define JOB_RESTORES_MAX 10
JobEvent job_worn_out(JobState state);

/* May another request take its place (until InstallBundle is called)? */
bool job_can_be_superseded(JobState state);
/* Is the booted slot on trial, or a roll-back under way? Rule "a proven slot is marked good at
 * every boot" rests then. JOB_TRIAL_ACCEPT is none: its slot is confirmed, the CSMS alone is waited
 * for. */
bool job_is_on_trial(JobState state);
/* Is a reboot waited for, announced or asked for? */
bool job_is_rebooting(JobState state);

/* No update, nothing given. */
void job_init(Job *job);
/* Frees what the job owns and makes it as job_init() does. */
void job_done(Job *job);
/* Words for logs, the store and D-Bus, e.g. "download-scheduled"; never NULL. */
const char *job_state_to_string(JobState state);
/* JOB_STATE_MAX for an unknown word. */
JobState job_state_from_string(const char *word);
/* For logs and the drawn life cycle; never NULL. */
const char *job_event_to_string(JobEvent event);
