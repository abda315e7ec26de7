/* manifest.json by cJSON: see collect-manifest.h. */
#include <stdio.h>

#include "collect-manifest.h"
#include "json.h"
#include "util.h"

#define TOOL "rauc-ocpp-agent " PROJECT_VERSION
/* Names, sizes, times and reasons of a file; and what is not known of the journal yet. */
#define FILE_BYTES 512
#define REST_BYTES 1024
/* A control character as JSON has it; name and path both have it. */
#define ESCAPED (2 * strlen("\\u0000"))

static bool add_text(cJSON *o, const char *name, const char *text)
{
        _cleanup_(freep) char *valid = utf8_clip(text, 0);

        return valid && cJSON_AddStringToObject(o, name, valid);
}

static bool add_time(cJSON *o, const char *name, int64_t at)
{
        char text[TIME_TEXT_MAX];

        return at == 0 || cJSON_AddStringToObject(o, name, time_format((usec_t)at, text));
}

int manifest_new(const Task *task, cJSON **ret)
{
        _cleanup_(cJSON_Deletep) cJSON *m = cJSON_CreateObject();

        if (!add_text(m, "tool", TOOL) || !add_text(m, "identity", task->identity) ||
            !add_text(m, "kind", task->kind) || !add_time(m, "made", (int64_t)wallclock_now()) ||
            !add_time(m, "since", task->since_usec) || !add_time(m, "until", task->until_usec) ||
            !cJSON_AddNumberToObject(m, "max_size", (double)task->max_size_bytes) ||
            !cJSON_AddArrayToObject(m, "files"))
                return -ENOMEM;
        *ret = TAKE_PTR(m);
        return 0;
}

cJSON *manifest_add_file(cJSON *manifest, const char *name, const char *path)
{
        cJSON *file = cJSON_CreateObject();

        if (!cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(manifest, "files"), file) ||
            (name && !add_text(file, "name", name)) || (path && !add_text(file, "path", path)))
                return NULL;
        return file;
}

size_t manifest_size_max(const cJSON *manifest, const FileList *files)
{
        _cleanup_(freep) char *text = cJSON_Print(manifest);
        size_t size = text ? strlen(text) + REST_BYTES : REST_BYTES;

        for (size_t i = 0; i < files->count; i++)
                size += FILE_BYTES + ESCAPED * strlen(files->files[i].path);
        return size;
}
