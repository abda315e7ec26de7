/* See filter.h. */
#include "filter.h"
#include "fields.h"
#include "station.h"
#include "version.h"
#include <stdio.h>

static const char *const phase_words[UPDATE_PHASE_MAX] = {
        [PHASE_NONE] = "none",
        [PHASE_RUNNING] = "running",
        [PHASE_INSTALLED] = "installed",
        [PHASE_FAILED] = "failed",
};
static const EnumTable phases = {.names = phase_words, .count = UPDATE_PHASE_MAX, .catch_all = -1};

/* clang-format off */
static const struct { const char *status; UpdatePhase phase; } statuses[] = {
        { "",                          PHASE_NONE },
        { "Idle",                      PHASE_NONE },
        { "DownloadScheduled",         PHASE_RUNNING },
        { "Downloading",               PHASE_RUNNING },
        { "DownloadPaused",            PHASE_RUNNING },
        { "Downloaded",                PHASE_RUNNING },
        { "SignatureVerified",         PHASE_RUNNING },
        { "InstallScheduled",          PHASE_RUNNING },
        { "Installing",                PHASE_RUNNING },
        { "InstallRebooting",          PHASE_RUNNING },
        { "Installed",                 PHASE_INSTALLED },
        { "DownloadFailed",            PHASE_FAILED },
        { "InvalidSignature",          PHASE_FAILED },
        { "InstallationFailed",        PHASE_FAILED },
        { "InstallVerificationFailed", PHASE_FAILED },
};

static const Field fields[] = {
        STRING_FIELD("id",                   OPTIONAL, Filter, id,            FILTER_TEXT_MAX),
        STRING_FIELD("protocol",             OPTIONAL, Filter, protocol,      FILTER_TEXT_MAX),
        STRING_FIELD("vendor",               OPTIONAL, Filter, vendor,        FILTER_TEXT_MAX),
        STRING_FIELD("model",                OPTIONAL, Filter, model,         FILTER_TEXT_MAX),
        STRING_FIELD("serialNumber",         OPTIONAL, Filter, serial,        FILTER_TEXT_MAX),
        STRING_FIELD("firmwareVersion",      OPTIONAL, Filter, version,       FILTER_TEXT_MAX),
        STRING_FIELD("notFirmwareVersion",   OPTIONAL, Filter, not_version,   FILTER_TEXT_MAX),
        STRING_FIELD("belowFirmwareVersion", OPTIONAL, Filter, below_version, FILTER_TEXT_MAX),
        STRING_FIELD("tag",                  OPTIONAL, Filter, tag,           FILTER_TEXT_MAX),
        STRING_FIELD("notTag",               OPTIONAL, Filter, not_tag,       FILTER_TEXT_MAX),
        STRING_FIELD("status",               OPTIONAL, Filter, update,        FILTER_TEXT_MAX),
        ENUM_FIELD(  "phase",                OPTIONAL, Filter, phase,         phases),
        BOOL_FIELD(  "online",               OPTIONAL, Filter, online),
};
/* clang-format on */
static const Table table = {.name = "filter", .fields = fields, .count = ELEMENTSOF(fields)};
static const CodecRules rules = {.unknown_is_violation = true};

int update_phase(const char *status)
{
        for (size_t i = 0; i < ELEMENTSOF(statuses); i++)
                if (streq(statuses[i].status, status))
                        return (int)statuses[i].phase;
        return -EINVAL;
}

const char *update_phase_word(UpdatePhase phase)
{
        return phase_words[phase];
}

static int complain(CodecError *error, const char *path, const char *sentence)
{
        snprintf(error->path, sizeof(error->path), "%s", path);
        snprintf(error->text, sizeof(error->text), "%s", sentence);
        return -EINVAL;
}

/* What no table can say: the words of phase are named, and a subprotocol must be one. */
static int check(const Filter *filter, CodecError *reterr)
{
        if (filter->protocol && !csms_dialect(filter->protocol))
                return complain(reterr, "protocol",
                                "protocol must be ocpp1.6, ocpp2.0.1 or ocpp2.1.");
        if (filter->update && update_phase(filter->update) < 0)
                return complain(reterr, "status", "status must be a firmware status of OCPP.");
        return 0;
}

/* The codec's complaint as a sentence. */
static int explain(CodecError *error)
{
        if (!*error->path)
                return complain(error, "", "A filter must be an object.");
        if (streq(error->path, "phase"))
                return complain(error, "phase",
                                "phase must be none, running, installed or failed.");
        if (streq(error->path, "online"))
                return complain(error, "online", "online must be true or false.");
        return -EINVAL;
}

int filter_read(const cJSON *json, Filter *ret, CodecError *reterr)
{
        Filter filter = FILTER_INIT;
        int r = codec_decode(&table, rules, json, &filter, reterr);
        if (r < 0)
                return r == -EBADMSG ? explain(reterr) : r;
        r = check(&filter, reterr);
        if (r < 0) {
                filter_done(&filter);
                return r;
        }
        *ret = filter;
        return 0;
}

static bool is_among(const char *const *words, const char *name, size_t size)
{
        for (; words && *words; words++)
                if (strlen(*words) == size && strncmp(*words, name, size) == 0)
                        return true;
        return false;
}

/* A value of a query as JSON: a text, but for truth values. */
static cJSON *query_value(const char *name, const char *value)
{
        const Field *field = codec_find_field(rules, &table, name);
        if (field && field->kind == FIELD_BOOL && (streq(value, "true") || streq(value, "false")))
                return cJSON_CreateBool(streq(value, "true"));
        return cJSON_CreateString(value);
}

int filter_from_query(char *const *args, size_t count, const char *const *others, Filter *ret,
                      CodecError *reterr)
{
        _cleanup_(cJSON_Deletep) cJSON *json = cJSON_CreateObject();
        for (size_t i = 0; json && i < count; i++) {
                size_t n = strcspn(args[i], "=");
                _cleanup_(freep) char *name = strndup(args[i], n);
                if (!name)
                        return -ENOMEM;
                if (is_among(others, name, n))
                        continue;
                cJSON *value = query_value(name, args[i][n] ? args[i] + n + 1 : "");
                if (!value || !cJSON_AddItemToObject(json, name, value)) {
                        cJSON_Delete(value);
                        return -ENOMEM;
                }
        }
        return json ? filter_read(json, ret, reterr) : -ENOMEM;
}

cJSON *filter_describe(const Filter *filter)
{
        cJSON *json = NULL;
        CodecError error;
        return codec_encode(&table, filter, &json, &error) == 0 ? json : NULL;
}

void filter_done(Filter *filter)
{
        codec_done(&table, filter);
}

bool filter_pattern_matches(const char *pattern, const char *text)
{
        const char *star = NULL, *from = NULL; /* the last star, and where its text may end next */
        while (*text) {
                if (*pattern == '*') {
                        star = pattern++;
                        from = text;
                } else if (*pattern == *text) {
                        pattern++;
                        text++;
                } else if (star) {
                        pattern = star + 1;
                        text = ++from;
                } else {
                        return false;
                }
        }
        while (*pattern == '*')
                pattern++;
        return !*pattern;
}

static bool version_matches(const Filter *f, const char *version)
{
        if (!f->version && !f->not_version && !f->below_version)
                return true;
        return *version && (!f->version || streq(f->version, version)) &&
               (!f->not_version || !streq(f->not_version, version)) &&
               (!f->below_version || version_compare(version, f->below_version) < 0);
}

bool filter_matches(const Filter *f, const Station *s)
{
        return (f->online < 0 || f->online == (s->conn != NULL)) &&
               (!f->id || filter_pattern_matches(f->id, s->id)) &&
               (!f->protocol || streq(f->protocol, s->dialect->subprotocol)) &&
               (!f->vendor || streq(f->vendor, s->vendor)) &&
               (!f->model || streq(f->model, s->model)) &&
               (!f->serial || streq(f->serial, s->serial)) && version_matches(f, s->version) &&
               (!f->tag || station_has_tag(s, f->tag)) &&
               (!f->not_tag || !station_has_tag(s, f->not_tag)) &&
               (!f->update || streq(f->update, s->update.status)) &&
               (f->phase < 0 || f->phase == update_phase(s->update.status));
}
