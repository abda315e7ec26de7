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
        for (size_t i = 0; i < ARGUMENT_MAX; i++)
                free(c->arguments[i]);
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

/* Answers and forgets a call. */
static void call_finish(Call *call, int error, const char *message)
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

        call_finish(c, c->error, strerror(-c->error));
        return 0;
}

/* Tells an error of our own, though not before the caller has returned. */
static void call_fail_later(Call *c, int error)
{
        c->slot = sd_bus_slot_unref(c->slot);
        c->error = error;
        if (sd_event_add_defer(sd_bus_get_event(c->r->bus), &c->defer, on_deferred, c) < 0)
                call_finish(c, error, strerror(-error));
}

/* What a D-Bus error means; negative. */
static int judge(const RaucInstaller *r, const sd_bus_error *e)
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

/* Sends a step of a call; error of the building before it may be passed on. Takes m. 0, or the
 * error that will be told: c may be gone then. */
static int call_send(Call *c, int error, sd_bus_message *m, sd_bus_message_handler_t handler,
                     usec_t timeout)
{
        c->slot = sd_bus_slot_unref(c->slot);
        if (error >= 0)
                error = sd_bus_call_async(c->r->bus, &c->slot, m, handler, c, timeout);
        sd_bus_message_unref(m);
        if (error < 0)
                call_fail_later(c, judge_sending(error));
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
                error = judge(c->r, sd_bus_message_get_error(m));
        else if (sd_bus_message_read(m, "s", &name) >= 0)
                rauc_state_set_primary(&c->state, name);
        call_finish(c, error == INSTALLER_REFUSED ? 0 : error, NULL);
        return 0;
}

static int on_slot_status(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Call *c = userdata;
        sd_bus_message *next = NULL;
        int error;

        if (sd_bus_message_is_method_error(m, NULL)) {
                call_finish(c, judge(c->r, sd_bus_message_get_error(m)), NULL);
                return 0;
        }
        error = rauc_state_read(m, &c->state);
        if (error < 0) {
                call_finish(c, error, NULL);
                return 0;
        }
        proven_idle(c->r);
        error = rauc_message(c->r, RAUC_INTERFACE, "GetPrimary", &next);
        call_send(c, error, next, on_primary, QUERY_TIMEOUT);
        return 0;
}

static void call_state(Call *c)
{
        sd_bus_message *m = NULL;
        int error = rauc_message(c->r, RAUC_INTERFACE, "GetSlotStatus", &m);

        call_send(c, error, m, on_slot_status, QUERY_TIMEOUT);
}

static int on_marked(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Call *c = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        const char *name, *message = NULL;
        int error = 0;

        if (e) {
                error = judge(c->r, e);
                message = e->message;
        } else if (sd_bus_message_read(m, "ss", &name, &message) < 0)
                error = -EBADMSG;
        else
                proven_idle(c->r);
        call_finish(c, error, message);
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
        call_send(c, error, m, on_marked, MARK_TIMEOUT);
}

static int on_inspected(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Call *c = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        int error;

        if (e)
                error = judge(c->r, e);
        else if (c->r->inspects)
                error = rauc_bundle_read(m, &c->bundle);
        else
                error = sd_bus_message_read(m, "ss", &c->bundle.compatible, &c->bundle.version);
        call_finish(c, MIN(error, 0), e ? e->message : NULL);
        return 0;
}

static void call_inspect(Call *c)
{
        bool inspects = c->r->inspects;
        sd_bus_message *m = NULL;
        int error = rauc_message(c->r, RAUC_INTERFACE, inspects ? "InspectBundle" : "Info", &m);

        if (error >= 0)
                error = inspects ? sd_bus_message_append(m, "sa{sv}", c->subject, 0)
                                 : sd_bus_message_append(m, "s", c->subject);
        call_send(c, error, m, on_inspected, INSPECT_TIMEOUT);
}

static void call_install(Call *c);

/* RAUC refuses an argument that it doesn't know before it begins. The newest of those that it may
 * not know is left out. 0 or -ENOENT. */
static int leave_one_out(Call *c)
{
        for (size_t i = ARGUMENT_MAX; i-- > 0;) {
                if (!c->arguments[i] || c->r->proven[i])
                        continue;
                free(TAKE_PTR(c->arguments[i]));
                c->left_out[i] = true;
                return 0;
        }
        return -ENOENT;
}

static void install_refused(Call *c, const sd_bus_error *e)
{
        RaucInstaller *r = c->r;
        int error = judge(r, e);

        r->own = OWN_NONE;
        r->has_early = false;
        if (error != INSTALLER_REFUSED || leave_one_out(c) < 0)
                call_finish(c, error, e->message);
        else
                call_install(c);
}

static int on_install_answered(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Call *c = userdata;
        RaucInstaller *r = c->r;
        const sd_bus_error *e = sd_bus_message_get_error(m);

        if (e) {
                install_refused(c, e);
                return 0;
        }
        r->own = OWN_ACCEPTED;
        for (size_t i = 0; i < ARGUMENT_MAX; i++) {
                r->proven[i] |= c->arguments[i] != NULL;
                if (c->left_out[i]) /* so it was this that had been refused */
                        r->takes[i] = false;
        }
        call_finish(c, 0, NULL);
        if (r->has_early)
                rauc_tell_completed(r, r->early_result);
        return 0;
}

static int append_install(sd_bus_message *m, const Call *c)
{
        static const char *const keys[ARGUMENT_MAX] = {
                [ARGUMENT_TRANSACTION_ID] = "transaction-id",
                [ARGUMENT_MANIFEST_HASH] = "require-manifest-hash",
        };
        int r = sd_bus_message_append(m, "s", c->subject);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (size_t i = 0; r >= 0 && i < ARGUMENT_MAX; i++)
                if (c->arguments[i])
                        r = sd_bus_message_append(m, "{sv}", keys[i], "s", c->arguments[i]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static void call_install(Call *c)
{
        RaucInstaller *r = c->r;
        sd_bus_message *m = NULL;
        int error;

        if (r->own != OWN_NONE) { /* one of ours is open */
                call_fail_later(c, INSTALLER_BUSY);
                return;
        }
        for (size_t i = 0; i < ARGUMENT_MAX; i++)
                if (!r->takes[i])
                        free(TAKE_PTR(c->arguments[i]));
        error = rauc_message(r, RAUC_INTERFACE, "InstallBundle", &m);
        if (error >= 0)
                error = append_install(m, c);
        if (call_send(c, error, m, on_install_answered, QUERY_TIMEOUT) == 0)
                r->own = OWN_ASKED;
}

static void call_perform(Call *c)
{
        switch (c->kind) {
        case CALL_STATE:
                call_state(c);
                break;
        case CALL_INSPECT:
                call_inspect(c);
                break;
        case CALL_INSTALL:
                call_install(c);
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
                error = judge(c->r, sd_bus_message_get_error(m));
        else if (rauc_text_read(m, &operation) < 0 || !operation)
                error = -EBADMSG;
        else if (!streq(operation, "idle"))
                error = INSTALLER_BUSY;
        if (error < 0)
                call_finish(c, error, NULL);
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
        call_send(c, error, m, on_operation, QUERY_TIMEOUT);
}

static int on_started(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Call *c = userdata;
        bool failed = sd_bus_message_is_method_error(m, NULL);

        /* The owner's NameOwnerChanged was sent before this answer. */
        if (failed || !c->r->owner)
                call_finish(c, INSTALLER_GONE,
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
        call_send(c, error, m, on_started, QUERY_TIMEOUT);
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

static int call_new(Installer *i, CallKind kind, const char *subject, Call **ret)
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

static int call_new_with(Installer *i, CallKind kind, const BundleOrder *order, Call **ret)
{
        _cleanup_(rauc_call_freep) Call *c = NULL;
        int r = call_new(i, kind, order->location, &c);

        if (r < 0)
                return r;
        if (str_replace(&c->arguments[ARGUMENT_TRANSACTION_ID], order->transaction_id) < 0 ||
            str_replace(&c->arguments[ARGUMENT_MANIFEST_HASH], order->manifest_hash) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(c);
        return 0;
}

static void call_open(Call *c)
{
        c->next = c->r->calls;
        c->r->calls = c;
        rauc_call_begin(c);
}

void rauc_read_state(Installer *i, InstallerStateCallback callback, void *userdata)
{
        Call *c;

        if (call_new(i, CALL_STATE, NULL, &c) < 0) {
                callback(userdata, -ENOMEM, NULL);
                return;
        }
        c->on_state = callback;
        c->userdata = userdata;
        call_open(c);
}

void rauc_inspect(Installer *i, const BundleOrder *order, InstallerBundleCallback callback,
                  void *userdata)
{
        Call *c;

        if (call_new_with(i, CALL_INSPECT, order, &c) < 0) {
                callback(userdata, -ENOMEM, NULL, NULL);
                return;
        }
        c->on_bundle = callback;
        c->userdata = userdata;
        call_open(c);
}

void rauc_install(Installer *i, const BundleOrder *order, InstallerCallback callback,
                  void *userdata)
{
        Call *c;

        if (call_new_with(i, CALL_INSTALL, order, &c) < 0) {
                callback(userdata, -ENOMEM, NULL);
                return;
        }
        c->on_done = callback;
        c->userdata = userdata;
        call_open(c);
}

void rauc_mark(Installer *i, MarkKind kind, const char *slot, InstallerCallback callback,
               void *userdata)
{
        Call *c;

        if (call_new(i, CALL_MARK, slot, &c) < 0) {
                callback(userdata, -ENOMEM, NULL);
                return;
        }
        c->mark = kind;
        c->on_done = callback;
        c->userdata = userdata;
        call_open(c);
}
