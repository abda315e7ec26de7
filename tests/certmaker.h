/* Throw-away certificates for TLS tests, made in memory. A failure ends the test program. */
#pragma once

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "util.h"

typedef struct Cert {
        X509 *x509;
        EVP_PKEY *key;
} Cert;

static inline void cert_must(bool ok)
{
        if (!ok) {
                fprintf(stderr, "certmaker failed\n");
                abort();
        }
}

static inline void cert_extension(X509 *x, X509V3_CTX *v3, int nid, const char *value)
{
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, v3, nid, value);

        cert_must(e && X509_add_ext(x, e, -1) == 1);
        X509_EXTENSION_free(e);
}

/* issuer NULL: a root that signs itself. names as openssl writes them: "DNS:localhost", NULL none.
 * Valid from one day before to expires_in seconds from now (negative: in the past). */
static inline Cert cert_make(const char *common_name, const char *names, const Cert *issuer,
                             long expires_in)
{
        static long serial = 1;
        Cert c = {.x509 = X509_new(), .key = EVP_EC_gen("P-256")};
        X509_NAME *name = X509_NAME_new();
        X509V3_CTX v3;

        cert_must(c.x509 && c.key && name);
        cert_must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                             (const unsigned char *)common_name, -1, -1, 0) == 1);
        X509_set_version(c.x509, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(c.x509), serial++);
        X509_set_subject_name(c.x509, name);
        X509_set_issuer_name(c.x509, issuer ? X509_get_subject_name(issuer->x509) : name);
        X509_gmtime_adj(X509_getm_notBefore(c.x509), -2 * 86400);
        X509_gmtime_adj(X509_getm_notAfter(c.x509), expires_in);
        X509_set_pubkey(c.x509, c.key);
        X509V3_set_ctx(&v3, issuer ? issuer->x509 : c.x509, c.x509, NULL, NULL, 0);
        cert_extension(c.x509, &v3, NID_basic_constraints,
                       issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
        if (names)
                cert_extension(c.x509, &v3, NID_subject_alt_name, names);
        cert_must(X509_sign(c.x509, issuer ? issuer->key : c.key, EVP_sha256()) > 0);
        X509_NAME_free(name);
        return c;
}

static inline void cert_done(Cert *c)
{
        X509_free(c->x509);
        EVP_PKEY_free(c->key);
        *c = (Cert){0};
}

static inline void cert_write(const Cert *c, const char *path)
{
        FILE *f = fopen(path, "we");

        cert_must(f && PEM_write_X509(f, c->x509) == 1 && fclose(f) == 0);
}

/* A server's TLS with that certificate. */
static inline SSL_CTX *cert_server(const Cert *c)
{
        SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

        cert_must(ctx && SSL_CTX_use_certificate(ctx, c->x509) == 1 &&
                  SSL_CTX_use_PrivateKey(ctx, c->key) == 1);
        return ctx;
}
