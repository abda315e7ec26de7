/* OCPP-J framing: scripts of frames, calls and ticks, and what each step sent and which handlers
 * ran. */
#include "rpc-end.h"

/* One step of a script: what is done, what it returns, what it leaves in the log. */
typedef struct Step {
        enum { END, FEED, CALL, TICK, ANSWER, REFUSE, RESET, UNSET, CHAIN, BREAK } what;
        const char *text; /* FEED the frame, CALL the action, ANSWER and REFUSE the id */
        usec_t now;       /* CALL, TICK; RPC codes for REFUSE */
        int result;
        const char *log;
} Step;

#define SAY "> [2,\"$\",\"Heartbeat\",{}];"
#define NEXT "> [2,\"$\",\"Next\",{}];"

/* clang-format off */
static const Step scripts[][10] = {
        /* a CALL and its result; the second result is late */
        { { CALL, "Heartbeat", 5, 0, SAY },
          { FEED, "[3,\"$\",{\"x\":1}]", 0, RPC_FINE, "result 1 {\"x\":1};" },
          { FEED, "[3,\"$\",{\"x\":1}]", 0, RPC_NOT_AWAITED, "" } },
        /* errors, whole and short */
        { { CALL, "Heartbeat", 5, 0, SAY },
          { FEED, "[4,\"$\",\"NotSupported\",\"no\",{\"a\":1}]", 0, RPC_FINE, "error 1 NotSupported 'no';" },
          { FEED, "[4,\"$\",\"NotSupported\",\"no\",{}]", 0, RPC_NOT_AWAITED, "" },
          { CALL, "Heartbeat", 5, 0, SAY },
          { FEED, "[4,\"$\",\"MadeUp\"]", 0, RPC_FINE, "error 2 MadeUp '';" },
          { CALL, "Heartbeat", 5, 0, SAY },
          { FEED, "[4,\"$\",\"GenericError\",null]", 0, RPC_FINE, "error 3 GenericError '';" } },
        /* malformed answers to the open CALL leave it open; so do answers to others */
        { { CALL, "Heartbeat", 5, 0, SAY },
          { FEED, "[3,\"$\",[]]", 0, RPC_UNREADABLE, "" },
          { FEED, "[4,\"$\",{}]", 0, RPC_UNREADABLE, "" },
          { FEED, "[3,\"x\",{}]", 0, RPC_NOT_AWAITED, "" },
          { FEED, "[4,\"-1\",\"RpcFrameworkError\",\"\",{}]", 0, RPC_NOT_AWAITED, "" },
          { FEED, "[3,\"$\",{}]", 0, RPC_FINE, "result 1 {};" } },
        /* one at a time, but the peer's CALLs are served meanwhile, those of the same id too */
        { { CALL, "Heartbeat", 5, 0, SAY },
          { CALL, "Heartbeat", 6, -EBUSY, "" },
          { FEED, "[2,\"p\",\"Reset\",{}]", 0, RPC_FINE, "call p Reset {};" },
          { FEED, "[2,\"p\",\"Reset\",{}]", 0, RPC_FINE, "call p Reset {};" },
          { FEED, "[2,\"$\",\"Reset\",{}]", 0, RPC_FINE, "call $ Reset {};" },
          { ANSWER, "p", 0, 0, "> [3,\"p\",{\"status\":\"Accepted\"}];" },
          { REFUSE, "p", RPC_OCCURRENCE_CONSTRAINT_VIOLATION, 0,
            "> [4,\"p\",\"OccurrenceConstraintViolation\",\"why\",{}];" },
          { FEED, "[3,\"$\",{}]", 0, RPC_FINE, "result 1 {};" } },
        /* the time is up: not a moment before, once, and the answer is then late */
        { { TICK, NULL, 1, 0, "" },
          { CALL, "Heartbeat", 5, 0, SAY },
          { TICK, NULL, 5 + TIMEOUT - 1, 0, "" },
          { TICK, NULL, 5 + TIMEOUT, 0, "timeout 1;" },
          { TICK, NULL, 5 + TIMEOUT, 0, "" },
          { FEED, "[3,\"$\",{}]", 0, RPC_NOT_AWAITED, "" },
          { CALL, "Heartbeat", 9, 0, SAY } },
        /* handlers may send the next CALL at once */
        { { CHAIN, NULL, 0, 0, "" }, { CALL, "Heartbeat", 5, 0, SAY },
          { FEED, "[3,\"$\",{}]", 0, RPC_FINE, "result 1 {};" NEXT },
          { CHAIN, NULL, 0, 0, "" },
          { FEED, "[4,\"$\",\"InternalError\",\"\",{}]", 0, RPC_FINE, "error 99 InternalError '';" NEXT },
          { CHAIN, NULL, 0, 0, "" },
          { TICK, NULL, TIMEOUT, 0, "timeout 99;" NEXT },
          { FEED, "[3,\"$\",{}]", 0, RPC_FINE, "result 99 {};" } },
        /* a new connection forgets the CALL and says nothing of it */
        { { CALL, "Heartbeat", 5, 0, SAY },
          { RESET, NULL, 0, 0, "" },
          { TICK, NULL, TIMEOUT * 2, 0, "" },
          { FEED, "[3,\"$\",{}]", 0, RPC_NOT_AWAITED, "" },
          { CALL, "Heartbeat", 5, 0, SAY } },
        /* no connection */
        { { UNSET, NULL, 0, 0, "" },
          { CALL, "Heartbeat", 5, -ENOTCONN, "" },
          { ANSWER, "p", 0, -ENOTCONN, "" },
          { REFUSE, "p", RPC_NOT_SUPPORTED, -ENOTCONN, "" },
          { FEED, "[2,\"p\",\"Reset\",{}]", 0, RPC_UNREADABLE, "" } },
        /* a frame that could not be sent leaves nothing open */
        { { BREAK, NULL, 0, 0, "" },
          { CALL, "Heartbeat", 5, -EPIPE, SAY },
          { TICK, NULL, TIMEOUT * 2, 0, "" },
          { FEED, "[3,\"$\",{}]", 0, RPC_NOT_AWAITED, "" },
          { CALL, "Heartbeat", 5, -EPIPE, SAY },
          { ANSWER, "p", 0, -EPIPE, "> [3,\"p\",{\"status\":\"Accepted\"}];" },
          { REFUSE, "p", RPC_SECURITY_ERROR, -EPIPE, "> [4,\"p\",\"SecurityError\",\"why\",{}];" },
          { FEED, "nonsense", 0, RPC_UNREADABLE,
            "> [4,\"-1\",\"RpcFrameworkError\",\"this is not JSON\",{}];" } },
};
/* clang-format on */

static int play(End *end, const Step *step, uint64_t *token)
{
        int r;

        switch (step->what) {
        case FEED:
                return feed(end, step->text);
        case CALL:
                r = rpc_call(end->rpc, step->text, cJSON_CreateObject(), *token + 1, step->now);
                *token += r == 0;
                assert_int_equal(rpc_is_busy(end->rpc), r == 0 || r == -EBUSY);
                if (r == 0)
                        assert_int_equal(rpc_deadline(end->rpc), step->now + TIMEOUT);
                return r;
        case TICK:
                rpc_tick(end->rpc, step->now);
                break;
        case ANSWER:
                return rpc_answer(end->rpc, step->text, cJSON_Parse("{\"status\":\"Accepted\"}"));
        case REFUSE:
                return rpc_refuse(end->rpc, step->text, (RpcErrorCode)step->now, "why");
        case RESET:
        case UNSET:
                rpc_reset(end->rpc, step->what == RESET ? &ocpp16.frames : NULL);
                assert_int_equal(rpc_deadline(end->rpc), USEC_INFINITY);
                break;
        case CHAIN:
                end->chain = true;
                break;
        case BREAK:
                end->send_result = -EPIPE;
                break;
        case END:
                break;
        }
        return 0;
}

static void rpc_plays_each_script(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(scripts); i++) {
                uint64_t token = 0;
                char log[1024];
                End end;

                end_open(&end, &ocpp201);
                for (const Step *s = scripts[i]; s->what != END; s++) {
                        end.log[0] = '\0';
                        assert_int_equal(play(&end, s, &token), s->result);
                        substitute(end.log, end.id, "$", log, sizeof(log));
                        assert_string_equal(log, s->log);
                }
                rpc_free(end.rpc);
        }
}

static void rpc_spells_errors_by_version(void **state)
{
        static const struct {
                RpcErrorCode code;
                const char *word16, *word201;
        } vectors[] = {
                {RPC_FORMAT_VIOLATION, "FormationViolation", "FormatViolation"},
                {RPC_OCCURRENCE_CONSTRAINT_VIOLATION, "OccurenceConstraintViolation",
                 "OccurrenceConstraintViolation"},
                {RPC_FRAMEWORK_ERROR, "GenericError", "RpcFrameworkError"},
                {RPC_MESSAGE_TYPE_NOT_SUPPORTED, "GenericError", "MessageTypeNotSupported"},
                {RPC_NOT_IMPLEMENTED, "NotImplemented", "NotImplemented"},
        };

        (void)state;
        for (size_t i = 0; i < 2 * ELEMENTSOF(vectors); i++) {
                char expected[128];
                End end;

                end_open(&end, i % 2 ? &ocpp201 : &ocpp16);
                assert_int_equal(rpc_refuse(end.rpc, "p", vectors[i / 2].code, NULL), 0);
                snprintf(expected, sizeof(expected), "> [4,\"p\",\"%s\",\"\",{}];",
                         i % 2 ? vectors[i / 2].word201 : vectors[i / 2].word16);
                assert_string_equal(end.log, expected);
                rpc_free(end.rpc);
        }
}

static void rpc_uses_internal_error_where_generic_is_unknown(void **state)
{
        static const char *const words[RPC_ERROR_MAX] = {[RPC_INTERNAL_ERROR] = "InternalError"};
        static const FrameRules rules = {.errors = words};
        End end;

        (void)state;
        end_open(&end, NULL);
        rpc_reset(end.rpc, &rules);
        assert_int_equal(rpc_refuse(end.rpc, "p", RPC_SECURITY_ERROR, NULL), 0);
        assert_string_equal(end.log, "> [4,\"p\",\"InternalError\",\"\",{}];");
        rpc_free(end.rpc);
}

static void rpc_cuts_the_description(void **state)
{
        char text[2 * 300 + 1] = "", expected[1024];
        End end;

        (void)state;
        for (size_t i = 0; i < 300; i++)
                memcpy(text + 2 * i, "\xc3\xa9", 2);
        end_open(&end, &ocpp201);
        assert_int_equal(rpc_refuse(end.rpc, "p", RPC_GENERIC_ERROR, text), 0);
        snprintf(expected, sizeof(expected), "> [4,\"p\",\"GenericError\",\"%.*s\",{}];",
                 2 * RPC_DESCRIPTION_MAX, text);
        assert_string_equal(end.log, expected);
        rpc_free(end.rpc);
}

static void rpc_never_uses_an_id_twice(void **state)
{
        char ids[100][sizeof(((End *)0)->id)];
        End end;

        (void)state;
        end_open(&end, &ocpp16);
        for (int i = 0; i < 100; i++) {
                assert_int_equal(rpc_call(end.rpc, "Heartbeat", NULL, 0, 0), 0);
                memcpy(ids[i], end.id, sizeof(end.id));
                for (int k = 0; k < i; k++)
                        assert_string_not_equal(ids[k], ids[i]);
                rpc_tick(end.rpc, TIMEOUT);
        }
        rpc_free(end.rpc);
}

static void rpc_waits_for_ever_without_a_timeout(void **state)
{
        End end = {0};

        (void)state;
        assert_int_equal(rpc_new(&handlers, &end, USEC_INFINITY, &end.rpc), 0);
        rpc_reset(end.rpc, &ocpp16.frames);
        assert_int_equal(rpc_call(end.rpc, "Heartbeat", NULL, 0, 7), 0);
        assert_int_equal(rpc_deadline(end.rpc), USEC_INFINITY);
        rpc_tick(end.rpc, USEC_INFINITY - 1);
        assert_true(rpc_is_busy(end.rpc));
        rpc_free(end.rpc);
}

static void rpc_survives_a_reset_while_sending(void **state)
{
        End end;

        (void)state;
        end_open(&end, &ocpp201);
        end.reset_while_sending = true;
        end.send_result = -EPIPE;
        assert_int_equal(rpc_call(end.rpc, "Heartbeat", NULL, 1, 0), -EPIPE);
        assert_false(rpc_is_busy(end.rpc));
        rpc_reset(end.rpc, &ocpp201.frames);
        assert_int_equal(feed(&end, "[]"), RPC_UNREADABLE);
        rpc_free(end.rpc);
}

/* An answer that its owner can't use is complained of in 2.1, by the id of the CALL that it ends.
 */
static void rpc_complains_of_a_result_in_21(void **state)
{
        static const Dialect *const dialects[] = {&ocpp16, &ocpp201, &ocpp21};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(dialects); i++) {
                char log[1024];
                End end;

                end_open(&end, dialects[i]);
                assert_int_equal(rpc_call(end.rpc, "Heartbeat", NULL, 1, 0), 0);
                end.log[0] = '\0';
                assert_int_equal(feed(&end, "[3,\"$\",{\"bad\":1}]"), RPC_FINE);
                substitute(end.log, end.id, "$", log, sizeof(log));
                assert_string_equal(log, dialects[i] == &ocpp21
                                                 ? "result 1 {\"bad\":1};"
                                                   "> [5,\"$\",\"FormatViolation\",\"bad\",{}];"
                                                 : "result 1 {\"bad\":1};");
                assert_false(rpc_is_busy(end.rpc));
                assert_int_equal(rpc_call(end.rpc, "Heartbeat", NULL, 2, 0), 0);
                end.log[0] = '\0';
                assert_int_equal(feed(&end, "[3,\"$\",[]]"), RPC_UNREADABLE);
                assert_int_equal(feed(&end, "[3,\"other\",[]]"), RPC_UNREADABLE);
                substitute(end.log, end.id, "$", log, sizeof(log));
                assert_string_equal(
                        log, dialects[i] == &ocpp21
                                     ? "> [5,\"$\",\"ProtocolError\",\"a CALLRESULT has three "
                                       "elements, the last an object\",{}];"
                                     : "");
                assert_true(rpc_is_busy(end.rpc));
                rpc_reset(end.rpc, NULL);
                assert_int_equal(rpc_refuse_result(end.rpc, RPC_GENERIC_ERROR, NULL), -ENOTCONN);
                rpc_free(end.rpc);
        }
}

/* The peer answers before send returns, and both ends are this code. */
/* While boot is Rejected: B03.FR.08 SecurityError, C16 4.2 silence; answers to our own CALL are
 * taken all the same. */
static void rpc_serves_nobody_while_rejected(void **state)
{
        static const char *const calls[] = {"[2,\"7\",\"Reset\",{}]", "[2,\"7\",\"Reset\"]",
                                            "[2,\"7\",\"Reset\",[]]", "[2,\"7\",5,{}]"};
        static const Dialect *const dialects[] = {&ocpp16, &ocpp201};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(dialects) * ELEMENTSOF(calls); i++) {
                bool loud = i >= ELEMENTSOF(calls);
                End end;

                end_open(&end, dialects[loud]);
                rpc_set_rejected(end.rpc, true);
                assert_int_equal(feed(&end, calls[i % ELEMENTSOF(calls)]), RPC_UNWANTED);
                assert_string_equal(
                        end.log,
                        loud ? "> [4,\"7\",\"SecurityError\",\"this station is rejected\",{}];"
                             : "");
                assert_int_equal(rpc_call(end.rpc, "Heartbeat", NULL, 1, 0), 0);
                assert_int_equal(feed(&end, "[3,\"$\",{}]"), RPC_FINE);
                rpc_set_rejected(end.rpc, false);
                assert_int_equal(feed(&end, calls[0]), RPC_FINE);
                rpc_free(end.rpc);
        }
}

static void rpc_talks_to_itself(void **state)
{
        End station, csms;

        (void)state;
        end_open(&station, &ocpp201);
        end_open(&csms, &ocpp201);
        station.peer = &csms;
        csms.peer = &station;
        for (int i = 0; i < 2; i++) {
                station.log[0] = csms.log[0] = '\0';
                station.chain = i == 0;
                assert_int_equal(rpc_call(station.rpc, "Heartbeat", NULL, 3, 0), 0);
                assert_false(rpc_is_busy(station.rpc));
                assert_non_null(strstr(csms.log, " Heartbeat {};> [3,"));
                assert_non_null(strstr(station.log, "result 3 {};"));
                assert_true(i == 1 || strstr(station.log, "result 99 {};"));
        }
        rpc_free(station.rpc);
        rpc_free(csms.rpc);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rpc_plays_each_script),
                cmocka_unit_test(rpc_spells_errors_by_version),
                cmocka_unit_test(rpc_uses_internal_error_where_generic_is_unknown),
                cmocka_unit_test(rpc_cuts_the_description),
                cmocka_unit_test(rpc_never_uses_an_id_twice),
                cmocka_unit_test(rpc_waits_for_ever_without_a_timeout),
                cmocka_unit_test(rpc_survives_a_reset_while_sending),
                cmocka_unit_test(rpc_serves_nobody_while_rejected),
                cmocka_unit_test(rpc_complains_of_a_result_in_21),
                cmocka_unit_test(rpc_talks_to_itself),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
