/* What is drawn by lot: shares of a mix, rates, spans of time. All of it comes from the seed, the
 * station's number and what it is drawn for, so that nothing depends on the order in which things
 * happen. No state, no I/O. */
#pragma once

#include "util.h"

/* Values in a mix. */
#define MIX_MAX 32
/* Bytes of a value. */
#define MIX_VALUE_MAX 64

/* Values by share: "1.6:50,2.0.1:30,2.1:20". */
typedef struct Mix {
        struct {
                char value[MIX_VALUE_MAX + 1];
                double share; /* of the sum of all */
        } items[MIX_MAX];
        size_t count;
        double sum;
} Mix;

/* What a number is drawn for. */
typedef enum Lot {
        LOT_PROTOCOL,
        LOT_VENDOR,
        LOT_MODEL,
        LOT_VERSION,
        LOT_TIMEZONE,
        LOT_OFFLINE,  /* is it one of those that come and go? */
        LOT_AWAY,     /* how long it is away, and there */
        LOT_FATE,     /* how an update ends */
        LOT_DURATION, /* how long a step of it takes */
        LOT_BACKOFF,
        LOT_BEAT, /* where in the interval the first Heartbeat is */
        LOT_LOG,
        LOT_RESET,
} Lot;

/* The number: the same one for the same seed, station, lot and n. */
uint64_t mix_draw(uint64_t seed, uint64_t station, Lot lot, uint64_t n);
/* The same as a part of 1: 0 ≤ x < 1. */
double mix_part(uint64_t seed, uint64_t station, Lot lot, uint64_t n);

/* Reads VALUE[:SHARE], parted by commas; without a share it has 1. 0; -EINVAL: no share above 0, a
 * value twice, empty or too long, too many. */
int mix_read(const char *text, Mix *ret);
/* The value that part (0 ≤ part < 1) falls on. Borrowed from mix, which has one at least. */
const char *mix_choose(const Mix *mix, double part);
