/* OCPP-J framing: what each single frame, good or bad, is answered in each version. */
#include "rpc-end.h"

#define NINE "123456789"
#define ID36 NINE NINE NINE NINE

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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rpc_judges_each_frame),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
