/* Reset (B11, B12; 1.6: C16 5.14): of the agent alone, or of the machine. Answered, then what is
 * left to be said is sent, then done; who holds the charger, and an update that must not be
 * disturbed, are waited for. Rules: "Reset and availability" in docs/behaviour.md. */
#include <stdio.h>

#include "agent-private.h"

/* What is left to be said has been answered, or this is over. */
#define RESET_SAY_FOR (10 * USEC_PER_SEC)
/* The connection is closed in good order, or this is over. */
#define RESET_LEAVE_FOR (5 * USEC_PER_SEC)

/* clang-format off */
/* What is answered while a charging session, and while something else, holds the charger. We can't end
 * a session. 1.6 has no word for what waits but Accepted. */
static const struct {
        bool service;
        OrderVerdict in_session, held;
} kinds[RESET_KIND_MAX] = {
        [RESET_SERVICE]   = { true,  ORDER_ACCEPTED,  ORDER_ACCEPTED  },
        [RESET_MACHINE]   = { false, ORDER_ACCEPTED,  ORDER_ACCEPTED  },
        [RESET_IMMEDIATE] = { false, ORDER_REJECTED,  ORDER_SCHEDULED },
        [RESET_ON_IDLE]   = { false, ORDER_SCHEDULED, ORDER_SCHEDULED },
};

static const OrderAnswer no_evse    = { ORDER_REJECTED, "UnsupportedParam",   "an EVSE can't be reset by itself" };
static const OrderAnswer no_reboot  = { ORDER_REJECTED, "NotEnabled",         "[firmware] reboot = never" };
static const OrderAnswer in_update  = { ORDER_REJECTED, "FwUpdateInProgress", "an update is being installed or on trial" };
static const OrderAnswer in_session = { ORDER_REJECTED, "TxInProgress",       "a charging session can't be ended" };
/* clang-format on */

/* ---- what is stored: "PHASE WHAT WHY BOOT-ID" ---- */

static char *record(const Agent *a, const char *phase)
{
        return str_printf("%s %s %s %s", phase, a->reset.service ? "service" : "machine",
                          a->reset.scheduled ? "scheduled" : "remote", a->boot_id);
}

char *reset_told_record(const Agent *a)
{
        return record(a, "told");
}

/* The reset goes on without: of the next start it would not be known what led to it. */
static void note(Agent *a, const char *phase)
{
        _cleanup_(freep) char *text = phase ? record(a, phase) : NULL;

        if ((phase && !text) || store_set(a->store, STORE_RESET, text) < 0)
                log_warning("The Reset could not be noted in %s", a->config->state_directory);
}

void reset_is_told(Agent *a)
{
        if (a->reset.served && a->reset.phase == RESET_NONE) /* else another one is noted there */
                note(a, NULL);
        a->reset.served = false;
}

/* ---- done ---- */

static void leave(Agent *a)
{
        agent_timer_off(&a->reset.timer);
        log_notice("The agent ends, to be started anew");
        sd_event_exit(a->parts.event, EXIT_SUCCESS);
}

static int on_leave_over(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        leave(userdata);
        return 0;
}

void reset_closed(Agent *a)
{
        if (a->reset.phase == RESET_ASKED && a->reset.service)
                leave(a);
}

/* The connection is closed in good order first: its last frame is the answer. */
static void end_service(Agent *a)
{
        if (!link_is_open(a->link)) {
                leave(a);
                return;
        }
        agent_timer(a, &a->reset.timer, RESET_LEAVE_FOR, on_leave_over);
        link_close(a->link);
}

static int on_reboot_overdue(sd_event_source *source _unused_, uint64_t usec _unused_,
                             void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->reset.timer);
        log_error("The machine is still up %llu s after the CSMS's Reset; things go on",
                  (unsigned long long)(a->config->reboot_timeout / USEC_PER_SEC));
        a->reset.phase = RESET_NONE;
        note(a, NULL);
        hold_look(a);
        return 0;
}

static void on_reboot_command(void *userdata, int status)
{
        Agent *a = userdata;

        program_free(TAKE_PTR(a->reset.program));
        if (status != 0)
                log_error("[firmware] reboot_command %s ended with %d", a->config->reboot_command,
                          status);
}

static void end_machine(Agent *a)
{
        int r = install_ask_for_reboot(a, on_reboot_command, &a->reset.program);

        if (r < 0)
                log_error_errno(r, "Can't ask for the reboot");
        agent_timer(a, &a->reset.timer, a->config->reboot_timeout, on_reboot_overdue);
}

static void go(Agent *a)
{
        log_notice("Reset by order of the CSMS: %s",
                   a->reset.service ? "the agent" : "the machine");
        agent_timer_off(&a->reset.timer);
        a->reset.phase = RESET_ASKED;
        note(a, a->reset.again ? "again" : "asked");
        if (a->reset.service)
                end_service(a);
        else
                end_machine(a);
}

/* ---- waiting ---- */

static bool may_go(const Agent *a)
{
        bool session;

        return job_can_be_superseded(a->job.state) && !hold_holds_reboot(a, &session);
}

static int on_look(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->reset.timer);
        reset_look(a);
        return 0;
}

static int on_said(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->reset.timer);
        if (may_go(a))
                go(a);
        else
                reset_look(a);
        return 0;
}

static void go_on_waiting(Agent *a)
{
        usec_t now = boottime_now();
        bool was_near = reset_is_near(a);

        if (was_near)
                agent_timer_off(&a->reset.timer);
        a->reset.phase = RESET_WAITING;
        if (a->missing_holders && now < a->grace_until && !a->reset.timer)
                agent_timer(a, &a->reset.timer, a->grace_until - now, on_look);
        if (was_near)
                hold_look(a); /* an update need not wait for it any more */
}

static bool all_is_said(Agent *a)
{
        return !a->dialect || (!rpc_is_busy(a->rpc) && outbox_is_empty(a));
}

void reset_look(Agent *a)
{
        if (a->reset.phase == RESET_NONE || a->reset.phase == RESET_ASKED)
                return;
        if (!may_go(a)) {
                go_on_waiting(a);
                return;
        }
        if (a->reset.phase == RESET_WAITING) {
                a->reset.phase = RESET_SAYING;
                agent_timer(a, &a->reset.timer, RESET_SAY_FOR, on_said);
        }
        if (all_is_said(a))
                go(a);
}

bool reset_is_near(const Agent *a)
{
        return a->reset.phase >= RESET_SAYING;
}

/* ---- the order ---- */

static OrderAnswer judge(const Agent *a, const ResetRequest *q)
{
        bool session, held = hold_holds_reboot(a, &session);
        OrderVerdict verdict = session ? kinds[q->kind].in_session
                               : held  ? kinds[q->kind].held
                                       : ORDER_ACCEPTED;

        if (q->evse != NO_INT)
                return no_evse;
        if (!kinds[q->kind].service && a->config->reboot == REBOOT_NEVER)
                return no_reboot;
        if (!job_can_be_superseded(a->job.state))
                return in_update;
        return verdict == ORDER_REJECTED ? in_session : (OrderAnswer){.verdict = (int)verdict};
}

void reset_handle(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        ResetRequest q = {.kind = RESET_MACHINE, .evse = NO_INT};
        OrderAnswer answer;

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        answer = judge(a, &q);
        if (answer.verdict == ORDER_REJECTED)
                log_warning("Reset refused: %s", answer.additional_info);
        if (answer.verdict != ORDER_REJECTED && a->reset.phase != RESET_ASKED) {
                agent_timer_off(&a->reset.timer);
                a->reset.phase = RESET_WAITING;
                a->reset.service = kinds[q.kind].service;
                a->reset.scheduled = answer.verdict == ORDER_SCHEDULED;
                a->reset.again = a->reset.untold = false;
                note(a, "waiting");
        }
        calls_answer(a, id, incoming, &answer);
        session_kick(a);
}

/* ---- begin and end ---- */

/* The agent was started in the boot in which the machine's reset was ordered. A reboot that keeps
 * the kernel, and with it the boot id, looks like one that did not come: it is not asked for
 * endlessly. */
static void go_on_in_same_boot(Agent *a, const char *phase)
{
        if (streq(phase, "again")) {
                log_error("The CSMS's Reset is given up: this is the same boot after two restarts");
                note(a, NULL);
                return;
        }
        a->reset.again = streq(phase, "asked");
        a->reset.phase = RESET_WAITING;
}

/* A start is what an agent's reset waited for, a boot what a machine's did. */
int reset_init(Agent *a)
{
        _cleanup_(freep) char *text = NULL;
        char phase[16], what[16], why[16];
        int r = store_get(a->store, STORE_RESET, &text);
        bool same_boot, waiting;

        if (r < 0)
                return log_error_errno(r, "Can't read the store in %s", a->config->state_directory);
        if (!text || sscanf(text, "%15s %15s %15s %63s", phase, what, why, a->reset.from) != 4)
                return 0;
        a->reset.service = streq(what, "service");
        a->reset.scheduled = streq(why, "scheduled");
        same_boot = streq(a->reset.from, a->boot_id);
        waiting = streq(phase, "waiting");
        if (!a->reset.service && same_boot) {
                go_on_in_same_boot(a, phase);
        } else if (waiting) {
                log_info("The CSMS's Reset has become needless by another restart");
                note(a, NULL);
        } else {
                a->reset.served = true;
                a->reset.untold = same_boot && streq(phase, "asked");
        }
        return 0;
}

void reset_done(Agent *a)
{
        agent_timer_off(&a->reset.timer);
        program_free(TAKE_PTR(a->reset.program));
}
