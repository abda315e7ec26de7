/* A simulated station: its clocks, its connection, what it has to say. See charger.h. */
#include "charger.h"
#include "ocpp16.h"
#include "ocpp201.h"
#include <stdio.h>

/* How long it waits for an answer. */
#define ANSWER_TIMEOUT (60 * USEC_PER_SEC)
/* Seconds to the next Heartbeat where the CSMS has no wish. */
#define INTERVAL_DEFAULT 300
/* The longest that it believes. */
#define INTERVAL_MAX 86400
/* What it may say before it is accepted: while it is Pending also what it was asked for. */
#define WHILE_UNKNOWN (1U << WISH_BOOT)
#define WHILE_PENDING                                                                              \
        (WHILE_UNKNOWN | 1U << WISH_CONNECTOR | 1U << WISH_FIRMWARE_ASKED | 1U << WISH_LOG_ASKED | \
         1U << WISH_BEAT)
/* Of those that come and go: seconds that they are away and there. */
#define AWAY_SHORTEST 300
#define AWAY_LONGEST 900
#define THERE_SHORTEST 1800
#define THERE_LONGEST 7200
/* RetryBackOff…: seconds, and how often the wait doubles. */
#define BACKOFF_MINIMUM 5
#define BACKOFF_RANGE 10
#define BACKOFF_TIMES 5

static const Dialect *const dialects[] = {&ocpp16, &ocpp201, &ocpp21};

const Dialect *charger_dialect(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(dialects); i++)
                if (streq(dialects[i]->name, name))
                        return dialects[i];
        return NULL;
}

static double draw(const Charger *c, Lot lot, uint64_t n)
{
        return mix_part(c->plan->seed, c->index, lot, n);
}

Fate charger_fate(const Charger *c, uint64_t n)
{
        return life_fate(&c->plan->rates, draw(c, LOT_FATE, n));
}

static void set_due(Charger *c, ChargerClock clock, usec_t when)
{
        c->due[clock] = when;
        c->plan->doors->wake(c);
}

/* Microseconds of so many seconds of its life. */
static usec_t lived(const Charger *c, double seconds)
{
        return (usec_t)(seconds * (double)USEC_PER_SEC / c->plan->speed);
}

void charger_set_clock(Charger *c, ChargerClock clock, double shortest, double longest, Lot lot)
{
        double seconds = shortest + (longest - shortest) * draw(c, lot, c->lots++);
        set_due(c, clock, boottime_now() + lived(c, seconds));
}

/* ------------------------------------------------------------------ what it says */

void charger_wish(Charger *c, ChargerWish wish)
{
        c->wishes |= 1U << wish;
        c->plan->doors->wake(c);
}

int charger_say(Charger *c, ChargerWish wish, OutgoingKind kind, const void *report)
{
        const Outgoing *outgoing = dialect_outgoing(c->dialect, kind);
        CodecError error;
        cJSON *payload = NULL;
        int r = codec_encode(outgoing->request, report, &payload, &error);
        return r < 0 ? r : rpc_call(c->rpc, outgoing->action, payload, wish, boottime_now());
}

static int say_boot(Charger *c)
{
        char serial[26];
        c->due[CLOCK_BOOT] = USEC_INFINITY; /* asked for before the time to ask again */
        (void)snprintf(serial, sizeof(serial), "FLEET%zu", c->index + 1);
        return charger_say(c, WISH_BOOT, OUT_BOOT,
                           &(BootReport){.reason = (int)c->reason,
                                         .vendor = c->vendor,
                                         .model = c->model,
                                         .serial = serial,
                                         .firmware_version = c->version});
}

static int say_connector(Charger *c)
{
        return charger_say(c, WISH_CONNECTOR, OUT_STATUS,
                           &(ConnectorReport){.timestamp = wallclock_now(),
                                              .connector = 1,
                                              .connector_of_evse = 1,
                                              .status = CONNECTOR_AVAILABLE});
}

static int say_log_as(Charger *c, ChargerWish wish, OutgoingKind kind, LogStatus status)
{
        bool idle = status == LOG_STATUS_IDLE;
        return charger_say(c, wish, kind,
                           &(LogReport){.status = (int)status,
                                        .request_id = idle ? NO_INT : c->log.request_id});
}

static int say_log(Charger *c)
{
        return say_log_as(c, WISH_LOG, dialect_log_kind(c->dialect, c->log.is_plain),
                          c->log.status);
}

static int say_log_asked(Charger *c)
{
        bool busy = c->log.status == LOG_STATUS_UPLOADING;
        return say_log_as(c, WISH_LOG_ASKED, c->asked_log,
                          busy ? LOG_STATUS_UPLOADING : LOG_STATUS_IDLE);
}

static int say_firmware_asked(Charger *c)
{
        const ChargerUpdate *u = &c->update;
        FirmwareStatus status = u->ongoing ? dialect_firmware_word(c->dialect, u->is_plain,
                                                                   life_steps[u->point].status)
                                           : FW_IDLE;
        if (status == FW_NONE)
                status = FW_IDLE;
        return charger_say(
                c, WISH_FIRMWARE_ASKED, c->asked_firmware,
                &(FirmwareReport){.status = (int)status,
                                  .request_id = status == FW_IDLE ? NO_INT : u->request_id});
}

static int say_beat(Charger *c)
{
        c->plan->counts.heartbeats++;
        return charger_say(c, WISH_BEAT, OUT_HEARTBEAT, &(EmptyMessage){0});
}

/* What it has to say and may. */
static unsigned wishes_of(const Charger *c)
{
        if (c->is_booted)
                return c->wishes;
        return c->wishes & (c->is_pending ? WHILE_PENDING : WHILE_UNKNOWN);
}

/* Says the first thing that is to be said, if it may. */
static void speak(Charger *c)
{
        static int (*const say[WISH_MAX])(Charger *) = {
                [WISH_BOOT] = say_boot,
                [WISH_CONNECTOR] = say_connector,
                [WISH_FIRMWARE] = charger_life_say,
                [WISH_LOG] = say_log,
                [WISH_FIRMWARE_ASKED] = say_firmware_asked,
                [WISH_LOG_ASKED] = say_log_asked,
                [WISH_BEAT] = say_beat,
                [WISH_FIRMWARE_UNASKED] = charger_life_say_unasked,
        };
        while (c->is_online && wishes_of(c) && !rpc_is_busy(c->rpc)) {
                int wish = __builtin_ctz(wishes_of(c));
                c->wishes &= ~(1U << wish);
                (void)say[wish](c);
        }
}

/* ------------------------------------------------------------------ what it hears */

static void set_beat(Charger *c, bool first)
{
        double seconds = (double)c->interval;
        if (first)
                seconds *= draw(c, LOT_BEAT, c->lots++);
        set_due(c, CLOCK_BEAT, boottime_now() + (usec_t)(seconds * (double)USEC_PER_SEC));
}

/* It was never accepted, or is no more. */
static void ask_again(Charger *c)
{
        c->plan->counts.booted -= c->is_booted;
        c->is_booted = false;
        c->wishes &= ~(1U << WISH_CONNECTOR | 1U << WISH_BEAT);
        c->due[CLOCK_BEAT] = USEC_INFINITY;
        set_due(c, CLOCK_BOOT, boottime_now() + lived(c, (double)c->interval));
}

static void heard_boot(Charger *c, const cJSON *payload)
{
        BootAnswer answer = {.status = REGISTRATION_REJECTED, .current_time = NO_TIME};
        CodecError error;
        if (codec_decode(dialect_outgoing(c->dialect, OUT_BOOT)->answer, c->dialect->rules, payload,
                         &answer, &error) < 0)
                answer.status = REGISTRATION_REJECTED;
        c->interval = answer.interval > 0 ? MIN(answer.interval, INTERVAL_MAX) : INTERVAL_DEFAULT;
        rpc_set_rejected(c->rpc, answer.status == REGISTRATION_REJECTED);
        c->is_pending = answer.status == REGISTRATION_PENDING;
        if (answer.status != REGISTRATION_ACCEPTED) {
                ask_again(c);
                return;
        }
        if (c->plan->heartbeat)
                c->interval = c->plan->heartbeat;
        charger_wish(c, WISH_CONNECTOR);
        set_beat(c, true);
        if (c->is_booted) /* it was asked for the message */
                return;
        c->plan->counts.booted++;
        c->is_booted = true;
        charger_life_is_back(c);
}

static void on_result(void *userdata, uint64_t token, const cJSON *payload)
{
        Charger *c = userdata;
        if (token == WISH_BOOT)
                heard_boot(c, payload);
        else if (token == WISH_FIRMWARE)
                charger_life_said(c);
}

/* The CSMS can't use it, or says nothing: it is not said again, but a station that is not accepted
 * goes on asking. */
static void on_no_result(Charger *c, uint64_t token)
{
        if (token == WISH_BOOT)
                charger_set_clock(c, CLOCK_BOOT, BACKOFF_MINIMUM, BACKOFF_MINIMUM + BACKOFF_RANGE,
                                  LOT_BACKOFF);
        else if (token == WISH_FIRMWARE)
                charger_life_said(c);
}

static void on_error(void *userdata, uint64_t token, const char *code _unused_,
                     const char *description _unused_)
{
        on_no_result(userdata, token);
}

static void on_timeout(void *userdata, uint64_t token)
{
        on_no_result(userdata, token);
}

static void on_result_error(void *userdata, const char *id _unused_, const char *code _unused_,
                            const char *description _unused_)
{
        Charger *c = userdata;
        c->plan->counts.unread++;
}

static int on_send(void *userdata, const char *text, size_t size)
{
        Charger *c = userdata;
        c->plan->counts.frames_out++;
        return c->plan->doors->send(c, text, size);
}

void charger_receive(Charger *c, const char *data, size_t size, usec_t now)
{
        c->plan->counts.frames_in++;
        int r = rpc_feed(c->rpc, data, size);
        c->plan->counts.unread += r != RPC_FINE && r != RPC_UNWANTED;
        charger_tick(c, now);
}

/* ------------------------------------------------------------------ its connection */

static void connect_later(Charger *c)
{
        usec_t wait = backoff_next(&c->backoff,
                                   mix_draw(c->plan->seed, c->index, LOT_BACKOFF, c->lots++));
        set_due(c, CLOCK_CONNECT, boottime_now() + (usec_t)((double)wait / c->plan->speed));
}

static void went_offline(Charger *c)
{
        c->plan->counts.connected -= c->is_online;
        c->is_online = c->is_pending = false;
        rpc_reset(c->rpc, NULL);
}

void charger_connected(Charger *c, usec_t now)
{
        c->plan->counts.connects++;
        c->plan->counts.connected++;
        c->is_online = true;
        backoff_reset(&c->backoff);
        rpc_reset(c->rpc, &c->dialect->frames);
        if (!c->is_booted)
                c->wishes |= 1U << WISH_BOOT;
        if (c->update.ongoing && c->is_booted) /* it may not have been heard */
                charger_life_is_back(c);
        if (c->comes_and_goes)
                charger_set_clock(c, CLOCK_LEAVE, THERE_SHORTEST, THERE_LONGEST, LOT_AWAY);
        charger_tick(c, now);
}

void charger_disconnected(Charger *c, usec_t now _unused_)
{
        c->plan->counts.failed_connects += !c->is_online;
        went_offline(c);
        connect_later(c);
}

void charger_restart(Charger *c, BootReason reason, double shortest, double longest)
{
        c->plan->doors->disconnect(c);
        went_offline(c);
        c->plan->counts.booted -= c->is_booted;
        c->is_booted = false;
        c->reason = reason;
        c->wishes = 0;
        for (ChargerClock clock = 0; clock < CLOCK_MAX; clock++)
                c->due[clock] = USEC_INFINITY;
        if (!c->is_gone)
                charger_set_clock(c, CLOCK_CONNECT, shortest, longest, LOT_RESET);
}

/* Away for some time, with the machine on; not in the middle of an update, nor of a log. */
static void leave(Charger *c)
{
        if (!c->is_online || c->update.ongoing || c->log.status == LOG_STATUS_UPLOADING) {
                charger_set_clock(c, CLOCK_LEAVE, THERE_SHORTEST, THERE_LONGEST, LOT_AWAY);
                return;
        }
        c->plan->doors->disconnect(c);
        went_offline(c);
        charger_set_clock(c, CLOCK_CONNECT, AWAY_SHORTEST, AWAY_LONGEST, LOT_AWAY);
}

/* ------------------------------------------------------------------ its clocks */

static void ring_connect(Charger *c)
{
        c->plan->doors->connect(c);
}

static void ring_boot(Charger *c)
{
        charger_wish(c, WISH_BOOT);
}

static void ring_beat(Charger *c)
{
        if (c->is_online)
                charger_wish(c, WISH_BEAT);
        set_beat(c, false);
}

static void ring_log(Charger *c)
{
        _cleanup_(freep) char *text =
                str_printf("%s %s %s\nnothing happened\n", c->id, c->model, c->version);
        c->plan->doors->carry(c, CARRY_LOG, c->log.location, strempty(text));
}

static void ring_reset(Charger *c)
{
        charger_restart(c, BOOT_REMOTE_RESET, life_steps[LIFE_AWAY].shortest,
                        life_steps[LIFE_AWAY].longest);
}

usec_t charger_due(const Charger *c)
{
        usec_t due = rpc_deadline(c->rpc);
        if (c->is_online && !rpc_is_busy(c->rpc) && wishes_of(c))
                return 0;
        for (ChargerClock clock = 0; clock < CLOCK_MAX; clock++)
                due = MIN(due, c->due[clock]);
        return due;
}

void charger_tick(Charger *c, usec_t now)
{
        static void (*const ring[CLOCK_MAX])(Charger *) = {
                [CLOCK_CONNECT] = ring_connect, [CLOCK_BOOT] = ring_boot,
                [CLOCK_BEAT] = ring_beat,       [CLOCK_LIFE] = charger_life_go_on,
                [CLOCK_LOG] = ring_log,         [CLOCK_RESET] = ring_reset,
                [CLOCK_LEAVE] = leave,
        };
        rpc_tick(c->rpc, now);
        for (ChargerClock clock = 0; clock < CLOCK_MAX; clock++)
                if (c->due[clock] <= now) {
                        c->due[clock] = USEC_INFINITY;
                        ring[clock](c);
                }
        speak(c);
        c->plan->doors->wake(c);
}

/* The log is where it was wanted, or not. */
static void log_carried(Charger *c, bool good)
{
        c->plan->counts.logs_uploaded += good;
        c->plan->counts.logs_failed += !good;
        c->log.status = good ? LOG_STATUS_UPLOADED : LOG_STATUS_UPLOAD_FAILURE;
        charger_wish(c, WISH_LOG);
}

void charger_carried(Charger *c, ChargerCarry carry, bool good, usec_t now)
{
        if (carry == CARRY_LOG)
                log_carried(c, good);
        else
                charger_life_fetched(c, good);
        charger_tick(c, now);
}

/* ------------------------------------------------------------------ its birth */

int charger_init(Charger *c, FleetPlan *plan, size_t index, usec_t now)
{
        static const RpcHandlers handlers = {
                .send = on_send,
                .on_call = charger_on_call,
                .on_result = on_result,
                .on_error = on_error,
                .on_timeout = on_timeout,
                .on_result_error = on_result_error,
        };
        *c = (Charger){.plan = plan, .index = index, .reason = BOOT_POWER_UP};
        c->dialect = charger_dialect(mix_choose(&plan->protocols, draw(c, LOT_PROTOCOL, 0)));
        c->vendor = mix_choose(&plan->vendors, draw(c, LOT_VENDOR, 0));
        c->model = mix_choose(&plan->models, draw(c, LOT_MODEL, 0));
        c->timezone = mix_choose(&plan->timezones, draw(c, LOT_TIMEZONE, 0));
        (void)snprintf(c->version, sizeof(c->version), "%s",
                       mix_choose(&plan->versions, draw(c, LOT_VERSION, 0)));
        (void)snprintf(c->id, sizeof(c->id), "%s%05zu", plan->prefix, index + 1);
        c->comes_and_goes = draw(c, LOT_OFFLINE, 0) * 100 < plan->rates.offline;
        c->backoff = (Backoff){.wait_minimum_usec = BACKOFF_MINIMUM * USEC_PER_SEC,
                               .random_range_usec = BACKOFF_RANGE * USEC_PER_SEC,
                               .repeat_times = BACKOFF_TIMES};
        c->log.status = LOG_STATUS_IDLE;
        for (ChargerClock clock = 0; clock < CLOCK_MAX; clock++)
                c->due[clock] = USEC_INFINITY;
        c->due[CLOCK_CONNECT] = now + (usec_t)((double)index / plan->ramp * (double)USEC_PER_SEC);
        if (c->comes_and_goes)
                c->due[CLOCK_CONNECT] +=
                        lived(c, AWAY_SHORTEST + (AWAY_LONGEST - AWAY_SHORTEST) *
                                                         draw(c, LOT_AWAY, UINT64_MAX));
        return rpc_new(&handlers, c, ANSWER_TIMEOUT, &c->rpc);
}

void charger_done(Charger *c)
{
        rpc_free(c->rpc);
        free(c->update.location);
        free(c->log.location);
}
