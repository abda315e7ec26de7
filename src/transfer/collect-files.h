/* Files that go into an archive: found by paths and globs, newest first, each opened with care: who
 * may write a log need not be somebody who may read ours. */
#pragma once

#include "util.h"
#include <sys/stat.h>

/* Files of an archive; more are not looked at. */
#define FILES_MAX 500

typedef struct FoundFile {
        char *path;           /* no symbolic link in it but the last part */
        bool state;           /* no log: goes in first, however old */
        usec_t modified;      /* usec since 1970 */
        const char *left_out; /* why it is known already that it can't go in; NULL: not */
        dev_t device;
        ino_t inode;
} FoundFile;

typedef struct FileList {
        FoundFile *files;
        size_t count;
        bool full; /* there were more than FILES_MAX */
} FileList;

/* Adds what a path or a glob (glob(7), and {a,b}) fits; what fits nothing is added with left_out,
 * and what is in the list already is not added again. 0 or -ENOMEM. */
int files_find(FileList *list, const char *pattern, bool state);
/* What is in the list and fits pattern does not go in: why is a sentence's end. 0 or -ENOMEM. */
int files_leave_out(FileList *list, const char *pattern, const char *why);
/* State first, then newest first. */
void files_sort(FileList *list);
void files_done(FileList *list);

/* Opens a regular file for reading. A symbolic link is followed if root made it, or if it leads to
 * a file beside it; never into /proc, /sys and the like. 0, *ret and *ret_stat; -EIO and *reterr, a
 * sentence's end ("it is no regular file"). */
int file_open_carefully(const char *path, int *ret, struct stat *ret_stat, const char **reterr);
