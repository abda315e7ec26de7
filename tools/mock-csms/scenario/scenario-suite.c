/* See scenario-suite.h. */
#include "scenario-suite.h"
#include "csms.h"
#include "scenario-values.h"
#include <stdio.h>

void suite_done(Suite *suite)
{
        for (size_t i = 0; i < suite->count; i++)
                scenario_free(suite->items[i]);
        free(suite->items);
        cJSON_Delete(suite->set);
        *suite = (Suite){0};
}

static int complain(const char *path, const char *where, const char *text)
{
        fprintf(stderr, "mock-csms: %s: %s%s%s\n", path, where, *where ? ": " : "", text);
        return -EINVAL;
}

/* What only the CSMS knows: which action can have which fault. */
static int check_faults(const Scenario *s)
{
        char where[64];
        for (size_t i = 0; i < s->count; i++) {
                const char *sentence = s->steps[i].kind == STEP_FAULT
                                               ? answer_fault_objection(&s->steps[i].fault)
                                               : NULL;
                snprintf(where, sizeof(where), "steps[%zu].fault", i);
                if (sentence)
                        return complain(s->path, where, sentence);
        }
        return 0;
}

/* A variable that is null must be set. */
static int check_variables(const Scenario *s, const cJSON *set)
{
        const cJSON *item;
        char where[16 + VALUE_NAME_MAX];
        cJSON_ArrayForEach (item, s->variables) {
                snprintf(where, sizeof(where), "variables.%s", item->string);
                if (cJSON_IsNull(item) && !cJSON_GetObjectItemCaseSensitive(set, item->string))
                        return complain(s->path, where, "has no value: expected --set NAME=VALUE");
        }
        return 0;
}

static int load_one(const char *path, const cJSON *set, Suite *suite)
{
        ScenarioError error = {0};
        Scenario *s = NULL;
        int r = scenario_load(path, &s, &error);
        if (r == -EINVAL)
                return complain(path, error.where, error.text);
        if (r < 0)
                return complain(path, "", strerror(-r));
        suite->items[suite->count++] = s;
        r = check_faults(s);
        return r == 0 ? check_variables(s, set) : r;
}

static bool is_variable(const Suite *suite, const char *name)
{
        for (size_t i = 0; i < suite->count; i++)
                if (cJSON_GetObjectItemCaseSensitive(suite->items[i]->variables, name))
                        return true;
        return false;
}

static int read_set(const char *text, cJSON *set)
{
        char name[VALUE_NAME_MAX + 1] = "";
        cJSON *value = NULL;
        const char *equals = strchr(text, '=');
        if (equals && (size_t)(equals - text) < sizeof(name))
                memcpy(name, text, (size_t)(equals - text));
        if (!equals || !value_name_valid(name))
                return complain("--set", text, "expected NAME=VALUE");
        if (json_parse(equals + 1, strlen(equals + 1), &value) < 0)
                value = cJSON_CreateString(equals + 1);
        cJSON_DeleteItemFromObjectCaseSensitive(set, name);
        if (!value || !cJSON_AddItemToObject(set, name, value)) {
                cJSON_Delete(value);
                return -ENOMEM;
        }
        return 0;
}

int suite_load(const char *const *files, size_t files_count, const char *const *sets,
               size_t sets_count, Suite *ret)
{
        _cleanup_(suite_done) Suite suite = {.set = cJSON_CreateObject()};
        int r = 0;
        suite.items = calloc(files_count + 1, sizeof(*suite.items));
        if (!suite.set || !suite.items)
                return -ENOMEM;
        for (size_t i = 0; i < sets_count && r == 0; i++)
                r = read_set(sets[i], suite.set);
        for (size_t i = 0; i < files_count && r == 0; i++)
                r = load_one(files[i], suite.set, &suite);
        const cJSON *item;
        cJSON_ArrayForEach (item, suite.set)
                if (r == 0 && !is_variable(&suite, item->string))
                        r = complain("--set", item->string, "is a variable of no scenario");
        if (r < 0)
                return r;
        *ret = suite;
        suite = (Suite){0};
        return 0;
}
