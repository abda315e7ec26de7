/* What RAUC is and does: who owns its name, what it can do, its signals. */
#include "rauc.h"
#include "rauc-internal.h"
#include "rauc-state.h"

/* A new call to the service that is there now: by its unique name, so never one that starts it. */
int rauc_message(RaucInstaller *r, const char *interface, const char *member, sd_bus_message **ret)
{
        return sd_bus_message_new_method_call(r->bus, ret, r->owner, RAUC_PATH, interface, member);
}

void rauc_tell_completed(RaucInstaller *r, int result)
{
        r->own = OWN_NONE;
        r->has_early = false;
        if (r->handlers.on_completed)
                r->handlers.on_completed(r->userdata, result, strempty(r->last_error));
}

/* Calls a change that may end being busy. */
static void set_work(RaucInstaller *r, bool operating, bool installing)
{
        bool was = rauc_busy(r);

        r->operating = operating;
        r->installing = installing;
        if (was && !rauc_busy(r) && r->handlers.on_idle)
                r->handlers.on_idle(r->userdata);
}

static void apply_operation(RaucInstaller *r, const char *operation)
{
        if (streq(operation, "installing")) {
                r->has_early = false; /* whoever completed before, it was not this one */
                set_work(r, true, true);
        } else {
                set_work(r, !streq(operation, "idle"), r->installing);
        }
}

static int apply_properties(RaucInstaller *r, sd_bus_message *m)
{
        RaucProperties p;
        int error = rauc_properties_read(m, &p);

        if (error < 0)
                return error;
        if (p.last_error)
                (void)str_replace(&r->last_error, p.last_error); /* out of memory: an older text */
        if (p.operation)
                apply_operation(r, p.operation);
        if (p.percent >= 0 && r->operating && r->present && r->handlers.on_progress)
                r->handlers.on_progress(r->userdata, p.percent, p.step);
        return 0;
}

/* Does this come from the service that we know? dbus-daemon checks the match's sender too, but
 * another owner's last words may still be under way. */
static bool is_ours(const RaucInstaller *r, sd_bus_message *m)
{
        return r->owner && str_equal(sd_bus_message_get_sender(m), r->owner);
}

static int on_properties_changed(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        RaucInstaller *r = userdata;
        const char *interface;

        if (is_ours(r, m) && sd_bus_message_read(m, "s", &interface) >= 0 &&
            streq(interface, RAUC_INTERFACE))
                (void)apply_properties(r, m); /* what can't be read is not said */
        return 0;
}

/* A broadcast: it may be somebody else's install that is over. */
static int on_completed(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        RaucInstaller *r = userdata;
        int32_t result;

        if (!is_ours(r, m) || sd_bus_message_read(m, "i", &result) < 0)
                return 0;
        switch (r->own) {
        case OWN_NONE:
                break;
        case OWN_ASKED:
                r->has_early = true;
                r->early_result = result;
                break;
        case OWN_ACCEPTED:
                rauc_tell_completed(r, result);
                break;
        }
        set_work(r, r->operating, false);
        return 0;
}

static void set_owner(RaucInstaller *r, const char *owner)
{
        bool was_present = r->present;

        if (str_equal(r->owner, owner))
                return;
        r->query = sd_bus_slot_unref(r->query);
        r->present = r->operating = r->installing = r->has_early = false;
        memset(r->takes, false, sizeof(r->takes));
        memset(r->proven, false, sizeof(r->proven));
        r->own = OWN_NONE;
        free(TAKE_PTR(r->last_error));
        if (r->owner) {
                free(TAKE_PTR(r->owner));
                rauc_calls_fail(r, INSTALLER_GONE);
        }
        if (was_present && r->handlers.on_presence)
                r->handlers.on_presence(r->userdata, false);
        if (owner && str_replace(&r->owner, owner) == 0)
                rauc_query_introspection(r);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        const char *name, *old, *new;

        if (sd_bus_message_read(m, "sss", &name, &old, &new) >= 0 && streq(name, RAUC_NAME))
                set_owner(userdata, *new ? new : NULL);
        return 0;
}

static int on_disconnected(sd_bus_message *m _unused_, void *userdata,
                           sd_bus_error *reterr _unused_)
{
        set_owner(userdata, NULL);
        return 0;
}

static int on_owner_told(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        RaucInstaller *r = userdata;
        const char *owner;

        r->query = sd_bus_slot_unref(r->query);
        if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "s", &owner) >= 0)
                set_owner(r, owner);
        return 0;
}

/* The probe failed: not present, and the next call tries anew. */
static void probe_failed(RaucInstaller *r, int error)
{
        r->query = sd_bus_slot_unref(r->query);
        rauc_calls_fail(r, error);
}

static int on_properties_told(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        RaucInstaller *r = userdata;

        if (sd_bus_message_is_method_error(m, NULL) || apply_properties(r, m) < 0) {
                probe_failed(r, -EBADMSG);
                return 0;
        }
        r->query = sd_bus_slot_unref(r->query);
        r->present = true;
        for (Call *c = r->calls, *next; c; c = next) {
                next = c->next;
                if (c->waits) {
                        c->waits = false;
                        rauc_call_begin(c);
                }
        }
        if (r->handlers.on_presence)
                r->handlers.on_presence(r->userdata, true);
        return 0;
}

static int query_properties(RaucInstaller *r)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int error = rauc_message(r, DBUS_NAME ".Properties", "GetAll", &m);

        if (error >= 0)
                error = sd_bus_message_append(m, "s", RAUC_INTERFACE);
        r->query = sd_bus_slot_unref(r->query);
        if (error >= 0)
                error = sd_bus_call_async(r->bus, &r->query, m, on_properties_told, r,
                                          QUERY_TIMEOUT);
        return error;
}

/* Which methods there are tells what InstallBundle may take: transaction-id came with RAUC 1.10,
 * the version after the one that brought InspectBundle; require-manifest-hash with 1.14, the one
 * after GetArtifactStatus. Whether it is 1.9 or 1.13 only a try can tell. */
static int on_introspected(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        RaucInstaller *r = userdata;
        const char *xml;
        int error = -EBADMSG;

        if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "s", &xml) >= 0) {
                r->inspects = strstr(xml, "<method name=\"InspectBundle\"");
                r->takes[ARGUMENT_TRANSACTION_ID] = r->inspects;
                r->takes[ARGUMENT_MANIFEST_HASH] =
                        strstr(xml, "<method name=\"GetArtifactStatus\"");
                error = query_properties(r);
        }
        if (error < 0)
                probe_failed(r, error);
        return 0;
}

void rauc_query_introspection(RaucInstaller *r)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int error = rauc_message(r, DBUS_NAME ".Introspectable", "Introspect", &m);

        if (error >= 0)
                error = sd_bus_call_async(r->bus, &r->query, m, on_introspected, r, QUERY_TIMEOUT);
        if (error < 0)
                probe_failed(r, error);
}

static void rauc_free(Installer *i)
{
        RaucInstaller *r = (RaucInstaller *)(void *)i;

        while (r->calls) {
                Call *c = r->calls;

                r->calls = c->next;
                rauc_call_free(c);
        }
        sd_bus_slot_unref(r->owner_changed);
        sd_bus_slot_unref(r->disconnected);
        sd_bus_slot_unref(r->properties_changed);
        sd_bus_slot_unref(r->completed);
        sd_bus_slot_unref(r->query);
        free(r->owner);
        free(r->last_error);
        free(r);
}

static bool rauc_is_present(const Installer *i)
{
        return ((const RaucInstaller *)(const void *)i)->present;
}

static bool rauc_is_busy(const Installer *i)
{
        return rauc_busy((const RaucInstaller *)(const void *)i);
}

static const InstallerOps ops = {
        .free = rauc_free,
        .is_present = rauc_is_present,
        .is_busy = rauc_is_busy,
        .read_state = rauc_read_state,
        .inspect = rauc_inspect,
        .forget_looks = rauc_forget_looks,
        .install = rauc_install,
        .mark = rauc_mark,
};

static const char owner_match[] =
        "type='signal',sender='" DBUS_NAME "',path='" DBUS_PATH "',interface='" DBUS_NAME
        "',member='NameOwnerChanged',arg0='" RAUC_NAME "'";

static int watch(RaucInstaller *r)
{
        int e = sd_bus_add_match_async(r->bus, &r->owner_changed, owner_match, on_owner_changed,
                                       NULL, r);

        if (e >= 0)
                e = sd_bus_match_signal_async(r->bus, &r->disconnected, DBUS_NAME ".Local",
                                              DBUS_PATH "/Local", DBUS_NAME ".Local",
                                              "Disconnected", on_disconnected, NULL, r);
        if (e >= 0)
                e = sd_bus_match_signal_async(r->bus, &r->properties_changed, RAUC_NAME, RAUC_PATH,
                                              DBUS_NAME ".Properties", "PropertiesChanged",
                                              on_properties_changed, NULL, r);
        if (e >= 0)
                e = sd_bus_match_signal_async(r->bus, &r->completed, RAUC_NAME, RAUC_PATH,
                                              RAUC_INTERFACE, "Completed", on_completed, NULL, r);
        if (e >= 0)
                e = sd_bus_call_method_async(r->bus, &r->query, DBUS_NAME, DBUS_PATH, DBUS_NAME,
                                             "GetNameOwner", on_owner_told, r, "s", RAUC_NAME);
        return e;
}

int rauc_installer_new(sd_bus *bus, const InstallerHandlers *handlers, void *userdata,
                       Installer **ret)
{
        _cleanup_(installer_freep) Installer *i = NULL;
        RaucInstaller *r = calloc(1, sizeof(*r));
        int error;

        if (!r)
                return -ENOMEM;
        r->base.ops = &ops;
        i = &r->base;
        r->bus = bus;
        r->handlers = *handlers;
        r->userdata = userdata;
        error = watch(r);
        if (error < 0)
                return error;
        *ret = TAKE_PTR(i);
        return 0;
}
