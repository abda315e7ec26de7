/* The waits between two connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backoff.h"

#define S USEC_PER_SEC

/* Each wait doubles the whole last one, its random part included (J201 5.3). */
static void backoff_doubles_the_whole_last_wait(void **state)
{
        static const struct {
                uint64_t random;
                usec_t expected;
        } steps[] = {
                {3 * S, 13 * S},  {5 * S, 31 * S},
                {0, 62 * S},      {10 * S, 134 * S}, /* the third repeat: the last that grows */
                {7 * S, 134 * S}, {1 * S, 134 * S},
        };
        Backoff b = {.wait_minimum_usec = 10 * S, .random_range_usec = 10 * S, .repeat_times = 3};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                assert_int_equal(backoff_next(&b, steps[i].random), steps[i].expected);
}

/* … and what the CSMS saw of it, which is more by the time that connecting takes. */
static void backoff_doubles_what_the_csms_saw(void **state)
{
        Backoff b = {.wait_minimum_usec = 2 * S, .repeat_times = 2};

        (void)state;
        backoff_took(&b, 50 * S); /* nothing was waited for yet */
        assert_int_equal(backoff_next(&b, 0), 2 * S);
        backoff_took(&b, 3 * S);
        assert_int_equal(backoff_next(&b, 0), 6 * S);
        assert_int_equal(backoff_next(&b, 0), 12 * S); /* not reached this time */
        b.repeat_times = 3;
        backoff_took(&b, 1000 * S); /* it slept */
        assert_int_equal(backoff_next(&b, 0), 48 * S);
        backoff_took(&b, 49 * S);
        assert_int_equal(backoff_next(&b, 0), 48 * S); /* it does not grow any more */
}

static void backoff_begins_anew_after_success(void **state)
{
        Backoff b = {.wait_minimum_usec = 2 * S, .random_range_usec = 0, .repeat_times = 5};

        (void)state;
        assert_int_equal(backoff_next(&b, 99), 2 * S);
        assert_int_equal(backoff_next(&b, 99), 4 * S);
        backoff_reset(&b);
        assert_int_equal(backoff_next(&b, 99), 2 * S);
}

static void backoff_stays_at_the_first_without_repeats(void **state)
{
        Backoff b = {.wait_minimum_usec = 2 * S, .random_range_usec = 4 * S, .repeat_times = 0};

        (void)state;
        assert_int_equal(backoff_next(&b, 1 * S), 3 * S);
        assert_int_equal(backoff_next(&b, 2 * S), 3 * S);
}

static void backoff_random_part_stays_in_range(void **state)
{
        static const uint64_t randoms[] = {0,         1,          3 * S,         3 * S + 1,
                                           123456789, UINT64_MAX, UINT64_MAX - 1};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(randoms); i++) {
                Backoff b = {.wait_minimum_usec = S, .random_range_usec = 3 * S};
                usec_t wait = backoff_next(&b, randoms[i]);

                assert_in_range(wait, S, 4 * S);
        }
}

/* A CSMS may set any number of repeats: nothing runs over, and a station comes back within a day.
 */
static void backoff_never_waits_longer_than_a_day(void **state)
{
        Backoff b = {.wait_minimum_usec = S, .random_range_usec = UINT64_MAX, .repeat_times = 1000};
        Backoff patient = {.wait_minimum_usec = 48 * USEC_PER_HOUR, .repeat_times = 3};
        usec_t last = 0;

        (void)state;
        for (unsigned i = 0; i < 1000; i++) {
                usec_t wait = backoff_next(&b, i);

                assert_true(wait >= last && wait <= BACKOFF_LONGEST_USEC);
                last = wait;
        }
        assert_int_equal(last, BACKOFF_LONGEST_USEC);
        for (unsigned i = 0; i < 5; i++)
                assert_int_equal(backoff_next(&patient, 5), 48 * USEC_PER_HOUR);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(backoff_doubles_the_whole_last_wait),
                cmocka_unit_test(backoff_doubles_what_the_csms_saw),
                cmocka_unit_test(backoff_begins_anew_after_success),
                cmocka_unit_test(backoff_stays_at_the_first_without_repeats),
                cmocka_unit_test(backoff_random_part_stays_in_range),
                cmocka_unit_test(backoff_never_waits_longer_than_a_day),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
