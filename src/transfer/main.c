/* rauc-ocpp-transfer: one JSON job on stdin, JSON lines on stdout (core/transfer.h). The daemon
 * starts it for everything that talks to servers, reads whole files or blocks. Also the beginning
 * of rauc-ocpp-fetch and rauc-ocpp-collect, which it becomes for what needs libcurl or libarchive
 * (handover.c). */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "say.h"
#include "task.h"
#include "transfer.h"

#define EXIT_BAD_JOB 2

/* Whether somebody still holds the other end of our stdout. */
static bool daemon_is_there(void)
{
        struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

        return poll(&p, 1, 0) >= 0 && !(p.revents & (POLLERR | POLLHUP | POLLNVAL));
}

/* No worker outlives its daemon; no password in a core file, not even in one that goes to a
 * program; no way to more rights. The job's own limits: cage.h. */
static int limits_set(void)
{
        const struct rlimit none = {0, 0};

        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return -errno;
        return daemon_is_there() ? 0 : -EPIPE; /* it died before the first line here */
}

static int job_read(char *text, size_t *ret_size)
{
        size_t size = 0;

        for (;;) {
                ssize_t n = read(STDIN_FILENO, text + size, TRANSFER_JOB_MAX + 1 - size);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        break;
                if (n > 0)
                        size += (size_t)n;
                if (size > TRANSFER_JOB_MAX)
                        return -EFBIG;
        }
        *ret_size = size;
        return 0;
}

static int refuse(const char *why)
{
        Failure failure = {.final = true, .code = "job"};

        snprintf(failure.message, sizeof(failure.message), "%s", why);
        fprintf(stderr, "rauc-ocpp-transfer: %s\n", why);
        say_failed(&failure);
        return EXIT_BAD_JOB;
}

int main(int argc, char *argv[] _unused_)
{
        _cleanup_(freep) char *text = malloc(TRANSFER_JOB_MAX + 1);
        _cleanup_(task_done) Task task = {0};
        const char *wrong = "out of memory";
        size_t size = 0;
        int r;

        if (argc > 1) {
                fputs("usage: rauc-ocpp-transfer < job.json (the agent starts it)\n", stderr);
                return EXIT_BAD_JOB;
        }
        r = limits_set();
        if (!text || r < 0)
                return EXIT_FAILURE;
        r = job_read(text, &size);
        if (r < 0)
                return refuse(r == -EFBIG ? "the job is too long" : "the job can't be read");
        r = task_parse(text, size, &task, &wrong);
        if (r < 0)
                return refuse(wrong);
        return task.run(&task);
}
