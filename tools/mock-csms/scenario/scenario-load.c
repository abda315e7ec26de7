/* Reads a scenario file and checks it whole, so that a run fails by the station alone. */
#include "scenario-read.h"
#include "scenario-values.h"
#include <stdio.h>

#define STATION_WITHIN_DEFAULT (60 * USEC_PER_SEC)

/* Names that have a value in every scenario. */
static const char *const built_in[] = {"station", "protocol", "files", "uploads"};

void scenario_free(Scenario *scenario)
{
        for (size_t i = 0; i < scenario->count; i++)
                step_done(&scenario->steps[i]);
        free(scenario->steps);
        cJSON_Delete(scenario->json);
        free(scenario->path);
        free(scenario);
}

bool scenario_is_for(const Scenario *scenario, const char *subprotocol)
{
        const cJSON *item;
        cJSON_ArrayForEach (item, scenario->protocols)
                if (streq(item->valuestring, subprotocol))
                        return true;
        return !scenario->protocols;
}

static int check_texts(const Where *root, const char *name, const cJSON *list)
{
        Where where = {root, name, 0, NULL}, here = {&where, NULL, 0, NULL};
        const cJSON *item;
        cJSON_ArrayForEach (item, list) {
                if (!cJSON_IsString(item) || !*item->valuestring)
                        return read_complain(&here, "expected a string");
                here.index++;
        }
        return 0;
}

static int read_head(const Where *root, Scenario *s)
{
        static const Member members[] = {
                {"id", MEMBER_TEXT, true},
                {"name", MEMBER_TEXT, true},
                {"proves", MEMBER_TEXT, false},
                {"protocols", MEMBER_LIST, false},
                {"charger", MEMBER_OBJECT, false},
                {"variables", MEMBER_OBJECT, false},
                {"allow", MEMBER_LIST, false},
                {"only", MEMBER_BOOL, false},
                {"station_within", MEMBER_DURATION, false},
                {"steps", MEMBER_LIST, true},
        };
        const Where id = {root, "id", 0, NULL};
        int r = read_members(root, s->json, members, ELEMENTSOF(members));
        if (r < 0)
                return r;
        s->id = read_text(s->json, "id");
        s->name = read_text(s->json, "name");
        s->protocols = cJSON_GetObjectItemCaseSensitive(s->json, "protocols");
        s->variables = cJSON_GetObjectItemCaseSensitive(s->json, "variables");
        s->allow = cJSON_GetObjectItemCaseSensitive(s->json, "allow");
        s->only = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(s->json, "only"));
        s->station_within = read_duration(s->json, "station_within", STATION_WITHIN_DEFAULT);
        if (strlen(s->id) > SCENARIO_ID_MAX)
                return read_complain(&id, "expected at most %d bytes", SCENARIO_ID_MAX);
        r = check_texts(root, "protocols", s->protocols);
        return r == 0 ? check_texts(root, "allow", s->allow) : r;
}

static int read_steps(const Where *root, Scenario *s)
{
        const Where where = {root, "steps", 0, NULL};
        Where here = {&where, NULL, 0, NULL};
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(s->json, "steps"), *item;
        int size = cJSON_GetArraySize(list);
        if (size > STEPS_MAX)
                return read_complain(&where, "expected at most %d steps", STEPS_MAX);
        s->steps = calloc((size_t)size, sizeof(*s->steps));
        if (!s->steps)
                return -ENOMEM;
        cJSON_ArrayForEach (item, list) {
                int r = step_read(&here, item, &s->steps[s->count++]);
                if (r < 0)
                        return r;
                here.index++;
        }
        return 0;
}

/* ---- Names: each that is used must be given a value somewhere ---- */

static bool saves_name(const cJSON *json, const char *name)
{
        const cJSON *item;
        cJSON_ArrayForEach (item, json) {
                bool gives =
                        item->string && (streq(item->string, "save") || streq(item->string, "set"));
                if (gives && cJSON_GetObjectItemCaseSensitive(item, name))
                        return true;
                if (saves_name(item, name))
                        return true;
        }
        return false;
}

typedef struct Names {
        const Scenario *scenario;
        char unknown[VALUE_NAME_MAX + 1];
} Names;

static int check_name(void *userdata, const char *name)
{
        Names *names = userdata;
        for (size_t i = 0; i < ELEMENTSOF(built_in); i++)
                if (streq(built_in[i], name))
                        return 0;
        if (cJSON_GetObjectItemCaseSensitive(names->scenario->variables, name) ||
            saves_name(names->scenario->json, name))
                return 0;
        snprintf(names->unknown, sizeof(names->unknown), "%s", name);
        return -ENOENT;
}

static int check_names(const Where *where, const Scenario *s, const cJSON *json)
{
        Names names = {.scenario = s};
        int r = values_names(json, check_name, &names);
        if (r == -ENOENT)
                return read_complain(where, "${%s} is no variable, and nothing saves or sets it",
                                     names.unknown);
        return r < 0 ? read_complain(where, "expected \"${name}\", \"${now+2h}\" or \"${fresh}\"")
                     : 0;
}

static int check_variables(const Where *root, const Scenario *s)
{
        const Where where = {root, "variables", 0, NULL};
        const cJSON *item;
        if (cJSON_GetArraySize(s->variables) > VALUES_MAX / 2)
                return read_complain(&where, "expected at most %d", VALUES_MAX / 2);
        cJSON_ArrayForEach (item, s->variables) {
                const Where here = {&where, item->string, 0, NULL};
                if (!value_name_valid(item->string))
                        return read_complain(&here, "expected a name");
                int r = check_names(&here, s, item);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- Marks: each that a time is measured by must be set by a step before ---- */

static bool is_marked(const Scenario *s, size_t before, const char *mark)
{
        for (size_t i = 0; i < before; i++)
                if (str_equal(s->steps[i].mark, mark))
                        return true;
        return false;
}

static int check_marks(const Where *where, const Scenario *s, size_t i)
{
        const Step *step = &s->steps[i];
        const char *used[] = {step->since, step->at_least.from, step->at_least.to,
                              step->at_most.from, step->at_most.to};
        for (size_t k = 0; k < ELEMENTSOF(used); k++)
                if (used[k] && !is_marked(s, i, used[k]))
                        return read_complain(where, "no step before has the mark \"%s\"", used[k]);
        return 0;
}

static int check_steps(const Where *root, const Scenario *s)
{
        const Where where = {root, "steps", 0, NULL};
        for (size_t i = 0; i < s->count; i++) {
                const Where here = {&where, NULL, (int)i, NULL};
                int r = check_names(&here, s, s->steps[i].json);
                if (r == 0)
                        r = check_marks(&here, s, i);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Where the text stops to be JSON. -EINVAL. */
static int bad_json(const char *text, size_t size, ScenarioError *reterr)
{
        const char *end = NULL;
        cJSON *json = cJSON_ParseWithLengthOpts(text, size, &end, false);
        size_t line = 1;
        for (const char *p = text; !json && end && p < end; p++)
                line += *p == '\n';
        *reterr = (ScenarioError){.text = "expected JSON"};
        if (!json && end)
                snprintf(reterr->where, sizeof(reterr->where), "line %zu", line);
        cJSON_Delete(json);
        return -EINVAL;
}

int scenario_parse(const char *path, const char *text, size_t size, Scenario **ret,
                   ScenarioError *reterr)
{
        _cleanup_(scenario_freep) Scenario *s = calloc(1, sizeof(*s));
        const Where root = {.error = reterr};
        if (!s || !(s->path = strdup(path)))
                return -ENOMEM;
        int r = json_parse(text, size, &s->json);
        if (r < 0)
                return r == -EBADMSG ? bad_json(text, size, reterr) : r;
        if ((r = read_head(&root, s)) < 0 || (r = read_steps(&root, s)) < 0 ||
            (r = check_variables(&root, s)) < 0 || (r = check_steps(&root, s)) < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

int scenario_load(const char *path, Scenario **ret, ScenarioError *reterr)
{
        _cleanup_(freep) char *text = NULL;
        size_t size;
        int r = file_read(path, SCENARIO_BYTES_MAX, &text, &size);
        return r < 0 ? r : scenario_parse(path, text, size, ret, reterr);
}
