/* The database of mock-csms: its life, its transactions, its numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "state-private.h"
#include <stdio.h>
#include <unistd.h>

typedef struct Place {
        char folder[64], path[96];
} Place;

static int make_place(void **state)
{
        Place *place = calloc(1, sizeof(*place));
        snprintf(place->folder, sizeof(place->folder), "/tmp/test-state-XXXXXX");
        if (!mkdtemp(place->folder))
                return -1;
        snprintf(place->path, sizeof(place->path), "%s/state.db", place->folder);
        *state = place;
        return 0;
}

static int remove_place(void **state)
{
        static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
        Place *place = *state;
        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                _cleanup_(freep) char *path = str_printf("%s%s", place->path, ends[i]);
                (void)unlink(path);
        }
        int r = rmdir(place->folder);
        free(place);
        return r;
}

static State *opened(const char *path)
{
        State *state = NULL;
        assert_int_equal(state_open(&(StateOptions){.path = path}, &state), 0);
        return state;
}

static void write_number(State *state, int64_t number)
{
        _statement_ Statement q = NULL;
        assert_int_equal(
                state_prepare_write(state, "INSERT INTO frame VALUES (?, 1, 1, 1, '', 0, '')", &q),
                0);
        sqlite3_bind_int64(q, 1, number);
        assert_int_equal(state_step(state, q), 0);
}

static int64_t count(State *state)
{
        _statement_ Statement q = NULL;
        assert_int_equal(state_prepare(state, "SELECT count(*) FROM frame", &q), 0);
        assert_int_equal(state_step(state, q), 1);
        return sqlite3_column_int64(q, 0);
}

static void state_keeps_what_was_written(void **state)
{
        const Place *place = *state;
        State *s = opened(place->path);
        write_number(s, 1);
        assert_int_equal(state_flush(s), 0);
        write_number(s, 2);
        state_free(s); /* flushes */
        s = opened(place->path);
        assert_int_equal(count(s), 2);
        state_free(s);
}

static void state_undoes_what_belongs_together(void **state)
{
        const Place *place = *state;
        State *s = opened(place->path);
        write_number(s, 1);
        assert_int_equal(state_savepoint(s), 0);
        write_number(s, 2);
        assert_int_equal(state_end_savepoint(s, -EIO), -EIO);
        assert_int_equal(state_savepoint(s), 0);
        write_number(s, 3);
        assert_int_equal(state_end_savepoint(s, 0), 0);
        assert_int_equal(count(s), 2);
        state_free(s);
        s = opened(place->path);
        assert_int_equal(count(s), 2);
        state_free(s);
}

static void note_time(void *userdata, usec_t when)
{
        usec_t *at = userdata;
        *at = when;
}

static void state_asks_to_be_flushed_once_a_transaction(void **state)
{
        usec_t at = 0, before = boottime_now();
        State *s = NULL;
        (void)state;
        assert_int_equal(state_open(&(StateOptions){.wake_at = note_time, .userdata = &at}, &s), 0);
        assert_int_equal(at, 0);
        write_number(s, 1);
        assert_true(at >= before + STATE_FLUSH_AFTER);
        at = 0;
        write_number(s, 2);
        assert_int_equal(at, 0);
        assert_int_equal(state_flush(s), 0);
        _statement_ Statement q = NULL;
        assert_int_equal(state_prepare_write_later(s, "DELETE FROM frame", &q), 0);
        assert_true(at >= before + STATE_FLUSH_LATER);
        write_number(s, 3); /* is not to wait so long */
        assert_true(at > 0 && at < boottime_now() + STATE_FLUSH_LATER / 2);
        statement_donep(&q);
        state_free(s);
}

static void state_is_for_one_process(void **state)
{
        const Place *place = *state;
        State *s = opened(place->path), *other = NULL;
        assert_int_equal(state_open(&(StateOptions){.path = place->path}, &other), -EBUSY);
        state_free(s);
        s = opened(place->path);
        state_free(s);
}

static void state_gives_no_number_twice(void **state)
{
        const Place *place = *state;
        int64_t one, many, after;
        State *s = opened(place->path);
        assert_int_equal(state_fresh_id(s, &one), 0);
        assert_int_equal(state_fresh_ids(s, 100, &many), 0);
        assert_int_equal(many, one + 1);
        state_free(s);
        s = opened(place->path);
        assert_int_equal(state_fresh_id(s, &after), 0);
        assert_int_equal(after, many + 100);
        state_free(s);
}

static void state_tells_what_a_file_is_not(void **state)
{
        static const struct {
                const char *sql; /* done to a state; NULL: text in the place of it */
                int error;
        } files[] = {
                {NULL, -EBADMSG},
                {"PRAGMA application_id = 7", -EBADMSG},
                {"PRAGMA user_version = 1", -EPROTO},
                {"PRAGMA user_version = 3", -EPROTO},
        };
        const Place *place = *state;
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                State *s = NULL;
                if (files[i].sql) {
                        sqlite3 *db = NULL;
                        s = opened(place->path);
                        state_free(TAKE_PTR(s));
                        assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
                        assert_int_equal(sqlite3_exec(db, files[i].sql, NULL, NULL, NULL),
                                         SQLITE_OK);
                        sqlite3_close(db);
                } else {
                        static const char text[] = "Dear diary, today I have seen a bird.";
                        assert_int_equal(file_write_atomic(place->path, text, sizeof(text), 0600),
                                         0);
                }
                assert_int_equal(state_open(&(StateOptions){.path = place->path}, &s),
                                 files[i].error);
                assert_int_equal(unlink(place->path), 0);
        }
}

int main(void)
{
#define AT_A_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
        const struct CMUnitTest tests[] = {
                AT_A_PLACE(state_keeps_what_was_written),
                AT_A_PLACE(state_undoes_what_belongs_together),
                cmocka_unit_test(state_asks_to_be_flushed_once_a_transaction),
                AT_A_PLACE(state_is_for_one_process),
                AT_A_PLACE(state_gives_no_number_twice),
                AT_A_PLACE(state_tells_what_a_file_is_not),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
