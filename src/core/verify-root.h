/* Roots that the CSMS installs (M03-M05, A00.FR.501-507): may this text be one, and what is a root
 * known by? Bytes in, verdict out. */
#pragma once

#include "verify.h"

/* The longest serial number of RFC 5280 (4.1.2.2), in bytes. */
#define SERIAL_SIZE 20
#define HASH_SIZE_MAX 64 /* of SHA-512 */

typedef enum RootFinding {
        ROOT_IS_GOOD,
        ROOT_IS_UNREADABLE, /* not exactly one certificate */
        ROOT_IS_NO_ROOT,    /* issued by another, or not made to issue */
        ROOT_IS_OUT_OF_DATE,
        ROOT_HAS_BAD_KEY, /* RSA < 2048, EC < 224, another kind */
        ROOT_FINDINGS,
} RootFinding;

/* CertificateHashDataType of a root, in lower-case hex; its issuer is itself. */
typedef struct RootHashes {
        char issuer_name[2 * HASH_SIZE_MAX + 1];
        char issuer_key[2 * HASH_SIZE_MAX + 1];
        char serial[2 * SERIAL_SIZE + 1];
} RootHashes;

/* Judges what InstallCertificate carries, in the forms that signing_certificate_check() takes. now:
 * wall clock usec. Returns RootFinding (≥ 0) and, if good, *ret_pem (owned by the caller), written
 * anew; -ENOMEM. */
int root_check(const char *text, usec_t now, char **ret_pem);
/* A sentence for the log and for 2.x additionalInfo. */
const char *root_finding_to_string(RootFinding f);

/* What the i-th root is known by, by SHA-256, SHA-384 or SHA-512 (bits). 0; -EINVAL: it has no such
 * data, being issued by another, or numbered as no certificate should be; -ENOMEM. */
int trust_store_hashes(const TrustStore *t, size_t i, unsigned bits, RootHashes *ret);
/* SHA-256 of the i-th root, whole. 0 or -ENOMEM. */
int trust_store_digest(const TrustStore *t, size_t i, uint8_t ret[static SHA256_SIZE]);
/* The index of the root with that digest; -ENOENT, -ENOMEM. */
int trust_store_find(const TrustStore *t, const uint8_t digest[static SHA256_SIZE]);
/* No longer trusts the i-th root. */
void trust_store_drop(TrustStore *t, size_t i);
/* All roots as PEM, one after the other. Owned by the caller; NULL when out of memory. */
char *trust_store_write(const TrustStore *t);
