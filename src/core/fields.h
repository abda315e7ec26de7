/* Short hand for the field tables of codec.h, one macro a kind, so that a table reads like the one
 * in the specification. Each checks that the member has the C type that its kind needs. */
#pragma once

#include "codec.h"

#define REQUIRED true
#define OPTIONAL false

#define MEMBER_IS(s, m, type) __builtin_types_compatible_p(__typeof__(((s *)0)->m), type)
/* offsetof() that does not compile unless cond holds. */
#define OFFSET_IF(s, m, cond) (offsetof(s, m) + 0 * sizeof(char[(cond) ? 1 : -1]))
#define STRING_OFFSET(s, m)                                                                        \
        OFFSET_IF(s, m, MEMBER_IS(s, m, char *) || MEMBER_IS(s, m, const char *))

/* clang-format off */
/* name, need, struct, member, and for a string the most code points (0: the frame's limit) */
#define STRING_FIELD(n, need, s, m, limit) \
        { .name = n, .kind = FIELD_STRING, .required = need, .offset = STRING_OFFSET(s, m), .max = limit, .min = NO_INT }
#define INT_FIELD(n, need, s, m) \
        { .name = n, .kind = FIELD_INT, .required = need, .offset = OFFSET_IF(s, m, MEMBER_IS(s, m, int64_t)), .min = NO_INT }
#define BOOL_FIELD(n, need, s, m) \
        { .name = n, .kind = FIELD_BOOL, .required = need, .offset = OFFSET_IF(s, m, MEMBER_IS(s, m, int)), .min = NO_INT }
#define TIME_FIELD(n, need, s, m) \
        { .name = n, .kind = FIELD_TIME, .required = need, .offset = OFFSET_IF(s, m, MEMBER_IS(s, m, usec_t)), .min = NO_INT }
/* … and an EnumTable */
#define ENUM_FIELD(n, need, s, m, words) \
        { .name = n, .kind = FIELD_ENUM, .required = need, .offset = OFFSET_IF(s, m, MEMBER_IS(s, m, int)), .names = &(words), .min = NO_INT }
/* The version defines a free string of at most limit code points, we a list of words. */
#define OPEN_ENUM_FIELD(n, need, s, m, words, limit) \
        { .name = n, .kind = FIELD_ENUM, .required = need, .offset = OFFSET_IF(s, m, MEMBER_IS(s, m, int)), .names = &(words), .max = limit, .min = NO_INT }
/* name, need, Table of the inner object */
#define INLINE_FIELD(n, need, t) \
        { .name = n, .kind = FIELD_INLINE, .required = need, .table = &(t), .min = NO_INT }
/* name, need, struct, member (a List), its ListType; then the ListTypes: of objects by their table,
 * of strings by the most code points of each; an element's struct, and how many there may be */
#define LIST_FIELD(n, need, s, m, type) \
        { .name = n, .kind = FIELD_LIST, .required = need, .offset = OFFSET_IF(s, m, MEMBER_IS(s, m, List)), .list = &(type), .min = NO_INT }
#define LIST_OF_OBJECTS(t, s, first, least, most) \
        { .item = { .kind = FIELD_INLINE, .required = true, .table = &(t), .min = NO_INT }, .element_size = sizeof(s), .initial = first, .min = least, .max = most }
#define LIST_OF_STRINGS(limit, least, most) \
        { .item = { .kind = FIELD_STRING, .required = true, .max = limit, .min = NO_INT }, .element_size = sizeof(char *), .min = least, .max = most }
#define LIST_OF_WORDS(words, least, most) \
        { .item = { .kind = FIELD_ENUM, .required = true, .names = &(words), .min = NO_INT }, .element_size = sizeof(int), .min = least, .max = most }
#define IGNORED_OBJECT(n, need, t) \
        { .name = n, .kind = FIELD_IGNORED, .required = need, .table = &(t), .json_type = JSON_OBJECT, .min = NO_INT }
/* name, need, most code points */
#define IGNORED_STRING(n, need, limit) \
        { .name = n, .kind = FIELD_IGNORED, .required = need, .max = limit, .json_type = JSON_STRING, .min = NO_INT }
/* … and an EnumTable */
#define IGNORED_WORD(n, need, words) \
        { .name = n, .kind = FIELD_IGNORED, .required = need, .json_type = JSON_STRING, .names = &(words), .min = NO_INT }
/* … of any other JsonType, not looked into */
#define IGNORED_MEMBER(n, need, type) \
        { .name = n, .kind = FIELD_IGNORED, .required = need, .json_type = type, .min = NO_INT }
#define BOOL_FIELD(n, need, s, m) \
        { .name = n, .kind = FIELD_BOOL, .required = need, .offset = OFFSET_IF(s, m, MEMBER_IS(s, m, int)), .min = NO_INT }
/* name, need, JsonType of a number or boolean */
#define IGNORED_FIELD(n, need, type) \
        { .name = n, .kind = FIELD_IGNORED, .required = need, .json_type = type, .min = NO_INT }
#define TABLE(n, list) { .name = n, .fields = list, .count = ELEMENTSOF(list) }
/* A message without members. */
#define EMPTY_TABLE(n) { .name = n }
/* The array of words by value; then a NULL-terminated list of the version's other words (or NULL) and
 * the value that they decode to (-1: they can't be read). */
#define WORDS(list) { .names = list, .count = ELEMENTSOF(list), .catch_all = -1 }
#define WORDS_AND_OTHERS(list, rest, any) { .names = list, .count = ELEMENTSOF(list), .others = rest, .catch_all = any }
/* Every other word decodes to that value. */
#define WORDS_AND_ANY(list, any) { .names = list, .count = ELEMENTSOF(list), .catch_all = any }
/* clang-format on */
