/* SQLite's statements for store*.c alone. Errors are negative errno values. */
#pragma once

#include "store.h"
#include <sqlite3.h>

struct Store {
        sqlite3 *db; /* owned */
        char *folder;
        bool copy_known;      /* what update.copy holds: */
        char *copy;           /* its line, "" if there is nothing to keep */
        size_t copy_slot;     /* which of its two records is that */
        uint64_t copy_number; /* and how many were written */
        unsigned debts;       /* StoreDebt: left for store_catch_up() */
        void (*owes)(void *userdata);
        void *userdata;
};

typedef enum StoreDebt {
        DEBT_COPY = 1 << 0,       /* update.copy is older than the database */
        DEBT_CHECKPOINT = 1 << 1, /* the WAL is long */
} StoreDebt;
/* Leaves it for store_catch_up(), or does it at once if nobody will call that. */
void store_owe(Store *s, StoreDebt debt);

typedef sqlite3_stmt Statement;

/* For _cleanup_(): ends a statement, NULL too; it is kept for the next time. */
void store_statement_done(Statement **s);
/* 0 for OK, ROW and DONE; else the nearest errno, negative: -ENOSPC, -EROFS, -EBUSY, -EUCLEAN
 * (damaged), -ENOMEM, -EIO for all others. */
int store_to_errno(int sqlite_code);
/* Runs SQL without parameters or rows. */
int store_run(Store *s, const char *sql);
/* 0 and *ret, the caller's until store_statement_done(); the same SQL is not asked for again
 * before. It is read once and kept, since that costs more than running it. */
int store_prepare(Store *s, const char *sql, Statement **ret);
/* Runs a statement to its end that gives no rows. */
int store_finish(Statement *statement);
/* Frees those that are kept; none is in use. */
void store_forget_statements(Store *s);
/* The same with one number in the place of the question mark. */
int store_run_with_int(Store *s, const char *sql, int64_t value);
/* Puts a number in the place of the at-th question mark, from 1. NO_INT is stored as NULL, and
 * NO_TIME too. */
void store_bind_int(Statement *q, int at, int64_t value);
/* The number in column at, from 0; NO_INT and NO_TIME for NULL. */
int64_t store_take_int(Statement *q, int at);
usec_t store_take_usec(Statement *q, int at);
/* Puts a row into the outbox (unless it is for people alone or another one takes it in) and a
 * status among those shown; part of a step. sending: see StoreChange. 0 or negative errno. */
int store_row_commit(Store *s, const OutboxRow *row, int64_t sending);
bool store_has_column(Store *s, const char *table, const char *name);

/* One column of a table with one row, whose members are those of a struct (store-row.c). */
typedef enum ColumnKind {
        COLUMN_TEXT,
        COLUMN_LONG_TEXT,
        COLUMN_INT,
        COLUMN_USEC,
        COLUMN_BOOL,
        COLUMN_STATE,
        COLUMN_STATUS,
        COLUMN_LOG_STATE,
        COLUMN_LOG_STATUS,
        COLUMN_LOGS_KIND,
} ColumnKind;

typedef struct Column {
        const char *name;
        ColumnKind kind;
        uint16_t offset; /* of the struct's member */
} Column;

typedef struct RowTable {
        const char *name;
        const Column *columns;
        size_t count;
} RowTable;

extern const RowTable store_job_table;

/* Makes the table, and the columns that are missing. */
int store_row_schema(Store *s, const RowTable *t);
/* 1 and *ret, a struct that was initialised and owns its texts afterwards, also on failure; 0:
 * there is no row. */
int store_row_read(Store *s, const RowTable *t, void *ret);
int store_row_write(Store *s, const RowTable *t, const void *row);
/* "SELECT …", "INSERT … VALUES (?, …)" of the columns; STORE_SELECT_SHORT: without those of any
 * length. */
typedef enum StoreSql { STORE_SELECT, STORE_SELECT_SHORT, STORE_INSERT } StoreSql;
/* As store_prepare() does. */
int store_row_prepare(Store *s, const RowTable *t, StoreSql what, Statement **ret);
bool store_row_has(const RowTable *t, const char *name);
/* update.copy has two records, of this size each: the older one is written over. */
#define COPY_SLOT_SIZE 4096
#define COPY_SIZE (2 * COPY_SLOT_SIZE)
/* The newer whole record of such a file (NUL appended, written over) or the only one of a file of
 * another size: its "name=value" with tabs between, within data; NULL: there is none. */
char *store_copy_newest(char *data, size_t size);
/* The line beside the database is made that of now. What fails is logged. */
void store_copy_renew(Store *s);
/* Opens or makes folder/agent.db. 0; -EUCLEAN: it is damaged; negative errno. *reterr: a sentence.
 */
int store_open_database(const char *folder, Store **ret, char **reterr);
/* The text in a column: *ret is replaced by a copy, NULL for NULL. 0 or -ENOMEM. */
int store_take_text(Statement *q, int at, char **ret);
