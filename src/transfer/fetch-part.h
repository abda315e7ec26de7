/* The file that a download grows in, NAME.part, and its side-car NAME.part.json, which tells what
 * it is a part of. Nothing else is ever written. Every failing call fills *reterr; -EIO then. */
#pragma once

#include "sink.h"
#include "task.h"

/* Of a boot id, NUL included. */
#define PART_BOOT_ID_MAX 37

/* What a file on a server is known by. The texts, owned, are validators that are the same only if
 * every byte is (NULL: none): an ETag that is not weak; Last-Modified, or the seconds since 1970 of
 * FTP's MDTM and SFTP's mtime. */
typedef struct Version {
        char *etag, *last_modified;
        int64_t length_bytes; /* -1: not told */
} Version;

typedef struct Part Part;

/* Frees the texts. */
void version_done(Version *v);

/* The kernel's boot id, "" if it can't be read. */
void part_boot_id(char out[static PART_BOOT_ID_MAX]);
/* Opens the task's file and keeps what is a part of url (borrowed, for as long as p lives) for
 * sure; see part_begin(). 0 and *ret. */
int part_open(const Task *task, const char *url, const char *boot_id, Part **ret, Failure *reterr);
/* Closes both files; what has come is made durable first, so that a broken download can go on. */
void part_free(Part *p);
DEFINE_CLEANUP(Part *, part_free)
/* What the bytes there are a part of; NULL: there is none, or nothing that could prove it. */
const Version *part_version(const Part *p);
/* Bytes there. */
uint64_t part_size(const Part *p);
/* Drops what is there: the file of this version (taken over and emptied) comes from its first byte.
 * 0. */
int part_begin(Part *p, Version *version, Failure *reterr);
/* The rest of the version that is there comes. 0. */
int part_go_on(Part *p, Failure *reterr);
/* Writes the next bytes. 0. */
int part_write(Part *p, const void *data, size_t size, Failure *reterr);
/* The file is whole: makes it durable, and drops the side-car. 0. */
int part_finish(Part *p, Failure *reterr);
