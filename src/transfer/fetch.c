/* Job "fetch": one attempt at one download by libcurl, into one file. What it may do is decided by
 * tables: which protocols, which fixed options, which of libcurl's errors is called what. */
#include <curl/curl.h>
#include <stdio.h>

#include "cage.h"
#include "failpoint.h"
#include "fetch-trust.h"
#include "say.h"
#include "sink.h"
#include "task.h"

#define REDIRECTS_MAX 5L
/* At most two lines a second. */
#define PROGRESS_INTERVAL_USEC (500 * USEC_PER_MSEC)
#define PROTOCOLS_TEXT_MAX 64
/* libcurl's timers and its clock need not agree to the millisecond. */
#define TIMER_SLACK_USEC ((curl_off_t)500000)
/* libcurl reads up to a hundred buffers before it looks at the rate again: a quarter of a second's
 * worth of them, within the sizes it takes gladly. */
#define BUFFERS_A_SECOND 400
#define BUFFER_BYTES_MIN 1024
#define BUFFER_BYTES_MAX 16384

typedef struct Fetch {
        const Task *task;
        CURL *easy;
        Sink *sink;
        int64_t total_bytes; /* -1: not told */
        bool began;  /* the answer was judged: what comes now is the file itself, or dropped */
        bool failed; /* failure is set, by us and not by libcurl */
        Failure failure;
        usec_t told_usec;
        uint64_t told_bytes;
        char detail[CURL_ERROR_SIZE];
} Fetch;

/* What may be asked for by name, and what that is for libcurl. A name that isn't here (a protocol
 * to come) allows nothing. */
static const struct {
        const char *name, *curl_name;
} protocols[] = {
        {"http", "http"},
        {"https", "https"},
};

/* HTTP/1.1 alone: an HTTP/2 stream may buffer megabytes. HTTP/0.9 is let in so that we refuse it
 * ourselves: libcurl has no error of its own for a server that doesn't speak HTTP. */
static const struct {
        CURLoption option;
        long value;
} fixed_options[] = {
        {CURLOPT_FOLLOWLOCATION, 1L},
        {CURLOPT_MAXREDIRS, REDIRECTS_MAX},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_HTTP09_ALLOWED, 1L},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_SSL_VERIFYPEER, 1L},
        {CURLOPT_SSL_VERIFYHOST, 2L},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
        {CURLOPT_TCP_KEEPALIVE, 1L},
        {CURLOPT_LOW_SPEED_LIMIT, 1L},
        {CURLOPT_NOPROGRESS, 0L},
};

/* Attempts end here for good only where another one would end the same way. */
/* clang-format off */
static const struct {
        CURLcode error;
        bool final;
        const char *code, *sentence;
} errors[] = {
        {CURLE_UNSUPPORTED_PROTOCOL,      true,  "scheme",     "the URL's protocol is not allowed"},
        {CURLE_URL_MALFORMAT,             true,  "scheme",     "the URL can't be read"},
        {CURLE_COULDNT_RESOLVE_HOST,      false, "resolve",    "the host's name has no address"},
        {CURLE_COULDNT_CONNECT,           false, "connect",    "no connection to the host"},
        {CURLE_TOO_MANY_REDIRECTS,        false, "redirects",  "the server redirects too often"},
        {CURLE_SSL_CONNECT_ERROR,         false, "tls",        "no TLS with the host"},
        {CURLE_SSL_CIPHER,                false, "tls",        "no TLS with the host"},
        {CURLE_PEER_FAILED_VERIFICATION,  false, "tls",        "the server's certificate is not good"},
        {CURLE_SSL_ISSUER_ERROR,          false, "tls",        "the server's certificate is not good"},
        {CURLE_SSL_CACERT_BADFILE,        false, "tls",        "the trusted roots can't be read"},
        {CURLE_PARTIAL_FILE,              false, "connection", "the connection ended before the file did"},
        {CURLE_GOT_NOTHING,               false, "connection", "the server closed without an answer"},
        {CURLE_RECV_ERROR,                false, "connection", "the connection broke"},
        {CURLE_SEND_ERROR,                false, "connection", "the connection broke"},
};
/* clang-format on */

/* HTTP refusals that may pass: 408 Request Timeout, 425 Too Early, 429 Too Many Requests. */
static const long passing_refusals[] = {408, 425, 429};

static void fail(Fetch *f, bool final, const char *code, const char *sentence)
{
        f->failed = true;
        f->failure = (Failure){.final = final};
        snprintf(f->failure.code, sizeof(f->failure.code), "%s", code);
        snprintf(f->failure.message, sizeof(f->failure.message), "%s", sentence);
}

static void fail_by_status(Fetch *f, long status)
{
        bool final = status >= 400 && status < 500;

        if (status == 0) {
                fail(f, false, "connection", "the server does not speak HTTP");
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(passing_refusals); i++)
                final = final && status != passing_refusals[i];
        f->failed = true;
        f->failure = (Failure){.final = final};
        snprintf(f->failure.code, sizeof(f->failure.code), "http-%ld", status);
        snprintf(f->failure.message, sizeof(f->failure.message), "the server answered with %ld",
                 status);
}

/* libcurl has one error for all that takes too long. */
static void fail_by_time(Fetch *f)
{
        curl_off_t elapsed_usec = 0, ready_usec = 0;

        (void)curl_easy_getinfo(f->easy, CURLINFO_TOTAL_TIME_T, &elapsed_usec);
        (void)curl_easy_getinfo(f->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_usec);
        if (f->task->timeout_seconds > 0 &&
            elapsed_usec + TIMER_SLACK_USEC >= f->task->timeout_seconds * (curl_off_t)USEC_PER_SEC)
                fail(f, false, "timeout", "the download took longer than allowed");
        else if (ready_usec == 0)
                fail(f, false, "connect", "no connection to the host in time");
        else
                fail(f, false, "stalled", "no byte came for too long");
}

/* libcurl's own words help with TLS and the network, but are kept back where the URL holds a
 * password: they could repeat a part of it. */
static void fail_by_error(Fetch *f, CURLcode error)
{
        const char *code = "connection", *sentence = curl_easy_strerror(error);
        bool final = false;
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                if (errors[i].error != error)
                        continue;
                final = errors[i].final;
                code = errors[i].code;
                sentence = errors[i].sentence;
        }
        fail(f, final, code, sentence);
        n = strlen(f->failure.message);
        if (!final && f->detail[0] && !strchr(f->task->url, '@'))
                snprintf(f->failure.message + n, sizeof(f->failure.message) - n, " (%.*s)",
                         (int)(sizeof(f->failure.message) - n - 4), f->detail);
}

static long http_status(Fetch *f)
{
        long status = 0;

        (void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
        return status;
}

/* Before the first byte: nothing but the file itself is written, and only if there is room. A page
 * that explains an error is no firmware. */
static int fetch_begin(Fetch *f)
{
        curl_off_t length = -1;

        f->began = true;
        if (http_status(f) != 200) {
                fail_by_status(f, http_status(f));
                return -EIO;
        }
        (void)curl_easy_getinfo(f->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        f->total_bytes = length;
        f->failed = length >= 0 && sink_expect(f->sink, (uint64_t)length, &f->failure) < 0;
        return f->failed ? -EIO : 0;
}

/* The empty line ends the header: judge the answer before any byte of it came. */
static size_t on_header(char *line, size_t one, size_t count, void *userdata)
{
        Fetch *f = userdata;
        bool end = one * count > 0 && (line[0] == '\r' || line[0] == '\n');

        if (end && !f->began && http_status(f) == 200 && fetch_begin(f) < 0)
                return 0;
        return one * count;
}

static size_t on_data(char *data, size_t one, size_t count, void *userdata)
{
        Fetch *f = userdata;

        if (!f->began && fetch_begin(f) < 0)
                return 0;
        f->failed = sink_write(f->sink, data, one * count, &f->failure) < 0;
        if (sink_size(f->sink) == one * count)
                fail_point("worker", "fetch-bytes");
        return f->failed ? 0 : one * count;
}

static void tell_progress(Fetch *f)
{
        f->told_bytes = sink_size(f->sink);
        f->told_usec = boottime_now();
        say_progress(f->told_bytes, f->total_bytes);
}

static int on_progress(void *userdata, curl_off_t total _unused_, curl_off_t now _unused_,
                       curl_off_t up_total _unused_, curl_off_t up_now _unused_)
{
        Fetch *f = userdata;

        if (sink_size(f->sink) != f->told_bytes &&
            boottime_now() - f->told_usec >= PROGRESS_INTERVAL_USEC)
                tell_progress(f);
        return 0;
}

/* The asked-for protocols that we have, as libcurl wants them: "http,https". */
static void protocols_text(const cJSON *asked, char out[static PROTOCOLS_TEXT_MAX])
{
        size_t size = 0;

        out[0] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(protocols); i++) {
                const cJSON *item;

                cJSON_ArrayForEach (item, asked) {
                        if (!streq(item->valuestring, protocols[i].name))
                                continue;
                        size += (size_t)snprintf(out + size, PROTOCOLS_TEXT_MAX - size, "%s%s",
                                                 size > 0 ? "," : "", protocols[i].curl_name);
                        break;
                }
        }
}

/* libcurl guesses a scheme for "host/file"; we don't. */
static bool url_has_scheme(const char *url)
{
        CURLU *parsed = curl_url();
        bool fine = parsed &&
                    curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;

        curl_url_cleanup(parsed);
        return fine;
}

static CURLcode set_rate(CURL *easy, int64_t rate_bytes)
{
        int64_t buffer = MAX(rate_bytes / BUFFERS_A_SECOND, (int64_t)BUFFER_BYTES_MIN);
        CURLcode r;

        if (rate_bytes == 0)
                return CURLE_OK;
        r = curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)rate_bytes);
        return r ? r
                 : curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
                                    (long)MIN(buffer, (int64_t)BUFFER_BYTES_MAX));
}

static CURLcode set_job(Fetch *f, const char *allowed)
{
        const Task *t = f->task;
        CURL *e = f->easy;
        CURLcode r = curl_easy_setopt(e, CURLOPT_URL, t->url);

        r = r ? r : curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, allowed);
        r = r ? r : curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, allowed);
        r = r ? r : curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)t->stall_timeout_seconds);
        r = r ? r : curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, (long)t->stall_timeout_seconds);
        r = r ? r : curl_easy_setopt(e, CURLOPT_TIMEOUT, (long)t->timeout_seconds);
        r = r ? r : set_rate(e, t->rate_bytes);
        r = r ? r : fetch_trust(e, t->ca_file);
        return r;
}

static CURLcode set_fixed(Fetch *f)
{
        CURL *e = f->easy;
        CURLcode r = CURLE_OK;

        for (size_t i = 0; r == CURLE_OK && i < ELEMENTSOF(fixed_options); i++)
                r = curl_easy_setopt(e, fixed_options[i].option, fixed_options[i].value);
        r = r ? r : curl_easy_setopt(e, CURLOPT_USERAGENT, "rauc-ocpp-agent/" PROJECT_VERSION);
        r = r ? r : curl_easy_setopt(e, CURLOPT_PROXY, "");
        r = r ? r : curl_easy_setopt(e, CURLOPT_ERRORBUFFER, f->detail);
        r = r ? r : curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
        r = r ? r : curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
        r = r ? r : curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
        r = r ? r : curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
        r = r ? r : curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
        r = r ? r : curl_easy_setopt(e, CURLOPT_XFERINFODATA, f);
        return r;
}

static int fetch_perform(Fetch *f)
{
        char allowed[PROTOCOLS_TEXT_MAX];
        CURLcode r = CURLE_OK;

        protocols_text(f->task->protocols, allowed);
        if (!url_has_scheme(f->task->url))
                r = CURLE_URL_MALFORMAT;
        else if (!allowed[0]) /* libcurl would take "" for all it can */
                r = CURLE_UNSUPPORTED_PROTOCOL;
        r = r ? r : set_fixed(f);
        r = r ? r : set_job(f, allowed);
        r = r ? r : curl_easy_perform(f->easy);
        if (f->failed)
                return -EIO;
        if (r == CURLE_OPERATION_TIMEDOUT)
                fail_by_time(f);
        else if (r != CURLE_OK)
                fail_by_error(f, r);
        else if (http_status(f) != 200)
                fail_by_status(f, http_status(f)); /* one without a body */
        return f->failed ? -EIO : 0;
}

static int fetch(Fetch *f)
{
        const Task *t = f->task;

        f->easy = curl_easy_init();
        if (!f->easy) {
                fail(f, false, "connection", "out of memory");
                return -EIO;
        }
        f->failed = sink_open(t->file, (uint64_t)t->max_size_bytes, &f->sink, &f->failure) < 0;
        if (f->failed || fetch_perform(f) < 0)
                return -EIO;
        if (f->told_usec == 0 || f->told_bytes != sink_size(f->sink))
                tell_progress(f); /* the end, if not told yet */
        return sink_finish(f->sink, &f->failure);
}

int fetch_run(const Task *task)
{
        Fetch f = {.task = task, .total_bytes = -1};
        int r;

        fail_point("worker", "fetch-begin");
        if (cage_enter(CAGE_FETCH, task) < 0)
                return EXIT_SUCCESS;
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return EXIT_FAILURE;
        r = fetch(&f);
        fail_point("worker", "fetch-end");
        if (r < 0)
                say_failed(&f.failure);
        else
                say_done(sink_size(f.sink));
        sink_freep(&f.sink);
        curl_easy_cleanup(f.easy);
        curl_global_cleanup();
        return EXIT_SUCCESS;
}
