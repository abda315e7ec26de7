/* SQLite behind the calls of store.h. Full synchronous WAL: what store_commit() returned 0 for
 * survives a power cut. */
#include <stdio.h>
#include <sys/stat.h>

#include "failpoint.h"
#include "store-internal.h"

/* It is kept: what it was bound to is the caller's. */
void store_statement_done(Statement **s)
{
        sqlite3_reset(*s);
        if (*s)
                sqlite3_clear_bindings(*s);
}

/* Added columns go to the end and have a default, since an older agent may open a newer store after
 * a roll-back. */
/* clang-format off */
static const Column job_columns[] = {
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
        {"reason_code",         COLUMN_TEXT,   offsetof(Job, reason_code)},
};

static const Column log_columns[] = {
        {"state",          COLUMN_LOG_STATE,  offsetof(LogJob, state)},
        {"last_status",    COLUMN_LOG_STATUS, offsetof(LogJob, last_status)},
        {"verdict",        COLUMN_LOG_STATUS, offsetof(LogJob, verdict)},
        {"plain",          COLUMN_BOOL,       offsetof(LogJob, plain)},
        {"kind",           COLUMN_LOGS_KIND,  offsetof(LogJob, request.kind)},
        {"request_id",     COLUMN_INT,        offsetof(LogJob, request.request_id)},
        {"location",       COLUMN_LONG_TEXT,  offsetof(LogJob, request.location)},
        {"oldest",         COLUMN_USEC,       offsetof(LogJob, request.oldest)},
        {"latest",         COLUMN_USEC,       offsetof(LogJob, request.latest)},
        {"retries",        COLUMN_INT,        offsetof(LogJob, request.retries)},
        {"retry_interval", COLUMN_INT,        offsetof(LogJob, request.retry_interval)},
        {"answer",         COLUMN_INT,        offsetof(LogJob, answer)},
        {"name",           COLUMN_TEXT,       offsetof(LogJob, name)},
        {"size",           COLUMN_INT,        offsetof(LogJob, size)},
        {"attempts",       COLUMN_INT,        offsetof(LogJob, attempts)},
        {"reason",         COLUMN_TEXT,       offsetof(LogJob, reason)},
        {"reason_code",    COLUMN_TEXT,       offsetof(LogJob, reason_code)},
};
/* clang-format on */

const RowTable store_job_table = {"job", job_columns, ELEMENTSOF(job_columns)};
static const RowTable log_table = {"logjob", log_columns, ELEMENTSOF(log_columns)};

/* The columns of both jobs' tables are added one by one: store-row.c. */
static const char schema[] =
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
                              "PRAGMA cache_size = -64; PRAGMA temp_store = MEMORY;"
                              "PRAGMA mmap_size = 0;";

/* Pages in the WAL: with so many they are to go into the database, */
#define WAL_LONG 64
/* and with so many within the commit, whoever waits for it: the loop does not come to it. */
#define WAL_TOO_LONG 256

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
        for (Statement *q = sqlite3_next_stmt(s->db, NULL); q; q = sqlite3_next_stmt(s->db, q))
                if (!sqlite3_stmt_busy(q) && streq(sqlite3_sql(q), sql)) {
                        *ret = q;
                        return 0;
                }
        return store_to_errno(sqlite3_prepare_v2(s->db, sql, -1, ret, NULL));
}

/* Runs a statement to its end that gives no rows. */
int store_finish(Statement *statement)
{
        return store_to_errno(sqlite3_step(statement));
}

/* Additive only: what is missing is added, what is unknown stays untouched. */
static int make_schema(Store *s)
{
        int r = store_run(s, schema);

        if (r == 0)
                r = store_row_schema(s, &store_job_table);
        if (r == 0)
                r = store_row_schema(s, &log_table);
        if (r == 0 && !store_has_column(s, "outbox", "count"))
                r = store_run(s, "ALTER TABLE outbox ADD COLUMN count INTEGER NOT NULL DEFAULT 1");
        if (r == 0 && !store_has_column(s, "outbox", "reason_code"))
                r = store_run(s, "ALTER TABLE outbox ADD COLUMN reason_code TEXT");
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

/* What is not done stays in the WAL, and the next commit asks for it again. */
static void checkpoint(Store *s)
{
        (void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* Within each commit, in the place of SQLite's own, which would always do it there. */
static int on_wal(void *userdata, sqlite3 *db _unused_, const char *name _unused_, int pages)
{
        Store *s = userdata;

        if (pages >= WAL_TOO_LONG)
                checkpoint(s);
        else if (pages >= WAL_LONG)
                store_owe(s, DEBT_CHECKPOINT);
        return SQLITE_OK;
}

void store_owe(Store *s, StoreDebt debt)
{
        s->debts |= debt;
        if (s->owes)
                s->owes(s->userdata);
        else
                store_catch_up(s);
}

void store_defer(Store *s, void (*owes)(void *userdata), void *userdata)
{
        s->owes = owes;
        s->userdata = userdata;
}

void store_catch_up(Store *s)
{
        unsigned debts = s->debts;

        s->debts = 0;
        if (debts & DEBT_COPY)
                store_copy_renew(s);
        if (debts & DEBT_CHECKPOINT)
                checkpoint(s);
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
                sqlite3_wal_hook(s->db, on_wal, s);
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

void store_forget_statements(Store *s)
{
        Statement *q;

        while ((q = sqlite3_next_stmt(s->db, NULL)))
                sqlite3_finalize(q);
}

void store_free(Store *s)
{
        if (!s)
                return;
        if (s->db) {
                store_catch_up(s);
                store_forget_statements(s);
        }
        sqlite3_close(s->db);
        free(s->folder);
        free(s->copy);
        free(s);
}

int store_load_job(Store *s, Job *ret)
{
        _cleanup_(job_done) Job job;
        int r;

        job_init(&job);
        r = store_row_read(s, &store_job_table, &job);
        if (r <= 0)
                return r;
        /* A newer agent's word, read after a roll-back. What it had begun to write is looked at as
         * after any reboot; what it had not is begun anew. */
        if (job.state == JOB_STATE_MAX)
                job.state = job.install_accepted == 1 ? JOB_REBOOTING : JOB_DOWNLOADING;
        job_done(ret);
        *ret = job;
        job_init(&job);
        return 1;
}

int store_load_log(Store *s, LogJob *ret)
{
        _cleanup_(logjob_done) LogJob job;
        int r;

        logjob_init(&job);
        r = store_row_read(s, &log_table, &job);
        if (r <= 0)
                return r;
        if (job.state == LOGJOB_STATE_MAX) /* a newer agent's word: begun anew */
                job.state = LOGJOB_COLLECTING;
        logjob_done(ret);
        *ret = job;
        logjob_init(&job);
        return 1;
}

/* One of the three words of a transaction. */
static int run_word(Store *s, const char *word)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(s, word, &q);

        return r < 0 ? r : store_finish(q);
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
        if (change->log)
                return fail_point_log_state(change->log->state);
        if (change->job)
                return job_state_to_string(change->job->state);
        return change->name ? fail_point_value(change->name) : "security-event";
}
#endif

/* Those behind the last final one of their kind: what a job before it said is still to be said. */
static int drop_intermediate(Store *s, OutboxKind kind)
{
        return store_run_with_int(s,
                                  "DELETE FROM outbox WHERE kind = ?1 AND final = 0 AND id >"
                                  " (SELECT ifnull(max(id), 0) FROM outbox"
                                  "  WHERE kind = ?1 AND final = 1)",
                                  kind);
}

int store_commit(Store *s, const StoreChange *change)
{
        int r = run_word(s, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        if (change->drop_intermediate)
                r = drop_intermediate(s, change->log ? OUTBOX_LOG_STATUS : OUTBOX_FIRMWARE_STATUS);
        if (r == 0 && change->job)
                r = store_row_write(s, &store_job_table, change->job);
        if (r == 0 && change->log)
                r = store_row_write(s, &log_table, change->log);
        for (size_t i = 0; r == 0 && i < change->row_count; i++)
                r = store_row_commit(s, &change->rows[i], change->sending);
        if (r == 0 && change->name)
                r = set(s, change->name, change->value);
        fail_point("before-store", change_word(change));
        if (r == 0)
                r = run_word(s, "COMMIT");
        fail_point("after-store", change_word(change));
        if (r < 0 && !sqlite3_get_autocommit(s->db))
                run_word(s, "ROLLBACK");
        if (r == 0 && !change->keep_copy)
                store_owe(s, DEBT_COPY);
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

        fail_point("before-store", fail_point_value(name));
        r = set(s, name, value);
        fail_point("after-store", fail_point_value(name));
        return r;
}
