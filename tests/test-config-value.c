/* config-value.c: text to spans, sizes, numbers and words, good and bad. */
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/config-value.h"

static const struct {
        const char *text;
        int result;
        usec_t usec;
} spans[] = {
        {"0", 0, 0},
        {"45", 0, 45 * USEC_PER_SEC},
        {"250ms", 0, 250 * USEC_PER_MSEC},
        {"30s", 0, 30 * USEC_PER_SEC},
        {"10min", 0, 10 * USEC_PER_MIN},
        {"1h30min", 0, 90 * USEC_PER_MIN},
        {"1h 30 min", 0, 90 * USEC_PER_MIN},
        {"24h", 0, 24 * USEC_PER_HOUR},
        {"2d", 0, 48 * USEC_PER_HOUR},
        {"1w", 0, 168 * USEC_PER_HOUR},
        {"", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"-1s", -EINVAL, 0},
        {"1.5h", -EINVAL, 0},
        {"1h30", -EINVAL, 0},
        {"5 minutes", -EINVAL, 0},
        {"infinity", -EINVAL, 0},
        {"3000000000", 0, 3000000000 * USEC_PER_SEC},
        {"36501d", -ERANGE, 0},
        {"18446744073709551616", -ERANGE, 0},
        {"18446744073709551615s", -ERANGE, 0},
};

static const struct {
        const char *text;
        int result;
        uint64_t bytes;
} sizes[] = {
        {"0", 0, 0},
        {"4096", 0, 4096},
        {"64K", 0, 65536},
        {"512M", 0, UINT64_C(512) << 20},
        {"4G", 0, UINT64_C(4) << 30},
        {"1T", 0, UINT64_C(1) << 40},
        {"", -EINVAL, 0},
        {"M", -EINVAL, 0},
        {"5MB", -EINVAL, 0},
        {"5m", -EINVAL, 0},
        {"-5", -EINVAL, 0},
        {"99999999999T", -ERANGE, 0},
};

static void config_values_are_read(void **state)
{

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(spans); i++) {
                usec_t v = 0;

                assert_int_equal(value_parse_span(spans[i].text, &v), spans[i].result);
                assert_int_equal(v, spans[i].usec);
        }
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                uint64_t v = 0;

                assert_int_equal(value_parse_size(sizes[i].text, &v), sizes[i].result);
                assert_int_equal(v, sizes[i].bytes);
        }
}

static void config_numbers_and_words_are_read(void **state)
{
        static const char *const words[] = {"a", "bc", NULL};
        _cleanup_(value_free_wordsp) char **list = NULL;
        int64_t n = 0;
        bool b = false;

        (void)state;
        assert_int_equal(value_parse_int("-7", &n), 0);
        assert_int_equal(n, -7);
        assert_int_equal(value_parse_int("7x", &n), -EINVAL);
        assert_int_equal(value_parse_int("9223372036854775808", &n), -ERANGE);
        assert_int_equal(value_parse_bool("true", &b), 0);
        assert_true(b);
        assert_int_equal(value_parse_bool("no", &b), 0);
        assert_false(b);
        assert_int_equal(value_parse_bool("on", &b), -EINVAL);
        assert_int_equal(value_parse_words(words, "a a", &list), -EINVAL);
        assert_int_equal(value_parse_words(words, "a d", &list), -EINVAL);
        assert_int_equal(value_parse_words(words, " ", &list), -EINVAL);
        assert_int_equal(value_parse_words(words, "bc \ta", &list), 0);
        assert_string_equal(list[0], "bc");
        assert_string_equal(list[1], "a");
        assert_null(list[2]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(config_values_are_read),
                cmocka_unit_test(config_numbers_and_words_are_read),
        };

        return cmocka_run_group_tests_name("config-value", tests, NULL, NULL);
}
