/* Firmware files: those that were uploaded, and others of which only the place is known. What RAUC
 * says of them, signatures for OCPP, the order that sends a station there, and who still needs
 * them. Rows are in the state, files in a folder of their own. No network in here; RAUC runs as a
 * child process on libuv (inspect.h). */
#pragma once

#include "csms.h"
#include "events.h"
#include "sign.h"
#include "state-firmware.h"
#include "upload.h"
#include <uv.h>

/* Where files are served: "/firmware/ID/NAME". */
#define FIRMWARE_PATH "/firmware/"
/* Bytes of a name; of a URL, which is as much as OCPP 2.0.1 lets a location have. */
#define FIRMWARE_NAME_MAX UPLOAD_NAME_MAX
#define FIRMWARE_URL_MAX 512
/* Who may need files: see firmware_add_user(). */
#define FIRMWARE_USERS_MAX 4

typedef struct FirmwareStore FirmwareStore;

typedef struct FirmwareOptions {
        State *state;        /* borrowed */
        uv_loop_t *loop;     /* RAUC's */
        const char *folder;  /* made if there is none; NULL: a temporary one, gone with the store */
        const char *keyring; /* PEM, by which RAUC checks bundles; NULL: it does not */
        uint64_t size_max;   /* bytes of a file */
        Events *events;      /* are told "firmware"; NULL: none */
} FirmwareOptions;

/* Opens the folder, ends what was not ended when the last process did, and goes on asking RAUC of
 * files that it was not asked of. 0 and *ret; -EBUSY: another process has the folder; negative
 * errno. What went wrong is logged. */
int firmware_open(const FirmwareOptions *options, FirmwareStore **ret);
/* RAUC is stopped, so that the loop can end. */
void firmware_stop(FirmwareStore *store);
/* Frees what firmware_stop() has left, and removes a temporary folder. */
void firmware_close(FirmwareStore *store);
DEFINE_CLEANUP(FirmwareStore *, firmware_close)

/* Bytes that a file may have; the descriptor of the folder, in which it lies by its member file;
 * -1: a temporary one can't be made. */
uint64_t firmware_size_max(const FirmwareStore *store);
int firmware_folder(FirmwareStore *store);

/* Whether a file is there. */
typedef enum FirmwarePresence {
        FIRMWARE_READY,     /* here and whole */
        FIRMWARE_MISSING,   /* was here, and has gone from the disk or is not whole any more */
        FIRMWARE_ELSEWHERE, /* only its URL is known */
} FirmwarePresence;

/* The file of that id, as it is now; owned by the caller (firmware_free()). 0 and *ret; -ENOENT;
 * negative errno. */
int firmware_find(FirmwareStore *store, int64_t id, Firmware **ret);
/* Looks at the disk. */
FirmwarePresence firmware_presence(const FirmwareStore *store, const Firmware *firmware);
/* The body of an order for order_message(&order_update, …), as POST /api/stations/ID/update has it:
 * location as this station reaches this server (as it named it when it connected), and, if the file
 * was signed, signingCertificate and signature. Nothing of times, retries and request id. 0 and
 * *ret, owned by the caller; -ENOENT: the file is missing; -ENODATA: the file is here, but the
 * station has not connected since the start, or named no host then; -ENOMEM. */
int firmware_order(const FirmwareStore *store, const Firmware *firmware, const Station *station,
                   cJSON **ret);
/* What is told of a file in REST: the schema "Firmware" of openapi.json. Owned by the caller, NULL
 * when out of memory. */
cJSON *firmware_describe(const FirmwareStore *store, const Firmware *firmware);

/* Somebody who may need files: a file is not deleted as long as one does. */
typedef struct FirmwareUser {
        /* Whether it needs the file. 1 and *ret_who, for a person ("roll-out 3"), owned by the
         * caller; 0: no; negative errno. */
        int (*needs)(void *userdata, int64_t firmware, char **ret_who);
        void *userdata;
} FirmwareUser;
/* user is borrowed, until the store is freed. FIRMWARE_USERS_MAX of them. */
void firmware_add_user(FirmwareStore *store, const FirmwareUser *user);

/* Adds a file that has come: an upload in firmware_folder(), hashed, all of whose bytes are there.
 * Of firmware (borrowed) the name and what the operator says of it is taken. It is on the disk when
 * this returns; RAUC is asked of it (firmware_wait()). 0 and *ret_id; negative errno. */
int firmware_add_upload(FirmwareStore *store, Upload *upload, const Firmware *firmware,
                        int64_t *ret_id);
/* Adds one that lies elsewhere. 0 and *ret_id; negative errno. */
int firmware_add_url(FirmwareStore *store, const Firmware *firmware, int64_t *ret_id);
/* Calls done when RAUC was asked of the file; at once if that is so. 0; -ENOMEM. */
int firmware_wait(FirmwareStore *store, int64_t id, void (*done)(void *userdata), void *userdata);
/* Whoever waited with this userdata has gone. */
void firmware_forget(FirmwareStore *store, const void *userdata);
/* Remembers a signature in the place of an older one, on the disk when this returns; the texts are
 * copied. 0; negative errno. */
int firmware_set_signature(FirmwareStore *store, Firmware *firmware, SignScheme scheme,
                           const char *certificate, const char *signature);
/* The digests of a file. false: they are not known. */
bool firmware_digest(const Firmware *firmware, FileDigest *ret);
/* Deletes a file, unless somebody needs it. 0; -EBUSY and *ret_who (owned by the caller): that is
 * needed by; negative errno. */
int firmware_delete(FirmwareStore *store, const Firmware *firmware, char **ret_who);
/* Whether something may be a URL of firmware: http, https, ftp, ftps or sftp, and no blanks or
 * controls. */
bool firmware_url_valid(const char *url);
