/* The URL of a file to be uploaded. */
#pragma once

#include "say.h"

/* url with name, percent-encoded, as the last part of its path if folder, or if the path ends in
 * '/'; else url as it is. name must be a file name of printable ASCII without '"' and '\'. 0 and
 * *ret, owned by the caller; -EIO and *reterr. */
int upload_url(const char *url, const char *name, bool folder, char **ret, Failure *reterr);
