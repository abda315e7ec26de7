/* The handle and where it goes: see way.h. Redirects are followed here and not by libcurl, so that
 * each goes through the same door as the first URL: its protocol, its login, its kind of TLS. */
#include <stdio.h>
#include <strings.h>

#include "way-internal.h"

#define REDIRECTS_MAX 5
#define IMPLICIT_FTPS_PORT "990"
/* libcurl counts the time for a connection from the beginning of the transfer, also that for FTP's
 * second one, which comes after a dozen exchanges; each of those has the stall's time limit. */
#define FTP_CONNECT_STALLS 5
/* libcurl counts milliseconds in an int. */
#define CONNECT_SECONDS_MAX INT64_C(2000000)
/* libcurl reads up to a hundred buffers before it looks at the rate again: a quarter of a second's
 * worth of them, within the sizes it takes gladly. */
#define BUFFERS_A_SECOND 400
#define BUFFER_BYTES_MIN 1024
#define BUFFER_BYTES_MAX 16384
/* Without a rate: that of the program curl. */
#define BUFFER_BYTES_FREE 102400L

/* What may be asked for by name, and what that is for libcurl. A name that isn't here allows
 * nothing. */
/* clang-format off */
static const struct Protocol {
        const char *name, *curl_name;
        bool http, encrypted;
        int64_t connect_stalls; /* how many times the stall's limit connecting may take */
} protocols[] = {
        {"http",  "http",  true,  false, 1},
        {"https", "https", true,  true,  1},
        {"ftp",   "ftp",   false, false, FTP_CONNECT_STALLS},
        {"ftps",  "ftp",   false, true,  FTP_CONNECT_STALLS},
        {"sftp",  "sftp",  false, true,  1},
};
/* clang-format on */

/* HTTP/0.9 is let in so that a job refuses it itself: libcurl has no error of its own for a server
 * that doesn't speak HTTP. No key of the user's, no agent: an sftp login is a password. */
static const struct {
        CURLoption option;
        long value;
} fixed_options[] = {
        {CURLOPT_FOLLOWLOCATION, 0L},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS},
        {CURLOPT_HTTP09_ALLOWED, 1L},
        {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_SSL_VERIFYPEER, 1L},
        {CURLOPT_SSL_VERIFYHOST, 2L},
        {CURLOPT_SSH_AUTH_TYPES, CURLSSH_AUTH_PASSWORD | CURLSSH_AUTH_KEYBOARD},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
        {CURLOPT_TCP_KEEPALIVE, 1L},
        {CURLOPT_LOW_SPEED_LIMIT, 1L},
};

static CURLcode set_rate(CURL *easy, int64_t rate_bytes)
{
        int64_t buffer = MAX(rate_bytes / BUFFERS_A_SECOND, (int64_t)BUFFER_BYTES_MIN);
        CURLcode r;

        if (rate_bytes == 0)
                return curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES_FREE);
        r = curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)rate_bytes);
        r = r ? r : curl_easy_setopt(easy, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)rate_bytes);
        return r ? r
                 : curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
                                    (long)MIN(buffer, (int64_t)BUFFER_BYTES_MAX));
}

static CURLcode set_all(Way *w)
{
        const Task *t = w->task;
        long stall_seconds = (long)t->stall_timeout_seconds;
        CURL *e = w->easy;
        CURLcode r = CURLE_OK;

        for (size_t i = 0; r == CURLE_OK && i < ELEMENTSOF(fixed_options); i++)
                r = curl_easy_setopt(e, fixed_options[i].option, fixed_options[i].value);
        r = r ? r : curl_easy_setopt(e, CURLOPT_USERAGENT, "rauc-ocpp-agent/" PROJECT_VERSION);
        r = r ? r : curl_easy_setopt(e, CURLOPT_ERRORBUFFER, w->detail);
        r = r ? r : curl_easy_setopt(e, CURLOPT_PROXY, strempty(t->proxy));
        r = r ? r : curl_easy_setopt(e, CURLOPT_NOPROXY, "");
        r = r ? r : curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, stall_seconds);
        r = r ? r : curl_easy_setopt(e, CURLOPT_FTP_RESPONSE_TIMEOUT, stall_seconds);
        r = r ? r : curl_easy_setopt(e, CURLOPT_TIMEOUT, (long)t->timeout_seconds);
        r = r ? r : set_rate(e, t->rate_bytes);
        r = r ? r : way_set_trust(e, t);
        r = r ? r : way_set_host_key(w);
        return r;
}

int way_new(const Task *task, Way **ret, Failure *reterr)
{
        _cleanup_(way_freep) Way *w = calloc(1, sizeof(*w));
        CURLcode error = w ? curl_global_init(CURL_GLOBAL_DEFAULT) : CURLE_OUT_OF_MEMORY;

        if (error != CURLE_OK) {
                way_fail(false, "worker", "libcurl can't be used", reterr);
                return -EIO;
        }
        w->task = task;
        w->easy = curl_easy_init();
        w->target = curl_url();
        error = w->easy && w->target ? set_all(w) : CURLE_OUT_OF_MEMORY;
        if (error != CURLE_OK) {
                way_judge_error(w, error, reterr);
                return -EIO;
        }
        if (task->credentials_file && logins_read(task->credentials_file, &w->logins) < 0) {
                way_fail(true, "file", "the credentials file can't be read", reterr);
                return -EIO;
        }
        *ret = TAKE_PTR(w);
        return 0;
}

static void erase(char **secret)
{
        if (*secret)
                explicit_bzero(*secret, strlen(*secret));
        curl_free(TAKE_PTR(*secret));
}

void way_free(Way *w)
{
        if (!w)
                return;
        curl_easy_cleanup(w->easy);
        curl_url_cleanup(w->target);
        curl_global_cleanup();
        logins_free(w->logins);
        erase(&w->user);
        erase(&w->password);
        free(w->origin);
        free(w);
}

CURL *way_curl(const Way *w)
{
        return w->easy;
}

bool way_is_http(const Way *w)
{
        return w->protocol->http;
}

static const struct Protocol *protocol_find(const cJSON *allowed, const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(protocols); i++) {
                const cJSON *item;

                if (!streq(protocols[i].name, name))
                        continue;
                cJSON_ArrayForEach (item, allowed) {
                        if (streq(item->valuestring, name))
                                return &protocols[i];
                }
        }
        return NULL;
}

/* A part of the URL; NULL: it has none. Freed with curl_free(). */
static char *part_of(CURLU *url, CURLUPart part, unsigned flags)
{
        char *text = NULL;

        return curl_url_get(url, part, &text, flags) == CURLUE_OK ? text : NULL;
}

static void curl_freep(char **text)
{
        curl_free(*text);
}

bool way_is_file(const Way *w)
{
        _cleanup_(curl_freep) char *path = part_of(w->target, CURLUPART_PATH, 0);
        size_t n = path ? strlen(path) : 0;

        return way_is_http(w) || (n > 0 && path[n - 1] != '/' && !strcasestr(path, ";type="));
}

/* RFC 4217's ftps is ftp with AUTH TLS; what begins with TLS is known by its port alone. */
static CURLcode set_protocol(Way *w)
{
        _cleanup_(curl_freep) char *port = part_of(w->target, CURLUPART_PORT, 0);
        bool ftps = streq(w->protocol->name, "ftps"),
             implicit = ftps && port && streq(port, IMPLICIT_FTPS_PORT);
        const char *name = implicit ? "ftps" : w->protocol->curl_name;
        int64_t connect_seconds = w->task->stall_timeout_seconds * w->protocol->connect_stalls;
        CURLcode r = curl_easy_setopt(w->easy, CURLOPT_PROTOCOLS_STR, name);

        r = r ? r
              : curl_easy_setopt(w->easy, CURLOPT_CONNECTTIMEOUT,
                                 (long)MIN(connect_seconds, CONNECT_SECONDS_MAX));
        r = r ? r
              : curl_easy_setopt(w->easy, CURLOPT_USE_SSL,
                                 (long)(ftps ? CURLUSESSL_ALL : CURLUSESSL_NONE));
        /* A proxy tunnels what is no HTTP, else it would be asked to speak FTP itself. */
        r = r ? r : curl_easy_setopt(w->easy, CURLOPT_HTTPPROXYTUNNEL, (long)!w->protocol->http);
        if (r == CURLE_OK && curl_url_set(w->target, CURLUPART_SCHEME, name, 0) != CURLUE_OK)
                r = CURLE_OUT_OF_MEMORY;
        return r;
}

/* 0 and the part, decoded, NULL: there is none. -EINVAL: it holds control characters, which would
 * end a line of FTP's dialogue and begin another. */
static int decoded_part(CURLU *url, CURLUPart part, CURLUcode none, char **ret)
{
        CURLUcode r = curl_url_get(url, part, ret, CURLU_URLDECODE);

        if (r == none)
                *ret = NULL;
        return r == CURLUE_OK || r == none ? 0 : -EINVAL;
}

/* User and password of the URL aimed at, taken out of it. */
static int take_login(Way *w, char **ret_user, char **ret_password)
{
        if (decoded_part(w->target, CURLUPART_USER, CURLUE_NO_USER, ret_user) < 0 ||
            decoded_part(w->target, CURLUPART_PASSWORD, CURLUE_NO_PASSWORD, ret_password) < 0 ||
            curl_url_set(w->target, CURLUPART_USER, NULL, 0) != CURLUE_OK ||
            curl_url_set(w->target, CURLUPART_PASSWORD, NULL, 0) != CURLUE_OK)
                return -EINVAL;
        return 0;
}

/* "https://host:443" of what is aimed at. */
static char *origin_of(CURLU *url)
{
        _cleanup_(curl_freep) char *scheme = part_of(url, CURLUPART_SCHEME, 0);
        _cleanup_(curl_freep) char *host = part_of(url, CURLUPART_HOST, 0);
        _cleanup_(curl_freep) char *port = part_of(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);

        return str_printf("%s://%s:%s", strempty(scheme), strempty(host), strempty(port));
}

/* The login for what is aimed at: user and password of its URL, or those of the first URL if it is
 * the same server's, or those of the file if that is allowed. */
static CURLcode set_login(Way *w, const char *user, const char *password, bool by_file)
{
        _cleanup_(curl_freep) char *host = part_of(w->target, CURLUPART_HOST, 0);
        _cleanup_(freep) char *origin = origin_of(w->target);
        Login login = {user, password};
        CURLcode r;

        if (!user && str_equal(origin, w->origin))
                login = (Login){w->user, w->password};
        w->login_from_file = by_file && !login.user;
        if (w->login_from_file)
                login = logins_find(w->logins, strempty(host));
        r = curl_easy_setopt(w->easy, CURLOPT_USERNAME, login.user);
        return r ? r : curl_easy_setopt(w->easy, CURLOPT_PASSWORD, login.password);
}

/* What stands in target is the URL, whole. */
static int aim(Way *w, bool first, Failure *reterr)
{
        _cleanup_(curl_freep) char *scheme = part_of(w->target, CURLUPART_SCHEME, 0);
        _cleanup_(curl_freep) char *text = NULL;
        _cleanup_(erase) char *user = NULL, *password = NULL;
        bool was_encrypted = !first && w->protocol->encrypted;
        CURLcode r;

        w->protocol = scheme ? protocol_find(w->task->protocols, scheme) : NULL;
        if (!w->protocol || take_login(w, &user, &password) < 0) {
                way_judge_error(w, w->protocol ? CURLE_URL_MALFORMAT : CURLE_UNSUPPORTED_PROTOCOL,
                                reterr);
                return -EIO;
        }
        r = set_protocol(w);
        r = r ? r : set_login(w, user, password, !was_encrypted || w->protocol->encrypted);
        text = part_of(w->target, CURLUPART_URL, 0);
        r = r ? r : curl_easy_setopt(w->easy, CURLOPT_URL, text);
        if (r != CURLE_OK) {
                way_judge_error(w, r, reterr);
                return -EIO;
        }
        if (first) {
                w->origin = origin_of(w->target);
                w->user = TAKE_PTR(user);
                w->password = TAKE_PTR(password);
        }
        return 0;
}

int way_aim(Way *w, const char *url, Failure *reterr)
{
        /* No scheme is guessed. One that libcurl doesn't know is refused by name. */
        if (curl_url_set(w->target, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
                way_judge_error(w, CURLE_URL_MALFORMAT, reterr);
                return -EIO;
        }
        free(TAKE_PTR(w->origin));
        erase(&w->user);
        erase(&w->password);
        w->redirects = 0;
        return aim(w, true, reterr);
}

static const char *location_of(const Way *w)
{
        struct curl_header *header = NULL;

        return curl_easy_header(w->easy, "Location", 0, CURLH_HEADER, -1, &header) == CURLHE_OK
                       ? header->value
                       : NULL;
}

bool way_is_redirect(const Way *w)
{
        static const long statuses[] = {301, 302, 303, 307, 308};

        for (size_t i = 0; way_is_http(w) && i < ELEMENTSOF(statuses); i++) {
                if (way_status(w) == statuses[i])
                        return location_of(w);
        }
        return false;
}

int way_follow(Way *w, Failure *reterr)
{
        CURLUcode r;

        if (!way_is_redirect(w))
                return 0;
        if (w->redirects++ >= REDIRECTS_MAX) {
                way_judge_error(w, CURLE_TOO_MANY_REDIRECTS, reterr);
                return -EIO;
        }
        r = curl_url_set(w->target, CURLUPART_URL, location_of(w),
                         CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE);
        if (r != CURLUE_OK) {
                way_judge_error(w, CURLE_URL_MALFORMAT, reterr);
                return -EIO;
        }
        return aim(w, false, reterr) < 0 ? -EIO : 1;
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>

/* What libcurl forgets, which alone calls libssh2, and what dies with the worker: an SFTP handle
 * where a file is shorter than what was asked for; in 8.14 alone (Debian 13) now and then the whole
 * session, when it closes the connection. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
        return "leak:libssh2.so";
}

__attribute__((visibility("default"))) const char *__lsan_default_options(void)
{
        return "print_suppressions=0";
}
#endif
