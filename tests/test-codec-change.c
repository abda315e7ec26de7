/* What a version reads otherwise than the one whose tables it shares: members that it has added,
 * limits and words that differ, at every level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fields.h"

typedef struct Thing {
        char *name;
        int64_t size;
        int colour;
        char *inner;
        List colours;
} Thing;

static const char *const colour_list[] = {"Red", "Blue", "Green"};
static const EnumTable colours = {.names = colour_list, .count = 2, .catch_all = -1};
static const EnumTable more_colours = WORDS(colour_list);

/* clang-format off */
static const ListType colours_type = LIST_OF_WORDS(colours, 1, 2);
static const ListType more_colours_type = LIST_OF_WORDS(more_colours, 1, 2);
static const Field inner_fields[] = {
        STRING_FIELD("name", OPTIONAL, Thing, inner, 2),
};
static const Table inner_table = TABLE("Inner", inner_fields);
static const Field fields[] = {
        STRING_FIELD("name",    OPTIONAL, Thing, name, 2),
        INT_FIELD   ("size",    OPTIONAL, Thing, size),
        ENUM_FIELD  ("colour",  OPTIONAL, Thing, colour, colours),
        LIST_FIELD  ("colours", OPTIONAL, Thing, colours, colours_type),
        INLINE_FIELD("inner",   OPTIONAL, inner_table),
        { .name = "number", .kind = FIELD_IGNORED, .json_type = JSON_INTEGER, .min = NO_INT },
        { .name = "word",   .kind = FIELD_IGNORED, .json_type = JSON_STRING, .names = &colours, .min = NO_INT },
};
static const Table table = TABLE("Thing", fields);

static const Field added = IGNORED_STRING("added", OPTIONAL, 3);
static const FieldChange changes[] = {
        { "Thing", "name",    .max = 4 },
        { "Thing", "size",    .not_negative = true },
        { "Thing", "colour",  .names = &more_colours },
        { "Thing", "colours", .list = &more_colours_type },
        { "Thing", "number",  .not_negative = true },
        { "Thing", "word",    .any_word = true, .max = 5 },
        { "Thing", "added",   .added = &added },
        { "Inner", "name",    .max = 3 },
        { 0 },
};

/* The violation without the changes, and with them. */
static const struct { const char *json; CodecViolation before, now; } cases[] = {
        { "{\"name\":\"ab\",\"size\":1,\"colour\":\"Red\",\"number\":1,\"word\":\"Red\",\"colours\":[\"Red\"]}",
                                              CODEC_FINE,       CODEC_FINE       },
        { "{\"name\":\"abcd\"}",              CODEC_CONSTRAINT, CODEC_FINE       },
        { "{\"name\":\"abcde\"}",             CODEC_CONSTRAINT, CODEC_CONSTRAINT },
        { "{\"size\":-1}",                    CODEC_FINE,       CODEC_CONSTRAINT },
        { "{\"size\":0}",                     CODEC_FINE,       CODEC_FINE       },
        { "{\"colour\":\"Green\"}",           CODEC_CONSTRAINT, CODEC_FINE       },
        { "{\"colour\":\"Pink\"}",            CODEC_CONSTRAINT, CODEC_CONSTRAINT },
        { "{\"colours\":[\"Green\"]}",        CODEC_CONSTRAINT, CODEC_FINE       },
        { "{\"colours\":[\"Pink\"]}",         CODEC_CONSTRAINT, CODEC_CONSTRAINT },
        { "{\"number\":-1}",                  CODEC_FINE,       CODEC_CONSTRAINT },
        { "{\"word\":\"Pink\"}",              CODEC_CONSTRAINT, CODEC_FINE       },
        { "{\"word\":\"Purple\"}",            CODEC_CONSTRAINT, CODEC_CONSTRAINT },
        { "{\"added\":\"abc\"}",              CODEC_UNKNOWN,    CODEC_FINE       },
        { "{\"added\":\"abcd\"}",             CODEC_UNKNOWN,    CODEC_CONSTRAINT },
        { "{\"added\":1}",                    CODEC_UNKNOWN,    CODEC_TYPE       },
        { "{\"added\":\"a\",\"added\":\"b\"}", CODEC_UNKNOWN,   CODEC_UNKNOWN    },
        { "{\"inner\":{\"name\":\"abc\"}}",   CODEC_CONSTRAINT, CODEC_FINE       },
        { "{\"inner\":{\"name\":\"abcd\"}}",  CODEC_CONSTRAINT, CODEC_CONSTRAINT },
        { "{\"inner\":{\"added\":\"a\"}}",    CODEC_UNKNOWN,    CODEC_UNKNOWN    },
};
/* clang-format on */

static void codec_reads_by_the_changes(_unused_ void **state)
{
        for (size_t i = 0; i < 2 * ELEMENTSOF(cases); i++) {
                CodecRules rules = {.unknown_is_violation = true,
                                    .changes = i % 2 ? changes : NULL};
                cJSON *json = cJSON_Parse(cases[i / 2].json);
                Thing thing = {.size = NO_INT, .colour = -1};
                CodecError error = {0};

                assert_non_null(json);
                codec_decode(&table, rules, json, &thing, &error);
                if (error.violation != (i % 2 ? cases[i / 2].now : cases[i / 2].before))
                        fail_msg("%s: %s", cases[i / 2].json, error.text);
                codec_done(&table, &thing);
                cJSON_Delete(json);
        }
}

static void codec_tells_of_a_field_as_it_is_read(_unused_ void **state)
{
        CodecRules rules = {.changes = changes};

        assert_int_equal(codec_field(rules, &table, &fields[0]).max, 4);
        assert_int_equal(codec_field((CodecRules){0}, &table, &fields[0]).max, 2);
        assert_int_equal(codec_field(rules, &inner_table, &inner_fields[0]).max, 3);
        assert_ptr_equal(codec_find_field(rules, &table, "added"), &added);
        assert_null(codec_find_field((CodecRules){0}, &table, "added"));
        assert_null(codec_find_field(rules, &inner_table, "added"));
        assert_ptr_equal(codec_find_field(rules, &table, "size"), &fields[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(codec_reads_by_the_changes),
                cmocka_unit_test(codec_tells_of_a_field_as_it_is_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
