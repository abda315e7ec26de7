/* The REST calls under /api/, by a table of routes. */
#include "http.h"
#include "order.h"

/* What a route needs to know. */
typedef struct RestCall {
        Csms *csms;
        Exchange *x;
        const HttpRequest *request;
        Station *station; /* NULL for "all stations" */
        const cJSON *body;
} RestCall;

static void out_of_memory(Exchange *x)
{
        exchange_problem(x, 503, "Out of memory.");
}

static void list_stations(const RestCall *call)
{
        exchange_reply_json(call->x, 200, csms_describe(call->csms));
}

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
static void ask(const RestCall *call, const char *action, cJSON *payload)
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
                out_of_memory(call->x);
}

static void post_order(const RestCall *call, const OrderKind *kind)
{
        const char *action, *sentence;
        cJSON *payload = NULL;
        if (!station_is_online(call->station)) {
                exchange_problem(call->x, 409, "The station is not connected.");
                return;
        }
        int r = order_message(kind, call->csms, call->station, call->body,
                              &(OrderMessage){&action, &payload, &sentence});
        if (r == 0)
                ask(call, action, payload);
        else if (r == -EINVAL)
                exchange_problem(call->x, 400, sentence);
        else
                out_of_memory(call->x);
}

static void post_update(const RestCall *call)
{
        post_order(call, &order_update);
}

static void post_logs(const RestCall *call)
{
        post_order(call, &order_logs);
}

static void post_call(const RestCall *call)
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
                out_of_memory(call->x);
}

static void post_fault(const RestCall *call)
{
        Fault fault;
        const char *sentence = NULL;
        int r = fault_from_json(call->body, &fault, &sentence);
        if (r == 0)
                sentence = answer_fault_objection(&fault);
        if (sentence) {
                exchange_problem(call->x, 400, sentence);
                return;
        }
        r = call->station ? station_set_fault(call->station, &fault)
                          : csms_set_fault(call->csms, &fault);
        if (r == 0)
                exchange_reply(call->x, 204, NULL, NULL);
        else if (r == -ENOSPC)
                exchange_problem(call->x, 409, "The station has too many faults already.");
        else
                out_of_memory(call->x);
}

static void get_frames(const RestCall *call)
{
        uint64_t last = 0;
        char *lines;
        if (call->request->bad_since) {
                exchange_problem(call->x, 400, "since must be the number of a frame.");
                return;
        }
        lines = station_frames(call->station, call->request->since, &last);
        if (!lines) {
                out_of_memory(call->x);
                return;
        }
        exchange_set_last_frame(call->x, last);
        exchange_reply(call->x, 200, "application/jsonl", lines);
}

static void post_raw(const RestCall *call)
{
        int r = station_send_raw(call->station, strempty(call->request->body),
                                 call->request->body_size, call->request->binary);
        if (r == 0)
                exchange_reply(call->x, 204, NULL, NULL);
        else if (r == -ENOTCONN)
                exchange_problem(call->x, 409, "The station is not connected.");
        else
                exchange_problem(call->x, 503, "The station does not read what it is sent.");
}

enum { ALL = 1 /* "*" is allowed */, JSON = 2 /* the body is an object */, LIST = 4 };

/* clang-format off */
static const struct Route {
        HttpMethod method;
        const char *leaf; /* what follows the station's id */
        int flags;
        void (*serve)(const RestCall *call);
} routes[] = {
        { HTTP_GET,  "",       LIST,       list_stations },
        { HTTP_POST, "update", JSON,       post_update   },
        { HTTP_POST, "logs",   JSON,       post_logs     },
        { HTTP_POST, "call",   JSON,       post_call     },
        { HTTP_POST, "fault",  JSON | ALL, post_fault    },
        { HTTP_GET,  "frames", 0,          get_frames    },
        { HTTP_POST, "raw",    0,          post_raw      },
};
/* clang-format on */

static const struct Route *find_route(const char *leaf, bool list, HttpMethod method,
                                      bool *ret_wrong_method)
{
        *ret_wrong_method = false;
        for (size_t i = 0; i < ELEMENTSOF(routes); i++) {
                if (!streq(routes[i].leaf, leaf) || list != !!(routes[i].flags & LIST))
                        continue;
                if (routes[i].method == method ||
                    (method == HTTP_HEAD && routes[i].method == HTTP_GET))
                        return &routes[i];
                *ret_wrong_method = true;
        }
        return NULL;
}

/* Splits "/api/stations[/ID/LEAF]" into id and leaf. 0, -ENOENT. */
static int split_path(const char *path, char id[static HTTP_PATH_MAX], const char **ret_leaf)
{
        const char *rest = startswith(path, "/api/stations");
        *id = '\0';
        *ret_leaf = "";
        if (!rest || !*rest || streq(rest, "/"))
                return rest ? 0 : -ENOENT;
        const char *slash = strchr(rest + 1, '/');
        if (*rest != '/' || !slash)
                return -ENOENT;
        memcpy(id, rest + 1, (size_t)(slash - rest - 1));
        id[slash - rest - 1] = '\0';
        *ret_leaf = slash + 1;
        return 0;
}

/* Serves a route once station and body are found good. */
static void serve_route(const struct Route *route, RestCall *call, const char *id)
{
        _cleanup_(cJSON_Deletep) cJSON *body = NULL;
        bool all = (route->flags & ALL) && streq(id, "*");
        if (!all && !(route->flags & LIST) && !(call->station = csms_find(call->csms, id))) {
                exchange_problem(call->x, 404, "No station of this identity was ever seen.");
                return;
        }
        if (route->flags & JSON) {
                int r = json_parse(strempty(call->request->body), call->request->body_size, &body);
                if (r == 0 && !cJSON_IsObject(body))
                        r = -EBADMSG;
                if (r < 0) {
                        exchange_problem(call->x, 400, "The body must be a JSON object.");
                        return;
                }
        }
        call->body = body;
        route->serve(call);
}

void rest_handle(Csms *csms, Exchange *x)
{
        char id[HTTP_PATH_MAX];
        const char *leaf;
        bool wrong_method = false;
        RestCall call = {.csms = csms, .x = x, .request = exchange_request(x)};
        const struct Route *route = NULL;
        if (split_path(call.request->path, id, &leaf) == 0)
                route = find_route(leaf, !*id, call.request->method, &wrong_method);
        if (route)
                serve_route(route, &call, id);
        else if (wrong_method)
                exchange_problem(x, 405, "This call wants another method.");
        else
                exchange_problem(x, 404, "There is no such call.");
}
