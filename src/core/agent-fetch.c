/* Actions up to the closed file: wait, fetch by the worker, in as many attempts as there are. A
 * break ends an attempt only if it brought nothing new: "Download" in docs/behaviour.md. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent-private.h"

/* A break costs a worker and a write to the store, so that a server that closes after every few
 * bytes is not asked without a rest, whatever the interval. */
#define BREAK_REST_MIN USEC_PER_SEC
/* Timers that are due by the wall clock look again this often, since that clock may be set. */
#define WALL_CLOCK_LOOK USEC_PER_HOUR

/* All that is ever in the spool of ours. What the worker knows of the part stands beside it. */
/* clang-format off */
static const char *const names[FETCH_FILES] = {
        [FETCH_FILE]            = "bundle.raucb",
        [FETCH_PART]            = "bundle.part",
        [FETCH_PART_NOTES]      = "bundle.part.json",
};
/* clang-format on */

char *fetch_path(const Agent *a, FetchFile file)
{
        return str_printf("%s/%s", a->config->spool, names[file]);
}

void fetch_init(Agent *a)
{
        /* The end was stored before its file was removed. */
        if (a->job.state == JOB_IDLE || a->job.state == JOB_OWING)
                fetch_drop_file(a);
        stream_init(a);
}

/* ---- waiting ---- */

static int on_due(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;
        usec_t now = clock_csms_now(a);
        bool scheduled = a->job.state == JOB_DOWNLOAD_SCHEDULED;

        agent_timer_off(&a->work_timer);
        if (scheduled && a->job.paused == 1)
                return 0; /* resuming waits anew */
        if (a->job.due_at != NO_TIME && now < a->job.due_at)
                agent_timer(a, &a->work_timer, MIN(a->job.due_at - now, WALL_CLOCK_LOOK), on_due);
        else if (scheduled)
                fetch_ask(a);
        else
                agent_event(a, EV_DUE);
        return 0;
}

/* The time in the row, which is stored. */
static void wait_for_due(Agent *a)
{
        usec_t now = clock_csms_now(a), due_at = a->job.due_at;

        agent_timer(a, &a->work_timer, due_at > now ? MIN(due_at - now, WALL_CLOCK_LOOK) : 0,
                    on_due);
        show_update(a);
}

static void wait_until(Agent *a, usec_t due_at)
{
        a->job.due_at = due_at;
        agent_save(a);
        wait_for_due(a);
}

/* Not now: in the state that says so until the time given. */
static void wait_scheduled(Agent *a, usec_t due_at, const char *held_by)
{
        a->job.due_at = due_at;
        if (a->job.state == JOB_CHECKING)
                agent_event(a, EV_NOT_YET);
        else
                wait_until(a, due_at);
        str_replace(&a->held_by, held_by);
        show_update(a);
}

static void on_check(void *userdata, int status)
{
        Agent *a = userdata;
        usec_t now = clock_csms_now(a);

        program_free(TAKE_PTR(a->program));
        if (a->job.state != JOB_CHECKING && a->job.state != JOB_DOWNLOAD_SCHEDULED)
                return;
        if (status == 2) {
                agent_set_reason(a, "pre_download_check says never");
                agent_event(a, EV_CANCELED);
        } else if (status != 0) {
                wait_scheduled(a, now + a->config->check_interval, "pre_download_check");
        } else if (a->job.paused == 1) { /* meanwhile; resuming asks again */
                wait_scheduled(a, now, NULL);
        } else {
                agent_event(a, EV_DUE);
        }
}

void fetch_ask(Agent *a)
{
        const char *program = a->config->pre_download_check;
        int r = program ? trial_run_hook(a, program, "pre-download", on_check, &a->program) : 1;

        if (r == 1) {
                agent_event(a, EV_DUE);
        } else if (r < 0) {
                log_error_errno(r, "Can't run [firmware] pre_download_check %s", program);
                on_check(a, -1);
        }
}

/* The random part is drawn once, so that many chargers with one time stay apart over restarts. */
usec_t fetch_time(const Agent *a, const UpdateRequest *q, bool streams)
{
        usec_t now = clock_csms_now(a), at = streams ? stream_time(q) : q->retrieve_at;

        return (at == NO_TIME || at < now ? now : at) +
               random_below_or_equal(a->config->start_jitter);
}

void fetch_wait(Agent *a)
{
        if (a->job.due_at != NO_TIME)
                wait_for_due(a);
        else
                wait_until(a, fetch_time(a, &a->job.request, a->job.streams == 1));
}

void fetch_wait_retry(Agent *a)
{
        wait_until(a, a->job.due_at == NO_TIME ? clock_csms_now(a) : a->job.due_at);
}

/* ---- fetching ---- */

static void on_fetch_progress(void *userdata, uint64_t now_bytes, int64_t total_bytes)
{
        Agent *a = userdata;
        int percent = total_bytes > 0 ? (int)(now_bytes * 100 / (uint64_t)total_bytes) : -1;

        if (percent == a->percent)
                return;
        a->percent = percent;
        show_update(a);
}

/* The worker has gone: the closed file gets the name under which it is verified and installed. */
static void on_fetched(void *userdata, uint64_t size_bytes)
{
        Agent *a = userdata;
        _cleanup_(freep) char *part = fetch_path(a, FETCH_PART), *file = fetch_path(a, FETCH_FILE);
        int r = part && file ? 0 : -ENOMEM;

        transfer_cancel(TAKE_PTR(a->transfer));
        log_info("Downloaded %llu bytes", (unsigned long long)size_bytes);
        a->job.furthest_byte = (int64_t)size_bytes;
        (void)agent_save(a); /* by this a start knows the file: see is_complete() */
        if (r == 0)
                r = file_rename(part, file);
        if (r < 0) {
                log_error_errno(r, "Can't rename the downloaded file in %s", a->config->spool);
                agent_set_reason(a, "the downloaded file could not be renamed in the spool folder");
                agent_event(a, EV_DOWNLOAD_FAILED);
                return;
        }
        agent_event(a, EV_FETCHED);
}

/* Did a restart come between the end of the download and the storing of that? A file with another
 * length is another job's. */
static bool is_complete(const Agent *a)
{
        _cleanup_(freep) char *file = fetch_path(a, FETCH_FILE);
        struct stat st;

        return file && a->job.furthest_byte > 0 && stat(file, &st) == 0 &&
               (int64_t)st.st_size == a->job.furthest_byte;
}

/* Is the part longer than any that the job ever had? Asked when nobody writes to it; so what is
 * stored of it costs no write of its own. */
static bool went_further(Agent *a)
{
        _cleanup_(freep) char *part = fetch_path(a, FETCH_PART);
        struct stat st;

        if (!part || stat(part, &st) < 0 || (int64_t)st.st_size <= a->job.furthest_byte)
                return false;
        a->job.furthest_byte = (int64_t)st.st_size;
        return true;
}

/* A break without anything new ends the attempt. Is there another one, or the same goes on? */
static bool break_is_bearable(Agent *a, bool further)
{
        if (!further)
                a->job.attempts++;
        return way_may_be_tried_again(a->job.attempts, a->job.request.retries, a->config->retries);
}

/* No room for it: RAUC streams it instead, in the same attempt. */
static void stream_instead(Agent *a, const char *text)
{
        log_notice("%s; RAUC streams the bundle instead", text);
        fetch_drop_file(a);
        a->job.streams = 1;
        a->job.due_at = clock_csms_now(a);
        agent_event(a, EV_ATTEMPT_FAILED);
}

void fetch_failed(Agent *a, const TransferFailure *failure)
{
        _cleanup_(freep) char *text =
                str_printf("download: %s (%s)", failure->message, failure->code);
        usec_t rest = way_rest(a->job.request.retry_interval, a->config->retry_interval,
                               failure->retry_after_seconds);
        bool further = went_further(a), final;

        if (stream_is_way_out(a, failure)) {
                stream_instead(a, strempty(text));
                return;
        }
        rest = MAX(rest, BREAK_REST_MIN);
        final = failure->final || !break_is_bearable(a, further);
        a->job.due_at = clock_csms_now(a) + rest;
        agent_set_reason(a, text);
        if (streq(failure->code, "no-space"))
                str_replace(&a->job.reason_code, REASON_OUT_OF_STORAGE);
        if (final)
                log_warning("%s", strempty(text));
        else
                log_warning("%s; %s in %llu s", strempty(text),
                            further ? "the attempt goes on" : "the next attempt begins",
                            (unsigned long long)(rest / USEC_PER_SEC));
        agent_event(a, final ? EV_DOWNLOAD_FAILED : EV_ATTEMPT_FAILED);
        if (!a->dialect)
                agent_event(a, EV_OFFLINE);
}

static void on_fetch_failed(void *userdata, const TransferFailure *failure)
{
        Agent *a = userdata;
        Transfer *over = TAKE_PTR(a->transfer); /* it owns the failure's texts */

        fetch_failed(a, failure);
        transfer_cancel(over);
}

/* A restart is a break like any other. */
JobEvent fetch_restored(Agent *a)
{
        bool further = went_further(a);

        if (is_complete(a))
                return EV_FETCHED;
        if (local_is_file(a)) /* fetch_begin() ends it, however far the copy came */
                return EV_RESTORED;
        if (further)
                a->job.restores = 0;
        if (break_is_bearable(a, further))
                return EV_RESTORED;
        agent_set_reason(a, "download: a restart interrupted the last attempt");
        return EV_DOWNLOAD_FAILED;
}

static void remove_file(Agent *a, FetchFile file)
{
        _cleanup_(freep) char *path = fetch_path(a, file);

        if (path && unlink(path) < 0 && errno != ENOENT)
                log_warning_errno(-errno, "Can't remove %s from the spool %s", names[file],
                                  a->config->spool);
}

static int start_worker(Agent *a, const char *part)
{
        static const TransferHandlers handlers = {.on_progress = on_fetch_progress,
                                                  .on_done = on_fetched,
                                                  .on_failed = on_fetch_failed};
        const Config *c = a->config;
        FetchJob job = {.url = a->job.request.location,
                        .file = part,
                        .max_size_bytes = c->max_bundle_size,
                        .reserve_bytes = TRANSFER_RESERVE_BYTES,
                        .way = way_of(a, c->download_rate)};

        if (local_is_file(a) && lseek(a->local_file, 0, SEEK_SET) < 0)
                return -errno;
        if (local_is_file(a))
                return transfer_copy(a->parts.event, a->parts.worker, a->local_file, part,
                                     c->max_bundle_size, &handlers, a, &a->transfer);
        return transfer_fetch(a->parts.event, a->parts.worker, &job, &handlers, a, &a->transfer);
}

void fetch_begin(Agent *a)
{
        _cleanup_(freep) char *part = fetch_path(a, FETCH_PART);
        int r = part ? 0 : -ENOMEM;

        if (a->job.streams == 1) {
                stream_begin(a);
                return;
        }
        if (local_is_file(a) && a->local_file < 0) {
                static const TransferFailure gone = {
                        .final = true,
                        .code = "file",
                        .message = "the copy was interrupted; order the update again"};

                fetch_failed(a, &gone);
                return;
        }
        remove_file(a, FETCH_FILE); /* a part that was complete, or what is superseded */
        if (went_further(a))
                agent_save(a); /* what is there already is nothing new, also after a restart */
        if (r == 0 && mkdir(a->config->spool, 0750) < 0 && errno != EEXIST)
                r = -errno;
        if (r == 0)
                r = start_worker(a, part);
        if (r < 0) {
                _cleanup_(freep) char *text =
                        str_printf("the download could not be started: %s", strerror(-r));
                TransferFailure failure = {
                        .final = false, .code = "worker", .message = strempty(text)};

                fetch_failed(a, &failure);
        }
}

void fetch_stop(Agent *a)
{
        transfer_cancel(TAKE_PTR(a->transfer));
        program_free(TAKE_PTR(a->program));
        if (a->installer)
                a->installer->ops->forget_looks(a->installer);
}

void fetch_drop_file(Agent *a)
{
        for (FetchFile f = 0; f < FETCH_FILES; f++)
                remove_file(a, f);
        a->hashed = false;
}
