/* Patterns: does a JSON value look as awaited? The operators are listed in docs/mock-csms.md. */
#pragma once

#include "json.h"

/* Where and why a value does not fit. */
typedef struct Mismatch {
        char path[128]; /* "chargingStation.model"; "" at the root */
        char text[256]; /* "expected …, got …" */
} Mismatch;

/* Whether value (NULL: there is none) fits the pattern, whose names are replaced already. If not,
 * *ret (may be NULL) says why. */
bool pattern_matches(const cJSON *pattern, const cJSON *value, Mismatch *ret);

/* Whether a pattern is well formed, before its names are replaced. 0; -EINVAL with where and why.
 */
int pattern_check(const cJSON *pattern, Mismatch *reterr);

/* JSON on one line, cut to the room with "…"; a literal "nothing" for NULL. Returns buffer. */
const char *json_brief(const cJSON *json, char *buffer, size_t room);
