/* The lives of a roll-out and of its targets as tables, the words for both, and shares. See
 * rollout.h. */
#include "rollout-private.h"
#include <inttypes.h>
#include <stdio.h>

#define PERCENT_UNIT 100 /* hundredths */
#define SHARE_COUNT_MAX 1000000

/* clang-format off */
static const char *const rollout_words[ROLLOUT_STATE_MAX] = {
        [ROLLOUT_READY] = "ready",       [ROLLOUT_RUNNING] = "running",   [ROLLOUT_WAITING] = "waiting",
        [ROLLOUT_PAUSED] = "paused",     [ROLLOUT_FINISHED] = "finished", [ROLLOUT_ABORTED] = "aborted",
};

static const char *const target_words[TARGET_STATE_MAX] = {
        [TARGET_WAITING] = "waiting",         [TARGET_DUE] = "due",               [TARGET_TELLING] = "telling",
        [TARGET_TOLD] = "told",               [TARGET_ACCEPTED] = "accepted",     [TARGET_DOWNLOADING] = "downloading",
        [TARGET_DOWNLOADED] = "downloaded",   [TARGET_INSTALLING] = "installing", [TARGET_REBOOTING] = "rebooting",
        [TARGET_INSTALLED] = "installed",     [TARGET_RETRYING] = "retrying",     [TARGET_FAILED] = "failed",
        [TARGET_SUPERSEDED] = "superseded",   [TARGET_SKIPPED] = "skipped",
};

static const char *const failure_words[FAILURE_MAX] = {
        [FAILURE_NONE] = "None",                   [FAILURE_NO_ANSWER] = "NoAnswer",
        [FAILURE_REJECTED] = "Rejected",           [FAILURE_CALL_ERROR] = "CallError",
        [FAILURE_UNTELLABLE] = "Untellable",       [FAILURE_DOWNLOAD] = "DownloadFailed",
        [FAILURE_SIGNATURE] = "InvalidSignature",  [FAILURE_INSTALL] = "InstallationFailed",
        [FAILURE_VERIFICATION] = "InstallVerificationFailed", [FAILURE_STALLED] = "Stalled",
};

static const struct {
        RolloutState state;
        RolloutEvent event;
        RolloutState next;
} rollout_steps[] = {
        {ROLLOUT_READY,    ROLLOUT_START,     ROLLOUT_RUNNING},
        {ROLLOUT_READY,    ROLLOUT_SUPERSEDE, ROLLOUT_READY},
        {ROLLOUT_READY,    ROLLOUT_ABORT,     ROLLOUT_ABORTED},

        {ROLLOUT_RUNNING,  ROLLOUT_AHEAD,     ROLLOUT_WAITING},
        {ROLLOUT_RUNNING,  ROLLOUT_TRIPPED,   ROLLOUT_PAUSED},
        {ROLLOUT_RUNNING,  ROLLOUT_DONE,      ROLLOUT_FINISHED},
        {ROLLOUT_RUNNING,  ROLLOUT_PAUSE,     ROLLOUT_PAUSED},
        {ROLLOUT_RUNNING,  ROLLOUT_SUPERSEDE, ROLLOUT_RUNNING},
        {ROLLOUT_RUNNING,  ROLLOUT_ABORT,     ROLLOUT_ABORTED},

        {ROLLOUT_WAITING,  ROLLOUT_DUE,       ROLLOUT_RUNNING},
        {ROLLOUT_WAITING,  ROLLOUT_TRIPPED,   ROLLOUT_PAUSED}, /* stragglers of groups that have reached their share */
        {ROLLOUT_WAITING,  ROLLOUT_PAUSE,     ROLLOUT_PAUSED},
        {ROLLOUT_WAITING,  ROLLOUT_SUPERSEDE, ROLLOUT_RUNNING},
        {ROLLOUT_WAITING,  ROLLOUT_ABORT,     ROLLOUT_ABORTED},

        {ROLLOUT_PAUSED,   ROLLOUT_RESUME,    ROLLOUT_RUNNING},
        {ROLLOUT_PAUSED,   ROLLOUT_SUPERSEDE, ROLLOUT_PAUSED},
        {ROLLOUT_PAUSED,   ROLLOUT_ABORT,     ROLLOUT_ABORTED},

        {ROLLOUT_FINISHED, ROLLOUT_SUPERSEDE, ROLLOUT_RUNNING}, /* for those that have failed */
        {ROLLOUT_ABORTED,  ROLLOUT_SUPERSEDE, ROLLOUT_ABORTED},
};

/* A status leads on only, so that none comes back by an old one, or stays under way for ever. */
static const struct {
        uint32_t states;
        TargetEvent event;
        TargetState next;
} target_steps[] = {
        {OF(WAITING),                                          TARGET_GROUP_BEGUN,     TARGET_DUE},
        {OF(DUE) | OF(SUPERSEDED),                             TARGET_TELL,            TARGET_TELLING},
        {OF(TELLING),                                          TARGET_SENT,            TARGET_TOLD},
        {OF(TELLING) | OF(TOLD),                               TARGET_ANSWER_ACCEPTED, TARGET_ACCEPTED},
        {QUIET,                                                TARGET_IS_DOWNLOADING,  TARGET_DOWNLOADING},
        {QUIET | OF(DOWNLOADING),                              TARGET_HAS_DOWNLOADED,  TARGET_DOWNLOADED},
        {QUIET | OF(DOWNLOADING) | OF(DOWNLOADED),             TARGET_IS_INSTALLING,   TARGET_INSTALLING},
        {IN_FLIGHT & ~OF(REBOOTING),                           TARGET_IS_REBOOTING,    TARGET_REBOOTING},
        {IN_FLIGHT | OF(RETRYING) | OF(DUE) | OF(FAILED),      TARGET_HAS_INSTALLED,   TARGET_INSTALLED},
        {IN_FLIGHT | OF(RETRYING) | OF(FAILED) | OF(DUE) | OF(SUPERSEDED), TARGET_HAS_VERSION, TARGET_INSTALLED},
        {IN_FLIGHT,                                            TARGET_FAILS,           TARGET_RETRYING},
        {IN_FLIGHT | OF(DUE) | OF(SUPERSEDED),                 TARGET_FAILS_AT_LAST,   TARGET_FAILED},
        {OF(TELLING) | OF(TOLD),                               TARGET_REFUSES,         TARGET_RETRYING},
        {OF(TELLING) | OF(TOLD),                               TARGET_REFUSES_AT_LAST, TARGET_FAILED},
        {OF(RETRYING),                                         TARGET_RETRY_DUE,       TARGET_DUE},
        {IN_FLIGHT | OF(RETRYING),                             TARGET_SUPERSEDE,       TARGET_SUPERSEDED},
        {OF(FAILED),                                           TARGET_RENEW,           TARGET_DUE},
        {OF(WAITING) | OF(DUE),                                TARGET_ABORT,           TARGET_SKIPPED},
        {OF(RETRYING),                                         TARGET_ABORT,           TARGET_FAILED},
};
/* clang-format on */

RolloutState rollout_step(RolloutState state, RolloutEvent event)
{
        for (size_t i = 0; i < ELEMENTSOF(rollout_steps); i++)
                if (rollout_steps[i].state == state && rollout_steps[i].event == event)
                        return rollout_steps[i].next;
        return ROLLOUT_STATE_MAX;
}

TargetState target_step(TargetState state, TargetEvent event)
{
        for (size_t i = 0; i < ELEMENTSOF(target_steps); i++)
                if (target_steps[i].event == event && (target_steps[i].states & (1u << state)))
                        return target_steps[i].next;
        return TARGET_STATE_MAX;
}

bool target_is_in_flight(TargetState state)
{
        return IN_FLIGHT & (1u << state);
}

bool target_is_over(TargetState state)
{
        return (OF(INSTALLED) | OF(FAILED) | OF(SKIPPED)) & (1u << state);
}

static size_t find_word(const char *const *words, size_t count, const char *word)
{
        size_t i = 0;
        while (i < count && !streq(words[i], word))
                i++;
        return i;
}

const char *rollout_state_to_string(RolloutState state)
{
        return state >= 0 && state < ROLLOUT_STATE_MAX ? rollout_words[state] : "?";
}

const char *target_state_to_string(TargetState state)
{
        return state >= 0 && state < TARGET_STATE_MAX ? target_words[state] : "?";
}

TargetState target_state_from_string(const char *word)
{
        return (TargetState)find_word(target_words, TARGET_STATE_MAX, word);
}

const char *target_failure_to_string(TargetFailure failure)
{
        return failure >= 0 && failure < FAILURE_MAX ? failure_words[failure] : "?";
}

TargetFailure target_failure_from_string(const char *word)
{
        return (TargetFailure)find_word(failure_words, FAILURE_MAX, word);
}

uint32_t rollout_share_of(RolloutShare share, uint32_t size)
{
        int64_t whole = 100 * PERCENT_UNIT, n = share.value;
        if (share.kind == SHARE_NONE)
                return 0;
        if (share.kind == SHARE_PERCENT)
                n = (size * share.value + whole - 1) / whole;
        return (uint32_t)MIN(n, (int64_t)size);
}

/* Digits only. 0 and the rest in *text; -EINVAL. */
static int take_number(const char **text, int64_t max, int64_t *ret)
{
        int64_t n = 0;
        const char *p = *text;
        for (; *p >= '0' && *p <= '9'; p++)
                if ((n = 10 * n + (*p - '0')) > max)
                        return -EINVAL;
        if (p == *text)
                return -EINVAL;
        *text = p;
        *ret = n;
        return 0;
}

int rollout_share_parse(const char *text, RolloutShare *ret)
{
        int64_t n, part = 0;
        if (take_number(&text, SHARE_COUNT_MAX, &n) < 0)
                return -EINVAL;
        if (!*text) {
                *ret = (RolloutShare){SHARE_COUNT, n};
                return 0;
        }
        if (*text == '.') {
                const char *digits = ++text;
                if (take_number(&text, PERCENT_UNIT - 1, &part) < 0 || text - digits > 2)
                        return -EINVAL;
                part *= text - digits == 1 ? 10 : 1;
        }
        n = n * PERCENT_UNIT + part;
        if (!streq(text, "%") || n > 100 * PERCENT_UNIT)
                return -EINVAL;
        *ret = (RolloutShare){SHARE_PERCENT, n};
        return 0;
}

const char *rollout_share_format(RolloutShare share, char buffer[static TIME_TEXT_MAX])
{
        int64_t whole = share.value / PERCENT_UNIT, part = share.value % PERCENT_UNIT;
        *buffer = '\0';
        if (share.kind == SHARE_COUNT)
                snprintf(buffer, TIME_TEXT_MAX, "%" PRId64, share.value);
        else if (share.kind == SHARE_PERCENT && part == 0)
                snprintf(buffer, TIME_TEXT_MAX, "%" PRId64 "%%", whole);
        else if (share.kind == SHARE_PERCENT)
                snprintf(buffer, TIME_TEXT_MAX, "%" PRId64 ".%02" PRId64 "%%", whole, part);
        return buffer;
}
