/* The answer, line by line (core/transfer.h). When nobody reads it the process ends: there is
 * nothing left to work for. */
#pragma once

#include "verify.h"

/* Room for every line but addresses'. */
#define SAY_LINE_MAX 1024
/* Bytes of a failure's texts, NUL included. */
#define SAY_CODE_MAX 24
#define SAY_MESSAGE_MAX 256

typedef struct Failure {
        bool final;                    /* another attempt would end the same way */
        char code[SAY_CODE_MAX];       /* one of those of TransferFailure */
        char message[SAY_MESSAGE_MAX]; /* what is not printable ASCII, '"' and '\' become '?' */
        uint64_t retry_after_seconds;  /* 0: not said by the server */
} Failure;

/* {"progress":…}: bytes so far, and in all (-1: not known). */
void say_progress(uint64_t now_bytes, int64_t total_bytes);
/* {"done":…} or {"failed":…}, the last line. They make no system call but write(), as a caged
 * process must. */
void say_done(uint64_t size_bytes);
void say_digest(const FileDigest *digest);
void say_failed(const Failure *failure);
/* Numeric addresses; what would not fit into the line is left out. */
void say_addresses(const char *const *addresses, size_t count);
