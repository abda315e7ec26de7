/* The file in a multipart form, however the body is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "form.h"

#define TYPE "multipart/form-data; boundary=B"
#define HEAD "Content-Disposition: form-data; name=\"uploadedfile\"; filename=\"x.zip\"\r\n"

/* clang-format off */
static const struct {
        const char *name, *type, *body;
        const char *content; /* NULL: there is no whole file */
        const char *file;
} vectors[] = {
        { "plain",              TYPE, "--B\r\n" HEAD "\r\nabc\r\n--B--\r\n", "abc", "x.zip" },
        { "empty",              TYPE, "--B\r\n" HEAD "\r\n\r\n--B--", "", "x.zip" },
        { "preamble",           TYPE, "hello\r\n--B\r\n" HEAD "Content-Type: a/b\r\n\r\nabc\r\n--B--\r\nbye", "abc", "x.zip" },
        { "almost delimiters",  TYPE, "--B\r\n" HEAD "\r\n\r\r\n\r\n-\r\n--\r\n--A\n--B\r\r\n--B--", "\r\r\n\r\n-\r\n--\r\n--A\n--B\r", "x.zip" },
        { "fields beside it",   TYPE, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\n" HEAD "\r\nabc\r\n--B\r\n"
                                      "content-disposition: form-data; filename=second\r\n\r\n2\r\n--B--", "abc", "x.zip" },
        { "quoted boundary",    "multipart/form-data; charset=x; Boundary=\"a b;c\"", "--a b;c\r\n" HEAD "\r\nabc\r\n--a b;c--", "abc", "x.zip" },
        { "escaped name",       TYPE, "--B\r\nContent-Disposition: form-data; filename=\"a\\\"b\"\r\n\r\nabc\r\n--B--", "abc", "a\"b" },
        { "no end",             TYPE, "--B\r\n" HEAD "\r\nabc", NULL, NULL },
        { "end cut",            TYPE, "--B\r\n" HEAD "\r\nabc\r\n--B-", NULL, NULL },
        { "no file",            TYPE, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--", NULL, NULL },
        { "no headers",         TYPE, "--B\r\n\r\nabc\r\n--B--", NULL, NULL },
        { "another boundary",   TYPE, "--C\r\n" HEAD "\r\nabc\r\n--C--", NULL, NULL },
        { "nothing",            TYPE, "", NULL, NULL },
};
/* clang-format on */

typedef struct Taken {
        char data[256];
        size_t size;
} Taken;

static int take(void *userdata, const void *data, size_t size)
{
        Taken *taken = userdata;
        assert_true(taken->size + size < sizeof(taken->data));
        memcpy(taken->data + taken->size, data, size);
        taken->size += size;
        return 0;
}

static void try_cut(size_t v, size_t step)
{
        Taken taken = {0};
        _cleanup_(form_freep) Form *form = NULL;
        size_t size = strlen(vectors[v].body);
        assert_int_equal(form_new(vectors[v].type, &form), 0);
        for (size_t i = 0; i < size; i += step)
                assert_int_equal(
                        form_feed(form, vectors[v].body + i, MIN(step, size - i), take, &taken), 0);
        if (form_is_whole(form) != (vectors[v].content != NULL))
                fail_msg("%s by %zu", vectors[v].name, step);
        if (!vectors[v].content)
                return;
        assert_int_equal(taken.size, strlen(vectors[v].content));
        assert_memory_equal(taken.data, vectors[v].content, taken.size);
        assert_string_equal(form_name(form), vectors[v].file);
}

static void file_is_found_however_the_body_is_cut(void **state _unused_)
{
        for (size_t v = 0; v < ELEMENTSOF(vectors); v++)
                for (size_t step = 1; step <= MAX(strlen(vectors[v].body), 1u); step++)
                        try_cut(v, step);
}

static void boundary_must_be_there(void **state _unused_)
{
        char too_long[128];
        snprintf(too_long, sizeof(too_long), "multipart/form-data; boundary=%071d", 0);
        const char *const types[] = {"multipart/form-data",
                                     "multipart/form-data; boundary",
                                     "multipart/form-data; boundary=",
                                     "multipart/form-data; boundary=\"\"",
                                     "multipart/form-data; xboundary=B",
                                     too_long};
        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                Form *form = NULL;
                assert_int_equal(form_new(types[i], &form), -EBADMSG);
        }
}

static void headers_have_a_limit(void **state _unused_)
{
        char many[FORM_HEADERS_MAX + 1];
        Taken taken = {0};
        _cleanup_(form_freep) Form *form = NULL;
        memset(many, 'x', sizeof(many));
        assert_int_equal(form_new(TYPE, &form), 0);
        assert_int_equal(form_feed(form, "--B\r\n", 5, take, &taken), 0);
        assert_int_equal(form_feed(form, many, sizeof(many), take, &taken), -EBADMSG);
}

static int refuse(void *userdata _unused_, const void *data _unused_, size_t size _unused_)
{
        return -ENOSPC;
}

static void who_takes_may_refuse(void **state _unused_)
{
        static const char body[] = "--B\r\n" HEAD "\r\nabc";
        _cleanup_(form_freep) Form *form = NULL;
        assert_int_equal(form_new(TYPE, &form), 0);
        assert_int_equal(form_feed(form, body, strlen(body), refuse, NULL), -ENOSPC);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(file_is_found_however_the_body_is_cut),
                cmocka_unit_test(boundary_must_be_there),
                cmocka_unit_test(headers_have_a_limit),
                cmocka_unit_test(who_takes_may_refuse),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
