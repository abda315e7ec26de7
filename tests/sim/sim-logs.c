/* The CSMS's requests for logs, and whether what it is told of them is true: each that was taken
 * ends in one final status, Uploading before it if at all, nothing after another one took its
 * place. Whose job it is the agent's row tells, by the location. */
#include "sim.h"

#define REQUESTS_MAX 8

typedef struct LogWanted {
        int64_t request_id;
        bool plain, security, good_url;
        int64_t retries;
        char *payload; /* to ask again */
        unsigned runs, superseded;
        usec_t superseded_at;
        /* what the workers did for it in its last run */
        unsigned uploads;
        bool uploaded, denied;
        /* what the CSMS heard of it */
        LogStatus final;
        unsigned finals;
        bool uploading_settled, final_settled;
} LogWanted;

static LogWanted wanted[REQUESTS_MAX];
static size_t wanted_count;
/* Of all plain ones together, which have no id. */
static struct {
        unsigned runs, superseded, finals;
        bool settled, muddled, uploading;
        LogStatus last;
} plain;
static unsigned triggers;
/* Of all time: an answer may be on its way when it is asked for. */
static unsigned triggers_sent, idles;
static bool security_lines;
/* Before the call that is being delivered, or on which the agent died: whose job it was. */
static struct {
        int request;
        bool active;
} before;
static const char *answer_status;
static bool answer_plain;

void logs_world_reset(void)
{
        for (size_t i = 0; i < wanted_count; i++)
                free(wanted[i].payload);
        wanted_count = 0;
        memset(&plain, 0, sizeof(plain));
        triggers = triggers_sent = idles = 0;
        security_lines = false;
        before.request = -1;
        before.active = false;
        sim.world.archive = ARCHIVE_NONE;
}

void logs_closed(void)
{
        triggers = 0;
}

/* A plain status that is set aside for it comes when nobody knows any more what it belongs to. */
void logs_lost(void)
{
        plain.muddled = true;
}

void logs_triggered(void)
{
        triggers++;
        triggers_sent++;
}

/* ---- the agent's job ---- */

static int request_of_agent(void)
{
        const char *location = sim.agent ? sim.agent->logs.job.request.location : NULL;
        const char *name = location ? strrchr(location, '/') : NULL;
        unsigned long n = name ? strtoul(name + 1, NULL, 10) : REQUESTS_MAX;

        return n < wanted_count ? (int)n : -1;
}

static bool is_active(void)
{
        return sim.agent && sim.agent->logs.job.state != LOGJOB_IDLE;
}

/* Has a new run of a request begun since before? */
static bool was_taken(size_t n)
{
        if (request_of_agent() != (int)n)
                return false;
        return before.request != (int)n || (!before.active && is_active());
}

static void note_taken(size_t n)
{
        LogWanted *w = &wanted[n];

        if (before.active && before.request >= 0) {
                LogWanted *old = &wanted[before.request];

                old->superseded++;
                old->superseded_at = sim.now;
                plain.superseded += old->plain;
        }
        w->runs++;
        plain.runs += w->plain;
        w->uploads = 0;
        w->uploaded = w->denied = false;
        before.request = (int)n;
        before.active = is_active();
}

void logs_life_begins(void)
{
        int n = request_of_agent();

        if (n >= 0 && was_taken((size_t)n))
                note_taken((size_t)n);
}

/* ---- asking ---- */

static char *make_payload(const LogWanted *w, size_t n)
{
        const char *scheme = w->good_url ? "https" : chance(500) ? "gopher" : "https:/";
        _cleanup_(freep) char *retries =
                w->retries == NO_INT ? strdup("") : str_printf(",\"retries\":%d", (int)w->retries);
        unsigned interval = (unsigned)rnd(1000);

        if (w->plain)
                return str_printf("{\"location\":\"%s://logs.example/%zu\",\"retryInterval\":%u%s}",
                                  scheme, n, interval, retries);
        return str_printf("{\"logType\":\"%s\",\"requestId\":%d,\"retryInterval\":%u%s,"
                          "\"log\":{\"remoteLocation\":\"%s://logs.example/%zu\"}}",
                          w->security ? "SecurityLog" : "DiagnosticsLog", (int)w->request_id,
                          interval, retries, scheme, n);
}

static void send(size_t n)
{
        const LogWanted *w = &wanted[n];

        story("the CSMS wants logs %zu%s%s%s", n, w->plain ? ", plain" : "",
              w->security ? ", security" : "", w->good_url ? "" : ", bad location");
        orders_ask_logs(n, w->plain ? "GetDiagnostics" : "GetLog", w->payload);
}

void csms_wants_logs(void *arg, uint64_t n)
{
        LogWanted *w = &wanted[wanted_count];

        if (!link_world_is_open()) {
                if (n < 20) /* tries */
                        todo_add(OF_WORLD, span(USEC_PER_MIN, USEC_PER_HOUR), csms_wants_logs, arg,
                                 n + 1);
                return;
        }
        /* Of one that is over, the second run could not be told from the first. */
        if (is_active() && request_of_agent() == (int)wanted_count - 1 && !w[-1].plain &&
            chance(300)) {
                send(wanted_count - 1);
                return;
        }
        if (wanted_count == REQUESTS_MAX)
                return;
        *w = (LogWanted){.request_id = (int64_t)wanted_count - 1,
                         .plain = sim.dialect16 && chance(500),
                         .good_url = !chance(50),
                         .retries = chance(300) ? NO_INT : (int64_t)rnd(4)};
        w->security = !w->plain && chance(300);
        w->payload = make_payload(w, wanted_count);
        sim.figures.log_requests++;
        send(wanted_count++);
        if (chance(300)) /* one that comes into the other's work */
                todo_add(OF_WORLD, span(USEC_PER_SEC, 10 * USEC_PER_MIN), csms_wants_logs, arg, 20);
}

/* ---- the answer ---- */

void logs_before(void)
{
        before.request = request_of_agent();
        before.active = is_active();
        answer_status = NULL;
        answer_plain = false;
}

void logs_answered(size_t n, const cJSON *payload)
{
        const char *status =
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(payload, "status"));
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
                payload, wanted[n].plain ? "fileName" : "filename"));

        answer_status = status ? str_equal(status, "Accepted")           ? "Accepted"
                                 : str_equal(status, "AcceptedCanceled") ? "AcceptedCanceled"
                                                                         : "Rejected"
                               : NULL;
        answer_plain = wanted[n].plain && name;
        LAW(!name || startswith(name, wanted[n].security ? "sim-security-" : "sim-diagnostics-"),
            "the file is to be named %s", name);
        LAW(!name == !(answer_plain || (status && !streq(answer_status, "Rejected"))),
            "an answer with a name and no file, or the other way round");
}

static void judge_answer(size_t n, bool taken, bool was_active)
{
        const LogWanted *w = &wanted[n];
        bool yes = answer_plain || (answer_status && !streq(answer_status, "Rejected"));
        bool again = was_active && request_of_agent() == (int)n && !taken;

        LAW(!taken || yes, "a request for logs was taken though refused");
        LAW(!yes || taken || again, "a request for logs was accepted and not taken");
        LAW(!taken || w->plain || streq(answer_status, "AcceptedCanceled") == was_active,
            "logs %zu: %s, and another one %s", n, answer_status,
            was_active ? "was under way" : "was not");
        LAW(yes || sim.disk_was_bad || csms_has_rejected() || (w->security && !security_lines),
            "a good request for logs was refused");
}

void logs_after(size_t n, bool answered)
{
        bool was_active = before.active;
        /* Or it is over already. */
        bool taken = was_taken(n) || (!was_active && sim.death == ALIVE && answer_status &&
                                      !streq(answer_status, "Rejected"));

        if (sim.death != ALIVE && !taken)
                return; /* the next life tells */
        if (taken)
                note_taken(n);
        if (answered && sim.death == ALIVE)
                judge_answer(n, taken, was_active);
}

/* ---- the workers ---- */

void logs_world_collects(bool security)
{
        int n = request_of_agent();

        LAW(n >= 0 && wanted[n].good_url, "logs are collected that nobody can get");
        LAW(n < 0 || wanted[n].security == security, "the wrong kind of logs is collected");
}

void logs_world_uploads(const char *url, const char *name)
{
        int n = request_of_agent();
        int64_t retries;

        LAW(n >= 0 && str_equal(url, sim.agent->logs.job.request.location),
            "an upload to where nobody wants it: %s", url);
        LAW(sim.world.archive > 0, "an upload of what was not collected");
        LAW(str_equal(name, sim.agent->logs.job.name), "an upload by another name");
        if (n < 0)
                return;
        retries = wanted[n].retries == NO_INT ? sim.config.log_retries : wanted[n].retries;
        wanted[n].uploads++;
        LAW((int64_t)wanted[n].uploads <= retries + 1,
            "%u uploads, where %d retries were asked for", wanted[n].uploads, (int)retries);
}

void logs_world_uploaded(void)
{
        int n = request_of_agent();

        if (n >= 0)
                wanted[n].uploaded = true;
}

void logs_world_failed(const char *code)
{
        int n = request_of_agent();

        if (n >= 0 && streq(code, "http-403"))
                wanted[n].denied = true;
}

/* ---- what is kept of security events ---- */

int linelog_init(LineLog *l, const char *path, uint64_t max_bytes)
{
        *l = (LineLog){.max_bytes = max_bytes};
        return max_bytes > 0 ? str_replace(&l->path, path) : 0;
}

void linelog_done(LineLog *l)
{
        free(l->path);
        l->path = NULL;
}

void linelog_add(LineLog *l, const char *line)
{
        LAW(!strchr(line, '\n'), "a line in a log that is two");
        if (sim.death == ALIVE && strstr(l->path, "security"))
                security_lines = true;
}

bool linelog_has_lines(const LineLog *l _unused_)
{
        return security_lines;
}

char *linelog_older(const LineLog *l)
{
        return str_printf("%s.1", l->path);
}

/* ---- what the CSMS hears ---- */

static LogWanted *find(int64_t request_id)
{
        for (size_t i = 0; i < wanted_count; i++)
                if (!wanted[i].plain && wanted[i].request_id == request_id)
                        return &wanted[i];
        return NULL;
}

static void judge_truth(const LogWanted *w, LogStatus status)
{
        if (w->runs != 1) /* of which of them it is nobody can tell */
                return;
        LAW(status != LOG_STATUS_UPLOADED || w->uploaded, "Uploaded, and nothing was");
        LAW(status != LOG_STATUS_PERMISSION_DENIED || w->denied, "PermissionDenied by nobody");
        LAW(status != LOG_STATUS_ACCEPTED_CANCELED || w->superseded > 0,
            "AcceptedCanceled of logs that none replaced");
        LAW(w->final == LOG_STATUS_NONE || (w->final == status && !w->final_settled),
            "%s of logs that ended in %s", log_status_to_string(status),
            log_status_to_string(w->final));
}

static void hear_one(LogWanted *w, LogStatus status, bool triggered, Receipt *ret)
{
        bool final = log_status_is_final(status);

        LAW(w->superseded < w->runs || status == LOG_STATUS_ACCEPTED_CANCELED ||
                    sim.now < w->superseded_at + 2 * USEC_PER_SEC,
            "%s of logs that others replaced", log_status_to_string(status));
        if (final) {
                judge_truth(w, status);
                w->final = status;
                w->finals++;
        } else {
                LAW(triggered || w->runs > 1 || !w->uploading_settled, "Uploading is said twice");
                LAW(w->runs > 1 || w->final == LOG_STATUS_NONE, "Uploading after the end");
        }
        if (!triggered)
                *ret = (Receipt){.kind = RECEIPT_LOG,
                                 .settled = final ? &w->final_settled : &w->uploading_settled};
}

static void hear_plain(LogStatus status, bool triggered, Receipt *ret)
{
        bool again = plain.last == status && !plain.settled;

        if (triggered) {
                plain.muddled = true;
                return;
        }
        plain.muddled |= again;
        if (log_status_is_final(status) && !again)
                plain.finals++;
        plain.last = status;
        plain.settled = false;
        *ret = (Receipt){.kind = RECEIPT_LOG, .settled = &plain.settled};
}

void logs_status(const char *word, int64_t request_id, bool is_plain, Receipt *ret)
{
        LogStatus status = streq(word, "UploadFailed") ? LOG_STATUS_UPLOAD_FAILURE
                                                       : log_status_from_string(word);
        bool triggered = triggers > 0 && !log_status_is_final(status);
        LogWanted *w = find(request_id);

        triggers -= triggered;
        if (status == LOG_STATUS_IDLE) {
                LAW(++idles <= triggers_sent, "Idle, for which nobody asked");
        } else if (is_plain) {
                hear_plain(status, triggered, ret);
        } else if (!w) {
                broken("%s of logs that nobody wanted", word);
        } else {
                hear_one(w, status, triggered, ret);
        }
}

/* ---- at the end ---- */

bool logs_at_rest(void)
{
        return !is_active();
}

void logs_judge(void)
{
        LAW(sim.world.archive == ARCHIVE_NONE, "an archive is left behind");
        for (size_t i = 0; i < wanted_count; i++) {
                const LogWanted *w = &wanted[i];
                unsigned ends = w->runs - (sim.dialect16 ? w->superseded : 0);

                if (w->plain)
                        continue;
                LAW((w->finals > 0) == (ends > 0),
                    "logs %zu: taken %u times, replaced %u times, and %u final statuses", i,
                    w->runs, w->superseded, w->finals);
                LAW(w->runs != 1 || w->superseded == 0 || sim.dialect16 ||
                            w->final == LOG_STATUS_ACCEPTED_CANCELED,
                    "logs %zu were replaced, and ended in %s", i, log_status_to_string(w->final));
        }
        LAW(plain.muddled ? (plain.finals > 0) == (plain.runs > plain.superseded)
                          : plain.finals == plain.runs - plain.superseded,
            "plain logs: taken %u times, replaced %u times, and %u final statuses", plain.runs,
            plain.superseded, plain.finals);
}
