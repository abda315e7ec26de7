/* From the REST body of an update to the message of the station's version. */
#pragma once

#include "csms.h"

typedef struct UpdateMessage {
        const char **action;   /* a literal */
        cJSON **payload;       /* owned by the caller */
        const char **sentence; /* with -EINVAL: what is wrong (a literal) */
} UpdateMessage;

/* 2.0.1: UpdateFirmware; 1.6: SignedUpdateFirmware if the body has certificate and signature, else
 * UpdateFirmware. 0 with action and payload; -EINVAL with sentence; -ENOMEM. */
int update_message(const Dialect *dialect, Csms *csms, const cJSON *body, const UpdateMessage *ret);
