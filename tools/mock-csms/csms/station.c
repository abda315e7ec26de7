/* One station: frames in and out through rpc, and what is remembered of it. See station.h. */
#include "station.h"
#include "log.h"
#include "slot.h"
#include "update-steps.h"

static int on_send(void *userdata, const char *text, size_t size)
{
        Station *station = userdata;
        Mangle mangle = station->mangle;
        station->mangle = MANGLE_NOTHING;
        bool cut = mangle == MANGLE_CUT;
        int r = station_send(station, text, cut ? size / 2 : size, !cut);
        if (r == 0 && mangle == MANGLE_DOUBLE)
                r = station_send(station, text, size, true);
        return r;
}

struct Call {
        Call *next;
        char *action;
        cJSON *payload; /* until it is sent */
        void (*done)(void *userdata, const CallOutcome *outcome);
        void *userdata;
};

static void call_free(Call *call)
{
        cJSON_Delete(call->payload);
        free(call->action);
        free(call);
}

void call_forget(Call *call)
{
        call->done = NULL;
}

void queue_move(Station *station, Queue *to)
{
        Queue *from = station->queue;
        if (from) {
                *(station->before ? &station->before->behind : &from->first) = station->behind;
                *(station->behind ? &station->behind->before : &from->last) = station->before;
                from->count--;
        }
        station->queue = to;
        station->before = to ? to->last : NULL;
        station->behind = NULL;
        if (!to)
                return;
        *(to->last ? &to->last->behind : &to->first) = station;
        to->last = station;
        to->count++;
}

/* Puts it where it belongs, now that its calls are others. */
static void queue_anew(Station *station)
{
        Csms *csms = station->csms;
        Queue *to = !station->conn || !station->calls ? NULL
                    : station->call_sent              ? &csms->flying
                                                      : &csms->ready;
        if (station->queue != to)
                queue_move(station, to);
}

/* The first call is over. */
static void finish_call(Station *station, const CallOutcome *outcome)
{
        Call *call = station->calls;
        if (!call)
                return;
        if (station->call_sent && steps_answered(station, call->action, outcome))
                TELL(station->csms, changed, station);
        station->calls = call->next;
        station->calls_count--;
        station->call_sent = false;
        queue_anew(station);
        if (call->done)
                call->done(call->userdata, outcome);
        call_free(call);
}

static void on_result(void *userdata, uint64_t token _unused_, const cJSON *payload)
{
        Station *station = userdata;
        if (station->calls) {
                TELL(station->csms, result_came, station, station->calls->action, payload);
                if (slot_learn(station, station->calls->action, payload))
                        TELL(station->csms, changed, station);
        }
        finish_call(userdata, &(CallOutcome){.end = CALL_RESULT, .result = payload});
}

static void on_error(void *userdata, uint64_t token _unused_, const char *code,
                     const char *description)
{
        Station *station = userdata;
        finish_call(station, &(CallOutcome){
                                     .end = CALL_ERROR,
                                     .code = code,
                                     .description = description,
                                     .details = cJSON_GetArrayItem(station->frame, 4),
                             });
}

static void on_timeout(void *userdata, uint64_t token _unused_)
{
        finish_call(userdata, &(CallOutcome){.end = CALL_TIMEOUT});
}

/* 2.1: it could not use an answer of ours. */
static void on_result_error(void *userdata, const char *id, const char *code,
                            const char *description)
{
        const Station *station = userdata;
        log_warning("%s could not use the answer to its message %s: %.40s: %.120s", station->id, id,
                    code, description);
}

static const RpcHandlers handlers = {
        .send = on_send,
        .on_call = station_on_call,
        .on_result = on_result,
        .on_error = on_error,
        .on_timeout = on_timeout,
        .on_result_error = on_result_error,
};

void station_take_text(const char *text, char *out, size_t max)
{
        size_t n = text ? strlen(text) : 0;
        if (n > max)
                for (n = max; n > 0 && (text[n] & 0xc0) == 0x80;)
                        n--;
        if (n > 0)
                memcpy(out, text, n);
        out[n] = '\0';
}

int station_new(Csms *csms, const char *id, Station **ret)
{
        Station *station = calloc(1, sizeof(*station));
        if (!station)
                return -ENOMEM;
        station->csms = csms;
        memcpy(station->id, id, strlen(id) + 1);
        int r = rpc_new(&handlers, station, csms->options.message_timeout, &station->rpc);
        if (r < 0) {
                station_free(station);
                return r;
        }
        *ret = station;
        return 0;
}

void station_free(Station *station)
{
        for (Call *call = station->calls, *next; call; call = next) {
                next = call->next;
                call_free(call);
        }
        queue_move(station, NULL);
        free(station->server);
        free(station->uploads);
        steps_forget(station);
        free(station->tags);
        free(station->timezone);
        if (station->rpc)
                rpc_free(station->rpc);
        free(station);
}

void station_attach(Station *station, const Dialect *dialect, Conn *conn)
{
        station->dialect = dialect;
        station->conn = conn;
        station->session++;
        station->connected_since = station->last_seen = wallclock_now();
        if (station->first_seen == 0)
                station->first_seen = station->last_seen;
        rpc_reset(station->rpc, &dialect->frames);
        TELL(station->csms, joined, station);
        fault_line_open(station);
}

void station_detach(Station *station)
{
        station->conn = NULL;
        station->connected_since = 0;
        rpc_reset(station->rpc, NULL);
        while (station->calls)
                finish_call(station, &(CallOutcome){.end = CALL_GONE});
        TELL(station->csms, left, station);
        fault_line_closed(station);
}

/* Sends the next call if none is in flight. */
static void kick(Station *station)
{
        while (station->conn && station->calls && !station->call_sent) {
                Call *call = station->calls;
                station->call_sent = true;
                steps_ordered(station, call->action, call->payload);
                int r = rpc_call(station->rpc, call->action, TAKE_PTR(call->payload), 0,
                                 boottime_now());
                if (r < 0) {
                        finish_call(station, &(CallOutcome){.end = CALL_GONE});
                        continue;
                }
                queue_anew(station);
                station->csms->options.wake_at(station->csms->options.userdata,
                                               rpc_deadline(station->rpc));
        }
}

void station_tick(Station *station, usec_t now)
{
        rpc_tick(station->rpc, now);
        kick(station);
}

int station_call(Station *station, const char *action, cJSON *payload,
                 void (*done)(void *userdata, const CallOutcome *outcome), void *userdata,
                 Call **ret)
{
        _cleanup_(cJSON_Deletep) cJSON *owned = payload;
        if (!station->conn)
                return -ENOTCONN;
        if (station->calls_count == CALLS_MAX)
                return -ENOBUFS;
        Call *call = calloc(1, sizeof(*call));
        if (!call || !(call->action = strdup(action))) {
                free(call);
                return -ENOMEM;
        }
        call->payload = TAKE_PTR(owned);
        call->done = done;
        call->userdata = userdata;
        Call **end = &station->calls;
        while (*end)
                end = &(*end)->next;
        *end = call;
        station->calls_count++;
        queue_anew(station);
        *ret = call;
        /* sent by the next tick, so that done can't be called from here */
        station->csms->options.wake_at(station->csms->options.userdata, boottime_now());
        return 0;
}

static void record(Station *station, bool from_csms, const char *data, size_t size, bool is_json)
{
        const TraceMessage message = {.station = station->id,
                                      .protocol = station->dialect->subprotocol,
                                      .time = wallclock_now(),
                                      .from_csms = from_csms,
                                      .is_json = is_json,
                                      .text = data,
                                      .size = size};
        if (!from_csms)
                station->last_seen = message.time;
        station->last_frame++;
        (void)trace_write(station->csms->options.trace, &message);
        TELL(station->csms, frame_passed, station, station->last_frame, &message);
}

static int send(Station *station, const char *data, size_t size, bool binary, bool is_json)
{
        if (!station->conn)
                return -ENOTCONN;
        int r = conn_send(station->conn, data, size, binary);
        if (r == 0)
                record(station, true, data, size, is_json);
        return r;
}

int station_send(Station *station, const char *data, size_t size, bool is_json)
{
        return send(station, data, size, false, is_json);
}

int station_send_raw(Station *station, const char *data, size_t size, bool binary)
{
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        bool is_json = !binary && json_parse(data, size, &json) == 0;
        return send(station, data, size, binary, is_json);
}

int station_receive(Station *station, const char *data, size_t size, bool binary)
{
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        int r = json_parse(data, size, &json);
        if (r == -ENOMEM)
                return r;
        record(station, false, data, size, r == 0 && !binary);
        if (binary) { /* OCPP-J is spoken in text frames */
                TELL(station->csms, trouble_came, station, RPC_UNREADABLE);
                return 0;
        }
        station->frame = json;
        r = json ? rpc_feed_frame(station->rpc, json) : rpc_feed(station->rpc, data, size);
        station->frame = NULL;
        if (r > 0)
                TELL(station->csms, trouble_came, station, (RpcTrouble)r);
        kick(station);
        fault_line_frame(station);
        return MIN(r, 0);
}

void station_close(Station *station)
{
        conn_close(station->conn, CLOSE_GOING_AWAY);
}

const char *station_id(const Station *station)
{
        return station->id;
}

bool station_is_online(const Station *station)
{
        return station->conn != NULL;
}

const Dialect *station_dialect(const Station *station)
{
        return station->dialect;
}

const char *station_server(const Station *station)
{
        return station->server;
}

int station_set_server(Station *station, const char *url)
{
        return str_replace(&station->server, url);
}

const char *station_uploads(const Station *station)
{
        return station->uploads;
}

int station_set_uploads(Station *station, const char *url)
{
        return str_replace(&station->uploads, url);
}

int station_set_fault(Station *station, const Fault *fault)
{
        FaultTarget target = {.percent = 100};
        memcpy(target.station, station->id, sizeof(station->id));
        return fault_rules_add(station->csms, &target, fault, NULL);
}
