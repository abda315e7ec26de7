/* The queue of what waits, and the message that comes piece by piece. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link-frames.h"

static void link_queue_keeps_order_and_bound(void **state)
{
        static const char *const texts[] = {"one", "", "three"};
        LinkQueue q = {0};

        (void)state;
        for (int round = 0; round < 2; round++) {
                for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                        assert_int_equal(link_queue_add(&q, texts[i], strlen(texts[i]), 7, 9), 0);
                assert_int_equal(q.bytes, 8);
                assert_int_equal(link_queue_add(&q, "12", 2, 7, 9), -ENOBUFS);
                assert_int_equal(link_queue_add(&q, texts[0], SIZE_MAX, 7, 9), -ENOBUFS);
                for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                        LinkFrame *f = link_queue_take(&q);

                        assert_non_null(f);
                        assert_int_equal(f->size, strlen(texts[i]));
                        assert_memory_equal(f->data + 7, texts[i], f->size);
                        free(f);
                }
                assert_null(link_queue_take(&q));
                assert_int_equal(q.bytes, 0);
        }
        assert_int_equal(link_queue_add(&q, "left", 4, 0, 9), 0);
        link_queue_clear(&q);
        assert_null(link_queue_take(&q));
}

static void link_message_grows_to_its_limit(void **state)
{
        LinkMessage m = {0};

        (void)state;
        link_message_begin(&m, false);
        assert_int_equal(link_message_add(&m, "", 0, 0, 5), 0);
        assert_string_equal(m.text, "");
        assert_int_equal(link_message_add(&m, "ab", 2, 2, 5), 0);
        assert_int_equal(link_message_add(&m, "cde", 3, 0, 5), 0);
        assert_string_equal(m.text, "abcde");
        assert_int_equal(link_message_add(&m, "f", 1, 0, 5), -EMSGSIZE);
        assert_int_equal(m.size, 5);
        link_message_begin(&m, false);
        assert_int_equal(m.size, 0);
        link_message_clear(&m);
}

/* What a header announces counts before it has come, however much it is. */
static void link_message_counts_what_is_announced(void **state)
{
        static const struct {
                size_t size, remaining;
                int expected;
        } vectors[] = {
                {1, 4, 0},         {1, 5, -EMSGSIZE},        {5, 0, 0},
                {6, 0, -EMSGSIZE}, {1, SIZE_MAX, -EMSGSIZE}, {0, SIZE_MAX, -EMSGSIZE},
        };

        (void)state;
        for (int binary = 0; binary <= 1; binary++)
                for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                        LinkMessage m = {0};

                        link_message_begin(&m, binary);
                        assert_int_equal(link_message_add(&m, "abcdef", vectors[i].size,
                                                          vectors[i].remaining, 5),
                                         vectors[i].expected);
                        assert_int_equal(m.text != NULL, !binary && vectors[i].expected == 0);
                        link_message_clear(&m);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(link_queue_keeps_order_and_bound),
                cmocka_unit_test(link_message_grows_to_its_limit),
                cmocka_unit_test(link_message_counts_what_is_announced),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
