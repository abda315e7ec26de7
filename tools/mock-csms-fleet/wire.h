/* The network of the fleet: a WebSocket a station, and files over HTTP, on libwebsockets and libuv.
 * The only file that includes libwebsockets is wire.c. */
#pragma once

#include "charger.h"
#include <uv.h>

typedef struct Wire Wire;
typedef struct Line Line;

typedef struct WireOptions {
        const char *url;     /* ws://…/ or wss://…/; the identity is added */
        const char *ca_file; /* roots of the server, PEM; NULL: none is trusted */
        size_t count;        /* stations */
} WireOptions;

/* Looks the server's name up. 0 and *ret; -EINVAL: a bad URL or file of roots; -EHOSTUNREACH: the
 * name has no address; -ENOMEM. */
int wire_new(uv_loop_t *loop, const WireOptions *options, Wire **ret);
/* The connection of a station, and its password (NULL: none; borrowed). Never fails. */
void wire_attach(Wire *wire, Charger *charger, const char *password);
/* Cuts all connections; wire_free() is to be called when the loop has ended. */
void wire_stop(Wire *wire);
void wire_free(Wire *wire);

/* ChargerDoors of the same names. */
int wire_send(Charger *charger, const char *text, size_t size);
void wire_connect(Charger *charger);
void wire_disconnect(Charger *charger);
void wire_carry(Charger *charger, ChargerCarry carry, const char *url, const char *text);
