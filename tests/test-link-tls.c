/* TLS of the link: whom it trusts, under which name, and what it says of those it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "certmaker.h"
#include "link-run.h"
#include "link-tls.h"

typedef struct Pki {
        Cert root, foreign_root;
        char root_file[64], foreign_file[64];
} Pki;

static void close_link(Run *run)
{
        link_close(run->link);
}

static bool dates_held;

static void judge_dates(Run *run)
{
        dates_held = link_dates_hold(run->link, wallclock_now());
        link_close(run->link);
}

static const char *expected_sni;

static void peer_secure(Peer *p)
{
        const char *sni = SSL_get_servername(p->ssl, TLSEXT_NAMETYPE_host_name);

        peer_check(str_equal(sni, expected_sni));
        peer_check(SSL_version(p->ssl) >= TLS1_2_VERSION);
        peer_check(peer_expect_close(p) == 1000);
}

#define WEAK_CIPHER 1

/* clang-format off */
static const struct Vector {
        const char *host, *common_name, *names;
        bool foreign;
        long expires_in;
        int version; /* the server's highest, 0 any; WEAK_CIPHER: 1.2 with a cipher of its own */
        LinkEnd end;
        const char *reason;
} vectors[] = {
        {"csms.example", "x",            "DNS:csms.example",   false, 3600,  0,              LINK_CLOSED,     "closed"},
        {"csms.example", "x",            "DNS:csms.example",   false, 3600,  TLS1_2_VERSION, LINK_CLOSED,     "closed"},
        {"csms.ocpp.org","x",            "DNS:*.ocpp.org",     false, 3600,  0,              LINK_CLOSED,     "closed"},
        /* WP3 2.5: the FQDN may stand in the common name */
        {"csms.example", "csms.example", NULL,                 false, 3600,  0,              LINK_CLOSED,     "closed"},
        {"127.0.0.1",    "x",            "IP:127.0.0.1",       false, 3600,  0,              LINK_CLOSED,     "closed"},
        {"[::1]",        "x",            "IP:::1",             false, 3600,  0,              LINK_CLOSED,     "closed"},
        {"csms.example", "x",            "DNS:csms.example",   false, -3600, 0,              LINK_BAD_CERTIFICATE, "the server's certificate: certificate has expired"},
        {"csms.example", "csms.example", "DNS:other.example",  false, 3600,  0,              LINK_BAD_CERTIFICATE, "the server's certificate: hostname mismatch"},
        {"csms.example", "x",            "DNS:c*.example",     false, 3600,  0,              LINK_BAD_CERTIFICATE, "the server's certificate: hostname mismatch"},
        {"127.0.0.1",    "x",            "DNS:127.0.0.1",      false, 3600,  0,              LINK_BAD_CERTIFICATE, "the server's certificate: IP address mismatch"},
        {"127.0.0.1",    "x",            "IP:127.0.0.2",       false, 3600,  0,              LINK_BAD_CERTIFICATE, "the server's certificate: IP address mismatch"},
        {"csms.example", "x",            "DNS:csms.example",   true,  3600,  0,              LINK_BAD_CERTIFICATE, "the server's certificate: unable to get local issuer certificate"},
        {"csms.example", "x",            "DNS:csms.example",   false, 3600,  TLS1_1_VERSION, LINK_BAD_TLS_VERSION, "TLS: "},
        {"csms.example", "x",            "DNS:csms.example",   false, 3600,  WEAK_CIPHER,    LINK_BAD_TLS_CIPHER,  "TLS: "},
};
/* clang-format on */

static SSL_CTX *server_of(const struct Vector *v, const Pki *pki)
{
        Cert leaf = cert_make(v->common_name, v->names,
                              v->foreign ? &pki->foreign_root : &pki->root, v->expires_in);
        SSL_CTX *ctx = cert_server(&leaf);

        if (v->version == TLS1_1_VERSION) {
                SSL_CTX_set_security_level(ctx, 0);
                assert_int_equal(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
        }
        if (v->version == WEAK_CIPHER)
                assert_int_equal(SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-SHA"), 1);
        if (v->version)
                assert_int_equal(SSL_CTX_set_max_proto_version(ctx, v->version == WEAK_CIPHER
                                                                            ? TLS1_2_VERSION
                                                                            : v->version),
                                 1);
        cert_done(&leaf);
        return ctx;
}

static void link_tls_trusts_only_the_right_server(void **state)
{
        const Pki *pki = *state;

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                const struct Vector *v = &vectors[i];
                SSL_CTX *ctx = server_of(v, pki);
                PeerScript script = {.run = peer_secure, .tls = ctx};
                Run run = {.then = close_link, .config = {.ca_file = pki->root_file}};
                bool good = v->end == LINK_CLOSED;

                expected_sni = v->host[0] >= 'a' ? v->host : NULL;
                run_with(&run, &script, "wss", v->host);
                if (run.end != v->end || !startswith(run.reason, v->reason))
                        fail_msg("%s (%s): %s, %s", v->host, strempty(v->names),
                                 link_end_to_string(run.end), run.reason);
                assert_int_equal(run.opens, good);
                run_done(&run);
                SSL_CTX_free(ctx);
        }
}

/* Where the clock is wrong, dates may wait until the CSMS has told the time; chain and name don't.
 */
static void link_tls_looks_at_dates_as_told(void **state)
{
        static const struct {
                usec_t by; /* USEC_INFINITY: not at all; else seconds from now */
                long expires_in;
                const char *name;
                bool opens, holds;
        } cases[] = {
                {USEC_INFINITY, 3600, "DNS:csms.example", true, true},
                {USEC_INFINITY, -3600, "DNS:csms.example", true, false},
                {USEC_INFINITY, 3600, "DNS:other.example", false, true},
                {7200, 3600, "DNS:csms.example", false, true},
                {1800, 3600, "DNS:csms.example", true, true},
                {0, 3600, "DNS:csms.example", true, true},
                {0, -3600, "DNS:csms.example", false, true},
        };
        const Pki *pki = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                struct Vector v = {.common_name = "x",
                                   .names = cases[i].name,
                                   .expires_in = cases[i].expires_in};
                SSL_CTX *ctx = server_of(&v, pki);
                PeerScript script = {.run = peer_secure, .tls = ctx};
                Run run = {.then = judge_dates, .config = {.ca_file = pki->root_file}};

                expected_sni = "csms.example";
                dates_held = true;
                run.judge_by = cases[i].by == 0 || cases[i].by == USEC_INFINITY
                                       ? cases[i].by
                                       : wallclock_now() + cases[i].by * USEC_PER_SEC;
                run_with(&run, &script, "wss", "csms.example");
                if (run.opens != cases[i].opens || dates_held != cases[i].holds)
                        fail_msg("%zu: %s, %s", i, link_end_to_string(run.end), run.reason);
                run_done(&run);
                SSL_CTX_free(ctx);
        }
}

static const Pki *the_pki;
static uint8_t root_seen[EVP_MAX_MD_SIZE];

static void add_foreign(Run *run)
{
        assert_true(link_is_encrypted(run->link));
        assert_int_equal(link_add_roots(run->link, the_pki->foreign_file), 0);
        assert_int_equal(link_add_roots(run->link, "/dev/null"), -EBADMSG); /* nothing changes */
}

static void add_and_remove_foreign(Run *run)
{
        add_foreign(run);
        assert_int_equal(link_add_roots(run->link, NULL), 0);
}

static void look_at_root(Run *run)
{
        const uint8_t *root = link_root(run->link);

        assert_non_null(root);
        memcpy(root_seen, root, SHA256_DIGEST_LENGTH);
        link_close(run->link);
}

/* Roots that come later count besides the configured ones, until they are taken back. */
static void link_tls_trusts_roots_that_come_later(void **state)
{
        static const struct {
                void (*before)(Run *run);
                bool foreign, opens;
        } cases[] = {
                {NULL, false, true},
                {NULL, true, false},
                {add_foreign, true, true},
                {add_foreign, false, true},
                {add_and_remove_foreign, true, false},
                {add_and_remove_foreign, false, true},
        };

        the_pki = *state;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                struct Vector v = {.common_name = "x",
                                   .names = "DNS:csms.example",
                                   .foreign = cases[i].foreign,
                                   .expires_in = 3600};
                const Cert *root = v.foreign ? &the_pki->foreign_root : &the_pki->root;
                SSL_CTX *ctx = server_of(&v, the_pki);
                PeerScript script = {.run = peer_secure, .tls = ctx};
                Run run = {.before = cases[i].before,
                           .then = look_at_root,
                           .config = {.ca_file = the_pki->root_file}};
                uint8_t digest[EVP_MAX_MD_SIZE];

                expected_sni = "csms.example";
                run_with(&run, &script, "wss", "csms.example");
                if (run.opens != cases[i].opens)
                        fail_msg("%zu: %s, %s", i, link_end_to_string(run.end), run.reason);
                assert_int_equal(X509_digest(root->x509, EVP_sha256(), digest, NULL), 1);
                if (run.opens)
                        assert_memory_equal(root_seen, digest, SHA256_DIGEST_LENGTH);
                assert_null(link_root(run.link));
                run_done(&run);
                SSL_CTX_free(ctx);
        }
}

/* Neither roots of its own nor the system's: nobody is trusted, above all not by accident. */
static void link_tls_without_roots_trusts_nobody(void **state)
{
        SSL_CTX *ctx = server_of(&vectors[0], *state);
        PeerScript script = {.run = peer_secure, .tls = ctx};

        for (int system_roots = 0; system_roots <= 1; system_roots++) {
                Run run = {.config = {.use_system_roots = system_roots}};

                run_with(&run, &script, "wss", vectors[0].host);
                assert_int_equal(run.end, LINK_BAD_CERTIFICATE);
                run_done(&run);
        }
        SSL_CTX_free(ctx);
}

/* The system's roots count where they are asked for, and only there. */
static void link_tls_takes_system_roots_if_told(void **state)
{
        const Pki *pki = *state;
        int set = setenv(X509_get_default_cert_file_env(), pki->root_file, 1);
        SSL_CTX *ctx = server_of(&vectors[0], pki);
        PeerScript script = {.run = peer_secure, .tls = ctx};

        assert_int_equal(set, 0);
        expected_sni = vectors[0].host;
        for (int system_roots = 0; system_roots <= 1; system_roots++) {
                Run run = {.then = close_link, .config = {.use_system_roots = system_roots}};

                run_with(&run, &script, "wss", vectors[0].host);
                assert_int_equal(run.end, system_roots ? LINK_CLOSED : LINK_BAD_CERTIFICATE);
                run_done(&run);
        }
        unsetenv(X509_get_default_cert_file_env());
        SSL_CTX_free(ctx);
}

static void peer_speak_plainly(Peer *p)
{
        char c[64];

        peer_check(peer_read(p, c, sizeof(c)) > 0);
        peer_write(p, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
        peer_drain(p);
}

static void peer_hang_up(Peer *p)
{
        char c[64];

        peer_check(peer_read(p, c, sizeof(c)) > 0);
        shutdown(p->fd, SHUT_WR);
        peer_drain(p);
}

/* No TLS at all is TLS that failed; a connection that ends is the network's doing, and no reason to
 * suspect the server's certificate. */
static void link_tls_knows_network_from_tls(void **state)
{
        static const struct {
                PeerScript script;
                LinkEnd end;
        } cases[] = {
                {{.run = peer_speak_plainly, .raw = true}, LINK_TLS_FAILED},
                {{.run = peer_hang_up, .raw = true}, LINK_CLOSED},
        };
        const Pki *pki = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Run run = {.config = {.ca_file = pki->root_file}};

                run_with(&run, &cases[i].script, "wss", "csms.example");
                if (run.end != cases[i].end)
                        fail_msg("%zu: %s, %s", i, link_end_to_string(run.end), run.reason);
                run_done(&run);
        }
}

static void link_tls_refuses_a_bad_ca_file(void **state)
{
        static const char *const files[] = {"/nonexistent", "/dev/null"};
        LinkTls *tls = NULL;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                assert_int_equal(link_tls_new("h", files[i], false, &tls), -EBADMSG);
        assert_null(tls);
}

static int set_up(void **state)
{
        static Pki pki;

        pki.root = cert_make("Root", NULL, NULL, 86400);
        pki.foreign_root = cert_make("Foreign Root", NULL, NULL, 86400);
        snprintf(pki.root_file, sizeof(pki.root_file), "/tmp/test-link-tls-%d.pem", getpid());
        snprintf(pki.foreign_file, sizeof(pki.foreign_file), "/tmp/test-link-tls-%d-foreign.pem",
                 getpid());
        cert_write(&pki.root, pki.root_file);
        cert_write(&pki.foreign_root, pki.foreign_file);
        *state = &pki;
        return 0;
}

static int tear_down(void **state)
{
        Pki *pki = *state;

        unlink(pki->root_file);
        unlink(pki->foreign_file);
        cert_done(&pki->root);
        cert_done(&pki->foreign_root);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(link_tls_trusts_only_the_right_server),
                cmocka_unit_test(link_tls_looks_at_dates_as_told),
                cmocka_unit_test(link_tls_trusts_roots_that_come_later),
                cmocka_unit_test(link_tls_without_roots_trusts_nobody),
                cmocka_unit_test(link_tls_takes_system_roots_if_told),
                cmocka_unit_test(link_tls_knows_network_from_tls),
                cmocka_unit_test(link_tls_refuses_a_bad_ca_file),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
