/* Structs as rows of a table that has one: a list of columns makes the schema, the INSERT and the
 * SELECT. */
#include <stdio.h>

#include "store-internal.h"

bool store_has_column(Store *s, const char *table, const char *name)
{
        _cleanup_(store_statement_done) Statement *q = NULL;

        if (store_prepare(s, "SELECT 1 FROM pragma_table_info(?) WHERE name = ?", &q) < 0)
                return false;
        sqlite3_bind_text(q, 1, table, -1, SQLITE_STATIC);
        sqlite3_bind_text(q, 2, name, -1, SQLITE_STATIC);
        return sqlite3_step(q) == SQLITE_ROW;
}

int store_row_schema(Store *s, const RowTable *t)
{
        char sql[128];
        size_t i = t->count;
        int r;

        snprintf(sql, sizeof(sql),
                 "CREATE TABLE IF NOT EXISTS %s (id INTEGER PRIMARY KEY CHECK (id = 1))", t->name);
        r = store_run(s, sql);
        /* They are added in order, so that none is missing before one that is there. */
        while (r == 0 && i > 0 && !store_has_column(s, t->name, t->columns[i - 1].name))
                i--;
        for (; r == 0 && i < t->count; i++) {
                snprintf(sql, sizeof(sql), "ALTER TABLE %s ADD COLUMN %s", t->name,
                         t->columns[i].name);
                r = store_run(s, sql);
        }
        return r;
}

/* For each row that is written: in one go, and not as the sum of its parts. */
static char *row_sql(const RowTable *t, StoreSql what)
{
        bool insert = what == STORE_INSERT, first = true;
        size_t size = strlen(t->name) + 64;
        char *sql, *end;

        for (size_t i = 0; i < t->count; i++)
                size += strlen(t->columns[i].name) + strlen(", , ?");
        sql = malloc(size);
        if (!sql)
                return NULL;
        end = insert ? stpcpy(stpcpy(stpcpy(sql, "INSERT OR REPLACE INTO "), t->name), " (id, ")
                     : stpcpy(sql, "SELECT ");
        for (size_t i = 0; i < t->count; i++) {
                if (what == STORE_SELECT_SHORT && t->columns[i].kind == COLUMN_LONG_TEXT)
                        continue;
                end = stpcpy(stpcpy(end, first ? "" : ", "), t->columns[i].name);
                first = false;
        }
        end = insert ? stpcpy(end, ") VALUES (1")
                     : stpcpy(stpcpy(stpcpy(end, " FROM "), t->name), " WHERE id = 1");
        for (size_t i = 0; insert && i < t->count; i++)
                end = stpcpy(end, ", ?");
        stpcpy(end, insert ? ")" : "");
        return sql;
}

int store_row_prepare(Store *s, const RowTable *t, StoreSql what, Statement **ret)
{
        _cleanup_(freep) char *sql = row_sql(t, what);

        return sql ? store_prepare(s, sql, ret) : -ENOMEM;
}

bool store_row_has(const RowTable *t, const char *name)
{
        for (size_t i = 0; i < t->count; i++)
                if (streq(t->columns[i].name, name))
                        return true;
        return false;
}

void store_bind_int(Statement *q, int at, int64_t value)
{
        if (value == NO_INT)
                sqlite3_bind_null(q, at);
        else
                sqlite3_bind_int64(q, at, value);
}

/* usec times: NO_TIME is stored as NULL. */
static void bind_usec_or_null(Statement *q, int at, usec_t value)
{
        store_bind_int(q, at, value == NO_TIME ? NO_INT : (int64_t)value);
}

static void bind_word(Statement *q, int at, const char *word)
{
        sqlite3_bind_text(q, at, word, -1, SQLITE_STATIC);
}

static void bind_column(Statement *q, int at, const Column *c, const void *row)
{
        const void *member = (const char *)row + c->offset;

        switch (c->kind) {
        case COLUMN_TEXT:
        case COLUMN_LONG_TEXT:
                bind_word(q, at, *(char *const *)member);
                break;
        case COLUMN_INT:
                store_bind_int(q, at, *(const int64_t *)member);
                break;
        case COLUMN_USEC:
                bind_usec_or_null(q, at, *(const usec_t *)member);
                break;
        case COLUMN_BOOL:
                sqlite3_bind_int(q, at, *(const bool *)member);
                break;
        case COLUMN_STATE:
                bind_word(q, at, job_state_to_string(*(const JobState *)member));
                break;
        case COLUMN_STATUS:
                bind_word(q, at, firmware_status_to_string(*(const FirmwareStatus *)member));
                break;
        case COLUMN_LOG_STATE:
                bind_word(q, at, logjob_state_to_string(*(const LogJobState *)member));
                break;
        case COLUMN_LOG_STATUS:
                bind_word(q, at, log_status_to_string(*(const LogStatus *)member));
                break;
        case COLUMN_LOGS_KIND:
                bind_word(q, at, logs_kind_to_string((LogsKind) * (const int *)member));
                break;
        }
}

int store_take_text(Statement *q, int at, char **ret)
{
        return str_replace(ret, (const char *)sqlite3_column_text(q, at));
}

int64_t store_take_int(Statement *q, int at)
{
        return sqlite3_column_type(q, at) == SQLITE_NULL ? NO_INT : sqlite3_column_int64(q, at);
}

usec_t store_take_usec(Statement *q, int at)
{
        return sqlite3_column_type(q, at) == SQLITE_NULL ? NO_TIME
                                                         : (usec_t)sqlite3_column_int64(q, at);
}

static int take_column(Statement *q, int at, const Column *c, void *row)
{
        void *member = (char *)row + c->offset;
        const char *word = (const char *)sqlite3_column_text(q, at);

        switch (c->kind) {
        case COLUMN_TEXT:
        case COLUMN_LONG_TEXT:
                return store_take_text(q, at, (char **)member);
        case COLUMN_INT:
                *(int64_t *)member = store_take_int(q, at);
                break;
        case COLUMN_USEC:
                *(usec_t *)member = store_take_usec(q, at);
                break;
        case COLUMN_BOOL:
                *(bool *)member = sqlite3_column_int(q, at);
                break;
        case COLUMN_STATE:
                *(JobState *)member = job_state_from_string(word);
                break;
        case COLUMN_STATUS:
                *(FirmwareStatus *)member = firmware_status_from_string(word);
                break;
        case COLUMN_LOG_STATE:
                *(LogJobState *)member = logjob_state_from_string(word);
                break;
        case COLUMN_LOG_STATUS:
                *(LogStatus *)member = log_status_from_string(word);
                break;
        case COLUMN_LOGS_KIND:
                *(int *)member = (int)logs_kind_from_string(word);
                break;
        }
        return 0;
}

int store_row_read(Store *s, const RowTable *t, void *ret)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_row_prepare(s, t, STORE_SELECT, &q);

        if (r < 0)
                return r;
        r = sqlite3_step(q);
        if (r != SQLITE_ROW)
                return store_to_errno(r);
        for (size_t i = 0; i < t->count; i++) {
                r = take_column(q, (int)i, &t->columns[i], ret);
                if (r < 0)
                        return r;
        }
        return 1;
}

int store_row_write(Store *s, const RowTable *t, const void *row)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_row_prepare(s, t, STORE_INSERT, &q);

        if (r < 0)
                return r;
        for (size_t i = 0; i < t->count; i++)
                bind_column(q, (int)i + 1, &t->columns[i], row);
        return store_finish(q);
}
