/* When to connect again: J201 5.3, J21 5.4 (and for 1.6, J16E 3.3 "appropriate"). Pure. */
#pragma once

#include "util.h"

/* No wait is longer, whatever the CSMS sets, but for a wait_minimum that is. */
#define BACKOFF_LONGEST_USEC (24 * USEC_PER_HOUR)

typedef struct Backoff {
        usec_t wait_minimum_usec; /* RetryBackOffWaitMinimum */
        usec_t random_range_usec; /* RetryBackOffRandomRange */
        unsigned repeat_times;    /* RetryBackOffRepeatTimes */
        unsigned tries;           /* since the last success */
        usec_t last_usec;         /* the last wait, 0: none yet */
        usec_t took_usec;         /* … as the CSMS saw it; 0: it did not */
} Backoff;

/* The next wait: wait_minimum + rnd(0…range) first, then twice the whole last wait + rnd(0…range)
 * while tries ≤ repeat_times, then the last value. random is 0 … UINT64_MAX, spread evenly. */
usec_t backoff_next(Backoff *b, uint64_t random);
/* The CSMS was reached, but refused the connection: so long after the one before. The next wait is
 * at least twice that, for the CSMS does not see which part of it was waiting (TC_B_57_CS); but no
 * more than twice the wait counts: the machine may have slept. */
void backoff_took(Backoff *b, usec_t took);
/* After a connection that was agreed upon. */
void backoff_reset(Backoff *b);
