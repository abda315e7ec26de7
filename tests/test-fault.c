/* The faults of mock-csms, without a network: how they are read, whom they are for, how often they
 * happen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fault-rules.h"
#include "ocpp16.h"
#include "station.h"
#include <stdio.h>

/* Identities that a rule can count for. */
#define COUNTED 32768

/* The other side of a station's connection notes what is done to it. */
struct Conn {
        int64_t rate;
        unsigned closed;
};

int conn_send(Conn *conn _unused_, const char *data _unused_, size_t size _unused_,
              bool binary _unused_)
{
        return 0;
}

void conn_close(Conn *conn, unsigned code _unused_)
{
        conn->closed++;
}

void conn_read_at(Conn *conn, int64_t bytes_per_second)
{
        conn->rate = bytes_per_second;
}

/* Two stations, A and B, and what observers were told. */
typedef struct World {
        Csms *csms;
        Observer observer;
        usec_t wake; /* the earliest that was asked for */
        Conn conns[2];
        Station *a, *b;
        unsigned set, applied, ended[FAULT_END_MAX];
} World;

static void wake_at(void *userdata, usec_t when)
{
        World *w = userdata;
        w->wake = MIN(w->wake, when);
}

static void on_set(void *userdata, const FaultRule *rule _unused_)
{
        ((World *)userdata)->set++;
}

static void on_applied(void *userdata, const FaultRule *rule _unused_, const char *id _unused_)
{
        ((World *)userdata)->applied++;
}

static void on_ended(void *userdata, const FaultRule *rule _unused_, FaultEnd why)
{
        ((World *)userdata)->ended[why]++;
}

static Station *join(World *w, const char *id, Conn *conn)
{
        Station *station;
        conn->rate = CONN_NO_LIMIT;
        assert_int_equal(csms_join(w->csms, id, &ocpp16, conn, &station), 0);
        return station;
}

static int set_up(void **state)
{
        World *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        w->wake = USEC_INFINITY;
        w->observer = (Observer){.fault_set = on_set,
                                 .fault_applied = on_applied,
                                 .fault_ended = on_ended,
                                 .userdata = w};
        const CsmsOptions options = {.wake_at = wake_at, .userdata = w};
        assert_int_equal(csms_new(&options, &w->csms), 0);
        csms_add_observer(w->csms, &w->observer);
        w->a = join(w, "A", &w->conns[0]);
        w->b = join(w, "B", &w->conns[1]);
        *state = w;
        return 0;
}

static int tear_down(void **state)
{
        World *w = *state;
        csms_free(w->csms);
        free(w);
        return 0;
}

/* Turns a fault on; its number, 0 of those of the kind none. */
static int64_t add(World *w, const char *json)
{
        _cleanup_(cJSON_Deletep) cJSON *body = cJSON_Parse(json);
        FaultTarget target;
        Fault fault;
        FaultError error = {0};
        const FaultRule *rule;
        assert_non_null(body);
        if (fault_target_from_json(body, &target, &fault, &error) < 0)
                fail_msg("%s: %s", json, error.text);
        assert_int_equal(fault_rules_add(w->csms, &target, &fault, &rule), 0);
        return rule ? w->csms->last_rule : 0;
}

static size_t known_for(World *w, int64_t id)
{
        _cleanup_(cJSON_Deletep) cJSON *o =
                fault_rule_describe(w->csms, fault_rules_find(w->csms, id), true);
        assert_non_null(o);
        return (size_t)cJSON_GetArraySize(cJSON_GetObjectItem(o, "stations"));
}

static bool hits(Station *station, const char *action)
{
        Fault fault;
        return fault_take_answer(station, action, &fault);
}

static bool refuses(World *w, const char *id)
{
        Fault fault;
        return fault_take_kind(w->csms, FAULT_REFUSED, id, &fault);
}

/* ---- reading ---- */

/* clang-format off */
static const struct { const char *json, *told; } good[] = {
        { "{\"kind\":\"never\",\"action\":\"Heartbeat\"}", "{\"kind\":\"never\",\"action\":\"Heartbeat\",\"times\":1}" },
        { "{\"kind\":\"late\",\"action\":\"Heartbeat\",\"seconds\":0.5}", "{\"kind\":\"late\",\"action\":\"Heartbeat\",\"seconds\":0.5,\"times\":1}" },
        { "{\"kind\":\"callerror\",\"action\":\"Reset\",\"times\":0}", "{\"kind\":\"callerror\",\"action\":\"Reset\",\"code\":\"InternalError\",\"times\":0}" },
        { "{\"kind\":\"disconnect\",\"frames\":1000000,\"duration\":0.1}", "{\"kind\":\"disconnect\",\"frames\":1000000,\"times\":1,\"duration\":0.1}" },
        { "{\"kind\":\"slowread\",\"bytesPerSecond\":1}", "{\"kind\":\"slowread\",\"bytesPerSecond\":1,\"times\":1}" },
        { "{\"kind\":\"refused\"}", "{\"kind\":\"refused\",\"status\":503,\"times\":1}" },
        { "{\"kind\":\"subprotocol\",\"subprotocol\":\"\"}", "{\"kind\":\"subprotocol\",\"subprotocol\":\"\",\"times\":1}" },
};

static const struct { const char *json, *named; } bad[] = {
        { "{}", "kind" }, { "{\"kind\":7}", "kind" }, { "{\"kind\":\"Never\"}", "kind" },
        { "{\"kind\":\"never\"}", "action" }, { "{\"kind\":\"never\",\"action\":\"\"}", "action" },
        { "{\"kind\":\"never\",\"action\":\"\xc3\xa9\"}", "action" }, { "{\"kind\":\"never\",\"action\":\"a\\nb\"}", "action" },
        { "{\"kind\":\"never\",\"action\":\"A\",\"seconds\":1}", "seconds" }, { "{\"kind\":\"late\",\"action\":\"A\"}", "seconds" },
        { "{\"kind\":\"late\",\"action\":\"A\",\"seconds\":-1}", "seconds" }, { "{\"kind\":\"late\",\"action\":\"A\",\"seconds\":86401}", "seconds" },
        { "{\"kind\":\"late\",\"action\":\"A\",\"seconds\":1e999}", "seconds" }, { "{\"kind\":\"late\",\"action\":\"A\",\"seconds\":\"1\"}", "seconds" },
        { "{\"kind\":\"refused\",\"status\":399}", "status" }, { "{\"kind\":\"refused\",\"status\":600}", "status" },
        { "{\"kind\":\"halfopen\",\"frames\":1.5}", "frames" }, { "{\"kind\":\"halfopen\",\"frames\":1000001}", "frames" },
        { "{\"kind\":\"slowread\"}", "bytesPerSecond" }, { "{\"kind\":\"slowread\",\"bytesPerSecond\":0}", "bytesPerSecond" },
        { "{\"kind\":\"disconnect\",\"times\":-1}", "times" }, { "{\"kind\":\"disconnect\",\"times\":1.5}", "times" },
        { "{\"kind\":\"disconnect\",\"duration\":0}", "duration" }, { "{\"kind\":\"disconnect\",\"%s\":0}", "of such a name" },
        { "{\"kind\":\"none\",\"times\":1}", "times" }, { "{\"kind\":\"disconnect\",\"percent\":0}", "percent" },
        { "{\"kind\":\"disconnect\",\"percent\":100.5}", "percent" }, { "{\"kind\":\"disconnect\",\"seed\":1}", "seed" },
        { "{\"kind\":\"disconnect\",\"station\":\"\"}", "station" }, { "{\"kind\":\"disconnect\",\"filter\":{\"id\":1}}", "id" },
        { "{\"kind\":\"expiredtls\",\"percent\":1}", "TLS" }, { "{\"kind\":\"none\",\"percent\":1}", "DELETE" },
};
/* clang-format on */

static void faults_are_read_and_told(void **state _unused_)
{
        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                _cleanup_(cJSON_Deletep) cJSON *body = cJSON_Parse(good[i].json);
                _cleanup_(cJSON_Deletep) cJSON *told = cJSON_CreateObject();
                Fault fault;
                FaultError error = {0};
                if (fault_from_json(body, NULL, &fault, &error) < 0)
                        fail_msg("%s: %s", good[i].json, error.text);
                assert_true(fault_describe(&fault, told));
                _cleanup_(freep) char *text = cJSON_PrintUnformatted(told);
                assert_string_equal(text, good[i].told);
        }
}

static void bad_ones_are_told_by_the_member(void **state _unused_)
{
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_(cJSON_Deletep) cJSON *body = cJSON_Parse(bad[i].json);
                FaultTarget target;
                Fault fault;
                FaultError error = {0};
                assert_non_null(body);
                assert_int_equal(fault_target_from_json(body, &target, &fault, &error), -EINVAL);
                if (!strstr(error.text, bad[i].named))
                        fail_msg("%s: %s", bad[i].json, error.text);
        }
}

/* ---- whom ---- */

/* The draw is a hash: what is counted here is the same each time, on each machine. */
static void shares_are_fair_and_grow(void **state _unused_)
{
        size_t tenth = 0, half = 0, other = 0, moved = 0;
        for (unsigned i = 0; i < 10000; i++) {
                char id[16], shifted[16];
                snprintf(id, sizeof(id), "CS%05u", i);
                snprintf(shifted, sizeof(shifted), "S%05u", i);
                bool small = fault_share_has("s", id, 10), large = fault_share_has("s", id, 50);
                assert_true(!small || large);
                assert_true(fault_share_has("s", id, 100));
                tenth += small;
                half += large;
                other += large && fault_share_has("t", id, 50);
                moved += large != fault_share_has("sC", shifted, 50);
        }
        assert_in_range(tenth, 900, 1100);
        assert_in_range(half, 4800, 5200);
        assert_in_range(other, 2300, 2700); /* another seed draws by itself */
        assert_in_range(moved, 4700, 5300); /* the bounds of seed and identity count */
}

static void filters_are_for_stations_that_were_seen(void **state)
{
        World *w = *state;
        int64_t id = add(w, "{\"kind\":\"never\",\"action\":\"Heartbeat\",\"times\":0,"
                            "\"filter\":{\"vendor\":\"ACME\"}}");
        assert_int_equal(known_for(w, id), 0);
        memcpy(w->a->vendor, "ACME", 5);
        assert_int_equal(known_for(w, id), 1); /* as soon as it meets the condition */
        assert_true(hits(w->a, "Heartbeat") && !hits(w->b, "Heartbeat"));
        assert_false(hits(w->a, "StatusNotification"));
        add(w, "{\"kind\":\"refused\",\"filter\":{\"id\":\"*\"}}");
        assert_true(refuses(w, "A") && !refuses(w, "never seen"));
        add(w, "{\"kind\":\"refused\",\"station\":\"never seen\"}");
        assert_true(refuses(w, "never seen"));
}

static void one_is_left_out_of_what_is_for_all(void **state)
{
        World *w = *state;
        int64_t id = add(w, "{\"kind\":\"never\",\"action\":\"Heartbeat\",\"times\":0}");
        add(w, "{\"kind\":\"late\",\"action\":\"Heartbeat\",\"station\":\"A\",\"seconds\":1}");
        assert_int_equal(add(w, "{\"kind\":\"none\",\"action\":\"Heartbeat\",\"station\":\"A\"}"),
                         0);
        assert_int_equal(w->ended[FAULT_DELETED], 1);
        assert_int_equal(w->set, 3); /* the first is for others than before */
        assert_int_equal(known_for(w, id), 1);
        assert_true(!hits(w->a, "Heartbeat") && hits(w->b, "Heartbeat"));
        add(w, "{\"kind\":\"none\",\"action\":\"Heartbeat\"}");
        assert_false(hits(w->b, "Heartbeat"));
        assert_null(fault_rules_find(w->csms, id));
}

/* ---- how often ---- */

static void each_station_has_its_count(void **state)
{
        World *w = *state;
        int64_t all = add(w, "{\"kind\":\"never\",\"action\":\"Heartbeat\",\"times\":2}");
        for (unsigned i = 0; i < 2; i++)
                assert_true(hits(w->a, "Heartbeat") && hits(w->b, "Heartbeat"));
        assert_true(!hits(w->a, "Heartbeat") && !hits(w->b, "Heartbeat"));
        assert_non_null(fault_rules_find(w->csms, all)); /* others may come */
        int64_t one = add(w, "{\"kind\":\"never\",\"action\":\"Heartbeat\",\"station\":\"A\"}");
        assert_true(hits(w->a, "Heartbeat") && !hits(w->a, "Heartbeat"));
        assert_null(fault_rules_find(w->csms, one));
        assert_int_equal(w->applied, 5);
        assert_int_equal(w->ended[FAULT_USED_UP], 1);
}

static void what_is_for_the_server_is_used_up(void **state)
{
        World *w = *state;
        Fault fault;
        add(w, "{\"kind\":\"expiredtls\",\"times\":2}");
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(fault_take_kind(w->csms, FAULT_EXPIREDTLS, NULL, &fault), i < 2);
        assert_int_equal(w->csms->rules_count, 0);
        assert_int_equal(w->ended[FAULT_USED_UP], 1);
}

/* Whoever can't be counted any more has it not at all: it would never end. */
static void counts_have_an_end(void **state)
{
        World *w = *state;
        add(w, "{\"kind\":\"refused\",\"times\":2}");
        for (size_t round = 0; round < 3; round++) {
                size_t refused = 0;
                for (unsigned i = 0; i < COUNTED + 1000; i++) {
                        char id[16];
                        snprintf(id, sizeof(id), "CS%05u", i);
                        refused += refuses(w, id);
                }
                assert_int_equal(refused, round < 2 ? COUNTED : 0);
        }
        assert_int_equal(w->applied, 2 * COUNTED);
}

static void the_same_again_takes_the_place(void **state)
{
        World *w = *state;
        add(w, "{\"kind\":\"never\",\"action\":\"Heartbeat\"}");
        add(w, "{\"kind\":\"twice\",\"action\":\"Heartbeat\"}"); /* the same action */
        assert_int_equal(w->ended[FAULT_REPLACED], 1);
        add(w, "{\"kind\":\"refused\"}");
        add(w, "{\"kind\":\"refused\",\"percent\":50}"); /* others */
        add(w, "{\"kind\":\"refused\",\"station\":\"A\"}");
        add(w, "{\"kind\":\"subprotocol\"}"); /* another kind */
        assert_int_equal(w->csms->rules_count, 5);
        assert_int_equal(w->ended[FAULT_REPLACED], 1);
        add(w, "{\"kind\":\"refused\",\"filter\":{\"model\":\"Box\"}}");
        add(w, "{\"kind\":\"refused\",\"filter\":{\"model\":\"Bag\"}}"); /* others */
        assert_int_equal(w->csms->rules_count, 7);
        add(w, "{\"kind\":\"refused\",\"filter\":{\"model\":\"Box\"}}");
        assert_int_equal(w->csms->rules_count, 7);
        assert_int_equal(w->ended[FAULT_REPLACED], 2);
        fault_rules_clear(w->csms);
        assert_int_equal(w->ended[FAULT_DELETED], 7);
}

static void a_time_ends_it(void **state)
{
        World *w = *state;
        usec_t before = boottime_now();
        add(w, "{\"kind\":\"never\",\"action\":\"Heartbeat\",\"times\":0,\"duration\":60}");
        assert_true(w->wake >= before + 60 * USEC_PER_SEC);
        assert_true(fault_rules_tick(w->csms, w->wake - 1) == w->wake);
        assert_true(hits(w->a, "Heartbeat"));
        assert_true(fault_rules_tick(w->csms, w->wake) == USEC_INFINITY);
        assert_int_equal(w->ended[FAULT_OVER], 1);
        assert_false(hits(w->a, "Heartbeat"));
}

/* ---- connections ---- */

static void connections_have_theirs_in_time(void **state)
{
        World *w = *state;
        add(w, "{\"kind\":\"slowread\",\"station\":\"A\",\"bytesPerSecond\":7,\"seconds\":5}");
        fault_rules_tick(w->csms, w->wake - 1);
        assert_int_equal(w->conns[0].rate, CONN_NO_LIMIT);
        fault_rules_tick(w->csms, w->wake);
        assert_int_equal(w->conns[0].rate, 7);
        assert_int_equal(w->conns[1].rate, CONN_NO_LIMIT);
        assert_int_equal(w->csms->rules_count, 1); /* used up, but it goes on */
        add(w, "{\"kind\":\"none\",\"station\":\"A\"}");
        assert_int_equal(w->conns[0].rate, CONN_NO_LIMIT);
        assert_int_equal(w->csms->rules_count, 0);
}

static void connections_have_theirs_after_frames(void **state)
{
        World *w = *state;
        add(w, "{\"kind\":\"halfopen\",\"times\":1,\"frames\":2}");
        for (unsigned i = 1; i <= 3; i++) {
                fault_line_frame(w->a);
                assert_int_equal(w->conns[0].rate, i < 2 ? CONN_NO_LIMIT : 0);
        }
        assert_int_equal(w->applied, 1);
        Conn next = {0};
        assert_ptr_equal(join(w, "A", &next), w->a); /* the old one lingers */
        for (unsigned i = 0; i < 3; i++)
                fault_line_frame(w->a);
        assert_int_equal(next.rate, CONN_NO_LIMIT); /* it was for one connection */
        assert_int_equal(w->conns[1].rate, CONN_NO_LIMIT);
        fault_line_frame(w->b);
        fault_line_frame(w->b);
        assert_int_equal(w->conns[1].rate, 0);
        fault_rules_clear(w->csms);
        assert_int_equal(w->conns[1].rate, CONN_NO_LIMIT);
        csms_leave(w->a, &next);
}

static void one_for_a_station_ends_with_its_connection(void **state)
{
        World *w = *state;
        add(w, "{\"kind\":\"disconnect\",\"station\":\"A\",\"times\":2}");
        assert_int_equal(w->conns[0].closed, 1);
        assert_int_equal(w->conns[1].closed, 0);
        csms_leave(w->a, &w->conns[0]);
        assert_int_equal(w->csms->rules_count, 1);
        Conn next = {0};
        join(w, "A", &next);
        assert_int_equal(next.closed, 1);
        csms_leave(w->a, &next);
        assert_int_equal(w->csms->rules_count, 0);
        assert_int_equal(w->ended[FAULT_USED_UP], 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(faults_are_read_and_told),
                cmocka_unit_test(bad_ones_are_told_by_the_member),
                cmocka_unit_test(shares_are_fair_and_grow),
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
                IN_WORLD(filters_are_for_stations_that_were_seen),
                IN_WORLD(one_is_left_out_of_what_is_for_all),
                IN_WORLD(each_station_has_its_count),
                IN_WORLD(what_is_for_the_server_is_used_up),
                IN_WORLD(counts_have_an_end),
                IN_WORLD(the_same_again_takes_the_place),
                IN_WORLD(a_time_ends_it),
                IN_WORLD(connections_have_theirs_in_time),
                IN_WORLD(connections_have_theirs_after_frames),
                IN_WORLD(one_for_a_station_ends_with_its_connection),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
