/* The seam to what writes slots (RAUC): asynchronous, nothing blocks, every call is answered
 * exactly once by its call back unless the installer is freed first. src/rauc implements it over
 * D-Bus; tests may fake it. */
#pragma once

#include "util.h"

/* Slots of one system. */
#define INSTALLER_SLOTS_MAX 32

/* What the boot loader thinks of a slot. */
typedef enum SlotHealth { SLOT_UNKNOWN, SLOT_GOOD, SLOT_BAD } SlotHealth;

/* One slot as the installer tells of it. Owned by InstallerState. */
typedef struct Slot {
        char *name;                  /* "rootfs.0" */
        char *bootname;              /* "A"; NULL: not bootable by itself */
        char *device;                /* path */
        char *bundle_version;        /* of what was installed, or NULL */
        char *installed_transaction; /* RAUC ≥ 1.10, else NULL */
        char *installed_timestamp;   /* RFC 3339 as told, or NULL */
        char *status;            /* "ok", "pending", "failed"; NULL: the installer never wrote it */
        int64_t installed_count; /* installs so far; NO_INT: not told */
        bool booted;             /* state=booted */
        SlotHealth boot_status;
} Slot;

/* What is so now: read when the installer is idle. */
typedef struct InstallerState {
        Slot slots[INSTALLER_SLOTS_MAX];
        size_t count;
        int booted;  /* index of the slot with state=booted, -1 unknown: never success */
        int primary; /* index of what GetPrimary named, -1 unknown */
} InstallerState;

/* Frees the slots' texts; the state is then empty, with nothing booted. */
void installer_state_done(InstallerState *s);
/* The slot of that name, borrowed; NULL: none, or no name. */
const Slot *installer_state_find(const InstallerState *s, const char *name);
/* The bootable slot that an install would write: not booted, has a bootname, best of the booted
 * one's class (a rescue system may have a bootname too). Borrowed; NULL: none. */
const Slot *installer_state_other(const InstallerState *s);

/* Works; is not to be booted; is the next boot's. */
typedef enum MarkKind { MARK_GOOD, MARK_BAD, MARK_ACTIVE } MarkKind;

/* Errors of the call backs, beside other negative errno: */
#define INSTALLER_BUSY                                                                             \
        (-EBUSY) /* works for somebody or is inside an operation: ask again when idle, never an    \
                    answer */
#define INSTALLER_GONE (-ENOTCONN)  /* nobody owns the name, or it vanished during the call */
#define INSTALLER_REFUSED (-EPROTO) /* it answered with an error while idle */

typedef struct Installer Installer;

/* What it tells by itself. */
typedef struct InstallerHandlers {
        /* The service appeared (after it was asked what it is like) or vanished. */
        void (*on_presence)(void *userdata, bool present);
        /* An install, ours or another's, works: 0 … 100 and the step's words (for people
         * alone). */
        void (*on_progress)(void *userdata, int percent, const char *step);
        /* The install that we started and that was accepted is over: result 0 is success; error is
         * its LastError (for people). */
        void (*on_completed)(void *userdata, int result, const char *error);
        /* Became idle after being busy, for whomever. */
        void (*on_idle)(void *userdata);
} InstallerHandlers;

/* error: 0 or one of those above. message: the installer's own words, for people; may be NULL. */
typedef void (*InstallerStateCallback)(void *userdata, int error, const InstallerState *state);
typedef void (*InstallerCallback)(void *userdata, int error, const char *message);
/* A bundle, and what the installer is told with it. All borrowed; NULL: not given. */
typedef struct BundleOrder {
        const char *location; /* absolute path; or a URL, which is streamed from */
        /* of a URL: */
        const char *tls_cert, *tls_key, *tls_ca; /* paths; tls_key may be a PKCS#11 URI */
        const char *http_header;                 /* "Name: value" */
        /* of an install: */
        const char *transaction_id; /* used where it is taken */
        const char *manifest_hash;  /* the bundle is refused unless it has this one, where the
                                       installer can look */
} BundleOrder;

/* What a bundle says of itself; texts borrowed, NULL where it does not say. */
typedef struct BundleInfo {
        const char *compatible;
        const char *version;
        const char *build;
        const char *format; /* "plain", "verity", "crypt" */
        const char *manifest_hash;
} BundleInfo;
typedef void (*InstallerBundleCallback)(void *userdata, int error, const char *message,
                                        const BundleInfo *bundle);

typedef struct InstallerOps {
        /* Forgets open calls without calling back. Not from within a call back. */
        void (*free)(Installer *);
        /* Somebody owns the name, and is known well enough to be asked. */
        bool (*is_present)(const Installer *);
        /* It works, for us or for others, as far as it told. */
        bool (*is_busy)(const Installer *);
        /* The four calls may have the service started where nobody owns its name. Reads
         * GetSlotStatus and GetPrimary. -ENODATA: it told of no slot at all. state is borrowed
         * within the call back, NULL on error. */
        void (*read_state)(Installer *, InstallerStateCallback, void *userdata);
        /* Reads and verifies a bundle, without a write to any slot. bundle is NULL on error;
         * -EOPNOTSUPP: it can't stream. */
        void (*inspect)(Installer *, const BundleOrder *, InstallerBundleCallback, void *userdata);
        /* Forgets looks that were not answered yet, without calling back. */
        void (*forget_looks)(Installer *);
        /* Asks for an install. error 0: accepted, on_completed will follow (or
         * on_presence(false)). */
        void (*install)(Installer *, const BundleOrder *, InstallerCallback, void *userdata);
        /* slot: "booted", "other" or a slot's name. error 0: it is marked. */
        void (*mark)(Installer *, MarkKind, const char *slot, InstallerCallback, void *userdata);
} InstallerOps;

/* The first member of every implementation. */
struct Installer {
        const InstallerOps *ops;
};

/* NULL is fine. */
static inline void installer_free(Installer *i)
{
        if (i)
                i->ops->free(i);
}
DEFINE_CLEANUP(Installer *, installer_free)
