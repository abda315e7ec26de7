/* Every certificate that certs/make-pki makes against its verdict; every way to write one; time,
 * trust stores, revocation. */
#include "pki.h"
#include "verify-internal.h"

#define DAY (24 * USEC_PER_HOUR)
#define ROOTS "pki/manufacturer"

static TrustStore *store_of(Pki *p, const char *roots, const char *crl_dir)
{
        _cleanup_(freep) char *bad = NULL, *crls = NULL;
        TrustStore *t = NULL;

        if (crl_dir)
                crls = strdup(pki_path(p, crl_dir));
        if (trust_store_load(pki_path(p, roots), crls, &t, &bad) < 0)
                fail_msg("can't load %s: %s", roots, strempty(bad));
        return t;
}

static int verdict_of_text(const TrustStore *t, const char *text, usec_t now)
{
        _cleanup_(signing_certificate_freep) SigningCertificate *c = NULL;
        int r = signing_certificate_check(t, text, now, &c);

        assert_true((r == CERTIFICATE_GOOD) == (c != NULL));
        return r;
}

static int verdict_of_file(Pki *p, const TrustStore *t, const char *file, usec_t now)
{
        _cleanup_(freep) char *text = pki_read(p, file, NULL);

        return verdict_of_text(t, text, now);
}

static void must_be(int verdict, CertificateVerdict expected, const char *what)
{
        if (verdict != (int)expected)
                fail_msg("%s: %d (%s), expected %d", what, verdict,
                         verdict < 0 ? strerror(-verdict)
                                     : certificate_verdict_to_string((CertificateVerdict)verdict),
                         expected);
}

/* clang-format off */
static const struct {
        const char *file;
        CertificateVerdict verdict;
} certificates[] = {
        {"pki/firmware/rsa3072.pem",              CERTIFICATE_GOOD},
        {"pki/firmware/rsa2048.pem",              CERTIFICATE_GOOD},
        {"pki/firmware/pss.pem",                  CERTIFICATE_GOOD},
        {"pki/firmware/pss-sha256.pem",           CERTIFICATE_GOOD},
        {"pki/firmware/p256.pem",                 CERTIFICATE_GOOD},
        {"pki/firmware/p384.pem",                 CERTIFICATE_GOOD},
        {"pki/firmware/plain.pem",                CERTIFICATE_GOOD},
        {"pki/firmware/expired.pem",              CERTIFICATE_EXPIRED},
        {"pki/firmware/not-yet-valid.pem",        CERTIFICATE_EXPIRED},
        {"pki/firmware/revoked.pem",              CERTIFICATE_REVOKED},
        {"pki/firmware/foreign.pem",              CERTIFICATE_UNTRUSTED},
        {"pki/firmware/foreign-root.pem",         CERTIFICATE_UNTRUSTED},
        {"pki/firmware/impostor.pem",             CERTIFICATE_UNTRUSTED},
        {"pki/firmware/via-intermediate.pem",     CERTIFICATE_UNTRUSTED},
        {"pki/firmware/intermediate.pem",         CERTIFICATE_BAD_USAGE},
        {"pki/firmware/ca.pem",                   CERTIFICATE_BAD_USAGE},
        {"pki/firmware/no-digital-signature.pem", CERTIFICATE_BAD_USAGE},
        {"pki/firmware/no-code-signing.pem",      CERTIFICATE_BAD_USAGE},
        {"pki/firmware/critical.pem",             CERTIFICATE_BAD_USAGE},
        {"pki/firmware/rsa1024.pem",              CERTIFICATE_BAD_KEY},
        {"pki/firmware/p192.pem",                 CERTIFICATE_BAD_KEY},
        {"pki/firmware/ed25519.pem",              CERTIFICATE_BAD_KEY},
        {"pki/firmware/two.pem",                  CERTIFICATE_UNREADABLE},
        {"pki/firmware/p256.key",                 CERTIFICATE_UNREADABLE},
        {"pki/crl/manufacturer.pem",              CERTIFICATE_UNREADABLE},
        {"pki/manufacturer/root.pem",             CERTIFICATE_UNTRUSTED},
        {"pki/csms/server.pem",                   CERTIFICATE_UNTRUSTED},
        {"pki/rauc/signer.pem",                   CERTIFICATE_UNTRUSTED},
};
/* clang-format on */

static void certificate_gets_its_verdict(void **state)
{
        _cleanup_(trust_store_freep) TrustStore *t = store_of(*state, ROOTS, "pki/crl");
        usec_t now = wallclock_now();

        for (size_t i = 0; i < ELEMENTSOF(certificates); i++)
                must_be(verdict_of_file(*state, t, certificates[i].file, now),
                        certificates[i].verdict, certificates[i].file);
}

/* The root's validity counts too: it begins when the PKI was made and lasts 20 years. */
static void certificate_is_judged_by_the_time_given(void **state)
{
        _cleanup_(trust_store_freep) TrustStore *t = store_of(*state, ROOTS, "pki/crl");
        usec_t now = wallclock_now();
        /* clang-format off */
        const struct {
                const char *file;
                usec_t now;
                CertificateVerdict verdict;
        } vectors[] = {
                {"pki/firmware/p256.pem",          now,                  CERTIFICATE_GOOD},
                {"pki/firmware/p256.pem",          now + 7000 * DAY,     CERTIFICATE_GOOD},
                {"pki/firmware/p256.pem",          now + 7301 * DAY,     CERTIFICATE_EXPIRED},
                {"pki/firmware/p256.pem",          now - DAY,            CERTIFICATE_EXPIRED},
                {"pki/firmware/p256.pem",          0,                    CERTIFICATE_EXPIRED},
                {"pki/firmware/p256.pem",          NO_TIME,              CERTIFICATE_EXPIRED},
                {"pki/firmware/p256.pem",          INT64_MAX,            CERTIFICATE_EXPIRED},
                {"pki/firmware/expired.pem",       1590000000000000,     CERTIFICATE_EXPIRED}, /* 2020-05 */
                {"pki/firmware/not-yet-valid.pem", 3800000000000000,     CERTIFICATE_EXPIRED}, /* 2090-06 */
                {"pki/firmware/revoked.pem",       now - DAY,            CERTIFICATE_REVOKED},
                {"pki/firmware/revoked.pem",       now + 7301 * DAY,     CERTIFICATE_REVOKED},
                {"pki/firmware/foreign.pem",       now - DAY,            CERTIFICATE_UNTRUSTED},
        };
        /* clang-format on */

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++)
                must_be(verdict_of_file(*state, t, vectors[i].file, vectors[i].now),
                        vectors[i].verdict, vectors[i].file);
}

/* Replaces each line end of text by end. */
static char *with_line_ends(const char *text, const char *end)
{
        char *s = calloc(1, strlen(text) * 4 + 1), *q = s;

        assert_non_null(s);
        for (; *text; text++)
                q += *text == '\n' ? sprintf(q, "%s", end) : sprintf(q, "%c", *text);
        return s;
}

static void certificate_may_have_any_line_ends(void **state)
{
        static const char *const ends[] = {"\n", "\r\n", "\\n", "\\r\\n", "", " ", "\n\n"};
        _cleanup_(trust_store_freep) TrustStore *t = store_of(*state, ROOTS, NULL);
        _cleanup_(freep) char *pem = pki_read(*state, "pki/firmware/p256.pem", NULL);

        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                _cleanup_(freep) char *text = with_line_ends(pem, ends[i]);

                must_be(verdict_of_text(t, text, wallclock_now()), CERTIFICATE_GOOD, text);
        }
}

static void certificate_may_be_hex_der(void **state)
{
        _cleanup_(trust_store_freep) TrustStore *t = store_of(*state, ROOTS, NULL);
        _cleanup_(freep) char *der = NULL, *hex = NULL, *more = NULL;
        usec_t now = wallclock_now();
        size_t size;

        assert_int_equal(
                pki_run(*state, "openssl x509 -in pki/firmware/p256.pem -outform DER -out der"), 0);
        der = pki_read(*state, "der", &size);
        hex = calloc(1, 2 * size + 1);
        assert_non_null(hex);
        hex_encode(der, size, hex);
        must_be(verdict_of_text(t, hex, now), CERTIFICATE_GOOD, "hex");
        more = str_printf("%s00", hex);
        must_be(verdict_of_text(t, more, now), CERTIFICATE_UNREADABLE, "a byte more");
        for (char *p = hex; *p; p++)
                *p = (char)(*p >= 'a' && *p <= 'f' ? *p - 'a' + 'A' : *p);
        must_be(verdict_of_text(t, hex, now), CERTIFICATE_GOOD, "upper case");
        hex[2 * size - 2] = '\0';
        must_be(verdict_of_text(t, hex, now), CERTIFICATE_UNREADABLE, "a byte less");
}

static void certificate_text_has_a_limit(void **state)
{
        _cleanup_(trust_store_freep) TrustStore *t = store_of(*state, ROOTS, NULL);
        _cleanup_(freep) char *pem = pki_read(*state, "pki/firmware/p256.pem", NULL);
        _cleanup_(freep) char *text = str_printf("%-*s", CERTIFICATE_TEXT_MAX, pem);
        _cleanup_(freep) char *longer = str_printf("%-*s", CERTIFICATE_TEXT_MAX + 1, pem);

        must_be(verdict_of_text(t, text, wallclock_now()), CERTIFICATE_GOOD, "at the limit");
        must_be(verdict_of_text(t, longer, wallclock_now()), CERTIFICATE_UNREADABLE, "past it");
}

/* Whatever is cut off or changed, a certificate is never good afterwards. */
static void certificate_spoilt_is_never_good(void **state)
{
        _cleanup_(trust_store_freep) TrustStore *t = store_of(*state, ROOTS, NULL);
        _cleanup_(freep) char *pem = pki_read(*state, "pki/firmware/p256.pem", NULL);
        usec_t now = wallclock_now();
        char *text = str_strip(pem);
        size_t end = strlen(text) - strlen("-----END CERTIFICATE-----") - 4;

        for (size_t i = 0; i < strlen(text); i += 3) {
                _cleanup_(freep) char *cut = strndup(text, i);

                assert_int_equal(verdict_of_text(t, cut, now), CERTIFICATE_UNREADABLE);
        }
        for (size_t i = 0; i < end; i += 3) {
                char was = text[i];

                if (was == '\n')
                        continue;
                text[i] = was == 'A' ? 'B' : 'A';
                assert_int_not_equal(verdict_of_text(t, text, now), CERTIFICATE_GOOD);
                text[i] = was;
        }
        assert_int_equal(verdict_of_text(t, text, now), CERTIFICATE_GOOD);
}

/* A root that was renewed has the same name and key: either one will do, in either order, as long
 * as one of them is valid. */
static void root_may_be_renewed(void **state)
{
        static const char *const orders[] = {"cat pki/manufacturer/root.pem short.pem",
                                             "cat short.pem pki/manufacturer/root.pem"};
        usec_t later = wallclock_now() + 30 * DAY;

        assert_int_equal(pki_run(*state, "openssl x509 -in pki/manufacturer/root.pem -signkey "
                                         "pki/manufacturer/root.key -days 1 -out short.pem"),
                         0);
        for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
                _cleanup_(trust_store_freep) TrustStore *t = NULL;

                assert_int_equal(pki_run(*state, orders[i]), 0);
                t = store_of(*state, "output", "pki/crl");
                assert_int_equal(trust_store_count(t), 2);
                must_be(verdict_of_file(*state, t, "pki/firmware/p256.pem", later),
                        CERTIFICATE_GOOD, orders[i]);
                must_be(verdict_of_file(*state, t, "pki/firmware/revoked.pem", later),
                        CERTIFICATE_REVOKED, orders[i]);
        }
        _cleanup_(trust_store_freep) TrustStore *alone = store_of(*state, "short.pem", NULL);
        must_be(verdict_of_file(*state, alone, "pki/firmware/p256.pem", later), CERTIFICATE_EXPIRED,
                "the short one alone");
}

/* What the installed root decides: an intermediate may be installed as one, a certificate that is
 * no CA issues nothing, and nothing issues itself. */
static void root_is_what_was_installed(void **state)
{
        /* clang-format off */
        static const struct {
                const char *roots, *file;
                CertificateVerdict verdict;
        } vectors[] = {
                {"pki/firmware/intermediate.pem", "pki/firmware/via-intermediate.pem", CERTIFICATE_GOOD},
                {"pki/firmware/intermediate.pem", "pki/firmware/p256.pem",             CERTIFICATE_UNTRUSTED},
                {"pki/firmware/foreign-root.pem", "pki/firmware/foreign.pem",          CERTIFICATE_GOOD},
                {"pki/firmware/foreign-root.pem", "pki/firmware/p256.pem",             CERTIFICATE_UNTRUSTED},
                {"pki/firmware/p256.pem",         "pki/firmware/p256.pem",             CERTIFICATE_UNTRUSTED},
                {"pki/manufacturer/root.pem",     "pki/manufacturer/root.pem",         CERTIFICATE_UNTRUSTED},
                {"self.pem",                      "self.pem",                          CERTIFICATE_UNTRUSTED},
                {"self.pem",                      "by-self.pem",                       CERTIFICATE_UNTRUSTED},
                {"pki/manufacturer/root.pem",     "sha1.pem",                          CERTIFICATE_BAD_KEY},
                {"pki/firmware/two.pem",          "pki/firmware/revoked.pem",          CERTIFICATE_UNTRUSTED},
        };
        static const char *const preparations[] = {
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout self.key "
                        "-out self.pem -subj /CN=self -addext basicConstraints=critical,CA:FALSE",
                "openssl req -new -key pki/firmware/p256.key -subj /CN=signer -out request",
                "openssl x509 -req -in request -CA self.pem -CAkey self.key -set_serial 1 "
                        "-out by-self.pem",
                "openssl x509 -req -in request -CA pki/manufacturer/root.pem -CAkey "
                        "pki/manufacturer/root.key -set_serial 1 -sha1 -out sha1.pem",
        };
        /* clang-format on */

        for (size_t i = 0; i < ELEMENTSOF(preparations); i++)
                if (pki_run(*state, preparations[i]) != 0)
                        fail_msg("failed: %s", preparations[i]);
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                _cleanup_(trust_store_freep) TrustStore *t =
                        store_of(*state, vectors[i].roots, NULL);

                must_be(verdict_of_file(*state, t, vectors[i].file, wallclock_now()),
                        vectors[i].verdict, vectors[i].file);
        }
}

static void certificate_must_be_made_for_signing(void **state)
{
        /* clang-format off */
        static const struct {
                const char *extension;
                CertificateVerdict verdict;
        } vectors[] = {
                {"subjectAltName=DNS:example.org",                 CERTIFICATE_GOOD},
                {"1.2.3.4=ASN1:UTF8String:x",                      CERTIFICATE_GOOD},
                {"1.2.3.4=critical,ASN1:UTF8String:x",             CERTIFICATE_BAD_USAGE},
                {"keyUsage=digitalSignature,nonRepudiation",       CERTIFICATE_GOOD},
                {"keyUsage=nonRepudiation",                        CERTIFICATE_BAD_USAGE},
                {"keyUsage=digitalSignature,keyCertSign",          CERTIFICATE_BAD_USAGE},
                {"basicConstraints=CA:FALSE",                      CERTIFICATE_GOOD},
                {"basicConstraints=CA:TRUE",                       CERTIFICATE_BAD_USAGE},
                {"extendedKeyUsage=critical,codeSigning",          CERTIFICATE_GOOD},
                {"extendedKeyUsage=serverAuth,codeSigning",        CERTIFICATE_GOOD},
                {"extendedKeyUsage=anyExtendedKeyUsage",           CERTIFICATE_BAD_USAGE},
                {"extendedKeyUsage=1.2.3.4",                       CERTIFICATE_BAD_USAGE},
        };
        /* clang-format on */
        _cleanup_(trust_store_freep) TrustStore *t = store_of(*state, ROOTS, NULL);

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                const char *e = vectors[i].extension;

                pki_write(*state, "extension", e, strlen(e));
                assert_int_equal(pki_run(*state, "openssl req -new -key pki/firmware/p256.key "
                                                 "-subj /CN=signer -out request"),
                                 0);
                assert_int_equal(pki_run(*state, "openssl x509 -req -in request -CA "
                                                 "pki/manufacturer/root.pem -CAkey "
                                                 "pki/manufacturer/root.key -set_serial 1 "
                                                 "-extfile extension -out extended.pem"),
                                 0);
                must_be(verdict_of_file(*state, t, "extended.pem", wallclock_now()),
                        vectors[i].verdict, e);
        }
}

static void crl_revokes_only_for_its_root(void **state)
{
        /* clang-format off */
        static const struct {
                const char *crl_dir, *file;
                CertificateVerdict verdict;
        } vectors[] = {
                {"pki/crl",         "pki/firmware/revoked.pem", CERTIFICATE_REVOKED},
                {"pki/crl",         "pki/firmware/p256.pem",    CERTIFICATE_GOOD},
                {"pki/crl-expired", "pki/firmware/revoked.pem", CERTIFICATE_REVOKED},
                {"pki/crl-expired", "pki/firmware/p256.pem",    CERTIFICATE_GOOD},
                {"pki/crl-forged",  "pki/firmware/rsa3072.pem", CERTIFICATE_GOOD},
                {"pki/crl-forged",  "pki/firmware/revoked.pem", CERTIFICATE_GOOD},
                {"crl-der",         "pki/firmware/revoked.pem", CERTIFICATE_REVOKED},
                {"crl-both",        "pki/firmware/revoked.pem", CERTIFICATE_REVOKED},
                {"crl-none",        "pki/firmware/revoked.pem", CERTIFICATE_GOOD},
                {NULL,              "pki/firmware/revoked.pem", CERTIFICATE_GOOD},
        };
        /* clang-format on */
        _cleanup_(freep) char *both = NULL;
        size_t size;

        assert_int_equal(pki_run(*state, "mkdir crl-der crl-both crl-none"), 0);
        assert_int_equal(pki_run(*state, "openssl crl -in pki/crl/manufacturer.pem -outform DER "
                                         "-out crl-der/0a1b2c3d.r0"),
                         0);
        assert_int_equal(
                pki_run(*state, "cat pki/crl-forged/manufacturer.pem pki/crl/manufacturer.pem"), 0);
        both = pki_read(*state, "output", &size);
        pki_write(*state, "crl-both/all.pem", both, size);
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                _cleanup_(trust_store_freep) TrustStore *t =
                        store_of(*state, ROOTS, vectors[i].crl_dir);

                must_be(verdict_of_file(*state, t, vectors[i].file, wallclock_now()),
                        vectors[i].verdict, strempty(vectors[i].crl_dir));
        }
}

/* clang-format off */
static const struct {
        const char *roots, *crl_dir;
        int result;
        size_t count;
        const char *bad;
} stores[] = {
        {"pki/manufacturer",          NULL,           0,        1, NULL},
        {"pki/manufacturer/root.pem", "pki/crl",      0,        1, NULL},
        {"pki/firmware/two.pem",      NULL,           0,        2, NULL},
        {"several",                   NULL,           0,        3, NULL},
        {"nowhere",                   NULL,           -ENOENT,  0, "nowhere"},
        {"empty",                     NULL,           -ENOENT,  0, "empty"},
        {"empty.pem",                 NULL,           -EBADMSG, 0, "empty.pem"},
        {"garbage",                   NULL,           -EBADMSG, 0, "garbage/b.pem"},
        {"dangling",                  NULL,           -EBADMSG, 0, "dangling/a.pem"},
        {"torn.pem",                  NULL,           -EBADMSG, 0, "torn.pem"},
        {"encrypted.key",             NULL,           -EBADMSG, 0, "encrypted.key"},
        {"pki/crl/manufacturer.pem",  NULL,           -EBADMSG, 0, "pki/crl/manufacturer.pem"},
        {"huge.pem",                  NULL,           -EFBIG,   0, "huge.pem"},
        {"pki/manufacturer",          "nowhere",      -ENOTDIR, 0, "nowhere"},
        {"pki/manufacturer",          "torn.pem",     -ENOTDIR, 0, "torn.pem"},
        {"pki/manufacturer",          "hidden",       0,        1, NULL},
        {"pki/manufacturer",          "empty",        -EBADMSG, 0, "empty/README"},
        {"pki/manufacturer",          "several",      -EBADMSG, 0, "several/a.pem"},
};
static const char *const store_preparations[] = {
        "mkdir empty hidden garbage dangling several several/folder.pem",
        "touch empty.pem empty/README empty/.hidden.pem hidden/.crl",
        "cp pki/manufacturer/root.pem several/a.pem",
        "cp pki/firmware/two.pem several/b.crt",
        "cp pki/manufacturer/root.key several/root.key",
        "cp pki/manufacturer/root.pem garbage/a.pem",
        "cp pki/manufacturer/root.key garbage/b.pem",
        "ln -s /nonexistent dangling/a.pem",
        "openssl pkey -in pki/manufacturer/root.key -aes128 -passout pass:secret -out encrypted.key",
        "truncate -s 1048577 huge.pem",
        "mkfifo several/pipe.pem",
};
/* clang-format on */

static void store_tells_what_it_could_not_use(void **state)
{
        _cleanup_(freep) char *two = NULL;
        Pki *p = *state;
        size_t size;

        for (size_t i = 0; i < ELEMENTSOF(store_preparations); i++)
                if (pki_run(p, store_preparations[i]) != 0)
                        fail_msg("failed: %s", store_preparations[i]);
        two = pki_read(p, "pki/firmware/two.pem", &size);
        pki_write(p, "torn.pem", two, size - 40);
        for (size_t i = 0; i < ELEMENTSOF(stores); i++) {
                _cleanup_(trust_store_freep) TrustStore *t = NULL;
                _cleanup_(freep) char *crls = NULL, *bad = NULL;
                int r;

                if (stores[i].crl_dir)
                        crls = strdup(pki_path(p, stores[i].crl_dir));
                r = trust_store_load(pki_path(p, stores[i].roots), crls, &t, &bad);
                if (r != stores[i].result || (t != NULL) != (r == 0))
                        fail_msg("%s: %d", stores[i].roots, r);
                if (t)
                        assert_int_equal(trust_store_count(t), stores[i].count);
                if (stores[i].bad)
                        assert_string_equal(bad, pki_path(p, stores[i].bad));
                else
                        assert_null(bad);
        }
}

static void store_takes_more_roots(void **state)
{
        _cleanup_(trust_store_freep) TrustStore *t = store_of(*state, ROOTS, NULL);
        usec_t now = wallclock_now();

        must_be(verdict_of_file(*state, t, "pki/firmware/foreign.pem", now), CERTIFICATE_UNTRUSTED,
                "before");
        assert_int_equal(trust_store_add(t, pki_path(*state, "nowhere"), NULL), -ENOENT);
        assert_int_equal(
                trust_store_add(t, pki_path(*state, "pki/firmware/foreign-root.pem"), NULL), 0);
        assert_int_equal(trust_store_count(t), 2);
        must_be(verdict_of_file(*state, t, "pki/firmware/foreign.pem", now), CERTIFICATE_GOOD,
                "after");
        must_be(verdict_of_file(*state, t, "pki/firmware/p256.pem", now), CERTIFICATE_GOOD, "both");
}

static void pki_is_left_as_it_is(void **state)
{
        _cleanup_(freep) char *before = pki_read(*state, "pki/manufacturer/root.pem", NULL);
        _cleanup_(freep) char *after = NULL, *anew = NULL;

        assert_int_equal(pki_run(*state, "@make-pki pki"), 0);
        after = pki_read(*state, "pki/manufacturer/root.pem", NULL);
        assert_string_equal(before, after);
        /* a folder that holds something else is not touched */
        assert_int_equal(pki_run(*state, "mkdir -p mine/things"), 0);
        assert_int_equal(pki_run(*state, "@make-pki mine"), 1);
        assert_int_equal(pki_run(*state, "rmdir mine/things mine"), 0);
}

static void verdict_has_a_sentence(_unused_ void **state)
{
        for (CertificateVerdict v = 0; v < CERTIFICATE_VERDICT_MAX; v++) {
                const char *s = certificate_verdict_to_string(v);

                assert_non_null(s);
                /* statusInfo.additionalInfo holds 512 characters */
                assert_in_range(strlen(s), 10, 200);
                for (CertificateVerdict other = 0; other < v; other++)
                        assert_string_not_equal(s, certificate_verdict_to_string(other));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(certificate_gets_its_verdict),
                cmocka_unit_test(certificate_is_judged_by_the_time_given),
                cmocka_unit_test(certificate_may_have_any_line_ends),
                cmocka_unit_test(certificate_may_be_hex_der),
                cmocka_unit_test(certificate_text_has_a_limit),
                cmocka_unit_test(certificate_spoilt_is_never_good),
                cmocka_unit_test(root_may_be_renewed),
                cmocka_unit_test(root_is_what_was_installed),
                cmocka_unit_test(certificate_must_be_made_for_signing),
                cmocka_unit_test(crl_revokes_only_for_its_root),
                cmocka_unit_test(store_tells_what_it_could_not_use),
                cmocka_unit_test(store_takes_more_roots),
                cmocka_unit_test(pki_is_left_as_it_is),
                cmocka_unit_test(verdict_has_a_sentence),
        };

        return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
