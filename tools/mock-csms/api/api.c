/* Finds the route of a request. See api.h. */
#include "api.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

/* Characters of an unknown argument that are said again. */
#define ARG_SHOWN_MAX 32

/* clang-format off */
const Route *const api_tables[] = {
        api_inventory_routes,
        api_station_routes,
        api_rollout_routes,
        api_push_routes,
        api_event_routes,
        api_firmware_routes,
        api_log_routes,
        api_fault_routes,
        api_self_routes,
        NULL,
};
/* clang-format on */

void api_out_of_memory(Exchange *x)
{
        exchange_problem(x, 503, "Out of memory.");
}

void api_not_written(Exchange *x)
{
        exchange_problem(x, 503, "It can't be written to the state.");
}

/* A decimal number within min … max. */
static bool read_number(const char *text, int64_t min, int64_t max, int64_t *ret)
{
        char *end;
        errno = 0;
        long long n = strtoll(text, &end, 10);
        bool begins = *text == '-' || (*text >= '0' && *text <= '9'); /* strtoll() skips blanks */
        if (errno != 0 || !begins || end == text || *end || n < min || n > max)
                return false;
        *ret = n;
        return true;
}

bool api_number(const ApiCall *call, const char *name, int64_t min, int64_t max, int64_t *value)
{
        char sentence[128];
        const char *text = request_arg(call->request, name);
        if (!text || read_number(text, min, max, value))
                return true;
        snprintf(sentence, sizeof(sentence), "%s must be a number from %" PRId64 " to %" PRId64 ".",
                 name, min, max);
        exchange_problem(call->x, 400, sentence);
        return false;
}

bool api_id(const ApiCall *call, size_t i, int64_t *ret)
{
        if (read_number(call->params[i], 1, INT64_MAX, ret))
                return true;
        exchange_problem(call->x, 404, "There is nothing of this id.");
        return false;
}

/* The text as a value of a query; owned by the caller, NULL when out of memory. */
static char *percent_encode(const char *text)
{
        char *out = malloc(strlen(text) * 3 + 1), *p = out;
        if (!out)
                return NULL;
        for (const unsigned char *c = (const unsigned char *)text; *c; c++)
                if (*c < 0x80 && (isalnum(*c) || strchr("-._~", *c)))
                        *p++ = (char)*c;
                else
                        p += snprintf(p, 4, "%%%02X", *c);
        *p = '\0';
        return out;
}

void api_add_next(const ApiCall *call, const char *after)
{
        exchange_add_header(call->x, "next-after:", percent_encode(after));
}

void api_add_total(const ApiCall *call, int64_t total)
{
        exchange_add_header(call->x, "total-count:", str_printf("%" PRId64, total));
}

void api_reply_page(const ApiCall *call, const ApiPage *page)
{
        int count = cJSON_GetArraySize(page->list);
        const cJSON *last = count == page->limit ? cJSON_GetArrayItem(page->list, count - 1) : NULL;
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(last, page->member);
        if (page->total < 0) {
                cJSON_Delete(page->list);
                exchange_problem(call->x, 503, "The state can't be read.");
                return;
        }
        api_add_total(call, page->total);
        if (cJSON_IsString(item))
                api_add_next(call, item->valuestring);
        else if (item)
                exchange_add_header(call->x, "next-after:", str_printf("%.0f", item->valuedouble));
        exchange_reply_json(call->x, 200, page->list);
}

/* The parameters of a path, cut out of a copy of it. */
typedef struct Match {
        char text[HTTP_PATH_MAX];
        const char *params[API_PARAMS_MAX];
} Match;

/* Whether the path is one of the pattern, segment by segment. */
static bool fits(const char *pattern, const char *path, Match *match)
{
        size_t n = 0;
        *match = (Match){0};
        memcpy(match->text, path, strlen(path) + 1);
        for (char *p = match->text; *pattern || *p;) {
                if (*pattern == '{') {
                        size_t size = strcspn(p, "/");
                        if (size == 0)
                                return false;
                        match->params[n++] = p;
                        pattern = strchr(pattern, '}') + 1;
                        p += size;
                        if (*p)
                                *p++ = '\0'; /* the "/", which a pattern has behind a parameter, too
                                              */
                        if (*pattern && *pattern++ != '/')
                                return false;
                        continue;
                }
                if (*pattern++ != *p++)
                        return false;
        }
        return true;
}

/* NULL: there is none; *ret_methods: but for these, a set of bits. */
static const Route *find_route(const HttpRequest *request, Match *match, unsigned *ret_methods)
{
        *ret_methods = 0;
        for (const Route *const *table = api_tables; *table; table++)
                for (const Route *route = *table; route->path; route++) {
                        if (!fits(route->path, request->path, match))
                                continue;
                        if (route->method == request->method ||
                            (request->method == HTTP_HEAD && route->method == HTTP_GET))
                                return route;
                        *ret_methods |= 1u << route->method;
                        if (route->method == HTTP_GET)
                                *ret_methods |= 1u << HTTP_HEAD;
                }
        return NULL;
}

/* Finds the station that the path names. false: the call is answered. */
static bool find_station(const Route *route, ApiCall *call)
{
        if (!(route->flags & API_STATION) ||
            ((route->flags & API_ALL) && streq(call->params[0], "*")))
                return true;
        call->station = csms_find(call->service->csms, call->params[0]);
        if (!call->station)
                exchange_problem(call->x, 404, "No station of this identity was ever seen.");
        return call->station;
}

/* Whether a list that is parted by commas has the name, of so many bytes. */
static bool list_has(const char *list, const char *name, size_t size)
{
        for (const char *p = list; p; p = strchr(p, ',')) {
                p += *p == ',';
                if (strcspn(p, ",") == size && strncmp(p, name, size) == 0)
                        return true;
        }
        return false;
}

/* Names an argument of the query, of so many bytes, that the route doesn't know. */
static void refuse_argument(const Route *route, Exchange *x, const char *arg, size_t size)
{
        _cleanup_(freep) char *name = strndup(arg, size);
        _cleanup_(freep) char *shown = name ? utf8_clip(name, ARG_SHOWN_MAX) : NULL;
        _cleanup_(freep) char *sentence =
                !route->query ? strdup("This call has no arguments.")
                : shown ? str_printf("There is no argument \"%s\"; this call knows %s.", shown,
                                     route->query)
                        : NULL;
        if (sentence)
                exchange_problem(x, 400, sentence);
        else
                api_out_of_memory(x);
}

/* Whether the route knows all arguments of the query. false: the call is answered. */
static bool check_query(const Route *route, const ApiCall *call)
{
        for (size_t i = 0; i < call->request->args_count; i++) {
                const char *arg = call->request->args[i];
                size_t size = strcspn(arg, "=");
                if (list_has(route->query, arg, size))
                        continue;
                refuse_argument(route, call->x, arg, size);
                return false;
        }
        return true;
}

static void serve_route(const Route *route, ApiCall *call)
{
        _cleanup_(cJSON_Deletep) cJSON *body = NULL;
        if (!check_query(route, call) || !find_station(route, call))
                return;
        if (route->flags & API_JSON) {
                bool none = call->request->body_size == 0; /* nothing is told: {} */
                int r = none ? json_parse("{}", 2, &body)
                             : json_parse(call->request->body, call->request->body_size, &body);
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

void api_handle(Service *service, Exchange *x)
{
        Match match;
        unsigned methods;
        const HttpRequest *request = exchange_request(x);
        const Route *route = find_route(request, &match, &methods);
        ApiCall call = {.service = service, .x = x, .request = request};
        if (route && route->role > request->role) {
                exchange_problem(x, 403, "This token may only read; the call wants an operator's.");
        } else if (route) {
                memcpy(call.params, match.params, sizeof(call.params));
                serve_route(route, &call);
        } else if (methods) {
                exchange_refuse_method(x, methods, "This call wants another method.");
        } else {
                exchange_problem(x, 404, "There is no such call.");
        }
}
