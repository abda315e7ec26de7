/* The request for logs in the store: its row, its statuses, beside those of the update. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <unistd.h>

#include "store-place.h"

static void fill(LogJob *job)
{
        logjob_init(job);
        job->state = LOGJOB_RETRYING;
        job->last_status = LOG_STATUS_UPLOADING;
        job->verdict = LOG_STATUS_BAD_MESSAGE;
        job->plain = true;
        job->request = (LogRequest){.kind = LOGS_SECURITY,
                                    .request_id = -7,
                                    .location = strdup("https://h/f'); DROP TABLE logjob; --"),
                                    .oldest = 11,
                                    .latest = 12,
                                    .retries = 3,
                                    .retry_interval = 14};
        job->answer = LOGS_ACCEPTED_CANCELED;
        job->name = strdup("name.tar.gz");
        job->size = INT64_C(5) << 32;
        job->attempts = 16;
        logjob_set_reason(job, "because", "OutOfStorage");
}

static void assert_equal(const LogJob *a, const LogJob *b)
{
        assert_int_equal(a->state, b->state);
        assert_int_equal(a->last_status, b->last_status);
        assert_int_equal(a->verdict, b->verdict);
        assert_int_equal(a->plain, b->plain);
        assert_true(logjob_request_equal(&a->request, &b->request));
        assert_int_equal(a->answer, b->answer);
        assert_true(str_equal(a->name, b->name));
        assert_int_equal(a->size, b->size);
        assert_int_equal(a->attempts, b->attempts);
        assert_true(str_equal(a->reason, b->reason));
        assert_true(str_equal(a->reason_code, b->reason_code));
}

static void commit(Place *p, const StoreChange *change)
{
        assert_int_equal(store_commit(p->store, change), 0);
}

static void store_keeps_every_member_of_a_log_job(void **state)
{
        Place *p = *state;
        _cleanup_(logjob_done) LogJob in, out, empty;

        logjob_init(&out);
        logjob_init(&empty);
        fill(&in);
        assert_int_equal(store_load_log(p->store, &out), 0);
        commit(p, &(StoreChange){.log = &in});
        place_reopen(p);
        assert_int_equal(store_load_log(p->store, &out), 1);
        assert_equal(&in, &out);
        commit(p, &(StoreChange){.log = &empty}); /* every NULL, NO_INT and NO_TIME too */
        place_reopen(p);
        assert_int_equal(store_load_log(p->store, &out), 1);
        assert_equal(&empty, &out);
}

static OutboxRow log_row(LogStatus status, int64_t id)
{
        return (OutboxRow){.kind = OUTBOX_LOG_STATUS,
                           .value = (int)status,
                           .plain = true,
                           .request_id = id,
                           .timestamp = 100};
}

/* Another request took its place: what was not said of it goes, and nothing else. */
static void store_drops_what_replaced_logs_had_to_say(void **state)
{
        Place *p = *state;
        OutboxRow first[] = {log_row(LOG_STATUS_UPLOADING, 1), log_row(LOG_STATUS_UPLOADED, 1),
                             status_row(FW_DOWNLOADING, 5), log_row(LOG_STATUS_UPLOADING, 2)};
        OutboxRow last = log_row(LOG_STATUS_ACCEPTED_CANCELED, 2);
        _cleanup_(logjob_done) LogJob job;
        OutboxRow row = {0};

        fill(&job);
        put(p, first, ELEMENTSOF(first), false);
        commit(p, &(StoreChange){
                          .log = &job, .rows = &last, .row_count = 1, .drop_intermediate = true});
        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 1);
        assert_int_equal(row.kind, OUTBOX_LOG_STATUS);
        assert_true(row.plain);
        outbox_row_done(&row);
        assert_next(p, LOG_STATUS_UPLOADING, 1);
        assert_next(p, LOG_STATUS_UPLOADED, 1);
        assert_next(p, FW_DOWNLOADING, 5);
        assert_next(p, LOG_STATUS_ACCEPTED_CANCELED, 2);
        assert_no_next(p);
}

/* The other way round, too; and of logs nothing stands among the update's statuses. */
static void store_keeps_logs_and_updates_apart(void **state)
{
        Place *p = *state;
        OutboxRow rows[] = {log_row(LOG_STATUS_UPLOADING, 5), status_row(FW_DOWNLOADING, 5)};
        SaidStatus said[STATUSES_KEPT];
        Job job;

        job_init(&job);
        put(p, rows, ELEMENTSOF(rows), false);
        assert_int_equal(store_said(p->store, said), 1);
        assert_int_equal(said[0].status, FW_DOWNLOADING);
        commit(p, &(StoreChange){.job = &job, .drop_intermediate = true});
        assert_next(p, LOG_STATUS_UPLOADING, 5);
        assert_no_next(p);
}

static void store_gives_up_intermediate_log_statuses_first(void **state)
{
        Place *p = *state;
        OutboxRow rows[] = {log_row(LOG_STATUS_UPLOADING, 1),
                            log_row(LOG_STATUS_PERMISSION_DENIED, 1),
                            log_row(LOG_STATUS_ACCEPTED_CANCELED, 2)};

        put(p, rows, ELEMENTSOF(rows), false);
        assert_int_equal(store_outbox_trim(p->store, 1), 0);
        assert_next(p, LOG_STATUS_PERMISSION_DENIED, 1);
        assert_next(p, LOG_STATUS_ACCEPTED_CANCELED, 2);
        put(p, rows, ELEMENTSOF(rows), false);
        assert_int_equal(store_outbox_drop_statuses(p->store), 0); /* another CSMS */
        assert_no_next(p);
}

/* A newer agent's words, after a roll-back: the job is begun anew, the status is one that no
 * version has a word for. */
static void store_reads_what_a_newer_agent_wrote(void **state)
{
        Place *p = *state;
        _cleanup_(freep) char *path = str_printf("%s/agent.db", p->folder);
        _cleanup_(logjob_done) LogJob job;
        OutboxRow rows[] = {log_row(LOG_STATUS_UPLOADING, 1)}, row = {0};
        sqlite3 *db;

        fill(&job);
        commit(p, &(StoreChange){.log = &job, .rows = rows, .row_count = 1});
        store_free(TAKE_PTR(p->store));
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db,
                                      "UPDATE logjob SET state = 'dreaming';"
                                      "UPDATE outbox SET kind = 9, value = 'Dreamt';",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        sqlite3_close(db);
        place_reopen(p);
        assert_int_equal(store_load_log(p->store, &job), 1);
        assert_int_equal(job.state, LOGJOB_COLLECTING);
        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 1);
        assert_int_equal(row.value, FW_NONE);
        outbox_row_done(&row);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(store_keeps_every_member_of_a_log_job, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_drops_what_replaced_logs_had_to_say, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_keeps_logs_and_updates_apart, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_gives_up_intermediate_log_statuses_first,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(store_reads_what_a_newer_agent_wrote, setup,
                                                teardown),
        };

        return cmocka_run_group_tests_name("store-log", tests, NULL, NULL);
}
