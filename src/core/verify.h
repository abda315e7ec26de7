/* Is this signing certificate from the manufacturer, is this firmware signed by it? Bytes in,
 * verdict out; the only place that uses OpenSSL's X.509. Rules: docs/behaviour.md
 * "Signature"; L01.FR.04, .09, .12, .21-.25, A00.FR.501-507. */
#pragma once

#include "util.h"

#define SHA256_SIZE 32
#define SHA384_SIZE 48

/* The manufacturer's roots and what they revoked. */
typedef struct TrustStore TrustStore;
/* A certificate that was judged good: its key. */
typedef struct SigningCertificate SigningCertificate;

/* The file's digests: SHA-256 always, SHA-384 for P-384 keys that sign with it. */
typedef struct FileDigest {
        uint8_t sha256[SHA256_SIZE];
        uint8_t sha384[SHA384_SIZE]; /* if has_sha384 */
        bool has_sha384;
        uint64_t size_bytes;
} FileDigest;

/* What a signing certificate is found to be; revoked counts before all else. */
typedef enum CertificateVerdict {
        CERTIFICATE_GOOD,
        CERTIFICATE_UNREADABLE, /* not exactly one certificate */
        CERTIFICATE_UNTRUSTED,  /* not issued directly by one of the roots */
        CERTIFICATE_EXPIRED,    /* or not valid yet */
        CERTIFICATE_BAD_USAGE,  /* keyUsage without digitalSignature, extendedKeyUsage without
                                   codeSigning, a CA, an unknown critical extension */
        CERTIFICATE_BAD_KEY,    /* RSA < 2048, EC < 224, another kind, the root's too; SHA-1 */
        CERTIFICATE_REVOKED,
        CERTIFICATE_VERDICT_MAX,
} CertificateVerdict;

/* Loads the manufacturer's roots: a PEM file (any number of certificates) or a folder of such files
 * (*.pem, *.crt); NULL: none. crl_dir tells what was revoked: a folder of PEM or DER CRLs (every
 * file but hidden ones; it may be empty), or NULL. 0 and *ret; -ENOENT: no certificate in there;
 * -ENOTDIR: crl_dir is no folder; -EBADMSG: a file that can't be read as what it should be; other
 * negative errno. *reterr_path (owned by the caller; may be NULL, and is left alone when out of
 * memory) is the file that could not be used. */
int trust_store_load(const char *roots, const char *crl_dir, TrustStore **ret, char **reterr_path);
/* Adds more roots. As above; on failure t may hold some of them. */
int trust_store_add(TrustStore *t, const char *roots, char **reterr_path);
/* The same from memory: PEM, one or more. 0; -EBADMSG: none, or what stands behind some can't be
 * read; -ENOMEM. */
int trust_store_add_text(TrustStore *t, const char *pem);
/* What was judged by it stays good. */
void trust_store_free(TrustStore *t);
DEFINE_CLEANUP(TrustStore *, trust_store_free)
/* The roots in it. */
size_t trust_store_count(const TrustStore *t);

/* Judges a signing certificate as a request carries it: one PEM with LF, CRLF or literal \n, or hex
 * DER. Past 10000 characters: unreadable. now: wall clock usec to judge validity by. Returns
 * CertificateVerdict (≥ 0) and, if good, *ret; -ENOMEM. */
int signing_certificate_check(const TrustStore *t, const char *text, usec_t now,
                              SigningCertificate **ret);
/* Frees the key with it. */
void signing_certificate_free(SigningCertificate *c);
DEFINE_CLEANUP(SigningCertificate *, signing_certificate_free)
/* A sentence for the log and for 2.x additionalInfo, without any text of the peer's. */
const char *certificate_verdict_to_string(CertificateVerdict v);

/* Must the file's SHA-384 be known too? Only keys that may sign with it need a second hash. */
bool signature_needs_sha384(const SigningCertificate *c);
/* Whether signature (base64; white space allowed) is the certificate's over a file with this
 * digest. Past 1024 characters: no. RSA: PSS with any salt length, then PKCS#1 v1.5 if allow_pkcs1;
 * id-RSASSA-PSS keys: PSS; EC: ECDSA in DER, SHA-256, P-384 also SHA-384. 1 yes, 0 no (not base64
 * too), negative errno when it could not be tried. */
int signature_check(const SigningCertificate *c, const char *signature, const FileDigest *digest,
                    bool allow_pkcs1);

/* SHA-256 in hex (64 + NUL) of some bytes: how PEM and base64 appear in logs, and how requests are
 * compared. */
void sha256_hex(const void *data, size_t size, char out[static 2 * SHA256_SIZE + 1]);
