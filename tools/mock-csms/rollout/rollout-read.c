/* See rollout-read.h. */
#include "rollout-read.h"
#include "filter.h"
#include "push-message.h"
#include "station.h"
#include <stdio.h>

#define SHARE_TEXT_MAX 16
#define SECONDS_MAX 31536000 /* a year */
#define COUNT_MAX 1000000
/* Where a plan does not say. */
#define ANSWER_TIMEOUT 300
#define PROGRESS_TIMEOUT 7200
#define RETRY_AFTER 600

typedef struct GroupBody {
        char *name, *share, *success, *fail_limit;
        int64_t wait;
} GroupBody;

typedef struct Body {
        char *name, *version, *fail_limit;
        int64_t firmware, answer_timeout, progress_timeout, in_flight_max, times, after;
        usec_t start_at;
        List groups, failures;
        PushPlan how;
} Body;

typedef struct FailureWord {
        int failure;
} FailureWord;

/* clang-format off */
static const char *const failure_words[FAILURE_MAX] = {
        [FAILURE_NO_ANSWER] = "NoAnswer",         [FAILURE_REJECTED] = "Rejected",     [FAILURE_CALL_ERROR] = "CallError",
        [FAILURE_DOWNLOAD] = "DownloadFailed",    [FAILURE_SIGNATURE] = "InvalidSignature",
        [FAILURE_INSTALL] = "InstallationFailed", [FAILURE_STALLED] = "Stalled",
        [FAILURE_VERIFICATION] = "InstallVerificationFailed",
};
static const EnumTable failures = WORDS(failure_words);
static const ListType failures_type = LIST_OF_WORDS(failures, 0, FAILURE_MAX);

static const Field group_fields[] = {
        STRING_FIELD(  "name",         REQUIRED, GroupBody, name,       ROLLOUT_NAME_MAX / 4),
        STRING_FIELD(  "share",        OPTIONAL, GroupBody, share,      SHARE_TEXT_MAX),
        IGNORED_MEMBER("filter",       OPTIONAL, JSON_OBJECT),
        IGNORED_MEMBER("stations",     OPTIONAL, JSON_ARRAY),
        STRING_FIELD(  "success",      OPTIONAL, GroupBody, success,    SHARE_TEXT_MAX),
        INT_FIELD(     "wait",         OPTIONAL, GroupBody, wait),
        STRING_FIELD(  "failureLimit", OPTIONAL, GroupBody, fail_limit, SHARE_TEXT_MAX),
};
static const Table group_table = TABLE("group", group_fields);
static const ListType groups_type = LIST_OF_OBJECTS(group_table, GroupBody, NULL, 1, ROLLOUT_GROUPS_MAX);

static const Field retry_fields[] = {
        INT_FIELD( "times",    OPTIONAL, Body, times),
        INT_FIELD( "after",    OPTIONAL, Body, after),
        LIST_FIELD("failures", OPTIONAL, Body, failures, failures_type),
};
static const Table retry_table = TABLE("retry", retry_fields);

static const Field body_fields[] = {
        STRING_FIELD(  "name",            REQUIRED, Body, name,       ROLLOUT_NAME_MAX / 4),
        INT_FIELD(     "firmware",        OPTIONAL, Body, firmware),
        IGNORED_MEMBER("order",           OPTIONAL, JSON_OBJECT),
        STRING_FIELD(  "version",         OPTIONAL, Body, version,    ROLLOUT_NAME_MAX / 4),
        IGNORED_MEMBER("stations",        OPTIONAL, JSON_OBJECT),
        TIME_FIELD(    "startAt",         OPTIONAL, Body, start_at),
        STRING_FIELD(  "failureLimit",    OPTIONAL, Body, fail_limit, SHARE_TEXT_MAX),
        INLINE_FIELD(  "retry",           OPTIONAL, retry_table),
        INT_FIELD(     "answerTimeout",   OPTIONAL, Body, answer_timeout),
        INT_FIELD(     "progressTimeout", OPTIONAL, Body, progress_timeout),
        INT_FIELD(     "inFlightMax",     OPTIONAL, Body, in_flight_max),
        PUSH_PLAN_FIELDS(Body, how),
        LIST_FIELD(    "groups",          REQUIRED, Body, groups, groups_type),
};
static const Table body_table = TABLE("roll-out", body_fields);

static const Field change_fields[] = {
        STRING_FIELD(  "reason",   OPTIONAL, RolloutChange, reason,   ROLLOUT_REASON_MAX / 4),
        STRING_FIELD(  "version",  OPTIONAL, RolloutChange, version,  ROLLOUT_NAME_MAX / 4),
        INT_FIELD(     "firmware", OPTIONAL, RolloutChange, firmware),
        IGNORED_MEMBER("order",    OPTIONAL, JSON_OBJECT),
};
static const Table change_table = TABLE("change", change_fields);
/* clang-format on */

static const CodecRules rules = {.unknown_is_violation = true};

static void body_done(Body *body)
{
        codec_done(&body_table, body);
}

void rollout_change_done(RolloutChange *change)
{
        codec_done(&change_table, change);
        free(change->order);
        change->order = NULL;
}

static int complain(CodecError *error, const char *sentence)
{
        snprintf(error->text, sizeof(error->text), "%.*s", (int)sizeof(error->text) - 1, sentence);
        return -EINVAL;
}

static int decode(const Table *table, const cJSON *json, void *out, CodecError *reterr)
{
        int r = codec_decode(table, rules, json, out, reterr);
        if (r != -EBADMSG)
                return r;
        size_t n = strlen(reterr->text);
        snprintf(reterr->text + n, sizeof(reterr->text) - n, ".");
        return -EINVAL;
}

static int take_share(const char *text, RolloutShare otherwise, RolloutShare *ret,
                      CodecError *reterr)
{
        *ret = otherwise;
        return !text || rollout_share_parse(text, ret) == 0
                       ? 0
                       : complain(reterr,
                                  "A share must be a text such as \"10%\", \"0.5%\" or \"25\".");
}

static int find_firmware(FirmwareStore *store, int64_t id, char **version, CodecError *reterr)
{
        _cleanup_(firmware_freep) Firmware *firmware = NULL;
        int r = firmware_find(store, id, &firmware);
        if (r == -ENOENT)
                return complain(reterr, "There is no firmware of this id.");
        if (r == 0 && !*version && firmware->version)
                r = str_replace(version, firmware->version);
        return r;
}

/* The firmware that the body names, or its order as text, checked for what any station would
 * refuse. *version, where it is NULL, becomes the firmware's. 0 and *ret_order (NULL: none). */
static int take_what(const cJSON *body, FirmwareStore *store, int64_t firmware, char **version,
                     char **ret_order, CodecError *reterr)
{
        const cJSON *order = cJSON_GetObjectItemCaseSensitive(body, "order");
        if (!order == (firmware == NO_INT))
                return complain(reterr, "Either firmware or order must be there.");
        if (!order)
                return find_firmware(store, firmware, version, reterr);
        if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(order, "location")))
                return complain(reterr, "order must have a location.");
        if (!cJSON_GetObjectItemCaseSensitive(order, "signature") !=
            !cJSON_GetObjectItemCaseSensitive(order, "signingCertificate"))
                return complain(reterr, "signingCertificate and signature belong together.");
        *ret_order = cJSON_PrintUnformatted(order);
        if (!*ret_order)
                return -ENOMEM;
        return strlen(*ret_order) <= ROLLOUT_ORDER_MAX ? 0 : complain(reterr, "order is too long.");
}

int rollout_read_change(const cJSON *body, FirmwareStore *firmware, RolloutChange *ret,
                        CodecError *reterr)
{
        *ret = (RolloutChange){.firmware = NO_INT};
        int r = decode(&change_table, body, ret, reterr);
        if (r < 0)
                return r;
        bool has = ret->firmware != NO_INT || ret->version || cJSON_HasObjectItem(body, "order");
        if (firmware)
                r = take_what(body, firmware, ret->firmware, &ret->version, &ret->order, reterr);
        else if (has)
                r = complain(reterr, "This call takes a reason only.");
        if (r < 0)
                rollout_change_done(ret);
        return r;
}

static bool in_range(int64_t value, int64_t max)
{
        return value >= 0 && value <= max;
}

static int make_plan(const Body *body, RolloutPlan *plan, CodecError *reterr)
{
        const FailureWord *words = body->failures.items;
        if (!*body->name)
                return complain(reterr, "A roll-out needs a name.");
        if (!in_range(body->after, SECONDS_MAX) || body->answer_timeout < 1 ||
            body->progress_timeout < 1 || !in_range(body->answer_timeout, SECONDS_MAX) ||
            !in_range(body->progress_timeout, SECONDS_MAX))
                return complain(reterr,
                                "Times must be seconds, up to a year; a time-out at least one.");
        if (!in_range(body->times, COUNT_MAX) || !in_range(body->in_flight_max, COUNT_MAX))
                return complain(reterr, "retry.times and inFlightMax must be counts.");
        plan->firmware = body->firmware == NO_INT ? 0 : body->firmware;
        plan->start_at = body->start_at == NO_TIME ? 0 : body->start_at;
        plan->answer_timeout = (usec_t)body->answer_timeout * USEC_PER_SEC;
        plan->progress_timeout = (usec_t)body->progress_timeout * USEC_PER_SEC;
        plan->in_flight_max = (uint32_t)body->in_flight_max;
        plan->retry = (RolloutRetry){(uint32_t)body->times, (usec_t)body->after * USEC_PER_SEC, 0};
        for (size_t i = 0; i < body->failures.count; i++)
                plan->retry.reasons |= 1u << words[i].failure;
        if (body->failures.count == 0)
                plan->retry.reasons = UINT32_MAX;
        plan->since = wallclock_now();
        snprintf(plan->name, sizeof(plan->name), "%s", body->name);
        snprintf(plan->version, sizeof(plan->version), "%s", strempty(body->version));
        return take_share(body->fail_limit, (RolloutShare){0}, &plan->fail_limit, reterr);
}

/* How stations are told, checked, as the plan keeps it. */
static int take_how(PushPlan *how, RolloutPlan *plan, CodecError *reterr)
{
        char sentence[PUSH_SENTENCE_MAX];
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        if (push_plan_check(how, sentence) < 0)
                return complain(reterr, sentence);
        int r = codec_encode(&push_plan_table, how, &json, reterr);
        if (r < 0)
                return r;
        if (json->child && !cJSON_PrintPreallocated(json, plan->how, sizeof(plan->how), false))
                return complain(reterr, "retrieve or install is too long.");
        return 0;
}

static int make_group(const GroupBody *body, RolloutGroup *group, RolloutChoice *choice,
                      CodecError *reterr)
{
        const RolloutShare all = {SHARE_PERCENT, 10000}, none = {0};
        if (!*body->name || !in_range(body->wait, SECONDS_MAX))
                return complain(reterr,
                                "A group needs a name, and wait must be seconds up to a year.");
        snprintf(group->name, sizeof(group->name), "%s", body->name);
        group->wait = (usec_t)body->wait * USEC_PER_SEC;
        group->begun_at = group->reached_at = NO_TIME;
        int r = take_share(body->share, none, &choice->share, reterr);
        if (r == 0)
                r = take_share(body->success, all, &group->success, reterr);
        return r < 0 ? r : take_share(body->fail_limit, none, &group->fail_limit, reterr);
}

/* Identities of stations; borrowed from them. */
typedef struct Ids {
        const char **items;
        size_t count;
} Ids;

static void ids_done(Ids *ids)
{
        free(ids->items);
}

/* Those that the filter (NULL: none) fits. 0, -EINVAL, -ENOMEM. */
static int find_stations(const cJSON *json, Csms *csms, Ids *ret, CodecError *reterr)
{
        _cleanup_(filter_done) Filter filter = FILTER_INIT;
        int r = json ? filter_read(json, &filter, reterr) : 0;
        if (r < 0)
                return r;
        ret->items = calloc(csms_count(csms) + 1, sizeof(*ret->items));
        if (!ret->items)
                return -ENOMEM;
        for (size_t i = 0; i < csms_count(csms); i++) {
                const Station *station = csms->stations[i];
                if (filter_matches(&filter, station))
                        ret->items[ret->count++] = station_id(station);
        }
        return 0;
}

/* The identities of a list. 0, -EINVAL, -ENOMEM. */
static int list_stations(const cJSON *json, Csms *csms, Ids *ret, CodecError *reterr)
{
        const cJSON *item;
        ret->items = calloc((size_t)cJSON_GetArraySize(json) + 1, sizeof(*ret->items));
        if (!ret->items)
                return -ENOMEM;
        cJSON_ArrayForEach (item, json) {
                if (!cJSON_IsString(item) || !csms_find(csms, item->valuestring))
                        return complain(reterr, "stations must be a list of identities of stations "
                                                "that were ever seen.");
                ret->items[ret->count++] = item->valuestring;
        }
        return 0;
}

/* What a group of the body chooses by, beside a share. */
static int choose(const cJSON *json, Csms *csms, RolloutChoice *choice, Ids *ids,
                  CodecError *reterr)
{
        const cJSON *filter = cJSON_GetObjectItemCaseSensitive(json, "filter");
        const cJSON *stations = cJSON_GetObjectItemCaseSensitive(json, "stations");
        if ((choice->share.kind != SHARE_NONE) + !!filter + !!stations != 1)
                return complain(reterr, "A group needs one of share, filter and stations.");
        int r = filter ? find_stations(filter, csms, ids, reterr) : 0;
        if (stations)
                r = list_stations(stations, csms, ids, reterr);
        choice->ids = ids->items;
        choice->ids_count = ids->count;
        return r;
}

/* Room for all that a roll-out is made of. */
typedef struct Making {
        RolloutPlan plan;
        RolloutGroup groups[ROLLOUT_GROUPS_MAX];
        RolloutChoice choices[ROLLOUT_GROUPS_MAX];
        Ids ids[ROLLOUT_GROUPS_MAX], candidates;
} Making;

static void making_freep(Making **making)
{
        for (size_t g = 0; *making && g < ROLLOUT_GROUPS_MAX; g++)
                ids_done(&(*making)->ids[g]);
        if (*making)
                ids_done(&(*making)->candidates);
        free(*making);
}

static int make(const cJSON *json, Body *body, const RolloutSources *sources, Making *m,
                CodecError *reterr)
{
        const GroupBody *groups = body->groups.items;
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "groups");
        _cleanup_(freep) char *order = NULL;
        int r = take_what(json, sources->firmware, body->firmware, &body->version, &order, reterr);
        if (r == 0)
                r = make_plan(body, &m->plan, reterr);
        if (r == 0)
                r = take_how(&body->how, &m->plan, reterr);
        for (size_t g = 0; g < body->groups.count && r == 0; g++) {
                r = make_group(&groups[g], &m->groups[g], &m->choices[g], reterr);
                if (r == 0)
                        r = choose(cJSON_GetArrayItem(list, (int)g), sources->csms, &m->choices[g],
                                   &m->ids[g], reterr);
        }
        if (r == 0)
                snprintf(m->plan.order, sizeof(m->plan.order), "%s", strempty(order));
        return r < 0 ? r
                     : find_stations(cJSON_GetObjectItemCaseSensitive(json, "stations"),
                                     sources->csms, &m->candidates, reterr);
}

int rollout_read(const cJSON *json, const RolloutSources *sources, const RolloutDoors *doors,
                 Rollout **ret, CodecError *reterr)
{
        _cleanup_(body_done) Body body = {.firmware = NO_INT,
                                          .start_at = NO_TIME,
                                          .after = RETRY_AFTER,
                                          .answer_timeout = ANSWER_TIMEOUT,
                                          .progress_timeout = PROGRESS_TIMEOUT,
                                          .how = PUSH_PLAN_INIT};
        _cleanup_(making_freep) Making *m = calloc(1, sizeof(*m));
        _cleanup_(rollout_freep) Rollout *rollout = NULL;
        if (!m)
                return -ENOMEM;
        int r = decode(&body_table, json, &body, reterr);
        if (r == 0)
                r = make(json, &body, sources, m, reterr);
        if (r == 0)
                r = rollout_new(&m->plan, m->groups, body.groups.count, doors, &rollout);
        if (r == 0)
                r = rollout_assign(rollout, m->candidates.items, m->candidates.count, m->choices);
        if (r == -ENODATA)
                return complain(reterr, "A group would have no station.");
        if (r == 0)
                *ret = TAKE_PTR(rollout);
        return r;
}
