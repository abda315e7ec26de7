/* What goes into the archive: journal, log files, and what the agent itself knows, RAUC asked once
 * for its slots. For the security log the security events alone. */
#include <stdio.h>
#include <sys/stat.h>

#include "agent-private.h"

#define RAUC_CONFIG "/etc/rauc/system.conf"

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
                "agent %s\nidentity %s\ncsms %s\nconnected %s\nregistration %s\n"
                "firmware %s\nbooted slot %s\nupdate %s\nrequest %s\nlocation %s\n"
                "held by %s\nreason %s\n",
                s->version, s->identity, s->url, s->connected ? s->protocol : "no", s->registration,
                strempty(s->firmware_version), strempty(s->booted_slot), s->job_state,
                s->request_id, strempty(s->location), strempty(s->held_by), strempty(s->reason));
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

        fprintf(out, "slot %s%s%s\n  bootname %s\n  device %s\n  boot status %s\n", s->name,
                state->booted == (int)i ? ", booted" : "",
                state->primary == (int)i ? ", primary" : "", strempty(s->bootname),
                strempty(s->device), health[s->boot_status]);
        fprintf(out, "  version %s\n  status %s\n  installed %s\n  transaction %s\n",
                strempty(s->bundle_version), strempty(s->status), strempty(s->installed_timestamp),
                strempty(s->installed_transaction));
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

/* The agent's own files first, then those of the configuration. NULL-terminated, of borrowed texts;
 * NULL when out of memory. */
static const char **list_files(const Agent *a, bool security, const char *older)
{
        const LineLog *own = security ? &a->logs.security : &a->logs.ocpp;
        const Config *c = a->config;
        size_t n = 0, more = 0;
        const char **list;

        while (!security && c->log_files && c->log_files[more])
                more++;
        list = calloc(more + 4, sizeof(*list));
        if (!list)
                return NULL;
        if (own->path && older) {
                list[n++] = own->path;
                list[n++] = older;
        }
        if (!security && c->session_log_path)
                list[n++] = c->session_log_path;
        for (size_t i = 0; i < more; i++)
                list[n++] = c->log_files[i];
        return list;
}

static const char **list_units(const Agent *a)
{
        static const char *const own[] = {"rauc-ocpp-agent.service", "rauc.service"};
        char **units = a->config->journal_units;
        size_t n = 0, more = 0;
        const char **list;

        while (units && units[more])
                more++;
        list = calloc(more + ELEMENTSOF(own) + 1, sizeof(*list));
        for (size_t i = 0; list && i < ELEMENTSOF(own); i++)
                list[n++] = own[i];
        for (size_t i = 0; list && i < more; i++)
                list[n++] = units[i];
        return list;
}

static int start_worker(Agent *a, const CollectNote *notes, size_t note_count)
{
        static const TransferHandlers handlers = {.on_done = on_collected,
                                                  .on_failed = on_collect_failed};
        const LogRequest *q = &a->logs.job.request;
        bool security = q->kind == LOGS_SECURITY;
        _cleanup_(freep) char *path = logs_archive_path(a);
        _cleanup_(freep) char *older = linelog_older(security ? &a->logs.security : &a->logs.ocpp);
        _cleanup_(freep) const char **files = list_files(a, security, older);
        _cleanup_(freep) const char **units = security ? NULL : list_units(a);
        CollectJob job = {.file = path,
                          .max_size_bytes = a->config->max_log_size,
                          .identity = a->config->identity,
                          .security = security,
                          .since = q->oldest,
                          .until = q->latest,
                          .journal_units = units,
                          .files = files,
                          .rauc_config = security ? NULL : RAUC_CONFIG,
                          .notes = notes,
                          .note_count = note_count};

        if (!path || !files || (!security && !units))
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
