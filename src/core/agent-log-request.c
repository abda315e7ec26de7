/* GetLog and 1.6 GetDiagnostics: answered at once with the name of the file that will come (N01,
 * C16 6.24). */
#include <ctype.h>

#include "agent-private.h"

/* "CS-0001-diagnostics-20261124T041000123Z.tar.gz": of the identity what is harmless in a file's
 * name and in a URL. */
static char *file_name(const Agent *a, LogsKind kind)
{
        _cleanup_(freep) char *identity = strdup(a->config->identity);
        char now[TIME_TEXT_MAX], stamp[TIME_TEXT_MAX], *to = stamp;

        if (!identity)
                return NULL;
        for (char *p = identity; *p; p++)
                if (!isascii(*p) ||
                    !(isalnum(*p) || *p == '-' || *p == '_' || (*p == '.' && p > identity)))
                        *p = '_';
        for (const char *p = time_format(clock_csms_now(a), now); *p; p++)
                if (isalnum(*p))
                        *to++ = *p;
        *to = '\0';
        return str_printf("%s-%s-%s.tar.gz", identity, logs_kind_to_string(kind), stamp);
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
        job->verdict =
                r == -EPROTONOSUPPORT ? LOG_STATUS_NOT_SUPPORTED_OPERATION : LOG_STATUS_BAD_MESSAGE;
        return LOGEV_REQUESTED_NO_URL;
}

static void refuse(Agent *a, const char *id, const Incoming *incoming, const char *why)
{
        log_warning("%s refused: %s", incoming->action, why);
        calls_answer(a, id, incoming, &(LogAnswer){.verdict = LOGS_REJECTED});
}

static void answer(Agent *a, const char *id, const Incoming *incoming, const LogJob *job)
{
        calls_answer(a, id, incoming, &(LogAnswer){(int)job->answer, job->name});
}

/* The CSMS is answered before the first status goes out: nothing is sent but from the loop. */
static void handle(Agent *a, const char *id, const Incoming *incoming, LogRequest *q)
{
        bool plain = incoming->kind == IN_LOGS_PLAIN;
        const LogJob *running = &a->logs.job;
        LogJobEvent event;
        LogJob job;

        if (!plain && running->state != LOGJOB_IDLE && !running->plain &&
            logjob_request_equal(q, &running->request)) {
                log_info("%s: the same request again, it is running", incoming->action);
                answer(a, id, incoming, running);
        } else if (q->kind == LOGS_SECURITY && !linelog_has_lines(&a->logs.security)) {
                refuse(a, id, incoming, "there was no security event yet");
        } else if (make_job(a, q, plain, &job) < 0) {
                refuse(a, id, incoming, "out of memory");
        } else {
                event = begin_event(a, &job);
                if (logs_take_over(a, &job, event) < 0) {
                        logjob_done(&job);
                        refuse(a, id, incoming, "the request can't be stored");
                } else {
                        answer(a, id, incoming, &a->logs.job);
                }
        }
}

void logs_handle_request(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        LogRequest q = LOG_REQUEST_INIT;

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        handle(a, id, incoming, &q);
        codec_done(incoming->request, &q);
}
