/* Roots of libcurl, ours added to the system's: see fetch-trust.h. CURLOPT_CAINFO would replace the
 * system's bundle, so both go in as one text; a CAPATH that libcurl was built with stays in use. */
#include "fetch-trust.h"
#include "util.h"

#define ROOTS_SIZE_MAX (4U << 20)

/* A system may well have no bundle. */
static char *system_bundle(void)
{
        const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
        char *text = NULL;

        if (info->cainfo)
                (void)file_read(info->cainfo, ROOTS_SIZE_MAX, &text, NULL);
        return text;
}

CURLcode fetch_trust(CURL *easy, const char *ca_file)
{
        _cleanup_(freep) char *ours = NULL, *system = NULL, *both = NULL;
        struct curl_blob blob = {.flags = CURL_BLOB_COPY};

        if (!ca_file)
                return CURLE_OK;
        if (file_read(ca_file, ROOTS_SIZE_MAX, &ours, NULL) < 0)
                return CURLE_SSL_CACERT_BADFILE;
        system = system_bundle();
        both = str_printf("%s\n%s", ours, strempty(system));
        if (!both)
                return CURLE_OUT_OF_MEMORY;
        blob.data = both;
        blob.len = strlen(both);
        return curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
}
