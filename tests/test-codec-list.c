/* Lists: of objects that hold lists, of strings, of words; what is only checked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fields.h"

typedef struct Part {
        char *name;
        int64_t size;
        List words;
} Part;

typedef struct Parts {
        List parts, notes;
} Parts;

static const char *const word_list[] = {"Red", "Blue"};
static const EnumTable words = WORDS(word_list);
static const Part part_initial = {.size = NO_INT};

/* clang-format off */
static const ListType words_type = LIST_OF_WORDS(words, 0, 2);
static const Field part_fields[] = {
        STRING_FIELD("name",  REQUIRED, Part, name, 5),
        INT_FIELD   ("size",  OPTIONAL, Part, size),
        LIST_FIELD  ("words", OPTIONAL, Part, words, words_type),
};
static const Table part_table = TABLE("Part", part_fields);
static const ListType parts_type = LIST_OF_OBJECTS(part_table, Part, &part_initial, 1, 3);
static const ListType notes_type = LIST_OF_STRINGS(4, 0, 2);
static const Field fields[] = {
        LIST_FIELD("parts", REQUIRED, Parts, parts, parts_type),
        LIST_FIELD("notes", OPTIONAL, Parts, notes, notes_type),
        { .name = "checked", .kind = FIELD_IGNORED, .json_type = JSON_ARRAY, .list = &parts_type, .min = NO_INT },
};
static const Table table = TABLE("Parts", fields);

static const char full[] =
        "{\"parts\":[{\"name\":\"a\",\"size\":1,\"words\":[\"Blue\",\"Red\"]},{\"name\":\"b\"}],\"notes\":[\"x\",\"y\"]}";

/* What is wrong, where. */
static const struct {
        const char *json;
        CodecViolation violation;
        const char *path;
} bad[] = {
        { "{\"parts\":[]}",                                            CODEC_COUNT,      "parts"       },
        { "{\"parts\":[{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"}]}",
                                                                       CODEC_COUNT,      "parts"       },
        { "{\"parts\":{}}",                                            CODEC_TYPE,       "parts"       },
        { "{\"parts\":[\"a\"]}",                                       CODEC_TYPE,       "parts"       },
        { "{\"parts\":[{\"name\":\"a\"},{}]}",                         CODEC_MISSING,    "parts.name"  },
        { "{\"parts\":[{\"name\":\"abcdef\"}]}",                       CODEC_CONSTRAINT, "parts.name"  },
        { "{\"parts\":[{\"name\":\"a\",\"words\":[\"Red\",\"Pink\"]}]}", CODEC_CONSTRAINT, "parts.words" },
        { "{\"parts\":[{\"name\":\"a\"}],\"notes\":[\"x\",null]}",     CODEC_TYPE,       "notes"       },
        { "{\"parts\":[{\"name\":\"a\"}],\"notes\":[\"abcde\"]}",      CODEC_CONSTRAINT, "notes"       },
        { "{\"parts\":[{\"name\":\"a\"}],\"parts\":[{\"name\":\"b\"}]}", CODEC_UNKNOWN,  "parts"       },
        { "{\"parts\":[{\"name\":\"a\"}],\"checked\":[{\"size\":1}]}", CODEC_MISSING,    "checked.name" },
        { "{\"notes\":[\"x\"]}",                                       CODEC_MISSING,    "parts"       },
};
/* clang-format on */

static int decode(const char *text, Parts *ret, CodecError *reterr)
{
        cJSON *json = cJSON_Parse(text);
        int r;

        assert_non_null(json);
        r = codec_decode(&table, (CodecRules){.unknown_is_violation = true}, json, ret, reterr);
        cJSON_Delete(json);
        return r;
}

static void lists_are_read_and_written_again(void **state)
{
        cJSON *wanted = cJSON_Parse(full), *got = NULL;
        CodecError error = {0};
        const Part *part;
        Parts p = {0};

        (void)state;
        assert_int_equal(decode(full, &p, &error), 0);
        assert_int_equal(p.parts.count, 2);
        part = p.parts.items;
        assert_string_equal(part[0].name, "a");
        assert_int_equal(part[0].size, 1);
        assert_int_equal(part[0].words.count, 2);
        assert_int_equal(((const int *)part[0].words.items)[0], 1);
        assert_int_equal(part[1].size, NO_INT); /* what an absent member keeps */
        assert_string_equal(((char *const *)p.notes.items)[1], "y");

        assert_int_equal(codec_encode(&table, &p, &got, &error), 0);
        assert_true(cJSON_Compare(got, wanted, true));
        codec_done(&table, &p);
        assert_null(p.parts.items);
        assert_int_equal(p.parts.count, 0);
        cJSON_Delete(got);
        cJSON_Delete(wanted);
}

/* What was read before the fault is freed: the sanitizer sees to that. */
static void lists_with_a_fault_leave_nothing(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                CodecError error = {0};
                Parts p = {0};

                assert_int_equal(decode(bad[i].json, &p, &error), -EBADMSG);
                assert_int_equal(error.violation, bad[i].violation);
                assert_string_equal(error.path, bad[i].path);
                assert_true(!p.parts.items && !p.notes.items && p.parts.count == 0);
        }
}

static void lists_that_are_required_can_not_be_empty(void **state)
{
        CodecError error = {0};
        cJSON *json = NULL;
        Parts p = {0};

        (void)state;
        assert_int_equal(codec_encode(&table, &p, &json, &error), -ENODATA);
        assert_string_equal(error.path, "parts");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lists_are_read_and_written_again),
                cmocka_unit_test(lists_with_a_fault_leave_nothing),
                cmocka_unit_test(lists_that_are_required_can_not_be_empty),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
