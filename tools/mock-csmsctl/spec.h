/* What openapi.json says of the calls, as a command line needs it. The file is ours and proved by
 * tests, so nothing is said of one that is wrong. */
#pragma once

#include "json.h"

/* Parameters of an operation with the members of its body; bytes of a word of the command line. */
#define PARAMS_MAX 64
/* Members of what a list holds. */
#define COLUMNS_MAX 32
#define WORD_MAX 64

typedef enum ParamPlace { IN_PATH, IN_QUERY, IN_BODY } ParamPlace;

/* All is borrowed from the document. */
typedef struct Param {
        const char *name, *description;
        const cJSON *schema;
        ParamPlace place;
        bool required;
} Param;

typedef struct Operation {
        const char *id, *summary, *description, *role;
        const char *path, *method;
        Param params[PARAMS_MAX];
        size_t count;
        bool takes_json;        /* a body whose members are parameters */
        const char *bytes_type; /* of a body that is any file; NULL: it takes none */
        bool needs_body;
        const char *columns[COLUMNS_MAX]; /* members of what its answer is a list of */
        size_t columns_count;             /* 0: it is no list */
} Operation;

/* Reads the document that is part of the program. 0 and *ret, owned by the caller; -ENOMEM. */
int spec_load(cJSON **ret);
/* A member of an object, with references followed. NULL: there is none. */
const cJSON *spec_at(const cJSON *document, const cJSON *object, const char *name);
/* The n-th operation of the document, in its order. false: there is none. */
bool spec_operation(const cJSON *document, size_t n, Operation *ret);
/* The operation of that subcommand. 0; -ENOENT. */
int spec_find(const cJSON *document, const char *command, Operation *ret);
/* A name in camel case ("listStations") as a word of the command line ("list-stations"). Returns
 * out. */
const char *spec_word(const char *name, char out[static WORD_MAX]);
/* Whether the schema allows this type. One without types allows all, one with words strings. */
bool spec_allows(const cJSON *schema, const char *type);
