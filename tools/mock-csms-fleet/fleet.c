/* See fleet.h. */
#include "fleet.h"
#include "log.h"
#include "wire.h"
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#define PASSWORDS_FILE_MAX ((size_t)8 << 20)
/* How often statuses of --statuses are given out. */
#define PACE_MSEC 10

typedef struct Fleet {
        FleetOptions *options;
        uv_loop_t loop;
        uv_timer_t report, end, pace;
        uv_signal_t signals[3];
        Wire *wire;
        Charger *chargers;   /* options->plan.count */
        uv_timer_t *clocks;  /* one each */
        char **passwords;    /* one each, in the file; NULL: none */
        char *password_file; /* owned */
        usec_t began, paced;
        double owed; /* statuses of --statuses that are due */
        size_t next; /* the station whose turn it is */
        bool is_stopping;
} Fleet;

/* ------------------------------------------------------------------ clocks */

static void on_clock(uv_timer_t *clock)
{
        charger_tick(clock->data, boottime_now());
}

static void wake(Charger *charger)
{
        const Fleet *fleet = charger->plan->userdata;
        uv_timer_t *clock = &fleet->clocks[charger->index];
        usec_t due = charger_due(charger), now = boottime_now();
        if (fleet->is_stopping)
                return;
        if (due == USEC_INFINITY)
                uv_timer_stop(clock);
        else
                uv_timer_start(clock, on_clock, due > now ? (due - now) / USEC_PER_MSEC + 1 : 0, 0);
}

static const ChargerDoors doors = {
        .send = wire_send,
        .connect = wire_connect,
        .disconnect = wire_disconnect,
        .carry = wire_carry,
        .wake = wake,
};

/* ------------------------------------------------------------------ what is told */

static bool add(cJSON *object, const char *name, double value)
{
        return cJSON_AddNumberToObject(object, name, value);
}

static bool add_ends(cJSON *updates, const FleetCounts *counts)
{
        cJSON *statuses = cJSON_AddObjectToObject(updates, "said");
        cJSON *fates = cJSON_AddObjectToObject(updates, "fates");
        bool good = statuses && fates;
        for (FirmwareStatus s = FW_IDLE; s < FW_STATUS_MAX && good; s++)
                if (counts->statuses[s] > 0)
                        good = add(statuses, firmware_status_to_string(s),
                                   (double)counts->statuses[s]);
        for (Fate fate = 0; fate < FATE_MAX && good; fate++)
                if (counts->fates[fate] > 0)
                        good = add(fates, life_fate_name(fate), (double)counts->fates[fate]);
        return good;
}

static bool add_updates(cJSON *report, const FleetCounts *counts)
{
        cJSON *updates = cJSON_AddObjectToObject(report, "updates");
        double took = counts->last_answer > counts->first_order
                              ? (double)(counts->last_answer - counts->first_order) / USEC_PER_SEC
                              : 0;
        return updates && add(updates, "ordered", (double)counts->orders) &&
               add(updates, "answered", (double)counts->answered) &&
               add(updates, "firstOrderToLastAnswerSeconds", took) &&
               add(updates, "lastAnswerBoottime", (double)counts->last_answer / USEC_PER_SEC) &&
               add_ends(updates, counts);
}

static bool add_logs(cJSON *report, const FleetCounts *counts)
{
        cJSON *logs = cJSON_AddObjectToObject(report, "logs");
        return logs && add(logs, "asked", (double)counts->logs) &&
               add(logs, "uploaded", (double)counts->logs_uploaded) &&
               add(logs, "failed", (double)counts->logs_failed);
}

static void print_report(const Fleet *fleet)
{
        const FleetPlan *plan = &fleet->options->plan;
        const FleetCounts *c = &plan->counts;
        _cleanup_(cJSON_Deletep) cJSON *report = cJSON_CreateObject();
        bool good =
                report &&
                add(report, "seconds", (double)(boottime_now() - fleet->began) / USEC_PER_SEC) &&
                add(report, "stations", (double)plan->count) &&
                add(report, "connected", (double)c->connected) &&
                add(report, "accepted", (double)c->booted) &&
                add(report, "connects", (double)c->connects) &&
                add(report, "failedConnects", (double)c->failed_connects) &&
                add(report, "framesIn", (double)c->frames_in) &&
                add(report, "framesOut", (double)c->frames_out) &&
                add(report, "heartbeats", (double)c->heartbeats) &&
                add(report, "notUnderstood", (double)c->unread) && add_updates(report, c) &&
                add_logs(report, c);
        _cleanup_(freep) char *text = good ? cJSON_PrintUnformatted(report) : NULL;
        if (text)
                puts(text);
        fflush(stdout);
}

static void on_report(uv_timer_t *timer)
{
        print_report(timer->data);
}

/* ------------------------------------------------------------------ statuses at a pace */

/* Each station has its turn. What nobody can tell now is not made up for later. */
static void on_pace(uv_timer_t *timer)
{
        Fleet *fleet = timer->data;
        const FleetPlan *plan = &fleet->options->plan;
        usec_t now = boottime_now();
        double due = plan->statuses * (double)(now - fleet->paced) / (double)USEC_PER_SEC;
        fleet->paced = now;
        fleet->owed = MIN(fleet->owed + due, plan->statuses);
        for (size_t i = 0; i < plan->count && fleet->owed >= 1; i++) {
                fleet->owed -= charger_tell_status(&fleet->chargers[fleet->next]);
                fleet->next = (fleet->next + 1) % plan->count;
        }
        fleet->owed = MIN(fleet->owed, 1);
}

/* ------------------------------------------------------------------ passwords */

/* The station of an identity by its number. SIZE_MAX: none. */
static size_t index_of(const FleetPlan *plan, const char *id)
{
        const char *number = startswith(id, plan->prefix);
        char *end = NULL;
        if (!number || *number < '0' || *number > '9')
                return SIZE_MAX;
        unsigned long long n = strtoull(number, &end, 10);
        return *end || n == 0 || n > plan->count ? SIZE_MAX : (size_t)n - 1;
}

static int read_passwords(Fleet *fleet, const char *path)
{
        int r = file_read(path, PASSWORDS_FILE_MAX, &fleet->password_file, NULL);
        char *rest = fleet->password_file;
        for (char *line; r == 0 && (line = strsep(&rest, "\n"));) {
                char *password = strchr(line, ':');
                if (*line == '#' || !password)
                        continue;
                *password++ = '\0';
                password[strcspn(password, "\r")] = '\0';
                size_t i = index_of(&fleet->options->plan, line);
                if (i != SIZE_MAX)
                        fleet->passwords[i] = password;
        }
        return r;
}

/* ------------------------------------------------------------------ beginning and end */

static void stop(Fleet *fleet)
{
        if (fleet->is_stopping)
                return;
        print_report(fleet);
        fleet->is_stopping = true;
        for (size_t i = 0; i < fleet->options->plan.count; i++)
                uv_close((uv_handle_t *)&fleet->clocks[i], NULL);
        for (size_t i = 0; i < ELEMENTSOF(fleet->signals); i++)
                uv_close((uv_handle_t *)&fleet->signals[i], NULL);
        uv_close((uv_handle_t *)&fleet->report, NULL);
        uv_close((uv_handle_t *)&fleet->end, NULL);
        uv_close((uv_handle_t *)&fleet->pace, NULL);
        wire_stop(fleet->wire);
}

static void on_end(uv_timer_t *timer)
{
        stop(timer->data);
}

static void on_signal(uv_signal_t *signal, int number)
{
        if (number == SIGUSR1)
                print_report(signal->data);
        else
                stop(signal->data);
}

static void start_loop(Fleet *fleet)
{
        static const int numbers[ELEMENTSOF(fleet->signals)] = {SIGTERM, SIGINT, SIGUSR1};
        const FleetOptions *o = fleet->options;
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                uv_signal_init(&fleet->loop, &fleet->signals[i]);
                fleet->signals[i].data = fleet;
                uv_signal_start(&fleet->signals[i], on_signal, numbers[i]);
        }
        uv_timer_init(&fleet->loop, &fleet->report);
        uv_timer_init(&fleet->loop, &fleet->end);
        uv_timer_init(&fleet->loop, &fleet->pace);
        fleet->report.data = fleet->end.data = fleet->pace.data = fleet;
        fleet->paced = boottime_now();
        if (o->report)
                uv_timer_start(&fleet->report, on_report, o->report * 1000ULL, o->report * 1000ULL);
        if (o->run)
                uv_timer_start(&fleet->end, on_end, o->run * 1000ULL, 0);
        if (o->plan.statuses > 0)
                uv_timer_start(&fleet->pace, on_pace, PACE_MSEC, PACE_MSEC);
}

static int make_chargers(Fleet *fleet)
{
        FleetPlan *plan = &fleet->options->plan;
        fleet->chargers = calloc(plan->count, sizeof(*fleet->chargers));
        fleet->clocks = calloc(plan->count, sizeof(*fleet->clocks));
        fleet->passwords = calloc(plan->count, sizeof(*fleet->passwords));
        if (!fleet->chargers || !fleet->clocks || !fleet->passwords)
                return -ENOMEM;
        for (size_t i = 0; i < plan->count; i++) {
                int r = charger_init(&fleet->chargers[i], plan, i, fleet->began);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void free_chargers(Fleet *fleet)
{
        for (size_t i = 0; fleet->chargers && i < fleet->options->plan.count; i++)
                charger_done(&fleet->chargers[i]);
        free(fleet->chargers);
        free(fleet->clocks);
        free(fleet->passwords);
        free(fleet->password_file);
}

static int start(Fleet *fleet)
{
        const FleetOptions *o = fleet->options;
        int r = make_chargers(fleet);
        if (r < 0)
                return log_error_errno(r, "Can't start");
        if (o->passwords && (r = read_passwords(fleet, o->passwords)) < 0)
                return log_error_errno(r, "Can't read the passwords file %s", o->passwords);
        r = wire_new(&fleet->loop,
                     &(WireOptions){.url = o->url, .ca_file = o->ca_file, .count = o->plan.count},
                     &fleet->wire);
        if (r < 0)
                return log_error_errno(r, "Can't use --url %s, or --ca-file", o->url);
        for (size_t i = 0; i < o->plan.count; i++) {
                uv_timer_init(&fleet->loop, &fleet->clocks[i]);
                fleet->clocks[i].data = &fleet->chargers[i];
                wire_attach(fleet->wire, &fleet->chargers[i], fleet->passwords[i]);
                wake(&fleet->chargers[i]);
        }
        start_loop(fleet);
        print_report(fleet); /* signals are heard from now on */
        return 0;
}

/* A station is a descriptor. */
static void raise_limits(void)
{
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return;
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int fleet_run(FleetOptions *options)
{
        Fleet fleet = {.options = options, .began = boottime_now()};
        options->plan.doors = &doors;
        options->plan.userdata = &fleet;
        raise_limits();
        signal(SIGPIPE, SIG_IGN);
        int r = uv_loop_init(&fleet.loop);
        if (r < 0)
                return log_error_errno(r, "Can't start the loop");
        r = start(&fleet);
        uv_run(&fleet.loop, UV_RUN_DEFAULT);
        if (fleet.wire)
                wire_free(fleet.wire);
        uv_loop_close(&fleet.loop);
        free_chargers(&fleet);
        return r;
}

static void nothing(Charger *charger _unused_)
{
}

int fleet_print_plan(FleetOptions *options)
{
        static const ChargerDoors closed = {.wake = nothing};
        Fleet fleet = {.options = options};
        options->plan.doors = &closed;
        int r = make_chargers(&fleet);
        for (size_t i = 0; i < options->plan.count && r == 0; i++) {
                const Charger *c = &fleet.chargers[i];
                _cleanup_(cJSON_Deletep) cJSON *line = cJSON_CreateObject();
                bool good = line && cJSON_AddStringToObject(line, "id", c->id) &&
                            cJSON_AddStringToObject(line, "protocol", c->dialect->subprotocol) &&
                            cJSON_AddStringToObject(line, "vendor", c->vendor) &&
                            cJSON_AddStringToObject(line, "model", c->model) &&
                            cJSON_AddStringToObject(line, "firmwareVersion", c->version) &&
                            cJSON_AddStringToObject(line, "timezone", c->timezone) &&
                            cJSON_AddBoolToObject(line, "comesAndGoes", c->comes_and_goes) &&
                            cJSON_AddStringToObject(line, "firstUpdate",
                                                    life_fate_name(charger_fate(c, 0)));
                _cleanup_(freep) char *text = good ? cJSON_PrintUnformatted(line) : NULL;
                r = text ? 0 : -ENOMEM;
                puts(strempty(text));
        }
        free_chargers(&fleet);
        return r;
}
