/* A store in a folder of its own, for tests; cmocka.h comes before. */
#pragma once

#include <ftw.h>
#include <stdio.h>

#include "store.h"

typedef struct Place {
        char folder[64];
        Store *store;
} Place;

static _unused_ void place_reopen(Place *p)
{
        _cleanup_(freep) char *error = NULL;

        store_free(TAKE_PTR(p->store));
        assert_int_equal(store_open(p->folder, &p->store, &error), 0);
}

static _unused_ int setup(void **state)
{
        Place *p = calloc(1, sizeof(*p));

        strcpy(p->folder, "/tmp/test-store-XXXXXX");
        assert_non_null(mkdtemp(p->folder));
        place_reopen(p);
        *state = p;
        return 0;
}

static int remove_entry(const char *path, const struct stat *st _unused_, int type _unused_,
                        struct FTW *ftw _unused_)
{
        return remove(path);
}

static _unused_ int teardown(void **state)
{
        Place *p = *state;

        store_free(p->store);
        nftw(p->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        free(p);
        return 0;
}

static _unused_ OutboxRow status_row(FirmwareStatus status, int64_t id)
{
        return (OutboxRow){.kind = OUTBOX_FIRMWARE_STATUS,
                           .value = (int)status,
                           .request_id = id,
                           .timestamp = 100};
}

static _unused_ void put(Place *p, const OutboxRow *rows, size_t n, bool drop)
{
        StoreChange change = {.rows = rows, .row_count = n, .drop_intermediate = drop};

        assert_int_equal(store_commit(p->store, &change), 0);
}

static _unused_ void assert_next(Place *p, int value, int64_t request_id)
{
        _cleanup_(outbox_row_done) OutboxRow row = {0};

        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 1);
        assert_int_equal(row.value, value);
        assert_int_equal(row.request_id, request_id);
        assert_int_equal(store_outbox_remove(p->store, row.id), 0);
}

static _unused_ void assert_no_next(Place *p)
{
        OutboxRow row;

        assert_int_equal(store_outbox_first(p->store, false, 0, &row), 0);
}
