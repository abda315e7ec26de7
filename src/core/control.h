/* What the agent shows of itself on D-Bus: a stable interface for rauc-ocpp-ctl and the charger's
 * other software. Name and interface org.raucocpp.Agent1, object /org/raucocpp/Agent1; what each
 * property means stands in data/dbus/org.raucocpp.Agent1.xml. */
#pragma once

#include "util.h"

#define CONTROL_NAME "org.raucocpp.Agent1"
#define CONTROL_PATH "/org/raucocpp/Agent1"
#define CONTROL_INTERFACE "org.raucocpp.Agent1"
/* How many of the statuses last reported are shown. */
#define CONTROL_STATUSES_MAX 10

typedef struct sd_bus sd_bus;
/* A call that is answered later, once, by control_answer(). */
typedef struct ControlCall ControlCall;
typedef struct Control Control;

/* A status that was reported. */
typedef struct ControlStatus {
        usec_t time;            /* wall clock */
        const char *request_id; /* "": none */
        const char *status;     /* in the words of 2.0.1 */
} ControlStatus;

/* What the agent is like now. All borrowed from whoever fills it; a NULL text is shown as "". */
typedef struct ControlState {
        bool connected;
        const char *protocol;     /* "ocpp2.0.1"; "" not connected */
        const char *registration; /* "none", "pending", "rejected", "accepted" */
        const char *url;          /* without user and password */
        const char *identity;
        bool installer_present;        /* RAUC answers */
        const char *booted_slot;       /* "rootfs.0"; "" unknown */
        const char *firmware_version;  /* as told in BootNotification */
        const char *job_state;         /* "idle" or the state's name */
        const char *request_id;        /* "": none */
        const char *location;          /* without user and password */
        const char *bundle_compatible; /* what RAUC tells of the update's bundle; "" not yet */
        const char *bundle_version, *bundle_format;
        int32_t percent;         /* -1: unknown */
        usec_t next_try;         /* wall clock; 0: none */
        const char *reason;      /* why the last update failed; "" it did not */
        const char *held_by;     /* what the update waits for; "" nothing */
        const char *inoperative; /* what the CSMS took out of service; "" nothing */
        bool paused;             /* by the operator */
        const ControlStatus *statuses;
        size_t n_statuses;   /* oldest first; the newest CONTROL_STATUSES_MAX of them are shown */
        const char *version; /* the agent's own */
} ControlState;

/* What may be asked of the agent. Each 0; -ENOENT: there is no update; -EBUSY: not now; -EINVAL:
 * a text is no good; -ENOSPC: too many; other negative errno. */
typedef struct ControlHandlers {
        const ControlState *(*get)(void *userdata); /* valid until the loop goes on */
        /* Begins an update without the CSMS; file is borrowed, name is for people. */
        int (*install)(void *userdata, const char *url);
        int (*install_file)(void *userdata, int file, const char *name);
        int (*cancel)(void *userdata); /* gives the update up */
        int (*pause)(void *userdata);  /* lets it wait before its next phase */
        int (*resume)(void *userdata); /* … and go on */
        /* Holds the reboot, and the install where so configured. connector: of the charging
         * session, 0 none. *ret_fd: held until all its copies are closed; given away. */
        int (*inhibit)(void *userdata, const char *who, const char *why, uint32_t connector,
                       int *ret_fd);
        /* The job by which the worker makes an archive of logs as file, a text. 0: call is
         * answered later. */
        int (*log_job)(void *userdata, const char *file, ControlCall *call);
} ControlHandlers;

/* Puts the object on the bus (borrowed, referenced, attached to an event loop by the caller) and
 * asks for the name. The handlers are borrowed for good. 0 and *ret; -EEXIST: another agent has the
 * name; -EACCES: the bus's policy denies it; other negative errno. The daemon can do without. */
int control_new(sd_bus *bus, const ControlHandlers *handlers, void *userdata, Control **ret);
/* Takes the object from the bus and gives the name back. */
void control_free(Control *control);
DEFINE_CLEANUP(Control *, control_free)

/* Answers the call by a text, NULL: there is no memory for it, and frees it. A NULL call is fine.
 */
void control_answer(ControlCall *call, const char *text);

/* Tells who listens which properties are other than they were at the last call. 0 or negative
 * errno. A NULL control is fine. */
int control_update(Control *control);
/* A status goes to the CSMS: signal StatusReported, and LastStatuses has changed. time: wall clock;
 * request_id NULL: none. 0 or negative errno. A NULL control is fine. */
int control_status_reported(Control *control, usec_t time, const char *request_id,
                            const char *status);
