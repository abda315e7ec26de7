/* The calls about pushes: an update for one station, for many, or for all that fit. */
#include "api.h"
#include "push.h"

/* Pushes and targets of a page. */
#define PAGE 1000
#define PAGE_MAX 20000

static void fail(const ApiCall *call, int r, const char *sentence)
{
        /* clang-format off */
        static const struct { int error; unsigned status; const char *sentence; } failures[] = {
                { -EINVAL,   400, NULL },
                { -ENOENT,   404, "There is no such push." },
                { -EALREADY, 409, "It was sent already." },
                { -EBUSY,    409, "It is being sent, or answers are awaited." },
                { -ENOSPC,   507, "There is no room for it." },
                { 0,         503, "The state can't be read or written, or memory is short." },
        };
        /* clang-format on */
        size_t i = 0;
        while (failures[i].error && failures[i].error != r)
                i++;
        exchange_problem(call->x, failures[i].status, *sentence ? sentence : failures[i].sentence);
}

/* The push of the path, told. */
static void reply_push(const ApiCall *call, unsigned status, int64_t id)
{
        Push push;
        int r = state_push_get(call->service->state, id, &push);
        if (r < 0) {
                fail(call, r, "");
                return;
        }
        exchange_reply_json(call->x, status, push_describe(&push));
        push_done(&push);
}

static void make_push(const ApiCall *call)
{
        int64_t id = 0;
        char sentence[PUSH_SENTENCE_MAX] = "";
        int r = pusher_make(call->service->pusher, call->body, &id, sentence);
        if (r == 0 && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(call->body, "send")))
                r = pusher_send(call->service->pusher, id);
        if (r < 0)
                fail(call, r, sentence);
        else
                reply_push(call, 201, id);
}

static int add_push(void *userdata, const Push *push)
{
        cJSON *item = push_describe(push);
        return item && cJSON_AddItemToArray(userdata, item) ? 0 : -ENOMEM;
}

static void list_pushes(const ApiCall *call)
{
        int64_t after = 0, limit = PAGE;
        if (!api_number(call, "after", 0, INT64_MAX, &after) ||
            !api_number(call, "limit", 1, PAGE_MAX, &limit))
                return;
        _cleanup_(cJSON_Deletep) cJSON *list = cJSON_CreateArray();
        int r = list ? state_push_each(call->service->state, after, limit, add_push, list)
                     : -ENOMEM;
        if (r < 0)
                fail(call, r, "");
        else
                api_reply_page(call, &(ApiPage){.list = TAKE_PTR(list),
                                                .limit = limit,
                                                .total = state_push_count(call->service->state),
                                                .member = "id"});
}

static void get_push(const ApiCall *call)
{
        int64_t id;
        if (api_id(call, 0, &id))
                reply_push(call, 200, id);
}

typedef struct Targets {
        Csms *csms;
        cJSON *list;
        bool bare; /* without messages: of a large push they are most of the answer */
} Targets;

static int add_target(void *userdata, const PushTarget *target)
{
        const Targets *targets = userdata;
        cJSON *item = push_describe_target(targets->csms, target, !targets->bare);
        return item && cJSON_AddItemToArray(targets->list, item) ? 0 : -ENOMEM;
}

/* In this state; -1: in any. */
static int64_t count_targets(const Push *push, int which)
{
        int64_t count = 0;
        for (int i = 0; i < PUSH_STATE_MAX; i++)
                count += which < 0 || which == i ? push->counts[i] : 0;
        return count;
}

static void list_targets(const ApiCall *call)
{
        Push push;
        int64_t id, limit = PAGE;
        const char *word = request_arg(call->request, "state"),
                   *after = request_arg(call->request, "after"),
                   *payload = strempty(request_arg(call->request, "payload"));
        int which = word ? push_state_from_word(word) : -1;
        if (!api_id(call, 0, &id) || !api_number(call, "limit", 1, PAGE_MAX, &limit))
                return;
        if (word && which < 0) {
                exchange_problem(call->x, 400, "state must be a state of a push's target.");
                return;
        }
        if (*payload && !streq(payload, "true") && !streq(payload, "false")) {
                exchange_problem(call->x, 400, "payload must be true or false.");
                return;
        }
        int r = state_push_get(call->service->state, id, &push);
        if (r < 0) {
                fail(call, r, "");
                return;
        }
        int64_t total = count_targets(&push, which);
        push_done(&push);
        _cleanup_(cJSON_Deletep) cJSON *list = cJSON_CreateArray();
        r = list ? state_push_each_target(call->service->state, id, which, strempty(after), limit,
                                          add_target,
                                          &(Targets){.csms = call->service->csms,
                                                     .list = list,
                                                     .bare = streq(payload, "false")})
                 : -ENOMEM;
        if (r < 0)
                fail(call, r, "");
        else
                api_reply_page(call, &(ApiPage){.list = TAKE_PTR(list),
                                                .limit = limit,
                                                .total = total,
                                                .member = "station"});
}

static void send_push(const ApiCall *call)
{
        int64_t id;
        if (!api_id(call, 0, &id))
                return;
        int r = pusher_send(call->service->pusher, id);
        if (r < 0)
                fail(call, r, "");
        else
                reply_push(call, 200, id);
}

static void delete_push(const ApiCall *call)
{
        int64_t id;
        if (!api_id(call, 0, &id))
                return;
        int r = pusher_delete(call->service->pusher, id);
        if (r < 0)
                fail(call, r, "");
        else
                exchange_reply(call->x, 204, NULL, NULL);
}

/* clang-format off */
const Route api_push_routes[] = {
        { HTTP_POST,   "/api/pushes",              "makePush",        ROLE_OPERATOR, API_JSON, make_push },
        { HTTP_GET,    "/api/pushes",              "listPushes",      ROLE_READ,     0,        list_pushes, "after,limit" },
        { HTTP_GET,    "/api/pushes/{id}",         "getPush",         ROLE_READ,     0,        get_push },
        { HTTP_DELETE, "/api/pushes/{id}",         "deletePush",      ROLE_OPERATOR, 0,        delete_push },
        { HTTP_GET,    "/api/pushes/{id}/targets", "listPushTargets", ROLE_READ,     0,        list_targets, "state,payload,after,limit" },
        { HTTP_POST,   "/api/pushes/{id}/send",    "sendPush",        ROLE_OPERATOR, 0,        send_push },
        { 0 },
};
/* clang-format on */
