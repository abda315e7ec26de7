/* The sweep: from each table a message is made in which every member is there and every string as
 * long as it may be; then one thing at a time is made wrong, at every level. */
#pragma once

#include "dialect-checks.h"

/* Where we are in a table's objects. */
typedef struct Sweep {
        const Dialect *dialect;
        const Table *root;
        const char *names[DEPTH_MAX];
        size_t depth;
        size_t lists; /* of them are lists */
} Sweep;

/* Text of n code points of two bytes each. */
static cJSON *long_string(size_t n)
{
        char *text = calloc(n + 1, 2);
        cJSON *json;

        assert_non_null(text);
        for (size_t i = 0; i < n; i++)
                memcpy(text + 2 * i, "\xc3\xa9", 2);
        json = cJSON_CreateString(text);
        free(text);
        return json;
}

static const char *first_word(const EnumTable *t)
{
        for (size_t i = 0; i < t->count; i++)
                if (t->names[i])
                        return t->names[i];
        fail_msg("an enum without a word");
        return NULL;
}

/* Of a field that is an object, or a list of them. */
static const Table *inner_table(const Field *f)
{
        bool list =
                f->kind == FIELD_LIST || (f->kind == FIELD_IGNORED && f->json_type == JSON_ARRAY);

        return list && f->list ? f->list->item.table : f->table;
}

static cJSON *full_object(CodecRules rules, const Table *t);
static cJSON *full_value(CodecRules rules, const Field *f);

/* n elements. */
static cJSON *full_list(CodecRules rules, const Field *f, size_t n)
{
        cJSON *json = cJSON_CreateArray();

        for (size_t i = 0; f->list && i < n; i++)
                cJSON_AddItemToArray(json, full_value(rules, &f->list->item));
        return json;
}

static cJSON *full_ignored(CodecRules rules, const Field *f)
{
        switch (f->json_type) {
        case JSON_STRING:
                return f->names ? cJSON_CreateString(first_word(f->names))
                                : long_string(f->max ? f->max : 10);
        case JSON_INTEGER:
                return cJSON_CreateNumber(7);
        case JSON_NUMBER:
                return cJSON_CreateNumber(7.5);
        case JSON_BOOL:
                return cJSON_CreateBool(true);
        case JSON_OBJECT:
                return f->table ? full_object(rules, f->table) : cJSON_CreateObject();
        case JSON_ARRAY:
                return full_list(rules, f, 1);
        case JSON_ANY:
                return cJSON_CreateNull();
        }
        return NULL;
}

/* f: as the version reads it. */
static cJSON *full_value(CodecRules rules, const Field *f)
{
        switch (f->kind) {
        case FIELD_STRING:
                return long_string(f->max ? f->max : 3000);
        case FIELD_INT:
                return cJSON_CreateNumber(7);
        case FIELD_BOOL:
                return cJSON_CreateBool(true);
        case FIELD_TIME:
                return cJSON_CreateString(SAMPLE_TIME);
        case FIELD_ENUM:
                return cJSON_CreateString(first_word(f->names));
        case FIELD_INLINE:
                return full_object(rules, f->table);
        case FIELD_LIST:
                return full_list(rules, f, 1);
        case FIELD_IGNORED:
                return full_ignored(rules, f);
        }
        return NULL;
}

static cJSON *full_object(CodecRules rules, const Table *t)
{
        cJSON *json = cJSON_CreateObject();

        for (size_t i = 0; i < t->count; i++) {
                Field f = codec_field(rules, t, &t->fields[i]);

                cJSON_AddItemToObject(json, f.name, full_value(rules, &f));
        }
        return json;
}

/* A full message; *ret is the object in it where the sweep stands. */
static cJSON *full_message(const Sweep *s, cJSON **ret)
{
        cJSON *root = full_object(s->dialect->rules, s->root);

        *ret = root;
        for (size_t i = 0; i < s->depth; i++) {
                *ret = cJSON_GetObjectItemCaseSensitive(*ret, s->names[i]);
                if (cJSON_IsArray(*ret))
                        *ret = cJSON_GetArrayItem(*ret, 0);
        }
        assert_non_null(*ret);
        return root;
}

static void path_to(const Sweep *s, const char *name, char *path, size_t size)
{
        *path = '\0';
        for (size_t i = 0; i < s->depth; i++)
                snprintf(path + strlen(path), size - strlen(path), "%s.", s->names[i]);
        snprintf(path + strlen(path), size - strlen(path), "%s", name);
}

/* The message is decoded to this verdict about this member of where the sweep stands; it is
 * consumed. What was decoded goes to *ret, if there is a ret. */
static void expect(const Sweep *s, cJSON *message, CodecViolation wanted, const char *name,
                   Message *ret)
{
        CodecError error = {0};
        char path[128];
        Message m;
        int r;

        path_to(s, name, path, sizeof(path));
        make_blank(s->root, &m);
        r = codec_decode(s->root, s->dialect->rules, message, &m, &error);
        cJSON_Delete(message);
        if (r != (wanted == CODEC_FINE ? 0 : -EBADMSG) || error.violation != wanted)
                fail_msg("%s %s %s: %d, violation %d instead of %d (%s)", s->dialect->name,
                         s->root->name, path, r, (int)error.violation, (int)wanted, error.text);
        if (wanted != CODEC_FINE)
                assert_string_equal(error.path, path);
        if (ret)
                *ret = m;
        codec_done(s->root, &m);
}

/* The same for a full message in which the member is replaced (NULL: left out). */
static void expect_with(const Sweep *s, const char *name, cJSON *value, CodecViolation wanted)
{
        cJSON *object, *message = full_message(s, &object);

        cJSON_DeleteItemFromObjectCaseSensitive(object, name);
        if (value)
                cJSON_AddItemToObject(object, name, value);
        expect(s, message, wanted, name, NULL);
}

static bool ignored_type_fits(JsonType type, const cJSON *value)
{
        switch (type) {
        case JSON_STRING:
                return cJSON_IsString(value);
        case JSON_INTEGER:
                return cJSON_IsNumber(value) && value->valuedouble == (double)value->valueint;
        case JSON_NUMBER:
                return cJSON_IsNumber(value);
        case JSON_BOOL:
                return cJSON_IsBool(value);
        case JSON_OBJECT:
                return cJSON_IsObject(value);
        case JSON_ARRAY:
                return cJSON_IsArray(value);
        case JSON_ANY:
                break;
        }
        return true;
}

static bool type_fits(const Field *f, const cJSON *value)
{
        switch (f->kind) {
        case FIELD_STRING:
        case FIELD_TIME:
        case FIELD_ENUM:
                return cJSON_IsString(value);
        case FIELD_INT:
                return cJSON_IsNumber(value) && value->valuedouble == (double)value->valueint;
        case FIELD_BOOL:
                return cJSON_IsBool(value);
        case FIELD_INLINE:
                return cJSON_IsObject(value);
        case FIELD_LIST:
                return cJSON_IsArray(value);
        case FIELD_IGNORED:
                return ignored_type_fits(f->json_type, value);
        }
        return false;
}

static void sweep_types(const Sweep *s, const Field *f)
{
        static const char *const samples[] = {"null", "true", "7", "1.5", "\"x\"", "[]", "{}"};
        size_t tried = 0;

        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                cJSON *value = parse(samples[i]);

                if (type_fits(f, value)) {
                        cJSON_Delete(value);
                        continue;
                }
                expect_with(s, f->name, value, CODEC_TYPE);
                tried++;
        }
        if (f->kind == FIELD_IGNORED && f->json_type == JSON_ANY)
                assert_int_equal(tried, 0);
        else
                assert_true(tried >= ELEMENTSOF(samples) - 2); /* 7 and 1.5 may both be numbers */
}

static void sweep_word(const Sweep *s, const Field *f, const char *word, int value)
{
        cJSON *object, *message = full_message(s, &object);
        Message m;

        cJSON_ReplaceItemInObjectCaseSensitive(object, f->name, cJSON_CreateString(word));
        expect(s, message, value < 0 ? CODEC_CONSTRAINT : CODEC_FINE, f->name, &m);
        if (value >= 0 && s->lists == 0) /* those in lists are freed: the vectors look at them */
                assert_int_equal(*(int *)at(f, &m), value);
}

static void sweep_words(const Sweep *s, const Field *f)
{
        const EnumTable *t = f->names;
        const char *const *others = t->others;

        for (size_t i = 0; i < t->count; i++)
                if (t->names[i])
                        sweep_word(s, f, t->names[i], (int)i);
        for (; others && *others; others++)
                sweep_word(s, f, *others, t->catch_all);
        sweep_word(s, f, "", -1);
        sweep_word(s, f, "NoSuchWord", -1);
        sweep_word(s, f, "idle", -1); /* words are case-sensitive */
}

static void sweep_numbers(const Sweep *s, const Field *f)
{
        double min = f->min == NO_INT ? INT32_MIN : (double)f->min;

        expect_with(s, f->name, cJSON_CreateNumber(INT32_MAX), CODEC_FINE);
        expect_with(s, f->name, cJSON_CreateNumber((double)INT32_MAX + 1), CODEC_CONSTRAINT);
        expect_with(s, f->name, cJSON_CreateNumber(min), CODEC_FINE);
        expect_with(s, f->name, cJSON_CreateNumber(min - 1), CODEC_CONSTRAINT);
}

static void sweep_times(const Sweep *s, const Field *f)
{
        expect_with(s, f->name, cJSON_CreateString("2026-11-24T05:10:00+01:00"), CODEC_FINE);
        expect_with(s, f->name, cJSON_CreateString("yesterday"), CODEC_CONSTRAINT);
        expect_with(s, f->name, cJSON_CreateString(""), CODEC_CONSTRAINT);
}

static void sweep_count(const Sweep *s, const Field *f)
{
        if (f->list->min > 0)
                expect_with(s, f->name, full_list(s->dialect->rules, f, f->list->min - 1),
                            CODEC_COUNT);
        expect_with(s, f->name, full_list(s->dialect->rules, f, f->list->max), CODEC_FINE);
        expect_with(s, f->name, full_list(s->dialect->rules, f, f->list->max + 1), CODEC_COUNT);
}

/* Right type, bad value. */
static void sweep_values(const Sweep *s, const Field *f)
{
        switch (f->kind) {
        case FIELD_IGNORED:
                if (f->json_type == JSON_STRING && f->names)
                        expect_with(s, f->name, cJSON_CreateString("NoSuchWord"), CODEC_CONSTRAINT);
                if (f->json_type == JSON_ARRAY && f->list)
                        sweep_count(s, f);
                if (f->max)
                        expect_with(s, f->name, long_string(f->max + 1), CODEC_CONSTRAINT);
                break;
        case FIELD_STRING:
                if (f->max)
                        expect_with(s, f->name, long_string(f->max + 1), CODEC_CONSTRAINT);
                break;
        case FIELD_LIST:
                sweep_count(s, f);
                break;
        case FIELD_INT:
                sweep_numbers(s, f);
                break;
        case FIELD_TIME:
                sweep_times(s, f);
                break;
        case FIELD_ENUM:
                sweep_words(s, f);
                break;
        case FIELD_BOOL:
        case FIELD_INLINE:
                break;
        }
}

static void sweep_twice(const Sweep *s, const Field *f)
{
        cJSON *object, *message = full_message(s, &object);

        cJSON_AddItemToObject(object, f->name, full_value(s->dialect->rules, f));
        expect(s, message, CODEC_UNKNOWN, f->name, NULL);
}

/* Members that are in no table: unknown ones, and customData where the version has it. */
static void sweep_strangers(const Sweep *s)
{
        bool strict = s->dialect->rules.unknown_is_violation;
        bool custom = s->dialect->rules.custom_data;
        Sweep inner = *s;
        cJSON *object, *message;

        expect_with(s, "notOfThisVersion", cJSON_CreateNumber(1),
                    strict ? CODEC_UNKNOWN : CODEC_FINE);
        expect_with(s, "customData", parse("{\"vendorId\":\"v\",\"x\":{\"y\":[1]}}"), CODEC_FINE);
        expect_with(s, "customData", cJSON_CreateString("x"), custom ? CODEC_TYPE : CODEC_FINE);
        message = full_message(s, &object);
        cJSON_AddItemToObject(object, "customData", cJSON_CreateObject());
        assert_true(inner.depth < DEPTH_MAX);
        inner.names[inner.depth++] = "customData";
        expect(&inner, message, custom ? CODEC_MISSING : CODEC_FINE, "vendorId", NULL);
}

/* The objects of a table are as deep as DEPTH_MAX allows. */
static void sweep_level(Sweep *s, const Table *t)
{
        for (size_t i = 0; i < t->count; i++) {
                const Field read = codec_field(s->dialect->rules, t, &t->fields[i]), *f = &read;

                expect_with(s, f->name, NULL, f->required ? CODEC_MISSING : CODEC_FINE);
                sweep_types(s, f);
                sweep_values(s, f);
                sweep_twice(s, f);
                if (!inner_table(f))
                        continue;
                assert_true(s->depth < DEPTH_MAX);
                s->names[s->depth++] = f->name;
                s->lists += f->kind == FIELD_LIST || f->json_type == JSON_ARRAY;
                sweep_level(s, inner_table(f));
                s->lists -= f->kind == FIELD_LIST || f->json_type == JSON_ARRAY;
                s->depth--;
        }
        sweep_strangers(s);
}

/* Every field dropped, mistyped, over-long, out of range, twice. */
static _unused_ void sweep_table(const Dialect *d, const Table *t)
{
        Sweep s = {.dialect = d, .root = t};

        expect(&s, full_object(d->rules, t), CODEC_FINE, "", NULL);
        expect(&s, cJSON_CreateArray(), CODEC_TYPE, "", NULL);
        sweep_level(&s, t);
}

/* Takes out of a full message what the table only ignores. */
static void strip_ignored(const Table *t, cJSON *json)
{
        for (size_t i = 0; i < t->count; i++) {
                const Field *f = &t->fields[i];
                cJSON *item = cJSON_GetObjectItemCaseSensitive(json, f->name);

                if (f->kind == FIELD_IGNORED)
                        cJSON_DeleteItemFromObjectCaseSensitive(json, f->name);
                else if (f->kind == FIELD_INLINE)
                        strip_ignored(f->table, item);
                else if (f->kind == FIELD_LIST && inner_table(f))
                        strip_ignored(inner_table(f), cJSON_GetArrayItem(item, 0));
        }
}

/* As full as what is written may be: by the tables alone. */
static void decode_full(const Dialect *d, const Table *t, Message *ret)
{
        cJSON *full = full_object((CodecRules){0}, t);
        CodecError error;

        make_blank(t, ret);
        assert_int_equal(codec_decode(t, d->rules, full, ret, &error), 0);
        cJSON_Delete(full);
}

/* What is decoded in full is written in full. */
static void sweep_round_trip(const Dialect *d, const Table *t)
{
        cJSON *full = full_object((CodecRules){0}, t), *again = NULL;
        CodecError error;
        Message m;

        decode_full(d, t, &m);
        assert_int_equal(codec_encode(t, &m, &again, &error), 0);
        strip_ignored(t, full);
        assert_true(cJSON_Compare(full, again, true));
        codec_done(t, &m);
        cJSON_Delete(full);
        cJSON_Delete(again);
}

/* Where in a table's lists we are: the first element of the first, of a list in there, … */
typedef struct Nest {
        const Field *lists[DEPTH_MAX];
        size_t depth;
} Nest;

static void *nested(const Nest *nest, void *s)
{
        for (size_t i = 0; i < nest->depth; i++)
                s = ((List *)at(nest->lists[i], s))->items;
        return s;
}

/* A member of the full struct is left away, then (a string) made too long. */
static void sweep_encoder_field(const Dialect *d, const Table *root, const Nest *nest,
                                const Field *f)
{
        cJSON *json = NULL, *text = f->kind == FIELD_STRING ? long_string(f->max + 1) : NULL;
        CodecError error = {0};
        Message m;

        decode_full(d, root, &m);
        forget_member(f, nested(nest, &m));
        assert_int_equal(codec_encode(root, &m, &json, &error), f->required ? -ENODATA : 0);
        if (text && f->max) {
                cJSON_Delete(TAKE_PTR(json));
                assert_int_equal(str_replace(at(f, nested(nest, &m)), text->valuestring), 0);
                assert_int_equal(codec_encode(root, &m, &json, &error), 0);
                codec_done(root, &m);
                assert_int_equal(codec_decode(root, d->rules, json, &m, &error), 0);
                assert_int_equal(utf8_length(*(char **)at(f, nested(nest, &m))), f->max);
        }
        codec_done(root, &m);
        cJSON_Delete(json);
        cJSON_Delete(text);
}

static void sweep_encoder_level(const Dialect *d, const Table *root, Nest *nest, const Table *t)
{
        for (size_t i = 0; i < t->count; i++) {
                if (t->fields[i].kind == FIELD_IGNORED)
                        continue;
                sweep_encoder_field(d, root, nest, &t->fields[i]);
                if (t->fields[i].kind == FIELD_INLINE)
                        sweep_encoder_level(d, root, nest, t->fields[i].table);
                if (t->fields[i].kind != FIELD_LIST || !inner_table(&t->fields[i]))
                        continue;
                assert_true(nest->depth < DEPTH_MAX);
                nest->lists[nest->depth++] = &t->fields[i];
                sweep_encoder_level(d, root, nest, inner_table(&t->fields[i]));
                nest->depth--;
        }
}

/* Such a message is only ever read. */
static bool has_ignored_that_is_required(const Table *t)
{
        for (size_t i = 0; i < t->count; i++)
                if (t->fields[i].kind == FIELD_IGNORED && t->fields[i].required)
                        return true;
        return false;
}

static _unused_ void sweep_encoder(const Dialect *d, const Table *t)
{
        if (has_ignored_that_is_required(t))
                return;
        sweep_round_trip(d, t);
        sweep_encoder_level(d, t, &(Nest){0}, t);
}
