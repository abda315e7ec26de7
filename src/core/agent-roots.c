/* Roots that come by InstallCertificate (M03-M05, A00): the CSMS may install, see and delete those
 * of itself and of the manufacturer, and what it does has its effect at once. Rules:
 * docs/behaviour.md "Certificates". */
#include "agent-private.h"
#include "verify-root.h"

/* clang-format off */
static const char invalid_certificate[] = "InvalidCertificate";

static const RootAnswer install_plain = {ROOT_REJECTED, "NotEnabled", "not over an unencrypted connection"};
static const RootAnswer install_other = {ROOT_REJECTED, "UnsupportedParam", "this station has no use for certificates of that type"};
static const RootAnswer install_full = {ROOT_REJECTED, "OutOfStorage", "no more roots of that type can be installed"};
static const RootAnswer failed = {ROOT_FAILED, "InternalError", "the change could not be stored or put into effect"};
static const RootAnswer delete_plain = {ROOT_FAILED, "NotEnabled", "not over an unencrypted connection"};
static const RootAnswer delete_configured = {ROOT_FAILED, "ReadOnly", "it belongs to the station's own configuration"};
static const RootAnswer delete_in_use = {ROOT_FAILED, "ReadOnly", "the CSMS of this connection is verified by it"};
/* clang-format on */

/* ---- what they are for ---- */

/* "auto" is on once a root was seen, and stays on. */
static int settle_signed(Agent *a)
{
        _cleanup_(freep) char *latch = NULL;
        int r = store_get(a->store, STORE_SIGNED_LATCH, &latch);

        if (r == 0 && a->roots && !latch)
                r = store_set(a->store, STORE_SIGNED_LATCH, "1");
        a->require_signed = a->config->require_signed == SIGNED_YES ||
                            (a->config->require_signed == SIGNED_AUTO && (a->roots || latch));
        return r < 0 ? log_error_errno(r, "Can't read or write %s", a->config->state_directory) : 0;
}

static int load_manufacturer_roots(Agent *a)
{
        _cleanup_(freep) char *path = NULL, *installed = NULL;
        int r = certificates_file(&a->certificates, ROOT_OF_MANUFACTURER, &installed);

        if (r < 0)
                log_error_errno(r, "Can't read the installed manufacturer roots");
        if (!a->config->manufacturer_roots && !installed)
                return 0;
        r = trust_store_load(a->config->manufacturer_roots, a->config->crl_dir, &a->roots, &path);
        if (r == -ENOMEM)
                return log_error_errno(r, "Can't load the manufacturer roots");
        if (r < 0) {
                log_error("[firmware] manufacturer_roots or crl_dir: %s holds no certificates or "
                          "revocation lists that can be used",
                          path ?: strempty(a->config->manufacturer_roots));
                return AGENT_BAD_CONFIG;
        }
        r = installed ? trust_store_add(a->roots, installed, NULL) : 0;
        return r < 0 ? log_error_errno(r, "Can't load %s", installed) : 0;
}

int roots_init(Agent *a)
{
        int r;

        a->certificates.configured[ROOT_OF_CSMS] = a->config->csms_ca_file;
        a->certificates.configured[ROOT_OF_MANUFACTURER] = a->config->manufacturer_roots;
        r = certificates_init(&a->certificates, a->config->state_directory);
        if (r < 0)
                return log_error_errno(r, "Can't use the certificates in %s",
                                       a->config->state_directory);
        r = load_manufacturer_roots(a);
        return r < 0 ? r : settle_signed(a);
}

void roots_done(Agent *a)
{
        trust_store_free(a->roots);
        certificates_done(&a->certificates);
        free(a->installed_csms_roots);
}

/* Logged, no more: a charger that can't use an installed root still has its configured ones. */
static int tell_link(Agent *a)
{
        char *file = NULL;
        int r = certificates_file(&a->certificates, ROOT_OF_CSMS, &file);

        if (r == 0) {
                free(a->installed_csms_roots);
                a->installed_csms_roots = file;
                r = link_add_roots(a->link, file);
        }
        return r < 0 ? log_error_errno(r, "Can't use the installed roots of the CSMS") : 0;
}

void roots_tell_link(Agent *a)
{
        tell_link(a);
}

static int trust_manufacturer(Agent *a, const char *pem)
{
        int r = a->roots ? 0 : trust_store_load(NULL, a->config->crl_dir, &a->roots, NULL);

        if (r == 0)
                r = trust_store_add_text(a->roots, pem);
        if (r < 0)
                return log_error_errno(r, "The root of the manufacturer counts after the next "
                                          "start of the agent only");
        return settle_signed(a);
}

static void forget_manufacturer(Agent *a, const RootId *id)
{
        int i;

        while (a->roots && (i = certificates_find(a->roots, id)) >= 0)
                trust_store_drop(a->roots, (size_t)i);
        if (a->roots && trust_store_count(a->roots) == 0)
                trust_store_free(TAKE_PTR(a->roots));
}

/* ---- what the CSMS asks ---- */

/* A00: over ws:// anybody on the way could. */
static bool may_change(const Agent *a)
{
        return link_is_encrypted(a->link) || a->config->allow_plain_certificates;
}

/* Before the answer: nothing that the CSMS believes done may lose its event to a power cut. */
static void tell(Agent *a, RootUse use, const char *what)
{
        _cleanup_(freep) char *text = str_printf(
                "a root of the %s was %s", use == ROOT_OF_CSMS ? "CSMS" : "manufacturer", what);

        log_notice("By order of the CSMS %s", strempty(text));
        agent_security_event(a, SECURITY_PARAMETERS_RECONFIGURED, text);
}

/* *ret_new: it was not there before. */
static RootAnswer install(Agent *a, const InstallRequest *q, bool *ret_new)
{
        _cleanup_(freep) char *pem = NULL;
        int r;

        if (!may_change(a))
                return install_plain;
        if (q->use >= ROOT_USES)
                return install_other;
        r = root_check(q->certificate, clock_to_judge_by(a), &pem);
        if (r > ROOT_IS_GOOD)
                return (RootAnswer){ROOT_REJECTED, invalid_certificate,
                                    root_finding_to_string((RootFinding)r)};
        if (r == ROOT_IS_GOOD)
                r = certificates_install(&a->certificates, (RootUse)q->use, pem);
        if (r == -ENOSPC)
                return install_full;
        if (r < 0)
                log_error_errno(r, "Can't install a root certificate");
        *ret_new = r == 1;
        if (r == 1)
                r = q->use == ROOT_OF_CSMS ? tell_link(a) : trust_manufacturer(a, pem);
        return r < 0 ? failed : (RootAnswer){.verdict = ROOT_ACCEPTED};
}

static void answer(Agent *a, const char *id, const Incoming *incoming, const RootAnswer *message)
{
        if (message->additional_info)
                log_warning("%s refused: %s", incoming->action, message->additional_info);
        calls_answer(a, id, incoming, message);
}

void roots_handle_install(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        InstallRequest q = {0};
        RootAnswer message;
        bool is_new = false;

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        message = install(a, &q, &is_new);
        if (message.reason_code == invalid_certificate && q.use == ROOT_OF_CSMS)
                agent_security_event(a, SECURITY_INVALID_CSMS_CERTIFICATE, message.additional_info);
        if (is_new)
                tell(a, (RootUse)q.use, "installed");
        answer(a, id, incoming, &message);
        codec_done(incoming->request, &q);
}

static bool is_asked_for(const RootsRequest *q, RootUse use)
{
        const int *uses = q->uses.items;

        for (size_t i = 0; i < q->uses.count; i++)
                if (uses[i] == (int)use)
                        return true;
        return q->use == (int)use || (q->use < 0 && q->uses.count == 0);
}

void roots_handle_get(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        RootsRequest q = {.use = -1};
        RootsAnswer message = {0};
        int r = 0;

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        for (RootUse use = 0; use < ROOT_USES && r == 0; use++)
                if (is_asked_for(&q, use))
                        r = certificates_list(&a->certificates, use, &message.roots);
        message.verdict = message.roots.count > 0 ? ROOT_ACCEPTED : ROOT_NOT_FOUND;
        if (r < 0) {
                log_error_errno(r, "Can't list the root certificates");
                rpc_refuse(a->rpc, id, RPC_INTERNAL_ERROR, "the certificates can't be read");
        } else {
                calls_answer(a, id, incoming, &message);
        }
        codec_done(incoming->answer, &message);
        codec_done(incoming->request, &q);
}

/* Who deletes the root that the connection stands on would never come back: the charger would have
 * to be visited. *ret_changed: a bit a use. */
static RootAnswer delete (Agent *a, const RootId *q, int *ret_changed)
{
        int r;

        if (!may_change(a))
                return delete_plain;
        r = certificates_delete(&a->certificates, q, link_root(a->link));
        if (r == -ENOENT)
                return (RootAnswer){.verdict = ROOT_NOT_FOUND};
        if (r == -EROFS)
                return delete_configured;
        if (r == -EBUSY)
                return delete_in_use;
        if (r < 0) {
                log_error_errno(r, "Can't delete a root certificate");
                return failed;
        }
        *ret_changed = r;
        if (r & 1 << ROOT_OF_MANUFACTURER)
                forget_manufacturer(a, q);
        r = r & 1 << ROOT_OF_CSMS ? tell_link(a) : 0;
        return r < 0 ? failed : (RootAnswer){.verdict = ROOT_ACCEPTED};
}

void roots_handle_delete(Agent *a, const char *id, const Incoming *incoming, const cJSON *payload)
{
        RootId q = {0};
        RootAnswer message;
        int changed = 0;

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        message = delete (a, &q, &changed);
        for (RootUse use = 0; use < ROOT_USES; use++)
                if (changed & 1 << use)
                        tell(a, use, "deleted");
        answer(a, id, incoming, &message);
        codec_done(incoming->request, &q);
}
