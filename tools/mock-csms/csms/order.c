/* See order.h. */
#include "order.h"
#include "ocpp16.h"

enum {
        INNER = 1,    /* in 2.0.1 and in 1.6 with its security extension: in the inner object */
        NUMBER = 2,   /* else a string */
        FRESH_ID = 4, /* a new request id where it is not given */
        REQUIRED = 8, /* unless there is a text to pick */
        /* In 1.6 all of these make it the message of the security extension, none the plain one;
         * some are an error. */
        EXTENDED = 16,
        NOT_PLAIN = 32, /* an error in the plain message of 1.6 */
};

typedef struct Member {
        const char *name;  /* in the REST body, in 2.0.1 and in the security extension of 1.6 */
        const char *plain; /* in the plain message of 1.6; NULL: left out */
        int flags;
        /* What is taken where it is not given; NULL, or a NULL answer: nothing. */
        const char *(*pick)(const Station *station, char buffer[static TIME_TEXT_MAX]);
} Member;

#define MEMBERS_MAX 8

struct OrderKind {
        const char *plain, *extended; /* actions of 1.6 */
        const char *action;           /* of 2.0.1 */
        const char *inner;            /* the name of the inner object */
        /* Sentences: an unknown member; a NOT_PLAIN one; some of EXTENDED; none that is REQUIRED.
         */
        const char *unknown, *not_plain, *half, *missing;
        Member members[MEMBERS_MAX];
};

static const char *pick_now(const Station *station _unused_, char buffer[static TIME_TEXT_MAX])
{
        return time_format(wallclock_now(), buffer);
}

static const char *pick_log_type(const Station *station _unused_,
                                 char buffer[static TIME_TEXT_MAX] _unused_)
{
        return "DiagnosticsLog";
}

static const char *pick_uploads(const Station *station, char buffer[static TIME_TEXT_MAX] _unused_)
{
        return station_uploads(station);
}

/* clang-format off */
const OrderKind order_update = {
        .plain = "UpdateFirmware", .extended = "SignedUpdateFirmware", .action = "UpdateFirmware", .inner = "firmware",
        .unknown = "An update has only location, retrieveDateTime, installDateTime, retries, retryInterval, "
                   "signingCertificate, signature and requestId.",
        .not_plain = "OCPP 1.6 UpdateFirmware has no installDateTime.",
        .half = "OCPP 1.6 wants both signingCertificate and signature, or none.",
        .missing = "location is missing.",
        .members = {
                { "requestId",          NULL,            NUMBER | FRESH_ID, NULL },
                { "retries",            "retries",       NUMBER,            NULL },
                { "retryInterval",      "retryInterval", NUMBER,            NULL },
                { "location",           "location",      INNER | REQUIRED,  NULL },
                { "retrieveDateTime",   "retrieveDate",  INNER,             pick_now },
                { "installDateTime",    NULL,            INNER | NOT_PLAIN, NULL },
                { "signingCertificate", NULL,            INNER | EXTENDED,  NULL },
                { "signature",          NULL,            INNER | EXTENDED,  NULL },
        },
};

const OrderKind order_logs = {
        .plain = "GetDiagnostics", .extended = "GetLog", .action = "GetLog", .inner = "log",
        .unknown = "A request for logs has only logType, remoteLocation, retries, retryInterval, oldestTimestamp, "
                   "latestTimestamp and requestId.",
        .missing = "remoteLocation is missing, and there is no folder for uploads: that needs --files, and a "
                   "station that named this host as it connected.",
        .members = {
                { "logType",         NULL,            EXTENDED,          pick_log_type },
                { "requestId",       NULL,            NUMBER | FRESH_ID, NULL },
                { "retries",         "retries",       NUMBER,            NULL },
                { "retryInterval",   "retryInterval", NUMBER,            NULL },
                { "remoteLocation",  "location",      INNER | REQUIRED,  pick_uploads },
                { "oldestTimestamp", "startTime",     INNER,             NULL },
                { "latestTimestamp", "stopTime",      INNER,             NULL },
        },
};
/* clang-format on */

/* The members of a kind, one after the other. */
#define FOREACH_MEMBER(m, kind)                                                                    \
        for (const Member *m = (kind)->members; m < (kind)->members + MEMBERS_MAX && m->name; m++)

static const Member *find(const OrderKind *kind, const char *name)
{
        FOREACH_MEMBER(m, kind)
        if (streq(m->name, name))
                return m;
        return NULL;
}

static bool has(const cJSON *body, const Member *m)
{
        return cJSON_GetObjectItemCaseSensitive(body, m->name);
}

/* Whether 1.6 needs its security extension for this; *ret_half: some of what it takes is missing.
 */
static bool is_extended(const OrderKind *kind, const cJSON *body, bool *ret_half)
{
        bool all = true, some = false;
        FOREACH_MEMBER(m, kind)
        {
                if (!(m->flags & EXTENDED))
                        continue;
                all = all && has(body, m);
                some = some || has(body, m);
        }
        *ret_half = some && !all;
        return all;
}

/* NULL if all is well. */
static const char *objection(const OrderKind *kind, const Station *station, const cJSON *body,
                             bool plain)
{
        char buffer[TIME_TEXT_MAX];
        const cJSON *item;
        cJSON_ArrayForEach (item, body) {
                const Member *m = find(kind, item->string);
                if (!m)
                        return kind->unknown;
                if ((m->flags & NUMBER) ? !cJSON_IsNumber(item) : !cJSON_IsString(item))
                        return "requestId, retries and retryInterval must be numbers, the other "
                               "members strings.";
                if (plain && (m->flags & NOT_PLAIN))
                        return kind->not_plain;
        }
        FOREACH_MEMBER(m, kind)
        if ((m->flags & REQUIRED) && !has(body, m) && !(m->pick && m->pick(station, buffer)))
                return kind->missing;
        return NULL;
}

/* Whether something is taken where the member isn't given. */
static bool is_picked(const Member *m)
{
        return m->pick || (m->flags & FRESH_ID);
}

/* Copies item, or else makes what is picked for it. NULL: out of memory. */
static cJSON *value_of(const Member *m, const cJSON *item, Csms *csms, const Station *station)
{
        char buffer[TIME_TEXT_MAX];
        if (item)
                return cJSON_Duplicate(item, true);
        return (m->flags & FRESH_ID) ? cJSON_CreateNumber((double)csms_request_id(csms))
                                     : cJSON_CreateString(m->pick(station, buffer));
}

/* inner: payload itself in the plain message. 0, -ENOMEM. */
static int fill(const OrderKind *kind, Csms *csms, const Station *station, const cJSON *body,
                cJSON *payload, cJSON *inner)
{
        FOREACH_MEMBER(m, kind)
        {
                const char *name = inner == payload ? m->plain : m->name;
                const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, m->name);
                if (!name || (!item && !is_picked(m)))
                        continue;
                cJSON *value = value_of(m, item, csms, station);
                if (!value)
                        return -ENOMEM;
                cJSON_AddItemToObject((m->flags & INNER) ? inner : payload, name, value);
        }
        return 0;
}

int order_message(const OrderKind *kind, Csms *csms, const Station *station, const cJSON *body,
                  const OrderMessage *ret)
{
        bool half, is16 = station_dialect(station) == &ocpp16;
        bool extended = is_extended(kind, body, &half);
        bool plain = is16 && !extended;
        const char *sentence = objection(kind, station, body, plain);
        if (!sentence && is16 && half)
                sentence = kind->half;
        if (sentence) {
                *ret->sentence = sentence;
                return -EINVAL;
        }
        _cleanup_(cJSON_Deletep) cJSON *payload = cJSON_CreateObject();
        cJSON *inner = plain || !payload ? payload : cJSON_AddObjectToObject(payload, kind->inner);
        if (!inner || fill(kind, csms, station, body, payload, inner) < 0)
                return -ENOMEM;
        *ret->action = plain ? kind->plain : is16 ? kind->extended : kind->action;
        *ret->payload = TAKE_PTR(payload);
        return 0;
}
