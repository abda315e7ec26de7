/* GetLog and 1.6 GetDiagnostics: answered at once with the name of the file that will come (N01,
 * C16 6.24). */
#include "agent-private.h"

/* "CS-0001-diagnostics-2026-11-24T04_10_00.123Z.tar.gz": only what is harmless in a file's name and
 * in a URL. NULL: out of memory. */
static char *file_name(const Agent *a, LogsKind kind)
{
        static const char harmless[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
        char now[TIME_TEXT_MAX];
        char *name = str_printf("%s-%s-%s.tar.gz", a->config->identity, logs_kind_to_string(kind),
                                time_format(clock_csms_now(a), now));

        for (char *p = name; p && *(p += strspn(p, harmless));)
                *p = '_';
        if (name && *name == '.') /* it would be hidden */
                *name = '_';
        return name;
}

/* The request as it is to be stored; *q is taken over. */
static int make_job(const Agent *a, LogRequest *q, bool plain, LogJob *ret)
{
        char *name = file_name(a, (LogsKind)q->kind);

        if (!name)
                return -ENOMEM;
        logjob_init(ret);
        ret->plain = plain;
        ret->name = name;
        ret->answer = a->logs.job.state == LOGJOB_IDLE ? LOGS_ACCEPTED : LOGS_ACCEPTED_CANCELED;
        ret->request = *q;
        *q = (LogRequest)LOG_REQUEST_INIT;
        return 0;
}

/* Nothing is collected for a location that nothing can be sent to. */
static LogJobEvent begin_event(const Agent *a, LogJob *job)
{
        int r = request_judge_url(a, job->request.location);

        if (r == 0)
                return LOGEV_REQUESTED;
        logjob_set_reason(job, "the location is no URL that this station can upload to",
                          REASON_INVALID_URL);
        job->verdict =
                r == -EPROTONOSUPPORT ? LOG_STATUS_NOT_SUPPORTED_OPERATION : LOG_STATUS_BAD_MESSAGE;
        return LOGEV_REQUESTED_NO_URL;
}

/* NULL: it was taken; else why not. */
static const char *take(Agent *a, LogRequest *q, bool plain)
{
        LogJob job;

        if (q->kind == LOGS_DATA_COLLECTOR)
                return "this station has no data collector";
        if (q->kind == LOGS_SECURITY && !linelog_has_lines(&a->logs.security))
                return "there was no security event yet";
        if (make_job(a, q, plain, &job) < 0)
                return "out of memory";
        if (logs_take_over(a, &job, begin_event(a, &job)) < 0) {
                logjob_done(&job);
                return "the request can't be stored";
        }
        return NULL;
}

/* The CSMS is answered before the first status goes out: nothing is sent but from the loop. */
static void handle(Agent *a, const char *id, const Incoming *incoming, LogRequest *q)
{
        const LogJob *job = &a->logs.job;
        bool plain = incoming->kind == IN_LOGS_PLAIN;
        bool again = !plain && job->state != LOGJOB_IDLE && !job->plain &&
                     logjob_request_equal(q, &job->request);
        const char *why = again ? NULL : take(a, q, plain);
        LogAnswer refused = {.verdict = LOGS_REJECTED}, taken = {(int)job->answer, job->name};

        if (again)
                log_info("%s: the same request again, it is running", incoming->action);
        if (why)
                log_warning("%s refused: %s", incoming->action, why);
        calls_answer(a, id, incoming, why ? &refused : &taken);
}

void logs_handle_request(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        LogRequest q = LOG_REQUEST_INIT;

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        handle(a, id, incoming, &q);
        codec_done(incoming->request, &q);
}
