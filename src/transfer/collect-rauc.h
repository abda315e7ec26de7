/* RAUC's own files. */
#pragma once

#include "collect-files.h"

/* Adds the status file and the event logs, rotated ones too, that RAUC's system.conf at path names.
 * 0; negative errno: it can't be read. */
int rauc_files_find(FileList *list, const char *path);
