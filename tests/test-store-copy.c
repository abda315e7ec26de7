/* The copy beside the database: which of its two records is read, whatever a power cut leaves of
 * the one that was being written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store-internal.h"
#include "store-place.h"

#define SECTOR 512

typedef struct Copy {
        char data[COPY_SIZE + 1];
        ino_t inode;
} Copy;

static Copy read_copy(const Place *p)
{
        _cleanup_(freep) char *path = str_printf("%s/update.copy", p->folder), *data = NULL;
        Copy copy = {0};
        struct stat st;
        size_t size = 0;

        assert_int_equal(file_read(path, COPY_SIZE, &data, &size), 0);
        assert_int_equal(size, COPY_SIZE);
        memcpy(copy.data, data, size);
        assert_int_equal(stat(path, &st), 0);
        copy.inode = st.st_ino;
        return copy;
}

/* The file after a step that leads to this state. */
static Copy step(Place *p, JobState state, const char *reason)
{
        _cleanup_(job_done) Job job;

        job_init(&job);
        job.state = state;
        job.reason = reason ? strdup(reason) : NULL;
        assert_int_equal(store_commit(p->store, &(StoreChange){.job = &job}), 0);
        return read_copy(p);
}

static bool tells(const Copy *copy, JobState state)
{
        Copy scratch = *copy;
        const char *text = store_copy_newest(scratch.data, COPY_SIZE);
        _cleanup_(freep) char *word = str_printf("\tstate=%s\t", job_state_to_string(state));

        return text && strstr(text, word) == text;
}

/* One sync a step: nothing but the older record changes, in place. */
static void store_copy_writes_over_the_older_record(void **state)
{
        Place *p = *state;
        Copy last = step(p, JOB_DOWNLOADING, NULL);
        size_t slot = SIZE_MAX;

        for (JobState s = JOB_VERIFYING; s < JOB_VERIFYING + 4; s++) {
                Copy now = step(p, s, NULL);
                bool first = memcmp(last.data, now.data, COPY_SLOT_SIZE) != 0;

                assert_true(tells(&now, s));
                assert_int_equal(now.inode, last.inode);
                assert_int_equal(memcmp(last.data + COPY_SLOT_SIZE, now.data + COPY_SLOT_SIZE,
                                        COPY_SLOT_SIZE) != 0,
                                 !first);
                assert_int_not_equal(slot, !first);
                slot = !first;
                last = now;
        }
}

/* Any prefix of the new record before the rest of the old one, the other way round, and any of its
 * sectors: it is the step before or this one, never a third thing. */
static void store_copy_survives_a_torn_write(void **state)
{
        Place *p = *state;
        Copy before, after;
        bool old, new;
        size_t others = 0;

        step(p, JOB_INSTALLING, "a long reason that the shorter record does not cover");
        before = step(p, JOB_DOWNLOADING, "short");
        after = step(p, JOB_VERIFYING, "longer than the one before, or there would be no tail");
        assert_true(tells(&before, JOB_DOWNLOADING));
        assert_true(tells(&after, JOB_VERIFYING));
        for (size_t cut = 0; cut <= COPY_SIZE; cut++)
                for (int turned = 0; turned < 2; turned++) {
                        Copy torn = turned ? after : before;

                        memcpy(torn.data, turned ? before.data : after.data, cut);
                        old = tells(&torn, JOB_DOWNLOADING);
                        new = tells(&torn, JOB_VERIFYING);
                        assert_true(old != new);
                        others += cut > 0 && cut < COPY_SIZE && old;
                }
        assert_true(others > 0);
        for (unsigned set = 0; set < 1U << (COPY_SIZE / SECTOR); set++) {
                Copy torn = before;

                for (size_t i = 0; i < COPY_SIZE / SECTOR; i++)
                        if (set & 1U << i)
                                memcpy(torn.data + i * SECTOR, after.data + i * SECTOR, SECTOR);
                assert_true(tells(&torn, JOB_DOWNLOADING) != tells(&torn, JOB_VERIFYING));
        }
}

/* A record whose every byte but one is right is none: the other one is read. */
static void store_copy_reads_no_damaged_record(void **state)
{
        Place *p = *state;
        Copy before = step(p, JOB_DOWNLOADING, NULL), after = step(p, JOB_VERIFYING, NULL);
        size_t at = memcmp(before.data, after.data, COPY_SLOT_SIZE) == 0 ? COPY_SLOT_SIZE : 0;
        size_t end = at + (size_t)(strchr(after.data + at, '\n') - (after.data + at));

        for (size_t i = at; i < end; i++) {
                Copy damaged = after;

                damaged.data[i] ^= 0x04;
                assert_true(tells(&damaged, JOB_DOWNLOADING));
        }
}

/* Of an agent before there were two records. */
static void store_copy_reads_a_lonely_line(void **state _unused_)
{
        char line[] = "rauc-ocpp-agent 1\tstate=downloading\n",
             other[] = "rauc-ocpp-agent 2\ta=b\n";

        assert_string_equal(store_copy_newest(line, strlen(line)), "state=downloading\n");
        assert_null(store_copy_newest(other, strlen(other)));
}

/* Somebody deleted it, or a step could not be written: the next one makes it anew. */
static void store_copy_is_made_anew(void **state)
{
        Place *p = *state;
        _cleanup_(freep) char *path = str_printf("%s/update.copy", p->folder);
        Copy copy = step(p, JOB_DOWNLOADING, NULL);

        assert_int_equal(unlink(path), 0);
        copy = step(p, JOB_VERIFYING, NULL);
        assert_true(tells(&copy, JOB_VERIFYING));
        copy = step(p, JOB_INSTALLING, NULL);
        assert_true(tells(&copy, JOB_INSTALLING));
        place_reopen(p);
        copy = read_copy(p);
        assert_true(tells(&copy, JOB_INSTALLING));
        copy = step(p, JOB_DOWNLOADING, NULL);
        assert_true(tells(&copy, JOB_DOWNLOADING));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(store_copy_writes_over_the_older_record, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(store_copy_survives_a_torn_write, setup, teardown),
                cmocka_unit_test_setup_teardown(store_copy_reads_no_damaged_record, setup,
                                                teardown),
                cmocka_unit_test(store_copy_reads_a_lonely_line),
                cmocka_unit_test_setup_teardown(store_copy_is_made_anew, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
