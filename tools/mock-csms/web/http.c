/* HTTP: reads requests, hands them to those who serve their path, writes the answers. A connection
 * serves one request. lws 4.1 reads a POST that came in one segment with the request before it from
 * the wrong place, for ever, and lws 4.3 takes a request that came with the end of a body for more
 * of that body; so nothing is read behind a request. */
#include "http.h"
#include "exchange.h"
#include "guard.h"
#include "log.h"
#include "pages.h"
#include <inttypes.h>
#include <stdio.h>

#define UPLOADS_PATH "/files/" UPLOADS_FOLDER "/"

static void serve_upload(Exchange *x)
{
        int r = x->upload_error ? x->upload_error : upload_finish(&x->upload);
        if (r == 0) {
                exchange_reply(x, 201, NULL, NULL);
                return;
        }
        const UploadRefusal *refusal = upload_refusal(r);
        log_warning_errno(r, "An upload to %s failed", x->request.path);
        exchange_problem(x, refusal->status, refusal->sentence);
}

static void serve_file(const Web *web, Exchange *x)
{
        if (x->is_upload) {
                serve_upload(x);
                return;
        }
        if (x->request.method != HTTP_GET && x->request.method != HTTP_HEAD) {
                exchange_refuse_method(x, 1u << HTTP_GET | 1u << HTTP_HEAD,
                                       "Files are taken under /files/uploads/ only.");
                return;
        }
        if (exchange_send_file(x, web->files_fd, x->request.path + strlen("/files/")) < 0)
                exchange_problem(x, 404, "There is no such file.");
}

/* "ID/NAME"; the name is for people and for logs of stations, the id decides. */
static void serve_firmware(const Web *web, Exchange *x)
{
        _cleanup_(firmware_freep) Firmware *firmware = NULL;
        FirmwareStore *store = web->service->firmware;
        char *end;
        if (x->request.method != HTTP_GET && x->request.method != HTTP_HEAD) {
                exchange_refuse_method(x, 1u << HTTP_GET | 1u << HTTP_HEAD,
                                       "Firmware is added at /api/firmware.");
                return;
        }
        const char *text = x->request.path + strlen(FIRMWARE_PATH);
        errno = 0;
        long long id = *text >= '1' && *text <= '9' ? strtoll(text, &end, 10) : 0;
        if (id == 0 || errno || *end != '/' || firmware_find(store, id, &firmware) < 0 ||
            !firmware->file || !streq(end + 1, firmware->name)) {
                exchange_problem(x, 404, "There is no such firmware.");
                return;
        }
        if (firmware_presence(store, firmware) != FIRMWARE_READY ||
            exchange_send_file(x, firmware_folder(store), firmware->file) < 0)
                exchange_problem(x, 404, "The file of this firmware has gone from the disk.");
}

/* Places where stations upload their logs; nothing is to be had there. */
static void serve_log_place(const Web *web, Exchange *x)
{
        const HttpRequest *request = &x->request;
        if (!x->is_upload) {
                exchange_refuse_method(x, 1u << HTTP_PUT | 1u << HTTP_POST,
                                       "Logs are uploaded here; to be had they are at /api/logs.");
                return;
        }
        int r = x->upload_error ? x->upload_error
                : x->form && !form_is_whole(x->form)
                        ? -EBADMSG
                        : logs_take(web->service->logs,
                                    &(LogOrigin){request->path + strlen(LOGS_PATH),
                                                 x->form ? form_name(x->form) : x->upload_name,
                                                 http_method_words[request->method]},
                                    &x->upload);
        if (r == 0) {
                exchange_reply(x, 201, NULL, NULL);
        } else if (r == -ENOENT) {
                exchange_problem(x, 404, "No log is awaited here.");
        } else {
                const UploadRefusal *refusal = upload_refusal(r);
                log_warning_errno(r, "An upload of a log failed");
                exchange_problem(x, refusal->status, refusal->sentence);
        }
}

/* For everybody: there is nothing in it but the page, which asks REST. */
static void serve_page(const Web *web _unused_, Exchange *x)
{
        const Page *page = pages_find(x->request.path);
        if (x->request.method != HTTP_GET && x->request.method != HTTP_HEAD) {
                exchange_refuse_method(x, 1u << HTTP_GET | 1u << HTTP_HEAD,
                                       "The dashboard is only to be read; see /api/openapi.json.");
        } else if (!page) {
                exchange_problem(x, 404, "The dashboard has no such file.");
        } else {
                char *text = strndup(page->data, (size_t)(page->end - page->data));
                x->policy = PAGES_POLICY;
                exchange_reply(x, text ? 200 : 503, page_type(page), text);
        }
}

static void serve_api(const Web *web, Exchange *x)
{
        api_handle(web->service, x);
}

/* clang-format off */
static const struct {
        const char *path;
        bool whole; /* not only its beginning */
        void (*serve)(const Web *web, Exchange *x);
} places[] = {
        { "/",       true,  serve_page },
        { "/dashboard/", false, serve_page },
        { "/api/",   false, serve_api  },
        { "/files/", false, serve_file },
        { FIRMWARE_PATH, false, serve_firmware },
        { LOGS_PATH, false, serve_log_place },
};
/* clang-format on */

static void serve(const Web *web, Exchange *x)
{
        const char *path = x->request.path;
        x->served = true;
        lws_set_timeout(x->wsi, NO_PENDING_TIMEOUT, 0); /* a station may take its time */
        if (x->access.status) {
                exchange_problem(x, x->access.status, x->access.sentence);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                if (places[i].whole ? streq(path, places[i].path)
                                    : startswith(path, places[i].path) != NULL) {
                        places[i].serve(web, x);
                        return;
                }
        exchange_problem(x, 404, "There is nothing here; see /api/stations and /files/.");
}

/* clang-format off */
const char *const http_method_words[HTTP_OTHER] = {
        [HTTP_GET]    = "GET",
        [HTTP_HEAD]   = "HEAD",
        [HTTP_POST]   = "POST",
        [HTTP_PUT]    = "PUT",
        [HTTP_DELETE] = "DELETE",
        [HTTP_PATCH] = "PATCH",
};

static const struct {
        int lws;
        HttpMethod method;
} methods[] = {
        { LWSHUMETH_GET,    HTTP_GET    },
        { LWSHUMETH_HEAD,   HTTP_HEAD   },
        { LWSHUMETH_POST,   HTTP_POST   },
        { LWSHUMETH_PUT,    HTTP_PUT    },
        { LWSHUMETH_DELETE, HTTP_DELETE },
        { LWSHUMETH_PATCH,  HTTP_PATCH  },
};
/* clang-format on */

static HttpMethod read_method(struct lws *wsi, char path[static HTTP_PATH_MAX])
{
        char *uri = NULL;
        int size = 0, method = lws_http_get_uri_and_method(wsi, &uri, &size);
        *path = '\0';
        if (method < 0 || !uri || size <= 0 || size >= HTTP_PATH_MAX)
                return HTTP_OTHER;
        memcpy(path, uri, (size_t)size);
        path[size] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (methods[i].lws == method)
                        return methods[i].method;
        return HTTP_OTHER;
}

/* Keeps the arguments behind the "?", which lws has decoded. -1: too many, one that is no text, or
 * no memory.
 */
static int read_query(struct lws *wsi, HttpRequest *request)
{
        char text[HTTP_QUERY_MAX];
        int n;
        for (int i = 0;
             (n = lws_hdr_copy_fragment(wsi, text, sizeof(text), WSI_TOKEN_HTTP_URI_ARGS, i)) >= 0;
             i++) {
                if (request->args_count == HTTP_ARGS_MAX || strlen(text) != (size_t)n ||
                    !utf8_valid(text, (size_t)n))
                        return -1;
                char *arg = strdup(text);
                if (!arg)
                        return -1;
                request->args[request->args_count++] = arg;
        }
        return 0;
}

const char *request_arg(const HttpRequest *request, const char *name)
{
        for (size_t i = 0; i < request->args_count; i++) {
                const char *rest = startswith(request->args[i], name);
                if (rest && (*rest == '=' || !*rest))
                        return *rest ? rest + 1 : rest;
        }
        return NULL;
}

static void read_header(struct lws *wsi, enum lws_token_indexes token, char *out, int room)
{
        if (lws_hdr_copy(wsi, out, room, token) < 0)
                memcpy(out, "?", sizeof("?")); /* too long to be anything we know */
}

/* The length of the body that a request announces; -1: none or nonsense. */
static int64_t read_length(struct lws *wsi)
{
        char value[24], *end;
        if (lws_hdr_copy(wsi, value, sizeof(value), WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0)
                return -1;
        errno = 0;
        int64_t n = strtoll(value, &end, 10);
        return errno == 0 && !*end && n >= 0 ? n : -1;
}

static int begin_station_upload(const Web *web, Exchange *x)
{
        return upload_begin(web->files_fd, x->request.path + strlen(UPLOADS_PATH), &x->upload);
}

static uint64_t station_upload_max(const Web *web _unused_)
{
        return UPLOAD_SIZE_MAX;
}

static int begin_firmware(const Web *web, Exchange *x)
{
        return upload_begin_hashed(firmware_folder(web->service->firmware), &x->upload);
}

static uint64_t firmware_max(const Web *web)
{
        return firmware_size_max(web->service->firmware);
}

static int begin_log(const Web *web, Exchange *x)
{
        return logs_begin(web->service->logs, x->request.path + strlen(LOGS_PATH), x->announced,
                          &x->upload);
}

static uint64_t log_max(const Web *web)
{
        return logs_size_max(web->service->logs);
}

/* Where bodies go to the disk as they come. */
/* clang-format off */
static const struct Intake {
        const char *path;
        bool whole; /* not only its beginning */
        Role role;  /* others are refused without a file */
        bool forms; /* the file may come in a form */
        int (*begin)(const Web *web, Exchange *x);
        uint64_t (*max)(const Web *web); /* bytes */
} intakes[] = {
        { UPLOADS_PATH,    false, ROLE_READ,     false, begin_station_upload, station_upload_max },
        { "/api/firmware", true,  ROLE_OPERATOR, false, begin_firmware,       firmware_max       },
        { LOGS_PATH,       false, ROLE_READ,     true,  begin_log,            log_max            },
};
/* clang-format on */

static bool has_type(struct lws *wsi, const char *beginning)
{
        char type[HEADER_VALUE_MAX];
        read_header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, type, sizeof(type));
        return strncasecmp(type, beginning, strlen(beginning)) == 0;
}

/* NULL: the body is none for the disk. */
static const struct Intake *find_intake(struct lws *wsi, const HttpRequest *request)
{
        if (request->method != HTTP_PUT && request->method != HTTP_POST)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(intakes); i++)
                if (intakes[i].whole ? request->method == HTTP_POST &&
                                               streq(request->path, intakes[i].path) &&
                                               !has_type(wsi, "application/json")
                                     : startswith(request->path, intakes[i].path) != NULL)
                        return &intakes[i];
        return NULL;
}

static int begin_form(struct lws *wsi, Exchange *x)
{
        char type[HEADER_VALUE_MAX];
        read_header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, type, sizeof(type));
        return form_new(type, &x->form);
}

/* N01.FR.19: a POST may name its file in a header as a form does. */
static int keep_name(struct lws *wsi, Exchange *x)
{
        char disposition[HEADER_VALUE_MAX], name[FORM_NAME_MAX + 1];
        read_header(wsi, WSI_TOKEN_HTTP_CONTENT_DISPOSITION, disposition, sizeof(disposition));
        if (!form_filename(disposition, name))
                return 0;
        x->upload_name = strdup(name);
        return x->upload_name ? 0 : -ENOMEM;
}

/* Opens the file. What is wrong is told when the body has come: a
 * client that still sends would not read it. */
static void begin_upload(struct lws *wsi, Exchange *x, const struct Intake *intake)
{
        int r = x->access.role < intake->role ? -EPERM : 0;
        x->is_upload = true;
        if (r == 0 && has_type(wsi, "multipart/"))
                r = intake->forms ? begin_form(wsi, x) : -EMEDIUMTYPE;
        if (r == 0 && intake->forms)
                r = keep_name(wsi, x);
        x->upload_error = r < 0 ? r : intake->begin(web_of(wsi), x);
}

/* Tells a client that asks first to send its body (RFC 9110 10.1.1). */
static int let_come(struct lws *wsi)
{
        static const char words[] = "HTTP/1.1 100 Continue\r\n\r\n";
        unsigned char buffer[LWS_PRE + sizeof(words)];
        if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_EXPECT) == 0)
                return 0;
        memcpy(buffer + LWS_PRE, words, sizeof(words));
        int n = lws_write(wsi, buffer + LWS_PRE, strlen(words), LWS_WRITE_HTTP_HEADERS);
        return n < 0 ? -1 : 0;
}

/* What the headers say, and whether that may be. 0, -1 as of a callback. */
static int read_request(struct lws *wsi, Exchange *x)
{
        static const char last_event_id[] = "last-event-id:";
        HttpRequest *request = &x->request;
        request->method = read_method(wsi, request->path);
        if (read_query(wsi, request) < 0)
                return http_refuse(
                        wsi, 400,
                        "The query has too many arguments, or one that is no text in UTF-8.");
        read_header(wsi, WSI_TOKEN_HTTP_RANGE, x->range, sizeof(x->range));
        read_header(wsi, WSI_TOKEN_HTTP_IF_RANGE, x->if_range, sizeof(x->if_range));
        if (lws_hdr_custom_copy(wsi, request->last_event_id, sizeof(request->last_event_id),
                                last_event_id, (int)strlen(last_event_id)) < 0)
                *request->last_event_id = '\0';
        x->access = guard_request(wsi, request);
        request->role = x->access.role;
        return 0;
}

/* Whether a request that is refused is told so before its body has come: a client that asks first
 * to send it, or has much to send. Another one would not read the answer. */
static bool is_told_at_once(struct lws *wsi, const Exchange *x, int64_t length)
{
        return x->access.status && (length < 0 || length > (int64_t)HTTP_BODY_MAX ||
                                    lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_EXPECT) > 0);
}

static bool tells_no_body(struct lws *wsi)
{
        return lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) == 0 &&
               lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) == 0;
}

static int refuse_length(struct lws *wsi, uint64_t max)
{
        char sentence[96];
        snprintf(sentence, sizeof(sentence), "The body is longer than %" PRIu64 " MiB.", max >> 20);
        return http_refuse(wsi, 413, sentence);
}

/* A request's headers are here. */
static int start(struct lws *wsi, Session *session)
{
        Exchange *x = session->x ? NULL : calloc(1, sizeof(*x));
        if (!x)
                return -1;
        *x = (Exchange){.wsi = wsi, .file = FILE_REPLY_INIT, .upload = UPLOAD_INIT};
        session->x = x;
        if (read_request(wsi, x) < 0)
                return -1;
        const struct Intake *intake = find_intake(wsi, &x->request);
        if (x->request.method != HTTP_POST && x->request.method != HTTP_PATCH && !intake) {
                serve(web_of(wsi), x);
                return 0;
        }
        int64_t length = read_length(wsi);
        if (is_told_at_once(wsi, x, length)) {
                serve(web_of(wsi), x);
                return 0;
        }
        /* without a length there is no body (RFC 9112 6.3), but lws would wait for one of 100 MB */
        if (length < 0 && !intake && tells_no_body(wsi)) {
                serve(web_of(wsi), x);
                return 0;
        }
        if (length < 0)
                return http_refuse(wsi, 411, "A body must tell its length.");
        uint64_t max = intake ? intake->max(web_of(wsi)) : HTTP_BODY_MAX;
        if ((uint64_t)length > max)
                return refuse_length(wsi, max);
        x->announced = (size_t)length;
        if (intake && !x->access.status)
                begin_upload(wsi, x, intake);
        if (length == 0 && x->request.method != HTTP_POST) { /* lws waits for one of POST alone */
                serve(web_of(wsi), x);
                return 0;
        }
        return let_come(wsi); /* HTTP_BODY and HTTP_BODY_COMPLETION follow */
}

static int write_upload(void *upload, const void *data, size_t size)
{
        return upload_write(upload, data, size);
}

static int take_body(Exchange *x, const char *data, size_t size)
{
        if (x->served || size == 0)
                return 0;
        if (size > x->announced - x->received) /* lws 4.3: what is behind the body, too */
                return -1;
        x->received += size;
        if (x->access.status)
                return 0;
        if (x->is_upload) {
                if (!x->upload_error)
                        x->upload_error =
                                x->form ? form_feed(x->form, data, size, write_upload, &x->upload)
                                        : upload_write(&x->upload, data, size);
                return 0;
        }
        /* all at once: what realloc() would leave behind could not be erased */
        if (!x->request.body && !(x->request.body = malloc(x->announced + 1)))
                return -1;
        memcpy(x->request.body + x->request.body_size, data, size);
        x->request.body_size += size;
        x->request.body[x->request.body_size] = '\0';
        return 0;
}

/* The body is whole; said again, it means that there is more behind it. */
static int finish_body(const Web *web, Exchange *x)
{
        if (x->body_whole)
                return -1;
        x->body_whole = true;
        if (!x->served) /* of other methods than these the body is of no concern */
                serve(web, x);
        return 0;
}

int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t size)
{
        Session *session = user;
        if (reason == LWS_CALLBACK_HTTP_CONFIRM_UPGRADE)
                return ws_check_upgrade(wsi, web_of(wsi), in);
        if (reason == LWS_CALLBACK_OPENSSL_PERFORM_CLIENT_CERT_VERIFICATION)
                return size ? 0 : 1; /* size is OpenSSL's verdict, which lws leaves to us */
        if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
                const Web *web = web_of(wsi);
                if (web->expired) /* user is the SSL_CTX of the vhost */
                        expired_watch(web->expired, user, web->service->csms);
                return 0;
        }
        if (reason == LWS_CALLBACK_ESTABLISHED) /* a WebSocket that is none of OCPP */
                return -1;
        if (!session)
                return 0;
        if (reason == LWS_CALLBACK_HTTP)
                return start(wsi, session);
        if (reason == LWS_CALLBACK_HTTP_BODY && session->x)
                return take_body(session->x, in, size);
        if (reason == LWS_CALLBACK_HTTP_BODY_COMPLETION && session->x)
                return finish_body(web_of(wsi), session->x);
        if (reason == LWS_CALLBACK_TIMER && session->x)
                exchange_timer(session->x);
        if (reason == LWS_CALLBACK_HTTP_WRITEABLE)
                return exchange_write(wsi, session);
        if (reason == LWS_CALLBACK_CLOSED_HTTP || reason == LWS_CALLBACK_HTTP_DROP_PROTOCOL)
                exchange_free(TAKE_PTR(session->x));
        return 0;
}
