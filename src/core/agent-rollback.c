/* Out of a new system that failed its trial, or that the CSMS never answers: back to the slot the
 * update came from, or staying where there is none. */

#include "agent-private.h"

/* Only to the slot the update came from, and only if that one is whole. */
static bool may_go_back_to(const Slot *origin)
{
        return !origin->booted && origin->boot_status == SLOT_GOOD &&
               (!origin->status || streq(origin->status, "ok"));
}

static void roll_back_failed(Agent *a, int error)
{
        if (boottime_now() < a->mark_until) {
                install_ask_again(a, rollback_begin);
                return;
        }
        log_error_errno(error, "RAUC can't be told to go back");
        /* Unmarked, the boot loader's counter falls back by itself. */
        agent_event(a, a->job.roll_backs++ < STARTS_MAX ? EV_ROLLED_BACK : EV_NO_WAY_BACK);
}

static void on_rolled_back_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;

        if (a->job.state != JOB_ROLLING_BACK)
                return;
        if (error < 0 || state->primary < 0 ||
            !str_equal(state->slots[state->primary].name, a->job.origin_slot)) {
                roll_back_failed(a, error);
                return;
        }
        a->job.roll_backs++;
        log_event(LOG_WARNING, EVENT_ROLLED_BACK, &(LogFields){0}, "Going back to %s: %s",
                  a->job.origin_slot, strempty(a->job.reason));
        agent_event(a, EV_ROLLED_BACK);
}

static void on_roll_back_bad(void *userdata, int error, const char *message _unused_)
{
        Agent *a = userdata;

        if (a->job.state != JOB_ROLLING_BACK)
                return;
        if (error < 0)
                roll_back_failed(a, error);
        else
                a->installer->ops->read_state(a->installer, on_rolled_back_state, a);
}

static void on_roll_back_active(void *userdata, int error, const char *message _unused_)
{
        Agent *a = userdata;

        if (a->job.state != JOB_ROLLING_BACK)
                return;
        if (error < 0)
                roll_back_failed(a, error);
        else
                a->installer->ops->mark(a->installer, MARK_BAD, "booted", on_roll_back_bad, a);
}

static void on_roll_back_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;
        const Slot *origin;

        if (a->job.state != JOB_ROLLING_BACK)
                return;
        if (error < 0) {
                roll_back_failed(a, error);
                return;
        }
        origin = installer_state_find(state, a->job.origin_slot);
        if (!origin || !may_go_back_to(origin) || a->job.roll_backs >= STARTS_MAX)
                agent_event(a, EV_NO_WAY_BACK);
        else
                a->installer->ops->mark(a->installer, MARK_ACTIVE, a->job.origin_slot,
                                        on_roll_back_active, a);
}

void rollback_begin(Agent *a)
{
        trial_mark_begin(a);
        if (a->config->mark_good == MARK_BY_INTEGRATOR)
                agent_event(a, EV_NO_WAY_BACK); /* it is for others to go back */
        else
                a->installer->ops->read_state(a->installer, on_roll_back_state, a);
}

static void on_stuck_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;
        bool back = error == 0 && state->primary >= 0 &&
                    str_equal(state->slots[state->primary].name, a->job.origin_slot);

        if (a->job.state == JOB_ROLLBACK_REBOOTING)
                agent_event(a, back ? EV_REBOOT_FAILED : EV_NO_WAY_BACK);
}

/* Nothing but the boot loader's own record tells what happens when the machine does reboot. */
void rollback_stuck(Agent *a)
{
        a->installer->ops->read_state(a->installer, on_stuck_state, a);
}

static void on_stay_marked(void *userdata, int error, const char *message _unused_)
{
        Agent *a = userdata;

        if (a->job.state != JOB_STAYING)
                return;
        if (error < 0)
                trial_mark_again(a, rollback_stay, error);
        else
                agent_event(a, EV_MARKED);
}

void rollback_stay(Agent *a)
{
        bool first = a->mark_until == 0;

        trial_mark_begin(a);
        if (first)
                log_event(LOG_ERR, EVENT_UNPROVEN, &(LogFields){0},
                          "The new system failed its trial (%s), but there is no way back to a "
                          "proven one: it stays",
                          strempty(a->job.reason));
        if (a->config->mark_good == MARK_BY_INTEGRATOR)
                agent_event(a, EV_MARKED);
        else
                a->installer->ops->mark(a->installer, MARK_GOOD, "booted", on_stay_marked, a);
}

static void on_returned_active(void *userdata, int error, const char *message _unused_)
{
        Agent *a = userdata;

        if (a->job.state == JOB_RETURNED)
                trial_mark_again(a, rollback_mark_target_bad, error); /* reads back */
}

/* Read back: only what the boot loader holds counts. */
static void on_returned_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;
        const Slot *next;

        if (a->job.state != JOB_RETURNED)
                return;
        if (error < 0 || state->primary < 0 || state->booted < 0) {
                trial_mark_again(a, rollback_mark_target_bad, error);
                return;
        }
        next = &state->slots[state->primary];
        if (!str_equal(next->name, a->job.target_slot) || next->booted)
                agent_event(a, EV_MARKED);
        else
                a->installer->ops->mark(a->installer, MARK_ACTIVE, state->slots[state->booted].name,
                                        on_returned_active, a);
}

static void on_target_marked_bad(void *userdata, int error, const char *message _unused_)
{
        Agent *a = userdata;

        if (a->job.state != JOB_RETURNED)
                return;
        if (error < 0)
                trial_mark_again(a, rollback_mark_target_bad, error);
        else
                a->installer->ops->read_state(a->installer, on_returned_state, a);
}

/* The old slot (or a third one) runs: the target is not to be booted again. What somebody else
 * installed there and booted is left alone. */
void rollback_mark_target_bad(Agent *a)
{
        trial_mark_begin(a);
        if (!a->job.reason)
                agent_set_reason(a, "the new system did not come up; the boot loader fell back");
        if (a->config->mark_good == MARK_BY_INTEGRATOR ||
            str_equal(a->job.target_slot, a->booted_slot))
                agent_event(a, EV_MARKED);
        else
                a->installer->ops->mark(a->installer, MARK_BAD, a->job.target_slot,
                                        on_target_marked_bad, a);
}

/* ---- no word of the CSMS ---- */

static void on_away_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;
        const Slot *origin = error < 0 ? NULL : installer_state_find(state, a->job.origin_slot);

        if (a->job.state != JOB_TRIAL_BOOT)
                return;
        if (!origin || !may_go_back_to(origin)) {
                log_warning("The CSMS does not answer the new system, but there is no proven slot "
                            "to go back to");
                return;
        }
        agent_set_reason(a, "the CSMS did not answer the new system within rollback_offline");
        agent_event(a, EV_CSMS_AWAY);
}

static int on_away(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->limit_timer);
        a->installer->ops->read_state(a->installer, on_away_state, a);
        return 0;
}

/* Once a job. Spread, so that not all chargers of a CSMS that is away go back in one minute. */
void rollback_unless_answered(Agent *a)
{
        usec_t patience = a->config->rollback_offline;

        if (patience > 0 && a->job.was_online == 1 && a->job.roll_backs == 0)
                agent_timer(a, &a->limit_timer, patience + random_below_or_equal(patience / 4),
                            on_away);
        session_boot_wanted(a);
}
