/* Where a download goes: a file of ours with its limits. Every failing call fills *reterr; -EIO
 * then. */
#pragma once

#include "say.h"

typedef struct Sink Sink;

/* Opens path (created with mode 0640, never through a symbolic link) and waits for a killed
 * predecessor to let go of it. What is in it stays; writing goes on behind it. At most
 * max_size_bytes in all, and reserve_bytes of the file system stay free. 0 and *ret. */
int sink_open(const char *path, uint64_t max_size_bytes, uint64_t reserve_bytes, Sink **ret,
              Failure *reterr);
/* Closes the file; what is in it stays. */
void sink_free(Sink *s);
DEFINE_CLEANUP(Sink *, sink_free)
/* Keeps the first size_bytes, at most what is there. 0. */
int sink_cut(Sink *s, uint64_t size_bytes, Failure *reterr);
/* more_bytes are about to come: are they allowed, is there room? 0. */
int sink_expect(const Sink *s, uint64_t more_bytes, Failure *reterr);
/* Writes the next bytes. 0. */
int sink_write(Sink *s, const void *data, size_t size, Failure *reterr);
/* Bytes in the file. */
uint64_t sink_size(const Sink *s);
/* What was written so far outlives a power cut. 0. */
int sink_sync(Sink *s, Failure *reterr);
/* Makes the file durable and closes it. 0. */
int sink_finish(Sink *s, Failure *reterr);
/* The failure that errno means for what, the beginning of a sentence. -EIO. */
int sink_trouble(int error, const char *what, Failure *reterr);
