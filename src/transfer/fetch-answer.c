/* A rest is only ever put behind what we have if the server proves that both are of one version:
 * see fetch-answer.h. RFC 9110, 8.8 (validators), 13.1.5 (If-Range), 14 (ranges). */
#include <stdio.h>
#include <strings.h>

#include "fetch-answer.h"

/* Longer ones are no use: they have to fit into the side-car. */
#define VALIDATOR_SIZE_MAX 1024
#define EPOCH_TEXT_MAX 24

typedef struct Range {
        int64_t first, last; /* -1: an answer without bytes, "*" */
        int64_t length;      /* -1: not told */
} Range;

/* ---- asking ---- */

static CURLcode add_header(struct curl_slist **headers, const char *name, const char *value)
{
        _cleanup_(freep) char *line = str_printf("%s: %s", name, value);
        struct curl_slist *longer = line ? curl_slist_append(*headers, line) : NULL;

        if (!longer)
                return CURLE_OUT_OF_MEMORY;
        *headers = longer;
        return CURLE_OK;
}

static CURLcode ask_http(const Way *w, const Version *have, uint64_t have_bytes,
                         struct curl_slist **headers)
{
        CURL *e = way_curl(w);
        char range[32];
        CURLcode r = curl_easy_setopt(e, CURLOPT_HTTPHEADER, NULL);

        curl_slist_free_all(TAKE_PTR(*headers));
        r = r ? r : add_header(headers, "Accept-Encoding", "identity");
        if (r == CURLE_OK && have)
                r = add_header(headers, "If-Range", have->etag ? have->etag : have->last_modified);
        snprintf(range, sizeof(range), "%llu-", (unsigned long long)have_bytes);
        r = r ? r : curl_easy_setopt(e, CURLOPT_RANGE, have ? range : NULL);
        return r ? r : curl_easy_setopt(e, CURLOPT_HTTPHEADER, *headers);
}

CURLcode answer_ask(const Way *w, const Version *have, uint64_t have_bytes,
                    struct curl_slist **headers)
{
        CURL *e = way_curl(w);
        curl_off_t offset = have && !way_is_http(w) ? (curl_off_t)have_bytes : 0;
        CURLcode r = curl_easy_setopt(e, CURLOPT_RESUME_FROM_LARGE, offset);

        r = r ? r : curl_easy_setopt(e, CURLOPT_FILETIME, 1L);
        return r || !way_is_http(w) ? r : ask_http(w, have, have_bytes, headers);
}

/* ---- reading ---- */

static const char *header_of(const Way *w, const char *name)
{
        struct curl_header *header = NULL;

        return curl_easy_header(way_curl(w), name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
                       ? header->value
                       : NULL;
}

static bool is_validator(const char *text)
{
        size_t n = text ? strlen(text) : 0;

        for (size_t i = 0; i < n; i++) {
                if (text[i] < ' ' || text[i] > '~')
                        return false;
        }
        return n > 0 && n < VALIDATOR_SIZE_MAX;
}

/* 8.8.3: a weak one promises the same meaning only, not the same bytes. */
static const char *strong_etag(const Way *w)
{
        const char *etag = header_of(w, "ETag");

        return is_validator(etag) && etag[0] == '"' ? etag : NULL;
}

/* 8.8.2.2: a file may change twice in a second, so a time counts only if it had passed when the
 * answer was made. */
static const char *strong_last_modified(const Way *w)
{
        const char *modified = header_of(w, "Last-Modified"), *date = header_of(w, "Date");
        time_t then = is_validator(modified) ? curl_getdate(modified, NULL) : -1,
               now = date ? curl_getdate(date, NULL) : -1;

        return then >= 0 && now > then ? modified : NULL;
}

static curl_off_t content_length(const Way *w)
{
        curl_off_t length = -1;

        (void)curl_easy_getinfo(way_curl(w), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        return length;
}

static int version_make(const char *etag, const char *last_modified, int64_t length_bytes,
                        Version *ret)
{
        Version v = {.length_bytes = length_bytes};

        if (str_replace(&v.etag, etag) < 0 || str_replace(&v.last_modified, last_modified) < 0) {
                version_done(&v);
                return -ENOMEM;
        }
        *ret = v;
        return 0;
}

static const char *read_number(const char *s, int64_t *ret)
{
        char *end = NULL;
        unsigned long long v;

        if (*s < '0' || *s > '9')
                return NULL;
        errno = 0;
        v = strtoull(s, &end, 10);
        if (errno || v > INT64_MAX)
                return NULL;
        *ret = (int64_t)v;
        return end;
}

/* "bytes 5-8/9", with "*" for what isn't known: 14.4. */
static int range_parse(const char *text, Range *ret)
{
        Range r = {-1, -1, -1};
        const char *s = text && strncasecmp(text, "bytes ", 6) == 0 ? text + 6 : NULL;

        if (s && *s == '*') {
                s++;
        } else if (s) {
                s = read_number(s, &r.first);
                s = s && *s == '-' ? read_number(s + 1, &r.last) : NULL;
        }
        if (!s || *s++ != '/')
                return -EINVAL;
        s = streq(s, "*") ? s + 1 : read_number(s, &r.length);
        if (!s || *s || r.last < r.first || (r.length >= 0 && r.last >= r.length))
                return -EINVAL;
        *ret = r;
        return 0;
}

/* ---- judging ---- */

/* Nothing of what the answer says about the version is another than what we have, and whatever it
 * leaves out was promised by If-Range. */
static bool is_same(const Way *w, const Version *have, int64_t length_bytes)
{
        const char *etag = header_of(w, "ETag"), *modified = header_of(w, "Last-Modified");

        return (!etag || !have->etag || streq(etag, have->etag)) &&
               (!modified || !have->last_modified || streq(modified, have->last_modified)) &&
               (length_bytes < 0 || have->length_bytes < 0 || length_bytes == have->length_bytes);
}

static Verdict judge_rest(const Way *w, const Version *have, uint64_t have_bytes, Version *ret)
{
        Range range;
        curl_off_t body_bytes = content_length(w);

        if (range_parse(header_of(w, "Content-Range"), &range) < 0)
                return VERDICT_CHANGED;
        if (range.length < 0)
                range.length = have->length_bytes;
        if (range.first != (int64_t)have_bytes || range.last != range.length - 1 ||
            !is_same(w, have, range.length) ||
            (body_bytes >= 0 && body_bytes != range.last - range.first + 1))
                return VERDICT_CHANGED;
        return version_make(NULL, NULL, range.length, ret) < 0 ? VERDICT_NONE : VERDICT_REST;
}

/* The rest behind the end can't be had; what is the end? */
static Verdict judge_no_rest(const Way *w, const Version *have, uint64_t have_bytes)
{
        Range range;

        return range_parse(header_of(w, "Content-Range"), &range) == 0 &&
                               range.length == (int64_t)have_bytes && is_same(w, have, range.length)
                       ? VERDICT_COMPLETE
                       : VERDICT_CHANGED;
}

static Verdict judge_http(const Way *w, const Version *have, uint64_t have_bytes, Version *ret,
                          Failure *reterr)
{
        const char *encoding = header_of(w, "Content-Encoding");
        long status = way_status(w);

        if (way_is_redirect(w))
                return VERDICT_REDIRECT;
        if (status == 416 && have)
                return judge_no_rest(w, have, have_bytes);
        if ((status == 200 || status == 206) && encoding && strcasecmp(encoding, "identity") != 0) {
                way_fail(true, "encoding", "the server sends the file encoded, unasked", reterr);
                return VERDICT_REFUSED;
        }
        if (status == 206 && have)
                return judge_rest(w, have, have_bytes, ret);
        if (status == 200)
                return version_make(strong_etag(w), strong_last_modified(w), content_length(w),
                                    ret) < 0
                               ? VERDICT_NONE
                               : VERDICT_WHOLE;
        way_judge_status(w, reterr);
        return VERDICT_REFUSED;
}

/* FTP and SFTP tell time and length before the first byte comes, and compare nothing themselves. An
 * FTP server that has no rest tells the length of the whole. */
static Verdict judge_file(const Way *w, const Version *have, uint64_t have_bytes, bool body,
                          Version *ret)
{
        char epoch[EPOCH_TEXT_MAX] = "";
        curl_off_t time = -1, length = content_length(w);
        const char *modified = NULL;

        (void)curl_easy_getinfo(way_curl(w), CURLINFO_FILETIME_T, &time);
        if (time >= 0 && length >= 0) {
                snprintf(epoch, sizeof(epoch), "%lld", (long long)time);
                modified = epoch;
        }
        if (have && length >= 0 && (body || length != (curl_off_t)have_bytes))
                length += (curl_off_t)have_bytes;
        if (have && (!str_equal(modified, have->last_modified) || length != have->length_bytes))
                return VERDICT_CHANGED;
        if (have && !body)
                return VERDICT_COMPLETE;
        if (version_make(NULL, modified, length, ret) < 0)
                return VERDICT_NONE;
        return have ? VERDICT_REST : VERDICT_WHOLE;
}

Verdict answer_judge(const Way *w, const Version *have, uint64_t have_bytes, bool body,
                     Version *ret, Failure *reterr)
{
        Verdict verdict = way_is_http(w) ? judge_http(w, have, have_bytes, ret, reterr)
                                         : judge_file(w, have, have_bytes, body, ret);

        if (verdict == VERDICT_NONE) {
                way_judge_error(w, CURLE_OUT_OF_MEMORY, reterr);
                return VERDICT_REFUSED;
        }
        return verdict;
}

bool answer_error_is_of_the_rest(CURLcode error)
{
        static const CURLcode errors[] = {CURLE_FTP_COULDNT_USE_REST, CURLE_BAD_DOWNLOAD_RESUME,
                                          CURLE_RANGE_ERROR};

        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                if (errors[i] == error)
                        return true;
        }
        return false;
}
