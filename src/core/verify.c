/* Judges signing certificates and firmware signatures. A certificate is good only if one of the
 * manufacturer's roots issued it itself: no intermediates, no system store (L01, remark on the
 * manufacturer's root). OpenSSL checks the pair of certificates; what it leaves to its caller
 * (which root, revocation, usage, kind of key) is checked here. */
#include "verify-internal.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

/* A PEM file of roots or a CRL. */
#define TRUST_FILE_MAX (1024 * 1024)
/* OpenSSL's level 2: 112 bits, that is RSA 2048, EC 224, SHA-224 (A00.FR.501-507). */
#define SECURITY_LEVEL 2

DEFINE_CLEANUP(BIO *, BIO_vfree)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(X509_STORE *, X509_STORE_free)
DEFINE_CLEANUP(X509_STORE_CTX *, X509_STORE_CTX_free)

/* What OpenSSL asks when a PEM is encrypted; its own default asks the terminal. */
static int no_password(_unused_ char *buffer, _unused_ int size, _unused_ int writing,
                       _unused_ void *userdata)
{
        return -1;
}

/* Whether reading stopped because there is no further PEM block. Forgets OpenSSL's errors. */
static bool pem_at_end(void)
{
        unsigned long e = ERR_peek_last_error();

        ERR_clear_error();
        return ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

static int roots_read(TrustStore *t, const char *data, size_t size)
{
        _cleanup_(BIO_vfreep) BIO *bio = BIO_new_mem_buf(data, (int)size);
        size_t before = trust_store_count(t);

        if (!bio)
                return -ENOMEM;
        for (;;) {
                _cleanup_(X509_freep) X509 *x = PEM_read_bio_X509(bio, NULL, no_password, NULL);

                if (!x)
                        break;
                if (!sk_X509_push(t->roots, x))
                        return -ENOMEM;
                x = NULL;
        }
        return pem_at_end() && trust_store_count(t) > before ? 0 : -EBADMSG;
}

static int crl_add(TrustStore *t, X509_CRL *crl)
{
        if (sk_X509_CRL_push(t->crls, crl))
                return 0;
        X509_CRL_free(crl);
        return -ENOMEM;
}

static int crls_read(TrustStore *t, const char *data, size_t size)
{
        _cleanup_(BIO_vfreep) BIO *bio = BIO_new_mem_buf(data, (int)size);
        const uint8_t *p = (const uint8_t *)data, *end = p + size;
        int before = sk_X509_CRL_num(t->crls), r;
        X509_CRL *crl;

        if (!bio)
                return -ENOMEM;
        if ((crl = d2i_X509_CRL(NULL, &p, (long)size))) {
                r = crl_add(t, crl);
                return r < 0 ? r : p == end ? 0 : -EBADMSG;
        }
        ERR_clear_error();
        while ((crl = PEM_read_bio_X509_CRL(bio, NULL, no_password, NULL)))
                if ((r = crl_add(t, crl)) < 0)
                        return r;
        return pem_at_end() && sk_X509_CRL_num(t->crls) > before ? 0 : -EBADMSG;
}

typedef int (*Reader)(TrustStore *t, const char *data, size_t size);

static int file_load(TrustStore *t, const char *path, Reader read, char **reterr_path)
{
        _cleanup_(freep) char *data = NULL;
        size_t size;
        int r = file_read(path, TRUST_FILE_MAX, &data, &size);

        if (r == 0)
                r = read(t, data, size);
        if (r < 0 && reterr_path)
                *reterr_path = strdup(path);
        return r;
}

static int is_root_name(const struct dirent *e)
{
        const char *dot = strrchr(e->d_name, '.');

        return e->d_name[0] != '.' && dot && (streq(dot, ".pem") || streq(dot, ".crt"));
}

/* A CRL that were passed over for its name would be a revocation lost: all but hidden files. */
static int is_crl_name(const struct dirent *e)
{
        return e->d_name[0] != '.';
}

/* One entry of a folder; other things than files (folders, FIFOs) are passed over. */
static int entry_load(TrustStore *t, const char *path, Reader read, char **reterr_path)
{
        struct stat st;
        int r;

        if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
                return 0;
        /* A dangling link is a root that can't be used, not the want of any root. */
        r = file_load(t, path, read, reterr_path);
        return r == -ENOENT ? -EBADMSG : r;
}

static int folder_load(TrustStore *t, const char *path, Reader read, char **reterr_path)
{
        struct dirent **entries;
        int n = scandir(path, &entries, read == roots_read ? is_root_name : is_crl_name, alphasort);
        int r = 0;

        if (n < 0) {
                r = -errno;
                if (reterr_path)
                        *reterr_path = strdup(path);
                return r;
        }
        for (int i = 0; i < n; i++) {
                _cleanup_(freep) char *file = str_printf("%s/%s", path, entries[i]->d_name);

                free(entries[i]);
                if (r == 0)
                        r = file ? entry_load(t, file, read, reterr_path) : -ENOMEM;
        }
        free(entries);
        return r;
}

static TrustStore *trust_store_new(void)
{
        _cleanup_(trust_store_freep) TrustStore *t = calloc(1, sizeof(*t));

        if (!t || !(t->roots = sk_X509_new_null()) || !(t->crls = sk_X509_CRL_new_null()))
                return NULL;
        return TAKE_PTR(t);
}

int trust_store_add_text(TrustStore *t, const char *pem)
{
        return roots_read(t, pem, strlen(pem));
}

int trust_store_add(TrustStore *t, const char *roots, char **reterr_path)
{
        size_t before = trust_store_count(t);
        struct stat st;
        int r;

        if (stat(roots, &st) == 0 && S_ISDIR(st.st_mode))
                r = folder_load(t, roots, roots_read, reterr_path);
        else
                r = file_load(t, roots, roots_read, reterr_path);
        if (r < 0)
                return r;
        if (trust_store_count(t) > before)
                return 0;
        if (reterr_path)
                *reterr_path = strdup(roots);
        return -ENOENT;
}

int trust_store_load(const char *roots, const char *crl_dir, TrustStore **ret, char **reterr_path)
{
        _cleanup_(trust_store_freep) TrustStore *t = trust_store_new();
        int r;

        if (!t)
                return -ENOMEM;
        if (roots && (r = trust_store_add(t, roots, reterr_path)) < 0)
                return r;
        if (crl_dir && (r = folder_load(t, crl_dir, crls_read, reterr_path)) < 0)
                return r == -ENOENT ? -ENOTDIR : r;
        *ret = TAKE_PTR(t);
        return 0;
}

void trust_store_free(TrustStore *t)
{
        if (!t)
                return;
        sk_X509_pop_free(t->roots, X509_free);
        sk_X509_CRL_pop_free(t->crls, X509_CRL_free);
        free(t);
}

size_t trust_store_count(const TrustStore *t)
{
        return (size_t)sk_X509_num(t->roots);
}

int certificate_read(const char *text, X509 **ret)
{
        _cleanup_(freep) char *copy = NULL;
        _cleanup_(X509_freep) X509 *x = NULL;
        uint8_t der[CERTIFICATE_TEXT_MAX];
        const uint8_t *p = der;
        int n;

        if (strnlen(text, CERTIFICATE_TEXT_MAX + 1) > CERTIFICATE_TEXT_MAX)
                return 0;
        if (!(copy = strdup(text)))
                return -ENOMEM;
        if ((n = certificate_text_decode(copy, der)) <= 0)
                return 0;
        if (!(x = d2i_X509(NULL, &p, n)) || p != der + n)
                return 0;
        *ret = TAKE_PTR(x);
        return 1;
}

/* By its names; the signature decides, in judge(). A root does not issue itself: what is installed
 * to issue is not made to sign. */
static bool claims_issuer(X509 *leaf, X509 *root)
{
        return X509_get0_pubkey(root) && X509_cmp(root, leaf) != 0 &&
               X509_check_issued(root, leaf) == X509_V_OK;
}

/* Whether a CRL of that root names the certificate. One past its next update still counts: what was
 * revoked stays so. */
static bool is_revoked(const TrustStore *t, X509 *leaf, X509 *root)
{
        for (int i = 0; i < sk_X509_CRL_num(t->crls); i++) {
                X509_CRL *crl = sk_X509_CRL_value(t->crls, i);
                X509_REVOKED *entry;

                /* Signatures are what costs: looked at where it matters. */
                if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(root)) == 0 &&
                    X509_CRL_get0_by_cert(crl, &entry, leaf) == 1 &&
                    X509_CRL_verify(crl, X509_get0_pubkey(root)) == 1)
                        return true;
        }
        return false;
}

static int chain_error_to_verdict(int error)
{
        /* clang-format off */
        static const struct {
                int error;
                int verdict;
        } table[] = {
                {X509_V_OK,                                 CERTIFICATE_GOOD},
                {X509_V_ERR_OUT_OF_MEM,                     -ENOMEM},
                {X509_V_ERR_CERT_NOT_YET_VALID,             CERTIFICATE_EXPIRED},
                {X509_V_ERR_CERT_HAS_EXPIRED,               CERTIFICATE_EXPIRED},
                {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, CERTIFICATE_EXPIRED},
                {X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD,  CERTIFICATE_EXPIRED},
                {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,   CERTIFICATE_BAD_USAGE},
                {X509_V_ERR_EE_KEY_TOO_SMALL,               CERTIFICATE_BAD_KEY},
                {X509_V_ERR_CA_KEY_TOO_SMALL,               CERTIFICATE_BAD_KEY},
                {X509_V_ERR_CA_MD_TOO_WEAK,                 CERTIFICATE_BAD_KEY},
        };
        /* clang-format on */

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (table[i].error == error)
                        return table[i].verdict;
        return CERTIFICATE_UNTRUSTED;
}

/* RFC 5280 for the two of them: time, constraints, critical extensions, strength. */
static int chain_check(X509 *leaf, X509 *root, usec_t now)
{
        _cleanup_(X509_STORE_freep) X509_STORE *store = X509_STORE_new();
        _cleanup_(X509_STORE_CTX_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
        X509_VERIFY_PARAM *param;

        if (!store || !ctx || !X509_STORE_add_cert(store, root) ||
            !X509_STORE_CTX_init(ctx, store, leaf, NULL))
                return -ENOMEM;
        param = X509_STORE_CTX_get0_param(ctx);
        /* The installed root is the anchor, even if it was itself issued by another. */
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
        X509_VERIFY_PARAM_set_time(param, (time_t)(now / USEC_PER_SEC));
        X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
        if (X509_verify_cert(ctx) == 1)
                return CERTIFICATE_GOOD;
        return chain_error_to_verdict(X509_STORE_CTX_get_error(ctx));
}

/* Both usages read as "everything" where the extension is absent. A CA is also what claims
 * keyCertSign without basicConstraints. */
static bool usage_fits(X509 *leaf)
{
        return !(X509_get_extension_flags(leaf) & EXFLAG_INVALID) && X509_check_ca(leaf) == 0 &&
               (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) &&
               (X509_get_extended_key_usage(leaf) & XKU_CODE_SIGN);
}

bool key_fits(const EVP_PKEY *key)
{
        static const struct {
                int type, bits_min;
        } kinds[] = {{EVP_PKEY_RSA, 2048}, {EVP_PKEY_RSA_PSS, 2048}, {EVP_PKEY_EC, 224}};

        for (size_t i = 0; key && i < ELEMENTSOF(kinds); i++)
                if (EVP_PKEY_get_base_id(key) == kinds[i].type)
                        return EVP_PKEY_get_bits(key) >= kinds[i].bits_min;
        return false;
}

/* CERTIFICATE_UNTRUSTED: this root did not issue it; a name is easily taken. Whether it did is a
 * part of a good chain; one that is not may have failed before the signature was looked at.
 * Revocation comes before all other failures: it is the verdict that has an answer of its own
 * (RevokedCertificate). */
static int judge(const TrustStore *t, X509 *leaf, X509 *root, usec_t now)
{
        int r = chain_check(leaf, root, now);

        if (r < 0)
                return r;
        if (r != CERTIFICATE_GOOD && X509_verify(leaf, X509_get0_pubkey(root)) != 1)
                return CERTIFICATE_UNTRUSTED;
        if (is_revoked(t, leaf, root))
                return CERTIFICATE_REVOKED;
        if (r != CERTIFICATE_GOOD)
                return r;
        if (!usage_fits(leaf))
                return CERTIFICATE_BAD_USAGE;
        return key_fits(X509_get0_pubkey(leaf)) ? CERTIFICATE_GOOD : CERTIFICATE_BAD_KEY;
}

/* A root may be installed twice, the old one and the renewed one with the same key: the best
 * verdict counts, but a revocation by either. */
static int judge_by_all(const TrustStore *t, X509 *leaf, usec_t now)
{
        int verdict = CERTIFICATE_UNTRUSTED;

        for (int i = 0; i < sk_X509_num(t->roots); i++) {
                X509 *root = sk_X509_value(t->roots, i);
                int r;

                if (!claims_issuer(leaf, root))
                        continue;
                r = judge(t, leaf, root, now);
                if (r < 0 || r == CERTIFICATE_REVOKED)
                        return r;
                if (verdict != CERTIFICATE_GOOD && r != CERTIFICATE_UNTRUSTED)
                        verdict = r;
        }
        return verdict;
}

int signing_certificate_check(const TrustStore *t, const char *text, usec_t now,
                              SigningCertificate **ret)
{
        _cleanup_(signing_certificate_freep) SigningCertificate *c = calloc(1, sizeof(*c));
        _cleanup_(X509_freep) X509 *x = NULL;
        int r;

        if (!c)
                return -ENOMEM;
        if ((r = certificate_read(text, &x)) > 0)
                r = judge_by_all(t, x, now);
        else if (r == 0)
                r = CERTIFICATE_UNREADABLE;
        ERR_clear_error();
        if (r != CERTIFICATE_GOOD)
                return r;
        if (!(c->key = X509_get_pubkey(x)))
                return -ENOMEM;
        *ret = TAKE_PTR(c);
        return CERTIFICATE_GOOD;
}

void signing_certificate_free(SigningCertificate *c)
{
        if (!c)
                return;
        EVP_PKEY_free(c->key);
        free(c);
}

const char *certificate_verdict_to_string(CertificateVerdict v)
{
        /* clang-format off */
        static const char *const sentences[CERTIFICATE_VERDICT_MAX] = {
                [CERTIFICATE_GOOD]       = "the signing certificate is good",
                [CERTIFICATE_UNREADABLE] = "the signing certificate is not exactly one X.509 certificate",
                [CERTIFICATE_UNTRUSTED]  = "the signing certificate was not issued by an installed manufacturer root",
                [CERTIFICATE_EXPIRED]    = "the signing certificate or its root has expired or is not valid yet",
                [CERTIFICATE_BAD_USAGE]  = "the signing certificate is not made for signing firmware",
                [CERTIFICATE_BAD_KEY]    = "the key of the signing certificate is too weak or of an unsupported kind",
                [CERTIFICATE_REVOKED]    = "the signing certificate was revoked",
        };
        /* clang-format on */

        return (unsigned)v < CERTIFICATE_VERDICT_MAX ? sentences[v] : "unknown verdict";
}
