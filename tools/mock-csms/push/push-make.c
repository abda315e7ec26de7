/* Makes drafts: from an operator's body to the message of each station. */
#include "fields.h"
#include "filter.h"
#include "moment.h"
#include "order.h"
#include "push-private.h"
#include "station.h"
#include <stdarg.h>
#include <stdio.h>

/* Stations that a body may name; the longest window, seconds. */
#define SPREAD_MAX ((int64_t)7 * 24 * 60 * 60)
#define LOCATION_MAX 512
#define CERTIFICATE_MAX 16384

/* What a body says, beside stations and filter. */
typedef struct Plan {
        int64_t firmware, spread, retries, retry_interval; /* NO_INT: not given */
        char *location, *certificate, *signature, *retrieve, *install;
        int plain; /* 1: without certificate and signature, whatever there is */
        Moment retrieve_at, install_at;
} Plan;

/* clang-format off */
static const Field fields[] = {
        INT_FIELD(   "firmware",           OPTIONAL, Plan, firmware),
        STRING_FIELD("location",           OPTIONAL, Plan, location,       LOCATION_MAX),
        STRING_FIELD("signingCertificate", OPTIONAL, Plan, certificate,    CERTIFICATE_MAX),
        STRING_FIELD("signature",          OPTIONAL, Plan, signature,      CERTIFICATE_MAX),
        STRING_FIELD("retrieve",           OPTIONAL, Plan, retrieve,       64),
        STRING_FIELD("install",            OPTIONAL, Plan, install,        64),
        INT_FIELD(   "spread",             OPTIONAL, Plan, spread),
        INT_FIELD(   "retries",            OPTIONAL, Plan, retries),
        INT_FIELD(   "retryInterval",      OPTIONAL, Plan, retry_interval),
        BOOL_FIELD(  "plain",              OPTIONAL, Plan, plain),
        IGNORED_MEMBER("stations",         OPTIONAL, JSON_ARRAY),
        IGNORED_MEMBER("filter",           OPTIONAL, JSON_OBJECT),
        IGNORED_MEMBER("send",             OPTIONAL, JSON_BOOL),
};
/* clang-format on */
static const Table table = {.name = "push", .fields = fields, .count = ELEMENTSOF(fields)};
static const CodecRules rules = {.unknown_is_violation = true};

/* One push under construction. */
typedef struct Draft {
        Pusher *pusher;
        int64_t id;
        Plan plan;
        Firmware *firmware; /* NULL: a location was given */
        usec_t now;         /* wall clock */
        char *sentence;
        PushTarget *targets;
        size_t count, room;
} Draft;

static void draft_done(Draft *draft)
{
        codec_done(&table, &draft->plan);
        for (size_t i = 0; i < draft->count; i++)
                push_target_done(&draft->targets[i]);
        free(draft->targets);
        firmware_free(draft->firmware);
}

_printf_(2, 3) static int complain(char *sentence, const char *format, ...)
{
        va_list ap;
        va_start(ap, format);
        (void)vsnprintf(sentence, PUSH_SENTENCE_MAX, format, ap);
        va_end(ap);
        return -EINVAL;
}

static int read_moment(const char *name, const char *text, Moment *ret, char *sentence)
{
        if (!text || moment_read(text, ret) == 0)
                return 0;
        return complain(sentence,
                        "%s must be a time of UTC (2026-11-27T02:00:00Z), one where the station is "
                        "(2026-11-27T02:00), "
                        "or an hour there (02:00).",
                        name);
}

/* A number that is given must be within 0 … max. */
static int check_number(const char *name, int64_t value, int64_t max, char *sentence)
{
        if (value == NO_INT || (value >= 0 && value <= max))
                return 0;
        return complain(sentence, "%s must be from 0 to %jd.", name, (intmax_t)max);
}

static int read_plan(const cJSON *body, Plan *plan, char *sentence)
{
        CodecError error = {0};
        *plan = (Plan){.firmware = NO_INT,
                       .spread = NO_INT,
                       .retries = NO_INT,
                       .retry_interval = NO_INT,
                       .plain = -1};
        int r = codec_decode(&table, rules, body, plan, &error);
        if (r < 0)
                return r == -EBADMSG ? complain(sentence, "%s%s%s.", error.path,
                                                *error.path ? ": " : "", error.text)
                                     : r;
        if ((plan->firmware == NO_INT) == !plan->location)
                return complain(sentence, "Either firmware or location is needed, and not both.");
        if (!plan->certificate != !plan->signature || (plan->certificate && !plan->location))
                return complain(
                        sentence,
                        "signingCertificate and signature belong together, and to a location.");
        r = read_moment("retrieve", plan->retrieve, &plan->retrieve_at, sentence);
        if (r == 0)
                r = read_moment("install", plan->install, &plan->install_at, sentence);
        if (r == 0)
                r = check_number("spread", plan->spread, SPREAD_MAX, sentence);
        if (r == 0)
                r = check_number("retries", plan->retries, 1000, sentence);
        if (r == 0)
                r = check_number("retryInterval", plan->retry_interval, SPREAD_MAX, sentence);
        return r;
}

/* A station's place in the window, seconds: by its identity, so that the same one always has it
 * (FNV-1a). */
static int64_t offset_of(const Draft *draft, const Station *station)
{
        uint32_t hash = 2166136261u;
        for (const char *p = station->id; *p; p++)
                hash = (hash ^ (unsigned char)*p) * 16777619u;
        return draft->plan.spread > 0 ? (int64_t)(hash % (uint64_t)draft->plan.spread) : 0;
}

/* Adds a time to the order. by_default: now is meant where none is given. -EINVAL and sentence. */
static int add_time(Draft *draft, const Station *station, const char *name, const Moment *moment,
                    bool by_default, cJSON *order)
{
        char text[TIME_TEXT_MAX];
        usec_t when;
        if (moment->kind == MOMENT_NONE && !by_default)
                return 0;
        int r = moment_resolve(moment, station_timezone(station), draft->now, &when);
        if (r < 0)
                return complain(draft->sentence,
                                "Its time zone is not known here, or has no such day.");
        when = (when == NO_TIME ? draft->now : when) +
               (usec_t)offset_of(draft, station) * USEC_PER_SEC;
        return cJSON_AddStringToObject(order, name, time_format(when, text)) ? 0 : -ENOMEM;
}

static bool add_text(cJSON *order, const char *name, const char *text)
{
        return !text || cJSON_AddStringToObject(order, name, text);
}

static bool add_number(cJSON *order, const char *name, int64_t value)
{
        return value == NO_INT || cJSON_AddNumberToObject(order, name, (double)value);
}

/* What the order begins with: where the file is, and its signature. */
static int make_place(Draft *draft, const Station *station, cJSON **ret)
{
        const Plan *plan = &draft->plan;
        if (draft->firmware) {
                int r = firmware_order(draft->pusher->options.firmware, draft->firmware, station,
                                       ret);
                return r == -ENODATA  ? complain(draft->sentence,
                                                 "It has not connected since mock-csms was started, "
                                                  "so that it is not "
                                                  "known by which address it reaches this server.")
                       : r == -ENOENT ? complain(draft->sentence, "The firmware file is missing.")
                                      : r;
        }
        *ret = cJSON_CreateObject();
        bool fine = *ret && add_text(*ret, "location", plan->location) &&
                    add_text(*ret, "signingCertificate", plan->certificate) &&
                    add_text(*ret, "signature", plan->signature);
        return fine ? 0 : -ENOMEM;
}

/* The body of an order for this station. */
static int make_order(Draft *draft, const Station *station, cJSON **ret)
{
        const Plan *plan = &draft->plan;
        _cleanup_(cJSON_Deletep) cJSON *order = NULL;
        int r = make_place(draft, station, &order);
        if (r < 0)
                return r;
        if (plan->plain > 0) {
                cJSON_DeleteItemFromObjectCaseSensitive(order, "signingCertificate");
                cJSON_DeleteItemFromObjectCaseSensitive(order, "signature");
        }
        if (!add_number(order, "retries", plan->retries) ||
            !add_number(order, "retryInterval", plan->retry_interval))
                return -ENOMEM;
        r = add_time(draft, station, "retrieveDateTime", &plan->retrieve_at, true, order);
        if (r == 0)
                r = add_time(draft, station, "installDateTime", &plan->install_at, false, order);
        if (r == 0)
                *ret = TAKE_PTR(order);
        return r;
}

/* The message of one station; -EINVAL: there is none, and why is in the sentence. */
static int make_message(Draft *draft, const Station *station, PushTarget *target)
{
        const char *action = NULL, *sentence = NULL;
        _cleanup_(cJSON_Deletep) cJSON *order = NULL, *payload = NULL;
        int r = make_order(draft, station, &order);
        if (r == 0)
                r = order_message(&order_update, draft->pusher->options.csms, station, order,
                                  &(OrderMessage){&action, &payload, &sentence});
        if (sentence)
                complain(draft->sentence, "%s", sentence);
        if (r < 0 || !action)
                return r;
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(payload, "requestId");
        target->request_id = id ? (int64_t)id->valuedouble : NO_INT;
        target->action = strdup(action);
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
        *target = (PushTarget){.state = PUSH_READY, .request_id = NO_INT, .since = draft->now};
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
        Push push = {.firmware = draft->firmware ? draft->firmware->id : 0, .made = draft->now};
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
        _cleanup_(draft_done)
                Draft draft = {.pusher = pusher, .now = wallclock_now(), .sentence = sentence};
        State *state = pusher->options.state;
        int r = read_plan(body, &draft.plan, sentence);
        if (r == 0 && draft.plan.firmware != NO_INT)
                r = firmware_find(pusher->options.firmware, draft.plan.firmware, &draft.firmware);
        if (r == -ENOENT)
                (void)complain(sentence, "There is no firmware of this id.");
        if (r == 0)
                r = make_targets(&draft, body);
        if (r == 0)
                r = state_savepoint(state);
        if (r < 0)
                return r;
        r = write_draft(&draft, body);
        if (r < 0) {
                state_undo(state);
                return r;
        }
        r = state_release(state);
        if (r == 0)
                r = state_flush(state);
        if (r == 0)
                *ret_id = draft.id;
        return r;
}
