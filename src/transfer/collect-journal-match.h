/* Which entries of the journal belong to a unit, and which of its files can't be read. */
#pragma once

#include <cjson/cJSON.h>
#include <systemd/sd-journal.h>

/* Lets j have the entries of these units alone, as `journalctl -u` does: what the unit's processes
 * said, what systemd said of it, its core dumps. units: as JournalQuery has them. 0; -ENODATA: no
 * unit is like one of the globs; negative errno. */
int journal_match(sd_journal *j, const cJSON *units);
/* Adds {"file":…,"why":…} to the array for each journal file that can't be opened; folder NULL: of
 * the system's. 0 or -ENOMEM. */
int journal_judge_files(const char *folder, cJSON *array);
