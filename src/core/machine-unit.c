/* Hooks as units of their own, outside of the agent's cage: see machine.h. What a unit runs stands
 * in a file that it reads as EnvironmentFile=, so that no text of a peer is ever part of a unit. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "machine-internal.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER SYSTEMD ".Manager"
#define SYSTEMD_UNIT SYSTEMD ".Unit"
#define SYSTEMD_SERVICE SYSTEMD ".Service"

struct HookUnit {
        Program *program;
        sd_bus *bus;
        sd_bus_slot *removed, *call;
        char *name, *path;
        char *job;       /* the one that runs it; NULL: systemd has not answered yet */
        size_t question; /* the one that is open */
};

/* What is asked of the unit whose job has ended, one by one. The job's own result tells too little:
 * it is "done" too where a condition in a drop-in kept the unit from running. */
static const struct {
        const char *interface, *property;
        const char *words[2]; /* what it may be; none: a number, the last one is the answer */
} questions[] = {
        {SYSTEMD_UNIT, "ActiveState", {"active", "failed"}},
        {SYSTEMD_SERVICE, "Result", {"success", "exit-code"}},
        {SYSTEMD_SERVICE, "ExecMainCode", {NULL}}, /* CLD_EXITED */
        {SYSTEMD_SERVICE, "ExecMainStatus", {NULL}},
};

/* Errors that stay. Others (systemd is about to shut down, is not there, is slow) may pass. */
static const char *const refusals[] = {
        SYSTEMD ".NoSuchUnit",      SYSTEMD ".LoadFailed",
        SYSTEMD ".BadUnitSetting",  SYSTEMD ".UnitMasked",
        SD_BUS_ERROR_ACCESS_DENIED, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
};

static const char *const instances[] = {"pre-download", "pre-install", "verify"};

/* All of the calls have two texts. */
typedef struct Call {
        const char *path, *interface, *method;
        const char *first, *second;
} Call;

/* callback NULL: the answer is not waited for. It is not to be started: it is the first process. */
static int systemd_call(sd_bus *bus, const Call *c, sd_bus_message_handler_t callback,
                        void *userdata, sd_bus_slot **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(bus, &m, SYSTEMD, c->path, c->interface, c->method);

        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", c->first, c->second);
        return r < 0 ? r : sd_bus_call_async(bus, ret, m, callback, userdata, 0);
}

/* At the agent's end the bus may be closed already, but systemd stops the hooks with its unit. */
static void unit_stop(sd_bus *bus, const char *name)
{
        Call c = {SYSTEMD_PATH, SYSTEMD_MANAGER, "StopUnit", name, "replace"};
        int r = systemd_call(bus, &c, NULL, NULL, NULL);

        if (r < 0)
                log_full(LOG_DEBUG, r, "Can't ask systemd to stop %s", name);
}

static char *unit_name(const char *instance)
{
        return str_printf("rauc-ocpp-hook@%s.service", instance);
}

void program_stop_units(sd_bus *bus)
{
        for (size_t i = 0; i < ELEMENTSOF(instances); i++) {
                _cleanup_(freep) char *name = unit_name(instances[i]);

                if (name)
                        unit_stop(bus, name);
        }
}

void hook_unit_free(HookUnit *u)
{
        if (!u)
                return;
        sd_bus_slot_unref(u->removed);
        sd_bus_slot_unref(u->call);
        if (u->name)
                unit_stop(u->bus, u->name);
        sd_bus_unref(u->bus);
        free(u->name);
        free(u->path);
        free(u->job);
        free(u);
}

/* The call back may free the program, and the unit with it. Returns 0, for handlers. */
static int unit_ended(HookUnit *u, int status)
{
        Program *p = u->program;

        u->removed = sd_bus_slot_unref(u->removed);
        u->call = sd_bus_slot_unref(u->call);
        sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
        p->callback(p->userdata, status);
        return 0;
}

static int unit_ask(HookUnit *u);

static int on_property(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        HookUnit *u = userdata;
        const char *property = questions[u->question].property, *word = NULL;
        const char *const *words = questions[u->question].words;
        int number = -1, r = -sd_bus_message_get_errno(m);

        if (r == 0)
                r = words[0] ? sd_bus_message_read(m, "v", "s", &word)
                             : sd_bus_message_read(m, "v", "i", &number);
        if (r < 0) {
                log_warning_errno(r, "systemd does not tell the %s of %s", property, u->name);
                return unit_ended(u, -1);
        }
        if (u->question == ELEMENTSOF(questions) - 1)
                return unit_ended(u, number);
        if (words[0] ? !str_equal(word, words[0]) && !str_equal(word, words[1])
                     : number != CLD_EXITED) {
                log_warning("%s has no exit status: its %s is %s", u->name, property,
                            word ?: "not that of an exit");
                return unit_ended(u, -1);
        }
        u->question++;
        return unit_ask(u);
}

static int unit_ask(HookUnit *u)
{
        Call c = {u->path, "org.freedesktop.DBus.Properties", "Get",
                  questions[u->question].interface, questions[u->question].property};

        u->call = sd_bus_slot_unref(u->call);
        return systemd_call(u->bus, &c, on_property, u, &u->call) < 0 ? unit_ended(u, -1) : 0;
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        HookUnit *u = userdata;
        const char *job;

        if (!u->job || sd_bus_message_read(m, "uo", NULL, &job) < 0 || !streq(job, u->job))
                return 0;
        free(TAKE_PTR(u->job));
        return unit_ask(u);
}

static int on_restarted(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        HookUnit *u = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        int status = -1, r;
        const char *job;

        if (e) {
                log_error("systemd does not start %s: %s", u->name, strempty(e->message));
                for (size_t i = 0; i < ELEMENTSOF(refusals); i++)
                        if (streq(e->name, refusals[i]))
                                status = PROGRAM_REFUSED;
                return unit_ended(u, status);
        }
        r = sd_bus_message_read(m, "o", &job);
        if (r >= 0)
                r = str_replace(&u->job, job);
        return r < 0 ? unit_ended(u, -1) : 0;
}

static int on_unit_timeout(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        HookUnit *u = userdata;

        log_warning("%s takes too long", u->name);
        return unit_ended(u, -1);
}

/* One line of an EnvironmentFile= (systemd.exec(5)). systemd drops a variable with a control
 * character, and a line feed would begin another one. */
static int line_write(FILE *f, const char *name, const char *value)
{
        fprintf(f, "%s\"", name);
        for (; *value; value++) {
                if ((unsigned char)*value < ' ' || *value == 0x7f)
                        return -EINVAL;
                if (strchr("\"\\`$", *value))
                        fputc('\\', f);
                fputc(*value, f);
        }
        fputs("\"\n", f);
        return 0;
}

static int environment_write(const UnitTask *task)
{
        _cleanup_(freep) char *path = str_printf("%s/hook-%s.env", task->folder, task->instance);
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;
        FILE *f = path ? open_memstream(&text, &size) : NULL;
        int r;

        if (!f)
                return -ENOMEM;
        r = line_write(f, "RAUC_OCPP_HOOK=", task->path);
        for (const char *const *e = task->environment; r == 0 && *e; e++) {
                const char *value = strchr(*e, '=') + 1;
                _cleanup_(freep) char *name = strndup(*e, (size_t)(value - *e));

                r = name ? line_write(f, name, value) : -ENOMEM;
        }
        if (fclose(f) != 0 && r == 0)
                r = -ENOMEM;
        return r < 0 ? r : file_write_atomic(path, text, size, 0600);
}

/* Restarts, since one that an agent before this one has left behind must not be taken for ours. */
static int unit_begin(HookUnit *u, const char *instance)
{
        Call c = {SYSTEMD_PATH, SYSTEMD_MANAGER, "RestartUnit", NULL, "replace"};
        int r;

        u->name = unit_name(instance);
        if (!u->name)
                return -ENOMEM;
        c.first = u->name;
        r = sd_bus_path_encode(SYSTEMD_PATH "/unit", u->name, &u->path);
        if (r >= 0)
                r = sd_bus_match_signal_async(u->bus, &u->removed, SYSTEMD, SYSTEMD_PATH,
                                              SYSTEMD_MANAGER, "JobRemoved", on_job_removed, NULL,
                                              u);
        return r < 0 ? r : systemd_call(u->bus, &c, on_restarted, u, &u->call);
}

int program_run_unit(sd_bus *bus, const UnitTask *task, ProgramCallback callback, void *userdata,
                     Program **ret)
{
        _cleanup_(program_freep) Program *p = calloc(1, sizeof(*p));
        int r;

        if (!p || !(p->unit = calloc(1, sizeof(*p->unit))))
                return -ENOMEM;
        *p->unit = (HookUnit){.program = p, .bus = sd_bus_ref(bus)};
        p->callback = callback;
        p->userdata = userdata;
        if (access(task->path, X_OK) < 0)
                return -errno;
        if (strchr(task->path, '=')) /* env would take it for a variable */
                return -EINVAL;
        r = environment_write(task);
        if (r >= 0)
                r = sd_event_add_time(sd_bus_get_event(bus), &p->timer, CLOCK_BOOTTIME,
                                      boottime_now() + task->timeout, 0, on_unit_timeout, p->unit);
        if (r >= 0)
                r = unit_begin(p->unit, task->instance);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}
