/* Roots that the CSMS installs: see verify-root.h. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "verify-internal.h"
#include "verify-root.h"

DEFINE_CLEANUP(BIO *, BIO_vfree)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(BIGNUM *, BN_free)

/* A root issued itself (its signature tells, a name is easily taken) and may issue others, as
 * OpenSSL judges it where it checks a chain. */
static bool is_root(X509 *x)
{
        EVP_PKEY *key = X509_get0_pubkey(x);

        return key && !(X509_get_extension_flags(x) & EXFLAG_INVALID) && X509_check_ca(x) > 0 &&
               X509_check_issued(x, x) == X509_V_OK && X509_verify(x, key) == 1;
}

static bool is_valid_at(const X509 *x, usec_t now)
{
        time_t t = (time_t)(now / USEC_PER_SEC);

        /* 0: a date that can't be read */
        return X509_cmp_time(X509_get0_notBefore(x), &t) < 0 &&
               X509_cmp_time(X509_get0_notAfter(x), &t) > 0;
}

/* The number in hex, without leading zeros. */
static int serial_text(const X509 *x, char ret[static 2 * SERIAL_SIZE + 1])
{
        _cleanup_(BN_freep) BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
        uint8_t bytes[SERIAL_SIZE];
        int n;

        if (!number)
                return -ENOMEM;
        n = MAX(BN_num_bytes(number), 1);
        if (n > SERIAL_SIZE || BN_is_negative(number))
                return -EINVAL;
        BN_bn2binpad(number, bytes, n);
        hex_encode(bytes, (size_t)n, ret);
        if (*ret == '0')
                memmove(ret, ret + 1, strlen(ret));
        return 0;
}

static int root_hashes(X509 *x, unsigned bits, RootHashes *ret)
{
        const EVP_MD *md = bits == 512 ? EVP_sha512() : bits == 384 ? EVP_sha384() : EVP_sha256();
        uint8_t name[HASH_SIZE_MAX], key[HASH_SIZE_MAX];
        unsigned size;
        int r;

        if (X509_check_issued(x, x) != X509_V_OK)
                return -EINVAL;
        if ((r = serial_text(x, ret->serial)) < 0)
                return r;
        /* The key's is that of the BIT STRING's value, without tag, length and unused bits, as in
         * OCSP (RFC 6960 4.1.1). */
        if (X509_NAME_digest(X509_get_issuer_name(x), md, name, &size) != 1 ||
            X509_pubkey_digest(x, md, key, &size) != 1)
                return -ENOMEM;
        hex_encode(name, size, ret->issuer_name);
        hex_encode(key, size, ret->issuer_key);
        return 0;
}

static char *take_text(BIO *bio)
{
        char *data;
        long n = BIO_get_mem_data(bio, &data);

        return n >= 0 ? strndup(n > 0 ? data : "", (size_t)n) : NULL;
}

/* Good only if it will be found again: with hash data of its own. */
static int judge(X509 *x, usec_t now)
{
        RootHashes hashes;
        int r;

        if (!is_root(x))
                return ROOT_IS_NO_ROOT;
        if (!is_valid_at(x, now))
                return ROOT_IS_OUT_OF_DATE;
        if (!key_fits(X509_get0_pubkey(x)))
                return ROOT_HAS_BAD_KEY;
        r = root_hashes(x, 256, &hashes);
        return r == -EINVAL ? ROOT_IS_UNREADABLE : r < 0 ? r : ROOT_IS_GOOD;
}

int root_check(const char *text, usec_t now, char **ret_pem)
{
        _cleanup_(X509_freep) X509 *x = NULL;
        _cleanup_(BIO_vfreep) BIO *bio = NULL;
        int r = certificate_read(text, &x);

        r = r > 0 ? judge(x, now) : r == 0 ? ROOT_IS_UNREADABLE : r;
        if (r == ROOT_IS_GOOD) {
                bio = BIO_new(BIO_s_mem());
                if (!bio || PEM_write_bio_X509(bio, x) != 1 || !(*ret_pem = take_text(bio)))
                        r = -ENOMEM;
        }
        ERR_clear_error();
        return r;
}

const char *root_finding_to_string(RootFinding f)
{
        /* clang-format off */
        static const char *const sentences[ROOT_FINDINGS] = {
                [ROOT_IS_GOOD]        = "the root certificate is good",
                [ROOT_IS_UNREADABLE]  = "it is not exactly one X.509 certificate",
                [ROOT_IS_NO_ROOT]     = "it is no root: issued by another, or not made to issue certificates",
                [ROOT_IS_OUT_OF_DATE] = "it has expired or is not valid yet",
                [ROOT_HAS_BAD_KEY]    = "its key is too weak or of an unsupported kind",
        };
        /* clang-format on */

        return (unsigned)f < ROOT_FINDINGS ? sentences[f] : "unknown finding";
}

int trust_store_hashes(const TrustStore *t, size_t i, unsigned bits, RootHashes *ret)
{
        int r = root_hashes(sk_X509_value(t->roots, (int)i), bits, ret);

        ERR_clear_error();
        return r;
}

int trust_store_digest(const TrustStore *t, size_t i, uint8_t ret[static SHA256_SIZE])
{
        return X509_digest(sk_X509_value(t->roots, (int)i), EVP_sha256(), ret, NULL) == 1 ? 0
                                                                                          : -ENOMEM;
}

int trust_store_find(const TrustStore *t, const uint8_t digest[static SHA256_SIZE])
{
        for (size_t i = 0; i < trust_store_count(t); i++) {
                uint8_t other[SHA256_SIZE];
                int r = trust_store_digest(t, i, other);

                if (r < 0)
                        return r;
                if (memcmp(digest, other, SHA256_SIZE) == 0)
                        return (int)i;
        }
        return -ENOENT;
}

void trust_store_drop(TrustStore *t, size_t i)
{
        X509_free(sk_X509_delete(t->roots, (int)i));
}

char *trust_store_write(const TrustStore *t)
{
        _cleanup_(BIO_vfreep) BIO *bio = BIO_new(BIO_s_mem());

        for (int i = 0; bio && i < sk_X509_num(t->roots); i++)
                if (PEM_write_bio_X509(bio, sk_X509_value(t->roots, i)) != 1)
                        return NULL;
        return bio ? take_text(bio) : NULL;
}
