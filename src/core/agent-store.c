/* The agent's store: opened, caught up with when the loop has nothing else to do, and what becomes
 * of that which it can't take. */

#include "agent-private.h"

static int on_store_source(sd_event_source *source _unused_, void *userdata)
{
        Agent *a = userdata;

        store_catch_up(a->store);
        return 0;
}

static void on_store_owes(void *userdata)
{
        Agent *a = userdata;

        (void)sd_event_source_set_enabled(a->store_source, SD_EVENT_ONESHOT);
}

/* What the store leaves is done when nothing else is: the answer has been written by then. */
int agent_store_init(Agent *a)
{
        _cleanup_(freep) char *error = NULL;
        int r = store_open(a->config->state_directory, &a->store, &error);

        if (r < 0)
                return log_error_errno(r, "Can't open the store: %s", strempty(error));
        a->store_was_damaged = r > 0;
        r = sd_event_add_defer(a->parts.event, &a->store_source, on_store_source, a);
        if (r >= 0)
                r = sd_event_source_set_priority(a->store_source, SD_EVENT_PRIORITY_IDLE);
        if (r < 0)
                return log_error_errno(r, "Can't wait for the loop to be idle");
        store_defer(a->store, on_store_owes, a);
        return 0;
}

void agent_store_failed(Agent *a, int error)
{
        log_error_errno(error, "Can't store what is done and said in %s",
                        a->config->state_directory);
        if (error == -EUCLEAN) /* the next start sets the damaged database aside */
                sd_event_exit(a->parts.event, EXIT_FAILURE);
}

int agent_save(Agent *a)
{
        StoreChange change = {.job = &a->job};
        int r = store_commit(a->store, &change);

        return r < 0 ? log_error_errno(r, "Can't store what is done and said in %s",
                                       a->config->state_directory)
                     : 0;
}

static int on_save_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->again_timer);
        agent_save_surely(a);
        return 0;
}

void agent_save_surely(Agent *a)
{
        if (agent_save(a) < 0)
                agent_timer(a, &a->again_timer, INSTALLER_RETRY, on_save_again);
}

void agent_store_done(Agent *a)
{
        agent_timer_off(&a->store_source);
        store_free(a->store);
}
