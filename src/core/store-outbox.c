/* The outbox's rows, and the last statuses that people are shown: see store.h. */
#include "failpoint.h"
#include "store-internal.h"

void outbox_row_done(OutboxRow *row)
{
        free(row->tech_info);
        free(row->reason_code);
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
        switch (kind) {
        case OUTBOX_SECURITY_EVENT:
                return security_event_from_string(word);
        case OUTBOX_LOG_STATUS:
                return (int)log_status_from_string(word);
        case OUTBOX_FIRMWARE_STATUS:
        case OUTBOX_KIND_MAX:
                break;
        }
        return (int)firmware_status_from_string(word);
}

int store_outbox_first(Store *s, bool aside, int64_t after, OutboxRow *ret)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(
                s,
                "SELECT id, kind, value, plain, request_id, timestamp, tech_info, tries, count,"
                " reason_code FROM outbox"
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
        /* A newer agent's kind is read as a status without a word, which nobody is told. */
        row.kind = (OutboxKind)sqlite3_column_int(q, 1);
        row.value = row_value(row.kind, strempty((const char *)sqlite3_column_text(q, 2)));
        row.plain = sqlite3_column_int(q, 3);
        row.request_id = store_take_int(q, 4);
        row.timestamp = store_take_usec(q, 5);
        row.tries = sqlite3_column_int64(q, 7);
        row.count = sqlite3_column_int64(q, 8);
        r = store_take_text(q, 6, &row.tech_info);
        if (r == 0)
                r = store_take_text(q, 9, &row.reason_code);
        if (r < 0) {
                outbox_row_done(&row);
                return r;
        }
        *ret = row;
        return 1;
}

int store_outbox_remove(Store *s, int64_t id)
{
        int r;

        fail_point("before-store", "outbox-remove");
        r = store_run_with_int(s, "DELETE FROM outbox WHERE id = ?", id);
        fail_point("after-store", "outbox-remove");
        if (r == 0)
                store_owe(s, DEBT_COPY);
        return r;
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
        fail_point("before-store", "outbox-update");
        r = store_finish(q);
        fail_point("after-store", "outbox-update");
        return r;
}

int store_outbox_trim(Store *s, int64_t max)
{
        int r;

        fail_point("before-store", "outbox-trim");
        r = store_run_with_int(s,
                               "DELETE FROM outbox WHERE final = 0 AND id IN"
                               " (SELECT id FROM outbox WHERE final = 0 ORDER BY id"
                               "  LIMIT max(0, (SELECT count(*) FROM outbox) - ?))",
                               max);
        fail_point("after-store", "outbox-trim");
        return r;
}

int store_outbox_trim_events(Store *s, int64_t max)
{
        int r;

        fail_point("before-store", "outbox-trim-events");
        r = store_run_with_int(s,
                               "DELETE FROM outbox WHERE id IN"
                               " (SELECT id FROM outbox WHERE kind = 1 ORDER BY id"
                               "  LIMIT max(0, (SELECT count(*) FROM outbox WHERE kind = 1) - ?))",
                               max);
        fail_point("after-store", "outbox-trim-events");
        return r < 0 ? r : sqlite3_changes(s->db);
}

int store_outbox_drop_statuses(Store *s)
{
        int r;

        fail_point("before-store", "outbox-drop");
        r = store_run(s, "DELETE FROM outbox WHERE kind != 1");
        fail_point("after-store", "outbox-drop");
        return r;
}

static const char *row_word(const OutboxRow *row)
{
        switch (row->kind) {
        case OUTBOX_SECURITY_EVENT:
                return security_event_to_string(row->value);
        case OUTBOX_LOG_STATUS:
                return log_status_to_string(row->value);
        case OUTBOX_FIRMWARE_STATUS:
        case OUTBOX_KIND_MAX:
                break;
        }
        return firmware_status_to_string(row->value);
}

bool outbox_row_is_final(OutboxKind kind, int value)
{
        return kind == OUTBOX_SECURITY_EVENT ||
               (kind == OUTBOX_LOG_STATUS ? log_status_is_final(value)
                                          : firmware_status_is_final(value));
}

static int write_row(Store *s, const OutboxRow *row)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(
                s,
                "INSERT INTO outbox"
                " (kind, value, final, plain, request_id, timestamp, tech_info, reason_code)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                &q);

        if (r < 0)
                return r;
        sqlite3_bind_int(q, 1, row->kind);
        sqlite3_bind_text(q, 2, row_word(row), -1, SQLITE_STATIC);
        sqlite3_bind_int(q, 3, outbox_row_is_final(row->kind, row->value));
        sqlite3_bind_int(q, 4, row->plain);
        store_bind_int(q, 5, row->request_id);
        sqlite3_bind_int64(q, 6, (int64_t)row->timestamp);
        sqlite3_bind_text(q, 7, row->tech_info, -1, SQLITE_STATIC);
        sqlite3_bind_text(q, 8, row->reason_code, -1, SQLITE_STATIC);
        return store_finish(q);
}

/* 1: an unsent event of the same type stands for this one too; 0: there is none. */
static int add_to_row(Store *s, const OutboxRow *row, int64_t sending)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(s,
                              "UPDATE outbox SET count = count + 1 WHERE id ="
                              " (SELECT max(id) FROM outbox WHERE kind = 1 AND value = ?"
                              "  AND aside = 0 AND id != ?)",
                              &q);

        if (r < 0)
                return r;
        sqlite3_bind_text(q, 1, row_word(row), -1, SQLITE_STATIC);
        sqlite3_bind_int64(q, 2, sending);
        r = store_finish(q);
        return r < 0 ? r : sqlite3_changes(s->db);
}

static int write_said(Store *s, const OutboxRow *row)
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(s, "INSERT INTO said (time, request_id, status) VALUES (?, ?, ?)",
                              &q);

        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, (int64_t)row->timestamp);
        store_bind_int(q, 2, row->request_id);
        sqlite3_bind_text(q, 3, row_word(row), -1, SQLITE_STATIC);
        r = store_finish(q);
        if (r < 0)
                return r;
        return store_run_with_int(s, "DELETE FROM said WHERE id <= (SELECT max(id) FROM said) - ?",
                                  STATUSES_KEPT);
}

int store_said(Store *s, SaidStatus ret[static STATUSES_KEPT])
{
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = store_prepare(s, "SELECT time, request_id, status FROM said ORDER BY id", &q),
            n = 0;

        if (r < 0)
                return r;
        for (; n < STATUSES_KEPT && (r = sqlite3_step(q)) == SQLITE_ROW; n++)
                ret[n] = (SaidStatus){.time = store_take_usec(q, 0),
                                      .request_id = store_take_int(q, 1),
                                      .status = firmware_status_from_string(
                                              strempty((const char *)sqlite3_column_text(q, 2)))};
        return n < STATUSES_KEPT && r != SQLITE_DONE ? store_to_errno(r) : n;
}

FirmwareStatus store_last_sent(Store *s, int64_t request_id, int64_t sending)
{
        _cleanup_(store_statement_done) Statement *q = NULL;

        if (store_prepare(s,
                          "SELECT status FROM said WHERE request_id IS ?1 ORDER BY id DESC LIMIT 1"
                          " OFFSET min((SELECT count(*) FROM outbox WHERE kind = 0 AND aside = 0"
                          "             AND request_id IS ?1 AND id != ?2),"
                          "            (SELECT count(*) FROM said WHERE request_id IS ?1) - 1)",
                          &q) < 0)
                return FW_NONE;
        store_bind_int(q, 1, request_id);
        sqlite3_bind_int64(q, 2, sending);
        if (sqlite3_step(q) != SQLITE_ROW)
                return FW_NONE;
        return firmware_status_from_string(strempty((const char *)sqlite3_column_text(q, 0)));
}

int store_row_commit(Store *s, const OutboxRow *row, int64_t sending)
{
        int r = 0;

        if (row->combine)
                r = add_to_row(s, row, sending);
        if (r == 0 && !row->silent)
                r = write_row(s, row);
        if (r >= 0 && row->kind == OUTBOX_FIRMWARE_STATUS)
                r = write_said(s, row);
        return MIN(r, 0);
}
