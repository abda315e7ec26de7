/* One line of a worker's answer (transfer.h) to a struct of fixed size. The worker talks to the
 * network, so its lines are taken as hostile: anything unexpected is -EBADMSG. */
#pragma once

#include "transfer.h"

/* Bytes of the texts, NUL included. */
#define TRANSFER_ADDRESS_TEXT_MAX 64
#define TRANSFER_CODE_MAX 32
#define TRANSFER_MESSAGE_MAX 256

/* Which of the members below were told. */
typedef enum AnswerKind {
        ANSWER_PROGRESS,
        ANSWER_DONE,
        ANSWER_DIGEST,
        ANSWER_ADDRESSES,
        ANSWER_FAILED,
} AnswerKind;

typedef struct Answer {
        AnswerKind kind;
        uint64_t now_bytes;  /* ANSWER_PROGRESS */
        int64_t total_bytes; /* -1: not known; never less than now_bytes */
        uint64_t size_bytes; /* ANSWER_DONE */
        FileDigest digest;   /* ANSWER_DIGEST */
        char addresses[TRANSFER_ADDRESSES_MAX][TRANSFER_ADDRESS_TEXT_MAX]; /* ANSWER_ADDRESSES */
        size_t address_count;
        bool final; /* ANSWER_FAILED */
        char code[TRANSFER_CODE_MAX];
        char message[TRANSFER_MESSAGE_MAX]; /* printable ASCII, cut if too long */
        uint64_t retry_after_seconds;       /* 0: not told */
} Answer;

/* Reads a line without its newline. 0 and *ret; -EBADMSG. */
int answer_parse(const char *line, size_t size, Answer *ret);
