/* The two halves of a link and what they share: link.c keeps state, timers and the public calls,
 * link-lws.c is the edge to libwebsockets. Nobody else includes this. */
#pragma once

#include "link-frames.h"
#include "link-tls.h"
#include "link-url.h"
#include "link.h"

/* Bytes of the subprotocol that was picked, and of why a connection ended, for people. */
#define LINK_PROTOCOL_MAX 32
#define LINK_REASON_MAX 320
/* Of what a peer writes beside its close code (RFC 6455 5.5: at most 123 bytes). */
#define LINK_PEER_REASON_MAX 123
/* Bytes that lws wants before each text. */
#define LINK_HEADROOM 16
/* For what still waits to be sent, the Close frame and its answer. */
#define LINK_CLOSE_TIMEOUT_USEC (3 * USEC_PER_SEC)
/* RFC 6455 7.4.1 */
#define LINK_CLOSE_NORMAL 1000
#define LINK_CLOSE_TOO_LONG 1009
#define LINK_CLOSE_ERROR 1011

struct Loop {
        sd_event *event; /* borrowed */
        struct lws_context *lws;
        bool write_wanted; /* since lws was last asked */
};

struct Link {
        Loop *loop;
        LinkHandlers handlers;
        void *userdata;
        LinkUrl url;
        LinkTls *tls;           /* NULL: ws:// */
        char *protocols, *user; /* owned, as the password, which is erased before it is freed */
        void *password;
        size_t password_size;
        usec_t connect_timeout_usec, ping_interval_usec;
        size_t max_frame_bytes;

        struct lws_vhost *vhost;
        struct lws *wsi; /* NULL: lws has no connection of ours */
        bool busy;       /* from link_connect() to on_end */
        bool finished;   /* it is over: on_end was called or is about to be */
        bool open;       /* from on_open until it is over */
        bool closing, close_sent;
        bool request_sent; /* so the address was reached, and TLS agreed upon */
        bool ping_due, ping_unanswered;
        usec_t pinged_at;
        char protocol[LINK_PROTOCOL_MAX];           /* what the CSMS picked */
        const char *refusal;                        /* why we did not take the 101 */
        char peer_close[LINK_PEER_REASON_MAX + 32]; /* the peer's close code and words; "" none */

        int close_code; /* what we close with */
        LinkMessage rx; /* what comes in */
        LinkQueue tx;   /* what waits to go out */

        sd_event_source *deadline; /* of connecting, later of closing */
        sd_event_source *ping, *ended;
        LinkEnd end; /* with reason: for on_end */
        char reason[LINK_REASON_MAX];
};

/* link.c */

/* The connection is over; the first reason counts. on_end follows from the event loop. */
void link_finish(Link *link, LinkEnd end, const char *format, ...) _printf_(3, 4);
/* An open connection has ended, by whose hand ever. */
void link_finish_closed(Link *link);
/* Rings once, so long from now. By the boot clock: sd_event_now() is old while lws calls us. */
void link_arm(sd_event_source *source, usec_t in_usec);
/* … and never mind. */
void link_quiet(sd_event_source *source);

/* link-lws.c */

/* Makes the vhost, with the link's TLS. 0 or negative errno. */
int link_wire_new(Link *link);
/* Lets go of the connection and destroys the vhost. */
void link_wire_free(Link *link);
/* Begins to connect; what comes of it is told by link_finish() or on_open, now or later. */
void link_wire_connect(Link *link, const char *address);
/* Lets go of lws' connection; lws closes it roughly when it comes to it. */
void link_wire_let_go(Link *link);
/* Asks to be called when a frame can be sent. */
void link_wire_want_write(Link *link);
