/* The agent's D-Bus object: see control.h. Each property is one line of a table. */
#include <stdio.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "control.h"

#define CONTROL_ERROR CONTROL_INTERFACE ".Error."
/* Of properties that one call may name. */
#define NAMES_MAX 32

struct Control {
        sd_bus *bus;
        sd_bus_slot *object;
        const ControlHandlers *handlers;
        void *userdata;
        bool has_name;
        uint64_t told[NAMES_MAX]; /* what each property was like, by its place in the vtable */
};

static const char *text_of(const ControlState *s, const char *name)
{
        const struct {
                const char *name, *value;
        } texts[] = {
                {"Protocol", s->protocol},
                {"Registration", s->registration},
                {"Url", s->url},
                {"Identity", s->identity},
                {"BootedSlot", s->booted_slot},
                {"FirmwareVersion", s->firmware_version},
                {"JobState", s->job_state},
                {"RequestId", s->request_id},
                {"Location", s->location},
                {"BundleCompatible", s->bundle_compatible},
                {"BundleVersion", s->bundle_version},
                {"BundleFormat", s->bundle_format},
                {"Reason", s->reason},
                {"HeldBy", s->held_by},
                {"Inoperative", s->inoperative},
                {"Version", s->version},
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (streq(texts[i].name, name))
                        return strempty(texts[i].value);
        return "";
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Control *c = userdata;

        (void)bus, (void)path, (void)interface, (void)error;
        return sd_bus_message_append(reply, "s", text_of(c->handlers->get(c->userdata), property));
}

static bool flag_of(const ControlState *s, const char *name)
{
        return streq(name, "Connected") ? s->connected
               : streq(name, "Paused")  ? s->paused
                                        : s->installer_present;
}

static int get_flag(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Control *c = userdata;
        const ControlState *s = c->handlers->get(c->userdata);

        (void)bus, (void)path, (void)interface, (void)error;
        return sd_bus_message_append(reply, "b", (int)flag_of(s, property));
}

static int get_percent(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Control *c = userdata;

        (void)bus, (void)path, (void)interface, (void)property, (void)error;
        return sd_bus_message_append(reply, "i", c->handlers->get(c->userdata)->percent);
}

static int get_next_try(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Control *c = userdata;

        (void)bus, (void)path, (void)interface, (void)property, (void)error;
        return sd_bus_message_append(reply, "t", c->handlers->get(c->userdata)->next_try);
}

static int get_statuses(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Control *c = userdata;
        const ControlState *s = c->handlers->get(c->userdata);
        size_t n = MIN(s->n_statuses, (size_t)CONTROL_STATUSES_MAX);
        int r = sd_bus_message_open_container(reply, 'a', "(tss)");

        (void)bus, (void)path, (void)interface, (void)property, (void)error;
        for (size_t i = s->n_statuses - n; r >= 0 && i < s->n_statuses; i++)
                r = sd_bus_message_append(reply, "(tss)", s->statuses[i].time,
                                          strempty(s->statuses[i].request_id),
                                          strempty(s->statuses[i].status));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* The answer to a call that could not be done, with what people can do about it. */
static int refuse(sd_bus_message *m, int error)
{
        static const struct {
                int error;
                const char *name, *text;
        } table[] = {
                {-ENOENT, CONTROL_ERROR "NoUpdate",
                 "there is no update that this could be done to"},
                {-EBUSY, CONTROL_ERROR "NotNow",
                 "the update is past the point where this can be done; wait for its end"},
                {-EINVAL, CONTROL_ERROR "BadText",
                 "expected a name and a short reason in plain text"},
                {-ENOSPC, CONTROL_ERROR "TooMany", "too many hold the charger already"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (table[i].error == error)
                        return sd_bus_reply_method_errorf(m, table[i].name, "%s", table[i].text);
        return sd_bus_reply_method_errno(m, error, NULL);
}

static int refuse_update(sd_bus_message *m, int error)
{
        if (error == -EBUSY)
                return sd_bus_reply_method_errorf(m, CONTROL_ERROR "NotNow", "%s",
                                                  "there is an update already; see rauc-ocpp-ctl "
                                                  "status");
        if (error == -EINVAL)
                return sd_bus_reply_method_errorf(m, CONTROL_ERROR "BadText", "%s",
                                                  "expected a regular file, or a URL with a scheme "
                                                  "of [firmware] transfer_protocols");
        return refuse(m, error);
}

static int on_order(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Control *c = userdata;
        const struct {
                const char *name;
                int (*perform)(void *userdata);
        } orders[] = {
                {"Cancel", c->handlers->cancel},
                {"Pause", c->handlers->pause},
                {"Resume", c->handlers->resume},
        };
        int r = -EOPNOTSUPP;

        for (size_t i = 0; i < ELEMENTSOF(orders); i++)
                if (str_equal(sd_bus_message_get_member(m), orders[i].name))
                        r = orders[i].perform(c->userdata);
        return r < 0 ? refuse(m, r) : sd_bus_reply_method_return(m, NULL);
}

static int on_install(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Control *c = userdata;
        const char *url;
        int r = sd_bus_message_read(m, "s", &url);

        if (r < 0)
                return r;
        r = c->handlers->install(c->userdata, url);
        return r < 0 ? refuse_update(m, r) : sd_bus_reply_method_return(m, NULL);
}

static int on_install_file(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Control *c = userdata;
        const char *name;
        int file, r = sd_bus_message_read(m, "hs", &file, &name);

        if (r < 0)
                return r;
        r = c->handlers->install_file(c->userdata, file, name);
        return r < 0 ? refuse_update(m, r) : sd_bus_reply_method_return(m, NULL);
}

static int on_inhibit(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Control *c = userdata;
        const char *who, *why;
        uint32_t connector;
        int fd = -1, r = sd_bus_message_read(m, "ssu", &who, &why, &connector);

        if (r < 0)
                return r;
        r = c->handlers->inhibit(c->userdata, who, why, connector, &fd);
        if (r < 0)
                return refuse(m, r);
        r = sd_bus_reply_method_return(m, "h", fd);
        close(fd); /* the message has a copy */
        return r;
}

/* Answered later, by control_answer(). */
static int on_log_job(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Control *c = userdata;
        const char *file;
        int r = sd_bus_message_read(m, "s", &file);

        if (r < 0)
                return r;
        r = c->handlers->log_job(c->userdata, file, (ControlCall *)sd_bus_message_ref(m));
        if (r >= 0)
                return 1;
        sd_bus_message_unref(m);
        if (r == -EBUSY)
                return sd_bus_reply_method_errorf(m, CONTROL_ERROR "NotNow", "%s",
                                                  "somebody else asks for logs; try again");
        return refuse(m, r);
}

void control_answer(ControlCall *call, const char *text)
{
        sd_bus_message *m = (sd_bus_message *)call;

        if (m)
                (void)(text ? sd_bus_reply_method_return(m, "s", text)
                            : sd_bus_reply_method_errno(m, ENOMEM, NULL));
        sd_bus_message_unref(m);
}

/* clang-format off */
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Connected",        "b",      get_flag,     0, CHANGES),
        SD_BUS_PROPERTY("Protocol",         "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("Registration",     "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("Url",              "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("Identity",         "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("InstallerPresent", "b",      get_flag,     0, CHANGES),
        SD_BUS_PROPERTY("BootedSlot",       "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("FirmwareVersion",  "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("JobState",         "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("RequestId",        "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("Location",         "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("BundleCompatible", "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("BundleVersion",    "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("BundleFormat",     "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("Percent",          "i",      get_percent,  0, CHANGES),
        SD_BUS_PROPERTY("NextTry",          "t",      get_next_try, 0, CHANGES),
        SD_BUS_PROPERTY("Reason",           "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("HeldBy",           "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("Inoperative",      "s",      get_text,     0, CHANGES),
        SD_BUS_PROPERTY("Paused",           "b",      get_flag,     0, CHANGES),
        SD_BUS_PROPERTY("LastStatuses",     "a(tss)", get_statuses, 0, CHANGES),
        SD_BUS_PROPERTY("Version",          "s",      get_text,     0, CONSTANT),
        SD_BUS_METHOD("Cancel", NULL, NULL, on_order, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Pause",  NULL, NULL, on_order, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Resume", NULL, NULL, on_order, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_NAMES("Install", "s", SD_BUS_PARAM(url), NULL,, on_install,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_NAMES("InstallFile", "hs", SD_BUS_PARAM(file) SD_BUS_PARAM(name), NULL,,
                on_install_file, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_NAMES("LogJob", "s", SD_BUS_PARAM(file), "s", SD_BUS_PARAM(job), on_log_job,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_NAMES("Inhibit", "ssu",
                SD_BUS_PARAM(who) SD_BUS_PARAM(why) SD_BUS_PARAM(connector), "h",
                SD_BUS_PARAM(lock), on_inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_NAMES("StatusReported", "tss",
                SD_BUS_PARAM(time) SD_BUS_PARAM(request_id) SD_BUS_PARAM(status), 0),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

_Static_assert(ELEMENTSOF(vtable) <= NAMES_MAX, "every property has its place in told");

int control_new(sd_bus *bus, const ControlHandlers *handlers, void *userdata, Control **ret)
{
        _cleanup_(control_freep) Control *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        c->bus = sd_bus_ref(bus);
        c->handlers = handlers;
        c->userdata = userdata;
        r = sd_bus_add_object_vtable(bus, &c->object, CONTROL_PATH, CONTROL_INTERFACE, vtable, c);
        if (r < 0)
                return r;
        r = sd_bus_request_name(bus, CONTROL_NAME, 0);
        if (r < 0)
                return r;
        c->has_name = true;
        *ret = TAKE_PTR(c);
        return 0;
}

void control_free(Control *c)
{
        if (!c)
                return;
        if (c->has_name)
                (void)sd_bus_release_name_async(c->bus, NULL, CONTROL_NAME, NULL, NULL);
        sd_bus_slot_unref(c->object);
        sd_bus_unref(c->bus);
        free(c);
}

/* FNV-1a: tells a value from the one before, no more. */
static uint64_t digest(const void *data, size_t size)
{
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < size; i++)
                h = (h ^ ((const unsigned char *)data)[i]) * UINT64_C(0x100000001b3);
        return h;
}

static uint64_t value_digest(const ControlState *s, const sd_bus_vtable *v)
{
        const char *name = v->x.property.member, *text;
        bool flag;

        if (v->x.property.get == get_percent)
                return digest(&s->percent, sizeof(s->percent));
        if (v->x.property.get == get_next_try)
                return digest(&s->next_try, sizeof(s->next_try));
        if (v->x.property.get == get_flag) {
                flag = flag_of(s, name);
                return digest(&flag, sizeof(flag));
        }
        text = text_of(s, name);
        return digest(text, strlen(text));
}

int control_update(Control *c)
{
        const ControlState *s = c ? c->handlers->get(c->userdata) : NULL;
        char *names[NAMES_MAX + 1];
        size_t n = 0;
        int r;

        if (!c)
                return 0;
        for (const sd_bus_vtable *v = vtable + 1; v->type != _SD_BUS_VTABLE_END; v++) {
                uint64_t now, *before = &c->told[v - vtable];

                if (v->type != _SD_BUS_VTABLE_PROPERTY || !(v->flags & CHANGES) ||
                    v->x.property.get == get_statuses || (now = value_digest(s, v)) == *before)
                        continue;
                *before = now;
                names[n++] = (char *)(uintptr_t)v->x.property.member;
        }
        names[n] = NULL;
        if (n == 0)
                return 0;
        r = sd_bus_emit_properties_changed_strv(c->bus, CONTROL_PATH, CONTROL_INTERFACE, names);
        return MIN(r, 0);
}

int control_status_reported(Control *c, usec_t time, const char *request_id, const char *status)
{
        int r;

        if (!c)
                return 0;
        r = sd_bus_emit_signal(c->bus, CONTROL_PATH, CONTROL_INTERFACE, "StatusReported", "tss",
                               time, strempty(request_id), strempty(status));
        if (r < 0)
                return r;
        r = sd_bus_emit_properties_changed(c->bus, CONTROL_PATH, CONTROL_INTERFACE, "LastStatuses",
                                           NULL);
        return MIN(r, 0);
}
