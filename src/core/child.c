/* See child.h. */
#include "child.h"
#include <sys/wait.h>

int child_watch(sd_event *event, pid_t pid, sd_event_child_handler_t handler, void *userdata,
                sd_event_source **ret)
{
        int r = sd_event_add_child(event, ret, pid, WEXITED, handler, userdata);
        if (r < 0)
                return r;
        /* A source begins as one for once, and is so for epoll too: woken in vain, it would not be
         * woken again. It is registered anew only when it was off. */
        (void)sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
        r = sd_event_source_set_enabled(*ret, SD_EVENT_ON);
        if (r < 0)
                *ret = sd_event_source_disable_unref(*ret);
        return r;
}
