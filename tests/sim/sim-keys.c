/* The certificates of the simulation, made once and valid from 2000 to 2099. What verify.h says of
 * them is the same each time, so it is asked once for each question. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "sim.h"

#define ANSWERS_MAX 256

/* ---- the roots: the same file in each life, so it is read once ---- */

int __real_trust_store_load(const char *roots, const char *crl_dir, TrustStore **ret,
                            char **reterr_path);
void __real_trust_store_free(TrustStore *t);
int __wrap_trust_store_load(const char *roots, const char *crl_dir, TrustStore **ret,
                            char **reterr_path);
void __wrap_trust_store_free(TrustStore *t);

static TrustStore *store;

int __wrap_trust_store_load(const char *roots, const char *crl_dir, TrustStore **ret,
                            char **reterr_path)
{
        int r = 0;

        if (!roots) /* an empty one, for the roots that are installed */
                return __real_trust_store_load(NULL, crl_dir, ret, reterr_path);
        if (!store)
                r = __real_trust_store_load(roots, crl_dir, &store, reterr_path);
        *ret = store;
        return r;
}

void __wrap_trust_store_free(TrustStore *t)
{
        if (t != store)
                __real_trust_store_free(t);
}

/* ---- what verify.h has said ---- */

typedef struct Answer {
        bool used;
        uint64_t question;
        int answer;
        SigningCertificate *certificate;
} Answer;

static Answer answers[ANSWERS_MAX];

int __real_signing_certificate_check(const TrustStore *t, const char *text, usec_t at,
                                     SigningCertificate **ret);
void __real_signing_certificate_free(SigningCertificate *c);
int __real_signature_check(const SigningCertificate *c, const char *signature,
                           const FileDigest *digest, bool allow_pkcs1);
int __wrap_signing_certificate_check(const TrustStore *t, const char *text, usec_t at,
                                     SigningCertificate **ret);
void __wrap_signing_certificate_free(SigningCertificate *c);
int __wrap_signature_check(const SigningCertificate *c, const char *signature,
                           const FileDigest *digest, bool allow_pkcs1);

/* The place of a question; used where it was answered. */
static Answer *answer_of(const char *text, uint64_t more)
{
        uint64_t h = UINT64_C(14695981039346656037) ^ more;
        size_t i;

        for (; *text; text++)
                h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
        for (i = h % ANSWERS_MAX; answers[i].used && answers[i].question != h;)
                i = (i + 1) % ANSWERS_MAX;
        answers[i].question = h;
        return &answers[i];
}

int __wrap_signing_certificate_check(const TrustStore *t, const char *text, usec_t at,
                                     SigningCertificate **ret)
{
        /* Of the times that there are in the simulation some are before the certificates. */
        Answer *a = answer_of(strempty(text), at < SIM_EPOCH - 9000 * DAY);

        if (!a->used) {
                a->answer = __real_signing_certificate_check(t, text, at, &a->certificate);
                a->used = true;
        }
        if (a->answer == CERTIFICATE_GOOD)
                *ret = a->certificate;
        return a->answer;
}

void __wrap_signing_certificate_free(SigningCertificate *c _unused_)
{
}

int __wrap_signature_check(const SigningCertificate *c, const char *signature,
                           const FileDigest *digest, bool allow_pkcs1)
{
        Answer *a = answer_of(signature, 1000U + digest->sha256[0]);

        if (!a->used) {
                a->answer = __real_signature_check(c, signature, digest, allow_pkcs1);
                a->used = true;
        }
        return a->answer;
}

/* ---- the certificates: made once, valid from 2000 to 2099 ---- */

static char *root_path, *certificates[2], *signatures[CONTENTS_MAX + 1];

static EVP_PKEY *key_new(void)
{
        return EVP_EC_gen("P-256");
}

static X509 *certificate_new(EVP_PKEY *key, EVP_PKEY *issuer, const char *name, const char *by)
{
        static const unsigned char from[] = "000101000000Z", until[] = "20991231235959Z";
        X509 *x = X509_new();
        ASN1_TIME *t = ASN1_TIME_new();
        X509_EXTENSION *e;

        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), streq(name, by) ? 1 : 2);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                   (const unsigned char *)name, -1, -1, 0);
        X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_ASC,
                                   (const unsigned char *)by, -1, -1, 0);
        ASN1_TIME_set_string(t, (const char *)from);
        X509_set1_notBefore(x, t);
        ASN1_TIME_set_string(t, (const char *)until);
        X509_set1_notAfter(x, t);
        ASN1_TIME_free(t);
        e = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
                                streq(name, by) ? "critical,CA:TRUE" : "critical,CA:FALSE");
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
        e = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage,
                                streq(name, by) ? "critical,keyCertSign,cRLSign"
                                                : "critical,digitalSignature");
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
        X509_set_pubkey(x, key);
        X509_sign(x, issuer, EVP_sha256());
        return x;
}

static char *certificate_text(X509 *x)
{
        BIO *b = BIO_new(BIO_s_mem());
        char *data, *text = NULL;
        long n;

        PEM_write_bio_X509(b, x);
        n = BIO_get_mem_data(b, &data);
        if (n > 0)
                text = strndup(data, (size_t)n);
        BIO_free(b);
        return text;
}

static char *sign(EVP_PKEY *key, int content)
{
        FileDigest digest;
        unsigned char signature[128];
        size_t size = sizeof(signature);
        EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
        char *text = calloc(256, sizeof(*text));

        worker_digest(content, &digest);
        if (text && c && EVP_PKEY_sign_init(c) > 0 &&
            EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) > 0 &&
            EVP_PKEY_sign(c, signature, &size, digest.sha256, sizeof(digest.sha256)) > 0)
                EVP_EncodeBlock((unsigned char *)text, signature, (int)size);
        EVP_PKEY_CTX_free(c);
        return text;
}

int keys_init(const char *folder)
{
        EVP_PKEY *root = key_new(), *other = key_new(), *key = key_new();
        X509 *root_x = certificate_new(root, root, "Root", "Root"),
             *good = certificate_new(key, root, "Signer", "Root"),
             *bad = certificate_new(key, other, "Signer", "Root");
        _cleanup_(freep) char *text = certificate_text(root_x);
        int r = -ENOMEM;

        root_path = str_printf("%s/root.pem", folder);
        certificates[false] = certificate_text(bad);
        certificates[true] = certificate_text(good);
        if (text && root_path)
                r = file_write_atomic(root_path, text, strlen(text), 0600);
        for (int i = 0; i <= CONTENTS_MAX; i++)
                signatures[i] = sign(key, i < CONTENTS_MAX ? i : 60);
        EVP_PKEY_free(root);
        EVP_PKEY_free(other);
        EVP_PKEY_free(key);
        X509_free(root_x);
        X509_free(good);
        X509_free(bad);
        return r;
}

void keys_done(void)
{
        for (size_t i = 0; i < ANSWERS_MAX; i++)
                __real_signing_certificate_free(answers[i].certificate);
        __real_trust_store_free(store);
        free(root_path);
        for (size_t i = 0; i < ELEMENTSOF(certificates); i++)
                free(certificates[i]);
        for (size_t i = 0; i < ELEMENTSOF(signatures); i++)
                free(signatures[i]);
}

const char *keys_root(void)
{
        return root_path;
}

const char *keys_certificate(bool good)
{
        return certificates[good];
}

/* Of something else, for CONTENT_NONE. */
const char *keys_signature(int content)
{
        return signatures[content < 0 ? CONTENTS_MAX : content];
}
