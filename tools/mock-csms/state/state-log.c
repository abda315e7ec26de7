/* See state-log.h. */
#include "state-log.h"
#include "state-columns.h"

/* Ids are never used again: a client may still hold one. */
const char state_log_schema[] = "CREATE TABLE log ("
                                " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                                " station TEXT NOT NULL,"
                                " token TEXT NOT NULL UNIQUE,"
                                " via TEXT NOT NULL,"
                                " state TEXT NOT NULL,"
                                " location TEXT,"
                                " action TEXT,"
                                " request_id INTEGER,"
                                " log_type TEXT,"
                                " oldest TEXT,"
                                " latest TEXT,"
                                " retries INTEGER,"
                                " retry_interval INTEGER,"
                                " created INTEGER NOT NULL,"
                                " asked INTEGER,"
                                " answered INTEGER,"
                                " answer TEXT,"
                                " note TEXT,"
                                " told_name TEXT,"
                                " status TEXT,"
                                " status_since INTEGER,"
                                " file TEXT UNIQUE,"
                                " name TEXT,"
                                " method TEXT,"
                                " size INTEGER,"
                                " sha256 TEXT,"
                                " received INTEGER,"
                                " request INTEGER"
                                ");"
                                "CREATE INDEX log_station ON log (station, request_id);"
                                "CREATE INDEX log_state ON log (state)";

/* All columns but the id, in the order of the table below, and as many values. */
#define COLUMNS                                                                                    \
        "station, token, via, state, location, action, request_id, log_type, oldest, latest, "     \
        "retries, retry_interval, created, asked, answered, answer, note, told_name, status, "     \
        "status_since, file, name, method, size, sha256, received, request"
#define VALUES                                                                                     \
        "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "   \
        "?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27"
#define SELECT "SELECT id, " COLUMNS " FROM log "
#define ID_INDEX 28

/* clang-format off */
static const Column columns[] = {
        { COLUMN_TEXT,   offsetof(LogRow, station) },      { COLUMN_TEXT,   offsetof(LogRow, token) },
        { COLUMN_TEXT,   offsetof(LogRow, via) },          { COLUMN_TEXT,   offsetof(LogRow, state) },
        { COLUMN_TEXT,   offsetof(LogRow, location) },     { COLUMN_TEXT,   offsetof(LogRow, action) },
        { COLUMN_NUMBER, offsetof(LogRow, request_id) },   { COLUMN_TEXT,   offsetof(LogRow, log_type) },
        { COLUMN_TEXT,   offsetof(LogRow, oldest) },       { COLUMN_TEXT,   offsetof(LogRow, latest) },
        { COLUMN_NUMBER, offsetof(LogRow, retries) },      { COLUMN_NUMBER, offsetof(LogRow, retry_interval) },
        { COLUMN_TIME,   offsetof(LogRow, created) },      { COLUMN_TIME,   offsetof(LogRow, asked) },
        { COLUMN_TIME,   offsetof(LogRow, answered) },     { COLUMN_TEXT,   offsetof(LogRow, answer) },
        { COLUMN_TEXT,   offsetof(LogRow, note) },         { COLUMN_TEXT,   offsetof(LogRow, told_name) },
        { COLUMN_TEXT,   offsetof(LogRow, status) },       { COLUMN_TIME,   offsetof(LogRow, status_since) },
        { COLUMN_TEXT,   offsetof(LogRow, file) },         { COLUMN_TEXT,   offsetof(LogRow, name) },
        { COLUMN_TEXT,   offsetof(LogRow, method) },           { COLUMN_NUMBER, offsetof(LogRow, size) },
        { COLUMN_TEXT,   offsetof(LogRow, sha256) },       { COLUMN_TIME,   offsetof(LogRow, received) },
        { COLUMN_NUMBER, offsetof(LogRow, request) },
};
/* clang-format on */
_Static_assert(ELEMENTSOF(columns) == ID_INDEX - 1, "the id is bound behind them");

void log_row_free(LogRow *row)
{
        if (!row)
                return;
        columns_done(columns, ELEMENTSOF(columns), row);
        free(row);
}

static int read_row(Statement q, LogRow **ret)
{
        _cleanup_(log_row_freep) LogRow *row = calloc(1, sizeof(*row));
        if (!row)
                return -ENOMEM;
        *row = (LogRow)LOG_ROW_INIT;
        row->id = sqlite3_column_int64(q, 0);
        int r = columns_read(q, 1, columns, ELEMENTSOF(columns), row);
        if (r < 0)
                return r;
        if (row->request == 0)
                row->request = row->id;
        *ret = TAKE_PTR(row);
        return 0;
}

/* The row that a statement gives whose parameters are a text and a number; NULL: none. */
static int get(State *state, const char *sql, const char *text, int64_t number, LogRow **ret)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state, sql, &q);
        if (r < 0)
                return r;
        bind_text(q, 1, text);
        sqlite3_bind_int64(q, 2, number);
        r = state_step(state, q);
        return r < 0 ? r : r == 0 ? -ENOENT : read_row(q, ret);
}

int state_log_get(State *state, int64_t id, LogRow **ret)
{
        return get(state, SELECT "WHERE ?1 IS NULL AND id = ?2", NULL, id, ret);
}

int state_log_by_token(State *state, const char *token, LogRow **ret)
{
        return get(state, SELECT "WHERE token = ?1 AND ?2 = 0", token, 0, ret);
}

int state_log_by_file(State *state, const char *file, LogRow **ret)
{
        return get(state, SELECT "WHERE file = ?1 AND ?2 = 0", file, 0, ret);
}

int state_log_by_request(State *state, const char *station, int64_t request_id, LogRow **ret)
{
        return get(state, SELECT "WHERE station = ?1 AND request_id = ?2 ORDER BY id DESC LIMIT 1",
                   station, request_id, ret);
}

int state_log_by_diagnostics(State *state, const char *station, LogRow **ret)
{
        return get(state,
                   SELECT "WHERE station = ?1 AND action = 'GetDiagnostics' AND ?2 = 0 AND"
                          " (status IS NULL OR status = 'Uploading')"
                          " AND answer IS NOT 'CALLERROR' ORDER BY id DESC LIMIT 1",
                   station, 0, ret);
}

int state_log_add(State *state, const LogRow *row, int64_t *ret_id)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(
                state, "INSERT INTO log (" COLUMNS ") VALUES (" VALUES ") RETURNING id", &q);
        if (r < 0)
                return r;
        columns_bind(q, 1, columns, ELEMENTSOF(columns), row);
        r = state_step(state, q);
        if (r < 0)
                return r;
        *ret_id = sqlite3_column_int64(q, 0);
        return 0;
}

int state_log_save(State *state, const LogRow *row)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(
                state, "UPDATE log SET (" COLUMNS ") = (" VALUES ") WHERE id = ?28 RETURNING id",
                &q);
        if (r < 0)
                return r;
        columns_bind(q, 1, columns, ELEMENTSOF(columns), row);
        sqlite3_bind_int64(q, ID_INDEX, row->id);
        r = state_step(state, q);
        return r < 0 ? r : r == 0 ? -ENOENT : 0;
}

int state_log_delete(State *state, int64_t id)
{
        return state_delete(state, "DELETE FROM log WHERE id = ?", id);
}

static void bind_choice(Statement q, const LogChoice *choice)
{
        bind_text(q, 1, choice->station);
        bind_text(q, 2, choice->state);
}

#define CHOSEN "(?1 IS NULL OR station = ?1) AND (?2 IS NULL OR state = ?2)"

/* The first row of a choice. 1 and *ret; 0: none; negative errno. */
static int first(State *state, const LogChoice *choice, LogRow **ret)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state, SELECT "WHERE " CHOSEN " AND id > ?3 ORDER BY id LIMIT 1", &q);
        if (r < 0)
                return r;
        bind_choice(q, choice);
        sqlite3_bind_int64(q, 3, choice->after);
        r = state_step(state, q);
        if (r <= 0)
                return r;
        r = read_row(q, ret);
        return r < 0 ? r : 1;
}

int state_log_each(State *state, const LogChoice *choice, int (*each)(void *userdata, LogRow *row),
                   void *userdata)
{
        LogChoice rest = *choice;
        for (int64_t i = 0; i < choice->limit; i++) {
                _cleanup_(log_row_freep) LogRow *row = NULL;
                int r = first(state, &rest, &row);
                if (r <= 0)
                        return r;
                rest.after = row->id;
                r = each(userdata, row);
                if (r != 0)
                        return r;
        }
        return 0;
}

int64_t state_log_count(State *state, const LogChoice *choice)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state, "SELECT count(*) FROM log WHERE " CHOSEN, &q);
        if (r < 0)
                return r;
        bind_choice(q, choice);
        r = state_step(state, q);
        return r < 0 ? r : sqlite3_column_int64(q, 0);
}

int64_t state_log_bytes(State *state)
{
        return state_number(state, "SELECT coalesce(sum(size), 0) FROM log");
}

int state_log_give_up(State *state)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state,
                                    "UPDATE log SET state = CASE WHEN file IS NULL THEN 'failed'"
                                    " ELSE state END, answer = 'lost',"
                                    " note = 'mock-csms ended before the station had answered.'"
                                    " WHERE state IN ('waiting', 'asked')",
                                    &q);
        return r < 0 ? r : state_step(state, q);
}
