/* Orders to the agent: see order.h. */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "order.h"
#include "view.h"

int order(sd_bus *bus, const char *method, sd_bus_error *reterr)
{
        int r = sd_bus_call_method(bus, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE, method, reterr,
                                   NULL, NULL);

        return MIN(r, 0);
}

int install(sd_bus *bus, const char *location, sd_bus_error *reterr)
{
        _cleanup_(freep) char *path = NULL;
        _cleanup_(closep) int fd = -1;
        int r;

        if (strstr(location, "://")) {
                r = sd_bus_call_method(bus, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE, "Install",
                                       reterr, NULL, "s", location);
                return MIN(r, 0);
        }
        path = realpath(location, NULL);
        fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
        if (fd < 0)
                return sd_bus_error_set_errnof(reterr, errno, "%s: %s", location, strerror(errno));
        r = sd_bus_call_method(bus, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE, "InstallFile", reterr,
                               NULL, "hs", fd, path);
        return MIN(r, 0);
}

static int run_command(char *const command[])
{
        int status, r;
        pid_t pid;

        /* The lock's descriptor is close-on-exec: it is ours, not the command's children's. */
        r = posix_spawnp(&pid, command[0], NULL, NULL, command, environ);
        if (r != 0)
                return -r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int inhibit_while(sd_bus *bus, const char *why, char *const command[], sd_bus_error *reterr)
{
        sd_bus_message *reply = NULL;
        int fd, r;

        r = sd_bus_call_method(bus, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE, "Inhibit", reterr,
                               &reply, "ssu", "rauc-ocpp-ctl", why ?: command[0], UINT32_C(0));
        if (r >= 0)
                r = sd_bus_message_read(reply, "h", &fd);
        if (r >= 0)
                r = run_command(command); /* the reply owns the lock */
        if (r < 0 && !sd_bus_error_is_set(reterr))
                sd_bus_error_set_errnof(reterr, -r, "%s: %s", command[0], strerror(-r));
        sd_bus_message_unref(reply);
        return r;
}
