/* What the files of verify share. */
#pragma once

#include "verify.h"

/* A certificate is at most 5500 characters, 10000 in InstallCertificate of 2.1; a signature 800,
 * and a little more for white space. */
#define CERTIFICATE_TEXT_MAX 10000
#define SIGNATURE_TEXT_MAX 1024

struct x509_st;

struct TrustStore {
        struct stack_st_X509 *roots;
        struct stack_st_X509_CRL *crls;
};

struct SigningCertificate {
        struct evp_pkey_st *key; /* OpenSSL's EVP_PKEY */
};

/* Decodes n characters of base64, white space ignored, padding required, into out, which has room
 * for 3/4 n. Bytes or -EINVAL. */
int base64_decode(const char *text, size_t n, uint8_t *out);

/* The DER in one PEM block (LF, CRLF, literal \n, or no line ends at all) or in hex digits, into
 * out, which has room for 3/4 of the text. Changes text. Bytes or -EINVAL. */
int certificate_text_decode(char *text, uint8_t *out);

/* A certificate (OpenSSL's X509, owned by the caller) as a request carries it. 1 and *ret, 0 when
 * text is not exactly one, -ENOMEM. */
int certificate_read(const char *text, struct x509_st **ret);
/* A00.FR.501-507: RSA from 2048 bits, EC from 224. NULL does not. */
bool key_fits(const struct evp_pkey_st *key);
