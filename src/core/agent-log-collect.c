/* What goes into the archive: journal, log files, and what the agent itself knows, RAUC asked once
 * for its slots. For the security log the security events alone. */
#include <stdio.h>
#include <sys/stat.h>

#include "agent-private.h"

#define RAUC_CONFIG "/etc/rauc/system.conf"
/* Files and units that every archive holds. */
#define OWN_MAX 3
/* Files that no archive holds, whatever [logs] files says. */
#define SECRETS_MAX 5

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

/* A job, and what of it is ours. */
typedef struct Order {
        CollectJob job;
        CollectNote notes[2];
        char *older, *agent, *database;
        const char *secrets[SECRETS_MAX + 1];
        const char **files, **units;
} Order;

static void order_done(Order *o)
{
        free(o->older);
        free(o->agent);
        free(o->database);
        free(o->files);
        free(o->units);
}

static void add_secret(Order *o, const char *path)
{
        size_t n = 0;

        while (o->secrets[n])
                n++;
        if (path && *path == '/' && n < SECRETS_MAX)
                o->secrets[n] = path;
}

static void add_secrets(Order *o, const Config *c)
{
        add_secret(o, o->database);
        add_secret(o, c->password_file);
        add_secret(o, c->transfer_credentials);
        add_secret(o, c->transfer_client_key);
        add_secret(o, c->transfer_client_cert); /* the key may stand in it */
}

/* All but the file; rauc NULL: the security log. The time is open. 0 or -ENOMEM; *ret is to be
 * freed in any case. */
static int order_make(Agent *a, const char *rauc, Order *ret)
{
        static const char *const units[OWN_MAX] = {"rauc-ocpp-agent.service", "rauc.service"};
        const Config *c = a->config;
        bool security = !rauc;
        const LineLog *kept = security ? &a->logs.security : &a->logs.ocpp;
        const char *files[OWN_MAX] = {kept->path, NULL, security ? NULL : c->session_log_path};

        *ret = (Order){
                .older = linelog_older(kept),
                .agent = security ? NULL : agent_text(a),
                .units = security ? NULL : join(units, c->journal_units),
                .database = str_printf("%s/agent.db*", c->state_directory),
        };
        add_secrets(ret, c);
        files[1] = ret->older;
        ret->files = join(files, security ? NULL : c->log_files);
        if (!ret->files || !ret->database || (!security && !ret->units))
                return -ENOMEM;
        ret->notes[0] = (CollectNote){"agent.txt", strempty(ret->agent)};
        ret->notes[1] = (CollectNote){"rauc.txt", strempty(rauc)};
        ret->job = (CollectJob){
                .max_size_bytes = c->max_log_size,
                .identity = c->identity,
                .security = security,
                .since = NO_TIME,
                .until = NO_TIME,
                .journal_units = ret->units,
                .files = ret->files,
                .secrets = ret->secrets,
                .rauc_config = security ? NULL : RAUC_CONFIG,
                .notes = ret->notes,
                .note_count = security ? 0 : ELEMENTSOF(ret->notes),
        };
        return 0;
}

static void collect_with(Agent *a, const char *rauc)
{
        static const TransferHandlers handlers = {.on_done = on_collected,
                                                  .on_failed = on_collect_failed};
        const LogRequest *q = &a->logs.job.request;
        _cleanup_(freep) char *path = logs_archive_path(a);
        _cleanup_(order_done) Order order;
        int r = order_make(a, rauc, &order);

        order.job.file = path;
        if (!order.job.security) { /* that is small, and whole at any time */
                order.job.since = clock_to_wall(a, q->oldest);
                order.job.until = clock_to_wall(a, q->latest);
        }
        if (r == 0)
                r = path ? transfer_collect(a->parts.event, a->parts.worker, &order.job, &handlers,
                                            a, &a->logs.transfer)
                         : -ENOMEM;
        if (r < 0)
                logs_not_started(a, "collect", r);
}

/* Perhaps it is another request by now that collects. */
static void on_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;
        _cleanup_(freep) char *text = rauc_text(a, error, state);

        a->logs.asks_rauc = false;
        if (a->logs.job.state == LOGJOB_COLLECTING && !a->logs.transfer)
                collect_with(a, strempty(text));
}

static int folder_make(const Agent *a)
{
        _cleanup_(freep) char *folder = str_printf("%s/" LOGS_FOLDER, a->config->spool);

        if (!folder)
                return -ENOMEM;
        if ((mkdir(a->config->spool, 0750) < 0 && errno != EEXIST) ||
            (mkdir(folder, 0750) < 0 && errno != EEXIST))
                return -errno;
        return 0;
}

void logs_collect(Agent *a)
{
        int r = folder_make(a);

        if (r < 0) {
                logs_not_started(a, "collect", r);
        } else if (a->logs.job.request.kind == LOGS_SECURITY) {
                collect_with(a, NULL);
        } else if (!a->logs.asks_rauc) {
                a->logs.asks_rauc = true;
                a->installer->ops->read_state(a->installer, on_state, a);
        }
}

static void on_state_described(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;
        _cleanup_(freep) char *rauc = rauc_text(a, error, state), *text = NULL;
        _cleanup_(order_done) Order order;
        int r = order_make(a, strempty(rauc), &order);

        order.job.file = a->logs.asked_file;
        if (r == 0)
                text = transfer_collect_describe(&order.job);
        control_answer(TAKE_PTR(a->logs.asked), text);
        free(TAKE_PTR(a->logs.asked_file));
}

int logs_describe(Agent *a, const char *file, ControlCall *call)
{
        if (a->logs.asked)
                return -EBUSY;
        a->logs.asked_file = strdup(file);
        if (!a->logs.asked_file)
                return -ENOMEM;
        a->logs.asked = call;
        a->installer->ops->read_state(a->installer, on_state_described, a);
        return 0;
}

void logs_describe_done(Agent *a)
{
        control_answer(TAKE_PTR(a->logs.asked), NULL);
        free(TAKE_PTR(a->logs.asked_file));
}
