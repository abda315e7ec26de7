/* Who may use the REST calls: by token, and by where the request comes from. No network in here. */
#pragma once

#include "http.h"

/* Bytes of the file, of a token; tokens in it. */
#define TOKENS_FILE_MAX ((size_t)64 << 10)
#define TOKEN_MIN 16
#define TOKEN_MAX 256
#define TOKENS_MAX 256
/* Bytes of the headers Host, Origin and Authorization that are looked at. */
#define ACCESS_HEADER_MAX 512

/* What a file of --tokens says. */
typedef struct Tokens Tokens;

/* Reads lines "read:TOKEN" or "operator:TOKEN"; empty lines and those that begin with # are
 * skipped. A token has the characters of RFC 6750's b64token. Others than the owner and its group
 * may not read or write the file. 0 and *ret; negative errno, and what is wrong is logged. */
int tokens_load(const char *path, Tokens **ret);
void tokens_free(Tokens *tokens);
DEFINE_CLEANUP(Tokens *, tokens_free)

/* Where a request comes from, and what it says of itself. Borrowed. */
typedef struct AccessFacts {
        bool is_tls;
        bool is_local;             /* the peer's address is of the loopback */
        const char *host;          /* Host:, "" if there is none */
        const char *origin;        /* Origin:, NULL if there is none */
        const char *authorization; /* Authorization:, "" if there is none */
} AccessFacts;

typedef struct Access {
        unsigned status;        /* 0: it may; else of HTTP */
        const char *sentence;   /* why not, a literal */
        const char *challenge;  /* with 401: WWW-Authenticate:, a literal */
        Role role;              /* what it may */
        bool has_a_wrong_token; /* this is to be logged */
} Access;

/* tokens: NULL: there is no file of them. Then REST is for this machine alone. */
Access access_decide(const Tokens *tokens, const AccessFacts *facts);
/* The same of what changes something and is for everybody: only pages of other hosts may not. */
Access access_decide_open(const AccessFacts *facts);
