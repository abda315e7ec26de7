/* What wire.c and errand.c share. */
#pragma once

#include "link-frames.h"
#include "link-url.h"
#include "wire.h"
#include <libwebsockets.h>

/* Of a name, that are tried: localhost is ::1 and 127.0.0.1. */
#define ADDRESSES_MAX 8

typedef struct Errand Errand;

/* A station's connection. */
struct Line {
        Wire *wire;
        Charger *charger;
        struct lws *wsi; /* NULL: none */
        bool is_open, is_connecting;
        size_t tried; /* which address of the wire's */
        LinkQueue tx;
        LinkMessage rx;
        const char *password;       /* borrowed; NULL none */
        Errand *errands[CARRY_MAX]; /* borrowed: those whose end it is told */
};

struct Wire {
        struct lws_context *context; /* set to NULL by lws when it has freed it */
        struct lws_vhost *vhost;
        LinkUrl url;
        char addresses[ADDRESSES_MAX][64]; /* of the server's name */
        size_t addresses_count, address;   /* the one that connections go to */
        bool is_proven;                    /* somebody listens there */
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
