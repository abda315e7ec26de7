/* WebSockets of the fleet. See wire.h; files over HTTP are in errand.c. */
#include "link-http.h"
#include "log.h"
#include "wire-private.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

/* Bytes read at a time (more than a TLS record, see mock-csms), and of a frame's part that lws
 * keeps room for with each connection. */
#define READ_SIZE 20000
#define RX_CHUNK_SIZE 256
/* Bytes of one message of the CSMS. */
#define MESSAGE_MAX ((size_t)1 << 20)
/* What may wait for a CSMS that doesn't read. */
#define QUEUE_BYTES_MAX ((size_t)1 << 20)
#define CONNECT_SECONDS 30

/* Pings are for the CSMS to send. */
static const lws_retry_bo_t no_validity_checks = {0};

static Line *line_of(const Charger *c)
{
        return c->wire;
}

/* lws has freed the connection, or is about to. */
static void forget(struct lws *wsi, Line *line)
{
        lws_set_opaque_user_data(wsi, NULL);
        line->wsi = NULL;
        line->is_open = false;
        link_queue_clear(&line->tx);
        link_message_clear(&line->rx);
}

/* Nobody listened there: the next one goes to the next address, until one has answered. */
static void not_connected(Line *line)
{
        Wire *wire = line->wire;
        if (!wire->is_proven && line->tried == wire->address)
                wire->address = (wire->address + 1) % wire->addresses_count;
        charger_disconnected(line->charger, boottime_now());
}

void wire_connect(Charger *c)
{
        Line *line = line_of(c);
        const LinkUrl *url = &line->wire->url;
        char path[LINK_PATH_MAX + CHARGER_ID_MAX + 1];
        (void)snprintf(path, sizeof(path), "%s%s", url->path, c->id);
        struct lws_client_connect_info info = {
                .context = line->wire->context,
                .vhost = line->wire->vhost,
                .address = line->wire->addresses[line->wire->address],
                .port = url->port,
                .path = path,
                .host = url->authority,
                .protocol = c->dialect->subprotocol,
                .local_protocol_name = "station",
                .alpn = "http/1.1",
                .ietf_version_or_minus_one = -1,
                .retry_and_idle_policy = &no_validity_checks,
                .opaque_user_data = line,
                .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | wire_tls_flags(url),
        };
        line->tried = line->wire->address;
        line->is_connecting = true; /* lws may fail at once, with or without a call back */
        struct lws *wsi = lws_client_connect_via_info(&info);
        if (wsi && line->is_connecting)
                line->wsi = wsi;
        else if (!wsi && line->is_connecting)
                not_connected(line);
        line->is_connecting = false;
}

void wire_disconnect(Charger *c)
{
        Line *line = line_of(c);
        struct lws *wsi = line->wsi;
        if (!wsi)
                return;
        forget(wsi, line);
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

int wire_send(Charger *c, const char *text, size_t size)
{
        Line *line = line_of(c);
        if (!line->wsi || !line->is_open)
                return -ENOTCONN;
        int r = link_queue_add(&line->tx, text, size, LWS_PRE, QUEUE_BYTES_MAX);
        if (r == 0)
                lws_callback_on_writable(line->wsi);
        return r;
}

/* ------------------------------------------------------------------ call backs */

static int on_header(Line *line, void *in, size_t size)
{
        char header[LINK_BASIC_MAX];
        char **p = in;
        if (!line->password)
                return 0;
        int n = link_basic_header(line->charger->id, line->password, strlen(line->password), header,
                                  MIN(size, sizeof(header)));
        if (n < 0)
                return -1;
        memcpy(*p, header, (size_t)n);
        *p += n;
        return 0;
}

static void on_closed(struct lws *wsi, Line *line)
{
        line->is_connecting = false;
        forget(wsi, line);
        not_connected(line);
}

static int on_received(struct lws *wsi, Line *line, const char *data, size_t size)
{
        if (lws_is_first_fragment(wsi))
                link_message_begin(&line->rx, lws_frame_is_binary(wsi));
        if (link_message_add(&line->rx, data, size, lws_remaining_packet_payload(wsi),
                             MESSAGE_MAX) < 0)
                return -1;
        if (!lws_is_final_fragment(wsi))
                return 0;
        LinkMessage whole = line->rx;
        line->rx = (LinkMessage){0};
        if (!whole.binary)
                charger_receive(line->charger, whole.text, whole.size, boottime_now());
        link_message_clear(&whole);
        return 0;
}

static int on_writable(struct lws *wsi, Line *line)
{
        LinkFrame *frame = line->tx.first ? link_queue_take(&line->tx) : NULL;
        if (!frame)
                return 0;
        int n = lws_write(wsi, frame->data + LWS_PRE, frame->size, LWS_WRITE_TEXT);
        free(frame);
        if (line->tx.first)
                lws_callback_on_writable(wsi);
        return n < 0 ? -1 : 0;
}

static int on_station(struct lws *wsi, enum lws_callback_reasons reason, void *user _unused_,
                      void *in, size_t size)
{
        Line *line = lws_get_opaque_user_data(wsi);
        if (!line)
                return 0;
        if (reason == LWS_CALLBACK_CLIENT_RECEIVE)
                return on_received(wsi, line, in, size);
        if (reason == LWS_CALLBACK_CLIENT_WRITEABLE)
                return on_writable(wsi, line);
        if (reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER)
                return on_header(line, in, size);
        if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED) {
                line->is_open = line->wire->is_proven = true;
                charger_connected(line->charger, boottime_now());
        } else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR ||
                   reason == LWS_CALLBACK_CLIENT_CLOSED || reason == LWS_CALLBACK_WSI_DESTROY) {
                on_closed(wsi, line);
        }
        return 0;
}

static const struct lws_protocols protocols[] = {
        {.name = "station", .callback = on_station, .rx_buffer_size = RX_CHUNK_SIZE},
        {.name = "errand", .callback = errand_callback},
        {0},
};

/* ------------------------------------------------------------------ beginning and end */

int wire_tls_flags(const LinkUrl *url)
{
        unsigned char binary[sizeof(struct in6_addr)];
        if (!url->secure)
                return 0;
        /* lws compares names alone */
        bool is_name = inet_pton(AF_INET, url->host, binary) != 1 &&
                       inet_pton(AF_INET6, url->host, binary) != 1;
        return LCCSCF_USE_SSL | (is_name ? 0 : LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK);
}

static int look_up(Wire *wire)
{
        const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
        struct addrinfo *found = NULL;
        if (getaddrinfo(wire->url.host, NULL, &hints, &found) != 0)
                return -EHOSTUNREACH;
        for (const struct addrinfo *a = found; a && wire->addresses_count < ADDRESSES_MAX;
             a = a->ai_next)
                if (getnameinfo(a->ai_addr, a->ai_addrlen, wire->addresses[wire->addresses_count],
                                sizeof(wire->addresses[0]), NULL, 0, NI_NUMERICHOST) == 0)
                        wire->addresses_count++;
        freeaddrinfo(found);
        return wire->addresses_count > 0 ? 0 : -EHOSTUNREACH;
}

static void log_line(int level, const char *line)
{
        log_full(level == LLL_ERR ? LOG_WARNING : LOG_DEBUG, 0, "libwebsockets: %.*s",
                 (int)strcspn(line, "\n"), line);
}

static int create_context(Wire *wire, uv_loop_t *loop, const WireOptions *options)
{
        void *loops[1] = {loop};
        struct lws_context_creation_info info = {
                .port = CONTEXT_PORT_NO_LISTEN,
                .protocols = protocols,
                .user = wire,
                .foreign_loops = loops,
                .pcontext = &wire->context,
                .pt_serv_buf_size = READ_SIZE,
                .retry_and_idle_policy = &no_validity_checks,
                .connect_timeout_secs = CONNECT_SECONDS,
                .timeout_secs = CONNECT_SECONDS,
                .http_proxy_address = "unused:0", /* none, whatever the environment says */
                .client_ssl_ca_filepath = options->ca_file,
                .options =
                        LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                        LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                        (wire->url.secure || options->ca_file ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT
                                                              : 0),
        };
        lws_set_log_level(LLL_ERR | LLL_WARN, log_line);
        wire->context = lws_create_context(&info);
        if (!wire->context)
                return -ENOMEM;
        wire->vhost = lws_create_vhost(wire->context, &info);
        return wire->vhost ? 0 : -EINVAL;
}

int wire_new(uv_loop_t *loop, const WireOptions *options, Wire **ret)
{
        _cleanup_(wire_freep) Wire *wire = calloc(1, sizeof(*wire));
        if (!wire || !(wire->lines = calloc(options->count, sizeof(*wire->lines))))
                return -ENOMEM;
        wire->count = options->count;
        int r = link_url_parse(options->url, &wire->url);
        size_t n = r == 0 ? strlen(wire->url.path) : 0;
        if (n == 0 || wire->url.path[n - 1] != '/')
                return -EINVAL;
        r = look_up(wire);
        if (r == 0)
                r = create_context(wire, loop, options);
        if (r < 0)
                return r;
        errands_start(wire, loop);
        *ret = TAKE_PTR(wire);
        return 0;
}

void wire_attach(Wire *wire, Charger *charger, const char *password)
{
        Line *line = &wire->lines[charger->index];
        *line = (Line){.wire = wire, .charger = charger, .password = password};
        charger->wire = line;
}

void wire_stop(Wire *wire)
{
        for (size_t i = 0; i < wire->count; i++)
                if (wire->lines[i].wsi)
                        forget(wire->lines[i].wsi, &wire->lines[i]);
        errands_stop(wire);
        lws_context_destroy(wire->context);
}

void wire_free(Wire *wire)
{
        if (wire->context) /* on a loop not its own, lws wants to be told when all is closed */
                lws_context_destroy(wire->context);
        free(wire->lines);
        free(wire);
}
