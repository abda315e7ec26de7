/* What GET /api/actions tells of each version is what the codec reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "actions.h"
#include "dialect-each.h"
#include "ocpp16.h"
#include "ocpp201.h"

static const Dialect *const dialects[] = {&ocpp16, &ocpp201, &ocpp21};

static const cJSON *at(const cJSON *object, const char *name)
{
        return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_at(const cJSON *object, const char *name)
{
        return strempty(cJSON_GetStringValue(at(object, name)));
}

static double number_at(const cJSON *object, const char *name, double otherwise)
{
        return at(object, name) ? at(object, name)->valuedouble : otherwise;
}

static cJSON *string_of(size_t n)
{
        char *text = calloc(1, n + 1);
        assert_non_null(text);
        memset(text, '1', n);
        cJSON *json = cJSON_CreateString(text);
        free(text);
        return json;
}

/* How far a value goes: one that just fits, or one step beyond. */
enum { FITS, BEYOND };

static cJSON *object_of(const cJSON *fields, const cJSON *beyond);

/* The greatest value that the description allows; beyond: NULL or the field whose value is to be
 * one more. */
static cJSON *value_of(const cJSON *field, const cJSON *beyond)
{
        int more = field == beyond ? BEYOND : FITS;
        const char *type = text_at(field, "type");
        if (streq(type, "integer"))
                return cJSON_CreateNumber(number_at(field, "maximum", 7) + more);
        if (streq(type, "number") || streq(type, "any"))
                return cJSON_CreateNumber(7.5);
        if (streq(type, "boolean"))
                return cJSON_CreateBool(true);
        if (streq(type, "object"))
                return object_of(at(field, "fields"), beyond);
        if (streq(type, "array")) {
                cJSON *list = cJSON_CreateArray();
                const cJSON *items = at(field, "items");
                int count = items ? (int)number_at(field, "maxItems", 1) + more : 0;
                for (int i = 0; i < count; i++)
                        cJSON_AddItemToArray(list, value_of(items, beyond));
                return list;
        }
        assert_string_equal(type, "string");
        if (at(field, "words"))
                return more ? cJSON_CreateString("no such word")
                            : cJSON_CreateString(at(field, "words")->child->valuestring);
        if (at(field, "format"))
                return cJSON_CreateString("2026-11-24T04:10:00.123Z");
        return string_of((size_t)number_at(field, "maxLength", 10) + (size_t)more);
}

static cJSON *object_of(const cJSON *fields, const cJSON *beyond)
{
        cJSON *o = cJSON_CreateObject();
        const cJSON *field;
        cJSON_ArrayForEach (field, fields)
                cJSON_AddItemToObject(o, text_at(field, "name"), value_of(field, beyond));
        return o;
}

static bool is_read(const Dialect *d, const Incoming *in, cJSON *message)
{
        CodecError error = {0};
        int r = codec_decode(in->request, d->rules, message, NULL, &error);
        cJSON_Delete(message);
        return r == 0;
}

/* A call that is described. */
typedef struct Case {
        const Dialect *dialect;
        const Incoming *in;
        const cJSON *fields;
        size_t checked; /* limits */
} Case;

/* One step beyond each limit that is told is too far, here and in all that is inside. */
static void limits_are_the_codecs(Case *c, const cJSON *field)
{
        const cJSON *items = at(field, "items"), *inner;
        bool is_limited = at(field, "maxLength") || at(field, "maximum") || at(field, "maxItems") ||
                          at(field, "words");
        if (is_limited && !at(field, "otherWords")) {
                if (is_read(c->dialect, c->in, object_of(c->fields, field)))
                        fail_msg("%s %s: %s has no such limit", c->dialect->name, c->in->action,
                                 text_at(field, "name"));
                c->checked++;
        }
        if (items)
                limits_are_the_codecs(c, items);
        cJSON_ArrayForEach (inner, at(field, "fields"))
                limits_are_the_codecs(c, inner);
}

static void a_message_without_an_optional_field_is_read(const Dialect *d, const Incoming *in,
                                                        const cJSON *fields)
{
        const cJSON *field;
        cJSON_ArrayForEach (field, fields) {
                cJSON *message = object_of(fields, NULL);
                cJSON_DeleteItemFromObjectCaseSensitive(message, text_at(field, "name"));
                if (is_read(d, in, message) == cJSON_IsTrue(at(field, "required")))
                        fail_msg("%s %s: whether %s is required", d->name, in->action,
                                 text_at(field, "name"));
        }
}

static void descriptions_are_what_the_codec_reads(void **state _unused_)
{
        for (size_t i = 0; i < ELEMENTSOF(dialects); i++) {
                cJSON *actions = actions_describe(dialects[i]);
                const cJSON *one;
                size_t checked = 0;
                assert_non_null(actions);
                cJSON_ArrayForEach (one, actions) {
                        const Incoming *in =
                                dialect_find_incoming(dialects[i], text_at(one, "action"));
                        const cJSON *fields = at(one, "fields");
                        assert_non_null(in);
                        assert_true(cJSON_IsArray(fields) == (in->request != NULL));
                        if (!in->request)
                                continue;
                        if (!is_read(dialects[i], in, object_of(fields, NULL)))
                                fail_msg("%s %s is not read", dialects[i]->name, in->action);
                        a_message_without_an_optional_field_is_read(dialects[i], in, fields);
                        Case c = {dialects[i], in, fields, 0};
                        limits_are_the_codecs(&c, one);
                        checked += c.checked;
                }
                assert_true(checked > 20);
                cJSON_Delete(actions);
        }
}

static void all_actions_are_there_by_name(void **state _unused_)
{
        for (size_t i = 0; i < ELEMENTSOF(dialects); i++) {
                cJSON *actions = actions_describe(dialects[i]);
                int count = 0;
                FOREACH_INCOMING (in, dialects[i])
                        count++;
                assert_int_equal(cJSON_GetArraySize(actions), count);
                for (const cJSON *one = actions->child; one->next; one = one->next)
                        assert_true(strcmp(text_at(one, "action"), text_at(one->next, "action")) <
                                    0);
                cJSON_Delete(actions);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(descriptions_are_what_the_codec_reads),
                cmocka_unit_test(all_actions_are_there_by_name),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
