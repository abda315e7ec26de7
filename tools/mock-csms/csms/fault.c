/* See fault.h. */
#include "fault.h"
#include <math.h>

/* clang-format off */
static const char *const kind_words[FAULT_KIND_MAX] = {
        [FAULT_NONE]      = "none",
        [FAULT_LATE]      = "late",
        [FAULT_NEVER]     = "never",
        [FAULT_CALLERROR] = "callerror",
        [FAULT_GARBLED]   = "garbled",
        [FAULT_CLOSE]     = "close",
        [FAULT_TWICE]     = "twice",
        [FAULT_PENDING]   = "pending",
        [FAULT_REJECTED]  = "rejected",
};

static const char *const known_members[] = { "action", "kind", "seconds", "code", "times" };
/* clang-format on */
static const EnumTable kinds = {kind_words, FAULT_KIND_MAX, NULL, -1};

static bool is_member(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(known_members); i++)
                if (streq(known_members[i], name))
                        return true;
        return false;
}

/* Copies a string member that fits; absent is fine if not required. */
static bool take_string(const cJSON *body, const char *name, bool required, char *out, size_t room)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, name);
        if (!item)
                return !required;
        if (!cJSON_IsString(item) || !*item->valuestring || strlen(item->valuestring) >= room)
                return false;
        memcpy(out, item->valuestring, strlen(item->valuestring) + 1);
        return true;
}

/* A number within 0 … max; *value is kept if absent. */
static bool take_number(const cJSON *body, const char *name, double max, double *value)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, name);
        if (!item)
                return true;
        if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= max))
                return false;
        *value = item->valuedouble;
        return true;
}

static int complain(const char **reterr, const char *sentence)
{
        *reterr = sentence;
        return -EINVAL;
}

int fault_from_json(const cJSON *body, Fault *ret, const char **reterr)
{
        Fault fault = {.seconds = -1, .code = "InternalError"};
        double times = 1;
        const cJSON *item;
        cJSON_ArrayForEach (item, body)
                if (!is_member(item->string))
                        return complain(reterr, "A fault has only action, kind, seconds, code and "
                                                "times.");
        if (!take_string(body, "action", true, fault.action, sizeof(fault.action)))
                return complain(reterr, "action must name a message of a station.");
        const cJSON *kind = cJSON_GetObjectItemCaseSensitive(body, "kind");
        int value = cJSON_IsString(kind) ? enum_from_word(&kinds, kind->valuestring) : -EINVAL;
        if (value < 0)
                return complain(reterr, "kind must be late, never, callerror, garbled, close, "
                                        "twice, pending, rejected or none.");
        fault.kind = (FaultKind)value;
        if (!take_number(body, "seconds", FAULT_SECONDS_MAX, &fault.seconds))
                return complain(reterr, "seconds must be a number from 0 to 86400.");
        if (fault.kind == FAULT_LATE && fault.seconds < 0)
                return complain(reterr, "kind late needs seconds.");
        if (!take_string(body, "code", false, fault.code, sizeof(fault.code)))
                return complain(reterr, "code must be an error code of OCPP, at most 64 bytes.");
        if (!take_number(body, "times", INT32_MAX, &times) || times != floor(times))
                return complain(reterr, "times must be a whole number; 0 means until taken away.");
        fault.times = (int64_t)times;
        *ret = fault;
        return 0;
}

static Fault *find(Faults *faults, const char *action)
{
        for (size_t i = 0; faults && i < faults->count; i++)
                if (streq(faults->items[i].action, action))
                        return &faults->items[i];
        return NULL;
}

static void drop(Faults *faults, Fault *fault)
{
        *fault = faults->items[--faults->count];
}

int faults_set(Faults **faults, const Fault *fault)
{
        Fault *old = find(*faults, fault->action);
        if (old && fault->kind == FAULT_NONE)
                drop(*faults, old);
        else if (old)
                *old = *fault;
        if (old || fault->kind == FAULT_NONE)
                return 0;
        if (!*faults)
                *faults = calloc(1, sizeof(**faults));
        if (!*faults)
                return -ENOMEM;
        if ((*faults)->count == FAULTS_MAX)
                return -ENOSPC;
        (*faults)->items[(*faults)->count++] = *fault;
        return 0;
}

bool faults_take(Faults *faults, const char *action, Fault *ret)
{
        Fault *fault = find(faults, action);
        if (!fault)
                return false;
        *ret = *fault;
        if (fault->times > 0 && --fault->times == 0)
                drop(faults, fault);
        return true;
}
