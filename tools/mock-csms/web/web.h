/* What the two faces of the server share: HTTP (http.c) and WebSocket (ws.c). The only header that
 * includes libwebsockets. */
#pragma once

#include "access.h"
#include "api.h"
#include "auth.h"
#include "conn.h"
#include "expired.h"
#include "hangup.h"
#include "liveness.h"
#include <libwebsockets.h>

typedef struct Web {
        Service *service;          /* borrowed */
        Auth *auth;                /* NULL: everybody may connect */
        Tokens *tokens;            /* NULL: REST is for this machine alone */
        uint64_t wrong_tokens;     /* not logged yet */
        usec_t wrong_token_logged; /* 0: never */
        Expired *expired;          /* NULL: there is none */
        int files_fd;              /* -1: no files */
        bool want_certificates;    /* stations need a client certificate, and no password */
        struct lws_context *context;
        Liveness liveness; /* of the stations */
        Hangups hangups;   /* of those who wait for an answer */
        lws_sorted_usec_list_t timer;
        bool is_timer_set;
        Conn *unsent; /* those with something that waits for ws_send_all(); borrowed */
} Web;

/* lws_callback_function of protocol 0, HTTP. */
int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t size);
/* The tell() of its hangups. */
void http_hung_up(void *exchange);
/* … of the protocols that OCPP versions are. */
int ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                size_t size);
/* Bytes that lws keeps for each connection of these: one pointer. */
#define SESSION_SIZE sizeof(void *)

/* Sends what conn_send() has gathered for stations in this turn of the loop: at once, since for
 * each wait until a socket can be written lws on libuv asks the kernel four times. What the kernel
 * does not take then waits so. Not to be called from a callback of lws. */
void ws_send_all(Web *web);
/* Looks at a request to become a WebSocket: 0 go on, -1 hang up, with or without an answer. */
int ws_check_upgrade(struct lws *wsi, const Web *web, const char *upgrade);
/* Answers at once with a problem and this sentence (ASCII without quotes). -1: hang up. */
int http_refuse(struct lws *wsi, unsigned status, const char *sentence);

/* What all connections share; borrowed. */
static inline Web *web_of(struct lws *wsi)
{
        return lws_context_user(lws_get_context(wsi));
}
