/* See scenario-read.h. */
#include "scenario-read.h"
#include "scenario-values.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static void write_where(const Where *where, char *out, size_t room)
{
        if (!where->parent)
                return;
        write_where(where->parent, out, room);
        size_t n = strlen(out);
        if (where->name)
                snprintf(out + n, room - n, "%s%s", n ? "." : "", where->name);
        else
                snprintf(out + n, room - n, "[%d]", where->index);
}

int read_complain(const Where *where, const char *format, ...)
{
        va_list arguments;
        const Where *root = where;
        while (root->parent)
                root = root->parent;
        *root->error = (ScenarioError){0};
        write_where(where, root->error->where, sizeof(root->error->where));
        va_start(arguments, format);
        vsnprintf(root->error->text, sizeof(root->error->text), format, arguments);
        va_end(arguments);
        return -EINVAL;
}

static bool is_count(const cJSON *item)
{
        return cJSON_IsNumber(item) && item->valuedouble >= 1 && item->valuedouble <= INT32_MAX &&
               item->valuedouble == floor(item->valuedouble);
}

static bool is_duration(const cJSON *item)
{
        usec_t span;
        return cJSON_IsString(item) && duration_parse(item->valuestring, &span) == 0 &&
               span <= DURATION_MAX;
}

/* NULL if the value has the type, else what was expected. */
static const char *type_objection(MemberType type, const cJSON *item)
{
        switch (type) {
        case MEMBER_TEXT:
                return cJSON_IsString(item) && *item->valuestring ? NULL : "a string";
        case MEMBER_OBJECT:
                return cJSON_IsObject(item) ? NULL : "an object";
        case MEMBER_LIST:
                return cJSON_IsArray(item) && item->child ? NULL : "a list, not empty";
        case MEMBER_BOOL:
                return cJSON_IsBool(item) ? NULL : "true or false";
        case MEMBER_COUNT:
                return is_count(item) ? NULL : "a whole number from 1 on";
        case MEMBER_DURATION:
                return is_duration(item) ? NULL
                                         : "a time of at most 24h: \"500ms\", \"2s\", \"5m\"";
        case MEMBER_ANY:
                break;
        }
        return NULL;
}

/* "a, b or c" */
static void list_names(const Member *members, size_t count, char *out, size_t room)
{
        *out = '\0';
        for (size_t i = 0; i < count; i++) {
                size_t n = strlen(out);
                snprintf(out + n, room - n, "%s%s",
                         i == 0           ? ""
                         : i + 1 == count ? " or "
                                          : ", ",
                         members[i].name);
        }
}

static const Member *find(const Member *members, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++)
                if (streq(members[i].name, name))
                        return &members[i];
        return NULL;
}

int read_members(const Where *where, const cJSON *object, const Member *members, size_t count)
{
        const cJSON *item;
        char names[200];
        if (!cJSON_IsObject(object))
                return read_complain(where, "expected an object");
        cJSON_ArrayForEach (item, object) {
                const Where here = {where, item->string, 0, NULL};
                const Member *m = find(members, count, item->string);
                list_names(members, count, names, sizeof(names));
                if (!m)
                        return read_complain(&here, "not known here; expected %s", names);
                if (cJSON_GetObjectItemCaseSensitive(object, item->string) != item)
                        return read_complain(&here, "given twice");
                const char *expected = type_objection(m->type, item);
                if (expected)
                        return read_complain(&here, "expected %s", expected);
        }
        for (size_t i = 0; i < count; i++)
                if (members[i].required &&
                    !cJSON_GetObjectItemCaseSensitive(object, members[i].name))
                        return read_complain(where, "expected a member \"%s\"", members[i].name);
        return 0;
}

const char *read_text(const cJSON *object, const char *name)
{
        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

usec_t read_duration(const cJSON *object, const char *name, usec_t otherwise)
{
        const char *text = read_text(object, name);
        usec_t span = otherwise;
        if (text)
                (void)duration_parse(text, &span);
        return span;
}
