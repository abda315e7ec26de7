/* How a WebSocket comes about, or does not: the request, and the answers a server may give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link-run.h"

static void close_link(Run *run)
{
        link_close(run->link);
}

static void peer_check_request(Peer *p)
{
        peer_check(startswith(p->request, "GET /ocpp/CP%201 HTTP/1.1\r\n"));
        peer_check(strstr(p->request, "\r\nSec-WebSocket-Protocol: ocpp2.0.1, ocpp1.6\r\n"));
        peer_check(strstr(p->request, "\r\nSec-WebSocket-Version: 13\r\n"));
        peer_check(strstr(p->request, "\r\nHost: csms.example:"));
        peer_check(!strstr(p->request, "\r\nOrigin:"));
        /* J16 6.2.1: AL1000 and the hex key 0001020304050607FFFF… decoded */
        peer_check(strstr(p->request, "\r\nAuthorization: Basic "
                                      "QUwxMDAwOgABAgMEBQYH////////////////\r\n"));
        peer_check(peer_expect_close(p) == 1000);
}

static void link_asks_as_ocpp_wants(void **state)
{
        static const PeerScript script = {.run = peer_check_request, .protocol = "ocpp2.0.1"};
        static const unsigned char key[20] = {0,    1,    2,    3,    4,    5,    6,
                                              7,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                              0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
        Run run = {.then = close_link,
                   .config = {.user = "AL1000", .password = key, .password_size = sizeof(key)}};

        (void)state;
        run_with(&run, &script, "ws", "csms.example");
        assert_string_equal(run.protocol, "ocpp2.0.1");
        run_done(&run);
}

static const char *answer_text;

static void peer_answer(Peer *p)
{
        peer_read_request(p);
        peer_write(p, answer_text, strlen(answer_text));
        shutdown(p->fd, SHUT_WR);
        peer_drain(p);
}

static void link_tells_refusals_apart(void **state)
{
        /* clang-format off */
        static const struct {
                const char *answer;
                LinkEnd end;
                const char *reason;
        } vectors[] = {
                {"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n", LINK_UNAUTHORIZED, "401"},
                {"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",      LINK_UNAUTHORIZED, "403"},
                {"HTTP/1.0 404 Not Found\r\n\r\n",                             LINK_UNKNOWN,      "404"},
                {"HTTP/1.1 500 Internal Server Error\r\n\r\n",                 LINK_NOT_AGREED,   "500"},
                {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",               LINK_NOT_AGREED,   "200"},
                {"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n",  LINK_NOT_AGREED,   "302"},
                {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n", LINK_NOT_AGREED, "not sound"},
                {"HTTP/1.1 101 Switching Protocols\r\n\r\n",                   LINK_NOT_AGREED,   "not sound"},
                {"HTTP/1.1 what\r\n\r\n",                                       LINK_NOT_AGREED,   "speak HTTP"},
                {"\r\n\r\n",                                                   LINK_NOT_AGREED,   "speak HTTP"},
                {"SSH-2.0-OpenSSH_9.2p1\r\n",                                  LINK_CLOSED,       "before the server answered"},
                {"\x15\x03\x03\x00\x02\x02\x46",                               LINK_CLOSED,       "before the server answered"},
                {"",                                                           LINK_CLOSED,       "before the server answered"},
                {"HTTP/1.1 101 Swit",                                          LINK_CLOSED,       "before the server answered"},
        };
        /* clang-format on */
        static const PeerScript script = {.run = peer_answer, .raw = true};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                Run run = {0};

                answer_text = vectors[i].answer;
                run_with(&run, &script, "ws", "h");
                if (run.end != vectors[i].end || !strstr(run.reason, vectors[i].reason))
                        fail_msg("%s: %s, %s", vectors[i].answer, link_end_to_string(run.end),
                                 run.reason);
                assert_int_equal(run.opens, 0);
                run_done(&run);
        }
}

static const char *picked_protocol;

static void peer_pick(Peer *p)
{
        peer_read_request(p);
        peer_upgrade(p, picked_protocol, "");
        peer_drain(p);
}

/* J201 3.1.2: no protocol in the 101, or a foreign one, is not agreed; the station closes. */
static void link_closes_without_a_common_protocol(void **state)
{
        static const char *const protocols[] = {NULL, "ocpp2.1", "ocpp1.6, ocpp2.0.1", "OCPP1.6"};
        static const PeerScript script = {.run = peer_pick, .raw = true};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(protocols); i++) {
                Run run = {0};

                picked_protocol = protocols[i];
                run_with(&run, &script, "ws", "h");
                assert_int_equal(run.end, LINK_NOT_AGREED);
                assert_int_equal(run.opens, 0);
                run_done(&run);
        }
}

static void link_is_refused(void **state)
{
        Run run = {0};
        uint16_t port;

        (void)state;
        close(peer_listen(&port));
        run_begin(&run, "ws", "h", port);
        assert_int_equal(link_send(run.link, "x", 1), -ENOTCONN);
        assert_int_equal(link_connect(run.link, "localhost"), -EINVAL);
        assert_int_equal(link_connect(run.link, "127.0.0.1"), 0);
        assert_int_equal(run_loop(&run, GUARD_USEC, GUARDED), GOT_END);
        assert_int_equal(run.end, LINK_UNREACHABLE);
        run_done(&run);
}

static void link_gives_up_on_a_silent_server(void **state)
{
        static const PeerScript script = {.run = peer_drain, .raw = true};
        static const struct {
                const char *scheme, *reason;
        } vectors[] = {{"ws", "no answer to the request"}, {"wss", "in the TLS handshake"}};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                Run run = {.config = {.connect_timeout_usec = 200 * USEC_PER_MSEC}};

                run_with(&run, &script, vectors[i].scheme, "h");
                assert_int_equal(run.end, LINK_UNREACHABLE);
                assert_non_null(strstr(run.reason, vectors[i].reason));
                run_done(&run);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(link_asks_as_ocpp_wants),
                cmocka_unit_test(link_tells_refusals_apart),
                cmocka_unit_test(link_closes_without_a_common_protocol),
                cmocka_unit_test(link_is_refused),
                cmocka_unit_test(link_gives_up_on_a_silent_server),
        };

        /* lws would take it; the link goes where it is told */
        setenv("http_proxy", "http://127.0.0.1:1", 1);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
