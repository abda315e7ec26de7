/* config-value.c: text to spans, sizes, numbers and words, good and bad. */
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <time.h>

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

static void config_windows_are_read(void **state)
{
        static const char *const bad[] = {"",
                                          "01:00",
                                          "1:00-5:00",
                                          "01:00-05:00 ",
                                          "24:00-05:00",
                                          "01:60-05:00",
                                          "01:00-25:00",
                                          "01:00-01:00",
                                          "+1:00-05:00",
                                          "01:00-24:01",
                                          "01-00:05-00"};
        DayWindow w;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(value_parse_window(bad[i], &w), -EINVAL);
        assert_int_equal(value_parse_window("22:30-24:00", &w), 0);
        assert_int_equal(w.from, 22 * 60 + 30);
        assert_int_equal(w.to, 24 * 60);
}

/* A window is local time, may go past midnight, and opens to the second. */
static void config_windows_open_in_time(void **state)
{
        static const struct {
                const char *zone, *window;
                unsigned hour, minute, second; /* UTC */
                unsigned opens_in_seconds;
        } vectors[] = {
                {"UTC0", "01:00-05:00", 0, 59, 59, 1},
                {"UTC0", "01:00-05:00", 1, 0, 0, 0},
                {"UTC0", "01:00-05:00", 4, 59, 59, 0},
                {"UTC0", "01:00-05:00", 5, 0, 0, 20 * 3600},
                {"UTC0", "22:00-04:00", 23, 0, 0, 0},
                {"UTC0", "22:00-04:00", 3, 59, 0, 0},
                {"UTC0", "22:00-04:00", 4, 0, 0, 18 * 3600},
                {"XXX-2", "01:00-05:00", 23, 0, 0, 0}, /* 01:00 there */
                {"XXX-2", "01:00-05:00", 1, 0, 0, 0},
                {"XXX+2", "01:00-05:00", 1, 0, 0, 2 * 3600},
                {"UTC0", NULL, 12, 0, 0, 0},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                usec_t now = UINT64_C(1795478400) * USEC_PER_SEC + /* a midnight UTC */
                             (vectors[i].hour * UINT64_C(3600) + vectors[i].minute * 60 +
                              vectors[i].second) *
                                     USEC_PER_SEC;

                setenv("TZ", vectors[i].zone, 1);
                tzset();
                assert_int_equal(value_window_opens_in(strempty(vectors[i].window), now),
                                 vectors[i].opens_in_seconds * USEC_PER_SEC);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(config_values_are_read),
                cmocka_unit_test(config_numbers_and_words_are_read),
                cmocka_unit_test(config_windows_are_read),
                cmocka_unit_test(config_windows_open_in_time),
        };

        return cmocka_run_group_tests_name("config-value", tests, NULL, NULL);
}
