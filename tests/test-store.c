/* The store by reopening: what store_commit() answered 0 for is there after a new open, and after
 * kill -9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store-place.h"

/* A row in which every member has a value of its own. */
static void fill_job(Job *job)
{
        job_init(job);
        job->state = JOB_REBOOTING;
        job->last_status = FW_INSTALL_REBOOTING;
        job->verdict = FW_INSTALLATION_FAILED;
        job->plain = true;
        job->request = (UpdateRequest){.request_id = -7,
                                       .location = strdup("https://h/f'); DROP TABLE job; --"),
                                       .retrieve_at = 11,
                                       .install_at = 12,
                                       .retries = 3,
                                       .retry_interval = 14,
                                       .signing_certificate = strdup("certificate"),
                                       .signature = strdup("signature")};
        job->content_hash = strdup("content");
        job->origin_slot = strdup("rootfs.0");
        job->target_slot = strdup("rootfs.1");
        job->boot_id = strdup("boot");
        job->transaction_id = strdup("transaction");
        job->bundle_sha256 = strdup("sha");
        job->target_timestamp = strdup("then");
        job->target_count = 21;
        job->install_accepted = 1;
        job->attempts = 22;
        job->installs = 23;
        job->reboots = 24;
        job->roll_backs = 25;
        job->restores = 26;
        job->due_at = 27;
        job->reason = strdup("because");
        job->reason_code = strdup("OutOfStorage");
        job->answer = VERDICT_ACCEPTED_CANCELED;
        job->paused = 28;
        job->held_since = 29;
        job->furthest = 30;
        job->accepted_at = 31;
        job->silent = 32;
        job->was_online = 33;
        job->done_timestamp = strdup("done");
        job->done_count = 34;
        job->bundle_compatible = strdup("compatible");
        job->bundle_version = strdup("2.0");
        job->bundle_format = strdup("verity");
        job->streams = 1;
        job->furthest_byte = INT64_C(5000000000);
}

static void assert_jobs_equal(const Job *a, const Job *b)
{
        const struct {
                const char *a, *b;
        } texts[] = {
                {a->request.location, b->request.location},
                {a->request.signing_certificate, b->request.signing_certificate},
                {a->request.signature, b->request.signature},
                {a->content_hash, b->content_hash},
                {a->origin_slot, b->origin_slot},
                {a->target_slot, b->target_slot},
                {a->boot_id, b->boot_id},
                {a->transaction_id, b->transaction_id},
                {a->bundle_sha256, b->bundle_sha256},
                {a->bundle_compatible, b->bundle_compatible},
                {a->bundle_version, b->bundle_version},
                {a->bundle_format, b->bundle_format},
                {a->target_timestamp, b->target_timestamp},
                {a->reason, b->reason},
                {a->reason_code, b->reason_code},
                {a->done_timestamp, b->done_timestamp},
        };
        const struct {
                int64_t a, b;
        } numbers[] = {
                {a->state, b->state},
                {a->last_status, b->last_status},
                {a->verdict, b->verdict},
                {a->plain, b->plain},
                {a->request.request_id, b->request.request_id},
                {(int64_t)a->request.retrieve_at, (int64_t)b->request.retrieve_at},
                {(int64_t)a->request.install_at, (int64_t)b->request.install_at},
                {a->request.retries, b->request.retries},
                {a->request.retry_interval, b->request.retry_interval},
                {a->target_count, b->target_count},
                {a->install_accepted, b->install_accepted},
                {a->attempts, b->attempts},
                {a->installs, b->installs},
                {a->reboots, b->reboots},
                {a->roll_backs, b->roll_backs},
                {a->restores, b->restores},
                {(int64_t)a->due_at, (int64_t)b->due_at},
                {a->answer, b->answer},
                {a->paused, b->paused},
                {(int64_t)a->held_since, (int64_t)b->held_since},
                {a->furthest, b->furthest},
                {(int64_t)a->accepted_at, (int64_t)b->accepted_at},
                {a->silent, b->silent},
                {a->was_online, b->was_online},
                {a->done_count, b->done_count},
                {a->streams, b->streams},
                {a->furthest_byte, b->furthest_byte},
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_true(str_equal(texts[i].a, texts[i].b));
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                assert_int_equal(numbers[i].a, numbers[i].b);
}

static void store_keeps_every_member_of_a_job(void **state)
{
        Place *p = *state;
        _cleanup_(job_done) Job in, out, empty;
        StoreChange change = {.job = &in};

        job_init(&out);
        job_init(&empty);
        fill_job(&in);
        assert_int_equal(store_load_job(p->store, &out), 0);
        assert_int_equal(store_commit(p->store, &change), 0);
        place_reopen(p);
        assert_int_equal(store_load_job(p->store, &out), 1);
        assert_jobs_equal(&in, &out);
        change.job = &empty; /* every NULL, NO_INT and NO_TIME too */
        assert_int_equal(store_commit(p->store, &change), 0);
        place_reopen(p);
        assert_int_equal(store_load_job(p->store, &out), 1);
        assert_jobs_equal(&empty, &out);
}

static void store_keeps_each_state(void **state)
{
        Place *p = *state;
        _cleanup_(job_done) Job in, out;
        StoreChange change = {.job = &in};

        job_init(&in);
        job_init(&out);
        for (in.state = 0; in.state < JOB_STATE_MAX; in.state++) {
                assert_int_equal(store_commit(p->store, &change), 0);
                assert_int_equal(store_load_job(p->store, &out), 1);
                assert_int_equal(out.state, in.state);
        }
        in.state = JOB_IDLE;
}

static void store_keeps_named_values(void **state)
{
        Place *p = *state;
        char *value = NULL;

        assert_int_equal(store_get(p->store, STORE_CONFIRMED_SLOT, &value), 0);
        assert_null(value);
        assert_int_equal(store_set(p->store, STORE_CONFIRMED_SLOT, "rootfs.0"), 0);
        assert_int_equal(store_set(p->store, STORE_CONFIRMED_SLOT, "rootfs.1"), 0);
        place_reopen(p);
        assert_int_equal(store_get(p->store, STORE_CONFIRMED_SLOT, &value), 0);
        assert_string_equal(value, "rootfs.1");
        free(value);
        assert_int_equal(store_set(p->store, STORE_CONFIRMED_SLOT, NULL), 0);
        assert_int_equal(store_get(p->store, STORE_CONFIRMED_SLOT, &value), 0);
        assert_null(value);
}

static void store_keeps_a_value_with_the_step(void **state)
{
        Place *p = *state;
        _cleanup_(job_done) Job job;
        _cleanup_(freep) char *value = NULL;
        StoreChange change = {.job = &job, .name = STORE_FAILED_TRIALS, .value = "one"};

        job_init(&job);
        assert_int_equal(store_commit(p->store, &change), 0);
        place_reopen(p);
        assert_int_equal(store_get(p->store, STORE_FAILED_TRIALS, &value), 0);
        assert_string_equal(value, "one");
}

/* A child commits and is killed in the middle of its work; what it had committed is there, whole.
 */
static void store_survives_kill_after_each_commit(void **state)
{
        Place *p = *state;

        store_free(TAKE_PTR(p->store));
        for (int round = 1; round <= 20; round++) {
                int pipe_fds[2], status;
                char byte;
                pid_t pid;

                assert_int_equal(pipe(pipe_fds), 0);
                pid = fork();
                if (pid == 0) {
                        _cleanup_(freep) char *error = NULL;
                        Job job;
                        OutboxRow row = status_row(FW_DOWNLOADING, round);
                        StoreChange change = {.job = &job, .rows = &row, .row_count = 1};

                        job_init(&job);
                        job.attempts = round;
                        if (store_open(p->folder, &p->store, &error) == 0 &&
                            store_commit(p->store, &change) == 0 && write(pipe_fds[1], "x", 1) == 1)
                                pause();
                        _exit(1);
                }
                close(pipe_fds[1]);
                assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
                close(pipe_fds[0]);
                kill(pid, SIGKILL);
                waitpid(pid, &status, 0);

                _cleanup_(job_done) Job job;
                job_init(&job);
                place_reopen(p);
                assert_int_equal(store_load_job(p->store, &job), 1);
                assert_int_equal(job.attempts, round);
                assert_next(p, FW_DOWNLOADING, round);
                assert_no_next(p);
                store_free(TAKE_PTR(p->store));
        }
        place_reopen(p);
}

/* After a roll-back the older agent opens the newer one's store: columns and tables it doesn't know
 * stay. */
static void store_takes_a_newer_schema_as_it_is(void **state)
{
        Place *p = *state;
        _cleanup_(freep) char *path = str_printf("%s/agent.db", p->folder);
        _cleanup_(job_done) Job job;
        StoreChange change = {.job = &job};
        sqlite3 *db;

        fill_job(&job);
        assert_int_equal(store_commit(p->store, &change), 0);
        store_free(TAKE_PTR(p->store));
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db,
                                      "ALTER TABLE job ADD COLUMN future TEXT DEFAULT 'kept'; "
                                      "CREATE TABLE more (x);",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        sqlite3_close(db);
        place_reopen(p);
        job.attempts = 99;
        assert_int_equal(store_commit(p->store, &change), 0);
        job.attempts = 0;
        assert_int_equal(store_load_job(p->store, &job), 1);
        assert_int_equal(job.attempts, 99);
}

static void spoil(Place *p)
{
        static const char text[] = "this is no database, but long enough to be read as one";
        _cleanup_(freep) char *path = str_printf("%s/agent.db", p->folder);
        _cleanup_(freep) char *wal = str_printf("%s/agent.db-wal", p->folder);

        store_free(TAKE_PTR(p->store));
        unlink(wal);
        assert_int_equal(file_write_atomic(path, text, sizeof(text), 0600), 0);
}

static void reopen_damaged(Place *p, Job *ret)
{
        _cleanup_(freep) char *aside = str_printf("%s/agent.db.damaged", p->folder), *error = NULL;

        assert_int_equal(store_open(p->folder, &p->store, &error), 1);
        assert_null(error);
        assert_int_equal(access(aside, F_OK), 0);
        job_init(ret);
        assert_int_equal(store_load_job(p->store, ret), 1);
}

/* Set aside; what the line beside it knows is in the fresh one. */
static void store_begins_a_fresh_database_with_the_copy(void **state)
{
        Place *p = *state;
        _cleanup_(job_done) Job job, found;
        OutboxRow row = {.kind = OUTBOX_FIRMWARE_STATUS,
                         .value = FW_INSTALL_REBOOTING,
                         .plain = true,
                         .request_id = -7};
        StoreChange change = {.job = &job, .rows = &row, .row_count = 1};
        int64_t id;

        fill_job(&job);
        assert_int_equal(store_commit(p->store, &change), 0);
        spoil(p);
        reopen_damaged(p, &found);
        assert_null(found.request.location);
        assert_null(found.request.signing_certificate);
        assert_null(found.request.signature);
        found.request.location = strdup(job.request.location);
        found.request.signing_certificate = strdup(job.request.signing_certificate);
        found.request.signature = strdup(job.request.signature);
        assert_jobs_equal(&job, &found);
        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 1);
        assert_int_equal(row.value, FW_INSTALL_REBOOTING);
        assert_int_equal(row.request_id, -7);
        assert_true(row.plain);
        /* Answered: not said again after the next damage. */
        id = row.id;
        assert_int_equal(store_outbox_remove(p->store, id), 0);
        job_done(&found);
        spoil(p);
        reopen_damaged(p, &found);
        assert_int_equal(found.state, JOB_REBOOTING);
        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 0);
}

/* A failure that was not told yet is told with its reason. */
static void store_keeps_the_reason_in_the_copy(void **state)
{
        static const FirmwareStatus statuses[] = {FW_INSTALLATION_FAILED, FW_INSTALLED};
        Place *p = *state;

        for (size_t i = 0; i < ELEMENTSOF(statuses); i++) {
                _cleanup_(job_done) Job job, found;
                _cleanup_(outbox_row_done) OutboxRow told = {0};
                OutboxRow row = {.value = (int)statuses[i], .request_id = 1};

                fill_job(&job);
                assert_int_equal(
                        store_commit(p->store,
                                     &(StoreChange){.job = &job, .rows = &row, .row_count = 1}),
                        0);
                spoil(p);
                reopen_damaged(p, &found);
                assert_int_equal(store_outbox_first(p->store, false, 0, &told), 1);
                assert_int_equal(told.value, statuses[i]);
                assert_true(str_equal(told.tech_info, i == 0 ? "because" : NULL));
                assert_true(str_equal(told.reason_code, i == 0 ? "OutOfStorage" : NULL));
        }
}

/* No update, nothing to say: the copy holds nothing, and a foreign one is no reason not to start.
 */
static void store_needs_no_copy(void **state)
{
        Place *p = *state;
        _cleanup_(freep) char *copy = str_printf("%s/update.copy", p->folder), *error = NULL;
        _cleanup_(job_done) Job job;
        StoreChange change = {.job = &job};

        job_init(&job);
        for (job.state = JOB_DOWNLOADING;; job.state = JOB_IDLE) {
                assert_int_equal(store_commit(p->store, &change), 0);
                spoil(p);
                assert_int_equal(store_open(p->folder, &p->store, &error), 1);
                assert_int_equal(store_load_job(p->store, &job), job.state != JOB_IDLE);
                if (job.state == JOB_IDLE)
                        break;
        }
        spoil(p);
        assert_int_equal(file_write_atomic(copy, "rubbish\n", 8, 0600), 0);
        assert_int_equal(store_open(p->folder, &p->store, &error), 1);
        assert_int_equal(store_load_job(p->store, &job), 0);
}

static void store_tells_what_it_can_not_open(void **state)
{
        Place *p = *state;
        _cleanup_(freep) char *error = NULL;
        Store *s = NULL;

        assert_int_equal(store_open("/proc/no/such/folder", &s, &error), -ENOENT);
        assert_non_null(strstr(error, "/proc/no/such/folder"));
        place_reopen(p);
}

/* A newer agent's state, read by the older one after a roll-back. */
static void store_reads_a_state_it_does_not_know(void **state)
{
        static const struct {
                int accepted;
                JobState found;
        } cases[] = {{0, JOB_DOWNLOADING}, {1, JOB_REBOOTING}};
        Place *p = *state;
        _cleanup_(freep) char *path = str_printf("%s/agent.db", p->folder);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(job_done) Job job;
                StoreChange change = {.job = &job};
                sqlite3 *db;

                job_init(&job);
                job.install_accepted = cases[i].accepted;
                assert_int_equal(store_commit(p->store, &change), 0);
                assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
                assert_int_equal(sqlite3_exec(db, "UPDATE job SET state = 'from the future'", NULL,
                                              NULL, NULL),
                                 SQLITE_OK);
                sqlite3_close(db);
                assert_int_equal(store_load_job(p->store, &job), 1);
                assert_int_equal(job.state, cases[i].found);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(store_keeps_every_member_of_a_job, setup, teardown),
                cmocka_unit_test_setup_teardown(store_keeps_each_state, setup, teardown),
                cmocka_unit_test_setup_teardown(store_keeps_named_values, setup, teardown),
                cmocka_unit_test_setup_teardown(store_keeps_a_value_with_the_step, setup, teardown),
                cmocka_unit_test_setup_teardown(store_survives_kill_after_each_commit, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_takes_a_newer_schema_as_it_is, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_begins_a_fresh_database_with_the_copy, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_keeps_the_reason_in_the_copy, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_needs_no_copy, setup, teardown),
                cmocka_unit_test_setup_teardown(store_tells_what_it_can_not_open, setup, teardown),
                cmocka_unit_test_setup_teardown(store_reads_a_state_it_does_not_know, setup,
                                                teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
