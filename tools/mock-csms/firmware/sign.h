/* Signatures of firmware for OCPP (L01.FR.04, .12): made over a file of which the digests are at
 * hand, or brought along and checked. Bytes in, bytes out. */
#pragma once

#include "json.h"
#include "verify.h"

/* Code points that OCPP lets a certificate and a signature have. */
#define SIGN_CERTIFICATE_MAX 5500
#define SIGN_SIGNATURE_MAX 800
/* Bytes of a key as PEM, of a passphrase. */
#define SIGN_KEY_MAX 16384
#define SIGN_PASSPHRASE_MAX 1024

/* How RSA pads, or ECDSA. */
typedef enum SignScheme {
        SIGN_PSS,
        SIGN_PKCS1,
        SIGN_ECDSA,
        SIGN_SCHEME_MAX,
        SIGN_SCHEME_INVALID = -EINVAL
} SignScheme;

/* "pss", "pkcs1", "ecdsa", and back. */
SignScheme sign_scheme_from_string(const char *word);
const char *sign_scheme_to_string(SignScheme scheme);

/* What a signature is made with. All borrowed; the caller erases key and passphrase. */
typedef struct SignOrder {
        SignScheme scheme;
        const char *key;         /* PEM */
        const char *passphrase;  /* of the key; NULL: none */
        const char *certificate; /* PEM */
} SignOrder;

/* Signs the file with this digest. PSS: SHA-256, MGF1 with SHA-256, a salt of 32 bytes; ECDSA:
 * SHA-256, DER. The result is checked as a station would. 0 and *ret, base64, owned by the caller;
 * -EINVAL and *ret_sentence, for a person (a literal): key and certificate don't do; -ENOMEM. */
int sign_make(const SignOrder *order, const FileDigest *digest, char **ret,
              const char **ret_sentence);
/* Whether a signature that was brought along is the certificate's over the file with this digest. 0
 * and *ret_scheme; -EINVAL and *ret_sentence; -ENOMEM. */
int sign_check(const char *certificate, const char *signature, const FileDigest *digest,
               SignScheme *ret_scheme, const char **ret_sentence);
