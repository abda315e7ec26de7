/* OCPP-J framing: what each single frame, good or bad, is answered in each version. */
#include "rpc-end.h"

#define NINE "123456789"
#define ID36 NINE NINE NINE NINE

/* One frame to a fresh end that waits for nothing: the log in 1.6, in 2.0.1 and in 2.1. */
#define ALL(log) log, log, log
#define REFUSED(...) REFUSED_(__VA_ARGS__)
#define REFUSED_(id, code, why) "> [4,\"" id "\",\"" code "\",\"" why "\",{}];"
#define UNREADABLE(why)                                                                            \
        "", REFUSED("-1", "RpcFrameworkError", why), REFUSED("-1", "RpcFrameworkError", why)
#define UNKNOWN_TYPE(id)                                                                           \
        "", REFUSED(id, "MessageTypeNotSupported", "this message type is not known"), ""
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
        const char *logs[3];
} frames[] = {
        /* good */
        { "[2,\"a\",\"Reset\",{\"type\":\"Soft\"}]", RPC_FINE, { ALL("call a Reset {\"type\":\"Soft\"};") } },
        { " [ 2.0 , \"a\" , \"Reset\" , { } ] \n", RPC_FINE, { ALL("call a Reset {};") } },
        { "[2,\"" ID36 "\",\"Reset\",{}]", RPC_FINE, { ALL("call " ID36 " Reset {};") } },
        { "[2,\"-1\",\"Reset\",{}]", RPC_FINE, { ALL("call -1 Reset {};") } },
        /* a CALL whose id can be read */
        { "[2,\"a\",7,{}]", RPC_UNREADABLE, { ALL(REFUSED("a", NO_NAME)) } },
        { "[2,\"a\",\"\",{}]", RPC_UNREADABLE, { ALL(REFUSED("a", NO_NAME)) } },
        { "[2,\"a\",\"" ID36 ID36 "\",{}]", RPC_UNREADABLE, { ALL(REFUSED("a", NO_NAME)) } },
        { "[2,\"a\"]", RPC_UNREADABLE, { ALL(REFUSED("a", NOT_FOUR)) } },
        { "[2,\"a\",\"Reset\"]", RPC_UNREADABLE, { ALL(REFUSED("a", NOT_FOUR)) } },
        { "[2,\"a\",\"Reset\",{},{}]", RPC_UNREADABLE, { ALL(REFUSED("a", NOT_FOUR)) } },
        { "[2,\"a\",\"Reset\",null]", RPC_UNREADABLE, { ALL(REFUSED("a", NO_OBJECT)) } },
        { "[2,\"a\",\"Reset\",[]]", RPC_UNREADABLE, { ALL(REFUSED("a", NO_OBJECT)) } },
        { "[2,\"\\\"\\n\",\"Reset\",[]]", RPC_UNREADABLE, { ALL(REFUSED("\\\"\\n", NO_OBJECT)) } },
        /* a CALL whose id can't */
        { "[2,\"\",\"Reset\",{}]", RPC_UNREADABLE, { UNREADABLE(BAD_ID) } },
        { "[2,\"" ID36 "x\",\"Reset\",{}]", RPC_UNREADABLE, { UNREADABLE(BAD_ID) } },
        { "[2,5,\"Reset\",{}]", RPC_UNREADABLE, { UNREADABLE(BAD_ID) } },
        { "[2]", RPC_UNREADABLE, { UNREADABLE(BAD_ID) } },
        /* no message at all */
        { "[]", RPC_UNREADABLE, { UNREADABLE(NO_ARRAY) } },
        { "[\"2\",\"a\",\"Reset\",{}]", RPC_UNREADABLE, { UNREADABLE(NO_ARRAY) } },
        { "[2.5,\"a\",\"Reset\",{}]", RPC_UNREADABLE, { UNREADABLE(NO_ARRAY) } },
        { "[1e400,\"a\"]", RPC_UNREADABLE, { UNREADABLE(NO_ARRAY) } },
        { "{\"0\":2,\"1\":\"a\"}", RPC_UNREADABLE, { UNREADABLE(NO_ARRAY) } },
        { "null", RPC_UNREADABLE, { UNREADABLE(NO_ARRAY) } },
        /* no JSON */
        { "", RPC_UNREADABLE, { UNREADABLE(NO_JSON) } },
        { "[2,\"a\",\"Reset\",{}", RPC_UNREADABLE, { UNREADABLE(NO_JSON) } },
        { "[2,\"a\",\"Reset\",{}]x", RPC_UNREADABLE, { UNREADABLE(NO_JSON) } },
        { "[2,\"\xff\",\"Reset\",{}]", RPC_UNREADABLE, { UNREADABLE(NO_JSON) } },
        { "[33,", RPC_UNREADABLE, { UNREADABLE(NO_JSON) } },
        /* an answer is never answered, however it looks */
        { "[3,\"a\",{}]", RPC_NOT_AWAITED, { ALL("") } },
        { "[4,\"a\",\"InternalError\",\"\",{}]", RPC_NOT_AWAITED, { ALL("") } },
        { "[4,\"-1\",\"RpcFrameworkError\",\"\",{}]", RPC_NOT_AWAITED, { ALL("") } },
        { "[3]", RPC_UNREADABLE, { ALL("") } },
        { "[3,null,{}]", RPC_UNREADABLE, { ALL("") } },
        { "[3,\"a\"]", RPC_UNREADABLE, { ALL("") } },
        { "[3,\"a\",null]", RPC_UNREADABLE, { ALL("") } },
        { "[3,\"a\",{},{}]", RPC_UNREADABLE, { ALL("") } },
        { "[4]", RPC_UNREADABLE, { ALL("") } },
        { "[4,\"a\"]", RPC_UNREADABLE, { ALL("") } },
        { "[4,\"a\",5,\"\",{}]", RPC_UNREADABLE, { ALL("") } },
        { "[4,\"a\",\"InternalError\",\"\",{}", RPC_UNREADABLE, { ALL("") } },
        { " [ 3 ,\"a\",{", RPC_UNREADABLE, { ALL("") } },
        { "[3", RPC_UNREADABLE, { ALL("") } },
        { "[5,", RPC_UNREADABLE, { ALL("") } },
        { "[6,\"a\",", RPC_UNREADABLE, { ALL("") } },
        /* message types of no version of ours */
        { "[1,\"a\"]", RPC_UNKNOWN_TYPE, { UNKNOWN_TYPE("a") } },
        { "[7,\"a\",\"X\",{}]", RPC_UNKNOWN_TYPE, { UNKNOWN_TYPE("a") } },
        { "[99]", RPC_UNKNOWN_TYPE, { UNKNOWN_TYPE("-1") } },
};
/* clang-format on */

static const Dialect *const dialects[] = {&ocpp16, &ocpp201, &ocpp21};

static void rpc_judges_each_frame(void **state)
{
        (void)state;
        for (size_t i = 0; i < 3 * ELEMENTSOF(frames); i++) {
                End end;

                end_open(&end, dialects[i % 3]);
                assert_int_equal(feed(&end, frames[i / 3].text), frames[i / 3].trouble);
                assert_string_equal(end.log, frames[i / 3].logs[i % 3]);
                rpc_free(end.rpc);
        }
}

/* clang-format off */
/* CALLRESULTERROR and SEND: only 2.1 has them, and answers neither, however they look. */
static const struct {
        const char *text;
        RpcTrouble trouble;
        const char *log;
} newer[] = {
        { "[5,\"a\",\"FormatViolation\",\"no\",{}]", RPC_FINE, "result error a FormatViolation 'no';" },
        { "[5,\"a\",\"MadeUp\"]", RPC_FINE, "result error a MadeUp '';" },
        { "[5,\"a\"]", RPC_UNREADABLE, "" },
        { "[5,7,\"FormatViolation\",\"\",{}]", RPC_UNREADABLE, "" },
        { "[5,\"a\",{},\"\",{}]", RPC_UNREADABLE, "" },
        { "[5]", RPC_UNREADABLE, "" },
        { "[6,\"a\",\"NotifyPeriodicEventStream\",{\"id\":1}]", RPC_SENT, "" },
        { "[6,\"a\",\"NoSuchThing\",{}]", RPC_SENT, "" },
        { "[6,\"a\",\"Reset\",[]]", RPC_UNREADABLE, "" },
        { "[6,\"a\",\"Reset\"]", RPC_UNREADABLE, "" },
        { "[6,7,\"Reset\",{}]", RPC_UNREADABLE, "" },
        { "[6]", RPC_UNREADABLE, "" },
};
/* clang-format on */

static void rpc_knows_the_newer_types_in_21(void **state)
{
        (void)state;
        for (size_t i = 0; i < 3 * ELEMENTSOF(newer); i++) {
                const Dialect *d = dialects[i % 3];
                const char *error = "MessageTypeNotSupported";
                End end;

                end_open(&end, d);
                assert_int_equal(feed(&end, newer[i / 3].text),
                                 d == &ocpp21 ? newer[i / 3].trouble : RPC_UNKNOWN_TYPE);
                if (d == &ocpp21)
                        assert_string_equal(end.log, newer[i / 3].log);
                else
                        assert_int_equal(strstr(end.log, error) != NULL, d == &ocpp201);
                rpc_free(end.rpc);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rpc_judges_each_frame),
                cmocka_unit_test(rpc_knows_the_newer_types_in_21),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
