/* Compares a field table with the JSON schema of its message, member by member and both ways. Each
 * difference is a finding, and so is what it can't compare. For test-schemas.c. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dialect-each.h"

typedef struct Edition {
        const Dialect *dialect;
        const char *file;
        const char *const *from_csms;
        const char *const *from_station;
        const char *request, *answer; /* what follows the action in a schema's name */
        /* The only known deviation. Why, for 1.6: its schemas forbid unknown members, but its text
         * does not, and peers of its age do send extra ones; what we don't know, we ignore. */
        bool forbids_more_than_we;
        bool quiet; /* findings are counted, not told */
} Edition;

/* clang-format off */
/* Keywords of the schemas; one that stands in neither list is a finding, so that no rule is overlooked. */
static const char *const compared[] = {
        "$ref", "type", "maxLength", "enum", "format", "minimum", "properties", "required",
        "additionalProperties", "items", "minItems", "maxItems", "additionalItems", NULL
};
static const char *const without_rules[] = { "$id", "$schema", "definitions", "description", "javaType", "comment", "$comment", "default", NULL };
/* clang-format on */

/* One comparison: where we are, and how often something differed. */
typedef struct Oracle {
        const Edition *edition;
        const cJSON *schema; /* the message's, with its definitions */
        const char *message;
        bool quiet;
        size_t findings;
} Oracle;

static bool is_in(const char *const *list, const char *word)
{
        for (; *list; list++)
                if (streq(*list, word))
                        return true;
        return false;
}

static const cJSON *get(const cJSON *json, const char *name)
{
        return cJSON_GetObjectItemCaseSensitive(json, name);
}

static const char *get_string(const cJSON *json, const char *name)
{
        return cJSON_GetStringValue(get(json, name));
}

static void find(Oracle *o, const char *object, const char *name, const char *what)
{
        o->findings++;
        if (!o->quiet)
                print_error("%s %s, %s.%s: %s\n", o->edition->dialect->name, o->message, object,
                            name, what);
}

static bool array_has(const cJSON *array, const char *word)
{
        const cJSON *item;

        cJSON_ArrayForEach (item, array)
                if (str_equal(cJSON_GetStringValue(item), word))
                        return true;
        return false;
}

/* Follows a $ref; *ret_name is the definition's name, "" if there was none. */
static const cJSON *resolve(Oracle *o, const cJSON *schema, const char **ret_name)
{
        const char *ref = get_string(schema, "$ref");
        const char *name = ref ? startswith(ref, "#/definitions/") : NULL;

        *ret_name = strempty(name);
        return name ? get(get(o->schema, "definitions"), name) : schema;
}

static void compare_keywords(Oracle *o, const char *object, const char *name, const cJSON *schema)
{
        const cJSON *item;

        cJSON_ArrayForEach (item, schema)
                if (!is_in(compared, item->string) && !is_in(without_rules, item->string))
                        find(o, object, name, "a keyword that this test can't compare");
}

static void compare_type(Oracle *o, const char *object, const char *name, const cJSON *schema,
                         const char *type, const char *format)
{
        if (!str_equal(get_string(schema, "type"), type))
                find(o, object, name, "another type");
        /* an anyURI is a string to the codec; the agent takes it apart */
        if (!str_equal(get_string(schema, "format"), format) &&
            !str_equal(get_string(schema, "format"), "uri"))
                find(o, object, name, "another format");
}

static void compare_limit(Oracle *o, const char *object, const char *name, const cJSON *schema,
                          size_t limit)
{
        const cJSON *max = get(schema, "maxLength");

        if ((max ? max->valuedouble : 0.0) != (double)limit)
                find(o, object, name, "another maxLength");
}

/* Our words and the others are the schema's. */
static void compare_words(Oracle *o, const char *object, const Field *f, const cJSON *schema)
{
        const cJSON *words = get(schema, "enum");
        const EnumTable *t = f->names;
        int count = 0;

        for (size_t i = 0; i < t->count; i++) {
                if (!t->names[i])
                        continue;
                count++;
                if (!array_has(words, t->names[i]))
                        find(o, object, f->name, "a word that the schema lacks");
        }
        for (const char *const *w = t->others; w && *w; w++) {
                count++;
                if (!array_has(words, *w))
                        find(o, object, f->name, "another word that the schema lacks");
        }
        if (count != cJSON_GetArraySize(words))
                find(o, object, f->name, "not all of the schema's words");
}

/* A free string of which we know some words: they must fit. */
static void compare_open_words(Oracle *o, const char *object, const Field *f, const cJSON *schema)
{
        compare_limit(o, object, f->name, schema, f->max);
        for (size_t i = 0; i < f->names->count; i++)
                if (utf8_length(strempty(f->names->names[i])) > f->max)
                        find(o, object, f->name, "a word longer than maxLength");
}

static void compare_object(Oracle *o, const Table *t, const cJSON *schema);

static void compare_inner(Oracle *o, const char *object, const Field *f, const char *definition,
                          const cJSON *schema)
{
        if (!f->table || !streq(f->table->name, definition))
                find(o, object, f->name, "no table of the definition's name");
        else
                compare_object(o, f->table, schema);
}

static void compare_number(Oracle *o, const char *object, const Field *f, const cJSON *schema)
{
        const cJSON *min = get(schema, "minimum");
        int64_t wanted = min ? (int64_t)min->valuedouble : NO_INT;

        /* what the station alone writes may be more exact than the schema asks for */
        if (!is_in(o->edition->from_station, o->message) ||
            !str_equal(get_string(schema, "type"), "number"))
                compare_type(o, object, f->name, schema, "integer", NULL);
        /* What is only checked may be checked less. */
        if (f->min != wanted && !(f->kind == FIELD_IGNORED && f->min < wanted))
                find(o, object, f->name, "another minimum");
}

static void compare_field(Oracle *o, const char *object, const Field *f, const cJSON *property);

/* How many there may be, and each. The name is the list's. Where the schema has no maxItems our own
 * limit is another matter. */
static void compare_list(Oracle *o, const char *object, const Field *f, const cJSON *schema)
{
        const cJSON *min = get(schema, "minItems"), *max = get(schema, "maxItems");
        Field item = f->list->item;

        compare_type(o, object, f->name, schema, "array", NULL);
        if ((min ? min->valuedouble : 0.0) != (double)f->list->min)
                find(o, object, f->name, "another minItems");
        if (max && max->valuedouble != (double)f->list->max)
                find(o, object, f->name, "another maxItems");
        item.name = f->name;
        compare_field(o, object, &item, get(schema, "items"));
}

/* A table for what is not looked into is not asked for. */
static void compare_ignored(Oracle *o, const char *object, const Field *f, const char *definition,
                            const cJSON *schema)
{
        switch (f->json_type) {
        case JSON_STRING:
                compare_type(o, object, f->name, schema, "string", NULL);
                compare_limit(o, object, f->name, schema, f->max);
                if (f->names)
                        compare_words(o, object, f, schema);
                return;
        case JSON_OBJECT:
                if (f->table)
                        compare_inner(o, object, f, definition, schema);
                else
                        compare_type(o, object, f->name, schema, "object", NULL);
                return;
        case JSON_INTEGER:
                compare_number(o, object, f, schema);
                return;
        case JSON_BOOL:
                compare_type(o, object, f->name, schema, "boolean", NULL);
                return;
        case JSON_NUMBER:
                compare_type(o, object, f->name, schema, "number", NULL);
                return;
        case JSON_ARRAY:
                if (f->list)
                        compare_list(o, object, f, schema);
                else
                        compare_type(o, object, f->name, schema, "array", NULL);
                return;
        case JSON_ANY:
                if (get(schema, "type"))
                        find(o, object, f->name, "has a type in the schema");
                return;
        }
}

static void compare_field(Oracle *o, const char *object, const Field *f, const cJSON *property)
{
        const char *definition;
        const cJSON *schema = resolve(o, property, &definition);

        compare_keywords(o, object, f->name, schema);
        if (get(schema, "enum") && f->kind != FIELD_ENUM &&
            !(f->kind == FIELD_IGNORED && f->json_type == JSON_STRING && f->names))
                find(o, object, f->name, "an enum in the schema");
        switch (f->kind) {
        case FIELD_STRING:
                compare_type(o, object, f->name, schema, "string", NULL);
                compare_limit(o, object, f->name, schema, f->max);
                break;
        case FIELD_INT:
                compare_number(o, object, f, schema);
                break;
        case FIELD_BOOL:
                compare_type(o, object, f->name, schema, "boolean", NULL);
                break;
        case FIELD_TIME:
                compare_type(o, object, f->name, schema, "string", "date-time");
                break;
        case FIELD_ENUM:
                compare_type(o, object, f->name, schema, "string", NULL);
                if (f->max)
                        compare_open_words(o, object, f, schema);
                else
                        compare_words(o, object, f, schema);
                break;
        case FIELD_LIST:
                compare_list(o, object, f, schema);
                break;
        case FIELD_INLINE:
                compare_inner(o, object, f, definition, schema);
                break;
        case FIELD_IGNORED:
                compare_ignored(o, object, f, definition, schema);
                break;
        }
}

/* CustomDataType is the codec's own: {vendorId ≤ 255, and whatever else}. */
static void compare_custom_data(Oracle *o, const char *object, const cJSON *property)
{
        const char *definition;
        const cJSON *schema = resolve(o, property, &definition);
        const cJSON *members = get(schema, "properties"), *vendor = get(members, "vendorId");

        compare_keywords(o, object, "customData", schema);
        compare_type(o, object, "customData", schema, "object", NULL);
        compare_type(o, object, "customData.vendorId", vendor, "string", NULL);
        compare_limit(o, object, "customData.vendorId", vendor, 255);
        if (cJSON_GetArraySize(members) != 1 || cJSON_GetArraySize(get(schema, "required")) != 1 ||
            !array_has(get(schema, "required"), "vendorId"))
                find(o, object, "customData", "other members than vendorId");
        if (cJSON_IsFalse(get(schema, "additionalProperties")))
                find(o, object, "customData", "is not open");
}

static const Field *find_field(const Table *t, const char *name)
{
        for (size_t i = 0; i < t->count; i++)
                if (streq(t->fields[i].name, name))
                        return &t->fields[i];
        return NULL;
}

/* Each property of the schema is a line of the table, or customData where the codec takes that. */
static void compare_properties(Oracle *o, const Table *t, const cJSON *schema)
{
        bool custom = false;
        const cJSON *item;

        cJSON_ArrayForEach (item, get(schema, "properties")) {
                const Field *f = codec_find_field(o->edition->dialect->rules, t, item->string);

                if (f) {
                        Field read = codec_field(o->edition->dialect->rules, t, f);

                        compare_field(o, t->name, &read, item);
                } else if (o->edition->dialect->rules.custom_data &&
                           streq(item->string, "customData")) {
                        compare_custom_data(o, t->name, item);
                        custom = true;
                } else {
                        find(o, t->name, item->string, "in the schema, not in the table");
                }
        }
        if (custom != o->edition->dialect->rules.custom_data)
                find(o, t->name, "customData", "not as CodecRules.custom_data says");
}

static void compare_object(Oracle *o, const Table *t, const cJSON *schema)
{
        const cJSON *required = get(schema, "required"), *item;
        bool closed = cJSON_IsFalse(get(schema, "additionalProperties"));
        bool strict = o->edition->dialect->rules.unknown_is_violation;

        compare_keywords(o, t->name, "", schema);
        compare_type(o, t->name, "", schema, "object", NULL);
        if (closed != (strict || o->edition->forbids_more_than_we))
                find(o, t->name, "", "additionalProperties not as we take them");
        compare_properties(o, t, schema);
        for (size_t i = 0; i < t->count; i++) {
                const Field *f = &t->fields[i];

                if (!get(get(schema, "properties"), f->name))
                        find(o, t->name, f->name, "in the table, not in the schema");
                if (f->required != array_has(required, f->name))
                        find(o, t->name, f->name, "required on one side only");
                if (find_field(t, f->name) != f)
                        find(o, t->name, f->name, "twice in the table");
        }
        cJSON_ArrayForEach (item, required)
                if (!find_field(t, strempty(cJSON_GetStringValue(item))))
                        find(o, t->name, strempty(cJSON_GetStringValue(item)), "is required");
}
