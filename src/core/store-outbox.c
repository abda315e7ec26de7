/* The outbox's rows: see store.h. Writing them is part of a step, in store.c. */
#include "store-internal.h"

void outbox_row_done(OutboxRow *row)
{
        free(row->tech_info);
        *row = (OutboxRow){0};
}

static int security_event_from_string(const char *word)
{
        for (int t = 0; t < SECURITY_EVENT_MAX; t++)
                if (streq(security_event_to_string(t), word))
                        return t;
        return -EINVAL;
}

static int row_value(OutboxKind kind, const char *word)
{
        if (kind == OUTBOX_SECURITY_EVENT)
                return security_event_from_string(word);
        return (int)firmware_status_from_string(word);
}

int store_outbox_first(Store *s, bool aside, int64_t after, OutboxRow *ret)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(
                s,
                "SELECT id, kind, value, plain, request_id, timestamp, tech_info, tries FROM outbox"
                " WHERE aside = ? AND id > ? ORDER BY id LIMIT 1",
                &q);
        OutboxRow row = {.aside = aside};

        if (r < 0)
                return r;
        sqlite3_bind_int(q, 1, aside);
        sqlite3_bind_int64(q, 2, after);
        r = sqlite3_step(q);
        if (r != SQLITE_ROW)
                return store_to_errno(r);
        row.id = sqlite3_column_int64(q, 0);
        row.kind = sqlite3_column_int(q, 1) == OUTBOX_SECURITY_EVENT ? OUTBOX_SECURITY_EVENT
                                                                     : OUTBOX_FIRMWARE_STATUS;
        row.value = row_value(row.kind, strempty((const char *)sqlite3_column_text(q, 2)));
        row.plain = sqlite3_column_int(q, 3);
        row.request_id = store_take_int(q, 4);
        row.timestamp = store_take_usec(q, 5);
        row.tries = sqlite3_column_int64(q, 7);
        r = store_take_text(q, 6, &row.tech_info);
        if (r < 0)
                return r;
        *ret = row;
        return 1;
}

int store_outbox_remove(Store *s, int64_t id)
{
        return store_run_with_int(s, "DELETE FROM outbox WHERE id = ?", id);
}

int store_outbox_update(Store *s, const OutboxRow *row)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(s, "UPDATE outbox SET tries = ?, aside = ? WHERE id = ?", &q);

        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, row->tries);
        sqlite3_bind_int(q, 2, row->aside);
        sqlite3_bind_int64(q, 3, row->id);
        return store_finish(q);
}

int store_outbox_trim(Store *s, int64_t max)
{
        return store_run_with_int(s,
                                  "DELETE FROM outbox WHERE final = 0 AND id IN"
                                  " (SELECT id FROM outbox WHERE final = 0 ORDER BY id"
                                  "  LIMIT max(0, (SELECT count(*) FROM outbox) - ?))",
                                  max);
}

int store_outbox_trim_events(Store *s, int64_t max)
{
        int r = store_run_with_int(
                s,
                "DELETE FROM outbox WHERE id IN"
                " (SELECT id FROM outbox WHERE kind = 1 ORDER BY id"
                "  LIMIT max(0, (SELECT count(*) FROM outbox WHERE kind = 1) - ?))",
                max);

        return r < 0 ? r : sqlite3_changes(s->db);
}

int store_outbox_clear(Store *s)
{
        return store_run(s, "DELETE FROM outbox");
}
