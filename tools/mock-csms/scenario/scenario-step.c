/* Reads the steps of a scenario, by a table of their kinds. */
#include "scenario-match.h"
#include "scenario-read.h"
#include "scenario-values.h"

#define HOOK_WITHIN_DEFAULT (60 * USEC_PER_SEC)

static const char *const event_words[EVENT_KIND_MAX] = {
        [STATION_CALLED] = "call",
        [STATION_CAME] = "connected",
        [STATION_WENT] = "disconnected",
        [STATION_REFUSED] = "refused",
};

const char *event_word(EventKind kind)
{
        return event_words[kind];
}

static int read_action(const Where *where, const cJSON *body)
{
        const char *action = read_text(body, "action");
        const Where here = {where, "action", 0, NULL};
        return strlen(action) > FAULT_ACTION_MAX
                       ? read_complain(&here, "expected at most %d bytes", FAULT_ACTION_MAX)
                       : 0;
}

/* {"name": "path", …} */
static int read_save(const Where *where, const cJSON *save)
{
        const Where here = {where, "save", 0, NULL};
        const cJSON *item;
        cJSON_ArrayForEach (item, save) {
                const Where member = {&here, item->string, 0, NULL};
                if (!value_name_valid(item->string))
                        return read_complain(&member, "expected a name: a letter, then letters, "
                                                      "digits, \"_\", \"-\" and \".\"");
                if (!cJSON_IsString(item) || !*item->valuestring)
                        return read_complain(&member, "expected the path of a member, \"evse.id\"");
        }
        return 0;
}

static int read_pattern(const Where *where, const char *name, const cJSON *pattern)
{
        Mismatch why;
        const Where here = {where, name, 0, NULL};
        if (!pattern || pattern_check(pattern, &why) == 0)
                return 0;
        const Where inner = {&here, why.path, 0, NULL};
        return read_complain(*why.path ? &inner : &here, "%s", why.text);
}

/* {"action", "payload"?, "save"?} or {"event"} */
static int read_event(const Where *where, const cJSON *body, Await *await)
{
        static const Member call_members[] = {
                {"action", MEMBER_TEXT, true},
                {"payload", MEMBER_OBJECT, false},
                {"save", MEMBER_OBJECT, false},
                {"for", MEMBER_DURATION, false},
        };
        static const Member event_members[] = {{"event", MEMBER_TEXT, true},
                                               {"for", MEMBER_DURATION, false}};
        const Where here = {where, "event", 0, NULL};
        const char *word = read_text(body, "event");
        await->kind = AWAIT_EXPECT;
        if (word) {
                while (++await->event < EVENT_KIND_MAX && !streq(event_words[await->event], word))
                        ;
                if (await->event == EVENT_KIND_MAX)
                        return read_complain(&here, "expected connected, disconnected or refused");
                return read_members(where, body, event_members, ELEMENTSOF(event_members));
        }
        int r = read_members(where, body, call_members, ELEMENTSOF(call_members));
        if (r < 0 || (r = read_action(where, body)) < 0)
                return r;
        await->action = read_text(body, "action");
        await->payload = cJSON_GetObjectItemCaseSensitive(body, "payload");
        await->save = cJSON_GetObjectItemCaseSensitive(body, "save");
        r = read_pattern(where, "payload", await->payload);
        return r == 0 ? read_save(where, await->save) : r;
}

/* "for" is of the step "no" alone. */
static int read_expect(const Where *where, const cJSON *body, Await *await)
{
        const Where here = {where, "for", 0, NULL};
        if (read_text(body, "for"))
                return read_complain(&here, "not known here; it is for \"no\"");
        return read_event(where, body, await);
}

static int read_await(const Where *where, const cJSON *item, Await *await, unsigned depth);

/* The elements of a list; where lists is true, each is a list itself (or one await). */
static int read_items(const Where *where, const cJSON *list, Await *await, unsigned depth)
{
        int size = cJSON_GetArraySize(list);
        Where here = {where, NULL, 0, NULL};
        const cJSON *item;
        if (!cJSON_IsArray(list) || size < 1 || size > AWAITS_MAX)
                return read_complain(where, "expected a list of 1 to %d awaits", AWAITS_MAX);
        if (depth > AWAIT_DEPTH_MAX)
                return read_complain(where, "nested deeper than %d", AWAIT_DEPTH_MAX);
        await->items = calloc((size_t)size, sizeof(*await->items));
        if (!await->items)
                return -ENOMEM;
        cJSON_ArrayForEach (item, list) {
                Await *one = &await->items[await->count++];
                one->kind = AWAIT_LIST;
                int r = cJSON_IsArray(item) ? read_items(&here, item, one, depth + 1)
                                            : read_await(&here, item, one, depth + 1);
                if (r < 0)
                        return r;
                here.index++;
        }
        return 0;
}

static int read_optional(const Where *where, const cJSON *body, Await *await, unsigned depth)
{
        if (cJSON_IsArray(body))
                return read_items(where, body, await, depth);
        await->items = calloc(1, sizeof(*await->items));
        if (!await->items)
                return -ENOMEM;
        await->count = 1;
        return read_expect(where, body, &await->items[0]);
}

/* The value of "expect", "any_order", "one_of", "optional". 0; -ENOENT: another word. */
static int read_await_body(const Where *where, const cJSON *body, Await *await, unsigned depth)
{
        const Where here = {where, body->string, 0, NULL};
        if (streq(body->string, "expect"))
                return read_expect(&here, body, await);
        await->kind = streq(body->string, "any_order") ? AWAIT_ANY_ORDER
                      : streq(body->string, "one_of")  ? AWAIT_ONE_OF
                                                       : AWAIT_OPTIONAL;
        if (await->kind == AWAIT_OPTIONAL)
                return streq(body->string, "optional") ? read_optional(&here, body, await, depth)
                                                       : -ENOENT;
        return read_items(&here, body, await, depth);
}

/* An await inside another one. */
static int read_await(const Where *where, const cJSON *item, Await *await, unsigned depth)
{
        if (!cJSON_IsObject(item) || cJSON_GetArraySize(item) != 1)
                return read_complain(where,
                                     "expected an object with one member: expect, any_order, "
                                     "one_of or optional");
        int r = read_await_body(where, item->child, await, depth);
        const Where here = {where, item->child->string, 0, NULL};
        return r == -ENOENT ? read_complain(&here, "expected expect, any_order, one_of or optional")
                            : r;
}

static void await_done(Await *await)
{
        for (size_t i = 0; i < await->count; i++)
                await_done(&await->items[i]);
        free(await->items);
}

void step_done(Step *step)
{
        await_done(&step->await);
}

static int read_await_step(const Where *where, Step *step)
{
        return read_await_body(where->parent, step->body, &step->await, 0);
}

static int read_no(const Where *where, Step *step)
{
        int r = read_event(where, step->body, &step->await);
        if (r == 0 && step->await.save)
                return read_complain(where, "there is nothing to save of what does not come");
        if (r == 0 && !read_text(step->body, "for"))
                return read_complain(where, "expected a member \"for\"");
        step->within = read_duration(step->body, "for", 0);
        return r;
}

static int read_call(const Where *where, Step *step)
{
        static const Member members[] = {
                {"action", MEMBER_TEXT, true},    {"payload", MEMBER_OBJECT, false},
                {"result", MEMBER_OBJECT, false}, {"error", MEMBER_ANY, false},
                {"save", MEMBER_OBJECT, false},
        };
        int r = read_members(where, step->body, members, ELEMENTSOF(members));
        if (r < 0 || (r = read_action(where, step->body)) < 0)
                return r;
        r = read_pattern(where, "result", cJSON_GetObjectItemCaseSensitive(step->body, "result"));
        if (r == 0)
                r = read_pattern(where, "error",
                                 cJSON_GetObjectItemCaseSensitive(step->body, "error"));
        return r == 0 ? read_save(where, cJSON_GetObjectItemCaseSensitive(step->body, "save")) : r;
}

static int64_t read_times(const cJSON *body)
{
        const cJSON *times = cJSON_GetObjectItemCaseSensitive(body, "times");
        return times ? (int64_t)times->valuedouble : 0;
}

static int read_answer(const Where *where, Step *step)
{
        static const Member members[] = {
                {"action", MEMBER_TEXT, true},
                {"payload", MEMBER_OBJECT, true},
                {"times", MEMBER_COUNT, false},
        };
        int r = read_members(where, step->body, members, ELEMENTSOF(members));
        step->times = r == 0 ? read_times(step->body) : 0;
        return r == 0 ? read_action(where, step->body) : r;
}

static int read_fault(const Where *where, Step *step)
{
        FaultError error;
        if (!cJSON_IsObject(step->body))
                return read_complain(where, "expected an object");
        return fault_from_json(step->body, NULL, &step->fault, &error) == 0
                       ? 0
                       : read_complain(where, "%s", error.text);
}

static int read_true(const Where *where, Step *step)
{
        return cJSON_IsTrue(step->body) ? 0 : read_complain(where, "expected true");
}

static int read_refuse(const Where *where, Step *step)
{
        static const Member members[] = {
                {"for", MEMBER_DURATION, false},
                {"times", MEMBER_COUNT, false},
        };
        int r = read_members(where, step->body, members, ELEMENTSOF(members));
        if (r == 0 && !step->body->child)
                return read_complain(where, "expected \"for\" or \"times\"");
        if (r == 0) {
                step->within = read_duration(step->body, "for", DURATION_MAX);
                step->times = read_times(step->body);
        }
        return r;
}

static int read_hook(const Where *where, Step *step)
{
        const cJSON *word;
        int size = cJSON_GetArraySize(step->body);
        bool fine = cJSON_IsArray(step->body) && size >= 1 && size <= HOOK_WORDS_MAX;
        cJSON_ArrayForEach (word, step->body)
                fine = fine && cJSON_IsString(word);
        return fine ? 0
                    : read_complain(where, "expected a list of 1 to %d strings", HOOK_WORDS_MAX);
}

static int read_wait(const Where *where, Step *step)
{
        const char *text = cJSON_GetStringValue(step->body);
        if (!text || duration_parse(text, &step->within) < 0 || step->within > DURATION_MAX)
                return read_complain(where,
                                     "expected a time of at most 24h: \"500ms\", \"2s\", \"5m\"");
        return 0;
}

static int read_set(const Where *where, Step *step)
{
        const cJSON *item;
        if (!cJSON_IsObject(step->body))
                return read_complain(where, "expected an object");
        cJSON_ArrayForEach (item, step->body) {
                const Where here = {where, item->string, 0, NULL};
                if (!value_name_valid(item->string))
                        return read_complain(&here, "expected a name");
        }
        return 0;
}

enum { TIMED = 1 /* "since", "at_least", "at_most" */, LIMITED = 2 /* "within" */ };

/* clang-format off */
static const struct StepType {
        const char *word;
        StepKind kind;
        int flags;
        int (*read)(const Where *where, Step *step);
} step_types[] = {
        { "expect",     STEP_AWAIT,      TIMED | LIMITED, read_await_step },
        { "any_order",  STEP_AWAIT,      TIMED | LIMITED, read_await_step },
        { "one_of",     STEP_AWAIT,      TIMED | LIMITED, read_await_step },
        { "optional",   STEP_AWAIT,      LIMITED,         read_await_step },
        { "no",         STEP_NO,         0,               read_no         },
        { "call",       STEP_CALL,       TIMED | LIMITED, read_call       },
        { "answer",     STEP_ANSWER,     0,               read_answer     },
        { "fault",      STEP_FAULT,      0,               read_fault      },
        { "disconnect", STEP_DISCONNECT, 0,               read_true       },
        { "refuse",     STEP_REFUSE,     0,               read_refuse     },
        { "hook",       STEP_HOOK,       LIMITED,         read_hook       },
        { "wait",       STEP_WAIT,       0,               read_wait       },
        { "set",        STEP_SET,        0,               read_set        },
        { "forget",     STEP_FORGET,     0,               read_true       },
};
/* clang-format on */

#define COMMON_MEMBERS 6

/* The step's own member, with the table's line. */
static const struct StepType *find_type(const cJSON *json, const cJSON **ret_body)
{
        for (size_t i = 0; i < ELEMENTSOF(step_types); i++) {
                *ret_body = cJSON_GetObjectItemCaseSensitive(json, step_types[i].word);
                if (*ret_body)
                        return &step_types[i];
        }
        return NULL;
}

/* "2s", or {"times": 2, "from": mark, "to": mark} */
static int read_bound(const Where *where, const cJSON *json, const char *name, Bound *bound)
{
        static const Member members[] = {{"times", MEMBER_ANY, true},
                                         {"from", MEMBER_TEXT, true},
                                         {"to", MEMBER_TEXT, true}};
        const Where here = {where, name, 0, NULL};
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
        bound->given = item;
        if (!item)
                return 0;
        if (cJSON_IsString(item))
                return duration_parse(item->valuestring, &bound->span) == 0
                               ? 0
                               : read_complain(&here, "expected a time or {times, from, to}");
        int r = read_members(&here, item, members, ELEMENTSOF(members));
        if (r < 0)
                return r;
        const cJSON *times = cJSON_GetObjectItemCaseSensitive(item, "times");
        const Where inner = {&here, "times", 0, NULL};
        if (!cJSON_IsNumber(times) || !(times->valuedouble > 0 && times->valuedouble <= 1000))
                return read_complain(&inner, "expected a number above 0, at most 1000");
        bound->factor = times->valuedouble;
        bound->from = read_text(item, "from");
        bound->to = read_text(item, "to");
        return 0;
}

static int read_common(const Where *where, const cJSON *json, const struct StepType *type,
                       Step *step)
{
        Member members[1 + COMMON_MEMBERS] = {
                {type->word, MEMBER_ANY, true},
                {"comment", MEMBER_TEXT, false},
                {"mark", MEMBER_TEXT, false},
        };
        size_t count = 3;
        if (type->flags & LIMITED)
                members[count++] = (Member){"within", MEMBER_DURATION, false};
        if (type->flags & TIMED) {
                members[count++] = (Member){"since", MEMBER_TEXT, false};
                members[count++] = (Member){"at_least", MEMBER_ANY, false};
                members[count++] = (Member){"at_most", MEMBER_ANY, false};
        }
        int r = read_members(where, json, members, count);
        if (r < 0)
                return r;
        step->comment = read_text(json, "comment");
        step->mark = read_text(json, "mark");
        step->since = read_text(json, "since");
        step->within = read_duration(
                json, "within", type->kind == STEP_HOOK ? HOOK_WITHIN_DEFAULT : WITHIN_DEFAULT);
        r = read_bound(where, json, "at_least", &step->at_least);
        if (r == 0)
                r = read_bound(where, json, "at_most", &step->at_most);
        if (r == 0 && (step->at_least.given || step->at_most.given) != (step->since != NULL))
                return read_complain(
                        where, "expected \"since\" together with \"at_least\" or \"at_most\"");
        return r;
}

int step_read(const Where *where, const cJSON *json, Step *step)
{
        const cJSON *body;
        const struct StepType *type = find_type(json, &body);
        if (!cJSON_IsObject(json) || !type)
                return read_complain(where,
                                     "expected an object with one of expect, any_order, one_of, "
                                     "optional, no, call, answer, fault, disconnect, refuse, "
                                     "hook, wait, set or forget");
        step->kind = type->kind;
        step->json = json;
        step->body = body;
        step->word = body->string;
        const Where here = {where, body->string, 0, NULL};
        int r = read_common(where, json, type, step);
        return r == 0 ? type->read(&here, step) : r;
}
