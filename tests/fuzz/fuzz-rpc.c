/* A connection's frames, one a line; the first byte chooses the version, '$' is the id of the CALL
 * that waits. Nothing may fall over, what we send is well-formed, and no answer is answered. */
#include <stdio.h>

#include "core/rpc.h"
#include "ocpp16/ocpp16.h"
#include "ocpp201/ocpp201.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TIMEOUT (10 * USEC_PER_SEC)

typedef struct End {
        Rpc *rpc;
        char id[RPC_ID_MAX + 1]; /* of the CALL that waits */
        unsigned sent;
        unsigned ended; /* handlers that ended a CALL */
        const FrameRules *rules;
} End;

static void require(bool fine)
{
        if (!fine)
                abort();
}

static int element_type(const cJSON *frame, int index)
{
        const cJSON *item = cJSON_GetArrayItem(frame, index);

        return item ? item->type & 0xff : cJSON_Invalid;
}

static int check_sent(void *userdata, const char *text, size_t size)
{
        static const int call[] = {cJSON_Number, cJSON_String, cJSON_String, cJSON_Object},
                         result[] = {cJSON_Number, cJSON_String, cJSON_Object},
                         error[] = {cJSON_Number, cJSON_String, cJSON_String, cJSON_String,
                                    cJSON_Object};
        static const struct {
                const int *types;
                int count;
        } shapes[] = {[2] = {call, 4}, [3] = {result, 3}, [4] = {error, 5}, [5] = {error, 5}};
        _cleanup_(cJSON_Deletep) cJSON *frame = NULL;
        End *end = userdata;
        int type;

        end->sent++;
        require(json_parse(text, size, &frame) == 0 && cJSON_IsArray(frame));
        type = cJSON_GetArrayItem(frame, 0)->valueint;
        require(type >= 2 && type <= (end->rules->more_types ? 5 : 4) &&
                cJSON_GetArraySize(frame) == shapes[type].count);
        for (int i = 0; i < shapes[type].count; i++)
                require(element_type(frame, i) == shapes[type].types[i]);
        require(utf8_length(cJSON_GetArrayItem(frame, 1)->valuestring) <= RPC_ID_MAX);
        if (type == 2)
                snprintf(end->id, sizeof(end->id), "%s", cJSON_GetArrayItem(frame, 1)->valuestring);
        return size % 7 == 0 ? -EPIPE : 0;
}

static void on_call(void *userdata, const char *id, const char *action, const cJSON *payload)
{
        End *end = userdata;

        require(cJSON_IsObject(payload) && *action && *id);
        if (strlen(action) % 2)
                rpc_answer(end->rpc, id, cJSON_Duplicate(payload, true));
        else
                rpc_refuse(end->rpc, id, (RpcErrorCode)(strlen(id) % RPC_ERROR_MAX), action);
}

static void on_result(void *userdata, _unused_ uint64_t token, const cJSON *payload)
{
        End *end = userdata;

        end->ended++;
        require(cJSON_IsObject(payload));
        if (cJSON_GetArraySize(payload) % 2)
                rpc_refuse_result(end->rpc, RPC_FORMAT_VIOLATION, "odd");
}

static void on_error(void *userdata, _unused_ uint64_t token, const char *code,
                     const char *description)
{
        ((End *)userdata)->ended++;
        require(code && description);
}

static void on_timeout(void *userdata, _unused_ uint64_t token)
{
        ((End *)userdata)->ended++;
}

static void on_result_error(_unused_ void *userdata, const char *id, const char *code,
                            const char *description)
{
        require(*id && code && description);
}

/* The line with '$' replaced, in a block of its own without NUL. */
static char *frame_of(const End *end, const char *line, size_t size, size_t *ret_size)
{
        size_t n = 0, room = 0;
        char *frame;

        for (size_t i = 0; i < size; i++)
                room += line[i] == '$' ? strlen(end->id) : 1;
        frame = malloc(MAX(room, (size_t)1));
        require(frame);
        for (size_t i = 0; i < size; i++) {
                size_t step = line[i] == '$' ? strlen(end->id) : 1;
                memcpy(frame + n, line[i] == '$' ? end->id : &line[i], step);
                n += step;
        }
        *ret_size = n;
        return frame;
}

/* Is it one that must not be answered? Only a CALLRESULT may be, in 2.1, that could not be used. */
static bool is_answer(const FrameRules *rules, const char *text, size_t size)
{
        _cleanup_(cJSON_Deletep) cJSON *frame = NULL;
        const cJSON *type;

        if (json_parse(text, size, &frame) < 0 || !cJSON_IsArray(frame))
                return false;
        type = cJSON_GetArrayItem(frame, 0);
        if (!cJSON_IsNumber(type))
                return false;
        if (type->valuedouble == 3)
                return !rules->more_types;
        return type->valuedouble == 4 ||
               (rules->more_types && (type->valuedouble == 5 || type->valuedouble == 6));
}

static void feed_line(End *end, const char *line, size_t size, usec_t now)
{
        unsigned sent, ended;
        bool busy;
        size_t n;
        _cleanup_(freep) char *frame = NULL;
        int r;

        if (!rpc_is_busy(end->rpc))
                rpc_call(end->rpc, "Heartbeat", NULL, now, now);
        frame = frame_of(end, line, size, &n);
        sent = end->sent;
        ended = end->ended;
        busy = rpc_is_busy(end->rpc);
        r = rpc_feed(end->rpc, frame, n);
        require(r >= RPC_FINE && r <= RPC_SENT);
        require(end->sent <= sent + 1);
        if (is_answer(end->rules, frame, n))
                require(end->sent == sent);
        /* a CALL ends by one handler, and only then */
        require((busy && !rpc_is_busy(end->rpc)) == (end->ended == ended + 1));
        rpc_tick(end->rpc, now + TIMEOUT / 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const RpcHandlers handlers = {check_sent, on_call,    on_result,
                                             on_error,   on_timeout, on_result_error};
        static const FrameRules *const rules[] = {&ocpp16.frames, &ocpp201.frames, &ocpp21.frames};
        const char *p = (const char *)data, *stop = p + size;
        End end = {0};
        usec_t now = 0;

        if (size == 0)
                return 0;
        require(rpc_new(&handlers, &end, TIMEOUT, &end.rpc) == 0);
        end.rules = rules[(uint8_t)*p++ % ELEMENTSOF(rules)];
        rpc_reset(end.rpc, end.rules);
        while (p < stop) {
                const char *eol = memchr(p, '\n', (size_t)(stop - p));
                const char *last = eol ? eol : stop;

                feed_line(&end, p, (size_t)(last - p), now);
                now += USEC_PER_SEC;
                p = eol ? eol + 1 : stop;
        }
        rpc_free(end.rpc);
        return 0;
}
