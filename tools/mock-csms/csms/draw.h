/* Who is drawn: by a name and an identity, so that the same ones are drawn each time. */
#pragma once

#include <stdint.h>

/* A number whose bits all depend on all of both texts: near ones are far apart (FNV-1a and the end
 * of splitmix64). */
uint64_t draw_number(const char *name, const char *id);
