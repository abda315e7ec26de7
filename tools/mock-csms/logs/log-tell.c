/* What is told of logs. See log-store.h. */
#include "json-add.h"
#include "log-store-private.h"

/* clang-format off */
static const struct {
        const char *name;
        size_t offset; /* of a text; null where there is none */
} texts[] = {
        { "station",         offsetof(LogRow, station)   },
        { "state",           offsetof(LogRow, state)     },
        { "via",             offsetof(LogRow, via)       },
        { "action",          offsetof(LogRow, action)    },
        { "logType",         offsetof(LogRow, log_type)  },
        { "oldestTimestamp", offsetof(LogRow, oldest)    },
        { "latestTimestamp", offsetof(LogRow, latest)    },
        { "answer",          offsetof(LogRow, answer)    },
        { "filename",        offsetof(LogRow, told_name) },
        { "status",          offsetof(LogRow, status)    },
        { "note",            offsetof(LogRow, note)      },
}, file_texts[] = {
        { "name",   offsetof(LogRow, name)   },
        { "method", offsetof(LogRow, method) },
        { "sha256", offsetof(LogRow, sha256) },
};
static const struct {
        const char *name;
        size_t offset;
} numbers[] = {
        { "request",       offsetof(LogRow, request)        },
        { "requestId",     offsetof(LogRow, request_id)     },
        { "retries",       offsetof(LogRow, retries)        },
        { "retryInterval", offsetof(LogRow, retry_interval) },
}, times[] = {
        { "created",     offsetof(LogRow, created)      },
        { "asked",       offsetof(LogRow, asked)        },
        { "answered",    offsetof(LogRow, answered)     },
        { "statusSince", offsetof(LogRow, status_since) },
};
static const void *member(const LogRow *row, size_t offset)
{
        return (const char *)row + offset;
}

static bool add_file(cJSON *o, const LogRow *row)
{
        if (!row->file)
                return cJSON_AddNullToObject(o, "file");
        cJSON *file = cJSON_AddObjectToObject(o, "file");
        bool good = file && json_add_number(file, "size", row->size) &&
                    json_add_time(file, "received", row->received);
        for (size_t i = 0; good && i < ELEMENTSOF(file_texts); i++)
                good = json_add_text(file, file_texts[i].name,
                                *(char *const *)member(row, file_texts[i].offset));
        return good;
}

cJSON *logs_describe(const LogRow *row)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        bool good = o && json_add_number(o, "id", row->id);
        for (size_t i = 0; good && i < ELEMENTSOF(texts); i++)
                good = json_add_text(o, texts[i].name, *(char *const *)member(row, texts[i].offset));
        for (size_t i = 0; good && i < ELEMENTSOF(numbers); i++)
                good = json_add_number(o, numbers[i].name,
                                  *(const int64_t *)member(row, numbers[i].offset));
        for (size_t i = 0; good && i < ELEMENTSOF(times); i++)
                good = json_add_time(o, times[i].name, *(const usec_t *)member(row, times[i].offset));
        return good && add_file(o, row) ? TAKE_PTR(o) : NULL;
}

static int add_row(void *userdata, LogRow *row)
{
        cJSON *o = logs_describe(row);
        if (!o)
                return -ENOMEM;
        cJSON_AddItemToArray(userdata, o);
        return 0;
}

cJSON *logs_list(Logs *logs, const LogChoice *choice)
{
        _cleanup_(cJSON_Deletep) cJSON *array = cJSON_CreateArray();
        if (!array || state_log_each(logs->options.state, choice, add_row, array) < 0)
                return NULL;
        return TAKE_PTR(array);
}

void log_tell(const Logs *logs, const LogRow *row, const char *what)
{
        if (!logs->options.events || !events_wanted(logs->options.events, "log", row->station))
                return;
        _cleanup_(cJSON_Deletep) cJSON *o = logs_describe(row);
        if (o && !json_add_text(o, "what", what))
                cJSON_Delete(TAKE_PTR(o));
        events_publish(logs->options.events, "log", row->station, TAKE_PTR(o));
}
