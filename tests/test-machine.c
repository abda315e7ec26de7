/* The edge to the machine: boot id, release, hook programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"

typedef struct Place {
        char folder[64];
        char file[96];
} Place;

static int setup(void **state)
{
        static Place place;
        sigset_t child;

        strcpy(place.folder, "/tmp/test-machine-XXXXXX");
        assert_non_null(mkdtemp(place.folder));
        snprintf(place.file, sizeof(place.file), "%s/boot_id", place.folder);
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        sigprocmask(SIG_BLOCK, &child, NULL);
        *state = &place;
        return 0;
}

static int teardown(void **state)
{
        Place *p = *state;

        unlink(p->file);
        return rmdir(p->folder);
}

static void write_file(const Place *p, const char *text, unsigned mode)
{
        assert_int_equal(file_write_atomic(p->file, text, strlen(text), mode), 0);
        assert_int_equal(chmod(p->file, mode), 0);
}

/* The first thing that is missing is named; what the kernel may load by itself, at the start alone.
 */
static void machine_looks_for_what_streams_need(void **state)
{
        static const char *const modules[] = {"nbd", "dm_mod", "dm_verity"};
        static const char *const words[] = {"nbd", "device mapper", "dm-verity"};
        Place *p = *state;
        char sys[96], folder[96], paths[ELEMENTSOF(modules)][128];

        snprintf(sys, sizeof(sys), "%s/sys", p->folder);
        snprintf(folder, sizeof(folder), "%s/sys/module", p->folder);
        assert_int_equal(mkdir(sys, 0700), 0);
        assert_int_equal(mkdir(folder, 0700), 0);
        setenv("RAUC_OCPP_BOOT_DIR", p->folder, 1);
        for (size_t i = 0; i < ELEMENTSOF(modules); i++) {
                assert_non_null(strstr(machine_lacks_for_streams(true), words[i]));
                if (i < 2)
                        assert_non_null(strstr(machine_lacks_for_streams(false), words[i]));
                else
                        assert_null(machine_lacks_for_streams(false));
                snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, modules[i]);
                assert_int_equal(mkdir(paths[i], 0700), 0);
        }
        assert_null(machine_lacks_for_streams(true));
        unsetenv("RAUC_OCPP_BOOT_DIR");
        for (size_t i = 0; i < ELEMENTSOF(modules); i++)
                rmdir(paths[i]);
        rmdir(folder);
        rmdir(sys);
}

static void machine_reads_the_boot_id(void **state)
{
        Place *p = *state;
        char kernel[BOOT_ID_MAX], seam[BOOT_ID_MAX];

        assert_int_equal(machine_boot_id(kernel), 0);
        assert_int_equal(strlen(kernel), 36);
        write_file(p, "  another boot \n", 0600);
        setenv("RAUC_OCPP_BOOT_DIR", p->folder, 1);
        assert_int_equal(machine_boot_id(seam), 0);
        assert_string_equal(seam, "another boot");
        write_file(p, "\n", 0600);
        assert_int_equal(machine_boot_id(seam), -ENODATA);
        setenv("RAUC_OCPP_BOOT_DIR", "/proc/nowhere", 1);
        assert_int_equal(machine_boot_id(seam), -ENOENT);
        unsetenv("RAUC_OCPP_BOOT_DIR");
}

/* clang-format off */
static const struct {
        const char *text, *version; /* NULL: nothing tells it */
} releases[] = {
        {"NAME=x\nVERSION_ID=3\nIMAGE_VERSION=4.5\n",  "4.5"},
        {"VERSION_ID=\"12 beta\"\n",                   "12 beta"},
        {"IMAGE_VERSION='1'\r\nVERSION_ID=2\r\n",      "1"},
        {"IMAGE_VERSION=\nVERSION_ID=2",               "2"},
        {"XIMAGE_VERSION=9\n",                         "XIMAGE_VERSION=9"},
        {"  2024.1-rc3  \nmore\n",                     "2024.1-rc3"},
        {"\n",                                         NULL},
        {"",                                           NULL},
};
/* clang-format on */

static void machine_finds_the_version_in_a_release_file(void **state)
{
        Place *p = *state;

        for (size_t i = 0; i < ELEMENTSOF(releases); i++) {
                _cleanup_(freep) char *version = NULL;
                int r;

                write_file(p, releases[i].text, 0600);
                r = machine_release_version(p->file, "the bundle's", &version);
                assert_int_equal(r, releases[i].version ? 0 : -ENOENT);
                if (r == 0)
                        assert_string_equal(version, releases[i].version);
        }
        assert_int_equal(machine_release_version("/proc/nowhere", NULL, &(char *){NULL}), -ENOENT);
}

static void machine_without_release_file_prefers_the_bundle_s_version(void **state _unused_)
{
        _cleanup_(freep) char *version = NULL;

        /* A development machine's os-release has no IMAGE_VERSION. */
        assert_int_equal(machine_release_version(NULL, "2.0.0", &version), 0);
        assert_string_equal(version, "2.0.0");
}

typedef struct Run {
        sd_event *event;
        int status, calls;
} Run;

static void on_end(void *userdata, int status)
{
        Run *run = userdata;

        run->status = status;
        run->calls++;
        sd_event_exit(run->event, 0);
}

/* Runs a script with the argument "verify"; its status. */
static int run_script(const Place *p, const char *script, usec_t timeout)
{
        static const char *const environment[] = {"OCPP_REQUEST_ID=-7", NULL};
        Run run = {.status = -99};
        Program *program = NULL;

        write_file(p, script, 0700);
        assert_true(sd_event_new(&run.event) >= 0);
        assert_int_equal(program_run(run.event, p->file, "verify", environment, timeout, on_end,
                                     &run, &program),
                         0);
        assert_int_equal(sd_event_loop(run.event), 0);
        assert_int_equal(run.calls, 1);
        program_free(program);
        sd_event_unref(run.event);
        return run.status;
}

static void machine_runs_a_program_and_tells_its_exit_code(void **state)
{
        assert_int_equal(run_script(*state, "#!/bin/sh\nexit 0\n", USEC_PER_MIN), 0);
        assert_int_equal(run_script(*state, "#!/bin/sh\nexit 2\n", USEC_PER_MIN), 2);
        assert_int_equal(run_script(*state, "#!/bin/sh\nkill -9 $$\n", USEC_PER_MIN), -1);
        assert_int_equal(
                run_script(*state,
                           "#!/bin/sh\n[ \"$1\" = verify ] && [ \"$OCPP_REQUEST_ID\" = -7 ] && "
                           "[ -n \"$PATH\" ] && [ -z \"$HOME\" ] && exit 7\n",
                           USEC_PER_MIN),
                7);
}

static void machine_kills_a_program_that_takes_too_long(void **state)
{
        assert_int_equal(run_script(*state, "#!/bin/sh\nexec sleep 600\n", 50 * USEC_PER_MSEC), -1);
}

static void machine_tells_what_can_not_be_run(void **state)
{
        Place *p = *state;
        Run run = {0};
        Program *program = NULL;

        write_file(p, "#!/bin/sh\n", 0600);
        assert_true(sd_event_new(&run.event) >= 0);
        assert_int_equal(
                program_run(run.event, p->file, NULL, NULL, USEC_PER_SEC, on_end, &run, &program),
                -EACCES);
        assert_null(program);
        assert_int_equal(run.calls, 0);
        sd_event_unref(run.event);
}

/* The fifo has no writer any more when the last of them is gone. */
static void machine_kills_the_program_s_children_too(void **state)
{
        Place *p = *state;
        _cleanup_(freep) char *fifo = str_printf("%s.fifo", p->file), *script = NULL;
        Run run = {0};
        struct pollfd told = {.events = POLLIN};
        Program *program = NULL;
        char c;
        int fd;

        script = str_printf("#!/bin/sh\nexec >%s\nsleep 600 &\necho\nwait\n", fifo);
        assert_int_equal(mkfifo(fifo, 0600), 0);
        fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        assert_true(fd >= 0);
        write_file(p, script, 0700);
        assert_true(sd_event_new(&run.event) >= 0);
        assert_int_equal(
                program_run(run.event, p->file, NULL, NULL, USEC_PER_MIN, on_end, &run, &program),
                0);
        told.fd = fd;
        assert_int_equal(poll(&told, 1, 10000), 1);
        assert_int_equal(read(fd, &c, 1), 1);
        assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
        program_free(program);
        assert_int_equal(read(fd, &c, 1), 0);
        assert_int_equal(run.calls, 0);
        sd_event_unref(run.event);
        close(fd);
        unlink(fifo);
}

static void machine_kills_what_is_freed(void **state)
{
        Place *p = *state;
        Run run = {0};
        Program *program = NULL;

        write_file(p, "#!/bin/sh\nexec sleep 600\n", 0700);
        assert_true(sd_event_new(&run.event) >= 0);
        assert_int_equal(
                program_run(run.event, p->file, NULL, NULL, USEC_PER_MIN, on_end, &run, &program),
                0);
        program_free(program);
        assert_int_equal(run.calls, 0);
        sd_event_unref(run.event);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(machine_reads_the_boot_id, setup, teardown),
                cmocka_unit_test_setup_teardown(machine_looks_for_what_streams_need, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(machine_finds_the_version_in_a_release_file, setup,
                                                teardown),
                cmocka_unit_test(machine_without_release_file_prefers_the_bundle_s_version),
                cmocka_unit_test_setup_teardown(machine_runs_a_program_and_tells_its_exit_code,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(machine_kills_a_program_that_takes_too_long, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(machine_tells_what_can_not_be_run, setup, teardown),
                cmocka_unit_test_setup_teardown(machine_kills_the_program_s_children_too, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(machine_kills_what_is_freed, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
