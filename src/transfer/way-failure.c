/* What went wrong, by tables: which of libcurl's errors, HTTP statuses and FTP replies is called
 * what, and after which another attempt would end the same way. */
#include <stdio.h>

#include "way-internal.h"

#define RETRY_AFTER_MAX_SECONDS 86400
/* libcurl's timers and its clock need not agree to the millisecond. */
#define TIMER_SLACK_USEC ((curl_off_t)500000)

typedef struct Error {
        CURLcode error;
        bool final;
        const char *code, *sentence;
} Error;

/* clang-format off */
static const Error errors[] = {
        {CURLE_UNSUPPORTED_PROTOCOL,      true,  "scheme",     "the URL's protocol is not allowed"},
        {CURLE_URL_MALFORMAT,             true,  "scheme",     "the URL can't be read"},
        {CURLE_COULDNT_RESOLVE_HOST,      false, "resolve",    "the host's name has no address"},
        {CURLE_COULDNT_RESOLVE_PROXY,     false, "resolve",    "the proxy's name has no address"},
        {CURLE_COULDNT_CONNECT,           false, "connect",    "no connection to the host"},
        {CURLE_PROXY,                     false, "connect",    "no connection through the proxy"},
        {CURLE_TOO_MANY_REDIRECTS,        false, "redirects",  "the server redirects too often"},
        {CURLE_SSL_CONNECT_ERROR,         false, "tls",        "no TLS with the host"},
        {CURLE_SSL_CIPHER,                false, "tls",        "no TLS with the host"},
        {CURLE_USE_SSL_FAILED,            false, "tls",        "no TLS with the host"},
        {CURLE_PEER_FAILED_VERIFICATION,  false, "tls",        "the server's certificate is not good"},
        {CURLE_SSL_ISSUER_ERROR,          false, "tls",        "the server's certificate is not good"},
        {CURLE_SSL_CACERT_BADFILE,        false, "tls",        "the trusted roots can't be read"},
        {CURLE_SSL_CERTPROBLEM,           false, "tls",        "the client's certificate or key can't be used"},
        {CURLE_PARTIAL_FILE,              false, "connection", "the connection ended before the file did"},
        {CURLE_GOT_NOTHING,               false, "connection", "the server closed without an answer"},
        {CURLE_RECV_ERROR,                false, "connection", "the connection broke"},
        {CURLE_SEND_ERROR,                false, "connection", "the connection broke"},
        {CURLE_OUT_OF_MEMORY,             false, "worker",     "out of memory"},
};

/* Of SFTP, and of FTP where the server gave no reply to go by. */
static const Error file_errors[] = {
        {CURLE_LOGIN_DENIED,              true,  "login",      "the server refuses user and password"},
        {CURLE_REMOTE_FILE_NOT_FOUND,     true,  "ssh",        "the server has no such file"},
        {CURLE_REMOTE_ACCESS_DENIED,      true,  "ssh",        "the server does not permit it"},
        {CURLE_REMOTE_DISK_FULL,          false, "ssh",        "the server has no room"},
        {CURLE_SSH,                       false, "ssh",        "no SSH with the host"},
};
/* clang-format on */

/* HTTP refusals that may pass: 408 Request Timeout, 425 Too Early, 429 Too Many Requests. */
static const long passing_refusals[] = {408, 425, 429};

void way_fail(bool final, const char *code, const char *sentence, Failure *ret)
{
        *ret = (Failure){.final = final};
        snprintf(ret->code, sizeof(ret->code), "%s", code);
        snprintf(ret->message, sizeof(ret->message), "%s", sentence);
}

long way_status(const Way *w)
{
        long status = 0;

        (void)curl_easy_getinfo(w->easy, CURLINFO_RESPONSE_CODE, &status);
        return status;
}

void way_judge_status(const Way *w, Failure *ret)
{
        long status = way_status(w);
        bool final = status >= 400 && status < 500;
        curl_off_t rest_seconds = 0;

        if (status == 0) {
                way_fail(false, "connection", "the server does not speak HTTP", ret);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(passing_refusals); i++)
                final = final && status != passing_refusals[i];
        (void)curl_easy_getinfo(w->easy, CURLINFO_RETRY_AFTER, &rest_seconds);
        *ret = (Failure){.final = final,
                         .retry_after_seconds = (uint64_t)MIN(MAX(rest_seconds, (curl_off_t)0),
                                                              RETRY_AFTER_MAX_SECONDS)};
        snprintf(ret->code, sizeof(ret->code), "http-%ld", status);
        snprintf(ret->message, sizeof(ret->message), "the server answered with %ld", status);
}

/* RFC 959: 4yz may pass, 5yz will not. */
static void judge_reply(const Way *w, Failure *ret)
{
        long reply = way_status(w);

        *ret = (Failure){.final = reply >= 500};
        snprintf(ret->code, sizeof(ret->code), "ftp-%ld", reply);
        snprintf(ret->message, sizeof(ret->message), "the server replied with %ld", reply);
}

/* libcurl has one error for all that takes too long. */
static void judge_time(const Way *w, Failure *ret)
{
        curl_off_t elapsed_usec = 0, ready_usec = 0;
        int64_t limit_seconds = w->task->timeout_seconds;

        (void)curl_easy_getinfo(w->easy, CURLINFO_TOTAL_TIME_T, &elapsed_usec);
        (void)curl_easy_getinfo(w->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_usec);
        if (limit_seconds > 0 &&
            elapsed_usec + TIMER_SLACK_USEC >= limit_seconds * (curl_off_t)USEC_PER_SEC)
                way_fail(false, "timeout", "it took longer than allowed", ret);
        else if (ready_usec == 0)
                way_fail(false, "connect", "no connection to the host in time", ret);
        else
                way_fail(false, "stalled", "no byte came for too long", ret);
}

static const Error *error_find(const Error *table, size_t count, CURLcode error)
{
        for (size_t i = 0; i < count; i++) {
                if (table[i].error == error)
                        return &table[i];
        }
        return NULL;
}

/* libcurl's own words help with TLS and the network. No password is in them: it knows none by the
 * URL. */
static void add_detail(const Way *w, Failure *ret)
{
        size_t n = strlen(ret->message);

        if (w->detail[0])
                snprintf(ret->message + n, sizeof(ret->message) - n, " (%.*s)",
                         (int)(sizeof(ret->message) - n - 4), w->detail);
}

void way_judge_error(const Way *w, CURLcode error, Failure *ret)
{
        const Error *e = error_find(errors, ELEMENTSOF(errors), error);
        bool http = !w->protocol || way_is_http(w);

        if (w->failed) {
                *ret = w->failure;
        } else if (error == CURLE_OPERATION_TIMEDOUT) {
                judge_time(w, ret);
        } else if (!e && !http && way_status(w) >= 400) {
                judge_reply(w, ret);
        } else {
                e = e || http ? e : error_find(file_errors, ELEMENTSOF(file_errors), error);
                way_fail(e && e->final, e ? e->code : "connection",
                         e ? e->sentence : curl_easy_strerror(error), ret);
                if (!ret->final)
                        add_detail(w, ret);
        }
}
