/* See settings.h. */
#include "settings.h"
#include "fields.h"
#include "moment.h"
#include "station.h"
#include <stdio.h>

typedef struct Settings {
        List tags; /* of char * */
        char *timezone;
} Settings;

/* clang-format off */
static const ListType tags_type = LIST_OF_STRINGS(TAG_MAX, 0, TAGS_MAX);
static const Field fields[] = {
        LIST_FIELD(  "tags",     OPTIONAL, Settings, tags,     tags_type),
        STRING_FIELD("timezone", OPTIONAL, Settings, timezone, ZONE_MAX),
};
/* clang-format on */
static const Table table = {.name = "settings", .fields = fields, .count = ELEMENTSOF(fields)};

static void settings_done(Settings *settings)
{
        codec_done(&table, settings);
}

/* Tags are kept with blanks between them, and chosen by in lists parted by commas. */
static bool is_tag(const char *text)
{
        for (const char *p = text; *p; p++)
                if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == ',')
                        return false;
        return *text;
}

static int complain(CodecError *error, const char *path, const char *sentence)
{
        snprintf(error->path, sizeof(error->path), "%s", path);
        snprintf(error->text, sizeof(error->text), "%s", sentence);
        return -EINVAL;
}

static int check(const Settings *settings, CodecError *reterr)
{
        char *const *tags = settings->tags.items;
        for (size_t i = 0; i < settings->tags.count; i++)
                if (!is_tag(tags[i]))
                        return complain(reterr, "tags",
                                        "A tag must be a word without blanks and commas.");
        if (settings->timezone && *settings->timezone && !zone_known(settings->timezone))
                return complain(reterr, "timezone",
                                "timezone must be a name that this machine knows, "
                                "as Europe/Berlin, or null.");
        return 0;
}

static int join_tags(const Settings *settings, char **ret)
{
        char *words[TAGS_MAX + 1] = {0};
        for (size_t i = 0; i < settings->tags.count; i++)
                words[i] = ((char **)settings->tags.items)[i];
        *ret = words[0] ? str_join(words, " ") : NULL;
        return words[0] && !*ret ? -ENOMEM : 0;
}

static void exchange(bool really, char **a, char **b)
{
        char *kept = *a;
        if (!really)
                return;
        *a = *b;
        *b = kept;
}

int settings_apply(Station *station, const cJSON *body,
                   int (*keep)(void *userdata, const Station *station), void *userdata,
                   CodecError *reterr)
{
        _cleanup_(settings_done) Settings settings = {0};
        _cleanup_(cJSON_Deletep) cJSON *copy = cJSON_Duplicate(body, true);
        _cleanup_(freep) char *tags = NULL;
        const CodecRules rules = {.unknown_is_violation = true};
        if (!copy)
                return -ENOMEM;
        if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(copy, "timezone")))
                cJSON_ReplaceItemInObjectCaseSensitive(copy, "timezone", cJSON_CreateString(""));
        int r = codec_decode(&table, rules, copy, &settings, reterr);
        if (r == 0)
                r = check(&settings, reterr);
        if (r == 0)
                r = join_tags(&settings, &tags);
        if (r < 0)
                return r == -EBADMSG ? -EINVAL : r;
        bool tells_tags = cJSON_HasObjectItem(copy, "tags"), tells_zone = settings.timezone;
        if (tells_zone && !*settings.timezone)
                free(TAKE_PTR(settings.timezone));
        exchange(tells_tags, &station->tags, &tags);
        exchange(tells_zone, &station->timezone, &settings.timezone);
        r = keep(userdata, station);
        if (r < 0) {
                exchange(tells_tags, &station->tags, &tags);
                exchange(tells_zone, &station->timezone, &settings.timezone);
                return r;
        }
        TELL(station->csms, changed, station);
        return 0;
}

const char *station_timezone(const Station *station)
{
        return station->timezone;
}

bool station_has_tag(const Station *station, const char *tag)
{
        size_t n = strlen(tag);
        for (const char *p = strempty(station->tags); *p; p += strspn(p, " ")) {
                size_t size = strcspn(p, " ");
                if (size == n && strncmp(p, tag, n) == 0)
                        return true;
                p += size;
        }
        return false;
}
