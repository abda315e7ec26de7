/* From the REST body of an order (an update, logs) to the message of the station's version. */
#pragma once

#include "csms.h"

/* What may be ordered: a table of members, and the messages that they go into. */
typedef struct OrderKind OrderKind;

/* 2.0.1: UpdateFirmware; 1.6: SignedUpdateFirmware if the body has certificate and signature, else
 * UpdateFirmware. */
extern const OrderKind order_update;
/* 2.0.1: GetLog; 1.6: GetLog if the body has a logType, else GetDiagnostics. */
extern const OrderKind order_logs;

typedef struct OrderMessage {
        const char **action;   /* a literal */
        cJSON **payload;       /* owned by the caller */
        const char **sentence; /* with -EINVAL: what is wrong (a literal) */
} OrderMessage;

/* Makes the message for this station. 0 with action and payload; -EINVAL with sentence; -ENOMEM. */
int order_message(const OrderKind *kind, Csms *csms, const Station *station, const cJSON *body,
                  const OrderMessage *ret);
