/* The parts of a ws:// or wss:// URL, checked and bounded before they go into a request. Pure. */
#pragma once

#include "util.h"

/* lws writes the Host header into 128 bytes. */
#define LINK_HOST_MAX 110
/* Bytes of the path with its query. */
#define LINK_PATH_MAX 1024

typedef struct LinkUrl {
        bool secure;                  /* wss */
        char host[LINK_HOST_MAX + 1]; /* without brackets: to resolve, SNI, certificate */
        char authority[LINK_HOST_MAX +
                       16]; /* Host header; the port where it is not the usual one */
        char service[6];    /* the port as text */
        uint16_t port;
        char path[LINK_PATH_MAX + 1]; /* begins with a slash, query included */
} LinkUrl;

/* 0 and *ret; -EINVAL: another scheme, user or password in it, no host, a bad port, a fragment, a
 * character that had to be percent-encoded, or too long. */
int link_url_parse(const char *url, LinkUrl *ret);
