/* The stations of mock-csms, without a network: what waits for what, who is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "listing.h"
#include "ocpp16.h"
#include "station.h"
#include <stdio.h>

#define TIMEOUT (30 * USEC_PER_SEC)

/* The other side of the stations' connections: they note the frames. */
struct Conn {
        unsigned frames;
        bool closed, broken;
        char last[256];
};

int conn_send(Conn *conn, const char *data, size_t size, bool binary)
{
        (void)binary;
        if (conn->broken)
                return -ENOTCONN;
        conn->frames++;
        snprintf(conn->last, sizeof(conn->last), "%.*s", (int)size, data);
        return 0;
}

void conn_close(Conn *conn, unsigned code)
{
        (void)code;
        conn->closed = true;
}

void conn_read_at(Conn *conn _unused_, int64_t bytes_per_second _unused_)
{
}

static void wake_at(void *userdata, usec_t when)
{
        usec_t *at = userdata;
        *at = MIN(*at, when);
}

typedef struct World {
        Csms *csms;
        usec_t wake; /* the earliest that was asked for */
        Conn conns[4];
        Station *stations[4];
        unsigned ends[4]; /* by CallEnd */
} World;

/* Four stations, all connected. */
static void set_up(World *w)
{
        *w = (World){.wake = USEC_INFINITY};
        const CsmsOptions options = {
                .message_timeout = TIMEOUT, .wake_at = wake_at, .userdata = &w->wake};
        assert_int_equal(csms_new(&options, &w->csms), 0);
        for (size_t i = 0; i < ELEMENTSOF(w->stations); i++) {
                char id[8];
                snprintf(id, sizeof(id), "S%zu", (i * 3) % 4); /* not in order */
                assert_int_equal(csms_join(w->csms, id, &ocpp16, &w->conns[i], &w->stations[i]), 0);
        }
}

static void count_end(void *userdata, const CallOutcome *outcome)
{
        World *w = userdata;
        w->ends[outcome->end]++;
}

static void ask(World *w, size_t i)
{
        Call *call;
        assert_int_equal(
                station_call(w->stations[i], "Reset", cJSON_CreateObject(), count_end, w, &call),
                0);
}

/* The station's answer to what it was sent last. */
static void answer(World *w, size_t i)
{
        char text[64], id[40] = "";
        assert_int_equal(sscanf(w->conns[i].last, "[2,\"%39[^\"]", id), 1);
        int n = snprintf(text, sizeof(text), "[3,\"%s\",{}]", id);
        assert_int_equal(station_receive(w->stations[i], text, (size_t)n, false), 0);
}

static void csms_sends_what_waits_at_the_next_tick(void **state)
{
        World w;
        (void)state;
        set_up(&w);
        assert_true(csms_tick(w.csms, boottime_now()) == USEC_INFINITY);
        for (size_t i = 0; i < 3; i++)
                ask(&w, i);
        ask(&w, 0);
        assert_true(w.wake <= boottime_now());
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(w.conns[i].frames, 0);
        usec_t before = boottime_now(), next = csms_tick(w.csms, before);
        assert_true(next >= before + TIMEOUT && next <= boottime_now() + TIMEOUT);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(w.conns[i].frames, 1);
        assert_int_equal(w.conns[3].frames, 0);
        answer(&w, 0); /* … which sends the second one */
        assert_int_equal(w.conns[0].frames, 2);
        assert_int_equal(w.ends[CALL_RESULT], 1);
        for (size_t i = 0; i < 3; i++)
                answer(&w, i);
        assert_int_equal(w.ends[CALL_RESULT], 4);
        assert_true(csms_tick(w.csms, boottime_now()) == USEC_INFINITY);
        csms_free(w.csms);
}

static void csms_gives_up_each_call_in_its_time(void **state)
{
        World w;
        (void)state;
        set_up(&w);
        for (size_t i = 0; i < 3; i++) {
                ask(&w, i);
                csms_tick(w.csms, boottime_now());
        }
        usec_t first = rpc_deadline(w.stations[0]->rpc), last = rpc_deadline(w.stations[2]->rpc);
        answer(&w, 1);
        assert_true(csms_tick(w.csms, first - 1) == first);
        assert_int_equal(w.ends[CALL_TIMEOUT], 0);
        csms_tick(w.csms, first);
        assert_true(w.ends[CALL_TIMEOUT] >= 1);
        assert_true(csms_tick(w.csms, last) == USEC_INFINITY);
        assert_int_equal(w.ends[CALL_TIMEOUT], 2);
        assert_int_equal(w.ends[CALL_RESULT], 1);
        csms_free(w.csms);
}

static void ask_again(void *userdata, const CallOutcome *outcome)
{
        World *w = userdata;
        count_end(w, outcome);
        ask(w, 0);
}

static void csms_ends_a_tick_in_which_calls_beget_calls(void **state)
{
        World w;
        Call *call;
        (void)state;
        set_up(&w);
        assert_int_equal(
                station_call(w.stations[0], "Reset", cJSON_CreateObject(), ask_again, &w, &call),
                0);
        w.conns[0].broken = true;
        csms_tick(w.csms, boottime_now());
        assert_true(w.ends[CALL_GONE] >= 1 && w.ends[CALL_GONE] <= 2);
        csms_free(w.csms);
}

static void csms_forgets_what_waits_for_who_is_gone(void **state)
{
        World w;
        (void)state;
        set_up(&w);
        for (size_t i = 0; i < 3; i++)
                ask(&w, i);
        csms_leave(w.stations[1], &w.conns[1]);
        assert_int_equal(w.ends[CALL_GONE], 1);
        csms_tick(w.csms, boottime_now());
        assert_int_equal(w.conns[1].frames, 0);
        csms_leave(w.stations[2], &w.conns[2]);
        assert_int_equal(w.ends[CALL_GONE], 2);
        assert_int_equal(csms_remove(w.csms, w.stations[2]), 0);
        answer(&w, 0);
        assert_true(csms_tick(w.csms, boottime_now()) == USEC_INFINITY);
        csms_free(w.csms);
}

/* A connection that was replaced lingers, and still knows its station. */
static void csms_removes_no_station_with_a_connection(void **state)
{
        World w;
        Conn newer = {0};
        Station *same;
        (void)state;
        set_up(&w);
        assert_int_equal(csms_join(w.csms, "S0", &ocpp16, &newer, &same), 0);
        assert_ptr_equal(same, w.stations[0]);
        assert_true(w.conns[0].closed);
        assert_int_equal(csms_remove(w.csms, same), -EBUSY);
        csms_leave(same, &newer);
        assert_int_equal(csms_remove(w.csms, same), -EBUSY);
        csms_leave(same, &w.conns[0]);
        assert_int_equal(csms_remove(w.csms, same), 0);
        assert_null(csms_find(w.csms, "S0"));
        assert_int_equal(csms_count(w.csms), 3);
        csms_free(w.csms);
}

static void csms_gives_no_key_twice(void **state)
{
        World w;
        Station *station;
        (void)state;
        set_up(&w);
        assert_int_equal(csms_restore(w.csms, "old", 40, &station), 0);
        station->dialect = &ocpp16;
        assert_false(station_is_online(station));
        Conn conn = {0};
        assert_int_equal(csms_join(w.csms, "new", &ocpp16, &conn, &station), 0);
        assert_int_equal(station->key, 41);
        csms_leave(station, &conn);
        assert_int_equal(csms_remove(w.csms, station), 0);
        assert_int_equal(csms_join(w.csms, "newer", &ocpp16, &conn, &station), 0);
        assert_int_equal(station->key, 42);
        csms_free(w.csms);
}

/* Who sorts by what changes meanwhile is the one who may be missed, nobody else. */
static void listing_goes_on_where_things_change(void **state)
{
        World w;
        const Filter all = FILTER_INIT;
        Listing page;
        (void)state;
        set_up(&w);
        static const char *const models[] = {"b/x", "a", "b/x", "c"}; /* of S0, S3, S2, S1 */
        for (size_t i = 0; i < 4; i++)
                memcpy(w.stations[i]->model, models[i], strlen(models[i]) + 1);
        ListingOptions options = {.filter = &all, .sort = "model", .limit = 2};
        assert_int_equal(listing_make(w.csms, &options, &page), 0);
        assert_int_equal(page.total, 4);
        assert_string_equal(page.next, "b/x/S0");
        memcpy(csms_find(w.csms, "S0")->model, "z", 2);
        _cleanup_(freep) char *after = TAKE_PTR(page.next);
        listing_done(&page);
        options.after = after;
        options.limit = 10;
        assert_int_equal(listing_make(w.csms, &options, &page), 0);
        assert_null(page.next);
        static const char *const ids[] = {"S2", "S1", "S0"};
        assert_int_equal(cJSON_GetArraySize(page.items), 3);
        for (int i = 0; i < 3; i++)
                assert_string_equal(
                        cJSON_GetObjectItem(cJSON_GetArrayItem(page.items, i), "id")->valuestring,
                        ids[i]);
        listing_done(&page);
        options.sort = "colour";
        assert_int_equal(listing_make(w.csms, &options, &page), -EINVAL);
        csms_free(w.csms);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(csms_sends_what_waits_at_the_next_tick),
                cmocka_unit_test(csms_gives_up_each_call_in_its_time),
                cmocka_unit_test(csms_ends_a_tick_in_which_calls_beget_calls),
                cmocka_unit_test(csms_forgets_what_waits_for_who_is_gone),
                cmocka_unit_test(csms_removes_no_station_with_a_connection),
                cmocka_unit_test(csms_gives_no_key_twice),
                cmocka_unit_test(listing_goes_on_where_things_change),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
