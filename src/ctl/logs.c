/* The agent says what is collected, a worker of our own collects it: see logs.h. */
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "logs.h"
#include "transfer.h"
#include "view.h"

typedef struct Packing {
        sd_event *event;
        uint64_t size_bytes;
        sd_bus_error *reterr;
} Packing;

static void on_done(void *userdata, uint64_t size_bytes)
{
        Packing *p = userdata;

        p->size_bytes = size_bytes;
        (void)sd_event_exit(p->event, 0);
}

static void on_failed(void *userdata, const TransferFailure *failure)
{
        Packing *p = userdata;

        (void)sd_event_exit(p->event,
                            sd_bus_error_set_errnof(p->reterr, EIO, "%s", failure->message));
}

static char *absolute_path(const char *path)
{
        char folder[PATH_MAX];

        if (path[0] == '/')
                return strdup(path);
        return getcwd(folder, sizeof(folder)) ? str_printf("%s/%s", folder, path) : NULL;
}

static int pack(const char *job, uint64_t *ret_size_bytes, sd_bus_error *reterr)
{
        static const TransferHandlers handlers = {.on_done = on_done, .on_failed = on_failed};
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(freep) char *worker = transfer_worker_path();
        Packing packing = {.reterr = reterr};
        Transfer *transfer = NULL;
        sigset_t children;
        int r;

        sigemptyset(&children);
        sigaddset(&children, SIGCHLD);
        if (!worker || sigprocmask(SIG_BLOCK, &children, NULL) < 0)
                return -ENOMEM;
        r = sd_event_new(&event);
        if (r < 0)
                return r;
        packing.event = event;
        r = transfer_collect_text(event, worker, job, &handlers, &packing, &transfer);
        if (r < 0)
                return sd_bus_error_set_errnof(reterr, -r, "%s: %s", worker, strerror(-r));
        r = sd_event_loop(event);
        transfer_cancel(transfer);
        *ret_size_bytes = packing.size_bytes;
        return r;
}

int logs_pack(sd_bus *bus, const char *file, uint64_t *ret_size_bytes, sd_bus_error *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(freep) char *path = absolute_path(file);
        const char *job;
        int r;

        if (!path)
                return -ENOMEM;
        r = sd_bus_call_method(bus, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE, "LogJob", reterr,
                               &reply, "s", path);
        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &job);
        return r < 0 ? r : pack(job, ret_size_bytes, reterr);
}
