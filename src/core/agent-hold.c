/* May it be installed, may the machine reboot? What an update waits for beside RAUC: its time, the
 * operator, the window, sessions and other locks, the integrator's check. Rules: "Sessions, and who
 * else may hold" in docs/behaviour.md. */
#include <stdio.h>

#include "agent-private.h"
#include "config-value.h"

/* A closed gate that opens by an event, not by the time. */
#define UNTIL_TOLD (24 * USEC_PER_HOUR)

/* What is being asked for, as bits. */
enum { HOLD_INSTALL = 1, HOLD_REBOOT = 2, HOLD_ROLL_BACK = 4 };

/* clang-format off */
static const struct {
        unsigned what;
        bool waits; /* the state is the wait itself; the others ask once more, right before */
} asked_for[JOB_STATE_MAX] = {
        [JOB_READY]              = {HOLD_INSTALL,   true},
        [JOB_INSTALL_SCHEDULED]  = {HOLD_INSTALL,   true},
        [JOB_PREPARING]          = {HOLD_INSTALL,   false},
        [JOB_INSTALLING]         = {HOLD_INSTALL,   false},
        [JOB_REBOOT_HELD]        = {HOLD_REBOOT,    true},
        [JOB_ANNOUNCING]         = {HOLD_REBOOT,    false},
        [JOB_REBOOTING]          = {HOLD_REBOOT,    false},
        [JOB_ROLLBACK_HELD]      = {HOLD_ROLL_BACK, true},
        [JOB_ROLLBACK_REBOOTING] = {HOLD_ROLL_BACK, false},
};
/* clang-format on */

/* What the state waits for, 0: it does not. */
static unsigned waits_for(const Agent *a)
{
        return asked_for[a->job.state].waits ? asked_for[a->job.state].what : 0;
}

/* ---- the gates: 0 open, else for how long it is closed at least; who holds in a->held_by ---- */

static usec_t closed(Agent *a, usec_t how_long, const char *who)
{
        str_replace(&a->held_by, who);
        return how_long;
}

static usec_t gate_time(Agent *a, unsigned what _unused_)
{
        usec_t at = a->job.request.install_at;

        if (!clock_is_ahead(a, at))
                return 0;
        a->job.due_at = at;
        return closed(a, MIN(at - clock_csms_now(a), USEC_PER_HOUR), "its install time");
}

static usec_t gate_operator(Agent *a, unsigned what _unused_)
{
        return a->job.paused == 1 ? closed(a, UNTIL_TOLD, "the operator (rauc-ocpp-ctl resume)")
                                  : 0;
}

static usec_t gate_window(Agent *a, unsigned what _unused_)
{
        usec_t wait = a->config->install_window
                              ? value_window_opens_in(a->config->install_window, clock_csms_now(a))
                              : 0;

        if (wait == 0)
                return 0;
        a->job.due_at = clock_csms_now(a) + wait;
        return closed(a, MIN(wait, USEC_PER_HOUR), "install_window");
}

/* Who holds: for people with the reasons, in one line; else a name a line. NULL: nobody. */
static char *list_holders(const Agent *a, bool for_people)
{
        char *text = NULL;
        const Lock *lock;

        for (size_t i = 0; (lock = locks_get(a->locks, i)); i++) {
                const char *why = for_people ? lock->why : "";
                char *more =
                        str_printf("%s%s%s%s%s%s", strempty(text), text && for_people ? "; " : "",
                                   lock->who, *why ? ": " : "", why, for_people ? "" : "\n");

                free(text);
                text = more;
        }
        return text;
}

/* Names of those who hold, a line each, so that they are waited for after a restart. */
static void store_holders(Agent *a)
{
        _cleanup_(freep) char *text = list_holders(a, false);

        if (store_set(a->store, STORE_HOLDERS, text) < 0)
                log_warning("Can't note who holds the charger; after a restart nobody is waited "
                            "for");
}

/* A Reset by the CSMS is about to be done: what is begun now would be cut off. */
static usec_t gate_reset(Agent *a, unsigned what _unused_)
{
        return reset_is_near(a) ? closed(a, UNTIL_TOLD, "the reset that the CSMS has ordered") : 0;
}

/* Holders of before the restart may come back: they are waited for by name, for a while. */
static usec_t gate_grace(Agent *a, unsigned what)
{
        usec_t now = boottime_now();

        if (a->missing_holders && now >= a->grace_until) { /* they don't come back */
                str_replace(&a->missing_holders, NULL);
                store_holders(a);
        }
        if (!a->missing_holders || (what == HOLD_INSTALL && a->config->hold != HOLD_AT_INSTALL))
                return 0;
        return closed(a, a->grace_until - now, a->missing_holders);
}

static usec_t gate_locks(Agent *a, unsigned what)
{
        _cleanup_(freep) char *text = NULL;

        if (!locks_get(a->locks, 0) || (what == HOLD_INSTALL && a->config->hold != HOLD_AT_INSTALL))
                return 0;
        text = list_holders(a, true);
        return closed(a, UNTIL_TOLD, strempty(text));
}

static usec_t gate_check(Agent *a, unsigned what _unused_)
{
        usec_t now = boottime_now();

        return now < a->check_again_at ? closed(a, a->check_again_at - now, "pre_install_check")
                                       : 0;
}

/* clang-format off */
static const struct {
        usec_t (*closed)(Agent *a, unsigned what);
        unsigned what;
        bool counts; /* its wait is limited by max_wait */
} gates[] = {
        {gate_time,     HOLD_INSTALL,                                false},
        {gate_operator, HOLD_INSTALL | HOLD_REBOOT,                  false},
        {gate_window,   HOLD_INSTALL | HOLD_REBOOT,                  false},
        {gate_reset,    HOLD_INSTALL,                                false},
        {gate_grace,    HOLD_INSTALL | HOLD_REBOOT | HOLD_ROLL_BACK, false},
        {gate_locks,    HOLD_INSTALL | HOLD_REBOOT | HOLD_ROLL_BACK, true},
        {gate_check,    HOLD_INSTALL | HOLD_REBOOT,                  true},
};
/* clang-format on */

/* 0: all are open. */
static usec_t first_closed(Agent *a, unsigned what, bool *ret_counts)
{
        a->job.due_at = NO_TIME;
        for (size_t i = 0; i < ELEMENTSOF(gates); i++) {
                usec_t wait = gates[i].what & what ? gates[i].closed(a, what) : 0;

                *ret_counts = gates[i].counts;
                if (wait > 0)
                        return wait;
        }
        str_replace(&a->held_by, NULL);
        return 0;
}

/* ---- waiting ---- */

static int on_look(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->work_timer);
        hold_look(a);
        return 0;
}

/* What is left of twice max_wait (the second one with draining connectors); UNTIL_TOLD: no limit.
 */
static usec_t patience_left(Agent *a)
{
        usec_t now = clock_csms_now(a), limit = 2 * a->config->max_wait;

        if (a->job.held_since == NO_TIME || a->job.held_since > now) {
                a->job.held_since = now;
                agent_save(a);
        }
        if (limit == 0)
                return UNTIL_TOLD;
        return now - a->job.held_since < limit ? limit - (now - a->job.held_since) : 0;
}

/* Where charging sessions alone hold, no new one shall begin (L01.FR.07). */
static bool only_sessions_hold(const Agent *a)
{
        const Lock *lock;

        for (size_t i = 0; (lock = locks_get(a->locks, i)); i++)
                if (lock->connector == 0)
                        return false;
        return true;
}

/* … where the CSMS allows it, only once max_wait is over: left of twice that. */
static bool sessions_may_begin(const Agent *a, unsigned what, usec_t left)
{
        usec_t max_wait = a->config->max_wait;

        return vars_bool(a->vars, VAR_ALLOW_NEW_SESSIONS) &&
               (max_wait == 0 || what == HOLD_ROLL_BACK || left > max_wait);
}

static void set_draining(Agent *a, bool draining)
{
        if (a->draining == draining)
                return;
        a->draining = draining;
        availability_changed(a);
}

void hold_over(Agent *a)
{
        set_draining(a, false);
}

bool hold_has_session(const Agent *a, int64_t connector)
{
        const Lock *lock;

        for (size_t i = 0; (lock = locks_get(a->locks, i)); i++)
                if (lock->connector == connector && connector != 0)
                        return true;
        return false;
}

bool hold_holds_reboot(const Agent *a, bool *ret_session)
{
        const Lock *lock;

        *ret_session = false;
        for (size_t i = 0; (lock = locks_get(a->locks, i)); i++)
                *ret_session |= lock->connector != 0;
        return locks_get(a->locks, 0) || (a->missing_holders && boottime_now() < a->grace_until);
}

static void wait_for(Agent *a, unsigned what, usec_t wait, bool counts)
{
        usec_t left = counts && what != HOLD_ROLL_BACK ? patience_left(a) : UNTIL_TOLD;

        if (a->job.state == JOB_READY) {
                agent_event(a, EV_INSTALL_LATER); /* and looks again */
                return;
        }
        if (left == 0) {
                agent_set_reason(a, "the charger was held for longer than max_wait");
                agent_event(a, EV_INSTALL_FAILED);
                return;
        }
        set_draining(a, counts && gate_locks(a, what) > 0 && only_sessions_hold(a) &&
                                !sessions_may_begin(a, what, left));
        log_info("Update: the %s waits for %s", what == HOLD_INSTALL ? "install" : "reboot",
                 strempty(a->held_by));
        show_update(a);
        if (left > a->config->max_wait && a->config->max_wait > 0) /* see sessions_may_begin() */
                left -= a->config->max_wait;
        agent_timer(a, &a->work_timer, MIN(wait, left), on_look);
}

static void go(Agent *a, unsigned what)
{
        agent_event(a, what == HOLD_INSTALL ? EV_INSTALL_NOW : EV_REBOOT_NOW);
}

static void on_check(void *userdata, int status)
{
        Agent *a = userdata;
        unsigned what = waits_for(a);
        bool counts;

        program_free(TAKE_PTR(a->program));
        if (what == 0)
                return;
        if (status == 0 && first_closed(a, what, &counts) == 0) {
                go(a, what);
        } else if (status == 2) {
                agent_set_reason(a, "pre_install_check says never");
                agent_event(a, EV_CANCELED);
        } else {
                if (status != 0)
                        a->check_again_at = boottime_now() + a->config->check_interval;
                hold_look(a);
        }
}

static void run_check(Agent *a, unsigned what)
{
        const char *program = a->config->pre_install_check;
        int r = what == HOLD_ROLL_BACK || !program
                        ? 1
                        : trial_run_hook(a, program, "pre-install", on_check, &a->program);

        if (r == 1)
                go(a, what);
        else if (r < 0) {
                log_error_errno(r, "Can't run [firmware] pre_install_check %s", program);
                on_check(a, -1);
        }
}

/* RAUC works for somebody else: it tells when it is idle, and is asked at intervals too. */
static void on_installer_idle(Agent *a)
{
        a->installer_busy = false;
        hold_look(a);
}

void hold_look(Agent *a)
{
        unsigned what = waits_for(a);
        bool counts = false;
        usec_t wait;

        if (what == 0 || a->program)
                return;
        if (what == HOLD_REBOOT && a->config->reboot == REBOOT_NEVER) {
                go(a, what);
                return;
        }
        wait = first_closed(a, what, &counts);
        if (wait > 0) {
                wait_for(a, what, wait, counts);
        } else if (what == HOLD_INSTALL &&
                   (a->installer_busy || a->installer->ops->is_busy(a->installer))) {
                str_replace(&a->held_by, "RAUC, which works for somebody else");
                if (a->job.state == JOB_READY)
                        agent_event(a, EV_INSTALL_LATER);
                else
                        install_ask_again(a, on_installer_idle);
        } else {
                run_check(a, what);
        }
}

bool hold_is_held(Agent *a)
{
        unsigned what = asked_for[a->job.state].what;
        bool counts;

        return what != 0 && (what == HOLD_INSTALL || a->config->reboot != REBOOT_NEVER) &&
               first_closed(a, what, &counts) > 0;
}

/* ---- the locks ---- */

/* Those of before the restart that are not back. */
static void forget_returned(Agent *a)
{
        const Lock *lock;

        for (size_t i = 0; a->missing_holders && (lock = locks_get(a->locks, i)); i++) {
                _cleanup_(freep) char *line = str_printf("%s\n", lock->who);
                char *at = line ? strstr(a->missing_holders, line) : NULL;

                if (at && (at == a->missing_holders || at[-1] == '\n'))
                        memmove(at, at + strlen(line), strlen(at + strlen(line)) + 1);
        }
        if (a->missing_holders && !*a->missing_holders)
                str_replace(&a->missing_holders, NULL);
}

static void on_locks_changed(void *userdata)
{
        Agent *a = userdata;

        store_holders(a);
        forget_returned(a);
        hold_look(a);
        session_kick(a); /* a connector that may be told of, a Reset that has waited */
        show_update(a);
}

int hold_init(Agent *a)
{
        int r = locks_new(a->parts.event, on_locks_changed, a, &a->locks);

        if (r == 0)
                r = store_get(a->store, STORE_HOLDERS, &a->missing_holders);
        a->grace_until = boottime_now() + a->config->inhibit_grace;
        return r < 0 ? log_error_errno(r, "Can't make the inhibitor locks") : 0;
}

void hold_done(Agent *a)
{
        locks_free(TAKE_PTR(a->locks));
        free(TAKE_PTR(a->missing_holders));
        free(TAKE_PTR(a->held_by));
}

int hold_inhibit(Agent *a, const char *who, const char *why, uint32_t connector, int *ret_fd)
{
        int r = locks_take(a->locks, who, why, connector, ret_fd);

        if (r == 0)
                log_info("%s holds the charger%s%s", who, *why ? ": " : "", why);
        return r;
}

/* ---- the operator ---- */

int hold_cancel(Agent *a)
{
        int r;

        if (!job_step(a->job.state, EV_CANCELED))
                return a->job.state == JOB_IDLE ? -ENOENT : -EBUSY;
        agent_set_reason(a, "canceled by the operator");
        r = agent_event(a, EV_CANCELED);
        return MIN(r, 0);
}

/* The wait that the state is in, looked at anew. */
static void look_anew(Agent *a)
{
        if (a->job.state == JOB_DOWNLOAD_SCHEDULED)
                fetch_wait(a);
        else
                hold_look(a);
}

static int set_paused(Agent *a, bool paused)
{
        JobEvent event = paused ? EV_PAUSED : EV_RESUMED;
        int64_t old = a->job.paused;
        int r;

        a->job.paused = paused;
        r = job_step(a->job.state, event) ? agent_event(a, event) : agent_save(a);
        if (r < 0) {
                a->job.paused = old;
                return r;
        }
        look_anew(a);
        show_update(a);
        return 0;
}

int hold_pause(Agent *a)
{
        if (a->job.state == JOB_IDLE)
                return -ENOENT;
        return job_step(a->job.state, EV_CANCELED) ? set_paused(a, true) : -EBUSY;
}

int hold_resume(Agent *a)
{
        return a->job.paused == 1 ? set_paused(a, false) : -ENOENT;
}
