/* OCPP-J framing: scripted frames go in, and what was sent and which handlers ran is compared as
 * one line of text. The clock is a number. */
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/rpc.h"
#include "ocpp16/ocpp16.h"
#include "ocpp201/ocpp201.h"

#define TIMEOUT (30 * USEC_PER_SEC)
#define NINE "123456789"
#define ID36 NINE NINE NINE NINE

/* One end of a connection and what happened at it. */
typedef struct End {
        Rpc *rpc;
        char id[64]; /* of the last CALL sent; "$" in scripts and in the log */
        char log[2048];
        int send_result;
        bool reset_while_sending;
        bool chain; /* the next CALL goes out from the handler that ends the last */
        struct End *peer;
} End;

static _printf_(2, 3) void note(End *end, const char *format, ...)
{
        size_t n = strlen(end->log);
        va_list ap;

        va_start(ap, format);
        vsnprintf(end->log + n, sizeof(end->log) - n, format, ap);
        va_end(ap);
}

/* text with each from written as to. */
static void substitute(const char *text, const char *from, const char *to, char *out, size_t size)
{
        size_t n = 0;

        out[0] = '\0';
        while (*text && n + 1 < size) {
                const char *rest = *from ? startswith(text, from) : NULL;
                if (rest)
                        n += (size_t)snprintf(out + n, size - n, "%s", to);
                else
                        n += (size_t)snprintf(out + n, size - n, "%c", *text);
                text = rest ? rest : text + 1;
        }
}

static int on_send(void *userdata, const char *text, size_t size)
{
        End *end = userdata;
        char copy[1024], shown[1024];

        assert_int_equal(strlen(text), size);
        if (startswith(text, "[2,\"")) {
                snprintf(end->id, sizeof(end->id), "%.36s", text + 4);
                assert_int_equal(text[4 + 36], '"');
        }
        snprintf(copy, sizeof(copy), "%s", text);
        substitute(copy, end->id, "$", shown, sizeof(shown));
        note(end, "> %s;", shown);
        if (end->reset_while_sending)
                rpc_reset(end->rpc, NULL);
        if (end->peer)
                assert_int_equal(rpc_feed(end->peer->rpc, text, size), RPC_FINE);
        return end->send_result;
}

static void chain_call(End *end)
{
        if (!end->chain)
                return;
        end->chain = false;
        assert_int_equal(rpc_call(end->rpc, "Next", NULL, 99, 0), 0);
}

static void on_call(void *userdata, const char *id, const char *action, const cJSON *payload)
{
        _cleanup_(freep) char *text = cJSON_PrintUnformatted(payload);
        End *end = userdata;

        note(end, "call %s %s %s;", id, action, text);
        if (end->peer)
                assert_int_equal(rpc_answer(end->rpc, id, NULL), 0);
}

static void on_result(void *userdata, uint64_t token, const cJSON *payload)
{
        _cleanup_(freep) char *text = cJSON_PrintUnformatted(payload);

        note(userdata, "result %u %s;", (unsigned)token, text);
        chain_call(userdata);
}

static void on_error(void *userdata, uint64_t token, const char *code, const char *description)
{
        note(userdata, "error %u %s '%s';", (unsigned)token, code, description);
        chain_call(userdata);
}

static void on_timeout(void *userdata, uint64_t token)
{
        note(userdata, "timeout %u;", (unsigned)token);
        chain_call(userdata);
}

static const RpcHandlers handlers = {on_send, on_call, on_result, on_error, on_timeout};

static void end_open(End *end, const Dialect *d)
{
        *end = (End){0};
        assert_int_equal(rpc_new(&handlers, end, TIMEOUT, &end->rpc), 0);
        if (d)
                rpc_reset(end->rpc, &d->frames);
}

static int feed(End *end, const char *text)
{
        char real[1024];

        substitute(text, "$", end->id, real, sizeof(real));
        return rpc_feed(end->rpc, real, strlen(real));
}

/* One frame to a fresh end that waits for nothing: the log in 1.6 and in 2.0.1. */
#define BOTH(log) log, log
#define REFUSED(...) REFUSED_(__VA_ARGS__)
#define REFUSED_(id, code, why) "> [4,\"" id "\",\"" code "\",\"" why "\",{}];"
#define UNREADABLE(why) "", REFUSED("-1", "RpcFrameworkError", why)
#define UNKNOWN_TYPE(id)                                                                           \
        "", REFUSED(id, "MessageTypeNotSupported", "this message type is not known")
#define NO_NAME "ProtocolError", "the action is not a name"
#define NOT_FOUR "ProtocolError", "a CALL has four elements"
#define NO_OBJECT "TypeConstraintViolation", "the payload is not an object"
#define BAD_ID "the message id is not a string of 1 to 36"
#define NO_ARRAY "this is not a message array"
#define NO_JSON "this is not JSON"

/* clang-format off */
static const struct {
        const char *text;
        RpcTrouble trouble;
        const char *log16, *log201;
} frames[] = {
        /* good */
        { "[2,\"a\",\"Reset\",{\"type\":\"Soft\"}]", RPC_FINE, BOTH("call a Reset {\"type\":\"Soft\"};") },
        { " [ 2.0 , \"a\" , \"Reset\" , { } ] \n", RPC_FINE, BOTH("call a Reset {};") },
        { "[2,\"" ID36 "\",\"Reset\",{}]", RPC_FINE, BOTH("call " ID36 " Reset {};") },
        { "[2,\"-1\",\"Reset\",{}]", RPC_FINE, BOTH("call -1 Reset {};") },
        /* a CALL whose id can be read */
        { "[2,\"a\",7,{}]", RPC_UNREADABLE, BOTH(REFUSED("a", NO_NAME)) },
        { "[2,\"a\",\"\",{}]", RPC_UNREADABLE, BOTH(REFUSED("a", NO_NAME)) },
        { "[2,\"a\",\"" ID36 ID36 "\",{}]", RPC_UNREADABLE, BOTH(REFUSED("a", NO_NAME)) },
        { "[2,\"a\"]", RPC_UNREADABLE, BOTH(REFUSED("a", NOT_FOUR)) },
        { "[2,\"a\",\"Reset\"]", RPC_UNREADABLE, BOTH(REFUSED("a", NOT_FOUR)) },
        { "[2,\"a\",\"Reset\",{},{}]", RPC_UNREADABLE, BOTH(REFUSED("a", NOT_FOUR)) },
        { "[2,\"a\",\"Reset\",null]", RPC_UNREADABLE, BOTH(REFUSED("a", NO_OBJECT)) },
        { "[2,\"a\",\"Reset\",[]]", RPC_UNREADABLE, BOTH(REFUSED("a", NO_OBJECT)) },
        { "[2,\"\\\"\\n\",\"Reset\",[]]", RPC_UNREADABLE, BOTH(REFUSED("\\\"\\n", NO_OBJECT)) },
        /* a CALL whose id can't */
        { "[2,\"\",\"Reset\",{}]", RPC_UNREADABLE, UNREADABLE(BAD_ID) },
        { "[2,\"" ID36 "x\",\"Reset\",{}]", RPC_UNREADABLE, UNREADABLE(BAD_ID) },
        { "[2,5,\"Reset\",{}]", RPC_UNREADABLE, UNREADABLE(BAD_ID) },
        { "[2]", RPC_UNREADABLE, UNREADABLE(BAD_ID) },
        /* no message at all */
        { "[]", RPC_UNREADABLE, UNREADABLE(NO_ARRAY) },
        { "[\"2\",\"a\",\"Reset\",{}]", RPC_UNREADABLE, UNREADABLE(NO_ARRAY) },
        { "[2.5,\"a\",\"Reset\",{}]", RPC_UNREADABLE, UNREADABLE(NO_ARRAY) },
        { "[1e400,\"a\"]", RPC_UNREADABLE, UNREADABLE(NO_ARRAY) },
        { "{\"0\":2,\"1\":\"a\"}", RPC_UNREADABLE, UNREADABLE(NO_ARRAY) },
        { "null", RPC_UNREADABLE, UNREADABLE(NO_ARRAY) },
        /* no JSON */
        { "", RPC_UNREADABLE, UNREADABLE(NO_JSON) },
        { "[2,\"a\",\"Reset\",{}", RPC_UNREADABLE, UNREADABLE(NO_JSON) },
        { "[2,\"a\",\"Reset\",{}]x", RPC_UNREADABLE, UNREADABLE(NO_JSON) },
        { "[2,\"\xff\",\"Reset\",{}]", RPC_UNREADABLE, UNREADABLE(NO_JSON) },
        { "[33,", RPC_UNREADABLE, UNREADABLE(NO_JSON) },
        /* an answer is never answered, however it looks */
        { "[3,\"a\",{}]", RPC_NOT_AWAITED, "", "" },
        { "[4,\"a\",\"InternalError\",\"\",{}]", RPC_NOT_AWAITED, "", "" },
        { "[4,\"-1\",\"RpcFrameworkError\",\"\",{}]", RPC_NOT_AWAITED, "", "" },
        { "[3]", RPC_UNREADABLE, "", "" },
        { "[3,null,{}]", RPC_UNREADABLE, "", "" },
        { "[3,\"a\"]", RPC_UNREADABLE, "", "" },
        { "[3,\"a\",null]", RPC_UNREADABLE, "", "" },
        { "[3,\"a\",{},{}]", RPC_UNREADABLE, "", "" },
        { "[4]", RPC_UNREADABLE, "", "" },
        { "[4,\"a\"]", RPC_UNREADABLE, "", "" },
        { "[4,\"a\",5,\"\",{}]", RPC_UNREADABLE, "", "" },
        { "[4,\"a\",\"InternalError\",\"\",{}", RPC_UNREADABLE, "", "" },
        { " [ 3 ,\"a\",{", RPC_UNREADABLE, "", "" },
        { "[3", RPC_UNREADABLE, "", "" },
        { "[5,", RPC_UNREADABLE, "", "" },
        { "[6,\"a\",", RPC_UNREADABLE, "", "" },
        /* message types of no version of ours */
        { "[1,\"a\"]", RPC_UNKNOWN_TYPE, UNKNOWN_TYPE("a") },
        { "[7,\"a\",\"X\",{}]", RPC_UNKNOWN_TYPE, UNKNOWN_TYPE("a") },
        { "[99]", RPC_UNKNOWN_TYPE, UNKNOWN_TYPE("-1") },
};
/* clang-format on */

static void rpc_judges_each_frame(void **state)
{
        (void)state;
        for (size_t i = 0; i < 2 * ELEMENTSOF(frames); i++) {
                End end;

                end_open(&end, i % 2 ? &ocpp201 : &ocpp16);
                assert_int_equal(feed(&end, frames[i / 2].text), frames[i / 2].trouble);
                assert_string_equal(end.log, i % 2 ? frames[i / 2].log201 : frames[i / 2].log16);
                rpc_free(end.rpc);
        }
}

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
                cmocka_unit_test(rpc_judges_each_frame),
                cmocka_unit_test(rpc_plays_each_script),
                cmocka_unit_test(rpc_spells_errors_by_version),
                cmocka_unit_test(rpc_uses_internal_error_where_generic_is_unknown),
                cmocka_unit_test(rpc_cuts_the_description),
                cmocka_unit_test(rpc_never_uses_an_id_twice),
                cmocka_unit_test(rpc_waits_for_ever_without_a_timeout),
                cmocka_unit_test(rpc_survives_a_reset_while_sending),
                cmocka_unit_test(rpc_serves_nobody_while_rejected),
                cmocka_unit_test(rpc_talks_to_itself),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
