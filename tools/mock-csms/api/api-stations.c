/* What is asked of a station, and done to it: calls, orders, raw frames. */
#include "api.h"
#include "order.h"

/* {"error":{"code","description","details"}} */
static cJSON *describe_error(const CallOutcome *outcome)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        cJSON *error = o ? cJSON_AddObjectToObject(o, "error") : NULL;
        cJSON *details =
                outcome->details ? cJSON_Duplicate(outcome->details, true) : cJSON_CreateObject();
        if (!error || !details || !cJSON_AddStringToObject(error, "code", outcome->code) ||
            !cJSON_AddStringToObject(error, "description", strempty(outcome->description))) {
                cJSON_Delete(details);
                return NULL;
        }
        cJSON_AddItemToObject(error, "details", details);
        return TAKE_PTR(o);
}

/* {"result":{…}} */
static cJSON *describe_result(const CallOutcome *outcome)
{
        cJSON *o = cJSON_CreateObject();
        cJSON *result = cJSON_Duplicate(outcome->result, true);
        if (!o || !result) {
                cJSON_Delete(o);
                cJSON_Delete(result);
                return NULL;
        }
        cJSON_AddItemToObject(o, "result", result);
        return o;
}

/* The station has answered, or hasn't. */
static void on_done(void *userdata, const CallOutcome *outcome)
{
        Exchange *x = userdata;
        switch (outcome->end) {
        case CALL_RESULT:
                exchange_reply_json(x, 200, describe_result(outcome));
                break;
        case CALL_ERROR:
                exchange_reply_json(x, 200, describe_error(outcome));
                break;
        case CALL_TIMEOUT:
                exchange_problem(x, 504, "The station did not answer in time.");
                break;
        case CALL_GONE:
                exchange_problem(x, 409, "The station went away before it answered.");
                break;
        }
}

/* Asks the station; payload is consumed. */
static void ask(const ApiCall *call, const char *action, cJSON *payload)
{
        Call *pending = NULL;
        int r = station_call(call->station, action, payload, on_done, call->x, &pending);
        if (r == 0)
                exchange_wait_for(call->x, pending);
        else if (r == -ENOTCONN)
                exchange_problem(call->x, 409, "The station is not connected.");
        else if (r == -ENOBUFS)
                exchange_problem(call->x, 503, "Too many calls wait for this station.");
        else
                api_out_of_memory(call->x);
}

static void post_order(const ApiCall *call, const OrderKind *kind)
{
        const char *action, *sentence;
        cJSON *payload = NULL;
        if (!station_is_online(call->station)) {
                exchange_problem(call->x, 409, "The station is not connected.");
                return;
        }
        int r = order_message(kind, call->service->csms, call->station, call->body,
                              &(OrderMessage){&action, &payload, &sentence});
        if (r == 0)
                ask(call, action, payload);
        else if (r == -EINVAL)
                exchange_problem(call->x, 400, sentence);
        else
                api_out_of_memory(call->x);
}

static void post_update(const ApiCall *call)
{
        post_order(call, &order_update);
}

static void post_logs(const ApiCall *call)
{
        post_order(call, &order_logs);
}

static void post_call(const ApiCall *call)
{
        const cJSON *action = cJSON_GetObjectItemCaseSensitive(call->body, "action");
        const cJSON *payload = cJSON_GetObjectItemCaseSensitive(call->body, "payload");
        if (!cJSON_IsString(action) || !*action->valuestring ||
            (payload && !cJSON_IsObject(payload)) ||
            cJSON_GetArraySize(call->body) != (payload ? 2 : 1)) {
                exchange_problem(call->x, 400,
                                 "The body must be {\"action\":string,\"payload\":object}.");
                return;
        }
        cJSON *copy = payload ? cJSON_Duplicate(payload, true) : cJSON_CreateObject();
        if (copy)
                ask(call, action->valuestring, copy);
        else
                api_out_of_memory(call->x);
}

static void post_raw(const ApiCall *call)
{
        int r = station_send_raw(call->station, strempty(call->request->body),
                                 call->request->body_size,
                                 str_equal(request_arg(call->request, "binary"), "1"));
        if (r == 0)
                exchange_reply(call->x, 204, NULL, NULL);
        else if (r == -ENOTCONN)
                exchange_problem(call->x, 409, "The station is not connected.");
        else
                exchange_problem(call->x, 503, "The station does not read what it is sent.");
}

/* clang-format off */
const Route api_station_routes[] = {
        { HTTP_POST, "/api/stations/{id}/update", "orderUpdate",  ROLE_OPERATOR, API_STATION | API_JSON,          post_update   },
        { HTTP_POST, "/api/stations/{id}/logs",   "orderLogs",    ROLE_OPERATOR, API_STATION | API_JSON,          post_logs     },
        { HTTP_POST, "/api/stations/{id}/call",   "callStation",  ROLE_OPERATOR, API_STATION | API_JSON,          post_call     },
        { HTTP_POST, "/api/stations/{id}/raw",    "sendRaw",      ROLE_OPERATOR, API_STATION,                     post_raw,     "binary" },
        { 0 },
};
/* clang-format on */
