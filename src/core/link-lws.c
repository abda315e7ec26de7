/* The edge to libwebsockets: one WebSocket client and the loop that polls for the whole daemon. The
 * only file with libwebsockets in it; see link.h and link-priv.h. Runs with 4.1 (Debian 12) and 4.3
 * (Debian 13). */
#include <fcntl.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <unistd.h>

#include "link-http.h"
#include "link-priv.h"
#include "log.h"

/* lws' memory: it serves one connection or a few, and small headers. */
#define DESCRIPTORS_MAX 16
#define SERVICE_BUFFER_SIZE 4096
#define RX_CHUNK_SIZE 2048
#define TX_CHUNK_SIZE 4096
/* lws gives up a step of its own after so long; ours (connect_timeout_usec) comes first. */
#define LWS_TIMEOUT_SECS 3600

_Static_assert(LINK_HEADROOM >= LWS_PRE, "lws needs more room before a frame");

/* lws' own pings would come from its own timers. */
static const lws_retry_bo_t no_validity_checks = {0};

/* ------------------------------------------------------------------ handshake */

static int append_authorization(Link *link, struct lws *wsi, void *in, size_t size)
{
        char header[LINK_BASIC_MAX];
        char **p = in;
        int n;

        (void)wsi;
        link->request_sent = true;
        if (!link->user)
                return 0;
        n = link_basic_header(link->user, link->password, link->password_size, header,
                              MIN(size, sizeof(header)));
        if (n > 0) {
                memcpy(*p, header, (size_t)n);
                *p += n;
        }
        explicit_bzero(header, sizeof(header));
        return n < 0 ? -1 : 0;
}

/* J201 3.1.2: a 101 that picks none of what was offered is no agreement. lws would take one
 * without a subprotocol. */
static int check_protocol(Link *link, struct lws *wsi, void *in, size_t size)
{
        int n = lws_hdr_copy(wsi, link->protocol, (int)sizeof(link->protocol), WSI_TOKEN_PROTOCOL);

        (void)in, (void)size;
        if (n > 0 && link_offers(link->protocols, link->protocol))
                return 0;
        link->refusal = n > 0 ? "the server picked a subprotocol that was not offered"
                              : "the server picked no subprotocol";
        return -1;
}

static int on_established(Link *link, struct lws *wsi, void *in, size_t size)
{
        (void)wsi, (void)in, (void)size;
        link->open = true;
        link_quiet(link->deadline);
        if (link->ping_interval_usec > 0)
                link_arm(link->ping, link->ping_interval_usec);
        link->handlers.on_open(link->userdata, link->protocol);
        return 0;
}

/* lws' texts for a connection that ended before the answer was whole, in 4.1 and 4.3. */
static bool is_hang_up(const char *text)
{
        static const char *const texts[] = {"Peer hung up", "read failed",
                                            "closed before established", ""};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (streq(text, texts[i]))
                        return true;
        return false;
}

/* lws is about to free the connection: nothing is left to let go of. */
static void forget(Link *link, struct lws *wsi)
{
        lws_set_opaque_user_data(wsi, NULL);
        link->wsi = NULL;
}

static int on_not_connected(Link *link, struct lws *wsi, void *in, size_t size)
{
        unsigned status = lws_http_client_http_response(wsi);
        char text[96] = "";

        forget(link, wsi);
        if (in)
                snprintf(text, sizeof(text), "%.*s", (int)MIN(size, sizeof(text) - 1), (char *)in);
        if (link->refusal)
                link_finish(link, LINK_NOT_AGREED, "%s", link->refusal);
        else if (status == 101)
                link_finish(link, LINK_NOT_AGREED, "the upgrade was not sound (%s)", text);
        else if (status)
                link_finish(link, link_end_of_status(status), "the server answered HTTP %u",
                            status);
        else if (link->request_sent && is_hang_up(text))
                link_finish(link, LINK_CLOSED, "the connection ended before the server answered");
        else if (link->request_sent)
                link_finish(link, LINK_NOT_AGREED, "the server does not speak HTTP (%s)", text);
        else if (link->tls && link_tls_error(link->tls))
                link_finish(link, link_tls_end(link->tls), "%s", link_tls_error(link->tls));
        else if (link->tls && link_tls_in_handshake(link->tls))
                link_finish(link, LINK_CLOSED, "the connection ended in the TLS handshake");
        else
                link_finish(link, LINK_UNREACHABLE, "no connection (%s)", text);
        return 0;
}

/* ------------------------------------------------------------------ frames */

/* RFC 6455 7.4.1: 1009 for a message that is too long, 1011 for a failure of ours. Closing waits
 * for on_writable(): after an error from on_received() lws would go on reading this frame, and
 * write behind the end of its buffer. */
static int refuse_message(Link *link, int error)
{
        link->close_code = error == -EMSGSIZE ? LINK_CLOSE_TOO_LONG : LINK_CLOSE_ERROR;
        link->closing = true;
        link_message_clear(&link->rx);
        link_queue_clear(&link->tx);
        link_quiet(link->ping);
        link_arm(link->deadline, LINK_CLOSE_TIMEOUT_USEC);
        link_wire_want_write(link);
        return 0;
}

static int on_received(Link *link, struct lws *wsi, void *in, size_t size)
{
        LinkMessage whole;
        int r;

        if (link->closing)
                return 0;
        if (lws_is_first_fragment(wsi))
                link_message_begin(&link->rx, lws_frame_is_binary(wsi));
        r = link_message_add(&link->rx, in, size, lws_remaining_packet_payload(wsi),
                             link->max_frame_bytes);
        if (r < 0)
                return refuse_message(link, r);
        if (!lws_is_final_fragment(wsi))
                return 0;
        whole = link->rx;
        link->rx = (LinkMessage){0};
        if (whole.binary)
                link->handlers.on_binary(link->userdata, whole.size);
        else
                link->handlers.on_text(link->userdata, whole.text, whole.size);
        link_message_clear(&whole);
        return 0;
}

static int on_pong(Link *link, struct lws *wsi, void *in, size_t size)
{
        (void)wsi, (void)in, (void)size;
        link->ping_unanswered = link->ping_due;
        return 0;
}

static int send_ping(Link *link, struct lws *wsi)
{
        unsigned char empty[LWS_PRE + 1] = {0};

        link->ping_due = false;
        return lws_write(wsi, empty + LWS_PRE, 0, LWS_WRITE_PING) < 0 ? -1 : 0;
}

static int send_frame(struct lws *wsi, LinkFrame *frame)
{
        int n = lws_write(wsi, frame->data + LWS_PRE, frame->size, LWS_WRITE_TEXT);

        free(frame);
        return n < 0 ? -1 : 0;
}

/* lws takes one frame each time. */
static int on_writable(Link *link, struct lws *wsi, void *in, size_t size)
{
        int r = 0;

        (void)in, (void)size;
        if (!link->open || link->close_sent)
                return 0;
        if (link->ping_due) {
                r = send_ping(link, wsi);
        } else if (link->tx.first) {
                r = send_frame(wsi, link_queue_take(&link->tx));
        } else if (link->closing) {
                link->close_sent = true;
                lws_close_reason(wsi, (enum lws_close_status)link->close_code, NULL, 0);
                return -1;
        }
        if (link->ping_due || link->tx.first || link->closing)
                lws_callback_on_writable(wsi);
        return r;
}

/* The code and the first bytes of the text, made fit for a log. */
static int on_peer_close(Link *link, struct lws *wsi, void *in, size_t size)
{
        const unsigned char *p = in;
        size_t n;

        (void)wsi;
        if (size < 2)
                return 0;
        n = (size_t)snprintf(link->peer_close, sizeof(link->peer_close), " with %u%s",
                             (unsigned)p[0] << 8 | p[1], size > 2 ? ": " : "");
        for (size_t i = 2; i < MIN(size, (size_t)LINK_PEER_REASON_MAX + 2); i++)
                link->peer_close[n++] = p[i] >= ' ' && p[i] <= '~' ? (char)p[i] : '?';
        link->peer_close[n] = '\0';
        return 0;
}

static int on_closed(Link *link, struct lws *wsi, void *in, size_t size)
{
        (void)in, (void)size;
        if (!link->open)
                return on_not_connected(link, wsi, NULL, 0);
        forget(link, wsi);
        link_finish_closed(link);
        return 0;
}

/* ------------------------------------------------------------------ lws */

/* clang-format off */
static const struct {
        enum lws_callback_reasons reason;
        int (*handler)(Link *link, struct lws *wsi, void *in, size_t size);
} callbacks[] = {
        {LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER, append_authorization},
        {LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH,    check_protocol},
        {LWS_CALLBACK_CLIENT_ESTABLISHED,             on_established},
        {LWS_CALLBACK_CLIENT_CONNECTION_ERROR,        on_not_connected},
        {LWS_CALLBACK_CLIENT_RECEIVE,                 on_received},
        {LWS_CALLBACK_CLIENT_RECEIVE_PONG,            on_pong},
        {LWS_CALLBACK_CLIENT_WRITEABLE,               on_writable},
        {LWS_CALLBACK_WS_PEER_INITIATED_CLOSE,        on_peer_close},
        {LWS_CALLBACK_CLIENT_CLOSED,                  on_closed},
        {LWS_CALLBACK_WSI_DESTROY,                    on_closed}, /* some failures say no more */
};
/* clang-format on */

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t size)
{
        (void)user;
        for (size_t i = 0; i < ELEMENTSOF(callbacks); i++)
                if (callbacks[i].reason == reason) {
                        Link *link = lws_get_opaque_user_data(wsi);

                        return link ? callbacks[i].handler(link, wsi, in, size) : 0;
                }
        return 0;
}

static void on_lws_log(int level, const char *line)
{
        const char *prefix_end = *line == '[' ? strchr(line, ']') : NULL; /* 4.3: a time */
        const char *text = prefix_end ? prefix_end + strspn(prefix_end, "] ") : line;

        log_full(level == LLL_ERR ? LOG_WARNING : LOG_DEBUG, 0, "libwebsockets: %.*s",
                 (int)strcspn(text, "\n"), text);
}

static const struct lws_protocols link_protocols[] = {
        {.name = "link",
         .callback = on_lws,
         .rx_buffer_size = RX_CHUNK_SIZE,
         .tx_packet_size = TX_CHUNK_SIZE},
        {0},
};

/* ------------------------------------------------------------------ wire */

/* A vhost a link, since the TLS context belongs to the vhost. */
int link_wire_new(Link *link)
{
        struct lws_context_creation_info info = {
                .port = CONTEXT_PORT_NO_LISTEN,
                .protocols = link_protocols,
                .vhost_name = "link",
                .http_proxy_address = "unused:0", /* else $http_proxy */
                .timeout_secs = LWS_TIMEOUT_SECS,
                .connect_timeout_secs = LWS_TIMEOUT_SECS,
                .options = link->tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0,
                .provided_client_ssl_ctx = link->tls ? link_tls_context(link->tls) : NULL,
        };

        link->vhost = lws_create_vhost(link->loop->lws, &info);
        return link->vhost ? 0 : -ENOMEM;
}

void link_wire_free(Link *link)
{
        link_wire_let_go(link);
        if (link->vhost)
                lws_vhost_destroy(link->vhost);
}

void link_wire_connect(Link *link, const char *address)
{
        struct lws_client_connect_info info = {
                .context = link->loop->lws,
                .vhost = link->vhost,
                .address = address,
                .port = link->url.port,
                .path = link->url.path,
                .host = link->url.authority,
                .protocol = link->protocols,
                .local_protocol_name = link_protocols[0].name,
                .alpn = "http/1.1",
                .ietf_version_or_minus_one = -1,
                .retry_and_idle_policy = &no_validity_checks,
                .opaque_user_data = link,
                /* a redirect would carry the password elsewhere; the name is link-tls.c's business
                 */
                .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
        };
        struct lws *wsi;

        if (link->tls)
                info.ssl_connection |= LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
        wsi = lws_client_connect_via_info(&info);
        if (!wsi)
                link_finish(link, LINK_UNREACHABLE, "no connection");
        else if (!link->finished)
                link->wsi = wsi;
}

void link_wire_let_go(Link *link)
{
        struct lws *wsi = TAKE_PTR(link->wsi);

        if (!wsi)
                return;
        lws_set_opaque_user_data(wsi, NULL);
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

void link_wire_want_write(Link *link)
{
        link->loop->write_wanted = true;
        lws_callback_on_writable(link->wsi);
}

/* ------------------------------------------------------------------ loop */

/* The sd-event is a guest in lws' poll(): its epoll descriptor wakes us, loop_run() asks it. */
static int on_guest(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
        (void)wsi, (void)reason, (void)user, (void)in, (void)size;
        return 0;
}

static const struct lws_protocols loop_protocols[] = {
        {.name = "sd-event", .callback = on_guest},
        {0},
};

static int add_guest(Loop *loop)
{
        struct lws_context_creation_info info = {
                .port = CONTEXT_PORT_NO_LISTEN,
                .protocols = loop_protocols,
                .vhost_name = "loop",
                .http_proxy_address = "unused:0",
        };
        struct lws_vhost *vhost = lws_create_vhost(loop->lws, &info);
        lws_sock_file_fd_type fd;

        if (!vhost)
                return -ENOMEM;
        fd.filefd = fcntl(sd_event_get_fd(loop->event), F_DUPFD_CLOEXEC, 3); /* lws closes it */
        if (fd.filefd < 0)
                return -errno;
        if (!lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, fd, loop_protocols[0].name,
                                        NULL))
                return -ENOMEM;
        return 0;
}

int loop_new(sd_event *event, Loop **ret)
{
        struct lws_context_creation_info info = {
                .port = CONTEXT_PORT_NO_LISTEN,
                .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
                .gid = (gid_t)-1,
                .uid = (uid_t)-1,
                .fd_limit_per_thread = DESCRIPTORS_MAX,
                .pt_serv_buf_size = SERVICE_BUFFER_SIZE,
                .timeout_secs = LWS_TIMEOUT_SECS,
        };
        _cleanup_(loop_freep) Loop *loop = calloc(1, sizeof(*loop));
        int r;

        if (!loop)
                return -ENOMEM;
        loop->event = event;
        lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, on_lws_log);
        if (!(loop->lws = lws_create_context(&info)))
                return -ENOMEM;
        r = add_guest(loop);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(loop);
        return 0;
}

/* With something pending only a look at the sockets, else until one wakes us. What was answered
 * then is written before other work begins. */
static int service(Loop *loop, bool pending)
{
        int r;

        loop->write_wanted = false;
        r = lws_service(loop->lws, pending ? -1 : 0);
        if (r >= 0 && loop->write_wanted)
                r = lws_service(loop->lws, -1);
        return r < 0 ? -EIO : 0;
}

int loop_run(Loop *loop)
{
        sd_event *e = loop->event;
        int r, code = 0;

        while (sd_event_get_state(e) != SD_EVENT_FINISHED) {
                r = sd_event_prepare(e);
                if (r < 0)
                        return r;
                if (service(loop, r > 0) < 0)
                        return -EIO;
                if (r == 0)
                        r = sd_event_wait(e, 0);
                if (r > 0)
                        r = sd_event_dispatch(e);
                if (r < 0)
                        return r;
        }
        r = sd_event_get_exit_code(e, &code);
        return r < 0 ? r : code;
}

void loop_free(Loop *loop)
{
        if (!loop)
                return;
        if (loop->lws)
                lws_context_destroy(loop->lws);
        free(loop);
}
