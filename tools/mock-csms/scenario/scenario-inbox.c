/* What came of the station and which step takes it. */
#include "scenario-state.h"
#include <stdio.h>

#define DESCRIBED_MAX 400
#define EVENT_TEXT_MAX 400

static void event_done(Event *event)
{
        free(event->action);
        cJSON_Delete(event->payload);
        *event = (Event){0};
}

static size_t payload_size(const cJSON *payload)
{
        _cleanup_(freep) char *text = payload ? cJSON_PrintUnformatted(payload) : NULL;
        return text ? strlen(text) : 0;
}

void inbox_put(ScenarioRun *run, EventKind kind, const char *action, const cJSON *payload)
{
        size_t size = payload_size(payload);
        Event event = {.kind = kind, .when = boottime_now()};
        if (run->phase != PHASE_STEPS)
                return;
        if (run->count == INBOX_MAX || size > INBOX_BYTES_MAX - run->bytes) {
                snprintf(run->trouble, sizeof(run->trouble),
                         "more messages came than are kept for steps to look at");
                run_wake(run);
                return;
        }
        event.action = action ? strdup(action) : NULL;
        event.payload = payload ? cJSON_Duplicate(payload, true) : NULL;
        if ((action && !event.action) || (payload && !event.payload)) {
                event_done(&event);
                snprintf(run->trouble, sizeof(run->trouble), "out of memory");
        } else {
                run->inbox[(run->first + run->count++) % INBOX_MAX] = event;
                run->bytes += size;
        }
        run_wake(run);
}

const Event *inbox_get(const ScenarioRun *run, size_t i)
{
        return i < run->count ? &run->inbox[(run->first + i) % INBOX_MAX] : NULL;
}

void inbox_pop(ScenarioRun *run)
{
        Event *event = &run->inbox[run->first];
        run->bytes -= payload_size(event->payload);
        event_done(event);
        run->first = (run->first + 1) % INBOX_MAX;
        run->count--;
}

void inbox_clear(ScenarioRun *run)
{
        while (run->count > 0)
                inbox_pop(run);
}

bool inbox_allows(const ScenarioRun *run, const Event *event)
{
        static const char *const usual[] = {"Heartbeat", "StatusNotification",
                                            "SecurityEventNotification", "NotifyEvent"};
        const cJSON *item;
        if (event->kind != STATION_CALLED)
                return true;
        for (size_t i = 0; i < ELEMENTSOF(usual) && !run->scenario->only; i++)
                if (streq(usual[i], event->action))
                        return true;
        cJSON_ArrayForEach (item, run->scenario->allow)
                if (streq(item->valuestring, event->action))
                        return true;
        return false;
}

static const char *describe(const Event *event, char buffer[static EVENT_TEXT_MAX])
{
        char payload[EVENT_TEXT_MAX - FAULT_ACTION_MAX - 8];
        snprintf(buffer, EVENT_TEXT_MAX, "%.*s %s", FAULT_ACTION_MAX,
                 event->action ? event->action : event_word(event->kind),
                 event->payload ? json_brief(event->payload, payload, sizeof(payload)) : "");
        return buffer;
}

static Progress came_instead(ScenarioRun *run, const Event *event, const Miss *miss)
{
        char awaited[DESCRIBED_MAX] = "", came[EVENT_TEXT_MAX];
        await_describe(&run_step(run)->await, awaited, sizeof(awaited));
        if (!miss->same_action)
                return run_fail(run, "awaited %s; came instead: %s", awaited,
                                describe(event, came));
        return run_fail(run, "awaited %s; came instead: %s; %s%s%s", awaited, describe(event, came),
                        miss->mismatch.path, *miss->mismatch.path ? ": " : "", miss->mismatch.text);
}

/* The step is over: what follows is the next one, unless it was the last of the awaits. */
static void pass_to(ScenarioRun *run, size_t step, usec_t when)
{
        for (; run->step < step; run->step++) {
                report_line(run->report, "ok     %3zu %s did not come", run->step + 1,
                            run_step(run)->word);
                run->step_began = when;
        }
}

/* Whether a step follows, or the end, before which all awaits have what they need. */
static bool may_end_before(const ScenarioRun *run, size_t step)
{
        return step == run->scenario->count || run->scenario->steps[step].kind != STEP_AWAIT;
}

/* Offers the event to the step, and to those behind it that this one can go without. 1: taken; 0;
 * -EINVAL: run->reason says why. *ret_end: all the awaits up to an action could go without it. */
static int offer(ScenarioRun *run, const Event *event, Miss *ret, bool *ret_end)
{
        *ret_end = false;
        for (size_t i = run->step; i < run->scenario->count; i++) {
                const Step *step = &run->scenario->steps[i];
                if (i > run->step && may_end_before(run, i)) {
                        *ret_end = true;
                        return 0;
                }
                int r = await_feed((Await *)&step->await, event, &run->values, ret);
                if (r < 0)
                        return run_fail(run, "%s",
                                        r == -EINVAL ? ret->mismatch.text : strerror(-r)),
                               -EINVAL;
                if (r > 0) {
                        if (i > run->step)
                                run->deadline = event->when + step->within;
                        pass_to(run, i, event->when);
                        return 1;
                }
                if (!await_is_satisfied(&step->await))
                        return 0;
        }
        *ret_end = true;
        return 0;
}

static Progress check_time(ScenarioRun *run, usec_t now)
{
        char awaited[DESCRIBED_MAX] = "";
        const Step *step = run_step(run);
        if (now < run->deadline)
                return PENDING;
        if (await_is_satisfied(&step->await))
                return PASSED;
        await_describe(&step->await, awaited, sizeof(awaited));
        return run_fail(run, "within %.3g s there did not come: %s",
                        (double)step->within / (double)USEC_PER_SEC, awaited);
}

Progress inbox_check_awaits(ScenarioRun *run, usec_t now)
{
        const Event *event;
        while ((event = inbox_get(run, 0))) {
                Miss miss = {0};
                bool end;
                int r = offer(run, event, &miss, &end);
                if (r < 0)
                        return FAILED;
                if (r > 0) {
                        run->instant = event->when;
                        inbox_pop(run);
                        if (await_is_done(&run_step(run)->await))
                                return PASSED;
                        continue;
                }
                if (inbox_allows(run, event)) {
                        inbox_pop(run);
                        continue;
                }
                if (end) /* it may be for the step behind the action that follows */
                        return PASSED;
                return came_instead(run, event, &miss);
        }
        return check_time(run, now);
}

Progress inbox_check_no(ScenarioRun *run, const Step *step, usec_t now)
{
        char came[EVENT_TEXT_MAX];
        for (size_t i = 0; i < run->count; i++) {
                const Event *event = inbox_get(run, i);
                Miss miss = {0};
                await_reset((Await *)&step->await);
                int r = await_feed((Await *)&step->await, event, &run->values, &miss);
                if (r < 0)
                        return run_fail(run, "%s",
                                        r == -EINVAL ? miss.mismatch.text : strerror(-r));
                if (r > 0)
                        return run_fail(run, "came, and must not: %s", describe(event, came));
        }
        return now < run->deadline ? PENDING : PASSED;
}

Progress inbox_check_rest(ScenarioRun *run)
{
        char came[EVENT_TEXT_MAX];
        const Event *event;
        for (; (event = inbox_get(run, 0)); inbox_pop(run))
                if (!inbox_allows(run, event))
                        return run_fail(run, "came, and no step awaits it: %s",
                                        describe(event, came));
        return PASSED;
}
