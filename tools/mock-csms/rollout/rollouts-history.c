/* What is shown of roll-outs while they go on: events, now and then, and their history. See
 * rollouts.h and history.h. */
#include "json-add.h"
#include "rollouts-private.h"
#include "state-history.h"

/* Listeners hear of a roll-out that changes at most so often. */
#define TELL_EVERY (200 * USEC_PER_MSEC)

/* ---- as it goes on ---- */

static bool is_sampled(const Kept *kept)
{
        return kept->unsampled && kept->rollout && !kept->error &&
               rollout_plan(kept->rollout)->state != ROLLOUT_READY;
}

static usec_t show_at(const Kept *kept)
{
        return MIN(kept->untold ? kept->told_at + TELL_EVERY : USEC_INFINITY,
                   is_sampled(kept) ? kept->history.free_at : USEC_INFINITY);
}

void rollouts_changed(Rollouts *rollouts, Kept *kept)
{
        kept->untold = kept->unsampled = true;
        rollouts->options.wake_at(rollouts->options.userdata, show_at(kept));
}

static void publish(const Rollouts *rollouts, const Rollout *rollout)
{
        Events *events = rollouts->options.events;
        if (events_wanted(events, "rollout", NULL))
                events_publish(events, "rollout", NULL, rollouts_describe(rollouts, rollout));
}

usec_t rollouts_show(Rollouts *rollouts, Kept *kept)
{
        usec_t now = boottime_now();
        HistorySample sample;
        if (!kept->rollout)
                return USEC_INFINITY;
        if (kept->untold && kept->told_at + TELL_EVERY <= now) {
                kept->untold = false;
                kept->told_at = now;
                publish(rollouts, kept->rollout);
        }
        if (is_sampled(kept) && kept->history.free_at <= now) {
                char *counts = history_counts(kept->rollout);
                kept->unsampled = false;
                /* one that can't be written is lacking in a picture, no more: it is logged */
                if (counts && history_take(&kept->history, counts, wallclock_now(), now, &sample))
                        (void)state_history_add(rollouts->options.state, kept->id, &sample);
        }
        return show_at(kept);
}

/* ---- what happened to it ---- */

static const struct {
        const char *what;
        int rank; /* of what comes at the same time */
} event_marks[ROLLOUT_EVENT_MAX] = {
        [ROLLOUT_START] = {"started", 0},        [ROLLOUT_PAUSE] = {"paused", 0},
        [ROLLOUT_RESUME] = {"resumed", 0},       [ROLLOUT_ABORT] = {"aborted", 0},
        [ROLLOUT_SUPERSEDE] = {"superseded", 0}, [ROLLOUT_TRIPPED] = {"paused", 2},
        [ROLLOUT_DONE] = {"finished", 2},
};

void rollouts_mark(Rollouts *rollouts, const Rollout *rollout, const RolloutNews *news)
{
        const RolloutPlan *plan = rollout_plan(rollout);
        const RolloutCommand *command = rollouts->command;
        bool asked = news->index < ROLLOUT_COMMAND_MAX && command,
             why = news->index == ROLLOUT_TRIPPED;
        if (!event_marks[news->index].what)
                return;
        (void)state_mark_add(rollouts->options.state, plan->id,
                             &(RolloutMark){
                                     .at = news->at,
                                     .event = (RolloutEvent)news->index,
                                     .state = plan->state,
                                     .by = asked ? command->by : ROLLOUT_ITSELF,
                                     .reason = asked ? command->reason
                                               : why ? plan->reason
                                                     : "",
                             });
}

/* ---- for REST ---- */

/* A mark to be told. */
typedef struct Told {
        usec_t at;
        int rank;
        size_t n; /* in the order in which they were found */
        cJSON *json;
} Told;

typedef struct Marks {
        Told all[MARKS_MAX + 2 * ROLLOUT_GROUPS_MAX];
        size_t count;
} Marks;

static int add_mark(Marks *marks, const char *what, int rank, const char *group,
                    const RolloutMark *mark)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        const char *state = group ? NULL : rollout_state_to_string(mark->state);
        if (!o || !json_add_time(o, "at", mark->at) || !cJSON_AddStringToObject(o, "what", what) ||
            !json_add_text(o, "group", group) || !json_add_text(o, "state", state) ||
            !cJSON_AddStringToObject(o, "by", mark->by) ||
            !cJSON_AddStringToObject(o, "reason", mark->reason))
                return -ENOMEM;
        marks->all[marks->count] = (Told){mark->at, rank, marks->count, TAKE_PTR(o)};
        marks->count++;
        return 0;
}

static int add_event_mark(void *userdata, const RolloutMark *mark)
{
        Marks *marks = userdata;
        if (mark->event < 0 || mark->event >= ROLLOUT_EVENT_MAX || !event_marks[mark->event].what ||
            marks->count == MARKS_MAX)
                return 0;
        return add_mark(marks, event_marks[mark->event].what, event_marks[mark->event].rank, NULL,
                        mark);
}

/* When groups have begun and were reached, the roll-out itself knows. */
static int add_group_marks(Marks *marks, const Rollout *rollout)
{
        size_t count;
        int r = 0;
        const RolloutGroup *group = rollout_groups(rollout, &count);
        for (const RolloutGroup *end = group + count; group < end; group++) {
                RolloutMark mark = {.at = group->begun_at, .by = ROLLOUT_ITSELF, .reason = ""};
                if (r == 0 && mark.at != NO_TIME)
                        r = add_mark(marks, "begun", 1, group->name, &mark);
                mark.at = group->reached_at;
                if (r == 0 && mark.at != NO_TIME)
                        r = add_mark(marks, "reached", 1, group->name, &mark);
        }
        return r;
}

static int compare_marks(const void *a, const void *b)
{
        const Told *x = a, *y = b;
        if (x->at != y->at)
                return x->at < y->at ? -1 : 1;
        if (x->rank != y->rank)
                return x->rank - y->rank;
        return x->n < y->n ? -1 : 1;
}

/* *first becomes when the first of them was, if that is earlier. 0; negative errno. */
static int describe_marks(Rollouts *rollouts, const Rollout *rollout, cJSON *o, usec_t *first)
{
        _cleanup_(freep) Marks *marks = calloc(1, sizeof(*marks));
        cJSON *list = cJSON_AddArrayToObject(o, "marks");
        if (!marks || !list)
                return -ENOMEM;
        int r = state_marks_each(rollouts->options.state, rollout_plan(rollout)->id, add_event_mark,
                                 marks);
        if (r == 0)
                r = add_group_marks(marks, rollout);
        qsort(marks->all, marks->count, sizeof(*marks->all), compare_marks);
        for (size_t i = 0; i < marks->count; i++) {
                cJSON_AddItemToArray(list, marks->all[i].json);
                *first = MIN(*first, marks->all[i].at);
        }
        return r;
}

typedef struct Samples {
        cJSON *list;
        usec_t first, last;
} Samples;

static int add_sample(void *userdata, usec_t at, const char *counts)
{
        Samples *samples = userdata;
        cJSON *one = cJSON_CreateObject();
        if (!one || !cJSON_AddItemToArray(samples->list, one) || !json_add_time(one, "at", at) ||
            !cJSON_AddRawToObject(one, "groups", counts))
                return -ENOMEM;
        samples->first = MIN(samples->first, at);
        samples->last = at;
        return 0;
}

/* What is kept, and, where its time has not come, what is now. 0; negative errno. */
static int describe_samples(Rollouts *rollouts, const Kept *kept, Samples *samples)
{
        int r = state_history_each(rollouts->options.state, kept->id, add_sample, samples);
        if (r != 0 || !is_sampled(kept))
                return r;
        _cleanup_(freep) char *counts = history_counts(kept->rollout);
        if (!counts)
                return -ENOMEM;
        return kept->history.last && streq(counts, kept->history.last)
                       ? 0
                       : add_sample(samples, MAX(wallclock_now(), samples->last), counts);
}

cJSON *rollouts_describe_history(Rollouts *rollouts, int64_t id)
{
        const Kept *kept = rollouts_kept(rollouts, id);
        size_t count;
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        cJSON *names = o ? cJSON_AddArrayToObject(o, "groups") : NULL;
        Samples samples = {.list = o ? cJSON_AddArrayToObject(o, "samples") : NULL,
                           .first = USEC_INFINITY};
        if (!names || !samples.list || describe_samples(rollouts, kept, &samples) != 0 ||
            describe_marks(rollouts, kept->rollout, o, &samples.first) != 0)
                return NULL;
        const RolloutGroup *groups = rollout_groups(kept->rollout, &count);
        for (size_t g = 0; g < count; g++)
                cJSON_AddItemToArray(names, cJSON_CreateString(groups[g].name));
        bool any = samples.first != USEC_INFINITY, over = rollout_is_over(kept->rollout);
        usec_t to = over ? samples.last : MAX(wallclock_now(), samples.last);
        return json_add_time(o, "from", any ? samples.first : NO_TIME) &&
                               json_add_time(o, "to", any ? to : NO_TIME)
                       ? TAKE_PTR(o)
                       : NULL;
}
