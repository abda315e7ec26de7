/* Certificates, signatures, roots and CRLs of any bytes; the first byte says which. What was not
 * signed with the fixture's keys must never pass. */
#include <stdio.h>

#include "verify-fixture.h"

/* For the checks behind the signature, which no fuzzer gets past. */
#include "core/verify.c"

#define NOW (1900000000 * USEC_PER_SEC)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fine)
{
        if (!fine)
                abort();
}

static FileDigest fixture_digest(void)
{
        FileDigest d = {.size_bytes = strlen("firmware")};

        EVP_Digest("firmware", d.size_bytes, d.sha256, NULL, EVP_sha256(), NULL);
        EVP_Digest("firmware", d.size_bytes, d.sha384, NULL, EVP_sha384(), NULL);
        d.has_sha384 = true;
        return d;
}

/* clang-format off */
static const struct {
        const char *certificate, *signature;
} signed_by[] = {
        {fixture_rsa, fixture_rsa_pss_signature},
        {fixture_rsa, fixture_rsa_pkcs1_signature},
        {fixture_pss, fixture_pss_signature},
        {fixture_ec,  fixture_ec_sha256_signature},
        {fixture_ec,  fixture_ec_sha384_signature},
};
/* clang-format on */

static TrustStore *fixture_store(void)
{
        TrustStore *t = trust_store_new();

        require(t && roots_read(t, fixture_root, strlen(fixture_root)) == 0 &&
                crls_read(t, fixture_crl, strlen(fixture_crl)) == 0);
        return t;
}

/* The same once and for all runs, for those that don't change it. */
static const TrustStore *fixture(void)
{
        static TrustStore *t;

        return t ? t : (t = fixture_store());
}

static const SigningCertificate *fixture_certificate(size_t i)
{
        static SigningCertificate *c[ELEMENTSOF(signed_by)];

        require(c[i] || signing_certificate_check(fixture(), signed_by[i].certificate, NOW,
                                                  &c[i]) == CERTIFICATE_GOOD);
        return c[i];
}

/* A good certificate has one of the fixture's keys: some signature of theirs fits. */
static void try_certificate(const char *text)
{
        const TrustStore *t = fixture();
        _cleanup_(signing_certificate_freep) SigningCertificate *c = NULL;
        _cleanup_(X509_freep) X509 *x = NULL;
        FileDigest digest = fixture_digest();
        int r = signing_certificate_check(t, text, NOW, &c), fitting = 0;

        require(r >= 0 && r < CERTIFICATE_VERDICT_MAX && (r == CERTIFICATE_GOOD) == (c != NULL));
        for (size_t i = 0; c && i < ELEMENTSOF(signed_by); i++)
                fitting += signature_check(c, signed_by[i].signature, &digest, true) == 1;
        require(!c || fitting > 0);
        if (certificate_read(text, &x) > 0) {
                X509 *root = sk_X509_value(t->roots, 0);

                is_revoked(t, x, root);
                chain_check(x, root, NOW);
                chain_check(x, x, NOW);
                require(!usage_fits(x) || (!(X509_get_extension_flags(x) & EXFLAG_CA) &&
                                           (X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE)));
                key_fits(X509_get0_pubkey(x));
        }
        ERR_clear_error();
}

/* A signature that passes is, byte by byte, one of the fixture's. */
static void try_signature(const char *text)
{
        FileDigest digest = fixture_digest();
        uint8_t raw[SIGNATURE_TEXT_MAX], known[SIGNATURE_TEXT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(signed_by); i++) {
                const SigningCertificate *c = fixture_certificate(i);
                bool found = false;

                if (signature_check(c, text, &digest, true) != 1)
                        continue;
                for (size_t k = 0; k < ELEMENTSOF(signed_by); k++) {
                        const char *s = signed_by[k].signature;
                        int n = base64_decode(text, strlen(text), raw);

                        found |= n == base64_decode(s, strlen(s), known) &&
                                 memcmp(raw, known, (size_t)n) == 0;
                }
                require(found);
        }
}

static void try_trust(const char *data, size_t size, Reader read)
{
        _cleanup_(trust_store_freep) TrustStore *t = fixture_store();
        _cleanup_(signing_certificate_freep) SigningCertificate *c = NULL;
        int r = read(t, data, size);

        require(r == 0 || r == -EBADMSG || r == -ENOMEM);
        require(trust_store_count(t) == 1 || read == roots_read);
        /* More roots or CRLs never make a good one bad but by revocation. */
        require(signing_certificate_check(t, fixture_ec, NOW, &c) == CERTIFICATE_GOOD);
        require(ERR_peek_error() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(freep) char *text = NULL;

        if (size < 1 || !(text = strndup((const char *)data + 1, size - 1)))
                return 0;
        switch (data[0]) {
        case 'c':
                try_certificate(text);
                break;
        case 's':
                try_signature(text);
                break;
        case 'r':
                try_trust((const char *)data + 1, size - 1, roots_read);
                break;
        case 'l':
                try_trust((const char *)data + 1, size - 1, crls_read);
                break;
        }
        return 0;
}
