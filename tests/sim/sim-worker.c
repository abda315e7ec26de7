/* transfer.h: what the workers would bring. A download costs time and can fail in every way; its
 * file is the number of a content, whose digest follows from the number. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "sim.h"

struct Transfer {
        enum { WORK_FETCH, WORK_HASH, WORK_RESOLVE } kind;
        TransferHandlers handlers;
        void *userdata;
        int content; /* what is fetched or hashed */
        bool fails, final;
};

void worker_digest(int content, FileDigest *ret)
{
        *ret = (FileDigest){.size_bytes = 1000};
        memset(ret->sha256, content + 64, sizeof(ret->sha256));
        memset(ret->sha384, content + 64, sizeof(ret->sha384));
}

static void work_failed(Transfer *t)
{
        static const char *const codes[] = {"connection", "stalled", "timeout", "no-space",
                                            "worker"};
        TransferFailure failure = {.final = t->final,
                                   .code = t->final ? "http-404" : codes[rnd(ELEMENTSOF(codes))],
                                   .message = "as the simulation wants it"};

        t->handlers.on_failed(t->userdata, &failure);
}

static void work_done(Transfer *t)
{
        static const char *const addresses[] = {"192.0.2.1", "192.0.2.2"};
        FileDigest digest;

        worker_digest(t->content, &digest);
        switch (t->kind) {
        case WORK_FETCH:
                spool_write(t->content);
                t->handlers.on_digest(t->userdata, &digest);
                break;
        case WORK_HASH:
                t->handlers.on_digest(t->userdata, &digest);
                break;
        case WORK_RESOLVE:
                t->handlers.on_addresses(t->userdata, addresses, 1 + rnd(2));
                break;
        }
}

static void on_end(void *arg, uint64_t n _unused_)
{
        Transfer *t = arg;

        if (t->kind == WORK_FETCH)
                story("the download %s", t->fails ? "fails" : "is complete");
        if (t->fails)
                work_failed(t);
        else
                work_done(t);
}

static void on_half(void *arg, uint64_t n _unused_)
{
        Transfer *t = arg;

        sim.world.spool_part = CONTENT_BROKEN;
        if (t->handlers.on_progress)
                t->handlers.on_progress(t->userdata, 500, chance(500) ? 1000 : -1);
}

static int start(int kind, const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        Transfer *t;

        if (!effect("starting a worker"))
                return -EIO;
        if (fault(FAULT_HASH))
                return -EAGAIN;
        t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        t->kind = kind;
        t->handlers = *handlers;
        t->userdata = userdata;
        *ret = t;
        return 0;
}

int transfer_fetch(sd_event *event _unused_, const char *worker _unused_, const FetchJob *job,
                   const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        int order = law_order_of_agent(), r = start(WORK_FETCH, handlers, userdata, ret);
        usec_t takes = span(USEC_PER_SEC, 20 * USEC_PER_MIN);

        if (r < 0)
                return r;
        LAW(order >= 0, "a download of what nobody ordered: %s", job->url);
        if (order < 0)
                return -EIO;
        LAW(sim.orders[order].good_url, "a download from a location that can't be fetched");
        (*ret)->content = fault(FAULT_WRONG_FILE) ? CONTENT_BROKEN : sim.orders[order].content;
        (*ret)->fails = fault(FAULT_DOWNLOAD);
        if (fault(FAULT_DOWNLOAD_FINAL))
                (*ret)->fails = (*ret)->final = true;
        story("a download begins: %s", job->url);
        todo_add(OF_LIFE, takes / 2, on_half, *ret, 0);
        todo_add(OF_LIFE, takes, on_end, *ret, 0);
        return 0;
}

int transfer_hash(sd_event *event _unused_, const char *worker _unused_, const char *file,
                  const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        int r;

        if (spool_content(file) == CONTENT_NONE)
                return -ENOENT;
        r = start(WORK_HASH, handlers, userdata, ret);
        if (r < 0)
                return r;
        (*ret)->content = spool_content(file);
        (*ret)->fails = fault(FAULT_HASH);
        (*ret)->final = (*ret)->fails && chance(200);
        todo_add(OF_LIFE, span(USEC_PER_SEC / 10, USEC_PER_MIN), on_end, *ret, 0);
        return 0;
}

/* Nobody orders an update at the charger itself here. */
int transfer_copy(sd_event *event _unused_, const char *worker _unused_, int source _unused_,
                  const char *file _unused_, uint64_t max_size_bytes _unused_,
                  const TransferHandlers *handlers _unused_, void *userdata _unused_,
                  Transfer **ret _unused_)
{
        return -EOPNOTSUPP;
}

int transfer_resolve(sd_event *event _unused_, const char *worker _unused_,
                     const char *host _unused_, const char *service _unused_,
                     const TransferHandlers *handlers, void *userdata, Transfer **ret)
{
        int r = start(WORK_RESOLVE, handlers, userdata, ret);

        if (r < 0)
                return r;
        (*ret)->fails = fault(FAULT_LINK_REFUSE);
        todo_add(OF_LIFE, span(USEC_PER_MSEC, 10 * USEC_PER_SEC), on_end, *ret, 0);
        return 0;
}

void transfer_cancel(Transfer *t)
{
        if (!t)
                return;
        todo_cancel(t);
        free(t);
}

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
        int r = store ? 0 : __real_trust_store_load(roots, crl_dir, &store, reterr_path);

        *ret = store;
        return r;
}

void __wrap_trust_store_free(TrustStore *t _unused_)
{
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
        char *text = calloc(1, 2 * sizeof(signature));

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
