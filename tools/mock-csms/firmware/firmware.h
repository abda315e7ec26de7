/* Firmware files: those that were uploaded, and others of which only the place is known. What RAUC
 * says of them, signatures for OCPP, the order that sends a station there, and who still needs
 * them. Rows are in the state, files in a folder of their own. No network in here; RAUC runs as a
 * child process on libuv (inspect.h). */
#pragma once

#include "csms.h"
#include "state-firmware.h"

/* Where files are served: "/firmware/ID/NAME". */
#define FIRMWARE_PATH "/firmware/"
/* Bytes of a name; of a URL, which is as much as OCPP 2.0.1 lets a location have. */
#define FIRMWARE_NAME_MAX 128
#define FIRMWARE_URL_MAX 512
/* Who may need files: see firmware_add_user(). */
#define FIRMWARE_USERS_MAX 4

typedef struct FirmwareStore FirmwareStore;

/* Whether a file is there. */
typedef enum FirmwareStatus {
        FIRMWARE_READY,     /* here and whole */
        FIRMWARE_MISSING,   /* was here, and has gone from the disk or is not whole any more */
        FIRMWARE_ELSEWHERE, /* only its URL is known */
} FirmwareStatus;

/* The file of that id, as it is now; owned by the caller (firmware_free()). 0 and *ret; -ENOENT;
 * negative errno. */
int firmware_find(FirmwareStore *store, int64_t id, Firmware **ret);
/* Looks at the disk. */
FirmwareStatus firmware_status(const FirmwareStore *store, const Firmware *firmware);
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
