/* The table codec writing: what it says, what it leaves out, what it refuses to say. */
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec-sample.h"

static void codec_says_again_what_it_read(void **state)
{
        _cleanup_(cJSON_Deletep) cJSON *json = NULL, *again = NULL;
        _cleanup_(freep) char *text = NULL;
        Sample s = SAMPLE_INIT;
        CodecError e;

        (void)state;
        assert_int_equal(json_parse(sample_full, strlen(sample_full), &json), 0);
        assert_int_equal(codec_decode(&sample_table, (CodecRules){true, true}, json, &s, &e), 0);
        assert_int_equal(codec_encode(&sample_table, &s, &again, &e), 0);
        text = cJSON_PrintUnformatted(again);
        assert_string_equal(text, sample_full_again);
        codec_done(&sample_table, &s);
}

/* A vector names what differs from the smallest good sample. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define SAMPLE(...)                                                                                \
        {                                                                                          \
                .count = 1, .shift = NO_INT, .flag = -1, .when = NO_TIME, .colour = COLOUR_RED,    \
                .shade = -1, .number = NO_INT, __VA_ARGS__                                         \
        }

static void codec_encodes(void **state)
{
        static char a[] = "a", long_name[] = "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9x",
                    broken[] = "a\xff\xc3", t[] = "t", quote[] = "\"\n";
        /* text: what is written, or for -ENODATA the path of the complaint */
        const struct {
                Sample sample;
                int result;
                const char *text;
        } vectors[] = {
                {SAMPLE(.name = a), 0,
                 "{\"name\":\"a\",\"count\":1,\"colour\":\"Red\",\"lonely\":{}}"},
                {SAMPLE(.name = a, .lonely = quote), 0,
                 "{\"name\":\"a\",\"count\":1,\"colour\":\"Red\",\"lonely\":{\"lonely\":"
                 "\"\\\"\\n\"}"
                 "}"},
                {SAMPLE(.name = long_name), 0,
                 "{\"name\":\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\",\"count\":1,"
                 "\"colour\":\"Red\",\"lonely\":{}}"},
                {SAMPLE(.name = broken), 0,
                 "{\"name\":\"a??\",\"count\":1,\"colour\":\"Red\",\"lonely\":{}}"},
                {SAMPLE(.name = a, .flag = 0, .shade = 0, .text = t), 0,
                 "{\"name\":\"a\",\"count\":1,\"flag\":false,\"colour\":\"Red\","
                 "\"inner\":{\"text\":\"t\"},\"lonely\":{}}"},
                {SAMPLE(.name = NULL), -ENODATA, "name"},
                {SAMPLE(.name = a, .count = NO_INT), -ENODATA, "count"},
                {SAMPLE(.name = a, .colour = COLOUR_OTHER), -ENODATA, "colour"},
                {SAMPLE(.name = a, .colour = COLOUR_MAX), -ENODATA, "colour"},
                {SAMPLE(.name = a, .colour = -1), -ENODATA, "colour"},
                {SAMPLE(.name = a, .number = 4), -ENODATA, "inner.text"},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                _cleanup_(cJSON_Deletep) cJSON *json = NULL;
                _cleanup_(freep) char *text = NULL;
                CodecError e = {0};

                assert_int_equal(codec_encode(&sample_table, &vectors[i].sample, &json, &e),
                                 vectors[i].result);
                if (vectors[i].result == 0)
                        text = cJSON_PrintUnformatted(json);
                assert_string_equal(vectors[i].result == 0 ? text : e.path, vectors[i].text);
                assert_int_equal(e.violation, vectors[i].result == 0 ? CODEC_FINE : CODEC_MISSING);
        }
}

static void codec_never_says_a_required_member_it_ignores(void **state)
{
        static const Field fields[] = {
                {"x", FIELD_IGNORED, .required = true, .json_type = JSON_STRING}};
        static const Table table = {"X", fields, 1};
        cJSON *json = NULL;
        CodecError e;

        (void)state;
        assert_int_equal(codec_encode(&table, &(Sample){0}, &json, &e), -ENODATA);
        assert_null(json);
}

static void enum_finds_words_both_ways(void **state)
{
        static const struct {
                const char *word;
                int value;
        } vectors[] = {{"Red", COLOUR_RED}, {"Blue", COLOUR_BLUE}, {"Green", COLOUR_OTHER},
                       {"red", -EINVAL},    {"", -EINVAL},         {NULL, -EINVAL}};

        static const EnumTable any_colours = {colour_words, ELEMENTSOF(colour_words), NULL,
                                              COLOUR_OTHER};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++)
                assert_int_equal(enum_from_word(&colours, vectors[i].word), vectors[i].value);
        assert_int_equal(enum_from_word(&any_colours, "Red"), COLOUR_RED);
        assert_int_equal(enum_from_word(&any_colours, "red"), COLOUR_OTHER);
        assert_int_equal(enum_from_word(&any_colours, NULL), -EINVAL);
        assert_string_equal(enum_to_word(&colours, COLOUR_BLUE), "Blue");
        assert_null(enum_to_word(&colours, COLOUR_OTHER));
        assert_null(enum_to_word(&colours, -1));
        assert_null(enum_to_word(&shades, 0));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(codec_says_again_what_it_read),
                cmocka_unit_test(codec_encodes),
                cmocka_unit_test(codec_never_says_a_required_member_it_ignores),
                cmocka_unit_test(enum_finds_words_both_ways),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
