/* The WebSocket client against servers that behave, and many that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "link-run.h"

/* ------------------------------------------------------------------ messages */

static const size_t echo_sizes[] = {0, 1, 125, 126, 127, 2048, 2049, 4095, MAX_FRAME};

static void send_next(Run *run)
{
        char text[MAX_FRAME];

        if (run->texts == ELEMENTSOF(echo_sizes)) {
                link_close(run->link);
                assert_int_equal(link_send(run->link, "x", 1), -ENOTCONN);
                return;
        }
        memset(text, 'a' + (int)run->texts, sizeof(text));
        assert_int_equal(link_send(run->link, text, echo_sizes[run->texts]), 0);
}

static void check_echo(Run *run)
{
        size_t expected = echo_sizes[run->texts - 1];

        assert_int_equal(run->last_size, expected);
        for (size_t i = 0; i < expected; i++)
                assert_int_equal(run->last_text[i], 'a' + (int)run->texts - 1);
        send_next(run);
}

static void peer_echo(Peer *p)
{
        for (size_t i = 0; i < ELEMENTSOF(echo_sizes); i++) {
                size_t size;
                char *data;

                peer_check(peer_read_frame(p, &data, &size) == (WS_FIN | WS_TEXT));
                peer_frame(p, WS_FIN | WS_TEXT, data, size);
                free(data);
        }
        peer_check(peer_expect_close(p) == 1000);
}

static void link_sends_and_receives_every_length(void **state)
{
        static const PeerScript script = {.run = peer_echo};
        Run run = {.then = send_next, .after_text = check_echo};

        (void)state;
        run_with(&run, &script, "ws", "csms.example");
        assert_int_equal(run.texts, ELEMENTSOF(echo_sizes));
        assert_string_equal(run.protocol, "ocpp1.6");
        assert_int_equal(run.end, LINK_CLOSED);
        run_done(&run);
}

static void close_link(Run *run)
{
        link_close(run->link);
}

static void peer_fragments(Peer *p)
{
        size_t size;
        char *data;

        peer_frame(p, WS_TEXT, "ab", 2);
        peer_frame(p, WS_FIN | WS_PING, "?", 1);
        peer_frame(p, WS_CONT, "", 0);
        peer_frame(p, WS_CONT, "c\0d", 3);
        peer_frame(p, WS_FIN | WS_CONT, "", 0);
        peer_check(peer_read_frame(p, &data, &size) == (WS_FIN | WS_PONG));
        peer_check(size == 1 && *data == '?');
        free(data);
        peer_check(peer_expect_close(p) == 1000);
}

static void link_puts_fragments_together(void **state)
{
        static const PeerScript script = {.run = peer_fragments};
        Run run = {.after_text = close_link};

        (void)state;
        run_with(&run, &script, "ws", "h");
        assert_int_equal(run.texts, 1);
        assert_int_equal(run.last_size, 5);
        assert_memory_equal(run.last_text, "abc\0d", 5);
        run_done(&run);
}

static void peer_oversize(Peer *p)
{
        static const char many[64 * MAX_FRAME]; /* the rest must not go astray either */

        peer_frame(p, WS_FIN | WS_TEXT, many, sizeof(many));
        peer_check(peer_expect_close(p) == 1009);
}

static void peer_oversize_fragments(Peer *p)
{
        static const char half[MAX_FRAME / 2];

        peer_frame(p, WS_TEXT, half, sizeof(half));
        peer_frame(p, WS_CONT, half, sizeof(half));
        peer_frame(p, WS_FIN | WS_CONT, "x", 1);
        peer_check(peer_expect_close(p) == 1009);
}

/* The header alone says too much; nothing is set aside for it. */
static void peer_oversize_announced(Peer *p)
{
        static const unsigned char head[10] = {WS_FIN | WS_TEXT, 127, 0x7f, 0xff, 0xff};
        static const char some[MAX_FRAME / 2];

        peer_write(p, head, sizeof(head));
        peer_write(p, some, sizeof(some));
        peer_check(peer_expect_close(p) == 1009);
}

static void peer_oversize_binary(Peer *p)
{
        static const char many[MAX_FRAME + 1];

        peer_frame(p, WS_FIN | WS_BINARY, many, sizeof(many));
        peer_check(peer_expect_close(p) == 1009);
}

static void link_refuses_what_is_too_long(void **state)
{
        static const PeerScript scripts[] = {{.run = peer_oversize},
                                             {.run = peer_oversize_fragments},
                                             {.run = peer_oversize_announced},
                                             {.run = peer_oversize_binary}};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(scripts); i++) {
                Run run = {0};

                run_with(&run, &scripts[i], "ws", "h");
                assert_int_equal(run.end, LINK_CLOSED);
                assert_string_equal(run.reason, "a message was longer than 4096 bytes");
                assert_int_equal(run.texts + run.binaries, 0);
                run_done(&run);
        }
}

static void peer_binary(Peer *p)
{
        peer_frame(p, WS_BINARY, "\0\1\2", 3);
        peer_frame(p, WS_FIN | WS_CONT, "\3\4", 2);
        peer_frame(p, WS_FIN | WS_TEXT, "[]", 2);
        peer_check(peer_expect_close(p) == 1000);
}

static void link_counts_binary_and_goes_on(void **state)
{
        static const PeerScript script = {.run = peer_binary};
        Run run = {.after_text = close_link};

        (void)state;
        run_with(&run, &script, "ws", "h");
        assert_int_equal(run.binaries, 1);
        assert_int_equal(run.last_binary, 5);
        assert_int_equal(run.texts, 1);
        run_done(&run);
}

static void fill_queue(Run *run)
{
        char text[MAX_FRAME / 2] = {0};

        for (int i = 0; i < 8; i++)
                assert_int_equal(link_send(run->link, text, sizeof(text)), 0);
        assert_int_equal(link_send(run->link, text, 1), -ENOBUFS);
        link_close(run->link);
}

/* What was taken before the close is sent before it. */
static void peer_count_frames(Peer *p)
{
        for (int i = 0; i < 8; i++) {
                size_t size;
                char *data;

                peer_check(peer_read_frame(p, &data, &size) == (WS_FIN | WS_TEXT));
                peer_check(size == MAX_FRAME / 2);
                free(data);
        }
        peer_check(peer_expect_close(p) == 1000);
}

static void link_bounds_its_queue(void **state)
{
        static const PeerScript script = {.run = peer_count_frames};
        Run run = {.then = fill_queue};

        (void)state;
        run_with(&run, &script, "ws", "h");
        assert_int_equal(run.end, LINK_CLOSED);
        run_done(&run);
}

/* ------------------------------------------------------------------ ends */

static void peer_going_away(Peer *p)
{
        peer_frame(p, WS_FIN | WS_CLOSE, "\x03\xe9going\naway", 12);
        peer_check(peer_expect_close(p) == 1001);
}

static void peer_hang_up_mid_frame(Peer *p)
{
        peer_write(p, "\x81\x7e\x10\x00half", 8);
}

static void link_tells_how_the_peer_left(void **state)
{
        static const struct {
                PeerScript script;
                const char *reason;
        } vectors[] = {
                {{.run = peer_going_away}, "closed by the server with 1001: going?away"},
                {{.run = peer_hang_up_mid_frame}, "the connection was lost"},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                Run run = {0};

                run_with(&run, &vectors[i].script, "ws", "h");
                assert_int_equal(run.end, LINK_CLOSED);
                assert_string_equal(run.reason, vectors[i].reason);
                assert_int_equal(run.texts, 0);
                run_done(&run);
        }
}

static void peer_answer_pings(Peer *p)
{
        for (int i = 0; i < 3; i++) {
                size_t size;
                char *data;

                peer_check(peer_read_frame(p, &data, &size) == (WS_FIN | WS_PING));
                peer_frame(p, WS_FIN | WS_PONG, data, size);
                free(data);
        }
        peer_frame(p, WS_FIN | WS_CLOSE, "\x03\xe8", 2);
        peer_expect_close(p);
}

static void link_stays_while_pings_are_answered(void **state)
{
        static const PeerScript script = {.run = peer_answer_pings};
        Run run = {.config = {.ping_interval_usec = 100 * USEC_PER_MSEC}};

        (void)state;
        run_with(&run, &script, "ws", "h");
        assert_string_equal(run.reason, "closed by the server with 1000");
        run_done(&run);
}

/* Pings come faster than they can be answered: who has set that needs a connection to mend it. */
static void peer_answer_pings_late(Peer *p)
{
        for (int i = 0; i < 2; i++) {
                size_t size;
                char *data;

                peer_check(peer_read_frame(p, &data, &size) == (WS_FIN | WS_PING));
                usleep(900 * USEC_PER_MSEC);
                peer_frame(p, WS_FIN | WS_PONG, data, size);
                free(data);
        }
        peer_frame(p, WS_FIN | WS_CLOSE, "\x03\xe8", 2);
        peer_expect_close(p);
}

static void link_waits_for_a_slow_peer(void **state)
{
        static const PeerScript script = {.run = peer_answer_pings_late};
        Run run = {.config = {.ping_interval_usec = 100 * USEC_PER_MSEC,
                              .connect_timeout_usec = 3 * USEC_PER_SEC}};

        (void)state;
        run_with(&run, &script, "ws", "h");
        assert_string_equal(run.reason, "closed by the server with 1000");
        run_done(&run);
}

static void link_finds_a_half_open_connection(void **state)
{
        static const PeerScript script = {.run = peer_drain};
        Run run = {.config = {.ping_interval_usec = 100 * USEC_PER_MSEC,
                              .connect_timeout_usec = 500 * USEC_PER_MSEC}};

        (void)state;
        run_with(&run, &script, "ws", "h");
        assert_int_equal(run.end, LINK_CLOSED);
        assert_string_equal(run.reason, "no answer to a ping within 0.5 s");
        run_done(&run);
}

/* A server that never answers the Close frame. */
static void link_closes_alone_if_it_must(void **state)
{
        static const PeerScript script = {.run = peer_drain};
        Run run = {.then = close_link};

        (void)state;
        run_with(&run, &script, "ws", "h");
        assert_int_equal(run.end, LINK_CLOSED);
        run_done(&run);
}

static bool connect_again(Run *run)
{
        if (run->ends == 3)
                return false;
        assert_int_equal(link_set_password(run->link, "secret", 2 * run->ends), 0);
        assert_int_equal(link_connect(run->link, "127.0.0.1"), 0);
        return true;
}

/* The header changes with the password from connection to connection. */
static void peer_see_passwords(Peer *p)
{
        static const char *const coded[] = {"Q1AxOmE=", "Q1AxOnNl", "Q1AxOnNlY3I="};
        int listener = p->fd;

        for (size_t i = 0; i < ELEMENTSOF(coded); i++) {
                p->request[0] = '\0';
                peer_check((p->fd = accept(listener, NULL, NULL)) >= 0);
                peer_read_request(p);
                peer_check(strstr(p->request, coded[i]));
                peer_check(strstr(p->request, "Protocol: x, ocpp1.6\r\n"));
                peer_upgrade(p, "ocpp1.6", "");
                close(p->fd);
        }
}

static void link_connects_again(void **state)
{
        static const PeerScript script = {.run = peer_see_passwords, .listens = true};
        Run run = {.after_end = connect_again,
                   .config = {.protocols = "x, ocpp1.6",
                              .user = "CP1",
                              .password = "a",
                              .password_size = 1}};
        uint16_t port;
        int listener = peer_listen(&port);
        pid_t pid = peer_start(listener, &script);

        (void)state;
        close(listener);
        run_begin(&run, "ws", "h", port);
        assert_int_equal(link_connect(run.link, "127.0.0.1"), 0);
        assert_int_equal(run_loop(&run, GUARD_USEC, GUARDED), GOT_END);
        assert_int_equal(run.ends, 3);
        assert_int_equal(run.opens, 3);
        assert_int_equal(peer_wait(pid), 0);
        run_done(&run);
}

static void stop(Run *run)
{
        assert_true(link_is_open(run->link));
        assert_int_equal(link_send(run->link, "left behind", 11), 0);
        sd_event_exit(run->event, STOPPED);
}

/* Freed while connecting, and while open: quietly. */
static void link_can_be_freed_at_any_time(void **state)
{
        static const PeerScript script = {.run = peer_drain},
                                silent = {.run = peer_drain, .raw = true};

        (void)state;
        for (int open = 0; open <= 1; open++) {
                Run run = {.then = stop};
                uint16_t port;
                int listener = peer_listen(&port);
                pid_t pid = peer_start(listener, open ? &script : &silent);

                close(listener);
                run_begin(&run, "ws", "h", port);
                assert_int_equal(link_connect(run.link, "127.0.0.1"), 0);
                if (open)
                        assert_int_equal(run_loop(&run, GUARD_USEC, GUARDED), STOPPED);
                run_done(&run);
                assert_int_equal(run.ends, 0);
                assert_int_equal(peer_wait(pid), 0);
        }
}

static void remember_usage(Run *run)
{
        assert_int_equal(getrusage(RUSAGE_SELF, &run->usage), 0);
}

/* Field note 31: nothing ticks in an idle daemon. */
static void link_idles_without_wake_ups(void **state)
{
        static const PeerScript script = {.run = peer_drain};
        Run run = {.then = remember_usage};
        struct rusage usage;
        uint16_t port;
        int listener = peer_listen(&port);
        pid_t pid = peer_start(listener, &script);

        (void)state;
        close(listener);
        run_begin(&run, "ws", "h", port);
        assert_int_equal(link_connect(run.link, "127.0.0.1"), 0);
        assert_int_equal(run_loop(&run, 1200 * USEC_PER_MSEC, STOPPED), STOPPED);
        assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
        assert_int_equal(run.opens, 1);
        assert_in_range(usage.ru_nvcsw - run.usage.ru_nvcsw, 1, 3);
        run_done(&run);
        assert_int_equal(peer_wait(pid), 0);
}

static void link_refuses_a_bad_configuration(void **state)
{
        char long_user[300] = {0};
        const LinkConfig good = {.url = "ws://h/x",
                                 .protocols = "ocpp1.6",
                                 .max_frame_bytes = 9,
                                 .connect_timeout_usec = 1};
        LinkConfig bad[6];
        sd_event *event = NULL;
        Loop *loop = NULL;
        Link *link = NULL;

        (void)state;
        memset(long_user, 'u', sizeof(long_user) - 1);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                bad[i] = good;
        bad[0].url = "http://h/x";
        bad[1].user = "a:b";
        bad[2].user = long_user;
        bad[3].max_frame_bytes = 0;
        bad[4].password = long_user;
        bad[4].password_size = sizeof(long_user);
        bad[5].protocols = long_user;
        assert_true(sd_event_new(&event) >= 0);
        assert_int_equal(loop_new(event, &loop), 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(link_new(loop, &bad[i], &(LinkHandlers){0}, NULL, &link), -EINVAL);
        assert_int_equal(link_new(loop, &good, &(LinkHandlers){0}, NULL, &link), 0);
        assert_string_equal(link_host(link), "h");
        assert_string_equal(link_service(link), "80");
        link_free(link);
        loop_free(loop);
        sd_event_unref(event);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(link_sends_and_receives_every_length),
                cmocka_unit_test(link_puts_fragments_together),
                cmocka_unit_test(link_refuses_what_is_too_long),
                cmocka_unit_test(link_counts_binary_and_goes_on),
                cmocka_unit_test(link_bounds_its_queue),
                cmocka_unit_test(link_tells_how_the_peer_left),
                cmocka_unit_test(link_stays_while_pings_are_answered),
                cmocka_unit_test(link_waits_for_a_slow_peer),
                cmocka_unit_test(link_finds_a_half_open_connection),
                cmocka_unit_test(link_closes_alone_if_it_must),
                cmocka_unit_test(link_connects_again),
                cmocka_unit_test(link_can_be_freed_at_any_time),
                cmocka_unit_test(link_idles_without_wake_ups),
                cmocka_unit_test(link_refuses_a_bad_configuration),
        };

        /* lws would take it; the link goes where it is told */
        setenv("http_proxy", "http://127.0.0.1:1", 1);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
