/* Locks: held as long as a copy of the descriptor is open, by whomever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "locks.h"

typedef struct World {
        sd_event *event;
        Locks *locks;
        unsigned changes;
} World;

static void on_change(void *userdata)
{
        ((World *)userdata)->changes++;
}

static int set_up(void **state)
{
        World *w = calloc(1, sizeof(*w));

        *state = w;
        return !w || sd_event_new(&w->event) < 0 ||
               locks_new(w->event, on_change, w, &w->locks) < 0;
}

static int tear_down(void **state)
{
        World *w = *state;

        locks_free(w->locks);
        sd_event_unref(w->event);
        free(w);
        return 0;
}

/* Everything that is pending. */
static void run(World *w)
{
        while (sd_event_run(w->event, 0) > 0)
                ;
}

static void lock_is_held_until_its_last_copy_is_closed(void **state)
{
        World *w = *state;
        int fd, copy;

        assert_int_equal(locks_take(w->locks, "meter", "a session", 2, &fd), 0);
        assert_int_equal(w->changes, 1);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        assert_string_equal(locks_get(w->locks, 0)->who, "meter");
        assert_string_equal(locks_get(w->locks, 0)->why, "a session");
        assert_int_equal(locks_get(w->locks, 0)->connector, 2);
        copy = dup(fd);
        close(fd);
        run(w);
        assert_non_null(locks_get(w->locks, 0));
        close(copy);
        run(w);
        assert_null(locks_get(w->locks, 0));
        assert_int_equal(w->changes, 2);
}

static void lock_does_not_mind_what_a_holder_writes(void **state)
{
        World *w = *state;
        int fd;

        assert_int_equal(locks_take(w->locks, "meter", "", 0, &fd), 0);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(write(fd, "xxxx", 4), 4);
                run(w);
                assert_non_null(locks_get(w->locks, 0));
        }
        assert_int_equal(w->changes, 1);
        close(fd);
        run(w);
        assert_null(locks_get(w->locks, 0));
}

static void locks_stay_in_order_and_have_an_end(void **state)
{
        World *w = *state;
        int fds[LOCKS_MAX], fd;
        char name[16];

        for (int i = 0; i < LOCKS_MAX; i++) {
                snprintf(name, sizeof(name), "n%d", i);
                assert_int_equal(locks_take(w->locks, name, "", 0, &fds[i]), 0);
        }
        assert_int_equal(locks_take(w->locks, "more", "", 0, &fd), -ENOSPC);
        close(fds[0]);
        close(fds[5]);
        run(w);
        assert_string_equal(locks_get(w->locks, 0)->who, "n1");
        assert_string_equal(locks_get(w->locks, 3)->who, "n4");
        assert_string_equal(locks_get(w->locks, 4)->who, "n6");
        assert_null(locks_get(w->locks, LOCKS_MAX - 2));
        assert_int_equal(locks_take(w->locks, "more", "", 0, &fds[0]), 0);
        close(fds[0]);
        for (int i = 1; i < LOCKS_MAX; i++)
                if (i != 5)
                        close(fds[i]);
        run(w);
        assert_null(locks_get(w->locks, 0));
}

static void lock_refuses_texts_that_are_none(void **state)
{
        World *w = *state;
        char who[LOCK_WHO_MAX + 1], why[LOCK_WHY_MAX + 1];
        int fd;

        memset(who, 'a', sizeof(who));
        memset(why, 'a', sizeof(why));
        who[LOCK_WHO_MAX] = why[LOCK_WHY_MAX] = '\0';
        assert_int_equal(locks_take(w->locks, who, "", 0, &fd), -EINVAL);
        assert_int_equal(locks_take(w->locks, "a", why, 0, &fd), -EINVAL);
        assert_int_equal(locks_take(w->locks, "", "a", 0, &fd), -EINVAL);
        assert_int_equal(locks_take(w->locks, "a\nb", "", 0, &fd), -EINVAL);
        assert_int_equal(locks_take(w->locks, "a", "\x1b[31m", 0, &fd), -EINVAL);
        assert_int_equal(w->changes, 0);
        assert_int_equal(locks_take(w->locks, who + 1, why + 1, 0, &fd), 0);
        close(fd);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(lock_is_held_until_its_last_copy_is_closed),
                world_test(lock_does_not_mind_what_a_holder_writes),
                world_test(locks_stay_in_order_and_have_an_end),
                world_test(lock_refuses_texts_that_are_none),
        };

        return cmocka_run_group_tests_name("locks", tests, NULL, NULL);
}
