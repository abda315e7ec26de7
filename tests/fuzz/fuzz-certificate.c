/* Root certificates of any bytes, as InstallCertificate brings them; the first byte says what is
 * tried. What is good is written so that it can be read again, and found by its hash data. */
#include "verify-fixture.h"

#include "certificates.h"

/* For what stands behind the signature, which no fuzzer gets past. */
#include "core/verify-root.c"

#define NOW (1900000000 * USEC_PER_SEC)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fine)
{
        if (!fine)
                abort();
}

static void require_sound(const RootHashes *h, size_t digits)
{
        require(strlen(h->issuer_name) == digits && strlen(h->issuer_key) == digits);
        require(*h->serial && (*h->serial != '0' || streq(h->serial, "0")));
        require(strspn(h->serial, "0123456789abcdef") == strlen(h->serial));
}

static TrustStore *store_of(const char *pem)
{
        TrustStore *t = NULL;

        require(trust_store_load(NULL, NULL, &t, NULL) == 0);
        require(trust_store_add_text(t, pem) == 0);
        return t;
}

/* All three of its ids lead to it. */
static void require_found(const TrustStore *t)
{
        for (HashAlgorithm i = HASH_SHA256; i < HASH_ALGORITHM_MAX; i++) {
                RootHashes h;
                RootId id = {.algorithm = (int)i,
                             .issuer_name_hash = h.issuer_name,
                             .issuer_key_hash = h.issuer_key,
                             .serial = h.serial};

                require(trust_store_hashes(t, 0, 256 + 128 * (unsigned)i, &h) == 0);
                require_sound(&h, 64 + 32 * (size_t)i);
                require(certificates_find(t, &id) == 0);
        }
}

static void try_install(const char *text)
{
        _cleanup_(trust_store_freep) TrustStore *t = NULL;
        _cleanup_(freep) char *pem = NULL, *again = NULL, *written = NULL;
        int r = root_check(text, NOW, &pem);

        require(r >= 0 && r < ROOT_FINDINGS && (r == ROOT_IS_GOOD) == (pem != NULL));
        require(ERR_peek_error() == 0);
        if (!pem)
                return;
        t = store_of(pem);
        require(trust_store_count(t) == 1);
        require_found(t);
        require(root_check(pem, NOW, &again) == ROOT_IS_GOOD && streq(again, pem));
        require((written = trust_store_write(t)) && streq(written, pem));
}

/* Every certificate that can be read, good or not. */
static void try_parts(const char *text)
{
        _cleanup_(X509_freep) X509 *x = NULL;
        RootHashes h;

        if (certificate_read(text, &x) > 0) {
                is_root(x);
                is_valid_at(x, NOW);
                key_fits(X509_get0_pubkey(x));
                if (root_hashes(x, 512, &h) == 0)
                        require_sound(&h, 128);
        }
        ERR_clear_error();
}

/* A file as it may lie on the disk. */
static void try_file(const char *text)
{
        _cleanup_(trust_store_freep) TrustStore *t = store_of(fixture_root);
        _cleanup_(freep) char *written = NULL;
        int r = trust_store_add_text(t, text);
        size_t count = trust_store_count(t);

        require(r == 0 || r == -EBADMSG || r == -ENOMEM);
        for (size_t i = 0; i < count; i++) {
                RootHashes h;
                uint8_t digest[SHA256_SIZE];

                r = trust_store_hashes(t, i, 256, &h);
                require(r == 0 || r == -EINVAL || r == -ENOMEM);
                if (r == 0)
                        require_sound(&h, 64);
                require(trust_store_digest(t, i, digest) == 0);
                require(trust_store_find(t, digest) <= (int)i);
        }
        require((written = trust_store_write(t)) != NULL);
        trust_store_drop(t, 0);
        require(trust_store_count(t) == count - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(freep) char *text = NULL;

        if (size < 1 || !(text = strndup((const char *)data + 1, size - 1)))
                return 0;
        switch (data[0]) {
        case 'i':
                try_install(text);
                break;
        case 'p':
                try_parts(text);
                break;
        case 'f':
                try_file(text);
                break;
        }
        return 0;
}
