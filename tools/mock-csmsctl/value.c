/* See value.h. */
#include "value.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

int complain(Sentence *reterr, const char *format, ...)
{
        va_list ap;
        va_start(ap, format);
        (void)vsnprintf(reterr->text, sizeof(reterr->text), format, ap);
        va_end(ap);
        return -EINVAL;
}

static const cJSON *limit(const cJSON *schema, const char *name)
{
        return cJSON_GetObjectItemCaseSensitive(schema, name);
}

static int expect_number(const cJSON *schema, bool whole, Sentence *reterr)
{
        const cJSON *min = limit(schema, "minimum"), *max = limit(schema, "maximum");
        char from[40] = "", to[40] = "";
        if (min)
                (void)snprintf(from, sizeof(from), " from %.15g", min->valuedouble);
        if (max)
                (void)snprintf(to, sizeof(to), " to %.15g", max->valuedouble);
        return complain(reterr, "a %s%s%s", whole ? "whole number" : "number", from, to);
}

static int read_number(const cJSON *schema, const char *text, cJSON **ret, Sentence *reterr)
{
        char *end;
        double number = strtod(text, &end);
        bool whole = !spec_allows(schema, "number");
        const cJSON *min = limit(schema, "minimum"), *max = limit(schema, "maximum");
        bool good =
                end != text && !*end && isfinite(number) && !text[strspn(text, "0123456789+-.eE")];
        if (!good || (whole && floor(number) != number) || (min && number < min->valuedouble) ||
            (max && number > max->valuedouble))
                return expect_number(schema, whole, reterr);
        *ret = cJSON_CreateNumber(number);
        return *ret ? 0 : -ENOMEM;
}

/* "late, never or twice". */
static int expect_words(const cJSON *words, Sentence *reterr)
{
        size_t n = 0;
        const cJSON *item;
        cJSON_ArrayForEach (item, words) {
                const char *glue = !item->prev || item == words->child ? ""
                                   : item->next                        ? ", "
                                                                       : " or ";
                if (cJSON_IsString(item) && n < sizeof(reterr->text))
                        n += (size_t)snprintf(reterr->text + n, sizeof(reterr->text) - n, "%s%s",
                                              glue, item->valuestring);
        }
        return -EINVAL;
}

static int read_string(const cJSON *schema, const char *text, cJSON **ret, Sentence *reterr)
{
        const cJSON *words = limit(schema, "enum"), *item;
        const cJSON *min = limit(schema, "minLength"), *max = limit(schema, "maxLength");
        size_t length = utf8_length(text);
        bool known = !words;
        cJSON_ArrayForEach (item, words)
                known = known || str_equal(cJSON_GetStringValue(item), text);
        if (!known)
                return expect_words(words, reterr);
        if (!utf8_valid(text, strlen(text)))
                return complain(reterr, "UTF-8");
        if (min && length < (size_t)min->valuedouble)
                return complain(reterr, "%s",
                                length == 0 ? "something, not nothing" : "a longer text");
        if (max && length > (size_t)max->valuedouble)
                return complain(reterr, "at most %.0f characters", max->valuedouble);
        *ret = cJSON_CreateString(text);
        return *ret ? 0 : -ENOMEM;
}

static int read_json(const cJSON *schema, const char *text, cJSON **ret, Sentence *reterr)
{
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        int r = json_parse(text, strlen(text), &json);
        if (r == -ENOMEM)
                return r;
        bool fits = r == 0 && ((cJSON_IsObject(json) && spec_allows(schema, "object")) ||
                               (cJSON_IsArray(json) && spec_allows(schema, "array")));
        if (!fits)
                return complain(reterr, "%s in JSON",
                                spec_allows(schema, "object") ? "an object" : "a list");
        *ret = TAKE_PTR(json);
        return 0;
}

static int read_words(const cJSON *document, const cJSON *schema, const char *text, cJSON **ret,
                      Sentence *reterr)
{
        const cJSON *items = spec_at(document, schema, "items");
        _cleanup_(cJSON_Deletep) cJSON *list = cJSON_CreateArray();
        _cleanup_(freep) char *copy = strdup(text);
        char *rest = copy;
        if (!list || !copy)
                return -ENOMEM;
        for (char *word; *text && (word = strsep(&rest, ","));) {
                cJSON *item = NULL;
                int r = value_read(document, items, str_strip(word), &item, reterr);
                if (r < 0)
                        return r;
                cJSON_AddItemToArray(list, item);
        }
        *ret = TAKE_PTR(list);
        return 0;
}

int value_read(const cJSON *document, const cJSON *schema, const char *text, cJSON **ret,
               Sentence *reterr)
{
        bool list = spec_allows(schema, "array"), object = spec_allows(schema, "object");
        bool typed = cJSON_GetObjectItemCaseSensitive(schema, "type");
        if (typed && streq(text, "null") && spec_allows(schema, "null")) {
                *ret = cJSON_CreateNull();
                return *ret ? 0 : -ENOMEM;
        }
        if ((list && *text == '[') || (object && *text == '{'))
                return read_json(schema, text, ret, reterr);
        if (spec_allows(schema, "string"))
                return read_string(schema, text, ret, reterr);
        if (spec_allows(schema, "boolean")) {
                if (!streq(text, "true") && !streq(text, "false"))
                        return complain(reterr, "true or false");
                *ret = cJSON_CreateBool(*text == 't');
                return *ret ? 0 : -ENOMEM;
        }
        if (spec_allows(schema, "integer") || spec_allows(schema, "number"))
                return read_number(schema, text, ret, reterr);
        return list ? read_words(document, schema, text, ret, reterr)
                    : read_json(schema, text, ret, reterr);
}
