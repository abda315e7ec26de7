/* Files over HTTP: a station's log is PUT, a bundle is read and thrown away. So many at a time, the
 * others wait in line. See wire.h. */
#include "wire-private.h"
#include <stdio.h>

#define RUNNING_MAX 64
/* Seconds of silence that end one. */
#define SILENCE_SECONDS 60
#define HEADER_MAX 128
#define READ_MAX 16384

struct Errand {
        Errand *next;
        Wire *wire;
        Line *line; /* who is told; NULL: nobody any more */
        ChargerCarry carry;
        LinkUrl url;
        bool *has_failed; /* while it is begun */
        bool is_sent, is_good;
        unsigned status;      /* of HTTP */
        size_t size;          /* of the text; 0: it is a GET */
        unsigned char data[]; /* LWS_PRE bytes of room, then the text */
};

static void start_later(Wire *wire);

static void finish(Errand *errand)
{
        Wire *wire = errand->wire;
        Line *line = errand->line;
        ChargerCarry carry = errand->carry;
        bool is_good = errand->is_good;
        wire->running--;
        if (errand->has_failed)
                *errand->has_failed = true;
        free(errand);
        if (line) {
                line->errands[carry] = NULL;
                charger_carried(line->charger, carry, is_good, boottime_now());
        }
        start_later(wire);
}

static void run(Errand *errand)
{
        Wire *wire = errand->wire;
        struct lws_client_connect_info info = {
                .context = wire->context,
                .vhost = wire->vhost,
                .address = errand->url.host,
                .port = errand->url.port,
                .path = errand->url.path,
                .host = errand->url.authority,
                .method = errand->size ? "PUT" : "GET",
                .local_protocol_name = "errand",
                .alpn = "http/1.1",
                .opaque_user_data = errand,
                .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | wire_tls_flags(&errand->url),
        };
        wire->running++;
        bool has_failed = false;
        errand->has_failed = &has_failed; /* lws may fail at once, with or without a call back */
        bool is_good = errand->url.host[0] && lws_client_connect_via_info(&info);
        if (has_failed)
                return;
        errand->has_failed = NULL;
        if (!is_good)
                finish(errand);
}

/* Begins what there is room for: from the loop alone, since an end may be told at once. */
static void on_start(uv_timer_t *timer)
{
        Wire *wire = timer->data;
        while (wire->waiting && wire->running < RUNNING_MAX && !wire->is_stopping) {
                Errand *errand = wire->waiting;
                wire->waiting = errand->next;
                errand->next = NULL;
                run(errand);
        }
}

static void start_later(Wire *wire)
{
        if (wire->waiting && !wire->is_stopping)
                uv_timer_start(&wire->starter, on_start, 0, 0);
}

/* "http://…" as an URL. 0, -EINVAL. */
static int read_url(const char *text, LinkUrl *ret)
{
        char url[CHARGER_URL_MAX + 1];
        const char *rest = startswith(text, "http");
        if (!rest || strlen(text) > CHARGER_URL_MAX)
                return -EINVAL;
        (void)snprintf(url, sizeof(url), "ws%s", rest);
        return link_url_parse(url, ret);
}

void wire_carry(Charger *charger, ChargerCarry carry, const char *url, const char *text)
{
        Line *line = charger->wire;
        Wire *wire = line->wire;
        size_t size = strlen(strempty(text));
        if (line->errands[carry])
                line->errands[carry]->line = NULL;
        Errand *errand = calloc(1, sizeof(*errand) + LWS_PRE + size);
        line->errands[carry] = errand;
        if (!errand)
                return; /* and never heard of: there is no memory for more */
        errand->wire = wire;
        errand->line = line;
        errand->carry = carry;
        errand->size = size;
        memcpy(errand->data + LWS_PRE, strempty(text), size);
        Errand **end = &wire->waiting;
        while (*end)
                end = &(*end)->next;
        if (read_url(url, &errand->url) < 0)
                errand->url.host[0] = '\0'; /* fails where it is run */
        *end = errand;
        start_later(wire);
}

/* ------------------------------------------------------------------ call backs */

static int on_header(struct lws *wsi, Errand *errand, void *in, size_t size)
{
        char header[HEADER_MAX];
        unsigned char **p = in;
        if (errand->size == 0)
                return 0;
        int n = snprintf(header, sizeof(header),
                         "Content-Type: text/plain\r\nContent-Length: %zu\r\n", errand->size);
        if (n < 0 || (size_t)n >= MIN(size, sizeof(header)))
                return -1;
        memcpy(*p, header, (size_t)n);
        *p += n;
        lws_client_http_body_pending(wsi, 1);
        lws_callback_on_writable(wsi);
        return 0;
}

static int on_writable(struct lws *wsi, Errand *errand)
{
        if (errand->size == 0 || errand->is_sent)
                return 0;
        errand->is_sent = true;
        lws_client_http_body_pending(wsi, 0);
        return lws_write(wsi, errand->data + LWS_PRE, errand->size, LWS_WRITE_HTTP_FINAL) < 0 ? -1
                                                                                              : 0;
}

/* Reads on; what comes is thrown away. */
static int on_readable(struct lws *wsi)
{
        char buffer[LWS_PRE + READ_MAX], *p = buffer + LWS_PRE;
        int n = READ_MAX;
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, SILENCE_SECONDS);
        return lws_http_client_read(wsi, &p, &n) < 0 ? -1 : 0;
}

int errand_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user _unused_,
                    void *in, size_t size)
{
        Errand *errand = lws_get_opaque_user_data(wsi);
        if (!errand)
                return 0;
        if (reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER)
                return on_header(wsi, errand, in, size);
        if (reason == LWS_CALLBACK_CLIENT_HTTP_WRITEABLE)
                return on_writable(wsi, errand);
        if (reason == LWS_CALLBACK_RECEIVE_CLIENT_HTTP)
                return on_readable(wsi);
        if (reason == LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP) {
                errand->status = lws_http_client_http_response(wsi);
                lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, SILENCE_SECONDS);
        } else if (reason == LWS_CALLBACK_COMPLETED_CLIENT_HTTP) {
                errand->is_good = errand->status >= 200 && errand->status < 300;
                return -1; /* its connection is not used again */
        } else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR ||
                   reason == LWS_CALLBACK_CLOSED_CLIENT_HTTP ||
                   reason == LWS_CALLBACK_WSI_DESTROY) {
                lws_set_opaque_user_data(wsi, NULL);
                finish(errand);
        }
        return 0;
}

void errands_start(Wire *wire, uv_loop_t *loop)
{
        uv_timer_init(loop, &wire->starter);
        wire->starter.data = wire;
}

void errands_stop(Wire *wire)
{
        wire->is_stopping = true;
        uv_close((uv_handle_t *)&wire->starter, NULL);
        for (Errand *errand = wire->waiting, *next; errand; errand = next) {
                next = errand->next;
                if (errand->line)
                        errand->line->errands[errand->carry] = NULL;
                free(errand);
        }
        wire->waiting = NULL;
        for (size_t i = 0; i < wire->count; i++)
                for (ChargerCarry carry = 0; carry < CARRY_MAX; carry++)
                        if (wire->lines[i].errands[carry])
                                TAKE_PTR(wire->lines[i].errands[carry])->line = NULL;
}
