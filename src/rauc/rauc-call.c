/* What RAUC is asked. A call goes in steps: have the service started, ask whether it is idle, then
 * the call itself; Call holds it until it is answered.
 *
 * RAUC's texts decide nothing, and its error names tell nothing (all are GIO's FAILED_HANDLED). An
 * error is judged by whether RAUC is busy when it arrives: signals and replies of one sender keep
 * their order, and RAUC flushes Operation=installing before it begins. */
#include "rauc-internal.h"
#include "rauc-state.h"

void rauc_call_free(Call *c)
{
        if (!c)
                return;
        sd_bus_slot_unref(c->slot);
        sd_event_source_disable_unref(c->defer);
        installer_state_done(&c->state);
        free(c->subject);
        for (size_t i = 0; i < ARGUMENT_MAX; i++) {
                if (c->arguments[i]) /* a header may be a secret */
                        explicit_bzero(c->arguments[i], strlen(c->arguments[i]));
                free(c->arguments[i]);
        }
        free(c);
}

static void call_answer(Call *c, int error, const char *message)
{
        if (c->on_state)
                c->on_state(c->userdata, error, error < 0 ? NULL : &c->state);
        else if (c->on_bundle)
                c->on_bundle(c->userdata, error, message, error < 0 ? NULL : &c->bundle);
        else if (c->on_done)
                c->on_done(c->userdata, error, message);
}

void rauc_call_finish(Call *call, int error, const char *message)
{
        _cleanup_(rauc_call_freep) Call *c = call;
        Call **p = &c->r->calls;

        while (*p != c)
                p = &(*p)->next;
        *p = c->next;
        call_answer(c, error, message);
}

static int on_deferred(sd_event_source *s _unused_, void *userdata)
{
        Call *c = userdata;

        rauc_call_finish(c, c->error, strerror(-c->error));
        return 0;
}

void rauc_call_fail_later(Call *c, int error)
{
        c->slot = sd_bus_slot_unref(c->slot);
        c->error = error;
        if (sd_event_add_defer(sd_bus_get_event(c->r->bus), &c->defer, on_deferred, c) < 0)
                rauc_call_finish(c, error, strerror(-error));
}

int rauc_judge(const RaucInstaller *r, const sd_bus_error *e)
{
        /* Of a bus that has gone sd-bus says NoReply, as of a time-out. */
        if (sd_bus_is_open(r->bus) <= 0 || sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(e, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
            sd_bus_error_has_name(e, SD_BUS_ERROR_DISCONNECTED))
                return INSTALLER_GONE;
        if (rauc_busy(r))
                return INSTALLER_BUSY;
        if (sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY) ||
            sd_bus_error_has_name(e, SD_BUS_ERROR_TIMEOUT))
                return -ETIMEDOUT;
        return INSTALLER_REFUSED;
}

/* An error of sending: a bus that has gone takes RAUC with it, whatever sd-bus calls that. */
static int judge_sending(int error)
{
        return error == -ECONNRESET || error == -EPIPE || error == -ESHUTDOWN ? INSTALLER_GONE
                                                                              : error;
}

int rauc_call_send(Call *c, int error, sd_bus_message *m, sd_bus_message_handler_t handler,
                   usec_t timeout)
{
        c->slot = sd_bus_slot_unref(c->slot);
        if (error >= 0)
                error = sd_bus_call_async(c->r->bus, &c->slot, m, handler, c, timeout);
        sd_bus_message_unref(m);
        if (error < 0)
                rauc_call_fail_later(c, judge_sending(error));
        return MIN(error, 0);
}

/* An answer that RAUC gives only when it works for nobody: measured, all of them fail during an
 * install. So Completed was missed. */
static void proven_idle(RaucInstaller *r)
{
        bool was = rauc_busy(r);

        if (r->operating)
                return;
        r->installing = false;
        if (was && r->handlers.on_idle)
                r->handlers.on_idle(r->userdata);
}

static int on_primary(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Call *c = userdata;
        const char *name = NULL;
        int error = 0;

        /* A boot loader that can't tell its primary is one without a known primary. */
        if (sd_bus_message_is_method_error(m, NULL))
                error = rauc_judge(c->r, sd_bus_message_get_error(m));
        else if (sd_bus_message_read(m, "s", &name) >= 0)
                rauc_state_set_primary(&c->state, name);
        rauc_call_finish(c, error == INSTALLER_REFUSED ? 0 : error, NULL);
        return 0;
}

static int on_slot_status(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Call *c = userdata;
        sd_bus_message *next = NULL;
        int error;

        if (sd_bus_message_is_method_error(m, NULL)) {
                rauc_call_finish(c, rauc_judge(c->r, sd_bus_message_get_error(m)), NULL);
                return 0;
        }
        error = rauc_state_read(m, &c->state);
        if (error < 0) {
                rauc_call_finish(c, error, NULL);
                return 0;
        }
        proven_idle(c->r);
        error = rauc_message(c->r, RAUC_INTERFACE, "GetPrimary", &next);
        rauc_call_send(c, error, next, on_primary, QUERY_TIMEOUT);
        return 0;
}

static void call_state(Call *c)
{
        sd_bus_message *m = NULL;
        int error = rauc_message(c->r, RAUC_INTERFACE, "GetSlotStatus", &m);

        rauc_call_send(c, error, m, on_slot_status, QUERY_TIMEOUT);
}

static int on_marked(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Call *c = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        const char *name, *message = NULL;
        int error = 0;

        if (e) {
                error = rauc_judge(c->r, e);
                message = e->message;
        } else if (sd_bus_message_read(m, "ss", &name, &message) < 0)
                error = -EBADMSG;
        else
                proven_idle(c->r);
        rauc_call_finish(c, error, message);
        return 0;
}

static void call_mark(Call *c)
{
        static const char *const words[] = {
                [MARK_GOOD] = "good", [MARK_BAD] = "bad", [MARK_ACTIVE] = "active"};
        sd_bus_message *m = NULL;
        int error = rauc_message(c->r, RAUC_INTERFACE, "Mark", &m);

        if (error >= 0)
                error = sd_bus_message_append(m, "ss", words[c->mark], c->subject);
        rauc_call_send(c, error, m, on_marked, MARK_TIMEOUT);
}

static void call_perform(Call *c)
{
        switch (c->kind) {
        case CALL_STATE:
                call_state(c);
                break;
        case CALL_INSPECT:
                rauc_call_inspect(c);
                break;
        case CALL_INSTALL:
                rauc_call_install(c);
                break;
        case CALL_MARK:
                call_mark(c);
                break;
        }
}

static int on_operation(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Call *c = userdata;
        const char *operation = NULL;
        int error = 0;

        if (sd_bus_message_is_method_error(m, NULL))
                error = rauc_judge(c->r, sd_bus_message_get_error(m));
        else if (rauc_text_read(m, &operation) < 0 || !operation)
                error = -EBADMSG;
        else if (!streq(operation, "idle"))
                error = INSTALLER_BUSY;
        if (error < 0)
                rauc_call_finish(c, error, NULL);
        else
                call_perform(c);
        return 0;
}

/* Is it idle? Asked before every call: a refused InstallBundle would set Operation to idle. */
static void call_ask_operation(Call *c)
{
        sd_bus_message *m = NULL;
        int error = rauc_message(c->r, DBUS_NAME ".Properties", "Get", &m);

        if (error >= 0)
                error = sd_bus_message_append(m, "ss", RAUC_INTERFACE, "Operation");
        rauc_call_send(c, error, m, on_operation, QUERY_TIMEOUT);
}

static int on_started(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Call *c = userdata;
        bool failed = sd_bus_message_is_method_error(m, NULL);

        /* The owner's NameOwnerChanged was sent before this answer. */
        if (failed || !c->r->owner)
                rauc_call_finish(c, INSTALLER_GONE,
                                 failed ? sd_bus_message_get_error(m)->message : NULL);
        else
                rauc_call_begin(c);
        return 0;
}

static void call_start_service(Call *c)
{
        sd_bus_message *m = NULL;
        int error = sd_bus_message_new_method_call(c->r->bus, &m, DBUS_NAME, DBUS_PATH, DBUS_NAME,
                                                   "StartServiceByName");

        if (error >= 0)
                error = sd_bus_message_append(m, "su", RAUC_NAME, UINT32_C(0));
        rauc_call_send(c, error, m, on_started, QUERY_TIMEOUT);
}

void rauc_call_begin(Call *c)
{
        if (c->r->present) {
                call_ask_operation(c);
        } else if (c->r->owner) {
                c->slot = sd_bus_slot_unref(c->slot);
                c->waits = true;
                if (!c->r->query)
                        rauc_query_introspection(c->r);
        } else {
                call_start_service(c);
        }
}

void rauc_calls_fail(RaucInstaller *r, int error)
{
        Call *open = TAKE_PTR(r->calls); /* a call back may begin new ones */

        while (open) {
                _cleanup_(rauc_call_freep) Call *c = open;

                open = c->next;
                call_answer(c, error, strerror(-error));
        }
}

int rauc_call_new(Installer *i, CallKind kind, const char *subject, Call **ret)
{
        _cleanup_(rauc_call_freep) Call *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->r = (RaucInstaller *)(void *)i;
        c->kind = kind;
        if (str_replace(&c->subject, subject) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(c);
        return 0;
}

void rauc_call_open(Call *c)
{
        c->next = c->r->calls;
        c->r->calls = c;
        rauc_call_begin(c);
}

void rauc_read_state(Installer *i, InstallerStateCallback callback, void *userdata)
{
        Call *c;

        if (rauc_call_new(i, CALL_STATE, NULL, &c) < 0) {
                callback(userdata, -ENOMEM, NULL);
                return;
        }
        c->on_state = callback;
        c->userdata = userdata;
        rauc_call_open(c);
}

void rauc_mark(Installer *i, MarkKind kind, const char *slot, InstallerCallback callback,
               void *userdata)
{
        Call *c;

        if (rauc_call_new(i, CALL_MARK, slot, &c) < 0) {
                callback(userdata, -ENOMEM, NULL);
                return;
        }
        c->mark = kind;
        c->on_done = callback;
        c->userdata = userdata;
        rauc_call_open(c);
}
