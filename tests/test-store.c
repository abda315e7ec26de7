/* The store by reopening: what store_commit() answered 0 for is there after a new open, and after
 * kill -9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <ftw.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store.h"

typedef struct Place {
        char folder[64];
        Store *store;
} Place;

static void place_reopen(Place *p)
{
        _cleanup_(freep) char *error = NULL;

        store_free(TAKE_PTR(p->store));
        assert_int_equal(store_open(p->folder, &p->store, &error), 0);
}

static int setup(void **state)
{
        Place *p = calloc(1, sizeof(*p));

        strcpy(p->folder, "/tmp/test-store-XXXXXX");
        assert_non_null(mkdtemp(p->folder));
        place_reopen(p);
        *state = p;
        return 0;
}

static int remove_entry(const char *path, const struct stat *st _unused_, int type _unused_,
                        struct FTW *ftw _unused_)
{
        return remove(path);
}

static int teardown(void **state)
{
        Place *p = *state;

        store_free(p->store);
        nftw(p->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        free(p);
        return 0;
}

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
        job->answer = VERDICT_ACCEPTED_CANCELED;
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
                {a->target_timestamp, b->target_timestamp},
                {a->reason, b->reason},
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

static OutboxRow status_row(FirmwareStatus status, int64_t id)
{
        return (OutboxRow){.kind = OUTBOX_FIRMWARE_STATUS,
                           .value = (int)status,
                           .request_id = id,
                           .timestamp = 100};
}

static void put(Place *p, const OutboxRow *rows, size_t n, bool drop)
{
        StoreChange change = {.rows = rows, .row_count = n, .drop_intermediate = drop};

        assert_int_equal(store_commit(p->store, &change), 0);
}

static void assert_next(Place *p, int value, int64_t request_id)
{
        _cleanup_(outbox_row_done) OutboxRow row = {0};

        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 1);
        assert_int_equal(row.value, value);
        assert_int_equal(row.request_id, request_id);
        assert_int_equal(store_outbox_remove(p->store, row.id), 0);
}

static void assert_no_next(Place *p)
{
        OutboxRow row;

        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 0);
}

static void store_gives_the_outbox_in_order_after_reopening(void **state)
{
        Place *p = *state;
        OutboxRow rows[] = {status_row(FW_DOWNLOADING, 0), status_row(FW_DOWNLOADED, -1),
                            status_row(FW_INSTALLED, NO_INT)};
        OutboxRow event = {.kind = OUTBOX_SECURITY_EVENT,
                           .value = SECURITY_FIRMWARE_UPDATED,
                           .request_id = NO_INT,
                           .timestamp = 5,
                           .tech_info = (char *)"it's \"new\""};
        _cleanup_(outbox_row_done) OutboxRow row = {0};

        put(p, rows, 3, false);
        put(p, &event, 1, false);
        place_reopen(p);
        assert_next(p, FW_DOWNLOADING, 0);
        assert_next(p, FW_DOWNLOADED, -1);
        assert_next(p, FW_INSTALLED, NO_INT);
        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 1);
        assert_int_equal(row.kind, OUTBOX_SECURITY_EVENT);
        assert_int_equal(row.value, SECURITY_FIRMWARE_UPDATED);
        assert_int_equal(row.timestamp, 5);
        assert_string_equal(row.tech_info, "it's \"new\"");
        assert_int_equal(store_outbox_remove(p->store, row.id), 0);
        assert_no_next(p);
}

static void store_drops_intermediate_statuses_of_a_superseded_job(void **state)
{
        Place *p = *state;
        OutboxRow rows[] = {status_row(FW_DOWNLOADING, 1), status_row(FW_DOWNLOAD_FAILED, 1),
                            status_row(FW_DOWNLOADING, 2)};
        OutboxRow next = status_row(FW_DOWNLOADING, 3);

        put(p, rows, 3, false);
        put(p, &next, 1, true);
        assert_next(p, FW_DOWNLOAD_FAILED, 1); /* a final one is still sent */
        assert_next(p, FW_DOWNLOADING, 3);
        assert_no_next(p);
}

static void store_trims_intermediate_statuses_alone(void **state)
{
        Place *p = *state;
        OutboxRow rows[] = {status_row(FW_DOWNLOADING, 1), status_row(FW_INSTALLED, 1),
                            status_row(FW_DOWNLOADING, 2), status_row(FW_INSTALLATION_FAILED, 2)};

        put(p, rows, 4, false);
        assert_int_equal(store_outbox_trim(p->store, 3), 0);
        assert_next(p, FW_INSTALLED, 1);
        assert_next(p, FW_DOWNLOADING, 2);
        put(p, rows, 4, false);
        assert_int_equal(store_outbox_trim(p->store, 1), 0);
        assert_next(p, FW_INSTALLATION_FAILED, 2);
        assert_next(p, FW_INSTALLED, 1);
        assert_next(p, FW_INSTALLATION_FAILED, 2);
        assert_no_next(p);
}

static void store_sets_a_row_aside(void **state)
{
        Place *p = *state;
        OutboxRow rows[] = {status_row(FW_INSTALLED, 1), status_row(FW_DOWNLOADING, 2)};
        OutboxRow row = {0};

        put(p, rows, 2, false);
        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 1);
        row.aside = true;
        row.tries = 5;
        assert_int_equal(store_outbox_update(p->store, &row), 0);
        assert_next(p, FW_DOWNLOADING, 2);
        assert_no_next(p);
        place_reopen(p);
        assert_int_equal(store_outbox_first(p->store, true, 0, &row), 1);
        assert_int_equal(row.value, FW_INSTALLED);
        assert_int_equal(row.tries, 5);
        assert_int_equal(store_outbox_first(p->store, true, row.id, &row), 0);
        assert_int_equal(store_outbox_clear(p->store), 0);
        assert_int_equal(store_outbox_first(p->store, true, 0, &row), 0);
}

static void store_remembers_the_last_statuses_said(void **state)
{
        Place *p = *state;
        SaidStatus said[STATUSES_KEPT];

        assert_int_equal(store_said(p->store, said), 0);
        for (int i = 0; i < STATUSES_KEPT + 3; i++) {
                OutboxRow row = status_row(FW_DOWNLOADING, i);

                put(p, &row, 1, false);
        }
        assert_int_equal(store_outbox_clear(p->store), 0);
        place_reopen(p);
        assert_int_equal(store_said(p->store, said), STATUSES_KEPT);
        assert_int_equal(said[0].request_id, 3);
        assert_int_equal(said[STATUSES_KEPT - 1].request_id, STATUSES_KEPT + 2);
        assert_int_equal(said[0].status, FW_DOWNLOADING);
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

static void store_tells_what_it_can_not_open(void **state)
{
        Place *p = *state;
        _cleanup_(freep) char *path = str_printf("%s/agent.db", p->folder), *error = NULL;
        Store *s = NULL;

        store_free(TAKE_PTR(p->store));
        assert_int_equal(file_write_atomic(path,
                                           "this is no database, but long enough to be read as "
                                           "one. this is no database",
                                           75, 0600),
                         0);
        assert_int_equal(store_open(p->folder, &s, &error), -EUCLEAN);
        assert_non_null(strstr(error, "agent.db"));
        free(TAKE_PTR(error));
        assert_int_equal(store_open("/proc/no/such/folder", &s, &error), -ENOENT);
        assert_non_null(strstr(error, "/proc/no/such/folder"));
        unlink(path);
        place_reopen(p);
}

static void store_refuses_a_job_state_it_does_not_know(void **state)
{
        Place *p = *state;
        _cleanup_(freep) char *path = str_printf("%s/agent.db", p->folder);
        _cleanup_(job_done) Job job;
        StoreChange change = {.job = &job};
        sqlite3 *db;

        job_init(&job);
        assert_int_equal(store_commit(p->store, &change), 0);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(
                sqlite3_exec(db, "UPDATE job SET state = 'from the future'", NULL, NULL, NULL),
                SQLITE_OK);
        sqlite3_close(db);
        assert_int_equal(store_load_job(p->store, &job), -EPROTO);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(store_keeps_every_member_of_a_job, setup, teardown),
                cmocka_unit_test_setup_teardown(store_keeps_each_state, setup, teardown),
                cmocka_unit_test_setup_teardown(store_gives_the_outbox_in_order_after_reopening,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(
                        store_drops_intermediate_statuses_of_a_superseded_job, setup, teardown),
                cmocka_unit_test_setup_teardown(store_trims_intermediate_statuses_alone, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_sets_a_row_aside, setup, teardown),
                cmocka_unit_test_setup_teardown(store_remembers_the_last_statuses_said, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_keeps_named_values, setup, teardown),
                cmocka_unit_test_setup_teardown(store_survives_kill_after_each_commit, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_takes_a_newer_schema_as_it_is, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_tells_what_it_can_not_open, setup, teardown),
                cmocka_unit_test_setup_teardown(store_refuses_a_job_state_it_does_not_know, setup,
                                                teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
