/* See scenario-values.h. */
#include "scenario-values.h"
#include <math.h>
#include <stdio.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SECONDS_MAX (100.0 * 365 * 86400)

bool value_name_valid(const char *name)
{
        size_t n = strlen(name);
        return n > 0 && n <= VALUE_NAME_MAX && strchr(LETTERS, *name) &&
               strspn(name, LETTERS "0123456789_-.") == n;
}

int duration_parse(const char *text, usec_t *ret)
{
        /* clang-format off */
        static const struct { const char *unit; double usec; } units[] = {
                { "ms", 1e3 }, { "s", 1e6 }, { "m", 60e6 }, { "h", 3600e6 },
        };
        /* clang-format on */
        char *end;
        size_t digits = strspn(text, "0123456789.");
        double number = strtod(text, &end);
        if (digits == 0 || end != text + digits)
                return -EINVAL;
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (streq(end, units[i].unit) && number * units[i].usec <= SECONDS_MAX * 1e6) {
                        *ret = (usec_t)llround(number * units[i].usec);
                        return 0;
                }
        return -EINVAL;
}

void values_clear(Values *values)
{
        for (size_t i = 0; i < values->count; i++)
                cJSON_Delete(values->items[i].json);
        values->count = 0;
}

static Value *find(const Values *values, const char *name)
{
        for (size_t i = 0; i < values->count; i++)
                if (streq(values->items[i].name, name))
                        return (Value *)&values->items[i];
        return NULL;
}

int values_set(Values *values, const char *name, cJSON *json)
{
        _cleanup_(cJSON_Deletep) cJSON *owned = json;
        if (!value_name_valid(name))
                return -EINVAL;
        if (!owned)
                return -ENOMEM;
        Value *value = find(values, name);
        if (!value && values->count == VALUES_MAX)
                return -ENOSPC;
        if (value)
                cJSON_Delete(value->json);
        else
                value = &values->items[values->count++];
        memcpy(value->name, name, strlen(name) + 1);
        value->json = TAKE_PTR(owned);
        return 0;
}

const cJSON *values_get(const Values *values, const char *name)
{
        const Value *value = find(values, name);
        return value ? value->json : NULL;
}

/* "now", "now+2h", "now-30s". 0 and *ret_offset in usec, -EINVAL. */
static int read_now(const char *name, double *ret_offset)
{
        const char *rest = startswith(name, "now");
        usec_t span = 0;
        if (!rest || (*rest && *rest != '+' && *rest != '-'))
                return -EINVAL;
        if (*rest && duration_parse(rest + 1, &span) < 0)
                return -EINVAL;
        *ret_offset = *rest == '-' ? -(double)span : (double)span;
        return 0;
}

static cJSON *now_with(const Values *values, double offset)
{
        char text[TIME_TEXT_MAX];
        double t = (double)values->now + offset;
        return cJSON_CreateString(time_format(t > 0 ? (usec_t)t : 0, text));
}

/* The value of what stands between the braces. 0 and *ret, owned by the caller; -ENOENT; -ENOMEM.
 */
static int look_up(const Values *values, const char *name, cJSON **ret)
{
        double offset;
        const cJSON *value = values_get(values, name);
        if (value)
                *ret = cJSON_Duplicate(value, true);
        else if (read_now(name, &offset) == 0)
                *ret = now_with(values, offset);
        else if (streq(name, "fresh") && values->fresh)
                *ret = cJSON_CreateNumber((double)values->fresh(values->userdata));
        else
                return -ENOENT;
        return *ret ? 0 : -ENOMEM;
}

/* The next "${name}" of a text. 1 with its begin, its end and its name; 0: none; -EINVAL: a bad
 * one. */
static int next_name(const char *text, const char **ret_begin, const char **ret_end,
                     char name[static VALUE_NAME_MAX + 1])
{
        const char *begin = strstr(text, "${");
        if (!begin)
                return 0;
        const char *close = strchr(begin, '}');
        size_t n = close ? (size_t)(close - begin - 2) : 0;
        if (!close || n == 0 || n > VALUE_NAME_MAX)
                return -EINVAL;
        memcpy(name, begin + 2, n);
        name[n] = '\0';
        *ret_begin = begin;
        *ret_end = close + 1;
        return 1;
}

typedef struct Text {
        char *bytes; /* owned */
        size_t size, room;
        size_t *spent; /* of EXPANDED_BYTES_MAX */
} Text;

static void text_done(Text *text)
{
        free(text->bytes);
}

static int append(Text *text, const char *bytes, size_t n)
{
        if (n > EXPANDED_BYTES_MAX - *text->spent)
                return -E2BIG;
        *text->spent += n;
        if (text->size + n + 1 > text->room) {
                size_t room = 2 * text->room + n + 1;
                char *more = realloc(text->bytes, room);
                if (!more)
                        return -ENOMEM;
                text->bytes = more;
                text->room = room;
        }
        memcpy(text->bytes + text->size, bytes, n);
        text->size += n;
        text->bytes[text->size] = '\0';
        return 0;
}

static int append_value(Text *text, const cJSON *value)
{
        if (cJSON_IsString(value))
                return append(text, value->valuestring, strlen(value->valuestring));
        _cleanup_(freep) char *printed = cJSON_PrintUnformatted(value);
        return printed ? append(text, printed, strlen(printed)) : -ENOMEM;
}

typedef struct Expansion {
        const Values *values;
        size_t spent;
        char *missing; /* owned */
} Expansion;

static int look_up_or_tell(Expansion *x, const char *name, cJSON **ret)
{
        int r = look_up(x->values, name, ret);
        if (r == -ENOENT && !(x->missing = strdup(name)))
                return -ENOMEM;
        return r;
}

/* One name and the text before it. */
static int append_next(Expansion *x, Text *out, const char *text, const char *begin,
                       const char *name)
{
        _cleanup_(cJSON_Deletep) cJSON *value = NULL;
        int r = look_up_or_tell(x, name, &value);
        if (r == 0)
                r = append(out, text, (size_t)(begin - text));
        return r == 0 ? append_value(out, value) : r;
}

static int expand_text(Expansion *x, const char *text, cJSON **ret)
{
        _cleanup_(text_done) Text out = {.spent = &x->spent};
        char name[VALUE_NAME_MAX + 1];
        const char *begin, *end;
        int r = next_name(text, &begin, &end, name);
        if (r > 0 && begin == text && !*end) /* nothing else: it keeps its type */
                return look_up_or_tell(x, name, ret);
        while (next_name(text, &begin, &end, name) > 0) {
                r = append_next(x, &out, text, begin, name);
                if (r < 0)
                        return r;
                text = end;
        }
        r = append(&out, text, strlen(text));
        if (r == 0 && !(*ret = cJSON_CreateString(out.bytes)))
                r = -ENOMEM;
        return r;
}

static int expand(Expansion *x, const cJSON *template, cJSON **ret);

static int expand_children(Expansion *x, const cJSON *template, cJSON *into)
{
        const cJSON *item;
        cJSON_ArrayForEach (item, template) {
                cJSON *copy = NULL;
                int r = expand(x, item, &copy);
                if (r < 0)
                        return r;
                bool added = item->string ? cJSON_AddItemToObject(into, item->string, copy)
                                          : cJSON_AddItemToArray(into, copy);
                if (!added) {
                        cJSON_Delete(copy);
                        return -ENOMEM;
                }
        }
        return 0;
}

static int expand(Expansion *x, const cJSON *template, cJSON **ret)
{
        if (cJSON_IsString(template))
                return expand_text(x, template->valuestring, ret);
        bool object = cJSON_IsObject(template);
        if (!object && !cJSON_IsArray(template)) {
                *ret = cJSON_Duplicate(template, false);
                return *ret ? 0 : -ENOMEM;
        }
        _cleanup_(cJSON_Deletep) cJSON *into = object ? cJSON_CreateObject() : cJSON_CreateArray();
        int r = into ? expand_children(x, template, into) : -ENOMEM;
        if (r == 0)
                *ret = TAKE_PTR(into);
        return r;
}

int values_expand(const Values *values, const cJSON *template, cJSON **ret, char **reterr)
{
        Expansion x = {.values = values};
        int r = expand(&x, template, ret);
        if (r == -ENOENT)
                *reterr = TAKE_PTR(x.missing);
        free(x.missing);
        return r;
}

static int names_of_text(const char *text, int (*seen)(void *userdata, const char *name),
                         void *userdata)
{
        char name[VALUE_NAME_MAX + 1];
        const char *begin, *end;
        double offset;
        int r;
        while ((r = next_name(text, &begin, &end, name)) > 0) {
                text = end;
                if (read_now(name, &offset) == 0 || streq(name, "fresh"))
                        continue;
                if (!value_name_valid(name))
                        return -EINVAL;
                r = seen(userdata, name);
                if (r < 0)
                        return r;
        }
        return r;
}

int values_names(const cJSON *template, int (*seen)(void *userdata, const char *name),
                 void *userdata)
{
        const cJSON *item;
        if (cJSON_IsString(template))
                return names_of_text(template->valuestring, seen, userdata);
        cJSON_ArrayForEach (item, template) {
                int r = values_names(item, seen, userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}
