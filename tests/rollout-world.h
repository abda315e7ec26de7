/* The world that roll-outs are tried in: its stations and their ways, what an operator does in it,
 * what is stored, and the laws of each telling. Included by test-rollout-world.c alone, which has
 * the rest: living in it. */
#pragma once

#include "rollout-private.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define STATIONS_MOST 40
#define GROUPS_MOST 4
#define EVENTS_MOST 20000
#define STEPS_MOST 20000
#define IDS_MOST 4000
#define NEVER USEC_INFINITY
#define SECOND USEC_PER_SEC

typedef enum Kind { EV_ONLINE, EV_OFFLINE, EV_ANSWER, EV_STATUS, EV_BOOT, EV_COMMAND } Kind;

typedef struct Event {
        usec_t at;
        Kind kind;
        uint32_t station; /* or command */
        int64_t request_id;
        TargetFailure answer;
        const char *status;
        uint32_t rank; /* of the status among those of a good update, from 1 */
} Event;

/* What the world knows of a station. */
typedef struct Seen {
        bool online, told, superseded, renewed, untellable;
        int64_t request_id;
        uint32_t tries, tellings;
        usec_t heard_at; /* told, answered or a status told */
        bool answered;   /* or a status came */
        bool downloaded; /* by its last status */
        usec_t acts_at;  /* it was told to wait until then */
        TargetFailure failed;
        usec_t failed_at;
        uint32_t rank; /* of the farthest status */
        bool over;     /* it has told Installed or booted with the version */
} Seen;

typedef enum Mode { PLAIN, RESTARTS, CRASHES, LOST, MODE_MAX } Mode;

typedef struct World {
        uint64_t seed, random;
        Mode mode;
        bool story, broken;
        usec_t now;
        usec_t bides; /* stations are told to wait for so long */
        RolloutPlan plan;
        RolloutGroup groups[GROUPS_MOST];
        RolloutChoice choices[GROUPS_MOST];
        uint32_t groups_count, stations;
        char names[STATIONS_MOST][16];
        const char *ids[STATIONS_MOST];
        Seen seen[STATIONS_MOST];
        Rollout *rollout;
        Event events[EVENTS_MOST];
        uint32_t events_count;
        usec_t quiet_at; /* operators and faults end */
        /* What is on the disk. */
        RolloutPlan disk_plan;
        RolloutGroup disk_groups[GROUPS_MOST];
        RolloutTarget disk_targets[STATIONS_MOST];
        int64_t last_id;
        /* Judged. */
        uint32_t forgiven, group_forgiven[GROUPS_MOST];
        usec_t reached[GROUPS_MOST];
        bool waived[GROUPS_MOST];
        bool used[IDS_MOST];
        bool crashed;          /* in this step: nothing goes out any more */
        uint32_t tells, crash; /* CRASHES and LOST: the telling that is lost, counted from 1 */
        bool losing;           /* LOST: the rest of the step's tellings, too */
        uint64_t story_hash;   /* of all that was stored */
} World;

static World world; /* too large for a stack */

static void say(World *w, const char *format, ...) _printf_(2, 3);
static void say(World *w, const char *format, ...)
{
        va_list args;
        if (!w->story)
                return;
        printf("  %8.3f ", (double)w->now / (double)SECOND);
        va_start(args, format);
        vprintf(format, args);
        va_end(args);
        putchar('\n');
}

static void law(World *w, bool holds, const char *sentence)
{
        if (holds || w->broken)
                return;
        w->broken = true;
        printf("seed %" PRIu64 ": LAW %s\n", w->seed, sentence);
}

static uint64_t mix(uint64_t x)
{
        x += 0x9e3779b97f4a7c15u;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        return x ^ (x >> 31);
}

/* 0 … n - 1. */
static uint32_t draw(uint64_t *state, uint32_t n)
{
        *state = mix(*state);
        return (uint32_t)(*state >> 33) % n;
}

static void add_event(World *w, Event event)
{
        if (w->events_count == EVENTS_MOST) {
                law(w, false, "a world ends");
                return;
        }
        event.at += draw(&w->random, 1000) + 1; /* hardly ever two at once */
        w->events[w->events_count++] = event;
}

static uint32_t station_of(const World *w, const char *id)
{
        uint32_t i = 0;
        while (i < w->stations && !streq(w->ids[i], id))
                i++;
        return i;
}

/* ---- laws of a telling ---- */

static uint32_t count_failed(const Rollout *r, uint32_t group)
{
        uint32_t n = 0;
        for (uint32_t i = 0; i < r->count; i++)
                n += r->targets[i].state == TARGET_FAILED &&
                     (group == UINT32_MAX || r->targets[i].group == group);
        return n;
}

static bool passed(RolloutShare limit, uint32_t size, uint32_t failed, uint32_t forgiven)
{
        uint32_t most = MAX(1u, rollout_share_of(limit, size));
        return limit.kind != SHARE_NONE && failed > forgiven && failed - forgiven >= most;
}

static bool limits_hold(const World *w, const Rollout *r)
{
        if (passed(r->plan.fail_limit, r->count, count_failed(r, UINT32_MAX), w->forgiven))
                return false;
        for (uint32_t g = 0; g < w->groups_count; g++)
                if (passed(r->groups[g].fail_limit, r->groups[g].size, count_failed(r, g),
                           w->group_forgiven[g]))
                        return false;
        return true;
}

/* When its silence is a failure. */
static usec_t silent_until(const World *w, const Seen *seen)
{
        bool may_wait = seen->rank == 0 || seen->downloaded;
        if (!seen->answered)
                return seen->heard_at + w->plan.answer_timeout;
        return MAX(seen->heard_at, may_wait ? seen->acts_at : 0) + w->plan.progress_timeout;
}

/* Whether the retry rule lets it be told once more. */
static bool may_retry(const World *w, const Seen *seen)
{
        const RolloutPlan *plan = &w->plan;
        TargetFailure failure = seen->failed;
        usec_t failed_at = seen->failed_at;
        if (failure == FAILURE_NONE) { /* only silence is left */
                failure = seen->answered ? FAILURE_STALLED : FAILURE_NO_ANSWER;
                failed_at = silent_until(w, seen);
        }
        return (plan->retry.reasons & (1u << failure)) && seen->tries <= plan->retry.times &&
               w->now >= failed_at + plan->retry.after && !seen->over;
}

/* When a group has what the next one waits for. */
static void note_reached(World *w, const Rollout *r)
{
        for (uint32_t g = 0; g < w->groups_count; g++) {
                const RolloutGroup *group = &r->groups[g];
                uint32_t installed = 0, over = 0;
                for (uint32_t i = group->first; i < group->first + group->size; i++) {
                        installed += r->targets[i].state == TARGET_INSTALLED;
                        over += target_is_over(r->targets[i].state);
                }
                bool begun = group->begun_at != NO_TIME,
                     share = installed >= rollout_share_of(group->success, group->size);
                if (w->reached[g] == NEVER && begun &&
                    (share || (w->waived[g] && over == group->size)))
                        w->reached[g] = w->now;
        }
}

static void judge_tell(World *w, const Rollout *r, const RolloutTarget *target)
{
        uint32_t s = station_of(w, target->id), g = target->group, in_flight = 0;
        Seen *seen = &w->seen[s];
        const RolloutTarget *stored = &w->disk_targets[target - r->targets];
        RolloutState state = r->plan.state;
        note_reached(w, r);
        law(w, seen->online, "a station is told while it is connected");
        law(w,
            stored->state == TARGET_TELLING && stored->request_id == target->request_id &&
                    w->disk_plan.firmware == target->firmware,
            "a telling is stored before the message goes out");
        law(w,
            target->request_id > 0 && target->request_id < IDS_MOST && !w->used[target->request_id],
            "each telling has a request id of its own");
        w->used[MIN(MAX(target->request_id, 0), IDS_MOST - 1)] = true;
        law(w, !seen->told || seen->superseded || seen->renewed || may_retry(w, seen),
            "no station is told twice");
        if (!seen->superseded) {
                law(w, state == ROLLOUT_RUNNING || state == ROLLOUT_WAITING,
                    "nobody is told while it is paused, aborted or not started");
                law(w, limits_hold(w, r), "a limit that was passed stops everything");
                law(w, w->now >= w->plan.start_at, "nobody is told before the start");
                for (uint32_t before = 0; before < g; before++)
                        law(w,
                            w->reached[before] != NEVER &&
                                    w->now >= w->reached[before] + r->groups[before].wait,
                            "no group begins before its time");
        }
        for (uint32_t i = 0; i < r->count; i++)
                in_flight += target_is_in_flight(r->targets[i].state);
        law(w, w->plan.in_flight_max == 0 || in_flight <= w->plan.in_flight_max,
            "no more are told at a time than may be");
        law(w, !seen->untellable, "who can't be told is not told");
}

/* How a station takes a telling: the same in each life of the world. */
static void play_station(World *w, uint32_t s, int64_t request_id)
{
        static const char *const good[] = {"Downloading", "Downloaded", "Installing",
                                           "InstallRebooting", "Installed"};
        static const char *const bad[] = {"DownloadFailed", "InvalidSignature",
                                          "InstallationFailed", "InstallVerificationFailed"};
        uint64_t dice = mix(w->seed * 1000003 + s * 1009 + w->seen[s].tellings);
        usec_t at = w->now;
        uint32_t how = draw(&dice, 10), stop = draw(&dice, ELEMENTSOF(good));
        bool quiet = w->now >= w->quiet_at;
        if (how == 0 && !quiet)
                return; /* as if it had heard nothing */
        at += (draw(&dice, 3) + 1) * SECOND;
        TargetFailure answer = how == 1   ? FAILURE_REJECTED
                               : how == 2 ? FAILURE_CALL_ERROR
                                          : FAILURE_NONE;
        answer = quiet ? FAILURE_NONE : answer;
        if (how != 3)
                add_event(w, (Event){.at = at,
                                     .kind = EV_ANSWER,
                                     .station = s,
                                     .request_id = request_id,
                                     .answer = answer});
        if (answer != FAILURE_NONE)
                return;
        for (uint32_t n = 0; n < ELEMENTSOF(good); n++) {
                at += (draw(&dice, 20) + 1) * SECOND;
                bool fails = how >= 4 && how <= 6 && n == stop && !quiet;
                if (how == 7 && n == stop && !quiet)
                        return;                              /* stalls */
                if (how == 8 && n == ELEMENTSOF(good) - 1) { /* tells by its boot alone */
                        add_event(w, (Event){.at = at, .kind = EV_BOOT, .station = s});
                        return;
                }
                add_event(w, (Event){.at = at,
                                     .kind = EV_STATUS,
                                     .station = s,
                                     .request_id = request_id,
                                     .status = fails ? bad[n % ELEMENTSOF(bad)] : good[n],
                                     .rank = n + 1});
                if (fails)
                        return;
        }
}

/* ---- doors ---- */

static int fresh_id(void *userdata, int64_t *ret)
{
        World *w = userdata;
        *ret = ++w->last_id;
        return 0;
}

static void remember(World *w, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
        w->story_hash += mix(mix(mix(mix(a) ^ b) ^ c) ^ d); /* at one time in any order */
}

static int store(void *userdata, const Rollout *r, const uint32_t *targets, size_t count,
                 RolloutFlush flush _unused_)
{
        World *w = userdata;
        if (w->crashed)
                return 0;
        if (w->disk_plan.state != r->plan.state) {
                say(w, "roll-out %s: %s", rollout_state_to_string(r->plan.state), r->plan.reason);
                remember(w, w->now, r->plan.state, 0, 0);
        }
        w->disk_plan = r->plan;
        memcpy(w->disk_groups, r->groups, w->groups_count * sizeof(*r->groups));
        for (size_t n = 0; n < count; n++) {
                const RolloutTarget *target = &r->targets[targets[n]];
                w->disk_targets[targets[n]] = *target;
                say(w, "%s (%s) %s, request %" PRId64 "%s", target->id,
                    r->groups[target->group].name, target_state_to_string(target->state),
                    target->request_id, target->online ? "" : ", offline");
                if (target->state !=
                    TARGET_TOLD) /* after a crash it stays TELLING, which is the same */
                        remember(w, w->now, targets[n], target->state,
                                 (uint64_t)target->request_id);
        }
        return 0;
}

static bool tellable(void *userdata, const Rollout *r _unused_, const RolloutTarget *target,
                     usec_t now, usec_t *ret_acts_at)
{
        World *w = userdata;
        *ret_acts_at = now + w->bides;
        return !w->seen[station_of(w, target->id)].untellable;
}

static void tell(void *userdata, const Rollout *r, const RolloutTarget *target)
{
        World *w = userdata;
        Seen *seen = &w->seen[station_of(w, target->id)];
        if (!w->crashed)
                judge_tell(w, r, target);
        w->tells++;
        w->crashed |= w->mode == CRASHES && w->tells == w->crash;
        w->losing |= w->mode == LOST && w->tells == w->crash;
        seen->tries = seen->superseded || seen->renewed || !seen->told ? 1 : seen->tries + 1;
        *seen = (Seen){.online = seen->online,
                       .told = true,
                       .request_id = target->request_id,
                       .tries = seen->tries,
                       .tellings = seen->tellings + 1,
                       .acts_at = target->acts_at,
                       .heard_at = w->now};
        if (w->crashed || w->losing)
                say(w, "%s is not reached by request %" PRId64, target->id, target->request_id);
        else
                play_station(w, station_of(w, target->id), target->request_id);
}

static RolloutDoors doors_of(World *w)
{
        return (RolloutDoors){.fresh_id = fresh_id,
                              .store = store,
                              .tellable = tellable,
                              .tell = tell,
                              .userdata = w};
}

/* ---- making a world ---- */

static RolloutShare draw_share(uint64_t *dice, uint32_t none_of_ten)
{
        if (draw(dice, 10) < none_of_ten)
                return (RolloutShare){0};
        if (draw(dice, 2))
                return (RolloutShare){SHARE_COUNT, draw(dice, 6) + 1};
        return (RolloutShare){SHARE_PERCENT, (draw(dice, 10) + 1) * 1000};
}

static void make_plan(World *w, uint64_t *dice)
{
        w->stations = 1 + draw(dice, STATIONS_MOST);
        w->groups_count = 1 + draw(dice, GROUPS_MOST);
        w->plan = (RolloutPlan){
                .id = 1,
                .firmware = 1,
                .name = "world",
                .version = "2.0",
                .start_at = draw(dice, 3) ? 0 : (100 + draw(dice, 100)) * SECOND,
                .fail_limit = draw_share(dice, 5),
                .retry = {draw(dice, 3), draw(dice, 60) * SECOND, draw(dice, 1u << FAILURE_MAX)},
                .answer_timeout = (10 + draw(dice, 60)) * SECOND,
                .progress_timeout = (60 + draw(dice, 100)) * SECOND,
                .in_flight_max = draw(dice, 2) ? 0 : 1 + draw(dice, 5),
        };
        w->bides = draw(dice, 2) ? 0 : draw(dice, 300) * SECOND;
        for (uint32_t g = 0; g < w->groups_count; g++) {
                w->groups[g] = (RolloutGroup){.name = {(char)('A' + g)},
                                              .success = draw_share(dice, 1),
                                              .wait = draw(dice, 100) * SECOND,
                                              .fail_limit = draw_share(dice, 4),
                                              .begun_at = NO_TIME,
                                              .reached_at = NO_TIME};
                bool last = g + 1 == w->groups_count;
                w->choices[g] = (RolloutChoice){
                        .share = {SHARE_PERCENT, last ? 10000 : (1 + draw(dice, 7)) * 1000}};
                w->reached[g] = NEVER;
        }
}

/* As it is made. */
static void store_all(World *w)
{
        uint32_t all[STATIONS_MOST];
        for (uint32_t i = 0; i < w->rollout->count; i++)
                all[i] = i;
        (void)store(w, w->rollout, all, w->rollout->count, true);
}

/* When each station is there, and how it takes things. */
static void make_stations(World *w, uint64_t *dice)
{
        for (uint32_t s = 0; s < w->stations; s++) {
                snprintf(w->names[s], sizeof(w->names[s]), "S%" PRIu32, s % STATIONS_MOST);
                w->ids[s] = w->names[s];
                w->seen[s].untellable = draw(dice, 20) == 0;
                for (usec_t at = draw(dice, 4) ? 0 : draw(dice, 1000) * SECOND; at < w->quiet_at;) {
                        add_event(w, (Event){.at = at, .kind = EV_ONLINE, .station = s});
                        at += (50 + draw(dice, 2000)) * SECOND;
                        add_event(w, (Event){.at = at, .kind = EV_OFFLINE, .station = s});
                        at += (1 + draw(dice, 300)) * SECOND;
                }
                add_event(w, (Event){.at = w->quiet_at + 3000 * SECOND,
                                     .kind = EV_ONLINE,
                                     .station = s});
        }
}

/* What an operator does. */
static void make_commands(World *w, uint64_t *dice)
{
        add_event(w, (Event){.at = draw(dice, 50) * SECOND,
                             .kind = EV_COMMAND,
                             .station = ROLLOUT_START});
        for (uint32_t n = draw(dice, 8); n > 0; n--) {
                RolloutEvent command = draw(dice, 12) ? 1 + draw(dice, 2) : ROLLOUT_ABORT;
                command = draw(dice, 6) ? command : ROLLOUT_SUPERSEDE;
                add_event(w, (Event){.at = draw(dice, 3000) * SECOND,
                                     .kind = EV_COMMAND,
                                     .station = command});
        }
        for (uint32_t n = 0; n < 40;
             n++) /* in the end somebody goes on with it whenever it has paused */
                add_event(w, (Event){.at = (3000 + 1500 * n) * SECOND,
                                     .kind = EV_COMMAND,
                                     .station = ROLLOUT_RESUME});
}

static void make_world(World *w, uint64_t seed)
{
        bool story = w->story;
        Mode mode = w->mode;
        uint32_t crash = w->crash;
        uint64_t dice = mix(seed);
        *w = (World){.seed = seed,
                     .random = mix(seed + 7),
                     .story = story,
                     .mode = mode,
                     .crash = crash};
        make_plan(w, &dice);
        w->quiet_at = 3000 * SECOND;
        make_stations(w, &dice);
        make_commands(w, &dice);
        const RolloutDoors doors = doors_of(w);
        if (rollout_new(&w->plan, w->groups, w->groups_count, &doors, &w->rollout) < 0)
                abort();
        int r = rollout_assign(w->rollout, w->ids, w->stations, w->choices);
        if (r == -ENODATA) { /* too few stations for its groups: one for all */
                rollout_free(TAKE_PTR(w->rollout));
                w->groups_count = 1;
                w->choices[0] = (RolloutChoice){.share = {SHARE_PERCENT, 10000}};
                if (rollout_new(&w->plan, w->groups, 1, &doors, &w->rollout) < 0)
                        abort();
                r = rollout_assign(w->rollout, w->ids, w->stations, w->choices);
        }
        if (r < 0)
                abort();
        store_all(w);
}
