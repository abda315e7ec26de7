/* Where a download goes: the one file we write, with its limits. Every failing call fills *reterr;
 * -EIO then. */
#pragma once

#include "say.h"

typedef struct Sink Sink;

/* Opens path (created with mode 0640, never through a symbolic link), waits for a killed
 * predecessor to let go of it, and empties it: an attempt begins anew. 0 and *ret. */
int sink_open(const char *path, uint64_t max_size_bytes, Sink **ret, Failure *reterr);
/* Closes the file; what is in it stays. */
void sink_free(Sink *s);
DEFINE_CLEANUP(Sink *, sink_free)
/* size_bytes are about to come: are they allowed, is there room? 0. */
int sink_expect(const Sink *s, uint64_t size_bytes, Failure *reterr);
/* Writes the next bytes. 0. */
int sink_write(Sink *s, const void *data, size_t size, Failure *reterr);
/* Bytes written so far. */
uint64_t sink_size(const Sink *s);
/* Makes the file durable and closes it. 0. */
int sink_finish(Sink *s, Failure *reterr);
