/* The table codec, reading: one walk over a table's lines. codec-encode.c writes and frees. */
#include <math.h>
#include <stdio.h>

#include "codec-internal.h"

/* RFC 3339 has four digits for the year: the last moment that can be said again. */
#define TIME_MAX ((usec_t)253402300799 * USEC_PER_SEC)
/* The longest name of a peer's that an error repeats. */
#define PLAIN_NAME_MAX 40

typedef struct Decoder {
        CodecRules rules;
        CodecError *error;
} Decoder;

/* 2.x: CustomDataType, in every object; its other members are free. */
static const Field custom_data_fields[] = {
        {"vendorId", FIELD_IGNORED, .required = true, .max = 255, .json_type = JSON_STRING},
};
static const Table custom_data_table = {"CustomData", custom_data_fields,
                                        ELEMENTSOF(custom_data_fields)};

static bool name_is_plain(const char *name)
{
        size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

        return n > 0 && n <= PLAIN_NAME_MAX && name[n] == '\0';
}

static void path_write(const Place *place, char *path, size_t size)
{
        size_t n;

        if (!place->name)
                return;
        path_write(place->parent, path, size);
        n = strlen(path);
        snprintf(path + n, size - n, "%s%s", n > 0 ? "." : "",
                 name_is_plain(place->name) ? place->name : "?");
}

int codec_complain(CodecError *error, const Place *place, CodecViolation violation,
                   const char *what)
{
        *error = (CodecError){.violation = violation};
        path_write(place, error->path, sizeof(error->path));
        snprintf(error->text, sizeof(error->text), "%s %s", *error->path ? error->path : "payload",
                 what);
        return -EBADMSG;
}

int enum_from_word(const EnumTable *names, const char *word)
{
        if (!word)
                return -EINVAL;
        for (size_t i = 0; i < names->count; i++)
                if (str_equal(names->names[i], word))
                        return (int)i;
        if (names->catch_all < 0)
                return -EINVAL;
        for (const char *const *o = names->others; o && *o; o++)
                if (streq(*o, word))
                        return names->catch_all;
        return names->others ? -EINVAL : names->catch_all;
}

const char *enum_to_word(const EnumTable *names, int value)
{
        return value >= 0 && (size_t)value < names->count ? names->names[value] : NULL;
}

static int decode_table(const Decoder *d, const Place *place, const Table *table, const cJSON *json,
                        void *out);

static int decode_string(const Decoder *d, const Place *place, const Field *f, const cJSON *item,
                         void *out)
{
        if (!cJSON_IsString(item))
                return codec_complain(d->error, place, CODEC_TYPE, "is not a string");
        if (f->max > 0 && utf8_length(item->valuestring) > f->max)
                return codec_complain(d->error, place, CODEC_CONSTRAINT, "is too long");
        return out ? str_replace(member(f, out), item->valuestring) : 0;
}

/* JSON's 1.0 and 1e3 are integers. From 2^53 on a double has no fraction. */
static bool is_integer(const cJSON *item)
{
        double v = item->valuedouble;

        if (!cJSON_IsNumber(item) || isnan(v))
                return false;
        return fabs(v) >= 9007199254740992.0 || (double)(int64_t)v == v;
}

static int decode_int(const Decoder *d, const Place *place, const Field *f, const cJSON *item,
                      void *out)
{
        double min = f->min == NO_INT ? (double)INT32_MIN : (double)f->min;
        double value = item->valuedouble;

        if (!is_integer(item))
                return codec_complain(d->error, place, CODEC_TYPE, "is not an integer");
        if (value < min || value > INT32_MAX)
                return codec_complain(d->error, place, CODEC_CONSTRAINT, "is out of range");
        if (out)
                *(int64_t *)member(f, out) = (int64_t)value;
        return 0;
}

static int decode_bool(const Decoder *d, const Place *place, const Field *f, const cJSON *item,
                       void *out)
{
        if (!cJSON_IsBool(item))
                return codec_complain(d->error, place, CODEC_TYPE, "is not a boolean");
        if (out)
                *(int *)member(f, out) = cJSON_IsTrue(item);
        return 0;
}

static int decode_time(const Decoder *d, const Place *place, const Field *f, const cJSON *item,
                       void *out)
{
        usec_t t;

        if (!cJSON_IsString(item))
                return codec_complain(d->error, place, CODEC_TYPE, "is not a string");
        if (time_parse(item->valuestring, &t) < 0 || t > TIME_MAX)
                return codec_complain(d->error, place, CODEC_CONSTRAINT, "is not an RFC 3339 time");
        if (out)
                *(usec_t *)member(f, out) = t;
        return 0;
}

/* Whether the version has a word for which we have no value, or takes any. */
static bool version_has_word(const Field *f, const char *word)
{
        for (const char *const *o = f->names->others; o && *o; o++)
                if (streq(*o, word))
                        return true;
        return f->max > 0 && utf8_length(word) <= f->max;
}

static int decode_enum(const Decoder *d, const Place *place, const Field *f, const cJSON *item,
                       void *out)
{
        int value;

        if (!cJSON_IsString(item))
                return codec_complain(d->error, place, CODEC_TYPE, "is not a string");
        value = enum_from_word(f->names, item->valuestring);
        if (value < 0 && (out || !version_has_word(f, item->valuestring)))
                return codec_complain(d->error, place, CODEC_CONSTRAINT, "is not a known word");
        if (out)
                *(int *)member(f, out) = value;
        return 0;
}

static int decode_inline(const Decoder *d, const Place *place, const Field *f, const cJSON *item,
                         void *out)
{
        return decode_table(d, place, f->table, item, out);
}

/* The element that is to be filled, as absent as can be; NULL: nothing is stored. */
static void *list_element(const ListType *type, List *list)
{
        char *element;

        if (!list)
                return NULL;
        element = (char *)list->items + type->element_size * list->count++;
        if (type->initial)
                memcpy(element, type->initial, type->element_size);
        return element;
}

static int decode_item(const Decoder *d, const Place *place, const Field *f, const cJSON *item,
                       void *out);

static int decode_list(const Decoder *d, const Place *place, const Field *f, const cJSON *item,
                       void *out)
{
        List *list = out ? member(f, out) : NULL;
        size_t n = cJSON_IsArray(item) ? (size_t)cJSON_GetArraySize(item) : 0;
        const cJSON *i;

        if (!cJSON_IsArray(item))
                return codec_complain(d->error, place, CODEC_TYPE, "is not a list");
        if (n < f->list->min || n > f->list->max)
                return codec_complain(d->error, place, CODEC_COUNT,
                                      n > f->list->max ? "has too many elements"
                                                       : "has too few elements");
        if (list && n > 0) {
                list->items = calloc(n, f->list->element_size);
                if (!list->items)
                        return -ENOMEM;
        }
        cJSON_ArrayForEach (i, item) {
                int r = decode_item(d, place, &f->list->item, i, list_element(f->list, list));

                if (r < 0)
                        return r;
        }
        return 0;
}

static bool json_type_fits(JsonType type, const cJSON *item)
{
        switch (type) {
        case JSON_ANY:
                return true;
        case JSON_STRING:
                return cJSON_IsString(item);
        case JSON_INTEGER:
                return is_integer(item);
        case JSON_NUMBER:
                return cJSON_IsNumber(item);
        case JSON_BOOL:
                return cJSON_IsBool(item);
        case JSON_OBJECT:
                return cJSON_IsObject(item);
        case JSON_ARRAY:
                return cJSON_IsArray(item);
        }
        return false;
}

/* Checks, stores nothing. */
static int decode_ignored(const Decoder *d, const Place *place, const Field *f, const cJSON *item,
                          _unused_ void *out)
{
        if (!json_type_fits(f->json_type, item))
                return codec_complain(d->error, place, CODEC_TYPE, "has the wrong type");
        if (cJSON_IsString(item) && f->max > 0 && utf8_length(item->valuestring) > f->max)
                return codec_complain(d->error, place, CODEC_CONSTRAINT, "is too long");
        if (f->json_type == JSON_STRING && f->names &&
            enum_from_word(f->names, item->valuestring) < 0)
                return codec_complain(d->error, place, CODEC_CONSTRAINT, "is not a known word");
        if (f->json_type == JSON_INTEGER && f->min != NO_INT && item->valuedouble < (double)f->min)
                return codec_complain(d->error, place, CODEC_CONSTRAINT, "is out of range");
        if (f->json_type == JSON_ARRAY && f->list)
                return decode_list(d, place, f, item, NULL);
        return f->table ? decode_table(d, place, f->table, item, NULL) : 0;
}

typedef int (*DecodeFunc)(const Decoder *, const Place *, const Field *, const cJSON *, void *);

/* clang-format off */
static const DecodeFunc decoders[] = {
        [FIELD_STRING]  = decode_string,
        [FIELD_INT]     = decode_int,
        [FIELD_BOOL]    = decode_bool,
        [FIELD_TIME]    = decode_time,
        [FIELD_ENUM]    = decode_enum,
        [FIELD_INLINE]  = decode_inline,
        [FIELD_LIST]    = decode_list,
        [FIELD_IGNORED] = decode_ignored,
};
/* clang-format on */

static int decode_item(const Decoder *d, const Place *place, const Field *f, const cJSON *item,
                       void *out)
{
        return decoders[f->kind](d, place, f, item, out);
}

/* An earlier member has the same name. Asked only for names that the version knows, so a message
 * full of rubbish does not cost the square of its size. */
static bool is_repeated(const cJSON *first, const cJSON *item)
{
        for (const cJSON *other = first; other != item; other = other->next)
                if (streq(other->string, item->string))
                        return true;
        return false;
}

/* The first of those for the table, NULL if there is none. */
static const FieldChange *find_changes(CodecRules rules, const Table *table)
{
        for (const FieldChange *c = rules.changes; c && c->table; c++)
                if (streq(c->table, table->name))
                        return c;
        return NULL;
}

/* changes: as found for the table. Looked for from *next on, which is then the line behind it: most
 * messages have their members in the order of the table. */
static const Field *find_field(const FieldChange *changes, const Table *table, const char *name,
                               size_t *next)
{
        for (size_t i = 0; i < table->count; i++) {
                const Field *f = &table->fields[*next];

                *next = *next + 1 < table->count ? *next + 1 : 0;
                if (streq(f->name, name))
                        return f;
        }
        for (const FieldChange *c = changes; c && str_equal(c->table, table->name); c++)
                if (c->added && streq(c->field, name))
                        return c->added;
        return NULL;
}

const Field *codec_find_field(CodecRules rules, const Table *table, const char *name)
{
        return find_field(find_changes(rules, table), table, name, &(size_t){0});
}

static Field change_field(const FieldChange *changes, const Field *field)
{
        Field f = *field;

        for (const FieldChange *c = changes; c && str_equal(c->table, changes->table); c++) {
                if (!streq(c->field, f.name))
                        continue;
                f.names = c->any_word ? NULL : c->names ? c->names : f.names;
                f.max = c->max > 0 ? c->max : f.max;
                f.min = c->not_negative ? 0 : f.min;
        }
        return f;
}

Field codec_field(CodecRules rules, const Table *table, const Field *field)
{
        return change_field(find_changes(rules, table), field);
}

static bool is_custom_data(const Decoder *d, const char *name)
{
        return d->rules.custom_data && streq(name, "customData");
}

/* One member of an object, of which the version may have it otherwise. */
static int decode_member(const Decoder *d, const Place *place, const FieldChange *changes,
                         const Field *f, const cJSON *item, void *out)
{
        Field changed;

        if (f && changes) {
                changed = change_field(changes, f);
                f = &changed;
        }
        if (f)
                return decode_item(d, place, f, item, out);
        if (is_custom_data(d, item->string))
                return decode_table(&(Decoder){.error = d->error}, place, &custom_data_table, item,
                                    NULL);
        if (d->rules.unknown_is_violation)
                return codec_complain(d->error, place, CODEC_UNKNOWN, "is not known");
        return 0;
}

static int decode_table(const Decoder *d, const Place *place, const Table *table, const cJSON *json,
                        void *out)
{
        const FieldChange *changes = find_changes(d->rules, table);
        const cJSON *item;
        size_t next = 0;

        if (!cJSON_IsObject(json))
                return codec_complain(d->error, place, CODEC_TYPE, "is not an object");
        cJSON_ArrayForEach (item, json) {
                const Field *f = find_field(changes, table, item->string, &next);
                Place here = {place, item->string};
                int r;

                if ((f || is_custom_data(d, item->string)) && is_repeated(json->child, item))
                        return codec_complain(d->error, &here, CODEC_UNKNOWN, "is given twice");
                r = decode_member(d, &here, changes, f, item, out);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < table->count; i++) {
                const Field *f = &table->fields[i];

                if (f->required && !cJSON_GetObjectItemCaseSensitive(json, f->name))
                        return codec_complain(d->error, &(Place){place, f->name}, CODEC_MISSING,
                                              "is missing");
        }
        return 0;
}

int codec_decode(const Table *table, CodecRules rules, const cJSON *json, void *out,
                 CodecError *reterr)
{
        Decoder d = {.rules = rules, .error = reterr};
        int r = decode_table(&d, &codec_root, table, json, out);

        if (r < 0 && out)
                codec_done(table, out);
        return r;
}
