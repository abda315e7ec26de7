/* Firmware signatures as they are met in the field, by every kind of key. */
#include "pki.h"
#include "verify-internal.h"

#include <openssl/evp.h>

static const char firmware[] = "not much of a firmware, but signed";

typedef struct Vector {
        const char *key;     /* who signs */
        const char *options; /* of sign-firmware */
        const char *certificate;
        bool strict, tolerant; /* expected without and with allow_pkcs1 */
} Vector;

/* clang-format off */
static const Vector vectors[] = {
        {"rsa3072",    "",                             "rsa3072",    true,  true},
        {"rsa3072",    "--pss --salt digest",          "rsa3072",    true,  true},
        {"rsa3072",    "--pss --salt max",             "rsa3072",    true,  true},
        {"rsa3072",    "--pss --salt 0",               "rsa3072",    true,  true},
        {"rsa3072",    "--pss --salt 20",              "rsa3072",    true,  true},
        {"rsa3072",    "--pkcs1",                      "rsa3072",    false, true},
        {"rsa3072",    "--pss --digest sha384",        "rsa3072",    false, false},
        {"rsa3072",    "--pkcs1 --digest sha384",      "rsa3072",    false, false},
        {"rsa2048",    "--pss",                        "rsa2048",    true,  true},
        {"rsa2048",    "--pkcs1",                      "rsa2048",    false, true},
        {"pss",        "",                             "pss",        true,  true},
        {"pss",        "--digest sha384",              "pss",        false, false},
        {"pss-sha256", "",                             "pss-sha256", true,  true},
        {"p256",       "",                             "p256",       true,  true},
        {"p256",       "--ecdsa --digest sha384",      "p256",       false, false},
        {"p384",       "--ecdsa",                      "p384",       true,  true},
        {"p384",       "--ecdsa --digest sha384",      "p384",       true,  true},
        {"plain",      "",                             "plain",      true,  true},
        /* somebody else's, of the same kind and of another */
        {"rsa2048",    "--pss",                        "rsa3072",    false, false},
        {"rsa2048",    "--pkcs1",                      "pss",        false, false},
        {"p384",       "",                             "p256",       false, false},
        {"foreign",    "",                             "p256",       false, false},
        {"p256",       "",                             "rsa2048",    false, false},
        {"rsa2048",    "--pss",                        "p256",       false, false},
};
/* clang-format on */

static FileDigest digest_of(const char *data, size_t size)
{
        FileDigest d = {.size_bytes = size};

        assert_true(EVP_Digest(data, size, d.sha256, NULL, EVP_sha256(), NULL));
        assert_true(EVP_Digest(data, size, d.sha384, NULL, EVP_sha384(), NULL));
        d.has_sha384 = true;
        return d;
}

static char *sign(Pki *p, const char *key, const char *options)
{
        _cleanup_(freep) char *line =
                str_printf("@sign-firmware --key pki/firmware/%s.key %s firmware", key, options);

        pki_write(p, "firmware", firmware, strlen(firmware));
        if (pki_run(p, line) != 0)
                fail_msg("failed: %s", line);
        return pki_read(p, "output", NULL);
}

static SigningCertificate *certificate_of(Pki *p, const char *name)
{
        _cleanup_(trust_store_freep) TrustStore *t = NULL;
        _cleanup_(freep) char *path = str_printf("pki/firmware/%s.pem", name);
        _cleanup_(freep) char *text = pki_read(p, path, NULL);
        SigningCertificate *c = NULL;

        assert_int_equal(trust_store_load(pki_path(p, "pki/manufacturer"), NULL, &t, NULL), 0);
        assert_int_equal(signing_certificate_check(t, text, wallclock_now(), &c), CERTIFICATE_GOOD);
        return c;
}

static void signature_is_judged_by_the_key(void **state)
{
        FileDigest digest = digest_of(firmware, strlen(firmware));

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                const Vector *v = &vectors[i];
                _cleanup_(freep) char *signature = sign(*state, v->key, v->options);
                _cleanup_(signing_certificate_freep) SigningCertificate *c =
                        certificate_of(*state, v->certificate);
                int strict = signature_check(c, signature, &digest, false);
                int tolerant = signature_check(c, signature, &digest, true);

                if (strict != v->strict || tolerant != v->tolerant)
                        fail_msg("%s %s, certificate %s: %d, with PKCS#1 %d", v->key, v->options,
                                 v->certificate, strict, tolerant);
        }
}

/* Both hashes are taken where a signature over either is good, and only there. */
static void signature_needs_sha384_of_p384_alone(void **state)
{
        static const char *const keys[] = {"rsa3072", "rsa2048", "pss", "p256", "p384"};

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                _cleanup_(signing_certificate_freep) SigningCertificate *c =
                        certificate_of(*state, keys[i]);

                assert_int_equal(signature_needs_sha384(c), streq(keys[i], "p384"));
        }
}

static void signature_fails_for_another_file(void **state)
{
        static const char *const keys[] = {"rsa3072", "pss", "p256", "p384"};
        FileDigest digest = digest_of(firmware, strlen(firmware));
        FileDigest shorter = digest_of(firmware, strlen(firmware) - 1);

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                _cleanup_(freep) char *signature = sign(*state, keys[i], "");
                _cleanup_(signing_certificate_freep) SigningCertificate *c =
                        certificate_of(*state, keys[i]);

                assert_int_equal(signature_check(c, signature, &digest, true), 1);
                assert_int_equal(signature_check(c, signature, &shorter, true), 0);
        }
}

/* Spoilt in each group of three bytes in turn, and cut off after each. */
static void signature_fails_when_spoilt(void **state)
{
        static const char *const keys[] = {"rsa2048", "p256"};
        FileDigest digest = digest_of(firmware, strlen(firmware));

        for (size_t k = 0; k < ELEMENTSOF(keys); k++) {
                _cleanup_(freep) char *signature = sign(*state, keys[k], "");
                _cleanup_(signing_certificate_freep) SigningCertificate *c =
                        certificate_of(*state, keys[k]);
                size_t quads = strlen(str_strip(signature)) / 4;

                for (size_t i = 0; i < quads; i++) {
                        char was = signature[4 * i];

                        signature[4 * i] = was == 'A' ? 'B' : 'A';
                        assert_int_equal(signature_check(c, signature, &digest, true), 0);
                        signature[4 * i] = was;
                }
                assert_int_equal(signature_check(c, signature, &digest, true), 1);
                for (size_t i = quads; i-- > 0;) {
                        signature[4 * i] = '\0';
                        assert_int_equal(signature_check(c, signature, &digest, true), 0);
                }
        }
}

static void signature_may_hold_white_space(void **state)
{
        FileDigest digest = digest_of(firmware, strlen(firmware));
        _cleanup_(freep) char *signature = sign(*state, "rsa3072", "");
        _cleanup_(signing_certificate_freep) SigningCertificate *c =
                certificate_of(*state, "rsa3072");
        char spread[SIGNATURE_TEXT_MAX + 2];
        size_t n = 0;

        for (const char *p = str_strip(signature); *p; p++) {
                if (n % 65 == 0)
                        n += (size_t)sprintf(spread + n, "%s", "\r\n");
                spread[n++] = *p;
        }
        memset(spread + n, ' ', sizeof(spread) - 1 - n);
        spread[SIGNATURE_TEXT_MAX] = '\0';
        assert_int_equal(signature_check(c, spread, &digest, true), 1);
        /* one character past the limit, though only white space */
        spread[SIGNATURE_TEXT_MAX] = ' ';
        spread[SIGNATURE_TEXT_MAX + 1] = '\0';
        assert_int_equal(signature_check(c, spread, &digest, true), 0);
}

static void signature_that_is_none_is_no(void **state)
{
        static const char *const texts[] = {
                "", " ", "=", "AAAA", "not base64", "MEUCIQ==", "%s%n", "-----BEGIN",
        };
        static const char *const keys[] = {"rsa2048", "pss", "pss-sha256", "p256", "p384"};
        FileDigest digest = digest_of(firmware, strlen(firmware));

        for (size_t k = 0; k < ELEMENTSOF(keys); k++) {
                _cleanup_(signing_certificate_freep) SigningCertificate *c =
                        certificate_of(*state, keys[k]);

                for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                        assert_int_equal(signature_check(c, texts[i], &digest, true), 0);
        }
}

/* One line that names what is missing, and no signature. */
static void sign_firmware_says_what_is_missing(void **state)
{
        /* clang-format off */
        static const struct {
                const char *key, *file, *says;
        } wrong[] = {
                {"none.key",                 "firmware", "there is no key none.key"},
                {"pki",                      "firmware", "the key pki is a folder"},
                {"pki/firmware/rsa3072.pem", "firmware", "pki/firmware/rsa3072.pem holds no private key that openssl can read"},
                {"pki/firmware/ed25519.key", "firmware", "pki/firmware/ed25519.key is neither an RSA nor an EC key"},
                {"pki/firmware/rsa3072.key", "none",     "there is no file none"},
                {"pki/firmware/rsa3072.key", "pki",      "the file pki is a folder"},
        };
        /* clang-format on */

        pki_write(*state, "firmware", firmware, strlen(firmware));
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_(freep) char *line =
                        str_printf("@sign-firmware --key %s %s", wrong[i].key, wrong[i].file);
                _cleanup_(freep) char *says = str_printf("sign-firmware: %s\n", wrong[i].says);
                _cleanup_(freep) char *said = NULL, *signature = NULL;

                assert_int_equal(pki_run(*state, line), 1);
                said = pki_read(*state, "messages", NULL);
                signature = pki_read(*state, "output", NULL);
                assert_string_equal(said, says);
                assert_string_equal(signature, "");
        }
}

static void sha256_is_written_in_hex(_unused_ void **state)
{
        char out[2 * SHA256_SIZE + 1];

        sha256_hex("", 0, out);
        assert_string_equal(out,
                            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        sha256_hex("abc", 3, out);
        assert_string_equal(out,
                            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(signature_is_judged_by_the_key),
                cmocka_unit_test(signature_needs_sha384_of_p384_alone),
                cmocka_unit_test(signature_fails_for_another_file),
                cmocka_unit_test(signature_fails_when_spoilt),
                cmocka_unit_test(signature_may_hold_white_space),
                cmocka_unit_test(signature_that_is_none_is_no),
                cmocka_unit_test(sign_firmware_says_what_is_missing),
                cmocka_unit_test(sha256_is_written_in_hex),
        };

        return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
