/* Structs and rows: which member goes into which column, by a table. */
#pragma once

#include "state-private.h"

typedef enum ColumnKind {
        COLUMN_TEXT,   /* char *; NULL where there is none */
        COLUMN_NUMBER, /* int64_t; NO_INT where there is none */
        COLUMN_TIME,   /* usec_t, wall clock; NO_TIME where there is none */
} ColumnKind;

typedef struct Column {
        ColumnKind kind;
        size_t offset; /* of the member */
} Column;

/* Binds the members of *row from the parameter first on; texts must live until the step. */
void columns_bind(Statement q, int first, const Column *columns, size_t count, const void *row);
/* Fills *row, whose members are absent before, from the column first on. 0; -ENOMEM: what was
 * taken is there to be freed. */
int columns_read(Statement q, int first, const Column *columns, size_t count, void *row);
/* Frees the texts of a row. */
void columns_done(const Column *columns, size_t count, void *row);
