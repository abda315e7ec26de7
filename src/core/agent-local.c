/* Updates that are ordered at the charger itself: the same job, of which the CSMS is told nothing
 * (BootNotification tells it the version). Whoever may order one is root, so no signature of the
 * manufacturer's is asked for; RAUC's own stays. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent-private.h"

static int begin(Agent *a, const char *location, JobEvent event)
{
        UpdateRequest q = UPDATE_REQUEST_INIT;
        int r;

        if (a->job.state != JOB_IDLE)
                return -EBUSY;
        if (a->unsafe_place)
                return -EROFS;
        if (str_replace(&q.location, location) < 0)
                return -ENOMEM;
        r = request_take_local(a, &q, event);
        free(q.location);
        return r;
}

int local_install(Agent *a, const char *url)
{
        if (request_judge_url(a, url) < 0)
                return -EINVAL;
        return begin(a, url, a->config->pre_download_check ? EV_REQUESTED_CHECK : EV_REQUESTED_NOW);
}

int local_install_file(Agent *a, int file, const char *name)
{
        struct stat st;
        int r;

        if (fstat(file, &st) < 0 || !S_ISREG(st.st_mode) || *name != '/' || strlen(name) > 1000)
                return -EINVAL;
        if (a->job.state != JOB_IDLE)
                return -EBUSY;
        closep(&a->local_file);
        a->local_file = fcntl(file, F_DUPFD_CLOEXEC, 3);
        if (a->local_file < 0)
                return -errno;
        r = begin(a, name, EV_REQUESTED_NOW);
        if (r < 0)
                closep(&a->local_file);
        return r;
}

bool local_is_file(const Agent *a)
{
        return a->job.request.location && a->job.request.location[0] == '/';
}
