/* Which connections of mock-csms are asked by a ping and given up, on a clock that is a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "liveness.h"

static void liveness_asks_the_silent_and_gives_them_up(void **state)
{
        Liveness l = {0};
        Pulse a = {0}, b = {0};
        usec_t ask = 1 + LIVENESS_PING_AFTER;
        (void)state;
        assert_true(liveness_due(&l) == USEC_INFINITY);
        liveness_heard(&l, &a, 1);
        liveness_heard(&l, &b, 2);
        assert_true(liveness_due(&l) == ask);
        assert_null(liveness_next_silent(&l, ask - 1));
        assert_ptr_equal(liveness_next_silent(&l, ask), &a);
        assert_null(liveness_next_silent(&l, ask));
        assert_true(liveness_due(&l) == ask + 1);
        liveness_heard(&l, &b, ask);
        assert_null(liveness_next_gone(&l, ask + LIVENESS_GONE_AFTER - 1));
        assert_ptr_equal(liveness_next_gone(&l, ask + LIVENESS_GONE_AFTER), &a);
        assert_null(liveness_next_gone(&l, ask + LIVENESS_GONE_AFTER));
        assert_true(liveness_due(&l) == ask + LIVENESS_PING_AFTER);
}

static void liveness_believes_an_answer(void **state)
{
        Liveness l = {0};
        Pulse a = {0};
        (void)state;
        liveness_heard(&l, &a, 0);
        assert_ptr_equal(liveness_next_silent(&l, LIVENESS_PING_AFTER), &a);
        liveness_heard(&l, &a, LIVENESS_PING_AFTER + 1);
        assert_null(liveness_next_gone(&l, 2 * LIVENESS_PING_AFTER));
        assert_null(liveness_next_silent(&l, 2 * LIVENESS_PING_AFTER));
        assert_ptr_equal(liveness_next_silent(&l, 2 * LIVENESS_PING_AFTER + 1), &a);
}

static void liveness_forgets_any_of_them(void **state)
{
        (void)state;
        for (size_t gone = 0; gone < 3; gone++) {
                Liveness l = {0};
                Pulse pulses[3] = {0};
                for (size_t i = 0; i < 3; i++)
                        liveness_heard(&l, &pulses[i], i);
                liveness_forget(&pulses[gone]);
                liveness_forget(&pulses[gone]);
                for (size_t i = 0; i < 3; i++)
                        if (i != gone)
                                assert_ptr_equal(liveness_next_silent(&l, USEC_INFINITY),
                                                 &pulses[i]);
                assert_null(liveness_next_silent(&l, USEC_INFINITY));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(liveness_asks_the_silent_and_gives_them_up),
                cmocka_unit_test(liveness_believes_an_answer),
                cmocka_unit_test(liveness_forgets_any_of_them),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
