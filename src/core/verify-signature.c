/* Whether a signature is the certificate's over a file of which only the digest is at hand
 * (L01.FR.04, .12). The key decides the algorithm, never the signature. */
#include "verify-internal.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)

#define ANY_SIZE 0
#define NO_PADDING 0

/* A way to sign: for which keys, what was hashed, how an RSA signature is padded. */
typedef struct Scheme {
        int key_type;
        int key_bits; /* or ANY_SIZE */
        const EVP_MD *(*hash)(void);
        size_t digest_offset, digest_size; /* in FileDigest */
        int padding;
} Scheme;

#define SHA256_DIGEST EVP_sha256, offsetof(FileDigest, sha256), SHA256_SIZE
#define SHA384_DIGEST EVP_sha384, offsetof(FileDigest, sha384), SHA384_SIZE

/* clang-format off */
static const Scheme schemes[] = {
        {EVP_PKEY_RSA,     ANY_SIZE, SHA256_DIGEST, RSA_PKCS1_PSS_PADDING},
        {EVP_PKEY_RSA,     ANY_SIZE, SHA256_DIGEST, RSA_PKCS1_PADDING},
        {EVP_PKEY_RSA_PSS, ANY_SIZE, SHA256_DIGEST, NO_PADDING},
        {EVP_PKEY_EC,      ANY_SIZE, SHA256_DIGEST, NO_PADDING},
        {EVP_PKEY_EC,      384,      SHA384_DIGEST, NO_PADDING},
};
/* clang-format on */

/* Any salt length: OpenSSL signs with the longest by default, the specification names none. Not for
 * id-RSASSA-PSS keys: these bring their own, and OpenSSL 3.0 refuses another. */
static bool scheme_set(const Scheme *s, EVP_PKEY_CTX *ctx)
{
        if (EVP_PKEY_CTX_set_signature_md(ctx, s->hash()) <= 0)
                return false;
        if (s->padding == NO_PADDING)
                return true;
        return EVP_PKEY_CTX_set_rsa_padding(ctx, s->padding) > 0 &&
               (s->padding != RSA_PKCS1_PSS_PADDING ||
                EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_AUTO) > 0);
}

/* 1 yes, 0 no, -ENOMEM. A key that is bound to another hash can't have signed: no. */
static int scheme_check(const Scheme *s, EVP_PKEY *key, const FileDigest *digest,
                        const uint8_t *signature, size_t size)
{
        _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
        const uint8_t *hash = (const uint8_t *)digest + s->digest_offset;

        if (!ctx || EVP_PKEY_verify_init(ctx) <= 0)
                return -ENOMEM;
        /* Below zero is a signature of the wrong form: as wrong as any other. */
        return scheme_set(s, ctx) &&
               EVP_PKEY_verify(ctx, signature, size, hash, s->digest_size) == 1;
}

static bool key_suits(const Scheme *s, const EVP_PKEY *key)
{
        return s->key_type == EVP_PKEY_get_base_id(key) &&
               (s->key_bits == ANY_SIZE || s->key_bits == EVP_PKEY_get_bits(key));
}

static bool scheme_suits(const Scheme *s, const EVP_PKEY *key, const FileDigest *digest,
                         bool allow_pkcs1)
{
        return (s->digest_size == SHA256_SIZE || digest->has_sha384) && key_suits(s, key) &&
               (s->padding != RSA_PKCS1_PADDING || allow_pkcs1);
}

bool signature_needs_sha384(const SigningCertificate *c)
{
        for (size_t i = 0; i < ELEMENTSOF(schemes); i++)
                if (schemes[i].digest_size == SHA384_SIZE && key_suits(&schemes[i], c->key))
                        return true;
        return false;
}

int signature_check(const SigningCertificate *c, const char *signature, const FileDigest *digest,
                    bool allow_pkcs1)
{
        uint8_t raw[SIGNATURE_TEXT_MAX];
        size_t length = strnlen(signature, SIGNATURE_TEXT_MAX + 1);
        int n, r = 0;

        if (length > SIGNATURE_TEXT_MAX || (n = base64_decode(signature, length, raw)) <= 0)
                return 0;
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(schemes); i++)
                if (scheme_suits(&schemes[i], c->key, digest, allow_pkcs1))
                        r = scheme_check(&schemes[i], c->key, digest, raw, (size_t)n);
        ERR_clear_error();
        return r;
}

void sha256_hex(const void *data, size_t size, char out[static 2 * SHA256_SIZE + 1])
{
        uint8_t digest[SHA256_SIZE];

        /* Fails only without memory; two requests must never look alike for want of it. */
        if (!EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL))
                abort();
        hex_encode(digest, sizeof(digest), out);
}
