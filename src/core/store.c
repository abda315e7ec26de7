/* SQLite behind the calls of store.h. Full synchronous WAL: what store_commit() returned 0 for
 * survives a power cut. */
#include <stdio.h>
#include <sys/stat.h>

#include "failpoint.h"
#include "store-internal.h"

void store_statement_done(Statement **s)
{
        sqlite3_finalize(*s);
}

/* One column of the job's row; the table makes the schema, the INSERT and the SELECT. Added columns
 * go to the end and have a default, since an older agent may open a newer store after a roll-back.
 */
typedef enum ColumnKind {
        COLUMN_TEXT,
        COLUMN_LONG_TEXT,
        COLUMN_INT,
        COLUMN_USEC,
        COLUMN_BOOL,
        COLUMN_STATE,
        COLUMN_STATUS
} ColumnKind;

typedef struct Column {
        const char *name;
        ColumnKind kind;
        size_t offset;
} Column;

/* clang-format off */
static const Column columns[] = {
        {"state",               COLUMN_STATE,  offsetof(Job, state)},
        {"last_status",         COLUMN_STATUS, offsetof(Job, last_status)},
        {"verdict",             COLUMN_STATUS, offsetof(Job, verdict)},
        {"plain",               COLUMN_BOOL,   offsetof(Job, plain)},
        {"request_id",          COLUMN_INT,    offsetof(Job, request.request_id)},
        {"location",            COLUMN_LONG_TEXT,  offsetof(Job, request.location)},
        {"retrieve_at",         COLUMN_USEC,   offsetof(Job, request.retrieve_at)},
        {"install_at",          COLUMN_USEC,   offsetof(Job, request.install_at)},
        {"retries",             COLUMN_INT,    offsetof(Job, request.retries)},
        {"retry_interval",      COLUMN_INT,    offsetof(Job, request.retry_interval)},
        {"signing_certificate", COLUMN_LONG_TEXT,  offsetof(Job, request.signing_certificate)},
        {"signature",           COLUMN_LONG_TEXT,  offsetof(Job, request.signature)},
        {"content_hash",        COLUMN_TEXT,   offsetof(Job, content_hash)},
        {"origin_slot",         COLUMN_TEXT,   offsetof(Job, origin_slot)},
        {"target_slot",         COLUMN_TEXT,   offsetof(Job, target_slot)},
        {"boot_id",             COLUMN_TEXT,   offsetof(Job, boot_id)},
        {"transaction_id",      COLUMN_TEXT,   offsetof(Job, transaction_id)},
        {"bundle_sha256",       COLUMN_TEXT,   offsetof(Job, bundle_sha256)},
        {"target_timestamp",    COLUMN_TEXT,   offsetof(Job, target_timestamp)},
        {"target_count",        COLUMN_INT,    offsetof(Job, target_count)},
        {"install_accepted",    COLUMN_INT,    offsetof(Job, install_accepted)},
        {"attempts",            COLUMN_INT,    offsetof(Job, attempts)},
        {"installs",            COLUMN_INT,    offsetof(Job, installs)},
        {"reboots",             COLUMN_INT,    offsetof(Job, reboots)},
        {"roll_backs",          COLUMN_INT,    offsetof(Job, roll_backs)},
        {"restores",            COLUMN_INT,    offsetof(Job, restores)},
        {"due_at",              COLUMN_USEC,   offsetof(Job, due_at)},
        {"reason",              COLUMN_TEXT,   offsetof(Job, reason)},
        {"answer",              COLUMN_INT,    offsetof(Job, answer)},
        {"paused",              COLUMN_INT,    offsetof(Job, paused)},
        {"held_since",          COLUMN_USEC,   offsetof(Job, held_since)},
        {"furthest",            COLUMN_INT,    offsetof(Job, furthest)},
        {"accepted_at",         COLUMN_USEC,   offsetof(Job, accepted_at)},
        {"silent",              COLUMN_INT,    offsetof(Job, silent)},
        {"was_online",          COLUMN_INT,    offsetof(Job, was_online)},
        {"done_timestamp",      COLUMN_TEXT,   offsetof(Job, done_timestamp)},
        {"done_count",          COLUMN_INT,    offsetof(Job, done_count)},
        {"furthest_byte",       COLUMN_INT,    offsetof(Job, furthest_byte)},
        {"streams",             COLUMN_INT,    offsetof(Job, streams)},
        {"bundle_compatible",   COLUMN_TEXT,   offsetof(Job, bundle_compatible)},
        {"bundle_version",      COLUMN_TEXT,   offsetof(Job, bundle_version)},
        {"bundle_format",       COLUMN_TEXT,   offsetof(Job, bundle_format)},
};
/* clang-format on */

/* The job's columns are added one by one below. */
static const char schema[] =
        "CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY CHECK (id = 1));"
        "CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT "
        "NULL,"
        " value TEXT NOT NULL, final INTEGER NOT NULL, plain INTEGER NOT NULL, request_id INTEGER,"
        " timestamp INTEGER NOT NULL, tech_info TEXT, tries INTEGER NOT NULL DEFAULT 0,"
        " aside INTEGER NOT NULL DEFAULT 0);"
        "CREATE TABLE IF NOT EXISTS said (id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT "
        "NULL,"
        " request_id INTEGER, status TEXT NOT NULL);"
        "CREATE TABLE IF NOT EXISTS value (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT "
        "ROWID;";

static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                              "PRAGMA cache_size = -64; PRAGMA wal_autocheckpoint = 64;"
                              "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;";

int store_to_errno(int sqlite_code)
{
        switch (sqlite_code & 0xff) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE:
                return 0;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
                return -EROFS;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EUCLEAN;
        }
        return -EIO;
}

int store_run(Store *s, const char *sql)
{
        return store_to_errno(sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

int store_prepare(Store *s, const char *sql, Statement **ret)
{
        return store_to_errno(sqlite3_prepare_v2(s->db, sql, -1, ret, NULL));
}

/* Runs a statement to its end that gives no rows. */
int store_finish(Statement *statement)
{
        return store_to_errno(sqlite3_step(statement));
}

static bool has_column(Store *s, const char *table, const char *name)
{
        _cleanup_(store_statement_done) Statement *q = NULL;

        if (store_prepare(s, "SELECT 1 FROM pragma_table_info(?) WHERE name = ?", &q) < 0)
                return false;
        sqlite3_bind_text(q, 1, table, -1, SQLITE_STATIC);
        sqlite3_bind_text(q, 2, name, -1, SQLITE_STATIC);
        return sqlite3_step(q) == SQLITE_ROW;
}

/* Additive only: what is missing is added, what is unknown stays untouched. */
static int make_schema(Store *s)
{
        int r = store_run(s, schema);
        size_t i = ELEMENTSOF(columns);

        /* They are added in order, so that none is missing before one that is there. */
        while (r == 0 && i > 0 && !has_column(s, "job", columns[i - 1].name))
                i--;
        for (; r == 0 && i < ELEMENTSOF(columns); i++) {
                char sql[128];

                snprintf(sql, sizeof(sql), "ALTER TABLE job ADD COLUMN %s", columns[i].name);
                r = store_run(s, sql);
        }
        if (r == 0 && !has_column(s, "outbox", "count"))
                r = store_run(s, "ALTER TABLE outbox ADD COLUMN count INTEGER NOT NULL DEFAULT 1");
        return r;
}

/* quick_check gives one row, "ok", where all is well. */
static int check(Store *s)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(s, "PRAGMA quick_check(1)", &q);

        if (r < 0)
                return r;
        r = sqlite3_step(q);
        if (r != SQLITE_ROW)
                return store_to_errno(r);
        return str_equal((const char *)sqlite3_column_text(q, 0), "ok") ? 0 : -EUCLEAN;
}

int store_open_database(const char *folder, Store **ret, char **reterr)
{
        _cleanup_(freep) char *path = str_printf("%s/agent.db", folder);
        _cleanup_(store_freep) Store *s = calloc(1, sizeof(*s));
        int r;

        if (!path || !s || str_replace(&s->folder, folder) < 0)
                return -ENOMEM;
        r = store_to_errno(sqlite3_open_v2(
                path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                NULL));
        if (r == 0)
                sqlite3_extended_result_codes(s->db, 1);
        if (r == 0)
                r = store_run(s, pragmas);
        if (r == 0)
                r = check(s);
        if (r == 0)
                r = make_schema(s);
        if (r < 0) {
                *reterr =
                        str_printf("%s: %s", path, s->db ? sqlite3_errmsg(s->db) : "out of memory");
                return r;
        }
        /* What a process wrote that was killed before its sync is there, but need not stay: nothing
         * may be said by it before it is on the disk. A disk that fails is told by the next step.
         */
        store_run(s, "PRAGMA wal_checkpoint");
        chmod(path, 0600);
        *ret = TAKE_PTR(s);
        return 0;
}

void store_free(Store *s)
{
        if (!s)
                return;
        sqlite3_close(s->db);
        free(s->folder);
        free(s->copy);
        free(s);
}

char *store_job_sql(StoreSql what)
{
        _cleanup_(freep) char *names = strdup(""), *marks = strdup("");

        for (size_t i = 0; names && marks && i < ELEMENTSOF(columns); i++) {
                char *n, *m;

                if (what == STORE_SELECT_SHORT && columns[i].kind == COLUMN_LONG_TEXT)
                        continue;
                n = str_printf("%s%s%s", names, i ? ", " : "", columns[i].name);
                m = str_printf("%s, ?", marks);
                free(names);
                free(marks);
                names = n;
                marks = m;
        }
        if (!names || !marks)
                return NULL;
        return what == STORE_INSERT ? str_printf("INSERT OR REPLACE INTO job (id, %s) VALUES (1%s)",
                                                 names, marks)
                                    : str_printf("SELECT %s FROM job WHERE id = 1", names);
}

bool store_has_job_column(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(columns); i++)
                if (streq(columns[i].name, name))
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

static void bind_column(Statement *q, int at, const Column *c, const Job *job)
{
        const void *member = (const char *)job + c->offset;

        switch (c->kind) {
        case COLUMN_TEXT:
        case COLUMN_LONG_TEXT:
                sqlite3_bind_text(q, at, *(char *const *)member, -1, SQLITE_STATIC);
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
                sqlite3_bind_text(q, at, job_state_to_string(*(const JobState *)member), -1,
                                  SQLITE_STATIC);
                break;
        case COLUMN_STATUS:
                sqlite3_bind_text(q, at, firmware_status_to_string(*(const FirmwareStatus *)member),
                                  -1, SQLITE_STATIC);
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

static int take_column(Statement *q, int at, const Column *c, Job *job)
{
        void *member = (char *)job + c->offset;

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
                *(JobState *)member =
                        job_state_from_string((const char *)sqlite3_column_text(q, at));
                break;
        case COLUMN_STATUS:
                *(FirmwareStatus *)member = firmware_status_from_string(
                        strempty((const char *)sqlite3_column_text(q, at)));
                break;
        }
        return 0;
}

int store_load_job(Store *s, Job *ret)
{
        _cleanup_(freep) char *sql = store_job_sql(STORE_SELECT);
        _cleanup_(store_statement_done) Statement *q = NULL;
        _cleanup_(job_done) Job job;
        int r;

        job_init(&job);
        if (!sql)
                return -ENOMEM;
        r = store_prepare(s, sql, &q);
        if (r < 0)
                return r;
        r = sqlite3_step(q);
        if (r != SQLITE_ROW)
                return store_to_errno(r);
        for (size_t i = 0; i < ELEMENTSOF(columns); i++) {
                r = take_column(q, (int)i, &columns[i], &job);
                if (r < 0)
                        return r;
        }
        /* A newer agent's word, read after a roll-back. What it had begun to write is looked at as
         * after any reboot; what it had not is begun anew. */
        if (job.state == JOB_STATE_MAX)
                job.state = job.install_accepted == 1 ? JOB_REBOOTING : JOB_DOWNLOADING;
        job_done(ret);
        *ret = job;
        job_init(&job);
        return 1;
}

static int write_job(Store *s, const Job *job)
{
        _cleanup_(freep) char *sql = store_job_sql(STORE_INSERT);
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r;

        if (!sql)
                return -ENOMEM;
        r = store_prepare(s, sql, &q);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(columns); i++)
                bind_column(q, (int)i + 1, &columns[i], job);
        return store_finish(q);
}

int store_run_with_int(Store *s, const char *sql, int64_t value)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(s, sql, &q);

        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, value);
        return store_finish(q);
}

static int set(Store *s, const char *name, const char *value)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(s,
                              value ? "INSERT OR REPLACE INTO value (name, value) VALUES (?, ?)"
                                    : "DELETE FROM value WHERE name = ?",
                              &q);

        if (r < 0)
                return r;
        sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
        if (value)
                sqlite3_bind_text(q, 2, value, -1, SQLITE_STATIC);
        return store_finish(q);
}

#ifdef TEST_SEAMS
static const char *change_word(const StoreChange *change)
{
        return change->job ? job_state_to_string(change->job->state) : "security-event";
}
#endif

int store_commit(Store *s, const StoreChange *change)
{
        int r = store_run(s, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        if (change->drop_intermediate)
                /* Those behind the last final one: what a job before it said is still to be said.
                 */
                r = store_run(s, "DELETE FROM outbox WHERE kind = 0 AND final = 0 AND id >"
                                 " (SELECT ifnull(max(id), 0) FROM outbox"
                                 "  WHERE kind = 0 AND final = 1)");
        if (r == 0 && change->job)
                r = write_job(s, change->job);
        for (size_t i = 0; r == 0 && i < change->row_count; i++)
                r = store_row_commit(s, &change->rows[i], change->sending);
        if (r == 0 && change->name)
                r = set(s, change->name, change->value);
        fail_point("before-store", change_word(change));
        if (r == 0)
                r = store_run(s, "COMMIT");
        fail_point("after-store", change_word(change));
        if (r < 0 && !sqlite3_get_autocommit(s->db))
                store_run(s, "ROLLBACK");
        if (r == 0 && !change->keep_copy)
                store_copy_renew(s);
        return r;
}

int store_get(Store *s, const char *name, char **ret)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(s, "SELECT value FROM value WHERE name = ?", &q);

        if (r < 0)
                return r;
        sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
        r = sqlite3_step(q);
        *ret = NULL;
        return r == SQLITE_ROW ? store_take_text(q, 0, ret) : store_to_errno(r);
}

int store_set(Store *s, const char *name, const char *value)
{
        int r;

        fail_point("before-store", name);
        r = set(s, name, value);
        fail_point("after-store", name);
        return r;
}
