/* What the CSMS asks by itself: updates, again and anew, triggers, and nonsense. Each call that
 * reaches a living agent gets one answer, and the answer must be true. */
#include "sim.h"

#define ASKED_MAX 128

typedef struct Asked {
        enum { ASKED_ORDER, ASKED_LOGS, ASKED_TRIGGER, ASKED_OTHER } what;
        size_t order; /* or request for logs */
        OutgoingKind triggered;
        bool over; /* its connection has ended */
        unsigned answers;
        bool said_yes, said_canceled;
} Asked;

/* Whose job it was when a call came. */
typedef struct Before {
        int order;
        bool idle;
        JobState state;
        unsigned taken;
} Before;

static Asked asked[ASKED_MAX];
static unsigned asked_count;
static Before before;
/* An order on whose call the agent died, or which it refused since the disk failed: what was
 * written before a failed sync may be there after a restart. -1: none. */
static int doubtful;
static Before before_doubtful;

void orders_reset(void)
{
        asked_count = 0;
        doubtful = -1;
}

void orders_closed(void)
{
        for (unsigned i = 0; i < asked_count; i++)
                asked[i].over = true;
}

static Record *record_of(size_t order)
{
        return sim.orders[order].plain ? &sim.plain : &sim.orders[order].record;
}

/* ---- asking ---- */

static unsigned ask(Asked what, const char *action, const char *payload)
{
        unsigned n = asked_count;

        if (n == ASKED_MAX)
                return 0;
        asked[asked_count++] = what;
        link_from_csms(str_printf("[2,\"c%u\",\"%s\",%s]", n, action, payload),
                       span(USEC_PER_MSEC, USEC_PER_SEC),
                       &(Receipt){.kind = RECEIPT_CALL, .call = n});
        return n;
}

void orders_ask_logs(size_t n, const char *action, const char *payload)
{
        ask((Asked){.what = ASKED_LOGS, .order = n}, action, payload);
}

static void order_make(Order *o, size_t n)
{
        usec_t now = csms_time();

        *o = (Order){.request_id = (int64_t)n - 1,
                     .plain = sim.dialect16 && chance(500),
                     .good_certificate = !chance(50),
                     .good_url = !chance(50),
                     .content = (int)(2 + rnd(CONTENTS_MAX - 3)),
                     .retrieve_at = chance(300) ? now + span(0, 2 * DAY) : now - rnd(DAY),
                     .install_at = chance(300) ? now + span(0, 3 * DAY) : NO_TIME,
                     .retries = chance(300) ? NO_INT : (int64_t)rnd(4),
                     .retry_interval = chance(300) ? NO_INT : (int64_t)rnd(1000)};
        o->is_signed = !o->plain && (sim.config_signed || sim.dialect16 ? !chance(20) : false);
        o->good_signature = o->is_signed && !chance(80);
        if (sim.dialect16 && !o->plain)
                o->is_signed = true;
        if (o->plain)
                o->install_at = NO_TIME;
}

static char *order_times(const Order *o, const char *retrieve, const char *install)
{
        char text[TIME_TEXT_MAX], other[TIME_TEXT_MAX];

        return str_printf("\"%s\":\"%s\"%s%s%s%s%s", retrieve, time_format(o->retrieve_at, text),
                          install && o->install_at != NO_TIME ? ",\"" : "",
                          install && o->install_at != NO_TIME ? install : "",
                          install && o->install_at != NO_TIME ? "\":\"" : "",
                          install ? time_format(o->install_at, other) : "",
                          install && o->install_at != NO_TIME ? "\"" : "");
}

/* PEM in JSON. */
static char *escaped(const char *text)
{
        cJSON *s = cJSON_CreateString(text);
        char *quoted = cJSON_PrintUnformatted(s);

        cJSON_Delete(s);
        return quoted;
}

static char *order_payload(const Order *o, size_t n)
{
        _cleanup_(freep) char *url = str_printf(
                o->good_url ? "https://fw.example/%zu.raucb" : "gopher://fw.example/%zu.raucb", n);
        _cleanup_(freep) char *times =
                order_times(o, o->plain ? "retrieveDate" : "retrieveDateTime",
                            o->plain ? NULL : "installDateTime");
        _cleanup_(freep) char *certificate = escaped(keys_certificate(o->good_certificate));
        _cleanup_(freep) char *keys =
                o->is_signed
                        ? str_printf(",\"signingCertificate\":%s,\"signature\":\"%s\"", certificate,
                                     keys_signature(o->good_signature ? o->content : CONTENT_NONE))
                        : strdup("");
        _cleanup_(freep) char *retries =
                o->retries == NO_INT ? strdup("") : str_printf(",\"retries\":%d", (int)o->retries);
        _cleanup_(freep) char *interval =
                o->retry_interval == NO_INT
                        ? strdup("")
                        : str_printf(",\"retryInterval\":%d", (int)o->retry_interval);

        if (o->plain)
                return str_printf("{\"location\":\"%s\",%s%s%s}", url, times, retries, interval);
        return str_printf("{\"requestId\":%d%s%s,\"firmware\":{\"location\":\"%s\",%s%s}}",
                          (int)o->request_id, retries, interval, url, times, keys);
}

static void order_send(size_t n)
{
        const Order *o = &sim.orders[n];
        _cleanup_(freep) char *payload = order_payload(o, n);
        const char *action = sim.dialect16 && !o->plain ? "SignedUpdateFirmware" : "UpdateFirmware";

        story("the CSMS orders update %zu%s (system %d%s%s%s)", n, o->plain ? ", plain" : "",
              o->content, o->is_signed ? o->good_signature ? ", signed" : ", signed wrongly" : "",
              o->good_certificate ? "" : ", bad certificate", o->good_url ? "" : ", bad location");
        ask((Asked){.what = ASKED_ORDER, .order = n}, action, payload);
}

void csms_order(void *arg, uint64_t n)
{
        size_t order = sim.order_count;

        if (!link_world_is_open()) {
                if (n < 20) /* tries */
                        todo_add(OF_WORLD, span(USEC_PER_MIN, USEC_PER_HOUR), csms_order, arg,
                                 n + 1);
                return;
        }
        if (order > 0 && !sim.orders[order - 1].plain && chance(150)) {
                order_send(order - 1);
                return;
        }
        if (order == ORDERS_MAX)
                return;
        order_make(&sim.orders[order], order);
        sim.order_count++;
        sim.figures.orders++;
        order_send(order);
}

void csms_trigger(void *arg _unused_, uint64_t n)
{
        static const struct {
                const char *word;
                OutgoingKind kind;
        } triggers[] = {
                {"FirmwareStatusNotification", OUT_FIRMWARE_STATUS},
                {"FirmwareStatusNotification", OUT_FIRMWARE_STATUS},
                {"BootNotification", OUT_BOOT},
                {"Heartbeat", OUT_HEARTBEAT},
                {"LogStatusNotification", OUT_LOG_STATUS},
                {"LogStatusNotification", OUT_LOG_STATUS},
                {"DiagnosticsStatusNotification", OUT_DIAGNOSTICS_STATUS},
                {"StatusNotification", OUT_STATUS},
        };
        size_t i = n % ELEMENTSOF(triggers);
        OutgoingKind kind = triggers[i].kind;
        bool core = kind == OUT_DIAGNOSTICS_STATUS;
        bool extended = sim.dialect16 && !core && (chance(500) || kind == OUT_LOG_STATUS);
        char payload[80];

        if (!link_world_is_open() || (core && !sim.dialect16))
                return;
        if (sim.dialect16 && !extended && kind == OUT_FIRMWARE_STATUS)
                kind = OUT_FIRMWARE_STATUS_PLAIN;
        sim.figures.triggers++;
        snprintf(payload, sizeof(payload), "{\"requestedMessage\":\"%s\"}", triggers[i].word);
        ask((Asked){.what = ASKED_TRIGGER, .triggered = kind},
            extended ? "ExtendedTriggerMessage" : "TriggerMessage", payload);
}

void csms_resets(void *arg _unused_, uint64_t n)
{
        static const char *const kinds[2][2] = {{"Immediate", "OnIdle"}, {"Soft", "Hard"}};
        const char *kind = kinds[sim.dialect16][n % 2];
        char payload[40];

        if (!link_world_is_open())
                return;
        sim.figures.resets++;
        sim.resets++;
        story("the CSMS wants a Reset, %s", kind);
        snprintf(payload, sizeof(payload), "{\"type\":\"%s\"}", kind);
        ask((Asked){.what = ASKED_OTHER}, "Reset", payload);
}

void csms_babble(void *arg _unused_, uint64_t n)
{
        static const char *const frames[] = {"",          "[]",     "[2]",
                                             "{\"a\":1}", "[1,2,3", "[3,\"x\",{}]"};

        if (!link_world_is_open())
                return;
        if (n % 2 == 0)
                ask((Asked){.what = ASKED_OTHER}, n % 4 ? "Reset" : "NoSuchThing", "{}");
        else
                link_from_csms(strdup(frames[n % ELEMENTSOF(frames)]), USEC_PER_MSEC,
                               &(Receipt){0});
}

/* ---- the answers ---- */

static void trigger_answered(const Asked *a)
{
        if (a->triggered == OUT_FIRMWARE_STATUS || a->triggered == OUT_FIRMWARE_STATUS_PLAIN)
                record_trigger(a->triggered == OUT_FIRMWARE_STATUS_PLAIN);
        if (a->triggered == OUT_LOG_STATUS || a->triggered == OUT_DIAGNOSTICS_STATUS)
                logs_triggered();
        csms_trigger_accepted(a->triggered, a->triggered == OUT_STATUS ? SESSIONS_MAX + 1 : 1);
}

void orders_answered(const char *id, const cJSON *payload)
{
        const char *status;
        char *end = (char *)"";
        unsigned long n = id && *id == 'c' ? strtoul(id + 1, &end, 10) : ASKED_MAX;
        Asked *a;

        if (id && !payload && (streq(id, "junk") || (streq(id, "-1") && !sim.dialect16)))
                return; /* to what could not be read */
        LAW(n < asked_count && !*end && !asked[n].over, "an answer to what nobody asked: %s",
            strempty(id));
        if (n >= asked_count)
                return;
        a = &asked[n];
        a->answers++;
        status = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(payload, "status"));
        a->said_canceled = str_equal(status, "AcceptedCanceled");
        a->said_yes = a->said_canceled || str_equal(status, "Accepted");
        if (a->what == ASKED_ORDER && sim.orders[a->order].plain)
                a->said_yes = payload;
        if (a->what == ASKED_LOGS)
                logs_answered(a->order, payload);
        if (a->what == ASKED_TRIGGER && a->said_yes)
                trigger_answered(a);
}

/* ---- what it made of it ---- */

void orders_before(unsigned call)
{
        before = (Before){law_order_of_agent(), law_agent_is_idle(), sim.agent->job.state,
                          sim.taken};
        if (asked[call].what == ASKED_LOGS)
                logs_before();
        if (asked[call].what == ASKED_ORDER)
                sim.orders[asked[call].order].delivered = true;
}

/* After a death the agent's job tells whether it took the order. */
static bool job_tells(size_t n)
{
        return law_order_of_agent() == (int)n &&
               (before.order != (int)n || (before.idle && !law_agent_is_idle()));
}

/* It was taken: in whose place? */
static bool resolve(size_t n, bool started)
{
        if (!started)
                return false;
        if (!before.idle && before.order >= 0)
                record_superseded(record_of((size_t)before.order));
        record_of(n)->runs++;
        return true;
}

static void judge_refusal(const Order *o)
{
        bool must = o->good_url && (!o->is_signed || o->good_certificate) &&
                    (o->is_signed || !sim.agent->require_signed) &&
                    (!o->is_signed || sim.config_signed) && job_can_be_superseded(before.state);

        LAW(!must || sim.disk_was_bad || csms_has_rejected(), "a good order was refused while %s",
            job_state_to_string(before.state));
}

static void judge_order(const Asked *a, bool started)
{
        const Order *o = &sim.orders[a->order];
        bool again = !before.idle && before.order == (int)a->order;

        LAW(!started || !o->is_signed || o->good_certificate, "a bad certificate was accepted");
        LAW(!started || o->is_signed || !o->good_url || !sim.agent->require_signed,
            "an unsigned order was accepted");
        LAW(!started || o->good_url || o->plain, "a location that can't be fetched was accepted");
        LAW(!started || a->said_yes, "an order was taken though refused");
        LAW(!a->said_yes || started || again, "an order was accepted and not taken");
        LAW(!started || o->plain || a->said_canceled == !before.idle,
            "%s, though the one before was %s", a->said_canceled ? "AcceptedCanceled" : "Accepted",
            job_state_to_string(before.state));
        if (!started && !again)
                judge_refusal(o);
}

void orders_after(unsigned call)
{
        const Asked *a = &asked[call];
        bool started;

        if (a->what == ASKED_ORDER && (sim.death != ALIVE || sim.disk_was_bad) &&
            sim.taken == before.taken) {
                doubtful = (int)a->order;
                before_doubtful = before;
        }
        if (a->what == ASKED_LOGS)
                logs_after(a->order, a->answers == 1);
        if (sim.death != ALIVE) {
                if (a->what == ASKED_ORDER && resolve(a->order, sim.taken != before.taken))
                        doubtful = -1;
                return;
        }
        if (!a->over && link_world_is_open())
                LAW(a->answers == 1 || (a->answers == 0 && sim.dialect16 && csms_has_rejected()),
                    "a call was answered %u times", a->answers);
        if (a->what != ASKED_ORDER)
                return;
        started = resolve(a->order, sim.taken != before.taken);
        if (started)
                doubtful = -1;
        if (a->answers == 1)
                judge_order(a, started);
}

void orders_life_begins(void)
{
        before = before_doubtful;
        if (doubtful >= 0)
                resolve((size_t)doubtful, job_tells((size_t)doubtful));
        doubtful = -1;
        logs_life_begins();
}
