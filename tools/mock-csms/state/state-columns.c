/* See state-columns.h. */
#include "state-columns.h"

static void *member(const void *row, const Column *c)
{
        return (void *)((uintptr_t)row + c->offset);
}

void columns_bind(Statement q, int first, const Column *columns, size_t count, const void *row)
{
        for (size_t i = 0; i < count; i++) {
                const void *m = member(row, &columns[i]);
                int index = first + (int)i;
                switch (columns[i].kind) {
                case COLUMN_TEXT:
                        bind_text(q, index, *(char *const *)m);
                        break;
                case COLUMN_NUMBER:
                        if (*(const int64_t *)m != NO_INT)
                                sqlite3_bind_int64(q, index, *(const int64_t *)m);
                        break;
                case COLUMN_TIME:
                        if (*(const usec_t *)m != NO_TIME)
                                sqlite3_bind_int64(q, index, (int64_t) * (const usec_t *)m);
                        break;
                }
        }
}

int columns_read(Statement q, int first, const Column *columns, size_t count, void *row)
{
        for (size_t i = 0; i < count; i++) {
                void *m = member(row, &columns[i]);
                int index = first + (int)i;
                if (sqlite3_column_type(q, index) == SQLITE_NULL)
                        continue;
                if (columns[i].kind == COLUMN_NUMBER)
                        *(int64_t *)m = sqlite3_column_int64(q, index);
                else if (columns[i].kind == COLUMN_TIME)
                        *(usec_t *)m = (usec_t)sqlite3_column_int64(q, index);
                else if (!(*(char **)m = column_text(q, index)))
                        return -ENOMEM;
        }
        return 0;
}

void columns_done(const Column *columns, size_t count, void *row)
{
        for (size_t i = 0; i < count; i++)
                if (columns[i].kind == COLUMN_TEXT)
                        free(*(char **)member(row, &columns[i]));
}
