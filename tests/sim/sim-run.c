/* One seed: the machine boots, the agent lives until it is stopped, killed or loses its power, and
 * is started again, until the quiet end has shown that all was said and done. */
#include "sim.h"

Sim sim;

/* How long after the last fault all must have come to its end: an update may wait for days. */
#define REST_WITHIN (40 * DAY)
#define LOOK_EVERY USEC_PER_HOUR
#define RESTARTS_MAX 8
#define POWER_CYCLES 4

static const Dialect *const dialects[] = {&ocpp21, &ocpp201, &ocpp16, NULL};
static bool woken;

/* ---- the quiet end ---- */

static bool set_aside_is_left(void)
{
        _cleanup_(outbox_row_done) OutboxRow row = {0};

        return store_outbox_first(sim.agent->store, true, 0, &row) != 0;
}

static bool is_at_rest(void)
{
        Agent *a = sim.agent;

        return a && sim.death == ALIVE && a->job.state == JOB_IDLE && logs_at_rest() &&
               link_world_is_open() && a->registration == REGISTERED && csms_has_accepted() &&
               a->whereabouts_known && outbox_is_empty(a) && a->reset.phase == RESET_NONE;
}

static void tell_unrest(void)
{
        const Agent *a = sim.agent;

        if (!a)
                broken("never comes to rest: the agent does not start");
        else
                broken("never comes to rest: %s%s%s%s%s", job_state_to_string(a->job.state),
                       link_world_is_open() ? "" : ", not connected",
                       a->registration == REGISTERED ? "" : ", not registered",
                       a->whereabouts_known ? "" : ", does not know the slot",
                       a->reset.phase == RESET_NONE ? "" : ", a Reset is not done");
}

/* The final steps: restarts for what was set aside, then power cycles, after which the same slot
 * must still run; then the record is closed. */
static void finish(void)
{
        static int slot;

        if (sim.finish == 0 || (sim.finish < RESTARTS_MAX && set_aside_is_left())) {
                sim.finish++;
                die(DEATH_STOP, "to be started once more");
        } else if (sim.finish >= 100 + POWER_CYCLES || (sim.finish < 100 && chance(900))) {
                law_end();
                sim.over = true;
        } else {
                /* What stayed unproven is left alone by the boot loader some day. */
                LAW(sim.finish <= 100 || sim.world.booted == slot || sim.technician ||
                            sim.world.slots[slot].unproven,
                    "a power cycle later another slot runs");
                slot = sim.world.booted;
                sim.finish = MAX(sim.finish + 1, 100U);
                die(DEATH_POWER, "to see what starts");
        }
}

void run_judge(void *arg _unused_, uint64_t n)
{
        usec_t again = LOOK_EVERY;

        if (is_at_rest() && n > 0)
                finish();
        else if (sim.now > sim.quiet_at + REST_WITHIN)
                tell_unrest();
        if (is_at_rest() && n == 0)
                again = 10 * USEC_PER_MIN; /* once more: it must stay so */
        if (!sim.over)
                todo_add(OF_WORLD, again, run_judge, NULL, is_at_rest());
}

/* ---- lives ---- */

static bool goes_on(void)
{
        return !sim.over && !*sim.law;
}

static void operator_comes(void *arg _unused_, uint64_t n)
{
        operator_acts(NULL, n);
}

static void agent_lives(void)
{
        AgentParts parts = {.config = &sim.config,
                            .dialects = dialects,
                            .worker = "/worker",
                            .installer_new = rauc_world_installer_new};
        Agent *a = NULL;

        if (agent_new(&parts, &a) == 0) {
                sim.agent = a;
                orders_life_begins();
                machine_life_begins();
                if (sim.quiet)
                        todo_add(OF_LIFE, USEC_PER_SEC, operator_comes, NULL, 9);
                if (sim.death == ALIVE)
                        agent_start(a);
                while (sim.death == ALIVE && goes_on())
                        loop_step();
        } else if (sim.death == ALIVE) {
                story("*** the agent does not start");
                sim.death = DEATH_KILL;
        }
        sim.dying = true;
        agent_free(a);
        sim.dying = false;
        sim.agent = NULL;
        link_agent_is_gone();
        machine_agent_is_gone();
        loop_agent_is_gone();
        sim.rauc.installer = NULL;
}

static void wake(void *arg _unused_, uint64_t n _unused_)
{
        woken = true;
}

/* Until systemd starts it, or the machine is up again. */
static void between_lives(void)
{
        if (sim.death == DEATH_POWER || sim.world.reboot_due) {
                if (sim.death != DEATH_STOP)
                        disk_crash();
                sim.figures.power_cuts += !sim.world.reboot_due;
                todo_drop(OF_BOOT);
                todo_drop(OF_RAUC);
                boot_machine();
                machine_booted();
        } else {
                sim.figures.kills++;
        }
        woken = false;
        todo_add(OF_WORLD, span(USEC_PER_MSEC, 20 * USEC_PER_SEC), wake, NULL, 0);
        while (!woken && goes_on())
                loop_step();
}

static void live(void)
{
        sim.death = ALIVE;
        sim.disk_was_bad = false;
        sim.life++;
        sim.figures.lives++;
        csms_life_begins();
        story("*** the agent starts (life %u)", sim.life);
        agent_lives();
        if (goes_on())
                between_lives();
}

static void seed_random(uint64_t seed)
{
        uint64_t x = seed;

        for (size_t i = 0; i < ELEMENTSOF(sim.random); i++) { /* splitmix64 */
                uint64_t z = x += UINT64_C(0x9e3779b97f4a7c15);

                z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
                z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
                sim.random[i] = z ^ (z >> 31);
        }
}

static void reset(uint64_t seed, bool tells)
{
        Figures figures = sim.figures;

        sim = (Sim){.seed = seed, .tells = tells, .figures = figures};
        seed_random(seed);
        loop_reset();
        sim.world.spool_part = sim.world.spool_file = CONTENT_NONE;
        boot_reset();
        rauc_world_reset();
        disk_reset(!chance(20));
        link_world_reset();
        csms_reset();
        orders_reset();
        record_reset();
        logs_world_reset();
        machine_world_reset();
}

bool run_seed(uint64_t seed, bool tells)
{
        reset(seed, tells);
        if (plan_make() == 0) {
                boot_machine();
                machine_booted();
                while (goes_on())
                        live();
        }
        sim.figures.seeds++;
        sim.figures.failures += *sim.law != 0;
        config_done(&sim.config);
        link_world_reset();
        return !*sim.law;
}
