/* OCPP-J framing (J16 4, J201 4, J21 4): [2,id,action,payload], [3,id,payload],
 * [4,id,code,description,details], 2.1 also [5,id,code,description,details] and
 * [6,id,action,payload]. A frame is judged from the left: what can be read decides who
 * hears of it. */
#include "rpc.h"

/* MessageTypeId (J201 4.1.3, J21 4.1.3). */
typedef enum MessageType {
        MESSAGE_CALL = 2,
        MESSAGE_RESULT = 3,
        MESSAGE_ERROR = 4,
        MESSAGE_RESULT_ERROR = 5, /* 2.1: the answer to a CALLRESULT that can't be used */
        MESSAGE_SEND = 6,         /* 2.1: never answered */
} MessageType;

/* Elements of a frame; those of an error behind its code are missing in some CSMS. */
#define CALL_SIZE 4
#define RESULT_SIZE 3
#define ERROR_SIZE_MIN 3

/* J201 4.2.3: the id of an answer to a message whose own can't be read. */
#define UNREADABLE_ID "-1"

struct Rpc {
        RpcHandlers handlers;
        void *userdata;
        usec_t timeout;
        const FrameRules *rules; /* NULL: no connection */
        bool rejected;
        /* our CALL in flight */
        bool busy;
        char id[RPC_ID_MAX + 1];
        uint64_t token;
        usec_t deadline;
};

void rpc_set_timeout(Rpc *rpc, usec_t timeout)
{
        rpc->timeout = timeout;
}

int rpc_new(const RpcHandlers *handlers, void *userdata, usec_t timeout, Rpc **ret)
{
        Rpc *rpc = calloc(1, sizeof(*rpc));

        if (!rpc)
                return -ENOMEM;
        *rpc = (Rpc){.handlers = *handlers, .userdata = userdata, .timeout = timeout};
        *ret = rpc;
        return 0;
}

void rpc_free(Rpc *rpc)
{
        free(rpc);
}

void rpc_reset(Rpc *rpc, const FrameRules *rules)
{
        rpc->rules = rules;
        rpc->busy = false;
}

void rpc_set_rejected(Rpc *rpc, bool rejected)
{
        rpc->rejected = rejected;
}

bool rpc_is_busy(const Rpc *rpc)
{
        return rpc->busy;
}

usec_t rpc_deadline(const Rpc *rpc)
{
        return rpc->busy ? rpc->deadline : USEC_INFINITY;
}

void rpc_tick(Rpc *rpc, usec_t now)
{
        if (!rpc->busy || now < rpc->deadline)
                return;
        rpc->busy = false; /* first: the handler may call again */
        rpc->handlers.on_timeout(rpc->userdata, rpc->token);
}

/* Adds item, which may be NULL for want of memory, and is consumed. */
static bool frame_add(cJSON *frame, cJSON *item)
{
        if (item && cJSON_AddItemToArray(frame, item))
                return true;
        cJSON_Delete(item);
        return false;
}

/* [type,id,word] (word NULL: [type,id]); NULL when out of memory. */
static cJSON *frame_new(MessageType type, const char *id, const char *word)
{
        _cleanup_(cJSON_Deletep) cJSON *frame = cJSON_CreateArray();

        if (!frame || !frame_add(frame, cJSON_CreateNumber(type)) ||
            !frame_add(frame, cJSON_CreateString(id)) ||
            (word && !frame_add(frame, cJSON_CreateString(word))))
                return NULL;
        return TAKE_PTR(frame);
}

/* Adds the last element ({} for NULL) and sends. frame may be NULL for want of memory; both are
 * consumed. */
static int frame_send(Rpc *rpc, cJSON *frame_taken, cJSON *payload)
{
        _cleanup_(cJSON_Deletep) cJSON *frame = frame_taken;
        _cleanup_(freep) char *text = NULL;

        if (!frame) {
                cJSON_Delete(payload);
                return -ENOMEM;
        }
        if (!frame_add(frame, payload ? payload : cJSON_CreateObject()))
                return -ENOMEM;
        text = cJSON_PrintUnformatted(frame);
        if (!text)
                return -ENOMEM;
        return rpc->handlers.send(rpc->userdata, text, strlen(text));
}

static int open_call(Rpc *rpc, uint64_t token, usec_t now)
{
        int r = uuid_make(rpc->id);

        if (r < 0)
                return r;
        rpc->token = token;
        rpc->deadline = now > USEC_INFINITY - rpc->timeout ? USEC_INFINITY : now + rpc->timeout;
        rpc->busy = true;
        return 0;
}

int rpc_call(Rpc *rpc, const char *action, cJSON *payload, uint64_t token, usec_t now)
{
        char id[RPC_ID_MAX + 1];
        int r = !rpc->rules ? -ENOTCONN : rpc->busy ? -EBUSY : open_call(rpc, token, now);

        if (r < 0) {
                cJSON_Delete(payload);
                return r;
        }
        memcpy(id, rpc->id, sizeof(id));
        r = frame_send(rpc, frame_new(MESSAGE_CALL, id, action), payload);
        /* send may have called back: only what is still this CALL is taken back */
        if (r < 0 && streq(id, rpc->id))
                rpc->busy = false;
        return r;
}

int rpc_answer(Rpc *rpc, const char *id, cJSON *payload)
{
        if (!rpc->rules) {
                cJSON_Delete(payload);
                return -ENOTCONN;
        }
        return frame_send(rpc, frame_new(MESSAGE_RESULT, id, NULL), payload);
}

/* The version's word, or what stands for it where it has none. */
static const char *error_word(const FrameRules *rules, RpcErrorCode code)
{
        const RpcErrorCode candidates[] = {code, RPC_GENERIC_ERROR, RPC_INTERNAL_ERROR};

        for (size_t i = 0; i < ELEMENTSOF(candidates); i++)
                if (rules->errors[candidates[i]])
                        return rules->errors[candidates[i]];
        return "InternalError";
}

static int send_error(Rpc *rpc, MessageType type, const char *id, RpcErrorCode code,
                      const char *description)
{
        _cleanup_(freep) char *text = NULL;
        cJSON *frame;

        if (!rpc->rules)
                return -ENOTCONN;
        text = utf8_clip(strempty(description), RPC_DESCRIPTION_MAX);
        frame = frame_new(type, id, error_word(rpc->rules, code));
        if (!text || !frame || !frame_add(frame, cJSON_CreateString(text))) {
                cJSON_Delete(frame);
                return -ENOMEM;
        }
        return frame_send(rpc, frame, NULL);
}

int rpc_refuse(Rpc *rpc, const char *id, RpcErrorCode code, const char *description)
{
        return send_error(rpc, MESSAGE_ERROR, id, code, description);
}

int rpc_refuse_result(Rpc *rpc, RpcErrorCode code, const char *description)
{
        if (rpc->rules && !rpc->rules->more_types)
                return 0;
        return send_error(rpc, MESSAGE_RESULT_ERROR, rpc->id, code, description);
}

/* Whether the text starts like an answer, or like a message that must not be answered (2.1's
 * CALLRESULTERROR and SEND), whatever comes behind. */
static bool looks_unanswerable(const char *text, size_t size)
{
        static const char space[] = " \t\r\n";
        size_t i = 0;

        while (i < size && text[i] && strchr(space, text[i]))
                i++;
        if (i >= size || text[i++] != '[')
                return false;
        while (i < size && text[i] && strchr(space, text[i]))
                i++;
        return i < size && text[i] >= '3' && text[i] <= '6' &&
               (i + 1 == size || text[i + 1] < '0' || text[i + 1] > '9');
}

/* While boot is Rejected a CALL gets one answer, whatever it says and however well formed:
 * B03.FR.08 SecurityError, C16 4.2 none. */
static int refuse_rejected(Rpc *rpc, const char *id)
{
        int r = rpc->rules->rejected_gets_error
                        ? rpc_refuse(rpc, id, RPC_SECURITY_ERROR, "this station is rejected")
                        : 0;

        return r == -ENOMEM ? r : RPC_UNWANTED;
}

/* A refusal by the framing itself. It says what is wrong with the peer's message even if it could
 * not be sent, so only a lack of memory counts as failure. */
static int refuse_frame(Rpc *rpc, const char *id, RpcErrorCode code, const char *why)
{
        int r;

        if (rpc->rejected)
                return refuse_rejected(rpc, id);
        r = rpc_refuse(rpc, id, code, why);
        if (r == -ENOMEM)
                return r;
        return code == RPC_MESSAGE_TYPE_NOT_SUPPORTED ? RPC_UNKNOWN_TYPE : RPC_UNREADABLE;
}

static int refuse_unreadable(Rpc *rpc, const char *why)
{
        if (!rpc->rules->answer_unreadable)
                return RPC_UNREADABLE;
        return refuse_frame(rpc, UNREADABLE_ID, RPC_FRAMEWORK_ERROR, why);
}

/* The text of a string element, 1 to max code points long; NULL else. */
static const char *get_name(const cJSON *frame, int index, size_t max)
{
        const char *s = cJSON_GetStringValue(cJSON_GetArrayItem(frame, index));
        size_t n = s ? utf8_length(s) : 0;

        return n >= 1 && n <= max ? s : NULL;
}

static int feed_call(Rpc *rpc, const cJSON *frame)
{
        const char *id = get_name(frame, 1, RPC_ID_MAX);
        const char *action = get_name(frame, 2, RPC_ACTION_MAX);
        const cJSON *payload = cJSON_GetArrayItem(frame, 3);

        if (!id)
                return refuse_unreadable(rpc, "the message id is not a string of 1 to 36");
        if (rpc->rejected)
                return refuse_rejected(rpc, id);
        if (cJSON_GetArraySize(frame) != CALL_SIZE)
                return refuse_frame(rpc, id, RPC_PROTOCOL_ERROR, "a CALL has four elements");
        if (!action)
                return refuse_frame(rpc, id, RPC_PROTOCOL_ERROR, "the action is not a name");
        if (!cJSON_IsObject(payload))
                return refuse_frame(rpc, id, RPC_TYPE_CONSTRAINT_VIOLATION,
                                    "the payload is not an object");
        rpc->handlers.on_call(rpc->userdata, id, action, payload);
        return RPC_FINE;
}

/* Ends our CALL if that is what id answers. */
static bool close_call(Rpc *rpc, const char *id)
{
        if (!rpc->busy || !streq(rpc->id, id))
                return false;
        rpc->busy = false; /* before the handler, which may call again */
        return true;
}

/* A malformed answer to our CALL leaves it open: a good one may still come. */
static int complain_of_result(Rpc *rpc, const char *id)
{
        int r = 0;

        if (id && rpc->busy && streq(rpc->id, id))
                r = rpc_refuse_result(rpc, RPC_PROTOCOL_ERROR,
                                      "a CALLRESULT has three elements, the last an object");
        return r == -ENOMEM ? r : RPC_UNREADABLE;
}

static int feed_result(Rpc *rpc, const cJSON *frame)
{
        const char *id = get_name(frame, 1, RPC_ID_MAX);
        const cJSON *payload = cJSON_GetArrayItem(frame, 2);

        if (!id || cJSON_GetArraySize(frame) != RESULT_SIZE || !cJSON_IsObject(payload))
                return complain_of_result(rpc, id);
        if (!close_call(rpc, id))
                return RPC_NOT_AWAITED;
        rpc->handlers.on_result(rpc->userdata, rpc->token, payload);
        return RPC_FINE;
}

/* is_result: of an answer of ours, which we don't keep; so there is nothing to hold the id to. */
static int feed_error(Rpc *rpc, const cJSON *frame, bool is_result)
{
        const char *id = get_name(frame, 1, RPC_ID_MAX);
        const char *code = cJSON_GetStringValue(cJSON_GetArrayItem(frame, 2));
        const char *description = cJSON_GetStringValue(cJSON_GetArrayItem(frame, 3));

        if (!id || cJSON_GetArraySize(frame) < ERROR_SIZE_MIN || !code)
                return RPC_UNREADABLE;
        if (!is_result && !close_call(rpc, id))
                return RPC_NOT_AWAITED;
        if (is_result)
                rpc->handlers.on_result_error(rpc->userdata, id, code, strempty(description));
        else
                rpc->handlers.on_error(rpc->userdata, rpc->token, code, strempty(description));
        return RPC_FINE;
}

/* Of the CSMS's none is for a station like this. */
static int feed_send(const cJSON *frame)
{
        bool readable = get_name(frame, 1, RPC_ID_MAX) && get_name(frame, 2, RPC_ACTION_MAX) &&
                        cJSON_GetArraySize(frame) == CALL_SIZE &&
                        cJSON_IsObject(cJSON_GetArrayItem(frame, 3));

        return readable ? RPC_SENT : RPC_UNREADABLE;
}

static int feed_stranger(Rpc *rpc, const cJSON *frame)
{
        const char *id = get_name(frame, 1, RPC_ID_MAX);

        if (!rpc->rules->answer_unknown_type)
                return RPC_UNKNOWN_TYPE;
        return refuse_frame(rpc, id ? id : UNREADABLE_ID, RPC_MESSAGE_TYPE_NOT_SUPPORTED,
                            "this message type is not known");
}

/* The message type; -1 if the frame has no whole number at its head. */
static int get_type(const cJSON *frame)
{
        const cJSON *type = cJSON_GetArrayItem(frame, 0);

        if (!cJSON_IsArray(frame) || !cJSON_IsNumber(type) || type->valuedouble != type->valueint)
                return -1;
        return MAX(type->valueint, -1);
}

int rpc_feed_frame(Rpc *rpc, const cJSON *frame)
{
        if (!rpc->rules)
                return RPC_UNREADABLE;
        switch (get_type(frame)) {
        case MESSAGE_CALL:
                return feed_call(rpc, frame);
        case MESSAGE_RESULT:
                return feed_result(rpc, frame);
        case MESSAGE_ERROR:
                return feed_error(rpc, frame, false);
        case MESSAGE_RESULT_ERROR:
                return rpc->rules->more_types ? feed_error(rpc, frame, true)
                                              : feed_stranger(rpc, frame);
        case MESSAGE_SEND:
                return rpc->rules->more_types ? feed_send(frame) : feed_stranger(rpc, frame);
        case -1:
                return refuse_unreadable(rpc, "this is not a message array");
        default:
                return feed_stranger(rpc, frame);
        }
}

int rpc_feed(Rpc *rpc, const char *text, size_t size)
{
        _cleanup_(cJSON_Deletep) cJSON *frame = NULL;
        int r;

        if (!rpc->rules)
                return RPC_UNREADABLE;
        r = json_parse(text, size, &frame);
        if (r == -EBADMSG)
                return looks_unanswerable(text, size) ? RPC_UNREADABLE
                                                      : refuse_unreadable(rpc, "this is not JSON");
        return r < 0 ? r : rpc_feed_frame(rpc, frame);
}
