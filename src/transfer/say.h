/* The answer, line by line (core/transfer.h). When nobody reads it the process ends: there is
 * nothing left to work for. */
#pragma once

#include "verify.h"

/* Room for every line but addresses'. */
#define SAY_LINE_MAX 1024
#define SAY_CODE_MAX 24
#define SAY_MESSAGE_MAX 256

typedef struct Failure {
        bool final;
        char code[SAY_CODE_MAX];
        char message[SAY_MESSAGE_MAX]; /* what is not printable ASCII, '"' and '\' become '?' */
} Failure;

void say_progress(uint64_t now_bytes, int64_t total_bytes);
/* These three make no system call but write(). */
void say_digest(const FileDigest *digest);
void say_failed(const Failure *failure);
void say_addresses(const char *const *addresses, size_t count);
