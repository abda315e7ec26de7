/* rauc-ocpp-ctl, the real program, with the agent's D-Bus object on a bus of their own. */
#include <sys/stat.h>

#include <cjson/cJSON.h>

#include "control-world.h"
#include "doc-table.h"

#define OUTPUT_MAX 16384

static const ControlStatus many_statuses[] = {
        {1795500000000000, "41", "Downloading"}, {1795500001000000, "41", "DownloadFailed"},
        {1795500002000000, "42", "3"},           {1795500003000000, "42", "4"},
        {1795500004000000, "42", "5"},           {1795500005000000, "42", "6"},
        {1795500006000000, "42", "7"},           {1795500007000000, "42", "8"},
        {1795500008000000, "42", "9"},           {1795500009000000, NULL, "10"},
        {1795500010000000, "42", "11"},
};

/* What was asked for last, and what it gets. */
static const char *asked = "";
static int answer;

static int on_cancel(void *userdata _unused_)
{
        asked = "cancel";
        return answer;
}

static int on_pause(void *userdata _unused_)
{
        asked = "pause";
        return answer;
}

static int on_resume(void *userdata _unused_)
{
        asked = "resume";
        return answer;
}

static int locked[2]; /* a pipe: its write end is the lock */

static int on_inhibit(void *userdata _unused_, const char *who, const char *why, uint32_t connector,
                      int *ret_fd)
{
        assert_string_equal(who, "rauc-ocpp-ctl");
        assert_int_equal(connector, 0);
        asked = streq(why, "a reason") ? "inhibit" : streq(why, "sh") ? "sh" : "another";
        if (answer < 0)
                return answer;
        assert_int_equal(pipe2(locked, O_CLOEXEC | O_NONBLOCK), 0);
        *ret_fd = locked[1];
        return 0;
}

static const ControlHandlers handlers = {.get = get_state,
                                         .cancel = on_cancel,
                                         .pause = on_pause,
                                         .resume = on_resume,
                                         .inhibit = on_inhibit};

/* ---- the program ---- */

typedef struct Program {
        World *world;
        pid_t pid;
        int output, status;
        sd_event_source *source;
        bool ended;
        char text[OUTPUT_MAX];
        size_t size;
} Program;

static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Program *p = userdata;
        ssize_t n = read(fd, p->text + p->size, sizeof(p->text) - 1 - p->size);

        (void)events;
        if (n <= 0)
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        p->size += (size_t)n;
        p->text[p->size] = '\0';
        return 0;
}

/* Lets agent and program run until the text is there, or (NULL) the program has ended. */
static void wait_for(Program *p, const char *text)
{
        usec_t until = boottime_now() + PATIENCE_USEC;

        while (text ? !strstr(p->text, text) : !p->ended) {
                if (boottime_now() > until)
                        fail_msg("waited for \"%s\", have: %s", strempty(text), p->text);
                assert_true(sd_event_run(p->world->event, 20 * USEC_PER_MSEC) >= 0);
                if (!p->ended && waitpid(p->pid, &p->status, WNOHANG) == p->pid) {
                        p->ended = true;
                        while (sd_event_run(p->world->event, 0) > 0)
                                ;
                }
        }
}

static void begin(Program *p, World *w, const char *const arguments[])
{
        char path[512];
        const char *argv[16] = {path};
        size_t n = 1;

        *p = (Program){.world = w};
        snprintf(path, sizeof(path), "%s/bin/rauc-ocpp-ctl", getenv("BINARY_DIR"));
        for (; arguments[n - 1]; n++)
                argv[n] = arguments[n - 1];
        p->pid = start(argv, &p->output);
        assert_true(sd_event_add_io(w->event, &p->source, p->output, EPOLLIN, on_output, p) >= 0);
}

/* Its exit status. */
static int end(Program *p)
{
        wait_for(p, NULL);
        sd_event_source_disable_unref(p->source);
        close(p->output);
        assert_true(WIFEXITED(p->status));
        return WEXITSTATUS(p->status);
}

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define assert_contains(p, part)                                                                   \
        do {                                                                                       \
                if (!strstr((p)->text, (part)))                                                    \
                        fail_msg("no \"%s\" in: %s", (part), (p)->text);                           \
        } while (0)

/* ---- cases ---- */

static void ctl_shows_an_idle_agent(void **state)
{
        static const char *const parts[] = {
                "  Agent        0.1.0\n",   "  CSMS         wss://csms.example/ocpp/CP1\n",
                "  Identity     CP1\n",     "  Connection   ocpp2.0.1, registration accepted\n",
                "  Firmware     1.2.3\n",   "  Slot         rootfs.0\n",
                "  RAUC         running\n", "  Update       idle\n",
        };
        World *w = *state;
        Program p;

        start_agent(w, &handlers);
        begin(&p, w, ARGUMENTS("status"));
        assert_int_equal(end(&p), 0);
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                assert_contains(&p, parts[i]);
        assert_null(strstr(p.text, "Failed"));
        assert_null(strstr(p.text, "Next try"));
}

static void ctl_shows_a_failed_update(void **state)
{
        static const char *const parts[] = {
                "  Connection   not connected\n",
                "  Slot         unknown\n",
                "  RAUC         not running\n",
                "  Update       idle, 37 %, request 41\n",
                "  From         https://files.example/a?[31m?b\n", /* no escapes to the terminal */
                "  Bundle       toaster, version 2.0, format verity\n",
                "  Next try     2026-11-24 08:00:00\n",
                "  Failed       the server answered HTTP 404\n",
                "  Next step    see that the charger reaches the address above",
                "  Reported     2026-11-24 06:00:00  Downloading (request 41)\n",
                "               2026-11-24 06:00:01  DownloadFailed (request 41)\n",
        };
        World *w = *state;
        Program p;

        start_agent(w, &handlers);
        w->state.connected = w->state.installer_present = false;
        w->state.booted_slot = NULL;
        w->state.percent = 37;
        w->state.request_id = "41";
        w->state.location = "https://files.example/a\x1b[31m\xc2\x9b"
                            "b";
        w->state.bundle_compatible = "toaster";
        w->state.bundle_version = "2.0";
        w->state.bundle_format = "verity";
        w->state.next_try = 1795500000000000 + 2 * USEC_PER_HOUR;
        w->state.reason = "the server answered HTTP 404";
        w->state.statuses = many_statuses;
        w->state.n_statuses = 2;
        begin(&p, w, ARGUMENTS("--bus", w->address, "status"));
        assert_int_equal(end(&p), 1);
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                assert_contains(&p, parts[i]);
}

/* Between two attempts nothing has failed yet. */
static void ctl_shows_trouble_that_is_no_end(void **state)
{
        World *w = *state;
        Program p;

        start_agent(w, &handlers);
        w->state.job_state = "retrying";
        w->state.reason = "the server answered HTTP 503";
        w->state.statuses = many_statuses;
        w->state.n_statuses = 1;
        begin(&p, w, ARGUMENTS("status"));
        assert_int_equal(end(&p), 0);
        assert_contains(&p, "  Trouble      the server answered HTTP 503\n");
        assert_null(strstr(p.text, "Failed"));
}

static void ctl_writes_json(void **state)
{
        World *w = *state;
        Program p;

        start_agent(w, &handlers);
        w->state.statuses = many_statuses;
        w->state.n_statuses = ELEMENTSOF(many_statuses);
        w->state.location = "https://h/\"q\"";
        w->state.bundle_version = "2.0";
        begin(&p, w, ARGUMENTS("status", "--json"));
        assert_int_equal(end(&p), 0);
        assert_string_equal(
                p.text,
                "{\"connected\":true,\"protocol\":\"ocpp2.0.1\",\"registration\":\"accepted\","
                "\"url\":\"wss://csms.example/ocpp/CP1\",\"identity\":\"CP1\","
                "\"installerPresent\":true,\"bootedSlot\":\"rootfs.0\",\"firmwareVersion\":\"1.2."
                "3\","
                "\"jobState\":\"idle\",\"requestId\":\"\",\"location\":\"https://h/\\\"q\\\"\","
                "\"bundleCompatible\":\"\",\"bundleVersion\":\"2.0\",\"bundleFormat\":\"\","
                "\"percent\":null,\"nextTry\":null,\"reason\":\"\",\"heldBy\":\"\","
                "\"inoperative\":\"\",\"paused\":false,\"lastStatuses\":["
                "{\"time\":\"2026-11-24T06:00:01.000Z\",\"requestId\":\"41\",\"status\":"
                "\"DownloadFailed\"},"
                "{\"time\":\"2026-11-24T06:00:02.000Z\",\"requestId\":\"42\",\"status\":\"3\"},"
                "{\"time\":\"2026-11-24T06:00:03.000Z\",\"requestId\":\"42\",\"status\":\"4\"},"
                "{\"time\":\"2026-11-24T06:00:04.000Z\",\"requestId\":\"42\",\"status\":\"5\"},"
                "{\"time\":\"2026-11-24T06:00:05.000Z\",\"requestId\":\"42\",\"status\":\"6\"},"
                "{\"time\":\"2026-11-24T06:00:06.000Z\",\"requestId\":\"42\",\"status\":\"7\"},"
                "{\"time\":\"2026-11-24T06:00:07.000Z\",\"requestId\":\"42\",\"status\":\"8\"},"
                "{\"time\":\"2026-11-24T06:00:08.000Z\",\"requestId\":\"42\",\"status\":\"9\"},"
                "{\"time\":\"2026-11-24T06:00:09.000Z\",\"requestId\":\"\",\"status\":\"10\"},"
                "{\"time\":\"2026-11-24T06:00:10.000Z\",\"requestId\":\"42\",\"status\":\"11\"}],"
                "\"version\":\"0.1.0\"}\n");
}

static const char *type_of(const cJSON *value)
{
        return cJSON_IsBool(value)     ? "boolean"
               : cJSON_IsString(value) ? "string"
               : cJSON_IsNumber(value) ? "number"
               : cJSON_IsArray(value)  ? "array"
                                       : "?";
}

/* The members of an object against rows from row on; those that idle has as null are told so. */
static const char *check_members(const char *row, const char *prefix, const cJSON *object,
                                 const cJSON *idle)
{
        for (const cJSON *m = object->child; m; m = m->next) {
                const cJSON *other = cJSON_GetObjectItemCaseSensitive(idle, m->string);
                _cleanup_(freep) char *cells =
                        str_printf("| %s%s | %s%s | ", prefix, m->string, type_of(m),
                                   cJSON_IsNull(other) ? " or null" : "");

                row = doc_row(row, cells);
                if (cJSON_IsArray(m))
                        row = check_members(row, "lastStatuses[].", m->child, NULL);
        }
        return row;
}

static cJSON *status_json(World *w)
{
        Program p;
        cJSON *json;

        begin(&p, w, ARGUMENTS("status", "--json"));
        assert_int_equal(end(&p), 0);
        assert_non_null(json = cJSON_Parse(p.text));
        return json;
}

static void ctl_documentation_has_every_member(void **state)
{
        _cleanup_(freep) char *text = doc_read("docs/interfaces.md");
        World *w = *state;
        cJSON *idle, *busy;

        start_agent(w, &handlers);
        idle = status_json(w);
        w->state.percent = 5;
        w->state.next_try = 1795500000000000;
        w->state.statuses = many_statuses;
        w->state.n_statuses = 1;
        busy = status_json(w);
        doc_end(check_members(doc_table(text, "| member | type | meaning |"), "", busy, idle));
        cJSON_Delete(idle);
        cJSON_Delete(busy);
}

static void ctl_says_when_there_is_no_agent(void **state)
{
        World *w = *state;
        Program p;
        const char *const *const commands[] = {
                ARGUMENTS("status"),
                ARGUMENTS("monitor"),
                ARGUMENTS("--bus", "unix:path=/nonexistent", "status"),
        };

        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                begin(&p, w, commands[i]);
                assert_int_equal(end(&p), 3);
                assert_contains(&p, "the agent can't be reached: ");
                assert_contains(&p, "systemctl status rauc-ocpp-agent");
        }
}

static void ctl_explains_its_usage(void **state)
{
        World *w = *state;
        Program p;
        const char *const *const wrong[] = {
                ARGUMENTS("destroy"),
                ARGUMENTS("status", "now"),
                ARGUMENTS("cancel", "now"),
                ARGUMENTS("inhibit"),
                ARGUMENTS("--why", "x", "pause"),
                ARGUMENTS("monitor", "--json"),
                ARGUMENTS("--colour", "status"),
                ARGUMENTS("--bus"),
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                begin(&p, w, wrong[i]);
                assert_int_equal(end(&p), 2);
                assert_contains(&p, "usage: rauc-ocpp-ctl");
        }
        begin(&p, w, ARGUMENTS("--help"));
        assert_int_equal(end(&p), 0);
        assert_contains(&p, "usage: rauc-ocpp-ctl");
        begin(&p, w, ARGUMENTS("--version"));
        assert_int_equal(end(&p), 0);
        assert_contains(&p, "rauc-ocpp-ctl " PROJECT_VERSION "\n");
}

static void ctl_monitors_until_interrupted(void **state)
{
        World *w = *state;
        Program p;

        start_agent(w, &handlers);
        begin(&p, w, ARGUMENTS("monitor"));
        wait_for(&p, "watching");
        w->state.job_state = "installing";
        w->state.percent = 5;
        w->state.connected = false;
        assert_int_equal(control_update(w->control), 0);
        assert_int_equal(control_status_reported(w->control, 1795500000000000, "7", "Installing"),
                         0);
        wait_for(&p, "  reported     Installing (request 7)\n");
        assert_contains(&p, "  update       installing\n");
        assert_contains(&p, "  per cent     5\n");
        assert_contains(&p, "  connected    no\n");
        control_free(w->control);
        w->control = NULL;
        wait_for(&p, "  agent        stopped\n");
        start_agent(w, &handlers);
        wait_for(&p, "  agent        started\n");
        assert_int_equal(kill(p.pid, SIGINT), 0);
        assert_int_equal(end(&p), 0);
}

static void ctl_gives_orders(void **state)
{
        static const struct {
                const char *word;
                int answer, exit;
                const char *says;
        } orders[] = {
                {"cancel", 0, 0, ""},
                {"pause", 0, 0, ""},
                {"resume", 0, 0, ""},
                {"cancel", -EBUSY, 1, "rauc-ocpp-ctl: the update is past the point"},
                {"pause", -ENOENT, 1, "rauc-ocpp-ctl: there is no update"},
                {"resume", -EIO, 1, "rauc-ocpp-ctl: Input/output error"},
        };
        World *w = *state;
        Program p;

        start_agent(w, &handlers);
        for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
                answer = orders[i].answer;
                begin(&p, w, ARGUMENTS(orders[i].word));
                assert_int_equal(end(&p), orders[i].exit);
                assert_contains(&p, orders[i].says);
                assert_string_equal(asked, orders[i].word);
        }
        answer = 0;
}

/* The lock is there while the command runs, and gone with it; the command's end is ours. */
static void ctl_inhibits_while_a_command_runs(void **state)
{
        World *w = *state;
        char byte, fifo[64];
        Program p;

        start_agent(w, &handlers);
        answer = 0;
        snprintf(fifo, sizeof(fifo), "/tmp/test-control-%d", getpid());
        assert_int_equal(mkfifo(fifo, 0600), 0);
        begin(&p, w,
              ARGUMENTS("inhibit", "--why", "a reason", "--", "sh", "-c", "echo runs; cat <\"$0\"",
                        fifo));
        wait_for(&p, "runs\n");
        assert_string_equal(asked, "inhibit");
        assert_int_equal(read(locked[0], &byte, 1), -1);
        assert_int_equal(errno, EAGAIN);
        close(open(fifo, O_WRONLY)); /* ends it */
        assert_int_equal(end(&p), 0);
        unlink(fifo);
        assert_int_equal(read(locked[0], &byte, 1), 0);
        close(locked[0]);
        begin(&p, w, ARGUMENTS("inhibit", "--", "sh", "-c", "exit 7"));
        assert_int_equal(end(&p), 7);
        assert_string_equal(asked, "sh"); /* the command, where no reason is given */
        close(locked[0]);
        answer = -ENOSPC;
        begin(&p, w, ARGUMENTS("inhibit", "--", "sh", "-c", "exit 7"));
        assert_int_equal(end(&p), 1);
        assert_contains(&p, "too many hold the charger");
        answer = 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(ctl_shows_an_idle_agent),
                world_test(ctl_shows_a_failed_update),
                world_test(ctl_shows_trouble_that_is_no_end),
                world_test(ctl_writes_json),
                world_test(ctl_documentation_has_every_member),
                world_test(ctl_says_when_there_is_no_agent),
                world_test(ctl_explains_its_usage),
                world_test(ctl_gives_orders),
                world_test(ctl_inhibits_while_a_command_runs),
                world_test(ctl_monitors_until_interrupted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
