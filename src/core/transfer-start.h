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
} TransferStart;

/* 0 and *ret as transfer_fetch() gives it; -E2BIG: the job is longer than TRANSFER_JOB_MAX; other
 * negative errno. */
int transfer_start(const TransferStart *s, const TransferHandlers *handlers, void *userdata,
                   Transfer **ret);
