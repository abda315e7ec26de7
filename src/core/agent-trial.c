/* After a boot: where did we wake up, is the new system well, confirm it or go back. Rules: "At
 * every start" and "The trial" in docs/behaviour.md. Nothing here takes an empty answer for
 * success. */

#include "agent-private.h"

/* ---- where are we ---- */

/* The start's event for a job that had begun to write. */
static JobEvent start_event(const Agent *a, const InstallerState *state)
{
        const Slot *booted = &state->slots[state->booted];
        bool new_boot = !str_equal(a->job.boot_id, a->boot_id);
        bool untouched = a->job.state == JOB_INSTALLING && a->job.install_accepted != 1 &&
                         !install_has_our_mark(&a->job, booted);

        if (untouched && !str_equal(booted->name, a->job.origin_slot))
                return EV_ORIGIN_MOVED;
        if (str_equal(booted->name, a->job.target_slot)) {
                if (booted->status && !streq(booted->status, "ok"))
                        return EV_TARGET_BROKEN;
                return install_has_our_mark(&a->job, booted) ? EV_TARGET_UP : EV_ELSEWHERE_UP;
        }
        if (!str_equal(booted->name, a->job.origin_slot))
                return EV_ELSEWHERE_UP;
        return new_boot ? EV_ORIGIN_UP : EV_RESTORED;
}

static int on_look_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->look_timer);
        trial_look_around(a);
        return 0;
}

/* The start's event where RAUC does not tell the slot. A new system without RAUC can't be
 * confirmed, and unmarked the boot loader falls back; in the same boot it is the old system. */
static JobEvent blind_event(const Agent *a)
{
        switch (a->job.state) {
        case JOB_INSTALLING:
                return EV_INSTALL_FAILED;
        case JOB_UNDOING:
                return EV_UNDO_OWED;
        case JOB_REBOOT_HELD:
        case JOB_ANNOUNCING:
        case JOB_REBOOTING:
                return str_equal(a->job.boot_id, a->boot_id) ? EV_RESTORED : EV_TARGET_BROKEN;
        case JOB_TRIAL_HEALTH:
        case JOB_TRIAL_MARK:
        case JOB_TRIAL_BOOT:
        case JOB_TRIAL_CONFIRM:
        case JOB_TRIAL_ACCEPT:
        case JOB_ROLLING_BACK:
        case JOB_ROLLBACK_HELD:
        case JOB_ROLLBACK_REBOOTING:
                return EV_TARGET_BROKEN;
        case JOB_STAYING:
        case JOB_RETURNED:
                return EV_MARK_FAILED;
        case JOB_DATA_HEALTH:
        case JOB_DATA_RECONNECT:
        case JOB_OWING:
        case JOB_IDLE:
        case JOB_CHECKING:
        case JOB_DOWNLOAD_SCHEDULED:
        case JOB_DOWNLOADING:
        case JOB_RETRYING:
        case JOB_PAUSED:
        case JOB_VERIFYING:
        case JOB_READY:
        case JOB_INSTALL_SCHEDULED:
        case JOB_PREPARING:
        case JOB_STATE_MAX:
                break;
        }
        return EV_RESTORED;
}

static int on_look_limit(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->look_limit);
        if (a->whereabouts_known || a->job.state < JOB_INSTALLING)
                return 0;
        a->blind = true;
        log_error("RAUC gave no answer since the start; the update goes on without it");
        if (!a->job.reason)
                agent_set_reason(a, "RAUC gave no answer since the agent started");
        agent_event(a, blind_event(a));
        session_kick(a);
        return 0;
}

/* What is wrong with a folder, for people; NULL: nothing, or it can't be told. */
static char *judge_place(const char *path, const InstallerState *state)
{
        Place place;

        if (place_find(path, &place) < 0)
                return NULL;
        if (place_is_fleeting(&place))
                return str_printf("%s lies on %s, which does not outlive a reboot", path,
                                  place.type);
        for (size_t i = 0; place.device && i < state->count; i++)
                if (place_block_device(state->slots[i].device) == place.device)
                        return str_printf("%s lies in the slot %s, which updates overwrite", path,
                                          state->slots[i].name);
        return NULL;
}

/* Where no slot is a block device this is no charger but a try-out. */
static void judge_places(Agent *a, const InstallerState *state)
{
        bool real = false;

        free(TAKE_PTR(a->unsafe_place));
        for (size_t i = 0; i < state->count; i++)
                real |= place_block_device(state->slots[i].device) != 0;
        if (!real)
                return;
        a->unsafe_place = judge_place(a->config->state_directory, state);
        if (!a->unsafe_place)
                a->unsafe_place = judge_place(a->config->spool, state);
        if (a->unsafe_place)
                log_error("Updates are refused: %s; see [state] directory and [firmware] spool",
                          a->unsafe_place);
}

static void take_whereabouts(Agent *a, const InstallerState *state)
{
        const Slot *booted = &state->slots[state->booted];

        a->whereabouts_known = true;
        agent_timer_off(&a->look_timer);
        agent_timer_off(&a->look_limit);
        str_replace(&a->booted_slot, booted->name);
        free(a->booted_mark);
        a->booted_mark = prove_mark_of(booted);
        judge_places(a, state);
        if (!a->firmware_version || !a->config->release_file) {
                char *version = NULL;

                if (machine_release_version(a->config->release_file, booted->bundle_version,
                                            &version) == 0) {
                        /* J201 5.3: BootNotification again when what it told has changed. */
                        a->boot_due |= !str_equal(a->firmware_version, version);
                        free(a->firmware_version);
                        a->firmware_version = version;
                }
        }
        log_info("Booted slot %s, firmware %s", strempty(a->booted_slot),
                 strempty(a->firmware_version));
}

static void on_look(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;

        a->asking = false;
        if (a->whereabouts_known)
                return;
        if (error == INSTALLER_GONE || error == INSTALLER_BUSY) {
                /* At the start it may not have been asked yet. */
                log_full(a->looks++ == 1 ? LOG_WARNING : LOG_DEBUG, 0,
                         "RAUC is %s; its slots are asked for as soon as it can answer",
                         error == INSTALLER_GONE ? "not on the bus (is rauc.service installed?)"
                                                 : "busy");
                /* on_presence and on_idle are sooner, but a service that is started on demand may
                 * need one more demand. */
                agent_timer(a, &a->look_timer, LOOK_RETRY, on_look_again);
                return;
        }
        if (error < 0 || state->booted < 0) {
                log_error_errno(error, "RAUC does not tell which slot is booted");
                agent_timer(a, &a->look_timer, INSTALLER_RETRY, on_look_again);
                return;
        }
        take_whereabouts(a, state);
        if (a->job.state >= JOB_INSTALLING &&
            agent_event(a, wear_start(a, start_event(a, state))) < 0) {
                /* Not stored: nothing is proven before that, and it is looked at anew. */
                agent_timer_off(&a->again_timer);
                a->whereabouts_known = false;
                agent_timer(a, &a->look_timer, INSTALLER_RETRY, on_look_again);
                return;
        }
        show_update(a);
        session_kick(a);
        if (!job_is_on_trial(a->job.state))
                trial_prove(a);
}

void trial_look_around(Agent *a)
{
        bool writing = a->job.state == JOB_INSTALLING || a->job.state == JOB_UNDOING;

        if (a->whereabouts_known || a->asking)
                return;
        if (a->job.state >= JOB_INSTALLING && !a->look_limit && !a->blind)
                agent_timer(a, &a->look_limit,
                            writing ? a->config->install_timeout : a->config->health_within,
                            on_look_limit);
        a->asking = true;
        a->installer->ops->read_state(a->installer, on_look, a);
}

void trial_done(Agent *a)
{
        agent_timer_off(&a->look_timer);
        agent_timer_off(&a->look_limit);
        program_free(TAKE_PTR(a->prove_program));
}

/* ---- health ---- */

int trial_run_hook(Agent *a, const char *path, const char *argument, ProgramCallback callback,
                   Program **program)
{
        char id_text[32];
        _cleanup_(freep) char *id =
                str_printf("OCPP_REQUEST_ID=%s", agent_id_text(a->job.request.request_id, id_text));
        _cleanup_(freep) char *uri = redact_url(strempty(a->job.request.location));
        _cleanup_(freep) char *uri_line = str_printf("FIRMWARE_URI=%s", strempty(uri));
        _cleanup_(freep) char *file = fetch_path(a, FETCH_FILE);
        _cleanup_(freep) char *file_line =
                str_printf("FIRMWARE_FILE=%s", a->job.streams == 1 ? "" : strempty(file));
        _cleanup_(freep) char *slot =
                str_printf("RAUC_TARGET_SLOT=%s", strempty(a->job.target_slot ?: a->booted_slot));
        const char *environment[] = {id, uri_line, file_line, slot, NULL};
        UnitTask unit = {a->parts.hook_folder, path, argument, environment,
                         a->config->check_timeout};

        if (!id || !uri || !uri_line || !file || !file_line || !slot)
                return -ENOMEM;
        program_free(TAKE_PTR(*program));
        if (unit.folder)
                return program_run_unit(a->parts.bus, &unit, callback, a, program);
        return program_run(a->parts.event, path, argument, environment, a->config->check_timeout,
                           callback, a, program);
}

usec_t trial_health_began(Agent *a)
{
        _cleanup_(freep) char *stored = NULL, *text = NULL;
        usec_t now = boottime_now();
        const char *since;

        if (store_get(a->store, STORE_HEALTH_SINCE, &stored) == 0 && stored) {
                since = startswith(stored, a->boot_id);
                if (since && *since == ' ')
                        return MIN(strtoull(since, NULL, 10), now);
        }
        text = str_printf("%s %llu", a->boot_id, (unsigned long long)now);
        if (!text || store_set(a->store, STORE_HEALTH_SINCE, text) < 0)
                log_warning("Can't note when the health check began; after a restart it has "
                            "health_within once more");
        return now;
}

void trial_health_is_good(Agent *a)
{
        if (store_set(a->store, STORE_HEALTH_SINCE, NULL) < 0)
                log_warning("Can't note that the health check has ended");
}

int trial_run_health(Agent *a, ProgramCallback callback, Program **program)
{
        const char *script = a->config->verify_update_script;

        return script ? trial_run_hook(a, script, "verify", callback, program) : 1;
}

static int on_health_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->work_timer);
        trial_health(a);
        return 0;
}

static void health_bad(Agent *a, const char *reason)
{
        agent_set_reason(a, reason);
        agent_event(a, EV_HEALTH_BAD);
}

static void on_health(void *userdata, int status)
{
        Agent *a = userdata;

        program_free(TAKE_PTR(a->program));
        if (status == 0) {
                trial_health_is_good(a);
                agent_event(a, EV_HEALTH_GOOD);
        } else if (status == 2)
                health_bad(a, "verify_update_script says that the new system is bad");
        else if (status == PROGRAM_REFUSED)
                health_bad(a, "verify_update_script can't be run");
        else if (boottime_now() >= a->health_until)
                health_bad(a, "verify_update_script did not say good within health_within");
        else
                agent_timer(a, &a->work_timer, HEALTH_RETRY, on_health_again);
}

void trial_health(Agent *a)
{
        int r;

        if (a->health_until == 0)
                a->health_until = trial_health_began(a) + a->config->health_within;
        r = trial_run_health(a, on_health, &a->program);
        if (r == 1) {
                agent_event(a, EV_HEALTH_GOOD);
        } else if (r < 0) {
                log_error_errno(r, "Can't run [firmware] verify_update_script %s",
                                a->config->verify_update_script);
                health_bad(a, "verify_update_script can't be run");
        }
}

/* ---- confirming ---- */

/* Once more until the time for marks is over. */
void trial_mark_again(Agent *a, void (*ask)(Agent *), int error)
{
        if (boottime_now() < a->mark_until) {
                install_ask_again(a, ask);
                return;
        }
        log_error_errno(error, "RAUC did not mark the slot as asked");
        agent_set_reason(a, "the boot state could not be written");
        agent_event(a, EV_MARK_FAILED);
}

void trial_mark_begin(Agent *a)
{
        if (a->mark_until == 0)
                a->mark_until = boottime_now() + MARK_FOR;
}

/* Read back: only what the boot loader holds counts. */
static void on_confirm_state(void *userdata, int error, const InstallerState *state)
{
        Agent *a = userdata;
        JobState job = a->job.state;

        if (job != JOB_TRIAL_MARK && job != JOB_TRIAL_CONFIRM)
                return;
        if (error == 0 && state->booted >= 0 &&
            state->slots[state->booted].boot_status == SLOT_GOOD)
                agent_event(a, EV_MARKED);
        else
                trial_mark_again(a, job == JOB_TRIAL_MARK ? trial_mark_name : trial_confirm, error);
}

static void on_confirm_marked(void *userdata, int error, const char *message _unused_)
{
        Agent *a = userdata;
        JobState job = a->job.state;

        if (job != JOB_TRIAL_MARK && job != JOB_TRIAL_CONFIRM)
                return;
        if (error < 0)
                trial_mark_again(a, job == JOB_TRIAL_MARK ? trial_mark_name : trial_confirm, error);
        else
                a->installer->ops->read_state(a->installer, on_confirm_state, a);
}

static void confirm(Agent *a, const char *slot)
{
        trial_mark_begin(a);
        if (a->config->mark_good == MARK_BY_INTEGRATOR)
                a->installer->ops->read_state(a->installer, on_confirm_state, a);
        else
                a->installer->ops->mark(a->installer, MARK_GOOD, slot, on_confirm_marked, a);
}

/* By the slot's name: the form that keeps a late fallback possible. */
void trial_mark_name(Agent *a)
{
        confirm(a, a->job.target_slot);
}

void trial_confirm(Agent *a)
{
        confirm(a, "booted");
}

void trial_confirmed(Agent *a)
{
        log_info("Slot %s is confirmed", strempty(a->booted_slot));
}

void trial_await_accepted(Agent *a)
{
        if (a->registration == REGISTERED && a->dialect)
                agent_event(a, EV_BOOT_ACCEPTED);
}

void trial_reconnect(Agent *a)
{
        connect_again(a);
}
