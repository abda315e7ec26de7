/* Makes drafts: from an operator's body to the message of each station. */
#include "filter.h"
#include "json-add.h"
#include "push-message.h"
#include "push-private.h"
#include "station.h"
#include <stdarg.h>
#include <stdio.h>

#define LOCATION_MAX 512
#define CERTIFICATE_MAX 16384

/* What a body says, beside stations and filter. */
typedef struct Body {
        int64_t firmware; /* NO_INT: not given */
        char *location, *certificate, *signature;
        PushPlan plan;
} Body;

/* clang-format off */
static const Field fields[] = {
        INT_FIELD(   "firmware",           OPTIONAL, Body, firmware),
        STRING_FIELD("location",           OPTIONAL, Body, location,    LOCATION_MAX),
        STRING_FIELD("signingCertificate", OPTIONAL, Body, certificate, CERTIFICATE_MAX),
        STRING_FIELD("signature",          OPTIONAL, Body, signature,   CERTIFICATE_MAX),
        PUSH_PLAN_FIELDS(Body, plan),
        IGNORED_MEMBER("stations",         OPTIONAL, JSON_ARRAY),
        IGNORED_MEMBER("filter",           OPTIONAL, JSON_OBJECT),
        IGNORED_MEMBER("send",             OPTIONAL, JSON_BOOL),
};
/* clang-format on */
static const Table table = TABLE("push", fields);
static const CodecRules rules = {.unknown_is_violation = true};

/* One push under construction. */
typedef struct Draft {
        Pusher *pusher;
        int64_t id;
        Body body;
        Firmware *firmware; /* NULL: … */
        cJSON *order;       /* … a location was given */
        PushMaking making;
        char *sentence;
        PushTarget *targets;
        size_t count, room;
} Draft;

static void draft_done(Draft *draft)
{
        codec_done(&table, &draft->body);
        for (size_t i = 0; i < draft->count; i++)
                push_target_done(&draft->targets[i]);
        free(draft->targets);
        firmware_free(draft->firmware);
        cJSON_Delete(draft->order);
}

_printf_(2, 3) static int complain(char *sentence, const char *format, ...)
{
        va_list ap;
        va_start(ap, format);
        (void)vsnprintf(sentence, PUSH_SENTENCE_MAX, format, ap);
        va_end(ap);
        return -EINVAL;
}

static int read_body(const cJSON *json, Body *body, char *sentence)
{
        CodecError error = {0};
        *body = (Body){.firmware = NO_INT, .plan = PUSH_PLAN_INIT};
        int r = codec_decode(&table, rules, json, body, &error);
        if (r < 0)
                return r == -EBADMSG ? complain(sentence, "%s.", error.text) : r;
        if ((body->firmware == NO_INT) == !body->location)
                return complain(sentence, "Either firmware or location is needed, and not both.");
        if (!body->certificate != !body->signature || (body->certificate && !body->location))
                return complain(
                        sentence,
                        "signingCertificate and signature belong together, and to a location.");
        return push_plan_check(&body->plan, sentence);
}

/* What all messages have in common. 0; -ENOENT and sentence; negative errno. */
static int prepare(Draft *draft)
{
        const PusherOptions *o = &draft->pusher->options;
        const Body *body = &draft->body;
        if (body->firmware != NO_INT) {
                int r = firmware_find(o->firmware, body->firmware, &draft->firmware);
                if (r == -ENOENT)
                        (void)complain(draft->sentence, "There is no firmware of this id.");
                if (r < 0)
                        return r;
        }
        draft->order = cJSON_CreateObject();
        if (!draft->order || !json_add_text_if(draft->order, "location", body->location) ||
            !json_add_text_if(draft->order, "signingCertificate", body->certificate) ||
            !json_add_text_if(draft->order, "signature", body->signature))
                return -ENOMEM;
        draft->making = (PushMaking){.csms = o->csms,
                                     .store = o->firmware,
                                     .firmware = draft->firmware,
                                     .order = draft->order,
                                     .plan = &body->plan,
                                     .request_id = NO_INT,
                                     .now = wallclock_now()};
        return 0;
}

/* The message of one station; -EINVAL: there is none, and why is in the sentence. */
static int make_message(Draft *draft, const Station *station, PushTarget *target)
{
        PushMessage message;
        int r = push_message(&draft->making, station, &message, draft->sentence);
        if (r < 0)
                return r == -ENODATA ? -EINVAL : r;
        _cleanup_(cJSON_Deletep) cJSON *payload = message.payload;
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(payload, "requestId");
        target->request_id = id ? (int64_t)id->valuedouble : NO_INT;
        target->action = strdup(message.action);
        target->payload = cJSON_PrintUnformatted(payload);
        return target->action && target->payload ? 0 : -ENOMEM;
}

static PushTarget *make_room(Draft *draft)
{
        if (draft->count == draft->room) {
                size_t room = draft->room ? draft->room * 2 : 64;
                PushTarget *more = realloc(draft->targets, room * sizeof(*more));
                if (!more)
                        return NULL;
                draft->targets = more;
                draft->room = room;
        }
        PushTarget *target = &draft->targets[draft->count++];
        *target =
                (PushTarget){.state = PUSH_READY, .request_id = NO_INT, .since = draft->making.now};
        return target;
}

static int add_target(Draft *draft, const Station *station)
{
        PushTarget *target = make_room(draft);
        if (!target || !(target->station = strdup(station->id)))
                return -ENOMEM;
        int r = make_message(draft, station, target);
        if (r != -EINVAL)
                return r;
        target->state = PUSH_UNTELLABLE;
        target->detail = strdup(draft->sentence);
        return target->detail ? 0 : -ENOMEM;
}

/* The stations that are named. */
static int add_named(Draft *draft, const cJSON *names)
{
        const cJSON *name;
        cJSON_ArrayForEach (name, names) {
                const Station *station =
                        cJSON_IsString(name)
                                ? csms_find(draft->pusher->options.csms, name->valuestring)
                                : NULL;
                if (!cJSON_IsString(name))
                        return complain(draft->sentence, "stations must be identities.");
                if (!station)
                        return complain(draft->sentence, "No station %.*s was ever seen.", 100,
                                        name->valuestring);
                int r = add_target(draft, station);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The stations that fit. */
static int add_fitting(Draft *draft, const cJSON *json)
{
        CodecError error = {0};
        Filter filter = FILTER_INIT;
        const Csms *csms = draft->pusher->options.csms;
        int r = filter_read(json, &filter, &error);
        if (r == -EINVAL)
                return complain(draft->sentence, "filter: %s", error.text);
        for (size_t i = 0; r == 0 && i < csms->count; i++) {
                const Station *station = csms->stations[i];
                if (filter_matches(&filter, station))
                        r = add_target(draft, station);
        }
        filter_done(&filter);
        return r;
}

/* The messages of all stations that are meant, in memory: the request ids in them are the state's,
 * too. */
static int make_targets(Draft *draft, const cJSON *body)
{
        const cJSON *names = cJSON_GetObjectItemCaseSensitive(body, "stations");
        const cJSON *filter = cJSON_GetObjectItemCaseSensitive(body, "filter");
        if (!names == !filter)
                return complain(draft->sentence,
                                "Either stations or filter is needed, and not both.");
        int r = names ? add_named(draft, names) : add_fitting(draft, filter);
        return r == 0 && draft->count == 0 ? complain(draft->sentence, "No station fits.") : r;
}

static int write_draft(Draft *draft, const cJSON *body)
{
        State *state = draft->pusher->options.state;
        Push push = {.firmware = draft->firmware ? draft->firmware->id : 0,
                     .made = draft->making.now};
        push.order = cJSON_PrintUnformatted(body);
        int r = push.order ? state_push_add(state, &push, &draft->id) : -ENOMEM;
        push_done(&push);
        for (size_t i = 0; i < draft->count && r == 0; i++)
                r = state_push_add_target(state, draft->id, &draft->targets[i]);
        return r;
}

int pusher_make(Pusher *pusher, const cJSON *body, int64_t *ret_id,
                char sentence[static PUSH_SENTENCE_MAX])
{
        _cleanup_(draft_done) Draft draft = {.pusher = pusher, .sentence = sentence};
        State *state = pusher->options.state;
        int r = read_body(body, &draft.body, sentence);
        if (r == 0)
                r = prepare(&draft);
        if (r == 0)
                r = make_targets(&draft, body);
        if (r == 0)
                r = state_savepoint(state);
        if (r < 0)
                return r;
        r = write_draft(&draft, body);
        r = state_end_savepoint(state, r);
        if (r == 0)
                r = state_flush(state);
        if (r == 0)
                *ret_id = draft.id;
        return r;
}
