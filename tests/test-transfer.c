/* The seam to the worker: hash and resolve by the real program, cancelling, and shell scripts for
 * workers that misbehave. */
#include "transfer-fixture.h"
#include "transfer-start.h"
#include <sys/ptrace.h>

/* A descriptor that a test leaves open on purpose. */
#define LEAKED_FD 57

#define HEX_384_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEX_384 HEX_384_A HEX_384_A
#define DONE "{\"done\":{\"size\":3,\"sha256\":\"" HEX_256 "\",\"sha384\":\"" HEX_384 "\"}}"
#define FAILED "{\"failed\":{\"final\":true,\"code\":\"http-404\",\"message\":\"gone\"}}"
#define PROGRESS(now, total) "{\"progress\":{\"now\":" now ",\"total\":" total "}}"
#define ADDRESSES(list) "{\"done\":{\"addresses\":[" list "]}}"

static void hash_tells_the_digests_asked_for(void **state)
{
        /* FIPS 180-4's own examples. */
        static const struct HashVector {
                const char *text, *sha256, *sha384;
        } vectors[] = {
                {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                 "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
                 "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
                {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                 "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743"
                 "4c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"},
        };
        Fixture *f = *state;
        char hex[2 * SHA384_SIZE + 1];

        for (size_t i = 0; i < 2 * ELEMENTSOF(vectors); i++) {
                bool wanted = i >= ELEMENTSOF(vectors);
                const struct HashVector *v = &vectors[i % ELEMENTSOF(vectors)];

                file_make(f->file, v->text, 0640);
                assert_int_equal(transfer_hash(f->event, f->worker, f->file, wanted, &handlers, f,
                                               &f->transfer),
                                 0);
                run_to_the_end(f);
                assert_true(f->digested);
                assert_int_equal(f->digest.has_sha384, wanted);
                assert_int_equal(f->digest.size_bytes, strlen(v->text));
                assert_string_equal(hex_encode(f->digest.sha256, SHA256_SIZE, hex), v->sha256);
                if (wanted)
                        assert_string_equal(hex_encode(f->digest.sha384, SHA384_SIZE, hex),
                                            v->sha384);
                forget(f);
        }
}

static void hash_opens_regular_files_only(void **state)
{
        Fixture *f = *state;
        char path[160];

        snprintf(path, sizeof(path), "%s/thing", f->folder);
        assert_int_equal(
                transfer_hash(f->event, f->worker, path, false, &handlers, f, &f->transfer),
                -ENOENT);
        file_make(f->file, "abc", 0640);
        assert_int_equal(symlink(f->file, path), 0);
        assert_int_equal(
                transfer_hash(f->event, f->worker, path, false, &handlers, f, &f->transfer),
                -ELOOP);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(
                transfer_hash(f->event, f->worker, path, false, &handlers, f, &f->transfer),
                -EINVAL);
        assert_int_equal(
                transfer_hash(f->event, f->worker, f->folder, false, &handlers, f, &f->transfer),
                -EINVAL);
        assert_null(f->transfer);
}

static void resolve_takes_numeric_hosts_as_they_are(void **state)
{
        static const char *const hosts[] = {"192.0.2.1", "2001:db8::1", "127.0.0.1"};
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(hosts); i++) {
                assert_int_equal(transfer_resolve(f->event, f->worker, hosts[i], "443", &handlers,
                                                  f, &f->transfer),
                                 0);
                run_to_the_end(f);
                assert_int_equal(f->address_count, 1);
                assert_string_equal(f->first_address, hosts[i]);
                forget(f);
        }
}

static void resolve_finds_names(void **state)
{
        Fixture *f = *state;
        struct in6_addr six;
        struct in_addr four;

        assert_int_equal(transfer_resolve(f->event, f->worker, "localhost", "https", &handlers, f,
                                          &f->transfer),
                         0);
        run_to_the_end(f);
        assert_true(f->address_count >= 1);
        assert_true(inet_pton(AF_INET, f->first_address, &four) == 1 ||
                    inet_pton(AF_INET6, f->first_address, &six) == 1);
}

/* Too long for a name: fails without a question to any server. */
static void resolve_failure_is_not_final(void **state)
{
        Fixture *f = *state;

        assert_int_equal(transfer_resolve(f->event, f->worker, HEX_256 HEX_256, "443", &handlers, f,
                                          &f->transfer),
                         0);
        run_to_the_end(f);
        assert_failed(f, false, "resolve");
}

static void cancel_reaps_and_stays_silent(void **state)
{
        Fixture *f = *state;
        FetchJob job = job_for(f);

        f->server.hold = true;
        assert_int_equal(transfer_fetch(f->event, f->worker, &job, &handlers, f, &f->transfer), 0);
        run_until(f, was_asked);
        transfer_cancel(TAKE_PTR(f->transfer));
        run_until(f, has_no_child);
        assert_int_equal(f->ends, 0);
}

static void cancel_works_in_a_call_back(void **state)
{
        Fixture *f = *state;
        FetchJob job = job_for(f);

        f->server.hold = true;
        f->cancel_in_progress = true;
        f->server.answer = HEAD("200 OK", LENGTH("9")) "abc";
        assert_int_equal(transfer_fetch(f->event, f->worker, &job, &handlers, f, &f->transfer), 0);
        run_until(f, has_no_child);
        assert_int_equal(f->progresses, 1);
        assert_int_equal(f->ends, 0);
        assert_null(f->transfer);
}

static void cancel_needs_no_loop(void **state)
{
        Fixture *f = *state;
        FetchJob job = job_for(f);

        assert_int_equal(transfer_fetch(f->event, f->worker, &job, &handlers, f, &f->transfer), 0);
        transfer_cancel(TAKE_PTR(f->transfer));
        transfer_cancel(NULL);
        /* teardown() frees the loop: the child is gone then too */
}

/* The worker's connection ends when its daemon is killed. */
static void worker_dies_with_its_daemon(void **state)
{
        Fixture *f = *state;
        FetchJob job = job_for(f);
        char c;
        pid_t daemon = fork();

        if (daemon == 0) {
                sd_event *event = NULL;

                if (sd_event_new(&event) < 0 ||
                    transfer_fetch(event, f->worker, &job, &handlers, f, &f->transfer) < 0)
                        _exit(1);
                for (;;)
                        pause();
        }
        f->server.hold = true;
        run_until(f, was_asked);
        assert_int_equal(kill(daemon, SIGKILL), 0);
        assert_int_equal(waitpid(daemon, NULL, 0), daemon);
        assert_int_equal(read(f->server.peer, &c, 1), 0); /* blocks until the worker is gone */
}

/* clang-format off */
static const struct ScriptVector {
        const char *body, *message; /* message: a part of it */
} script_vectors[] = {
        {"exit 0",                                            "exited with 0"},
        {"exit 3",                                            "exited with 3"},
        {"kill -9 $$",                                        "signal 9"},
        {"kill -11 $$",                                       "signal 11"},
        {"echo garbage; exec sleep 1000",                     "no answer"},
        {"echo; exec sleep 1000",                             "no answer"},
        {"printf '%09000d' 0; exec sleep 1000",               "too long"},
        {"exec cat /dev/zero",                                "too long"},
        {"echo '" DONE "'; exit 1",                           "exited with 1"},
        {"echo '" DONE "'; kill -9 $$",                       "signal 9"},
        {"printf '%s' '" DONE "'",                            "cut off"},
        {"echo '" DONE "'; echo '" DONE "'",                  "went on"},
        {"echo '" FAILED "'; echo '" DONE "'; exec sleep 1000",    "went on"},
        {"echo '" ADDRESSES("\"192.0.2.1\"") "'; exec sleep 1000", "another question"},
        {"echo '" PROGRESS("1", "2") "'",                     "exited with 0"},
        {"while :; do echo '" PROGRESS("1", "2") "'; done",   "babbles"},
        {"n=0; while :; do n=$((n + 1)); echo '{\"progress\":{\"now\":'$n',\"total\":-1}}'; done", "babbles"},
        {"echo '" PROGRESS("9223372036854775808", "-1") "'; exec sleep 1000", "no answer"},
        {"echo '" PROGRESS("1", "1e999") "'; exec sleep 1000", "no answer"},
        {"echo '" FAILED "'; echo '" FAILED "'",              "went on"},
        {"echo '" DONE "'; echo",                             "went on"},
        {"echo '" DONE "'; exec cat /dev/zero",               "too long"},
        {"echo '{\"done\":{\"size\":3}}'",                    "another question"},
};
/* clang-format on */

static void script_write(Fixture *f, const char *body)
{
        _cleanup_(freep) char *text = str_printf("#!/bin/sh\n%s\n", body);

        assert_non_null(text);
        file_make(f->script, text, 0755);
}

static void worker_that_misbehaves_is_a_failure(void **state)
{
        Fixture *f = *state;

        file_make(f->file, "abc", 0640);
        for (size_t i = 0; i < ELEMENTSOF(script_vectors); i++) {
                const struct ScriptVector *v = &script_vectors[i];

                script_write(f, v->body);
                f->free_in_call_back = i % 2;
                assert_int_equal(transfer_hash(f->event, f->script, f->file, false, &handlers, f,
                                               &f->transfer),
                                 0);
                run_to_the_end(f);
                if (!f->failed || f->final || !streq(f->code, "worker") ||
                    !strstr(f->message, v->message))
                        fail_msg("%s: %s: %s", v->body, f->code, f->message);
                forget(f);
        }
}

/* The process that this one has started; there is one only. */
static pid_t only_child(void)
{
        _cleanup_(freep) char *path = str_printf("/proc/self/task/%d/children", getpid()),
                              *text = NULL;
        size_t size;

        assert_non_null(path);
        assert_int_equal(file_read(path, 64, &text, &size), 0);
        return (pid_t)strtol(text, NULL, 10);
}

/* Kills a process that it traces, and lets go of the dead one a while later only. */
static pid_t kill_as_its_tracer(pid_t victim)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        if (ptrace(PTRACE_SEIZE, victim, NULL, NULL) < 0 || kill(victim, SIGKILL) < 0)
                _exit(1);
        usleep(300000);
        _exit(0);
}

/* A dead process that is traced (by a debugger, by the leak sanitizer) wakes its parent, who is
 * told that there is nothing to wait for yet. */
static void traced_worker_is_reaped_when_its_tracer_lets_go(void **state)
{
        Fixture *f = *state;
        int status;

        script_write(f, "exec sleep 1000");
        assert_int_equal(
                transfer_resolve(f->event, f->script, "h", "s", &handlers, f, &f->transfer), 0);
        pid_t tracer = kill_as_its_tracer(only_child());
        run_until(f, has_ended);
        assert_failed(f, false, "worker");
        assert_non_null(strstr(f->message, "signal 9"));
        assert_int_equal(waitpid(tracer, &status, 0), tracer);
        assert_int_equal(status, 0);
        run_until(f, has_no_child);
}

static void worker_that_never_exits_is_killed(void **state)
{
        Fixture *f = *state;

        script_write(f, "exec >&-; exec sleep 1000");
        assert_int_equal(
                transfer_resolve(f->event, f->script, "h", "s", &handlers, f, &f->transfer), 0);
        run_to_the_end(f);
        assert_failed(f, false, "worker");
        assert_non_null(strstr(f->message, "did not exit"));
}

/* Of a job with these limits, and a worker whose text is body. */
static void run_limited(Fixture *f, const char *body, TransferStart start)
{
        cJSON *job = cJSON_CreateObject();

        script_write(f, body);
        start.event = f->event;
        start.worker = f->script;
        start.job = job;
        start.file = -1;
        start.wanted = ANSWER_DONE;
        assert_int_equal(transfer_start(&start, &handlers, f, &f->transfer), 0);
        cJSON_Delete(job);
        run_to_the_end(f);
}

static void worker_that_gives_no_sign_of_life_is_killed(void **state)
{
        static const char *const bodies[] = {
                "exec sleep 1000",
                "kill -STOP $$",
                "trap '' TERM INT HUP; while :; do sleep 1; done",
                "printf '{\"progress\"'; exec sleep 1000",
                "while :; do echo '" PROGRESS("1", "2") "'; sleep 0.1; done",
        };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(bodies); i++) {
                run_limited(f, bodies[i], (TransferStart){.silence_usec = 300 * USEC_PER_MSEC});
                assert_failed(f, false, "worker");
                assert_non_null(strstr(f->message, "silent"));
                forget(f);
        }
}

/* It takes twice as long as it may be silent. Going back is life, too. */
static void worker_that_goes_on_is_waited_for(void **state)
{
        Fixture *f = *state;

        run_limited(f,
                    "for n in 8 2 3 4 5 6; do sleep 0.5; "
                    "echo '{\"progress\":{\"now\":'$n',\"total\":4}}'; done; "
                    "echo '{\"done\":{\"size\":6}}'",
                    (TransferStart){.silence_usec = 1500 * USEC_PER_MSEC, .max_bytes = 6});
        assert_true(f->done);
        assert_int_equal(f->progresses, 6);
        assert_int_equal(f->now_bytes, 6);
        assert_int_equal(f->total_bytes, 6); /* never less than what is there */
}

static void worker_that_goes_on_for_too_long_is_killed(void **state)
{
        Fixture *f = *state;

        run_limited(
                f,
                "n=0; while :; do n=$((n + 1)); echo '{\"progress\":{\"now\":'$n',\"total\":-1}}';"
                "sleep 0.1; done",
                (TransferStart){.silence_usec = 20 * USEC_PER_SEC,
                                .limit_usec = 500 * USEC_PER_MSEC});
        assert_failed(f, false, "worker");
        assert_non_null(strstr(f->message, "too long"));
        assert_true(f->progresses > 0);
}

static void worker_that_did_more_than_it_may_is_not_believed(void **state)
{
        Fixture *f = *state;

        run_limited(f, "echo '{\"done\":{\"size\":7}}'", (TransferStart){.max_bytes = 6});
        assert_failed(f, false, "worker");
        assert_non_null(strstr(f->message, "more than it may"));
}

/* A worker ends what stalls by itself, and may take as long as its server is allowed to. */
static void limits_leave_room_for_the_way(void **state _unused_)
{
        static const struct {
                usec_t stall_seconds, timeout_seconds, silence_seconds, limit_seconds;
        } vectors[] = {
                {60, 0, 840, 0},
                {60, 100, 840, 220},
                {0, 100, 220, 220},
                {0, 0, 0, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                TransferWay way = {
                        .stall_timeout_usec = vectors[i].stall_seconds * USEC_PER_SEC,
                        .timeout_usec = vectors[i].timeout_seconds * USEC_PER_SEC,
                };

                assert_int_equal(way_silence(&way), vectors[i].silence_seconds * USEC_PER_SEC);
                assert_int_equal(way_limit(&way), vectors[i].limit_seconds * USEC_PER_SEC);
        }
}

/* A good answer from a script, so that the vectors above fail for their own reason. */
static void worker_that_behaves_is_believed(void **state)
{
        Fixture *f = *state;

        script_write(f, "cat >\"${0%/*}/job\"; echo '{\"progress\":{\"now\":1,\"total\":3}}'; "
                        "echo '" DONE "'");
        file_make(f->file, "abc", 0640);
        assert_int_equal(
                transfer_hash(f->event, f->script, f->file, false, &handlers, f, &f->transfer), 0);
        run_to_the_end(f);
        assert_true(f->digested);
        assert_int_equal(f->digest.size_bytes, 3);
        assert_int_equal(f->progresses, 1);
}

static void worker_inherits_nothing(void **state)
{
        Fixture *f = *state;

        assert_int_equal(dup2(STDERR_FILENO, LEAKED_FD), LEAKED_FD);
        script_write(f,
                     "code=clean; "
                     "[ \"$(wc -c </proc/$$/environ)\" -eq 0 ] || code=environment; "
                     "[ -e /proc/$$/fd/57 ] && code=descriptor; "
                     "[ -e /proc/$$/fd/3 ] && code=file; "
                     "while read -r key mask; do [ \"$key$mask\" = SigBlk:0000000000000000 ] && "
                     "blank=1; "
                     "done </proc/$$/status; [ \"$blank\" ] || code=mask; "
                     "echo '{\"failed\":{\"final\":true,\"code\":\"'$code'\",\"message\":\"m\"}}'");
        assert_int_equal(
                transfer_resolve(f->event, f->script, "h", "s", &handlers, f, &f->transfer), 0);
        run_to_the_end(f);
        close(LEAKED_FD);
        assert_failed(f, true, "clean");
}

static void start_tells_what_is_wrong_with_the_program(void **state)
{
        Fixture *f = *state;

        assert_int_equal(
                transfer_resolve(f->event, f->script, "h", "s", &handlers, f, &f->transfer),
                -ENOENT);
        file_make(f->script, "#!/bin/sh\n", 0644);
        assert_int_equal(
                transfer_resolve(f->event, f->script, "h", "s", &handlers, f, &f->transfer),
                -EACCES);
}

static void start_refuses_a_job_that_is_too_long(void **state)
{
        Fixture *f = *state;
        _cleanup_(freep) char *host = str_printf("%0*d", TRANSFER_JOB_MAX, 0);

        assert_non_null(host);
        assert_int_equal(
                transfer_resolve(f->event, f->worker, host, "s", &handlers, f, &f->transfer),
                -E2BIG);
        host[TRANSFER_JOB_MAX - 100] = '\0';
        assert_int_equal(
                transfer_resolve(f->event, f->worker, host, "s", &handlers, f, &f->transfer), 0);
        run_to_the_end(f);
        assert_failed(f, false, "resolve");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH(hash_tells_the_digests_asked_for),
                WITH(hash_opens_regular_files_only),
                WITH(resolve_takes_numeric_hosts_as_they_are),
                WITH(resolve_finds_names),
                WITH(resolve_failure_is_not_final),
                WITH(cancel_reaps_and_stays_silent),
                WITH(cancel_works_in_a_call_back),
                WITH(cancel_needs_no_loop),
                WITH(worker_dies_with_its_daemon),
                WITH(worker_that_misbehaves_is_a_failure),
                WITH(traced_worker_is_reaped_when_its_tracer_lets_go),
                WITH(worker_that_never_exits_is_killed),
                WITH(worker_that_gives_no_sign_of_life_is_killed),
                WITH(worker_that_goes_on_is_waited_for),
                WITH(worker_that_goes_on_for_too_long_is_killed),
                WITH(worker_that_did_more_than_it_may_is_not_believed),
                cmocka_unit_test(limits_leave_room_for_the_way),
                WITH(worker_that_behaves_is_believed),
                WITH(worker_inherits_nothing),
                WITH(start_tells_what_is_wrong_with_the_program),
                WITH(start_refuses_a_job_that_is_too_long),
        };

        block_sigchld();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
