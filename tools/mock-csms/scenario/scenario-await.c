/* See scenario-await.h. An event goes to the first part that takes it; nothing is tried again. */
#include "scenario-await.h"
#include <stdio.h>

#define DESCRIBED_PAYLOAD_MAX 160

void await_reset(Await *await)
{
        await->started = await->done = false;
        await->at = 0;
        for (size_t i = 0; i < await->count; i++)
                await_reset(&await->items[i]);
}

/* An element by its number in decimal digits; NULL if there is none. */
static const cJSON *element(const cJSON *array, const char *number)
{
        size_t n = strspn(number, "0123456789");
        return n > 0 && n <= 9 && !number[n] ? cJSON_GetArrayItem(array, atoi(number)) : NULL;
}

/* The member at "a.0.b"; NULL if there is none. */
static const cJSON *walk(const cJSON *json, const char *path)
{
        while (json && *path) {
                char part[VALUE_NAME_MAX + 1];
                size_t n = strcspn(path, ".");
                if (n >= sizeof(part))
                        return NULL;
                memcpy(part, path, n);
                part[n] = '\0';
                json = cJSON_IsArray(json) ? element(json, part)
                                           : cJSON_GetObjectItemCaseSensitive(json, part);
                path += n + (path[n] == '.');
        }
        return json;
}

int values_save(Values *values, const cJSON *save, const cJSON *json, const char **reterr)
{
        const cJSON *item;
        cJSON_ArrayForEach (item, save) {
                const cJSON *member = walk(json, item->valuestring);
                if (!member) {
                        *reterr = item->valuestring;
                        return -ENOENT;
                }
                int r = values_set(values, item->string, cJSON_Duplicate(member, true));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int no_value(Miss *ret, const char *what, const char *name)
{
        if (ret)
                snprintf(ret->mismatch.text, sizeof(ret->mismatch.text), "%s %s", what, name);
        return -EINVAL;
}

static int feed_expect(Await *await, const Event *event, Values *values, Miss *ret)
{
        _cleanup_(cJSON_Deletep) cJSON *pattern = NULL;
        _cleanup_(freep) char *missing = NULL;
        const char *path = NULL;
        if (await->done || event->kind != await->event ||
            (await->action && !str_equal(await->action, event->action)))
                return 0;
        if (await->payload) {
                int r = values_expand(values, await->payload, &pattern, &missing);
                if (r < 0)
                        return r == -ENOENT ? no_value(ret, "there is no value for", missing) : r;
                Miss miss = {.same_action = true};
                if (!pattern_matches(pattern, event->payload, &miss.mismatch)) {
                        if (ret && !ret->same_action)
                                *ret = miss;
                        return 0;
                }
        }
        int r = values_save(values, await->save, event->payload, &path);
        if (r < 0)
                return r == -ENOENT ? no_value(ret, "there is nothing to save at", path) : r;
        await->started = await->done = true;
        return 1;
}

/* An item takes it, or, where that can go without, the one behind it. */
static int feed_list(Await *await, const Event *event, Values *values, Miss *ret)
{
        for (size_t i = await->at; i < await->count; i++) {
                int r = await_feed(&await->items[i], event, values, ret);
                if (r < 0)
                        return r;
                if (r > 0) {
                        await->started = true;
                        await->at = i;
                        return 1;
                }
                if (!await_is_satisfied(&await->items[i]))
                        return 0;
        }
        return 0;
}

static int feed_any(Await *await, const Event *event, Values *values, Miss *ret)
{
        for (size_t i = 0; i < await->count; i++) {
                if (await->kind == AWAIT_ONE_OF && await->started && i != await->at)
                        continue;
                int r = await_feed(&await->items[i], event, values, ret);
                if (r < 0)
                        return r;
                if (r > 0) {
                        await->started = true;
                        await->at = i;
                        return 1;
                }
        }
        return 0;
}

int await_feed(Await *await, const Event *event, Values *values, Miss *ret)
{
        switch (await->kind) {
        case AWAIT_EXPECT:
                return feed_expect(await, event, values, ret);
        case AWAIT_LIST:
        case AWAIT_OPTIONAL:
                return feed_list(await, event, values, ret);
        case AWAIT_ANY_ORDER:
        case AWAIT_ONE_OF:
                return feed_any(await, event, values, ret);
        }
        return 0;
}

static bool all(const Await *await, size_t from, bool (*is)(const Await *))
{
        for (size_t i = from; i < await->count; i++)
                if (!is(&await->items[i]))
                        return false;
        return true;
}

static bool any(const Await *await, bool (*is)(const Await *))
{
        for (size_t i = 0; i < await->count; i++)
                if (is(&await->items[i]))
                        return true;
        return false;
}

bool await_is_satisfied(const Await *await)
{
        switch (await->kind) {
        case AWAIT_EXPECT:
                return await->done;
        case AWAIT_OPTIONAL:
                return !await->started || all(await, await->at, await_is_satisfied);
        case AWAIT_LIST:
                return all(await, await->at, await_is_satisfied);
        case AWAIT_ANY_ORDER:
                return all(await, 0, await_is_satisfied);
        case AWAIT_ONE_OF:
                return await->started ? await_is_satisfied(&await->items[await->at])
                                      : any(await, await_is_satisfied);
        }
        return false;
}

bool await_is_done(const Await *await)
{
        switch (await->kind) {
        case AWAIT_EXPECT:
                return await->done;
        case AWAIT_OPTIONAL:
        case AWAIT_LIST:
                return all(await, await->at, await_is_done);
        case AWAIT_ANY_ORDER:
                return all(await, 0, await_is_done);
        case AWAIT_ONE_OF:
                return await->started && await_is_done(&await->items[await->at]);
        }
        return false;
}

bool await_names(const Await *await, EventKind kind, const char *action)
{
        if (await->kind == AWAIT_EXPECT)
                return await->event == kind && (!action || str_equal(await->action, action));
        for (size_t i = 0; i < await->count; i++)
                if (await_names(&await->items[i], kind, action))
                        return true;
        return false;
}

static void add(char *buffer, size_t room, const char *text)
{
        size_t n = strlen(buffer);
        snprintf(buffer + n, room - n, "%s", text);
}

static void describe_items(const Await *await, const char *between, char *buffer, size_t room)
{
        bool more = false;
        for (size_t i = await->kind == AWAIT_ANY_ORDER ? 0 : await->at; i < await->count; i++) {
                if (await_is_done(&await->items[i]))
                        continue;
                if (more)
                        add(buffer, room, between);
                more = true;
                await_describe(&await->items[i], buffer, room);
        }
}

void await_describe(const Await *await, char *buffer, size_t room)
{
        char payload[DESCRIBED_PAYLOAD_MAX];
        switch (await->kind) {
        case AWAIT_EXPECT:
                add(buffer, room, await->action ? await->action : event_word(await->event));
                if (await->payload) {
                        add(buffer, room, " ");
                        add(buffer, room, json_brief(await->payload, payload, sizeof(payload)));
                }
                return;
        case AWAIT_LIST:
                describe_items(await, ", then ", buffer, room);
                return;
        case AWAIT_OPTIONAL:
                add(buffer, room, "[");
                describe_items(await, ", then ", buffer, room);
                add(buffer, room, "]");
                return;
        case AWAIT_ANY_ORDER:
                describe_items(await, " and ", buffer, room);
                return;
        case AWAIT_ONE_OF:
                if (await->started)
                        await_describe(&await->items[await->at], buffer, room);
                else
                        describe_items(await, " or ", buffer, room);
                return;
        }
}
