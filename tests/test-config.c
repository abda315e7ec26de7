/* config.c and its helpers: every kind of value, every complaint with its line, drop-ins and files.
 */
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/config-option.h"

#define BASE                                                                                       \
        "[csms]\nurl = ws://csms.example/ocpp\nidentity = CS-1\n"                                  \
        "[station]\nvendor = V\nmodel = M\n"

static int parse(const char *text, Config *ret, ConfigError *reterr)
{
        *reterr->text = '\0';
        return config_parse("t.conf", text, strlen(text), ret, reterr);
}

static void config_defaults_are_as_documented(void **state)
{
        _cleanup_(config_done) Config c;
        ConfigError e;

        (void)state;
        assert_int_equal(parse(BASE, &c, &e), 0);
        assert_string_equal(c.url, "ws://csms.example/ocpp");
        assert_string_equal(c.protocols[0], "ocpp2.1");
        assert_string_equal(c.protocols[1], "ocpp2.0.1");
        assert_string_equal(c.protocols[2], "ocpp1.6");
        assert_null(c.protocols[3]);
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
        assert_int_equal(c.supply_phases, PHASES_UNKNOWN);
        assert_int_equal(c.max_power, 0);
        assert_string_equal(config_connector_types[c.connector_type], "Undetermined");
}

static void config_settings_reach_their_member(void **state)
{
        _cleanup_(config_done) Config c;
        ConfigError e;

        (void)state;
        assert_int_equal(
                parse("\xef\xbb\xbf# with a byte order mark\r\n" BASE
                      "serial = 1 ; a comment\r\n  connectors=2\n\n"
                      "supply_phases = 0\nmax_power = 100000000\nconnector_type = s309-3P-32A\n"
                      "[firmware]\nrequire_signed = yes\nretries = 0\nmark_good=integrator\n"
                      "reboot = command\nreboot_command = /sbin/reboot\n"
                      "transfer_protocols = http sftp\ndownload_rate = 2M\nallow_pkcs1 = no\n"
                      "client_cert_file = /c\nclient_key = pkcs11:token=t;object=k\n"
                      "credentials_file = /l\nproxy = socks5h://proxy:1080\n"
                      "[state]\ndirectory = /data/agent\n[csms]\nprotocols = ocpp1.6",
                      &c, &e),
                0);
        assert_string_equal(c.serial, "1");
        assert_int_equal(c.connectors, 2);
        assert_int_equal(c.supply_phases, PHASES_DC);
        assert_int_equal(c.max_power, 100000000);
        assert_string_equal(config_connector_types[c.connector_type], "s309-3P-32A");
        assert_int_equal(c.require_signed, SIGNED_YES);
        assert_int_equal(c.retries, 0);
        assert_int_equal(c.mark_good, MARK_BY_INTEGRATOR);
        assert_int_equal(c.reboot, REBOOT_COMMAND);
        assert_string_equal(c.reboot_command, "/sbin/reboot");
        assert_string_equal(c.transfer_protocols[0], "http");
        assert_string_equal(c.transfer_protocols[1], "sftp");
        assert_null(c.transfer_protocols[2]);
        assert_string_equal(c.transfer_client_cert, "/c");
        assert_string_equal(c.transfer_client_key, "pkcs11:token=t;object=k");
        assert_string_equal(c.transfer_credentials, "/l");
        assert_string_equal(c.transfer_proxy, "socks5h://proxy:1080");
        assert_int_equal(c.download_rate, 2 << 20);
        assert_false(c.allow_pkcs1);
        assert_string_equal(c.spool, "/data/agent/spool");
        assert_string_equal(c.protocols[0], "ocpp1.6");
        assert_null(c.protocols[1]);
}

static void config_takes_lists_of_any_words(void **state)
{
        _cleanup_(config_done) Config c = {0};
        ConfigError e;

        (void)state;
        assert_int_equal(parse(BASE "[logs]\nfiles = /a/*.log  /b\nupload_method = multipart\n"
                                    "journal_units = charger.service\n",
                               &c, &e),
                         0);
        assert_string_equal(c.log_files[0], "/a/*.log");
        assert_string_equal(c.log_files[1], "/b");
        assert_null(c.log_files[2]);
        assert_string_equal(c.journal_units[0], "charger.service");
        assert_int_equal(c.upload_method, UPLOAD_MULTIPART);
        assert_int_equal(c.log_retries, 3);
        assert_string_equal(c.ocpp_log, "/var/log/rauc-ocpp-agent/ocpp.log");
        assert_null(c.session_log_path);
        assert_int_equal(config_option_set(config_option_find("logs", "files"), &c, ""), 0);
        assert_null(c.log_files); /* taken back */
}

#define LONG50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
        const char *text, *complaint;
} complaints[] = {
        {"", "t.conf: [csms] url: expected an address, got none"},
        {"[csms]\nurl = http://h\n",
         "t.conf:2: [csms] url: expected an address without user, password and query that begins "
         "with one of ws://, wss://, got \"http://h\""},
        {"[csms]\nurl = wss://me:secret@h/\n", "t.conf:2: [csms] url: "},
        {"[csms]\nurl = wss://\n", "t.conf:2: [csms] url: "},
        {"[csms]\nurl = ws://h/ocpp?station=1\n", "t.conf:2: [csms] url: "},
        {"[csms]\nurl = wss://h/\nidentity = C\n[station]\nvendor = V\nmodel = M\n",
         "t.conf: [csms] ca_file: expected this or use_system_roots = yes, as url is wss://"},
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
        {BASE "serial = " LONG50 "\n",
         "t.conf:7: [station] serial: expected a word or a sentence of "
         "at most 25 characters, got \""},
        {BASE "serial = \xff\n", "t.conf:7: [station] serial: expected a word or a sentence of "},
        {BASE "connectors = 0\n",
         "t.conf:7: [station] connectors: expected a number from 1 to 1000, got \"0\""},
        {BASE "connectors = -1\n", "t.conf:7: [station] connectors: "},
        {BASE "supply_phases = 2\n",
         "t.conf:7: [station] supply_phases: expected one of unknown, 0, 1, 3, got \"2\""},
        {BASE "max_power = 22kW\n",
         "t.conf:7: [station] max_power: expected a number from 0 to 100000000, got \"22kW\""},
        {BASE "connector_type = ctype2\n",
         "t.conf:7: [station] connector_type: expected one of cCCS1, cCCS2, cG105, "},
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
        {BASE "[firmware]\ntransfer_protocols = https file\n",
         "t.conf:8: [firmware] transfer_protocols: expected one or more of https, http, ftps, ftp, "
         "sftp, got \"https file\""},
        {BASE "[logs]\nfiles = /var/log/a *.log\n",
         "t.conf:8: [logs] files: expected absolute paths, parted by blanks, got \"/var/log/a "
         "*.log\""},
        {BASE "[logs]\njournal_units = a.service /b\n",
         "t.conf:8: [logs] journal_units: expected names, parted by blanks, got "},
        {BASE "[logs]\nocpp_log = ocpp.log\n",
         "t.conf:8: [logs] ocpp_log: expected an absolute path, got \"ocpp.log\""},
        {BASE "[logs]\nmax_log_size = 1K\n", "t.conf:8: [logs] max_log_size: "},
        {BASE "[firmware]\nproxy = http://me:secret@h:8080\n", "t.conf:8: [firmware] proxy: "},
        {BASE "[firmware]\nproxy = h:8080\n",
         "t.conf:8: [firmware] proxy: expected an address without user, password and query that "
         "begins with one of http://, https://, socks5h://, socks5://, got \"h:8080\""},
        {BASE "[firmware]\nclient_key = key.pem\n",
         "t.conf:8: [firmware] client_key: expected an absolute path that can be read, or the URI "
         "of a provider, got \"key.pem\""},
        {BASE "[firmware]\nclient_key = pkcs11:\n", "t.conf:8: [firmware] client_key: "},
        {BASE "[firmware]\nclient_key = pkcs11:token=t\n",
         "t.conf:8: [firmware] client_key: expected client_cert_file too, got the key alone"},
        {BASE "no sense here\n", "t.conf:7: expected [section], key = value or # comment"},
        {BASE "[csms\nping_interval = 0\n",
         "t.conf:7: expected [section], key = value or # comment"},
        {BASE "serial = " LONG50 LONG50 LONG50 LONG50 "\n",
         "t.conf:7: expected at most 198 characters in a line, got 209"},
        {"[csms]\nurl = \x1b[2J\n",
         "t.conf:2: [csms] url: expected an address without user, password and query that begins "
         "with one of ws://, wss://, got \"?[2J\""},
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

/* What print writes to stdout. Owned by the caller. */
static char *printed(void (*print)(void))
{
        char path[] = "/tmp/test-config-XXXXXX", *text = NULL;
        int file = mkstemp(path), saved = dup(STDOUT_FILENO);

        assert_true(file >= 0 && saved >= 0);
        fflush(stdout);
        dup2(file, STDOUT_FILENO);
        print();
        fflush(stdout);
        dup2(saved, STDOUT_FILENO);
        assert_int_equal(file_read(path, 65536, &text, NULL), 0);
        unlink(path);
        close(file);
        close(saved);
        return text;
}

static void config_prints_every_option(void **state)
{
        _cleanup_(freep) char *help = printed(config_print_help);
        _cleanup_(freep) char *man = printed(config_print_man);

        (void)state;
        for (size_t i = 0; i < config_option_count; i++) {
                const Option *o = &config_options[i];
                _cleanup_(freep) char *in_help = str_printf("\n%s = %s\n    %s\n", o->key,
                                                            strempty(o->fallback), o->meaning);
                _cleanup_(freep) char *in_man = str_printf(".TP\n.B %s =\n", o->key);

                assert_non_null(strstr(help, in_help));
                assert_non_null(strstr(man, in_man));
        }
        assert_non_null(strstr(help, "\n[state]\n"));
        assert_non_null(strstr(man, "\n.SS [state]\n"));
        assert_non_null(strstr(man, "percent\\-encoded"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(config_defaults_are_as_documented),
                cmocka_unit_test(config_settings_reach_their_member),
                cmocka_unit_test(config_takes_lists_of_any_words),
                cmocka_unit_test(config_complaints_name_line_and_key),
                cmocka_unit_test(config_takes_the_longest_line_that_inih_can),
                cmocka_unit_test(config_refuses_a_nul_byte),
                cmocka_unit_test(config_example_shows_every_option),
                cmocka_unit_test(config_documentation_has_every_option),
                cmocka_unit_test(config_table_has_no_option_twice),
                cmocka_unit_test(config_prints_every_option),
        };

        return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
