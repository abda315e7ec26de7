/* See state-rollout.h. */
#include "state-rollout.h"
#include "log.h"
#include "state-private.h"
#include <stdio.h>

/* Times that are not known are NULL, shares texts. */
const char state_rollout_schema[] =
        "CREATE TABLE rollout ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " name TEXT NOT NULL UNIQUE, firmware INTEGER NOT NULL, orders TEXT NOT NULL, version TEXT "
        "NOT NULL,"
        " start_at INTEGER NOT NULL, fail_limit TEXT NOT NULL,"
        " retry_times INTEGER NOT NULL, retry_after INTEGER NOT NULL, retry_reasons INTEGER NOT "
        "NULL,"
        " answer_timeout INTEGER NOT NULL, progress_timeout INTEGER NOT NULL, in_flight_max "
        "INTEGER NOT NULL,"
        " state INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL, since INTEGER NOT NULL,"
        " forgiven INTEGER NOT NULL, how TEXT NOT NULL);"
        "CREATE TABLE rollout_group ("
        " rollout INTEGER NOT NULL REFERENCES rollout ON DELETE CASCADE, n INTEGER NOT NULL,"
        " name TEXT NOT NULL, success TEXT NOT NULL, wait INTEGER NOT NULL, fail_limit TEXT NOT "
        "NULL,"
        " begun_at INTEGER, reached_at INTEGER, waived INTEGER NOT NULL, forgiven INTEGER NOT NULL,"
        " PRIMARY KEY (rollout, n)) WITHOUT ROWID;"
        "CREATE TABLE rollout_target ("
        " rollout INTEGER NOT NULL REFERENCES rollout ON DELETE CASCADE, n INTEGER NOT NULL,"
        " station TEXT NOT NULL, grp INTEGER NOT NULL, state INTEGER NOT NULL, failure INTEGER NOT "
        "NULL,"
        " tries INTEGER NOT NULL, request_id INTEGER, firmware INTEGER NOT NULL, since INTEGER NOT "
        "NULL, acts_at INTEGER NOT NULL,"
        " PRIMARY KEY (rollout, n)) WITHOUT ROWID;";

static const char insert_rollout[] =
        "INSERT INTO rollout VALUES "
        "(NULL,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19) RETURNING id";
static const char update_rollout[] =
        "UPDATE rollout SET firmware=?3, orders=?4, version=?5, state=?14, by=?15, "
        "reason=?16, since=?17, forgiven=?18 WHERE id=?1";
static const char put_group[] = "INSERT OR REPLACE INTO rollout_group VALUES (?,?,?,?,?,?,?,?,?,?)";
static const char put_target[] =
        "INSERT OR REPLACE INTO rollout_target VALUES (?,?,?,?,?,?,?,?,?,?,?)";

static void bind_time(Statement q, int index, usec_t time)
{
        if (time == NO_TIME)
                sqlite3_bind_null(q, index);
        else
                sqlite3_bind_int64(q, index, (int64_t)time);
}

static usec_t column_time(Statement q, int index)
{
        return sqlite3_column_type(q, index) == SQLITE_NULL
                       ? NO_TIME
                       : (usec_t)sqlite3_column_int64(q, index);
}

static void bind_share(Statement q, int index, RolloutShare share)
{
        char text[TIME_TEXT_MAX];
        sqlite3_bind_text(q, index, rollout_share_format(share, text), -1, SQLITE_TRANSIENT);
}

static RolloutShare column_share(Statement q, int index)
{
        RolloutShare share = {0};
        (void)rollout_share_parse(strempty((const char *)sqlite3_column_text(q, index)), &share);
        return share;
}

static void take_text(Statement q, int index, char *to, size_t size)
{
        snprintf(to, size, "%s", strempty((const char *)sqlite3_column_text(q, index)));
}

/* The plan by one of the two statements above. 1 where it gives a row, and *ret_id. */
static int put_plan(State *state, const char *sql, const RolloutPlan *plan, int64_t *ret_id)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state, sql, &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, plan->id);
        bind_text(q, 2, plan->name);
        sqlite3_bind_int64(q, 3, plan->firmware);
        bind_text(q, 4, plan->order);
        bind_text(q, 5, plan->version);
        sqlite3_bind_int64(q, 6, (int64_t)plan->start_at);
        bind_share(q, 7, plan->fail_limit);
        sqlite3_bind_int64(q, 8, plan->retry.times);
        sqlite3_bind_int64(q, 9, (int64_t)plan->retry.after);
        sqlite3_bind_int64(q, 10, plan->retry.reasons);
        sqlite3_bind_int64(q, 11, (int64_t)plan->answer_timeout);
        sqlite3_bind_int64(q, 12, (int64_t)plan->progress_timeout);
        sqlite3_bind_int64(q, 13, plan->in_flight_max);
        sqlite3_bind_int(q, 14, plan->state);
        bind_text(q, 15, plan->by);
        bind_text(q, 16, plan->reason);
        sqlite3_bind_int64(q, 17, (int64_t)plan->since);
        sqlite3_bind_int64(q, 18, plan->forgiven);
        bind_text(q, 19, plan->how);
        r = state_step(state, q);
        if (r == 1)
                *ret_id = sqlite3_column_int64(q, 0);
        return r;
}

static int put_groups(State *state, int64_t id, const Rollout *rollout)
{
        size_t count;
        const RolloutGroup *groups = rollout_groups(rollout, &count);
        int r = 0;
        for (size_t g = 0; g < count && r == 0; g++) {
                _statement_ Statement q = NULL;
                r = state_prepare_write(state, put_group, &q);
                if (r < 0)
                        return r;
                sqlite3_bind_int64(q, 1, id);
                sqlite3_bind_int64(q, 2, (int64_t)g);
                bind_text(q, 3, groups[g].name);
                bind_share(q, 4, groups[g].success);
                sqlite3_bind_int64(q, 5, (int64_t)groups[g].wait);
                bind_share(q, 6, groups[g].fail_limit);
                bind_time(q, 7, groups[g].begun_at);
                bind_time(q, 8, groups[g].reached_at);
                sqlite3_bind_int(q, 9, groups[g].waived);
                sqlite3_bind_int64(q, 10, groups[g].forgiven);
                r = state_step(state, q);
        }
        return r;
}

static int put_one(State *state, int64_t id, const RolloutTarget *target, size_t n)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state, put_target, &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, id);
        sqlite3_bind_int64(q, 2, (int64_t)n);
        bind_text(q, 3, target->id);
        sqlite3_bind_int(q, 4, target->group);
        sqlite3_bind_int(q, 5, target->state);
        sqlite3_bind_int(q, 6, target->failure);
        sqlite3_bind_int64(q, 7, target->tries);
        if (target->request_id != NO_INT)
                sqlite3_bind_int64(q, 8, target->request_id);
        sqlite3_bind_int64(q, 9, target->firmware);
        sqlite3_bind_int64(q, 10, (int64_t)target->since);
        sqlite3_bind_int64(q, 11, (int64_t)target->acts_at);
        return state_step(state, q);
}

int state_rollout_add(State *state, const Rollout *rollout, int64_t *ret_id)
{
        size_t count;
        int64_t id = 0;
        const RolloutTarget *targets = rollout_targets(rollout, &count);
        int r = state_savepoint(state);
        if (r < 0)
                return r;
        r = put_plan(state, insert_rollout, rollout_plan(rollout), &id);
        if (r >= 0)
                r = put_groups(state, id, rollout);
        for (size_t i = 0; i < count && r >= 0; i++)
                r = put_one(state, id, &targets[i], i);
        r = state_end_savepoint(state, r);
        if (r == 0)
                *ret_id = id;
        return r;
}

int state_rollout_store(State *state, const Rollout *rollout, const uint32_t *targets, size_t count)
{
        size_t all;
        int64_t id = rollout_plan(rollout)->id, none;
        const RolloutTarget *target = rollout_targets(rollout, &all);
        int r = state_savepoint(state);
        if (r < 0)
                return r;
        r = put_plan(state, update_rollout, rollout_plan(rollout), &none);
        if (r >= 0)
                r = put_groups(state, id, rollout);
        for (size_t i = 0; i < count && r >= 0; i++)
                r = put_one(state, id, &target[targets[i]], targets[i]);
        return state_end_savepoint(state, r);
}

int state_rollout_remove(State *state, int64_t id)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state, "DELETE FROM rollout WHERE id = ? RETURNING id", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, id);
        r = state_step(state, q);
        return r < 0 ? r : r == 0 ? -ENOENT : 0;
}

static int load_plan(State *state, int64_t id, RolloutPlan *plan)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state, "SELECT * FROM rollout WHERE id = ?", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, id);
        r = state_step(state, q);
        if (r <= 0)
                return r < 0 ? r : -ENOENT;
        *plan = (RolloutPlan){
                .id = id,
                .firmware = sqlite3_column_int64(q, 2),
                .start_at = (usec_t)sqlite3_column_int64(q, 5),
                .fail_limit = column_share(q, 6),
                .retry = {(uint32_t)sqlite3_column_int64(q, 7), (usec_t)sqlite3_column_int64(q, 8),
                          (uint32_t)sqlite3_column_int64(q, 9)},
                .answer_timeout = (usec_t)sqlite3_column_int64(q, 10),
                .progress_timeout = (usec_t)sqlite3_column_int64(q, 11),
                .in_flight_max = (uint32_t)sqlite3_column_int64(q, 12),
                .state = (RolloutState)sqlite3_column_int(q, 13),
                .since = (usec_t)sqlite3_column_int64(q, 16),
                .forgiven = (uint32_t)sqlite3_column_int64(q, 17),
        };
        take_text(q, 1, plan->name, sizeof(plan->name));
        take_text(q, 3, plan->order, sizeof(plan->order));
        take_text(q, 4, plan->version, sizeof(plan->version));
        take_text(q, 14, plan->by, sizeof(plan->by));
        take_text(q, 15, plan->reason, sizeof(plan->reason));
        take_text(q, 18, plan->how, sizeof(plan->how));
        return plan->state < ROLLOUT_STATE_MAX ? 0 : -EUCLEAN;
}

static int load_groups(State *state, int64_t id, RolloutGroup *groups, size_t *ret_count)
{
        _statement_ Statement q = NULL;
        size_t n = 0;
        int r = state_prepare(state, "SELECT * FROM rollout_group WHERE rollout = ? ORDER BY n",
                              &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, id);
        for (; (r = state_step(state, q)) == 1; n++) {
                if (n == ROLLOUT_GROUPS_MAX)
                        return -EUCLEAN;
                groups[n] = (RolloutGroup){
                        .success = column_share(q, 3),
                        .wait = (usec_t)sqlite3_column_int64(q, 4),
                        .fail_limit = column_share(q, 5),
                        .begun_at = column_time(q, 6),
                        .reached_at = column_time(q, 7),
                        .waived = sqlite3_column_int(q, 8),
                        .forgiven = (uint32_t)sqlite3_column_int64(q, 9),
                };
                take_text(q, 2, groups[n].name, sizeof(groups[n].name));
        }
        *ret_count = n;
        return r;
}

static int load_targets(State *state, int64_t id, Rollout *rollout)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state, "SELECT * FROM rollout_target WHERE rollout = ? ORDER BY n",
                              &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, id);
        while ((r = state_step(state, q)) == 1) {
                RolloutTarget target = {
                        .id = (char *)sqlite3_column_text(q, 2),
                        .group = (uint16_t)sqlite3_column_int(q, 3),
                        .state = (TargetState)sqlite3_column_int(q, 4),
                        .failure = (TargetFailure)sqlite3_column_int(q, 5),
                        .tries = (uint32_t)sqlite3_column_int64(q, 6),
                        .request_id = sqlite3_column_type(q, 7) == SQLITE_NULL
                                              ? NO_INT
                                              : sqlite3_column_int64(q, 7),
                        .firmware = sqlite3_column_int64(q, 8),
                        .since = (usec_t)sqlite3_column_int64(q, 9),
                        .acts_at = (usec_t)sqlite3_column_int64(q, 10),
                };
                r = target.id ? rollout_add(rollout, &target) : -EINVAL;
                if (r < 0)
                        return r == -EINVAL ? -EUCLEAN : r;
        }
        return r;
}

int state_rollout_load(State *state, int64_t id, const RolloutDoors *doors, Rollout **ret)
{
        _cleanup_(rollout_freep) Rollout *rollout = NULL;
        _cleanup_(freep) RolloutPlan *plan = calloc(1, sizeof(*plan));
        _cleanup_(freep) RolloutGroup *groups = calloc(ROLLOUT_GROUPS_MAX, sizeof(*groups));
        size_t count = 0;
        if (!plan || !groups)
                return -ENOMEM;
        int r = load_plan(state, id, plan);
        if (r == 0)
                r = load_groups(state, id, groups, &count);
        if (r == 0)
                r = rollout_new(plan, groups, count, doors, &rollout);
        if (r == 0)
                r = load_targets(state, id, rollout);
        if (r == -E2BIG || r == -EUCLEAN)
                return log_error_errno(-EUCLEAN, "State %s: roll-out %lld makes no sense",
                                       state_path(state), (long long)id);
        if (r == 0)
                r = rollout_restore(rollout);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(rollout);
        return 0;
}

int state_rollout_next(State *state, int64_t after, int64_t *ret)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state, "SELECT id FROM rollout WHERE id > ? ORDER BY id LIMIT 1", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, after);
        r = state_step(state, q);
        if (r <= 0)
                return r < 0 ? r : -ENOENT;
        *ret = sqlite3_column_int64(q, 0);
        return 0;
}
