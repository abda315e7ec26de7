/* See listing.h. */
#include "listing.h"
#include "station.h"
#include "version.h"

typedef enum SortKind {
        SORT_ID, /* nothing but the identity, which is what the stations lie in the order of */
        SORT_TEXT,
        SORT_VERSION,
        SORT_TIME,
} SortKind;

typedef struct Sort {
        const char *name;
        SortKind kind;
        size_t offset; /* in Station */
} Sort;

/* clang-format off */
static const Sort sorts[] = {
        { "id",              SORT_ID,      0 },
        { "vendor",          SORT_TEXT,    offsetof(Station, vendor) },
        { "model",           SORT_TEXT,    offsetof(Station, model) },
        { "firmwareVersion", SORT_VERSION, offsetof(Station, version) },
        { "status",          SORT_TEXT,    offsetof(Station, update.status) },
        { "since",           SORT_TIME,    offsetof(Station, update.since) },
        { "firstSeen",       SORT_TIME,    offsetof(Station, first_seen) },
        { "lastSeen",        SORT_TIME,    offsetof(Station, last_seen) },
        { "connectedSince",  SORT_TIME,    offsetof(Station, connected_since) },
};
/* clang-format on */
const char listing_sorts[] = "id, vendor, model, firmwareVersion, status, since, firstSeen, "
                             "lastSeen or connectedSince";

/* A station's place in the order. */
typedef struct Place {
        const Station *station;
        const char *id;
        const char *text; /* SORT_TEXT, SORT_VERSION */
        usec_t time;      /* SORT_TIME, in milliseconds: what is told of it */
        const Sort *sort;
        int direction; /* 1, -1 */
} Place;

static int compare(const void *one, const void *other)
{
        const Place *a = one, *b = other;
        int c = 0;
        switch (a->sort->kind) {
        case SORT_ID:
                break;
        case SORT_TEXT:
                c = strcmp(a->text, b->text);
                break;
        case SORT_VERSION:
                c = version_compare(a->text, b->text);
                if (c == 0)
                        c = strcmp(a->text, b->text);
                break;
        case SORT_TIME:
                c = (a->time > b->time) - (a->time < b->time);
                break;
        }
        if (c == 0)
                c = strcmp(a->id, b->id);
        return a->direction * c;
}

static Place place_of(const Station *station, const Sort *sort, int direction)
{
        const char *member = (const char *)station + sort->offset;
        Place place = {station, station->id, NULL, 0, sort, direction};
        if (sort->kind == SORT_TIME)
                place.time = *(const usec_t *)(const void *)member / USEC_PER_MSEC;
        else if (sort->kind != SORT_ID)
                place.text = member;
        return place;
}

/* A cursor is the identity, behind what is sorted by and a slash, which no identity has. */
static char *make_cursor(const Place *place)
{
        switch (place->sort->kind) {
        case SORT_ID:
                return strdup(place->id);
        case SORT_TEXT:
        case SORT_VERSION:
                return str_printf("%s/%s", place->text, place->id);
        case SORT_TIME:
                return str_printf("%llu/%s", (unsigned long long)place->time, place->id);
        }
        return NULL;
}

/* cursor is cut up. */
static Place read_cursor(char *cursor, const Sort *sort, int direction)
{
        Place place = {NULL, cursor, "", 0, sort, direction};
        char *slash = strrchr(cursor, '/');
        if (!slash || sort->kind == SORT_ID)
                return place;
        *slash = '\0';
        place.id = slash + 1;
        place.text = cursor;
        if (sort->kind == SORT_TIME)
                place.time = strtoull(cursor, NULL, 10);
        return place;
}

static const Sort *find_sort(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(sorts); i++)
                if (streq(sorts[i].name, name))
                        return &sorts[i];
        return NULL;
}

/* The places of all that the filter means, in order. NULL when out of memory. */
static Place *choose(const Csms *csms, const Filter *filter, const Place *order, size_t *ret_count)
{
        Place *places = malloc((csms->count + 1) * sizeof(*places));
        size_t n = 0;
        for (size_t i = 0; places && i < csms->count; i++)
                if (filter_matches(filter, csms->stations[i]))
                        places[n++] = place_of(csms->stations[i], order->sort, order->direction);
        if (places && (order->sort->kind != SORT_ID || order->direction < 0))
                qsort(places, n, sizeof(*places), compare);
        *ret_count = n;
        return places;
}

/* Index of the first place behind the cursor. */
static size_t find_begin(const Place *places, size_t count, const Place *cursor)
{
        size_t low = 0, high = count;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (compare(&places[middle], cursor) <= 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static int fill(Listing *listing, const Place *places, size_t count)
{
        listing->items = cJSON_CreateArray();
        if (!listing->items)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++) {
                cJSON *one = station_describe(places[i].station);
                if (!one)
                        return -ENOMEM;
                cJSON_AddItemToArray(listing->items, one);
        }
        return 0;
}

int listing_make(const Csms *csms, const ListingOptions *options, Listing *ret)
{
        _cleanup_(listing_done) Listing listing = {0};
        _cleanup_(freep) Place *places = NULL;
        _cleanup_(freep) char *after = options->after ? strdup(options->after) : NULL;
        const char *name = options->sort ? options->sort : "id";
        int direction = *name == '-' ? -1 : 1;
        const Sort *sort = find_sort(name + (direction < 0));
        if (!sort)
                return -EINVAL;
        if (options->after && !after)
                return -ENOMEM;
        Place cursor = read_cursor(after ? after : (char[]){""}, sort, direction);
        places = choose(csms, options->filter, &cursor, &listing.total);
        if (!places)
                return -ENOMEM;
        size_t begin = after ? find_begin(places, listing.total, &cursor) : 0;
        size_t count = MIN(options->limit, listing.total - begin);
        if (fill(&listing, places + begin, count) < 0)
                return -ENOMEM;
        if (begin + count < listing.total && count > 0 &&
            !(listing.next = make_cursor(&places[begin + count - 1])))
                return -ENOMEM;
        *ret = listing;
        listing = (Listing){0};
        return 0;
}

void listing_done(Listing *listing)
{
        cJSON_Delete(listing->items);
        free(listing->next);
        *listing = (Listing){0};
}
