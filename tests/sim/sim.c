/* The simulation: the real agent in a world on a virtual clock, in which everything may fail, and
 * laws that must hold all the same. Runs many seeds in as many processes as there are processors;
 * one seed alone tells its story. See "The simulation" in CONTRIBUTING.md. */
#include <getopt.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

#define WORKERS_MAX 64
/* A seed takes milliseconds; this long is a loop that never ends. */
#define HANG_SECONDS 20
#define FAILURES_TOLD 20

/* What the processes share. */
typedef struct Board {
        struct {
                uint64_t seed; /* the one under way */
                uint64_t done; /* how many of its own */
                bool failed;
                Figures figures;
        } workers[WORKERS_MAX];
        uint64_t first_failure; /* seeds run before it, at least; UINT64_MAX: none */
} Board;

static struct {
        uint64_t seeds, from;
        unsigned jobs;
        bool one, until_failure, tells;
} arg = {.seeds = 100000, .from = 1};

static Board *board;

static void run_one(unsigned worker, uint64_t i)
{
        uint64_t seed = arg.from + i;

        board->workers[worker].seed = seed;
        alarm(HANG_SECONDS);
        if (!run_seed(seed, false)) {
                if (sim.figures.failures <= FAILURES_TOLD)
                        printf("seed %" PRIu64 ": LAW %s\n", seed, sim.law);
                fflush(stdout);
                if (i < board->first_failure)
                        board->first_failure = i;
        }
        board->workers[worker].figures = sim.figures;
        board->workers[worker].done++;
}

/* Every jobs-th seed, from where a process before it ended. */
static void work(unsigned worker)
{
        uint64_t i = worker + board->workers[worker].done * arg.jobs;

        sim.figures = board->workers[worker].figures;
        for (; i < arg.seeds; i += arg.jobs) {
                if (arg.until_failure && board->first_failure != UINT64_MAX)
                        break;
                run_one(worker, i);
        }
        keys_done();
        disk_done();
        exit(EXIT_SUCCESS);
}

static pid_t spawn(unsigned worker)
{
        pid_t pid;

        fflush(stdout);
        pid = fork();
        if (pid == 0)
                work(worker);
        return pid;
}

/* A process that ended by a signal broke on its seed; another one goes on behind it. */
static void gather(pid_t *pids)
{
        unsigned left = arg.jobs;

        while (left > 0) {
                int status;
                pid_t pid = wait(&status);
                unsigned w = 0;

                while (w < arg.jobs && pids[w] != pid)
                        w++;
                if (pid < 0 || w == arg.jobs)
                        break;
                left--;
                if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
                        continue;
                printf("seed %" PRIu64 ": LAW the process lives (%s %d)\n", board->workers[w].seed,
                       WIFSIGNALED(status) ? "signal" : "exit",
                       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
                board->first_failure = MIN(board->first_failure, board->workers[w].seed - arg.from);
                board->workers[w].figures.failures++;
                board->workers[w].figures.seeds++;
                board->workers[w].done++;
                pids[w] = spawn(w);
                left += pids[w] > 0;
        }
}

static Figures sum_up(void)
{
        Figures sum = {0};
        uint64_t *to = (uint64_t *)&sum;

        for (unsigned w = 0; w < arg.jobs; w++) {
                const uint64_t *from = (const uint64_t *)&board->workers[w].figures;

                for (size_t i = 0; i < sizeof(sum) / sizeof(*to); i++)
                        to[i] += from[i];
        }
        return sum;
}

static void print_figures(const Figures *f, double seconds)
{
        const struct {
                const char *what;
                uint64_t number;
        } lines[] = {
                {"lives of the agent", f->lives},
                {"killed or stopped", f->kills},
                {"power cuts", f->power_cuts},
                {"reboots", f->reboots},
                {"boots of another slot", f->fall_backs},
                {"orders", f->orders},
                {"requests for logs", f->log_requests},
                {"frames of the agent's", f->frames},
                {"connections", f->connections},
                {"triggers", f->triggers},
                {"Resets", f->resets},
                {"installs", f->installs},
                {"installs that failed", f->installs_failed},
                {"roll-backs", f->roll_backs},
                {"charging sessions", f->sessions},
                {"works of others", f->foreign},
                {"cancels", f->cancels},
                {"faults of the disk", f->disk_faults + f->reads_failed},
                {"steps", f->steps},
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                printf("  %-24s %10" PRIu64 "\n", lines[i].what, lines[i].number);
        for (int s = 0; s < FW_STATUS_MAX; s++)
                if (firmware_status_is_final((FirmwareStatus)s))
                        printf("  %-24s %10" PRIu64 "\n",
                               firmware_status_to_string((FirmwareStatus)s), f->finals[s]);
        printf("%" PRIu64 " seeds, %" PRIu64 " failed, %.0f seeds/s\n", f->seeds, f->failures,
               (double)f->seeds / MAX(seconds, 0.001));
}

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run_many(void)
{
        pid_t pids[WORKERS_MAX];
        double began = now();
        Figures figures;

        for (unsigned w = 0; w < arg.jobs; w++)
                pids[w] = spawn(w);
        gather(pids);
        figures = sum_up();
        print_figures(&figures, now() - began);
        if (arg.until_failure && board->first_failure != UINT64_MAX)
                printf("first failure after %" PRIu64 " seeds\n", board->first_failure + 1);
        if (figures.failures > 0)
                puts("The story of a seed: ./dev sim --seed S");
        return figures.failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_single(void)
{
        bool kept = run_seed(arg.from, true);

        printf("seed %" PRIu64 ": %s%s\n", arg.from, kept ? "all laws held" : "LAW ", sim.law);
        return kept ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int parse_options(int argc, char **argv)
{
        static const struct option options[] = {
                {"seeds", required_argument, NULL, 'n'},   {"from", required_argument, NULL, 'f'},
                {"seed", required_argument, NULL, 's'},    {"jobs", required_argument, NULL, 'j'},
                {"until-failure", no_argument, NULL, 'u'}, {0}};
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        int o;

        arg.jobs = processors > 0 ? (unsigned)MIN(processors, (long)WORKERS_MAX) : 1;
        while ((o = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                if (o == 'n')
                        arg.seeds = strtoull(optarg, NULL, 10);
                else if (o == 'f')
                        arg.from = strtoull(optarg, NULL, 10);
                else if (o == 'j')
                        arg.jobs = (unsigned)MIN(MAX(strtoul(optarg, NULL, 10), 1UL),
                                                 (unsigned long)WORKERS_MAX);
                else if (o == 'u')
                        arg.until_failure = true;
                else if (o == 's') {
                        arg.one = true;
                        arg.from = strtoull(optarg, NULL, 10);
                } else
                        return -EINVAL;
        }
        return optind < argc ? -EINVAL : 0;
}

/* The one real file: the root's certificate. */
static int make_keys(void)
{
        char folder[] = "/tmp/rauc-ocpp-sim-XXXXXX";
        int r = mkdtemp(folder) ? keys_init(folder) : -errno;

        return r;
}

static void drop_keys(void)
{
        _cleanup_(freep) char *folder = strdup(strempty(keys_root()));

        if (!folder || !*folder)
                return;
        remove(folder);
        *strrchr(folder, '/') = '\0';
        remove(folder);
}

int main(int argc, char **argv)
{
        int r;

        if (parse_options(argc, argv) < 0) {
                fputs("sim [--seeds N] [--from S] [--jobs N] [--until-failure] | --seed S\n",
                      stderr);
                return EXIT_FAILURE;
        }
        board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                     0);
        sim.quiet = true;
        if (board == MAP_FAILED || make_keys() < 0 || disk_init() < 0) {
                fputs("sim: can't begin\n", stderr);
                return EXIT_FAILURE;
        }
        board->first_failure = UINT64_MAX;
        r = arg.one ? run_single() : run_many();
        drop_keys();
        keys_done();
        disk_done();
        return r;
}
