/* The undo: before a failure is said, the booted slot is the next boot's again, and that was read
 * back. */

#include "agent-private.h"

static void undo_again(Agent *a)
{
        if (a->job.state == JOB_UNDOING && boottime_now() > a->mark_until)
                agent_event(a, EV_UNDO_OWED);
        else
                install_ask_again(a, undo_begin);
}

/* No reboot of ours is due any more: the next boot has a reason of its own. */
static void undone(Agent *a)
{
        _cleanup_(freep) char *noted = NULL;

        if (store_get(a->store, STORE_BOOT_REASON, &noted) < 0 ||
            (str_equal(noted, a->boot_id) && store_set(a->store, STORE_BOOT_REASON, NULL) < 0))
                log_warning("The next boot will be told as one of this update");
        agent_event(a, EV_UNDONE);
}

static bool is_undoing(const Agent *a)
{
        return a->job.state == JOB_UNDOING || a->job.state == JOB_OWING;
}

/* Read back. */
static void on_undone_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;

        if (!is_undoing(a))
                return;
        if (error < 0 || state->booted < 0 || state->primary != state->booted)
                undo_again(a);
        else
                undone(a);
}

static void on_undo_marked_bad(void *userdata, int error, const char *message _unused_)
{
        Agent *a = userdata;

        if (!is_undoing(a))
                return;
        if (error < 0)
                undo_again(a);
        else
                a->installer->ops->read_state(a->installer, on_undone_state, a);
}

static void on_undo_marked_active(void *userdata, int error, const char *message _unused_)
{
        Agent *a = userdata;

        if (!is_undoing(a))
                return;
        if (error < 0)
                undo_again(a);
        else if (a->config->mark_good == MARK_BY_INTEGRATOR)
                a->installer->ops->read_state(a->installer, on_undone_state, a);
        else
                a->installer->ops->mark(a->installer, MARK_BAD, a->job.target_slot,
                                        on_undo_marked_bad, a);
}

static void on_undo_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;

        if (!is_undoing(a))
                return;
        if (error < 0 || state->booted < 0)
                undo_again(a);
        else if (state->primary == state->booted)
                undone(a);
        else
                a->installer->ops->mark(a->installer, MARK_ACTIVE, state->slots[state->booted].name,
                                        on_undo_marked_active, a);
}

/* RAUC can fail after it switched the primary: the booted slot is made the next boot's again before
 * the failure is said. */
void undo_begin(Agent *a)
{
        if (a->job.state == JOB_UNDOING && a->job.install_accepted != 1) {
                undone(a); /* RAUC was not asked to write anything */
                return;
        }
        if (a->mark_until == 0)
                a->mark_until = boottime_now() + a->config->install_timeout;
        if (a->installer->ops->is_busy(a->installer))
                undo_again(a);
        else
                a->installer->ops->read_state(a->installer, on_undo_state, a);
}
