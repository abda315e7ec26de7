/* The lines of a worker, good and hostile. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "transfer-answer.h"

#define HEX_384_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEX_384 HEX_384_A HEX_384_A
#define DONE "{\"done\":{\"size\":3,\"sha256\":\"" HEX_256 "\",\"sha384\":\"" HEX_384 "\"}}"
#define FAILED "{\"failed\":{\"final\":true,\"code\":\"http-404\",\"message\":\"gone\"}}"
#define ADDRESSES(list) "{\"done\":{\"addresses\":[" list "]}}"

static const struct {
        const char *line;
        int expected; /* the kind, or an error */
} vectors[] = {
        {DONE, ANSWER_DIGEST},
        {"{\"done\":{\"size\":3,\"sha256\":\"" HEX_256 "\"}}", ANSWER_DIGEST},
        {"{\"done\":{\"size\":3}}", ANSWER_DONE},
        {"{\"done\":{\"size\":3,\"sha384\":\"" HEX_384 "\"}}", -EBADMSG},
        {"{\"done\":{\"size\":-1}}", -EBADMSG},
        {FAILED, ANSWER_FAILED},
        {"{\"failed\":{\"final\":false,\"code\":\"http-503\",\"message\":\"m\",\"retry_"
         "after\":7}}",
         ANSWER_FAILED},
        {"{\"failed\":{\"final\":false,\"code\":\"http-503\",\"message\":\"m\",\"retry_"
         "after\":\"7\"}}",
         -EBADMSG},
        {"{\"progress\":{\"now\":0,\"total\":-1}}", ANSWER_PROGRESS},
        {"{\"progress\":{\"now\":4294967296,\"total\":4294967297}}", ANSWER_PROGRESS},
        {ADDRESSES("\"192.0.2.1\",\"fe80::1%eth0\""), ANSWER_ADDRESSES},
        {"", -EBADMSG},
        {"{}", -EBADMSG},
        {"[]", -EBADMSG},
        {"null", -EBADMSG},
        {"{\"done\":{}}", -EBADMSG},
        {"{\"done\":[]}", -EBADMSG},
        {DONE "x", -EBADMSG},
        {DONE DONE, -EBADMSG},
        {"{\"done\":{\"size\":-1,\"sha256\":\"" HEX_256 "\",\"sha384\":\"" HEX_384 "\"}}",
         -EBADMSG},
        {"{\"done\":{\"size\":1.5,\"sha256\":\"" HEX_256 "\",\"sha384\":\"" HEX_384 "\"}}",
         -EBADMSG},
        {"{\"done\":{\"size\":3,\"sha256\":\"" HEX_256 "0\",\"sha384\":\"" HEX_384 "\"}}",
         -EBADMSG},
        {"{\"done\":{\"size\":3,\"sha256\":\"" HEX_256 "\",\"sha384\":\"" HEX_256 "\"}}", -EBADMSG},
        {"{\"done\":{\"size\":3,\"sha256\":7,\"sha384\":\"" HEX_384 "\"}}", -EBADMSG},
        {"{\"progress\":{\"now\":1e300,\"total\":-1}}", -EBADMSG},
        {"{\"progress\":{\"now\":1,\"total\":-2}}", -EBADMSG},
        {"{\"progress\":{\"now\":1}}", -EBADMSG},
        {"{\"progress\":{\"now\":1,\"total\":1},\"done\":{}}", -EBADMSG},
        {"{\"nonsense\":{\"now\":1,\"total\":1}}", -EBADMSG},
        {ADDRESSES(""), -EBADMSG},
        {ADDRESSES("1"), -EBADMSG},
        {ADDRESSES("\"\""), -EBADMSG},
        {ADDRESSES("\"192.0.2.1 \""), -EBADMSG},
        {ADDRESSES("\"" HEX_256 "\""), -EBADMSG},
        {ADDRESSES("\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\""), -EBADMSG},
        {"{\"failed\":{\"final\":1,\"code\":\"x\",\"message\":\"m\"}}", -EBADMSG},
        {"{\"failed\":{\"final\":true,\"code\":\"\",\"message\":\"m\"}}", -EBADMSG},
        {"{\"failed\":{\"final\":true,\"code\":\"Bad Code\",\"message\":\"m\"}}", -EBADMSG},
        {"{\"failed\":{\"final\":true,\"code\":\"" HEX_256 "\",\"message\":\"m\"}}", -EBADMSG},
        {"{\"failed\":{\"final\":true,\"code\":\"x\"}}", -EBADMSG},
};

static void answer_is_read_strictly(void **state _unused_)
{
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                Answer a = {0};
                int r = answer_parse(vectors[i].line, strlen(vectors[i].line), &a);

                if ((r < 0 ? r : (int)a.kind) != vectors[i].expected)
                        fail_msg("%s: %d", vectors[i].line, r);
        }
}

static void answer_keeps_messages_printable(void **state _unused_)
{
        static const char line[] = "{\"failed\":{\"final\":false,\"code\":\"tls\",\"message\":"
                                   "\"a\\u001b[31m\\u00e9 z\"}}";
        Answer a = {0};

        assert_int_equal(answer_parse(line, sizeof(line) - 1, &a), 0);
        assert_false(a.final);
        assert_string_equal(a.code, "tls");
        assert_string_equal(a.message, "a?[31m?? z");
}

static void answer_knows_no_more_than_there_is_in_all(void **state _unused_)
{
        static const char line[] = "{\"progress\":{\"now\":9,\"total\":3}}";
        Answer a = {0};

        assert_int_equal(answer_parse(line, sizeof(line) - 1, &a), 0);
        assert_int_equal(a.now_bytes, 9);
        assert_int_equal(a.total_bytes, 9);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(answer_is_read_strictly),
                cmocka_unit_test(answer_keeps_messages_printable),
                cmocka_unit_test(answer_knows_no_more_than_there_is_in_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
