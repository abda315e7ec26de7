/* What the agent asks of the database it also lets go: a statement that is left in the middle would
 * hold the WAL for ever. */
#include <sqlite3.h>

#include "sim.h"

int __real_sqlite3_finalize(sqlite3_stmt *s);
int __wrap_sqlite3_finalize(sqlite3_stmt *s);

int __wrap_sqlite3_finalize(sqlite3_stmt *s)
{
        LAW(!s || !sqlite3_stmt_busy(s), "the agent left an SQL statement behind");
        return __real_sqlite3_finalize(s);
}
