/* Starting a worker process: see transfer-spawn.h. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "failpoint.h"
#include "transfer-spawn.h"
#include "transfer.h"

/* The descriptor the file appears as in the worker. */
#define FILE_FD 3
/* Above all that the worker gets. */
#define FD_OUT_OF_THE_WAY 10

#define WORKER "rauc-ocpp-transfer"

char *transfer_worker_path(void)
{
#ifdef TEST_SEAMS
        _cleanup_(freep) char *self = realpath("/proc/self/exe", NULL);

        if (self)
                *strrchr(self, '/') = '\0';
        return self ? str_printf("%s/" WORKER, self) : NULL;
#else
        return strdup(LIBEXEC_DIR "/" WORKER);
#endif
}

/* Moves a descriptor out of the way of those the child gets. */
static int fd_move_up(int *fd)
{
        int high = fcntl(*fd, F_DUPFD_CLOEXEC, FD_OUT_OF_THE_WAY);

        if (high < 0)
                return -errno;
        close(*fd);
        *fd = high;
        return 0;
}

static int pipe_open(int fds[2], size_t ours)
{
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        if (fcntl(fds[ours], F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        return fd_move_up(&fds[1 - ours]);
}

/* The job as a pipe's whole content: it fits, so nothing has to be written later, and as we hold
 * the reading end too there is no SIGPIPE. */
static int job_pipe(cJSON *job, int *ret)
{
        _cleanup_(freep) char *text = malloc(TRANSFER_JOB_MAX);
        _cleanup_(closep) int reader = -1, writer = -1;
        int fds[2] = {-1, -1}, r;
        ssize_t n = -1;

        if (!text)
                return -ENOMEM;
        r = pipe_open(fds, 1);
        reader = fds[0];
        writer = fds[1];
        if (r < 0)
                return r;
        if (!cJSON_PrintPreallocated(job, text, TRANSFER_JOB_MAX, false))
                r = -E2BIG;
        else if ((n = write(writer, text, strlen(text))) < 0)
                r = -errno;
        else if ((size_t)n < strlen(text))
                r = -EAGAIN;
        explicit_bzero(text, TRANSFER_JOB_MAX); /* the URL may hold a password */
        if (r < 0)
                return r;
        *ret = TAKE_FD(reader);
        return 0;
}

static int attributes_fill(posix_spawnattr_t *attributes)
{
        sigset_t none, all;
        int r;

        sigemptyset(&none);
        sigfillset(&all);
        r = posix_spawnattr_setsigmask(attributes, &none);
        if (r == 0)
                r = posix_spawnattr_setsigdefault(attributes, &all);
        if (r == 0)
                r = posix_spawnattr_setflags(attributes,
                                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        return -r;
}

static int actions_fill(posix_spawn_file_actions_t *actions, int input, int output, int file)
{
        int r = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);

        if (r == 0)
                r = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
        if (r == 0 && file >= 0)
                r = posix_spawn_file_actions_adddup2(actions, file, FILE_FD);
        if (r == 0)
                r = posix_spawn_file_actions_addclosefrom_np(actions,
                                                             file >= 0 ? FILE_FD + 1 : FILE_FD);
        return -r;
}

/* An environment is nothing a worker needs: no proxy, no OpenSSL or resolver setting reaches it. */
static int program_spawn(const char *worker, int input, int output, int file, pid_t *ret)
{
        char *const arguments[] = {(char *)worker, NULL};
#ifdef TEST_SEAMS
        char *environment[FAIL_POINT_VARIABLES + 1];
#else
        char *const environment[] = {NULL};
#endif
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int r;

        if (posix_spawn_file_actions_init(&actions) != 0)
                return -ENOMEM;
        if (posix_spawnattr_init(&attributes) != 0) {
                posix_spawn_file_actions_destroy(&actions);
                return -ENOMEM;
        }
#ifdef TEST_SEAMS
        fail_points_pass_on(environment);
#endif
        r = actions_fill(&actions, input, output, file);
        if (r == 0)
                r = attributes_fill(&attributes);
        if (r == 0)
                r = -posix_spawn(ret, worker, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        return r;
}

int worker_spawn(const char *worker, cJSON *job, int file, pid_t *ret_pid, int *ret_output)
{
        _cleanup_(closep) int input = -1, output = -1, output_of_child = -1, file_of_child = -1;
        int fds[2] = {-1, -1}, r;

        r = job_pipe(job, &input);
        if (r < 0)
                return r;
        r = pipe_open(fds, 0);
        output = fds[0];
        output_of_child = fds[1];
        if (r < 0)
                return r;
        if (file >= 0 && (file_of_child = fcntl(file, F_DUPFD_CLOEXEC, FD_OUT_OF_THE_WAY)) < 0)
                return -errno;
        r = program_spawn(worker, input, output_of_child, file_of_child, ret_pid);
        if (r == 0)
                *ret_output = TAKE_FD(output);
        return r;
}
