/* Roots that are installed: what may be one, what it is known by, and what is left of them on the
 * disk. The hash data is worked out once more, by root-hashes.h. */
#include "pki.h"

#include <ctype.h>

#include "certificates.h"
#include "certmaker.h"
#include "root-hashes.h"
#include "verify-root.h"

#define NOW wallclock_now()
#define YEAR (365L * 86400)

/* ---- a state folder ---- */

typedef struct Place {
        char folder[32];
        Certificates certificates;
} Place;

static void place_open(Place *p)
{
        assert_int_equal(certificates_init(&p->certificates, p->folder), 0);
}

static void place_make(Place *p)
{
        *p = (Place){.folder = "/tmp/test-roots-XXXXXX"};
        assert_non_null(mkdtemp(p->folder));
        place_open(p);
}

static void place_again(Place *p)
{
        certificates_done(&p->certificates);
        place_open(p);
}

static void place_done(Place *p)
{
        certificates_done(&p->certificates);
        nftw(p->folder, pki_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static char *file_of(const Place *p, const char *name)
{
        char *path = str_printf("%s/certificates/%s", p->folder, name);

        assert_non_null(path);
        return path;
}

static char *content_of(const Place *p, const char *name)
{
        _cleanup_(freep) char *path = file_of(p, name);
        char *text = NULL;

        assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
        return text;
}

static void put(const Place *p, const char *name, const char *text)
{
        _cleanup_(freep) char *path = file_of(p, name);

        assert_int_equal(file_write_atomic(path, text, strlen(text), 0600), 0);
}

static size_t count_of(const Place *p, RootUse use)
{
        _cleanup_(freep) char *path = NULL;
        _cleanup_(trust_store_freep) TrustStore *t = NULL;

        assert_int_equal(certificates_file(&p->certificates, use, &path), 0);
        if (!path)
                return 0;
        assert_int_equal(trust_store_load(path, NULL, &t, NULL), 0);
        return trust_store_count(t);
}

/* ---- certificates ---- */

static char *pem_of(const Cert *c)
{
        BIO *bio = BIO_new(BIO_s_mem());
        char *data = NULL, *text;
        long n;

        cert_must(bio && PEM_write_bio_X509(bio, c->x509) == 1);
        n = BIO_get_mem_data(bio, &data);
        text = strndup(data, (size_t)n);
        BIO_free(bio);
        return text;
}

/* A root with such a serial number, in hex. */
static Cert numbered(const char *serial)
{
        Cert c = cert_make("Root", NULL, NULL, YEAR);
        BIGNUM *n = NULL;

        cert_must(BN_hex2bn(&n, serial) > 0 &&
                  BN_to_ASN1_INTEGER(n, X509_get_serialNumber(c.x509)) != NULL &&
                  X509_sign(c.x509, c.key, EVP_sha256()) > 0);
        BN_free(n);
        return c;
}

static char *new_root(const char *name)
{
        Cert c = cert_make(name, NULL, NULL, YEAR);
        char *pem = pem_of(&c);

        cert_done(&c);
        return pem;
}

/* As the agent does it. */
static int install(const Place *p, RootUse use, const char *text)
{
        _cleanup_(freep) char *pem = NULL;

        assert_int_equal(root_check(text, NOW, &pem), ROOT_IS_GOOD);
        return certificates_install(&p->certificates, use, pem);
}

static int delete_root(const Place *p, const char *pem, const uint8_t *in_use)
{
        Hashes h;
        RootId id = id_of(pem, HASH_SHA256, &h);

        return certificates_delete(&p->certificates, &id, in_use);
}

static void list_done(List *list)
{
        RootId *ids = list->items;

        for (size_t i = 0; i < list->count; i++) {
                free(ids[i].issuer_name_hash);
                free(ids[i].issuer_key_hash);
                free(ids[i].serial);
        }
        free(ids);
        *list = (List){0};
}

static void assert_listed(const Place *p, RootUse use, const char *const *pems, size_t count)
{
        List list = {0};
        const RootId *ids;

        assert_int_equal(certificates_list(&p->certificates, use, &list), 0);
        assert_int_equal(list.count, count);
        ids = list.items;
        for (size_t i = 0; i < count; i++) {
                Hashes h;
                RootId id = id_of(pems[i], HASH_SHA256, &h);

                assert_int_equal(ids[i].use, use);
                assert_int_equal(ids[i].algorithm, HASH_SHA256);
                assert_string_equal(ids[i].issuer_name_hash, id.issuer_name_hash);
                assert_string_equal(ids[i].issuer_key_hash, id.issuer_key_hash);
                assert_string_equal(ids[i].serial, id.serial);
        }
        list_done(&list);
}

/* ---- the cases ---- */

static void certificates_are_known_by_their_hashes(void **state)
{
        static const char *const files[] = {"pki/manufacturer/root.pem", "pki/csms/root.pem",
                                            "pki/firmware/foreign-root.pem", "pki/rauc/root.pem"};
        char *pems[ELEMENTSOF(files)];
        Place p;

        place_make(&p);
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                pems[i] = pki_read(*state, files[i], NULL);
                assert_int_equal(install(&p, ROOT_OF_MANUFACTURER, pems[i]), 1);
        }
        assert_listed(&p, ROOT_OF_MANUFACTURER, (const char *const *)pems, ELEMENTSOF(files));
        assert_listed(&p, ROOT_OF_CSMS, NULL, 0);
        place_again(&p);
        assert_listed(&p, ROOT_OF_MANUFACTURER, (const char *const *)pems, ELEMENTSOF(files));
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                free(pems[i]);
        place_done(&p);
}

/* Whichever of the three, in capitals, with zeros before the number. */
static void certificates_are_deleted_by_any_algorithm(_unused_ void **state)
{
        for (HashAlgorithm algorithm = 0; algorithm < HASH_ALGORITHM_MAX; algorithm++) {
                _cleanup_(freep) char *pem = new_root("Root"), *other = new_root("Other");
                Hashes h;
                char serial[80];
                RootId id = id_of(pem, algorithm, &h);
                Place p;

                place_make(&p);
                assert_int_equal(install(&p, ROOT_OF_MANUFACTURER, pem), 1);
                assert_int_equal(install(&p, ROOT_OF_MANUFACTURER, other), 1);
                for (char *c = h.name; *c; c++)
                        *c = (char)toupper(*c);
                for (char *c = h.key; *c; c++)
                        *c = (char)toupper(*c);
                snprintf(serial, sizeof(serial), "00%s", h.serial);
                id.serial = serial;
                id.algorithm = (algorithm + 1) % HASH_ALGORITHM_MAX;
                assert_int_equal(certificates_delete(&p.certificates, &id, NULL), -ENOENT);
                id.algorithm = algorithm;
                assert_int_equal(certificates_delete(&p.certificates, &id, NULL),
                                 1 << ROOT_OF_MANUFACTURER);
                assert_listed(&p, ROOT_OF_MANUFACTURER, (const char *const[]){other}, 1);
                assert_int_equal(certificates_delete(&p.certificates, &id, NULL), -ENOENT);
                place_done(&p);
        }
}

static void certificates_have_any_serial_number(_unused_ void **state)
{
        static const char *const numbers[] = {"0",
                                              "1",
                                              "0A",
                                              "80",
                                              "FF00",
                                              "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
                                              "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"};
        static const char *const bad[] = {"-1", "010000000000000000000000000000000000000000"};
        _cleanup_(freep) char *pem = NULL;
        char *pems[ELEMENTSOF(numbers)];
        Place p;

        place_make(&p);
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                Cert c = numbered(numbers[i]);

                pems[i] = pem_of(&c);
                assert_int_equal(install(&p, ROOT_OF_CSMS, pems[i]), 1);
                cert_done(&c);
        }
        assert_listed(&p, ROOT_OF_CSMS, (const char *const *)pems, ELEMENTSOF(numbers));
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                assert_int_equal(delete_root(&p, pems[i], NULL), 1 << ROOT_OF_CSMS);
                free(pems[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                Cert c = numbered(bad[i]);
                _cleanup_(freep) char *text = pem_of(&c);

                assert_int_equal(root_check(text, NOW, &pem), ROOT_IS_UNREADABLE);
                cert_done(&c);
        }
        place_done(&p);
}

static void certificates_are_there_once(void **state)
{
        _cleanup_(freep) char *pem = new_root("Root");
        _cleanup_(freep) char *configured = pki_read(*state, "pki/csms/root.pem", NULL);
        Place p;

        place_make(&p);
        p.certificates.configured[ROOT_OF_CSMS] = pki_path(*state, "pki/csms/root.pem");
        assert_int_equal(certificates_count(&p.certificates), 1);
        assert_int_equal(install(&p, ROOT_OF_CSMS, pem), 1);
        assert_int_equal(install(&p, ROOT_OF_CSMS, pem), 0);
        assert_int_equal(install(&p, ROOT_OF_CSMS, configured), 0);
        assert_int_equal(count_of(&p, ROOT_OF_CSMS), 1);
        assert_listed(&p, ROOT_OF_CSMS, (const char *const[]){pem, configured}, 2);
        /* for another use it is another one; deleted it is from both */
        assert_int_equal(install(&p, ROOT_OF_MANUFACTURER, pem), 1);
        assert_int_equal(certificates_count(&p.certificates), 3);
        assert_int_equal(delete_root(&p, pem, NULL), 1 << ROOT_OF_CSMS | 1 << ROOT_OF_MANUFACTURER);
        assert_int_equal(count_of(&p, ROOT_OF_CSMS) + count_of(&p, ROOT_OF_MANUFACTURER), 0);
        place_done(&p);
}

static void certificates_that_must_stay(void **state)
{
        _cleanup_(freep) char *pem = new_root("Root");
        _cleanup_(freep) char *configured = pki_read(*state, "pki/csms/root.pem", NULL);
        _cleanup_(trust_store_freep) TrustStore *t = NULL;
        uint8_t digest[SHA256_SIZE];
        Place p;

        place_make(&p);
        p.certificates.configured[ROOT_OF_CSMS] = pki_path(*state, "pki/csms/root.pem");
        assert_int_equal(delete_root(&p, configured, NULL), -EROFS);
        assert_int_equal(install(&p, ROOT_OF_MANUFACTURER, pem), 1);
        assert_int_equal(install(&p, ROOT_OF_CSMS, pem), 1);
        assert_int_equal(trust_store_load(NULL, NULL, &t, NULL), 0);
        assert_int_equal(trust_store_add_text(t, pem), 0);
        assert_int_equal(trust_store_digest(t, 0, digest), 0);
        assert_int_equal(delete_root(&p, pem, digest), -EBUSY);
        assert_int_equal(count_of(&p, ROOT_OF_CSMS), 1);
        assert_int_equal(count_of(&p, ROOT_OF_MANUFACTURER), 1);
        digest[0] ^= 1;
        assert_int_equal(delete_root(&p, pem, digest),
                         1 << ROOT_OF_CSMS | 1 << ROOT_OF_MANUFACTURER);
        place_done(&p);
}

/* Each use by itself. What was configured does not count, but is listed with the rest. */
static void certificates_are_no_more_than_there_is_room_for(_unused_ void **state)
{
        _cleanup_(freep) char *one_more = new_root("One more");
        Place p;

        place_make(&p);
        for (int i = 0; i < CERTIFICATES_MAX; i++) {
                _cleanup_(freep) char *pem = new_root("Root");

                assert_int_equal(install(&p, ROOT_OF_CSMS, pem), 1);
        }
        assert_int_equal(install(&p, ROOT_OF_CSMS, one_more), -ENOSPC);
        assert_int_equal(count_of(&p, ROOT_OF_CSMS), CERTIFICATES_MAX);
        assert_int_equal(install(&p, ROOT_OF_MANUFACTURER, one_more), 1);
        place_done(&p);
}

/* RFC 5280, A00.FR.501-507. */
static void certificates_take_roots_alone(void **state)
{
        static const struct {
                const char *file;
                int finding;
        } cases[] = {
                {"pki/manufacturer/root.pem", ROOT_IS_GOOD},
                {"pki/csms/root.pem", ROOT_IS_GOOD},
                {"pki/firmware/rsa3072.pem", ROOT_IS_NO_ROOT},
                {"pki/firmware/ca.pem", ROOT_IS_NO_ROOT},
                {"pki/firmware/intermediate.pem", ROOT_IS_NO_ROOT},
                {"pki/firmware/two.pem", ROOT_IS_UNREADABLE},
                {"pki/csms/root.key", ROOT_IS_UNREADABLE},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *text = pki_read(*state, cases[i].file, NULL), *pem = NULL;

                if (root_check(text, NOW, &pem) != cases[i].finding)
                        fail_msg("%s", cases[i].file);
                assert_int_equal(!pem, cases[i].finding != ROOT_IS_GOOD);
        }
}

static int finding_of(const Cert *c, usec_t at)
{
        _cleanup_(freep) char *text = pem_of(c), *pem = NULL;

        return root_check(text, at, &pem);
}

static void certificates_are_judged_by_date_and_key(_unused_ void **state)
{
        Cert c = cert_make("Root", NULL, NULL, YEAR), leaf = cert_make("Root", NULL, &c, YEAR);
        EVP_PKEY *weak = EVP_RSA_gen(1024);

        assert_int_equal(finding_of(&c, NOW), ROOT_IS_GOOD);
        assert_int_equal(finding_of(&c, NOW - 10 * 86400 * USEC_PER_SEC), ROOT_IS_OUT_OF_DATE);
        assert_int_equal(finding_of(&c, NOW + 400 * 86400 * USEC_PER_SEC), ROOT_IS_OUT_OF_DATE);
        /* its name alone makes no root */
        assert_int_equal(finding_of(&leaf, NOW), ROOT_IS_NO_ROOT);
        /* signed by another key than its own */
        cert_must(X509_sign(c.x509, leaf.key, EVP_sha256()) > 0);
        assert_int_equal(finding_of(&c, NOW), ROOT_IS_NO_ROOT);
        cert_must(X509_set_pubkey(c.x509, weak) == 1 && X509_sign(c.x509, weak, EVP_sha256()) > 0);
        assert_int_equal(finding_of(&c, NOW), ROOT_HAS_BAD_KEY);
        EVP_PKEY_free(weak);
        cert_done(&c);
        cert_done(&leaf);
}

static void certificates_take_no_other_text(_unused_ void **state)
{
        _cleanup_(freep) char *pem = new_root("Root"), *other = new_root("Other"), *out = NULL;
        _cleanup_(freep) char *two = str_printf("%s%s", pem, other);
        _cleanup_(freep) char *more = str_printf("%smore", pem);
        _cleanup_(freep) char *cut = strndup(pem, strlen(pem) / 2);
        _cleanup_(freep) char *as_long = str_printf("%s%*s", pem, 10000 - (int)strlen(pem), "");
        _cleanup_(freep) char *too_long = str_printf("%s ", as_long);
        const char *const bad[] = {"",
                                   "PEM",
                                   two,
                                   more,
                                   cut,
                                   too_long,
                                   "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(root_check(bad[i], NOW, &out), ROOT_IS_UNREADABLE);
        assert_null(out);
        /* kept as this program writes it */
        assert_int_equal(root_check(as_long, NOW, &out), ROOT_IS_GOOD);
        assert_string_equal(out, pem);
}

/* What a power cut leaves: the old file whole, and some of the new one under another name. */
static void certificates_pass_over_what_a_power_cut_left(_unused_ void **state)
{
        _cleanup_(freep) char *pem = new_root("Root"), *other = new_root("Other");
        Place p;

        place_make(&p);
        assert_int_equal(install(&p, ROOT_OF_CSMS, pem), 1);
        put(&p, "csms.pem.tmp", "-----BEGIN CERTIFICATE-----\nMIIB");
        put(&p, "manufacturer.pem.tmp", other);
        place_again(&p);
        assert_listed(&p, ROOT_OF_CSMS, (const char *const[]){pem}, 1);
        assert_listed(&p, ROOT_OF_MANUFACTURER, NULL, 0);
        assert_int_equal(install(&p, ROOT_OF_CSMS, other), 1);
        assert_int_equal(count_of(&p, ROOT_OF_CSMS), 2);
        place_done(&p);
}

/* What can be read of a damaged file stays, and the next one can be installed. */
static void certificates_mend_a_damaged_file(_unused_ void **state)
{
        _cleanup_(freep) char *pem = new_root("Root"), *other = new_root("Other");
        _cleanup_(freep) char *cut = str_printf("%s%.*s", pem, (int)strlen(other) / 2, other);
        _cleanup_(freep) char *mended = NULL;
        Place p;

        place_make(&p);
        assert_int_equal(install(&p, ROOT_OF_CSMS, pem), 1);
        put(&p, "csms.pem", cut);
        put(&p, "manufacturer.pem", "\1\2\3 no certificate");
        place_again(&p);
        mended = content_of(&p, "csms.pem");
        assert_string_equal(mended, pem);
        assert_listed(&p, ROOT_OF_CSMS, (const char *const[]){pem}, 1);
        assert_int_equal(count_of(&p, ROOT_OF_MANUFACTURER), 0);
        assert_int_equal(install(&p, ROOT_OF_MANUFACTURER, other), 1);
        assert_listed(&p, ROOT_OF_MANUFACTURER, (const char *const[]){other}, 1);
        place_done(&p);
}

static void certificates_that_can_not_be_stored(_unused_ void **state)
{
        _cleanup_(freep) char *pem = new_root("Root"), *other = new_root("Other");
        _cleanup_(freep) char *in_the_way = NULL;
        Place p;

        place_make(&p);
        assert_int_equal(install(&p, ROOT_OF_CSMS, pem), 1);
        in_the_way = file_of(&p, "csms.pem.tmp");
        assert_int_equal(mkdir(in_the_way, 0700), 0);
        assert_int_equal(install(&p, ROOT_OF_CSMS, other), -EISDIR);
        assert_int_equal(delete_root(&p, pem, NULL), -EISDIR);
        assert_listed(&p, ROOT_OF_CSMS, (const char *const[]){pem}, 1);
        assert_int_equal(rmdir(in_the_way), 0);
        assert_int_equal(delete_root(&p, pem, NULL), 1 << ROOT_OF_CSMS);
        place_done(&p);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(certificates_are_known_by_their_hashes),
                cmocka_unit_test(certificates_are_deleted_by_any_algorithm),
                cmocka_unit_test(certificates_have_any_serial_number),
                cmocka_unit_test(certificates_are_there_once),
                cmocka_unit_test(certificates_that_must_stay),
                cmocka_unit_test(certificates_are_no_more_than_there_is_room_for),
                cmocka_unit_test(certificates_take_roots_alone),
                cmocka_unit_test(certificates_are_judged_by_date_and_key),
                cmocka_unit_test(certificates_take_no_other_text),
                cmocka_unit_test(certificates_pass_over_what_a_power_cut_left),
                cmocka_unit_test(certificates_mend_a_damaged_file),
                cmocka_unit_test(certificates_that_can_not_be_stored),
        };

        return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
