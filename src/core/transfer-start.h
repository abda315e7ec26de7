/* Between transfer-jobs.c, which writes the jobs, and transfer.c, which watches the workers. */
#pragma once

#include "transfer-answer.h"
#include <cjson/cJSON.h>

/* What one start needs. All borrowed. */
typedef struct TransferStart {
        sd_event *event;
        const char *worker;
        cJSON *job;
        int file;          /* becomes descriptor 3; -1: none */
        AnswerKind wanted; /* the answer that ends it, ANSWER_FAILED aside */
        /* A worker is killed that gives no sign of life for so long; that still goes on after so
         * long; that has done more than so many bytes. 0: no limit. */
        usec_t silence_usec, limit_usec;
        uint64_t max_bytes;
} TransferStart;

/* The two of a transfer by that way, which ends what stalls by itself: they are for a worker that
 * does not. */
usec_t way_silence(const TransferWay *way);
usec_t way_limit(const TransferWay *way);

/* 0 and *ret as transfer_fetch() gives it; -E2BIG: the job is longer than TRANSFER_JOB_MAX; other
 * negative errno. */
int transfer_start(const TransferStart *s, const TransferHandlers *handlers, void *userdata,
                   Transfer **ret);
