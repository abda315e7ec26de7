/* What RAUC is told of a bundle and tells of it before it installs it: kept with the job for
 * people, held against the configuration. */

#include "agent-private.h"
#include "version.h"

int bundle_source(const Agent *a, BundleSource *ret)
{
        const Config *c = a->config;

        if (a->job.streams != 1) {
                ret->file = fetch_path(a, FETCH_FILE);
                ret->order = (BundleOrder){.location = ret->file};
                return ret->file ? 0 : -ENOMEM;
        }
        ret->login = stream_login(a);
        ret->order = (BundleOrder){.location = a->job.request.location,
                                   .tls_cert = c->transfer_client_cert,
                                   .tls_key = c->transfer_client_key ?: c->transfer_client_cert,
                                   .tls_ca = c->transfer_ca_file,
                                   .http_header = ret->login};
        return 0;
}

void bundle_source_done(BundleSource *s)
{
        if (s->login)
                explicit_bzero(s->login, strlen(s->login));
        free(s->login);
        free(s->file);
}

/* A plain bundle's manifest says nothing of the images that RAUC would hold it to. */
static bool hash_stands_for_content(const BundleInfo *bundle)
{
        return bundle->manifest_hash && strlen(bundle->manifest_hash) == (size_t)2 * SHA256_SIZE &&
               bundle->format && !streq(bundle->format, "plain");
}

int bundle_note(Agent *a, const BundleInfo *bundle)
{
        const char *hash = hash_stands_for_content(bundle) ? bundle->manifest_hash : NULL;
        Job *job = &a->job;

        log_info("RAUC: the bundle is %s, version %s, build %s, format %s",
                 strempty(bundle->compatible), strempty(bundle->version), strempty(bundle->build),
                 strempty(bundle->format));
        if (str_replace(&job->bundle_compatible, bundle->compatible) < 0 ||
            str_replace(&job->bundle_version, bundle->version) < 0 ||
            str_replace(&job->bundle_format, bundle->format) < 0 ||
            str_replace(&a->manifest_hash, hash) < 0)
                return -ENOMEM;
        show_update(a);
        return 0;
}

const char *bundle_objection(const Agent *a)
{
        const char *version = a->job.bundle_version;
        int order;

        if (a->job.streams == 1 && !str_equal(a->job.bundle_sha256, a->manifest_hash))
                return "the bundle at the address is not the one that was there at first";
        if (a->config->allow_downgrade && a->config->allow_same_version)
                return NULL;
        if (!version || !a->firmware_version)
                return "the versions of the bundle and of the running system can't be compared";
        order = version_compare(version, a->firmware_version);
        if (order < 0 && !a->config->allow_downgrade)
                return "the bundle is older than the running system ([firmware] allow_downgrade)";
        if (order == 0 && !a->config->allow_same_version)
                return "the bundle's version runs already ([firmware] allow_same_version)";
        return NULL;
}
