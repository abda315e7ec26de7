/* The call that tells what happens, as it happens: server-sent events. */
#include "api.h"

static char *next(void *userdata)
{
        return events_next(userdata);
}

static void gone(void *userdata)
{
        events_stop(userdata);
}

static void wake(void *userdata)
{
        exchange_stream_wake(userdata);
}

static void get_events(const ApiCall *call)
{
        static const StreamSource source = {.next = next, .gone = gone, .beat = ":\n\n"};
        Listener *listener = NULL;
        const char *last = request_arg(call->request, "lastEventId");
        int r = events_listen(call->service->events,
                              &(ListenerOptions){
                                      .types = request_arg(call->request, "types"),
                                      .station = request_arg(call->request, "station"),
                                      .last_id = *call->request->last_event_id
                                                         ? call->request->last_event_id
                                                         : last,
                                      .wake = wake,
                                      .userdata = call->x,
                              },
                              &listener);
        if (r == 0)
                exchange_stream(call->x, "text/event-stream", &source, listener);
        else if (r == -EINVAL)
                exchange_problem(call->x, 400,
                                 "types must be names of events, parted by commas; \"frame\" needs "
                                 "station, too.");
        else if (r == -ENOBUFS)
                exchange_problem(call->x, 503, "Too many listen already.");
        else
                api_out_of_memory(call->x);
}

/* clang-format off */
const Route api_event_routes[] = {
        { HTTP_GET, "/api/events", "listenToEvents", ROLE_READ, 0, get_events, "types,station,lastEventId" },
        { 0 },
};
/* clang-format on */
