/* The WebSocket to the CSMS: TLS with the server verified, Basic auth, subprotocol, ping, frames
 * whole and bounded. Knows nothing of OCPP. The only file with libwebsockets in it is link-lws.c;
 * it also holds the loop, since in this lws polling belongs to it. Reconnecting (when) is backoff.h
 * and the agent's business; link connects once when told and says how it ended.
 *
 * Two traps: on_open, on_text and on_binary run inside lws, so no link_free() or loop_free() there;
 * and sd_event_now() is then as old as the last thing that sd-event did: use boottime_now() and
 * absolute times for timers. on_end runs from the event loop, where everything is allowed. */
#pragma once

#include "util.h"
#include <systemd/sd-event.h>

typedef struct Loop Loop;
typedef struct Link Link;

/* Makes the loop around an sd-event (borrowed, must outlive it). 0 and *ret; negative errno. */
int loop_new(sd_event *event, Loop **ret);
/* Runs until sd_event_exit() on that event. Its exit code, or negative errno. */
int loop_run(Loop *loop);
/* After the last link is freed. */
void loop_free(Loop *loop);
DEFINE_CLEANUP(Loop *, loop_free)

/* How a connection ended, or why there was none. */
typedef enum LinkEnd {
        LINK_CLOSED,          /* by the peer, by us, or the network went */
        LINK_UNREACHABLE,     /* no TCP connection, or not all done in connect_timeout */
        LINK_TLS_FAILED,      /* TLS itself, none of the next three; nothing was sent */
        LINK_BAD_CERTIFICATE, /* the server's: chain, name, dates */
        LINK_BAD_TLS_VERSION, /* nothing from 1.2 on in common */
        LINK_BAD_TLS_CIPHER,  /* no cipher suite in common */
        LINK_UNAUTHORIZED,    /* 401, 403 */
        LINK_UNKNOWN,         /* 404: the CSMS does not know this station */
        LINK_NOT_AGREED,      /* no or a foreign subprotocol in the 101, or another HTTP answer */
        LINK_END_MAX,
} LinkEnd;

typedef struct LinkConfig {
        const char *url;       /* ws:// or wss://, identity already appended and percent-encoded */
        const char *protocols; /* "ocpp2.0.1, ocpp1.6" in order of preference */
        const char *user;      /* Basic auth; NULL none */
        const void *password;  /* raw bytes */
        size_t password_size;
        const char *ca_file;         /* PEM file of the roots for the CSMS; NULL none */
        bool use_system_roots;       /* … and those of the system */
        usec_t connect_timeout_usec; /* TCP, TLS and the WebSocket's handshake together */
        usec_t ping_interval_usec;   /* 0: none. One unanswered for as long, and for as long
                                        as connecting may take: the connection is closed */
        size_t max_frame_bytes;      /* longer messages close the connection (1009) */
} LinkConfig;

typedef struct LinkHandlers {
        void (*on_open)(void *userdata,
                        const char *protocol); /* what the CSMS picked, one of those offered */
        void (*on_text)(void *userdata, const char *text, size_t size); /* one whole message */
        void (*on_binary)(void *userdata,
                          size_t size); /* one whole binary message, content dropped */
        void (*on_end)(
                void *userdata, LinkEnd end,
                const char *reason); /* after link_connect() exactly once; reason for people */
} LinkHandlers;

/* Splits the URL, copies what it needs. 0 and *ret; -EINVAL: not a ws(s) URL, or one of the texts
 * is too long; -ENOMEM; -EBADMSG: ca_file can't be used. */
int link_new(Loop *loop, const LinkConfig *config, const LinkHandlers *handlers, void *userdata,
             Link **ret);
/* Drops the connection, if any, without another call back. */
void link_free(Link *link);
DEFINE_CLEANUP(Link *, link_free)
/* Host and port (text) to resolve before link_connect(). Borrowed. */
const char *link_host(const Link *link);
const char *link_service(const Link *link);
/* From the next connection on the dates of the server's certificates are held against this wall
 * clock time; 0 (at first): the system clock; USEC_INFINITY: not looked at, chain and name alone.
 */
void link_judge_dates_by(Link *link, usec_t when);
/* Whether the certificates of the open connection, whose dates were not looked at, were valid then.
 * True where there is nothing to look at. */
bool link_dates_hold(const Link *link, usec_t when);
/* From the next connection on the roots in that PEM file are trusted besides the configured ones;
 * NULL: none. 0; -EBADMSG: it, or ca_file, can't be used, and nothing has changed; -ENOMEM. */
int link_add_roots(Link *link, const char *file);
/* Is the CSMS spoken to by TLS? */
bool link_is_encrypted(const Link *link);
/* SHA-256 of the root certificate that the server of the open connection was verified by. Borrowed;
 * NULL: there is none. */
const uint8_t *link_root(const Link *link);
/* Connects to that address (numeric; Host header, SNI and the certificate's name stay the URL's).
 * 0; -EALREADY: there is a connection, or its on_end is still to come; -EINVAL: not numeric. */
int link_connect(Link *link, const char *address);
/* In on_end: did the CSMS itself close the WebSocket? A connection that broke, or that we closed,
 * is none of that. */
bool link_closed_by_peer(const Link *link);
/* Between on_open and on_end. */
bool link_is_open(const Link *link);
/* Queues one text message (copied). 0; -ENOTCONN; -ENOBUFS: more than 4 × max_frame_bytes wait;
 * -ENOMEM. */
int link_send(Link *link, const char *text, size_t size);
/* Sends what waits, then closes (normal closure); on_end(LINK_CLOSED) follows. What still comes in
 * is dropped. */
void link_close(Link *link);

/* Another time between pings, at once; 0: none. */
void link_set_ping_interval(Link *link, usec_t interval);

/* Offers another password from the next connect on (1.6's is hex-decoded, 2.x's is not). 0;
 * -EINVAL: too long; -ENOMEM. */
int link_set_password(Link *link, const void *password, size_t size);

/* A few words for the log, never NULL. */
const char *link_end_to_string(LinkEnd end);
