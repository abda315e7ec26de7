/* What REST tells of a station. */
#include "filter.h"
#include "json-add.h"
#include "station.h"

static bool add_text(cJSON *object, const char *name, const char *text)
{
        return text && *text ? cJSON_AddStringToObject(object, name, text)
                             : cJSON_AddNullToObject(object, name);
}

static bool add_update(cJSON *object, const UpdateState *update)
{
        if (!*update->status)
                return cJSON_AddNullToObject(object, "update");
        cJSON *o = cJSON_AddObjectToObject(object, "update");
        if (!o)
                return false;
        int phase = update_phase(update->status);
        return json_add_number(o, "requestId", update->request_id) &&
               cJSON_AddStringToObject(o, "status", update->status) &&
               add_text(o, "phase", phase < 0 ? NULL : update_phase_word((UpdatePhase)phase)) &&
               json_add_time(o, "since", update->since);
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

cJSON *station_describe(const Station *s)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (!o || !add_text(o, "id", s->id) ||
            !cJSON_AddBoolToObject(o, "online", s->conn != NULL) ||
            !add_text(o, "protocol", s->dialect->subprotocol) ||
            !add_text(o, "vendor", s->vendor) || !add_text(o, "model", s->model) ||
            !add_text(o, "serialNumber", s->serial) ||
            !add_text(o, "firmwareVersion", s->version) || !add_text(o, "reason", s->reason) ||
            !add_update(o, &s->update) || !add_tags(o, s->tags) ||
            !add_text(o, "timezone", s->timezone) ||
            !json_add_time(o, "firstSeen", s->first_seen) ||
            !json_add_time(o, "lastSeen", s->last_seen) ||
            !json_add_time(o, "connectedSince", s->connected_since))
                return NULL;
        return TAKE_PTR(o);
}
