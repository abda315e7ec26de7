/* The history of a roll-out: what is a sample, and which ones go when there are too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "history.h"

#define SECOND USEC_PER_SEC

/* What is kept, as the state would. */
typedef struct Shelf {
        History history;
        size_t count, writes;
        struct {
                int64_t number;
                usec_t at;
        } kept[HISTORY_SAMPLES_MAX + 1];
} Shelf;

static char *counts_of(uint64_t n)
{
        char *text = str_printf("[{\"installed\":%llu}]", (unsigned long long)n);
        assert_non_null(text);
        return text;
}

static bool take(Shelf *shelf, uint64_t n, usec_t at)
{
        HistorySample sample;
        size_t left = 0;
        if (!history_take(&shelf->history, counts_of(n), at, at, &sample))
                return false;
        for (size_t i = 0; i < shelf->count && sample.step > 0; i++)
                if (shelf->kept[i].number % sample.step == 0)
                        shelf->kept[left++] = shelf->kept[i];
        shelf->count = sample.step > 0 ? left : shelf->count;
        assert_true(shelf->count < HISTORY_SAMPLES_MAX);
        shelf->kept[shelf->count].number = sample.number;
        shelf->kept[shelf->count++].at = sample.at;
        shelf->writes++;
        assert_int_equal(shelf->count, shelf->history.count);
        return true;
}

/* A change each tenth of a second, looked at as the runner does. */
static void live(Shelf *shelf, usec_t from, usec_t to)
{
        for (usec_t now = from; now < to; now += SECOND / 10)
                if (now >= shelf->history.free_at)
                        assert_true(take(shelf, now, now));
}

static void a_history_of_a_minute_has_a_sample_each_second(void **state _unused_)
{
        Shelf shelf = {0};
        live(&shelf, 1000 * SECOND, 1060 * SECOND);
        assert_int_equal(shelf.count, 60);
        for (size_t i = 0; i < shelf.count; i++)
                assert_int_equal(shelf.kept[i].at, (1000 + i) * SECOND);
        history_done(&shelf.history);
}

static void a_history_of_hours_is_whole_and_evenly_thin(void **state _unused_)
{
        Shelf shelf = {0};
        live(&shelf, 1000 * SECOND, 21000 * SECOND);
        assert_in_range(shelf.count, HISTORY_SAMPLES_MAX / 2, HISTORY_SAMPLES_MAX);
        assert_int_equal(shelf.kept[0].at, 1000 * SECOND);
        usec_t step = shelf.kept[1].at - shelf.kept[0].at;
        assert_int_equal(step, 64 * SECOND); /* 20000 s / 512, as a power of two */
        for (size_t i = 1; i < shelf.count; i++)
                assert_int_equal(shelf.kept[i].at - shelf.kept[i - 1].at, step);
        assert_true(shelf.kept[shelf.count - 1].at + step >= 21000 * SECOND);
        assert_true(shelf.writes < 2000); /* of 200000 changes */
        history_done(&shelf.history);
}

static void what_has_not_changed_is_no_sample(void **state _unused_)
{
        Shelf shelf = {0};
        assert_true(take(&shelf, 1, SECOND));
        assert_false(take(&shelf, 1, 9 * SECOND));
        assert_true(take(&shelf, 2, 9 * SECOND));
        assert_int_equal(shelf.count, 2);
        history_done(&shelf.history);
}

static void a_clock_that_is_set_back_makes_no_knot(void **state _unused_)
{
        Shelf shelf = {0};
        assert_true(take(&shelf, 1, 100 * SECOND));
        assert_true(take(&shelf, 2, 50 * SECOND));
        assert_int_equal(shelf.kept[1].at, 100 * SECOND);
        history_done(&shelf.history);
}

static void a_restart_goes_on_where_it_was(void **state _unused_)
{
        Shelf shelf = {0};
        live(&shelf, 1000 * SECOND, 3000 * SECOND);
        History old = shelf.history;
        shelf.history = (History){0};
        history_restore(&shelf.history, old.count, shelf.kept[shelf.count - 1].number, old.last_at,
                        old.last);
        assert_int_equal(shelf.history.step, old.step);
        assert_int_equal(shelf.history.next, old.next);
        assert_false(take(&shelf, old.last_at, 3000 * SECOND)); /* as it was */
        live(&shelf, 3000 * SECOND, 9000 * SECOND);
        for (size_t i = 1; i < shelf.count; i++)
                assert_true(shelf.kept[i].at > shelf.kept[i - 1].at);
        assert_int_equal(shelf.kept[0].at, 1000 * SECOND);
        history_done(&shelf.history);
}

static void an_empty_history_is_restored_empty(void **state _unused_)
{
        History history = {.count = 3, .last = counts_of(1)};
        history_restore(&history, 0, 0, 0, NULL);
        assert_int_equal(history.count, 0);
        assert_null(history.last);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_history_of_a_minute_has_a_sample_each_second),
                cmocka_unit_test(a_history_of_hours_is_whole_and_evenly_thin),
                cmocka_unit_test(what_has_not_changed_is_no_sample),
                cmocka_unit_test(a_clock_that_is_set_back_makes_no_knot),
                cmocka_unit_test(a_restart_goes_on_where_it_was),
                cmocka_unit_test(an_empty_history_is_restored_empty),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
