/* The calls about logs: asked of many stations, listed, opened, downloaded, deleted. */
#include "api.h"
#include <inttypes.h>

#define LIST_DEFAULT 100
#define LIST_MAX 1000

/* Answers what went wrong among the logs. */
static void fail(const ApiCall *call, int error)
{
        if (error == -ENOENT)
                exchange_problem(call->x, 404, "There is no such log.");
        else if (error == -ENOMEM)
                api_out_of_memory(call->x);
        else
                exchange_problem(call->x, 503, "The logs can't be read or written.");
}

/* NULL: there is none, and the call is answered. */
static LogRow *find(const ApiCall *call)
{
        LogRow *row = NULL;
        int64_t id;
        if (!api_id(call, 0, &id))
                return NULL;
        int r = logs_find(call->service->logs, id, &row);
        if (r < 0)
                fail(call, r);
        return row;
}

/* Somebody who waits until a request is written, or a file was looked into. */
typedef struct Waiting {
        ApiCall call;
        LogAsking *request;
        LogReading *reading;
} Waiting;

static void on_gone(void *waiter)
{
        Waiting *waiting = waiter;
        if (waiting->request)
                logs_forget_request(waiting->request);
        if (waiting->reading)
                logs_forget_reading(waiting->reading);
        free(waiting);
}

/* NULL when out of memory: then the call is answered. */
static Waiting *wait_begin(const ApiCall *call)
{
        Waiting *waiting = calloc(1, sizeof(*waiting));
        if (waiting)
                waiting->call = (ApiCall){.service = call->service, .x = call->x};
        else
                api_out_of_memory(call->x);
        return waiting;
}

/* It is over; the call to be answered. */
static ApiCall wait_end(Waiting *waiting)
{
        ApiCall call = waiting->call;
        exchange_wait(call.x, NULL, NULL);
        free(waiting);
        return call;
}

static void on_requested(void *userdata, int error, cJSON *answer)
{
        ApiCall call = wait_end(userdata);
        if (error < 0)
                fail(&call, error);
        else
                exchange_reply_json(call.x, 202, answer);
}

static void request_logs(const ApiCall *call)
{
        char sentence[LOGS_SENTENCE_MAX];
        Waiting *waiting = wait_begin(call);
        if (!waiting)
                return;
        int r = logs_request(call->service->logs,
                             &(LogAskingOptions){call->body, on_requested, waiting},
                             &waiting->request, sentence);
        if (r == 0) {
                exchange_wait(call->x, on_gone, waiting);
                return;
        }
        free(waiting);
        if (r == -EINVAL)
                exchange_problem(call->x, 400, sentence);
        else
                fail(call, r);
}

static void list_logs(const ApiCall *call)
{
        Logs *logs = call->service->logs;
        LogChoice choice = {.station = request_arg(call->request, "station"),
                            .state = request_arg(call->request, "state"),
                            .limit = LIST_DEFAULT};
        if (!api_number(call, "after", 0, INT64_MAX, &choice.after) ||
            !api_number(call, "limit", 1, LIST_MAX, &choice.limit))
                return;
        if (choice.state && !logs_state_known(choice.state)) {
                exchange_problem(call->x, 400,
                                 "state must be waiting, asked, accepted, uploaded, received or "
                                 "failed.");
                return;
        }
        api_reply_page(call, &(ApiPage){.list = logs_list(logs, &choice),
                                        .limit = choice.limit,
                                        .total = logs_count(logs, &choice),
                                        .member = "id"});
}

static void get_log(const ApiCall *call)
{
        _cleanup_(log_row_freep) LogRow *row = find(call);
        if (row)
                exchange_reply_json(call->x, 200, logs_describe(row));
}

static void delete_log(const ApiCall *call)
{
        _cleanup_(log_row_freep) LogRow *row = find(call);
        int r = row ? logs_delete(call->service->logs, row) : 0;
        if (r < 0)
                fail(call, r);
        else if (row)
                exchange_reply(call->x, 204, NULL, NULL);
}

/* A browser must not show what a station has sent as a page of ours. */
static void get_file(const ApiCall *call)
{
        _cleanup_(log_row_freep) LogRow *row = find(call);
        if (!row)
                return;
        if (!row->file) {
                exchange_problem(call->x, 404, "There is no file of this log.");
                return;
        }
        exchange_add_header(call->x, "content-disposition:",
                            str_printf("attachment; filename=\"%s\"", strempty(row->name)));
        if (exchange_send_file(call->x, logs_folder(call->service->logs), row->file) < 0)
                exchange_problem(call->x, 404, "The file has gone from the disk.");
}

static void answer_text(Exchange *x, const LogRead *read)
{
        if (read->next > 0)
                exchange_add_header(x, "next-offset:", str_printf("%" PRId64, read->next));
        if (read->broken)
                exchange_add_header(x, "broken:", strdup("true"));
        exchange_reply(x, 200, "text/plain; charset=utf-8", read->text);
}

static void on_read(void *userdata, const LogRead *read)
{
        Exchange *x = wait_end(userdata).x;
        if (read->entries)
                exchange_reply_json(x, 200, read->entries);
        else if (read->text)
                answer_text(x, read);
        else if (read->error == -ENOENT)
                exchange_problem(x, 404, "There is no file of this name in the log.");
        else if (read->error == -ETIMEDOUT)
                exchange_problem(x, 422, "Reading the log takes too long.");
        else if (read->error < 0)
                exchange_problem(x, 422,
                                 "The log can't be read there: it is broken, or too large.");
        else
                api_out_of_memory(x);
}

static void look_into(const ApiCall *call, const LogRow *row, const LogPiece *piece)
{
        Waiting *waiting = wait_begin(call);
        if (!waiting)
                return;
        int r = logs_read(call->service->logs, row, piece, on_read, waiting, &waiting->reading);
        if (r == 0) {
                exchange_wait(call->x, on_gone, waiting);
                return;
        }
        free(waiting);
        if (r == -EBUSY)
                exchange_problem(call->x, 503, "Too many logs are being read.");
        else if (r == -ENOENT)
                exchange_problem(call->x, 404, "The file has gone from the disk.");
        else
                exchange_problem(call->x, 503,
                                 "Logs can't be read: see what mock-csms has logged.");
}

static void list_entries(const ApiCall *call)
{
        _cleanup_(log_row_freep) LogRow *row = find(call);
        if (row && !row->file)
                exchange_problem(call->x, 404, "There is no file of this log.");
        else if (row)
                look_into(call, row, &(LogPiece){0});
}

static void get_content(const ApiCall *call)
{
        LogPiece piece = {.entry = request_arg(call->request, "name"), .max = LOG_READ_DEFAULT};
        if (!piece.entry) {
                exchange_problem(call->x, 400, "name is missing.");
                return;
        }
        if (!api_number(call, "offset", 0, LOG_READ_AT_MAX, &piece.at) ||
            !api_number(call, "limit", 4, LOG_READ_MAX, &piece.max))
                return;
        _cleanup_(log_row_freep) LogRow *row = find(call);
        if (row && !row->file)
                exchange_problem(call->x, 404, "There is no file of this log.");
        else if (row)
                look_into(call, row, &piece);
}

/* clang-format off */
const Route api_log_routes[] = {
        { HTTP_GET,    "/api/logs",           "listLogs",    ROLE_READ,     0,        list_logs,    "station,state,limit,after" },
        { HTTP_POST,   "/api/logs",           "requestLogs", ROLE_OPERATOR, API_JSON, request_logs, NULL },
        { HTTP_GET,    "/api/logs/{id}",      "getLog",      ROLE_READ,     0,        get_log,      NULL },
        { HTTP_DELETE, "/api/logs/{id}",      "deleteLog",   ROLE_OPERATOR, 0,        delete_log,   NULL },
        { HTTP_GET,    "/api/logs/{id}/file", "getLogFile",  ROLE_READ,     0,        get_file,     NULL },
        { HTTP_GET,    "/api/logs/{id}/entries", "listLogEntries", ROLE_READ, 0, list_entries, NULL },
        { HTTP_GET,    "/api/logs/{id}/entries/content", "getLogContent", ROLE_READ, 0, get_content, "name,offset,limit" },
        { 0 },
};
/* clang-format on */
