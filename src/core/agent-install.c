/* Actions from the reading of the slots to the reboot. The installer is asked again when it is busy
 * or away, and never believed on its English. */

#include "agent-private.h"

/* Asks later: as soon as the installer is idle or back, at the latest after INSTALLER_RETRY. */
static int on_retry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;
        void (*ask)(Agent *) = a->when_idle;

        agent_timer_off(&a->work_timer);
        a->when_idle = NULL;
        if (ask)
                ask(a);
        return 0;
}

void install_ask_again(Agent *a, void (*ask)(Agent *a))
{
        a->when_idle = ask;
        agent_timer(a, &a->work_timer, INSTALLER_RETRY, on_retry);
}

bool install_awaits_installer(Agent *a)
{
        if (a->mark_until == 0)
                a->mark_until = boottime_now() + INSTALLER_WAIT;
        return boottime_now() < a->mark_until;
}

static void fail(Agent *a, const char *reason)
{
        agent_set_reason(a, reason);
        agent_event(a, EV_INSTALL_FAILED);
}

#define NOT_FROM_HERE "the booted slot is not confirmed, and the other one is the only proven slot"

/* RAUC ≥ 1.10 keeps our transaction id; before, the slot's count or time stamp is another than
 * before our install, and once that is complete what it was then. */
bool install_has_our_mark(const Job *job, const Slot *slot)
{
        if (slot->installed_transaction && job->transaction_id)
                return streq(slot->installed_transaction, job->transaction_id);
        if (job->done_timestamp)
                return slot->installed_count == job->done_count &&
                       str_equal(strempty(slot->installed_timestamp), job->done_timestamp);
        return slot->installed_count != job->target_count ||
               !str_equal(strempty(slot->installed_timestamp), strempty(job->target_timestamp));
}

/* ---- preparing ---- */

/* What the row tells of the install comes before it. */
static void save_and_begin(Agent *a)
{
        if (agent_save(a) == 0)
                install_begin(a);
        else
                install_ask_again(a, save_and_begin);
}

static void prepared(Agent *a)
{
        /* Reading the slots and hashing take their time: who holds is asked once more. */
        if (a->job.state == JOB_PREPARING)
                agent_event(a, hold_is_held(a) ? EV_INSTALL_LATER : EV_PREPARED);
        else if (a->job.state == JOB_INSTALLING)
                save_and_begin(a);
}

/* Never from a slot that is not proven, unless there is no other good one (then it has been marked
 * good as unproven). */
static bool may_install_from(Agent *a, const Slot *origin, const Slot *target)
{
        _cleanup_(freep) char *confirmed = NULL, *mark = NULL;

        if (store_get(a->store, STORE_CONFIRMED_SLOT, &confirmed) < 0)
                return false;
        mark = prove_mark_of(origin);
        return prove_is_confirmed(confirmed, mark) || target->boot_status != SLOT_GOOD;
}

/* Its health check or its mark is under way. */
static bool origin_awaits_proof(const Agent *a)
{
        return !a->whereabouts_known || (a->proving && boottime_now() < a->prove_until + MARK_FOR);
}

static void take_slots(Agent *a, const InstallerState *state)
{
        const Slot *origin = state->booted >= 0 ? &state->slots[state->booted] : NULL;
        const Slot *target = installer_state_other(state);
        char id[37];

        if (!origin || !target || uuid_make(id) < 0) {
                fail(a, origin ? "RAUC names no other bootable slot to write"
                               : "RAUC does not tell which slot is booted");
                return;
        }
        if (wear_is_known_bad(a)) {
                fail(a, "this file failed its trial three times");
                return;
        }
        if (!may_install_from(a, origin, target)) {
                if (origin_awaits_proof(a))
                        install_ask_again(a, install_prepare);
                else
                        fail(a, NOT_FROM_HERE);
                return;
        }
        str_replace(&a->job.origin_slot, origin->name);
        str_replace(&a->job.target_slot, target->name);
        str_replace(&a->job.boot_id, a->boot_id);
        str_replace(&a->job.transaction_id, id);
        str_replace(&a->job.target_timestamp, strempty(target->installed_timestamp));
        a->job.target_count = target->installed_count;
        a->job.installs = 1;
        a->job.install_accepted = 0;
        str_replace(&a->job.done_timestamp, NULL);
        if (!a->job.origin_slot || !a->job.target_slot || !a->job.boot_id || !a->job.transaction_id)
                fail(a, "out of memory");
        else
                hash_again(a, prepared);
}

static void on_prepare_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;

        bool announced = a->job.state == JOB_INSTALLING; /* no way back to InstallScheduled */

        if (a->job.state != JOB_PREPARING && !announced)
                return;
        if ((error == INSTALLER_BUSY && announced) ||
            (error == INSTALLER_GONE && install_awaits_installer(a))) {
                install_ask_again(a, install_prepare);
        } else if (error == INSTALLER_BUSY) {
                a->installer_busy = true;
                agent_event(a, EV_INSTALL_LATER);
        } else if (error < 0) {
                log_error_errno(error,
                                "RAUC can't be asked for its slots; is rauc.service running?");
                fail(a, error == INSTALLER_GONE ? "there is no RAUC on the bus"
                                                : "RAUC does not tell its slots");
        } else {
                take_slots(a, state);
        }
}

void install_prepare(Agent *a)
{
        if (a->whereabouts_known || a->blind)
                a->installer->ops->read_state(a->installer, on_prepare_state, a);
        else /* else what is found would be taken for an install that a restart interrupted */
                install_ask_again(a, install_prepare);
}

/* ---- installing ---- */

static int on_install_timeout(sd_event_source *source _unused_, uint64_t usec _unused_,
                              void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->limit_timer);
        fail(a, "RAUC did not complete within install_timeout");
        return 0;
}

static void limit_begin(Agent *a)
{
        if (!a->limit_timer)
                agent_timer(a, &a->limit_timer, a->config->install_timeout, on_install_timeout);
}

/* RAUC did not do as asked: the install is begun once more, or ends by the event given. */
static void not_done(Agent *a, int error, const char *message, JobEvent end)
{
        _cleanup_(freep) char *text = str_printf("RAUC refused the bundle: %s", strempty(message));

        if (error == INSTALLER_BUSY) {
                install_ask_again(a, install_begin);
        } else if (error == INSTALLER_GONE) {
                install_vanished(a);
        } else {
                agent_set_reason(a, text);
                agent_event(a, end);
        }
}

static void on_install_reply(void *userdata, int error, const char *message)
{
        Agent *a = userdata;

        if (a->job.state != JOB_INSTALLING)
                return;
        if (error < 0 && error != INSTALLER_GONE) /* of no call; gone: it may have begun */
                a->job.install_accepted = a->asked_before;
        if (error < 0)
                not_done(a, error, message, EV_INSTALL_FAILED);
}

/* That RAUC may write from now on is stored before it is asked: after a crash nobody could tell. */
static void call_install(Agent *a)
{
        _cleanup_(bundle_source_done) BundleSource source = {0};

        limit_begin(a);
        if (hold_is_held(a)) { /* it began while RAUC looked at the bundle */
                agent_timer_off(&a->limit_timer);
                install_ask_again(a, call_install);
                return;
        }
        a->asked_before = a->job.install_accepted == 1;
        a->job.install_accepted = 1;
        if (bundle_source(a, &source) < 0) {
                fail(a, "out of memory");
        } else if (agent_save(a) < 0) {
                install_ask_again(a, call_install);
        } else {
                source.order.transaction_id = a->job.transaction_id;
                source.order.manifest_hash = a->manifest_hash;
                a->installer->ops->install(a->installer, &source.order, on_install_reply, a);
        }
}

static void on_inspected(void *userdata, int error, const char *message, const BundleInfo *bundle)
{
        Agent *a = userdata;
        const char *objection;

        if (a->job.state != JOB_INSTALLING)
                return;
        if (error < 0) {
                not_done(a, error, message,
                         a->job.streams == 1 ? EV_INSTALL_FAILED : EV_BUNDLE_REFUSED);
                return;
        }
        objection = bundle_note(a, bundle) < 0 ? "out of memory" : bundle_objection(a);
        if (objection)
                fail(a, objection);
        else
                call_install(a);
}

void install_begin(Agent *a)
{
        _cleanup_(bundle_source_done) BundleSource source = {0};

        a->completed = false;
        limit_begin(a);
        if (bundle_source(a, &source) < 0)
                fail(a, "out of memory");
        else
                a->installer->ops->inspect(a->installer, &source.order, on_inspected, a);
}

static void begin_anew(Agent *a)
{
        if (a->job.state == JOB_INSTALLING)
                save_and_begin(a);
}

static void on_marked_active(void *userdata, int error, const char *message _unused_)
{
        Agent *a = userdata;

        if (a->job.state != JOB_INSTALLING)
                return;
        if (error < 0)
                fail(a, "RAUC wrote the slot but could not make it the next boot's");
        else
                install_ask_again(a, install_resume); /* reads back */
}

/* Only a system that reached the CSMS a while ago proves that the new one should
 * (rollback_offline).
 */
static void note_online(Agent *a)
{
        a->job.was_online = a->dialect || (a->online_until != 0 &&
                                           boottime_now() - a->online_until < USEC_PER_HOUR);
}

/* The boot that the reboot will end is this one, which need not be the one of the beginning. */
static void finish(Agent *a, const Slot *target)
{
        a->job.done_count = target->installed_count;
        if (str_replace(&a->job.boot_id, a->boot_id) < 0 ||
            str_replace(&a->job.done_timestamp, strempty(target->installed_timestamp)) < 0)
                fail(a, "out of memory");
        else {
                note_online(a);
                boot_note_update(a);
                agent_event(a, EV_INSTALLED);
        }
}

/* Written and the next boot's: to the reboot. Written, but the primary did not change: made so, if
 * it carries our mark and RAUC said that all of it is there (other slots may belong to it). */
static void look_at_result(Agent *a, const InstallerState *state)
{
        const Slot *target = installer_state_find(state, a->job.target_slot);
        bool ours =
                target && str_equal(target->status, "ok") && install_has_our_mark(&a->job, target);
        bool primary = target && state->primary >= 0 && &state->slots[state->primary] == target;

        if (primary && (ours || a->completed))
                finish(a, target);
        else if (ours && a->completed)
                a->installer->ops->mark(a->installer, MARK_ACTIVE, a->job.target_slot,
                                        on_marked_active, a);
        else if (a->completed) {
                trial_health_is_good(a); /* another one in this boot has a time of its own */
                agent_event(a, EV_INSTALLED_DATA);
        } else if (a->job.installs >= STARTS_MAX)
                fail(a, "the install was interrupted three times");
        else if (target && state->booted >= 0 &&
                 !may_install_from(a, &state->slots[state->booted], target))
                fail(a, NOT_FROM_HERE); /* nothing was written, and it may be started again */
        else {
                a->job.installs++;
                hash_again(a, begin_anew);
        }
}

static void on_result_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;

        if (a->job.state != JOB_INSTALLING)
                return;
        if (error < 0)
                install_ask_again(a, install_resume);
        else
                look_at_result(a, state);
}

void install_completed(Agent *a, int result, const char *error)
{
        if (a->job.state != JOB_INSTALLING)
                return;
        if (result != 0) {
                _cleanup_(freep) char *text =
                        str_printf("RAUC: %s", error && *error ? error : "failed without a reason");

                fail(a, text);
                return;
        }
        a->completed = true;
        install_resume(a);
}

/* After a restart of agent or RAUC: has it been finished, is it still at work, or is it begun anew?
 */
void install_resume(Agent *a)
{
        limit_begin(a);
        if (a->installer->ops->is_busy(a->installer))
                install_ask_again(a, install_resume);
        else
                a->installer->ops->read_state(a->installer, on_result_state, a);
}

/* Until it is known where the agent woke up, that decides how the install goes on. */
void install_vanished(Agent *a)
{
        if (a->job.state == JOB_INSTALLING && a->whereabouts_known) {
                log_warning("RAUC left the bus in the middle of an install; waiting for it to come "
                            "back");
                install_ask_again(a, install_resume);
        }
}

/* ---- the reboot ---- */

static int on_announce_over(sd_event_source *source _unused_, uint64_t usec _unused_,
                            void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->work_timer);
        agent_event(a, hold_is_held(a) ? EV_REBOOT_HELD : EV_ANNOUNCED);
        return 0;
}

void install_announce(Agent *a)
{
        agent_timer(a, &a->work_timer, ANNOUNCE_FOR, on_announce_over);
}

void install_announced(Agent *a)
{
        if (a->work_timer)
                on_announce_over(NULL, 0, a);
}

static int on_reboot_overdue(sd_event_source *source _unused_, uint64_t usec _unused_,
                             void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->work_timer);
        if (hold_is_held(a)) { /* since it was asked for: once more when nobody does */
                agent_timer(a, &a->work_timer, INSTALLER_RETRY, on_reboot_overdue);
                return 0;
        }
        log_warning("The machine is still up %llu s after the reboot was asked for",
                    (unsigned long long)(a->config->reboot_timeout / USEC_PER_SEC));
        agent_event(a, EV_DUE);
        return 0;
}

static void on_reboot_reply(void *userdata _unused_, int error, const char *message)
{
        if (error < 0)
                log_error_errno(error, "logind refuses to reboot: %s", strempty(message));
}

static void on_reboot_command(void *userdata, int status)
{
        Agent *a = userdata;

        program_free(TAKE_PTR(a->program));
        if (status != 0)
                log_error("[firmware] reboot_command %s ended with %d", a->config->reboot_command,
                          status);
        hold_look(a); /* where it woke up became known meanwhile, and it waits once more */
}

int install_ask_for_reboot(Agent *a, ProgramCallback callback, Program **program)
{
        switch ((RebootWay)a->config->reboot) {
        case REBOOT_LOGIND:
                return machine_reboot(a->parts.bus, on_reboot_reply, a);
        case REBOOT_COMMAND:
                return program_run(a->parts.event, a->config->reboot_command, NULL, NULL,
                                   a->config->reboot_timeout, callback, a, program);
        case REBOOT_NEVER:
                break;
        }
        log_notice("The machine waits for a reboot by others ([firmware] reboot = never)");
        return 0;
}

void install_reboot(Agent *a)
{
        int r;

        if (a->config->reboot != REBOOT_NEVER && a->job.reboots >= STARTS_MAX) {
                log_error("The machine did not reboot though asked three times");
                if (a->job.state == JOB_ROLLBACK_REBOOTING) {
                        rollback_stuck(a);
                        return;
                }
                agent_set_reason(a, "the machine did not reboot though asked three times");
                agent_event(a, EV_REBOOT_FAILED);
                return;
        }
        a->job.reboots++;
        boot_note_update(a);
        if (a->job.state == JOB_REBOOTING)
                note_online(a);
        if (agent_save(a) < 0)
                log_warning("The reboot could not be noted in %s", a->config->state_directory);
        if (a->config->reboot == REBOOT_COMMAND)
                fetch_stop(a);
        r = install_ask_for_reboot(a, on_reboot_command, &a->program);
        if (r < 0)
                log_error_errno(r, "Can't ask for the reboot");
        if (a->config->reboot != REBOOT_NEVER)
                agent_timer(a, &a->work_timer, a->config->reboot_timeout, on_reboot_overdue);
}
