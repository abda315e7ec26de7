/* Jobs as rauc-ocpp-transfer does them that need large libraries: rauc-ocpp-fetch ("fetch" and
 * "upload", libcurl) or rauc-ocpp-collect ("collect", libarchive), beside it, takes this process
 * over and the job with it. Each brings thirty libraries along: looking up a name at each start of
 * the agent should not wait for them, and hashing should not share its memory with them. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "say.h"
#include "task.h"

static char *path_of(const char *program)
{
        _cleanup_(freep) char *self = realpath("/proc/self/exe", NULL);

        if (!self)
                return NULL;
        *strrchr(self, '/') = '\0';
        return str_printf("%s/%s", self, program);
}

/* The job once more as stdin, for the next program to read from its beginning. */
static int job_put_back(const Task *task)
{
        _cleanup_(closep) int fd = memfd_create("job", MFD_CLOEXEC);
        size_t done = 0;

        if (fd < 0)
                return -errno;
        while (done < task->size) {
                ssize_t n = write(fd, task->text + done, task->size - done);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0)
                        done += (size_t)n;
        }
        if (lseek(fd, 0, SEEK_SET) < 0 || dup2(fd, STDIN_FILENO) < 0)
                return -errno;
        return 0;
}

static int hand_over(const Task *task, const char *program)
{
        _cleanup_(freep) char *path = path_of(program);
        char *const arguments[] = {path, NULL};
        Failure failure = {.final = false, .code = "worker"};
        int r = path ? job_put_back(task) : -ENOMEM;

        if (r == 0) {
                execv(path, arguments);
                r = -errno;
        }
        snprintf(failure.message, sizeof(failure.message), "%s can't be started: %s", program,
                 strerror(-r));
        say_failed(&failure);
        return EXIT_SUCCESS;
}

#ifdef HANDS_OVER_FETCH
int fetch_run(const Task *task)
{
        return hand_over(task, "rauc-ocpp-fetch");
}

int upload_run(const Task *task)
{
        return hand_over(task, "rauc-ocpp-fetch");
}
#endif

#ifdef HANDS_OVER_COLLECT
int collect_run(const Task *task)
{
        return hand_over(task, "rauc-ocpp-collect");
}
#endif
