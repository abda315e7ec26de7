/* rauc-ocpp-agent: reads the options and the configuration, puts the agent together and runs the
 * loop. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <systemd/sd-daemon.h>

#include "agent.h"
#include "failpoint.h"
#include "log.h"
#include "ocpp16.h"
#include "ocpp201.h"
#include "rauc.h"
#include "transfer.h"

#define EXIT_CONFIGURATION 78 /* EX_CONFIG; the unit does not restart on it */

typedef enum Mode { MODE_RUN, MODE_CHECK, MODE_DONE } Mode;

static const char *arg_config = SYSCONF_DIR "/agent.conf";

static const Dialect *const dialects[] = {&ocpp21, &ocpp201, &ocpp16, NULL};

static void print_usage(void)
{
        puts("rauc-ocpp-agent [--config FILE] [--check-config] [--help-config] [--version]\n\n"
             "The OCPP firmware agent for RAUC: takes update requests of a CSMS and has RAUC "
             "install them.\n\n"
             "  --config FILE    instead of " SYSCONF_DIR "/agent.conf\n"
             "  --check-config   read the configuration, say what is wrong with it, exit\n"
             "  --help-config    every key with its default and meaning\n"
             "  --version        the version\n\n"
             "Exit codes: 0 stopped by SIGTERM, 78 the configuration, 1 anything else.");
}

/* 0, or the exit code's negative for a usage error. */
static int parse_options(int argc, char **argv, Mode *ret)
{
        enum { OPTION_CHECK = 256, OPTION_HELP_CONFIG, OPTION_MAN, OPTION_VERSION };
        static const struct option options[] = {
                {"config", required_argument, NULL, 'c'},
                {"check-config", no_argument, NULL, OPTION_CHECK},
                {"help-config", no_argument, NULL, OPTION_HELP_CONFIG},
                {"man-config", no_argument, NULL, OPTION_MAN},
                {"version", no_argument, NULL, OPTION_VERSION},
                {"help", no_argument, NULL, 'h'},
                {0}};
        int option;

        *ret = MODE_RUN;
        while ((option = getopt_long(argc, argv, "c:h", options, NULL)) >= 0) {
                switch (option) {
                case 'c':
                        arg_config = optarg;
                        continue;
                case OPTION_CHECK:
                        *ret = MODE_CHECK;
                        continue;
                case OPTION_HELP_CONFIG:
                        config_print_help();
                        break;
                case OPTION_MAN: /* for the build: the options of agent.conf(5) */
                        config_print_man();
                        break;
                case OPTION_VERSION:
                        puts("rauc-ocpp-agent " PROJECT_VERSION);
                        break;
                case 'h':
                        print_usage();
                        break;
                default:
                        return -EINVAL;
                }
                *ret = MODE_DONE;
                return 0;
        }
        return optind < argc ? -EINVAL : 0;
}

static int open_bus(const char *address, sd_bus **ret)
{
        sd_bus *bus = NULL;
        int r;

        if (streq(address, "system"))
                return sd_bus_open_system(ret);
        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0) {
                sd_bus_unref(bus);
                return r;
        }
        *ret = bus;
        return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si,
                     void *userdata _unused_)
{
        log_info("Stopping on signal %u", si->ssi_signo);
        sd_notify(false, "STOPPING=1");
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int prepare_event(sd_event **ret)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        signal(SIGPIPE, SIG_IGN);
        r = sd_event_default(&event);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGTERM, on_signal, NULL);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGINT, on_signal, NULL);
        if (r >= 0)
                r = sd_event_set_watchdog(event, true);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(event);
        return 0;
}

/* Exit code of the whole. */
static int run_agent(const Config *config, sd_event *event, sd_bus *bus, Loop *loop)
{
        /* Set by the unit that is shipped together with the hooks' own. */
        const char *hooks = getenv("RAUC_OCPP_HOOK_DIR");
        _cleanup_(freep) char *worker = transfer_worker_path();
        _cleanup_(agent_freep) Agent *agent = NULL;
        AgentParts parts = {.config = config,
                            .event = event,
                            .loop = loop,
                            .bus = bus,
                            .dialects = dialects,
                            .worker = worker,
                            .hook_folder = hooks && *hooks ? hooks : NULL,
                            .installer_new = rauc_installer_new};
        int r;

        r = worker ? agent_new(&parts, &agent) : -ENOMEM;
        if (r < 0 || agent_start(agent) < 0)
                return r == AGENT_BAD_CONFIG ? EXIT_CONFIGURATION : EXIT_FAILURE;
        sd_notify(false, "READY=1");
        r = loop_run(loop);
        return r < 0 ? EXIT_FAILURE : r;
}

static int run(const Config *config)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(loop_freep) Loop *loop = NULL;
        int r = prepare_event(&event);

        if (r < 0) {
                log_error_errno(r, "Can't prepare the event loop");
                return EXIT_FAILURE;
        }
        r = open_bus(config->rauc_bus, &bus);
        if (r < 0) {
                log_error_errno(r, "Can't connect to the D-Bus %s ([rauc] bus)", config->rauc_bus);
                return EXIT_FAILURE;
        }
        sd_bus_set_exit_on_disconnect(bus, true);
        r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = loop_new(event, &loop);
        if (r < 0) {
                log_error_errno(r, "Can't prepare the event loop");
                return EXIT_FAILURE;
        }
        return run_agent(config, event, bus, loop);
}

int main(int argc, char **argv)
{
        _cleanup_(config_done) Config config = {0};
        ConfigError error;
        Mode mode;

#ifdef TEST_SEAMS
        if (argc == 2 && streq(argv[1], "--list-failpoints")) {
                fail_points_print(dialects);
                return EXIT_SUCCESS;
        }
#endif
        if (parse_options(argc, argv, &mode) < 0) {
                print_usage();
                return EXIT_FAILURE;
        }
        if (mode == MODE_DONE)
                return EXIT_SUCCESS;
        if (config_load(arg_config, &config, &error) < 0) {
                log_error("%s", error.text);
                return EXIT_CONFIGURATION;
        }
        if (mode == MODE_CHECK) {
                printf("%s is fine\n", arg_config);
                return EXIT_SUCCESS;
        }
        return run(&config);
}
