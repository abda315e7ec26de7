/* Shared by rauc.c (what RAUC is and does), rauc-call.c (what it is asked) and rauc-bundle.c (… of
 * a bundle). */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "installer.h"

#define RAUC_NAME "de.pengutronix.rauc"
#define RAUC_INTERFACE RAUC_NAME ".Installer"
#define RAUC_PATH "/"
#define DBUS_NAME "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"

/* RAUC answers from its main loop, which waits for the scripts of a boot loader back end. */
#define QUERY_TIMEOUT (2 * USEC_PER_MIN)
#define MARK_TIMEOUT (5 * USEC_PER_MIN)
/* A plain bundle is hashed as a whole. */
#define INSPECT_TIMEOUT USEC_PER_HOUR

typedef struct RaucInstaller RaucInstaller;

typedef enum CallKind { CALL_STATE, CALL_INSPECT, CALL_INSTALL, CALL_MARK } CallKind;

/* What InspectBundle and InstallBundle may be given by name. Those that RAUC has not always taken
 * stand last, the newest at the end: the order in which they are left out. */
typedef enum Argument {
        ARGUMENT_TLS_CERT,
        ARGUMENT_TLS_KEY,
        ARGUMENT_TLS_CA,
        ARGUMENT_HTTP_HEADER,
        ARGUMENT_TRANSACTION_ID, /* RAUC ≥ 1.10 */
        ARGUMENT_MANIFEST_HASH,  /* RAUC ≥ 1.14 */
        ARGUMENT_MAX,
        ARGUMENT_YOUNG = ARGUMENT_TRANSACTION_ID,
} Argument;

/* One call of InstallerOps, from the asking to the answer. */
typedef struct Call {
        RaucInstaller *r;
        struct Call *next;
        CallKind kind;
        sd_bus_slot *slot;      /* the step under way */
        sd_event_source *defer; /* or an error that waits to be told */
        int error;
        bool waits;    /* for the service to appear */
        char *subject; /* a path or a slot */
        char *arguments[ARGUMENT_MAX];
        bool left_out[ARGUMENT_MAX]; /* since it was refused with them */
        MarkKind mark;
        InstallerState state;
        BundleInfo bundle; /* borrowed from the answer that is being read */
        InstallerStateCallback on_state;
        InstallerBundleCallback on_bundle;
        InstallerCallback on_done;
        void *userdata;
} Call;

/* Of an install of ours: InstallBundle was not called, was called, was accepted and goes on. */
typedef enum OwnInstall { OWN_NONE, OWN_ASKED, OWN_ACCEPTED } OwnInstall;

struct RaucInstaller {
        Installer base;
        sd_bus *bus;
        InstallerHandlers handlers;
        void *userdata;
        sd_bus_slot *owner_changed, *disconnected, *properties_changed, *completed;
        sd_bus_slot *query;        /* of owner, introspection or properties */
        char *owner;               /* unique name; NULL: nobody */
        bool present;              /* owner's introspection and properties are known */
        bool inspects;             /* it has InspectBundle (RAUC ≥ 1.9), else Info */
        bool takes[ARGUMENT_MAX];  /* young ones: may be given, as far as was found out */
        bool proven[ARGUMENT_MAX]; /* an install with it was accepted */
        bool operating;            /* Operation is not "idle" */
        /* Operation became "installing" and no Completed came since. Kept beside `operating`
         * since a refused InstallBundle sets Operation to idle while the other install runs. */
        bool installing;
        char *last_error; /* as the service told it last; NULL: nothing yet */
        OwnInstall own;
        bool has_early; /* Completed came before our InstallBundle was answered */
        int early_result;
        Call *calls; /* the open ones, owned */
};

/* Does it work for anybody, as far as it told? */
static inline bool rauc_busy(const RaucInstaller *r)
{
        return r->operating || r->installing;
}

/* A new call to the service that is there now: by its unique name, so never one that starts it. */
int rauc_message(RaucInstaller *r, const char *interface, const char *member, sd_bus_message **ret);
/* Asks the owner what it can do; it is present once that is known. */
void rauc_query_introspection(RaucInstaller *r);
/* Our accepted install is over. */
void rauc_tell_completed(RaucInstaller *r, int result);

/* Takes the first step of a call, or the next one after the service appeared. */
void rauc_call_begin(Call *c);
/* Drops a call without an answer. */
void rauc_call_free(Call *c);
DEFINE_CLEANUP(Call *, rauc_call_free)
/* A call that is not open yet; 0 and *ret (rauc_call_free()), or -ENOMEM. */
int rauc_call_new(Installer *i, CallKind kind, const char *subject, Call **ret);
/* Opens it and takes it over. */
void rauc_call_open(Call *c);
/* Sends a step of a call; error of the building before it may be passed on. Takes m. 0, or the
 * error that will be told: c may be gone then. */
int rauc_call_send(Call *c, int error, sd_bus_message *m, sd_bus_message_handler_t handler,
                   usec_t timeout);
/* Answers and forgets a call. */
void rauc_call_finish(Call *c, int error, const char *message);
/* Tells an error of our own, though not before the caller has returned. */
void rauc_call_fail_later(Call *c, int error);
/* What a D-Bus error means; negative. */
int rauc_judge(const RaucInstaller *r, const sd_bus_error *e);
/* The calls proper, once RAUC is idle. */
void rauc_call_inspect(Call *c);
void rauc_call_install(Call *c);
/* Answers all open calls with an error. */
void rauc_calls_fail(RaucInstaller *r, int error);

/* The calls of InstallerOps. */
void rauc_read_state(Installer *i, InstallerStateCallback callback, void *userdata);
void rauc_inspect(Installer *i, const BundleOrder *order, InstallerBundleCallback callback,
                  void *userdata);
void rauc_forget_looks(Installer *i);
void rauc_install(Installer *i, const BundleOrder *order, InstallerCallback callback,
                  void *userdata);
void rauc_mark(Installer *i, MarkKind kind, const char *slot, InstallerCallback callback,
               void *userdata);
