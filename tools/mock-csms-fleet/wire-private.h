/* What wire.c and errand.c share. */
#pragma once

#include "link-frames.h"
#include "link-url.h"
#include "wire.h"
#include <libwebsockets.h>

typedef struct Errand Errand;

/* A station's connection. */
struct Line {
        Wire *wire;
        Charger *charger;
        struct lws *wsi; /* NULL: none */
        bool is_open, is_connecting;
        LinkQueue tx;
        LinkMessage rx;
        const char *password;       /* borrowed; NULL none */
        Errand *errands[CARRY_MAX]; /* borrowed: those whose end it is told */
};

struct Wire {
        struct lws_context *context; /* set to NULL by lws when it has freed it */
        struct lws_vhost *vhost;
        LinkUrl url;
        char address[64];
        Line *lines;
        size_t count;
        Errand *waiting; /* owned */
        size_t running;
        uv_timer_t starter; /* of those that wait */
        bool is_stopping;
};
DEFINE_CLEANUP(Wire *, wire_free)

/* Flags of lws for a connection to there. */
int wire_tls_flags(const LinkUrl *url);
/* lws_callback_function of files over HTTP. */
int errand_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size);
void errands_start(Wire *wire, uv_loop_t *loop);
/* Forgets those that wait; those that run end without telling. */
void errands_stop(Wire *wire);
