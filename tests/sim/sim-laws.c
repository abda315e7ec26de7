/* What must be true of the world when the agent acts or speaks, judged at that moment; and the log,
 * by which the agent tells what it has just done. */
#include <stdarg.h>

#include "sim.h"

int __wrap_log_full(int level, int error, const char *format, ...);
void __wrap_log_event(int level, LogEvent event, const LogFields *fields, const char *format, ...);
int __wrap_log_get_max_level(void);

/* ---- the story ---- */

_printf_(2, 0) static void tell(const char *prefix, const char *format, va_list ap)
{
        usec_t t = sim.now / USEC_PER_MSEC;

        printf("%3llud %02llu:%02llu:%02llu.%03llu %s", (unsigned long long)(t / 86400000),
               (unsigned long long)(t / 3600000 % 24), (unsigned long long)(t / 60000 % 60),
               (unsigned long long)(t / 1000 % 60), (unsigned long long)(t % 1000), prefix);
        vprintf(format, ap);
        putchar('\n');
}

void story(const char *format, ...)
{
        va_list ap;

        if (!sim.tells)
                return;
        va_start(ap, format);
        tell("", format, ap);
        va_end(ap);
}

void broken(const char *format, ...)
{
        va_list ap;

        if (*sim.law)
                return;
        va_start(ap, format);
        vsnprintf(sim.law, sizeof(sim.law), format, ap);
        va_end(ap);
        sim.law_at = sim.now;
        story("LAW BROKEN: %s", sim.law);
}

/* ---- what the agent's job is ---- */

int law_order_of_agent(void)
{
        const char *location = sim.agent ? sim.agent->job.request.location : NULL;
        const char *name = location ? strrchr(location, '/') : NULL;
        unsigned long n = name ? strtoul(name + 1, NULL, 10) : ORDERS_MAX;

        return n < sim.order_count ? (int)n : -1;
}

bool law_agent_is_idle(void)
{
        return !sim.agent || sim.agent->job.state == JOB_IDLE;
}

static Order *order_of_agent(void)
{
        int n = law_order_of_agent();

        return n < 0 ? NULL : &sim.orders[n];
}

/* Where no script is configured every system that runs counts as well. */
static bool is_healthy(const WorldSlot *s)
{
        return s->healthy || (!sim.config.verify_update_script && s->ran);
}

static bool is_proven(const WorldSlot *s)
{
        return is_healthy(s) && s->marked;
}

static WorldSlot *booted(void)
{
        return &sim.world.slots[sim.world.booted];
}

static WorldSlot *other(void)
{
        return &sim.world.slots[!sim.world.booted];
}

/* ---- facts ---- */

void law_fact_healthy(void)
{
        booted()->healthy = true;
}

static void note_proven(const WorldSlot *s)
{
        if (s->order >= 0 && s->accepted && is_proven(s))
                sim.orders[s->order].proven = true;
}

void law_marked(MarkKind kind, int slot)
{
        WorldSlot *s = &sim.world.slots[slot];

        if (kind != MARK_GOOD || !is_healthy(s))
                return;
        s->marked = true;
        note_proven(s);
}

void law_fact_accepted(void)
{
        booted()->accepted = true;
        note_proven(booted());
}

/* ---- may it? ---- */

void law_install_asked(void)
{
        LAW(sim.config.hold != HOLD_AT_INSTALL || !session_holds() ||
                    sim.agent->job.state != JOB_INSTALLING || sim.agent->job.installs > 1,
            "a charging session is disturbed by the install");
}

void law_install(int file, int target)
{
        const Order *o = order_of_agent();
        const WorldSlot *from = booted(), *to = &sim.world.slots[target];

        if (!o) {
                broken("an install that nobody ordered");
                return;
        }
        LAW(!o->is_signed || (o->good_signature && file == o->content),
            "a file that was not verified is installed (%d, ordered was %d)", file, o->content);
        LAW(o->is_signed || !sim.config_signed, "an unsigned file is installed");
        LAW(is_proven(from) || !is_proven(to) || !boot_reads_good(target),
            "the only proven slot is written");
        LAW(o->install_at == NO_TIME || sim.clock_was_wrong ||
                    csms_time() + 10 * USEC_PER_SEC >= o->install_at,
            "it is installed before its time");
}

void law_mark(MarkKind kind, int slot, const char *as)
{
        const WorldSlot *s = &sim.world.slots[slot];

        if (kind == MARK_GOOD)
                /* "The slot that was confirmed last is marked good at every start, … without asking
                 * anybody": the slot, also where a technician has put something new into it. */
                LAW(is_healthy(s) || s->unproven || s->content == CONTENT_FOREIGN,
                    "%s is marked good (as %s) and was never well", boot_slot_name(slot), as);
        if (kind == MARK_BAD && slot != sim.world.booted)
                /* The mark of a slot that was well may fail for too long: the factory's is gone
                 * back to, though it was never asked. */
                LAW(!is_proven(s) || is_proven(booted()) || booted()->unproven || sim.technician ||
                            sim.agent->job.verdict != FW_NONE,
                    "the only proven slot is marked bad");
}

void law_reboot(void)
{
        JobState state = sim.agent->job.state;

        LAW(!session_holds(), "a charging session is cut off by the reboot");
        LAW(job_is_rebooting(state) || job_can_be_superseded(state),
            "an update is disturbed by a reboot while %s", job_state_to_string(state));
}

/* ---- what it says of itself ---- */

static void judge_installed(const Order *o)
{
        const WorldSlot *s = booted();

        if (o->data_written)
                return;
        LAW(s->order == law_order_of_agent(), "Installed, but the slot that runs is another");
        LAW(is_healthy(s), "Installed, but it was never well");
        /* In this boot or before: GRUB's mark has to be renewed in each. */
        LAW(s->marked, "Installed, but it is not marked good");
        LAW(s->accepted, "Installed, but its BootNotification was not accepted");
}

/* The old system is what starts next, unless that is owed, or the reason why not was logged. */
static void judge_failure(const Order *o)
{
        int next = boot_primary();

        /* The same order, given again, may have been installed before; and without RAUC nobody can
         * tell the boot loader anything. */
        if (next < 0 || sim.technician || sim.agent->job.installs == 0 || !sim.rauc.present ||
            sim.world.slots[next].order != law_order_of_agent())
                return;
        LAW(o->unproven_logged || sim.world.slots[next].unproven || o->proven ||
                    sim.agent->job.state == JOB_OWING,
            "a failure, but the failed system starts next (%s)",
            job_state_to_string(sim.agent->job.state));
}

static void note_unproven(void)
{
        Order *o = order_of_agent();

        booted()->unproven = true;
        if (o && booted()->order == law_order_of_agent())
                o->unproven_logged = true;
        if (sim.rates[FAULT_RAUC_ERROR] + sim.rates[FAULT_RAUC_GONE] + sim.rates[FAULT_RAUC_BUSY] +
                    sim.rates[FAULT_MARK_LOST] + sim.rates[FAULT_REBOOT] + sim.rates[FAULT_HOOK] ==
            0)
                LAW(!is_proven(other()) || !boot_reads_good(!sim.world.booted) ||
                            (sim.agent && sim.agent->job.roll_backs > 0),
                    "it stays unproven, though there is a proven slot to go back to");
}

/* A step of the update is a good moment for accidents. */
static void tempt_fate(void)
{
        if (sim.quiet || sim.cut_in > 0 || !chance(sim.reach))
                return;
        sim.cut_in = 1 + (unsigned)rnd(chance(500) ? 6 : 40);
        sim.cut_kind = chance(500) ? DEATH_POWER : DEATH_KILL;
}

static void hear_event(LogEvent event)
{
        Order *o = order_of_agent();

        switch (event) {
        case EVENT_UNPROVEN:
                note_unproven();
                break;
        case EVENT_ROLLED_BACK:
                sim.figures.roll_backs++;
                break;
        case EVENT_INSTALLED:
                if (o)
                        judge_installed(o);
                break;
        case EVENT_UPDATE_FAILED:
                if (o)
                        judge_failure(o);
                break;
        case EVENT_REQUEST_ACCEPTED:
                sim.taken++;
                break;
        case EVENT_STATUS:
        case EVENT_REQUEST_REFUSED:
        case EVENT_CONNECTED:
        case EVENT_DISCONNECTED:
        case LOG_EVENT_MAX:
                break;
        }
        tempt_fate();
}

int __wrap_log_full(int level, int error, const char *format, ...)
{
        char text[600];
        va_list ap;

        if (!sim.tells || (sim.death != ALIVE && sim.death != DEATH_STOP))
                return error;
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (*text != '<' && *text != '>') /* the link tells of frames itself */
                story("    %s%s%s%s", level <= LOG_ERR ? "error: " : "", text, error ? ": " : "",
                      error ? strerror(-error) : "");
        return error;
}

void __wrap_log_event(int level _unused_, LogEvent event, const LogFields *fields _unused_,
                      const char *format, ...)
{
        char text[600];
        va_list ap;

        if (sim.death != ALIVE)
                return;
        if (sim.tells) {
                va_start(ap, format);
                vsnprintf(text, sizeof(text), format, ap);
                va_end(ap);
                story("    %s", text);
        }
        hear_event(event);
}

int __wrap_log_get_max_level(void)
{
        return LOG_INFO;
}

/* ---- at the end ---- */

static void judge_version(void)
{
        char version[16];

        snprintf(version, sizeof(version), "v%d", booted()->content);
        LAW(!*booted()->status || streq(csms_version(), version),
            "the CSMS believes in version \"%s\", it is %s", csms_version(), version);
}

void law_end(void)
{
        int next = boot_primary();
        const WorldSlot *s;

        if (next < 0) {
                broken("no slot is left to boot");
                return;
        }
        s = &sim.world.slots[next];
        LAW(s->content != CONTENT_BROKEN, "a half-written slot starts next");
        /* A roll-back whose reboot never came is said at last; the old slot is still the next. */
        LAW(next == sim.world.booted || sim.technician || s->order < 0 || is_proven(s),
            "another slot starts next than runs, and is not proven");
        if (s->order >= 0 && !s->unproven)
                LAW(sim.orders[s->order].proven, "a system that was never proven starts next");
        judge_version();
        record_judge();
        logs_judge();
}
