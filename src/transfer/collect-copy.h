/* One file into the archive. */
#pragma once

#include "collect-files.h"
#include "collect-pack.h"
#include <cjson/cJSON.h>

/* Where less room than this is left, the archive is full. */
#define COLLECT_ROOM_MIN 4096
/* Why something is left out then. */
#define COLLECT_FULL "the archive is as large as it may be"

/* Copies the file, passwords in URLs blanked, and tells the manifest; older than since (usec since
 * 1970): it is left out. What can't be read is told, too, and no failure; of a file too large for
 * the room its last lines are taken. What it grows by meanwhile is not taken; if it gets shorter,
 * NUL bytes stand for the rest. 0; -EIO and *reterr: the archive can't be written. */
int collect_copy(Pack *pack, const FoundFile *file, usec_t since, cJSON *manifest, Failure *reterr);
