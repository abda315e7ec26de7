/* The waits between two connections: see backoff.h. */
#include "backoff.h"

/* A sum that stays at the longest wait instead of running over. */
static usec_t add_limited(usec_t a, usec_t b, usec_t limit)
{
        return a >= limit || b >= limit - a ? limit : a + b;
}

static usec_t random_part(const Backoff *b, uint64_t random)
{
        return b->random_range_usec == UINT64_MAX ? random : random % (b->random_range_usec + 1);
}

void backoff_took(Backoff *b, usec_t took)
{
        b->took_usec = took;
}

usec_t backoff_next(Backoff *b, uint64_t random)
{
        usec_t limit = MAX(BACKOFF_LONGEST_USEC, b->wait_minimum_usec);
        usec_t last = MAX(b->last_usec,
                          MIN(b->took_usec, add_limited(b->last_usec, b->last_usec, limit)));

        if (b->tries == 0)
                b->last_usec = add_limited(b->wait_minimum_usec, random_part(b, random), limit);
        else if (b->tries <= b->repeat_times)
                b->last_usec =
                        add_limited(add_limited(last, last, limit), random_part(b, random), limit);
        b->took_usec = 0;
        if (b->tries < UINT32_MAX)
                b->tries++;
        return b->last_usec;
}

void backoff_reset(Backoff *b)
{
        b->tries = 0;
        b->last_usec = 0;
}
