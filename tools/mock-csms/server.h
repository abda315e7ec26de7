/* The server: libwebsockets on libuv, from the first to the last of its life. */
#pragma once

#include "csms.h"

typedef struct ServerOptions {
        char address[64]; /* an IP address */
        int port;         /* 0: picks one */
        const char *tls_cert, *tls_key, *client_ca;
        const char *passwords, *files, *trace;
        int64_t interval;       /* seconds */
        usec_t message_timeout; /* of calls to stations */
} ServerOptions;

/* Serves until SIGTERM or SIGINT: 0. Negative errno, logged, if it can't start. */
int server_run(const ServerOptions *options);
