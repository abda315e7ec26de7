/* See actions.h. */
#include "actions.h"
#include "dialect-each.h"
#include "json-add.h"

/* Actions of a version that are told. */
#define ACTIONS_MAX 256

/* clang-format off */
/* By FieldKind; FIELD_IGNORED has its own JsonType. */
static const JsonType types[] = {
        [FIELD_STRING] = JSON_STRING,
        [FIELD_INT]    = JSON_INTEGER,
        [FIELD_BOOL]   = JSON_BOOL,
        [FIELD_TIME]   = JSON_STRING,
        [FIELD_ENUM]   = JSON_STRING,
        [FIELD_INLINE] = JSON_OBJECT,
        [FIELD_LIST]   = JSON_ARRAY,
};
static const char *const type_words[] = {
        [JSON_ANY]     = "any",
        [JSON_STRING]  = "string",
        [JSON_INTEGER] = "integer",
        [JSON_NUMBER]  = "number",
        [JSON_BOOL]    = "boolean",
        [JSON_OBJECT]  = "object",
        [JSON_ARRAY]   = "array",
};
/* clang-format on */

static JsonType type_of(const Field *f)
{
        return f->kind == FIELD_IGNORED ? f->json_type : types[f->kind];
}

static bool add_words(cJSON *o, const EnumTable *names)
{
        cJSON *list = cJSON_AddArrayToObject(o, "words");
        bool fine = list;
        for (size_t i = 0; fine && i < names->count; i++)
                if (names->names[i])
                        fine = cJSON_AddItemToArray(list, cJSON_CreateString(names->names[i]));
        for (const char *const *p = names->others; fine && p && *p; p++)
                fine = cJSON_AddItemToArray(list, cJSON_CreateString(*p));
        bool any = names->catch_all >= 0 && !names->others;
        return fine && (!any || cJSON_AddTrueToObject(o, "otherWords"));
}

static bool add_string(cJSON *o, const Field *f)
{
        bool has_words = f->kind == FIELD_ENUM || (f->kind == FIELD_IGNORED && f->names);
        return (!has_words || add_words(o, f->names)) &&
               (f->kind != FIELD_TIME || cJSON_AddStringToObject(o, "format", "date-time")) &&
               json_add_number_if(o, "maxLength", f->max > 0 ? f->max : NO_INT);
}

static bool add_fields(cJSON *o, CodecRules rules, const Table *table);
static cJSON *describe(CodecRules rules, const Field *f);

static bool add_list(cJSON *o, CodecRules rules, const ListType *list)
{
        return json_add_number_if(o, "minItems", list->min > 0 ? (int64_t)list->min : NO_INT) &&
               json_add_number_if(o, "maxItems", (int64_t)list->max) &&
               cJSON_AddItemToObject(o, "items", describe(rules, &list->item));
}

/* f: as the version reads it. */
static bool add_limits(cJSON *o, CodecRules rules, const Field *f)
{
        switch (type_of(f)) {
        case JSON_STRING:
                return add_string(o, f);
        case JSON_INTEGER:
                return json_add_number_if(o, "minimum", f->min) &&
                       json_add_number_if(o, "maximum", f->kind == FIELD_INT ? INT32_MAX : NO_INT);
        case JSON_OBJECT:
                return !f->table || add_fields(o, rules, f->table);
        case JSON_ARRAY:
                return !f->list || add_list(o, rules, f->list);
        case JSON_ANY:
        case JSON_NUMBER:
        case JSON_BOOL:
                return true;
        }
        return true;
}

/* An element of a list has no name. */
static cJSON *describe(CodecRules rules, const Field *f)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (!o || !json_add_text_if(o, "name", f->name) ||
            !json_add_text(o, "type", type_words[type_of(f)]) ||
            (f->name && !cJSON_AddBoolToObject(o, "required", f->required)) ||
            !add_limits(o, rules, f))
                return NULL;
        return TAKE_PTR(o);
}

static bool add_fields(cJSON *o, CodecRules rules, const Table *table)
{
        cJSON *list = cJSON_AddArrayToObject(o, "fields");
        bool fine = list;
        for (size_t i = 0; fine && i < table->count; i++) {
                Field f = codec_field(rules, table, &table->fields[i]);
                fine = cJSON_AddItemToArray(list, describe(rules, &f));
        }
        for (const FieldChange *c = rules.changes; fine && c && c->table; c++)
                if (c->added && streq(c->table, table->name))
                        fine = cJSON_AddItemToArray(list, describe(rules, c->added));
        return fine;
}

static int compare(const void *one, const void *other)
{
        const Incoming *const *a = one, *const *b = other;
        return strcmp((*a)->action, (*b)->action);
}

cJSON *actions_describe(const Dialect *dialect)
{
        _cleanup_(cJSON_Deletep) cJSON *list = cJSON_CreateArray();
        const Incoming *actions[ACTIONS_MAX];
        size_t count = 0;
        FOREACH_INCOMING (in, dialect)
                if (count < ACTIONS_MAX)
                        actions[count++] = in;
        qsort(actions, count, sizeof(*actions), compare);
        for (size_t i = 0; list && i < count; i++) {
                const Table *request = actions[i]->request;
                cJSON *o = cJSON_CreateObject();
                if (!cJSON_AddItemToArray(list, o) ||
                    !json_add_text(o, "action", actions[i]->action) ||
                    !(request ? add_fields(o, dialect->rules, request)
                              : cJSON_AddNullToObject(o, "fields") != NULL))
                        return NULL;
        }
        return TAKE_PTR(list);
}
