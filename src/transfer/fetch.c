/* Job "fetch": one attempt at one download by libcurl, which goes on where the last one ended if
 * the server proves that it still has that file, and begins anew otherwise. */
#include <stdio.h>

#include "failpoint.h"
#include "fetch-answer.h"
#include "fetch-part.h"
#include "say.h"
#include "task.h"
#include "way.h"

/* At most two lines a second. */
#define PROGRESS_INTERVAL_USEC (500 * USEC_PER_MSEC)

typedef struct Fetch {
        const Task *task;
        Way *way;
        struct curl_slist *headers;
        char *url; /* without its password */
        Part *part;
        const Version *asked_for; /* whose rest; NULL: the whole */
        Verdict verdict;          /* on the answer that is under way */
        int64_t total_bytes;      /* -1: not told */
        bool any;                 /* a byte of the file came */
        bool failed;              /* failure is set, by us and not by libcurl */
        Failure failure;
        usec_t told_usec;
        uint64_t told_bytes;
        int64_t told_total_bytes;
} Fetch;

static bool body_is_wanted(const Fetch *f)
{
        return !f->failed && (f->verdict == VERDICT_WHOLE || f->verdict == VERDICT_REST);
}

/* Before the first byte: nothing but the file itself is written, behind what it belongs to, and
 * only if there is room. A page that explains an error is no firmware. */
static void judge(Fetch *f, bool body)
{
        Version version = {.length_bytes = -1};
        int64_t total_bytes;
        int r = 0;

        f->verdict =
                answer_judge(f->way, f->asked_for, part_size(f->part), body, &version, &f->failure);
        total_bytes = version.length_bytes;
        if (f->verdict == VERDICT_WHOLE)
                r = part_begin(f->part, &version, &f->failure);
        else if (f->verdict == VERDICT_REST)
                r = part_go_on(f->part, &f->failure);
        version_done(&version);
        f->failed = r < 0 || f->verdict == VERDICT_REFUSED;
        if (body_is_wanted(f))
                f->total_bytes = total_bytes;
}

/* The empty line ends the header: the answer is judged, and if it isn't the file then none of it is
 * read. Lines of 1xx, and those of FTP, are not the header. */
static size_t on_header(char *line, size_t one, size_t count, void *userdata)
{
        Fetch *f = userdata;
        bool end = one * count > 0 && (line[0] == '\r' || line[0] == '\n');

        if (!end || !way_is_http(f->way) || way_status(f->way) < 200 || f->verdict != VERDICT_NONE)
                return one * count;
        judge(f, true);
        return body_is_wanted(f) ? one * count : 0;
}

static size_t on_data(char *data, size_t one, size_t count, void *userdata)
{
        Fetch *f = userdata;
        uint64_t size = one * count;

        if (f->verdict == VERDICT_NONE)
                judge(f, true);
        if (!body_is_wanted(f))
                return 0;
        if (f->total_bytes >= 0 && size > (uint64_t)f->total_bytes - part_size(f->part)) {
                way_fail(false, "connection", "the server sent more than it had told", &f->failure);
                f->failed = true;
                return 0;
        }
        f->failed = part_write(f->part, data, size, &f->failure) < 0;
        if (!f->any)
                fail_point("worker", "fetch-bytes");
        f->any = true;
        return f->failed ? 0 : size;
}

static void tell_progress(Fetch *f)
{
        f->told_total_bytes = f->total_bytes;
        f->told_bytes = part_size(f->part);
        f->told_usec = boottime_now();
        say_progress(f->told_bytes, f->total_bytes);
}

static int on_progress(void *userdata, curl_off_t total _unused_, curl_off_t now _unused_,
                       curl_off_t up_total _unused_, curl_off_t up_now _unused_)
{
        Fetch *f = userdata;

        if (part_size(f->part) != f->told_bytes &&
            boottime_now() - f->told_usec >= PROGRESS_INTERVAL_USEC)
                tell_progress(f);
        return 0;
}

static CURLcode set_options(Fetch *f)
{
        CURL *e = way_curl(f->way);
        CURLcode r = curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);

        r = r ? r : curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
        r = r ? r : curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
        r = r ? r : curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
        r = r ? r : curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
        r = r ? r : curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
        r = r ? r : curl_easy_setopt(e, CURLOPT_XFERINFODATA, f);
        return r;
}

/* The file came to its end, as far as libcurl knows. */
static int check_length(Fetch *f)
{
        if (f->total_bytes < 0 || part_size(f->part) == (uint64_t)f->total_bytes)
                return 0;
        way_judge_error(f->way, CURLE_PARTIAL_FILE, &f->failure);
        return -EIO;
}

/* One request. 1: another is needed; 0: the file is there; -EIO. */
static int request(Fetch *f)
{
        CURLcode error;

        if (!way_is_file(f->way)) {
                way_fail(true, "scheme", "the URL names no file", &f->failure);
                return -EIO;
        }
        f->verdict = VERDICT_NONE;
        error = answer_ask(f->way, f->asked_for, part_size(f->part), &f->headers);
        error = error ? error : curl_easy_perform(way_curl(f->way));
        if (error == CURLE_OK && f->verdict == VERDICT_NONE)
                judge(f, false);
        if (f->failed)
                return -EIO;
        if (f->verdict == VERDICT_REDIRECT)
                return way_follow(f->way, &f->failure);
        if (f->verdict == VERDICT_COMPLETE)
                return 0;
        if (f->verdict == VERDICT_CHANGED || (f->asked_for && answer_error_is_of_the_rest(error))) {
                f->asked_for = NULL;
                return 1;
        }
        if (error == CURLE_OK)
                return check_length(f);
        way_judge_error(f->way, error, &f->failure);
        return -EIO;
}

/* As it stands in the side-car, which others may see. NULL: no URL, or out of memory. */
static char *url_without_password(const char *url)
{
        CURLU *parsed = curl_url();
        char *text = NULL, *copy = NULL;

        if (parsed && curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == 0 &&
            curl_url_set(parsed, CURLUPART_PASSWORD, NULL, 0) == 0 &&
            curl_url_get(parsed, CURLUPART_URL, &text, 0) == 0)
                copy = strdup(text);
        curl_free(text);
        curl_url_cleanup(parsed);
        return copy;
}

static int fetch(Fetch *f, const char *boot_id)
{
        const Task *t = f->task;
        CURLcode error;
        int r;

        if (way_new(t, &f->way, &f->failure) < 0 || way_aim(f->way, t->url, &f->failure) < 0)
                return -EIO;
        f->url = url_without_password(t->url);
        error = f->url ? set_options(f) : CURLE_OUT_OF_MEMORY;
        if (error != CURLE_OK) {
                way_judge_error(f->way, error, &f->failure);
                return -EIO;
        }
        if (part_open(t, f->url, boot_id, &f->part, &f->failure) < 0)
                return -EIO;
        f->asked_for = part_version(f->part);
        f->total_bytes = f->asked_for ? f->asked_for->length_bytes : -1;
        do
                r = request(f);
        while (r > 0);
        if (f->told_usec == 0 || f->told_bytes != part_size(f->part) ||
            f->told_total_bytes != f->total_bytes)
                tell_progress(f); /* the end, if not told yet */
        return r < 0 ? r : part_finish(f->part, &f->failure);
}

int fetch_run(const Task *task)
{
        Fetch f = {.task = task, .total_bytes = -1};
        char boot_id[PART_BOOT_ID_MAX];
        int r;

        part_boot_id(boot_id);
        fail_point("worker", "fetch-begin");
        r = fetch(&f, boot_id);
        fail_point("worker", "fetch-end");
        if (r < 0)
                say_failed(&f.failure);
        else
                say_done(f.told_bytes);
        part_freep(&f.part);
        way_freep(&f.way);
        curl_slist_free_all(f.headers);
        free(f.url);
        return EXIT_SUCCESS;
}
