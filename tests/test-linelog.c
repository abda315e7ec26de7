/* Log files of lines: kept within their size, whatever stands in the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linelog.h"

#define SIZE 64

typedef struct Place {
        char folder[64], path[96], older[100];
        LineLog log;
} Place;

static int setup(void **state)
{
        Place *p = calloc(1, sizeof(*p));

        strcpy(p->folder, "/tmp/test-linelog-XXXXXX");
        assert_non_null(mkdtemp(p->folder));
        snprintf(p->path, sizeof(p->path), "%s/x.log", p->folder);
        snprintf(p->older, sizeof(p->older), "%s.1", p->path);
        assert_int_equal(linelog_init(&p->log, p->path, SIZE), 0);
        *state = p;
        return 0;
}

static int remove_entry(const char *path, const struct stat *st _unused_, int type _unused_,
                        struct FTW *ftw _unused_)
{
        return remove(path);
}

static int teardown(void **state)
{
        Place *p = *state;

        linelog_done(&p->log);
        nftw(p->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        free(p);
        return 0;
}

static void assert_holds(const char *path, const char *wanted)
{
        _cleanup_(freep) char *text = NULL;

        assert_int_equal(file_read(path, 4096, &text, NULL), 0);
        assert_string_equal(text, wanted);
}

static void linelog_adds_lines_for_owner_and_group(void **state)
{
        Place *p = *state;
        struct stat st;
        mode_t before = umask(0022);

        assert_false(linelog_has_lines(&p->log));
        linelog_add(&p->log, "one");
        linelog_add(&p->log, "two");
        umask(before);
        assert_holds(p->path, "one\ntwo\n");
        assert_int_equal(stat(p->path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
        assert_true(linelog_has_lines(&p->log));
}

/* The full one is whole, the one before it goes. */
static void linelog_turns_when_it_is_full(void **state)
{
        Place *p = *state;
        _cleanup_(freep) char *older = linelog_older(&p->log);

        assert_string_equal(older, p->older);
        linelog_add(&p->log, "123456789012345678901234567890A"); /* half of SIZE with its end */
        linelog_add(&p->log, "123456789012345678901234567890B");
        assert_int_equal(access(p->older, F_OK), -1);
        linelog_add(&p->log, "C");
        assert_holds(p->older, "123456789012345678901234567890A\n"
                               "123456789012345678901234567890B\n");
        assert_holds(p->path, "C\n");
        for (int i = 0; i < 40; i++)
                linelog_add(&p->log, "D");
        assert_holds(p->path, "D\nD\nD\nD\nD\nD\nD\nD\nD\n");
        unlink(p->path);
        assert_true(linelog_has_lines(&p->log)); /* the full one is still there */
}

static void linelog_takes_a_line_longer_than_itself(void **state)
{
        Place *p = *state;
        char line[2 * SIZE];

        memset(line, 'x', sizeof(line) - 1);
        line[sizeof(line) - 1] = '\0';
        linelog_add(&p->log, line);
        linelog_add(&p->log, "y");
        assert_holds(p->path, "y\n");
}

/* Whoever moves the file away has it; a folder that comes later is used. */
static void linelog_opens_its_file_for_each_line(void **state)
{
        Place *p = *state;
        char moved[128];

        snprintf(moved, sizeof(moved), "%s/moved", p->folder);
        linelog_add(&p->log, "one");
        assert_int_equal(rename(p->path, moved), 0);
        linelog_add(&p->log, "two");
        assert_holds(moved, "one\n");
        assert_holds(p->path, "two\n");
}

static void linelog_does_not_hang_or_follow(void **state)
{
        Place *p = *state;
        char target[128];

        assert_int_equal(mkfifo(p->path, 0600), 0);
        linelog_add(&p->log, "nobody reads");
        assert_true(p->log.failing);
        assert_int_equal(unlink(p->path), 0);
        snprintf(target, sizeof(target), "%s/target", p->folder);
        assert_int_equal(symlink(target, p->path), 0);
        linelog_add(&p->log, "elsewhere");
        assert_true(p->log.failing);
        assert_int_equal(access(target, F_OK), -1);
        assert_int_equal(unlink(p->path), 0);
        linelog_add(&p->log, "again");
        assert_false(p->log.failing);
        assert_holds(p->path, "again\n");
}

static void linelog_keeps_nothing_without_a_size(void **state)
{
        Place *p = *state;
        LineLog none;

        assert_int_equal(linelog_init(&none, p->path, 0), 0);
        linelog_add(&none, "lost");
        assert_false(linelog_has_lines(&none));
        assert_null(linelog_older(&none));
        assert_int_equal(access(p->path, F_OK), -1);
        linelog_done(&none);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(linelog_adds_lines_for_owner_and_group, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(linelog_turns_when_it_is_full, setup, teardown),
                cmocka_unit_test_setup_teardown(linelog_takes_a_line_longer_than_itself, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(linelog_opens_its_file_for_each_line, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(linelog_does_not_hang_or_follow, setup, teardown),
                cmocka_unit_test_setup_teardown(linelog_keeps_nothing_without_a_size, setup,
                                                teardown),
        };

        return cmocka_run_group_tests_name("linelog", tests, NULL, NULL);
}
