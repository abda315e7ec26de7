/* Answers of HTTP: headers and bodies, piece by piece as the client reads. See http.h. */
#include "exchange.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* Bytes written at a time; of all headers of an answer. */
#define CHUNK_SIZE 16384
#define HEADERS_SIZE 2048
/* Seconds a client may take to read a chunk of an answer. */
#define CHUNK_SECONDS 60

/* Seconds until a stream says that it still lives. */
#define BEAT_SECONDS 15
/* Of a body that ends with the connection. */
#define LENGTH_UNKNOWN UINT64_MAX

#define PROBLEM_TYPE "application/problem+json"

void exchange_free(Exchange *x)
{
        if (!x)
                return;
        if (x->is_watched)
                hangups_forget(&web_of(x->wsi)->hangups, lws_get_socket_fd(x->wsi));
        if (x->gone)
                x->gone(x->waiter);
        if (x->stream)
                x->stream->gone(x->stream_userdata);
        files_done(&x->file);
        upload_done(&x->upload);
        form_free(x->form);
        free(x->upload_name);
        for (size_t i = 0; i < x->request.args_count; i++)
                free(x->request.args[i]);
        for (size_t i = 0; i < x->headers_count; i++)
                free(x->headers[i].value);
        if (x->request.body) /* there may be a key in it */
                explicit_bzero(x->request.body, x->request.body_size);
        free(x->request.body);
        free(x->body);
        free(x);
}

const HttpRequest *exchange_request(const Exchange *x)
{
        return &x->request;
}

void exchange_add_header(Exchange *x, const char *name, char *value)
{
        assert(x->headers_count < EXCHANGE_HEADERS_MAX);
        if (!value)
                return;
        x->headers[x->headers_count].name = name;
        x->headers[x->headers_count++].value = value;
}

/* The answer takes as long as it likes: whether the client still wants it is looked at meanwhile.
 */
static void watch(Exchange *x)
{
        x->is_watched = true;
        hangups_watch(&web_of(x->wsi)->hangups, lws_get_socket_fd(x->wsi), x);
}

void http_hung_up(void *exchange)
{
        Exchange *x = exchange;
        x->hung_up = true;
        lws_set_timeout(x->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

void exchange_wait(Exchange *x, void (*gone)(void *waiter), void *waiter)
{
        watch(x);
        x->gone = gone;
        x->waiter = waiter;
}

static void forget_call(void *waiter)
{
        call_forget(waiter);
}

void exchange_wait_for(Exchange *x, Call *call)
{
        exchange_wait(x, call ? forget_call : NULL, call);
}

Upload *exchange_upload(Exchange *x, int *ret_error)
{
        *ret_error = x->upload_error;
        return x->is_upload ? &x->upload : NULL;
}

/* The client must have read what comes within a time. */
static void want_to_write(Exchange *x)
{
        if (x->hung_up) /* or it would not be closed */
                return;
        lws_set_timeout(x->wsi, PENDING_TIMEOUT_HTTP_CONTENT, CHUNK_SECONDS);
        lws_callback_on_writable(x->wsi);
}

void exchange_reply(Exchange *x, unsigned status, const char *type, char *body)
{
        x->gone = NULL;
        x->answered = true;
        x->status = status;
        x->type = type;
        x->body = body;
        x->body_size = body ? strlen(body) : 0;
        want_to_write(x);
}

int exchange_send_file(Exchange *x, int folder_fd, const char *path)
{
        bool ranges = x->request.method == HTTP_GET; /* RFC 9110 14.2: for GET alone */
        int r = files_open(folder_fd, path, ranges && *x->range ? x->range : NULL,
                           *x->if_range ? x->if_range : NULL, &x->file);
        if (r < 0)
                return r;
        if (x->file.status != 416) {
                exchange_reply(x, x->file.status, "application/octet-stream", NULL);
                return 0;
        }
        exchange_add_header(x, "accept-ranges:", strdup("bytes"));
        exchange_add_header(x,
                            "content-range:", str_printf("bytes */%jd", (intmax_t)x->file.total));
        files_done(&x->file);
        exchange_problem(x, 416, "The file is not that long.");
        return 0;
}

void exchange_stream(Exchange *x, const char *type, const StreamSource *source, void *userdata)
{
        x->stream = source;
        x->stream_userdata = userdata;
        watch(x);
        exchange_reply(x, 200, type, NULL);
}

void exchange_stream_wake(Exchange *x)
{
        want_to_write(x);
}

void exchange_timer(Exchange *x)
{
        if (!x->stream)
                return;
        x->beat_due = true;
        want_to_write(x);
}

void exchange_reply_json(Exchange *x, unsigned status, cJSON *json)
{
        _cleanup_(cJSON_Deletep) cJSON *owned = json;
        char *text = json ? cJSON_PrintUnformatted(json) : NULL;
        if (!text)
                exchange_reply(x, 503, PROBLEM_TYPE,
                               strdup("{\"status\":503,\"title\":\"Out of memory.\"}"));
        else
                exchange_reply(x, status, status < 400 ? "application/json" : PROBLEM_TYPE, text);
}

/* NULL when out of memory. */
static cJSON *make_problem(unsigned status, const char *sentence)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        size_t n = strlen(sentence);
        _cleanup_(freep) char *title =
                str_printf("%s%s", sentence, n > 0 && sentence[n - 1] == '.' ? "" : ".");
        if (!o || !title || !cJSON_AddNumberToObject(o, "status", status) ||
            !cJSON_AddStringToObject(o, "title", title))
                return NULL;
        return TAKE_PTR(o);
}

void exchange_problem(Exchange *x, unsigned status, const char *sentence)
{
        exchange_reply_json(x, status, make_problem(status, sentence));
}

void exchange_refuse_method(Exchange *x, unsigned methods, const char *sentence)
{
        x->allow = methods;
        exchange_problem(x, 405, sentence);
}

/* Headers under construction. */
typedef struct Headers {
        struct lws *wsi;
        unsigned char *p, *end;
        int failed;
} Headers;

_printf_(3, 4) static void add(Headers *h, const char *name, const char *format, ...)
{
        char value[2 * HEADER_VALUE_MAX];
        va_list ap;
        va_start(ap, format);
        int n = vsnprintf(value, sizeof(value), format, ap);
        va_end(ap);
        h->failed |= n < 0 || n >= (int)sizeof(value) ||
                     lws_add_http_header_by_name(h->wsi, (const unsigned char *)name,
                                                 (unsigned char *)value, n, &h->p, h->end);
}

/* policy: of the content's security; NULL: nothing is to be done with it. */
static void begin(Headers *h, unsigned status, const char *type, uint64_t length,
                  const char *policy)
{
        h->failed |= lws_add_http_header_status(h->wsi, status, &h->p, h->end);
        if (type)
                add(h, "content-type:", "%s", type);
        if (status != 204 && length != LENGTH_UNKNOWN)
                add(h, "content-length:", "%" PRIu64, length);
        add(h, "cache-control:", "no-store");
        add(h, "x-content-type-options:", "nosniff");
        add(h, "referrer-policy:", "no-referrer");
        add(h, "content-security-policy:", "%s",
            policy ? policy : "default-src 'none'; frame-ancestors 'none'");
        add(h, "connection:", "close");
}

int http_refuse(struct lws *wsi, unsigned status, const char *sentence)
{
        unsigned char buffer[LWS_PRE + HEADERS_SIZE];
        char body[256];
        Headers h = {wsi, buffer + LWS_PRE, buffer + sizeof(buffer) - sizeof(body), 0};
        int n = snprintf(body, sizeof(body), "{\"status\":%u,\"title\":\"%s\"}", status, sentence);
        if (n < 0 || n >= (int)sizeof(body))
                return -1;
        begin(&h, status, PROBLEM_TYPE, (uint64_t)n, NULL);
        if (status == 401) /* of a station */
                add(&h, "www-authenticate:", "Basic realm=\"mock-csms\"");
        if (h.failed || lws_finalize_http_header(wsi, &h.p, h.end))
                return -1;
        memcpy(h.p, body, (size_t)n);
        size_t size = (size_t)(h.p - (buffer + LWS_PRE)) + (size_t)n;
        (void)lws_write(wsi, buffer + LWS_PRE, size, LWS_WRITE_HTTP_HEADERS);
        return -1;
}

static void add_file_headers(Headers *h, const FileReply *file)
{
        add(h, "accept-ranges:", "bytes");
        add(h, "etag:", "%s", file->etag);
        add(h, "last-modified:", "%s", file->modified);
        if (file->status == 206)
                add(h, "content-range:", "bytes %jd-%jd/%jd", (intmax_t)file->start,
                    (intmax_t)(file->start + file->length - 1), (intmax_t)file->total);
}

/* The methods that there are. */
static void add_allow(Headers *h, unsigned methods)
{
        char list[HEADER_VALUE_MAX] = "";
        size_t n = 0;
        for (size_t i = 0; i < HTTP_OTHER; i++)
                if (methods & (1u << i))
                        n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
                                              http_method_words[i]);
        add(h, "allow:", "%s", list);
}

static int write_headers(Exchange *x)
{
        unsigned char buffer[LWS_PRE + HEADERS_SIZE];
        Headers h = {x->wsi, buffer + LWS_PRE, buffer + sizeof(buffer), 0};
        bool file = x->file.fd >= 0;
        begin(&h, x->status, x->type,
              x->stream ? LENGTH_UNKNOWN
              : file    ? (uint64_t)x->file.length
                        : x->body_size,
              x->policy);
        if (file)
                add_file_headers(&h, &x->file);
        if (x->access.challenge)
                add(&h, "www-authenticate:", "%s", x->access.challenge);
        if (x->allow)
                add_allow(&h, x->allow);
        for (size_t i = 0; i < x->headers_count; i++)
                h.failed |= lws_add_http_header_by_name(
                        h.wsi, (const unsigned char *)x->headers[i].name,
                        (const unsigned char *)x->headers[i].value,
                        (int)strlen(x->headers[i].value), &h.p, h.end);
        if (h.failed || lws_finalize_http_header(x->wsi, &h.p, h.end))
                return -1;
        x->headers_sent = true;
        return lws_write(x->wsi, buffer + LWS_PRE, (size_t)(h.p - (buffer + LWS_PRE)),
                         LWS_WRITE_HTTP_HEADERS);
}

/* The next bytes of the body: their number, 0 at the end, negative errno. */
static ssize_t read_chunk(Exchange *x, unsigned char *out, size_t room)
{
        if (x->request.method == HTTP_HEAD)
                return 0;
        if (x->file.fd >= 0)
                return files_read(&x->file, out, room);
        size_t n = MIN(room, x->body_size - x->body_sent);
        if (n > 0)
                memcpy(out, x->body + x->body_sent, n);
        x->body_sent += n;
        return (ssize_t)n;
}

/* Writes the next text of a stream, if there is any. */
static int write_stream(Exchange *x)
{
        _cleanup_(freep) char *text = x->stream->next(x->stream_userdata);
        if (!text && x->beat_due)
                text = strdup(x->stream->beat);
        x->beat_due = false;
        lws_set_timer_usecs(x->wsi, BEAT_SECONDS * (lws_usec_t)USEC_PER_SEC);
        if (!text) {
                lws_set_timeout(x->wsi, NO_PENDING_TIMEOUT, 0);
                return 0;
        }
        size_t size = strlen(text);
        _cleanup_(freep) unsigned char *buffer = malloc(LWS_PRE + size);
        if (!buffer)
                return -1;
        memcpy(buffer + LWS_PRE, text, size);
        if (lws_write(x->wsi, buffer + LWS_PRE, size, LWS_WRITE_HTTP) < 0)
                return -1;
        want_to_write(x);
        return 0;
}

int exchange_write(struct lws *wsi, Session *session)
{
        unsigned char buffer[LWS_PRE + CHUNK_SIZE];
        Exchange *x = session->x;
        if (!x || !x->answered || x->hung_up)
                return 0;
        if (!x->headers_sent) {
                if (write_headers(x) < 0)
                        return -1;
                lws_callback_on_writable(wsi);
                return 0;
        }
        if (x->stream)
                return write_stream(x);
        ssize_t n = read_chunk(x, buffer + LWS_PRE, CHUNK_SIZE);
        if (n < 0 || (n > 0 && lws_write(wsi, buffer + LWS_PRE, (size_t)n, LWS_WRITE_HTTP) < 0))
                return -1;
        if (n > 0) {
                want_to_write(x);
                return 0;
        }
        exchange_free(TAKE_PTR(session->x));
        return -1; /* one request a connection: see the top */
}
