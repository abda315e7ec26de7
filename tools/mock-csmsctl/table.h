/* Lists of objects as tables for people. */
#pragma once

#include "spec.h"
#include <stdio.h>

typedef struct TableOptions {
        const char *const *columns; /* which, and in which order, ended by NULL; NULL, none: all */
        size_t width;               /* of a terminal, characters; 0: no limit */
} TableOptions;

/* Whether it is a list of objects, with one at least. */
bool table_fits(const cJSON *json);
/* A line for each. What is longer than a cell bears is cut. Where the table is wider than the
 * width, columns without any value are left out, then cells are cut, but those of the first column,
 * and then the columns on the right are left out; a last line names them. Columns that were chosen
 * are only cut. */
void table_print(FILE *to, const cJSON *rows, const TableOptions *options);

/* A value as a text, owned; NULL: out of memory. */
char *cell_text(const cJSON *value);
/* What a terminal may take for a command becomes "?": C0, DEL, and C1 as UTF-8. */
void cell_make_harmless(char *text);
/* Prints a text that is freed, with blanks behind it up to so many columns; 0: none. */
void cell_print(FILE *to, char *owned, size_t width);
