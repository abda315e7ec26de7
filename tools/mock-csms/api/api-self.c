/* The call about the calls: the description of all of them. */
#include "api.h"
#include "openapi.h"

static void get_openapi(const ApiCall *call)
{
        char *text = strndup(openapi_json, (size_t)(openapi_json_end - openapi_json));
        if (text)
                exchange_reply(call->x, 200, "application/json", text);
        else
                api_out_of_memory(call->x);
}

/* clang-format off */
const Route api_self_routes[] = {
        { HTTP_GET, "/api/openapi.json", "getOpenapi", ROLE_READ, 0, get_openapi },
        { 0 },
};
/* clang-format on */
