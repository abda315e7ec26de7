/* What logs may show of a URL and of a frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/redact.h"
#include "core/util.h"

/* clang-format off */
static const struct {
        const char *text, *shown;
} urls[] = {
        {"https://fw.example/a.raucb",               "https://fw.example/a.raucb"},
        {"ftp://joe:s3cret@fw.example/a.raucb",      "ftp://fw.example/a.raucb"},
        {"ftp://joe:p@ss@fw.example/a@b",            "ftp://fw.example/a@b"},
        {"https://fw.example/?user=a@b",             "https://fw.example/?user=a@b"},
        {"no url@all",                               "no url@all"},
        {"",                                         ""},
}, frames[] = {
        {"[2,\"1\",\"A\",{\"location\":\"http:\\/\\/joe:s3cret@h\\/f\"}]",   "[2,\"1\",\"A\",{\"location\":\"http://h/f\"}]"},
        {"[2,\"1\",\"A\",{\"f\":{\"signature\":\"c2ln\",\"n\":1}}]",         "[2,\"1\",\"A\",{\"f\":{\"signature\":\"(SHA-256 0e06099dae0f6bf0)\",\"n\":1}}]"},
        {"[2,\"1\",\"A\",{\"key\":\"AuthorizationKey\",\"value\":\"0a0b\"}]", "[2,\"1\",\"A\",{\"key\":\"AuthorizationKey\",\"value\":\"(secret)\"}]"},
        {"[2,\"1\",\"A\",{\"key\":\" \\tAuthorizationkey\\n\",\"value\":\"0a0b\"}]", "[2,\"1\",\"A\",{\"key\":\" \\tAuthorizationkey\\n\",\"value\":\"(secret)\"}]"},
        {"[2,\"1\",\"A\",{\"key\":\"AuthorizationKey\",\" value\":\"0a0b\"}]", "[2,\"1\",\"A\",{\"key\":\"AuthorizationKey\",\" value\":\"(secret)\"}]"},
        {"[2,\"1\",\"A\",{\"key\":\"AuthorizationKeys\",\"value\":\"0a0b\"}]", "[2,\"1\",\"A\",{\"key\":\"AuthorizationKeys\",\"value\":\"0a0b\"}]"},
        {"[2,\"1\",\"A\",{\"key\":\"  \",\"\":\"0a0b\"}]", "[2,\"1\",\"A\",{\"key\":\"  \",\"\":\"0a0b\"}]"},
        {"[2,\"1\",\"A\",{\"d\":[{\"attributeValue\":\"pw\",\"variable\":{\"name\":\"BasicAuthPassword \"}}]}]",
         "[2,\"1\",\"A\",{\"d\":[{\"attributeValue\":\"(secret)\",\"variable\":{\"name\":\"BasicAuthPassword \"}}]}]"},
        {"[2,\"1\",\"A\",{\"key\":\"HeartbeatInterval\",\"value\":\"60\"}]", "[2,\"1\",\"A\",{\"key\":\"HeartbeatInterval\",\"value\":\"60\"}]"},
        {"[2,\"1\",\"A\",{\"d\":[{\"attributeValue\":\"pw\",\"variable\":{\"name\":\"basicAuthPassword\"}}]}]",
         "[2,\"1\",\"A\",{\"d\":[{\"attributeValue\":\"(secret)\",\"variable\":{\"name\":\"basicAuthPassword\"}}]}]"},
        {"[2,\"1\",\"A\",{\"connectionData\":{\"basicAuthPassword\":\"pw\"}}]", "[2,\"1\",\"A\",{\"connectionData\":{\"basicAuthPassword\":\"(secret)\"}}]"},
        {"[2,\"1\",\"A\",{\"connectionData\":{\"vpn\":{\"server\":\"v\",\"key\":\"pw\"},\"apn\":{\"simPin\":1234},\"n\":1}}]",
         "[2,\"1\",\"A\",{\"connectionData\":{\"vpn\":{},\"apn\":{},\"n\":1}}]"},
        {"[2,\"1\",\"A\",{\"connectionData\":{\"apn\":[{\"apnPassword\":\"pw\"}],\"n\":1}}]",
         "[2,\"1\",\"A\",{\"connectionData\":{\"apn\":[],\"n\":1}}]"},
        {"password=s3cret",                                                  "(15 bytes that are no JSON)"},
};
/* clang-format on */

static void redact_shows_no_password_of_a_url(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                _cleanup_(freep) char *shown = redact_url(urls[i].text);

                assert_string_equal(shown, urls[i].shown);
        }
}

static void redact_shows_no_secret_of_a_frame(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(frames); i++) {
                _cleanup_(freep) char *shown = redact_frame(frames[i].text, strlen(frames[i].text));

                assert_string_equal(shown, frames[i].shown);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(redact_shows_no_password_of_a_url),
                cmocka_unit_test(redact_shows_no_secret_of_a_frame),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
