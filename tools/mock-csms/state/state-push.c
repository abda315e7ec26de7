/* See state-push.h. */
#include "state-push.h"
#include "state-columns.h"

const char state_push_schema[] =
        "CREATE TABLE push ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " firmware INTEGER NOT NULL,"
        " request TEXT NOT NULL,"
        " made INTEGER NOT NULL,"
        " sent INTEGER"
        ");"
        "CREATE TABLE push_target ("
        " push INTEGER NOT NULL REFERENCES push ON DELETE CASCADE,"
        " station TEXT NOT NULL,"
        " state INTEGER NOT NULL,"
        " detail TEXT,"
        " action TEXT,"
        " payload TEXT,"
        " request_id INTEGER,"
        " since INTEGER NOT NULL,"
        " PRIMARY KEY (push, station)"
        ") WITHOUT ROWID;"
        /* How many targets of a push are in which state, once none of them can change any more. An
         * index of push_target would cost a quarter of a push. */
        "CREATE TABLE push_count ("
        " push INTEGER NOT NULL REFERENCES push ON DELETE CASCADE,"
        " state INTEGER NOT NULL,"
        " n INTEGER NOT NULL,"
        " PRIMARY KEY (push, state)"
        ") WITHOUT ROWID;";

/* clang-format off */
static const char *const state_words[PUSH_STATE_MAX] = {
        [PUSH_READY]      = "ready",
        [PUSH_UNTELLABLE] = "untellable",
        [PUSH_OFFLINE]    = "offline",
        [PUSH_SENT]       = "sent",
        [PUSH_ACCEPTED]   = "accepted",
        [PUSH_REFUSED]    = "refused",
        [PUSH_NO_ANSWER]  = "no-answer",
};
/* clang-format on */

const char *push_state_word(PushState state)
{
        return state_words[state];
}

int push_state_from_word(const char *word)
{
        for (int i = 0; i < PUSH_STATE_MAX; i++)
                if (streq(state_words[i], word))
                        return i;
        return -EINVAL;
}

/* The columns of a target behind its state. */
#define TARGET_COLUMNS "station, detail, action, payload, request_id, since"
/* clang-format off */
static const Column target_columns[] = {
        { COLUMN_TEXT,   offsetof(PushTarget, station) }, { COLUMN_TEXT,   offsetof(PushTarget, detail) },
        { COLUMN_TEXT,   offsetof(PushTarget, action) },  { COLUMN_TEXT,   offsetof(PushTarget, payload) },
        { COLUMN_NUMBER, offsetof(PushTarget, request_id) }, { COLUMN_TIME, offsetof(PushTarget, since) },
};
/* clang-format on */

void push_target_done(PushTarget *target)
{
        columns_done(target_columns, ELEMENTSOF(target_columns), target);
        *target = (PushTarget){0};
}

void push_done(Push *push)
{
        free(push->order);
        *push = (Push){0};
}

int state_push_add(State *state, const Push *push, int64_t *ret_id)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(
                state, "INSERT INTO push (firmware, request, made) VALUES (?, ?, ?) RETURNING id",
                &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, push->firmware);
        bind_text(q, 2, push->order);
        sqlite3_bind_int64(q, 3, (int64_t)push->made);
        r = state_step(state, q);
        if (r < 0)
                return r;
        *ret_id = sqlite3_column_int64(q, 0);
        return 0;
}

int state_push_add_target(State *state, int64_t push, const PushTarget *target)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(
                state,
                "INSERT OR IGNORE INTO push_target (push, state, " TARGET_COLUMNS
                ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, push);
        sqlite3_bind_int(q, 2, (int)target->state);
        columns_bind(q, 3, target_columns, ELEMENTSOF(target_columns), target);
        return state_step(state, q);
}

int state_push_mark_sent(State *state, int64_t push, usec_t now)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state, "UPDATE push SET sent = ? WHERE id = ?", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, (int64_t)now);
        sqlite3_bind_int64(q, 2, push);
        return state_step(state, q);
}

int state_push_answered(State *state, int64_t push, const char *station, PushState to,
                        const char *detail, usec_t now)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state,
                                    "UPDATE push_target SET state = ?, detail = ?, since = ? WHERE "
                                    "push = ? AND station = ? AND state = ?",
                                    &q);
        if (r < 0)
                return r;
        sqlite3_bind_int(q, 1, (int)to);
        bind_text(q, 2, detail);
        sqlite3_bind_int64(q, 3, (int64_t)now);
        sqlite3_bind_int64(q, 4, push);
        bind_text(q, 5, station);
        sqlite3_bind_int(q, 6, PUSH_SENT);
        return state_step(state, q);
}

int state_push_told(State *state, int64_t push, const char *after, const char *last, usec_t now)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state,
                                    "UPDATE push_target SET state = ?, since = ? WHERE "
                                    "push = ? AND station > ? AND station <= ? AND state = ?",
                                    &q);
        if (r < 0)
                return r;
        sqlite3_bind_int(q, 1, PUSH_SENT);
        sqlite3_bind_int64(q, 2, (int64_t)now);
        sqlite3_bind_int64(q, 3, push);
        bind_text(q, 4, after);
        bind_text(q, 5, last);
        sqlite3_bind_int(q, 6, PUSH_READY);
        return state_step(state, q);
}

int state_push_give_up(State *state, const char *detail, usec_t now)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(
                state,
                "UPDATE push_target SET state = ?, detail = ?, since = ? WHERE state = ?"
                " AND push IN (SELECT id FROM push WHERE id NOT IN (SELECT push FROM push_count))",
                &q);
        if (r < 0)
                return r;
        sqlite3_bind_int(q, 1, PUSH_NO_ANSWER);
        bind_text(q, 2, detail);
        sqlite3_bind_int64(q, 3, (int64_t)now);
        sqlite3_bind_int(q, 4, PUSH_SENT);
        return state_step(state, q);
}

/* Adds to the counts what a literal finds: state, number. 0; negative errno. */
static int read_counts(State *state, const char *sql, Push *push)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state, sql, &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, push->id);
        while ((r = state_step(state, q)) > 0) {
                int64_t i = sqlite3_column_int64(q, 0);
                if (i >= 0 && i < PUSH_STATE_MAX)
                        push->counts[i] = sqlite3_column_int64(q, 1);
        }
        return r;
}

static int keep_count(State *state, const Push *push, PushState of)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state, "INSERT INTO push_count VALUES (?, ?, ?)", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, push->id);
        sqlite3_bind_int(q, 2, (int)of);
        sqlite3_bind_int64(q, 3, push->counts[of]);
        return state_step(state, q);
}

/* Its targets by state. They are counted one by one as long as the push is under way, and once
 * more: then the counts are kept. */
static int count(State *state, Push *push)
{
        int r = read_counts(state, "SELECT state, n FROM push_count WHERE push = ?", push);
        int64_t kept = 0;
        for (PushState i = 0; i < PUSH_STATE_MAX; i++)
                kept += push->counts[i];
        if (r < 0 || kept > 0)
                return r;
        r = read_counts(state,
                        "SELECT state, count(*) FROM push_target WHERE push = ? GROUP BY state",
                        push);
        if (push->counts[PUSH_READY] > 0 || push->counts[PUSH_SENT] > 0)
                return r;
        for (PushState i = 0; i < PUSH_STATE_MAX && r == 0; i++)
                r = push->counts[i] > 0 ? keep_count(state, push, i) : 0;
        return r;
}

/* The columns id, firmware, request, made, sent. */
static int read_push(State *state, Statement q, Push *ret)
{
        Push push = {
                .id = sqlite3_column_int64(q, 0),
                .firmware = sqlite3_column_int64(q, 1),
                .order = column_text(q, 2),
                .made = (usec_t)sqlite3_column_int64(q, 3),
                .sent = sqlite3_column_type(q, 4) == SQLITE_NULL
                                ? NO_TIME
                                : (usec_t)sqlite3_column_int64(q, 4),
        };
        int r = push.order ? count(state, &push) : -ENOMEM;
        if (r < 0)
                push_done(&push);
        else
                *ret = push;
        return r;
}

int state_push_get(State *state, int64_t id, Push *ret)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(
                state, "SELECT id, firmware, request, made, sent FROM push WHERE id = ?", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, id);
        r = state_step(state, q);
        return r < 0 ? r : r == 0 ? -ENOENT : read_push(state, q, ret);
}

int state_push_each(State *state, int64_t after, int64_t limit,
                    int (*each)(void *userdata, const Push *push), void *userdata)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state,
                              "SELECT id, firmware, request, made, sent FROM push WHERE id > ? "
                              "ORDER BY id LIMIT ?",
                              &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, after);
        sqlite3_bind_int64(q, 2, limit);
        while ((r = state_step(state, q)) > 0) {
                Push push;
                r = read_push(state, q, &push);
                if (r < 0)
                        return r;
                r = each(userdata, &push);
                push_done(&push);
                if (r != 0)
                        return r;
        }
        return r;
}

int64_t state_push_count(State *state)
{
        return state_number(state, "SELECT count(*) FROM push");
}

/* The state, then the columns of the table. */
static int read_target(Statement q, PushTarget *ret)
{
        PushTarget t = {.state = (PushState)sqlite3_column_int(q, 0), .request_id = NO_INT};
        int r = columns_read(q, 1, target_columns, ELEMENTSOF(target_columns), &t);
        if (r < 0)
                push_target_done(&t);
        else
                *ret = t;
        return r;
}

int state_push_each_target(State *state, int64_t push, int which, const char *after, int64_t limit,
                           int (*each)(void *userdata, const PushTarget *target), void *userdata)
{
        static const char all[] = "SELECT state, " TARGET_COLUMNS " FROM push_target "
                                  "WHERE push = ?1 AND station > ?2 ORDER BY station LIMIT ?3";
        static const char some[] =
                "SELECT state, " TARGET_COLUMNS " FROM push_target "
                "WHERE push = ?1 AND state = ?4 AND station > ?2 ORDER BY station LIMIT ?3";
        _statement_ Statement q = NULL;
        int r = state_prepare(state, which < 0 ? all : some, &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, push);
        bind_text(q, 2, after);
        sqlite3_bind_int64(q, 3, limit);
        if (which >= 0)
                sqlite3_bind_int(q, 4, which);
        while ((r = state_step(state, q)) > 0) {
                PushTarget target;
                r = read_target(q, &target);
                if (r < 0)
                        return r;
                r = each(userdata, &target);
                push_target_done(&target);
                if (r != 0)
                        return r;
        }
        return r;
}

int state_push_unsent(State *state, int64_t *ret)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(
                state,
                "SELECT id FROM push WHERE sent IS NOT NULL"
                " AND id NOT IN (SELECT push FROM push_count)"
                " AND EXISTS (SELECT 1 FROM push_target WHERE push = push.id AND state = ?)"
                " ORDER BY id LIMIT 1",
                &q);
        if (r < 0)
                return r;
        sqlite3_bind_int(q, 1, PUSH_READY);
        r = state_step(state, q);
        if (r > 0)
                *ret = sqlite3_column_int64(q, 0);
        return r;
}

int state_push_delete(State *state, int64_t id)
{
        return state_delete(state, "DELETE FROM push WHERE id = ?", id);
}
