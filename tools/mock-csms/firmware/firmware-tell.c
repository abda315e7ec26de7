/* What is told of firmware: to operators, and to stations in an order. See firmware.h. */
#include "firmware-private.h"
#include "json-add.h"
#include <stdio.h>

/* clang-format off */
static const struct {
        const char *name;
        size_t offset; /* of a text; null where there is none */
} texts[] = {
        { "name",               offsetof(Firmware, name)                },
        { "url",                offsetof(Firmware, url)                 },
        { "sha256",             offsetof(Firmware, sha256)              },
        { "kind",               offsetof(Firmware, kind)                },
        { "version",            offsetof(Firmware, version)             },
        { "compatible",         offsetof(Firmware, compatible)          },
        { "description",        offsetof(Firmware, description)         },
        { "build",              offsetof(Firmware, build)               },
        { "format",             offsetof(Firmware, format)              },
        { "manifestHash",       offsetof(Firmware, manifest_hash)       },
        { "note",               offsetof(Firmware, note)                },
        { "scheme",             offsetof(Firmware, scheme)              },
        { "signingCertificate", offsetof(Firmware, signing_certificate) },
        { "signature",          offsetof(Firmware, signature)           },
};

static const char *const statuses[] = {
        [FIRMWARE_READY]     = "ready",
        [FIRMWARE_MISSING]   = "missing",
        [FIRMWARE_ELSEWHERE] = "elsewhere",
};
/* clang-format on */

/* "/firmware/ID/NAME"; owned by the caller, NULL when out of memory. */
static char *path_of(const Firmware *firmware)
{
        return str_printf(FIRMWARE_PATH "%lld/%s", (long long)firmware->id, firmware->name);
}

cJSON *firmware_describe(const FirmwareStore *store, const Firmware *firmware)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        _cleanup_(freep) char *path = firmware->file ? path_of(firmware) : NULL;
        bool good = o && cJSON_AddNumberToObject(o, "id", (double)firmware->id) &&
                    json_add_text(o, "status", statuses[firmware_presence(store, firmware)]) &&
                    json_add_text(o, "path", path) && json_add_time(o, "added", firmware->added) &&
                    json_add_number(o, "size", firmware->size) &&
                    (firmware->verified < 0
                             ? cJSON_AddNullToObject(o, "verified")
                             : cJSON_AddBoolToObject(o, "verified", firmware->verified > 0));
        for (size_t i = 0; good && i < ELEMENTSOF(texts); i++)
                good = json_add_text(o, texts[i].name,
                                     *(char *const *)((uintptr_t)firmware + texts[i].offset));
        return good ? TAKE_PTR(o) : NULL;
}

int firmware_order(const FirmwareStore *store, const Firmware *firmware, const Station *station,
                   cJSON **ret)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        _cleanup_(freep) char *path = path_of(firmware), *location = NULL;
        FirmwarePresence status = firmware_presence(store, firmware);
        const char *server = station_server(station);
        if (status == FIRMWARE_MISSING)
                return -ENOENT;
        if (status == FIRMWARE_READY && !server)
                return -ENODATA;
        location = status == FIRMWARE_ELSEWHERE ? strdup(firmware->url)
                   : path                       ? str_printf("%s%s", server, path)
                                                : NULL;
        if (!o || !location || !cJSON_AddStringToObject(o, "location", location))
                return -ENOMEM;
        if (firmware->signature &&
            (!cJSON_AddStringToObject(o, "signingCertificate", firmware->signing_certificate) ||
             !cJSON_AddStringToObject(o, "signature", firmware->signature)))
                return -ENOMEM;
        *ret = TAKE_PTR(o);
        return 0;
}

void firmware_tell(FirmwareStore *store, int64_t id, const char *what)
{
        _cleanup_(cJSON_Deletep) cJSON *o = NULL;
        Events *events = store->options.events;
        if (!events || !events_wanted(events, "firmware", NULL))
                return;
        o = cJSON_CreateObject();
        if (o && (!cJSON_AddNumberToObject(o, "id", (double)id) || !json_add_text(o, "what", what)))
                cJSON_Delete(TAKE_PTR(o));
        events_publish(events, "firmware", NULL, TAKE_PTR(o));
}
