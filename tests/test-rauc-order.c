/* What RAUC is told of a bundle, by its version, and what it tells. */
#include "rauc-dummy.h"

static void dummy_is_told_transactions_by_version(void **state)
{
        /* clang-format off */
        static const struct {
                const sd_bus_vtable *vtable;
                bool takes_transaction;
                int installs, transactions; /* what RAUC saw of the first install */
                int more;                   /* transactions of the second */
        } vectors[] = {
                { vtable_1_8, false, 1, 0, 0 },
                { vtable_1_9, false, 2, 1, 0 }, /* 1.9: tried, refused, again without */
                { vtable_1_9, true,  1, 1, 1 }, /* 1.10 */
        };
        /* clang-format on */

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                Dummy *d = enter(state, vectors[i].vtable);

                d->takes_transaction = vectors[i].takes_transaction;
                assert_int_equal(ask_install(&d->w, "/bundle", "id"), 0);
                assert_int_equal(d->installs, vectors[i].installs);
                assert_int_equal(d->transactions, vectors[i].transactions);

                /* What was found out is kept: no second try. */
                emit_completed(d, 0);
                emit_operation(d, "idle");
                await(&d->w, &d->w.idle, 1);
                assert_int_equal(d->w.completed, 1);
                assert_int_equal(ask_install(&d->w, "/bundle", "id"), 0);
                assert_int_equal(d->installs, vectors[i].installs + 1);
                assert_int_equal(d->transactions, vectors[i].transactions + vectors[i].more);
                leave(d);
        }
}

/* The same of the manifest hash, which later versions take. */
static void dummy_is_told_the_hash_by_version(void **state)
{
        /* clang-format off */
        static const struct {
                const sd_bus_vtable *vtable;
                bool takes_transaction, takes_hash;
                int installs, transactions, hashes; /* what RAUC saw of the first install */
                int more_transactions, more_hashes; /* … and of the second */
        } vectors[] = {
                { vtable_1_8,  false, false, 1, 0, 0, 0, 0 },
                { vtable_1_9,  false, false, 2, 1, 0, 0, 0 },
                { vtable_1_9,  true,  false, 1, 1, 0, 1, 0 }, /* 1.10 */
                { vtable_1_13, true,  false, 2, 2, 1, 1, 0 },
                { vtable_1_13, true,  true,  1, 1, 1, 1, 1 }, /* 1.14 */
        };
        /* clang-format on */
        BundleOrder order = {
                .location = "/bundle", .transaction_id = "id", .manifest_hash = "hash"};

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                Dummy *d = enter(state, vectors[i].vtable);

                d->takes_transaction = vectors[i].takes_transaction;
                d->takes_hash = vectors[i].takes_hash;
                assert_int_equal(ask_install_of(&d->w, &order), 0);
                assert_int_equal(d->installs, vectors[i].installs);
                assert_int_equal(d->transactions, vectors[i].transactions);
                assert_int_equal(d->hashes, vectors[i].hashes);
                emit_completed(d, 0);
                emit_operation(d, "idle");
                await(&d->w, &d->w.idle, 1);
                assert_int_equal(ask_install_of(&d->w, &order), 0);
                assert_int_equal(d->installs, vectors[i].installs + 1);
                assert_int_equal(d->transactions,
                                 vectors[i].transactions + vectors[i].more_transactions);
                assert_int_equal(d->hashes, vectors[i].hashes + vectors[i].more_hashes);
                leave(d);
        }
}

/* A refusal must not be a way to an install without the hash, once RAUC has taken one. */
static void dummy_keeps_the_hash_once_it_was_taken(void **state)
{
        Dummy *d = enter(state, vtable_1_13);
        BundleOrder order = {.location = "/bundle", .manifest_hash = "hash"};

        d->takes_hash = true;
        assert_int_equal(ask_install_of(&d->w, &order), 0);
        emit_completed(d, 1);
        emit_operation(d, "idle");
        await(&d->w, &d->w.idle, 1);
        d->refuses = true;
        assert_int_equal(ask_install_of(&d->w, &order), INSTALLER_REFUSED);
        assert_int_equal(d->installs, 2);
        leave(d);
}

static void dummy_tells_of_a_bundle(void **state)
{
        Dummy *d = enter(state, vtable_1_9);

        assert_int_equal(ask_inspect(&d->w, &(BundleOrder){.location = "/bundle"}), 0);
        assert_string_equal(d->w.bundle, "toaster|2.0|verity|hash");
        leave(d);
}

static void dummy_is_told_how_to_stream(void **state)
{
        Dummy *d = enter(state, vtable_1_9);
        BundleOrder order = {.location = "https://h/b",
                             .tls_cert = "/c",
                             .tls_key = "pkcs11:k",
                             .tls_ca = "/a",
                             .http_header = "X: y"};

        assert_int_equal(ask_inspect(&d->w, &order), 0);
        assert_string_equal(d->given, "https://h/b tls-cert=/c tls-key=pkcs11:k tls-ca=/a "
                                      "http-headers=X: y");
        assert_int_equal(ask_inspect(&d->w, &(BundleOrder){.location = "http://h/b"}), 0);
        assert_string_equal(d->given, "http://h/b");
        leave(d);
}

/* RAUC 1.8 would download it as a whole to tell what it is. */
static void dummy_of_old_is_not_asked_for_a_url(void **state)
{
        Dummy *d = enter(state, vtable_1_8);

        assert_int_equal(ask_inspect(&d->w, &(BundleOrder){.location = "http://h/b"}), -EOPNOTSUPP);
        assert_int_equal(d->looks, 0);
        leave(d);
}

/* A look that was forgotten is not answered, not even by the answer to the next one. */
static void dummy_answers_no_forgotten_look(void **state)
{
        Dummy *d = enter(state, vtable_1_9);
        Installer *i = d->w.installer;
        BundleOrder order = {.location = "http://h/b"};

        i->ops->inspect(i, &order, on_bundle, &d->w);
        i->ops->forget_looks(i);
        assert_int_equal(ask_state(&d->w), 0);
        settle(&d->w, RAUC);
        assert_int_equal(d->w.answers, 1);
        i->ops->inspect(i, &order, on_bundle, &d->w);
        await(&d->w, &d->looks, 1);
        i->ops->forget_looks(i);
        assert_int_equal(ask_inspect(&d->w, &order), 0);
        assert_int_equal(d->w.answers, 2);
        leave(d);
}

static void dummy_refuses_installs(void **state)
{
        Dummy *d = enter(state, vtable_1_9);

        d->refuses = d->takes_transaction = true;
        assert_int_equal(ask_install(&d->w, "/bundle", "id"), INSTALLER_REFUSED);
        assert_int_equal(d->installs, 2); /* once without transaction-id, never more */
        assert_int_equal(ask_install(&d->w, "/bundle", "id"), INSTALLER_REFUSED);
        assert_int_equal(d->transactions, 2); /* that it takes them is not forgotten */
        assert_int_equal(ask_install(&d->w, "/bundle", NULL), INSTALLER_REFUSED);
        assert_int_equal(d->installs, 5);
        emit_completed(d, 0);
        settle(&d->w, RAUC);
        assert_int_equal(d->w.completed, 0);
        leave(d);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(dummy_is_told_transactions_by_version),
                cmocka_unit_test(dummy_is_told_the_hash_by_version),
                cmocka_unit_test(dummy_keeps_the_hash_once_it_was_taken),
                cmocka_unit_test(dummy_tells_of_a_bundle),
                cmocka_unit_test(dummy_is_told_how_to_stream),
                cmocka_unit_test(dummy_of_old_is_not_asked_for_a_url),
                cmocka_unit_test(dummy_answers_no_forgotten_look),
                cmocka_unit_test(dummy_refuses_installs),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
