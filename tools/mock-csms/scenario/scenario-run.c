/* See scenario-run.h: the scenarios one after the other, and their steps. */
#include "log.h"
#include "scenario-state.h"
#include "strict.h"
#include <stdarg.h>
#include <stdio.h>

#define STEP_TEXT_MAX 240
#define GROUP_MAX 300

Progress run_fail(ScenarioRun *run, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(run->reason, sizeof(run->reason), format, arguments);
        va_end(arguments);
        return FAILED;
}

void run_wake(ScenarioRun *run)
{
        if (run->doors.wake_at)
                run->doors.wake_at(run->doors.userdata, boottime_now());
}

/* ---- What the station does ---- */

static bool is_ours(const ScenarioRun *run, const Station *station)
{
        return run->csms && streq(station_id(station), run->options.station);
}

static void on_joined(void *userdata, const Station *station)
{
        ScenarioRun *run = userdata;
        if (!is_ours(run, station))
                return;
        run->online = true;
        run->booted = false;
        run->joined_at = boottime_now();
        inbox_put(run, STATION_CAME, NULL, NULL);
        run_wake(run);
}

static void on_left(void *userdata, const Station *station)
{
        ScenarioRun *run = userdata;
        if (!is_ours(run, station))
                return;
        run->online = false;
        inbox_put(run, STATION_WENT, NULL, NULL);
}

static void check_station(ScenarioRun *run, usec_t now);

static void note_unchecked(ScenarioRun *run, const char *action)
{
        for (size_t i = 0; i < run->unchecked_count; i++)
                if (streq(run->unchecked[i], action))
                        return;
        if (run->unchecked_count == UNCHECKED_MAX)
                return;
        snprintf(run->unchecked[run->unchecked_count++], FAULT_ACTION_MAX + 1, "%s", action);
        report_line(run->report, "note       %s is in no table, and was not checked", action);
}

/* Strict mode: the first thing wrong fails the scenario. */
static void judge(ScenarioRun *run, Strictness s, const char *what, const char *action,
                  const CodecError *error)
{
        if (s == STRICT_UNCHECKED)
                note_unchecked(run, action);
        if (s != STRICT_VIOLATION || *run->trouble)
                return;
        snprintf(run->trouble, sizeof(run->trouble), "strict: %s %s: %s", what, action,
                 error->text);
        run_wake(run);
}

static void on_call_came(void *userdata, const Station *station, const char *action,
                         const cJSON *payload, cJSON **ret)
{
        ScenarioRun *run = userdata;
        CodecError error = {0};
        if (!is_ours(run, station) || run->phase == PHASE_OVER)
                return;
        if (run->options.strict)
                judge(run, strict_check_call(station_dialect(station), action, payload, &error),
                      "CALL", action, &error);
        *ret = act_answer(run, action);
        inbox_put(run, STATION_CALLED, action, payload);
        if (streq(action, "BootNotification")) {
                run->booted = true;
                if (run->phase == PHASE_STATION) /* before what comes right behind it */
                        check_station(run, boottime_now());
                run_wake(run);
        }
}

static void on_result_came(void *userdata, const Station *station, const char *action,
                           const cJSON *payload)
{
        ScenarioRun *run = userdata;
        CodecError error = {0};
        if (is_ours(run, station) && run->phase != PHASE_OVER && run->options.strict)
                judge(run, strict_check_result(station_dialect(station), action, payload, &error),
                      "CALLRESULT of", action, &error);
}

static void on_trouble_came(void *userdata, const Station *station, RpcTrouble trouble)
{
        static const char *const words[] = {
                [RPC_UNREADABLE] = "is no message of OCPP-J",
                [RPC_UNKNOWN_TYPE] = "has an unknown message type",
                [RPC_UNWANTED] = "came while the boot was rejected",
                [RPC_NOT_AWAITED] = "answers what nobody asked",
        };
        ScenarioRun *run = userdata;
        if (!is_ours(run, station) || !run->options.strict || *run->trouble || trouble == RPC_FINE)
                return;
        snprintf(run->trouble, sizeof(run->trouble), "strict: a frame %s", words[trouble]);
        run_wake(run);
}

static bool on_refuses(void *userdata, const char *id)
{
        ScenarioRun *run = userdata;
        if (!streq(id, run->options.station) || boottime_now() >= run->refuse_until)
                return false;
        inbox_put(run, STATION_REFUSED, NULL, NULL);
        if (run->refuse_left > 0 && --run->refuse_left == 0)
                run->refuse_until = 0;
        return true;
}

/* ---- The life of a run ---- */

int run_new(const RunOptions *options, ScenarioRun **ret)
{
        _cleanup_(run_freep) ScenarioRun *run = calloc(1, sizeof(*run));
        if (!run || !(run->unchecked = calloc(UNCHECKED_MAX, sizeof(*run->unchecked))))
                return -ENOMEM;
        int r = report_new(options->suite->count, &run->report);
        if (r < 0)
                return r;
        run->options = *options;
        run->observer = (Observer){
                .joined = on_joined,
                .left = on_left,
                .call_came = on_call_came,
                .result_came = on_result_came,
                .trouble_came = on_trouble_came,
                .refuses = on_refuses,
                .userdata = run,
        };
        *ret = TAKE_PTR(run);
        return 0;
}

void run_free(ScenarioRun *run)
{
        inbox_clear(run);
        values_clear(&run->values);
        if (run->report)
                report_free(run->report);
        free(run->unchecked);
        free(run);
}

const Observer *run_observer(const ScenarioRun *run)
{
        return &run->observer;
}

static int64_t fresh(void *userdata)
{
        return csms_request_id(userdata);
}

void run_start(ScenarioRun *run, Csms *csms, const RunDoors *doors)
{
        run->csms = csms;
        run->doors = *doors;
        run->values.fresh = fresh;
        run->values.userdata = csms;
        run_wake(run);
}

bool run_is_over(const ScenarioRun *run)
{
        return run->phase == PHASE_OVER;
}

void run_hook_ended(ScenarioRun *run, int status)
{
        run->hook_runs = false;
        run->hook_ended = true;
        run->hook_status = status;
        run_wake(run);
}

/* ---- One scenario ---- */

/* The names that every scenario knows, then its variables. 0 or negative errno; FAILED's reason is
 * set. */
static int fill_values(ScenarioRun *run, const Station *station)
{
        const char *uploads = station_uploads(station);
        size_t n = uploads ? strlen(uploads) - strlen("uploads/") : 0;
        _cleanup_(freep) char *files = uploads ? str_printf("%.*s", (int)n, uploads) : NULL;
        const cJSON *item;
        Values *v = &run->values;
        v->now = wallclock_now();
        int r = values_set(v, "station", cJSON_CreateString(run->options.station));
        if (r == 0)
                r = values_set(v, "protocol",
                               cJSON_CreateString(station_dialect(station)->subprotocol));
        if (r == 0 && files)
                r = values_set(v, "files", cJSON_CreateString(files));
        if (r == 0 && uploads)
                r = values_set(v, "uploads", cJSON_CreateString(uploads));
        cJSON_ArrayForEach (item, run->scenario->variables) {
                _cleanup_(freep) char *missing = NULL;
                const cJSON *set =
                        cJSON_GetObjectItemCaseSensitive(run->options.suite->set, item->string);
                cJSON *value = NULL;
                if (r == 0)
                        r = values_expand(v, set ? set : item, &value, &missing);
                if (r == -ENOENT)
                        run_fail(run, "variable %s: there is no value for ${%s}", item->string,
                                 missing);
                if (r == 0)
                        r = values_set(v, item->string, value);
        }
        return r;
}

static void begin_case(ScenarioRun *run, usec_t now)
{
        run->scenario = run->options.suite->items[run->index];
        run->phase = PHASE_STATION;
        run->began = now;
        run->deadline = now + run->scenario->station_within;
        run->step = 0;
        run->step_started = false;
        run->marks_count = 0;
        report_begin(run->report, run->options.station, run->scenario->id, run->scenario->name);
}

static void end_case(ScenarioRun *run, CaseEnd end, usec_t now)
{
        if (end == CASE_FAILED && run->step + 1 < run->scenario->count && run->phase == PHASE_STEPS)
                report_line(run->report, "-          %zu more steps were not tried",
                            run->scenario->count - run->step - 1);
        report_end(run->report, end, now - run->began, end == CASE_PASSED ? NULL : run->reason);
        act_clean(run);
        run->phase = PHASE_IDLE;
        inbox_clear(run);
        values_clear(&run->values);
        run->trouble[0] = run->reason[0] = '\0';
        run->index++;
}

static void fail_case(ScenarioRun *run, usec_t now)
{
        report_line(run->report, "           %s", run->reason);
        end_case(run, CASE_FAILED, now);
}

/* Begins the steps once the station is there and has booted. */
static void check_station(ScenarioRun *run, usec_t now)
{
        const Station *station = csms_find(run->csms, run->options.station);
        if (now >= run->deadline) {
                run_fail(run, "the station did not come within %.3g s",
                         (double)run->scenario->station_within / (double)USEC_PER_SEC);
                fail_case(run, now);
                return;
        }
        if (!run->online || !station || (!run->booted && now < run->joined_at + BOOT_WAIT))
                return;
        if (!scenario_is_for(run->scenario, station_dialect(station)->subprotocol)) {
                run_fail(run, "it is not for %s", station_dialect(station)->subprotocol);
                end_case(run, CASE_SKIPPED, now);
                return;
        }
        int r = fill_values(run, station);
        if (r < 0) {
                if (r != -ENOENT)
                        run_fail(run, "can't set the variables: %s", strerror(-r));
                fail_case(run, now);
                return;
        }
        for (size_t i = 0; i < run->scenario->count; i++)
                await_reset(&run->scenario->steps[i].await);
        run->phase = PHASE_STEPS;
}

/* ---- One step ---- */

static usec_t find_mark(const ScenarioRun *run, const char *name)
{
        for (size_t i = run->marks_count; i-- > 0;)
                if (streq(run->marks[i].name, name))
                        return run->marks[i].when;
        return 0;
}

static void set_mark(ScenarioRun *run, const char *name)
{
        if (name && run->marks_count < MARKS_MAX)
                run->marks[run->marks_count++] = (Mark){name, run->instant};
}

static double bound_seconds(const ScenarioRun *run, const Bound *bound)
{
        usec_t span = bound->span;
        if (bound->factor > 0)
                return bound->factor *
                       ((double)find_mark(run, bound->to) - (double)find_mark(run, bound->from)) /
                       (double)USEC_PER_SEC;
        return (double)span / (double)USEC_PER_SEC;
}

/* Whether what was awaited came neither too early nor too late. */
static Progress check_times(ScenarioRun *run, const Step *step)
{
        if (!step->since)
                return PASSED;
        double took =
                ((double)run->instant - (double)find_mark(run, step->since)) / (double)USEC_PER_SEC;
        if (step->at_least.given && took < bound_seconds(run, &step->at_least))
                return run_fail(run, "came %.3f s after \"%s\"; awaited at least %.3f s", took,
                                step->since, bound_seconds(run, &step->at_least));
        if (step->at_most.given && took > bound_seconds(run, &step->at_most))
                return run_fail(run, "came %.3f s after \"%s\"; awaited at most %.3f s", took,
                                step->since, bound_seconds(run, &step->at_most));
        return PASSED;
}

/* "call GetLog {…}": what it is about, or its comment. */
static void describe_step(const Step *step, char text[static STEP_TEXT_MAX])
{
        char body[STEP_TEXT_MAX - FAULT_ACTION_MAX - 24];
        const cJSON *payload = cJSON_GetObjectItemCaseSensitive(step->body, "payload");
        const char *action =
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(step->body, "action"));
        json_brief(action ? payload : step->body, body, sizeof(body));
        if (step->comment)
                snprintf(text, STEP_TEXT_MAX, "%.16s %.160s", step->word, step->comment);
        else if (action)
                snprintf(text, STEP_TEXT_MAX, "%.16s %.*s %s", step->word, FAULT_ACTION_MAX, action,
                         payload ? body : "");
        else
                snprintf(text, STEP_TEXT_MAX, "%.16s %s", step->word, body);
}

/* Reports the step that ended; the scenario goes on or ends. */
static void end_step(ScenarioRun *run, Progress progress, usec_t now)
{
        const Step *step = run_step(run);
        char text[STEP_TEXT_MAX];
        if (progress == PASSED)
                progress = check_times(run, step);
        describe_step(step, text);
        report_line(run->report, "%-6s %3zu %s (%.3f s)", progress == PASSED ? "ok" : "FAILED",
                    run->step + 1, text, (double)(now - run->step_began) / (double)USEC_PER_SEC);
        if (progress == FAILED) {
                fail_case(run, now);
                return;
        }
        set_mark(run, step->mark);
        run->step++;
        run->step_started = false;
        if (run->step < run->scenario->count)
                return;
        if (inbox_check_rest(run) == PASSED)
                end_case(run, CASE_PASSED, now);
        else
                fail_case(run, now);
}

/* Takes the steps as far as it goes. */
static void do_steps(ScenarioRun *run, usec_t now)
{
        Progress progress = PENDING;
        if (*run->trouble) {
                run_fail(run, "%s", run->trouble);
                fail_case(run, now);
                return;
        }
        if (!run->step_started) {
                run->step_started = true;
                progress = act_start(run, run_step(run), now);
        }
        if (progress == PENDING)
                progress = act_check(run, run_step(run), now);
        if (progress != PENDING)
                end_step(run, progress, now);
}

/* When something is due by itself. */
static usec_t next_time(const ScenarioRun *run)
{
        usec_t boot = run->online && !run->booted ? run->joined_at + BOOT_WAIT : USEC_INFINITY;
        return run->phase == PHASE_STATION ? MIN(boot, run->deadline) : run->deadline;
}

/* The answer to the last message is still to go out. */
static void linger(ScenarioRun *run, usec_t now)
{
        run->phase = PHASE_LINGER;
        run->deadline = now + LINGER;
}

usec_t run_tick(ScenarioRun *run, usec_t now)
{
        size_t index, step;
        Phase phase;
        do { /* as long as something moves */
                index = run->index;
                step = run->step;
                phase = run->phase;
                if (phase == PHASE_OVER)
                        return USEC_INFINITY;
                if (phase == PHASE_LINGER && now >= run->deadline)
                        run->phase = PHASE_OVER;
                else if (phase == PHASE_IDLE && index == run->options.suite->count)
                        linger(run, now);
                else if (phase == PHASE_IDLE)
                        begin_case(run, now);
                else if (phase == PHASE_STATION)
                        check_station(run, now);
                else if (phase == PHASE_STEPS)
                        do_steps(run, now);
        } while (run->index != index || run->step != step || run->phase != phase);
        return run->phase == PHASE_OVER ? USEC_INFINITY : next_time(run);
}

int run_finish(ScenarioRun *run)
{
        usec_t now = boottime_now();
        bool whole = run->index == run->options.suite->count;
        while (run->index < run->options.suite->count) {
                if (run->phase == PHASE_IDLE)
                        begin_case(run, now);
                run_fail(run, "the run was ended before it");
                fail_case(run, now);
        }
        run->phase = PHASE_OVER;
        int r = report_finish(run->report, run->options.junit);
        if (r < 0)
                log_error_errno(r, "Can't write %s", run->options.junit);
        return r != 0 || !whole;
}
