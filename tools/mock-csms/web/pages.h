/* The files of the dashboard, which are in the program. */
#pragma once

#include <stddef.h>

typedef struct Page {
        const char *path; /* of the request */
        const char *data, *end;
} Page;

/* What of the dashboard may do what: its own scripts, styles, pictures and calls, and nothing else;
 * what a script makes of text is text. */
#define PAGES_POLICY                                                                               \
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "          \
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "        \
        "require-trusted-types-for 'script'; trusted-types 'none'"

/* The page of this path; NULL: there is none. */
const Page *pages_find(const char *path);
/* The type of its content, a literal. */
const char *page_type(const Page *page);
