/* Time, strings, small files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

/* clang-format off */
static const struct {
        const char *text;
        int error;
        usec_t value;
} times[] = {
        {"1970-01-01T00:00:00Z",             0,       0},
        {"1970-01-01T00:00:00.000001Z",      0,       1},
        {"2026-11-24T04:10:00Z",             0,       1795493400 * USEC_PER_SEC},
        {"2026-11-24t04:10:00z",             0,       1795493400 * USEC_PER_SEC},
        {"2026-11-24 04:10:00",              0,       1795493400 * USEC_PER_SEC},
        {"2026-11-24T06:10:00+02:00",        0,       1795493400 * USEC_PER_SEC},
        {"2026-11-23T22:40:00.5-05:30",      0,       1795493400 * USEC_PER_SEC + USEC_PER_SEC / 2},
        {"2026-11-24T04:10:00.123456789Z",   0,       1795493400 * USEC_PER_SEC + 123456},
        {"2024-02-29T00:00:00Z",             0,       1709164800 * USEC_PER_SEC},
        {"2025-02-29T00:00:00Z",             -EINVAL, 0},
        {"2100-02-29T00:00:00Z",             -EINVAL, 0},
        {"1970-01-01T00:00:00+01:00",        0,       0},
        {"1969-12-31T23:59:59Z",             0,       0},
        {"0001-01-01T00:00:00Z",             0,       0},
        {"0000-01-01T00:00:00Z",             -EINVAL, 0},
        {"2026-13-01T00:00:00Z",             -EINVAL, 0},
        {"2026-00-01T00:00:00Z",             -EINVAL, 0},
        {"2026-11-31T00:00:00Z",             -EINVAL, 0},
        {"2026-11-24T24:00:00Z",             -EINVAL, 0},
        {"2026-11-24T04:60:00Z",             -EINVAL, 0},
        {"2026-11-24T04:10:00.Z",            -EINVAL, 0},
        {"2026-11-24T04:10:00+2:00",         -EINVAL, 0},
        {"2026-11-24T04:10:00Zx",            -EINVAL, 0},
        {"2026-11-24T04:10",                 -EINVAL, 0},
        {"2026-11-24",                       -EINVAL, 0},
        {"tomorrow",                         -EINVAL, 0},
        {"",                                 -EINVAL, 0},
};
/* clang-format on */

static void util_reads_times(void **state _unused_)
{
        for (size_t i = 0; i < ELEMENTSOF(times); i++) {
                usec_t t = 0;

                assert_int_equal(time_parse(times[i].text, &t), times[i].error);
                assert_int_equal(t, times[i].value);
        }
}

static void util_writes_times_that_it_reads(void **state _unused_)
{
        char text[TIME_TEXT_MAX];
        usec_t t;

        assert_string_equal(time_format(1795493400 * USEC_PER_SEC + 7 * USEC_PER_MSEC, text),
                            "2026-11-24T04:10:00.007Z");
        assert_int_equal(time_parse(text, &t), 0);
        assert_int_equal(t, 1795493400 * USEC_PER_SEC + 7 * USEC_PER_MSEC);
        assert_string_equal(time_format(0, text), "1970-01-01T00:00:00.000Z");
        assert_string_equal(time_format(253402300799 * USEC_PER_SEC + 999999, text),
                            "9999-12-31T23:59:59.999Z");
        assert_string_equal(time_format(253402300800 * USEC_PER_SEC, text), "");
        assert_string_equal(time_format(NO_TIME, text), "");
}

/* Every day that can be said from 1970 on, and its last second, as the C library counts. */
static void util_knows_the_calendar(void **state _unused_)
{
        for (usec_t day = 0; day <= 253402300799 / 86400; day++) {
                time_t seconds = (time_t)(day * 86400 + 86399);
                char text[TIME_TEXT_MAX], wanted[32];
                struct tm tm;
                usec_t t;

                gmtime_r(&seconds, &tm);
                strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
                assert_string_equal(time_format((usec_t)seconds * USEC_PER_SEC, text), wanted);
                assert_int_equal(time_parse(wanted, &t), 0);
                assert_int_equal(t, (usec_t)seconds * USEC_PER_SEC);
        }
}

static void util_reads_and_writes_hex(void **state _unused_)
{
        uint8_t bytes[3] = {0};
        char text[7];

        assert_int_equal(hex_decode("00aBfF", bytes, 3), 0);
        assert_string_equal(hex_encode(bytes, 3, text), "00abff");
        assert_int_equal(hex_decode("00ab", bytes, 3), -EINVAL);
        assert_int_equal(hex_decode("00abff0", bytes, 3), -EINVAL);
        assert_int_equal(hex_decode("0gabff", bytes, 3), -EINVAL);
}

static void util_makes_uuids_of_version_4(void **state _unused_)
{
        char a[37], b[37];

        assert_int_equal(uuid_make(a), 0);
        assert_int_equal(uuid_make(b), 0);
        assert_string_not_equal(a, b);
        assert_int_equal(strlen(a), 36);
        assert_int_equal(a[14], '4');
        assert_non_null(strchr("89ab", a[19]));
        for (size_t i = 0; i < 36; i++)
                assert_int_equal(a[i] == '-', i == 8 || i == 13 || i == 18 || i == 23);
}

static void util_keeps_random_numbers_in_range(void **state _unused_)
{
        bool low = false, high = false;

        for (int i = 0; i < 1000; i++) {
                uint64_t v = random_below_or_equal(3);

                assert_in_range(v, 0, 3);
                low |= v == 0;
                high |= v == 3;
        }
        assert_true(low && high);
        assert_int_equal(random_below_or_equal(0), 0);
}

static void util_strips_white_space(void **state _unused_)
{
        char text[] = " \t a b \r\n", empty[] = " \n";

        assert_string_equal(str_strip(text), "a b");
        assert_string_equal(str_strip(empty), "");
}

static void util_writes_whole_files_or_nothing(void **state _unused_)
{
        char folder[] = "/tmp/test-util-XXXXXX";
        _cleanup_(freep) char *path = NULL, *text = NULL;
        struct stat st;
        size_t size;

        assert_non_null(mkdtemp(folder));
        path = str_printf("%s/file", folder);
        assert_int_equal(file_write_atomic(path, "one", 3, 0640), 0);
        assert_int_equal(file_write_atomic(path, "two!", 4, 0640), 0);
        assert_int_equal(file_read(path, 4, &text, &size), 0);
        assert_int_equal(size, 4);
        assert_string_equal(text, "two!");
        assert_int_equal(file_read(path, 3, &(char *){NULL}, NULL), -EFBIG);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0640);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(file_read(path, 3, &(char *){NULL}, NULL), -ENOENT);
        assert_int_equal(rmdir(folder), 0); /* no temporary file is left */
        assert_int_equal(file_write_atomic(path, "x", 1, 0640), -ENOENT);
}

static void util_joins_words(void **state)
{
        char first[] = "a", second[] = "", third[] = "c";
        char *three[] = {first, second, third, NULL}, *none[] = {NULL};
        _cleanup_(freep) char *text = str_join(three, ", "), *empty = str_join(none, ",");
        _cleanup_(freep) char *nothing = str_join(NULL, ",");

        (void)state;
        assert_string_equal(text, "a, , c");
        assert_string_equal(empty, "");
        assert_string_equal(nothing, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(util_joins_words),
                cmocka_unit_test(util_reads_times),
                cmocka_unit_test(util_writes_times_that_it_reads),
                cmocka_unit_test(util_knows_the_calendar),
                cmocka_unit_test(util_reads_and_writes_hex),
                cmocka_unit_test(util_makes_uuids_of_version_4),
                cmocka_unit_test(util_keeps_random_numbers_in_range),
                cmocka_unit_test(util_strips_white_space),
                cmocka_unit_test(util_writes_whole_files_or_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
