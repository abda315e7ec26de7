/* openapi.json and the tables of routes say the same: calls, methods, ids, roles, arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api.h"
#include "json.h"
#include "openapi.h"

#define FOREACH_ROUTE(route)                                                                       \
        for (const Route *const *route##_table = api_tables; *route##_table; route##_table++)      \
                for (const Route *route = *route##_table; route->path; route++)

static int load(void **state)
{
        cJSON *document = NULL;
        int r = json_parse(openapi_json, (size_t)(openapi_json_end - openapi_json), &document);
        *state = document;
        return r;
}

static int unload(void **state)
{
        cJSON_Delete(*state);
        return 0;
}

static const cJSON *at(const cJSON *object, const char *name)
{
        return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_at(const cJSON *object, const char *name)
{
        return strempty(cJSON_GetStringValue(at(object, name)));
}

static const cJSON *operation_of(const cJSON *document, const Route *route)
{
        const char *method = http_method_words[route->method];
        assert_non_null(method);
        return cJSON_GetObjectItem(at(at(document, "paths"), route->path), method); /* any case */
}

/* A reference to a thing of this document, followed. */
static const cJSON *follow(const cJSON *document, const cJSON *thing)
{
        const char *path = startswith(text_at(thing, "$ref"), "#/");
        _cleanup_(freep) char *copy = strdup(strempty(path));
        char *rest = copy;
        if (!path)
                return thing;
        thing = document;
        for (char *word; (word = strsep(&rest, "/"));)
                thing = at(thing, word);
        if (!thing)
                fail_msg("nothing is at %s", path);
        return thing;
}

static void each_route_is_an_operation(void **state)
{
        FOREACH_ROUTE(route)
        {
                const cJSON *operation = operation_of(*state, route);
                if (!operation)
                        fail_msg("openapi.json has no %s %s", http_method_words[route->method],
                                 route->path);
                assert_string_equal(text_at(operation, "operationId"), route->operation);
                assert_string_equal(text_at(operation, "x-role"),
                                    route->role == ROLE_READ ? "read" : "operator");
        }
}

static bool is_routed(const char *path, const char *operation)
{
        FOREACH_ROUTE(route)
        if (streq(route->path, path) && streq(route->operation, operation))
                return true;
        return false;
}

static void each_operation_is_a_route(void **state)
{
        const cJSON *path, *operation;
        cJSON_ArrayForEach (path, at(*state, "paths"))
                cJSON_ArrayForEach (operation, path)
                        if (!streq(operation->string, "parameters") &&
                            !is_routed(path->string, text_at(operation, "operationId")))
                                fail_msg("there is no route %s %s", operation->string,
                                         path->string);
}

static void operations_have_names_of_their_own(void **state _unused_)
{
        FOREACH_ROUTE(a)
        {
                size_t times = 0;
                FOREACH_ROUTE(b)
                times += streq(a->operation, b->operation);
                if (times != 1)
                        fail_msg("%s is there %zu times", a->operation, times);
        }
}

/* The arguments of the query that it names, as a route has them. */
static char *query_of(const cJSON *document, const cJSON *operation)
{
        char *list = NULL;
        const cJSON *item;
        cJSON_ArrayForEach (item, at(operation, "parameters")) {
                const cJSON *parameter = follow(document, item);
                if (!streq(text_at(parameter, "in"), "query"))
                        continue;
                char *longer = str_printf("%s%s%s", strempty(list), list ? "," : "",
                                          text_at(parameter, "name"));
                free(list);
                list = longer;
        }
        return list;
}

static void arguments_are_those_of_the_routes(void **state)
{
        FOREACH_ROUTE(route)
        {
                _cleanup_(freep) char *query = query_of(*state, operation_of(*state, route));
                if (!str_equal(query, route->query))
                        fail_msg("%s: openapi.json has the arguments %s, its route %s",
                                 route->operation, strempty(query), strempty(route->query));
        }
}

/* Those of the path, which stand beside the methods, are what is in braces. */
static void parameters_of_paths_are_told(void **state)
{
        const cJSON *path, *item;
        cJSON_ArrayForEach (path, at(*state, "paths")) {
                const char *brace = strempty(path->string);
                cJSON_ArrayForEach (item, at(path, "parameters")) {
                        const cJSON *parameter = follow(*state, item);
                        _cleanup_(freep) char *braced =
                                str_printf("{%s}", text_at(parameter, "name"));
                        assert_string_equal(text_at(parameter, "in"), "path");
                        brace += strcspn(brace, "{");
                        if (!startswith(brace, braced))
                                fail_msg("%s: expected %s", path->string, braced);
                        brace += strlen(braced);
                }
                assert_null(strchr(brace, '{'));
        }
}

static void each_operation_tells_what_a_reader_needs(void **state)
{
        static const char *const always[] = {"400", "401", "403", "503"};
        FOREACH_ROUTE(route)
        {
                const cJSON *operation = operation_of(*state, route);
                const cJSON *answers = at(operation, "responses"), *answer;
                assert_true(*text_at(operation, "summary"));
                for (size_t i = 0; i < ELEMENTSOF(always); i++)
                        if (!at(answers, always[i]))
                                fail_msg("%s tells of no %s", route->operation, always[i]);
                cJSON_ArrayForEach (answer, answers)
                        if (*answer->string >= '4' &&
                            !at(at(follow(*state, answer), "content"), "application/problem+json"))
                                fail_msg("%s: %s is no problem", route->operation, answer->string);
        }
}

static void version_is_the_programs(void **state)
{
        assert_string_equal(text_at(at(*state, "info"), "version"), PROJECT_VERSION);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_route_is_an_operation),
                cmocka_unit_test(each_operation_is_a_route),
                cmocka_unit_test(operations_have_names_of_their_own),
                cmocka_unit_test(arguments_are_those_of_the_routes),
                cmocka_unit_test(parameters_of_paths_are_told),
                cmocka_unit_test(each_operation_tells_what_a_reader_needs),
                cmocka_unit_test(version_is_the_programs),
        };
        return cmocka_run_group_tests(tests, load, unload);
}
