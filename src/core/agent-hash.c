/* The closed file: hashed by a fresh worker without network, its signature checked; hashed once
 * more before an install that a restart came before. */

#include "agent-private.h"

/* A worker that hashes may be killed for want of memory; the file is still there. */
#define HASH_TRIES_MAX 3

/* The certificate was judged when the request came, and by that time: it may run out while the job
 * waits (L01 has no word for that). As signing_certificate_check(). */
static int judge_certificate(Agent *a, SigningCertificate **ret)
{
        usec_t then = a->job.accepted_at == NO_TIME ? clock_to_judge_by(a) : a->job.accepted_at;

        return a->roots ? signing_certificate_check(a->roots, a->job.request.signing_certificate,
                                                    then, ret)
                        : CERTIFICATE_UNTRUSTED;
}

/* 1 good, 0 bad, negative errno. */
static int signature_is_good(Agent *a, const FileDigest *digest)
{
        _cleanup_(signing_certificate_freep) SigningCertificate *certificate = NULL;
        int r = judge_certificate(a, &certificate);

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

/* A second hash over a large file costs time: only for a key that may have signed with it. */
static bool needs_sha384(Agent *a)
{
        _cleanup_(signing_certificate_freep) SigningCertificate *certificate = NULL;

        return !a->after_hash && a->job.request.signature &&
               judge_certificate(a, &certificate) == CERTIFICATE_GOOD &&
               signature_needs_sha384(certificate);
}

static void start_hash(Agent *a)
{
        static const TransferHandlers handlers = {.on_digest = on_hash,
                                                  .on_failed = on_hash_failed};
        _cleanup_(freep) char *file = fetch_path(a, FETCH_FILE);
        int r = file ? transfer_hash(a->parts.event, a->parts.worker, file, needs_sha384(a),
                                     &handlers, a, &a->transfer)
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

void hash_verify(Agent *a)
{
        agent_set_reason(a, NULL);
        if (a->job.streams == 1)
                agent_event(a, EV_UNSIGNED);
        else
                hash_for(a, NULL);
}

void hash_again(Agent *a, void (*then)(Agent *a))
{
        if (a->hashed || a->job.streams == 1) {
                then(a);
                return;
        }
        fetch_stop(a);
        hash_for(a, then);
}
