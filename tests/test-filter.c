/* Which stations a filter means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "filter.h"
#include "ocpp16.h"
#include "station.h"
#include <stdio.h>

/* What it takes to be a station here. */
static const Station station = {
        .id = "BERLIN-7",
        .dialect = &ocpp16,
        .vendor = "ACME",
        .model = "Box",
        .version = "1.9.0",
        .serial = "0815",
        .tags = (char[]){"canary outdoor"},
        .update = {.status = "InstallationFailed"},
};
static const Station silent = {.id = "X", .dialect = &ocpp16};

/* clang-format off */
static const struct { const char *json; bool fits; } filters[] = {
        { "{}", true },
        { "{\"id\":\"BERLIN-7\"}", true },
        { "{\"id\":\"BERLIN\"}", false },
        { "{\"id\":\"BERLIN*\"}", true },
        { "{\"id\":\"*-7\"}", true },
        { "{\"id\":\"*7*\"}", true },
        { "{\"id\":\"B*L*-*\"}", true },
        { "{\"id\":\"*BERLIN-7*\"}", true },
        { "{\"id\":\"B*8\"}", false },
        { "{\"id\":\"\"}", false },
        { "{\"protocol\":\"ocpp1.6\"}", true },
        { "{\"protocol\":\"ocpp2.1\"}", false },
        { "{\"vendor\":\"ACME\",\"model\":\"Box\"}", true },
        { "{\"vendor\":\"ACME\",\"model\":\"box\"}", false },
        { "{\"serialNumber\":\"0815\"}", true },
        { "{\"serialNumber\":\"815\"}", false },
        { "{\"firmwareVersion\":\"1.9.0\"}", true },
        { "{\"firmwareVersion\":\"1.9\"}", false },
        { "{\"notFirmwareVersion\":\"1.9.0\"}", false },
        { "{\"notFirmwareVersion\":\"1.10.0\"}", true },
        { "{\"belowFirmwareVersion\":\"1.10.0\"}", true },
        { "{\"belowFirmwareVersion\":\"1.9.0\"}", false },
        { "{\"belowFirmwareVersion\":\"1.9.0~rc1\"}", false },
        { "{\"online\":false}", true },
        { "{\"online\":true}", false },
        { "{\"tag\":\"canary\"}", true },
        { "{\"tag\":\"outdoor\",\"notTag\":\"indoor\"}", true },
        { "{\"tag\":\"can\"}", false },
        { "{\"tag\":\"\"}", false },
        { "{\"notTag\":\"canary\"}", false },
        { "{\"status\":\"InstallationFailed\"}", true },
        { "{\"status\":\"Installed\"}", false },
        { "{\"phase\":\"failed\"}", true },
        { "{\"phase\":\"none\"}", false },
        { "{\"vendor\":\"other\",\"phase\":\"failed\"}", false },
};

static const struct { const char *json, *path, *sentence; } refused[] = {
        { "[]", "", "A filter must be an object." },
        { "{\"vendr\":\"ACME\"}", "vendr", "vendr is not known" },
        { "{\"vendor\":7}", "vendor", "vendor is not a string" },
        { "{\"online\":\"yes\"}", "online", "online must be true or false." },
        { "{\"phase\":\"done\"}", "phase", "phase must be none, running, installed or failed." },
        { "{\"protocol\":\"ocpp1.5\"}", "protocol", "protocol must be ocpp1.6, ocpp2.0.1 or ocpp2.1." },
        { "{\"id\":\"a\",\"status\":\"Broken\"}", "status", "status must be a firmware status of OCPP." },
};
/* clang-format on */

static int read_text(const char *text, Filter *ret, CodecError *reterr)
{
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        assert_int_equal(json_parse(text, strlen(text), &json), 0);
        return filter_read(json, ret, reterr);
}

static void filter_means_what_it_says(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                _cleanup_(filter_done) Filter filter = FILTER_INIT;
                CodecError error;
                assert_int_equal(read_text(filters[i].json, &filter, &error), 0);
                if (filter_matches(&filter, &station) != filters[i].fits)
                        fail_msg("%s", filters[i].json);
                _cleanup_(cJSON_Deletep) cJSON *json = filter_describe(&filter);
                _cleanup_(freep) char *text = cJSON_PrintUnformatted(json);
                assert_string_equal(text, filters[i].json);
        }
}

static void filter_says_what_is_wrong(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                Filter filter = FILTER_INIT;
                CodecError error;
                assert_int_equal(read_text(refused[i].json, &filter, &error), -EINVAL);
                assert_string_equal(error.path, refused[i].path);
                assert_string_equal(error.text, refused[i].sentence);
        }
}

static void filter_knows_nothing_of_an_untold_version(void **state)
{
        static const char *const texts[] = {
                "{\"firmwareVersion\":\"\"}",
                "{\"notFirmwareVersion\":\"1\"}",
                "{\"belowFirmwareVersion\":\"1\"}",
        };
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(filter_done) Filter filter = FILTER_INIT;
                CodecError error;
                assert_int_equal(read_text(texts[i], &filter, &error), 0);
                assert_false(filter_matches(&filter, &silent));
        }
}

static void filter_reads_a_query(void **state)
{
        char *const args[] = {(char[]){"vendor=ACME"}, (char[]){"online=false"},
                              (char[]){"limit=3"}, (char[]){"phase=failed"}};
        char *const wrong[] = {(char[]){"online=1"}};
        const char *const others[] = {"after", "limit", NULL};
        _cleanup_(filter_done) Filter filter = FILTER_INIT;
        Filter none = FILTER_INIT;
        CodecError error;
        (void)state;
        assert_int_equal(filter_from_query(args, ELEMENTSOF(args), others, &filter, &error), 0);
        assert_string_equal(filter.vendor, "ACME");
        assert_int_equal(filter.online, 0);
        assert_int_equal(filter.phase, PHASE_FAILED);
        assert_true(filter_matches(&filter, &station));
        assert_int_equal(filter_from_query(args, ELEMENTSOF(args), NULL, &none, &error), -EINVAL);
        assert_string_equal(error.text, "limit is not known");
        assert_int_equal(filter_from_query(wrong, 1, others, &none, &error), -EINVAL);
        assert_string_equal(error.text, "online must be true or false.");
}

/* The words of all versions have a phase. */
static void filter_knows_each_firmware_status(void **state)
{
        (void)state;
        assert_int_equal(update_phase(""), PHASE_NONE);
        assert_int_equal(update_phase("Installed"), PHASE_INSTALLED);
        assert_int_equal(update_phase("InstallRebooting"), PHASE_RUNNING);
        assert_int_equal(update_phase("Uploaded"), -EINVAL);
        assert_string_equal(update_phase_word(PHASE_INSTALLED), "installed");
}

/* A pattern of many stars is no work without end. */
static void filter_matches_a_long_pattern_soon(void **state)
{
        char pattern[] = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text[STATION_ID_MAX + 1];
        (void)state;
        memset(text, 'a', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        assert_false(filter_pattern_matches(pattern, text));
        text[sizeof(text) - 2] = 'b';
        assert_true(filter_pattern_matches(pattern, text));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(filter_means_what_it_says),
                cmocka_unit_test(filter_says_what_is_wrong),
                cmocka_unit_test(filter_knows_nothing_of_an_untold_version),
                cmocka_unit_test(filter_reads_a_query),
                cmocka_unit_test(filter_knows_each_firmware_status),
                cmocka_unit_test(filter_matches_a_long_pattern_soon),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
