/* JSON text to a cJSON tree, and UTF-8. cJSON is forgiving where a peer must not be (rubbish behind
 * the value, bad numbers, control characters, bytes that are no UTF-8), so each text is proved
 * against RFC 8259 before cJSON reads it. */
#pragma once

#include "util.h"
#include <cjson/cJSON.h>

/* How deep arrays and objects may be nested. */
#define JSON_DEPTH_MAX 64

DEFINE_CLEANUP(cJSON *, cJSON_Delete)

/* Code points of UTF-8 text; invalid bytes count as one each. */
size_t utf8_length(const char *s);
/* Whether size bytes are valid UTF-8 (no surrogates, no overlong forms). */
bool utf8_valid(const char *s, size_t size);
/* A copy of at most max code points of s (0: all), with '?' for each byte that is no UTF-8. Owned
 * by the caller; NULL when out of memory. */
char *utf8_clip(const char *s, size_t max);

/* JSON text of n bytes to a tree, strictly: valid UTF-8, one value, nothing behind it, no NUL byte
 * inside, no lone surrogate, nesting ≤ JSON_DEPTH_MAX levels. An escaped NUL (backslash, u0000)
 * becomes U+FFFD, so that no string ends early. 0 and *ret owned by the caller; -EBADMSG; -ENOMEM.
 */
int json_parse(const char *text, size_t size, cJSON **ret);
