/* For tests that compare a table of docs/interfaces.md with the words of the code, both ways. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util.h"

/* A file of the sources, owned by the caller. */
static inline char *doc_read(const char *name)
{
        _cleanup_(freep) char *path = str_printf("%s/%s", getenv("SOURCE_DIR"), name);
        char *text = NULL;

        if (file_read(path, 131072, &text, NULL) < 0)
                fail_msg("can't read %s", path);
        return text;
}

/* The first row of the table with that head, which is a whole line. */
static inline const char *doc_table(const char *text, const char *head)
{
        const char *at = strstr(text, head);

        if (!at) {
                fail_msg("docs/interfaces.md has no table %s", head);
                return NULL;
        }
        at = startswith(at + strlen(head), "\n|---|");
        assert_non_null(at);
        return strchr(at, '\n') + 1;
}

/* The row begins with these cells, and after them something is told. Returns the next row. */
static inline const char *doc_row(const char *row, const char *cells)
{
        const char *meaning = startswith(row, cells), *end = strchr(row, '\n');

        if (!meaning || !end)
                fail_msg("expected the row %s in docs/interfaces.md, there is %.60s", cells, row);
        assert_true(end - meaning > 10);
        return end + 1;
}

/* … and there is no row but those. */
static inline void doc_end(const char *row)
{
        if (*row == '|')
                fail_msg("nothing in the code has the row %.60s of docs/interfaces.md", row);
}
