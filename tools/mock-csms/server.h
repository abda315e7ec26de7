/* The server: libwebsockets on libuv, from the first to the last of its life. */
#pragma once

#include "csms.h"

typedef struct ServerOptions {
        char address[64];               /* an IP address */
        int port;                       /* 0: picks one */
        const char *tls_cert, *tls_key; /* PEM files; NULL: no TLS */
        const char *client_ca;          /* roots of the stations' certificates; NULL: none wanted */
        const char *passwords;          /* file; NULL: everybody may connect */
        const char *files;              /* folder; NULL: no files */
        const char *trace;              /* file; NULL: none is written */
        const char *protocols;          /* subprotocols spoken, parted by commas; NULL: all */
        int64_t interval;               /* seconds, told in the answer to BootNotification */
        usec_t message_timeout;         /* of calls to stations */
} ServerOptions;

/* Serves until SIGTERM or SIGINT: 0. Negative errno, logged, if it can't start. */
int server_run(const ServerOptions *options);
