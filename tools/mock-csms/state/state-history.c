/* See state-history.h. */
#include "state-history.h"
#include "state-private.h"

const char state_history_schema[] =
        "CREATE TABLE rollout_sample ("
        " rollout INTEGER NOT NULL REFERENCES rollout ON DELETE CASCADE, n INTEGER NOT NULL,"
        " at INTEGER NOT NULL, counts TEXT NOT NULL,"
        " PRIMARY KEY (rollout, n)) WITHOUT ROWID;"
        "CREATE TABLE rollout_mark ("
        " rollout INTEGER NOT NULL REFERENCES rollout ON DELETE CASCADE, n INTEGER NOT NULL,"
        " at INTEGER NOT NULL, event INTEGER NOT NULL, state INTEGER NOT NULL,"
        " by TEXT NOT NULL, reason TEXT NOT NULL,"
        " PRIMARY KEY (rollout, n)) WITHOUT ROWID;";

static int thin(State *state, int64_t rollout, int64_t step)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(
                state, "DELETE FROM rollout_sample WHERE rollout = ? AND n % ? <> 0", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, rollout);
        sqlite3_bind_int64(q, 2, step);
        return state_step(state, q);
}

int state_history_add(State *state, int64_t rollout, const HistorySample *sample)
{
        _statement_ Statement q = NULL;
        int r = sample->step > 0 ? thin(state, rollout, sample->step) : 0;
        if (r == 0)
                r = state_prepare_write(
                        state, "INSERT OR REPLACE INTO rollout_sample VALUES (?,?,?,?)", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, rollout);
        sqlite3_bind_int64(q, 2, sample->number);
        sqlite3_bind_int64(q, 3, (int64_t)sample->at);
        bind_text(q, 4, sample->counts);
        return state_step(state, q);
}

/* Those that are too many, the oldest. */
static int forget_marks(State *state, int64_t rollout)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state,
                                    "DELETE FROM rollout_mark WHERE rollout = ?1 AND n <= "
                                    "(SELECT max(n) FROM rollout_mark WHERE rollout = ?1) - ?2",
                                    &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, rollout);
        sqlite3_bind_int64(q, 2, MARKS_MAX);
        return state_step(state, q);
}

int state_mark_add(State *state, int64_t rollout, const RolloutMark *mark)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state,
                                    "INSERT INTO rollout_mark VALUES (?1, (SELECT "
                                    "coalesce(max(n) + 1, 0) FROM rollout_mark WHERE rollout = ?1),"
                                    "?2, ?3, ?4, ?5, ?6)",
                                    &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, rollout);
        sqlite3_bind_int64(q, 2, (int64_t)mark->at);
        sqlite3_bind_int(q, 3, mark->event);
        sqlite3_bind_int(q, 4, mark->state);
        bind_text(q, 5, strempty(mark->by));
        bind_text(q, 6, strempty(mark->reason));
        r = state_step(state, q);
        return r == 0 ? forget_marks(state, rollout) : r;
}

int state_history_load(State *state, int64_t rollout, History *ret)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(
                state,
                "SELECT (SELECT count(*) FROM rollout_sample WHERE rollout = ?1), n, at, counts "
                "FROM rollout_sample WHERE rollout = ?1 ORDER BY n DESC LIMIT 1",
                &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, rollout);
        r = state_step(state, q);
        if (r < 0)
                return r;
        char *counts = r > 0 ? column_text(q, 3) : NULL;
        if (r > 0 && !counts)
                return -ENOMEM;
        history_restore(ret, counts ? (uint32_t)sqlite3_column_int(q, 0) : 0,
                        sqlite3_column_int64(q, 1), (usec_t)sqlite3_column_int64(q, 2), counts);
        return 0;
}

int state_history_each(State *state, int64_t rollout,
                       int (*each)(void *userdata, usec_t at, const char *counts), void *userdata)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(
                state, "SELECT at, counts FROM rollout_sample WHERE rollout = ? ORDER BY n", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, rollout);
        while ((r = state_step(state, q)) > 0) {
                r = each(userdata, (usec_t)sqlite3_column_int64(q, 0),
                         strempty((const char *)sqlite3_column_text(q, 1)));
                if (r != 0)
                        return r;
        }
        return r;
}

int state_marks_each(State *state, int64_t rollout,
                     int (*each)(void *userdata, const RolloutMark *mark), void *userdata)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state,
                              "SELECT at, event, state, by, reason FROM rollout_mark "
                              "WHERE rollout = ? ORDER BY n",
                              &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, rollout);
        while ((r = state_step(state, q)) > 0) {
                r = each(userdata,
                         &(RolloutMark){
                                 .at = (usec_t)sqlite3_column_int64(q, 0),
                                 .event = (RolloutEvent)sqlite3_column_int(q, 1),
                                 .state = (RolloutState)sqlite3_column_int(q, 2),
                                 .by = strempty((const char *)sqlite3_column_text(q, 3)),
                                 .reason = strempty((const char *)sqlite3_column_text(q, 4)),
                         });
                if (r != 0)
                        return r;
        }
        return r;
}
