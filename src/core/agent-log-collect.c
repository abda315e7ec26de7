/* What goes into the archive: journal, log files, and what the agent itself knows, RAUC asked once
 * for its slots. For the security log the security events alone. */
#include <stdio.h>
#include <sys/stat.h>

#include "agent-private.h"

#define RAUC_CONFIG "/etc/rauc/system.conf"
/* Files and units that every archive holds. */
#define OWN_MAX 3

/* What the agent knows, as text. */
static char *agent_text(Agent *a)
{
        const ControlState *s = show_state(a);
        char *text = NULL, when[TIME_TEXT_MAX];
        size_t size;
        FILE *out = s ? open_memstream(&text, &size) : NULL;

        if (!out)
                return NULL;
        fprintf(out,
                "agent %s\nidentity %s\ncsms %s\nprotocol %s\nregistration %s\nfirmware %s\n"
                "update %s\nlocation %s\nreason %s\n",
                s->version, s->identity, s->url, s->protocol, s->registration,
                strempty(s->firmware_version), s->job_state, strempty(s->location),
                strempty(s->reason));
        for (size_t i = 0; i < s->n_statuses; i++)
                fprintf(out, "status %s %s %s\n", time_format(s->statuses[i].time, when),
                        s->statuses[i].status, s->statuses[i].request_id);
        fclose(out);
        return text;
}

static void print_slot(FILE *out, const InstallerState *state, size_t i)
{
        static const char *const health[] = {
                [SLOT_UNKNOWN] = "unknown", [SLOT_GOOD] = "good", [SLOT_BAD] = "bad"};
        const Slot *s = &state->slots[i];

        fprintf(out,
                "slot %s%s%s\n bootname %s\n device %s\n boot status %s\n version %s\n"
                " status %s\n installed %s\n",
                s->name, state->booted == (int)i ? ", booted" : "",
                state->primary == (int)i ? ", primary" : "", strempty(s->bootname),
                strempty(s->device), health[s->boot_status], strempty(s->bundle_version),
                strempty(s->status), strempty(s->installed_timestamp));
}

static char *rauc_text(const Agent *a, int error, const InstallerState *state)
{
        const InstallerOps *ops = a->installer->ops;
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        fprintf(out, "on the bus %s\nat work %s\n", ops->is_present(a->installer) ? "yes" : "no",
                ops->is_busy(a->installer) ? "yes" : "no");
        if (error < 0)
                fprintf(out, "slots not told: %s\n", strerror(-error));
        for (size_t i = 0; state && i < state->count; i++)
                print_slot(out, state, i);
        fclose(out);
        return text;
}

static void on_collected(void *userdata, uint64_t size_bytes)
{
        Agent *a = userdata;

        transfer_cancel(TAKE_PTR(a->logs.transfer));
        log_info("Logs: %llu bytes are collected", (unsigned long long)size_bytes);
        a->logs.job.size = (int64_t)size_bytes;
        logs_event(a, LOGEV_COLLECTED);
}

static void on_collect_failed(void *userdata, const TransferFailure *failure)
{
        logs_attempt_failed(userdata, "collect", failure);
}

/* Our own names as far as there are any, then those of the configuration. NULL-terminated, of
 * borrowed texts; NULL when out of memory. */
static const char **join(const char *const own[static OWN_MAX], char **more)
{
        size_t n = 0, count = 0;
        const char **list;

        while (more && more[count])
                count++;
        list = calloc(OWN_MAX + count + 1, sizeof(*list));
        for (size_t i = 0; list && i < OWN_MAX; i++)
                if (own[i])
                        list[n++] = own[i];
        if (list && more)
                memcpy(list + n, more, count * sizeof(*list));
        return list;
}

static int start_worker(Agent *a, const CollectNote *notes, size_t note_count)
{
        static const TransferHandlers handlers = {.on_done = on_collected,
                                                  .on_failed = on_collect_failed};
        static const char *const own_units[OWN_MAX] = {"rauc-ocpp-agent.service", "rauc.service"};
        const LogRequest *q = &a->logs.job.request;
        const Config *c = a->config;
        bool security = q->kind == LOGS_SECURITY;
        const LineLog *kept = security ? &a->logs.security : &a->logs.ocpp;
        _cleanup_(freep) char *path = logs_archive_path(a), *older = linelog_older(kept);
        const char *own[OWN_MAX] = {kept->path, older, security ? NULL : c->session_log_path};
        _cleanup_(freep) const char **files = join(own, security ? NULL : c->log_files);
        _cleanup_(freep) const char **units = join(own_units, c->journal_units);
        CollectJob job = {.file = path,
                          .max_size_bytes = c->max_log_size,
                          .identity = c->identity,
                          .security = security,
                          .since = q->oldest,
                          .until = q->latest,
                          .journal_units = security ? NULL : units,
                          .files = files,
                          .rauc_config = security ? NULL : RAUC_CONFIG,
                          .notes = notes,
                          .note_count = note_count};

        if (!path || !files || !units)
                return -ENOMEM;
        return transfer_collect(a->parts.event, a->parts.worker, &job, &handlers, a,
                                &a->logs.transfer);
}

static void collect_with(Agent *a, char *rauc)
{
        _cleanup_(freep) char *agent = rauc ? agent_text(a) : NULL;
        CollectNote notes[] = {{"agent.txt", strempty(agent)}, {"rauc.txt", strempty(rauc)}};
        int r = start_worker(a, notes, rauc ? ELEMENTSOF(notes) : 0);

        if (r < 0)
                logs_not_started(a, "collect", r);
}

/* Perhaps it is another request by now that collects. */
static void on_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;
        _cleanup_(freep) char *text = rauc_text(a, error, state);

        a->logs.asks_rauc = false;
        if (a->logs.job.state != LOGJOB_COLLECTING || a->logs.transfer)
                return;
        collect_with(a, text);
}

void logs_collect(Agent *a)
{
        if (mkdir(a->config->spool, 0750) < 0 && errno != EEXIST) {
                logs_not_started(a, "collect", -errno);
        } else if (a->logs.job.request.kind == LOGS_SECURITY) {
                collect_with(a, NULL);
        } else if (!a->logs.asks_rauc) {
                a->logs.asks_rauc = true;
                a->installer->ops->read_state(a->installer, on_state, a);
        }
}
