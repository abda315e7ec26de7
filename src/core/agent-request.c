/* An update request: may it run? Tried in the order of "Request" in docs/behaviour.md; the first
 * that applies answers. */

#include "agent-private.h"

/* Why a request is not accepted, and what is said of it. A code below 0 means: the signed answer
 * alone. */
typedef struct Refusal {
        UpdateVerdict verdict;
        const char *reason_code;  /* 2.x statusInfo */
        RpcErrorCode plain_error; /* plain 1.6 knows no refusal but this */
        const char *text;
} Refusal;

/* clang-format off */
static const Refusal refuse_busy     = {VERDICT_REJECTED,            "FwUpdateInProgress", RPC_GENERIC_ERROR,  "an update is being installed or on trial"};
static const Refusal refuse_url      = {VERDICT_REJECTED,            "InvalidURL",         RPC_ERROR_MAX,      "the location is no URL that this station can fetch"};
static const Refusal refuse_unsigned = {VERDICT_REJECTED,            "UnsignedFirmware",   RPC_NOT_SUPPORTED,  "this station takes signed updates only"};
static const Refusal refuse_half     = {VERDICT_REJECTED,            "MissingParam",       RPC_NOT_SUPPORTED,  "signing certificate and signature must come together"};
static const Refusal refuse_cert     = {VERDICT_INVALID_CERTIFICATE, "InvalidCertificate", RPC_ERROR_MAX,      NULL};
static const Refusal refuse_revoked  = {VERDICT_REVOKED_CERTIFICATE, "InvalidCertificate", RPC_ERROR_MAX,      NULL};
static const Refusal refuse_store    = {VERDICT_REJECTED,            "OutOfStorage",       RPC_INTERNAL_ERROR, "the request can't be stored"};
/* clang-format on */

/* The longest location of any version (2.1); plain 1.6 has no limit of its own. */
#define URL_MAX 2000

/* "scheme://", a host, no spaces or control characters. */
static bool url_is_readable(const char *url, size_t scheme_size)
{
        const char *host = url + scheme_size;

        for (const char *p = url; *p; p++)
                if ((unsigned char)*p <= ' ' || *p == 0x7f)
                        return false;
        return scheme_size > 0 && strlen(url) <= URL_MAX && startswith(host, "://") &&
               !strchr("/?#", host[3]);
}

int request_judge_url(const Agent *a, const char *url)
{
        size_t n = strcspn(url, ":");

        if (!url_is_readable(url, n))
                return -EINVAL;
        for (char **p = a->config->transfer_protocols; *p; p++)
                if (strlen(*p) == n && strncasecmp(url, *p, n) == 0)
                        return 0;
        return -EPROTONOSUPPORT;
}

/* Tells requests apart: the same id with other content is another request. */
static char *content_hash(const UpdateRequest *q)
{
        _cleanup_(freep) char *text = str_printf(
                "%lld\n%s\n%llu\n%llu\n%lld\n%lld\n%s\n%s", (long long)q->request_id, q->location,
                (unsigned long long)q->retrieve_at, (unsigned long long)q->install_at,
                (long long)q->retries, (long long)q->retry_interval,
                strempty(q->signing_certificate), strempty(q->signature));
        char *hash = malloc(2 * SHA256_SIZE + 1);

        if (text && hash)
                sha256_hex(text, strlen(text), hash);
        else
                free(TAKE_PTR(hash));
        return hash;
}

/* NULL: good. */
static const Refusal *judge_certificate(Agent *a, const UpdateRequest *q, char **reterr_text)
{
        _cleanup_(signing_certificate_freep) SigningCertificate *certificate = NULL;
        int verdict = a->roots ? signing_certificate_check(a->roots, q->signing_certificate,
                                                           clock_to_judge_by(a), &certificate)
                               : CERTIFICATE_UNTRUSTED;

        if (verdict == CERTIFICATE_GOOD)
                return NULL;
        *reterr_text = str_printf("signing certificate: %s",
                                  verdict < 0 ? "can't be judged"
                                  : !a->roots ? "no manufacturer root is installed"
                                              : certificate_verdict_to_string(verdict));
        return verdict == CERTIFICATE_REVOKED ? &refuse_revoked : &refuse_cert;
}

static const Refusal *judge(Agent *a, const UpdateRequest *q, char **reterr_text)
{
        const Refusal *why;

        if (!job_can_be_superseded(a->job.state))
                return &refuse_busy;
        if (request_judge_url(a, q->location) < 0)
                return &refuse_url;
        if (!q->signature != !q->signing_certificate)
                return &refuse_half;
        why = q->signature        ? judge_certificate(a, q, reterr_text)
              : a->require_signed ? &refuse_unsigned
                                  : NULL;
        if (!why && a->unsafe_place) {
                str_replace(reterr_text, a->unsafe_place);
                why = &refuse_store;
        }
        return why;
}

static void answer(Agent *a, const char *id, const Incoming *incoming, UpdateVerdict verdict,
                   const Refusal *why, const char *text)
{
        UpdateAnswer message = {.verdict = (int)verdict,
                                .reason_code = why ? why->reason_code : NULL,
                                .additional_info = why ? text : NULL};

        calls_answer(a, id, incoming, &message);
}

static void refuse(Agent *a, const char *id, const Incoming *incoming, const UpdateRequest *q,
                   const Refusal *why, const char *text)
{
        bool plain = incoming->kind == IN_UPDATE_PLAIN;
        char buffer[32];
        const char *id_text = agent_id_text(q->request_id, buffer);
        LogFields fields = {.request_id = id_text,
                            .action = incoming->action,
                            .status = update_verdict_to_string(why->verdict)};

        /* before the answer: a power cut behind it must not take the event along */
        if (why == &refuse_cert || why == &refuse_revoked)
                agent_security_event(a, SECURITY_INVALID_FIRMWARE_SIGNING_CERTIFICATE, text);
        if (plain && why->plain_error != RPC_ERROR_MAX)
                rpc_refuse(a->rpc, id, why->plain_error, text);
        else
                answer(a, id, incoming, why->verdict, why, text);
        log_event(LOG_WARNING, EVENT_REQUEST_REFUSED, &fields, "%s %s refused (%s): %s",
                  incoming->action, id_text, fields.status, text);
}

/* The request becomes the job, in one transaction with the end of the one that it supersedes. *q
 * and hash are taken over. 0; negative errno: nothing has changed, they are the caller's still. */
static int take_over(Agent *a, UpdateRequest *q, char *hash, const Job *more, JobEvent event)
{
        Job old = a->job;
        int r;

        fetch_stop(a);
        a->superseding = old.state != JOB_IDLE;
        a->same_file = str_equal(old.request.location, q->location);
        a->job = *more;
        a->job.request = *q;
        a->job.content_hash = hash;
        r = agent_event(a, event);
        a->superseding = false;
        if (r < 0) {
                a->job = old;
                /* A commit whose sync failed may be found after a power cut: it is written over. */
                if (old.state == JOB_IDLE)
                        agent_save_surely(a);
                else
                        agent_event(a, EV_RESTORED);
                return r;
        }
        job_done(&old);
        *q = (UpdateRequest)UPDATE_REQUEST_INIT;
        return 0;
}

/* The version's word for what the job came by. */
static const char *request_action(const Agent *a)
{
        IncomingKind kind = a->job.plain ? IN_UPDATE_PLAIN : IN_UPDATE_SIGNED;

        if (a->job.silent == 1)
                return "Local update";
        return (a->dialect ? dialect_action(a->dialect, kind) : NULL) ?: "update";
}

void request_tell_accepted(const Agent *a)
{
        _cleanup_(freep) char *uri = redact_url(strempty(a->job.request.location));
        const char *verdict = update_verdict_to_string((UpdateVerdict)a->job.answer);
        char buffer[32];
        const char *id = agent_id_text(a->job.request.request_id, buffer);
        LogFields fields = {.request_id = id,
                            .action = request_action(a),
                            .status = verdict,
                            .firmware_uri = uri};

        log_event(LOG_NOTICE, EVENT_REQUEST_ACCEPTED, &fields, "%s %s: %s, %s", fields.action, id,
                  verdict, strempty(uri));
}

static JobEvent begin_event(const Agent *a, const UpdateRequest *q)
{
        usec_t at = stream_is_wanted(a, q) ? stream_time(q) : q->retrieve_at;

        if (request_judge_url(a, q->location) < 0) /* plain 1.6 alone */
                return EV_REQUESTED_NO_URL;
        if (clock_is_ahead(a, at) || a->config->start_jitter > 0)
                return EV_REQUESTED_LATER;
        return a->config->pre_download_check ? EV_REQUESTED_CHECK : EV_REQUESTED_NOW;
}

/* hash: of its content, taken over and NULL unless the request is refused. */
static void accept_request(Agent *a, const char *id, const Incoming *incoming, UpdateRequest *q,
                           char **hash)
{
        JobEvent event = begin_event(a, q);
        UpdateVerdict verdict = a->job.state == JOB_IDLE || a->job.silent == 1
                                        ? VERDICT_ACCEPTED
                                        : VERDICT_ACCEPTED_CANCELED;
        Job more;

        job_init(&more);
        more.streams = stream_is_wanted(a, q);
        more.plain = incoming->kind == IN_UPDATE_PLAIN;
        more.answer = verdict;
        more.accepted_at = clock_to_judge_by(a);
        if (event == EV_REQUESTED_LATER) /* stored with the rest: one write to the disk */
                more.due_at = fetch_time(a, q, more.streams == 1);
        if (!*hash || take_over(a, q, *hash, &more, event) < 0) {
                refuse(a, id, incoming, q, &refuse_store, refuse_store.text);
                return;
        }
        *hash = NULL;
        answer(a, id, incoming, verdict, NULL, NULL);
}

int request_take_local(Agent *a, UpdateRequest *q, JobEvent event)
{
        char *hash = content_hash(q);
        Job more;
        int r;

        if (!hash)
                return -ENOMEM;
        job_init(&more);
        more.streams = stream_is_wanted(a, q);
        more.silent = 1;
        more.answer = VERDICT_ACCEPTED;
        r = take_over(a, q, hash, &more, event);
        if (r < 0)
                free(hash);
        return r;
}

static void handle(Agent *a, const char *id, const Incoming *incoming, UpdateRequest *q)
{
        bool plain = incoming->kind == IN_UPDATE_PLAIN;
        _cleanup_(freep) char *hash = content_hash(q), *text = NULL;
        const Refusal *why;

        if (!plain && a->job.state != JOB_IDLE && !a->job.plain && a->job.silent != 1 &&
            str_equal(hash, a->job.content_hash)) {
                log_info("%s: the same request again, it is running", incoming->action);
                answer(a, id, incoming, (UpdateVerdict)a->job.answer, NULL, NULL);
                return;
        }
        why = judge(a, q, &text);
        if (why && (why != &refuse_url || !plain))
                refuse(a, id, incoming, q, why, text ?: why->text);
        else
                accept_request(a, id, incoming, q, &hash);
}

void request_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        UpdateRequest q = UPDATE_REQUEST_INIT;

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        handle(a, id, incoming, &q);
        codec_done(incoming->request, &q);
}
