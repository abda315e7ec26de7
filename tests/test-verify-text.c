/* How certificates and signatures are written: base64, PEM, hex. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "verify-internal.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

typedef struct Vector {
        const char *text;
        const char *expected; /* NULL: refused */
} Vector;

/* clang-format off */
static const Vector base64_vectors[] = {
        {"",              ""},
        {" \t\r\n\v\f",   ""},
        {"Zg==",          "f"},
        {"Zm8=",          "fo"},
        {"Zm9v",          "foo"},
        {"Zm9vYg==",      "foob"},
        {"Zm9vYmE=",      "fooba"},
        {"Zm9vYmFy",      "foobar"},
        {" Zm 9v\r\nYm\tFy\n", "foobar"},
        {"Zm9vYg= =\n",   "foob"},
        {"+/+/",          "\xfb\xff\xbf"},
        {"Z",             NULL},
        {"Zg",            NULL},
        {"Zm8",           NULL},
        {"Zm9vY",         NULL},
        {"Z===",          NULL},
        {"====",          NULL},
        {"=",             NULL},
        {"Zm9v====",      NULL},
        {"Zg==Zm9v",      NULL},
        {"Zg=a",          NULL},
        {"=Zg=",          NULL},
        {"Zm-v",          NULL},
        {"Zm_v",          NULL},
        {"Zm9v\\n",       NULL},
        {"Zm\x80v",       NULL},
        {"not base64",    NULL},
};

static const Vector certificate_vectors[] = {
        {BEGIN "\nZm9v\nYmFy\n" END "\n",                 "foobar"},
        {BEGIN "\r\nZm9v\r\nYmFy\r\n" END "\r\n",         "foobar"},
        {BEGIN "\\nZm9v\\nYmFy\\n" END "\\n",             "foobar"},
        {BEGIN "\\r\\nZm9v\\r\\nYmFy\\r\\n" END "\\r\\n", "foobar"},
        {BEGIN "Zm9vYmFy" END,                            "foobar"},
        {"  \n" BEGIN " Zm9v YmFy " END " \n",            "foobar"},
        {"666f6f626172",                                  "foobar"},
        {"666F6F\n626172\n",                              "foobar"},
        {"\\n66 6f\\n",                                   "fo"},
        {"",                                              ""},
        {BEGIN END,                                       ""},
        {BEGIN,                                           NULL},
        {END,                                             NULL},
        {BEGIN "\nZm9vYmFy\n",                            NULL},
        {"Zm9vYmFy\n" END,                                NULL},
        {BEGIN "\nZm9v=YmFy\n" END,                       NULL},
        {BEGIN "\nZm9vYmFy\n" END "\nx",                  NULL},
        {"x\n" BEGIN "\nZm9vYmFy\n" END,                  NULL},
        {BEGIN "\nZm9v\n" END "\n" BEGIN "\nYmFy\n" END,  NULL},
        {BEGIN "\nProc-Type: 4,ENCRYPTED\n\nZm9v\n" END,  NULL},
        {"-----BEGIN TRUSTED CERTIFICATE-----\nZm9v\n-----END TRUSTED CERTIFICATE-----", NULL},
        {"-----BEGIN PRIVATE KEY-----\nZm9v\n-----END PRIVATE KEY-----", NULL},
        {BEGIN "\\tZm9v\\t" END,                          NULL},
        {"666f6",                                         NULL},
        {"66:6f",                                         NULL},
        {"666g",                                          NULL},
        {"0x66",                                          NULL},
        {"\\",                                            NULL},
        {"\\n\\",                                         NULL},
};
/* clang-format on */

static void check(const Vector *v, int size, const uint8_t *out)
{
        size_t expected = v->expected ? strlen(v->expected) : 0;

        if (!v->expected ? size != -EINVAL
                         : size != (int)expected || memcmp(out, v->expected, expected) != 0)
                fail_msg("'%s' gives %d bytes", v->text, size);
}

static void base64_is_read_strictly(_unused_ void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(base64_vectors); i++) {
                const Vector *v = &base64_vectors[i];
                /* Exactly the room that the header promises to need: ASan sees a byte more. */
                _cleanup_(freep) uint8_t *out = malloc(strlen(v->text) * 3 / 4 + 1);

                assert_non_null(out);
                check(v, base64_decode(v->text, strlen(v->text), out), out);
        }
}

static void base64_stops_at_its_length(_unused_ void **state)
{
        uint8_t out[8];

        assert_int_equal(base64_decode("Zm9vYmFy", 4, out), 3);
        assert_memory_equal(out, "foo", 3);
        assert_int_equal(base64_decode("Zm9v", 0, out), 0);
}

static void certificate_is_one_block_or_hex(_unused_ void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(certificate_vectors); i++) {
                const Vector *v = &certificate_vectors[i];
                _cleanup_(freep) char *text = strdup(v->text);
                _cleanup_(freep) uint8_t *out = malloc(strlen(v->text) * 3 / 4 + 1);

                assert_true(text && out);
                check(v, certificate_text_decode(text, out), out);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(base64_is_read_strictly),
                cmocka_unit_test(base64_stops_at_its_length),
                cmocka_unit_test(certificate_is_one_block_or_hex),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
