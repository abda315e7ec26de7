/* See history.h. */
#include "history.h"
#include "json.h"

/* What the states of stations are in a picture. */
typedef enum Phase {
        PHASE_WAITING,
        PHASE_TOLD,
        PHASE_DOWNLOADING,
        PHASE_INSTALLING,
        PHASE_INSTALLED,
        PHASE_FAILED,
        PHASE_SKIPPED,
        PHASE_MAX,
} Phase;

/* clang-format off */
static const char *const phase_words[PHASE_MAX] = {
        [PHASE_WAITING] = "waiting",       [PHASE_TOLD] = "told",           [PHASE_DOWNLOADING] = "downloading",
        [PHASE_INSTALLING] = "installing", [PHASE_INSTALLED] = "installed", [PHASE_FAILED] = "failed",
        [PHASE_SKIPPED] = "skipped",
};

static const Phase phases[TARGET_STATE_MAX] = {
        [TARGET_WAITING] = PHASE_WAITING,       [TARGET_DUE] = PHASE_WAITING,           [TARGET_TELLING] = PHASE_TOLD,
        [TARGET_TOLD] = PHASE_TOLD,             [TARGET_ACCEPTED] = PHASE_TOLD,         [TARGET_DOWNLOADING] = PHASE_DOWNLOADING,
        [TARGET_DOWNLOADED] = PHASE_DOWNLOADING, [TARGET_INSTALLING] = PHASE_INSTALLING, [TARGET_REBOOTING] = PHASE_INSTALLING,
        [TARGET_INSTALLED] = PHASE_INSTALLED,   [TARGET_RETRYING] = PHASE_WAITING,      [TARGET_FAILED] = PHASE_FAILED,
        [TARGET_SUPERSEDED] = PHASE_WAITING,    [TARGET_SKIPPED] = PHASE_SKIPPED,
};
/* clang-format on */

static bool add_group(cJSON *list, const RolloutGroup *group)
{
        uint32_t counts[PHASE_MAX] = {0};
        cJSON *one = cJSON_CreateObject();
        if (!one || !cJSON_AddItemToArray(list, one))
                return false;
        for (TargetState s = 0; s < TARGET_STATE_MAX; s++)
                counts[phases[s]] += group->counts[s];
        for (Phase p = 0; p < PHASE_MAX; p++)
                if (counts[p] > 0 && !cJSON_AddNumberToObject(one, phase_words[p], counts[p]))
                        return false;
        return true;
}

char *history_counts(const Rollout *rollout)
{
        size_t count;
        const RolloutGroup *groups = rollout_groups(rollout, &count);
        _cleanup_(cJSON_Deletep) cJSON *list = cJSON_CreateArray();
        for (size_t g = 0; g < count; g++)
                if (!list || !add_group(list, &groups[g]))
                        return NULL;
        return list ? cJSON_PrintUnformatted(list) : NULL;
}

void history_restore(History *history, uint32_t count, int64_t number, usec_t at, char *counts)
{
        history_done(history);
        if (count == 0)
                return;
        int64_t step = count > 1 ? MAX(number / (count - 1), (int64_t)1) : 1;
        *history = (History){
                .next = number + step, .step = step, .count = count, .last_at = at, .last = counts};
}

bool history_take(History *history, char *counts, usec_t at, usec_t now, HistorySample *ret)
{
        if (history->last && streq(history->last, counts)) {
                free(counts);
                return false;
        }
        bool full = history->count >= HISTORY_SAMPLES_MAX;
        history->step = MAX(history->step, (int64_t)1);
        if (full) {
                history->step *= 2;
                history->count /= 2;
        }
        free(history->last);
        history->last = counts;
        history->last_at = MAX(history->last_at, at);
        history->free_at = now + (usec_t)history->step * HISTORY_EVERY;
        *ret = (HistorySample){.number = history->next,
                               .step = full ? history->step : 0,
                               .at = history->last_at,
                               .counts = counts};
        history->next += history->step;
        history->count++;
        return true;
}

void history_done(History *history)
{
        free(history->last);
        *history = (History){0};
}
