/* Roots of libcurl, ours added to the system's, and the client's certificate and key: see
 * way-internal.h. CURLOPT_CAINFO would replace the system's bundle, so both go in as one text; a
 * CAPATH that libcurl was built with stays in use. The key is read by OpenSSL's store and not by
 * libcurl, which knows no providers before 8.11. */
#include <openssl/ssl.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "way-internal.h"

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

/* What files holds (NULL: nothing), one after the other; NULL: one can't be read. */
static char *read_all(const char *const *files, size_t count)
{
        char *all = strdup("");

        for (size_t i = 0; all && i < count; i++) {
                _cleanup_(freep) char *before = all, *text = NULL;

                if (files[i] && file_read(files[i], ROOTS_SIZE_MAX, &text, NULL) < 0)
                        return NULL;
                all = str_printf("%s\n%s", before, strempty(text));
        }
        return all;
}

static CURLcode set_roots(CURL *easy, const Task *task)
{
        const char *const files[] = {task->ca_file, task->csms_ca_file, task->installed_ca_file};
        _cleanup_(freep) char *ours = NULL, *system = NULL, *all = NULL;
        struct curl_blob blob = {.flags = CURL_BLOB_COPY};
        CURLcode r;

        if (!task->ca_file && !task->csms_ca_file && !task->installed_ca_file)
                return CURLE_OK;
        ours = read_all(files, ELEMENTSOF(files));
        if (!ours)
                return CURLE_SSL_CACERT_BADFILE;
        system = system_bundle();
        all = str_printf("%s\n%s", ours, strempty(system));
        if (!all)
                return CURLE_OUT_OF_MEMORY;
        blob.data = all;
        blob.len = strlen(all);
        r = curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
        return r ? r : curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO_BLOB, &blob);
}

/* A path or a URI of OpenSSL's store; a key behind a passphrase is not asked for it. NULL: no key
 * there. */
static EVP_PKEY *key_load(const char *where)
{
        OSSL_STORE_CTX *store = OSSL_STORE_open(where, UI_null(), NULL, NULL, NULL);
        EVP_PKEY *key = NULL;

        while (store && !key && !OSSL_STORE_eof(store)) {
                OSSL_STORE_INFO *info = OSSL_STORE_load(store);

                if (info && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
                        key = OSSL_STORE_INFO_get1_PKEY(info);
                OSSL_STORE_INFO_free(info);
        }
        OSSL_STORE_close(store);
        return key;
}

static CURLcode on_ssl_context(CURL *easy _unused_, void *context, void *userdata)
{
        const Task *t = userdata;
        EVP_PKEY *key = key_load(t->client_key ? t->client_key : t->client_cert_file);
        bool good = key && SSL_CTX_use_certificate_chain_file(context, t->client_cert_file) == 1 &&
                    SSL_CTX_use_PrivateKey(context, key) == 1 &&
                    SSL_CTX_check_private_key(context) == 1;

        EVP_PKEY_free(key);
        return good ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

CURLcode way_set_trust(CURL *easy, const Task *task)
{
        CURLcode r = set_roots(easy, task);

        if (r != CURLE_OK || (!task->client_cert_file && !task->client_key))
                return r;
        if (!task->client_cert_file)
                return CURLE_SSL_CERTPROBLEM;
        r = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
        return r ? r : curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, task);
}
