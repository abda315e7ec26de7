/* Why the agent has started: what BootNotification says of it (B01), and the security event of each
 * start of the machine. Rules: "Reset and availability" in docs/behaviour.md. */

#include "agent-private.h"

/* Our own reboot, else a Reset, else the power, each until the CSMS has accepted one in this boot;
 * then a restart of the agent alone. */
int boot_find_reason(Agent *a)
{
        _cleanup_(freep) char *reason = NULL, *boot_id = NULL;
        int r = store_get(a->store, STORE_BOOT_REASON, &reason);

        if (r == 0)
                r = store_get(a->store, STORE_BOOT_ID, &boot_id);
        if (r < 0)
                return log_error_errno(r, "Can't read the store in %s", a->config->state_directory);
        if (reason && !streq(reason, a->boot_id))
                a->boot_reason = BOOT_FIRMWARE_UPDATE;
        else if (a->reset.served)
                a->boot_reason = a->reset.scheduled ? BOOT_SCHEDULED_RESET : BOOT_REMOTE_RESET;
        else
                a->boot_reason =
                        str_equal(boot_id, a->boot_id) ? BOOT_APPLICATION_RESET : BOOT_POWER_UP;
        return 0;
}

void boot_note_update(Agent *a)
{
        if (store_set(a->store, STORE_BOOT_REASON, a->boot_id) < 0)
                log_warning("The reason of the next boot could not be noted in %s",
                            a->config->state_directory);
}

/* Does the reboot out of the boot with this id (NULL: there was none) lead here? Not if another
 * boot was in between. */
static bool leads_here(const Agent *a, const char *from, const char *last)
{
        return from && !streq(from, a->boot_id) && (!last || streq(from, last));
}

void boot_raise_event(Agent *a)
{
        _cleanup_(freep) char *last = NULL, *update = NULL, *told = NULL;
        bool new_boot, updated, reset;

        if (store_get(a->store, STORE_STARTED, &last) < 0 ||
            store_get(a->store, STORE_BOOT_REASON, &update) < 0)
                return; /* tried again when the CSMS has accepted the station */
        new_boot = !str_equal(last, a->boot_id);
        if (!new_boot && !a->reset.untold)
                return;
        updated = new_boot && leads_here(a, update, last);
        reset = a->reset.untold || (a->reset.served && leads_here(a, a->reset.from, last));
        told = reset_told_record(a);
        if (agent_security_event_once(
                    a, reset || updated ? SECURITY_RESET_OR_REBOOT : SECURITY_STARTUP,
                    updated ? "after a firmware update"
                    : reset ? "by order of the CSMS"
                            : NULL,
                    new_boot ? STORE_STARTED : STORE_RESET, new_boot ? a->boot_id : told) == 0)
                a->reset.untold = false;
}

/* In this order: of an event's or a reason's cause that is gone too early nothing
 * would be left. */
void boot_is_told(Agent *a)
{
        _cleanup_(freep) char *told = NULL;

        boot_raise_event(a);
        if (store_get(a->store, STORE_BOOT_ID, &told) == 0 && !str_equal(told, a->boot_id))
                store_set(a->store, STORE_BOOT_ID, a->boot_id);
        if (a->boot_reason == BOOT_FIRMWARE_UPDATE)
                store_set(a->store, STORE_BOOT_REASON, NULL);
        reset_is_told(a);
}
