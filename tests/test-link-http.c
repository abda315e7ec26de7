/* The opening handshake's small pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link-http.h"

static void link_http_writes_basic_header(void **state)
{
        /* clang-format off */
        static const struct {
                const char *user, *password;
                size_t size;
                const char *expected;
        } vectors[] = {
                /* RFC 7617 2 */
                {"Aladdin", "open sesame", 11, "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"},
                /* J16 6.2.1: the hex key 0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF, decoded */
                {"AL1000", "\x00\x01\x02\x03\x04\x05\x06\x07\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 20,
                 "Authorization: Basic QUwxMDAwOgABAgMEBQYH////////////////\r\n"},
                {"x", NULL, 0, "Authorization: Basic eDo=\r\n"},
                {"", "", 0, "Authorization: Basic Og==\r\n"},
        };
        /* clang-format on */

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                char out[LINK_BASIC_MAX];
                int n = link_basic_header(vectors[i].user, vectors[i].password, vectors[i].size,
                                          out, sizeof(out));

                assert_int_equal(n, strlen(vectors[i].expected));
                assert_string_equal(out, vectors[i].expected);
                assert_int_equal(link_basic_header(vectors[i].user, vectors[i].password,
                                                   vectors[i].size, out, (size_t)n),
                                 -ENOBUFS);
        }
}

static void link_http_longest_credentials_fit(void **state)
{
        char user[LINK_USER_MAX + 1], password[LINK_PASSWORD_MAX + 1] = {0}, out[LINK_BASIC_MAX];

        (void)state;
        memset(user, 'u', LINK_USER_MAX);
        user[LINK_USER_MAX] = '\0';
        assert_true(link_basic_header(user, password, LINK_PASSWORD_MAX, out, sizeof(out)) > 0);
        assert_int_equal(link_basic_header(user, password, LINK_PASSWORD_MAX + 1, out, sizeof(out)),
                         -ENOBUFS);
}

static void link_http_knows_what_was_offered(void **state)
{
        static const struct {
                const char *list, *name;
                bool expected;
        } vectors[] = {
                {"ocpp2.0.1, ocpp1.6", "ocpp1.6", true},
                {"ocpp2.0.1, ocpp1.6", "ocpp2.0.1", true},
                {"ocpp2.0.1,ocpp1.6", "ocpp1.6", true},
                {"ocpp2.0.1, ocpp1.6", "ocpp2.0", false},
                {"ocpp2.0.1, ocpp1.6", "ocpp1.6j", false},
                {"ocpp2.0.1, ocpp1.6", "ocpp2.0.1, ocpp1.6", false},
                {"ocpp2.0.1, ocpp1.6", "OCPP1.6", false},
                {"ocpp1.6", "", false},
                {"", "", false},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++)
                assert_int_equal(link_offers(vectors[i].list, vectors[i].name),
                                 vectors[i].expected);
}

static void link_http_every_end_has_a_word(void **state)
{
        (void)state;
        for (int i = 0; i < LINK_END_MAX; i++) {
                assert_non_null(link_end_to_string((LinkEnd)i));
                for (int j = 0; j < i; j++)
                        assert_string_not_equal(link_end_to_string((LinkEnd)i),
                                                link_end_to_string((LinkEnd)j));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(link_http_writes_basic_header),
                cmocka_unit_test(link_http_longest_credentials_fit),
                cmocka_unit_test(link_http_knows_what_was_offered),
                cmocka_unit_test(link_http_every_end_has_a_word),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
