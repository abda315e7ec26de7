/* The table codec reading, on a table of our own that has every kind of field. The loops take each
 * line of the table and spoil its member in every way that the line forbids. */
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec-sample.h"
#include "core/fields.h"

static const CodecRules lax = {false, false}, strict = {true, true};

typedef struct EnumSample {
        int closed, open;
        char *text;
} EnumSample;

static cJSON *parse(const char *text)
{
        cJSON *json = NULL;

        assert_int_equal(json_parse(text, strlen(text), &json), 0);
        return json;
}

/* Decodes and expects this; a sample that failed must own nothing (or the leak check tells). */
static void expect(const cJSON *json, CodecRules rules, CodecViolation violation, const char *path)
{
        Sample s = SAMPLE_INIT;
        CodecError e = {0};
        int r = codec_decode(&sample_table, rules, json, &s, &e);

        assert_int_equal(r, violation == CODEC_FINE ? 0 : -EBADMSG);
        assert_int_equal(e.violation, violation);
        assert_string_equal(e.path, violation == CODEC_FINE ? "" : path);
        if (violation != CODEC_FINE) {
                assert_non_null(strstr(e.text, *path ? path : "payload"));
                assert_null(s.name);
                assert_null(s.text);
        }
        codec_done(&sample_table, &s);
}

/* A line of a table and where its member stands. */
typedef struct Spot {
        char path[128];  /* of the member */
        char parent[64]; /* of the object that holds it */
        const Field *field;
} Spot;

typedef void (*SpotFunc)(const Spot *spot);

static void for_each_field(const Table *table, const char *parent, SpotFunc func)
{
        for (size_t i = 0; i < table->count; i++) {
                Spot spot = {.field = &table->fields[i]};

                snprintf(spot.parent, sizeof(spot.parent), "%s", parent);
                snprintf(spot.path, sizeof(spot.path), "%s%s%s", parent, *parent ? "." : "",
                         spot.field->name);
                func(&spot);
                if (spot.field->table)
                        for_each_field(spot.field->table, spot.path, func);
        }
}

static cJSON *object_at(cJSON *root, const char *path)
{
        char copy[64], *save = NULL;

        snprintf(copy, sizeof(copy), "%s", path);
        for (char *name = strtok_r(copy, ".", &save); name; name = strtok_r(NULL, ".", &save))
                root = cJSON_GetObjectItemCaseSensitive(root, name);
        assert_non_null(root);
        return root;
}

/* The full message in which the member of the spot has another value. */
static void expect_with(const Spot *spot, cJSON *value, CodecViolation violation)
{
        _cleanup_(cJSON_Deletep) cJSON *json = parse(sample_full);

        cJSON_ReplaceItemInObjectCaseSensitive(object_at(json, spot->parent), spot->field->name,
                                               value);
        expect(json, lax, violation, spot->path);
        expect(json, strict, violation, spot->path);
}

static void drop(const Spot *spot)
{
        _cleanup_(cJSON_Deletep) cJSON *json = parse(sample_full);
        CodecViolation violation = spot->field->required ? CODEC_MISSING : CODEC_FINE;

        cJSON_DeleteItemFromObjectCaseSensitive(object_at(json, spot->parent), spot->field->name);
        expect(json, lax, violation, spot->path);
        expect(json, strict, violation, spot->path);
}

static void codec_misses_each_required_member(void **state)
{
        (void)state;
        for_each_field(&sample_table, "", drop);
}

/* The JSON type that a line asks for. */
static JsonType type_of(const Field *f)
{
        /* clang-format off */
        static const JsonType types[] = {
                [FIELD_STRING] = JSON_STRING, [FIELD_INT]  = JSON_INTEGER, [FIELD_BOOL] = JSON_BOOL,
                [FIELD_TIME]   = JSON_STRING, [FIELD_ENUM] = JSON_STRING,  [FIELD_INLINE] = JSON_OBJECT,
                [FIELD_LIST]   = JSON_ARRAY,
        };
        /* clang-format on */
        return f->kind == FIELD_IGNORED ? f->json_type : types[f->kind];
}

static void mistype(const Spot *spot)
{
        static const struct {
                JsonType type, also;
                const char *text;
        } values[] = {
                {JSON_ANY, JSON_ANY, "null"},      {JSON_STRING, JSON_STRING, "\"1\""},
                {JSON_NUMBER, JSON_NUMBER, "1.5"}, {JSON_INTEGER, JSON_NUMBER, "1"},
                {JSON_BOOL, JSON_BOOL, "true"},    {JSON_OBJECT, JSON_OBJECT, "{}"},
                {JSON_ARRAY, JSON_ARRAY, "[]"},
        };
        JsonType wanted = type_of(spot->field);

        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                if (wanted == JSON_ANY)
                        expect_with(spot, parse(values[i].text), CODEC_FINE);
                else if (values[i].type != wanted && values[i].also != wanted)
                        expect_with(spot, parse(values[i].text), CODEC_TYPE);
        }
}

static void codec_refuses_each_wrong_type(void **state)
{
        (void)state;
        for_each_field(&sample_table, "", mistype);
}

static void lengthen(const Spot *spot)
{
        size_t max = spot->field->max;
        char text[64] = "";

        if (max == 0)
                return;
        for (size_t i = 0; i < max; i++)
                memcpy(text + 2 * i, "\xc3\xa9", 2); /* two bytes, one code point */
        expect_with(spot, cJSON_CreateString(text), CODEC_FINE);
        text[2 * max] = 'e';
        expect_with(spot, cJSON_CreateString(text), CODEC_CONSTRAINT);
}

static void codec_counts_code_points(void **state)
{
        (void)state;
        for_each_field(&sample_table, "", lengthen);
}

static void repeat(const Spot *spot)
{
        _cleanup_(cJSON_Deletep) cJSON *json = parse(sample_full);
        cJSON *parent = object_at(json, spot->parent);
        cJSON *item = cJSON_GetObjectItemCaseSensitive(parent, spot->field->name);

        cJSON_AddItemToObject(parent, spot->field->name, cJSON_Duplicate(item, true));
        expect(json, lax, CODEC_UNKNOWN, spot->path);
        expect(json, strict, CODEC_UNKNOWN, spot->path);
}

static void codec_refuses_each_member_given_twice(void **state)
{
        (void)state;
        for_each_field(&sample_table, "", repeat);
}

/* Adds a member to the object that holds the spot. */
static void expect_beside(const Spot *spot, const char *name, const char *text, CodecRules rules,
                          CodecViolation violation, const char *suffix)
{
        _cleanup_(cJSON_Deletep) cJSON *json = parse(sample_full);
        char path[96];

        snprintf(path, sizeof(path), "%s%s%s", spot->parent, *spot->parent ? "." : "", suffix);
        cJSON_AddItemToObject(object_at(json, spot->parent), name, parse(text));
        expect(json, rules, violation, path);
}

static void add_stranger(const Spot *spot)
{
        expect_beside(spot, "stranger", "1", strict, CODEC_UNKNOWN, "stranger");
        expect_beside(spot, "stranger", "1", lax, CODEC_FINE, "");
        expect_beside(spot, "%n \xc3\xa9", "1", strict, CODEC_UNKNOWN, "?");
        expect_beside(spot, "", "1", strict, CODEC_UNKNOWN, "?");
        expect_beside(spot, "NAME", "1", strict, CODEC_UNKNOWN, "NAME");
}

static void codec_knows_no_strangers_in_2x(void **state)
{
        (void)state;
        for_each_field(&sample_table, "", add_stranger);
}

static void add_custom_data(const Spot *spot)
{
        static const struct {
                const char *text;
                CodecViolation violation;
                const char *suffix;
        } values[] = {
                {"{\"vendorId\":\"v\",\"more\":{\"x\":[]},\"customData\":1}", CODEC_FINE, ""},
                {"{\"more\":1}", CODEC_MISSING, "customData.vendorId"},
                {"{\"vendorId\":7}", CODEC_TYPE, "customData.vendorId"},
                {"{\"vendorId\":\"v\",\"vendorId\":\"v\"}", CODEC_UNKNOWN, "customData.vendorId"},
                {"null", CODEC_TYPE, "customData"},
                {"[]", CODEC_TYPE, "customData"},
        };

        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                expect_beside(spot, "customData", values[i].text, strict, values[i].violation,
                              values[i].suffix);
                expect_beside(spot, "customData", values[i].text, lax, CODEC_FINE, "");
        }
}

static void codec_reads_custom_data_in_every_object(void **state)
{
        (void)state;
        for_each_field(&sample_table, "", add_custom_data);
}

static void codec_limits_the_vendor_id(void **state)
{
        static const Spot root = {.parent = ""};
        char text[400];

        (void)state;
        snprintf(text, sizeof(text), "{\"vendorId\":\"%0255d\"}", 0);
        expect_beside(&root, "customData", text, strict, CODEC_FINE, "");
        snprintf(text, sizeof(text), "{\"vendorId\":\"%0256d\"}", 0);
        expect_beside(&root, "customData", text, strict, CODEC_CONSTRAINT, "customData.vendorId");
}

static void codec_judges_values(void **state)
{
        static const struct {
                const char *name, *parent;
                const char *text;
                CodecViolation violation;
        } values[] = {
                {"count", "", "0", CODEC_FINE},
                {"count", "", "-0", CODEC_FINE},
                {"count", "", "1.0", CODEC_FINE},
                {"count", "", "1e3", CODEC_FINE},
                {"count", "", "2147483647", CODEC_FINE},
                {"count", "", "2147483648", CODEC_CONSTRAINT},
                {"count", "", "-1", CODEC_CONSTRAINT},
                {"count", "", "0.5", CODEC_TYPE},
                {"count", "", "1e-400", CODEC_FINE}, /* as a double it is 0 */
                {"count", "", "1e400", CODEC_CONSTRAINT},
                {"count", "", "-1e400", CODEC_CONSTRAINT},
                {"count", "", "9223372036854775808", CODEC_CONSTRAINT},
                {"shift", "", "-2147483648", CODEC_FINE},
                {"shift", "", "-2147483649", CODEC_CONSTRAINT},
                {"number", "inner.deep", "1", CODEC_FINE},
                {"number", "inner.deep", "0", CODEC_CONSTRAINT},
                {"when", "", "\"2026-11-24T04:10:00+02:00\"", CODEC_FINE},
                {"when", "", "\"2026-11-24\"", CODEC_CONSTRAINT},
                {"when", "", "\"\"", CODEC_CONSTRAINT},
                {"when", "", "\"9999-12-31T23:59:59-01:00\"", CODEC_CONSTRAINT},
                {"colour", "", "\"Grey\"", CODEC_FINE},
                {"colour", "", "\"grey\"", CODEC_CONSTRAINT},
                {"colour", "", "\"\"", CODEC_CONSTRAINT},
                {"shade", "", "\"Light\"", CODEC_CONSTRAINT},
                {"name", "", "\"\"", CODEC_FINE},
                {"integer", "", "1e400", CODEC_FINE},
                {"word", "checked", "\"Pink\"", CODEC_CONSTRAINT},
                {"stamp", "checked", "\"soon\"", CODEC_CONSTRAINT},
                {"size", "checked", "4e9", CODEC_CONSTRAINT},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                Field field = {.name = values[i].name};
                Spot spot = {.field = &field};

                snprintf(spot.parent, sizeof(spot.parent), "%s", values[i].parent);
                snprintf(spot.path, sizeof(spot.path), "%s%s%s", spot.parent,
                         *spot.parent ? "." : "", field.name);
                expect_with(&spot, parse(values[i].text), values[i].violation);
        }
}

static void codec_wants_an_object(void **state)
{
        static const char *const texts[] = {"null", "[]", "1", "\"{}\"", "true"};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(cJSON_Deletep) cJSON *json = parse(texts[i]);
                expect(json, lax, CODEC_TYPE, "");
        }
}

static void codec_keeps_what_absent_members_had(void **state)
{
        _cleanup_(cJSON_Deletep) cJSON *json =
                parse("{\"name\":\"a\",\"count\":1,\"colour\":\"Red\",\"lonely\":{}}");
        Sample s = {.shift = 5, .flag = 1, .when = 7, .shade = 1, .note = strdup("kept")};
        CodecError e;

        (void)state;
        assert_int_equal(codec_decode(&sample_table, strict, json, &s, &e), 0);
        assert_int_equal(s.shift, 5);
        assert_int_equal(s.flag, 1);
        assert_int_equal(s.when, 7);
        assert_int_equal(s.shade, 1);
        assert_string_equal(s.note, "kept");
        assert_null(s.lonely);
        codec_done(&sample_table, &s);
        assert_null(s.note);
}

static void codec_stores_each_kind(void **state)
{
        _cleanup_(cJSON_Deletep) cJSON *json = parse(sample_full);
        Sample s = SAMPLE_INIT;
        CodecError e;

        (void)state;
        assert_int_equal(codec_decode(&sample_table, strict, json, &s, &e), 0);
        assert_string_equal(s.name, "abc");
        assert_int_equal(s.count, 1);
        assert_int_equal(s.shift, -7);
        assert_int_equal(s.flag, 1);
        assert_int_equal(s.when, UINT64_C(1795493400500000));
        assert_int_equal(s.colour, COLOUR_BLUE);
        assert_int_equal(s.shade, 1);
        assert_string_equal(s.text, "t");
        assert_int_equal(s.number, 9);
        codec_done(&sample_table, &s);
        codec_done(&sample_table, &s); /* done twice is done once */
}

/* Words that the version has and we have no value for: an error only where a value is wanted. */
static void codec_checks_without_storing(void **state _unused_)
{
        static const char *const list[] = {"Available"};
        static const char *const rest[] = {"Occupied", NULL};
        static const EnumTable words = WORDS_AND_OTHERS(list, rest, -1);
        static const Field fields[] = {
                ENUM_FIELD("status", REQUIRED, EnumSample, closed, words),
                OPEN_ENUM_FIELD("type", OPTIONAL, EnumSample, open, words, 10),
                STRING_FIELD("text", OPTIONAL, EnumSample, text, 3),
        };
        static const Table table = TABLE("EnumSample", fields);
        static const struct {
                const char *json;
                bool fine, storable;
        } cases[] = {
                {"{\"status\":\"Available\",\"type\":\"Available\",\"text\":\"abc\"}", true, true},
                {"{\"status\":\"Occupied\"}", true, false},
                {"{\"status\":\"Open\"}", false, false},
                {"{\"status\":\"Available\",\"type\":\"Whatever\"}", true, false},
                {"{\"status\":\"Available\",\"type\":\"Much too long\"}", false, false},
                {"{\"status\":\"Available\",\"text\":\"abcd\"}", false, false},
                {"{\"text\":\"abc\"}", false, false},
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(cJSON_Deletep) cJSON *json = parse(cases[i].json);
                EnumSample s = {0};
                CodecError e = {0};

                assert_int_equal(codec_decode(&table, strict, json, NULL, &e),
                                 cases[i].fine ? 0 : -EBADMSG);
                assert_int_equal(codec_decode(&table, strict, json, &s, &e),
                                 cases[i].storable ? 0 : -EBADMSG);
                codec_done(&table, &s);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(codec_misses_each_required_member),
                cmocka_unit_test(codec_refuses_each_wrong_type),
                cmocka_unit_test(codec_counts_code_points),
                cmocka_unit_test(codec_refuses_each_member_given_twice),
                cmocka_unit_test(codec_knows_no_strangers_in_2x),
                cmocka_unit_test(codec_reads_custom_data_in_every_object),
                cmocka_unit_test(codec_limits_the_vendor_id),
                cmocka_unit_test(codec_judges_values),
                cmocka_unit_test(codec_wants_an_object),
                cmocka_unit_test(codec_keeps_what_absent_members_had),
                cmocka_unit_test(codec_stores_each_kind),
                cmocka_unit_test(codec_checks_without_storing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
