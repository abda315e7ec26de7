/* A second certificate, expired, that new TLS connections are shown while a fault wants so. */
#pragma once

#include "csms.h"

/* OpenSSL's SSL_CTX. */
struct ssl_ctx_st;

typedef struct Expired Expired;

/* Reads certificate with its chain and key, PEM. That it has expired is not asked. 0 and *ret;
 * -EINVAL: they are no good; -ENOMEM. */
int expired_load(const char *cert, const char *key, Expired **ret);
void expired_free(Expired *expired);
DEFINE_CLEANUP(Expired *, expired_free)

/* From now on the connections of the context ask the faults of csms. No session is resumed any
 * more: a certificate is only shown in a whole handshake. All are borrowed. */
void expired_watch(Expired *expired, struct ssl_ctx_st *context, Csms *csms);
