/* Whom a fault is for, as it is read from a body of POST /api/faults. See fault-rules.h. */
#include "fault-rules.h"
#include <stdio.h>

void fault_target_done(FaultTarget *target)
{
        if (target->filtered)
                filter_done(&target->filter);
        *target = (FaultTarget){0};
}

static int complain(FaultError *error, const char *sentence)
{
        snprintf(error->text, sizeof(error->text), "%s", sentence);
        return -EINVAL;
}

static int read_station(const cJSON *item, FaultTarget *target, FaultError *reterr)
{
        if (!item)
                return 0;
        if (!cJSON_IsString(item) || !station_id_valid(item->valuestring))
                return complain(reterr, "station must be the identity of a station.");
        memcpy(target->station, item->valuestring, strlen(item->valuestring) + 1);
        return 0;
}

static int read_share(const cJSON *percent, const cJSON *seed, FaultTarget *target,
                      FaultError *reterr)
{
        if (percent &&
            (!cJSON_IsNumber(percent) || !(percent->valuedouble > 0) || percent->valuedouble > 100))
                return complain(reterr, "percent must be a number above 0, 100 at most.");
        if (percent)
                target->percent = percent->valuedouble;
        if (seed && (!cJSON_IsString(seed) || strlen(seed->valuestring) > FAULT_SEED_MAX))
                return complain(reterr, "seed must be a text of 64 bytes at most.");
        if (seed)
                memcpy(target->seed, seed->valuestring, strlen(seed->valuestring) + 1);
        return 0;
}

static int read_filter(const cJSON *item, FaultTarget *target, FaultError *reterr)
{
        CodecError error = {0};
        if (!item)
                return 0;
        if (!cJSON_IsObject(item))
                return complain(reterr, "filter must be an object.");
        target->filter = (Filter)FILTER_INIT;
        int r = filter_read(item, &target->filter, &error);
        if (r == -EINVAL)
                return complain(reterr, error.text);
        target->filtered = r == 0;
        return r;
}

int fault_target_from_json(const cJSON *body, FaultTarget *ret, Fault *ret_fault,
                           FaultError *reterr)
{
        static const char *const names[] = {"station", "percent", "seed", "filter", NULL};
        _cleanup_(fault_target_done) FaultTarget target = {.percent = 100};
        const cJSON *items[ELEMENTSOF(names) - 1];
        Fault fault;
        int r = fault_from_json(body, names, &fault, reterr);
        for (size_t i = 0; i < ELEMENTSOF(items); i++)
                items[i] = cJSON_GetObjectItemCaseSensitive(body, names[i]);
        if (r == 0 && fault_place(fault.kind) == FAULT_OF_SERVER &&
            (items[0] || items[1] || items[2] || items[3]))
                r = complain(reterr, "TLS begins before a station has said who it is: this fault "
                                     "is for all, without station, percent, seed and filter.");
        if (r == 0 && fault.kind == FAULT_NONE && (items[1] || items[2] || items[3]))
                r = complain(reterr, "Faults of a share or a filter are taken away by DELETE.");
        if (r == 0)
                r = read_station(items[0], &target, reterr);
        if (r == 0)
                r = read_share(items[1], items[2], &target, reterr);
        if (r == 0)
                r = read_filter(items[3], &target, reterr);
        if (r < 0)
                return r;
        *ret = target;
        target.filtered = false; /* given away */
        *ret_fault = fault;
        return 0;
}
