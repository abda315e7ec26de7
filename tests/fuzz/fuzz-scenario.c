/* A scenario file of any bytes and, behind a NUL, a message of a station: either a scenario or one
 * complaint; and whatever is awaited can be offered the message, described, and begun anew. */
#include <stdio.h>

#include "scenario-await.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fine)
{
        if (!fine)
                abort();
}

/* Offers the message again and again, as often as it is taken. */
static void offer(Await *await, const Event *event, Values *values)
{
        char text[200] = "";
        Miss miss = {0};
        bool was_done;

        await_reset(await);
        do {
                was_done = await_is_done(await);
                require(!was_done || await_is_satisfied(await));
        } while (await_feed(await, event, values, &miss) > 0 && !was_done);
        await_describe(await, text, sizeof(text));
        require(strlen(text) < sizeof(text));
}

static void try_step(const Step *step, const cJSON *message, Values *values)
{
        _cleanup_(cJSON_Deletep) cJSON *copy = NULL;
        _cleanup_(freep) char *missing = NULL;
        const Event event = {
                .kind = STATION_CALLED,
                .action = (char *)strempty(
                        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "action"))),
                .payload = cJSON_GetObjectItemCaseSensitive(message, "payload"),
        };
        const Event others[] = {
                {.kind = STATION_CAME}, {.kind = STATION_WENT}, {.kind = STATION_REFUSED}};
        int r = values_expand(values, step->body, &copy, &missing);

        require((r == -ENOENT) == (missing != NULL) && (r == 0) == (copy != NULL));
        if (step->kind != STEP_AWAIT && step->kind != STEP_NO)
                return;
        offer((Await *)&step->await, &event, values);
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                offer((Await *)&step->await, &others[i], values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint8_t *end = size ? memchr(data, 0, size) : NULL;
        size_t n = end ? (size_t)(end - data) : size;
        _cleanup_(cJSON_Deletep) cJSON *message = NULL;
        _cleanup_(scenario_freep) Scenario *s = NULL;
        ScenarioError error = {0};
        Values values = {.now = 1};
        int r = scenario_parse("fuzz", (const char *)data, n, &s, &error);

        require((r == 0 && s) || (r == -EINVAL && *error.text));
        if (end)
                (void)json_parse((const char *)end + 1, size - n - 1, &message);
        for (size_t i = 0; r == 0 && i < s->count; i++)
                try_step(&s->steps[i], message, &values);
        values_clear(&values);
        return 0;
}
