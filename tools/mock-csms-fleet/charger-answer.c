/* What a simulated station answers to the calls of the CSMS. See charger.h. */
#include "charger.h"
#include "model.h"
#include <stdio.h>
#include <strings.h>

/* Seconds between an order and what comes of it. */
#define LOG_SHORTEST 2
#define LOG_LONGEST 10
#define RESET_SHORTEST 1
#define RESET_LONGEST 3

/* A call that is being answered. */
typedef struct Ask {
        Charger *c;
        const char *id;
        const Incoming *incoming;
        const cJSON *payload;
} Ask;

/* Reads the call, or refuses it by its error. 0, negative errno. */
static int read_ask(const Ask *ask, void *out)
{
        CodecError error;
        int r = codec_decode(ask->incoming->request, ask->c->dialect->rules, ask->payload, out,
                             &error);
        if (r == -EBADMSG)
                (void)rpc_refuse(ask->c->rpc, ask->id, rpc_error_from_violation(error.violation),
                                 error.text);
        return r;
}

static void answer(const Ask *ask, const void *in)
{
        CodecError error;
        cJSON *payload = NULL;
        if (codec_encode(ask->incoming->answer, in, &payload, &error) == 0)
                (void)rpc_answer(ask->c->rpc, ask->id, payload);
        else
                (void)rpc_refuse(ask->c->rpc, ask->id, RPC_INTERNAL_ERROR, "no answer");
}

/* ------------------------------------------------------------------ updates */

/* A time of the wall clock in the station's own time, which goes faster. */
static usec_t own_time(const Charger *c, usec_t when)
{
        usec_t wall = wallclock_now();
        if (when == NO_TIME || when <= wall)
                return 0;
        return boottime_now() + (usec_t)((double)(when - wall) / c->plan->speed);
}

static UpdateVerdict take_update(Charger *c, UpdateRequest *q, bool is_plain, Fate fate)
{
        ChargerUpdate *u = &c->update;
        bool replaces = u->ongoing;
        if (fate == FATE_REJECT || (replaces && u->point >= LIFE_INSTALLING))
                return VERDICT_REJECTED;
        free(u->location);
        *u = (ChargerUpdate){
                .is_plain = is_plain,
                .request_id = q->request_id,
                .location = TAKE_PTR(q->location),
                .retrieve_at = own_time(c, q->retrieve_at),
                .install_at = own_time(c, q->install_at),
        };
        u->order = (LifeOrder){.is_signed = q->signature != NULL,
                               .retrieve_later = u->retrieve_at > 0,
                               .install_later = u->install_at > 0,
                               .fate = fate};
        return replaces ? VERDICT_ACCEPTED_CANCELED : VERDICT_ACCEPTED;
}

/* That of the next update, by this location. */
static Fate draw_fate(Charger *c, const char *location)
{
        Fate fate = charger_fate(c, c->updates++);
        return c->plan->bad_build && !strstr(location, c->plan->bad_build) ? FATE_FINE : fate;
}

static void on_update(const Ask *ask)
{
        Charger *c = ask->c;
        FleetCounts *counts = &c->plan->counts;
        UpdateRequest q = UPDATE_REQUEST_INIT;
        bool is_plain = ask->incoming->kind == IN_UPDATE_PLAIN;
        if (read_ask(ask, &q) < 0)
                return;
        Fate fate = draw_fate(c, q.location);
        counts->fates[fate]++;
        if (counts->orders++ == 0)
                counts->first_order = boottime_now();
        if (fate != FATE_SILENT) {
                UpdateVerdict verdict = take_update(c, &q, is_plain, fate);
                if (is_plain && verdict == VERDICT_REJECTED) /* 1.6 has no word for it */
                        (void)rpc_refuse(c->rpc, ask->id, RPC_INTERNAL_ERROR, "not now");
                else
                        answer(ask, &(UpdateAnswer){.verdict = (int)verdict});
                counts->answered++;
                counts->last_answer = boottime_now();
                if (verdict != VERDICT_REJECTED)
                        charger_life_begin(c);
        }
        codec_done(ask->incoming->request, &q);
}

/* ------------------------------------------------------------------ logs */

static void on_logs(const Ask *ask)
{
        Charger *c = ask->c;
        LogRequest q = LOG_REQUEST_INIT;
        char name[CHARGER_ID_MAX + 16];
        if (read_ask(ask, &q) < 0)
                return;
        c->plan->counts.logs++;
        LogsVerdict verdict =
                c->log.status == LOG_STATUS_UPLOADING ? LOGS_ACCEPTED_CANCELED : LOGS_ACCEPTED;
        (void)snprintf(name, sizeof(name), "%s-%llu.log", c->id,
                       (unsigned long long)c->plan->counts.logs);
        size_t n = strlen(q.location);
        bool is_folder = n > 0 && q.location[n - 1] == '/';
        free(c->log.location);
        c->log = (ChargerLog){.is_plain = ask->incoming->kind == IN_LOGS_PLAIN,
                              .request_id = q.request_id,
                              .status = LOG_STATUS_UPLOADING,
                              .location = str_printf("%s%s", q.location, is_folder ? name : "")};
        answer(ask, &(LogAnswer){.verdict = (int)verdict, .name = name});
        codec_done(ask->incoming->request, &q);
        if (!c->log.location)
                return;
        charger_wish(c, WISH_LOG);
        charger_set_clock(c, CLOCK_LOG, LOG_SHORTEST, LOG_LONGEST, LOT_LOG);
}

/* ------------------------------------------------------------------ triggers, restarts */

/* What is wanted by which trigger; WISH_MAX: it is not served. */
static const ChargerWish triggers[TRIGGER_KIND_MAX] = {
        [TRIGGER_BOOT_NOTIFICATION] = WISH_BOOT,
        [TRIGGER_HEARTBEAT] = WISH_BEAT,
        [TRIGGER_FIRMWARE_STATUS] = WISH_FIRMWARE_ASKED,
        [TRIGGER_LOG_STATUS] = WISH_LOG_ASKED,
        [TRIGGER_DIAGNOSTICS_STATUS] = WISH_LOG_ASKED,
        [TRIGGER_STATUS] = WISH_CONNECTOR,
        [TRIGGER_METER_VALUES] = WISH_MAX,
        [TRIGGER_OTHER] = WISH_MAX,
};

static void on_trigger(const Ask *ask)
{
        Charger *c = ask->c;
        TriggerRequest q = {.connector = NO_INT, .connector_of_evse = NO_INT};
        if (read_ask(ask, &q) < 0)
                return;
        ChargerWish wish = triggers[q.requested];
        bool good = wish != WISH_MAX;
        answer(ask, &(TriggerAnswer){.verdict = good ? TRIGGER_ACCEPTED : TRIGGER_NOT_IMPLEMENTED});
        if (!good)
                return;
        if (wish == WISH_BOOT)
                c->reason = BOOT_TRIGGERED;
        if (wish == WISH_FIRMWARE_ASKED)
                c->asked_firmware = ask->incoming->firmware_status == OUT_FIRMWARE_STATUS_PLAIN
                                            ? OUT_FIRMWARE_STATUS_PLAIN
                                            : OUT_FIRMWARE_STATUS;
        if (wish == WISH_LOG_ASKED)
                c->asked_log = q.requested == TRIGGER_DIAGNOSTICS_STATUS ? OUT_DIAGNOSTICS_STATUS
                                                                         : OUT_LOG_STATUS;
        charger_wish(c, wish);
}

static void on_reset(const Ask *ask)
{
        ResetRequest q = {.evse = NO_INT};
        if (read_ask(ask, &q) < 0)
                return;
        bool good = q.evse == NO_INT;
        answer(ask, &(OrderAnswer){.verdict = good ? ORDER_ACCEPTED : ORDER_REJECTED});
        if (good)
                charger_set_clock(ask->c, CLOCK_RESET, RESET_SHORTEST, RESET_LONGEST, LOT_RESET);
}

/* ------------------------------------------------------------------ what it tells of itself */

typedef const char *(*Tell)(const Charger *c, char *buffer, size_t size);

static const char *tell_interval(const Charger *c, char *buffer, size_t size)
{
        (void)snprintf(buffer, size, "%lld", (long long)c->interval);
        return buffer;
}

static const char *tell_timezone(const Charger *c, char *buffer _unused_, size_t size _unused_)
{
        return c->timezone;
}

static const char *tell_version(const Charger *c, char *buffer _unused_, size_t size _unused_)
{
        return c->version;
}

static const char *tell_model(const Charger *c, char *buffer _unused_, size_t size _unused_)
{
        return c->model;
}

/* clang-format off */
/* Where a value is in 2.x, and by which key in 1.6. */
static const struct {
        const char *component, *variable, *key;
        Tell tell;
} values[] = {
        { "OCPPCommCtrlr",   "HeartbeatInterval", "HeartbeatInterval", tell_interval },
        { "ClockCtrlr",      "TimeZone",          "TimeZone",          tell_timezone },
        { "ChargingStation", "FirmwareVersion",   "FirmwareVersion",   tell_version  },
        { "ChargingStation", "Model",             "Model",             tell_model    },
};
/* clang-format on */

/* The value by its names in 2.x, or by its key; NULL: it has none. */
static const char *find_value(const Charger *c, const VariableItem *item, char *buffer, size_t size,
                              VariableStatus *ret_status)
{
        *ret_status = VARIABLE_UNKNOWN_COMPONENT;
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                if (strcasecmp(values[i].component, item->name.component) != 0)
                        continue;
                *ret_status = VARIABLE_UNKNOWN_VARIABLE;
                if (strcasecmp(values[i].variable, item->name.variable) != 0)
                        continue;
                *ret_status = item->attribute > ATTRIBUTE_ACTUAL ? VARIABLE_NOT_SUPPORTED_ATTRIBUTE
                                                                 : VARIABLE_ACCEPTED;
                return *ret_status == VARIABLE_ACCEPTED ? values[i].tell(c, buffer, size) : NULL;
        }
        return NULL;
}

static void on_get_variables(const Ask *ask)
{
        VariableList q = {0};
        if (read_ask(ask, &q) < 0)
                return;
        for (size_t i = 0; i < q.items.count; i++) {
                VariableItem *item = (VariableItem *)q.items.items + i;
                VariableStatus status;
                char buffer[24];
                const char *value = find_value(ask->c, item, buffer, sizeof(buffer), &status);
                item->status = (int)status;
                item->value = value ? strdup(value) : NULL;
        }
        answer(ask, &q);
        for (size_t i = 0; i < q.items.count; i++) /* the request's table does not know it */
                free(((VariableItem *)q.items.items)[i].value);
        codec_done(ask->incoming->request, &q);
}

/* Which value has this key; ELEMENTSOF(values): none. */
static size_t find_key(const char *key)
{
        size_t i = 0;
        while (i < ELEMENTSOF(values) && strcasecmp(values[i].key, key) != 0)
                i++;
        return i;
}

static void on_get_configuration(const Ask *ask)
{
        ConfigurationRequest q = {0};
        ConfigurationValue known[ELEMENTSOF(values)];
        char buffers[ELEMENTSOF(values)][24];
        char *unknown[CONFIGURATION_KEYS_MAX];
        ConfigurationAnswer a = {.known = {known, 0}, .unknown = {unknown, 0}};
        bool wanted[ELEMENTSOF(values)] = {0};
        if (read_ask(ask, &q) < 0)
                return;
        for (size_t i = 0; i < q.keys.count; i++) {
                char *key = ((char **)q.keys.items)[i];
                size_t at = find_key(key);
                if (at < ELEMENTSOF(values))
                        wanted[at] = true;
                else
                        unknown[a.unknown.count++] = key;
        }
        for (size_t i = 0; i < ELEMENTSOF(values); i++)
                if (wanted[i] || q.keys.count == 0)
                        known[a.known.count++] = (ConfigurationValue){
                                .key = values[i].key,
                                .read_only = 1,
                                .value = (char *)values[i].tell(ask->c, buffers[i],
                                                                sizeof(buffers[i])),
                        };
        answer(ask, &a);
        codec_done(ask->incoming->request, &q);
}

/* ------------------------------------------------------------------ which call is answered how */

static void (*const answers[IN_KIND_MAX])(const Ask *) = {
        [IN_UPDATE_SIGNED] = on_update,
        [IN_UPDATE_PLAIN] = on_update,
        [IN_LOGS] = on_logs,
        [IN_LOGS_PLAIN] = on_logs,
        [IN_TRIGGER] = on_trigger,
        [IN_GET_CONFIGURATION] = on_get_configuration,
        [IN_GET_VARIABLES] = on_get_variables,
        [IN_RESET] = on_reset,
};

void charger_on_call(void *userdata, const char *id, const char *action, const cJSON *payload)
{
        Charger *c = userdata;
        const Ask ask = {c, id, dialect_find_incoming(c->dialect, action), payload};
        if (ask.incoming && answers[ask.incoming->kind])
                answers[ask.incoming->kind](&ask);
        else
                (void)rpc_refuse(c->rpc, id, ask.incoming ? RPC_NOT_SUPPORTED : RPC_NOT_IMPLEMENTED,
                                 NULL);
}
