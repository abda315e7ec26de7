/* All actions that a version knows: its own, then those of its base that it has not replaced. */
#pragma once

#include "dialect.h"

/* The entry after in (NULL: the first), NULL at the end. */
static inline const Incoming *next_incoming(const Dialect *d, const Incoming *in)
{
        for (const Dialect *owner = d; owner; owner = owner->base)
                for (size_t i = 0; i < owner->own_incoming_count; i++) {
                        const Incoming *one = &owner->own_incoming[i];

                        if (!in && dialect_find_incoming(d, one->action) == one)
                                return one;
                        if (in == one)
                                in = NULL;
                }
        return NULL;
}

#define FOREACH_INCOMING(in, d)                                                                    \
        for (const Incoming *in = next_incoming(d, NULL); in; in = next_incoming(d, in))
