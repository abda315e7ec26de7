/* See expired.h. */
#include "expired.h"
#include "fault-rules.h"
#include <openssl/err.h>
#include <openssl/ssl.h>

struct Expired {
        SSL_CTX *context; /* only keeps the certificate and the key */
        Csms *csms;
};

void expired_free(Expired *expired)
{
        if (!expired)
                return;
        SSL_CTX_free(expired->context);
        free(expired);
}

int expired_load(const char *cert, const char *key, Expired **ret)
{
        _cleanup_(expired_freep) Expired *expired = calloc(1, sizeof(*expired));
        if (!expired || !(expired->context = SSL_CTX_new(TLS_server_method())))
                return -ENOMEM;
        if (SSL_CTX_use_certificate_chain_file(expired->context, cert) != 1 ||
            SSL_CTX_use_PrivateKey_file(expired->context, key, SSL_FILETYPE_PEM) != 1 ||
            SSL_CTX_check_private_key(expired->context) != 1) {
                ERR_clear_error();
                return -EINVAL;
        }
        *ret = TAKE_PTR(expired);
        return 0;
}

/* A handshake wants a certificate. 1: go on, 0: it fails. */
static int choose(SSL *ssl, void *userdata)
{
        const Expired *expired = userdata;
        Fault fault;
        STACK_OF(X509) *chain = NULL;
        if (!fault_take_kind(expired->csms, FAULT_EXPIREDTLS, NULL, &fault))
                return 1;
        SSL_CTX_get0_chain_certs(expired->context, &chain);
        return SSL_use_cert_and_key(ssl, SSL_CTX_get0_certificate(expired->context),
                                    SSL_CTX_get0_privatekey(expired->context), chain, 1);
}

void expired_watch(Expired *expired, SSL_CTX *context, Csms *csms)
{
        expired->csms = csms;
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_num_tickets(context, 0);
        SSL_CTX_set_cert_cb(context, choose, expired);
}
