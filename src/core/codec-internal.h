/* What the codec's two directions share. */
#pragma once

#include "codec.h"

/* Where in the message we are: the chain of names up to the root, on the stack. */
typedef struct Place {
        const struct Place *parent;
        const char *name; /* NULL at the root */
} Place;

static const Place codec_root = {0};

/* Describes what is wrong at a place. The names of a table are plain, so no byte of the peer's but
 * a plain name gets into the text. */
int codec_complain(CodecError *error, const Place *place, CodecViolation violation,
                   const char *what);

static inline void *member(const Field *f, void *s)
{
        return (char *)s + f->offset;
}

static inline const void *const_member(const Field *f, const void *s)
{
        return (const char *)s + f->offset;
}
