/* Which roots a transfer trusts. */
#pragma once

#include <curl/curl.h>

/* The system's roots and, if not NULL, those in ca_file. CURLE_OK; CURLE_SSL_CACERT_BADFILE:
 * ca_file can't be read; other CURLcode. */
CURLcode fetch_trust(CURL *easy, const char *ca_file);
