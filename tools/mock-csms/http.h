/* An HTTP request and its answer, for those who know no libwebsockets. */
#pragma once

#include "csms.h"

/* Bytes of a request's path, of its body. */
#define HTTP_PATH_MAX 1024
#define HTTP_BODY_MAX ((size_t)2 << 20)

typedef enum HttpMethod { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_OTHER } HttpMethod;

typedef struct HttpRequest {
        HttpMethod method;
        char path[HTTP_PATH_MAX]; /* decoded */
        char *body;               /* a NUL behind its end; NULL: none */
        size_t body_size;
        uint64_t since; /* ?since=; 0 where it is not given */
        bool bad_since; /* … and is no number */
        bool binary;    /* ?binary=1 */
} HttpRequest;

/* A request and the answer to it. Frees itself when the connection has gone. */
typedef struct Exchange Exchange;

/* Borrowed, for as long as the exchange lives. */
const HttpRequest *exchange_request(const Exchange *x);
/* Answers; each exchange exactly once. body is consumed and may be NULL; type is a literal. */
void exchange_reply(Exchange *x, unsigned status, const char *type, char *body);
/* The same with a tree as JSON; consumed, NULL = out of memory. */
void exchange_reply_json(Exchange *x, unsigned status, cJSON *json);
/* Answers with an RFC 9457 problem. sentence is for a person. */
void exchange_problem(Exchange *x, unsigned status, const char *sentence);
/* Adds Last-Frame: to the answer to come. */
void exchange_set_last_frame(Exchange *x, uint64_t number);
/* The answer waits for this call, which is forgotten if the client goes before. NULL: no more. */
void exchange_wait_for(Exchange *x, Call *call);

/* Serves what is under /api/. */
void rest_handle(Csms *csms, Exchange *x);
