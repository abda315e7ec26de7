/* A struct and a table of every kind of field, for the tests of the codec. */
#pragma once

#include "core/codec.h"

typedef enum Colour { COLOUR_RED, COLOUR_BLUE, COLOUR_OTHER, COLOUR_MAX } Colour;

typedef struct Sample {
        char *name;
        char *note;
        int64_t count;
        int64_t shift;
        int flag;
        usec_t when;
        int colour;
        int shade;
        char *text;
        int64_t number;
        char *lonely;
} Sample;
#define SAMPLE_INIT                                                                                \
        {                                                                                          \
                .count = NO_INT, .shift = NO_INT, .flag = -1, .when = NO_TIME, .colour = -1,       \
                .shade = -1, .number = NO_INT                                                      \
        }

/* "Other" has no word of its own: it is what "Green" and "Grey" are read as. */
static const char *const colour_words[] = {[COLOUR_RED] = "Red", [COLOUR_BLUE] = "Blue"};
static const char *const colour_others[] = {"Green", "Grey", NULL};
static const EnumTable colours = {colour_words, ELEMENTSOF(colour_words), colour_others,
                                  COLOUR_OTHER};
static const char *const shade_words[] = {NULL, "Dark"};
static const EnumTable shades = {shade_words, ELEMENTSOF(shade_words), NULL, -1};

/* clang-format off */
static const Field deep_fields[] = {
        { "number", FIELD_INT, true, offsetof(Sample, number), .min = 1 },
};
static const Table deep_table = { "Deep", deep_fields, ELEMENTSOF(deep_fields) };

static const Field inner_fields[] = {
        { "text", FIELD_STRING, true,  offsetof(Sample, text), .max = 3 },
        { "deep", FIELD_INLINE, false, .table = &deep_table },
};
static const Table inner_table = { "Inner", inner_fields, ELEMENTSOF(inner_fields) };

static const Field lonely_fields[] = {
        { "lonely", FIELD_STRING, false, offsetof(Sample, lonely) },
};
static const Table lonely_table = { "Lonely", lonely_fields, ELEMENTSOF(lonely_fields) };

static const Field checked_fields[] = {
        { "word",  FIELD_ENUM,    true,  .names = &colours },
        { "label", FIELD_STRING,  false, .max = 2 },
        { "stamp", FIELD_TIME,    false },
        { "size",  FIELD_INT,     false, .min = NO_INT },
        { "yes",   FIELD_BOOL,    false },
};
static const Table checked_table = { "Checked", checked_fields, ELEMENTSOF(checked_fields) };

static const Field sample_fields[] = {
        { "name",    FIELD_STRING,  true,  offsetof(Sample, name),   .max = 5 },
        { "note",    FIELD_STRING,  false, offsetof(Sample, note) },
        { "count",   FIELD_INT,     true,  offsetof(Sample, count),  .min = 0 },
        { "shift",   FIELD_INT,     false, offsetof(Sample, shift),  .min = NO_INT },
        { "flag",    FIELD_BOOL,    false, offsetof(Sample, flag) },
        { "when",    FIELD_TIME,    false, offsetof(Sample, when) },
        { "colour",  FIELD_ENUM,    true,  offsetof(Sample, colour), .names = &colours },
        { "shade",   FIELD_ENUM,    false, offsetof(Sample, shade),  .names = &shades },
        { "inner",   FIELD_INLINE,  false, .table = &inner_table },
        { "lonely",  FIELD_INLINE,  true,  .table = &lonely_table },
        { "any",     FIELD_IGNORED, false, .json_type = JSON_ANY },
        { "string",  FIELD_IGNORED, false, .json_type = JSON_STRING, .max = 4 },
        { "integer", FIELD_IGNORED, false, .json_type = JSON_INTEGER },
        { "decimal", FIELD_IGNORED, false, .json_type = JSON_NUMBER },
        { "bool",    FIELD_IGNORED, false, .json_type = JSON_BOOL },
        { "array",   FIELD_IGNORED, false, .json_type = JSON_ARRAY },
        { "object",  FIELD_IGNORED, false, .json_type = JSON_OBJECT },
        { "checked", FIELD_IGNORED, false, .json_type = JSON_OBJECT, .table = &checked_table },
};
static const Table sample_table = { "Sample", sample_fields, ELEMENTSOF(sample_fields) };
/* clang-format on */

/* Every member of every table. */
static const char sample_full[] =
        "{\"name\":\"abc\",\"note\":\"n\",\"count\":1,\"shift\":-7,\"flag\":true,"
        "\"when\":\"2026-11-24T04:10:00.500Z\",\"colour\":\"Blue\",\"shade\":\"Dark\","
        "\"inner\":{\"text\":\"t\",\"deep\":{\"number\":9}},\"lonely\":{\"lonely\":\"l\"},"
        "\"any\":null,\"string\":\"s\",\"integer\":1,\"decimal\":1.5,\"bool\":false,\"array\":[1],"
        "\"object\":{\"x\":1},\"checked\":{\"word\":\"Red\",\"label\":\"l\","
        "\"stamp\":\"2026-11-24T04:10:00Z\",\"size\":-1,\"yes\":true}}";

/* What of it we say again. */
static const char sample_full_again[] =
        "{\"name\":\"abc\",\"note\":\"n\",\"count\":1,\"shift\":-7,\"flag\":true,"
        "\"when\":\"2026-11-24T04:10:00.500Z\",\"colour\":\"Blue\",\"shade\":\"Dark\","
        "\"inner\":{\"text\":\"t\",\"deep\":{\"number\":9}},\"lonely\":{\"lonely\":\"l\"}}";
