/* What a seed is about: the configuration, which faults there are and how often, the systems that
 * the updates bring, and what happens when. Then the quiet, in which all must come to its end. */
#include "sim.h"

/* Per mille; half of the kinds are absent from a seed. */
static const unsigned usual_rates[] = {3, 10, 30, 100, 300};

static void plan_rates(void)
{
        bool wild = chance(100);

        for (int f = 0; f < FAULT_MAX; f++)
                sim.rates[f] = !wild && chance(550) ? 0 : usual_rates[rnd(ELEMENTSOF(usual_rates))];
        sim.rates[FAULT_DISK] = MIN(sim.rates[FAULT_DISK], 30u);
        sim.rates[FAULT_LINK_CUT] = MIN(sim.rates[FAULT_LINK_CUT], 100u);
        if (!chance(200))
                sim.rates[FAULT_DISK] = 0;
        if (chance(500))
                sim.rates[FAULT_WRONG_FILE] = sim.rates[FAULT_DOWNLOAD_FINAL] = 0;
        sim.reach = chance(300) ? 0 : 5 + (unsigned)rnd(chance(100) ? 200 : 50);
}

static void plan_contents(void)
{
        for (int i = 0; i < CONTENTS_MAX; i++) {
                Content *c = &sim.contents[i];

                c->comes_up = i < 2 || !chance(120);
                c->health = i < 2 || chance(500) ? HEALTHY : (Health)rnd(HEALTH_SICK + 1);
                c->late = span(USEC_PER_SEC, 12 * USEC_PER_MIN);
                c->data_only = i > 1 && i != CONTENT_FOREIGN && chance(80);
        }
}

static int plan_config(void)
{
        static const char *const reboots[] = {"logind", "logind", "command"};
        static const char *const fetches[] = {"spool", "spool", "stream", "auto"};
        char text[2048];
        ConfigError error;
        bool signed_here = chance(600);
        int n = snprintf(
                text, sizeof(text),
                "[csms]\nurl = wss://csms.example/ocpp\nidentity = sim\nuse_system_roots = "
                "yes\nprotocols = %s\n"
                "message_timeout = %us\nbackoff_wait_minimum = %us\nbackoff_random_range = %us\n"
                "[station]\nvendor = Sim\nmodel = Sim\nconnectors = %d\n"
                "[state]\ndirectory = /state\n[logs]\nocpp_log_size = %s\n"
                "[firmware]\nspool = /state/spool\nhold = %s\nmax_wait = %s\nretries = %u\n"
                "start_jitter = %s\ninstall_timeout = %s\nhealth_within = %s\nreboot = %s\n"
                "reboot_command = /hook/reboot\nfetch = %s\n%s%s%s%s",
                sim.dialect16 ? "ocpp1.6" : "ocpp2.1 ocpp2.0.1", 10 + (unsigned)rnd(50),
                1 + (unsigned)rnd(30), (unsigned)rnd(30), chance(200) ? SESSIONS_MAX : 1,
                chance(100) ? "5M" : "0", chance(300) ? "install" : "reboot",
                chance(200) ? "4h" : "0", (unsigned)rnd(5), chance(200) ? "10min" : "0",
                chance(300) ? "20min" : "2h", chance(300) ? "2min" : "10min",
                reboots[rnd(ELEMENTSOF(reboots))], fetches[rnd(ELEMENTSOF(fetches))],
                chance(800) ? "verify_update_script = /hook/verify\n" : "",
                chance(200) ? "pre_install_check = /hook/check\n" : "",
                chance(100) ? "install_window = 01:00-05:00\n" : "",
                signed_here ? "" : "require_signed = no\n");
        int r = config_parse("sim.conf", text, (size_t)n, &sim.config, &error);

        if (r < 0) {
                broken("the simulation's configuration: %s", error.text);
                return r;
        }
        sim.config_signed = signed_here;
        return signed_here ? str_replace(&sim.config.manufacturer_roots, keys_root()) : 0;
}

/* ---- what happens when ---- */

static void cut(void *arg _unused_, uint64_t kind)
{
        if (sim.quiet || sim.cut_in > 0)
                return;
        sim.cut_in = 1 + (unsigned)rnd(50);
        sim.cut_kind = (Death)kind;
}

static void stop(void *arg _unused_, uint64_t n _unused_)
{
        die(DEATH_STOP, "by systemd");
}

static void power(void *arg _unused_, uint64_t n _unused_)
{
        die(DEATH_POWER, "just so");
}

static void clock_jumps(void *arg _unused_, uint64_t n)
{
        static const int64_t days[] = {-400, -1, 0, 1, 30};
        int64_t error = days[n % ELEMENTSOF(days)] * (int64_t)DAY + (int64_t)rnd(USEC_PER_HOUR);

        sim.world.clock_error = sim.quiet ? 0 : error;
        sim.clock_was_wrong |= sim.world.clock_error != 0;
        story("the wall clock jumps, and is now wrong by %lld s",
              (long long)(sim.world.clock_error / (int64_t)USEC_PER_SEC));
}

static void breaks(void *arg _unused_, uint64_t n)
{
        if (!sim.quiet)
                link_break(n, n ? "the CSMS closes it" : "the network goes");
}

static void slot_breaks(void *arg _unused_, uint64_t n)
{
        if (n && !sim.quiet)
                rauc_vanish(NULL, 0);
}

static void foreign(void *arg _unused_, uint64_t n)
{
        if (!sim.quiet)
                rauc_foreign(NULL, n);
}

static void operator_is_there(void *arg _unused_, uint64_t n)
{
        if (!sim.quiet)
                operator_acts(NULL, n);
}

/* At most most times in the whole time, each at any hour; n below kinds. */
static void happens(unsigned most, Todo what, uint64_t kinds)
{
        for (uint64_t i = rnd(most + 1); i > 0; i--)
                todo_add(OF_WORLD, rnd(sim.quiet_at), what, NULL, rnd(kinds));
}

static void plan_days(void)
{
        happens(3, csms_order, 1);
        todo_add(OF_WORLD, rnd(sim.quiet_at / 4), csms_order, NULL, 0);
        happens(4, csms_trigger, 100);
        happens(chance(500) ? 3 : 0, csms_wants_logs, 1);
        happens(chance(300) ? 6 : 0, csms_babble, 100);
        happens(chance(400) ? 3 : 0, csms_resets, 2);
        happens(chance(500) ? 5 : 0, breaks, 2);
        happens(chance(400) ? 5 : 0, session_begin, SESSIONS_MAX);
        happens(chance(250) ? 4 : 0, operator_is_there, 4);
        happens(sim.rates[FAULT_RAUC_GONE] > 0 ? 4 : 0, slot_breaks, 2);
        happens(sim.rates[FAULT_RAUC_BUSY] > 0 ? 4 : 0, foreign, 1);
        happens(sim.rates[FAULT_RAUC_BUSY] > 0 && chance(50) ? 1 : 0, foreign, 2);
        happens(chance(300) ? 3 : 0, clock_jumps, 5);
        happens(sim.reach > 0 ? 1 : 0, power, 1);
        happens(sim.reach > 0 ? 1 : 0, stop, 1);
        for (uint64_t i = sim.reach > 0 ? rnd(3) : 0; i > 0; i--)
                todo_add(OF_WORLD, rnd(sim.quiet_at), cut, NULL,
                         chance(500) ? DEATH_POWER : DEATH_KILL);
}

static void quiet(void *arg _unused_, uint64_t n _unused_)
{
        story("--- from here on nothing fails any more");
        sim.quiet = true;
        sim.cut_in = 0;
        sim.world.clock_error = 0;
        rauc_heal();
        operator_acts(NULL, 9);
        todo_add(OF_WORLD, USEC_PER_HOUR, run_judge, NULL, 0);
}

int plan_make(void)
{
        static const usec_t lengths[] = {USEC_PER_HOUR, 4 * USEC_PER_HOUR, DAY, 5 * DAY};

        sim.dialect16 = chance(500);
        sim.quiet_at = lengths[rnd(ELEMENTSOF(lengths))];
        plan_rates();
        plan_contents();
        plan_days();
        todo_add(OF_WORLD, sim.quiet_at, quiet, NULL, 0);
        return plan_config();
}
