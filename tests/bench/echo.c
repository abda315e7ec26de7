/* What tests/bench/rpc compares the agent with: a WebSocket client made of the same library that
 * sends back each text that it gets, and does nothing else. */
#include <libwebsockets.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1024

typedef struct Echo {
        unsigned char frame[LWS_PRE + TEXT_MAX];
        size_t size;
} Echo;

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
        (void)number;
        ended = 1;
}

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t size)
{
        Echo *echo = lws_context_user(lws_get_context(wsi));

        (void)user;
        if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR || reason == LWS_CALLBACK_CLIENT_CLOSED)
                ended = 1;
        if (reason == LWS_CALLBACK_CLIENT_RECEIVE && size <= TEXT_MAX) {
                memcpy(echo->frame + LWS_PRE, in, size);
                echo->size = size;
                lws_callback_on_writable(wsi);
        }
        if (reason != LWS_CALLBACK_CLIENT_WRITEABLE || echo->size == 0)
                return 0;
        size = echo->size;
        echo->size = 0;
        return lws_write(wsi, echo->frame + LWS_PRE, size, LWS_WRITE_TEXT) < 0 ? -1 : 0;
}

static const struct lws_protocols protocols[] = {
        {.name = "echo", .callback = on_lws, .rx_buffer_size = TEXT_MAX, .tx_packet_size = 4096},
        {0},
};

int main(int argc, char *argv[])
{
        Echo echo = {.size = 0};
        struct lws_context_creation_info info = {
                .port = CONTEXT_PORT_NO_LISTEN,
                .protocols = protocols,
                .gid = (gid_t)-1,
                .uid = (uid_t)-1,
                .fd_limit_per_thread = 16,
                .user = &echo,
        };
        struct lws_client_connect_info connect = {
                .address = "127.0.0.1",
                .host = "127.0.0.1",
                .port = argc == 2 ? atoi(argv[1]) : 0,
                .path = "/ocpp/ECHO",
                .protocol = "ocpp2.0.1",
                .local_protocol_name = protocols[0].name,
        };

        signal(SIGTERM, on_signal);
        lws_set_log_level(LLL_ERR, NULL);
        connect.context = lws_create_context(&info);
        if (!connect.context || !lws_client_connect_via_info(&connect))
                return EXIT_FAILURE;
        while (!ended && lws_service(connect.context, 0) >= 0)
                ;
        lws_context_destroy(connect.context);
        return EXIT_SUCCESS;
}
