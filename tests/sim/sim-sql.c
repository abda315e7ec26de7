/* A simulated life is short and has the same few statements each time: they are kept ready, since
 * most of the simulation's time would go into SQLite's parser. What they do is SQLite's as ever. */
#include <sqlite3.h>

#include "sim.h"

#define KEPT_MAX 64

typedef struct Kept {
        sqlite3 *db;
        uint64_t hash;
        sqlite3_stmt *statement;
        bool lent;
} Kept;

static Kept kept[KEPT_MAX];
static size_t kept_count;

int __real_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int size, sqlite3_stmt **ret,
                              const char **ret_tail);
int __real_sqlite3_finalize(sqlite3_stmt *s);
int __real_sqlite3_close(sqlite3 *db);
int __real_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*callback)(void *, int, char **, char **), void *arg, char **reterr);
int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int size, sqlite3_stmt **ret,
                              const char **ret_tail);
int __wrap_sqlite3_finalize(sqlite3_stmt *s);
int __wrap_sqlite3_close(sqlite3 *db);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*callback)(void *, int, char **, char **), void *arg, char **reterr);

static uint64_t hash_of(const char *text)
{
        uint64_t h = UINT64_C(14695981039346656037);

        for (; *text; text++)
                h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
        return h;
}

int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int size, sqlite3_stmt **ret,
                              const char **ret_tail)
{
        uint64_t hash = hash_of(sql);
        int r;

        for (size_t i = 0; i < kept_count; i++)
                if (kept[i].db == db && kept[i].hash == hash && !kept[i].lent) {
                        kept[i].lent = true;
                        *ret = kept[i].statement;
                        return SQLITE_OK;
                }
        r = __real_sqlite3_prepare_v2(db, sql, size, ret, ret_tail);
        if (r == SQLITE_OK && kept_count < KEPT_MAX)
                kept[kept_count++] = (Kept){db, hash, *ret, true};
        return r;
}

int __wrap_sqlite3_finalize(sqlite3_stmt *s)
{
        for (size_t i = 0; s && i < kept_count; i++)
                if (kept[i].statement == s) {
                        kept[i].lent = false;
                        sqlite3_clear_bindings(s);
                        return sqlite3_reset(s);
                }
        return __real_sqlite3_finalize(s);
}

int __wrap_sqlite3_close(sqlite3 *db)
{
        for (size_t i = 0; i < kept_count; i++)
                LAW(!kept[i].lent, "the agent left an SQL statement behind");
        while (kept_count > 0)
                __real_sqlite3_finalize(kept[--kept_count].statement);
        return __real_sqlite3_close(db);
}

/* One statement without rows is kept, too. */
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*callback)(void *, int, char **, char **), void *arg, char **reterr)
{
        sqlite3_stmt *s = NULL;
        int r;

        if (callback || strchr(sql, ';') || startswith(sql, "ALTER"))
                return __real_sqlite3_exec(db, sql, callback, arg, reterr);
        r = __wrap_sqlite3_prepare_v2(db, sql, -1, &s, NULL);
        if (r != SQLITE_OK)
                return r;
        r = sqlite3_step(s);
        __wrap_sqlite3_finalize(s);
        return r == SQLITE_DONE || r == SQLITE_ROW ? SQLITE_OK : r;
}
