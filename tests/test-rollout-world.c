/* Roll-outs in small worlds on a virtual clock. A seed decides the plan, how each station takes
 * each telling, when it is connected, and what operators do when. The laws are judged by what the
 * world itself has seen; and each world is lived again with a restart after every step, and with
 * crashes between the store and the message, which must change nothing. test-rollout-world [--seeds
 * N] [--seed S]: the latter tells its story. */
#include "rollout-world.h"

/* ---- living in it ---- */

/* mock-csms dies, and another one finds what is stored; then the stations come back. */
static void restart(World *w)
{
        Rollout *fresh = NULL;
        const RolloutDoors doors = doors_of(w);
        w->crashed = false;
        if (rollout_new(&w->disk_plan, w->disk_groups, w->groups_count, &doors, &fresh) < 0)
                abort();
        for (uint32_t i = 0; i < w->rollout->count; i++) {
                RolloutTarget target = w->disk_targets[i];
                target.id = w->rollout->targets[i].id;
                if (rollout_add(fresh, &target) < 0)
                        abort();
        }
        rollout_free(w->rollout);
        w->rollout = fresh;
        if (rollout_restore(fresh) < 0)
                abort();
        for (uint32_t i = 0; i < fresh->count; i++)
                if (w->seen[station_of(w, fresh->targets[i].id)].online)
                        (void)rollout_connected(fresh, fresh->targets[i].id, true, w->now);
}

static bool is_lost(const World *w, const RolloutGroup *group, uint32_t g)
{
        uint32_t failed = count_failed(w->rollout, g);
        return g + 1 < w->groups_count &&
               group->size - failed < rollout_share_of(group->success, group->size);
}

static void command(World *w, RolloutEvent event)
{
        const Rollout *r = w->rollout;
        static const char *const words[] = {"start", "pause", "resume", "abort", "supersede"};
        bool allowed = rollout_allows(r, event);
        say(w, "an operator says %s%s", words[event], allowed ? "" : ", in vain");
        if (allowed && event == ROLLOUT_RESUME) {
                w->forgiven = count_failed(r, UINT32_MAX);
                for (uint32_t g = 0; g < w->groups_count; g++) {
                        w->group_forgiven[g] = count_failed(r, g);
                        w->waived[g] =
                                r->groups[g].begun_at != NO_TIME && is_lost(w, &r->groups[g], g);
                }
        }
        for (uint32_t i = 0; allowed && event == ROLLOUT_SUPERSEDE && i < r->count; i++) {
                Seen *seen = &w->seen[station_of(w, r->targets[i].id)];
                TargetState state = r->targets[i].state;
                seen->superseded |= target_is_in_flight(state) || state == TARGET_RETRYING;
                seen->renewed |= state == TARGET_FAILED || state == TARGET_DUE;
        }
        int result = rollout_command(w->rollout,
                                     &(RolloutCommand){.event = event,
                                                       .firmware = r->plan.firmware + 1,
                                                       .version = "2.0",
                                                       .by = "operator"},
                                     w->now);
        law(w, allowed ? result == 0 : result == -EPERM,
            "a command is refused where it can't be given");
        if (event == ROLLOUT_SUPERSEDE && allowed) { /* limits count those that have failed since */
                w->forgiven = MIN(w->forgiven, count_failed(r, UINT32_MAX));
                for (uint32_t g = 0; g < w->groups_count; g++)
                        w->group_forgiven[g] = MIN(w->group_forgiven[g], count_failed(r, g));
        }
}

/* What a station has said, as the world sees it. */
static void hear(World *w, const Event *event)
{
        Seen *seen = &w->seen[event->station];
        if (event->kind == EV_BOOT)
                seen->over = true;
        if (event->kind == EV_BOOT || seen->request_id != event->request_id ||
            event->rank < seen->rank)
                return;
        usec_t until = silent_until(w, seen);
        if (seen->failed == FAILURE_NONE && w->now >= until) { /* it counts as failed since */
                seen->failed = seen->answered ? FAILURE_STALLED : FAILURE_NO_ANSWER;
                seen->failed_at = until;
        }
        bool fails = event->status
                             ? strstr(event->status, "Failed") || strstr(event->status, "Invalid")
                             : event->answer != FAILURE_NONE;
        if (fails && seen->failed == FAILURE_NONE && (event->status || !seen->answered)) {
                seen->failed =
                        event->status ? target_failure_from_string(event->status) : event->answer;
                seen->failed_at = w->now;
        }
        seen->over |= event->status && streq(event->status, "Installed");
        seen->rank = event->rank;
        seen->downloaded = event->status && streq(event->status, "Downloaded");
        seen->answered = true;
        seen->heard_at = w->now;
}

static void happen(World *w, const Event *event)
{
        const char *id = w->ids[event->station];
        Seen *seen = &w->seen[event->station];
        switch (event->kind) {
        case EV_ONLINE:
        case EV_OFFLINE:
                seen->online = event->kind == EV_ONLINE;
                (void)rollout_connected(w->rollout, id, seen->online, w->now);
                break;
        case EV_ANSWER:
        case EV_STATUS:
        case EV_BOOT:
                if (!seen->online) { /* it tells when it is back */
                        add_event(w, (Event){.at = w->now + 30 * SECOND,
                                             .kind = event->kind,
                                             .station = event->station,
                                             .request_id = event->request_id,
                                             .answer = event->answer,
                                             .status = event->status,
                                             .rank = event->rank});
                        break;
                }
                say(w, "%s says %s", id,
                    event->kind == EV_BOOT ? "boot"
                    : event->status        ? event->status
                                           : "answer");
                hear(w, event);
                if (event->kind == EV_ANSWER)
                        (void)rollout_answered(w->rollout, id, event->request_id, event->answer,
                                               w->now);
                else if (event->kind == EV_STATUS)
                        (void)rollout_status(w->rollout, id, event->request_id, event->status,
                                             w->now);
                else
                        (void)rollout_booted(w->rollout, id, "2.0", w->now);
                break;
        case EV_COMMAND:
                command(w, (RolloutEvent)event->station);
                break;
        }
}

/* After each step. */
static void judge_step(World *w)
{
        const Rollout *r = w->rollout;
        char next[ROLLOUT_REASON_MAX + 1];
        uint32_t counts[TARGET_STATE_MAX] = {0};
        for (uint32_t i = 0; i < r->count; i++)
                counts[r->targets[i].state]++;
        law(w, memcmp(counts, r->counts, sizeof(counts)) == 0,
            "the counts are those of the targets");
        note_reached(w, r);
        bool active = r->plan.state == ROLLOUT_RUNNING || r->plan.state == ROLLOUT_WAITING;
        law(w, !active || limits_hold(w, r), "a limit that was passed pauses it at once");
        law(w, rollout_is_over(r) || *rollout_next(r, next), "what it waits for can be named");
        law(w, !w->used[0], "request ids are numbers");
}

/* The next event, taken out. */
static bool take_event(World *w, Event *ret)
{
        uint32_t first = 0;
        for (uint32_t i = 1; i < w->events_count; i++)
                if (w->events[i].at < w->events[first].at)
                        first = i;
        if (w->events_count == 0 || w->events[first].at > MAX(rollout_deadline(w->rollout), w->now))
                return false;
        *ret = w->events[first];
        w->events[first] = w->events[--w->events_count];
        return true;
}

static void live(World *w)
{
        Event event;
        for (uint32_t steps = 0; !w->broken; steps++) {
                usec_t deadline = rollout_deadline(w->rollout);
                w->losing = false;
                if (take_event(w, &event)) {
                        w->now = MAX(w->now, event.at);
                        happen(w, &event);
                } else if (deadline == USEC_INFINITY) {
                        break;
                } else {
                        w->now = MAX(w->now, deadline);
                        (void)rollout_tick(w->rollout, w->now);
                }
                if (w->mode == RESTARTS || w->crashed)
                        restart(w);
                judge_step(w);
                law(w, steps < STEPS_MOST, "it does not spin");
        }
        law(w, w->broken || rollout_is_over(w->rollout), "it comes to its end");
        for (uint32_t i = 0; i < w->rollout->count; i++)
                remember(w, w->rollout->targets[i].state, i, w->rollout->targets[i].tries, 0);
}

/* Lives a world once. Its story in a number. */
static uint64_t live_once(World *w, uint64_t seed, Mode mode, uint32_t crash)
{
        static const char *const names[MODE_MAX] = {"as it is", "with a restart after each step",
                                                    "with a crash",
                                                    "with messages lost in the crash's place"};
        w->mode = mode;
        w->crash = crash;
        make_world(w, seed);
        if (w->story)
                printf("%s\n", names[mode]);
        live(w);
        rollout_free(TAKE_PTR(w->rollout));
        return w->story_hash;
}

static bool try_seed(World *w, uint64_t seed)
{
        uint64_t plain = live_once(w, seed, PLAIN, 0), dice = mix(seed + 99);
        if (w->broken)
                return false;
        uint32_t tells = w->tells, crash = tells > 0 ? 1 + draw(&dice, tells) : 0;
        uint64_t again = live_once(w, seed, RESTARTS, 0);
        law(w, again == plain, "restarts change nothing");
        if (w->broken || crash == 0)
                return !w->broken;
        uint64_t lost = live_once(w, seed, LOST, crash);
        if (w->broken)
                return false;
        law(w, live_once(w, seed, CRASHES, crash) == lost, "a crash is a message that was lost");
        return !w->broken;
}

int main(int argc, char **argv)
{
        uint64_t from = 1, count = 400, bad = 0;
        bool first_only = argc == 3 && streq(argv[1], "--until-failure");
        if (first_only || (argc == 3 && streq(argv[1], "--seeds"))) {
                count = strtoull(argv[2], NULL, 10);
        } else if (argc == 3 && streq(argv[1], "--seed")) {
                from = strtoull(argv[2], NULL, 10);
                count = 1;
                world.story = true;
        }
        for (uint64_t seed = from; seed < from + count && !(first_only && bad); seed++)
                bad += !try_seed(&world, seed);
        printf("%" PRIu64 " worlds, %" PRIu64 " broke a law\n", count, bad);
        return bad > 0;
}
