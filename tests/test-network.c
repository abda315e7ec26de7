/* Network connection profiles: what is refused and why, how one is kept, who comes after whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "network.h"

#define URL "wss://csms.example/ocpp"

/* clang-format off */
#define TO(u) .url = (char *)(u)
static const struct {
        NetworkRequest request;
        const char *reason; /* NULL: taken */
} requests[] = {
        { { .slot = 1, .timeout = 30, .security = 2, TO(URL) }, NULL },
        { { .slot = NETWORK_SLOT_MAX, .timeout = NETWORK_TIMEOUT_MAX, .security = 2, TO(URL) }, NULL },
        { { .slot = 1, .timeout = 1, .security = 2, TO("WSS://[::1]:9000") }, NULL },
        { { .slot = 1, .timeout = 30, .security = 1, TO("ws://csms.example/") }, NULL },
        { { .slot = 0, .timeout = 30, .security = 2, TO(URL) }, "InvalidConfSlot" },
        { { .slot = -1, .timeout = 30, .security = 2, TO(URL) }, "InvalidConfSlot" },
        { { .slot = NETWORK_SLOT_MAX + 1, .timeout = 30, .security = 2, TO(URL) }, "InvalidConfSlot" },
        { { .slot = INT64_MAX, .timeout = 30, .security = 2, TO(URL) }, "InvalidConfSlot" },
        { { .slot = 1, .timeout = 30, .security = 2, TO(URL), .transport = TRANSPORT_SOAP }, "UnsupportedParam" },
        { { .slot = 1, .timeout = 30, .security = 2, TO(URL), .apn = (char *)"internet" }, "UnsupportedParam" },
        { { .slot = 1, .timeout = 30, .security = 2, TO(URL), .apn = (char *)"" }, "UnsupportedParam" },
        { { .slot = 1, .timeout = 30, .security = 2, TO(URL), .vpn = (char *)"vpn.example" }, "UnsupportedParam" },
        { { .slot = 1, .timeout = 30, .security = 2, TO(URL), .identity = (char *)"CS 1" }, NULL },
        { { .slot = 1, .timeout = 30, .security = 2, TO(URL), .identity = (char *)"CS2" }, "UnsupportedParam" },
        { { .slot = 1, .timeout = 30, .security = 2, TO(URL), .password = (char *)"new" }, "UnsupportedParam" },
        { { .slot = 1, .timeout = 30, .security = 2, TO("") }, "InvalidURL" },
        { { .slot = 1, .timeout = 30, .security = 2, TO("https://csms.example/ocpp") }, "InvalidURL" },
        { { .slot = 1, .timeout = 30, .security = 2, TO("wss://") }, "InvalidURL" },
        { { .slot = 1, .timeout = 30, .security = 2, TO("wss://me:secret@csms.example/") }, "InvalidURL" },
        { { .slot = 1, .timeout = 30, .security = 2, TO(URL "?a=b") }, "InvalidURL" },
        { { .slot = 1, .timeout = 30, .security = 2, TO(URL "#a") }, "InvalidURL" },
        { { .slot = 1, .timeout = 30, .security = 2, TO("wss://csms.example/o cpp") }, "InvalidURL" },
        { { .slot = 1, .timeout = 30, .security = 2, TO("wss://csms.example:0/") }, "InvalidURL" },
        { { .slot = 1, .timeout = 0, .security = 2, TO(URL) }, "ValueOutOfRange" },
        { { .slot = 1, .timeout = -1, .security = 2, TO(URL) }, "ValueOutOfRange" },
        { { .slot = 1, .timeout = NETWORK_TIMEOUT_MAX + 1, .security = 2, TO(URL) }, "ValueOutOfRange" },
        { { .slot = 1, .timeout = 30, .security = 3, TO(URL) }, "InvalidNetworkConf" },
        { { .slot = 1, .timeout = 30, .security = -1, TO(URL) }, "InvalidNetworkConf" },
        { { .slot = 1, .timeout = 30, .security = 1, TO(URL) }, "InvalidNetworkConf" },
        { { .slot = 1, .timeout = 30, .security = 2, TO("ws://csms.example/") }, "InvalidNetworkConf" },
        { { .slot = 1, .timeout = 30, .security = 0, TO("ws://csms.example/") }, "NoSecurityDowngrade" },
};

static const struct {
        const char *order;
        unsigned usable; /* a bit a slot */
        int64_t worked_last;
        const char *round;
} rounds[] = {
        { "0",                 0x001, 0, "0"         },
        { "1,0",               0x003, 0, "10"        },
        { "1,0",               0x003, 1, "10"        },
        { "1",                 0x003, 0, "10"        }, /* B10.FR.07 */
        { "2,1",               0x007, 0, "210"       },
        { "1,0",               0x002, 0, "1"         }, /* the local one is below what worked */
        { "1,2,0",             0x005, 0, "20"        }, /* what was stored of 1 can't be read */
        { "1",                 0x001, 1, "0"         },
        { "1",                 0x000, 1, "0"         }, /* there must be one */
        { "",                  0x003, 1, "1"         },
        { "1,1,0,1",           0x003, 0, "10"        },
        { "8,7,6,5,4,3,2,1,0", 0x1ff, 3, "876543210" },
};

static const char *const bad_orders[] = {
        "", ",", "1,", ",1", "9", "1,9", "10", "-1", "a", "1 ,2", "1, 2", "1,,0", "0,1,2,3,4,5,6,7,8,0"
};
static const char *const bad_profiles[] = {
        "", "2", "2 30", "2 30 ", "2 30 https://h/", "3 30 wss://h/", "-1 30 ws://h/", "2 0 wss://h/", "2 -3 wss://h/",
        "2 9999999 wss://h/", "20 30 wss://h/", "2 30 ws://h/", "1 30 wss://h/", "2 30 wss://a b/", "x"
};
/* clang-format on */

static void network_judges_requests(void **state)
{
        NetworkMeans means = {
                .identity = "CS 1", .password = true, .roots = true, .least_security = 1};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
                const char *reason = NULL,
                           *why = network_judge(&requests[i].request, &means, &reason);

                if (!requests[i].reason != !why)
                        fail_msg("request %zu: %s", i, why ?: "taken");
                if (why)
                        assert_string_equal(reason, requests[i].reason);
        }
}

static void network_judges_by_what_the_station_has(void **state)
{
        static const NetworkRequest secure = {
                .slot = 1, .timeout = 30, .security = 2, .url = (char *)URL};
        static const NetworkRequest plain = {
                .slot = 1, .timeout = 30, .security = 1, .url = (char *)"ws://h/"};
        NetworkMeans means = {.identity = "CS1", .roots = true};
        const char *reason;

        (void)state;
        assert_null(network_judge(&secure, &means, &reason));
        assert_non_null(network_judge(&plain, &means, &reason));
        assert_string_equal(reason, "InvalidNetworkConf");
        means = (NetworkMeans){.identity = "CS1", .password = true};
        assert_non_null(network_judge(&secure, &means, &reason));
        assert_string_equal(reason, "InvalidNetworkConf");
        assert_null(network_judge(&plain, &means, &reason));
}

/* The identity goes into the path of the request, and all of it must fit. */
static void network_judges_the_url_with_its_identity(void **state)
{
        char identity[2000] = "";
        NetworkMeans means = {.identity = identity, .roots = true};
        NetworkRequest q = {.slot = 1, .timeout = 30, .security = 2, .url = (char *)URL};
        const char *reason;

        (void)state;
        assert_null(network_judge(&q, &means, &reason));
        memset(identity, 'i', sizeof(identity) - 1);
        assert_non_null(network_judge(&q, &means, &reason));
        assert_string_equal(reason, "InvalidURL");
}

static void network_profile_comes_back(void **state)
{
        NetworkProfile p = {.url = (char *)URL, .timeout = NETWORK_TIMEOUT_MAX, .security = 2};
        _cleanup_(network_profile_done) NetworkProfile back = {0};
        _cleanup_(freep) char *text = network_profile_to_text(&p);

        (void)state;
        assert_string_equal(text, "2 3600 " URL);
        assert_int_equal(network_profile_from_text(text, &back), 0);
        assert_string_equal(back.url, URL);
        assert_int_equal(back.timeout, NETWORK_TIMEOUT_MAX);
        assert_int_equal(back.security, 2);
        network_profile_done(&back);
        assert_int_equal(network_profile_from_text("2 86400 " URL, &back), 0);
        assert_int_equal(back.timeout, NETWORK_TIMEOUT_MAX);
        for (size_t i = 0; i < ELEMENTSOF(bad_profiles); i++)
                if (network_profile_from_text(bad_profiles[i], &back) != -EINVAL)
                        fail_msg("\"%s\" is taken for a profile", bad_profiles[i]);
        assert_string_equal(back.url, URL);
}

static void network_order_is_read(void **state)
{
        int64_t slots[NETWORK_ROUND_MAX];

        (void)state;
        assert_int_equal(network_order_parse("2,0,8", slots), 3);
        assert_int_equal(slots[0], 2);
        assert_int_equal(slots[1], 0);
        assert_int_equal(slots[2], 8);
        for (size_t i = 0; i < ELEMENTSOF(bad_orders); i++)
                if (network_order_parse(bad_orders[i], slots) != -EINVAL)
                        fail_msg("\"%s\" is taken for an order", bad_orders[i]);
}

static void network_order_is_pruned(void **state)
{
        _cleanup_(freep) char *all = network_order_prune("2,1,0", 0x7);
        _cleanup_(freep) char *some = network_order_prune("2,1,0", 0x5);
        _cleanup_(freep) char *none = network_order_prune("2,1,0", 0x8);

        (void)state;
        assert_string_equal(all, "2,1,0");
        assert_string_equal(some, "2,0");
        assert_string_equal(none, "");
}

static void network_rounds(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rounds); i++) {
                int64_t slots[NETWORK_ROUND_MAX];
                int count = network_round(rounds[i].order, rounds[i].usable, rounds[i].worked_last,
                                          slots);

                assert_int_equal(count, strlen(rounds[i].round));
                for (int k = 0; k < count; k++)
                        assert_int_equal(slots[k], rounds[i].round[k] - '0');
        }
}

static void network_goes_round(void **state)
{
        static const int64_t slots[] = {2, 1, 0};

        (void)state;
        assert_int_equal(network_round_next(slots, 3, 2), 1);
        assert_int_equal(network_round_next(slots, 3, 1), 0);
        assert_int_equal(network_round_next(slots, 3, 0), 2);
        assert_int_equal(network_round_next(slots, 3, 7), 2);
        assert_int_equal(network_round_next(slots, 3, NO_INT), 2);
        assert_int_equal(network_round_next(slots, 1, 2), 2);
}

static void network_url_has_the_identity(void **state)
{
        static const char *const urls[][3] = {
                {"wss://h/o", "CS1", "wss://h/o/CS1"},
                {"wss://h/o/", "CS1", "wss://h/o/CS1"},
                {"ws://h", "RDAM 123", "ws://h/RDAM%20123"},
                {"ws://h", "a/b%~-_.", "ws://h/a%2Fb%25~-_."},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                _cleanup_(freep) char *url = network_station_url(urls[i][0], urls[i][1]);

                assert_string_equal(url, urls[i][2]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(network_judges_requests),
                cmocka_unit_test(network_judges_by_what_the_station_has),
                cmocka_unit_test(network_judges_the_url_with_its_identity),
                cmocka_unit_test(network_profile_comes_back),
                cmocka_unit_test(network_order_is_read),
                cmocka_unit_test(network_order_is_pruned),
                cmocka_unit_test(network_rounds),
                cmocka_unit_test(network_goes_round),
                cmocka_unit_test(network_url_has_the_identity),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
