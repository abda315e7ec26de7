/* See update.h. */
#include "update.h"
#include "ocpp16.h"

enum {
        INNER = 1,  /* in 2.0.1 and in SignedUpdateFirmware: a member of the object "firmware" */
        NUMBER = 2, /* else a string */
        NOT_PLAIN = 4,
};

/* clang-format off */
static const struct Member {
        const char *name;  /* in the REST body, in 2.0.1 and in SignedUpdateFirmware */
        const char *plain; /* in 1.6 UpdateFirmware */
        int flags;
} members[] = {
        { "requestId",          NULL,            NUMBER },
        { "retries",            "retries",       NUMBER },
        { "retryInterval",      "retryInterval", NUMBER },
        { "location",           "location",      INNER  },
        { "retrieveDateTime",   "retrieveDate",  INNER  },
        { "installDateTime",    NULL,            INNER | NOT_PLAIN },
        { "signingCertificate", NULL,            INNER },
        { "signature",          NULL,            INNER },
};
/* clang-format on */

static const struct Member *find(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                if (streq(members[i].name, name))
                        return &members[i];
        return NULL;
}

static bool has(const cJSON *body, const char *name)
{
        return cJSON_GetObjectItemCaseSensitive(body, name);
}

/* NULL if all is well. */
static const char *objection(const cJSON *body, bool plain, bool is16)
{
        const cJSON *item;
        cJSON_ArrayForEach (item, body) {
                const struct Member *m = find(item->string);
                if (!m)
                        return "An update has only location, retrieveDateTime, installDateTime, "
                               "retries, retryInterval, signingCertificate, signature and "
                               "requestId.";
                if ((m->flags & NUMBER) ? !cJSON_IsNumber(item) : !cJSON_IsString(item))
                        return "requestId, retries and retryInterval must be numbers, the other "
                               "members strings.";
                if (plain && (m->flags & NOT_PLAIN))
                        return "OCPP 1.6 UpdateFirmware has no installDateTime.";
        }
        if (!has(body, "location"))
                return "location is missing.";
        if (is16 && has(body, "signingCertificate") != has(body, "signature"))
                return "OCPP 1.6 wants both signingCertificate and signature, or none.";
        return NULL;
}

/* Copies item, or else makes what is picked for it. NULL: out of memory. */
static cJSON *value_of(const struct Member *m, const cJSON *item, Csms *csms)
{
        char now[TIME_TEXT_MAX];
        if (item)
                return cJSON_Duplicate(item, true);
        return (m->flags & NUMBER) ? cJSON_CreateNumber((double)csms_request_id(csms))
                                   : cJSON_CreateString(time_format(wallclock_now(), now));
}

static int fill(const cJSON *body, bool plain, Csms *csms, cJSON *payload)
{
        cJSON *inner = plain ? payload : cJSON_AddObjectToObject(payload, "firmware");
        if (!inner)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                const struct Member *m = &members[i];
                const char *name = plain ? m->plain : m->name;
                const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, m->name);
                bool picked = streq(m->name, "requestId") || streq(m->name, "retrieveDateTime");
                if (!name || (!item && !picked))
                        continue;
                cJSON *value = value_of(m, item, csms);
                if (!value)
                        return -ENOMEM;
                cJSON_AddItemToObject((m->flags & INNER) ? inner : payload, name, value);
        }
        return 0;
}

int update_message(const Dialect *dialect, Csms *csms, const cJSON *body, const UpdateMessage *ret)
{
        bool is16 = dialect == &ocpp16;
        bool plain = is16 && !(has(body, "signingCertificate") && has(body, "signature"));
        const char *sentence = objection(body, plain, is16);
        if (sentence) {
                *ret->sentence = sentence;
                return -EINVAL;
        }
        _cleanup_(cJSON_Deletep) cJSON *payload = cJSON_CreateObject();
        if (!payload || fill(body, plain, csms, payload) < 0)
                return -ENOMEM;
        *ret->action = is16 && !plain ? "SignedUpdateFirmware" : "UpdateFirmware";
        *ret->payload = TAKE_PTR(payload);
        return 0;
}
