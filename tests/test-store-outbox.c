/* The outbox: order, what is dropped, trimmed, set aside and put together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store-place.h"

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

/* Why an update failed is told after a restart too. */
static void store_keeps_the_reason_with_a_status(void **state)
{
        Place *p = *state;
        OutboxRow rows[] = {status_row(FW_DOWNLOADING, 1), status_row(FW_DOWNLOAD_FAILED, 1)};
        _cleanup_(outbox_row_done) OutboxRow row = {0};

        rows[1].tech_info = (char *)"no room";
        rows[1].reason_code = (char *)"OutOfStorage";
        put(p, rows, 2, false);
        place_reopen(p);
        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 1);
        assert_true(!row.tech_info && !row.reason_code);
        assert_next(p, FW_DOWNLOADING, 1);
        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 1);
        assert_string_equal(row.tech_info, "no room");
        assert_string_equal(row.reason_code, "OutOfStorage");
}

/* An older agent's outbox has no place for it: that is added, and what waits there stays. */
static void store_adds_the_reason_to_an_older_outbox(void **state)
{
        Place *p = *state;
        _cleanup_(freep) char *path = str_printf("%s/agent.db", p->folder);
        OutboxRow row = status_row(FW_INSTALLED, 1);
        sqlite3 *db;

        put(p, &row, 1, false);
        store_free(TAKE_PTR(p->store));
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(
                sqlite3_exec(db, "ALTER TABLE outbox DROP COLUMN reason_code", NULL, NULL, NULL),
                SQLITE_OK);
        sqlite3_close(db);
        place_reopen(p);
        row = status_row(FW_DOWNLOAD_FAILED, 2);
        row.reason_code = (char *)"OutOfStorage";
        put(p, &row, 1, false);
        assert_next(p, FW_INSTALLED, 1);
        assert_next(p, FW_DOWNLOAD_FAILED, 2);
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
        assert_next(p, FW_DOWNLOADING, 1); /* it had ended, and was not superseded */
        assert_next(p, FW_DOWNLOAD_FAILED, 1);
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
        assert_int_equal(store_outbox_drop_statuses(p->store), 0);
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
        assert_int_equal(store_outbox_drop_statuses(p->store), 0);
        place_reopen(p);
        assert_int_equal(store_said(p->store, said), STATUSES_KEPT);
        assert_int_equal(said[0].request_id, 3);
        assert_int_equal(said[STATUSES_KEPT - 1].request_id, STATUSES_KEPT + 2);
        assert_int_equal(said[0].status, FW_DOWNLOADING);
}

/* What a trigger tells: not what still waits, but of what is on the wire. */
static void store_knows_what_was_sent_last(void **state)
{
        Place *p = *state;
        OutboxRow rows[] = {status_row(FW_DOWNLOADING, 1), status_row(FW_DOWNLOADED, 1),
                            status_row(FW_INSTALLING, 1), status_row(FW_INSTALLED, 2)};
        OutboxRow first = {0};

        assert_int_equal(store_last_sent(p->store, 1, 0), FW_NONE);
        put(p, rows, 4, false);
        assert_int_equal(store_outbox_first(p->store, false, 0, &first), 1);
        assert_int_equal(store_last_sent(p->store, 1, 0), FW_DOWNLOADING);
        assert_int_equal(store_last_sent(p->store, 1, first.id), FW_DOWNLOADING);
        assert_int_equal(store_last_sent(p->store, 1, first.id + 1), FW_DOWNLOADING);
        assert_int_equal(store_outbox_remove(p->store, first.id), 0);
        assert_int_equal(store_last_sent(p->store, 1, 0), FW_DOWNLOADING);
        assert_int_equal(store_last_sent(p->store, 1, first.id + 1), FW_DOWNLOADED);
        assert_next(p, FW_DOWNLOADED, 1);
        assert_next(p, FW_INSTALLING, 1);
        assert_int_equal(store_last_sent(p->store, 1, 0), FW_INSTALLING);
        assert_int_equal(store_last_sent(p->store, NO_INT, 0), FW_NONE);
}

/* A job that the CSMS did not order: for people alone. */
static void store_keeps_a_silent_status_for_people(void **state)
{
        Place *p = *state;
        SaidStatus said[STATUSES_KEPT];
        OutboxRow row = status_row(FW_DOWNLOADING, 1);

        row.silent = true;
        put(p, &row, 1, false);
        assert_no_next(p);
        assert_int_equal(store_said(p->store, said), 1);
        assert_int_equal(said[0].status, FW_DOWNLOADING);
}

static void store_puts_events_of_a_type_together(void **state)
{
        Place *p = *state;
        OutboxRow row = {.kind = OUTBOX_SECURITY_EVENT,
                         .value = SECURITY_FAILED_TO_AUTHENTICATE,
                         .request_id = NO_INT,
                         .combine = true};
        OutboxRow other = {.kind = OUTBOX_SECURITY_EVENT,
                           .value = SECURITY_FIRMWARE_UPDATED,
                           .request_id = NO_INT},
                  ret = {0};
        StoreChange sending = {.rows = &row, .row_count = 1};

        put(p, &row, 1, false);
        put(p, &other, 1, false);
        put(p, &row, 1, false);
        put(p, &other, 1, false);
        assert_int_equal(store_outbox_first(p->store, false, 0, &ret), 1);
        assert_int_equal(ret.value, SECURITY_FAILED_TO_AUTHENTICATE);
        assert_int_equal(ret.count, 2);
        sending.sending = ret.id; /* what is on the wire takes in no more */
        assert_int_equal(store_commit(p->store, &sending), 0);
        assert_int_equal(store_outbox_first(p->store, false, ret.id, &ret), 1);
        assert_int_equal(ret.count, 1);
        assert_int_equal(store_outbox_first(p->store, false, ret.id, &ret), 1);
        assert_int_equal(ret.value, SECURITY_FIRMWARE_UPDATED);
        assert_int_equal(ret.count, 1);
        assert_int_equal(store_outbox_first(p->store, false, ret.id, &ret), 1);
        assert_int_equal(ret.value, SECURITY_FAILED_TO_AUTHENTICATE);
        assert_int_equal(store_outbox_first(p->store, false, ret.id, &ret), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(store_gives_the_outbox_in_order_after_reopening,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(store_keeps_the_reason_with_a_status, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_adds_the_reason_to_an_older_outbox, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(
                        store_drops_intermediate_statuses_of_a_superseded_job, setup, teardown),
                cmocka_unit_test_setup_teardown(store_trims_intermediate_statuses_alone, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_sets_a_row_aside, setup, teardown),
                cmocka_unit_test_setup_teardown(store_remembers_the_last_statuses_said, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_knows_what_was_sent_last, setup, teardown),
                cmocka_unit_test_setup_teardown(store_keeps_a_silent_status_for_people, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_puts_events_of_a_type_together, setup,
                                                teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
