/* rauc-ocpp-ctl: how the agent is, and orders to it, over its D-Bus interface. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "check.h"
#include "logs.h"
#include "monitor.h"
#include "order.h"
#include "show.h"

/* Exit statuses; in rauc-ocpp-ctl(1) too. */
enum { EXIT_FINE = 0, EXIT_UPDATE_FAILED = 1, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_NO_AGENT = 3 };

typedef struct Options {
        const char *bus_address;
        const char *why;
        bool json;
        char *const *words; /* the command, and what it runs */
} Options;

static int no_agent(int error)
{
        fprintf(stderr,
                "rauc-ocpp-ctl: the agent can't be reached: %s\n"
                "Is it running? See: systemctl status rauc-ocpp-agent\n",
                strerror(-error));
        return EXIT_NO_AGENT;
}

static int run_status(sd_bus *bus, const Options *options)
{
        _cleanup_(view_done) View view = {0};
        int r = view_read(bus, &view);

        if (r < 0)
                return no_agent(r);
        if (!options->json) {
                show_status(stdout, &view);
        } else if (show_json(stdout, &view) < 0) {
                fprintf(stderr, "rauc-ocpp-ctl: %s\n", strerror(ENOMEM));
                return EXIT_NO_AGENT;
        }
        return view_update_failed(&view) ? EXIT_UPDATE_FAILED : EXIT_FINE;
}

static int run_monitor(sd_bus *bus, const Options *options)
{
        _cleanup_(view_done) View view = {0};
        int r = view_read(bus, &view);

        (void)options;
        if (r >= 0)
                r = monitor(bus);
        return r < 0 ? no_agent(r) : EXIT_FINE;
}

/* An order that could not be carried out: the agent's words, or that there is no agent. */
static int refused(int error, sd_bus_error *e)
{
        bool unreachable = sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                           sd_bus_error_has_name(e, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
                           !sd_bus_error_is_set(e);

        if (!unreachable)
                fprintf(stderr, "rauc-ocpp-ctl: %s\n", e->message);
        sd_bus_error_free(e);
        return unreachable ? no_agent(error) : EXIT_REFUSED;
}

static int run_order(sd_bus *bus, const Options *options)
{
        static const struct {
                const char *command, *method;
        } orders[] = {{"cancel", "Cancel"}, {"pause", "Pause"}, {"resume", "Resume"}};
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = -EINVAL;

        for (size_t i = 0; i < ELEMENTSOF(orders); i++)
                if (streq(orders[i].command, options->words[0]))
                        r = order(bus, orders[i].method, &error);
        return r < 0 ? refused(r, &error) : EXIT_FINE;
}

static int run_install(sd_bus *bus, const Options *options)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = install(bus, options->words[1], &error);

        if (r < 0)
                return refused(r, &error);
        puts("ordered; rauc-ocpp-ctl monitor follows it");
        return EXIT_FINE;
}

/* RAUC's own words, since it is RAUC that was asked. */
static int run_check(sd_bus *bus, const Options *options)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *location = options->words[1];
        _cleanup_(freep) char *path =
                strstr(location, "://") ? strdup(location) : realpath(location, NULL);
        int r = path ? check_bundle(bus, path, &error) : -errno;

        if (r < 0)
                fprintf(stderr, "rauc-ocpp-ctl: %s: %s%s\n", location,
                        error.message ?: strerror(-r),
                        error.message ? "\nRAUC tells more in: journalctl -u rauc" : "");
        sd_bus_error_free(&error);
        return r == 0 ? EXIT_FINE : EXIT_REFUSED;
}

static int run_logs(sd_bus *bus, const Options *options)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        uint64_t size_bytes = 0;
        int r = logs_pack(bus, options->words[1], &size_bytes, &error);

        if (r < 0)
                return refused(r, &error);
        printf("%s: %" PRIu64 " bytes\n", options->words[1], size_bytes);
        return EXIT_FINE;
}

static int run_inhibit(sd_bus *bus, const Options *options)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = inhibit_while(bus, options->why, options->words + 1, &error);

        return r < 0 ? refused(r, &error) : r;
}

/* What stands behind the command's name. */
typedef enum Words { WORDS_NONE, WORDS_ONE, WORDS_COMMAND } Words;

/* clang-format off */
static const struct {
        const char *name;
        int (*run)(sd_bus *bus, const Options *options);
        bool takes_json;
        Words words;
        const char *usage, *help;
} commands[] = {
        {"status",  run_status,  true,  WORDS_NONE,    "[--json]",  "how the agent, its connection and the update are"},
        {"monitor", run_monitor, false, WORDS_NONE,    "",          "a line for each change, until Ctrl-C"},
        {"cancel",  run_order,   false, WORDS_NONE,    "",          "give the update up (not while RAUC writes, nor in the trial)"},
        {"pause",   run_order,   false, WORDS_NONE,    "",          "let the update wait before its next phase, a download at once"},
        {"resume",  run_order,   false, WORDS_NONE,    "",          "let it go on"},
        {"inhibit", run_inhibit, false, WORDS_COMMAND, "[--why TEXT] -- COMMAND", "run COMMAND; no reboot for an update meanwhile"},
        {"install", run_install, false, WORDS_ONE,     "FILE|URL",  "begin an update of which the CSMS is told nothing"},
        {"check",   run_check,   false, WORDS_ONE,     "FILE|URL",  "ask RAUC what a bundle is, without an install"},
        {"logs",    run_logs,    false, WORDS_ONE,     "FILE",      "write the archive of logs that the CSMS can ask for"},
};
/* clang-format on */

static int usage(FILE *out)
{
        fprintf(out, "usage: rauc-ocpp-ctl [--bus ADDRESS] COMMAND\n\n");
        for (size_t i = 0; i < ELEMENTSOF(commands); i++)
                fprintf(out, "  %-8s %-24s %s\n", commands[i].name, commands[i].usage,
                        commands[i].help);
        fprintf(out,
                "\n  --bus ADDRESS  a D-Bus address instead of the system bus\n"
                "  --help, --version\n"
                "\nExits 0: fine, 1: the last update failed, or refused, 2: usage, 3: agent not "
                "reachable.\ninhibit exits with COMMAND's own status.\n");
        return out == stdout ? EXIT_FINE : EXIT_USAGE;
}

static int open_bus(const char *address, sd_bus **ret)
{
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        int r;

        if (!address)
                return sd_bus_open_system(ret);
        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, 1);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

static bool words_fit(Words words, int count)
{
        return words == WORDS_NONE ? count == 0 : words == WORDS_ONE ? count == 1 : count > 0;
}

static int run(int word_count, const Options *options)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;

        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                int r;

                if (!streq(commands[i].name, options->words[0]))
                        continue;
                if ((options->json && !commands[i].takes_json) ||
                    (options->why && commands[i].words != WORDS_COMMAND) ||
                    !words_fit(commands[i].words, word_count - 1))
                        break;
                r = open_bus(options->bus_address, &bus);
                return r < 0 ? no_agent(r) : commands[i].run(bus, options);
        }
        fprintf(stderr, "rauc-ocpp-ctl: there is no such command, or it does not take that: %s\n",
                options->words[0]);
        return usage(stderr);
}

int main(int argc, char **argv)
{
        static const struct option long_options[] = {
                {"bus", required_argument, NULL, 'b'}, {"json", no_argument, NULL, 'j'},
                {"why", required_argument, NULL, 'w'}, {"help", no_argument, NULL, 'h'},
                {"version", no_argument, NULL, 'v'},   {NULL, 0, NULL, 0},
        };
        Options options = {0};
        int c;

        while ((c = getopt_long(argc, argv, "h", long_options, NULL)) >= 0)
                switch (c) {
                case 'b':
                        options.bus_address = optarg;
                        break;
                case 'j':
                        options.json = true;
                        break;
                case 'w':
                        options.why = optarg;
                        break;
                case 'h':
                        return usage(stdout);
                case 'v':
                        puts("rauc-ocpp-ctl " PROJECT_VERSION);
                        return EXIT_FINE;
                default:
                        return usage(stderr);
                }
        options.words = argv + optind;
        return optind < argc ? run(argc - optind, &options) : usage(stderr);
}
