/* Moments: what is read, and when it is in a station's own place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "moment.h"

static usec_t utc(const char *text)
{
        usec_t t;
        assert_int_equal(time_parse(text, &t), 0);
        return t;
}

static void test_read(void **state _unused_)
{
        /* clang-format off */
        static const struct { const char *text; int kind; } cases[] = {
                { "2026-11-27T02:00:00Z", MOMENT_UTC },      { "2026-11-27T02:00:00+01:00", MOMENT_UTC },
                { "2026-11-27T02:00", MOMENT_LOCAL },        { "2026-11-27T23:59:59", MOMENT_LOCAL },
                { "02:00", MOMENT_DAILY },                   { "23:59:59", MOMENT_DAILY },
                { "", MOMENT_NONE }, { "2:00", MOMENT_NONE }, { "24:00", MOMENT_NONE }, { "02:60", MOMENT_NONE }, { "02:00:60", MOMENT_NONE },
                { "02:00 ", MOMENT_NONE }, { "2026-13-01T02:00", MOMENT_NONE }, { "2026-00-01T02:00", MOMENT_NONE },
                { "2026-11-32T02:00", MOMENT_NONE }, { "2026-11-27 02:00", MOMENT_NONE }, { "2026-11-27", MOMENT_NONE },
                { "1026-11-27T02:00", MOMENT_NONE }, { "2026-11-27T", MOMENT_NONE }, { "02", MOMENT_NONE }, { "tomorrow", MOMENT_NONE },
        };
        /* clang-format on */
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Moment m = {0};
                assert_int_equal(moment_read(cases[i].text, &m), cases[i].kind ? 0 : -EINVAL);
                assert_int_equal(m.kind, cases[i].kind);
        }
}

static void test_resolve(void **state _unused_)
{
        /* clang-format off */
        static const struct { const char *text, *zone, *now, *when; } cases[] = {
                { "2026-11-27T02:00:00Z", "Asia/Tokyo",          "2026-11-26T12:00:00Z", "2026-11-27T02:00:00Z" },
                { "2026-11-27T02:00",     "Asia/Tokyo",          "2026-11-26T12:00:00Z", "2026-11-26T17:00:00Z" },
                { "2026-11-27T02:00",     NULL,                  "2026-11-26T12:00:00Z", "2026-11-27T02:00:00Z" },
                { "2026-07-01T02:00",     "Europe/Berlin",       "2026-11-26T12:00:00Z", "2026-07-01T00:00:00Z" },
                { "2026-12-01T02:00",     "Europe/Berlin",       "2026-11-26T12:00:00Z", "2026-12-01T01:00:00Z" },
                /* left out by the clocks: an hour later */
                { "2027-03-28T02:30",     "Europe/Berlin",       "2026-11-26T12:00:00Z", "2027-03-28T01:30:00Z" },
                { "02:00",                "America/Los_Angeles", "2026-11-26T12:00:00Z", "2026-11-27T10:00:00Z" },
                { "05:00",                "America/Los_Angeles", "2026-11-26T12:00:00Z", "2026-11-26T13:00:00Z" },
                { "04:00",                "America/Los_Angeles", "2026-11-26T12:00:00Z", "2026-11-27T12:00:00Z" }, /* now is too late */
                { "00:30",                "Asia/Kathmandu",      "2026-12-31T18:00:00Z", "2026-12-31T18:45:00Z" },
                { "00:30",                "Europe/Berlin",       "2026-12-31T23:45:00Z", "2027-01-01T23:30:00Z" },
        };
        /* clang-format on */
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[TIME_TEXT_MAX], wanted[TIME_TEXT_MAX];
                Moment m;
                usec_t when;
                assert_int_equal(moment_read(cases[i].text, &m), 0);
                assert_int_equal(moment_resolve(&m, cases[i].zone, utc(cases[i].now), &when), 0);
                assert_string_equal(time_format(when, text),
                                    time_format(utc(cases[i].when), wanted));
        }
}

static void test_not_there(void **state _unused_)
{
        static const char *const zones[] = {"",
                                            "Europe",
                                            "Europe/",
                                            "/etc/passwd",
                                            "../../../etc/passwd",
                                            "Europe//Berlin",
                                            "Nowhere",
                                            "Asia/Tokyo\n"};
        Moment m;
        usec_t when;
        assert_int_equal(moment_read("02:00", &m), 0);
        for (size_t i = 0; i < ELEMENTSOF(zones); i++)
                assert_int_equal(moment_resolve(&m, zones[i], utc("2026-11-26T12:00:00Z"), &when),
                                 -EINVAL);
        assert_int_equal(moment_read("2026-02-30T02:00", &m), 0);
        assert_int_equal(moment_resolve(&m, "Europe/Berlin", utc("2026-11-26T12:00:00Z"), &when),
                         -EINVAL);
        assert_int_equal(moment_resolve(&(Moment){0}, "Nowhere", 0, &when), 0);
        assert_true(when == NO_TIME);
}

/* The process' own zone is as it was. */
static void test_own_zone_stays(void **state _unused_)
{
        Moment m;
        usec_t when;
        time_t t = 0;
        struct tm tm;
        setenv("TZ", "Asia/Tokyo", 1);
        tzset();
        assert_int_equal(moment_read("02:00", &m), 0);
        assert_int_equal(moment_resolve(&m, "Europe/Berlin", utc("2026-11-26T12:00:00Z"), &when),
                         0);
        assert_string_equal(getenv("TZ"), "Asia/Tokyo");
        localtime_r(&t, &tm);
        assert_int_equal(tm.tm_hour, 9);
        unsetenv("TZ");
        assert_int_equal(moment_resolve(&m, "Europe/Berlin", utc("2026-11-26T12:00:00Z"), &when),
                         0);
        assert_null(getenv("TZ"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read),
                cmocka_unit_test(test_resolve),
                cmocka_unit_test(test_not_there),
                cmocka_unit_test(test_own_zone_stays),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
