/* See slot.h. */
#include "slot.h"
#include "ocpp16.h"
#include "station.h"
#include <strings.h>

#define COMPONENT "ChargingStation"
#define VARIABLE "BootedSlot"

/* Where a message has values, and what leads to each. */
typedef const char *Read(const cJSON *item);
static Read of_key, of_result, of_report;

/* clang-format off */
static const struct { const char *action, *list; Read *read; } messages[] = {
        { "GetConfiguration", "configurationKey",  of_key    },
        { "GetVariables",     "getVariableResult", of_result },
        { "NotifyReport",     "reportData",        of_report },
};
/* clang-format on */

static const cJSON *member(const cJSON *object, const char *name)
{
        return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_of(const cJSON *object, const char *name)
{
        return cJSON_GetStringValue(member(object, name));
}

/* Keys, components and variables are compared without regard to case (CiString50Type of 1.6,
 * identifierString of 2.x). */
static bool is_named(const cJSON *object, const char *name_member, const char *name)
{
        return strcasecmp(strempty(text_of(object, name_member)), name) == 0;
}

static bool is_ours(const cJSON *item)
{
        return is_named(member(item, "component"), "name", COMPONENT) &&
               is_named(member(item, "variable"), "name", VARIABLE);
}

static const char *of_key(const cJSON *item)
{
        return is_named(item, "key", VARIABLE) ? strempty(text_of(item, "value")) : NULL;
}

static const char *of_result(const cJSON *item)
{
        return is_ours(item) && is_named(item, "attributeStatus", "Accepted")
                       ? strempty(text_of(item, "attributeValue"))
                       : NULL;
}

static const char *of_report(const cJSON *item)
{
        const cJSON *attributes = member(item, "variableAttribute");
        return is_ours(item) ? strempty(text_of(cJSON_GetArrayItem(attributes, 0), "value")) : NULL;
}

static bool take(Station *station, const char *slot)
{
        char old[sizeof(station->slot)];
        memcpy(old, station->slot, sizeof(old));
        station_take_text(slot, station->slot, FIELD_TEXT_MAX);
        station->tells_slot = true;
        return !streq(old, station->slot);
}

bool slot_learn(Station *station, const char *action, const cJSON *payload)
{
        for (size_t i = 0; i < ELEMENTSOF(messages); i++) {
                if (!streq(messages[i].action, action))
                        continue;
                const cJSON *item;
                cJSON_ArrayForEach (item, member(payload, messages[i].list)) {
                        const char *slot = messages[i].read(item);
                        if (slot)
                                return take(station, slot);
                }
        }
        return false;
}

void slot_forget(Station *station)
{
        station->slot[0] = '\0';
}

/* {"key":[…]} or {"getVariableData":[{"component":{"name":…},"variable":{"name":…}}]}. NULL: out of
 * memory. */
static cJSON *question(bool by_key)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        cJSON *list = o ? cJSON_AddArrayToObject(o, by_key ? "key" : "getVariableData") : NULL;
        if (by_key)
                return list && cJSON_AddItemToArray(list, cJSON_CreateString(VARIABLE))
                               ? TAKE_PTR(o)
                               : NULL;
        cJSON *item = list ? cJSON_CreateObject() : NULL;
        if (!item || !cJSON_AddItemToArray(list, item))
                return NULL;
        cJSON *component = cJSON_AddObjectToObject(item, "component"),
              *variable = cJSON_AddObjectToObject(item, "variable");
        return component && variable && cJSON_AddStringToObject(component, "name", COMPONENT) &&
                               cJSON_AddStringToObject(variable, "name", VARIABLE)
                       ? TAKE_PTR(o)
                       : NULL;
}

/* Nobody waits for the answer: slot_learn() sees it pass. Where it can't be asked, the slot stays
 * unknown until somebody else asks. */
void slot_ask(Station *station)
{
        bool by_key = station->dialect == &ocpp16;
        Call *call;
        cJSON *payload = station->tells_slot ? question(by_key) : NULL;
        if (payload)
                (void)station_call(station, by_key ? "GetConfiguration" : "GetVariables", payload,
                                   NULL, NULL, &call);
}
