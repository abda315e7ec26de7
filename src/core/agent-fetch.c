/* Actions up to the verified file: wait, fetch by the worker, hash by a fresh one without network,
 * check the signature. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent-private.h"

#define RETRIES_MAX 100
/* Of what a request may say. */
#define RETRY_INTERVAL_MAX_SECONDS INT64_C(86400)
/* A worker that hashes may be killed for want of memory; the file is still there. */
#define HASH_TRIES_MAX 3
/* Timers that are due by the wall clock look again this often, since that clock may be set. */
#define WALL_CLOCK_LOOK USEC_PER_HOUR

char *fetch_path(const Agent *a, bool part)
{
        return str_printf("%s/bundle.%s", a->config->spool, part ? "part" : "raucb");
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

static void wait_until(Agent *a, usec_t due_at)
{
        usec_t now = clock_csms_now(a);

        a->job.due_at = due_at;
        agent_save(a);
        agent_timer(a, &a->work_timer, due_at > now ? MIN(due_at - now, WALL_CLOCK_LOOK) : 0,
                    on_due);
        show_update(a);
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
void fetch_wait(Agent *a)
{
        usec_t now = clock_csms_now(a), at = a->job.request.retrieve_at;

        if (a->job.due_at != NO_TIME)
                at = a->job.due_at;
        else
                at = (at == NO_TIME || at < now ? now : at) +
                     random_below_or_equal(a->config->start_jitter);
        wait_until(a, at);
}

void fetch_wait_retry(Agent *a)
{
        int64_t seconds = a->job.request.retry_interval;
        usec_t interval = seconds == NO_INT ? a->config->retry_interval
                                            : (usec_t)MIN(MAX(seconds, INT64_C(0)),
                                                          RETRY_INTERVAL_MAX_SECONDS) *
                                                      USEC_PER_SEC;

        wait_until(a, a->job.due_at == NO_TIME ? clock_csms_now(a) + interval : a->job.due_at);
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
        _cleanup_(freep) char *part = fetch_path(a, true), *file = fetch_path(a, false);
        int r = part && file ? file_rename(part, file) : -ENOMEM;

        transfer_cancel(TAKE_PTR(a->transfer));
        log_info("Downloaded %llu bytes", (unsigned long long)size_bytes);
        if (r < 0) {
                log_error_errno(r, "Can't rename the downloaded file in %s", a->config->spool);
                agent_set_reason(a, "the downloaded file could not be renamed in the spool folder");
                agent_event(a, EV_DOWNLOAD_FAILED);
                return;
        }
        agent_event(a, EV_FETCHED);
}

static bool attempts_are_left(const Agent *a)
{
        int64_t retries =
                a->job.request.retries == NO_INT ? a->config->retries : a->job.request.retries;

        return a->job.attempts <= MIN(retries, (int64_t)RETRIES_MAX);
}

static void on_fetch_failed(void *userdata, const TransferFailure *failure)
{
        Agent *a = userdata;
        _cleanup_(freep) char *text =
                str_printf("download: %s (%s)", failure->message, failure->code);
        bool final = failure->final;

        transfer_cancel(TAKE_PTR(a->transfer));
        a->job.attempts++;
        a->job.due_at = NO_TIME;
        agent_set_reason(a, text);
        final = final || !attempts_are_left(a);
        log_warning("%s%s", strempty(text), final ? "" : "; will be tried again");
        agent_event(a, final ? EV_DOWNLOAD_FAILED : EV_ATTEMPT_FAILED);
        if (!a->dialect)
                agent_event(a, EV_OFFLINE);
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
                        .way = {.protocols = (const char *const *)c->transfer_protocols,
                                .stall_timeout_usec = c->stall_timeout,
                                .timeout_usec = c->transfer_timeout,
                                .rate_bytes = c->download_rate,
                                .ca_file = c->transfer_ca_file}};

        if (local_is_file(a) && lseek(a->local_file, 0, SEEK_SET) < 0)
                return -errno;
        if (local_is_file(a))
                return transfer_copy(a->parts.event, a->parts.worker, a->local_file, part,
                                     c->max_bundle_size, &handlers, a, &a->transfer);
        return transfer_fetch(a->parts.event, a->parts.worker, &job, &handlers, a, &a->transfer);
}

void fetch_begin(Agent *a)
{
        _cleanup_(freep) char *part = fetch_path(a, true);
        int r = part ? 0 : -ENOMEM;

        if (local_is_file(a) && a->local_file < 0) {
                static const TransferFailure gone = {
                        .final = true,
                        .code = "file",
                        .message = "the copy was interrupted; order the update again"};

                on_fetch_failed(a, &gone);
                return;
        }
        fetch_drop_file(a); /* of another job, or of an attempt before */
        if (r == 0 && mkdir(a->config->spool, 0750) < 0 && errno != EEXIST)
                r = -errno;
        if (r == 0)
                r = start_worker(a, part);
        if (r < 0) {
                _cleanup_(freep) char *text =
                        str_printf("the download could not be started: %s", strerror(-r));
                TransferFailure failure = {
                        .final = false, .code = "worker", .message = strempty(text)};

                on_fetch_failed(a, &failure);
        }
}

void fetch_stop(Agent *a)
{
        transfer_cancel(TAKE_PTR(a->transfer));
        program_free(TAKE_PTR(a->program));
}

void fetch_drop_file(Agent *a)
{
        _cleanup_(freep) char *part = fetch_path(a, true), *file = fetch_path(a, false);

        if ((part && unlink(part) < 0 && errno != ENOENT) ||
            (file && unlink(file) < 0 && errno != ENOENT))
                log_warning_errno(-errno, "Can't remove the bundle from %s", a->config->spool);
        a->hashed = false;
}

/* ---- verifying ---- */

/* 1 good, 0 bad, negative errno. The certificate was judged when the request came, and by that
 * time: it may run out while the job waits (L01 has no word for that). */
static int signature_is_good(Agent *a, const FileDigest *digest)
{
        _cleanup_(signing_certificate_freep) SigningCertificate *certificate = NULL;
        usec_t then = a->job.accepted_at == NO_TIME ? clock_to_judge_by(a) : a->job.accepted_at;
        int r = a->roots ? signing_certificate_check(a->roots, a->job.request.signing_certificate,
                                                     then, &certificate)
                         : CERTIFICATE_UNTRUSTED;

        if (r < 0)
                return r;
        if (r != CERTIFICATE_GOOD) {
                agent_set_reason(a, certificate_verdict_to_string(r));
                return 0;
        }
        return signature_check(certificate, a->job.request.signature, digest,
                               a->config->allow_pkcs1);
}

static void file_lost(Agent *a, const char *reason)
{
        agent_set_reason(a, reason);
        agent_event(a, EV_FILE_LOST);
}

static void judge_file(Agent *a, const FileDigest *digest)
{
        int r;

        log_info("SHA-256 of the bundle: %s", a->job.bundle_sha256);
        if (!a->job.request.signature) {
                agent_event(a, EV_UNSIGNED);
                return;
        }
        r = signature_is_good(a, digest);
        if (r < 0) {
                log_error_errno(r, "Can't check the signature");
                file_lost(a, "the signature could not be checked");
                return;
        }
        if (r == 0 && !a->job.reason)
                agent_set_reason(a,
                                 "the signature is not the signing certificate's over this file");
        agent_event(a, r == 1 ? EV_SIGNATURE_GOOD : EV_SIGNATURE_BAD);
}

static void take_hash(Agent *a, const FileDigest *digest)
{
        bool verified_before = a->after_hash;
        char hex[2 * SHA256_SIZE + 1];

        hex_encode(digest->sha256, SHA256_SIZE, hex);
        if (verified_before && !str_equal(a->job.bundle_sha256, hex)) {
                file_lost(a, "the file in the spool is not the one that was verified");
        } else if (str_replace(&a->job.bundle_sha256, hex) < 0) {
                file_lost(a, "out of memory");
        } else {
                a->hashed = true;
                if (verified_before)
                        a->after_hash(a);
                else
                        judge_file(a, digest);
        }
}

static void on_hash(void *userdata, const FileDigest *digest)
{
        Agent *a = userdata;

        transfer_cancel(TAKE_PTR(a->transfer));
        a->hash_tries = 0;
        take_hash(a, digest);
}

static void start_hash(Agent *a);

static int on_hash_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->work_timer);
        start_hash(a);
        return 0;
}

static void hash_failed(Agent *a, bool final, const char *message)
{
        log_error("Can't hash the downloaded file: %s", message);
        if (final || ++a->hash_tries >= HASH_TRIES_MAX)
                file_lost(a, message);
        else
                agent_timer(a, &a->work_timer, INSTALLER_RETRY, on_hash_again);
}

static void on_hash_failed(void *userdata, const TransferFailure *failure)
{
        Agent *a = userdata;
        _cleanup_(freep) char *message = strdup(failure->message);
        bool final = failure->final;

        transfer_cancel(TAKE_PTR(a->transfer));
        hash_failed(a, final, strempty(message));
}

static void start_hash(Agent *a)
{
        static const TransferHandlers handlers = {.on_digest = on_hash,
                                                  .on_failed = on_hash_failed};
        _cleanup_(freep) char *file = fetch_path(a, false);
        int r = file ? transfer_hash(a->parts.event, a->parts.worker, file,
                                     a->job.request.signature != NULL, &handlers, a, &a->transfer)
                     : -ENOMEM;

        if (r < 0)
                hash_failed(a, r == -ENOENT || r == -ELOOP || r == -EINVAL, strerror(-r));
}

/* then NULL: it is hashed for the first time. */
static void hash_for(Agent *a, void (*then)(Agent *a))
{
        a->after_hash = then;
        a->hash_tries = 0;
        start_hash(a);
}

void fetch_verify(Agent *a)
{
        agent_set_reason(a, NULL);
        hash_for(a, NULL);
}

void fetch_hash_again(Agent *a, void (*then)(Agent *a))
{
        if (a->hashed) {
                then(a);
                return;
        }
        fetch_stop(a);
        hash_for(a, then);
}
