/* What each command of an operator's would do, in a sentence with numbers. See rollout.h. */
#include "rollout-private.h"
#include <inttypes.h>
#include <stdio.h>

#define UNTOLD (OF(WAITING) | OF(DUE))

/* clang-format off */
static const struct {
        RolloutEvent command;
        uint32_t states;      /* of the stations that are counted */
        enum { ALWAYS, IF_ABORTED, UNLESS_ABORTED } when;
        const char *one, *many; /* what follows the number */
} parts[] = {
        {ROLLOUT_START,     UNTOLD,                 ALWAYS, "is told in its turn", "are told, group by group"},

        {ROLLOUT_PAUSE,     UNTOLD | OF(RETRYING),  ALWAYS, "is not told until it is resumed", "are not told until it is resumed"},
        {ROLLOUT_PAUSE,     IN_FLIGHT | OF(SUPERSEDED), ALWAYS, "that was told goes on", "that were told go on"},

        {ROLLOUT_RESUME,    UNTOLD | OF(RETRYING),  ALWAYS, "is told in its turn", "are told in their turn"},
        {ROLLOUT_RESUME,    OF(FAILED),             ALWAYS, "has failed, which is accepted: limits count from there", "have failed, which is accepted: limits count from there"},

        {ROLLOUT_ABORT,     UNTOLD,                 ALWAYS, "is never told", "are never told"},
        {ROLLOUT_ABORT,     OF(RETRYING),           ALWAYS, "that failed is not tried again", "that failed are not tried again"},
        {ROLLOUT_ABORT,     IN_FLIGHT | OF(SUPERSEDED), ALWAYS, "that was told goes on, and can only be superseded", "that were told go on, and can only be superseded"},

        {ROLLOUT_SUPERSEDE, IN_FLIGHT | OF(RETRYING) | OF(SUPERSEDED), ALWAYS, "that was told is told the new firmware at once", "that were told are told the new firmware at once"},
        {ROLLOUT_SUPERSEDE, UNTOLD,                 ALWAYS, "is told it in its turn", "are told it in their turn"},
        {ROLLOUT_SUPERSEDE, OF(FAILED),             UNLESS_ABORTED, "that has failed is told it, too", "that have failed are told it, too"},
        {ROLLOUT_SUPERSEDE, OF(FAILED),             IF_ABORTED, "that has failed is not told it", "that have failed are not told it"},
        {ROLLOUT_SUPERSEDE, OF(SKIPPED),            ALWAYS, "is never told", "are never told"},
        {ROLLOUT_SUPERSEDE, OF(INSTALLED),          ALWAYS, "that has installed stays as it is", "that have installed stay as they are"},
};
/* clang-format on */

static uint32_t count_of(const Rollout *rollout, uint32_t states)
{
        size_t count;
        uint32_t n = 0;
        const RolloutGroup *groups = rollout_groups(rollout, &count);
        for (size_t g = 0; g < count; g++)
                for (TargetState s = 0; s < TARGET_STATE_MAX; s++)
                        n += states & (1u << s) ? groups[g].counts[s] : 0;
        return n;
}

const char *rollout_effect(const Rollout *rollout, RolloutEvent command,
                           char buffer[static ROLLOUT_EFFECT_MAX + 1])
{
        bool aborted = rollout_plan(rollout)->state == ROLLOUT_ABORTED;
        int at = 0;
        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                uint32_t n = count_of(rollout, parts[i].states);
                if (parts[i].command != command || n == 0 ||
                    (parts[i].when != ALWAYS && (parts[i].when == IF_ABORTED) != aborted))
                        continue;
                int room = ROLLOUT_EFFECT_MAX + 1 - at;
                at += snprintf(buffer + at, (size_t)room, "%s%" PRIu32 "%s %s", at > 0 ? "; " : "",
                               n,
                               at > 0   ? ""
                               : n == 1 ? " station"
                                        : " stations",
                               n == 1 ? parts[i].one : parts[i].many);
                at = MIN(at, ROLLOUT_EFFECT_MAX - 1); /* never, by the texts above */
        }
        snprintf(buffer + at, (size_t)(ROLLOUT_EFFECT_MAX + 1 - at), "%s",
                 at > 0 ? "." : "It concerns no station.");
        return buffer;
}
