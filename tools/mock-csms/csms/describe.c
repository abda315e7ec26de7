/* What REST tells of a station. */
#include "filter.h"
#include "json-add.h"
#include "station.h"
#include "update-steps.h"

static bool add_text(cJSON *object, const char *name, const char *text)
{
        return text && *text ? cJSON_AddStringToObject(object, name, text)
                             : cJSON_AddNullToObject(object, name);
}

static bool add_update(cJSON *object, const Station *s, bool with_steps)
{
        const UpdateState *update = &s->update;
        if (!*update->status && !(with_steps && s->steps))
                return cJSON_AddNullToObject(object, "update");
        cJSON *o = cJSON_AddObjectToObject(object, "update");
        if (!o)
                return false;
        int phase = update_phase(update->status);
        return json_add_number(o, "requestId", *update->status ? update->request_id : NO_INT) &&
               add_text(o, "status", update->status) &&
               add_text(o, "phase", phase < 0 ? NULL : update_phase_word((UpdatePhase)phase)) &&
               json_add_time(o, "since", update->since) &&
               (!with_steps || cJSON_AddItemToObject(o, "steps", steps_describe(s)));
}

static bool add_tags(cJSON *object, const char *tags)
{
        cJSON *list = cJSON_AddArrayToObject(object, "tags");
        _cleanup_(freep) char *copy = strdup(strempty(tags));
        char *rest = copy;
        if (!list || !copy)
                return false;
        for (char *tag; (tag = strsep(&rest, " "));)
                if (*tag && !cJSON_AddItemToArray(list, cJSON_CreateString(tag)))
                        return false;
        return true;
}

static cJSON *describe(const Station *s, bool with_steps)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (!o || !add_text(o, "id", s->id) ||
            !cJSON_AddBoolToObject(o, "online", s->conn != NULL) ||
            !add_text(o, "protocol", s->dialect->subprotocol) ||
            !add_text(o, "vendor", s->vendor) || !add_text(o, "model", s->model) ||
            !add_text(o, "serialNumber", s->serial) ||
            !add_text(o, "firmwareVersion", s->version) || !add_text(o, "bootedSlot", s->slot) ||
            !add_text(o, "reason", s->reason) || !add_update(o, s, with_steps) ||
            !add_tags(o, s->tags) || !add_text(o, "timezone", s->timezone) ||
            !json_add_time(o, "firstSeen", s->first_seen) ||
            !json_add_time(o, "lastSeen", s->last_seen) ||
            !json_add_time(o, "connectedSince", s->connected_since))
                return NULL;
        return TAKE_PTR(o);
}

cJSON *station_describe(const Station *station)
{
        return describe(station, false);
}

cJSON *station_describe_whole(const Station *station)
{
        return describe(station, true);
}
