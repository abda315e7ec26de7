/* The WebSocket of a station: who may have one, frames put together, a queue of what goes out. */
#include "fault-rules.h"
#include "log.h"
#include "upload.h"
#include "web.h"
#include <stdio.h>

/* Bytes of one message of a station. */
#define MESSAGE_MAX ((size_t)1 << 20)
/* What may wait for a station that doesn't read. */
#define QUEUE_BYTES_MAX ((size_t)8 << 20)
#define QUEUE_FRAMES_MAX 1024
/* Seconds a connection to be closed may take for that. */
#define CLOSE_SECONDS 5
#define AUTHORIZATION_MAX 1024
/* Seconds after which one that is read slowly or not at all is said to be alive. */
#define LIVENESS_SECONDS 20
/* A host name of 253 bytes, a port. */
#define HOST_MAX 262

typedef struct Frame Frame;
struct Frame {
        Frame *next;
        size_t size;
        bool binary;
        unsigned char data[]; /* LWS_PRE bytes of room, then the frame */
};

struct Conn {
        struct lws *wsi;
        Station *station;
        char *in;
        size_t in_size, in_room;
        Frame *out, **out_end;
        size_t out_bytes, out_count;
        unsigned close_code; /* 0: open */
        bool ping_due;
        Pulse pulse;
        int64_t rate;     /* see conn_read_at() */
        usec_t read_from; /* boottime, while rate > 0: when what was read has been paid for */
        Conn *next_unsent, **unsent_at; /* its place in web->unsent; NULL: not there */
};

typedef struct Session {
        Conn *conn;
} Session;
_Static_assert(sizeof(Session) == SESSION_SIZE, "lws keeps so much");

/* ------------------------------------------------------------------ is it still there? */

static Conn *conn_of(Pulse *pulse)
{
        return pulse ? (Conn *)(void *)((char *)pulse - offsetof(Conn, pulse)) : NULL;
}

static void look_at_the_silent(lws_sorted_usec_list_t *timer);

static void set_timer(Web *web)
{
        usec_t due = liveness_due(&web->liveness), now = boottime_now();
        if (due != USEC_INFINITY)
                lws_sul_schedule(web->context, 0, &web->timer, look_at_the_silent,
                                 due > now ? (lws_usec_t)(due - now) : 1);
        web->is_timer_set = due != USEC_INFINITY;
}

static void look_at_the_silent(lws_sorted_usec_list_t *timer)
{
        Web *web = (Web *)(void *)((char *)timer - offsetof(Web, timer));
        usec_t now = boottime_now();
        for (Conn *conn; (conn = conn_of(liveness_next_silent(&web->liveness, now)));) {
                conn->ping_due = true;
                lws_callback_on_writable(conn->wsi);
        }
        for (Conn *conn; (conn = conn_of(liveness_next_gone(&web->liveness, now)));)
                lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
        set_timer(web);
}

/* Something came from it. */
static void heard(Conn *conn)
{
        Web *web = web_of(conn->wsi);
        liveness_heard(&web->liveness, &conn->pulse, boottime_now());
        if (!web->is_timer_set)
                set_timer(web);
}

/* Not empty: lws (4.1.6) tells nobody of a pong without a payload, which is the ping's. */
static int send_ping(Conn *conn)
{
        unsigned char buffer[LWS_PRE + 1] = {[LWS_PRE] = '?'};
        conn->ping_due = false;
        if (conn->out || conn->close_code)
                lws_callback_on_writable(conn->wsi);
        return lws_write(conn->wsi, buffer + LWS_PRE, 1, LWS_WRITE_PING) < 0 ? -1 : 0;
}

/* ------------------------------------------------------------------ what goes out */

void conn_close(Conn *conn, unsigned code)
{
        if (conn->close_code)
                return;
        conn->close_code = code;
        lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_REASON_BASE, CLOSE_SECONDS);
        lws_callback_on_writable(conn->wsi);
}

static void link_unsent(Conn *conn)
{
        Web *web = web_of(conn->wsi);
        conn->next_unsent = web->unsent;
        conn->unsent_at = &web->unsent;
        if (web->unsent)
                web->unsent->unsent_at = &conn->next_unsent;
        web->unsent = conn;
}

static void unlink_unsent(Conn *conn)
{
        if (!conn->unsent_at)
                return;
        *conn->unsent_at = conn->next_unsent;
        if (conn->next_unsent)
                conn->next_unsent->unsent_at = conn->unsent_at;
        conn->unsent_at = NULL;
}

int conn_send(Conn *conn, const char *data, size_t size, bool binary)
{
        if (conn->close_code)
                return -ENOTCONN;
        if (conn->rate == 0)
                return 0;
        if (conn->out_count == QUEUE_FRAMES_MAX || size > QUEUE_BYTES_MAX - conn->out_bytes) {
                conn_close(conn, CLOSE_POLICY);
                return -ENOBUFS;
        }
        Frame *frame = malloc(sizeof(*frame) + LWS_PRE + size);
        if (!frame)
                return -ENOMEM;
        *frame = (Frame){.size = size, .binary = binary};
        memcpy(frame->data + LWS_PRE, data, size);
        *conn->out_end = frame;
        conn->out_end = &frame->next;
        conn->out_bytes += size;
        conn->out_count++;
        if (!conn->unsent_at)
                link_unsent(conn);
        return 0;
}

static void pop_frame(Conn *conn)
{
        Frame *frame = conn->out;
        conn->out = frame->next;
        if (!conn->out)
                conn->out_end = &conn->out;
        conn->out_bytes -= frame->size;
        conn->out_count--;
        free(frame);
}

void conn_read_at(Conn *conn, int64_t bytes_per_second)
{
        if (conn->rate == bytes_per_second)
                return;
        conn->rate = bytes_per_second;
        conn->read_from = boottime_now();
        lws_rx_flow_control(conn->wsi, bytes_per_second != 0);
        lws_set_timer_usecs(conn->wsi, bytes_per_second < 0 ? LWS_SET_TIMER_USEC_CANCEL : 1);
}

/* Reads on when the time has come; meanwhile the connection counts as alive: nothing
 * is heard of it. */
static void on_read_timer(Conn *conn)
{
        usec_t now = boottime_now();
        heard(conn);
        if (conn->rate > 0 && conn->read_from <= now)
                lws_rx_flow_control(conn->wsi, 1);
        lws_usec_t wait = LIVENESS_SECONDS * LWS_US_PER_SEC;
        if (conn->rate > 0 && conn->read_from > now)
                wait = MIN(wait, (lws_usec_t)(conn->read_from - now));
        lws_set_timer_usecs(conn->wsi, wait);
}

/* So much was read of one that is read slowly: nothing more until that is due. */
static void pay(Conn *conn, size_t size)
{
        usec_t now = boottime_now();
        conn->read_from = MAX(conn->read_from, now) +
                          (usec_t)((double)size / (double)conn->rate * (double)USEC_PER_SEC);
        lws_rx_flow_control(conn->wsi, 0);
        lws_set_timer_usecs(
                conn->wsi, (lws_usec_t)MIN(conn->read_from - now, LIVENESS_SECONDS * USEC_PER_SEC));
}

static int write_frame(Conn *conn)
{
        const Frame *frame = conn->out;
        int n = lws_write(conn->wsi, conn->out->data + LWS_PRE, frame->size,
                          frame->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
        if (n < 0)
                return -1;
        pop_frame(conn);
        return 0;
}

void ws_send_all(Web *web)
{
        for (Conn *conn; (conn = web->unsent);) {
                unlink_unsent(conn);
                bool fine = true;
                while (fine && conn->out && !conn->close_code && !lws_partial_buffered(conn->wsi))
                        fine = write_frame(conn) == 0;
                if (!fine)
                        lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
                                        LWS_TO_KILL_ASYNC);
                else if (conn->out)
                        lws_callback_on_writable(conn->wsi);
        }
}

static void conn_free(Conn *conn)
{
        liveness_forget(&conn->pulse);
        unlink_unsent(conn);
        while (conn->out)
                pop_frame(conn);
        free(conn->in);
        free(conn);
}

/* The identity of "/ocpp/ID". lws has decoded the path. 0, -EINVAL. */
static int read_identity(struct lws *wsi, char id[static STATION_ID_MAX + 1])
{
        char path[STATION_ID_MAX + 8];
        if (lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) <= 0)
                return -EINVAL;
        const char *rest = startswith(path, "/ocpp/");
        if (!rest || strlen(rest) > STATION_ID_MAX || !station_id_valid(rest))
                return -EINVAL;
        memcpy(id, rest, strlen(rest) + 1);
        return 0;
}

/* Whether it is a version that was not left out by --protocols. */
static bool speaks(struct lws *wsi, const char *subprotocol)
{
        return csms_dialect(subprotocol) &&
               lws_vhost_name_to_protocol(lws_get_vhost(wsi), subprotocol);
}

/* Whether the client names a version that we speak. lws then takes the first such in its list. */
static bool offers_a_version(struct lws *wsi)
{
        char list[128]; /* lws itself reads no longer one */
        char *rest = list;
        if (lws_hdr_copy(wsi, list, sizeof(list), WSI_TOKEN_PROTOCOL) <= 0)
                return false;
        for (char *word; (word = strsep(&rest, ","));)
                if (speaks(wsi, str_strip(word)))
                        return true;
        return false;
}

static bool has_certificate(struct lws *wsi)
{
        union lws_tls_cert_info_results info = {0};
        return lws_tls_peer_cert_info(wsi, LWS_TLS_CERT_INFO_VERIFIED, &info, sizeof(info)) == 0 &&
               info.verified;
}

static bool has_password(struct lws *wsi, const Auth *auth, const char *id)
{
        char header[AUTHORIZATION_MAX];
        bool good = lws_hdr_copy(wsi, header, sizeof(header), WSI_TOKEN_HTTP_AUTHORIZATION) > 0 &&
                    auth_check(auth, id, header);
        explicit_bzero(header, sizeof(header));
        return good;
}

int ws_check_upgrade(struct lws *wsi, const Web *web, const char *upgrade)
{
        char id[STATION_ID_MAX + 1];
        if (strcasecmp(upgrade, "h2c") == 0)
                return http_refuse(wsi, 400, "HTTP/2 is not spoken here.");
        if (strcasecmp(upgrade, "websocket") != 0) /* lws has refused it already */
                return -1;
        if (read_identity(wsi, id) < 0)
                return http_refuse(wsi, 404, "A station connects at /ocpp/ID.");
        if (web->want_certificates && !has_certificate(wsi))
                return http_refuse(wsi, 403, "A station needs a client certificate.");
        if (!web->want_certificates && web->auth && !has_password(wsi, web->auth, id))
                return http_refuse(wsi, 401, "Identity or password is wrong.");
        Fault fault;
        if (fault_take_kind(web->service->csms, FAULT_REFUSED, id, &fault))
                return http_refuse(wsi, (unsigned)fault.status, "A fault refuses this station.");
        if (csms_refuses(web->service->csms, id))
                return http_refuse(wsi, 503, "A scenario refuses this station for now.");
        if (!offers_a_version(wsi))
                return http_refuse(wsi, 400,
                                   "Sec-WebSocket-Protocol offers no OCPP version that is spoken "
                                   "here.");
        return 0;
}

/* Tells the CSMS where the station reaches us: at the host by which it knows us. 0, -ENOMEM. */
static int set_server(struct lws *wsi, Station *station)
{
        static const char allowed[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                ".-_:[]";
        char host[HOST_MAX];
        _cleanup_(freep) char *server = NULL, *uploads = NULL;
        int n = lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HOST);
        bool known = n > 0 && !host[strspn(host, allowed)];
        bool takes_files = known && web_of(wsi)->files_fd >= 0;
        if (known)
                server = str_printf("http%s://%s", lws_is_ssl(wsi) ? "s" : "", host);
        if (takes_files && server)
                uploads = str_printf("%s/files/" UPLOADS_FOLDER "/", server);
        if ((known && !server) || (takes_files && !uploads))
                return -ENOMEM;
        int r = station_set_server(station, server);
        return r < 0 ? r : station_set_uploads(station, uploads);
}

static int open_connection(struct lws *wsi, Session *session)
{
        char id[STATION_ID_MAX + 1];
        if (read_identity(wsi, id) < 0)
                return -1;
        Conn *conn = calloc(1, sizeof(*conn));
        if (!conn)
                return -1;
        conn->wsi = wsi;
        conn->out_end = &conn->out;
        conn->rate = CONN_NO_LIMIT;
        int r = csms_join(web_of(wsi)->service->csms, id, csms_dialect(lws_get_protocol(wsi)->name),
                          conn, &conn->station);
        if (r == 0 && (r = set_server(wsi, conn->station)) < 0)
                csms_leave(conn->station, conn);
        if (r < 0) {
                log_warning_errno(r, "A station can't be taken in");
                conn_free(conn);
                return -1;
        }
        session->conn = conn;
        heard(conn);
        log_info("%s is connected and speaks %s", id, lws_get_protocol(wsi)->name);
        return 0;
}

static void close_connection(Session *session)
{
        if (!session || !session->conn)
                return;
        Conn *conn = TAKE_PTR(session->conn);
        log_info("%s is gone", station_id(conn->station));
        csms_leave(conn->station, conn);
        conn_free(conn);
}

/* Says why and closes. The frame (RFC 6455 5.5.1) is written here: lws_close_reason() leaves it to
 * lws, which, built with its debug checks as Debian's is, closes a second time on libuv before that
 * has gone out. */
static int fail(struct lws *wsi, unsigned code)
{
        unsigned char buffer[LWS_PRE + 4] = {0};
        unsigned char *frame = buffer + LWS_PRE;
        frame[0] = 0x88;
        frame[1] = 2;
        frame[2] = (unsigned char)(code >> 8);
        frame[3] = (unsigned char)code;
        (void)lws_write(wsi, frame, 4, LWS_WRITE_RAW);
        return -1;
}

/* Closes when writable: if the call back for what came fails, lws (4.1.6) writes the rest of it
 * behind its buffer. */
static int give_up(struct lws *wsi, Conn *conn, unsigned code)
{
        conn->close_code = code;
        lws_callback_on_writable(wsi);
        return 0;
}

/* Doubled, or a message that comes in many pieces would be copied with each of them. */
static int keep_piece(Conn *conn, const char *data, size_t size)
{
        if (conn->in_size + size >= conn->in_room) {
                size_t room = 2 * (conn->in_size + size + 1);
                char *more = realloc(conn->in, room);
                if (!more)
                        return -ENOMEM;
                conn->in = more;
                conn->in_room = room;
        }
        memcpy(conn->in + conn->in_size, data, size);
        conn->in_size += size;
        return 0;
}

static int receive(struct lws *wsi, Conn *conn, const char *data, size_t size)
{
        if (conn->close_code) /* replaced or sent away: no more of it */
                return 0;
        heard(conn);
        if (size > MESSAGE_MAX - conn->in_size)
                return give_up(wsi, conn, CLOSE_TOO_BIG);
        if (conn->rate > 0)
                pay(conn, size);
        if (keep_piece(conn, data, size) < 0)
                return give_up(wsi, conn, CLOSE_ERROR);
        if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) > 0)
                return 0;
        _cleanup_(freep) char *message = TAKE_PTR(conn->in);
        size_t n = conn->in_size;
        conn->in_size = conn->in_room = 0;
        int r = station_receive(conn->station, message, n, lws_frame_is_binary(wsi));
        return r < 0 ? give_up(wsi, conn, CLOSE_ERROR) : 0;
}

/* The handshake's answer is nearly written: puts another subprotocol in the place of what lws has
 * just put there, if a fault wants so. lws lets us add headers right behind that one, in 4.1 as in
 * 4.5 (tried: 4.1.6, 4.3.10, 4.5.8), as long as the vhost has no extensions: those come between. */
static int change_subprotocol(struct lws *wsi, struct lws_process_html_args *args)
{
        char id[STATION_ID_MAX + 1], header[128];
        Fault fault;
        if (read_identity(wsi, id) < 0 ||
            !fault_take_kind(web_of(wsi)->service->csms, FAULT_SUBPROTOCOL, id, &fault))
                return 0;
        static const char start[] = "Sec-WebSocket-Protocol: ";
        int n = snprintf(header, sizeof(header), "%s%s\r\n", start, lws_get_protocol(wsi)->name);
        if (memcmp(args->p - n, header, (size_t)n) != 0) /* another lws? */
                return -1;
        args->p -= n;
        args->max_len += n;
        n = snprintf(header, sizeof(header), "%s%s\r\n", start, fault.subprotocol);
        if (n > args->max_len)
                return -1;
        if (*fault.subprotocol) {
                memcpy(args->p, header, (size_t)n);
                args->p += n;
        }
        return 0;
}

static int write_next(struct lws *wsi, Conn *conn)
{
        if (conn->ping_due)
                return send_ping(conn);
        if (!conn->out)
                return conn->close_code ? fail(wsi, conn->close_code) : 0;
        if (write_frame(conn) < 0)
                return -1;
        if (conn->out || conn->close_code)
                lws_callback_on_writable(wsi);
        return 0;
}

int ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                size_t size)
{
        Session *session = user;
        if (reason == LWS_CALLBACK_ESTABLISHED)
                return open_connection(wsi, session);
        if (reason == LWS_CALLBACK_ADD_HEADERS)
                return change_subprotocol(wsi, in);
        if (reason == LWS_CALLBACK_TIMER && session->conn)
                on_read_timer(session->conn);
        if (reason == LWS_CALLBACK_CLOSED)
                close_connection(session);
        else if (reason == LWS_CALLBACK_RECEIVE && session->conn)
                return receive(wsi, session->conn, in, size);
        else if (reason == LWS_CALLBACK_RECEIVE_PONG && session->conn)
                heard(session->conn);
        else if (reason == LWS_CALLBACK_SERVER_WRITEABLE && session->conn)
                return write_next(wsi, session->conn);
        return 0;
}
