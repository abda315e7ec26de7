/* The CSMS's record of what it was told, and whether it may be told that: each status in its order,
 * again only if the answer was lost, one final status a request, none after another one took its
 * place. */
#include "sim.h"

#define EVENTS_MAX 512
/* So often a status is sent before it is given up (intermediate) or set aside (final). */
#define TRIES 5

static unsigned triggers[2], unanswered;
static struct {
        char type[40], timestamp[TIME_TEXT_MAX];
        bool without_csms;
} events[EVENTS_MAX];
static size_t event_count;

void record_reset(void)
{
        unanswered = 0;
        event_count = 0;
        record_closed();
}

void record_closed(void)
{
        triggers[false] = triggers[true] = 0;
}

void record_trigger(bool plain)
{
        triggers[plain]++;
}

void record_unanswered(void)
{
        unanswered++;
}

void record_superseded(Record *r)
{
        r->superseded++;
        r->superseded_at = sim.now;
}

#define BIT(s) (1u << FW_##s)

/* What may follow a status. */
/* clang-format off */
static const unsigned successors[FW_STATUS_MAX] = {
        [FW_NONE]               = BIT(DOWNLOAD_SCHEDULED) | BIT(DOWNLOADING),
        [FW_DOWNLOAD_SCHEDULED] = BIT(DOWNLOADING) | BIT(DOWNLOAD_FAILED),
        [FW_DOWNLOADING]        = BIT(DOWNLOAD_PAUSED) | BIT(DOWNLOADED) | BIT(DOWNLOAD_FAILED),
        [FW_DOWNLOAD_PAUSED]    = BIT(DOWNLOADING) | BIT(DOWNLOAD_FAILED),
        [FW_DOWNLOADED]         = BIT(SIGNATURE_VERIFIED) | BIT(INVALID_SIGNATURE) | BIT(INSTALL_SCHEDULED) |
                                  BIT(INSTALLING) | BIT(INSTALLATION_FAILED) | BIT(INSTALL_VERIFICATION_FAILED),
        [FW_SIGNATURE_VERIFIED] = BIT(INSTALL_SCHEDULED) | BIT(INSTALLING) | BIT(INSTALLATION_FAILED) |
                                  BIT(INSTALL_VERIFICATION_FAILED),
        [FW_INSTALL_SCHEDULED]  = BIT(INSTALLING) | BIT(INSTALLATION_FAILED) | BIT(INSTALL_VERIFICATION_FAILED),
        [FW_INSTALLING]         = BIT(INSTALL_REBOOTING) | BIT(INSTALLED) | BIT(INSTALLATION_FAILED) |
                                  BIT(INSTALL_VERIFICATION_FAILED),
        [FW_INSTALL_REBOOTING]  = BIT(INSTALLED) | BIT(INSTALLATION_FAILED) | BIT(INSTALL_VERIFICATION_FAILED),
};

/* How far the update is. */
static const int ranks[FW_STATUS_MAX] = {
        [FW_DOWNLOAD_SCHEDULED] = 1, [FW_DOWNLOADING] = 2, [FW_DOWNLOAD_PAUSED] = 2, [FW_DOWNLOADED] = 3,
        [FW_SIGNATURE_VERIFIED] = 4, [FW_INSTALL_SCHEDULED] = 5, [FW_INSTALLING] = 6,
        [FW_INSTALL_REBOOTING] = 7, [FW_DOWNLOAD_FAILED] = 8, [FW_INVALID_SIGNATURE] = 8,
        [FW_INSTALL_VERIFICATION_FAILED] = 8, [FW_INSTALLATION_FAILED] = 8, [FW_INSTALLED] = 8,
};
/* clang-format on */

/* An intermediate status may have been given up before. */
static bool may_follow(FirmwareStatus last, FirmwareStatus status)
{
        if (successors[last] & (1u << status))
                return true;
        return unanswered >= TRIES && !firmware_status_is_final(last) &&
               (ranks[status] > ranks[last] || (ranks[status] == 2 && ranks[last] == 2));
}

/* One more run of the request: the same again after it was over, or the next plain one. */
static bool may_begin(const Record *r, FirmwareStatus status, bool plain)
{
        if (r->begun >= r->runs)
                return false;
        return (successors[FW_NONE] & (1u << status)) || unanswered >= TRIES ||
               (plain && status == FW_DOWNLOAD_FAILED); /* a location that can't be fetched */
}

static bool was_said(const Record *r, FirmwareStatus status)
{
        for (size_t i = 0; i < r->count; i++)
                if (r->said[i].status == status)
                        return true;
        return false;
}

static void add(Record *r, FirmwareStatus status, Receipt *ret)
{
        if (r->count == SAID_MAX) {
                broken("one request has more than %d statuses", SAID_MAX);
                return;
        }
        r->said[r->count] = (Said){.status = status};
        if (firmware_status_is_final(status)) {
                r->finals++;
                sim.figures.finals[status]++;
        }
        *ret = (Receipt){.kind = RECEIPT_SAID, .record = r, .said = r->count++};
}

static Record *find(int64_t request_id, bool plain)
{
        if (plain)
                return &sim.plain;
        for (size_t i = 0; i < sim.order_count; i++)
                if (!sim.orders[i].plain && sim.orders[i].request_id == request_id)
                        return &sim.orders[i].record;
        return NULL;
}

static bool by_trigger(const Record *r, FirmwareStatus status, bool plain)
{
        if (triggers[plain] == 0)
                return false;
        triggers[plain]--;
        /* 1.6's core message tells of the update that the extended one ordered too. */
        LAW(status == FW_IDLE || plain || !r || was_said(r, status) || r->begun < r->runs ||
                    may_follow(r->count ? r->said[r->count - 1].status : FW_NONE, status),
            "the trigger was answered with %s, which was never so",
            firmware_status_to_string(status));
        return true;
}

static void judge_final(const Record *r, FirmwareStatus status, bool plain)
{
        if (status != FW_INSTALLED || plain)
                return;
        for (size_t i = 0; i < sim.order_count; i++)
                if (&sim.orders[i].record == r)
                        LAW(sim.orders[i].proven || sim.orders[i].data_written,
                            "Installed was said, and is not true");
}

/* 1: it is in order, and noted; 0: it is not. */
static bool in_order(Record *r, FirmwareStatus status, bool plain, Receipt *ret)
{
        Said *last = r->count ? &r->said[r->count - 1] : NULL;

        if (last && last->status == status && !last->settled) {
                /* Or it is what the next run says first: nobody could tell. */
                r->muddled |= r->begun < r->runs;
                *ret = (Receipt){.kind = RECEIPT_SAID, .record = r, .said = r->count - 1};
                return true;
        }
        if (r->begun > 0 && may_follow(last ? last->status : FW_NONE, status)) {
                add(r, status, ret);
                return true;
        }
        if (may_begin(r, status, plain)) {
                r->begun++;
                r->muddled |= !(successors[FW_NONE] & (1u << status));
                add(r, status, ret);
                return true;
        }
        if ((!plain && r->runs < 2) || unanswered < TRIES)
                return false;
        r->muddled = true;
        add(r, status, ret); /* set aside, it comes when its turn is over */
        return true;
}

bool record_status(FirmwareStatus status, int64_t request_id, bool plain, Receipt *ret)
{
        Record *r = find(request_id, plain);

        if (status == FW_IDLE || !csms_has_accepted()) {
                LAW(by_trigger(r, status, plain), "%s, for which nobody asked",
                    firmware_status_to_string(status));
                return false;
        }
        if (!r) {
                broken("%s of a request that nobody made", firmware_status_to_string(status));
                return false;
        }
        if (!plain && r->superseded > 0 && r->superseded == r->runs)
                LAW(sim.now < r->superseded_at + 2 * USEC_PER_SEC,
                    "%s of a request that another one replaced", firmware_status_to_string(status));
        if (in_order(r, status, plain, ret)) {
                if (ret->said + 1 == r->count)
                        judge_final(r, status, plain);
                if (triggers[plain] > 0) /* perhaps that is the one: nothing is settled by it */
                        *ret = (Receipt){.kind = RECEIPT_NONE};
                return true;
        }
        LAW(by_trigger(r, status, plain), "%s after %s%s", firmware_status_to_string(status),
            r->count ? firmware_status_to_string(r->said[r->count - 1].status) : "nothing",
            r->count && r->said[r->count - 1].settled ? ", which was answered" : "");
        return false;
}

/* An event's time stamp tells it from others of its type. */
void record_security_event(const char *type, const char *timestamp, const char *tech_info)
{
        for (size_t i = 0; i < event_count; i++)
                if (streq(events[i].type, type) && streq(events[i].timestamp, timestamp))
                        return;
        if (event_count == EVENTS_MAX) {
                broken("more than %d security events", EVENTS_MAX);
                return;
        }
        snprintf(events[event_count].type, sizeof(events[0].type), "%s", type);
        snprintf(events[event_count].timestamp, sizeof(events[0].timestamp), "%s", timestamp);
        events[event_count++].without_csms = startswith(tech_info, "installed without");
}

static unsigned count_events(const char *type)
{
        unsigned n = 0;

        for (size_t i = 0; i < event_count; i++)
                n += streq(events[i].type, type) && !events[i].without_csms;
        return n;
}

static unsigned count_finals(FirmwareStatus status)
{
        unsigned n = 0;

        for (size_t i = 0; i <= sim.order_count; i++) {
                const Record *r = i < sim.order_count ? &sim.orders[i].record : &sim.plain;

                for (size_t k = 0; k < r->count; k++)
                        n += r->said[k].status == status;
        }
        return n;
}

static void judge_record(const Record *r, const char *whose)
{
        bool muddled = r->muddled || (r->runs > 1 && unanswered >= TRIES);

        LAW(r->finals == r->runs - r->superseded ||
                    (muddled && (r->finals > 0 || r->runs == r->superseded)),
            "%s: taken %u times, replaced %u times, and has %u final statuses", whose, r->runs,
            r->superseded, r->finals);
}

/* One a boot, and one more for each Reset of the agent alone; a database that is lost forgets. */
static void judge_starts(void)
{
        unsigned n = count_events("StartupOfTheDevice") + count_events("ResetOrReboot");

        LAW(n > 0 && (sim.rates[FAULT_DISK] > 0 || n <= sim.world.boots + sim.resets),
            "%u starts were told; the machine had %u, and there were %u Resets", n, sim.world.boots,
            sim.resets);
}

void record_judge(void)
{
        bool muddled = sim.plain.muddled || (sim.plain.runs > 1 && unanswered >= TRIES);
        char whose[40];

        for (size_t i = 0; i < sim.order_count; i++)
                muddled |= sim.orders[i].record.muddled ||
                           (sim.orders[i].record.runs > 1 && unanswered >= TRIES);
        for (size_t i = 0; i < sim.order_count; i++) {
                snprintf(whose, sizeof(whose), "request %d", (int)sim.orders[i].request_id);
                judge_record(&sim.orders[i].record, whose);
        }
        judge_record(&sim.plain, "plain requests");
        judge_starts();
        if (muddled)
                return; /* a final status may have been counted twice */
        LAW(count_events("FirmwareUpdated") == count_finals(FW_INSTALLED),
            "%u times Installed, %u times the event FirmwareUpdated", count_finals(FW_INSTALLED),
            count_events("FirmwareUpdated"));
        LAW(count_events("InvalidFirmwareSignature") == count_finals(FW_INVALID_SIGNATURE),
            "%u times InvalidSignature, %u times its event", count_finals(FW_INVALID_SIGNATURE),
            count_events("InvalidFirmwareSignature"));
}
