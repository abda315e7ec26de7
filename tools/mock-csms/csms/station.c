/* One station: frames in and out through rpc, and what is remembered of it. See station.h. */
#include "station.h"
#include "log.h"

static int on_send(void *userdata, const char *text, size_t size)
{
        Station *station = userdata;
        Mangle mangle = station->mangle;
        station->mangle = MANGLE_NOTHING;
        int r = station_send(station, text, mangle == MANGLE_CUT ? size / 2 : size, false);
        if (r == 0 && mangle == MANGLE_DOUBLE)
                r = station_send(station, text, size, false);
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

/* The first call is over. */
static void finish_call(Station *station, const CallOutcome *outcome)
{
        Call *call = station->calls;
        if (!call)
                return;
        station->calls = call->next;
        station->calls_count--;
        station->call_sent = false;
        if (call->done)
                call->done(call->userdata, outcome);
        call_free(call);
}

static void on_result(void *userdata, uint64_t token _unused_, const cJSON *payload)
{
        const Station *station = userdata;
        if (station->calls)
                TELL(station->csms, result_came, station, station->calls->action, payload);
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

static int copy_faults(const Faults *from, Faults **ret)
{
        for (size_t i = 0; from && i < from->count; i++) {
                int r = faults_set(ret, &from->items[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int station_new(Csms *csms, const char *id, Station **ret)
{
        Station *station = calloc(1, sizeof(*station));
        if (!station)
                return -ENOMEM;
        station->csms = csms;
        memcpy(station->id, id, strlen(id) + 1);
        int r = rpc_new(&handlers, station, csms->options.message_timeout, &station->rpc);
        if (r == 0)
                r = copy_faults(csms->faults, &station->faults);
        if (r < 0) {
                station_free(station);
                return r;
        }
        *ret = station;
        return 0;
}

static void forget_oldest(Station *station)
{
        Frames *frames = &station->frames;
        char *line = frames->lines[frames->first];
        frames->bytes -= strlen(line);
        station->csms->frames_bytes -= strlen(line);
        frames->first = (frames->first + 1) % FRAMES_MAX;
        frames->count--;
        free(line);
}

void station_free(Station *station)
{
        for (Call *call = station->calls, *next; call; call = next) {
                next = call->next;
                call_free(call);
        }
        while (station->frames.count > 0)
                forget_oldest(station);
        free(station->frames.lines);
        free(station->faults);
        free(station->uploads);
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
        rpc_reset(station->rpc, &dialect->frames);
        TELL(station->csms, joined, station);
}

void station_detach(Station *station)
{
        station->conn = NULL;
        rpc_reset(station->rpc, NULL);
        while (station->calls)
                finish_call(station, &(CallOutcome){.end = CALL_GONE});
        TELL(station->csms, left, station);
}

/* Sends the next call if none is in flight. */
static void kick(Station *station)
{
        while (station->conn && station->calls && !station->call_sent) {
                Call *call = station->calls;
                station->call_sent = true;
                int r = rpc_call(station->rpc, call->action, TAKE_PTR(call->payload), 0,
                                 boottime_now());
                if (r < 0)
                        finish_call(station, &(CallOutcome){.end = CALL_GONE});
                else
                        station->csms->options.wake_at(station->csms->options.userdata,
                                                       rpc_deadline(station->rpc));
        }
}

usec_t station_tick(Station *station, usec_t now)
{
        if (!station->conn)
                return USEC_INFINITY;
        rpc_tick(station->rpc, now);
        kick(station);
        return rpc_deadline(station->rpc);
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
        *ret = call;
        /* sent by the next tick, so that done can't be called from here */
        station->csms->options.wake_at(station->csms->options.userdata, boottime_now());
        return 0;
}

/* Puts a line into the ring; takes it over. */
static void keep_line(Station *station, char *line)
{
        Frames *frames = &station->frames;
        if (!frames->lines)
                frames->lines = calloc(FRAMES_MAX, sizeof(*frames->lines));
        frames->last++;
        if (!frames->lines) {
                free(line);
                return;
        }
        frames->bytes += strlen(line);
        station->csms->frames_bytes += strlen(line);
        while (frames->count > 0 &&
               (frames->count == FRAMES_MAX || frames->bytes > FRAMES_BYTES_MAX ||
                station->csms->frames_bytes > FRAMES_TOTAL_MAX))
                forget_oldest(station);
        frames->lines[(frames->first + frames->count++) % FRAMES_MAX] = line;
}

static void record(Station *station, bool from_csms, const char *data, size_t size, bool is_json)
{
        char *line = trace_line(&(TraceMessage){.station = station->id,
                                                .protocol = station->dialect->subprotocol,
                                                .from_csms = from_csms,
                                                .is_json = is_json,
                                                .text = data,
                                                .size = size});
        if (!line)
                return;
        (void)trace_write(station->csms->options.trace, line);
        TELL(station->csms, frame_passed, station, station->frames.last + 1, line);
        keep_line(station, line);
}

int station_send(Station *station, const char *data, size_t size, bool binary)
{
        if (!station->conn)
                return -ENOTCONN;
        int r = conn_send(station->conn, data, size, binary);
        if (r < 0)
                return r;
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        record(station, true, data, size, !binary && json_parse(data, size, &json) == 0);
        return 0;
}

int station_send_raw(Station *station, const char *data, size_t size, bool binary)
{
        return station_send(station, data, size, binary);
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
        r = rpc_feed(station->rpc, data, size);
        station->frame = NULL;
        if (r > 0)
                TELL(station->csms, trouble_came, station, (RpcTrouble)r);
        kick(station);
        return MIN(r, 0);
}

char *station_frames(const Station *station, uint64_t since, uint64_t *ret_last)
{
        const Frames *frames = &station->frames;
        uint64_t number = frames->last - frames->count; /* of the frame before the first kept */
        char *out = malloc(frames->bytes + frames->count + 1), *p = out;
        if (!out)
                return NULL;
        for (size_t i = 0; i < frames->count; i++)
                if (++number > since) {
                        p = stpcpy(p, frames->lines[(frames->first + i) % FRAMES_MAX]);
                        *p++ = '\n';
                }
        *p = '\0';
        *ret_last = frames->last;
        return out;
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

const char *station_uploads(const Station *station)
{
        return station->uploads;
}

int station_set_uploads(Station *station, const char *url)
{
        return str_replace(&station->uploads, url);
}

const char *station_timezone(const Station *station)
{
        return station->timezone;
}

bool station_has_tag(const Station *station, const char *tag)
{
        size_t n = strlen(tag);
        for (const char *p = strempty(station->tags); *p; p += strspn(p, " ")) {
                size_t size = strcspn(p, " ");
                if (size == n && strncmp(p, tag, n) == 0)
                        return true;
                p += size;
        }
        return false;
}

int station_set_fault(Station *station, const Fault *fault)
{
        return faults_set(&station->faults, fault);
}

static cJSON *add_text(cJSON *object, const char *name, const char *text)
{
        return *text ? cJSON_AddStringToObject(object, name, text)
                     : cJSON_AddNullToObject(object, name);
}

static bool describe_update(const UpdateState *update, cJSON *object)
{
        char since[TIME_TEXT_MAX];
        if (!*update->status)
                return cJSON_AddNullToObject(object, "update");
        cJSON *o = cJSON_AddObjectToObject(object, "update");
        if (!o)
                return false;
        cJSON *id = update->request_id == NO_INT
                            ? cJSON_AddNullToObject(o, "requestId")
                            : cJSON_AddNumberToObject(o, "requestId", (double)update->request_id);
        return id && cJSON_AddStringToObject(o, "status", update->status) &&
               cJSON_AddStringToObject(o, "since", time_format(update->since, since));
}

cJSON *station_describe(const Station *station)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (!o || !cJSON_AddStringToObject(o, "id", station->id) ||
            !cJSON_AddBoolToObject(o, "online", station->conn != NULL) ||
            !cJSON_AddStringToObject(o, "protocol", station->dialect->subprotocol) ||
            !add_text(o, "vendor", station->vendor) || !add_text(o, "model", station->model) ||
            !add_text(o, "firmwareVersion", station->version) ||
            !describe_update(&station->update, o))
                return NULL;
        return TAKE_PTR(o);
}
