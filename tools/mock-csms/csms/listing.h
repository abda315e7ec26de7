/* The list of stations: those that a filter means, sorted, a page at a time. */
#pragma once

#include "filter.h"

/* Stations of a page. */
#define LISTING_LIMIT_DEFAULT 1000
#define LISTING_LIMIT_MAX 20000

typedef struct ListingOptions {
        const Filter *filter;
        const char *sort;  /* "id", "-lastSeen", …; "-": the other way round; NULL: id */
        const char *after; /* `next` of the page before; NULL: from the beginning */
        size_t limit;
} ListingOptions;

typedef struct Listing {
        cJSON *items; /* an array; owned */
        size_t total; /* how many the filter means, on all pages */
        char *next;   /* NULL: this is the last page; owned */
} Listing;

/* Where a page ends is told by what its last station was sorted by, and by its identity: whatever
 * happens in between, nobody is missing from the pages together who did not change. 0 and *ret,
 * emptied by listing_done(); -EINVAL: no such sort; -ENOMEM. */
int listing_make(const Csms *csms, const ListingOptions *options, Listing *ret);
void listing_done(Listing *listing);
/* What there is to sort by, for people. */
extern const char listing_sorts[];
