/* For the tests of the worker and its seam: the call backs' words, and a server in the test's own
 * loop. Included by one test each. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transfer-answer.h"

#define HEAD(status, rest) "HTTP/1.1 " status "\r\n" rest "\r\n"
#define LENGTH(n) "Content-Length: " n "\r\n"
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define DEADLINE_USEC (30 * USEC_PER_SEC)

static const char *const http_only[] = {"http", NULL};

/* A server for one canned answer, in the loop of the test. */
typedef struct Server {
        int listener, peer;
        sd_event_source *source;
        const char *answer;
        bool hold; /* keep the connection open behind the answer */
        unsigned requests;
        char request[2048];
} Server;

typedef struct Fixture {
        sd_event *event;
        char folder[64], worker[512], file[128], script[128], url[64];
        Server server;
        Transfer *transfer;
        bool free_in_call_back, cancel_in_progress;
        /* what the call backs said */
        unsigned ends, progresses;
        uint64_t now_bytes;
        int64_t total_bytes;
        bool done, digested, failed, final;
        uint64_t size_bytes; /* done */
        FileDigest digest;
        size_t address_count;
        char first_address[TRANSFER_ADDRESS_TEXT_MAX];
        char code[TRANSFER_CODE_MAX], message[TRANSFER_MESSAGE_MAX];
} Fixture;

static _unused_ void end(Fixture *f)
{
        f->ends++;
        if (f->free_in_call_back)
                transfer_cancel(TAKE_PTR(f->transfer));
}

static _unused_ void on_progress(void *userdata, uint64_t now_bytes, int64_t total_bytes)
{
        Fixture *f = userdata;

        f->progresses++;
        f->now_bytes = now_bytes;
        f->total_bytes = total_bytes;
        if (f->cancel_in_progress)
                transfer_cancel(TAKE_PTR(f->transfer));
}

static _unused_ void on_done(void *userdata, uint64_t size_bytes)
{
        Fixture *f = userdata;

        f->done = true;
        f->size_bytes = size_bytes;
        end(f);
}

static _unused_ void on_digest(void *userdata, const FileDigest *digest)
{
        Fixture *f = userdata;

        f->digested = true;
        f->digest = *digest;
        end(f);
}

static _unused_ void on_addresses(void *userdata, const char *const *addresses, size_t count)
{
        Fixture *f = userdata;

        f->address_count = count;
        snprintf(f->first_address, sizeof(f->first_address), "%s", addresses[0]);
        end(f);
}

static _unused_ void on_failed(void *userdata, const TransferFailure *failure)
{
        Fixture *f = userdata;

        f->failed = true;
        f->final = failure->final;
        snprintf(f->code, sizeof(f->code), "%s", failure->code);
        snprintf(f->message, sizeof(f->message), "%s", failure->message);
        end(f);
}

static const TransferHandlers handlers = {on_progress, on_done, on_digest, on_addresses, on_failed};

static _unused_ int on_connection(sd_event_source *source _unused_, int fd,
                                  uint32_t revents _unused_, void *userdata)
{
        Server *s = userdata;
        size_t size = 0;

        closep(&s->peer);
        s->peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        assert_true(s->peer >= 0);
        while (size + 1 < sizeof(s->request)) {
                ssize_t n = read(s->peer, s->request + size, sizeof(s->request) - 1 - size);

                if (n <= 0)
                        break;
                size += (size_t)n;
                s->request[size] = '\0';
                if (strstr(s->request, "\r\n\r\n"))
                        break;
        }
        s->requests++;
        (void)send(s->peer, s->answer, strlen(s->answer), MSG_NOSIGNAL);
        if (!s->hold)
                closep(&s->peer);
        return 0;
}

static _unused_ void server_start(Fixture *f)
{
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(a);
        Server *s = &f->server;

        s->peer = -1;
        s->answer = "";
        s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
        assert_int_equal(listen(s->listener, 8), 0);
        assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &size), 0);
        assert_int_equal(
                sd_event_add_io(f->event, &s->source, s->listener, EPOLLIN, on_connection, s), 0);
        snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u/fw", ntohs(a.sin_port));
}

static _unused_ int setup(void **state)
{
        Fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        snprintf(f->folder, sizeof(f->folder), "/tmp/test-transfer.XXXXXX");
        assert_non_null(mkdtemp(f->folder));
        snprintf(f->worker, sizeof(f->worker), "%s/bin/rauc-ocpp-transfer", getenv("BINARY_DIR"));
        snprintf(f->file, sizeof(f->file), "%s/fw.part", f->folder);
        snprintf(f->script, sizeof(f->script), "%s/worker", f->folder);
        assert_int_equal(sd_event_new(&f->event), 0);
        server_start(f);
        *state = f;
        return 0;
}

static _unused_ int remove_one(const char *path, const struct stat *st _unused_, int flag _unused_,
                               struct FTW *ftw _unused_)
{
        return remove(path);
}

static _unused_ int teardown(void **state)
{
        Fixture *f = *state;

        transfer_cancel(f->transfer);
        sd_event_source_disable_unref(f->server.source);
        closep(&f->server.listener);
        closep(&f->server.peer);
        sd_event_unref(f->event);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child, no zombie */
        assert_int_equal(errno, ECHILD);
        assert_int_equal(nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
        free(f);
        return 0;
}

/* Ready for the next vector. */
static _unused_ void forget(Fixture *f)
{
        transfer_cancel(TAKE_PTR(f->transfer));
        f->ends = f->progresses = f->server.requests = 0;
        f->done = f->digested = f->failed = f->final = false;
        f->code[0] = f->message[0] = '\0';
        f->address_count = 0;
        closep(&f->server.peer);
}

/* Runs the loop until what is true, or the test has failed. */
static _unused_ void run_until(Fixture *f, bool (*what)(Fixture *f))
{
        usec_t deadline = boottime_now() + DEADLINE_USEC;

        while (!what(f)) {
                assert_true(boottime_now() < deadline);
                assert_true(sd_event_run(f->event, USEC_PER_SEC) >= 0);
        }
}

static _unused_ bool has_ended(Fixture *f)
{
        return f->ends > 0;
}

static _unused_ bool has_no_child(Fixture *f _unused_)
{
        siginfo_t si;

        return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

static _unused_ bool was_asked(Fixture *f)
{
        return f->server.requests > 0;
}

static _unused_ void run_to_the_end(Fixture *f)
{
        run_until(f, has_ended);
        run_until(f, has_no_child);
        while (sd_event_run(f->event, 0) > 0)
                ;
        assert_int_equal(f->ends, 1);
}

static _unused_ FetchJob job_for(Fixture *f)
{
        return (FetchJob){.url = f->url,
                          .file = f->file,
                          .max_size_bytes = 1000,
                          .way = {.protocols = http_only, .stall_timeout_usec = 10 * USEC_PER_SEC}};
}

static _unused_ void fetch(Fixture *f, const FetchJob *job)
{
        assert_int_equal(transfer_fetch(f->event, f->worker, job, &handlers, f, &f->transfer), 0);
        run_to_the_end(f);
}

static _unused_ void file_make(const char *path, const char *text, mode_t mode)
{
        assert_int_equal(file_write_atomic(path, text, strlen(text), mode), 0);
        assert_int_equal(chmod(path, mode), 0);
}

static _unused_ void assert_failed(const Fixture *f, bool final, const char *code)
{
        assert_true(f->failed);
        assert_string_equal(f->code, code);
        assert_int_equal(f->final, final);
        assert_true(strlen(f->message) > 0);
}

/* The daemon's main() blocks it too. */
static inline void block_sigchld(void)
{
        sigset_t child;

        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        sigprocmask(SIG_BLOCK, &child, NULL);
}
