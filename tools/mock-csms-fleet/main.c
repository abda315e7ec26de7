/* mock-csms-fleet: simulated stations, thousands in one process, to try a CSMS with. This file
 * reads the command line. */
#include "fleet.h"
#include "link-url.h"
#include <math.h>
#include <stdio.h>

/* Stations of one process. */
#define COUNT_MAX 100000
#define PREFIX_MAX 32

/* clang-format off */
typedef struct Option {
        const char *name;
        const char *value;    /* what usage calls its value; NULL: it has none */
        const char *initial;  /* the value where none is given */
        const char *help;
} Option;

enum { OPT_URL, OPT_CA_FILE, OPT_COUNT, OPT_PREFIX, OPT_PROTOCOLS, OPT_VENDORS, OPT_MODELS, OPT_VERSIONS, OPT_TIMEZONES,
       OPT_HEARTBEAT, OPT_STATUSES, OPT_SPEED, OPT_RAMP, OPT_SEED, OPT_FAILURES, OPT_BAD_BUILD, OPT_NEW_VERSION, OPT_PASSWORDS, OPT_FETCH, OPT_REPORT,
       OPT_RUN, OPT_PLAN, OPT_HELP, OPT_VERSION, OPT_MAX };

static const Option options[OPT_MAX] = {
        [OPT_URL]         = { "--url",           "URL",     NULL,   "of the CSMS, ws:// or wss://; identities are added: ws://127.0.0.1:8180/ocpp/" },
        [OPT_CA_FILE]     = { "--ca-file",       "FILE",    NULL,   "with wss: the server's root certificates (PEM)" },
        [OPT_COUNT]       = { "--count",         "N",       "10",   "stations" },
        [OPT_PREFIX]      = { "--prefix",        "TEXT",    "FLEET", "of the identities, before a number from 00001" },
        [OPT_PROTOCOLS]   = { "--protocols",     "MIX",     "1.6:50,2.0.1:30,2.1:20", "versions of OCPP, by share" },
        [OPT_VENDORS]     = { "--vendors",       "MIX",     "ACME", "vendors" },
        [OPT_MODELS]      = { "--models",        "MIX",     "Box",  "models" },
        [OPT_VERSIONS]    = { "--versions",      "MIX",     "1.0.0", "firmware versions at the beginning" },
        [OPT_TIMEZONES]   = { "--timezones",     "MIX",     "Europe/Berlin", "time zones, which stations tell when asked" },
        [OPT_HEARTBEAT]   = { "--heartbeat",     "SECONDS", NULL,   "between two Heartbeats, whatever the CSMS says" },
        [OPT_STATUSES]    = { "--statuses",      "N",       "0",    "firmware statuses per second that nobody ordered, of all stations in turn" },
        [OPT_SPEED]       = { "--speed",         "FACTOR",  "1",    "all but the Heartbeat goes so much faster" },
        [OPT_RAMP]        = { "--ramp",          "N",       "100",  "first connections per second" },
        [OPT_SEED]        = { "--seed",          "N",       "1",    "what everything random comes from" },
        [OPT_FAILURES]    = { "--failures",      "RATES",   NULL,   "percent by kind: silent, reject, download, signature, verification, install, rollback, reboot-never; offline" },
        [OPT_BAD_BUILD]   = { "--bad-build",     "TEXT",    NULL,   "only updates with this in their URL fail" },
        [OPT_NEW_VERSION] = { "--new-version",   "TEXT",    NULL,   "what an update brings (that in the file's name, else one more than the old)" },
        [OPT_PASSWORDS]   = { "--password-file", "FILE",    NULL,   "lines ID:password, for Basic auth" },
        [OPT_FETCH]       = { "--fetch",         NULL,      NULL,   "really download bundles by HTTP, and throw them away" },
        [OPT_REPORT]      = { "--report",        "SECONDS", "0",    "print a report (JSON, a line) so often, too" },
        [OPT_RUN]         = { "--run",           "SECONDS", "0",    "end after so long" },
        [OPT_PLAN]        = { "--plan",          NULL,      NULL,   "print what seed and rates make of each station, and end" },
        [OPT_HELP]        = { "--help",          NULL,      NULL,   "print this" },
        [OPT_VERSION]     = { "--version",       NULL,      NULL,   "print the version" },
};
/* clang-format on */

static int usage(FILE *to, int code)
{
        fprintf(to, "usage: mock-csms-fleet --url URL [OPTION …]\n");
        for (size_t i = 0; i < OPT_MAX; i++) {
                const Option *o = &options[i];
                int n = fprintf(to, "  %s %s", o->name, strempty(o->value));
                fprintf(to, "%*s%s%s%s%s\n", MAX(1, 28 - n), "", o->help, o->initial ? " (" : "",
                        strempty(o->initial), o->initial ? ")" : "");
        }
        return code;
}

/* Values by option from the arguments; both "--x VALUE" and "--x=VALUE" will do. 0 or -EINVAL. */
static int read_arguments(int argc, char **argv, const char *values[static OPT_MAX])
{
        for (int i = 1; i < argc; i++) {
                char *equals = strchr(argv[i], '=');
                size_t o = 0;
                if (equals)
                        *equals = '\0';
                while (o < OPT_MAX && !streq(options[o].name, argv[i]))
                        o++;
                if (o == OPT_MAX || (equals && !options[o].value))
                        return -EINVAL;
                values[o] = !options[o].value ? "" : equals ? equals + 1 : argv[++i];
                if (!values[o])
                        return -EINVAL;
        }
        return 0;
}

static int wrong(int option, const char *expected)
{
        fprintf(stderr, "mock-csms-fleet: %s: expected %s\n", options[option].name, expected);
        return -EINVAL;
}

/* What the numbers among the options are. */
typedef struct Numbers {
        double count, heartbeat, statuses, speed, ramp, seed, report, run;
} Numbers;

/* clang-format off */
static const struct NumberOption {
        int option;
        bool is_whole;
        double min, max;
        size_t offset; /* of a double in Numbers */
        const char *expected;
} number_options[] = {
        { OPT_COUNT,     true,  1,     COUNT_MAX, offsetof(Numbers, count),     "1 to 100000"                  },
        { OPT_HEARTBEAT, true,  1,     86400,     offsetof(Numbers, heartbeat), "seconds from 1 to 86400"      },
        { OPT_STATUSES,  false, 0,     1e5,       offsetof(Numbers, statuses),  "a number, at most 100000"     },
        { OPT_SPEED,     false, 0.001, 1e5,       offsetof(Numbers, speed),     "a factor from 0.001 to 100000" },
        { OPT_RAMP,      false, 0.001, 1e5,       offsetof(Numbers, ramp),      "a number from 0.001 to 100000" },
        { OPT_SEED,      true,  0,     0x1p53,    offsetof(Numbers, seed),      "a whole number, at most 2^53" },
        { OPT_REPORT,    true,  0,     86400,     offsetof(Numbers, report),    "seconds, at most 86400"       },
        { OPT_RUN,       true,  0,     1e8,       offsetof(Numbers, run),       "seconds, at most 100000000"   },
};

static const struct MixOption {
        int option;
        size_t longest; /* bytes of a value */
        size_t offset;  /* of a Mix in FleetPlan */
        const char *expected;
} mix_options[] = {
        { OPT_PROTOCOLS, MIX_VALUE_MAX,    offsetof(FleetPlan, protocols), "versions by share: 1.6:50,2.0.1:30,2.1:20" },
        { OPT_VENDORS,   20,               offsetof(FleetPlan, vendors),   "vendors of 20 bytes by share: ACME:70,Other:30" },
        { OPT_MODELS,    20,               offsetof(FleetPlan, models),    "models of 20 bytes by share: Box:70,Post:30" },
        { OPT_VERSIONS,  LIFE_VERSION_MAX, offsetof(FleetPlan, versions),  "versions of 50 bytes by share: 1.0.0:70,1.1.0:30" },
        { OPT_TIMEZONES, MIX_VALUE_MAX,    offsetof(FleetPlan, timezones), "names by share: Europe/Berlin:70,Asia/Tokyo:30" },
};
/* clang-format on */

static int read_numbers(const char *const values[static OPT_MAX], Numbers *ret)
{
        for (size_t i = 0; i < ELEMENTSOF(number_options); i++) {
                const struct NumberOption *o = &number_options[i];
                const char *text = values[o->option];
                char *end = NULL;
                if (!text)
                        continue;
                double value = strtod(text, &end);
                if (end == text || *end || !(value >= o->min && value <= o->max) ||
                    (o->is_whole && floor(value) < value))
                        return wrong(o->option, o->expected);
                *(double *)(void *)((char *)ret + o->offset) = value;
        }
        return 0;
}

static int read_mixes(const char *const values[static OPT_MAX], FleetPlan *plan)
{
        for (size_t i = 0; i < ELEMENTSOF(mix_options); i++) {
                const struct MixOption *o = &mix_options[i];
                Mix *mix = (Mix *)(void *)((char *)plan + o->offset);
                if (mix_read(values[o->option], mix) < 0)
                        return wrong(o->option, o->expected);
                for (size_t k = 0; k < mix->count; k++)
                        if (strlen(mix->items[k].value) > o->longest ||
                            (o->option == OPT_PROTOCOLS && !charger_dialect(mix->items[k].value)))
                                return wrong(o->option, o->expected);
        }
        return 0;
}

/* Letters, digits and what needs no percent-encoding in a path. */
static bool is_plain(const char *text)
{
        return text[strspn(text,
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")] ==
               '\0';
}

static int read_texts(const char *const values[static OPT_MAX], FleetOptions *o)
{
        LinkUrl url;
        const char *given = values[OPT_URL];
        if (!values[OPT_PLAN] &&
            (!given || link_url_parse(given, &url) < 0 || given[strlen(given) - 1] != '/'))
                return wrong(OPT_URL, "ws://HOST:PORT/…/ or wss://HOST:PORT/…/");
        if (strlen(values[OPT_PREFIX]) > PREFIX_MAX || !is_plain(values[OPT_PREFIX]))
                return wrong(OPT_PREFIX,
                             "letters, digits, dots, hyphens and underscores, 32 at most");
        if (values[OPT_NEW_VERSION] && strlen(values[OPT_NEW_VERSION]) > LIFE_VERSION_MAX)
                return wrong(OPT_NEW_VERSION, "50 bytes at most");
        if (values[OPT_FAILURES] && life_read_rates(values[OPT_FAILURES], &o->plan.rates) < 0)
                return wrong(OPT_FAILURES,
                             "percent by kind, 100 together at most: download:2,install:1");
        o->url = given;
        o->ca_file = values[OPT_CA_FILE];
        o->passwords = values[OPT_PASSWORDS];
        o->plan.prefix = values[OPT_PREFIX];
        o->plan.version = values[OPT_NEW_VERSION];
        o->plan.bad_build = values[OPT_BAD_BUILD];
        o->plan.fetch = values[OPT_FETCH] != NULL;
        return 0;
}

static int read_options(const char *const values[static OPT_MAX], FleetOptions *o)
{
        Numbers n = {0};
        if (read_texts(values, o) < 0 || read_numbers(values, &n) < 0 ||
            read_mixes(values, &o->plan) < 0)
                return -EINVAL;
        o->plan.count = (size_t)n.count;
        o->plan.heartbeat = (int64_t)n.heartbeat;
        o->plan.statuses = n.statuses;
        o->plan.speed = n.speed;
        o->plan.ramp = n.ramp;
        o->plan.seed = (uint64_t)n.seed;
        o->report = (unsigned)n.report;
        o->run = (unsigned)n.run;
        return 0;
}

int main(int argc, char **argv)
{
        const char *values[OPT_MAX];
        FleetOptions o = {0};
        for (size_t i = 0; i < OPT_MAX; i++)
                values[i] = options[i].initial;
        if (read_arguments(argc, argv, values) < 0) {
                fputs("mock-csms-fleet: an option is unknown or has no value\n", stderr);
                return usage(stderr, 2);
        }
        if (values[OPT_HELP])
                return usage(stdout, 0);
        if (values[OPT_VERSION]) {
                puts("mock-csms-fleet " PROJECT_VERSION);
                return 0;
        }
        if (read_options(values, &o) < 0)
                return 2;
        return (values[OPT_PLAN] ? fleet_print_plan(&o) : fleet_run(&o)) == 0 ? 0 : 1;
}
