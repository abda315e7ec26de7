/* config.c and its helpers: every kind of value, every complaint with its line, drop-ins and files.
 */
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/config-option.h"
#include "core/config-value.h"

#define BASE                                                                                       \
        "[csms]\nurl = wss://csms.example/ocpp\nidentity = CS-1\n"                                 \
        "[station]\nvendor = V\nmodel = M\n"

static int parse(const char *text, Config *ret, ConfigError *reterr)
{
        *reterr->text = '\0';
        return config_parse("t.conf", text, strlen(text), ret, reterr);
}

static const struct {
        const char *text;
        int result;
        usec_t usec;
} spans[] = {
        {"0", 0, 0},
        {"45", 0, 45 * USEC_PER_SEC},
        {"250ms", 0, 250 * USEC_PER_MSEC},
        {"30s", 0, 30 * USEC_PER_SEC},
        {"10min", 0, 10 * USEC_PER_MIN},
        {"1h30min", 0, 90 * USEC_PER_MIN},
        {"1h 30 min", 0, 90 * USEC_PER_MIN},
        {"24h", 0, 24 * USEC_PER_HOUR},
        {"2d", 0, 48 * USEC_PER_HOUR},
        {"1w", 0, 168 * USEC_PER_HOUR},
        {"", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"-1s", -EINVAL, 0},
        {"1.5h", -EINVAL, 0},
        {"1h30", -EINVAL, 0},
        {"5 minutes", -EINVAL, 0},
        {"infinity", -EINVAL, 0},
        {"3000000000", 0, 3000000000 * USEC_PER_SEC},
        {"36501d", -ERANGE, 0},
        {"18446744073709551616", -ERANGE, 0},
        {"18446744073709551615s", -ERANGE, 0},
};

static const struct {
        const char *text;
        int result;
        uint64_t bytes;
} sizes[] = {
        {"0", 0, 0},
        {"4096", 0, 4096},
        {"64K", 0, 65536},
        {"512M", 0, UINT64_C(512) << 20},
        {"4G", 0, UINT64_C(4) << 30},
        {"1T", 0, UINT64_C(1) << 40},
        {"", -EINVAL, 0},
        {"M", -EINVAL, 0},
        {"5MB", -EINVAL, 0},
        {"5m", -EINVAL, 0},
        {"-5", -EINVAL, 0},
        {"99999999999T", -ERANGE, 0},
};

static void config_values_are_read(void **state)
{

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(spans); i++) {
                usec_t v = 0;

                assert_int_equal(value_parse_span(spans[i].text, &v), spans[i].result);
                assert_int_equal(v, spans[i].usec);
        }
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                uint64_t v = 0;

                assert_int_equal(value_parse_size(sizes[i].text, &v), sizes[i].result);
                assert_int_equal(v, sizes[i].bytes);
        }
}

static void config_numbers_and_words_are_read(void **state)
{
        static const char *const words[] = {"a", "bc", NULL};
        _cleanup_(value_free_wordsp) char **list = NULL;
        int64_t n = 0;
        bool b = false;

        (void)state;
        assert_int_equal(value_parse_int("-7", &n), 0);
        assert_int_equal(n, -7);
        assert_int_equal(value_parse_int("7x", &n), -EINVAL);
        assert_int_equal(value_parse_int("9223372036854775808", &n), -ERANGE);
        assert_int_equal(value_parse_bool("true", &b), 0);
        assert_true(b);
        assert_int_equal(value_parse_bool("no", &b), 0);
        assert_false(b);
        assert_int_equal(value_parse_bool("on", &b), -EINVAL);
        assert_int_equal(value_parse_words(words, "a a", &list), -EINVAL);
        assert_int_equal(value_parse_words(words, "a d", &list), -EINVAL);
        assert_int_equal(value_parse_words(words, " ", &list), -EINVAL);
        assert_int_equal(value_parse_words(words, "bc \ta", &list), 0);
        assert_string_equal(list[0], "bc");
        assert_string_equal(list[1], "a");
        assert_null(list[2]);
}

static void config_defaults_are_as_documented(void **state)
{
        _cleanup_(config_done) Config c;
        ConfigError e;

        (void)state;
        assert_int_equal(parse(BASE, &c, &e), 0);
        assert_string_equal(c.url, "wss://csms.example/ocpp");
        assert_string_equal(c.protocols[0], "ocpp2.0.1");
        assert_string_equal(c.protocols[1], "ocpp1.6");
        assert_null(c.protocols[2]);
        assert_null(c.password_file);
        assert_int_equal(c.connect_timeout, 30 * USEC_PER_SEC);
        assert_int_equal(c.ping_interval, 60 * USEC_PER_SEC);
        assert_int_equal(c.backoff_repeat_times, 5);
        assert_int_equal(c.max_frame, 1 << 20);
        assert_int_equal(c.require_signed, SIGNED_AUTO);
        assert_true(c.allow_pkcs1);
        assert_string_equal(c.spool, "/var/lib/rauc-ocpp-agent/spool");
        assert_int_equal(c.max_bundle_size, UINT64_C(4) << 30);
        assert_string_equal(c.transfer_protocols[0], "https");
        assert_int_equal(c.retries, 3);
        assert_int_equal(c.transfer_timeout, 0);
        assert_int_equal(c.install_timeout, 2 * USEC_PER_HOUR);
        assert_int_equal(c.health_within, 10 * USEC_PER_MIN);
        assert_int_equal(c.mark_good, MARK_BY_AGENT);
        assert_int_equal(c.reboot, REBOOT_LOGIND);
        assert_string_equal(c.rauc_bus, "system");
        assert_int_equal(c.outbox_max, 500);
}

static void config_settings_reach_their_member(void **state)
{
        _cleanup_(config_done) Config c;
        ConfigError e;

        (void)state;
        assert_int_equal(
                parse("\xef\xbb\xbf# with a byte order mark\r\n" BASE
                      "serial = 1 ; a comment\r\n  connectors=2\n\n"
                      "[firmware]\nrequire_signed = yes\nretries = 0\nmark_good=integrator\n"
                      "reboot = command\nreboot_command = /sbin/reboot\n"
                      "transfer_protocols = http\ndownload_rate = 2M\nallow_pkcs1 = no\n"
                      "[state]\ndirectory = /data/agent\n[csms]\nprotocols = ocpp1.6",
                      &c, &e),
                0);
        assert_string_equal(c.serial, "1");
        assert_int_equal(c.connectors, 2);
        assert_int_equal(c.require_signed, SIGNED_YES);
        assert_int_equal(c.retries, 0);
        assert_int_equal(c.mark_good, MARK_BY_INTEGRATOR);
        assert_int_equal(c.reboot, REBOOT_COMMAND);
        assert_string_equal(c.reboot_command, "/sbin/reboot");
        assert_string_equal(c.transfer_protocols[0], "http");
        assert_null(c.transfer_protocols[1]);
        assert_int_equal(c.download_rate, 2 << 20);
        assert_false(c.allow_pkcs1);
        assert_string_equal(c.spool, "/data/agent/spool");
        assert_string_equal(c.protocols[0], "ocpp1.6");
        assert_null(c.protocols[1]);
}

#define LONG50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
        const char *text, *complaint;
} complaints[] = {
        {"", "t.conf: [csms] url: expected an address, got none"},
        {"[csms]\nurl = http://h\n",
         "t.conf:2: [csms] url: expected a ws:// or wss:// address without user and "
         "password, got \"http://h\""},
        {"[csms]\nurl = wss://me:secret@h/\n", "t.conf:2: [csms] url: "},
        {"[csms]\nurl = wss://\n", "t.conf:2: [csms] url: "},
        {"[csms]\nurl = ws://h\n",
         "t.conf: [csms] identity: expected this or identity_file, got neither"},
        {"[csms]\nurl = ws://h\nidentity=a\nidentity_file=/a\n",
         "t.conf:4: [csms] identity_file: expected this or identity, got both"},
        {"[csms]\nurl = ws://h\nidentity=a:b\n", "t.conf:3: [csms] identity: "},
        {"[csms]\nurl = ws://h\nidentity=a\n", "t.conf: [station] vendor: "},
        {"[csms]\nurl = ws://h\nidentity=a\n[station]\nvendor=v", "t.conf: [station] model: "},
        {BASE "[firmware]\nreboot = command\n",
         "t.conf: [firmware] reboot_command: expected a program, as reboot is command"},
        {BASE "colour = red\n", "t.conf:7: [station] colour: there is no such option"},
        {BASE "[fridge]\nurl = ws://h\n", "t.conf:8: [fridge] url: there is no such option"},
        {"url = ws://h\n", "t.conf:1: [] url: there is no such option"},
        {BASE "model = N\n",
         "t.conf:7: [station] model: expected once, got a second time (line 6 has it)"},
        {BASE "release_file = os-release\n",
         "t.conf:7: [station] release_file: expected an absolute path that can be read, "
         "got \"os-release\""},
        {BASE "connectors = 0\n",
         "t.conf:7: [station] connectors: expected a number from 1 to 1000, got \"0\""},
        {BASE "connectors = -1\n", "t.conf:7: [station] connectors: "},
        {BASE "[csms]\nmessage_timeout = 0\n",
         "t.conf:8: [csms] message_timeout: expected a time span such as 30s, 10min or "
         "24h, at least 1s, got \"0\""},
        {BASE "[csms]\nmax_frame = 1G\n",
         "t.conf:8: [csms] max_frame: expected a size such as 512M or 4G, from 16K to 64M, "
         "got \"1G\""},
        {BASE "[csms]\nuse_system_roots = maybe\n",
         "t.conf:8: [csms] use_system_roots: expected yes or no, got \"maybe\""},
        {BASE "[firmware]\nreboot = now\n",
         "t.conf:8: [firmware] reboot: expected one of logind, command, never, got "
         "\"now\""},
        {BASE "[firmware]\ntransfer_protocols = https ftp\n",
         "t.conf:8: [firmware] transfer_protocols: expected one or more of https, http, "
         "got \"https ftp\""},
        {BASE "no sense here\n", "t.conf:7: expected [section], key = value or # comment"},
        {BASE "[csms\nping_interval = 0\n",
         "t.conf:7: expected [section], key = value or # comment"},
        {BASE "serial = " LONG50 LONG50 LONG50 LONG50 "\n",
         "t.conf:7: expected at most 198 characters in a line, got 209"},
        {"[csms]\nurl = \x1b[2J\n", "t.conf:2: [csms] url: expected a ws:// or wss:// "
                                    "address without user and password, got \"?[2J\""},
};

static void config_complaints_name_line_and_key(void **state)
{

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(complaints); i++) {
                Config c;
                ConfigError e;

                assert_int_equal(parse(complaints[i].text, &c, &e), -EINVAL);
                if (!startswith(e.text, complaints[i].complaint))
                        assert_string_equal(e.text, complaints[i].complaint);
        }
}

static void config_takes_the_longest_line_that_inih_can(void **state)
{
        char text[512];
        Config c;
        ConfigError e;
        int n;

        (void)state;
        n = snprintf(text, sizeof(text), BASE "serial=%191s\n", "x");
        assert_int_equal(config_parse("t.conf", text, (size_t)n, &c, &e), 0);
        assert_string_equal(c.serial, "x");
        config_done(&c);
        n = snprintf(text, sizeof(text), BASE "serial=%192s\n", "x");
        assert_int_equal(config_parse("t.conf", text, (size_t)n, &c, &e), -EINVAL);
}

static void config_refuses_a_nul_byte(void **state)
{
        static const char text[] = BASE "serial = 1\0002\n";
        Config c;
        ConfigError e;

        (void)state;
        assert_int_equal(config_parse("t.conf", text, sizeof(text) - 1, &c, &e), -EINVAL);
        assert_string_equal(e.text, "t.conf:7: expected text, got a NUL byte");
}

/* data/agent.conf has every option once, in the table's order and with the table's default. */
static void config_example_shows_every_option(void **state)
{
        _cleanup_(freep) char *path = str_printf("%s/data/agent.conf", getenv("SOURCE_DIR"));
        _cleanup_(freep) char *text = NULL;
        _cleanup_(config_done) Config c;
        char section[32] = "", key[64], value[256], *rest, *line;
        size_t count = 0;

        (void)state;
        assert_int_equal(config_init(&c), 0);
        assert_int_equal(file_read(path, 65536, &text, NULL), 0);
        rest = text;
        while ((line = strsep(&rest, "\n"))) {
                const Option *o;

                assert_true(strlen(line) <= 198);
                if (sscanf(line, "[%31[a-z]]", section) == 1 ||
                    sscanf(line, "#%63[a-z0-9_] = %255[^\n]", key, value) != 2)
                        continue;
                o = config_option_find(section, key);
                assert_ptr_equal(o, &config_options[count++]);
                if (o->fallback)
                        assert_string_equal(o->fallback, value);
                assert_int_equal(config_option_set(o, &c, value), 0);
        }
        assert_int_equal(count, config_option_count);
}

/* docs/interfaces.md has a row for every option, with its default. */
static void config_documentation_has_every_option(void **state)
{
        _cleanup_(freep) char *path = str_printf("%s/docs/interfaces.md", getenv("SOURCE_DIR"));
        _cleanup_(freep) char *text = NULL;

        (void)state;
        assert_int_equal(file_read(path, 65536, &text, NULL), 0);
        for (size_t i = 0; i < config_option_count; i++) {
                const Option *o = &config_options[i];
                _cleanup_(freep) char *row =
                        str_printf("\n| %s | %s | %s | %s |\n", o->section, o->key,
                                   o->fallback ? o->fallback : "\xe2\x80\x93", o->meaning);

                if (!strstr(text, row))
                        assert_string_equal(row, "a row of docs/interfaces.md");
        }
}

static void config_table_has_no_option_twice(void **state)
{
        (void)state;
        for (size_t i = 0; i < config_option_count; i++) {
                const Option *o = &config_options[i];

                assert_ptr_equal(config_option_find(o->section, o->key), o);
                assert_true(strlen(o->meaning) > 20);
        }
}

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
                cmocka_unit_test(config_values_are_read),
                cmocka_unit_test(config_numbers_and_words_are_read),
                cmocka_unit_test(config_defaults_are_as_documented),
                cmocka_unit_test(config_settings_reach_their_member),
                cmocka_unit_test(config_complaints_name_line_and_key),
                cmocka_unit_test(config_takes_the_longest_line_that_inih_can),
                cmocka_unit_test(config_refuses_a_nul_byte),
                cmocka_unit_test(config_example_shows_every_option),
                cmocka_unit_test(config_documentation_has_every_option),
                cmocka_unit_test(config_table_has_no_option_twice),
                WITH_FILES(config_drop_ins_win_in_order),
                WITH_FILES(config_drop_ins_are_named_in_complaints),
                WITH_FILES(config_missing_file_is_told),
                WITH_FILES(config_reads_identity_and_serial_from_files),
                WITH_FILES(config_refuses_identity_files_of_no_use),
                WITH_FILES(config_wants_programs_executable),
                WITH_FILES(config_password_is_one_line),
        };

        return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
