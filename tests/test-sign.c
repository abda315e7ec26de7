/* Signatures that mock-csms makes, judged as the agent judges them, and what it refuses to sign
 * with. */
#include "pki.h"
#include "sign.h"

#include <openssl/evp.h>

static const char firmware[] = "not much of a firmware, to be signed";

static FileDigest digest_of(const char *data)
{
        FileDigest d = {.has_sha384 = true, .size_bytes = strlen(data)};

        assert_true(EVP_Digest(data, strlen(data), d.sha256, NULL, EVP_sha256(), NULL));
        assert_true(EVP_Digest(data, strlen(data), d.sha384, NULL, EVP_sha384(), NULL));
        return d;
}

static char *read_pem(Pki *p, const char *name, const char *kind)
{
        _cleanup_(freep) char *path = str_printf("pki/firmware/%s.%s", name, kind);

        return pki_read(p, path, NULL);
}

/* What the agent says of it: signed by a certificate of the manufacturer's. 1, 0. */
static int agent_check(Pki *p, const char *certificate, const char *signature, bool allow_pkcs1)
{
        _cleanup_(trust_store_freep) TrustStore *t = NULL;
        _cleanup_(signing_certificate_freep) SigningCertificate *c = NULL;
        FileDigest digest = digest_of(firmware);

        assert_int_equal(trust_store_load(pki_path(p, "pki/manufacturer"), NULL, &t, NULL), 0);
        assert_int_equal(signing_certificate_check(t, certificate, wallclock_now(), &c),
                         CERTIFICATE_GOOD);
        return signature_check(c, signature, &digest, allow_pkcs1);
}

/* clang-format off */
static const struct {
        const char *key;
        SignScheme scheme;
        bool strict; /* good without allow_pkcs1, too */
} good[] = {
        {"rsa3072",    SIGN_PSS,   true },
        {"rsa3072",    SIGN_PKCS1, false},
        {"rsa2048",    SIGN_PSS,   true },
        {"rsa2048",    SIGN_PKCS1, false},
        {"pss",        SIGN_PSS,   true },
        {"pss-sha256", SIGN_PSS,   true },
        {"p256",       SIGN_ECDSA, true },
        {"p384",       SIGN_ECDSA, true },
        {"plain",      SIGN_ECDSA, true },
};
/* clang-format on */

static void sign_makes_what_the_agent_takes(void **state)
{
        FileDigest digest = digest_of(firmware), other = digest_of("another");

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                _cleanup_(freep) char *key = read_pem(*state, good[i].key, "key");
                _cleanup_(freep) char *certificate = read_pem(*state, good[i].key, "pem");
                _cleanup_(freep) char *signature = NULL;
                SignScheme found = SIGN_SCHEME_INVALID;
                const char *sentence = "";

                if (sign_make(&(SignOrder){good[i].scheme, key, NULL, certificate}, &digest,
                              &signature, &sentence) != 0)
                        fail_msg("%s: %s", good[i].key, sentence);
                assert_int_equal(agent_check(*state, certificate, signature, true), 1);
                assert_int_equal(agent_check(*state, certificate, signature, false),
                                 good[i].strict);
                assert_int_equal(sign_check(certificate, signature, &digest, &found, &sentence), 0);
                assert_int_equal(found, good[i].scheme);
                assert_int_equal(sign_check(certificate, signature, &other, &found, &sentence),
                                 -EINVAL);
                assert_string_equal(sentence,
                                    "The signature is not the certificate's over this file.");
        }
}

/* clang-format off */
static const struct {
        const char *key, *certificate;
        SignScheme scheme;
        const char *says; /* the beginning of the sentence */
} bad[] = {
        {"rsa3072", "rsa2048", SIGN_PSS,   "Key and certificate do not belong together."},
        {"p256",    "p384",    SIGN_ECDSA, "Key and certificate do not belong together."},
        {"p256",    "rsa2048", SIGN_PSS,   "Key and certificate do not belong together."},
        {"p256",    "p256",    SIGN_PSS,   "The scheme does not suit the key"},
        {"rsa2048", "rsa2048", SIGN_ECDSA, "The scheme does not suit the key"},
        {"pss",     "pss",     SIGN_PKCS1, "The scheme does not suit the key"},
        {"rsa1024", "rsa1024", SIGN_PSS,   "The certificate's key must be RSA"},
        {"p192",    "p192",    SIGN_ECDSA, "The certificate's key must be RSA"},
        {"ed25519", "ed25519", SIGN_ECDSA, "The certificate's key must be RSA"},
        {"p256",    "two",     SIGN_ECDSA, "The certificate must be exactly one"},
};
/* clang-format on */

static void sign_says_what_does_not_fit(void **state)
{
        FileDigest digest = digest_of(firmware);

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_(freep) char *key = read_pem(*state, bad[i].key, "key");
                _cleanup_(freep) char *certificate = read_pem(*state, bad[i].certificate, "pem");
                char *signature = NULL;
                const char *sentence = "";

                assert_int_equal(sign_make(&(SignOrder){bad[i].scheme, key, NULL, certificate},
                                           &digest, &signature, &sentence),
                                 -EINVAL);
                assert_null(signature);
                if (!startswith(sentence, bad[i].says))
                        fail_msg("%s: %s", bad[i].key, sentence);
        }
}

static void sign_refuses_what_is_no_key(void **state)
{
        static const char *const keys[] = {
                "", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"};
        _cleanup_(freep) char *certificate = read_pem(*state, "p256", "pem");
        _cleanup_(freep) char *long_key = calloc(1, SIGN_KEY_MAX + 2);
        FileDigest digest = digest_of(firmware);
        char *signature = NULL;
        const char *sentence = "";

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                assert_int_equal(sign_make(&(SignOrder){SIGN_ECDSA, keys[i], NULL, certificate},
                                           &digest, &signature, &sentence),
                                 -EINVAL);
                assert_string_equal(sentence, "The key must be a private key as PEM.");
        }
        memset(long_key, 'A', SIGN_KEY_MAX + 1);
        assert_int_equal(sign_make(&(SignOrder){SIGN_ECDSA, long_key, NULL, certificate}, &digest,
                                   &signature, &sentence),
                         -EINVAL);
        assert_string_equal(sentence, "The key is longer than 16 KiB.");
        /* a certificate is no key */
        assert_int_equal(sign_make(&(SignOrder){SIGN_ECDSA, certificate, NULL, certificate},
                                   &digest, &signature, &sentence),
                         -EINVAL);
        assert_string_equal(sentence, "The key must be a private key as PEM.");
}

static void sign_opens_a_key_by_its_passphrase(void **state)
{
        static const struct {
                const char *passphrase, *says;
        } tries[] = {
                {"open sesame", NULL},
                {NULL, "The key is encrypted: it needs its passphrase."},
                {"", "The passphrase does not open the key."},
                {"wrong", "The passphrase does not open the key."},
        };
        FileDigest digest = digest_of(firmware);
        _cleanup_(freep) char *certificate = read_pem(*state, "rsa2048", "pem");
        const char *const words[] = {"openssl",
                                     "pkey",
                                     "-in",
                                     "pki/firmware/rsa2048.key",
                                     "-aes256",
                                     "-passout",
                                     "pass:open sesame",
                                     "-out",
                                     "encrypted",
                                     NULL};

        assert_int_equal(pki_run_words(*state, words), 0);
        _cleanup_(freep) char *key = pki_read(*state, "encrypted", NULL);
        for (size_t i = 0; i < ELEMENTSOF(tries); i++) {
                _cleanup_(freep) char *signature = NULL;
                const char *sentence = NULL;
                int r = sign_make(&(SignOrder){SIGN_PSS, key, tries[i].passphrase, certificate},
                                  &digest, &signature, &sentence);

                assert_int_equal(r, tries[i].says ? -EINVAL : 0);
                if (tries[i].says)
                        assert_string_equal(sentence, tries[i].says);
                else
                        assert_int_equal(agent_check(*state, certificate, signature, true), 1);
        }
}

static void sign_check_takes_sha384_of_p384(void **state)
{
        FileDigest digest = digest_of(firmware);
        SignScheme scheme = SIGN_SCHEME_INVALID;
        const char *sentence = NULL;
        _cleanup_(freep) char *certificate = read_pem(*state, "p384", "pem");

        pki_write(*state, "firmware", firmware, strlen(firmware));
        assert_int_equal(pki_run(*state, "@sign-firmware --key pki/firmware/p384.key --ecdsa "
                                         "--digest sha384 firmware"),
                         0);
        _cleanup_(freep) char *signature = pki_read(*state, "output", NULL);
        assert_int_equal(sign_check(certificate, signature, &digest, &scheme, &sentence), 0);
        assert_int_equal(scheme, SIGN_ECDSA);
        digest.has_sha384 = false; /* of a file elsewhere only SHA-256 is known */
        assert_int_equal(sign_check(certificate, signature, &digest, &scheme, &sentence), -EINVAL);
}

static void sign_schemes_have_words(_unused_ void **state)
{
        for (SignScheme s = 0; s < SIGN_SCHEME_MAX; s++)
                assert_int_equal(sign_scheme_from_string(sign_scheme_to_string(s)), s);
        assert_int_equal(sign_scheme_from_string("PSS"), SIGN_SCHEME_INVALID);
        assert_int_equal(sign_scheme_from_string(""), SIGN_SCHEME_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sign_makes_what_the_agent_takes),
                cmocka_unit_test(sign_says_what_does_not_fit),
                cmocka_unit_test(sign_refuses_what_is_no_key),
                cmocka_unit_test(sign_opens_a_key_by_its_passphrase),
                cmocka_unit_test(sign_check_takes_sha384_of_p384),
                cmocka_unit_test(sign_schemes_have_words),
        };

        return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
