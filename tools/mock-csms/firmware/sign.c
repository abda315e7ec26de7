/* See sign.h. */
#include "sign.h"
#include "verify-internal.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

DEFINE_CLEANUP(BIO *, BIO_vfree)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)

/* Bytes of a signature whose base64 OCPP can carry. */
#define SIGNATURE_SIZE_MAX (SIGN_SIGNATURE_MAX / 4 * 3)

typedef struct Way {
        const char *word;
        int key_types[2]; /* that sign so */
        int padding;      /* 0: none to choose */
} Way;

/* clang-format off */
static const Way ways[SIGN_SCHEME_MAX] = {
        [SIGN_PSS]   = { "pss",   { EVP_PKEY_RSA, EVP_PKEY_RSA_PSS }, RSA_PKCS1_PSS_PADDING },
        [SIGN_PKCS1] = { "pkcs1", { EVP_PKEY_RSA },                   RSA_PKCS1_PADDING     },
        [SIGN_ECDSA] = { "ecdsa", { EVP_PKEY_EC },                    0                     },
};
/* clang-format on */

SignScheme sign_scheme_from_string(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(ways); i++)
                if (streq(ways[i].word, word))
                        return (SignScheme)i;
        return SIGN_SCHEME_INVALID;
}

const char *sign_scheme_to_string(SignScheme scheme)
{
        return ways[scheme].word;
}

static int refuse(const char **ret_sentence, const char *sentence)
{
        *ret_sentence = sentence;
        return -EINVAL;
}

/* The public key of exactly one certificate that OCPP can carry and whose key stations take. 0 and
 * *ret; -EINVAL, -ENOMEM. */
static int read_certificate(const char *text, EVP_PKEY **ret, const char **ret_sentence)
{
        _cleanup_(X509_freep) X509 *x = NULL;
        if (utf8_length(text) > SIGN_CERTIFICATE_MAX)
                return refuse(ret_sentence, "The certificate is longer than the 5500 characters "
                                            "that OCPP lets it have.");
        int r = certificate_read(text, &x);
        if (r <= 0)
                return r < 0 ? r
                             : refuse(ret_sentence, "The certificate must be exactly one X.509 "
                                                    "certificate as PEM.");
        EVP_PKEY *key = X509_get_pubkey(x);
        if (!key_fits(key)) {
                EVP_PKEY_free(key);
                return refuse(ret_sentence, "The certificate's key must be RSA from 2048 bits or "
                                            "EC from 224: stations take no other.");
        }
        *ret = key;
        return 0;
}

typedef struct Passphrase {
        const char *text; /* NULL: none */
        bool wanted;
} Passphrase;

/* pem_password_cb: the passphrase, never a question on a terminal. */
static int give_passphrase(char *out, int room, int writing _unused_, void *userdata)
{
        Passphrase *passphrase = userdata;
        size_t size = strlen(strempty(passphrase->text));
        passphrase->wanted = true;
        if (size == 0 || size > (size_t)room)
                return -1;
        memcpy(out, passphrase->text, size);
        return (int)size;
}

static int read_key(const SignOrder *order, EVP_PKEY **ret, const char **ret_sentence)
{
        Passphrase passphrase = {.text = order->passphrase};
        size_t size = strnlen(order->key, SIGN_KEY_MAX + 1);
        if (size > SIGN_KEY_MAX)
                return refuse(ret_sentence, "The key is longer than 16 KiB.");
        _cleanup_(BIO_vfreep) BIO *bio = BIO_new_mem_buf(order->key, (int)size);
        if (!bio)
                return -ENOMEM;
        *ret = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &passphrase);
        if (*ret)
                return 0;
        if (!passphrase.wanted)
                return refuse(ret_sentence, "The key must be a private key as PEM.");
        return refuse(ret_sentence, order->passphrase
                                            ? "The passphrase does not open the key."
                                            : "The key is encrypted: it needs its passphrase.");
}

static bool suits(const Way *way, const EVP_PKEY *key)
{
        int type = EVP_PKEY_get_base_id(key);
        return type == way->key_types[0] || type == way->key_types[1];
}

/* The salt as long as the digest, as the PSS of TLS and of most verifiers has it. A key bound to
 * PSS has its own rules, which stand where these don't break them. */
static bool prepare(EVP_PKEY_CTX *ctx, const Way *way)
{
        if (EVP_PKEY_sign_init(ctx) <= 0)
                return false;
        if (way->padding && EVP_PKEY_CTX_set_rsa_padding(ctx, way->padding) <= 0)
                return false;
        if (EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) <= 0)
                return false;
        return way->padding != RSA_PKCS1_PSS_PADDING ||
               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
}

/* Whether a station finds the signature good. 1, 0, negative errno. */
static int check(EVP_PKEY *key, const char *signature, const FileDigest *digest, bool allow_pkcs1)
{
        const SigningCertificate certificate = {.key = key};
        return signature_check(&certificate, signature, digest, allow_pkcs1);
}

static int sign(EVP_PKEY *key, const Way *way, const FileDigest *digest, char **ret,
                const char **ret_sentence)
{
        uint8_t raw[SIGNATURE_SIZE_MAX];
        size_t size = sizeof(raw);
        _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
        if (!ctx)
                return -ENOMEM;
        if (!prepare(ctx, way) || EVP_PKEY_sign(ctx, raw, &size, digest->sha256, SHA256_SIZE) <= 0)
                return refuse(ret_sentence,
                              "The key can't sign so: it is bound to something else than SHA-256.");
        char *text = malloc(SIGN_SIGNATURE_MAX + 1);
        if (!text)
                return -ENOMEM;
        EVP_EncodeBlock((unsigned char *)text, raw, (int)size);
        *ret = text;
        return 0;
}

static int make(const SignOrder *order, const FileDigest *digest, char **ret,
                const char **ret_sentence)
{
        const Way *way = &ways[order->scheme];
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *public = NULL, *key = NULL;
        _cleanup_(freep) char *signature = NULL;
        int r = read_certificate(order->certificate, &public, ret_sentence);
        if (r == 0)
                r = read_key(order, &key, ret_sentence);
        if (r < 0)
                return r;
        if (EVP_PKEY_eq(public, key) != 1)
                return refuse(ret_sentence, "Key and certificate do not belong together.");
        if (!suits(way, key))
                return refuse(ret_sentence, "The scheme does not suit the key: RSA signs by pss or "
                                            "pkcs1, EC by ecdsa.");
        if (EVP_PKEY_get_size(key) > SIGNATURE_SIZE_MAX)
                return refuse(ret_sentence,
                              "The key is too long: OCPP lets a signature have 800 characters.");
        r = sign(key, way, digest, &signature, ret_sentence);
        if (r == 0)
                r = check(public, signature, digest, true);
        if (r <= 0)
                return r < 0 ? r
                             : refuse(ret_sentence,
                                      "What the key signs, the certificate does not verify.");
        *ret = TAKE_PTR(signature);
        return 0;
}

int sign_make(const SignOrder *order, const FileDigest *digest, char **ret,
              const char **ret_sentence)
{
        int r = make(order, digest, ret, ret_sentence);
        ERR_clear_error();
        return r;
}

int sign_check(const char *certificate, const char *signature, const FileDigest *digest,
               SignScheme *ret_scheme, const char **ret_sentence)
{
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
        if (utf8_length(signature) > SIGN_SIGNATURE_MAX)
                return refuse(
                        ret_sentence,
                        "The signature is longer than the 800 characters that OCPP lets it have.");
        int r = read_certificate(certificate, &key, ret_sentence);
        if (r == 0)
                r = check(key, signature, digest, true);
        if (r == 0)
                r = refuse(ret_sentence, "The signature is not the certificate's over this file.");
        if (r > 0) {
                *ret_scheme = suits(&ways[SIGN_ECDSA], key)               ? SIGN_ECDSA
                              : check(key, signature, digest, false) == 1 ? SIGN_PSS
                                                                          : SIGN_PKCS1;
                r = 0;
        }
        ERR_clear_error();
        return r;
}
