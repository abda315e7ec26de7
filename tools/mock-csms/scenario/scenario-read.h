/* What the loader's files share: where they are in the file, and how they complain. */
#pragma once

#include "scenario.h"

/* The chain of members up to the root, on the stack. */
typedef struct Where {
        const struct Where *parent;
        const char *name; /* NULL: an element */
        int index;
        ScenarioError *error; /* of the root */
} Where;

/* What a member's value must be. */
typedef enum MemberType {
        MEMBER_TEXT, /* a string with something in it */
        MEMBER_OBJECT,
        MEMBER_LIST, /* an array with something in it */
        MEMBER_BOOL,
        MEMBER_COUNT,    /* a whole number from 1 on */
        MEMBER_DURATION, /* see duration_parse() */
        MEMBER_ANY,
} MemberType;

typedef struct Member {
        const char *name;
        MemberType type;
        bool required;
} Member;

/* Writes the complaint. -EINVAL. */
int read_complain(const Where *where, const char *format, ...) _printf_(2, 3);
/* Whether an object has these members alone, each once and of its type. 0, -EINVAL. */
int read_members(const Where *where, const cJSON *object, const Member *members, size_t count);
/* A string or NULL; a span that read_members() found good. */
const char *read_text(const cJSON *object, const char *name);
usec_t read_duration(const cJSON *object, const char *name, usec_t otherwise);

/* Reads one step. 0, -EINVAL, -ENOMEM. */
int step_read(const Where *where, const cJSON *json, Step *step);
void step_done(Step *step);
