/* Time: schedules and time stamps use the CSMS's as an offset to a clock that nobody sets;
 * certificates are judged by the wall clock, and by what the CSMS told where that is behind. Rules:
 * "Signature" in docs/behaviour.md. */
#include <stdio.h>

#include "agent-private.h"

/* How often the CSMS's time is written down. */
#define STORE_EVERY USEC_PER_HOUR

usec_t clock_csms_now(const Agent *a)
{
        return a->csms_told ? boottime_now() + a->csms_offset : wallclock_now();
}

usec_t clock_to_wall(const Agent *a, usec_t when)
{
        usec_t csms = clock_csms_now(a), wall = wallclock_now();

        if (when == NO_TIME)
                return NO_TIME;
        return wall >= csms || when >= csms - wall ? when + wall - csms : 0;
}

bool clock_is_ahead(const Agent *a, usec_t when)
{
        return when != NO_TIME && when > clock_csms_now(a) + SCHEDULE_TOLERANCE;
}

/* A wall clock before that is wrong: it was later already. */
static usec_t clock_floor(Agent *a)
{
        _cleanup_(freep) char *stored = NULL;
        usec_t build = (usec_t)BUILD_TIME * USEC_PER_SEC, told = 0;

        if (store_get(a->store, STORE_CSMS_TIME, &stored) == 0 && stored)
                told = strtoull(stored, NULL, 10);
        return MAX(build, told);
}

usec_t clock_to_judge_by(Agent *a)
{
        usec_t now = wallclock_now();

        return now >= (usec_t)BUILD_TIME * USEC_PER_SEC ? now
                                                        : MAX(clock_floor(a), clock_csms_now(a));
}

usec_t clock_for_tls(Agent *a)
{
        if (wallclock_now() >= clock_floor(a))
                return 0;
        return a->csms_told ? clock_csms_now(a) : USEC_INFINITY;
}

bool clock_take(Agent *a, usec_t told)
{
        _cleanup_(freep) char *stored = NULL;
        char text[32];

        /* A CSMS that lives before this program was built does not know the time. */
        if (told == NO_TIME || told < (usec_t)BUILD_TIME * USEC_PER_SEC)
                return true;
        if (!link_dates_hold(a->link, told))
                return false;
        a->csms_offset = told - boottime_now();
        a->csms_told = true;
        if (store_get(a->store, STORE_CSMS_TIME, &stored) == 0 && stored &&
            told < strtoull(stored, NULL, 10) + STORE_EVERY)
                return true;
        snprintf(text, sizeof(text), "%llu", (unsigned long long)told);
        store_set(a->store, STORE_CSMS_TIME, text);
        return true;
}
