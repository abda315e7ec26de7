/* An exchange from the inside, for the files that make up HTTP: http.c reads requests, reply.c
 * writes answers. */
#pragma once

#include "files.h"
#include "form.h"
#include "http.h"
#include "upload.h"
#include "web.h"

#define HEADER_VALUE_MAX 256

struct Exchange {
        struct lws *wsi;
        HttpRequest request;
        Access access;
        size_t announced, received; /* bytes of the request's body */
        char range[HEADER_VALUE_MAX], if_range[HEADER_VALUE_MAX];
        bool body_whole, served, answered, headers_sent;
        unsigned status;
        const char *type;
        const char *policy; /* Content-Security-Policy:; NULL: nothing is to be done with it */
        char *body;
        size_t body_size, body_sent;
        FileReply file;
        bool is_upload;
        Upload upload;
        Form *form;        /* the upload comes in; NULL: as it is */
        char *upload_name; /* by Content-Disposition; NULL: none */
        int upload_error;  /* why there is none, negative errno; told when the body has come */
        unsigned allow;    /* methods, for Allow: */
        struct {
                const char *name;
                char *value;
        } headers[EXCHANGE_HEADERS_MAX];
        size_t headers_count;
        void (*gone)(void *waiter); /* NULL: nobody waits with us */
        void *waiter;
        const StreamSource *stream; /* NULL: an answer of a known length */
        void *stream_userdata;
        bool beat_due;
        bool is_watched, hung_up; /* while it waits */
};

/* What lws keeps of a connection. */
typedef struct Session {
        Exchange *x;
} Session;
_Static_assert(sizeof(Session) == SESSION_SIZE, "lws keeps so much");

/* Frees it with all that it has; NULL is fine. */
void exchange_free(Exchange *x);
/* LWS_CALLBACK_TIMER: nothing was said for a while. */
void exchange_timer(Exchange *x);
/* Writes what comes next of the answer. -1: close the connection. */
int exchange_write(struct lws *wsi, Session *session);
