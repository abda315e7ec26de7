/* A word of the command line as a value that a schema allows. */
#pragma once

#include "spec.h"

/* Bytes of a sentence that tells what is wrong. */
#define SENTENCE_MAX 512

typedef struct Sentence {
        char text[SENTENCE_MAX];
} Sentence;

/* Writes it, clipped where it is too long. Returns -EINVAL. */
int complain(Sentence *reterr, const char *format, ...) _printf_(2, 3);
/* 0 and *ret, owned by the caller; -EINVAL and what was expected ("a whole number from 0");
 * -ENOMEM. Of a list words are parted by commas; lists and objects may be JSON. */
int value_read(const cJSON *document, const cJSON *schema, const char *text, cJSON **ret,
               Sentence *reterr);
