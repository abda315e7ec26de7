/* When something is to happen, as an operator says it: a moment of UTC, or one of the day that a
 * station's own place has, by the tz database. */
#pragma once

#include "util.h"
#include <time.h>

/* Bytes of a time zone's name. */
#define ZONE_MAX 64

typedef struct Moment {
        enum {
                MOMENT_NONE,
                MOMENT_UTC,   /* "2026-11-27T02:00:00Z" */
                MOMENT_LOCAL, /* "2026-11-27T02:00": that hour of that day, where the station is */
                MOMENT_DAILY, /* "02:00": the next time that it is so late there */
        } kind;
        usec_t utc;      /* MOMENT_UTC */
        struct tm local; /* MOMENT_LOCAL; of MOMENT_DAILY hour, minute and second */
} Moment;

/* Reads one of the three. 0 and *ret; -EINVAL. */
int moment_read(const char *text, Moment *ret);
/* When that is, wall clock. zone: an IANA name; NULL: UTC. An hour that a clock leaves out is the
 * one after it; of one that it has twice, the C library chooses. 0 and *ret, NO_TIME for
 * MOMENT_NONE; -EINVAL: the zone is not known here, or there is no such day. */
int moment_resolve(const Moment *moment, const char *zone, usec_t now, usec_t *ret);
/* Whether the tz database of this machine has the zone. */
bool zone_known(const char *zone);
