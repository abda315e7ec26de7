/* Follows the agent's signals: see monitor.h. */
#include <signal.h>
#include <systemd/sd-event.h>

#include "monitor.h"
#include "show.h"

static void print_change(const View *view, const ViewField *f)
{
        show_change(stdout, view, f);
}

static int on_properties(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *interface;
        int r = sd_bus_message_read(m, "s", &interface);

        (void)error;
        return r < 0 ? r : view_apply(userdata, m, print_change);
}

static int on_status(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *request_id, *status;
        uint64_t time;
        int r = sd_bus_message_read(m, "tss", &time, &request_id, &status);

        (void)userdata, (void)error;
        if (r >= 0)
                show_event(stdout, "reported", status, request_id);
        return r;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *name, *old, *new;
        int r = sd_bus_message_read(m, "sss", &name, &old, &new);

        (void)userdata, (void)error;
        if (r >= 0)
                show_event(stdout, "agent", *new ? "started" : "stopped", NULL);
        return r;
}

static int add_matches(sd_bus *bus, View *view)
{
        int r = sd_bus_match_signal(bus, NULL, AGENT_NAME, AGENT_PATH,
                                    "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                    on_properties, view);

        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE,
                                        "StatusReported", on_status, view);
        if (r >= 0)
                r = sd_bus_add_match(bus, NULL,
                                     "type='signal',sender='org.freedesktop.DBus',"
                                     "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                     "arg0='" AGENT_NAME "'",
                                     on_owner, view);
        return r;
}

static int add_signals(sd_event *event)
{
        sigset_t set;
        int r;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        r = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
        return r < 0 ? r : sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
}

int monitor(sd_bus *bus)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(view_done) View view = {0};
        int r = sd_event_default(&event);

        if (r >= 0)
                r = add_signals(event);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(bus, 1);
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = add_matches(bus, &view);
        if (r < 0)
                return r;
        show_event(stdout, "monitor", "watching; Ctrl-C ends", NULL);
        r = sd_event_loop(event);
        (void)sd_bus_detach_event(bus);
        if (r > 0) /* sd-bus leaves with EXIT_FAILURE when the bus goes */
                return -ENOTCONN;
        return r;
}
