/* The life of the database. See state.h. */
#include "log.h"
#include "state-private.h"
#include <fcntl.h>

/* Marks a file as ours ("mCSM"), and the layout of this version. */
#define APPLICATION_ID "1833128781"
#define LAYOUT 2
/* Statements kept prepared. */
#define STATEMENTS_MAX 128
/* Fresh ids begin at a number made of the time, so that another database does not repeat those that
 * stations still remember. */
#define FRESH_ID_MODULUS 1000000000

struct State {
        StateOptions options;
        sqlite3 *db;
        bool writing;    /* a transaction is open */
        usec_t flush_at; /* boottime: when it is to end */
        uint64_t losses;
        struct {
                const char *sql; /* a literal */
                Statement statement;
        } kept[STATEMENTS_MAX];
        size_t kept_count;
};

static const char state_own_schema[] = "CREATE TABLE fresh (id INTEGER NOT NULL)";

static const char *const schemas[] = {
        state_own_schema,  state_station_schema, state_frame_schema,   state_firmware_schema,
        state_push_schema, state_rollout_schema, state_history_schema, state_log_schema,
};

const char *state_path(const State *state)
{
        return state->options.path ? state->options.path : "(temporary)";
}

bool state_outlives(const State *state)
{
        return state->options.path != NULL;
}

/* Logs what SQLite says, with what it means for people. Negative errno. */
static int fail(const State *state, int code)
{
        /* clang-format off */
        static const struct { int code, error; const char *sentence; } errors[] = {
                { SQLITE_BUSY,       EBUSY,   "is in use by another process" },
                { SQLITE_LOCKED,     EBUSY,   "is in use by another process" },
                { SQLITE_NOTADB,     EBADMSG, "is no state of mock-csms" },
                { SQLITE_CORRUPT,    EUCLEAN, "is damaged" },
                { SQLITE_FULL,       ENOSPC,  "can't be written: no room is left" },
                { SQLITE_READONLY,   EROFS,   "can't be written" },
                { SQLITE_CANTOPEN,   ENOENT,  "can't be opened" },
                { SQLITE_NOMEM,      ENOMEM,  "needs more memory than there is" },
                { SQLITE_TOOBIG,     E2BIG,   "has no room for something so large" },
                { SQLITE_CONSTRAINT, EEXIST,  "can't have this" },
        };
        /* clang-format on */
        size_t i = 0;
        while (i < ELEMENTSOF(errors) && errors[i].code != (code & 0xff))
                i++;
        bool known = i < ELEMENTSOF(errors);
        log_error("State %s %s: %s", state_path(state), known ? errors[i].sentence : "fails",
                  sqlite3_errmsg(state->db));
        return known ? -errors[i].error : -EIO;
}

static int run(State *state, const char *sql)
{
        int code = sqlite3_exec(state->db, sql, NULL, NULL, NULL);
        return code == SQLITE_OK ? 0 : fail(state, code);
}

void statement_donep(Statement *statement)
{
        if (!*statement)
                return;
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
}

int state_prepare(State *state, const char *sql, Statement *ret)
{
        for (size_t i = 0; i < state->kept_count; i++)
                if (state->kept[i].sql == sql && !sqlite3_stmt_busy(state->kept[i].statement)) {
                        *ret = state->kept[i].statement;
                        return 0;
                }
        if (state->kept_count == STATEMENTS_MAX)
                return log_error_errno(-ENOBUFS, "State: too many statements");
        int code = sqlite3_prepare_v3(state->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
        if (code != SQLITE_OK)
                return fail(state, code);
        state->kept[state->kept_count].sql = sql;
        state->kept[state->kept_count++].statement = *ret;
        return 0;
}

/* Begins the transaction, if there is none, to be ended within this time. */
static int begin(State *state, usec_t within)
{
        if (state->writing && sqlite3_get_autocommit(state->db)) {
                state->writing = false; /* a full disk has ended the transaction */
                state->losses++;
        }
        int r = state->writing ? 0 : run(state, "BEGIN IMMEDIATE");
        if (r < 0)
                return r;
        usec_t when = boottime_now() + within;
        if (state->writing && when >= state->flush_at)
                return 0;
        state->writing = true;
        state->flush_at = when;
        if (state->options.wake_at)
                state->options.wake_at(state->options.userdata, when);
        return 0;
}

int state_prepare_write(State *state, const char *sql, Statement *ret)
{
        int r = begin(state, STATE_FLUSH_AFTER);
        return r < 0 ? r : state_prepare(state, sql, ret);
}

int state_prepare_write_later(State *state, const char *sql, Statement *ret)
{
        int r = begin(state, STATE_FLUSH_LATER);
        return r < 0 ? r : state_prepare(state, sql, ret);
}

int state_step(State *state, Statement statement)
{
        int code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
                return 1;
        return code == SQLITE_DONE ? 0 : fail(state, code);
}

int state_savepoint(State *state)
{
        int r = begin(state, STATE_FLUSH_AFTER);
        return r < 0 ? r : run(state, "SAVEPOINT together");
}

int state_end_savepoint(State *state, int r)
{
        if (r >= 0)
                return run(state, "RELEASE together");
        (void)run(state, "ROLLBACK TO together");
        (void)run(state, "RELEASE together");
        return r;
}

int state_flush(State *state)
{
        if (!state->writing)
                return 0;
        state->writing = false;
        int r = sqlite3_get_autocommit(state->db)
                        ? -EIO /* whoever wrote last was told that it failed */
                        : run(state, "COMMIT");
        if (r < 0) {
                state->losses++;
                if (!sqlite3_get_autocommit(state->db))
                        (void)run(state, "ROLLBACK");
        }
        return r;
}

uint64_t state_losses(const State *state)
{
        return state->losses;
}

int state_delete(State *state, const char *sql, int64_t number)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state, sql, &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, number);
        return state_step(state, q);
}

int64_t state_number(State *state, const char *sql)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state, sql, &q);
        if (r == 0)
                r = state_step(state, q);
        return r < 0 ? r : sqlite3_column_int64(q, 0);
}

void bind_text(Statement statement, int index, const char *text)
{
        if (text)
                sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
        else
                sqlite3_bind_null(statement, index);
}

char *column_text(Statement statement, int index)
{
        return strdup(strempty((const char *)sqlite3_column_text(statement, index)));
}

/* A number that a pragma or the like gives. */
static int64_t ask(State *state, const char *sql)
{
        Statement q = NULL;
        if (sqlite3_prepare_v2(state->db, sql, -1, &q, NULL) != SQLITE_OK)
                return -1;
        int64_t value = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
        sqlite3_finalize(q);
        return value;
}

static int make_tables(State *state)
{
        int r = run(state, "BEGIN IMMEDIATE");
        for (size_t i = 0; i < ELEMENTSOF(schemas) && r == 0; i++)
                r = run(state, schemas[i]);
        if (r < 0)
                return r;
        sqlite3_stmt *q = NULL;
        int code = sqlite3_prepare_v2(state->db, "INSERT INTO fresh VALUES (?)", -1, &q, NULL);
        if (code == SQLITE_OK) {
                sqlite3_bind_int64(q, 1,
                                   (int64_t)(wallclock_now() / USEC_PER_SEC % FRESH_ID_MODULUS));
                code = sqlite3_step(q);
        }
        sqlite3_finalize(q);
        if (code != SQLITE_DONE)
                return fail(state, code);
        _cleanup_(freep) char *version = str_printf("PRAGMA user_version = %d", LAYOUT);
        if (!version)
                return -ENOMEM;
        r = run(state, "PRAGMA application_id = " APPLICATION_ID);
        if (r == 0)
                r = run(state, version);
        return r < 0 ? r : run(state, "COMMIT");
}

/* Whether the file is one of ours, of this layout; an empty one gets its tables. */
static int check_layout(State *state)
{
        int64_t id = ask(state, "PRAGMA application_id"),
                layout = ask(state, "PRAGMA user_version");
        if (id == 0 && layout == 0 && ask(state, "SELECT count(*) FROM sqlite_schema") == 0)
                return make_tables(state);
        if (id != strtoll(APPLICATION_ID, NULL, 10))
                return log_error_errno(-EBADMSG, "State %s is no state of mock-csms",
                                       state_path(state));
        if (layout != LAYOUT)
                return log_error_errno(
                        -EPROTO,
                        "State %s was made by %s mock-csms, which keeps it otherwise; "
                        "name another file to begin anew",
                        state_path(state), layout > LAYOUT ? "a newer" : "an older");
        return 0;
}

/* Others are not to read it. SQLite gives the files beside it the same mode; what can't be made
 * here, it tells. */
static void keep_private(const char *path)
{
        int fd = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640) : -1;
        closep(&fd);
}

int state_open(const StateOptions *options, State **ret)
{
        _cleanup_(state_freep) State *state = calloc(1, sizeof(*state));
        if (!state)
                return -ENOMEM;
        state->options = *options;
        keep_private(options->path);
        /* no other thread comes here; refused, and as good, where another state is open */
        (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
        (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        int code = sqlite3_open_v2(
                options->path ? options->path : "", &state->db,
                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, NULL);
        if (code != SQLITE_OK)
                return fail(state, code);
        sqlite3_extended_result_codes(state->db, 1);
        /* the whole file is ours for as long as we run: no shared memory, and a second mock-csms is
         * told */
        int r = run(state, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA foreign_keys = ON");
        if (r == 0) /* a temporary one need not survive us: what undoes it is kept in memory */
                r = run(state, options->path
                                       ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"
                                       : "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
        if (r == 0)
                r = run(state, "BEGIN EXCLUSIVE; COMMIT");
        if (r == 0)
                r = check_layout(state);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(state);
        return 0;
}

void state_free(State *state)
{
        if (!state)
                return;
        if (state->db)
                (void)state_flush(state);
        for (size_t i = 0; i < state->kept_count; i++)
                sqlite3_finalize(state->kept[i].statement);
        sqlite3_close(state->db);
        free(state);
}

int state_fresh_ids(State *state, int64_t count, int64_t *ret)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state, "UPDATE fresh SET id = id + ? RETURNING id", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, count);
        r = state_step(state, q);
        if (r < 0)
                return r;
        *ret = sqlite3_column_int64(q, 0) - count + 1;
        return 0;
}

int state_fresh_id(State *state, int64_t *ret)
{
        return state_fresh_ids(state, 1, ret);
}
