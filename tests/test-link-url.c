/* The CSMS's URL, taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link-url.h"

static void link_url_splits(void **state)
{
        /* clang-format off */
        static const struct {
                const char *url;
                bool secure;
                const char *host, *service, *authority, *path;
        } vectors[] = {
                {"ws://csms",                       false, "csms",      "80",    "csms",           "/"},
                {"wss://csms.example/ocpp/CP1",     true,  "csms.example", "443", "csms.example",  "/ocpp/CP1"},
                {"WSS://h/RDAM%20123",              true,  "h",         "443",   "h",              "/RDAM%20123"},
                {"ws://h:9000/a?b=c",               false, "h",         "9000",  "h:9000",         "/a?b=c"},
                {"wss://h:443/",                    true,  "h",         "443",   "h",              "/"},
                {"wss://h:80/",                     true,  "h",         "80",    "h:80",           "/"},
                {"ws://h:080/",                     false, "h",         "80",    "h",              "/"},
                {"ws://h?x",                        false, "h",         "80",    "h",              "/?x"},
                {"ws://h:/x",                       false, "h",         "80",    "h",              "/x"},
                {"ws://127.0.0.1:8080/x",           false, "127.0.0.1", "8080",  "127.0.0.1:8080", "/x"},
                {"wss://[::1]:8443/x",              true,  "::1",       "8443",  "[::1]:8443",     "/x"},
                {"ws://[fe80::1]/x",                false, "fe80::1",   "80",    "[fe80::1]",      "/x"},
        };
        /* clang-format on */

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                LinkUrl u;

                assert_int_equal(link_url_parse(vectors[i].url, &u), 0);
                assert_int_equal(u.secure, vectors[i].secure);
                assert_string_equal(u.host, vectors[i].host);
                assert_string_equal(u.service, vectors[i].service);
                assert_int_equal(u.port, atoi(vectors[i].service));
                assert_string_equal(u.authority, vectors[i].authority);
                assert_string_equal(u.path, vectors[i].path);
        }
}

static void link_url_refuses(void **state)
{
        static const char *const urls[] = {
                "",           "http://h/",       "ws:/h/",
                "ws://",      "ws:///x",         "ws://:80/",
                "ws://h:0/",  "ws://h:65536/",   "ws://h:999999/",
                "ws://h:8o/", "ws://h:-1/",      "ws://user:password@h/",
                "ws://h/a b", "ws://h/\xc3\xa4", "ws://h/a\r\nX: y",
                "ws://h/#f",  "ws://h/a\\b",     "ws://[::1/x",
                "ws://[]/x",  "ws://[::1]80/x",  "wss://h\"/",
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                LinkUrl u;

                assert_int_equal(link_url_parse(urls[i], &u), -EINVAL);
        }
}

static void link_url_refuses_what_is_too_long(void **state)
{
        char url[LINK_PATH_MAX + 64];
        LinkUrl u;

        (void)state;
        memset(url, 'a', sizeof(url));
        memcpy(url, "ws://h/", 7);
        url[6 + LINK_PATH_MAX] = '\0';
        assert_int_equal(link_url_parse(url, &u), 0);
        assert_int_equal(strlen(u.path), LINK_PATH_MAX);
        url[6 + LINK_PATH_MAX] = 'a';
        url[7 + LINK_PATH_MAX] = '\0';
        assert_int_equal(link_url_parse(url, &u), -EINVAL);

        memset(url, 'a', sizeof(url));
        memcpy(url, "ws://", 5);
        url[5 + LINK_HOST_MAX] = '\0';
        assert_int_equal(link_url_parse(url, &u), 0);
        url[5 + LINK_HOST_MAX] = 'a';
        url[6 + LINK_HOST_MAX] = '\0';
        assert_int_equal(link_url_parse(url, &u), -EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(link_url_splits),
                cmocka_unit_test(link_url_refuses),
                cmocka_unit_test(link_url_refuses_what_is_too_long),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
