/* The steps of a scenario that do something. */
#include "scenario-state.h"
#include <math.h>
#include <stdio.h>

#define BRIEF_MAX 200

/* A copy with its names replaced; NULL, and the step fails. */
static cJSON *expand(ScenarioRun *run, const cJSON *template)
{
        _cleanup_(freep) char *missing = NULL;
        cJSON *copy = NULL;
        run->values.now = wallclock_now();
        int r = values_expand(&run->values, template, &copy, &missing);
        if (r == -ENOENT)
                run_fail(run, "there is no value for ${%s}", missing);
        else if (r == -E2BIG)
                run_fail(run, "with its values it has more than %zu bytes", EXPANDED_BYTES_MAX);
        else if (r < 0)
                run_fail(run, "can't put in the values: %s", strerror(-r));
        return r < 0 ? NULL : copy;
}

static Station *find_station(const ScenarioRun *run)
{
        return csms_find(run->csms, run->options.station);
}

/* ---- call ---- */

static void on_answer(void *userdata, const CallOutcome *outcome)
{
        ScenarioRun *run = userdata;
        Asked *asked = &run->asked;
        asked->call = NULL;
        asked->ended = true;
        asked->end = outcome->end;
        asked->when = boottime_now();
        asked->result = outcome->result ? cJSON_Duplicate(outcome->result, true) : NULL;
        snprintf(asked->code, sizeof(asked->code), "%s", strempty(outcome->code));
        snprintf(asked->text, sizeof(asked->text), "%s", strempty(outcome->description));
        run_wake(run);
}

static void forget_call(Asked *asked)
{
        if (asked->call)
                call_forget(asked->call);
        cJSON_Delete(asked->result);
        *asked = (Asked){0};
}

static Progress start_call(ScenarioRun *run, const Step *step)
{
        const cJSON *template = cJSON_GetObjectItemCaseSensitive(step->body, "payload");
        const char *action =
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(step->body, "action"));
        Station *station = find_station(run);
        forget_call(&run->asked);
        if (!station || !station_is_online(station))
                return run_fail(run, "the station is not connected");
        cJSON *payload = template ? expand(run, template) : cJSON_CreateObject();
        if (!payload)
                return FAILED;
        int r = station_call(station, action, payload, on_answer, run, &run->asked.call);
        return r < 0 ? run_fail(run, "can't call the station: %s", strerror(-r)) : PENDING;
}

/* Whether the code or the result is as the step wants it. */
static Progress compare(ScenarioRun *run, const cJSON *template, const cJSON *value)
{
        Mismatch why;
        _cleanup_(cJSON_Deletep) cJSON *pattern = expand(run, template);
        if (!pattern)
                return FAILED;
        if (pattern_matches(pattern, value, &why))
                return PASSED;
        return run_fail(run, "the answer's %s%s%s", why.path, *why.path ? ": " : "", why.text);
}

static Progress judge_error(ScenarioRun *run, const Step *step)
{
        const Asked *asked = &run->asked;
        const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(step->body, "error");
        _cleanup_(cJSON_Deletep) cJSON *code = cJSON_CreateString(asked->code);
        if (!wanted)
                return run_fail(run, "awaited an answer; came instead: CALLERROR %s \"%s\"",
                                asked->code, asked->text);
        return code ? compare(run, wanted, code) : FAILED;
}

static Progress judge_result(ScenarioRun *run, const Step *step)
{
        const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(step->body, "result");
        char got[BRIEF_MAX];
        const char *path = NULL;
        if (!wanted && cJSON_GetObjectItemCaseSensitive(step->body, "error"))
                return run_fail(run, "awaited a CALLERROR; came instead: %s",
                                json_brief(run->asked.result, got, sizeof(got)));
        if (wanted && compare(run, wanted, run->asked.result) == FAILED)
                return FAILED;
        int r = values_save(&run->values, cJSON_GetObjectItemCaseSensitive(step->body, "save"),
                            run->asked.result, &path);
        if (r == -ENOENT)
                return run_fail(run, "there is nothing to save at %s", path);
        return r < 0 ? run_fail(run, "can't save: %s", strerror(-r)) : PASSED;
}

static Progress check_call(ScenarioRun *run, const Step *step, usec_t now)
{
        const Asked *asked = &run->asked;
        double seconds = (double)(now - run->step_began) / (double)USEC_PER_SEC;
        if (!asked->ended)
                return now < run->deadline ? PENDING
                                           : run_fail(run, "no answer within %.3f s", seconds);
        run->instant = asked->when;
        switch (asked->end) {
        case CALL_RESULT:
                return judge_result(run, step);
        case CALL_ERROR:
                return judge_error(run, step);
        case CALL_TIMEOUT:
                return run_fail(run, "no answer within the message timeout (%.3f s)", seconds);
        case CALL_GONE:
                break;
        }
        return run_fail(run, "the station went away before it answered");
}

/* ---- answer, fault, connection ---- */

static Progress start_answer(ScenarioRun *run, const Step *step)
{
        const cJSON *action = cJSON_GetObjectItemCaseSensitive(step->body, "action");
        size_t i = 0;
        while (i < run->rules_count &&
               !cJSON_Compare(action,
                              cJSON_GetObjectItemCaseSensitive(run->rules[i].step->body, "action"),
                              true))
                i++;
        if (i == RULES_MAX)
                return run_fail(run, "more than %d fixed answers", RULES_MAX);
        run->rules_count = MAX(run->rules_count, i + 1);
        run->rules[i] = (Rule){step, step->times};
        return PASSED;
}

cJSON *act_answer(ScenarioRun *run, const char *action)
{
        for (size_t i = 0; i < run->rules_count; i++) {
                Rule *rule = &run->rules[i];
                const cJSON *body = rule->step->body;
                if (!streq(action,
                           cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "action"))))
                        continue;
                cJSON *answer = expand(run, cJSON_GetObjectItemCaseSensitive(body, "payload"));
                if (!answer)
                        snprintf(run->trouble, sizeof(run->trouble), "answer to %.*s: %.900s",
                                 FAULT_ACTION_MAX, action, run->reason);
                if (rule->left > 0 && --rule->left == 0)
                        *rule = run->rules[--run->rules_count];
                return answer;
        }
        return NULL;
}

static Progress start_fault(ScenarioRun *run, const Step *step)
{
        Station *station = find_station(run);
        int r = station ? station_set_fault(station, &step->fault) : -ENOTCONN;
        return r < 0 ? run_fail(run, "can't set the fault: %s", strerror(-r)) : PASSED;
}

static Progress start_disconnect(ScenarioRun *run, const Step *step _unused_)
{
        Station *station = find_station(run);
        if (!station || !station_is_online(station))
                return run_fail(run, "the station is not connected");
        station_close(station);
        return PASSED;
}

static Progress start_refuse(ScenarioRun *run, const Step *step)
{
        run->refuse_until = run->step_began + step->within;
        run->refuse_left = step->times;
        return PASSED;
}

/* ---- hook, wait, set ---- */

static Progress start_hook(ScenarioRun *run, const Step *step)
{
        char *words[HOOK_WORDS_MAX + 1] = {NULL};
        const cJSON *word;
        size_t n = 0;
        if (!run->options.has_hook)
                return run_fail(run, "there is no program to run: --hook PROGRAM");
        _cleanup_(cJSON_Deletep) cJSON *list = expand(run, step->body);
        if (!list)
                return FAILED;
        cJSON_ArrayForEach (word, list) {
                if (!cJSON_IsString(word))
                        return run_fail(run, "word %zu of the hook is no string", n + 1);
                words[n++] = word->valuestring;
        }
        run->hook_ended = false;
        int r = run->doors.start_hook(run->doors.userdata, words);
        if (r < 0)
                return run_fail(run, "can't run the hook: %s", strerror(-r));
        run->hook_runs = true;
        return PENDING;
}

static Progress check_hook(ScenarioRun *run, const Step *step, usec_t now)
{
        if (!run->hook_ended)
                return now < run->deadline ? PENDING
                                           : run_fail(run, "the hook did not end within %.3g s",
                                                      (double)step->within / (double)USEC_PER_SEC);
        run->instant = now;
        if (run->hook_status < 0)
                return run_fail(run, "the hook was killed by a signal");
        return run->hook_status == 0 ? PASSED
                                     : run_fail(run, "the hook ended with %d", run->hook_status);
}

static Progress check_wait(ScenarioRun *run, const Step *step _unused_, usec_t now)
{
        return now < run->deadline ? PENDING : PASSED;
}

static Progress start_set(ScenarioRun *run, const Step *step)
{
        const cJSON *item;
        cJSON_ArrayForEach (item, step->body) {
                cJSON *value = expand(run, item);
                int r = value ? values_set(&run->values, item->string, value) : -EINVAL;
                if (r < 0)
                        return value ? run_fail(run, "can't set %s: %s", item->string, strerror(-r))
                                     : FAILED;
        }
        return PASSED;
}

static Progress start_forget(ScenarioRun *run, const Step *step _unused_)
{
        inbox_clear(run);
        return PASSED;
}

static Progress start_await(ScenarioRun *run, const Step *step _unused_)
{
        run->values.now = wallclock_now();
        return PENDING;
}

static Progress check_await(ScenarioRun *run, const Step *step _unused_, usec_t now)
{
        return inbox_check_awaits(run, now);
}

/* clang-format off */
static const struct Act {
        Progress (*start)(ScenarioRun *run, const Step *step);
        Progress (*check)(ScenarioRun *run, const Step *step, usec_t now);
} acts[] = {
        [STEP_AWAIT]      = { start_await,      check_await    },
        [STEP_NO]         = { start_await,      inbox_check_no },
        [STEP_CALL]       = { start_call,       check_call     },
        [STEP_ANSWER]     = { start_answer,     NULL           },
        [STEP_FAULT]      = { start_fault,      NULL           },
        [STEP_DISCONNECT] = { start_disconnect, NULL           },
        [STEP_REFUSE]     = { start_refuse,     NULL           },
        [STEP_HOOK]       = { start_hook,       check_hook     },
        [STEP_WAIT]       = { start_await,      check_wait     },
        [STEP_SET]        = { start_set,        NULL           },
        [STEP_FORGET]     = { start_forget,     NULL           },
};
/* clang-format on */

Progress act_start(ScenarioRun *run, const Step *step, usec_t now)
{
        run->step_began = run->instant = now;
        run->deadline = now + step->within;
        return acts[step->kind].start(run, step);
}

Progress act_check(ScenarioRun *run, const Step *step, usec_t now)
{
        return acts[step->kind].check(run, step, now);
}

void act_clean(ScenarioRun *run)
{
        Station *station = find_station(run);
        for (size_t i = 0; station && i < run->scenario->count; i++) {
                Fault fault = run->scenario->steps[i].fault;
                fault.kind = FAULT_NONE;
                if (run->scenario->steps[i].kind == STEP_FAULT)
                        (void)station_set_fault(station, &fault);
        }
        if (run->hook_runs)
                run->doors.stop_hook(run->doors.userdata);
        run->hook_runs = false;
        forget_call(&run->asked);
        run->rules_count = 0;
        run->refuse_until = 0;
}
