/* Job "fetch": one attempt at one download by libcurl, into one file. */
#include <curl/curl.h>
#include <stdio.h>

#include "failpoint.h"
#include "say.h"
#include "sink.h"
#include "task.h"
#include "way.h"

/* At most two lines a second. */
#define PROGRESS_INTERVAL_USEC (500 * USEC_PER_MSEC)

typedef struct Fetch {
        const Task *task;
        Way *way;
        Sink *sink;
        int64_t total_bytes; /* -1: not told */
        bool began;  /* the answer was judged: what comes now is the file itself, or dropped */
        bool failed; /* failure is set, by us and not by libcurl */
        Failure failure;
        usec_t told_usec;
        uint64_t told_bytes;
} Fetch;

/* Before the first byte: nothing but the file itself is written, and only if there is room. A page
 * that explains an error is no firmware. */
static int fetch_begin(Fetch *f)
{
        curl_off_t length = -1;

        f->began = true;
        if (way_is_http(f->way) && way_status(f->way) != 200) {
                f->failed = !way_is_redirect(f->way);
                way_judge_status(f->way, &f->failure);
                return -EIO;
        }
        (void)curl_easy_getinfo(way_curl(f->way), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        f->total_bytes = length;
        f->failed = length >= 0 && sink_expect(f->sink, (uint64_t)length, &f->failure) < 0;
        return f->failed ? -EIO : 0;
}

/* The empty line ends the header: judge the answer before any byte of it came. */
static size_t on_header(char *line, size_t one, size_t count, void *userdata)
{
        Fetch *f = userdata;
        bool end = one * count > 0 && (line[0] == '\r' || line[0] == '\n');

        if (end && !f->began && way_status(f->way) == 200 && fetch_begin(f) < 0)
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

/* Asks until the answer is no redirect. */
static int fetch_perform(Fetch *f)
{
        CURLcode error;
        int again;

        do {
                f->began = false;
                error = set_options(f);
                error = error ? error : curl_easy_perform(way_curl(f->way));
                again = f->failed ? 0 : way_follow(f->way, &f->failure);
        } while (again > 0);
        if (f->failed || again < 0)
                return -EIO;
        if (error != CURLE_OK)
                way_judge_error(f->way, error, &f->failure);
        else if (way_is_http(f->way) && way_status(f->way) != 200)
                way_judge_status(f->way, &f->failure); /* one without a body */
        else
                return 0;
        return -EIO;
}

static int fetch(Fetch *f)
{
        const Task *t = f->task;

        if (way_new(t, &f->way, &f->failure) < 0 || way_aim(f->way, t->url, &f->failure) < 0 ||
            sink_open(t->file, (uint64_t)t->max_size_bytes, &f->sink, &f->failure) < 0 ||
            fetch_perform(f) < 0)
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
        r = fetch(&f);
        fail_point("worker", "fetch-end");
        if (r < 0)
                say_failed(&f.failure);
        else
                say_done(sink_size(f.sink));
        sink_freep(&f.sink);
        way_freep(&f.way);
        return EXIT_SUCCESS;
}
