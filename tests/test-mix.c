/* What mock-csms-fleet draws by lot: mixes by share, and that the seed decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mix.h"

static void mix_reads_shares(void **state)
{
        static const struct {
                const char *text;
                int result;
                size_t count;
        } vectors[] = {
                {"a", 0, 1},           {"a:1,b:2", 0, 2},
                {" a:1 , b", 0, 2},    {"1.6:50,2.0.1:0", 0, 2},
                {"", -EINVAL, 0},      {"a:0", -EINVAL, 0},
                {"a:x", -EINVAL, 0},   {"a:-1,b:3", -EINVAL, 0},
                {"a,a", -EINVAL, 0},   {"a,,b", -EINVAL, 0},
                {"a:inf", -EINVAL, 0}, {"a:1x", -EINVAL, 0},
        };
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                Mix mix = {0};
                assert_int_equal(mix_read(vectors[i].text, &mix), vectors[i].result);
                assert_int_equal(mix.count, vectors[i].count);
        }
}

static void mix_chooses_by_share(void **state)
{
        Mix mix;
        size_t counts[2] = {0};
        (void)state;
        assert_int_equal(mix_read("a:1,b:0,c:3", &mix), 0);
        assert_string_equal(mix_choose(&mix, 0), "a");
        assert_string_equal(mix_choose(&mix, 0.2499), "a");
        assert_string_equal(mix_choose(&mix, 0.25), "c");
        assert_string_equal(mix_choose(&mix, 0.9999), "c");
        for (uint64_t i = 0; i < 10000; i++)
                counts[*mix_choose(&mix, mix_part(7, i, LOT_VENDOR, 0)) == 'c']++;
        assert_in_range(counts[0], 2300, 2700);
}

static void mix_draws_by_seed_station_lot_and_number(void **state)
{
        uint64_t first = mix_draw(1, 2, LOT_FATE, 4);
        (void)state;
        assert_true(first == mix_draw(1, 2, LOT_FATE, 4));
        assert_true(first != mix_draw(2, 2, LOT_FATE, 4));
        assert_true(first != mix_draw(1, 3, LOT_FATE, 4));
        assert_true(first != mix_draw(1, 2, LOT_LOG, 4));
        assert_true(first != mix_draw(1, 2, LOT_FATE, 5));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(mix_reads_shares),
                cmocka_unit_test(mix_chooses_by_share),
                cmocka_unit_test(mix_draws_by_seed_station_lot_and_number),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
