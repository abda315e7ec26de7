/* config-load.c: drop-ins, and the files that keys name. */
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/config.h"

#define BASE                                                                                       \
        "[csms]\nurl = ws://csms.example/ocpp\nidentity = CS-1\n"                                  \
        "[station]\nvendor = V\nmodel = M\n"

/* A folder of files for the cases that look at some. */
typedef struct Files {
        char folder[32];
        char *conf; /* path of agent.conf */
} Files;

static int files_setup(void **state)
{
        Files *f = calloc(1, sizeof(*f));

        if (!f)
                return -1;
        strcpy(f->folder, "/tmp/test-config-XXXXXX");
        if (!mkdtemp(f->folder))
                return -1;
        f->conf = str_printf("%s/agent.conf", f->folder);
        *state = f;
        return 0;
}

static int files_teardown(void **state)
{
        static const char *const names[] = {"agent.conf",
                                            "agent.conf.d/10-a.conf",
                                            "agent.conf.d/20-b.conf",
                                            "agent.conf.d/.hidden.conf",
                                            "agent.conf.d/README",
                                            "identity",
                                            "serial",
                                            "password"};
        Files *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_(freep) char *path = str_printf("%s/%s", f->folder, names[i]);

                unlink(path);
        }
        {
                _cleanup_(freep) char *drop_ins = str_printf("%s.d", f->conf);

                rmdir(drop_ins);
        }
        free(f->conf);
        if (rmdir(f->folder) < 0)
                return -1;
        free(f);
        return 0;
}

_printf_(3, 4) static void put(const Files *f, const char *name, const char *format, ...)
{
        _cleanup_(freep) char *path = str_printf("%s/%s", f->folder, name);
        char text[1024];
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        assert_true(n >= 0 && (size_t)n < sizeof(text));
        assert_int_equal(file_write_atomic(path, text, (size_t)n, 0600), 0);
}

static void make_drop_in_folder(const Files *f)
{
        _cleanup_(freep) char *path = str_printf("%s.d", f->conf);

        assert_int_equal(mkdir(path, 0700), 0);
}

static void config_drop_ins_win_in_order(void **state)
{
        _cleanup_(config_done) Config c;
        ConfigError e;
        Files *f = *state;

        make_drop_in_folder(f);
        put(f, "agent.conf", BASE "serial = main\nconnectors = 4\n");
        put(f, "agent.conf.d/20-b.conf", "[station]\nserial = twenty\n");
        put(f, "agent.conf.d/10-a.conf", "[station]\nserial = ten\nconnectors =\nmodel = N\n");
        put(f, "agent.conf.d/.hidden.conf", "nonsense");
        put(f, "agent.conf.d/README", "nonsense");
        assert_int_equal(config_load(f->conf, &c, &e), 0);
        assert_string_equal(c.serial, "twenty");
        assert_string_equal(c.model, "N");
        assert_int_equal(c.connectors, 1); /* taken back to its default */
}

static void config_drop_ins_are_named_in_complaints(void **state)
{
        Config c;
        ConfigError e;
        Files *f = *state;

        make_drop_in_folder(f);
        put(f, "agent.conf", BASE);
        put(f, "agent.conf.d/10-a.conf", "[station]\n\nserial_file = /nowhere/serial\n");
        assert_int_equal(config_load(f->conf, &c, &e), -EINVAL);
        assert_non_null(strstr(e.text,
                               "/agent.conf.d/10-a.conf:3: [station] serial_file: can't use "
                               "this file: No such file or directory"));
}

static void config_missing_file_is_told(void **state)
{
        Config c;
        ConfigError e;
        Files *f = *state;

        assert_int_equal(config_load(f->conf, &c, &e), -ENOENT);
        assert_non_null(strstr(e.text, "/agent.conf: No such file or directory"));
}

static void config_reads_identity_and_serial_from_files(void **state)
{
        _cleanup_(config_done) Config c;
        ConfigError e;
        Files *f = *state;

        put(f, "identity", " CS-77 \r\nsecond line\n");
        put(f, "serial", "S1");
        put(f, "agent.conf",
            "[csms]\nurl=ws://h\nidentity_file=%s/identity\n"
            "[station]\nvendor=v\nmodel=m\nserial=old\nserial_file=%s/serial\n",
            f->folder, f->folder);
        assert_int_equal(config_load(f->conf, &c, &e), 0);
        assert_string_equal(c.identity, "CS-77");
        assert_string_equal(c.serial, "S1");
}

static void config_refuses_identity_files_of_no_use(void **state)
{
        static const char *const texts[] = {"", "\n", "  \nCS-1\n", "CS:1\n", "CS\x1b\n"};
        Config c;
        ConfigError e;
        Files *f = *state;

        put(f, "agent.conf",
            "[csms]\nurl=ws://h\nidentity_file=%s/identity\n[station]\nvendor=v\nmodel=m\n",
            f->folder);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                put(f, "identity", "%s", texts[i]);
                assert_int_equal(config_load(f->conf, &c, &e), -EINVAL);
                assert_non_null(strstr(e.text, "/agent.conf:3: [csms] identity_file: "));
        }
}

static void config_wants_programs_executable(void **state)
{
        Config c;
        ConfigError e;
        Files *f = *state;

        put(f, "serial", "no program");
        put(f, "agent.conf", BASE "[firmware]\nverify_update_script = %s/serial\n", f->folder);
        assert_int_equal(config_load(f->conf, &c, &e), -EINVAL);
        assert_non_null(strstr(e.text, ":8: [firmware] verify_update_script: can't use this file: "
                                       "Permission denied"));
}

static void config_password_is_one_line(void **state)
{
        static const struct {
                const char *text;
                int result;
                const char *password;
        } vectors[] = {
                {"geheim\n", 0, "geheim"}, {"ge heim \r\n", 0, "ge heim "},
                {"geheim", 0, "geheim"},   {"", -EINVAL, NULL},
                {"\n", -EINVAL, NULL},     {"one\ntwo\n", -EINVAL, NULL},
        };
        Files *f = *state;
        _cleanup_(freep) char *path = str_printf("%s/password", f->folder);
        Config c = {0};
        char *password = NULL;

        assert_int_equal(config_read_password(&c, &password), 0);
        assert_null(password);
        c.password_file = path;
        assert_int_equal(config_read_password(&c, &password), -ENOENT);
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                put(f, "password", "%s", vectors[i].text);
                assert_int_equal(config_read_password(&c, &password), vectors[i].result);
                if (vectors[i].result == 0) {
                        assert_string_equal(password, vectors[i].password);
                        free(password);
                }
        }
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, files_setup, files_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_FILES(config_drop_ins_win_in_order),
                WITH_FILES(config_drop_ins_are_named_in_complaints),
                WITH_FILES(config_missing_file_is_told),
                WITH_FILES(config_reads_identity_and_serial_from_files),
                WITH_FILES(config_refuses_identity_files_of_no_use),
                WITH_FILES(config_wants_programs_executable),
                WITH_FILES(config_password_is_one_line),
        };

        return cmocka_run_group_tests_name("config-load", tests, NULL, NULL);
}
