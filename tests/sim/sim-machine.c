/* machine.h and control.h: the boot id, the integrator's programs, the restart; the charger's own
 * software, which holds locks while it charges; and the operator. */
#include <unistd.h>

#include "sim.h"

struct Program {
        enum { PROGRAM_VERIFY, PROGRAM_CHECK, PROGRAM_REBOOT } kind;
        ProgramCallback callback;
        void *userdata;
        int status;
};

struct Control {
        const ControlHandlers *handlers;
        void *userdata;
};

static Control *control; /* the agent's, while it lives */
static int other_lock;

/* ---- the machine ---- */

int machine_boot_id(char out[static BOOT_ID_MAX])
{
        memcpy(out, sim.world.boot_id, BOOT_ID_MAX);
        return 0;
}

const char *machine_lacks_for_streams(bool at_start _unused_)
{
        return NULL;
}

int machine_release_version(const char *release_file _unused_, const char *bundle_version,
                            char **ret)
{
        if (!bundle_version)
                return -ENOENT;
        csms_version_changed();
        *ret = strdup(bundle_version);
        return *ret ? 0 : -ENOMEM;
}

static void go_down(void *arg _unused_, uint64_t n)
{
        sim.world.reboot_due = true;
        sim.figures.reboots++;
        die(n ? DEATH_STOP : DEATH_POWER, "the machine restarts");
}

static void reboot_asked(void)
{
        if (!effect("the reboot"))
                return;
        story("the agent asks for the reboot");
        if (!fault(FAULT_REBOOT))
                todo_add(OF_BOOT, span(USEC_PER_SEC, 30 * USEC_PER_SEC), go_down, NULL, rnd(4));
        else
                story("… but nothing comes of it");
}

typedef struct RebootCall {
        void (*callback)(void *userdata, int error, const char *message);
        void *userdata;
} RebootCall;

static RebootCall reboot_call;

static void on_reboot_answer(void *arg _unused_, uint64_t n)
{
        reboot_call.callback(reboot_call.userdata, n ? -EPERM : 0, "as the simulation wants it");
}

int machine_reboot(sd_bus *bus _unused_,
                   void (*callback)(void *userdata, int error, const char *message), void *userdata)
{
        bool refused = fault(FAULT_REBOOT);

        reboot_call = (RebootCall){callback, userdata};
        if (fault(FAULT_REBOOT))
                return -EIO;
        law_reboot();
        if (!refused)
                reboot_asked();
        todo_add(OF_LIFE, USEC_PER_MSEC, on_reboot_answer, NULL, refused);
        return 0;
}

void machine_booted(void)
{
        World *w = &sim.world;

        w->reboot_due = false;
        for (size_t i = 0; i < SESSIONS_MAX; i++)
                sim.sessions[i].runs = false; /* the cable's other end has seen the power go */
        if (!sim.quiet && chance(150))        /* no battery for the clock, and no NTP yet */
                w->clock_error = (int64_t)rnd(DAY) - (int64_t)sim_true_time();
        else if (chance(500))
                w->clock_error = 0;
        rauc_world_booted();
}

/* ---- the integrator's programs ---- */

static int verify_status(void)
{
        int content = sim.world.slots[sim.world.booted].content;
        const Content *c = &sim.contents[MAX(content, 0)];

        switch (c->health) {
        case HEALTHY:
                return 0;
        case HEALTH_LATE:
                return sim.now - sim.world.boot_at >= c->late ? 0 : 1;
        case HEALTH_FLAKY:
                return sim.quiet || chance(300) ? 0 : 1;
        case HEALTH_NEVER:
                return 1;
        case HEALTH_SICK:
                return 2;
        }
        return 2;
}

static void on_program_end(void *arg, uint64_t killed)
{
        Program *p = arg;
        int status = 0;

        if (p->kind == PROGRAM_VERIFY)
                status = verify_status();
        if (p->kind == PROGRAM_CHECK && !sim.quiet)
                status = chance(10) ? 2 : (int)rnd(2);
        if (p->kind == PROGRAM_REBOOT) {
                status = fault(FAULT_REBOOT);
                if (status == 0)
                        reboot_asked();
                if (sim.death != ALIVE)
                        return;
        }
        if (killed)
                status = -1;
        if (p->kind == PROGRAM_VERIFY) {
                story("verify_update_script: %d", status);
                if (status == 0)
                        law_fact_healthy();
        }
        p->callback(p->userdata, status);
}

int program_run(sd_event *event _unused_, const char *path, const char *argument _unused_,
                const char *const *environment _unused_, usec_t timeout, ProgramCallback callback,
                void *userdata, Program **ret)
{
        bool killed = fault(FAULT_HOOK);
        Program *p;

        if (!effect("starting a program"))
                return -EIO;
        if (fault(FAULT_HOOK) && chance(200))
                return -ENOENT;
        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        p->kind = streq(path, "/hook/verify")  ? PROGRAM_VERIFY
                  : streq(path, "/hook/check") ? PROGRAM_CHECK
                                               : PROGRAM_REBOOT;
        p->callback = callback;
        p->userdata = userdata;
        if (p->kind == PROGRAM_REBOOT)
                law_reboot();
        todo_add(OF_LIFE, killed ? timeout : span(USEC_PER_MSEC, timeout), on_program_end, p,
                 killed);
        *ret = p;
        return 0;
}

void program_free(Program *p)
{
        if (!p)
                return;
        todo_cancel(p);
        free(p);
}

/* ---- the D-Bus interface ---- */

int control_new(sd_bus *bus _unused_, const ControlHandlers *handlers, void *userdata,
                Control **ret)
{
        control = calloc(1, sizeof(*control));
        if (!control)
                return -ENOMEM;
        *control = (Control){handlers, userdata};
        *ret = control;
        return 0;
}

void control_free(Control *c)
{
        free(c);
        control = NULL;
}

int control_update(Control *c)
{
        if (chance(10))
                c->handlers->get(c->userdata);
        return 0;
}

int control_status_reported(Control *c _unused_, usec_t time _unused_,
                            const char *request_id _unused_, const char *status _unused_)
{
        return 0;
}

/* Nobody asks for logs there. */
void control_answer(ControlCall *call _unused_, const char *text _unused_)
{
}

/* ---- charging sessions ---- */

static bool agent_listens(void)
{
        return control && sim.death == ALIVE && sim.agent;
}

static void session_lock(size_t i)
{
        Session *s = &sim.sessions[i];
        char who[32];

        if (!agent_listens() || !s->runs || s->fd >= 0)
                return;
        snprintf(who, sizeof(who), "session-%zu", i);
        if (control->handlers->inhibit(control->userdata, who, "charging", s->connector, &s->fd) <
            0)
                s->fd = -1;
        else
                story("%s holds connector %u", who, s->connector);
        if (sim.death != ALIVE || sim.disk_was_bad)
                s->runs = false; /* too close to tell whether it is noted: it ends at once */
        if (!s->runs && s->fd >= 0) {
                close(s->fd);
                s->fd = -1;
                loop_look_at_fds();
        }
}

void session_begin(void *arg _unused_, uint64_t n)
{
        Session *s = &sim.sessions[n];

        if (s->runs || !agent_listens() || sim.quiet)
                return;
        *s = (Session){.runs = true, .fd = -1, .connector = (unsigned)n + 1};
        sim.figures.sessions++;
        session_lock(n);
        todo_add(OF_BOOT, span(USEC_PER_MIN, 8 * USEC_PER_HOUR), session_end, NULL, n);
}

void session_end(void *arg _unused_, uint64_t n)
{
        Session *s = &sim.sessions[n];

        if (s->runs)
                story("session-%u ends", (unsigned)n);
        s->runs = false;
        if (s->fd >= 0)
                close(s->fd);
        s->fd = -1;
        loop_look_at_fds();
}

static void session_again(void *arg _unused_, uint64_t n)
{
        session_lock(n);
}

bool session_holds(void)
{
        for (size_t i = 0; i < SESSIONS_MAX; i++)
                if (sim.sessions[i].runs)
                        return true;
        return false;
}

/* Holders that the agent's end let loose come back, within inhibit_grace. */
void machine_life_begins(void)
{
        for (size_t i = 0; i < SESSIONS_MAX; i++)
                if (sim.sessions[i].runs)
                        todo_add(OF_LIFE, span(USEC_PER_MSEC, 20 * USEC_PER_SEC), session_again,
                                 NULL, i);
}

void machine_agent_is_gone(void)
{
        for (size_t i = 0; i < SESSIONS_MAX; i++) {
                if (sim.sessions[i].fd >= 0)
                        close(sim.sessions[i].fd);
                sim.sessions[i].fd = -1;
        }
        if (other_lock > 0)
                close(other_lock);
        other_lock = 0;
        control = NULL;
}

void machine_world_reset(void)
{
        other_lock = 0;
        control = NULL;
        for (size_t i = 0; i < SESSIONS_MAX; i++)
                sim.sessions[i].fd = -1;
}

/* ---- the operator ---- */

static void other_lets_go(void *arg _unused_, uint64_t n _unused_)
{
        if (other_lock > 0)
                close(other_lock);
        other_lock = 0;
        loop_look_at_fds();
}

/* What the quiet end begins with. */
static void operator_goes(void)
{
        for (size_t i = 0; i < SESSIONS_MAX; i++)
                session_end(NULL, i);
        other_lets_go(NULL, 0);
        control->handlers->resume(control->userdata);
}

void operator_acts(void *arg _unused_, uint64_t n)
{
        const ControlHandlers *h;
        int fd;

        if (!agent_listens())
                return;
        h = control->handlers;
        switch (n) {
        case 0:
                story("the operator: pause: %d", h->pause(control->userdata));
                break;
        case 1:
                story("the operator: resume: %d", h->resume(control->userdata));
                break;
        case 2:
                sim.figures.cancels++;
                story("the operator: cancel: %d", h->cancel(control->userdata));
                break;
        case 3:
                if (other_lock > 0 || h->inhibit(control->userdata, "cleaner", "", 0, &fd) < 0)
                        break;
                story("the cleaner holds the charger");
                other_lock = fd;
                todo_add(OF_LIFE, span(USEC_PER_SEC, 4 * USEC_PER_HOUR), other_lets_go, NULL, 0);
                break;
        default:
                operator_goes();
                break;
        }
}
