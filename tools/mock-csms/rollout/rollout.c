/* Making, loading and reading a roll-out. What happens to it: rollout-step.c. See rollout.h. */
#include "draw.h"
#include "rollout-private.h"
#include <inttypes.h>
#include <stdio.h>

int rollout_new(const RolloutPlan *plan, const RolloutGroup *groups, size_t groups_count,
                const RolloutDoors *doors, Rollout **ret)
{
        if (groups_count == 0 || groups_count > ROLLOUT_GROUPS_MAX)
                return -E2BIG;
        Rollout *rollout = calloc(1, sizeof(*rollout));
        if (!rollout)
                return -ENOMEM;
        rollout->plan = *plan;
        rollout->doors = *doors;
        rollout->groups_count = (uint32_t)groups_count;
        for (size_t i = 0; i < groups_count; i++) {
                rollout->groups[i] = groups[i];
                rollout->groups[i].first = rollout->groups[i].size = 0;
        }
        *ret = rollout;
        return 0;
}

void rollout_free(Rollout *rollout)
{
        if (!rollout)
                return;
        for (uint32_t i = 0; i < rollout->count; i++)
                free(rollout->targets[i].id);
        free(rollout->targets);
        free(rollout->by_id);
        free(rollout->changed);
        heap_done(&rollout->ready);
        heap_done(&rollout->deadlines);
        free(rollout);
}

int rollout_add(Rollout *rollout, const RolloutTarget *target)
{
        if (target->group >= rollout->groups_count || target->state >= TARGET_STATE_MAX ||
            target->failure >= FAILURE_MAX ||
            (rollout->count > 0 && rollout->targets[rollout->count - 1].group > target->group))
                return -EINVAL;
        if (rollout->count == rollout->room) {
                uint32_t room = rollout->room ? 2 * rollout->room : 64;
                RolloutTarget *more = realloc(rollout->targets, room * sizeof(*more));
                if (!more)
                        return -ENOMEM;
                rollout->targets = more;
                rollout->room = room;
        }
        char *id = strdup(target->id);
        if (!id)
                return -ENOMEM;
        rollout->targets[rollout->count] = *target;
        rollout->targets[rollout->count].id = id;
        rollout->targets[rollout->count].online = rollout->targets[rollout->count].changed = false;
        RolloutGroup *group = &rollout->groups[target->group];
        if (group->size++ == 0)
                group->first = rollout->count;
        rollout->count++;
        return 0;
}

static int compare_ids(const void *a, const void *b, void *userdata)
{
        const RolloutTarget *targets = userdata;
        return strcmp(targets[*(const uint32_t *)a].id, targets[*(const uint32_t *)b].id);
}

int rollout_restore(Rollout *rollout)
{
        uint32_t n = rollout->count;
        rollout->by_id = calloc(n + 1, sizeof(*rollout->by_id));
        rollout->changed = calloc(n + 1, sizeof(*rollout->changed));
        if (!rollout->by_id || !rollout->changed || heap_init(&rollout->ready, n) < 0 ||
            heap_init(&rollout->deadlines, n) < 0)
                return -ENOMEM;
        for (uint32_t g = 0; g < rollout->groups_count; g++)
                memset(rollout->groups[g].counts, 0, sizeof(rollout->groups[g].counts));
        for (uint32_t i = 0; i < n; i++) {
                const RolloutTarget *target = &rollout->targets[i];
                rollout->by_id[i] = i;
                rollout->counts[target->state]++;
                rollout->groups[target->group].counts[target->state]++;
                rollout_enqueue(rollout, i);
        }
        qsort_r(rollout->by_id, n, sizeof(*rollout->by_id), compare_ids, rollout->targets);
        return 0;
}

void rollout_set_id(Rollout *rollout, int64_t id)
{
        rollout->plan.id = id;
}

/* ---- drawing ---- */

typedef struct Lot {
        uint64_t hash;
        const char *id;
        bool taken;
} Lot;

static int compare_lots(const void *a, const void *b)
{
        const Lot *x = a, *y = b;
        if (x->hash != y->hash)
                return x->hash < y->hash ? -1 : 1;
        return strcmp(x->id, y->id);
}

static int give(Rollout *rollout, Lot *lot, uint32_t group)
{
        lot->taken = true;
        return rollout_add(rollout, &(RolloutTarget){
                                            .id = (char *)lot->id,
                                            .group = (uint16_t)group,
                                            .request_id = NO_INT,
                                            .since = rollout->plan.since,
                                    });
}

static int assign_group(Rollout *rollout, Lot *lots, size_t count, const RolloutChoice *choice,
                        uint32_t group)
{
        uint32_t left = (uint32_t)count - rollout->count;
        uint32_t wanted = rollout_share_of(choice->share, left);
        int r = 0;
        for (size_t i = 0; i < choice->ids_count && r == 0; i++) {
                Lot key = {draw_number(rollout->plan.name, choice->ids[i]), choice->ids[i], false};
                Lot *lot = bsearch(&key, lots, count, sizeof(*lots), compare_lots);
                if (lot && !lot->taken)
                        r = give(rollout, lot, group);
        }
        for (size_t i = 0; i < count && wanted > 0 && r == 0; i++)
                if (!lots[i].taken) {
                        r = give(rollout, &lots[i], group);
                        wanted--;
                }
        return r < 0 ? r : rollout->groups[group].size == 0 ? -ENODATA : 0;
}

int rollout_assign(Rollout *rollout, const char *const *candidates, size_t count,
                   const RolloutChoice *choices)
{
        _cleanup_(freep) Lot *lots = calloc(count + 1, sizeof(*lots));
        if (!lots)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++)
                lots[i] =
                        (Lot){draw_number(rollout->plan.name, candidates[i]), candidates[i], false};
        qsort(lots, count, sizeof(*lots), compare_lots);
        int r = 0;
        for (uint32_t g = 0; g < rollout->groups_count && r == 0; g++)
                r = assign_group(rollout, lots, count, &choices[g], g);
        return r < 0 ? r : rollout_restore(rollout);
}

/* ---- reading ---- */

const RolloutPlan *rollout_plan(const Rollout *rollout)
{
        return &rollout->plan;
}

const RolloutGroup *rollout_groups(const Rollout *rollout, size_t *ret_count)
{
        *ret_count = rollout->groups_count;
        return rollout->groups;
}

const RolloutTarget *rollout_targets(const Rollout *rollout, size_t *ret_count)
{
        *ret_count = rollout->count;
        return rollout->targets;
}

const RolloutTarget *rollout_find(const Rollout *rollout, const char *id)
{
        uint32_t low = 0, high = rollout->count;
        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                const RolloutTarget *target = &rollout->targets[rollout->by_id[middle]];
                int c = strcmp(target->id, id);
                if (c == 0)
                        return target;
                if (c < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

bool rollout_allows(const Rollout *rollout, RolloutEvent command)
{
        return command < ROLLOUT_COMMAND_MAX &&
               rollout_step(rollout->plan.state, command) != ROLLOUT_STATE_MAX;
}

uint32_t rollout_over_count(const uint32_t counts[static TARGET_STATE_MAX])
{
        uint32_t n = 0;
        for (TargetState s = 0; s < TARGET_STATE_MAX; s++)
                n += target_is_over(s) ? counts[s] : 0;
        return n;
}

uint32_t rollout_in_flight_count(const uint32_t counts[static TARGET_STATE_MAX])
{
        uint32_t n = 0;
        for (TargetState s = 0; s < TARGET_STATE_MAX; s++)
                n += target_is_in_flight(s) ? counts[s] : 0;
        return n;
}

bool rollout_is_over(const Rollout *rollout)
{
        return rollout->plan.state == ROLLOUT_FINISHED ||
               (rollout->plan.state == ROLLOUT_ABORTED &&
                rollout_over_count(rollout->counts) == rollout->count);
}

uint32_t rollout_begun(const Rollout *rollout)
{
        uint32_t n = 0;
        while (n < rollout->groups_count && rollout->groups[n].begun_at != NO_TIME)
                n++;
        return n;
}

uint32_t rollout_needed(const RolloutGroup *group)
{
        return rollout_share_of(group->success, group->size);
}

usec_t rollout_next_begin(const Rollout *rollout)
{
        uint32_t begun = rollout_begun(rollout);
        if (begun == rollout->groups_count)
                return USEC_INFINITY;
        if (begun == 0)
                return rollout->plan.start_at;
        const RolloutGroup *before = &rollout->groups[begun - 1];
        return before->reached_at == NO_TIME ? USEC_INFINITY : before->reached_at + before->wait;
}

static void describe_group(const RolloutGroup *group, char *buffer)
{
        uint32_t due = group->counts[TARGET_DUE] + group->counts[TARGET_SUPERSEDED];
        snprintf(buffer, ROLLOUT_REASON_MAX + 1,
                 "Group %.64s: %" PRIu32 " of %" PRIu32 " have the firmware, %" PRIu32
                 " must; %" PRIu32 " are under way, %" PRIu32 " are to be told, %" PRIu32
                 " are tried again later.",
                 group->name, group->counts[TARGET_INSTALLED], group->size, rollout_needed(group),
                 rollout_in_flight_count(group->counts), due, group->counts[TARGET_RETRYING]);
}

const char *rollout_next(const Rollout *rollout, char buffer[static ROLLOUT_REASON_MAX + 1])
{
        char when[TIME_TEXT_MAX];
        const RolloutPlan *plan = &rollout->plan;
        uint32_t begun = rollout_begun(rollout),
                 left = rollout->count - rollout_over_count(rollout->counts);
        *buffer = '\0';
        switch (plan->state) {
        case ROLLOUT_READY:
                snprintf(buffer, ROLLOUT_REASON_MAX + 1, "It waits to be started.");
                break;
        case ROLLOUT_RUNNING:
                if (begun > 0)
                        describe_group(&rollout->groups[begun - 1], buffer);
                break;
        case ROLLOUT_WAITING:
                if (begun < rollout->groups_count)
                        snprintf(buffer, ROLLOUT_REASON_MAX + 1, "Group %.64s begins at %s.",
                                 rollout->groups[begun].name,
                                 time_format(rollout_next_begin(rollout), when));
                break;
        case ROLLOUT_PAUSED:
                snprintf(buffer, ROLLOUT_REASON_MAX + 1,
                         "It waits to be resumed, superseded or aborted.");
                break;
        case ROLLOUT_FINISHED:
        case ROLLOUT_ABORTED:
                if (left > 0)
                        snprintf(buffer, ROLLOUT_REASON_MAX + 1,
                                 "%" PRIu32 " stations were told and have not come to their end.",
                                 left);
                break;
        case ROLLOUT_STATE_MAX:
                break;
        }
        return buffer;
}
