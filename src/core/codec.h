/* JSON ⇄ struct by field tables. One line a field with name, kind, member, limit and enum; decoder,
 * encoder, destructor and the comparison with the official schemas read the same line. Knows no
 * message and no version. */
#pragma once

#include "json.h"

typedef enum FieldKind {
        FIELD_STRING,  /* char *; max code points */
        FIELD_INT,     /* int64_t; integral JSON number within min … INT32_MAX */
        FIELD_BOOL,    /* int: 0, 1, -1 absent */
        FIELD_TIME,    /* usec_t wall clock; JSON string, RFC 3339 */
        FIELD_ENUM,    /* int; JSON string by names */
        FIELD_INLINE,  /* JSON object whose members are spread over the same struct (table, offset
                          unused) */
        FIELD_LIST,    /* List; JSON array, each element by the list's item */
        FIELD_IGNORED, /* known to the version, of no concern to us: the JSON type is checked
                          (json_type), nothing is stored or written */
} FieldKind;

/* JSON types of FIELD_IGNORED. */
typedef enum JsonType {
        JSON_ANY,
        JSON_STRING,
        JSON_INTEGER,
        JSON_NUMBER,
        JSON_BOOL,
        JSON_OBJECT,
        JSON_ARRAY
} JsonType;

/* Names of an enum in one version; names[value] may be NULL: the version has no such word.
 * catch_all ≥ 0 is the value of words that the version knows but we don't tell apart (others: their
 * NULL-terminated list; NULL: of every other word, where an answer can say that there is none
 * such), -1 = none. */
typedef struct EnumTable {
        const char *const *names;
        size_t count;
        const char *const *others;
        int catch_all;
} EnumTable;

typedef struct Table Table;
typedef struct ListType ListType;

/* There are hundreds of them: kept small. */
typedef struct Field {
        const char *name; /* of the JSON member */
        FieldKind kind : 8;
        bool required;
        uint16_t offset;        /* of the struct's member */
        uint16_t max;           /* code points of a string, 0 = no limit but the frame's */
        JsonType json_type : 8; /* FIELD_IGNORED */
        union {
                const EnumTable *names; /* FIELD_ENUM; strings of FIELD_IGNORED: NULL any */
                const ListType *list;   /* FIELD_LIST; arrays of FIELD_IGNORED: NULL any */
        };
        const Table *table; /* FIELD_INLINE; FIELD_IGNORED objects may name one to be checked by,
                               NULL else */
        int64_t min;        /* FIELD_INT: smallest value allowed; NO_INT none */
} Field;
_Static_assert(sizeof(Field) == 5 * 8, "a field has grown");

struct Table {
        const char *name; /* the schema's name without Request/.req, e.g. "UpdateFirmware"; inner
                             objects: the type's name */
        const Field *fields;
        size_t count;
};

/* What a FIELD_LIST holds. */
struct ListType {
        Field item;          /* of an element, which is its struct: FIELD_INLINE for objects; for
                                strings, words and the like a struct with that one member. No list */
        size_t element_size; /* bytes */
        const void *initial; /* an element without any member: what absent ones keep; NULL: zeros */
        size_t min, max;     /* elements; max bounds what a peer may send (part 2: cardinality) */
};

/* What a version reads otherwise than the one whose tables it shares: this field, in every table of
 * that name (a request's and its answer's have the same one). */
typedef struct FieldChange {
        const char *table, *field;
        const Field *added; /* FIELD_IGNORED that the table lacks; NULL: it has it, but: */
        union {             /* as in Field; NULL: as it was */
                const EnumTable *names;
                const ListType *list;
        };
        uint16_t max;      /* 0: as it was; never below what it was */
        bool not_negative; /* the smallest number is 0 */
        bool any_word;     /* of FIELD_IGNORED: no list of words any more */
} FieldChange;

/* How a version reads objects. */
typedef struct CodecRules {
        bool unknown_is_violation; /* 2.x: additionalProperties false */
        bool custom_data; /* 2.x: any object may carry customData {vendorId ≤ 255, …} */
        /* Those of one table stand together; the last has no table. NULL: none. What is written
         * keeps to the tables as they are, whose limits are the narrower ones. */
        const FieldChange *changes;
} CodecRules;

typedef enum CodecViolation {
        CODEC_FINE,
        CODEC_MISSING,    /* a required member is absent */
        CODEC_UNKNOWN,    /* a member that the version doesn't have, or one given twice */
        CODEC_COUNT,      /* a list with too few or too many elements */
        CODEC_TYPE,       /* the wrong JSON type */
        CODEC_CONSTRAINT, /* right type, bad value: too long, no such word, not a time, out of range
                           */
} CodecViolation;

typedef struct CodecError {
        CodecViolation violation;
        char path[96];  /* "firmware.location" */
        char text[160]; /* one sentence for the CALLERROR's description, ASCII, no peer bytes but
                           the member's name if it is plain */
} CodecError;

/* Fills *out (already initialised: absent members keep what it holds) from json. out may be NULL:
 * json is only checked, and words that the version has and we have no value for are fine.
 * 0; -EBADMSG with *reterr; -ENOMEM. On failure nothing needs freeing: strings and lists already
 * taken are freed and empty. */
int codec_decode(const Table *table, CodecRules rules, const cJSON *json, void *out,
                 CodecError *reterr);

/* Makes JSON of *in. Absent members (NULL, NO_INT, NO_TIME, -1, an empty list) are left out; an
 * inline object all of whose members are absent too. Strings longer than max are cut at a code
 * point. 0 and *ret (owned by the caller, cJSON_Delete); -ENODATA with *reterr: a required member
 * is absent or the version has no word for it; -ENOMEM. */
int codec_encode(const Table *table, const void *in, cJSON **ret, CodecError *reterr);

/* Frees the strings and lists of a struct and empties them. */
void codec_done(const Table *table, void *s);

/* The field of that name, also one that the version has added; NULL: there is none. */
const Field *codec_find_field(CodecRules rules, const Table *table, const char *name);
/* The field of the table as the version reads it. */
Field codec_field(CodecRules rules, const Table *table, const Field *field);

/* The value of a word, or names' catch_all for one of its others; -EINVAL, also of NULL. */
int enum_from_word(const EnumTable *names, const char *word);
/* The word of a value, borrowed; NULL if the version has none. */
const char *enum_to_word(const EnumTable *names, int value);
