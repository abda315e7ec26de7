/* One entry of the journal as a line for people:
 *   2026-11-24T04:10:00.123456Z charger.service chargerd[312] warning: text {FIELD=value …}
 * Unit or name that an entry does not have are "-". Further lines of a text begin with a tab,
 * control characters become '?'. In braces: what else the program itself said, with short values.
 */
#pragma once

#include "util.h"
#include <systemd/sd-journal.h>

/* Bytes that a line has at most, its end included. */
#define COLLECT_LINE_MAX (40 * 1024)

typedef struct Line Line;

/* 0 and *ret. */
int line_new(Line **ret);
void line_free(Line *l);
DEFINE_CLEANUP(Line *, line_free)
/* Puts j's current entry, which was received at this time, into the line; passwords in URLs are
 * blanked. 0; negative errno: the journal can't be read there. */
int line_read(Line *l, sd_journal *j, usec_t at);
/* The line, '\n' at the end, valid until the next line_read(). */
const char *line_text(const Line *l, size_t *ret_size);
