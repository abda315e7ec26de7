/* CertificateHashData worked out once more, from the DER alone. Included by tests; cmocka.h comes
 * before. */
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "messages.h"

typedef struct Der {
        const uint8_t *all, *value; /* with and without tag and length */
        size_t all_size, size;
} Der;

/* The element at p; *next is what follows. */
static Der der_read(const uint8_t *p, const uint8_t **next)
{
        Der d = {.all = p, .value = p + 2, .size = p[1]};

        if (p[1] & 0x80) {
                d.size = 0;
                for (int i = 0; i < (p[1] & 0x7f); i++)
                        d.size = d.size << 8 | p[2 + i];
                d.value += p[1] & 0x7f;
        }
        d.all_size = (size_t)(d.value + d.size - p);
        *next = d.value + d.size;
        return d;
}

/* The n-th element in there. */
static Der der_at(const Der *outer, int n)
{
        const uint8_t *p = outer->value;
        Der d = {0};

        for (int i = 0; i <= n; i++)
                d = der_read(p, &p);
        return d;
}

static void hex_hash(const uint8_t *data, size_t size, const EVP_MD *md, char *out)
{
        uint8_t hash[EVP_MAX_MD_SIZE];
        unsigned n;

        assert_int_equal(EVP_Digest(data, size, hash, &n, md, NULL), 1);
        hex_encode(hash, n, out);
}

typedef struct Hashes {
        char name[129], key[129], serial[64];
} Hashes;

static void hash_by_hand(const char *pem, const EVP_MD *md, Hashes *ret)
{
        BIO *bio = BIO_new_mem_buf(pem, -1);
        char *kind, *header, *serial = ret->serial;
        const uint8_t *end;
        uint8_t *der;
        long size;

        assert_int_equal(PEM_read_bio(bio, &kind, &header, &der, &size), 1);

        Der whole = der_read(der, &end), tbs = der_at(&whole, 0), number = der_at(&tbs, 1),
            issuer = der_at(&tbs, 3), key_info = der_at(&tbs, 6), bits = der_at(&key_info, 1);

        assert_int_equal(end - der, size);
        hex_hash(issuer.all, issuer.all_size, md, ret->name);
        hex_hash(bits.value + 1, bits.size - 1, md, ret->key); /* without the unused bits' count */
        hex_encode(number.value, number.size, ret->serial);
        serial += strspn(serial, "0");
        serial -= !*serial; /* the last zero stays */
        memmove(ret->serial, serial, strlen(serial) + 1);
        OPENSSL_free(kind);
        OPENSSL_free(header);
        OPENSSL_free(der);
        BIO_free(bio);
}

static const EVP_MD *md_of(HashAlgorithm algorithm)
{
        return algorithm == HASH_SHA512   ? EVP_sha512()
               : algorithm == HASH_SHA384 ? EVP_sha384()
                                          : EVP_sha256();
}

static RootId id_of(const char *pem, HashAlgorithm algorithm, Hashes *h)
{
        hash_by_hand(pem, md_of(algorithm), h);
        return (RootId){.algorithm = algorithm,
                        .issuer_name_hash = h->name,
                        .issuer_key_hash = h->key,
                        .serial = h->serial};
}
