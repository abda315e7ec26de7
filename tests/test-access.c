/* Who may use REST: files of tokens, and what is decided by where a request comes from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access.h"
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ "read-0123456789a"
#define OPERATOR "operator-0123456789"

/* tokens_load() of a file with this text and mode; *ret is NULL if it fails. */
static int load(const char *text, size_t size, mode_t mode, Tokens **ret)
{
        char path[] = "/tmp/test-access-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, size), size);
        assert_int_equal(fchmod(fd, mode), 0);
        *ret = NULL;
        int r = tokens_load(path, ret);
        close(fd);
        unlink(path);
        return r;
}

static Tokens *good_tokens(void)
{
        static const char text[] = "# who\n\nread:" READ "\r\n  operator:" OPERATOR " \n";
        Tokens *tokens;
        assert_int_equal(load(text, strlen(text), 0600, &tokens), 0);
        return tokens;
}

static void bad_files_of_tokens_are_refused(void **state _unused_)
{
        static const struct {
                const char *text;
                mode_t mode;
                int error;
        } vectors[] = {
                {"read:" READ "\n", 0604, -EPERM},
                {"read:" READ "\n", 0602, -EPERM},
                {"read:" READ "\n", 0620, -EPERM},
                {"read:" READ "\n", 0644, -EPERM},
                {"", 0600, -ENODATA},
                {"# none\n\n", 0600, -ENODATA},
                {READ "\n", 0600, -EINVAL},
                {"admin:" OPERATOR "\n", 0600, -EINVAL},
                {":" OPERATOR "\n", 0600, -EINVAL},
                {"READ:" READ "\n", 0600, -EINVAL},
                {"read:0123456789abcde\n", 0600, -EINVAL},
                {"read:0123456789 abcdefg\n", 0600, -EINVAL},
                {"read: 0123456789abcdefg\n", 0600, -EINVAL},
                {"read:0123456789abcdefg\xc3\xa4\n", 0600, -EINVAL},
        };
        Tokens *tokens;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                assert_int_equal(
                        load(vectors[i].text, strlen(vectors[i].text), vectors[i].mode, &tokens),
                        vectors[i].error);
                assert_null(tokens);
        }
        assert_int_equal(load("read:" READ "\0", strlen(READ) + 6, 0600, &tokens), -EINVAL);
        assert_int_equal(tokens_load("/nowhere/tokens", &tokens), -ENOENT);
}

static void files_that_the_group_reads_are_fine(void **state _unused_)
{
        Tokens *tokens;
        assert_int_equal(load("read:" READ, strlen("read:" READ), 0640, &tokens), 0);
        tokens_free(tokens);
}

static void tokens_are_as_many_and_as_long_as_allowed(void **state _unused_)
{
        static const struct {
                int count, length, error;
        } vectors[] = {
                {TOKENS_MAX, TOKEN_MIN, 0},  {TOKENS_MAX + 1, TOKEN_MIN, -E2BIG}, {1, TOKEN_MAX, 0},
                {1, TOKEN_MAX + 1, -EINVAL}, {1, TOKENS_FILE_MAX, -EFBIG},
        };
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                char *text = NULL;
                size_t size = 0;
                Tokens *tokens;
                FILE *file = open_memstream(&text, &size);
                for (int n = 0; n < vectors[i].count; n++)
                        fprintf(file, "read:%0*d\n", vectors[i].length, n);
                fclose(file);
                assert_int_equal(load(text, size, 0600, &tokens), vectors[i].error);
                tokens_free(tokens);
                free(text);
        }
}

enum { HERE = 1, TLS = 2, WITH_TOKENS = 4 };

/* clang-format off */
static const struct {
        int where;
        const char *host, *origin, *authorization;
        unsigned status;
        Role role;
} decisions[] = {
        /* without tokens: this machine, by a name that no DNS can give to another */
        { HERE,       "127.0.0.1:8180",   NULL, "", 0, ROLE_OPERATOR },
        { HERE,       "127.1.2.3",        NULL, "", 0, ROLE_OPERATOR },
        { HERE,       "localhost:8180",   NULL, "", 0, ROLE_OPERATOR },
        { HERE,       "LOCALHOST",        NULL, "", 0, ROLE_OPERATOR },
        { HERE | TLS, "[::1]:8180",       NULL, "", 0, ROLE_OPERATOR },
        { HERE,       "[::1]",            NULL, "", 0, ROLE_OPERATOR },
        { HERE,       "127.0.0.1",        NULL, "Bearer " OPERATOR, 0, ROLE_OPERATOR },
        { HERE,       "evil.example",     NULL, "", 403, 0 },
        { HERE,       "localhost.evil.example", NULL, "", 403, 0 },
        { HERE,       "127.0.0.1.evil.example", NULL, "", 403, 0 },
        { HERE,       "127.0.0.1:80@evil.example", NULL, "", 403, 0 },
        { HERE,       "192.0.2.1",        NULL, "", 403, 0 },
        { HERE,       "[::2]",            NULL, "", 403, 0 },
        { HERE,       "[::1",             NULL, "", 403, 0 },
        { HERE,       "[::1]x",           NULL, "", 403, 0 },
        { HERE,       "::1",              NULL, "", 403, 0 },
        { HERE,       ":80",              NULL, "", 403, 0 },
        { HERE,       "",                 NULL, "", 403, 0 },
        { 0,          "127.0.0.1",        NULL, "", 403, 0 },
        { TLS,        "127.0.0.1",        NULL, "", 403, 0 },
        { TLS,        "csms.example",     NULL, "Bearer " OPERATOR, 403, 0 },
        /* pages of other hosts */
        { HERE,       "localhost:8180",   "http://localhost:8180",   "", 0, ROLE_OPERATOR },
        { HERE,       "localhost:8180",   "https://localhost:8180",  "", 0, ROLE_OPERATOR },
        { HERE | TLS, "localhost:8180",   "https://LOCALHOST:8180",  "", 0, ROLE_OPERATOR },
        { HERE | TLS, "localhost:8180",   "http://localhost:8180",   "", 403, 0 },
        { HERE,       "localhost:8180",   "http://localhost:8181",   "", 403, 0 },
        { HERE,       "localhost:8180",   "http://127.0.0.1:8180",   "", 403, 0 },
        { HERE,       "localhost:8180",   "http://localhost:8180/",  "", 403, 0 },
        { HERE,       "localhost:8180",   "null",                    "", 403, 0 },
        { HERE,       "localhost:8180",   "",                        "", 403, 0 },
        { HERE,       "localhost:8180",   "localhost:8180",          "", 403, 0 },
        { TLS | WITH_TOKENS, "csms.example", "https://evil.example", "Bearer " OPERATOR, 403, 0 },
        /* with tokens: TLS from elsewhere, a token from everywhere */
        { TLS | WITH_TOKENS,        "csms.example", NULL, "Bearer " OPERATOR,        0, ROLE_OPERATOR },
        { TLS | WITH_TOKENS,        "csms.example", NULL, "Bearer " READ,            0, ROLE_READ },
        { TLS | WITH_TOKENS,        "csms.example", "https://csms.example", "bearer  " READ, 0, ROLE_READ },
        { HERE | WITH_TOKENS,       "csms.example", NULL, "Bearer " READ,            0, ROLE_READ },
        { HERE | WITH_TOKENS,       "127.0.0.1",    NULL, "",                        401, 0 },
        { HERE | WITH_TOKENS,       "127.0.0.1",    NULL, "Bearer " READ "x",        401, 0 },
        { HERE | WITH_TOKENS,       "127.0.0.1",    NULL, "Bearer ",                 401, 0 },
        { HERE | WITH_TOKENS,       "127.0.0.1",    NULL, "Bearer",                  401, 0 },
        { HERE | WITH_TOKENS,       "127.0.0.1",    NULL, "Basic " READ,             401, 0 },
        { HERE | WITH_TOKENS,       "127.0.0.1",    NULL, READ,                      401, 0 },
        { TLS | WITH_TOKENS,        "csms.example", NULL, "",                        401, 0 },
        { WITH_TOKENS,              "csms.example", NULL, "Bearer " OPERATOR,        403, 0 },
};
/* clang-format on */

static void where_from_and_which_token_decide(void **state _unused_)
{
        _cleanup_(tokens_freep) Tokens *tokens = good_tokens();
        for (size_t i = 0; i < ELEMENTSOF(decisions); i++) {
                const AccessFacts facts = {
                        .is_local = decisions[i].where & HERE,
                        .is_tls = decisions[i].where & TLS,
                        .host = decisions[i].host,
                        .origin = decisions[i].origin,
                        .authorization = decisions[i].authorization,
                };
                Access access =
                        access_decide(decisions[i].where & WITH_TOKENS ? tokens : NULL, &facts);
                if (access.status != decisions[i].status || access.role != decisions[i].role)
                        fail_msg("%zu: expected %u, role %d; got %u, role %d", i,
                                 decisions[i].status, (int)decisions[i].role, access.status,
                                 (int)access.role);
                assert_int_equal(access.sentence != NULL, access.status != 0);
                assert_int_equal(access.challenge != NULL, access.status == 401);
                assert_int_equal(access.has_a_wrong_token,
                                 access.status == 401 && *decisions[i].authorization);
        }
}

static void what_is_for_everybody_is_not_for_pages_of_other_hosts(void **state _unused_)
{
        AccessFacts facts = {.host = "csms.example", .authorization = ""};
        assert_int_equal(access_decide_open(&facts).status, 0);
        facts.origin = "http://csms.example";
        assert_int_equal(access_decide_open(&facts).status, 0);
        facts.origin = "http://evil.example";
        assert_int_equal(access_decide_open(&facts).status, 403);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bad_files_of_tokens_are_refused),
                cmocka_unit_test(files_that_the_group_reads_are_fine),
                cmocka_unit_test(tokens_are_as_many_and_as_long_as_allowed),
                cmocka_unit_test(where_from_and_which_token_decide),
                cmocka_unit_test(what_is_for_everybody_is_not_for_pages_of_other_hosts),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
