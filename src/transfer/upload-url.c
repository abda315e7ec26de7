/* By libcurl's own URL parser, the one that reads it again: see upload-url.h. */
#include "upload-url.h"
#include "way.h"

static void url_freep(CURLU **url)
{
        curl_url_cleanup(*url);
}

static void curl_freep(char **text)
{
        curl_free(*text);
}

/* It goes into a URL and into headers. */
static bool is_name(const char *name)
{
        for (const char *p = name; *p; p++) {
                if (*p < ' ' || *p > '~' || strchr("\"\\/", *p))
                        return false;
        }
        return *name && !streq(name, ".") && !streq(name, "..");
}

static CURLUcode name_append(CURLU *url, const char *name, bool folder)
{
        _cleanup_(curl_freep) char *path = NULL, *encoded = curl_easy_escape(NULL, name, 0);
        _cleanup_(freep) char *longer = NULL;
        CURLUcode r = curl_url_get(url, CURLUPART_PATH, &path, 0);
        bool ends_in_slash = r == CURLUE_OK && *path && path[strlen(path) - 1] == '/';

        if (r != CURLUE_OK || (!folder && !ends_in_slash))
                return r;
        longer = encoded ? str_printf("%s%s%s", path, ends_in_slash ? "" : "/", encoded) : NULL;
        return longer ? curl_url_set(url, CURLUPART_PATH, longer, 0) : CURLUE_OUT_OF_MEMORY;
}

int upload_url(const char *url, const char *name, bool folder, char **ret, Failure *reterr)
{
        _cleanup_(url_freep) CURLU *parsed = curl_url();
        _cleanup_(curl_freep) char *text = NULL;
        CURLUcode r = CURLUE_OUT_OF_MEMORY;

        if (!is_name(name)) {
                way_fail(true, "job", "the name is no file name", reterr);
                return -EIO;
        }
        if (parsed)
                r = curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
        r = r ? r : name_append(parsed, name, folder);
        r = r ? r : curl_url_get(parsed, CURLUPART_URL, &text, 0);
        if (r != CURLUE_OK) {
                way_fail(r != CURLUE_OUT_OF_MEMORY, "scheme", "the URL can't be read", reterr);
                return -EIO;
        }
        *ret = strdup(text);
        if (*ret)
                return 0;
        way_fail(false, "worker", "out of memory", reterr);
        return -EIO;
}
