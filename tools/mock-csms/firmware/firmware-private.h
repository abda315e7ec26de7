/* The store from the inside, for the files that make it up: firmware.c has the files and their
 * rows, firmware-inspect.c asks RAUC, firmware-tell.c tells. */
#pragma once

#include "firmware.h"
#include "folder.h"
#include "inspect.h"

typedef struct FirmwareWaiter FirmwareWaiter;
struct FirmwareWaiter {
        FirmwareWaiter *next;
        int64_t id;
        void (*done)(void *userdata);
        void *userdata;
};

struct FirmwareStore {
        FirmwareOptions options;
        Folder folder;
        const FirmwareUser *users[FIRMWARE_USERS_MAX];
        size_t users_count;
        Inspection *inspection; /* NULL: RAUC isn't asked now */
        Firmware *inspected;    /* about this one */
        int64_t asked;          /* RAUC was asked, or is, of all up to this id */
        FirmwareWaiter *waiters;
        bool stopped;
};

/* Asks RAUC of the next file, unless it is at it. */
void firmware_inspect_next(FirmwareStore *store);
/* Publishes an event about a file: what is "added", "changed", "deleted". */
void firmware_tell(FirmwareStore *store, int64_t id, const char *what);
