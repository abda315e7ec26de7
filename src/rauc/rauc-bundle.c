/* InspectBundle and InstallBundle: what RAUC is told of a bundle and how it answers. */
#include "rauc-internal.h"
#include "rauc-state.h"

/* What the bundle is and what is to be known with it: sa{sv}. */
static int append_bundle(sd_bus_message *m, const Call *c)
{
        static const char *const keys[ARGUMENT_MAX] = {
                [ARGUMENT_TLS_CERT] = "tls-cert",
                [ARGUMENT_TLS_KEY] = "tls-key",
                [ARGUMENT_TLS_CA] = "tls-ca",
                [ARGUMENT_HTTP_HEADER] = "http-headers",
                [ARGUMENT_TRANSACTION_ID] = "transaction-id",
                [ARGUMENT_MANIFEST_HASH] = "require-manifest-hash",
        };
        int r = sd_bus_message_append(m, "s", c->subject);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (size_t i = 0; r >= 0 && i < ARGUMENT_MAX; i++)
                if (c->arguments[i] && i == ARGUMENT_HTTP_HEADER)
                        r = sd_bus_message_append(m, "{sv}", keys[i], "as", 1, c->arguments[i]);
                else if (c->arguments[i])
                        r = sd_bus_message_append(m, "{sv}", keys[i], "s", c->arguments[i]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int on_inspected(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_)
{
        Call *c = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        int error;

        if (e)
                error = rauc_judge(c->r, e);
        else if (c->r->inspects)
                error = rauc_bundle_read(m, &c->bundle);
        else
                error = sd_bus_message_read(m, "ss", &c->bundle.compatible, &c->bundle.version);
        rauc_call_finish(c, MIN(error, 0), e ? e->message : NULL);
        return 0;
}

void rauc_call_inspect(Call *c)
{
        bool inspects = c->r->inspects;
        sd_bus_message *m = NULL;
        int error;

        if (!inspects && *c->subject != '/') { /* RAUC 1.8 would download it as a whole */
                rauc_call_fail_later(c, -EOPNOTSUPP);
                return;
        }
        error = rauc_message(c->r, RAUC_INTERFACE, inspects ? "InspectBundle" : "Info", &m);
        if (error >= 0)
                error = inspects ? append_bundle(m, c) : sd_bus_message_append(m, "s", c->subject);
        rauc_call_send(c, error, m, on_inspected, INSPECT_TIMEOUT);
}

/* RAUC refuses an argument that it doesn't know before it begins. The newest of those that it may
 * not know is left out. 0 or -ENOENT. */
static int leave_one_out(Call *c)
{
        for (size_t i = ARGUMENT_MAX; i-- > ARGUMENT_YOUNG;) {
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
        int error = rauc_judge(r, e);

        r->own = OWN_NONE;
        r->has_early = false;
        if (error != INSTALLER_REFUSED || leave_one_out(c) < 0)
                rauc_call_finish(c, error, e->message);
        else
                rauc_call_install(c);
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
        for (size_t i = ARGUMENT_YOUNG; i < ARGUMENT_MAX; i++) {
                r->proven[i] |= c->arguments[i] != NULL;
                if (c->left_out[i]) /* so it was this that had been refused */
                        r->takes[i] = false;
        }
        rauc_call_finish(c, 0, NULL);
        if (r->has_early)
                rauc_tell_completed(r, r->early_result);
        return 0;
}

void rauc_call_install(Call *c)
{
        RaucInstaller *r = c->r;
        sd_bus_message *m = NULL;
        int error;

        if (r->own != OWN_NONE) { /* one of ours is open */
                rauc_call_fail_later(c, INSTALLER_BUSY);
                return;
        }
        for (size_t i = ARGUMENT_YOUNG; i < ARGUMENT_MAX; i++)
                if (!r->takes[i])
                        free(TAKE_PTR(c->arguments[i]));
        error = rauc_message(r, RAUC_INTERFACE, "InstallBundle", &m);
        if (error >= 0)
                error = append_bundle(m, c);
        if (rauc_call_send(c, error, m, on_install_answered, QUERY_TIMEOUT) == 0)
                r->own = OWN_ASKED;
}

static int call_new_with(Installer *i, CallKind kind, const BundleOrder *order, Call **ret)
{
        const char *const arguments[ARGUMENT_MAX] = {
                [ARGUMENT_TLS_CERT] = order->tls_cert,
                [ARGUMENT_TLS_KEY] = order->tls_key,
                [ARGUMENT_TLS_CA] = order->tls_ca,
                [ARGUMENT_HTTP_HEADER] = order->http_header,
                [ARGUMENT_TRANSACTION_ID] = order->transaction_id,
                [ARGUMENT_MANIFEST_HASH] = order->manifest_hash,
        };
        _cleanup_(rauc_call_freep) Call *c = NULL;
        int r = rauc_call_new(i, kind, order->location, &c);

        for (size_t n = 0; r == 0 && n < ARGUMENT_MAX; n++)
                r = str_replace(&c->arguments[n], arguments[n]);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
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
        rauc_call_open(c);
}

void rauc_forget_looks(Installer *i)
{
        for (Call **p = &((RaucInstaller *)(void *)i)->calls; *p;) {
                Call *c = *p;

                if (c->kind != CALL_INSPECT) {
                        p = &c->next;
                        continue;
                }
                *p = c->next;
                rauc_call_free(c);
        }
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
        rauc_call_open(c);
}
