/* See scenario-match.h. */
#include "scenario-match.h"
#include <math.h>
#include <stdio.h>

/* Bytes of a value told in a mismatch. */
#define BRIEF_MAX 100

/* Where we are: the chain of names up to the root, on the stack. */
typedef struct Place {
        const struct Place *parent;
        const char *name; /* NULL: an array's */
        int index;
} Place;

static void write_path(const Place *place, char *path, size_t room)
{
        if (!place)
                return;
        write_path(place->parent, path, room);
        size_t n = strlen(path);
        if (place->name)
                snprintf(path + n, room - n, "%s%s", n ? "." : "", place->name);
        else
                snprintf(path + n, room - n, "[%d]", place->index);
}

const char *json_brief(const cJSON *json, char *buffer, size_t room)
{
        static const char dots[] = "…";
        _cleanup_(freep) char *printed = json ? cJSON_PrintUnformatted(json) : NULL;
        const char *text = printed ? printed : "nothing";
        size_t n = strlen(text);
        bool cut = n >= room;
        if (cut)
                for (n = room - sizeof(dots); n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
                        n--;
        snprintf(buffer, room, "%.*s%s", (int)n, text, cut ? dots : "");
        return buffer;
}

static bool differ(const Place *place, Mismatch *ret, const char *expected, const cJSON *value)
{
        char got[BRIEF_MAX];
        if (!ret)
                return false;
        *ret = (Mismatch){0};
        write_path(place, ret->path, sizeof(ret->path));
        snprintf(ret->text, sizeof(ret->text), "expected %s, got %s", expected,
                 json_brief(value, got, sizeof(got)));
        return false;
}

static bool matches(const Place *place, const cJSON *pattern, const cJSON *value, Mismatch *ret);

/* Whether a number lies within [min, max]; null: no bound. */
static bool within(double number, const cJSON *bounds)
{
        const cJSON *min = cJSON_GetArrayItem(bounds, 0), *max = cJSON_GetArrayItem(bounds, 1);
        return (!cJSON_IsNumber(min) || number >= min->valuedouble) &&
               (!cJSON_IsNumber(max) || number <= max->valuedouble);
}

static bool is_present(const cJSON *argument, const cJSON *value)
{
        return cJSON_IsTrue(argument) == (value != NULL);
}

static bool is_absent(const cJSON *argument, const cJSON *value)
{
        return cJSON_IsTrue(argument) == !value;
}

static bool is_one_of(const cJSON *argument, const cJSON *value)
{
        const cJSON *one;
        cJSON_ArrayForEach (one, argument)
                if (matches(NULL, one, value, NULL))
                        return true;
        return false;
}

static bool is_not(const cJSON *argument, const cJSON *value)
{
        return !matches(NULL, argument, value, NULL);
}

static bool is_in_range(const cJSON *argument, const cJSON *value)
{
        return cJSON_IsNumber(value) && within(value->valuedouble, argument);
}

static bool has_length(const cJSON *argument, const cJSON *value)
{
        if (cJSON_IsString(value))
                return within((double)utf8_length(value->valuestring), argument);
        return cJSON_IsArray(value) && within(cJSON_GetArraySize(value), argument);
}

static bool has_prefix(const cJSON *argument, const cJSON *value)
{
        return cJSON_IsString(argument) && cJSON_IsString(value) &&
               startswith(value->valuestring, argument->valuestring);
}

static bool has_element(const cJSON *argument, const cJSON *value)
{
        const cJSON *item;
        if (!cJSON_IsArray(value))
                return false;
        cJSON_ArrayForEach (item, value)
                if (matches(NULL, argument, item, NULL))
                        return true;
        return false;
}

static bool is_in_time(const cJSON *argument, const cJSON *value)
{
        usec_t t, bound;
        if (!cJSON_IsString(value) || time_parse(value->valuestring, &t) < 0)
                return false;
        for (int i = 0; i < 2; i++) {
                const cJSON *item = cJSON_GetArrayItem(argument, i);
                if (cJSON_IsNull(item))
                        continue;
                if (!cJSON_IsString(item) || time_parse(item->valuestring, &bound) < 0 ||
                    (i == 0 ? t < bound : t > bound))
                        return false;
        }
        return true;
}

typedef enum ArgumentKind { TRUE_OR_FALSE, PATTERN, PATTERNS, NUMBERS, TEXT, TIMES } ArgumentKind;

static const struct Operator {
        const char *word;
        ArgumentKind argument;
        bool (*holds)(const cJSON *argument, const cJSON *value);
} operators[] = {
        /* clang-format off */
        { "$any",      TRUE_OR_FALSE, is_present  },
        { "$absent",   TRUE_OR_FALSE, is_absent   },
        { "$one_of",   PATTERNS,      is_one_of   },
        { "$not",      PATTERN,       is_not      },
        { "$range",    NUMBERS,       is_in_range },
        { "$length",   NUMBERS,       has_length  },
        { "$prefix",   TEXT,          has_prefix  },
        { "$contains", PATTERN,       has_element },
        { "$time",     TIMES,         is_in_time  },
        /* clang-format on */
};

static const struct Operator *find_operator(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(operators); i++)
                if (streq(operators[i].word, word))
                        return &operators[i];
        return NULL;
}

/* An object whose first member begins with "$" holds operators alone: pattern_check(). */
static bool is_operators(const cJSON *pattern)
{
        return cJSON_IsObject(pattern) && pattern->child && *pattern->child->string == '$';
}

static bool operators_hold(const Place *place, const cJSON *pattern, const cJSON *value,
                           Mismatch *ret)
{
        const cJSON *item;
        cJSON_ArrayForEach (item, pattern) {
                const struct Operator *o = find_operator(item->string);
                char expected[BRIEF_MAX];
                if (!o || !o->holds(item, value))
                        return differ(place, ret, json_brief(pattern, expected, sizeof(expected)),
                                      value);
        }
        return true;
}

static bool object_matches(const Place *place, const cJSON *pattern, const cJSON *value,
                           Mismatch *ret)
{
        const cJSON *item;
        if (!cJSON_IsObject(value))
                return differ(place, ret, "an object", value);
        cJSON_ArrayForEach (item, pattern) {
                const Place here = {place, item->string, 0};
                if (!matches(&here, item, cJSON_GetObjectItemCaseSensitive(value, item->string),
                             ret))
                        return false;
        }
        return true;
}

static bool array_matches(const Place *place, const cJSON *pattern, const cJSON *value,
                          Mismatch *ret)
{
        char expected[48];
        Place here = {place, NULL, 0};
        if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) != cJSON_GetArraySize(pattern)) {
                snprintf(expected, sizeof(expected), "an array of %d", cJSON_GetArraySize(pattern));
                return differ(place, ret, expected, value);
        }
        const cJSON *other = value->child;
        for (const cJSON *item = pattern->child; item; item = item->next, other = other->next) {
                if (!matches(&here, item, other, ret))
                        return false;
                here.index++;
        }
        return true;
}

static bool matches(const Place *place, const cJSON *pattern, const cJSON *value, Mismatch *ret)
{
        char expected[BRIEF_MAX];
        if (is_operators(pattern))
                return operators_hold(place, pattern, value, ret);
        if (cJSON_IsObject(pattern))
                return object_matches(place, pattern, value, ret);
        if (cJSON_IsArray(pattern))
                return array_matches(place, pattern, value, ret);
        if (value && cJSON_Compare(pattern, value, true))
                return true;
        return differ(place, ret, json_brief(pattern, expected, sizeof(expected)), value);
}

bool pattern_matches(const cJSON *pattern, const cJSON *value, Mismatch *ret)
{
        return matches(NULL, pattern, value, ret);
}

static int complain(const Place *place, Mismatch *reterr, const char *text)
{
        *reterr = (Mismatch){0};
        write_path(place, reterr->path, sizeof(reterr->path));
        snprintf(reterr->text, sizeof(reterr->text), "%s", text);
        return -EINVAL;
}

/* [min, max], each of this kind, null, or a text with a name whose value is not known yet. */
static bool are_bounds(const cJSON *argument, bool numbers)
{
        const cJSON *item;
        if (!cJSON_IsArray(argument) || cJSON_GetArraySize(argument) != 2)
                return false;
        cJSON_ArrayForEach (item, argument) {
                bool fine = numbers ? cJSON_IsNumber(item) : cJSON_IsString(item);
                if (!fine && !cJSON_IsNull(item) &&
                    !(cJSON_IsString(item) && startswith(item->valuestring, "${")))
                        return false;
        }
        return true;
}

static int check(const Place *place, const cJSON *pattern, Mismatch *reterr);

static int check_all(const Place *place, const cJSON *patterns, Mismatch *reterr)
{
        Place here = {place, NULL, 0};
        const cJSON *item;
        cJSON_ArrayForEach (item, patterns) {
                here.name = item->string;
                int r = check(&here, item, reterr);
                if (r < 0)
                        return r;
                here.index++;
        }
        return 0;
}

static int check_argument(const Place *place, ArgumentKind kind, const cJSON *argument,
                          Mismatch *reterr)
{
        switch (kind) {
        case TRUE_OR_FALSE:
                return cJSON_IsBool(argument) ? 0
                                              : complain(place, reterr, "expected true or false");
        case PATTERN:
                return check(place, argument, reterr);
        case PATTERNS:
                return cJSON_IsArray(argument)
                               ? check_all(place, argument, reterr)
                               : complain(place, reterr, "expected a list of patterns");
        case NUMBERS:
                return are_bounds(argument, true)
                               ? 0
                               : complain(place, reterr, "expected [min, max], numbers or null");
        case TEXT:
                return cJSON_IsString(argument) ? 0 : complain(place, reterr, "expected a string");
        case TIMES:
                return are_bounds(argument, false)
                               ? 0
                               : complain(place, reterr, "expected [from, to], times or null");
        }
        return 0;
}

static int check(const Place *place, const cJSON *pattern, Mismatch *reterr)
{
        const cJSON *item;
        if (!is_operators(pattern)) {
                cJSON_ArrayForEach (item, pattern)
                        if (item->string && *item->string == '$')
                                return complain(place, reterr,
                                                "expected operators ($…) or members, not both");
                return check_all(place, pattern, reterr);
        }
        cJSON_ArrayForEach (item, pattern) {
                const Place here = {place, item->string, 0};
                const struct Operator *o = find_operator(item->string);
                if (!o)
                        return complain(&here, reterr,
                                        "expected $any, $absent, $one_of, $not, $range, $length, "
                                        "$prefix, $contains or $time");
                int r = check_argument(&here, o->argument, item, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

int pattern_check(const cJSON *pattern, Mismatch *reterr)
{
        return check(NULL, pattern, reterr);
}
