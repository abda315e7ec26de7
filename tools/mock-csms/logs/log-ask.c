/* Asks stations for their logs, some at a time, and hears their answers. See log-store-private.h.
 */
#include "json-add.h"
#include "log-store-private.h"
#include "log.h"
#include "order.h"

/* Stations asked in one go. */
#define SLICE 200
/* What could not be written is tried again after so long. */
#define TRY_AFTER (5 * USEC_PER_SEC)

struct LogCall {
        LogCall *next, **link; /* what points to it */
        Logs *logs;
        int64_t id; /* the row's */
        Call *call;
};

static void call_end(LogCall *call)
{
        *call->link = call->next;
        if (call->next)
                call->next->link = call->link;
        free(call);
}

/* The station may have gone with the CSMS, and its calls with it. */
void log_forget_calls(Logs *logs)
{
        while (logs->calls)
                call_end(logs->calls);
}

/* The answer's status; GetDiagnostics has none, and names no file where there is nothing. */
static int read_result(LogRow *row, const cJSON *result)
{
        bool plain = streq(strempty(row->action), "GetDiagnostics");
        const cJSON *status = cJSON_GetObjectItemCaseSensitive(result, "status");
        const cJSON *name =
                cJSON_GetObjectItemCaseSensitive(result, plain ? "fileName" : "filename");
        if (cJSON_IsString(name) && *name->valuestring) {
                free(row->told_name);
                row->told_name = utf8_clip(name->valuestring, LOG_NAME_MAX);
        }
        const char *word = plain                     ? (row->told_name ? "Accepted" : "Rejected")
                           : !cJSON_IsString(status) ? "Rejected"
                                                     : status->valuestring;
        row->answer = utf8_clip(word, LOG_WORD_MAX);
        if (plain && !row->told_name)
                log_note(row, "The station named no file: it has nothing to upload.");
        else if (!plain && !cJSON_IsString(status))
                log_note(row, "The answer has no status.");
        return row->answer ? 0 : -ENOMEM;
}

static int read_outcome(LogRow *row, const CallOutcome *outcome)
{
        _cleanup_(freep) char *sentence = NULL;
        free(TAKE_PTR(row->answer));
        switch (outcome->end) {
        case CALL_RESULT:
                return read_result(row, outcome->result);
        case CALL_ERROR:
                sentence =
                        str_printf("%.64s: %.160s", outcome->code, strempty(outcome->description));
                free(row->note); /* of what came before the answer */
                row->note = sentence ? utf8_clip(sentence, LOG_NAME_MAX) : NULL;
                return str_replace(&row->answer, "CALLERROR");
        case CALL_TIMEOUT:
                log_note(row, "The station did not answer in time.");
                return str_replace(&row->answer, "timeout");
        case CALL_GONE:
                log_note(row, "The station went away before it answered.");
                return str_replace(&row->answer, "gone");
        }
        return -EINVAL;
}

static void on_done(void *userdata, const CallOutcome *outcome)
{
        LogCall *call = userdata;
        Logs *logs = call->logs;
        _cleanup_(log_row_freep) LogRow *row = NULL;
        int r = logs_find(logs, call->id, &row);
        call_end(call);
        if (r == -ENOENT) /* deleted meanwhile */
                return;
        if (r == 0)
                r = read_outcome(row, outcome);
        if (r < 0) {
                log_warning_errno(r, "An answer to a request for logs is lost");
                return;
        }
        row->answered = wallclock_now();
        r = log_changed(logs, row);
        if (r < 0)
                log_warning_errno(r, "An answer to a request for logs is lost");
}

/* The body of an order for order_message(). */
static cJSON *order_of(const LogRow *row)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (o && json_add_text_if(o, "logType", row->log_type) &&
            json_add_number_if(o, "retries", row->retries) &&
            json_add_number_if(o, "retryInterval", row->retry_interval) &&
            json_add_number_if(o, "requestId", row->request_id) &&
            json_add_text_if(o, "remoteLocation", row->location) &&
            json_add_text_if(o, "oldestTimestamp", row->oldest) &&
            json_add_text_if(o, "latestTimestamp", row->latest))
                return TAKE_PTR(o);
        return NULL;
}

/* Where the station uploads, as it knows this server. 0, -ENODATA: it has named none; -ENOMEM. */
static int set_location(const Logs *logs, const Station *station, LogRow *row)
{
        const char *server = station_server(station);
        if (streq(row->via, "ftp"))
                return log_ftp_place(logs, row);
        if (!streq(row->via, "http"))
                return 0;
        if (!server)
                return -ENODATA;
        free(row->location);
        row->location = str_printf("%s" LOGS_PATH "%s/", server, row->token);
        return row->location ? 0 : -ENOMEM;
}

/* Puts the message into the row, as it will be sent. 0; -EINVAL, with a note; negative errno. */
static int make_message(Logs *logs, const Station *station, LogRow *row, cJSON **ret)
{
        const char *action = "", *sentence = "The request can't be made.";
        row->request_id = csms_request_id(logs->options.csms);
        int r = set_location(logs, station, row);
        _cleanup_(cJSON_Deletep) cJSON *body = r == 0 ? order_of(row) : NULL;
        if (r == 0)
                r = body ? order_message(&order_logs, logs->options.csms, station, body,
                                         &(OrderMessage){&action, ret, &sentence})
                         : -ENOMEM;
        if (r == -ENODATA)
                sentence = "The station named no host when it connected: there is no way to tell "
                           "it where to upload.";
        if (r < 0) {
                log_note(row, sentence);
                return r;
        }
        if (streq(action, "GetDiagnostics"))
                row->request_id = NO_INT;
        return str_replace(&row->action, action);
}

static int send_call(Logs *logs, Station *station, const LogRow *row, cJSON *payload)
{
        LogCall *call = calloc(1, sizeof(*call));
        if (!call) {
                cJSON_Delete(payload);
                return -ENOMEM;
        }
        int r = station_call(station, row->action, payload, on_done, call, &call->call);
        if (r < 0) {
                free(call);
                return r;
        }
        *call = (LogCall){logs->calls, &logs->calls, logs, row->id, call->call};
        if (logs->calls)
                logs->calls->link = &call->next;
        logs->calls = call;
        return 0;
}

/* A station that can't be asked. */
static int refuse(LogRow *row, const char *answer, const char *sentence)
{
        if (sentence)
                log_note(row, sentence);
        row->answered = wallclock_now();
        return str_replace(&row->answer, answer);
}

static int fail(Logs *logs, LogRow *row, const char *answer, const char *sentence)
{
        int r = refuse(row, answer, sentence);
        return r < 0 ? r : log_changed(logs, row);
}

/* Rows that are written together and then sent. */
typedef struct Slice {
        Logs *logs;
        struct {
                LogRow *row;
                Station *station;
                cJSON *payload; /* NULL: it is not asked, and the row says why */
        } items[SLICE];
        size_t count;
} Slice;

/* The message of one, in memory: its request id is the state's, too. */
static int prepare(void *userdata, LogRow *row)
{
        Slice *slice = userdata;
        Logs *logs = slice->logs;
        Station *station = csms_find(logs->options.csms, row->station);
        LogRow *copy = malloc(sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        *copy = *row;
        *row = (LogRow)LOG_ROW_INIT; /* its texts are the copy's now */
        slice->items[slice->count].row = copy;
        slice->items[slice->count].station = station;
        cJSON **payload = &slice->items[slice->count++].payload;
        logs->waiting = copy->id;
        if (!station || !station_is_online(station))
                return refuse(copy, "offline", "The station was not connected any more.");
        if (make_message(logs, station, copy, payload) < 0)
                return refuse(copy, "failed", NULL);
        copy->asked = wallclock_now();
        return 0;
}

/* Writes who is going to be asked, before anybody is: all of it or nothing. */
static int write_slice(Logs *logs, const Slice *slice)
{
        State *state = logs->options.state;
        int r = state_savepoint(state);
        if (r < 0)
                return r;
        for (size_t i = 0; i < slice->count && r == 0; i++)
                r = log_changed(logs, slice->items[i].row);
        r = state_end_savepoint(state, r);
        return r < 0 ? r : state_flush(state);
}

static void send_slice(Logs *logs, const Slice *slice)
{
        for (size_t i = 0; i < slice->count; i++) {
                LogRow *row = slice->items[i].row;
                cJSON *payload = slice->items[i].payload;
                int r = payload ? send_call(logs, slice->items[i].station, row, payload) : 0;
                if (r == -ENOBUFS)
                        (void)fail(logs, row, "busy", "Too many calls wait for this station.");
                else if (r < 0)
                        (void)fail(logs, row, "gone", "The station went away.");
        }
}

static void slice_done(const Slice *slice, bool sent)
{
        for (size_t i = 0; i < slice->count; i++) {
                log_row_free(slice->items[i].row);
                if (!sent)
                        cJSON_Delete(slice->items[i].payload);
        }
}

/* That they are asked is on the disk before they are: nobody is asked a second time. */
void log_ask_slice(Logs *logs)
{
        int64_t before = logs->waiting;
        if (!logs->may_wait || logs->ask_at > boottime_now())
                return;
        _cleanup_(freep) Slice *slice = calloc(1, sizeof(*slice));
        if (!slice)
                return;
        slice->logs = logs;
        int r = state_log_each(logs->options.state, &(LogChoice){NULL, LOG_WAITING, before, SLICE},
                               prepare, slice);
        if (r == 0)
                r = write_slice(logs, slice);
        logs->may_wait = r < 0 || slice->count == SLICE;
        logs->ask_at = r < 0 ? boottime_now() + TRY_AFTER : 0;
        if (r == 0) {
                send_slice(logs, slice);
        } else {
                logs->waiting = before;
                log_warning_errno(r, "Not all stations can be asked for logs yet");
        }
        slice_done(slice, r == 0);
}
