/* What stations tell of logs that they were asked for: their statuses. See log-store-private.h. */
#include "log-store-private.h"
#include "log.h"

/* clang-format off */
/* Statuses of 1.6 and 2.x that are heard; other words are not remembered. */
static const char *const statuses[] = {
        "Uploading", "Uploaded", "UploadFailure", "UploadFailed", "BadMessage", "PermissionDenied",
        "NotSupportedOperation", "AcceptedCanceled",
};
/* clang-format on */

static bool is_status(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(statuses); i++)
                if (streq(statuses[i], word))
                        return true;
        return false;
}

static int find_row(Logs *logs, const Station *station, const char *action, const cJSON *payload,
                    LogRow **ret)
{
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(payload, "requestId");
        if (streq(action, "DiagnosticsStatusNotification"))
                return state_log_by_diagnostics(logs->options.state, station_id(station), ret);
        if (!streq(action, "LogStatusNotification") || !cJSON_IsNumber(id))
                return -ENOENT;
        return state_log_by_request(logs->options.state, station_id(station),
                                    (int64_t)id->valuedouble, ret);
}

static void hear(Logs *logs, LogRow *row, const char *status)
{
        int r = str_replace(&row->status, status);
        row->status_since = wallclock_now();
        if (streq(status, "Uploading") || streq(status, "Uploaded"))
                log_note(row, NULL); /* whatever the answer was, it goes on */
        if (r == 0)
                r = log_changed(logs, row);
        if (r < 0) {
                log_warning_errno(r, "A status of %s's log is lost", row->station);
                return;
        }
        if (streq(status, "Uploaded") && streq(row->via, "ftp"))
                log_ftp_fetch(logs, row);
}

static void on_call(void *userdata, const Station *station, const char *action,
                    const cJSON *payload, cJSON **ret _unused_)
{
        Logs *logs = userdata;
        _cleanup_(log_row_freep) LogRow *row = NULL;
        const cJSON *status = cJSON_GetObjectItemCaseSensitive(payload, "status");
        if (!cJSON_IsString(status) || !is_status(status->valuestring) ||
            find_row(logs, station, action, payload, &row) < 0)
                return;
        hear(logs, row, status->valuestring);
}

void log_listen(Logs *logs)
{
        logs->observer = (Observer){.call_came = on_call, .userdata = logs};
        csms_add_observer(logs->options.csms, &logs->observer);
}
