/* Versions in order. The list was made with dpkg --compare-versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/util.h"
#include "core/version.h"

/* Ascending. */
static const char *const versions[] = {
        "0",     "0.9",    "0.10",    "1.0~rc1",   "1.0~rc2",
        "1.0",   "1.0a",   "1.0b",    "1.0+1",     "1.0-1",
        "1.0-2", "1.0.0",  "1.0.0a",  "1.0.1",     "1.0.10",
        "1.1",   "1.2.3",  "1.10",    "2.0.0~dev", "2.0.0",
        "10",    "2026.9", "2026.11", "20261124",  "99999999999999999999",
        "a",     "v1.0",   "v1.1",
};

static const char *const same[][2] = {{"1.0", "1.0"}, {"1.00", "1.0"}, {"01.2", "1.2"}, {"", ""}};

static int sign(int n)
{
        return (n > 0) - (n < 0);
}

static void version_orders_as_dpkg_does(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(versions); i++)
                for (size_t j = 0; j < ELEMENTSOF(versions); j++)
                        if (sign(version_compare(versions[i], versions[j])) !=
                            sign((int)i - (int)j))
                                fail_msg("%s, %s", versions[i], versions[j]);
        for (size_t i = 0; i < ELEMENTSOF(same); i++)
                assert_int_equal(version_compare(same[i][0], same[i][1]), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(version_orders_as_dpkg_does)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
