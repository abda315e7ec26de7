/* Firmware files: what is remembered of them. The files themselves are firmware/store's business.
 */
#pragma once

#include "state.h"

/* One file. All texts are owned; NULL: not known. */
typedef struct Firmware {
        int64_t id;        /* 0: has none yet */
        char *name;        /* of the file, as stations see it */
        char *file;        /* its name in the folder of firmware; NULL: lies elsewhere */
        char *url;         /* where; NULL: it is here */
        int64_t size;      /* bytes; NO_INT: not known */
        char *sha256;      /* hex */
        char *sha384;      /* hex */
        usec_t added;      /* wall clock */
        int64_t inspected; /* 1: RAUC was asked, or there was nothing to ask */
        char *kind;        /* "rauc", "unknown" */
        char *version, *compatible, *description, *build;
        char *format;        /* of the bundle: "plain", "verity", "crypt" */
        char *manifest_hash; /* where RAUC tells it */
        int64_t verified;    /* the bundle's own signature: 1 good, 0 bad, -1 not looked at */
        char *note;   /* why nothing is known of a bundle, or why it is not good: a sentence */
        char *scheme; /* "pss", "pkcs1", "ecdsa"; NULL: not signed for OCPP */
        char *signing_certificate; /* PEM */
        char *signature;           /* base64 */
} Firmware;
#define FIRMWARE_INIT                                                                              \
        {                                                                                          \
                .size = NO_INT, .verified = -1                                                     \
        }

/* NULL is fine. */
void firmware_free(Firmware *firmware);
DEFINE_CLEANUP(Firmware *, firmware_free)

/* Adds a row. 0 and *ret_id; negative errno. */
int state_firmware_add(State *state, const Firmware *firmware, int64_t *ret_id);
/* Writes all of a row that is there. 0; -ENOENT; negative errno. */
int state_firmware_save(State *state, const Firmware *firmware);
/* 0 and *ret, owned by the caller; -ENOENT; negative errno. */
int state_firmware_get(State *state, int64_t id, Firmware **ret);
/* Hands over the rows with an id above after, in their order, limit at most, until each() gives
 * another number than 0. 0, that number, negative errno. */
int state_firmware_each(State *state, int64_t after, int64_t limit,
                        int (*each)(void *userdata, const Firmware *firmware), void *userdata);
/* Whether a row has this file: 1, 0, negative errno. */
int state_firmware_has_file(State *state, const char *file);
/* How many there are; negative errno. */
int64_t state_firmware_count(State *state);
/* 0, also if there was none; negative errno. */
int state_firmware_delete(State *state, int64_t id);
