/* The journal, read from its newest entry backwards, in pieces of text that are each in order: what
 * is oldest can be left out without having looked at it. Memory does not depend on its size. */
#pragma once

#include "util.h"
#include <cjson/cJSON.h>

/* A piece of text, at most. */
#define JOURNAL_PIECE_MAX (384 * 1024)

typedef struct Journal Journal;

/* What is read. All borrowed. */
typedef struct JournalQuery {
        const char *folder;  /* NULL: the system's journal */
        const cJSON *units;  /* array of texts: a unit ("rauc" is rauc.service), a glob, or "*": all
                                there is, the kernel too */
        usec_t since, until; /* when it was received, both included; 0 and NO_TIME: open */
} JournalQuery;

/* A piece. text is borrowed, valid until the next call. */
typedef struct JournalPiece {
        const char *text;
        size_t size;
        usec_t oldest, newest;
} JournalPiece;

/* 0 and *ret; negative errno: there is no such folder, or it can't be read. */
int journal_open(const JournalQuery *query, Journal **ret);
void journal_free(Journal *j);
DEFINE_CLEANUP(Journal *, journal_free)
/* 1 and *ret: the time of the next entry, which is older than those before; 0: there is none. */
int journal_next(Journal *j, usec_t *ret);
/* The next entries, of at most max bytes together. 1 and *ret; 0: not even one fits, or there is
 * none. */
int journal_piece(Journal *j, size_t max, JournalPiece *ret);
/* Says in an object of the manifest what was read, and what of it is damaged. 0 or -ENOMEM. */
int journal_tell(const Journal *j, cJSON *object);
