/* One or two digests over one stream: see digest.h. */
#include <openssl/evp.h>

#include "digest.h"

struct Digest {
        EVP_MD_CTX *sha256, *sha384; /* sha384 may be NULL */
        uint64_t size_bytes;
};

int digest_new(bool sha384, Digest **ret)
{
        _cleanup_(digest_freep) Digest *d = calloc(1, sizeof(*d));

        if (!d)
                return -ENOMEM;
        d->sha256 = EVP_MD_CTX_new();
        if (!d->sha256 || !EVP_DigestInit_ex(d->sha256, EVP_sha256(), NULL))
                return -ENOMEM;
        d->sha384 = sha384 ? EVP_MD_CTX_new() : NULL;
        if (sha384 && (!d->sha384 || !EVP_DigestInit_ex(d->sha384, EVP_sha384(), NULL)))
                return -ENOMEM;
        *ret = TAKE_PTR(d);
        return 0;
}

void digest_free(Digest *d)
{
        if (!d)
                return;
        EVP_MD_CTX_free(d->sha256);
        EVP_MD_CTX_free(d->sha384);
        free(d);
}

int digest_update(Digest *d, const void *data, size_t size)
{
        if (!EVP_DigestUpdate(d->sha256, data, size) ||
            (d->sha384 && !EVP_DigestUpdate(d->sha384, data, size)))
                return -EIO;
        d->size_bytes += size;
        return 0;
}

int digest_final(Digest *d, FileDigest *ret)
{
        FileDigest f = {.size_bytes = d->size_bytes, .has_sha384 = d->sha384};

        if (!EVP_DigestFinal_ex(d->sha256, f.sha256, NULL) ||
            (d->sha384 && !EVP_DigestFinal_ex(d->sha384, f.sha384, NULL)))
                return -EIO;
        *ret = f;
        return 0;
}
