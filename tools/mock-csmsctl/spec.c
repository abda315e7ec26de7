/* See spec.h. */
#include "spec.h"
#include "openapi.h"
#include <assert.h>
#include <ctype.h>

static const char *const methods[] = {"get", "put", "post", "delete", "patch"};

int spec_load(cJSON **ret)
{
        return json_parse(openapi_json, (size_t)(openapi_json_end - openapi_json), ret);
}

static const cJSON *follow(const cJSON *document, const cJSON *thing)
{
        for (const cJSON *ref; (ref = cJSON_GetObjectItemCaseSensitive(thing, "$ref"));) {
                _cleanup_(freep) char *path = strdup(ref->valuestring + strlen("#/"));
                char *rest = path;
                thing = path ? document : NULL;
                for (char *word; thing && (word = strsep(&rest, "/"));)
                        thing = cJSON_GetObjectItemCaseSensitive(thing, word);
        }
        return thing;
}

const cJSON *spec_at(const cJSON *document, const cJSON *object, const char *name)
{
        return follow(document, cJSON_GetObjectItemCaseSensitive(object, name));
}

static const char *text_at(const cJSON *object, const char *name)
{
        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void add_param(Operation *o, const Param *param)
{
        assert(o->count < PARAMS_MAX);
        o->params[o->count++] = *param;
}

static void add_params(const cJSON *document, const cJSON *list, Operation *o)
{
        const cJSON *item;
        cJSON_ArrayForEach (item, list) {
                const cJSON *p = follow(document, item);
                const char *place = text_at(p, "in");
                if (streq(place, "header")) /* what a client's own machinery says */
                        continue;
                add_param(o, &(Param){
                                     .name = text_at(p, "name"),
                                     .description = text_at(p, "description"),
                                     .schema = spec_at(document, p, "schema"),
                                     .place = streq(place, "path") ? IN_PATH : IN_QUERY,
                                     .required = cJSON_IsTrue(
                                             cJSON_GetObjectItemCaseSensitive(p, "required")),
                             });
        }
}

static bool is_in(const cJSON *list, const char *word)
{
        const cJSON *item;
        cJSON_ArrayForEach (item, list)
                if (str_equal(cJSON_GetStringValue(item), word))
                        return true;
        return false;
}

/* The members of a body, also where it has them by parts ("allOf"). */
static void add_members(const cJSON *document, const cJSON *schema, Operation *o)
{
        const cJSON *item;
        const cJSON *required = cJSON_GetObjectItemCaseSensitive(schema, "required");
        cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(schema, "properties")) {
                const cJSON *followed = follow(document, item);
                const char *own = text_at(item, "description");
                add_param(o, &(Param){
                                     .name = item->string,
                                     .description = own ? own : text_at(followed, "description"),
                                     .schema = followed,
                                     .place = IN_BODY,
                                     .required = is_in(required, item->string),
                             });
        }
        cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(schema, "allOf"))
                add_members(document, follow(document, item), o);
}

static void add_body(const cJSON *document, const cJSON *body, Operation *o)
{
        const cJSON *media;
        o->needs_body = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(body, "required"));
        cJSON_ArrayForEach (media, cJSON_GetObjectItemCaseSensitive(body, "content")) {
                if (streq(media->string, "application/json")) {
                        o->takes_json = true;
                        add_members(document, spec_at(document, media, "schema"), o);
                } else {
                        o->bytes_type = media->string;
                }
        }
}

/* The members of what a list holds. */
static void add_columns(const cJSON *document, const cJSON *schema, Operation *o)
{
        const cJSON *item;
        cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(schema, "properties")) {
                assert(o->columns_count < COLUMNS_MAX);
                o->columns[o->columns_count++] = item->string;
        }
        cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(schema, "allOf"))
                add_columns(document, follow(document, item), o);
}

static void add_answer(const cJSON *document, const cJSON *answer, Operation *o)
{
        const cJSON *content = cJSON_GetObjectItemCaseSensitive(answer, "content");
        const cJSON *media = cJSON_GetObjectItemCaseSensitive(content, "application/json");
        add_columns(document, spec_at(document, spec_at(document, media, "schema"), "items"), o);
}

static void read_operation(const cJSON *document, const cJSON *path, const cJSON *item,
                           Operation *ret)
{
        *ret = (Operation){
                .id = text_at(item, "operationId"),
                .summary = text_at(item, "summary"),
                .description = text_at(item, "description"),
                .role = text_at(item, "x-role"),
                .path = path->string,
                .method = item->string,
        };
        add_params(document, cJSON_GetObjectItemCaseSensitive(path, "parameters"), ret);
        add_params(document, cJSON_GetObjectItemCaseSensitive(item, "parameters"), ret);
        add_body(document, spec_at(document, item, "requestBody"), ret);
        const cJSON *answers = cJSON_GetObjectItemCaseSensitive(item, "responses");
        add_answer(document, spec_at(document, answers, "200"), ret);
}

static bool is_method(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (streq(methods[i], word))
                        return true;
        return false;
}

bool spec_operation(const cJSON *document, size_t n, Operation *ret)
{
        const cJSON *path, *item;
        cJSON_ArrayForEach (path, cJSON_GetObjectItemCaseSensitive(document, "paths"))
                cJSON_ArrayForEach (item, path)
                        if (is_method(item->string) && n-- == 0) {
                                read_operation(document, path, item, ret);
                                return true;
                        }
        return false;
}

int spec_find(const cJSON *document, const char *command, Operation *ret)
{
        char word[WORD_MAX];
        for (size_t n = 0; spec_operation(document, n, ret); n++)
                if (streq(spec_word(ret->id, word), command))
                        return 0;
        return -ENOENT;
}

const char *spec_word(const char *name, char out[static WORD_MAX])
{
        size_t n = 0;
        for (const char *p = name; *p; p++) {
                assert(n < WORD_MAX - 2);
                if (isupper((unsigned char)*p) && n > 0 && !isupper((unsigned char)p[-1]))
                        out[n++] = '-';
                out[n++] = (char)tolower((unsigned char)*p);
        }
        out[n] = '\0';
        return out;
}

bool spec_allows(const cJSON *schema, const char *type)
{
        const cJSON *types = cJSON_GetObjectItemCaseSensitive(schema, "type");
        if (cJSON_IsString(types))
                return streq(types->valuestring, type);
        if (types)
                return is_in(types, type);
        return streq(type, "string") || !cJSON_GetObjectItemCaseSensitive(schema, "enum");
}
