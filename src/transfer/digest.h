/* SHA-256 of a stream, and SHA-384 at once with it where that is wanted. */
#pragma once

#include "verify.h"

typedef struct Digest Digest;

/* 0 and *ret; -ENOMEM. All memory is taken here. */
int digest_new(bool sha384, Digest **ret);
/* Also before digest_final(). */
void digest_free(Digest *d);
DEFINE_CLEANUP(Digest *, digest_free)
/* Takes the next bytes in. 0; -EIO: the crypto library failed. */
int digest_update(Digest *d, const void *data, size_t size);
/* Both digests and the number of bytes, once, at the end. 0 and *ret; -EIO. */
int digest_final(Digest *d, FileDigest *ret);
