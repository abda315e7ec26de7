/* The REST calls under /api/: tables of routes, and what they all need. openapi.json is their
 * source: each route has there an operation of its path, method and id, whose words, limits and
 * answers it keeps. */
#pragma once

#include "csms.h"
#include "events.h"
#include "firmware.h"
#include "http.h"
#include "log-store.h"
#include "rollouts.h"
#include "state-frame.h"

typedef struct Pusher Pusher;

/* Versions of OCPP. */
#define API_PROTOCOLS_MAX 3

/* What the calls work on. All is borrowed. */
typedef struct Service {
        Csms *csms;
        Events *events;
        State *state;
        StateFrames *frames;
        FirmwareStore *firmware;
        Rollouts *rollouts;
        Logs *logs;
        Pusher *pusher;
        bool has_expired_tls; /* there is a certificate for FAULT_EXPIREDTLS */
        const char *protocols[API_PROTOCOLS_MAX + 1]; /* subprotocols spoken; ends with NULL */
} Service;

/* Parameters in the path of a route. */
#define API_PARAMS_MAX 2

enum {
        API_STATION = 1, /* the first parameter names a station */
        API_ALL = 2,     /* … or is "*", for all of them */
        API_JSON = 4,    /* the body is an object */
};

/* A call. All is borrowed, and for as long as the handler runs, but service and x. */
typedef struct ApiCall {
        Service *service;
        Exchange *x;
        const HttpRequest *request;
        const char *params[API_PARAMS_MAX]; /* of the path, decoded; NULL: it has no such */
        Station *station;                   /* API_STATION; NULL for "*" */
        const cJSON *body;                  /* API_JSON */
} ApiCall;

typedef struct Route {
        HttpMethod method;
        const char *path;      /* "/api/stations/{id}/frames" */
        const char *operation; /* its operationId */
        Role role;             /* who may */
        int flags;
        void (*serve)(const ApiCall *call); /* answers, at once or later, exactly once */
        const char *query; /* arguments that it knows, parted by commas; NULL: none */
} Route;

/* All tables, ended by NULL; each of them is ended by a route without a path. */
extern const Route *const api_tables[];
extern const Route api_inventory_routes[];
extern const Route api_station_routes[];
extern const Route api_rollout_routes[];
extern const Route api_push_routes[];
extern const Route api_fault_routes[];
extern const Route api_event_routes[];
extern const Route api_firmware_routes[];
extern const Route api_log_routes[];
extern const Route api_self_routes[];

/* Serves a request below /api/. */
void api_handle(Service *service, Exchange *x);
/* Answers that there is no memory. */
void api_out_of_memory(Exchange *x);
/* Answers that the state can't be written, and that nothing has changed. */
void api_not_written(Exchange *x);
/* Reads a parameter of the path, the i-th, which is the id of something that the state keeps.
 * false: it is none, and the call is answered by 404. */
bool api_id(const ApiCall *call, size_t i, int64_t *ret);
/* Reads a number of the query into *value, which is kept if it is not there. false: it is none
 * within min … max, and the call is answered. */
bool api_number(const ApiCall *call, const char *name, int64_t min, int64_t max, int64_t *value);
/* Says what the argument "after" of the next page is. */
void api_add_next(const ApiCall *call, const char *after);
/* A page of a list. */
typedef struct ApiPage {
        cJSON *list; /* of at most limit objects; consumed; NULL: out of memory */
        int64_t limit;
        int64_t total;      /* on all pages; negative: it can't be read */
        const char *member; /* of a full page's last object: the "after" of the next one */
} ApiPage;
void api_reply_page(const ApiCall *call, const ApiPage *page);
/* Says how many there are on all pages. */
void api_add_total(const ApiCall *call, int64_t total);
