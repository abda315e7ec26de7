/* Reads the agent's properties: see view.h. */
#include "view.h"

#define CALL_TIMEOUT_USEC (5 * USEC_PER_SEC)

/* clang-format off */
const ViewField view_fields[] = {
        {"Connected",        "connected",    "connected",        'b', offsetof(View, connected)},
        {"Protocol",         "protocol",     "protocol",         's', offsetof(View, protocol)},
        {"Registration",     "registration", "registration",     's', offsetof(View, registration)},
        {"Url",              "CSMS",         "url",              's', offsetof(View, url)},
        {"Identity",         "identity",     "identity",         's', offsetof(View, identity)},
        {"InstallerPresent", "RAUC runs",    "installerPresent", 'b', offsetof(View, installer_present)},
        {"BootedSlot",       "booted slot",  "bootedSlot",       's', offsetof(View, booted_slot)},
        {"FirmwareVersion",  "firmware",     "firmwareVersion",  's', offsetof(View, firmware_version)},
        {"JobState",         "update",       "jobState",         's', offsetof(View, job_state)},
        {"RequestId",        "request",      "requestId",        's', offsetof(View, request_id)},
        {"Location",         "from",         "location",         's', offsetof(View, location)},
        {"BundleCompatible", "bundle for",   "bundleCompatible", 's', offsetof(View, bundle_compatible)},
        {"BundleVersion",    "… version",    "bundleVersion",    's', offsetof(View, bundle_version)},
        {"BundleFormat",     "… format",     "bundleFormat",     's', offsetof(View, bundle_format)},
        {"Percent",          "per cent",     "percent",          'i', offsetof(View, percent)},
        {"NextTry",          "next try",     "nextTry",          't', offsetof(View, next_try)},
        {"Reason",           "failed",       "reason",           's', offsetof(View, reason)},
        {"HeldBy",           "waits for",    "heldBy",           's', offsetof(View, held_by)},
        {"Inoperative",      "inoperative",  "inoperative",      's', offsetof(View, inoperative)},
        {"Paused",           "paused",       "paused",           'b', offsetof(View, paused)},
        {"LastStatuses",     "statuses",     "lastStatuses",     'a', offsetof(View, statuses)},
        {"Version",          "agent",        "version",          's', offsetof(View, version)},
        {NULL,               NULL,           NULL,               0,   0},
};
/* clang-format on */

static void drop_statuses(View *view)
{
        for (size_t i = 0; i < view->n_statuses; i++) {
                free(view->statuses[i].request_id);
                free(view->statuses[i].status);
        }
        view->n_statuses = 0;
}

static int read_statuses(View *view, sd_bus_message *m)
{
        const char *request_id, *status;
        uint64_t time;
        int r;

        drop_statuses(view);
        r = sd_bus_message_enter_container(m, 'a', "(tss)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(tss)", &time, &request_id, &status)) > 0) {
                ViewStatus *s = &view->statuses[view->n_statuses];

                if (view->n_statuses == VIEW_STATUSES_MAX)
                        continue;
                *s = (ViewStatus){.time = time};
                view->n_statuses++;
                if (str_replace(&s->request_id, request_id) < 0 ||
                    str_replace(&s->status, status) < 0)
                        return -ENOMEM;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_value(View *view, const ViewField *f, sd_bus_message *m)
{
        const char types[] = {f->type, '\0'}, *text;
        void *at = (char *)view + f->offset;
        int r;

        if (f->type == 'a')
                return read_statuses(view, m);
        if (f->type != 's')
                return sd_bus_message_read_basic(m, types[0], at);
        r = sd_bus_message_read_basic(m, 's', &text);
        return r < 0 ? r : str_replace((char **)at, text);
}

static const ViewField *find_field(const char *name, const char *contents)
{
        for (const ViewField *f = view_fields; f->name; f++)
                if (streq(f->name, name) &&
                    (f->type == 'a' ? streq(contents, "a(tss)")
                                    : contents[0] == f->type && contents[1] == '\0'))
                        return f;
        return NULL;
}

static int apply_one(View *view, sd_bus_message *m,
                     void (*seen)(const View *view, const ViewField *f))
{
        const char *name, *contents;
        const ViewField *f;
        char type;
        int r = sd_bus_message_read_basic(m, 's', &name);

        if (r < 0)
                return r;
        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        f = find_field(name, contents);
        if (!f) /* a newer agent's */
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r >= 0)
                r = read_value(view, f, m);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0 && seen)
                seen(view, f);
        return r;
}

int view_apply(View *view, sd_bus_message *m, void (*seen)(const View *view, const ViewField *f))
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = apply_one(view, m, seen);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int view_read(sd_bus *bus, View *view)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *answer = NULL;
        int r = sd_bus_message_new_method_call(bus, &call, AGENT_NAME, AGENT_PATH,
                                               "org.freedesktop.DBus.Properties", "GetAll");

        if (r < 0)
                return r;
        r = sd_bus_message_set_auto_start(call, 0);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", AGENT_INTERFACE);
        if (r >= 0)
                r = sd_bus_call(bus, call, CALL_TIMEOUT_USEC, NULL, &answer);
        return r < 0 ? r : view_apply(view, answer, NULL);
}

bool view_update_failed(const View *view)
{
        static const char *const failures[] = {"DownloadFailed", "InvalidSignature",
                                               "InstallVerificationFailed", "InstallationFailed"};
        bool over = str_equal(view->job_state, "idle") || str_equal(view->job_state, "owing");

        for (size_t i = 0; over && view->n_statuses > 0 && i < ELEMENTSOF(failures); i++)
                if (str_equal(view->statuses[view->n_statuses - 1].status, failures[i]))
                        return true;
        return false;
}

void view_done(View *view)
{
        for (const ViewField *f = view_fields; f->name; f++)
                if (f->type == 's')
                        free(*(char *const *)view_at(view, f));
        drop_statuses(view);
        *view = (View){0};
}
