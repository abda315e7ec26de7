/* From a firmware file, or a place elsewhere, and what an operator says of times to the message of
 * one station. Pushes and roll-outs make theirs here. */
#pragma once

#include "fields.h"
#include "firmware.h"
#include "moment.h"

/* Bytes of a sentence; code points of a time as an operator writes it; the longest window, seconds.
 */
#define PUSH_SENTENCE_MAX 256
#define PUSH_TIME_MAX 64
#define PUSH_SPREAD_MAX ((int64_t)7 * 24 * 60 * 60)

/* How a station is told, beside what. */
typedef struct PushPlan {
        int64_t spread, retries, retry_interval; /* NO_INT: not given */
        char *retrieve, *install;                /* as they were given; NULL: not */
        int plain; /* 1: without certificate and signature, whatever there is; -1: not given */
        Moment retrieve_at, install_at; /* by push_plan_check() */
} PushPlan;

#define PUSH_PLAN_INIT                                                                             \
        {                                                                                          \
                .spread = NO_INT, .retries = NO_INT, .retry_interval = NO_INT, .plain = -1         \
        }

/* Its members, in the table of any body that has them: struct, member (a PushPlan). */
/* clang-format off */
#define PUSH_PLAN_FIELDS(s, m) \
        STRING_FIELD("retrieve",      OPTIONAL, s, m.retrieve,       PUSH_TIME_MAX), \
        STRING_FIELD("install",       OPTIONAL, s, m.install,        PUSH_TIME_MAX), \
        INT_FIELD(   "spread",        OPTIONAL, s, m.spread), \
        INT_FIELD(   "retries",       OPTIONAL, s, m.retries), \
        INT_FIELD(   "retryInterval", OPTIONAL, s, m.retry_interval), \
        BOOL_FIELD(  "plain",         OPTIONAL, s, m.plain)
/* clang-format on */

/* These members alone, to keep a plan as JSON and to read that again. */
extern const Table push_plan_table;

/* After codec_decode(): looks at the numbers and reads the times. 0; -EINVAL and sentence. */
int push_plan_check(PushPlan *plan, char sentence[static PUSH_SENTENCE_MAX]);

/* What all messages of a push or roll-out have in common; all is borrowed. */
typedef struct PushMaking {
        Csms *csms;
        FirmwareStore *store;
        const Firmware *firmware; /* NULL: … */
        const cJSON *order;       /* … the body of an order with a location; what it says of times
                                     and retries stands */
        const PushPlan *plan;
        int64_t request_id; /* NO_INT: a fresh one, if the order has none */
        usec_t now;         /* wall clock */
} PushMaking;

typedef struct PushMessage {
        const char *action; /* a literal */
        cJSON *payload;     /* owned by the caller */
        usec_t acts_at;     /* wall clock: the last of the times in it */
} PushMessage;

/* Makes the message for this station. 0 and *ret; with a sentence: -EINVAL: there is none for it,
 * -ENODATA: its address of this server is not known before it has connected; -ENOMEM. */
int push_message(const PushMaking *making, const Station *station, PushMessage *ret,
                 char sentence[static PUSH_SENTENCE_MAX]);
