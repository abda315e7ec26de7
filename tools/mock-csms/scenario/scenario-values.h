/* The values that a scenario gives names to, and the texts with "${name}" that they go into. */
#pragma once

#include "json.h"

/* Values at a time, bytes of the name of one, and of all that is made of one template. */
#define VALUES_MAX 128
#define VALUE_NAME_MAX 64
#define EXPANDED_BYTES_MAX ((size_t)1 << 20)

typedef struct Value {
        char name[VALUE_NAME_MAX + 1];
        cJSON *json; /* owned */
} Value;

typedef struct Values {
        Value items[VALUES_MAX];
        size_t count;
        usec_t now;                       /* wall clock, for ${now} */
        int64_t (*fresh)(void *userdata); /* a number for ${fresh} */
        void *userdata;
} Values;

/* Forgets all values. */
void values_clear(Values *values);
/* Takes json over, in the place of an older value. 0; -EINVAL: no name; -ENOSPC; -ENOMEM. */
int values_set(Values *values, const char *name, cJSON *json);
/* Borrowed; NULL: there is none. */
const cJSON *values_get(const Values *values, const char *name);

/* A name: a letter, then letters, digits, "_", "-" and ".". */
bool value_name_valid(const char *name);

/* A copy of the template with every "${name}" in its strings replaced. A string that is nothing
 * else takes the value with its type. ${now}, ${now+2h}, ${now-30s}: that time, RFC 3339; ${fresh}:
 * a number never used before. 0 and *ret, owned by the caller; -ENOENT and *reterr, the name
 * without a value (to be freed); -E2BIG: too large; -ENOMEM. */
int values_expand(const Values *values, const cJSON *template, cJSON **ret, char **reterr);

/* Calls seen for every name in the strings of a template, but for now and fresh. 0; what seen gave
 * if that was negative; -EINVAL: "${" without a good name and "}". */
int values_names(const cJSON *template, int (*seen)(void *userdata, const char *name),
                 void *userdata);

/* "500ms", "2s", "1.5m", "2h". 0 and *ret in usec; -EINVAL. */
int duration_parse(const char *text, usec_t *ret);
