/* A folder of files that belong to rows of the state, by names that are UUIDs. A file has a dot
 * before its name until it is whole. Its row is written before the dot goes, and the dot comes back
 * before the row goes: whenever a process ends, a hidden file with a row is whole, and one without
 * is rubbish. No network in here. */
#pragma once

#include "util.h"

typedef struct Folder {
        char *path; /* absolute */
        int fd;     /* locked for as long as it is open; -1: none (yet) */
        bool temporary;
} Folder;
#define FOLDER_INIT                                                                                \
        {                                                                                          \
                .fd = -1                                                                           \
        }

/* Opens the folder, which is made if there is none; NULL: a temporary one, see folder_fd().
 * *ret is FOLDER_INIT before. 0; -EBUSY: another process has it; negative errno: folder_close() is
 * to be called all the same. */
int folder_open(const char *path, Folder *ret);
void folder_close(Folder *folder);
/* Its descriptor, borrowed, to put something there: a temporary one is made in $TMPDIR now, as who
 * is killed leaves it behind, and goes when it is closed. -1: it can't be made, which was logged.
 */
int folder_fd(Folder *folder);
/* Hides a file behind a dot; shows it again, for good when this returns. 0, negative errno. */
int folder_hide(const Folder *folder, const char *file);
int folder_show(const Folder *folder, const char *file);
/* Removes a file that is hidden. */
void folder_remove_hidden(const Folder *folder, const char *file);
/* At the start: shows hidden files that have a row, removes those that have none; what is not
 * hidden may be another's. has_row() is asked with the name without the dot: 1, 0, negative errno
 * (then the file is left as it is). */
void folder_tidy(const Folder *folder, int (*has_row)(void *userdata, const char *file),
                 void *userdata);
