/* The end of a child process, for the loop. */
#pragma once

#include <sys/types.h>
#include <systemd/sd-event.h>

/* Has the handler called once when the process has ended; sd-event reaps it after that. Unlike
 * sd_event_add_child() alone, also if it is traced as it ends (by a debugger, by the leak
 * sanitizer): then the parent is woken before there is anything to wait for. The handler begins by
 * disabling its source. 0 and *ret, to be unreferenced; negative errno. */
int child_watch(sd_event *event, pid_t pid, sd_event_child_handler_t handler, void *userdata,
                sd_event_source **ret);
