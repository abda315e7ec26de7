/* What a step leaves for later: until then nothing but the WAL is written, and nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store-internal.h"
#include "store-place.h"

#define FILE_MAX (4 * 1024 * 1024)
/* More than enough steps for each length of the WAL. */
#define STEPS_MAX 1000

typedef struct File {
        char *data;
        size_t size;
} File;

static File read_file(const Place *p, const char *name)
{
        _cleanup_(freep) char *path = str_printf("%s/%s", p->folder, name);
        File f = {0};

        assert_int_equal(file_read(path, FILE_MAX, &f.data, &f.size), 0);
        return f;
}

/* Is it still what it was? */
static bool is_as(const Place *p, const char *name, const File *was)
{
        File now = read_file(p, name);
        bool same = now.size == was->size && memcmp(now.data, was->data, now.size) == 0;

        free(now.data);
        return same;
}

static off_t wal_size(const Place *p)
{
        _cleanup_(freep) char *path = str_printf("%s/agent.db-wal", p->folder);
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        return st.st_size;
}

static void step(Place *p, int64_t number)
{
        _cleanup_(job_done) Job job;
        OutboxRow row = status_row(FW_DOWNLOADING, number);

        job_init(&job);
        job.state = JOB_DOWNLOADING;
        job.request.request_id = number;
        assert_int_equal(
                store_commit(p->store, &(StoreChange){.job = &job, .rows = &row, .row_count = 1}),
                0);
}

static void assert_stored(Place *p, int64_t number)
{
        _cleanup_(job_done) Job job;

        job_init(&job);
        assert_int_equal(store_load_job(p->store, &job), 1);
        assert_int_equal(job.request.request_id, number);
}

static void count(void *userdata)
{
        ++*(int *)userdata;
}

/* Steps until the database is written, or most were made; how many. */
static int steps_until_written(Place *p, int most)
{
        File database = read_file(p, "agent.db");
        int n = 0;

        while (n < most && is_as(p, "agent.db", &database))
                step(p, ++n);
        free(database.data);
        return n;
}

static void store_writes_the_wal_alone_in_a_step(void **state)
{
        Place *p = *state;
        int owed = 0, n = steps_until_written(p, STEPS_MAX);
        File database, copy;

        assert_in_range(n, 2, STEPS_MAX - 1); /* so often it is where nobody calls later */
        store_defer(p->store, count, &owed);
        database = read_file(p, "agent.db");
        copy = read_file(p, "update.copy");
        for (int i = 1; i <= 2 * n; i++) {
                step(p, i);
                assert_in_range(owed, i, INT32_MAX);
        }
        assert_true(is_as(p, "agent.db", &database));
        assert_true(is_as(p, "update.copy", &copy));
        store_catch_up(p->store);
        assert_false(is_as(p, "agent.db", &database));
        assert_false(is_as(p, "update.copy", &copy));
        free(database.data);
        free(copy.data);
        assert_stored(p, 2 * n);
}

/* Of what was done nothing is left to be done again. */
static void store_catches_up_once(void **state)
{
        Place *p = *state;
        int owed = 0;
        File copy;

        store_defer(p->store, count, &owed);
        step(p, 1);
        store_catch_up(p->store);
        copy = read_file(p, "update.copy");
        store_catch_up(p->store);
        assert_true(is_as(p, "update.copy", &copy));
        assert_int_equal(owed, 1);
        free(copy.data);
}

static void store_catches_up_at_the_end(void **state)
{
        Place *p = *state;
        File copy;
        int owed = 0;

        store_defer(p->store, count, &owed);
        step(p, 1);
        copy = read_file(p, "update.copy");
        store_free(TAKE_PTR(p->store));
        assert_false(is_as(p, "update.copy", &copy));
        free(copy.data);
        place_reopen(p);
        assert_stored(p, 1);
}

/* A WAL that nobody looks after does not grow for ever. */
static void store_bounds_a_wal_that_is_left(void **state)
{
        Place *p = *state;
        int owed = 0, n;
        off_t size;

        store_defer(p->store, count, &owed);
        n = steps_until_written(p, STEPS_MAX);
        assert_in_range(n, 2, STEPS_MAX - 1);
        size = wal_size(p);
        for (int i = 1; i <= 3 * n; i++)
                step(p, i);
        assert_in_range(wal_size(p), 1, 2 * size);
        assert_stored(p, 3 * n);
}

/* What was not caught up with when the process died is in the WAL. */
static void store_keeps_what_was_never_caught_up_with(void **state)
{
        Place *p = *state;
        pid_t pid;
        int status;

        store_free(TAKE_PTR(p->store));
        pid = fork();
        if (pid == 0) {
                int owed = 0;

                place_reopen(p);
                store_defer(p->store, count, &owed);
                for (int i = 1; i <= STEPS_MAX; i++)
                        step(p, i);
                raise(SIGKILL);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        place_reopen(p);
        assert_stored(p, STEPS_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(store_writes_the_wal_alone_in_a_step, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_catches_up_once, setup, teardown),
                cmocka_unit_test_setup_teardown(store_catches_up_at_the_end, setup, teardown),
                cmocka_unit_test_setup_teardown(store_bounds_a_wal_that_is_left, setup, teardown),
                cmocka_unit_test_setup_teardown(store_keeps_what_was_never_caught_up_with, setup,
                                                teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
