/* TLS towards the CSMS: see link-tls.h. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "link-tls.h"

#define TLS_ERROR_MAX 256

/* J16 6, J201 1.3: both of a pair must be offered; all four, and what TLS 1.3 has. */
static const char tls12_ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
                                    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
                                    "AES128-GCM-SHA256:AES256-GCM-SHA384";

struct LinkTls {
        SSL_CTX *context;
        char *server_name; /* NULL: the host is a numeric address, which SNI must not carry */
        char *ca_file;
        bool use_system_roots;
        bool root_known;
        uint8_t root[SHA256_DIGEST_LENGTH]; /* the digest of what the last chain ended at */
        bool in_handshake;
        bool dates_unseen;      /* the dates are not looked at in the handshake */
        STACK_OF(X509) * chain; /* … but may be later: what was verified */
        LinkEnd end;
        char error[TLS_ERROR_MAX];
};

/* Reasons that have a word of their own, as they appear on the client's side: found here, or told
 * by the server's alert. */
static LinkEnd end_of_reason(int reason)
{
        static const struct {
                int reason;
                LinkEnd end;
        } table[] = {
                {SSL_R_UNSUPPORTED_PROTOCOL, LINK_BAD_TLS_VERSION},
                {SSL_R_WRONG_VERSION_NUMBER, LINK_TLS_FAILED}, /* no TLS at all */
                {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, LINK_BAD_TLS_VERSION},
                {SSL_R_NO_PROTOCOLS_AVAILABLE, LINK_BAD_TLS_VERSION},
                {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, LINK_BAD_TLS_CIPHER},
                {SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, LINK_BAD_TLS_CIPHER},
                {SSL_R_WRONG_CIPHER_RETURNED, LINK_BAD_TLS_CIPHER},
                {SSL_R_UNKNOWN_CIPHER_RETURNED, LINK_BAD_TLS_CIPHER},
                {SSL_R_NO_CIPHERS_AVAILABLE, LINK_BAD_TLS_CIPHER},
                {SSL_R_CERTIFICATE_VERIFY_FAILED, LINK_BAD_CERTIFICATE},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (table[i].reason == reason)
                        return table[i].end;
        return LINK_TLS_FAILED;
}

/* A handshake step failed: keep the first reason that OpenSSL gives. A connection that just ends is
 * none of TLS's doing. */
static void note_error(LinkTls *tls, const SSL *ssl)
{
        unsigned long code = ERR_peek_error();
        long verified = SSL_get_verify_result(ssl);
        const char *reason = ERR_reason_error_string(code);

        if (tls->error[0] || code == 0 || ERR_SYSTEM_ERROR(code) ||
            ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
                return;
        tls->end = end_of_reason(ERR_GET_REASON(code));
        if (verified != X509_V_OK)
                snprintf(tls->error, sizeof(tls->error), "the server's certificate: %s",
                         X509_verify_cert_error_string(verified));
        else
                snprintf(tls->error, sizeof(tls->error), "TLS: %s", reason ? reason : "failed");
}

/* TLS 1.3 comes here more than once. */
static void keep_chain(LinkTls *tls, const SSL *ssl)
{
        STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
        int n = sk_X509_num(chain);

        tls->root_known = n > 0 && X509_digest(sk_X509_value(chain, n - 1), EVP_sha256(), tls->root,
                                               NULL) == 1;
        if (tls->dates_unseen && !tls->chain && chain)
                tls->chain = X509_chain_up_ref(chain);
}

static void on_info(const SSL *ssl, int where, int result)
{
        LinkTls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

        if (!tls)
                return;
        if (where & SSL_CB_HANDSHAKE_START && SSL_in_before(ssl)) {
                tls->in_handshake = true;
                /* lws takes the name from the Host header and would cut "[::1]" to "[". */
                (void)SSL_set_tlsext_host_name((SSL *)(uintptr_t)ssl, tls->server_name);
        }
        if (where & SSL_CB_HANDSHAKE_DONE) {
                tls->in_handshake = false;
                keep_chain(tls, ssl);
        }
        if (where == SSL_CB_CONNECT_EXIT && result <= 0 && tls->in_handshake)
                note_error(tls, ssl);
}

/* The name is checked by OpenSSL as part of the chain: a DNS name, or an address against IP
 * entries. */
static int expect_host(LinkTls *tls, const char *host)
{
        X509_VERIFY_PARAM *param = SSL_CTX_get0_param(tls->context);

        if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
                return 0;
        ERR_clear_error();
        X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (X509_VERIFY_PARAM_set1_host(param, host, 0) != 1)
                return -ENOMEM;
        return str_replace(&tls->server_name, host);
}

static int set_up(LinkTls *tls)
{
        SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_options(tls->context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
        SSL_CTX_set_mode(tls->context,
                         SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_app_data(tls->context, tls);
        SSL_CTX_set_info_callback(tls->context, on_info);
        if (SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1 ||
            SSL_CTX_set_cipher_list(tls->context, tls12_ciphers) != 1)
                return -ENOMEM;
        return 0;
}

int link_tls_new(const char *host, const char *ca_file, bool use_system_roots, LinkTls **ret)
{
        _cleanup_(link_tls_freep) LinkTls *tls = calloc(1, sizeof(*tls));
        int r;

        if (!tls || !(tls->context = SSL_CTX_new(TLS_client_method())))
                return -ENOMEM;
        tls->use_system_roots = use_system_roots;
        r = str_replace(&tls->ca_file, ca_file);
        if (r == 0)
                r = set_up(tls);
        if (r == 0)
                r = expect_host(tls, host);
        if (r == 0)
                r = link_tls_add_roots(tls, NULL);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(tls);
        return 0;
}

/* A store is made anew, since OpenSSL's can't forget. */
int link_tls_add_roots(LinkTls *tls, const char *file)
{
        X509_STORE *store = X509_STORE_new();
        int r = store ? 0 : -ENOMEM;

        if (r == 0 && ((tls->ca_file && X509_STORE_load_file(store, tls->ca_file) != 1) ||
                       (file && X509_STORE_load_file(store, file) != 1)))
                r = -EBADMSG;
        if (r == 0 && tls->use_system_roots && X509_STORE_set_default_paths(store) != 1)
                r = -ENOMEM;
        if (r == 0)
                SSL_CTX_set_cert_store(tls->context, store);
        else
                X509_STORE_free(store);
        ERR_clear_error();
        return r;
}

const uint8_t *link_tls_root(const LinkTls *tls)
{
        return tls->root_known ? tls->root : NULL;
}

void link_tls_free(LinkTls *tls)
{
        if (!tls)
                return;
        if (tls->context) /* a connection may outlive us for a moment */
                SSL_CTX_set_app_data(tls->context, NULL);
        SSL_CTX_free(tls->context);
        sk_X509_pop_free(tls->chain, X509_free);
        free(tls->server_name);
        free(tls->ca_file);
        free(tls);
}

struct ssl_ctx_st *link_tls_context(LinkTls *tls)
{
        return tls->context;
}

void link_tls_reset(LinkTls *tls)
{
        tls->in_handshake = tls->root_known = false;
        tls->error[0] = '\0';
        tls->end = LINK_TLS_FAILED;
        sk_X509_pop_free(TAKE_PTR(tls->chain), X509_free);
}

void link_tls_judge_dates_by(LinkTls *tls, usec_t when)
{
        X509_VERIFY_PARAM *param = SSL_CTX_get0_param(tls->context);

        tls->dates_unseen = when == USEC_INFINITY;
        X509_VERIFY_PARAM_clear_flags(param,
                                      X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_USE_CHECK_TIME);
        if (tls->dates_unseen)
                X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
        else if (when > 0)
                X509_VERIFY_PARAM_set_time(param, (time_t)(when / USEC_PER_SEC));
}

bool link_tls_dates_hold(const LinkTls *tls, usec_t when)
{
        time_t now = (time_t)(when / USEC_PER_SEC);

        for (int i = 0; i < sk_X509_num(tls->chain); i++) {
                const X509 *c = sk_X509_value(tls->chain, i);

                if (X509_cmp_time(X509_get0_notBefore(c), &now) >= 0 ||
                    X509_cmp_time(X509_get0_notAfter(c), &now) <= 0)
                        return false;
        }
        return true;
}

LinkEnd link_tls_end(const LinkTls *tls)
{
        return tls->end;
}

bool link_tls_in_handshake(const LinkTls *tls)
{
        return tls->in_handshake;
}

const char *link_tls_error(const LinkTls *tls)
{
        return tls->error[0] ? tls->error : NULL;
}
