/* The worker's job "fetch": the real program against a server in this process. */
#include "transfer-fixture.h"

/* clang-format off */
static const struct FetchVector {
        const char *answer;
        const char *code; /* NULL: "abc" arrives */
        bool final;
} fetch_vectors[] = {
        {HEAD("200 OK", LENGTH("3")) "abc",                            NULL,          false},
        {HEAD("200 OK", "") "abc",                                     NULL,          false},
        {HEAD("200 OK", "Transfer-Encoding: chunked\r\n") "3\r\nabc\r\n0\r\n\r\n", NULL, false},
        {HEAD("400 Bad Request", LENGTH("3")) "abc",                   "http-400",    true},
        {HEAD("401 Unauthorized", "WWW-Authenticate: Basic\r\n" LENGTH("0")), "http-401", true},
        {HEAD("403 Forbidden", LENGTH("3")) "abc",                     "http-403",    true},
        {HEAD("404 Not Found", LENGTH("3")) "abc",                     "http-404",    true},
        {HEAD("404 Not Found", LENGTH("5000")) "abc",                  "http-404",    true},
        {HEAD("404 Not Found", LENGTH("0")),                           "http-404",    true},
        {HEAD("408 Request Timeout", LENGTH("3")) "abc",               "http-408",    false},
        {HEAD("410 Gone", LENGTH("3")) "abc",                          "http-410",    true},
        {HEAD("425 Too Early", LENGTH("3")) "abc",                     "http-425",    false},
        {HEAD("429 Too Many Requests", LENGTH("3")) "abc",             "http-429",    false},
        {HEAD("500 Broken", LENGTH("3")) "abc",                        "http-500",    false},
        {HEAD("503 Busy", LENGTH("0")),                                "http-503",    false},
        {HEAD("204 No Content", ""),                                   "http-204",    false},
        {HEAD("206 Partial", LENGTH("3") "Content-Range: bytes 0-2/9\r\n") "abc", "http-206", false},
        {HEAD("416 Range", LENGTH("0") "Content-Range: bytes */3\r\n"),  "http-416",    true},
        {HEAD("200 OK", LENGTH("3") "Content-Encoding: gzip\r\n") "abc", "encoding",    true},
        {HEAD("302 Found", LENGTH("3")) "abc",                         "http-302",    false},
        {HEAD("304 Not Modified", ""),                                 "http-304",    false},
        {HEAD("302 Found", LENGTH("0") "Location: file:///etc/hostname\r\n"), "scheme", true},
        {HEAD("302 Found", LENGTH("0") "Location: ftp://127.0.0.1/x\r\n"),    "scheme", true},
        {HEAD("302 Found", LENGTH("0") "Location: https://127.0.0.1/x\r\n"),  "scheme", true},
        {HEAD("302 Found", LENGTH("0") "Location: /again\r\n"),        "redirects",   false},
        {HEAD("200 OK", LENGTH("1001")),                               "too-large",   true},
        {HEAD("200 OK", LENGTH("9007199254740993")),                   "too-large",   true},
        {HEAD("200 OK", LENGTH("9")) "abc",                            "connection",  false},
        {HEAD("200 OK", "Transfer-Encoding: chunked\r\n") "3\r\nabc\r\n", "connection", false},
        {HEAD("200 OK", "Transfer-Encoding: chunked\r\n") "x\r\n",     "connection",  false},
        {"",                                                           "connection",  false},
        {"220 this is no web server\r\n",                              "connection",  false},
};
/* clang-format on */

static void fetch_judges_answers(void **state)
{
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(fetch_vectors); i++) {
                const struct FetchVector *v = &fetch_vectors[i];
                FetchJob job = job_for(f);

                f->server.answer = v->answer;
                f->free_in_call_back = i % 2;
                fetch(f, &job);
                if (f->done != !v->code || !streq(f->code, strempty(v->code)) ||
                    f->final != v->final)
                        fail_msg("%s: %s %d %s", v->answer, f->code, f->final, f->message);
                if (!v->code)
                        assert_int_equal(f->size_bytes, 3);
                forget(f);
        }
}

/* Without a length too, and when it lies; what was written stays below the limit. */
static void fetch_stops_at_max_size(void **state)
{
        static const char *const heads[] = {
                HEAD("200 OK", ""),
                HEAD("200 OK", "Transfer-Encoding: chunked\r\n") "bb8\r\n",
        };
        Fixture *f = *state;
        FetchJob job = job_for(f);
        char answer[4096];
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(heads); i++) {
                snprintf(answer, sizeof(answer), "%s%03000d", heads[i], 0);
                f->server.answer = answer;
                fetch(f, &job);
                assert_failed(f, true, "too-large");
                assert_int_equal(stat(f->file, &st), 0);
                assert_true(st.st_size <= 1000);
                forget(f);
        }
}

static void fetch_sees_no_room_before_the_first_byte(void **state)
{
        Fixture *f = *state;
        FetchJob job = job_for(f);
        struct stat st;

        job.max_size_bytes = UINT64_C(1) << 53;
        f->server.answer = HEAD("200 OK", LENGTH("4503599627370496")); /* 4 PiB */
        fetch(f, &job);
        assert_failed(f, true, "no-space");
        assert_int_equal(stat(f->file, &st), 0);
        assert_int_equal(st.st_size, 0);
}

static void fetch_writes_the_named_file_anew(void **state)
{
        Fixture *f = *state;
        FetchJob job = job_for(f);
        _cleanup_(freep) char *text = NULL;
        struct stat st;

        file_make(f->file, "what a longer attempt left behind", 0666);
        f->server.answer = HEAD("200 OK", LENGTH("3")) "abc";
        fetch(f, &job);
        assert_true(f->done);
        assert_int_equal(file_read(f->file, 100, &text, NULL), 0);
        assert_string_equal(text, "abc");
        assert_int_equal(stat(f->file, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
        assert_int_equal(f->now_bytes, 3);
        assert_int_equal(f->total_bytes, 3);
        assert_true(f->progresses >= 1);
}

static void fetch_follows_no_link_of_the_file_system(void **state)
{
        Fixture *f = *state;
        FetchJob job = job_for(f);
        _cleanup_(freep) char *text = NULL;
        char target[160];

        snprintf(target, sizeof(target), "%s/precious", f->folder);
        file_make(target, "precious", 0600);
        assert_int_equal(symlink(target, f->file), 0);
        f->server.answer = HEAD("200 OK", LENGTH("3")) "abc";
        fetch(f, &job);
        assert_failed(f, false, "file");
        assert_int_equal(file_read(target, 100, &text, NULL), 0);
        assert_string_equal(text, "precious");
        assert_int_equal(f->server.requests, 0);
}

static void fetch_takes_allowed_schemes_only(void **state)
{
        static const char *const urls[] = {
                "https://127.0.0.1/x",
                "ftp://127.0.0.1/x",
                "file:///etc/hostname",
                "gopher://127.0.0.1/",
                "scp://127.0.0.1/x",
                "127.0.0.1/x",
                "http://",
                "http://[::1/x",
                "",
        };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                FetchJob job = job_for(f);

                job.url = urls[i];
                fetch(f, &job);
                assert_failed(f, true, "scheme");
                forget(f);
        }
}

/* Protocols that this worker doesn't have allow nothing, least of all everything. */
static void fetch_with_no_protocol_of_ours_allows_nothing(void **state)
{
        static const char *const lists[][3] = {{NULL}, {"sftp", NULL}, {"file", "all", NULL}};
        Fixture *f = *state;

        f->server.answer = HEAD("200 OK", LENGTH("3")) "abc";
        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                FetchJob job = job_for(f);

                job.way.protocols = lists[i];
                fetch(f, &job);
                assert_failed(f, true, "scheme");
                assert_int_equal(f->server.requests, 0);
                forget(f);
        }
}

static void fetch_sends_the_password_and_never_tells_it(void **state)
{
        Fixture *f = *state;
        FetchJob job = job_for(f);
        char url[128];

        snprintf(url, sizeof(url), "http://user:s3cret@%s", f->url + strlen("http://"));
        job.url = url;
        f->server.answer = "";
        fetch(f, &job);
        assert_failed(f, false, "connection");
        assert_non_null(strstr(f->server.request, "Authorization: Basic dXNlcjpzM2NyZXQ="));
        assert_null(strstr(f->message, "s3cret"));
        forget(f);
        closep(&f->server.listener);
        sd_event_source_disable_unref(TAKE_PTR(f->server.source));
        fetch(f, &job);
        assert_failed(f, false, "connect");
        assert_null(strstr(f->message, "s3cret"));
}

static void fetch_ends_when_no_byte_comes(void **state)
{
        Fixture *f = *state;
        FetchJob job = job_for(f);

        f->server.hold = true;
        f->server.answer = HEAD("200 OK", LENGTH("9")) "abc";
        job.way.stall_timeout_usec = USEC_PER_SEC;
        fetch(f, &job);
        assert_failed(f, false, "stalled");
        forget(f);
        job.way.stall_timeout_usec = 0;
        job.way.timeout_usec = USEC_PER_SEC;
        fetch(f, &job);
        assert_failed(f, false, "timeout");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH(fetch_judges_answers),
                WITH(fetch_stops_at_max_size),
                WITH(fetch_sees_no_room_before_the_first_byte),
                WITH(fetch_writes_the_named_file_anew),
                WITH(fetch_follows_no_link_of_the_file_system),
                WITH(fetch_takes_allowed_schemes_only),
                WITH(fetch_with_no_protocol_of_ours_allows_nothing),
                WITH(fetch_sends_the_password_and_never_tells_it),
                WITH(fetch_ends_when_no_byte_comes),
        };

        block_sigchld();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
