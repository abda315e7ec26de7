/* The archive that is written: a tar.gz, from its beginning to its end, never more than so many
 * bytes. Every failing call fills *reterr; -EIO then. */
#pragma once

#include "say.h"
#include "task.h"

typedef struct Pack Pack;

/* Creates the task's file as sink_open() does, and empties it; max_size_bytes 0: no limit. 0 and
 * *ret. */
int pack_open(const Task *task, Pack **ret, Failure *reterr);
/* Closes the file, finished or not; what is in it stays. */
void pack_free(Pack *p);
DEFINE_CLEANUP(Pack *, pack_free)
/* Keeps room for that many bytes, to be written last; 0 gives the room back. */
void pack_reserve(Pack *p, uint64_t size_bytes);
/* Bytes that a next file may have and fit for certain, even if they can't be compressed. */
uint64_t pack_room(const Pack *p);
/* Begins the next file in the archive, of so many bytes; what then doesn't come is filled up with
 * NUL bytes. modified: usec since 1970. 0. */
int pack_begin(Pack *p, const char *name, uint64_t size_bytes, usec_t modified, Failure *reterr);
/* The next bytes of it. 0. */
int pack_data(Pack *p, const void *data, size_t size, Failure *reterr);
/* Both at once. 0. */
int pack_text(Pack *p, const char *name, const char *text, size_t size, Failure *reterr);
/* Bytes of all files so far. */
uint64_t pack_content(const Pack *p);
/* Ends the archive and makes it durable. 0 and *ret_size_bytes. */
int pack_finish(Pack *p, uint64_t *ret_size_bytes, Failure *reterr);
