/* Updates that RAUC fetches by itself while it writes the slot ([firmware] fetch): its look at the
 * bundle over the network stands for the download, the manifest's hash for the file's. Unsigned
 * requests alone, since nobody ever has the whole file to hold a signature against. */
#include <stdio.h>
#include <strings.h>

#include "agent-private.h"
#include "link-http.h"

#define CREDENTIALS_SIZE_MAX 65536

/* RAUC speaks nothing else. */
static bool can_be_streamed(const UpdateRequest *q)
{
        return !q->signature && (strncasecmp(q->location, "https://", 8) == 0 ||
                                 strncasecmp(q->location, "http://", 7) == 0);
}

bool stream_is_wanted(const Agent *a, const UpdateRequest *q)
{
        return a->config->fetch == FETCH_BY_STREAM && can_be_streamed(q);
}

bool stream_is_way_out(const Agent *a, const TransferFailure *failure)
{
        return a->config->fetch == FETCH_BY_AUTO && streq(failure->code, "no-space") &&
               can_be_streamed(&a->job.request) && !machine_lacks_for_streams(false);
}

usec_t stream_time(const UpdateRequest *q)
{
        if (q->retrieve_at == NO_TIME || q->install_at == NO_TIME)
                return MIN(q->retrieve_at, q->install_at);
        return MAX(q->retrieve_at, q->install_at);
}

void stream_init(const Agent *a)
{
        const char *lacks = machine_lacks_for_streams(true);

        if (a->config->fetch == FETCH_BY_SPOOL)
                return;
        if (a->require_signed)
                log_notice("[firmware] fetch: signed updates go to the spool, and unsigned ones of "
                           "the CSMS are refused");
        else if (lacks)
                log_warning("[firmware] fetch: for streaming RAUC needs %s", lacks);
}

/* The line "host user password …" of a host, its words cut out of text; false: there is none. */
static bool find_login(char *text, const char *host, size_t host_size, const char **ret_user,
                       const char **ret_password)
{
        char *line;

        while ((line = strsep(&text, "\n"))) {
                char *place = NULL, *word = strtok_r(line, " \t\r", &place);

                if (!word || strlen(word) != host_size || strncasecmp(word, host, host_size) != 0)
                        continue;
                *ret_user = strtok_r(NULL, " \t\r", &place);
                *ret_password = strtok_r(NULL, " \t\r", &place);
                if (*ret_password && !streq(*ret_user, "-"))
                        return true;
        }
        return false;
}

/* RAUC takes headers, no logins, and gives them to whomever it is redirected to: over TLS alone. */
char *stream_login(const Agent *a)
{
        const char *url = a->job.request.location, *host = startswith(url, "https://"), *user,
                   *password;
        char *text = NULL, header[LINK_BASIC_MAX], *login = NULL;
        size_t size = 0;
        int n = 0;

        if (!host || strchr(host, '@') || !a->config->transfer_credentials ||
            file_read(a->config->transfer_credentials, CREDENTIALS_SIZE_MAX, &text, &size) < 0)
                return NULL;
        if (find_login(text, host, strcspn(host, ":/?#"), &user, &password))
                n = link_basic_header(user, password, strlen(password), header, sizeof(header));
        if (n > 2)
                login = strndup(header, (size_t)n - 2); /* without the line's end */
        explicit_bzero(header, sizeof(header));
        explicit_bzero(text, size);
        free(text);
        return login;
}

/* ---- the look that stands for the download ---- */

static void look_failed(Agent *a, int error, const char *message)
{
        bool secret = strchr(a->job.request.location, '@'); /* RAUC may repeat the address */
        _cleanup_(freep) char *text =
                str_printf("RAUC: %s", secret || !message ? strerror(-error) : message);
        TransferFailure failure = {
                .final = error == -EOPNOTSUPP, .code = "stream", .message = strempty(text)};

        if (error == -EOPNOTSUPP)
                failure.message = "RAUC can't stream, that came with 1.9";
        else if (error == INSTALLER_GONE)
                failure.message = "there is no RAUC on the bus";
        fetch_failed(a, &failure);
}

static void on_looked(void *userdata, int error, const char *message, const BundleInfo *bundle)
{
        static const TransferFailure plain = {
                .final = true,
                .code = "stream",
                .message = "only bundles in the formats verity and crypt can be streamed"};
        Agent *a = userdata;

        if (a->job.state != JOB_DOWNLOADING)
                return;
        /* at a start the CSMS may be there before RAUC */
        if (error == INSTALLER_BUSY || (error == INSTALLER_GONE && install_awaits_installer(a)))
                install_ask_again(a, stream_begin);
        else if (error < 0)
                look_failed(a, error, message);
        else if (bundle_note(a, bundle) < 0 ||
                 str_replace(&a->job.bundle_sha256, a->manifest_hash) < 0)
                look_failed(a, -ENOMEM, NULL);
        else if (!a->manifest_hash)
                fetch_failed(a, &plain);
        else
                agent_event(a, EV_FETCHED);
}

void stream_begin(Agent *a)
{
        _cleanup_(bundle_source_done) BundleSource source = {0};
        const char *lacks = machine_lacks_for_streams(false);
        int r = bundle_source(a, &source);

        if (lacks) {
                _cleanup_(freep) char *text = str_printf("for streaming RAUC needs %s", lacks);
                TransferFailure failure = {
                        .final = true, .code = "stream", .message = strempty(text)};

                fetch_failed(a, &failure);
        } else if (r < 0) {
                look_failed(a, r, NULL);
        } else {
                a->installer->ops->inspect(a->installer, &source.order, on_looked, a);
        }
}
