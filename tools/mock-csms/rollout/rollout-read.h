/* From the JSON of an operator's to a roll-out: whom its groups have is decided here, once. */
#pragma once

#include "codec.h"
#include "csms.h"
#include "firmware.h"
#include "rollout.h"

/* Where stations and firmware are looked up. Borrowed. */
typedef struct RolloutSources {
        Csms *csms;
        FirmwareStore *firmware;
} RolloutSources;

/* Makes a roll-out, READY, of a body as openapi.json's schema RolloutPlan has it: filters are held
 * against the stations that are known now. 0 and *ret; -EINVAL with *reterr, whose text is a
 * sentence; -ENOMEM. */
int rollout_read(const cJSON *body, const RolloutSources *sources, const RolloutDoors *doors,
                 Rollout **ret, CodecError *reterr);

/* What a command's body brings. Strings are owned; rollout_change_done(). */
typedef struct RolloutChange {
        char *reason, *version;
        int64_t firmware; /* NO_INT: none */
        char *order;      /* JSON; NULL: none */
} RolloutChange;

/* firmware: where the one is looked up that the body must name, or bring an order; NULL: it brings
 * a reason only. A version that it does not name is the firmware's. Returns as above. */
int rollout_read_change(const cJSON *body, FirmwareStore *firmware, RolloutChange *ret,
                        CodecError *reterr);
void rollout_change_done(RolloutChange *change);
