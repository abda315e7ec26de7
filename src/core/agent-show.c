/* What the agent shows of itself on D-Bus: fills ControlState from what is so, tells listeners what
 * has changed, and passes on what it is asked. */

#include "agent-private.h"

/* The interface and the texts that it borrows. */
struct Shown {
        Control *control;
        sd_event_source *later; /* tells what is due to be told */
        FirmwareStatus due;     /* a status that was put into the outbox; FW_NONE: none */
        char due_id[32];
        usec_t due_at;
        ControlState state;
        char request_id[32];
        char *location, *inoperative;
        SaidStatus said[STATUSES_KEPT];
        char said_ids[STATUSES_KEPT][32];
        ControlStatus statuses[STATUSES_KEPT];
};

/* clang-format off */
static const char *const registration_words[] = {
        [UNREGISTERED] = "none",
        [PENDING]      = "pending",
        [REJECTED]     = "rejected",
        [REGISTERED]   = "accepted",
};
/* clang-format on */

static usec_t next_try(const Agent *a)
{
        JobState s = a->job.state;
        bool waits = s == JOB_DOWNLOAD_SCHEDULED || s == JOB_RETRYING ||
                     s == JOB_INSTALL_SCHEDULED || s == JOB_REBOOT_HELD;

        return waits && a->job.due_at != NO_TIME
                       ? a->job.due_at - clock_csms_now(a) + wallclock_now()
                       : 0;
}

static void fill_statuses(Agent *a, Shown *s)
{
        int n = store_said(a->store, s->said);

        s->state.n_statuses = n < 0 ? 0 : (size_t)n;
        s->state.statuses = s->statuses;
        for (size_t i = 0; i < s->state.n_statuses; i++) {
                const char *id = s->said[i].request_id == NO_INT
                                         ? ""
                                         : agent_id_text(s->said[i].request_id, s->said_ids[i]);

                s->statuses[i] = (ControlStatus){s->said[i].time, id,
                                                 firmware_status_to_string(s->said[i].status)};
        }
}

static const ControlState *on_get(void *userdata)
{
        Agent *a = userdata;
        Shown *s = a->shown;
        bool failed = firmware_status_is_failure(a->job.last_status);

        free(s->location);
        free(s->inoperative);
        s->inoperative = availability_text(a);
        s->location = a->job.request.location ? redact_url(a->job.request.location) : NULL;
        agent_id_text(a->job.request.request_id, s->request_id);
        s->state = (ControlState){
                .connected = a->dialect,
                .protocol = a->dialect ? a->dialect->subprotocol : "",
                .registration = registration_words[a->registration],
                .url = a->network.profile.url,
                .identity = a->config->identity,
                .installer_present = a->installer->ops->is_present(a->installer),
                .booted_slot = a->booted_slot,
                .firmware_version = a->firmware_version,
                .job_state = job_state_to_string(a->job.state),
                .request_id = a->job.request.request_id == NO_INT ? "" : s->request_id,
                .location = s->location,
                .bundle_compatible = a->job.bundle_compatible,
                .bundle_version = a->job.bundle_version,
                .bundle_format = a->job.bundle_format,
                .percent = a->percent,
                .next_try = next_try(a),
                .held_by = a->held_by,
                .inoperative = s->inoperative,
                .paused = a->job.state != JOB_IDLE && a->job.paused == 1,
                .reason = a->job.state != JOB_IDLE || failed ? a->job.reason : NULL,
                .version = PROJECT_VERSION,
        };
        fill_statuses(a, s);
        return &s->state;
}

const ControlState *show_state(Agent *a)
{
        return a->shown ? on_get(a) : NULL;
}

static int on_cancel(void *userdata)
{
        return hold_cancel(userdata);
}

static int on_pause(void *userdata)
{
        return hold_pause(userdata);
}

static int on_resume(void *userdata)
{
        return hold_resume(userdata);
}

static int on_install(void *userdata, const char *url)
{
        return local_install(userdata, url);
}

static int on_install_file(void *userdata, int file, const char *name)
{
        return local_install_file(userdata, file, name);
}

static int on_inhibit(void *userdata, const char *who, const char *why, uint32_t connector,
                      int *ret_fd)
{
        return hold_inhibit(userdata, who, why, connector, ret_fd);
}

static int on_log_job(void *userdata, const char *file, ControlCall *call)
{
        return logs_describe(userdata, file, call);
}

static const ControlHandlers handlers = {
        .get = on_get,
        .install = on_install,
        .install_file = on_install_file,
        .cancel = on_cancel,
        .pause = on_pause,
        .resume = on_resume,
        .inhibit = on_inhibit,
        .log_job = on_log_job,
};

static void tell_due(Shown *s)
{
        if (s->due != FW_NONE)
                control_status_reported(s->control, s->due_at, s->due_id,
                                        firmware_status_to_string(s->due));
        s->due = FW_NONE;
}

static int on_later(sd_event_source *source _unused_, void *userdata)
{
        Agent *a = userdata;

        tell_due(a->shown);
        control_update(a->shown->control);
        return 0;
}

/* The bus hears of it when the frames are written that the loop has to write: whoever waits for an
 * answer comes first. */
static int add_later(Agent *a)
{
        int r = sd_event_add_defer(a->parts.event, &a->shown->later, on_later, a);

        return r < 0 ? r : sd_event_source_set_enabled(a->shown->later, SD_EVENT_OFF);
}

void show_init(Agent *a)
{
        int r;

        a->shown = calloc(1, sizeof(*a->shown));
        if (!a->shown)
                return;
        a->shown->due = FW_NONE;
        r = add_later(a);
        if (r == 0)
                r = control_new(a->parts.bus, &handlers, a, &a->shown->control);
        if (r < 0)
                log_warning_errno(
                        r,
                        "Can't offer %s on the bus: rauc-ocpp-ctl will not find the agent; "
                        "is its D-Bus policy installed?",
                        CONTROL_NAME);
}

void show_done(Agent *a)
{
        if (!a->shown)
                return;
        if (a->shown->control)
                tell_due(a->shown);
        sd_event_source_disable_unref(a->shown->later);
        control_free(a->shown->control);
        free(a->shown->location);
        free(a->shown->inoperative);
        free(TAKE_PTR(a->shown));
}

void show_update(Agent *a)
{
        if (a->shown && a->shown->control)
                sd_event_source_set_enabled(a->shown->later, SD_EVENT_ONESHOT);
}

void show_status(Agent *a, FirmwareStatus status)
{
        Shown *s = a->shown;
        int64_t id = a->job.request.request_id;

        if (!s || !s->control)
                return;
        tell_due(s); /* one before it, of the same turn of the loop */
        s->due = status;
        s->due_at = wallclock_now();
        s->due_id[0] = '\0';
        if (id != NO_INT)
                agent_id_text(id, s->due_id);
        show_update(a);
}
