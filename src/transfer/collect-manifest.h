/* manifest.json, the archive's last file: what is in it, and what was left out and why. */
#pragma once

#include "collect-files.h"
#include "task.h"

/* 0 and *ret: what is known before anything is collected (cJSON_Delete()); -ENOMEM. */
int manifest_new(const Task *task, cJSON **ret);
/* Adds a file to the manifest: what it is in the archive (NULL: left out) and on the charger (NULL:
 * a note). Owned by the manifest, for more members; NULL when out of memory. */
cJSON *manifest_add_file(cJSON *manifest, const char *name, const char *path);
/* Bytes that the text of the manifest may have when all of these files are added. */
size_t manifest_size_max(const cJSON *manifest, const FileList *files);
