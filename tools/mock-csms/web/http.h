/* An HTTP request and its answer, for those who know no libwebsockets. */
#pragma once

#include "csms.h"

/* Bytes of a request's path, of its body; arguments of its query, and bytes of one ("name=value").
 */
#define HTTP_PATH_MAX 1024
#define HTTP_ARGS_MAX 16
#define HTTP_EVENT_ID_MAX 64
#define HTTP_QUERY_MAX 4096
#define HTTP_BODY_MAX ((size_t)2 << 20)

typedef enum HttpMethod {
        HTTP_GET,
        HTTP_HEAD,
        HTTP_POST,
        HTTP_PUT,
        HTTP_DELETE,
        HTTP_PATCH,
        HTTP_OTHER
} HttpMethod;

/* Words of the methods. */
extern const char *const http_method_words[HTTP_OTHER];

/* Who asks; each may what those before it may. */
typedef enum Role { ROLE_READ, ROLE_OPERATOR } Role;

typedef struct HttpRequest {
        HttpMethod method;
        Role role;
        char path[HTTP_PATH_MAX]; /* decoded */
        char *body;               /* a NUL behind its end; NULL: none */
        size_t body_size;
        char last_event_id[HTTP_EVENT_ID_MAX]; /* the header; "": none */
        char *args[HTTP_ARGS_MAX];             /* of the query, decoded: "name=value" */
        size_t args_count;
} HttpRequest;

/* The value of an argument of the query, borrowed; NULL: it is not there. */
const char *request_arg(const HttpRequest *request, const char *name);

/* A request and the answer to it. Frees itself when the connection has gone. */
typedef struct Exchange Exchange;

/* Borrowed, for as long as the exchange lives. */
const HttpRequest *exchange_request(const Exchange *x);
/* Answers; each exchange exactly once. body is consumed and may be NULL; type is a literal. */
void exchange_reply(Exchange *x, unsigned status, const char *type, char *body);
/* The same with a tree as JSON; consumed, NULL = out of memory. */
void exchange_reply_json(Exchange *x, unsigned status, cJSON *json);
/* Answers with an RFC 9457 problem. sentence is for a person; a full stop that it lacks, as the
 * codec's complaints do, is added. */
void exchange_problem(Exchange *x, unsigned status, const char *sentence);
/* Answers with a file below a folder, with ranges; links may not lead out of it. 0; -ENOENT: it is
 * not to be had, and nothing was answered; negative errno. */
int exchange_send_file(Exchange *x, int folder_fd, const char *path);
/* Answers 405 and says which methods there are: a set of bits, 1 << method. */
void exchange_refuse_method(Exchange *x, unsigned methods, const char *sentence);
/* Adds a header to the answer to come, at most EXCHANGE_HEADERS_MAX of them. name is a literal,
 * lower-case, with its colon; value (of ASCII, without controls) is consumed, NULL: out of memory,
 * the answer goes without. */
#define EXCHANGE_HEADERS_MAX 4
void exchange_add_header(Exchange *x, const char *name, char *value);
/* Where the text of an answer without an end comes from. */
typedef struct StreamSource {
        /* The next text, which is freed; NULL: none now, until exchange_stream_wake(). */
        char *(*next)(void *userdata);
        /* The client has gone, or the server ends. */
        void (*gone)(void *userdata);
        const char *beat; /* said when nothing else was for a while, so that a dead client is found
                             out */
} StreamSource;

/* Answers by a stream, until the client goes. source is borrowed for ever; type is a literal. */
void exchange_stream(Exchange *x, const char *type, const StreamSource *source, void *userdata);
/* There is text again. */
void exchange_stream_wake(Exchange *x);
/* The answer waits: gone is called with waiter if the client goes before it is given. */
void exchange_wait(Exchange *x, void (*gone)(void *waiter), void *waiter);
/* A file that came as the body of this request, and an error of its coming; NULL: the body was no
 * file. Borrowed. */
struct Upload;
struct Upload *exchange_upload(Exchange *x, int *ret_error);
/* The answer waits for this call, which is forgotten if the client goes before. NULL: no more. */
void exchange_wait_for(Exchange *x, Call *call);
