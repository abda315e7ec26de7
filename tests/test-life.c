/* The life of an update at a simulated station: every order of statuses that it can tell, for each
 * fate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "life.h"

/* clang-format off */
/* What an order of this kind tells. */
static const struct {
        LifeOrder order;
        const char *told;
} vectors[] = {
        { { false, false, false, FATE_FINE },         "Downloading Downloaded Installing InstallRebooting Installed " },
        { { true,  false, false, FATE_FINE },         "Downloading Downloaded SignatureVerified Installing InstallRebooting Installed " },
        { { true,  true,  true,  FATE_FINE },         "DownloadScheduled Downloading Downloaded SignatureVerified InstallScheduled Installing InstallRebooting Installed " },
        { { false, false, true,  FATE_FINE },         "Downloading Downloaded InstallScheduled Installing InstallRebooting Installed " },
        { { true,  true,  false, FATE_DOWNLOAD },     "DownloadScheduled Downloading DownloadFailed " },
        { { true,  false, true,  FATE_SIGNATURE },    "Downloading Downloaded InvalidSignature " },
        { { false, false, false, FATE_SIGNATURE },    "Downloading Downloaded Installing InstallVerificationFailed " },
        { { true,  false, false, FATE_VERIFICATION }, "Downloading Downloaded SignatureVerified Installing InstallVerificationFailed " },
        { { true,  false, false, FATE_INSTALL },      "Downloading Downloaded SignatureVerified Installing InstallationFailed " },
        { { false, false, false, FATE_ROLLBACK },     "Downloading Downloaded Installing InstallRebooting InstallationFailed " },
        { { false, false, false, FATE_REBOOT_NEVER }, "Downloading Downloaded Installing InstallRebooting " },
};

static const struct {
        const char *location, *old, *wanted;
} versions[] = {
        { "http://10.0.0.1/files/box-2.1.0.raucb",  "1.0.0",    "2.1.0"    },
        { "http://h/files/v7/box-2.1.raucb?v=9.9",  "1.0.0",    "2.1"      },
        { "http://h/box-2024-3.10.4-rc1.bin",       "1.0.0",    "3.10.4"   },
        { "http://h/3.1/firmware.raucb",            "1.0.9",    "1.0.10"   },
        { "http://h/firmware.raucb?file=/2.0.0",    "v1",       "v2"       },
        { "http://h/firmware7.raucb",               "old-rc",   "old-rc.1" },
        { "",                                       "1.2-beta", "1.3-beta" },
        { "http://h/",                              "",         ".1"       },
};
/* clang-format on */

static void life_tells_statuses_in_order(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                const LifeOrder *order = &vectors[i].order;
                char told[400] = "";
                LifePoint point = life_first(order);
                for (unsigned steps = 0;; point = life_next(order, point)) {
                        const LifeStep *step = &life_steps[point];
                        size_t n = strlen(told);
                        assert_true(steps++ < LIFE_POINT_MAX);
                        if (step->status != FW_NONE)
                                (void)snprintf(told + n, sizeof(told) - n, "%s ",
                                               firmware_status_to_string(step->status));
                        if (step->wait == LIFE_ENDS)
                                break;
                        assert_false(firmware_status_is_final(step->status));
                }
                assert_string_equal(told, vectors[i].told);
        }
}

static void life_takes_the_time_that_the_table_says(void **state)
{
        (void)state;
        for (LifePoint p = 0; p < LIFE_POINT_MAX; p++)
                if (life_steps[p].wait == LIFE_TAKES)
                        assert_in_range(life_steps[p].shortest, 1, life_steps[p].longest);
                else
                        assert_int_equal(life_steps[p].longest, 0);
}

static void life_reads_rates(void **state)
{
        static const char *const bad[] = {"",
                                          "fine:3",
                                          "install:101",
                                          "install:60,download:50",
                                          "nothing:1",
                                          "install:2,install:3"};
        Rates rates = {0};
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(life_read_rates(bad[i], &rates), -EINVAL);
        assert_int_equal(life_read_rates("download:25,reboot-never:0.5,offline:90", &rates), 0);
        assert_int_equal(life_fate(&rates, 0), FATE_DOWNLOAD);
        assert_int_equal(life_fate(&rates, 0.2499), FATE_DOWNLOAD);
        assert_int_equal(life_fate(&rates, 0.2501), FATE_REBOOT_NEVER);
        assert_int_equal(life_fate(&rates, 0.2551), FATE_FINE);
        assert_true(rates.offline > 89);
}

static void life_finds_the_version_in_the_name(void **state)
{
        char got[LIFE_VERSION_MAX + 1];
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(versions); i++) {
                life_version_after(versions[i].location, versions[i].old, got);
                assert_string_equal(got, versions[i].wanted);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(life_tells_statuses_in_order),
                cmocka_unit_test(life_takes_the_time_that_the_table_says),
                cmocka_unit_test(life_reads_rates),
                cmocka_unit_test(life_finds_the_version_in_the_name),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
