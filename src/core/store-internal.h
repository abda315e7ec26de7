/* SQLite's statements for store*.c alone. Errors are negative errno values. */
#pragma once

#include "store.h"
#include <sqlite3.h>

struct Store {
        sqlite3 *db; /* owned */
        char *folder;
        bool copy_known; /* what update.copy holds: */
        char *copy;      /* its line; NULL: there is none */
};

typedef sqlite3_stmt Statement;

/* For _cleanup_(): ends a statement, NULL too. */
void store_statement_done(Statement **s);
/* 0 for OK, ROW and DONE; else the nearest errno, negative: -ENOSPC, -EROFS, -EBUSY, -EUCLEAN
 * (damaged), -ENOMEM, -EIO for all others. */
int store_to_errno(int sqlite_code);
/* Runs SQL without parameters or rows. */
int store_run(Store *s, const char *sql);
/* 0 and *ret (owned by the caller, store_statement_done()). */
int store_prepare(Store *s, const char *sql, Statement **ret);
/* Runs a statement to its end that gives no rows. */
int store_finish(Statement *statement);
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
/* "SELECT …", "INSERT … VALUES (?, …)" of the job's columns; STORE_SELECT_SHORT: without those of
 * any length. Owned by the caller; NULL when out of memory. */
typedef enum StoreSql { STORE_SELECT, STORE_SELECT_SHORT, STORE_INSERT } StoreSql;
char *store_job_sql(StoreSql what);
bool store_has_job_column(const char *name);
/* The line beside the database is made that of now. What fails is logged. */
void store_copy_renew(Store *s);
/* Opens or makes folder/agent.db. 0; -EUCLEAN: it is damaged; negative errno. *reterr: a sentence.
 */
int store_open_database(const char *folder, Store **ret, char **reterr);
/* The text in a column: *ret is replaced by a copy, NULL for NULL. 0 or -ENOMEM. */
int store_take_text(Statement *q, int at, char **ret);
