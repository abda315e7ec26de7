/* What link asks of OpenSSL: who is trusted, which name the server must have, and why a handshake
 * failed. Only link.c uses it. */
#pragma once

#include "link.h"

typedef struct LinkTls LinkTls;
struct ssl_ctx_st;

/* TLS 1.2 and later for a server called host (a name or a numeric address). Roots: ca_file (PEM,
 * may be NULL) and, if wanted, those of the system; none of both trusts nobody. 0 and *ret;
 * -EBADMSG: no certificate could be read from ca_file; -ENOMEM. */
int link_tls_new(const char *host, const char *ca_file, bool use_system_roots, LinkTls **ret);
/* See link_add_roots(), link_root(). */
int link_tls_add_roots(LinkTls *tls, const char *file);
const uint8_t *link_tls_root(const LinkTls *tls);
/* A connection that still uses the context keeps that alive. */
void link_tls_free(LinkTls *tls);
DEFINE_CLEANUP(LinkTls *, link_tls_free)
/* For connections one after the other, not at the same time. Borrowed. */
struct ssl_ctx_st *link_tls_context(LinkTls *tls);
/* Forgets the last handshake. */
void link_tls_reset(LinkTls *tls);
/* A handshake has begun and not come to its end. */
bool link_tls_in_handshake(const LinkTls *tls);
/* See link_judge_dates_by(), link_dates_hold(). */
void link_tls_judge_dates_by(LinkTls *tls, usec_t when);
bool link_tls_dates_hold(const LinkTls *tls, usec_t when);
/* Which of the ends of TLS the last failure is. */
LinkEnd link_tls_end(const LinkTls *tls);
/* Why TLS itself (a certificate, an alert, no TLS at all) failed, for people; NULL: it did not, so
 * the network did. Borrowed. */
const char *link_tls_error(const LinkTls *tls);
