/* log.c: what goes to the journal, what to stderr, and whether the catalogue explains every id. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <stdint.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cmocka.h>

/* The journal's end, in the real one's place. */
static int fake_sendv(const struct iovec *pieces, int count);
#define sd_journal_sendv fake_sendv
#include "core/log.c"

static char journal[4096]; /* the last entry, a field a line */
static int journal_result;

static int fake_sendv(const struct iovec *pieces, int count)
{
        size_t n = 0;

        for (int i = 0; i < count; i++)
                n += (size_t)snprintf(journal + n, sizeof(journal) - n, "%.*s\n",
                                      (int)pieces[i].iov_len, (const char *)pieces[i].iov_base);
        return journal_result;
}

/* stderr turned into a file while a case runs. */
typedef struct Capture {
        int saved, file;
        char text[8192];
} Capture;

static int capture_setup(void **state)
{
        Capture *c = calloc(1, sizeof(*c));
        char path[] = "/tmp/test-log-XXXXXX";

        if (!c || (c->file = mkstemp(path)) < 0)
                return -1;
        unlink(path);
        c->saved = dup(STDERR_FILENO);
        dup2(c->file, STDERR_FILENO);
        unsetenv("JOURNAL_STREAM");
        unsetenv("RAUC_OCPP_LOG_LEVEL");
        journal[0] = '\0';
        journal_result = 0;
        max_level = -1;
        *state = c;
        return 0;
}

static int capture_teardown(void **state)
{
        Capture *c = *state;

        dup2(c->saved, STDERR_FILENO);
        close(c->saved);
        close(c->file);
        free(c);
        return 0;
}

static const char *captured(Capture *c)
{
        ssize_t n = pread(c->file, c->text, sizeof(c->text) - 1, 0);

        assert_true(n >= 0);
        c->text[n] = '\0';
        return c->text;
}

static void pretend_journal(int inode_off_by)
{
        char stream[64];
        struct stat st;

        assert_int_equal(fstat(STDERR_FILENO, &st), 0);
        snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
                 (unsigned long long)st.st_ino + (unsigned long long)inode_off_by);
        setenv("JOURNAL_STREAM", stream, 1);
}

static void log_names_the_level_on_stderr(void **state)
{
        log_error("one");
        log_warning("two %i", 2);
        log_notice("three");
        log_info("four");
        log_debug("not at this level");
        assert_string_equal(captured(*state), "error: one\nwarning: two 2\nthree\nfour\n");
}

static void log_appends_and_returns_the_error(void **state)
{
        assert_int_equal(log_error_errno(-ENOSPC, "spool"), -ENOSPC);
        assert_int_equal(log_full(LOG_DEBUG, -EIO, "silent"), -EIO);
        assert_string_equal(captured(*state), "error: spool: No space left on device\n");
}

static void log_level_comes_from_the_environment(void **state)
{
        static const struct {
                const char *word;
                int level;
        } vectors[] = {{"err", LOG_ERR},   {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
                       {"info", LOG_INFO}, {"debug", LOG_DEBUG},     {"", LOG_INFO}};

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                setenv("RAUC_OCPP_LOG_LEVEL", vectors[i].word, 1);
                max_level = -1;
                assert_int_equal(log_get_max_level(), vectors[i].level);
        }
        assert_string_equal(captured(*state), "");
}

/* Once, before the line that was to be written; every word that is known is named. */
static void log_warns_of_an_unknown_level(void **state)
{
        const char *said;

        setenv("RAUC_OCPP_LOG_LEVEL", "lo\x1bud", 1);
        log_debug("no");
        log_info("yes");
        log_info("and yes");
        said = captured(*state);
        assert_non_null(startswith(said, "warning: RAUC_OCPP_LOG_LEVEL is \"lo?ud\""));
        assert_string_equal(strchr(said, '\n'), "\nyes\nand yes\n");
        for (int i = LOG_ERR; i <= LOG_DEBUG; i++)
                assert_non_null(strstr(said, levels[i].word));
}

static void log_keeps_a_peers_control_characters_off_the_terminal(void **state)
{
        log_info("a\x1b[2Jb\nerror: forged\x7f");
        assert_string_equal(captured(*state), "a?[2Jb error: forged?\n");
}

static void log_cuts_long_lines(void **state)
{
        char text[LOG_LINE_MAX * 2];

        memset(text, 'x', sizeof(text));
        text[sizeof(text) - 1] = '\0';
        log_full(LOG_ERR, -EIO, "%s", text);
        assert_int_equal(strlen(captured(*state)), strlen("error: ") + LOG_LINE_MAX - 1 + 1);
}

static void log_keeps_errno(void **state)
{
        (void)state;
        errno = EXDEV;
        log_error_errno(-EIO, "x");
        assert_int_equal(errno, EXDEV);
}

static void log_event_gives_the_journal_its_fields(void **state)
{
        const LogFields fields = {.request_id = "0",
                                  .action = "UpdateFirmware",
                                  .status = "Installed",
                                  .firmware_uri = "https://files.example/fw"};

        pretend_journal(0);
        log_event(LOG_NOTICE, EVENT_INSTALLED, &fields, "update %i is %s", 0, "installed");
        assert_string_equal(captured(*state), "");
        assert_non_null(strstr(journal, "MESSAGE=update 0 is installed\nPRIORITY=5\n"));
        assert_non_null(strstr(journal, event_ids[EVENT_INSTALLED]));
        assert_non_null(strstr(journal, "\nOCPP_REQUEST_ID=0\nOCPP_ACTION=UpdateFirmware\n"
                                        "OCPP_STATUS=Installed\n"
                                        "FIRMWARE_URI=https://files.example/fw\n"));
        assert_null(strstr(journal, "ERRNO="));
}

static void log_leaves_out_fields_that_are_not_given(void **state)
{
        (void)state;
        pretend_journal(0);
        log_error_errno(-ENOENT, "root");
        assert_non_null(strstr(journal, "MESSAGE=root: No such file or directory\n"));
        assert_non_null(strstr(journal, "\nERRNO=2\n"));
        assert_null(strstr(journal, "MESSAGE_ID="));
        assert_null(strstr(journal, "OCPP_"));
}

static void log_trusts_journal_stream_only_for_this_stderr(void **state)
{
        static const char *const others[] = {"", "1", "1:", ":1", "1:2:3", "x:y"};

        pretend_journal(1);
        log_info("a");
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                setenv("JOURNAL_STREAM", others[i], 1);
                log_info("b");
        }
        assert_string_equal(captured(*state), "a\nb\nb\nb\nb\nb\nb\n");
        assert_string_equal(journal, "");
}

static void log_falls_back_when_the_journal_is_away(void **state)
{
        pretend_journal(0);
        journal_result = -ENOENT;
        log_event(LOG_WARNING, EVENT_DISCONNECTED, NULL, "gone");
        assert_string_equal(captured(*state), "warning: gone\n");
}

/* Every id once in the table, once in the catalogue, nothing else in there, and each entry tells
 * more than its subject. */
static void log_catalogue_explains_every_id(void **state)
{
        _cleanup_(freep) char *path =
                str_printf("%s/data/rauc-ocpp-agent.catalog", getenv("SOURCE_DIR"));
        _cleanup_(freep) char *text = NULL;
        size_t entries = 0;

        (void)state;
        assert_int_equal(file_read(path, 65536, &text, NULL), 0);
        for (const char *p = text; (p = strstr(p, "\n-- ")); p += 4)
                entries++;
        assert_int_equal(entries, LOG_EVENT_MAX);
        for (size_t i = 0; i < LOG_EVENT_MAX; i++) {
                _cleanup_(freep) char *head = str_printf("\n-- %s\nSubject: ", event_ids[i]);
                uint8_t id[16];
                const char *entry;

                assert_int_equal(hex_decode(event_ids[i], id, sizeof(id)), 0);
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(event_ids[i], event_ids[j]);
                entry = strstr(text, head);
                assert_non_null(entry);
                assert_non_null(strstr(entry, "\nDefined-By: rauc-ocpp-agent\n\n"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(log_names_the_level_on_stderr),
                cmocka_unit_test(log_appends_and_returns_the_error),
                cmocka_unit_test(log_level_comes_from_the_environment),
                cmocka_unit_test(log_warns_of_an_unknown_level),
                cmocka_unit_test(log_keeps_a_peers_control_characters_off_the_terminal),
                cmocka_unit_test(log_cuts_long_lines),
                cmocka_unit_test(log_keeps_errno),
                cmocka_unit_test(log_event_gives_the_journal_its_fields),
                cmocka_unit_test(log_leaves_out_fields_that_are_not_given),
                cmocka_unit_test(log_trusts_journal_stream_only_for_this_stderr),
                cmocka_unit_test(log_falls_back_when_the_journal_is_away),
                cmocka_unit_test(log_catalogue_explains_every_id),
        };

        /* Each case with its own stderr and environment. */
        struct CMUnitTest prepared[ELEMENTSOF(tests)];

        memcpy(prepared, tests, sizeof(tests));
        for (size_t i = 0; i < ELEMENTSOF(prepared); i++) {
                prepared[i].setup_func = capture_setup;
                prepared[i].teardown_func = capture_teardown;
        }
        return cmocka_run_group_tests_name("log", prepared, NULL, NULL);
}
