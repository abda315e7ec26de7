/* The server: libwebsockets on libuv, from the first to the last of its life. */
#pragma once

#include "csms.h"
#include "scenario-run.h"

/* MiB that a file of firmware may have, unless told otherwise; that may be told. */
#define FIRMWARE_MAX_DEFAULT 4096
#define FIRMWARE_MAX_MAX (1 << 20)

typedef struct ServerOptions {
        char address[64];                       /* an IP address */
        int port;                               /* 0: picks one */
        const char *tls_cert, *tls_key;         /* PEM files; NULL: no TLS */
        const char *expired_cert, *expired_key; /* PEM files of FAULT_EXPIREDTLS; NULL: none */
        const char *client_ca;     /* roots of the stations' certificates; NULL: none wanted */
        const char *passwords;     /* file; NULL: everybody may connect */
        const char *tokens;        /* file; NULL: REST is for this machine alone */
        const char *files;         /* folder; NULL: no files */
        const char *trace;         /* file; NULL: none is written */
        const char *state;         /* file; NULL: a temporary database */
        int64_t frames;            /* kept of all stations */
        const char *firmware;      /* folder; NULL: beside the state, or a temporary one */
        int64_t firmware_max;      /* MiB of a file */
        const char *logs;          /* folder; NULL: beside the state, or a temporary one */
        int64_t log_max, logs_max; /* MiB of a file, of all */
        const char *ftp_url;       /* where stations upload by FTP; NULL: nowhere */
        const char *ftp_folder;    /* that is this folder */
        const char *rauc_keyring;  /* file; NULL: signatures of bundles aren't checked */
        const char *protocols;     /* subprotocols spoken, parted by commas; NULL: all */
        int64_t interval;          /* seconds, told in the answer to BootNotification */
        usec_t message_timeout;    /* of calls to stations */
        ScenarioRun *run;          /* borrowed; NULL: no scenarios */
        const char *hook;          /* program that their steps run; NULL: none */
} ServerOptions;

/* Serves until SIGTERM or SIGINT, or until all scenarios have run: 0; 1 if those did not pass.
 * Negative errno, logged, if it can't start. */
int server_run(const ServerOptions *options);
