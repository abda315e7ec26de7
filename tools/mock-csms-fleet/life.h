/* The life of an update at a simulated station, as tables: what it says in which order, how long
 * each step takes, and how it ends by what fate. Pure. */
#pragma once

#include "messages.h"
#include "mix.h"

/* What becomes of an update. */
typedef enum Fate {
        FATE_FINE,
        FATE_SILENT,       /* the order is never answered */
        FATE_REJECT,       /* it is refused */
        FATE_DOWNLOAD,     /* DownloadFailed */
        FATE_SIGNATURE,    /* InvalidSignature; if it is not signed, as below */
        FATE_VERIFICATION, /* InstallVerificationFailed */
        FATE_INSTALL,      /* InstallationFailed */
        FATE_ROLLBACK,     /* comes back with the old version: InstallationFailed */
        FATE_REBOOT_NEVER, /* never comes back */
        FATE_MAX,
} Fate;

/* How often each of them is, in percent; the rest is fine. */
typedef struct Rates {
        double percent[FATE_MAX];
        double offline; /* stations that come and go, in percent */
} Rates;

/* "download:2,offline:5". 0; -EINVAL: an unknown kind, one that is there twice, a rate below 0,
 * more than 100 together. */
int life_read_rates(const char *text, Rates *ret);
/* The word of the rates; "fine" for FATE_FINE. */
const char *life_fate_name(Fate fate);
/* The fate that part (0 ≤ part < 1) falls on. */
Fate life_fate(const Rates *rates, double part);

/* Where an update is. */
typedef enum LifePoint {
        LIFE_DOWNLOAD_SCHEDULED,
        LIFE_DOWNLOADING,
        LIFE_DOWNLOADED,
        LIFE_SIGNATURE_VERIFIED,
        LIFE_INSTALL_SCHEDULED,
        LIFE_INSTALLING,
        LIFE_REBOOTING,
        LIFE_AWAY, /* the machine starts anew */
        LIFE_INSTALLED,
        LIFE_DOWNLOAD_FAILED,
        LIFE_INVALID_SIGNATURE,
        LIFE_VERIFICATION_FAILED,
        LIFE_INSTALLATION_FAILED,
        LIFE_GONE, /* never seen again */
        LIFE_POINT_MAX,
} LifePoint;

/* What the clock of a point waits for. */
typedef enum LifeWait {
        LIFE_TAKES, /* a time between shortest and longest */
        LIFE_UNTIL_RETRIEVE,
        LIFE_UNTIL_INSTALL,
        LIFE_ENDS, /* nothing: this is the end */
} LifeWait;

typedef struct LifeStep {
        FirmwareStatus status; /* what is said of it; FW_NONE: nothing */
        LifeWait wait;
        unsigned shortest, longest; /* seconds */
} LifeStep;

/* What an order asks for. */
typedef struct LifeOrder {
        bool is_signed;
        bool retrieve_later, install_later; /* its times lie ahead */
        Fate fate;
} LifeOrder;

/* Of each point. */
extern const LifeStep life_steps[LIFE_POINT_MAX];
/* Where such an update begins. */
LifePoint life_first(const LifeOrder *order);
/* What comes behind a point that has not ended. */
LifePoint life_next(const LifeOrder *order, LifePoint point);

/* Bytes of a version. */
#define LIFE_VERSION_MAX 50
/* The version that a file of this URL brings: the first word of its name made of numbers and dots
 * ("box-2.1.0.raucb": 2.1.0); else old with its last number raised. Never fails. */
void life_version_after(const char *location, const char *old,
                        char ret[static LIFE_VERSION_MAX + 1]);
