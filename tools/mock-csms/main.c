/* mock-csms: a CSMS for firmware and logs, to develop, test and show with. This file reads the
 * command line. */
#include "log-store.h"
#include "scenario-suite.h"
#include "server.h"
#include "state-frame.h"
#include <arpa/inet.h>
#include <stdio.h>

/* clang-format off */
typedef struct Option {
        const char *name;
        const char *value; /* what usage calls its value; NULL: it has none */
        const char *help;
} Option;

enum { OPT_LISTEN, OPT_TLS_CERT, OPT_TLS_KEY, OPT_TLS_EXPIRED_CERT, OPT_TLS_EXPIRED_KEY, OPT_CLIENT_CA, OPT_PASSWORDS, OPT_TOKENS, OPT_FILES, OPT_TRACE, OPT_STATE, OPT_FRAMES, OPT_FIRMWARE, OPT_FIRMWARE_MAX, OPT_RAUC_KEYRING, OPT_LOGS, OPT_LOG_MAX, OPT_LOGS_MAX, OPT_FTP_URL, OPT_FTP_DIR, OPT_PROTOCOLS, OPT_INTERVAL,
       OPT_MESSAGE_TIMEOUT, OPT_SCENARIO, OPT_STATION, OPT_JUNIT, OPT_STRICT, OPT_HOOK, OPT_SET, OPT_HELP, OPT_VERSION, OPT_MAX };

static const Option options[OPT_MAX] = {
        [OPT_LISTEN]          = { "--listen",          "ADDR:PORT", "where to listen; port 0 picks a free one" },
        [OPT_TLS_CERT]        = { "--tls-cert",        "FILE",      "the server's certificate (PEM, with its chain): TLS" },
        [OPT_TLS_KEY]         = { "--tls-key",         "FILE",      "its key (PEM)" },
        [OPT_TLS_EXPIRED_CERT] = { "--tls-expired-cert", "FILE", "shown by the fault expiredtls" },
        [OPT_TLS_EXPIRED_KEY] = { "--tls-expired-key", "FILE",    "its key (PEM)" },
        [OPT_CLIENT_CA]       = { "--client-ca",       "FILE",      "stations need a client certificate by these roots (PEM)" },
        [OPT_PASSWORDS]       = { "--passwords",       "FILE",      "lines ID:password: only these stations, by Basic auth" },
        [OPT_TOKENS]          = { "--tokens",          "FILE",      "lines read:TOKEN, operator:TOKEN: who may use REST, also from elsewhere by TLS" },
        [OPT_FILES]           = { "--files",           "DIR",       "serve this folder at /files/, take uploads in its uploads/" },
        [OPT_TRACE]           = { "--trace",           "FILE",      "append every frame as a JSON line" },
        [OPT_STATE]           = { "--state",           "FILE",      "remember stations and all else in this file (else: until the end)" },
        [OPT_FRAMES]          = { "--frames",          "N",         "keep the newest N frames of all stations (100000; 0: none)" },
        [OPT_FIRMWARE]        = { "--firmware",        "DIR",       "keep uploaded firmware in this folder (STATE.firmware; else: until the end)" },
        [OPT_FIRMWARE_MAX]    = { "--firmware-max",    "MIB",       "how large a file of firmware may be (4096)" },
        [OPT_RAUC_KEYRING]    = { "--rauc-keyring",    "FILE",      "check the signatures of bundles by these certificates (PEM)" },
        [OPT_LOGS]            = { "--logs",            "DIR",       "keep the logs of stations in this folder (STATE.logs; else: until the end)" },
        [OPT_LOG_MAX]         = { "--log-max",         "MIB",       "how large a log may be (128)" },
        [OPT_LOGS_MAX]        = { "--logs-max",        "MIB",       "how large all logs together may be (10240)" },
        [OPT_FTP_URL]         = { "--ftp-url",         "URL",       "where stations may upload logs by FTP: the folder of --ftp-dir" },
        [OPT_FTP_DIR]         = { "--ftp-dir",         "DIR",       "take logs from this folder of a FTP server" },
        [OPT_PROTOCOLS]       = { "--protocols",       "LIST",      "OCPP versions to speak, parted by commas (all: ocpp2.1,ocpp2.0.1,ocpp1.6)" },
        [OPT_INTERVAL]        = { "--interval",        "SECONDS",   "heartbeat interval told to stations (300)" },
        [OPT_MESSAGE_TIMEOUT] = { "--message-timeout", "SECONDS",   "how long a station may take to answer (30)" },
        [OPT_SCENARIO]        = { "--scenario",        "FILE",      "run this scenario, then end; may be given several times" },
        [OPT_STATION]         = { "--station",         "ID",        "the station that scenarios are about" },
        [OPT_JUNIT]           = { "--junit",           "FILE",      "write the results as JUnit XML" },
        [OPT_STRICT]          = { "--strict",          NULL,        "what the version's tables forbid fails a scenario" },
        [OPT_HOOK]            = { "--hook",            "PROGRAM",   "what the step \"hook\" runs" },
        [OPT_SET]             = { "--set",             "NAME=VALUE", "a variable of scenarios; may be given several times" },
        [OPT_HELP]            = { "--help",            NULL,        "print this" },
        [OPT_VERSION]         = { "--version",         NULL,        "print the version" },
};
/* clang-format on */

static int usage(FILE *to, int code)
{
        fprintf(to, "usage: mock-csms --listen ADDR:PORT [OPTION …]\n");
        for (size_t i = 0; i < OPT_MAX; i++) {
                int n = fprintf(to, "  %s %s", options[i].name, strempty(options[i].value));
                fprintf(to, "%*s%s\n", MAX(1, 32 - n), "", options[i].help);
        }
        return code;
}

static int find_option(const char *word)
{
        for (int i = 0; i < OPT_MAX; i++)
                if (streq(options[i].name, word))
                        return i;
        return -EINVAL;
}

typedef struct Arguments {
        const char *values[OPT_MAX];
        const char *scenarios[SCENARIOS_MAX],
                *sets[SETS_MAX]; /* those that may be given several times */
        size_t scenarios_count, sets_count;
} Arguments;

/* 0; -EINVAL: given too often. */
static int take_value(Arguments *a, int option, const char *value)
{
        a->values[option] = value;
        if (option == OPT_SCENARIO && a->scenarios_count == SCENARIOS_MAX)
                return -EINVAL;
        if (option == OPT_SCENARIO)
                a->scenarios[a->scenarios_count++] = value;
        if (option == OPT_SET && a->sets_count == SETS_MAX)
                return -EINVAL;
        if (option == OPT_SET)
                a->sets[a->sets_count++] = value;
        return 0;
}

/* Values by option from the arguments; both "--x VALUE" and "--x=VALUE" will do. 0 or -EINVAL. */
static int read_arguments(int argc, char **argv, Arguments *a)
{
        for (int i = 1; i < argc; i++) {
                char *equals = strchr(argv[i], '=');
                if (equals)
                        *equals = '\0';
                int o = find_option(argv[i]);
                if (o < 0 || (equals && !options[o].value))
                        return -EINVAL;
                const char *value = !options[o].value ? "" : equals ? equals + 1 : argv[++i];
                if (!value || take_value(a, o, value) < 0)
                        return -EINVAL;
        }
        return 0;
}

static int wrong(const char *option, const char *expected)
{
        fprintf(stderr, "mock-csms: %s: expected %s\n", option, expected);
        return -EINVAL;
}

static int read_number(const char *text, int64_t min, int64_t max, int64_t *ret)
{
        char *end;
        errno = 0;
        long long n = strtoll(text, &end, 10);
        if (errno != 0 || end == text || *end || n < min || n > max)
                return -EINVAL;
        *ret = n;
        return 0;
}

/* "127.0.0.1:80" or "[::1]:80". */
static int read_address(const char *text, ServerOptions *o)
{
        unsigned char binary[sizeof(struct in6_addr)];
        const char *colon = strrchr(text, ':');
        int64_t port;
        size_t n = colon ? (size_t)(colon - text) : 0;
        bool v6 = n > 2 && text[0] == '[' && text[n - 1] == ']';
        if (!colon || n >= sizeof(o->address) || read_number(colon + 1, 0, 65535, &port) < 0)
                return -EINVAL;
        memcpy(o->address, text + v6, n - 2 * v6);
        o->address[n - 2 * v6] = '\0';
        o->port = (int)port;
        return inet_pton(v6 ? AF_INET6 : AF_INET, o->address, binary) == 1 ? 0 : -EINVAL;
}

/* Whether each word of the list is a version of OCPP that we speak. */
static bool are_protocols(const char *list)
{
        _cleanup_(freep) char *copy = strdup(list);
        char *rest = copy;
        for (char *word; (word = strsep(&rest, ","));)
                if (!csms_dialect(word))
                        return false;
        return copy;
}

/* clang-format off */
static const struct {
        int option;
        int64_t min, max;
        size_t offset; /* of the member of ServerOptions */
        const char *expected;
} numbers[] = {
        { OPT_FRAMES,       0, FRAMES_KEPT_MAX,  offsetof(ServerOptions, frames),       "a number up to 100000000" },
        { OPT_FIRMWARE_MAX, 1, FIRMWARE_MAX_MAX, offsetof(ServerOptions, firmware_max), "MiB from 1 to 1048576" },
        { OPT_LOG_MAX,      1, LOG_MAX_MAX,      offsetof(ServerOptions, log_max),      "MiB from 1 to 4096" },
        { OPT_LOGS_MAX,     1, LOGS_MAX_MAX,     offsetof(ServerOptions, logs_max),     "MiB from 1 to 1073741824" },
        { OPT_INTERVAL,     0, INT32_MAX,        offsetof(ServerOptions, interval),     "seconds" },
};
/* clang-format on */

static int read_numbers(const char *const values[static OPT_MAX], ServerOptions *o)
{
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                int64_t *number = (int64_t *)((uintptr_t)o + numbers[i].offset);
                const char *value = values[numbers[i].option];
                if (value && read_number(value, numbers[i].min, numbers[i].max, number) < 0)
                        return wrong(options[numbers[i].option].name, numbers[i].expected);
        }
        return 0;
}

static int read_options(const char *const values[static OPT_MAX], ServerOptions *ret)
{
        static const int with_scenario[] = {OPT_JUNIT, OPT_STRICT, OPT_HOOK, OPT_SET};
        int64_t seconds = 30;
        ServerOptions o = {
                .tls_cert = values[OPT_TLS_CERT],
                .tls_key = values[OPT_TLS_KEY],
                .expired_cert = values[OPT_TLS_EXPIRED_CERT],
                .expired_key = values[OPT_TLS_EXPIRED_KEY],
                .client_ca = values[OPT_CLIENT_CA],
                .passwords = values[OPT_PASSWORDS],
                .tokens = values[OPT_TOKENS],
                .files = values[OPT_FILES],
                .trace = values[OPT_TRACE],
                .state = values[OPT_STATE],
                .frames = FRAMES_KEPT_DEFAULT,
                .firmware = values[OPT_FIRMWARE],
                .firmware_max = FIRMWARE_MAX_DEFAULT,
                .rauc_keyring = values[OPT_RAUC_KEYRING],
                .logs = values[OPT_LOGS],
                .log_max = LOG_MAX_DEFAULT,
                .logs_max = LOGS_MAX_DEFAULT,
                .ftp_url = values[OPT_FTP_URL],
                .ftp_folder = values[OPT_FTP_DIR],
                .protocols = values[OPT_PROTOCOLS],
                .interval = 300,
        };
        if (!values[OPT_LISTEN] || read_address(values[OPT_LISTEN], &o) < 0)
                return wrong("--listen", "a numeric address and a port, 127.0.0.1:8080");
        if (!o.tls_cert != !o.tls_key || (o.client_ca && !o.tls_cert))
                return wrong("--tls-cert", "together with --tls-key, and both with --client-ca");
        if (!o.expired_cert != !o.expired_key || (o.expired_cert && !o.tls_cert))
                return wrong("--tls-expired-cert",
                             "together with --tls-expired-key and --tls-cert");
        if (o.protocols && !are_protocols(o.protocols))
                return wrong("--protocols", "some of ocpp2.1, ocpp2.0.1 and ocpp1.6");
        if (!o.ftp_url != !o.ftp_folder)
                return wrong("--ftp-url", "together with --ftp-dir");
        if (o.ftp_url && !startswith(o.ftp_url, "ftp://") && !startswith(o.ftp_url, "ftps://"))
                return wrong("--ftp-url", "ftp://HOST/PATH or ftps://HOST/PATH");
        if (read_numbers(values, &o) < 0)
                return -EINVAL;
        if (values[OPT_MESSAGE_TIMEOUT] &&
            read_number(values[OPT_MESSAGE_TIMEOUT], 1, 86400, &seconds) < 0)
                return wrong("--message-timeout", "seconds from 1 to 86400");
        if (!values[OPT_SCENARIO] != !values[OPT_STATION])
                return wrong("--scenario", "together with --station");
        for (size_t i = 0; i < ELEMENTSOF(with_scenario) && !values[OPT_SCENARIO]; i++)
                if (values[with_scenario[i]])
                        return wrong(options[with_scenario[i]].name, "together with --scenario");
        if (values[OPT_STATION] && !station_id_valid(values[OPT_STATION]))
                return wrong("--station", "an identity");
        o.hook = values[OPT_HOOK];
        o.message_timeout = (usec_t)seconds * USEC_PER_SEC;
        *ret = o;
        return 0;
}

/* Serves, with the scenarios that were asked for. The exit code. */
static int serve(const Arguments *a, ServerOptions *server)
{
        _cleanup_(suite_done) Suite suite = {0};
        _cleanup_(run_freep) ScenarioRun *run = NULL;
        int r = 0;
        if (a->scenarios_count > 0)
                r = suite_load(a->scenarios, a->scenarios_count, a->sets, a->sets_count, &suite);
        if (r == -EINVAL)
                return 2;
        if (r == 0 && a->scenarios_count > 0)
                r = run_new(&(RunOptions){.suite = &suite,
                                          .station = a->values[OPT_STATION],
                                          .junit = a->values[OPT_JUNIT],
                                          .strict = a->values[OPT_STRICT] != NULL,
                                          .has_hook = server->hook != NULL},
                            &run);
        if (r < 0) {
                fprintf(stderr, "mock-csms: %s\n", strerror(-r));
                return 1;
        }
        server->run = run;
        return server_run(server) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
        Arguments arguments = {0};
        const char *const *values = arguments.values;
        ServerOptions server;
        if (read_arguments(argc, argv, &arguments) < 0) {
                fputs("mock-csms: an option is unknown, has no value or is given too often\n",
                      stderr);
                return usage(stderr, 2);
        }
        if (values[OPT_HELP])
                return usage(stdout, 0);
        if (values[OPT_VERSION]) {
                puts("mock-csms " PROJECT_VERSION);
                return 0;
        }
        if (read_options(values, &server) < 0)
                return usage(stderr, 2);
        return serve(&arguments, &server);
}
