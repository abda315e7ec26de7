/* For the tests of rpc.c: one end of a connection, and all that happens at it as one line of text.
 * The clock is a number. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/rpc.h"
#include "ocpp16/ocpp16.h"
#include "ocpp201/ocpp201.h"

#define TIMEOUT (30 * USEC_PER_SEC)

/* One end of a connection and what happened at it. */
typedef struct End {
        Rpc *rpc;
        char id[64]; /* of the last CALL sent; "$" in scripts and in the log */
        char log[2048];
        int send_result;
        bool reset_while_sending;
        bool chain; /* the next CALL goes out from the handler that ends the last */
        struct End *peer;
} End;

static inline _printf_(2, 3) void note(End *end, const char *format, ...)
{
        size_t n = strlen(end->log);
        va_list ap;

        va_start(ap, format);
        vsnprintf(end->log + n, sizeof(end->log) - n, format, ap);
        va_end(ap);
}

/* text with each from written as to. */
static inline void substitute(const char *text, const char *from, const char *to, char *out,
                              size_t size)
{
        size_t n = 0;

        out[0] = '\0';
        while (*text && n + 1 < size) {
                const char *rest = *from ? startswith(text, from) : NULL;
                if (rest)
                        n += (size_t)snprintf(out + n, size - n, "%s", to);
                else
                        n += (size_t)snprintf(out + n, size - n, "%c", *text);
                text = rest ? rest : text + 1;
        }
}

static inline int on_send(void *userdata, const char *text, size_t size)
{
        End *end = userdata;
        char copy[1024], shown[1024];

        assert_int_equal(strlen(text), size);
        if (startswith(text, "[2,\"")) {
                snprintf(end->id, sizeof(end->id), "%.36s", text + 4);
                assert_int_equal(text[4 + 36], '"');
        }
        snprintf(copy, sizeof(copy), "%s", text);
        substitute(copy, end->id, "$", shown, sizeof(shown));
        note(end, "> %s;", shown);
        if (end->reset_while_sending)
                rpc_reset(end->rpc, NULL);
        if (end->peer)
                assert_int_equal(rpc_feed(end->peer->rpc, text, size), RPC_FINE);
        return end->send_result;
}

static inline void chain_call(End *end)
{
        if (!end->chain)
                return;
        end->chain = false;
        assert_int_equal(rpc_call(end->rpc, "Next", NULL, 99, 0), 0);
}

static inline void on_call(void *userdata, const char *id, const char *action, const cJSON *payload)
{
        _cleanup_(freep) char *text = cJSON_PrintUnformatted(payload);
        End *end = userdata;

        note(end, "call %s %s %s;", id, action, text);
        if (end->peer)
                assert_int_equal(rpc_answer(end->rpc, id, NULL), 0);
}

static inline void on_result(void *userdata, uint64_t token, const cJSON *payload)
{
        _cleanup_(freep) char *text = cJSON_PrintUnformatted(payload);

        note(userdata, "result %u %s;", (unsigned)token, text);
        if (cJSON_HasObjectItem(payload, "bad"))
                assert_int_equal(
                        rpc_refuse_result(((End *)userdata)->rpc, RPC_FORMAT_VIOLATION, "bad"), 0);
        chain_call(userdata);
}

static inline void on_error(void *userdata, uint64_t token, const char *code,
                            const char *description)
{
        note(userdata, "error %u %s '%s';", (unsigned)token, code, description);
        chain_call(userdata);
}

static inline void on_timeout(void *userdata, uint64_t token)
{
        note(userdata, "timeout %u;", (unsigned)token);
        chain_call(userdata);
}

static inline void on_result_error(void *userdata, const char *id, const char *code,
                                   const char *description)
{
        note(userdata, "result error %s %s '%s';", id, code, description);
}

static const RpcHandlers handlers = {on_send,  on_call,    on_result,
                                     on_error, on_timeout, on_result_error};

static inline void end_open(End *end, const Dialect *d)
{
        *end = (End){0};
        assert_int_equal(rpc_new(&handlers, end, TIMEOUT, &end->rpc), 0);
        if (d)
                rpc_reset(end->rpc, &d->frames);
}

static inline int feed(End *end, const char *text)
{
        char real[1024];

        substitute(text, "$", end->id, real, sizeof(real));
        return rpc_feed(end->rpc, real, strlen(real));
}
