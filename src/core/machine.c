/* Boot id, release, hook programs, reboot: see machine.h. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "log.h"
#include "machine-internal.h"

#define OS_RELEASE_MAX (64 * 1024)
#define ENVIRONMENT_MAX 16

/* Where tests play the kernel; NULL: it is the real one. */
static const char *played_kernel(void)
{
#ifdef TEST_SEAMS
        return getenv("RAUC_OCPP_BOOT_DIR");
#else
        return NULL;
#endif
}

const char *machine_lacks_for_streams(bool at_start)
{
        /* All have a parameter, so built-in ones are seen too. */
        static const struct {
                const char *path, *words;
                bool may_be_loaded;
        } needs[] = {
                {"/sys/module/nbd", "nbd in the kernel (modprobe nbd)", false},
                {"/sys/module/dm_mod", "the device mapper (modprobe dm-mod)", false},
                {"/sys/module/dm_verity", "dm-verity, which is not loaded yet", true},
        };
        const char *folder = strempty(played_kernel());

        for (size_t i = 0; i < ELEMENTSOF(needs); i++) {
                _cleanup_(freep) char *path = str_printf("%s%s", folder, needs[i].path);

                if ((at_start || !needs[i].may_be_loaded) && path && access(path, F_OK) < 0)
                        return needs[i].words;
        }
        return NULL;
}

int machine_boot_id(char out[static BOOT_ID_MAX])
{
        _cleanup_(freep) char *path = NULL, *text = NULL;
        const char *folder = played_kernel();
        int r;

        path = folder ? str_printf("%s/boot_id", folder)
                      : strdup("/proc/sys/kernel/random/boot_id");
        if (!path)
                return -ENOMEM;
        r = file_read(path, BOOT_ID_MAX - 1, &text, NULL);
        if (r < 0)
                return r;
        snprintf(out, BOOT_ID_MAX, "%s", str_strip(text));
        return *out ? 0 : -ENODATA;
}

/* The value of NAME= in os-release text, quotes taken off; NULL. */
static char *release_value(const char *text, const char *name)
{
        size_t n = strlen(name);

        for (const char *line = text; line;
             line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
                size_t length = strcspn(line, "\r\n");

                if (length <= n || strncmp(line, name, n) != 0 || line[n] != '=')
                        continue;
                line += n + 1;
                length -= n + 1;
                if (length >= 2 && (*line == '"' || *line == '\'') && line[length - 1] == *line) {
                        line++;
                        length -= 2;
                }
                return length ? strndup(line, length) : NULL;
        }
        return NULL;
}

int machine_release_version(const char *release_file, const char *bundle_version, char **ret)
{
        _cleanup_(freep) char *text = NULL;
        char *version = NULL;
        int r = file_read(release_file ?: "/etc/os-release", OS_RELEASE_MAX, &text, NULL);

        if (r == 0)
                version = release_value(text, "IMAGE_VERSION");
        if (!version && !release_file && bundle_version && *bundle_version)
                version = strdup(bundle_version);
        if (!version && r == 0)
                version = release_value(text, "VERSION_ID");
        if (!version && r == 0 && release_file) {
                text[strcspn(text, "\r\n")] = '\0';
                version = *str_strip(text) ? strdup(str_strip(text)) : NULL;
        }
        if (!version)
                return -ENOENT;
        *ret = version;
        return 0;
}

void program_free(Program *p)
{
        if (!p)
                return;
        if (p->pid > 0) {
                kill(-p->pid, SIGKILL);
                /* The loop keeps the source until the child is gone, and reaps it. */
                sd_event_source_set_userdata(p->child, NULL);
                sd_event_source_set_floating(p->child, true);
                sd_event_source_unref(p->child);
        } else {
                sd_event_source_disable_unref(p->child);
        }
        sd_event_source_disable_unref(p->timer);
        hook_unit_free(p->unit);
        free(p);
}

static int on_program_end(sd_event_source *source, const siginfo_t *si, void *userdata)
{
        Program *p = userdata;

        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (!p) { /* freed meanwhile */
                sd_event_source_set_floating(source, false);
                return 0;
        }
        p->pid = 0;
        sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
        p->callback(p->userdata, si->si_code == CLD_EXITED ? si->si_status : -1);
        return 0;
}

/* The end comes by on_program_end(). */
static int on_program_timeout(sd_event_source *source _unused_, uint64_t usec _unused_,
                              void *userdata)
{
        Program *p = userdata;

        kill(-p->pid, SIGKILL);
        return 0;
}

/* PATH first, then what the caller gave. */
static int environment_fill(const char *const *environment, const char **ret)
{
        size_t n = 0;

        ret[n++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        for (size_t i = 0; environment && environment[i]; i++) {
                if (n >= ENVIRONMENT_MAX)
                        return -E2BIG;
                ret[n++] = environment[i];
        }
        ret[n] = NULL;
        return 0;
}

static int program_spawn(const char *path, const char *argument, const char *const *environment,
                         pid_t *ret)
{
        const char *arguments[] = {path, argument, NULL}, *variables[ENVIRONMENT_MAX + 1];
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, all;
        int r = environment_fill(environment, variables);

        if (r < 0)
                return r;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addclosefrom_np(&actions, 3);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setpgroup(&attributes, 0); /* its own, to be ended as a whole */
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                      POSIX_SPAWN_SETPGROUP);
        r = -posix_spawn(ret, path, &actions, &attributes, (char *const *)arguments,
                         (char *const *)variables);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        return r;
}

int program_run(sd_event *event, const char *path, const char *argument,
                const char *const *environment, usec_t timeout, ProgramCallback callback,
                void *userdata, Program **ret)
{
        _cleanup_(program_freep) Program *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        p->callback = callback;
        p->userdata = userdata;
        r = program_spawn(path, argument, environment, &p->pid);
        if (r < 0) {
                p->pid = 0;
                return r;
        }
        r = child_watch(event, p->pid, on_program_end, p, &p->child);
        if (r < 0) { /* nobody would reap it later */
                kill(-p->pid, SIGKILL);
                waitpid(p->pid, NULL, 0);
                p->pid = 0;
                return r;
        }
        r = sd_event_add_time(event, &p->timer, CLOCK_BOOTTIME, boottime_now() + timeout, 0,
                              on_program_timeout, p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

typedef struct RebootCall {
        void (*callback)(void *userdata, int error, const char *message);
        void *userdata;
} RebootCall;

static int on_reboot_reply(sd_bus_message *m, void *userdata, sd_bus_error *error _unused_)
{
        RebootCall *call = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);

        call->callback(call->userdata, -sd_bus_error_get_errno(e), e ? e->message : NULL);
        return 0;
}

int machine_reboot(sd_bus *bus, void (*callback)(void *userdata, int error, const char *message),
                   void *userdata)
{
        RebootCall *call = malloc(sizeof(*call));
        sd_bus_slot *slot = NULL;
        int r;

        if (!call)
                return -ENOMEM;
        *call = (RebootCall){callback, userdata};
        r = sd_bus_call_method_async(bus, &slot, "org.freedesktop.login1",
                                     "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                                     "Reboot", on_reboot_reply, call, "b", 0);
        if (r < 0) {
                free(call);
                return r;
        }
        sd_bus_slot_set_destroy_callback(slot, free);
        sd_bus_slot_set_floating(slot, true);
        sd_bus_slot_unref(slot);
        return 0;
}
