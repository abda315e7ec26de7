/* The calls about this interface and who serves it: the description of all calls, the server, and
 * the actions of OCPP. */
#include "actions.h"
#include "api.h"
#include "child.h"
#include "json-add.h"
#include "openapi.h"

static void get_openapi(const ApiCall *call)
{
        char *text = strndup(openapi_json, (size_t)(openapi_json_end - openapi_json));
        if (text)
                exchange_reply(call->x, 200, "application/json", text);
        else
                api_out_of_memory(call->x);
}

static bool add_protocols(cJSON *o, const char *const *protocols)
{
        cJSON *list = cJSON_AddArrayToObject(o, "protocols");
        for (; list && *protocols; protocols++)
                if (!cJSON_AddItemToArray(list, cJSON_CreateString(*protocols)))
                        return false;
        return list;
}

static cJSON *describe_self(const Service *service, Role role)
{
        const CsmsOptions *options = csms_options(service->csms);
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (!o || !json_add_text(o, "version", PROJECT_VERSION) ||
            !json_add_text(o, "role", role == ROLE_READ ? "read" : "operator") ||
            !json_add_time(o, "time", wallclock_now()) || !add_protocols(o, service->protocols) ||
            !json_add_number(o, "heartbeatInterval", options->interval) ||
            !json_add_number(o, "messageTimeout",
                             (int64_t)(options->message_timeout / USEC_PER_SEC)) ||
            !cJSON_AddBoolToObject(o, "rauc", child_exists("rauc")) ||
            !cJSON_AddBoolToObject(o, "ftp", logs_take_ftp(service->logs)) ||
            !json_add_number(o, "firmwareMax", (int64_t)firmware_size_max(service->firmware)) ||
            !json_add_number(o, "logMax", (int64_t)logs_size_max(service->logs)))
                return NULL;
        return TAKE_PTR(o);
}

static void get_self(const ApiCall *call)
{
        exchange_reply_json(call->x, 200, describe_self(call->service, call->request->role));
}

static void list_actions(const ApiCall *call)
{
        const Dialect *dialect = csms_dialect(strempty(request_arg(call->request, "protocol")));
        if (dialect)
                exchange_reply_json(call->x, 200, actions_describe(dialect));
        else
                exchange_problem(call->x, 400, "protocol must be ocpp2.1, ocpp2.0.1 or ocpp1.6.");
}

/* clang-format off */
const Route api_self_routes[] = {
        { HTTP_GET, "/api/actions",      "listActions", ROLE_READ, 0, list_actions, "protocol" },
        { HTTP_GET, "/api/openapi.json", "getOpenapi",  ROLE_READ, 0, get_openapi,  NULL       },
        { HTTP_GET, "/api/self",         "getSelf",     ROLE_READ, 0, get_self,     NULL       },
        { 0 },
};
/* clang-format on */
