/* A slot that no job of ours is about: the confirmed one, at every boot, or one that somebody else
 * installed. Rule 3 of "At every start" in docs/behaviour.md. */

#include "agent-private.h"

/* "rootfs.1\tTRANSACTION\tTIMESTAMP\tCOUNT": what RAUC tells of the last install into it. */
char *prove_mark_of(const Slot *slot)
{
        return str_printf("%s\t%s\t%s\t%lld", slot->name, strempty(slot->installed_transaction),
                          strempty(slot->installed_timestamp),
                          slot->installed_count == NO_INT ? -1 : (long long)slot->installed_count);
}

/* Agents before this one recorded the name alone. */
bool prove_is_confirmed(const char *record, const char *mark)
{
        size_t n = strcspn(strempty(record), "\t");

        if (!record || !mark)
                return false;
        return record[n] ? streq(record, mark) : strncmp(mark, record, n) == 0 && mark[n] == '\t';
}

static int on_prove_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->look_timer);
        trial_prove(a);
        return 0;
}

static void proven(Agent *a)
{
        _cleanup_(freep) char *confirmed = NULL;
        bool was;
        int r;

        r = a->booted_mark ? store_get(a->store, STORE_CONFIRMED_SLOT, &confirmed) : -ENOMEM;
        was = prove_is_confirmed(confirmed, a->booted_mark);
        if (r == 0 && !str_equal(confirmed, a->booted_mark))
                r = store_set(a->store, STORE_CONFIRMED_SLOT, a->booted_mark);
        if (r < 0) {
                log_error_errno(r, "Can't record %s as confirmed", strempty(a->booted_slot));
                agent_timer(a, &a->look_timer, INSTALLER_RETRY, on_prove_again);
                return;
        }
        a->proving = false;
        if (was)
                return;
        trial_confirmed(a);
        if (confirmed)
                agent_security_event(a, SECURITY_FIRMWARE_UPDATED, "installed without the CSMS");
}

/* Read back: only what the boot loader holds counts. */
static void on_prove_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;

        if (error == 0 && state->booted >= 0 &&
            state->slots[state->booted].boot_status == SLOT_GOOD) {
                proven(a);
        } else if (error == INSTALLER_BUSY || error == INSTALLER_GONE ||
                   boottime_now() < a->prove_until + MARK_FOR) {
                agent_timer(a, &a->look_timer, INSTALLER_RETRY, on_prove_again);
        } else {
                a->proving = false;
                log_error("RAUC says that it marked the booted slot good, but it does not read so");
        }
}

static void on_prove_marked(void *userdata, int error, const char *message)
{
        Agent *a = userdata;

        if (error == 0) {
                a->installer->ops->read_state(a->installer, on_prove_state, a);
                return;
        }
        if (error != INSTALLER_BUSY && error != INSTALLER_GONE)
                log_warning_errno(error, "RAUC did not mark the booted slot good: %s",
                                  strempty(message));
        agent_timer(a, &a->look_timer, INSTALLER_RETRY, on_prove_again);
}

static void prove_mark(Agent *a)
{
        if (a->config->mark_good == MARK_BY_INTEGRATOR)
                proven(a);
        else
                a->installer->ops->mark(a->installer, MARK_GOOD, "booted", on_prove_marked, a);
}

static void on_marked_unproven(void *userdata _unused_, int error, const char *message)
{
        if (error < 0)
                log_error_errno(error, "RAUC did not mark the booted slot good: %s",
                                strempty(message));
}

/* Unhealthy, and not by an update of ours: the boot loader may fall back, but only where there is
 * something to fall back to. */
static void on_prove_bad_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;
        const Slot *other = error < 0 ? NULL : installer_state_other(state);

        a->proving = false;
        if (error < 0 || a->config->mark_good == MARK_BY_INTEGRATOR ||
            (other && other->boot_status == SLOT_GOOD)) {
                log_error("The booted slot %s is not well and is not marked good",
                          strempty(a->booted_slot));
                return;
        }
        log_event(LOG_ERR, EVENT_UNPROVEN, &(LogFields){0},
                  "The booted slot %s is not well, but there is no other: it stays",
                  strempty(a->booted_slot));
        a->installer->ops->mark(a->installer, MARK_GOOD, "booted", on_marked_unproven, a);
}

static void on_prove_health(void *userdata, int status)
{
        Agent *a = userdata;

        program_free(TAKE_PTR(a->prove_program));
        if (status == 0) {
                trial_health_is_good(a);
                prove_mark(a);
        } else if (status == 2 || status == PROGRAM_REFUSED || boottime_now() >= a->prove_until)
                a->installer->ops->read_state(a->installer, on_prove_bad_state, a);
        else
                agent_timer(a, &a->look_timer, HEALTH_RETRY, on_prove_again);
}

/* A confirmed slot is marked good at every boot, at once and without asking a script; one that came
 * without us is looked at first. */
void trial_prove(Agent *a)
{
        _cleanup_(freep) char *confirmed = NULL;
        int r = store_get(a->store, STORE_CONFIRMED_SLOT, &confirmed);

        if (r < 0)
                log_error_errno(r, "Can't read the store in %s", a->config->state_directory);
        a->proving = true;
        if (prove_is_confirmed(confirmed, a->booted_mark)) {
                if (a->prove_until == 0)
                        a->prove_until = boottime_now();
                prove_mark(a);
                return;
        }
        if (a->prove_until == 0)
                a->prove_until = trial_health_began(a) + a->config->health_within;
        r = trial_run_health(a, on_prove_health, &a->prove_program);
        if (r == 1)
                prove_mark(a);
        else if (r < 0)
                on_prove_health(a, 2);
}
