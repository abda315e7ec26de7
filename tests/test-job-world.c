/* The job's table in a world: every way that an update can go with an abstract RAUC and boot
 * loader, where the power may fail and the agent may be restarted between any two things that
 * happen. All reachable situations are visited, and the promises of docs/behaviour.md are looked at
 * in each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job-world.h"
#include "job.h"

#define WORLDS_MAX (1 << 22)
#define NOTHING 0xff

/* ---- the set of situations ---- */

static World *worlds;
static uint32_t *table, *edges_from, *edges_to;
static size_t world_count, edge_count, edge_room;

static uint32_t hash(const World *w)
{
        uint32_t h = 2166136261u;

        for (size_t i = 0; i < sizeof(*w); i++)
                h = (h ^ ((const uint8_t *)w)[i]) * 16777619u;
        return h;
}

static void add_edge(uint32_t from, uint32_t to)
{
        if (edge_count == edge_room) {
                edge_room = edge_room ? 2 * edge_room : 4096;
                edges_from = realloc(edges_from, edge_room * sizeof(*edges_from));
                edges_to = realloc(edges_to, edge_room * sizeof(*edges_to));
                assert_true(edges_from && edges_to);
        }
        edges_from[edge_count] = from;
        edges_to[edge_count++] = to;
}

static uint32_t add_world(const World *w)
{
        uint32_t at = hash(w) % (2 * WORLDS_MAX);

        for (; table[at]; at = (at + 1) % (2 * WORLDS_MAX))
                if (memcmp(&worlds[table[at] - 1], w, sizeof(*w)) == 0)
                        return table[at] - 1;
        assert_true(world_count < WORLDS_MAX);
        worlds[world_count] = *w;
        table[at] = (uint32_t)++world_count;
        return table[at] - 1;
}

/* ---- steps ---- */

static uint32_t current; /* the situation whose ways on are being added */
static bool by_accident; /* … by a power cut or a crash: no way that an end may depend on */

static void reach(const World *w)
{
        uint32_t to = add_world(w);

        if (!by_accident)
                add_edge(current, to);
}

static void promise(const World *w, bool kept, const char *what)
{
        if (!kept)
                fail_msg("%s: loader %u, job %s, booted %u, primary %d, content %u, confirmed %u, "
                         "last %s",
                         what, w->loader, job_state_to_string(w->state), w->booted, primary(w),
                         w->content, w->confirmed, firmware_status_to_string(w->last));
}

static void check_said(const World *w, const JobStep *step, FirmwareStatus said)
{
        promise(w, !w->final_said, "a status after the final one");
        if (said == FW_INSTALLED && step->state == JOB_TRIAL_ACCEPT)
                promise(w, w->booted == B && w->confirmed == B && primary(w) == B,
                        "Installed is not true");
        if (firmware_status_is_final(said) && said != FW_INSTALLED &&
            step->state >= JOB_INSTALLING && step->state != JOB_STAYING &&
            step->event != EV_UNDO_OWED && step->event != EV_MARK_FAILED)
                promise(w, primary(w) == (step->event == EV_REBOOT_FAILED ? A : w->booted),
                        "the failure is not true");
}

/* What the agent does at once with a step: see agent_event(). */
static void take(World *w, JobEvent event)
{
        const JobStep *step = job_step(w->state, event);
        unsigned going_on;
        FirmwareStatus said;

        if (!step)
                return;
        if (w->verdict == FW_NONE)
                w->verdict = (uint8_t)step->verdict;
        said = step->say == FW_VERDICT ? w->verdict : (FirmwareStatus)step->say;
        if (said == w->last)
                said = FW_NONE;
        if (said != FW_NONE) {
                check_said(w, step, said);
                w->last = (uint8_t)said;
                w->final_said = firmware_status_is_final(said);
        }
        if (!job_is_rebooting(step->next))
                w->reboots = 0;
        if (event == EV_PREPARED || event == EV_INSTALLED)
                w->new_boot = 0;
        w->state = (uint8_t)step->next;
        if (step->next != step->state) {
                w->action = NOTHING;
                w->phase = 0;
        }
        if (step->actions & DO_CONFIRMED)
                w->confirmed = w->booted;
        going_on = step->actions & ~(unsigned)(DO_STOP_WORK | DO_DROP_FILE | DO_TELL_BAD_SIGNATURE |
                                               DO_TELL_UPDATED | DO_CONFIRMED | DO_COUNT_TRIAL);
        if (going_on) {
                w->action = (uint8_t)__builtin_ctz(going_on);
                w->phase = 0;
        }
        if (w->state == JOB_IDLE) /* how often is forgotten: fewer situations */
                w->installs = w->rolls = w->reboots = 0;
}

static void reach_by(const World *w, JobEvent event)
{
        World next = *w;

        take(&next, event);
        reach(&next);
}

/* A start of the agent: see trial_look_around() and trial_prove(). */
static JobEvent start_event(const World *w)
{
        if (w->state < JOB_INSTALLING)
                return EV_RESTORED;
        if (w->booted == B)
                return w->content == BROKEN ? EV_TARGET_BROKEN
                       : w->content == OURS ? EV_TARGET_UP
                                            : EV_ELSEWHERE_UP;
        return w->new_boot ? EV_ORIGIN_UP : EV_RESTORED;
}

static void start(const World *before)
{
        World w = *before;

        w.action = NOTHING; /* what was under way is lost */
        w.phase = 0;
        if (w.state != JOB_IDLE)
                take(&w, start_event(&w));
        if (!job_is_on_trial(w.state) && w.confirmed == w.booted)
                mark_good(&w, w.booted);
        reach(&w);
}

static void power_cut(const World *before)
{
        World w = *before;

        boot(&w);
        start(&w);
}

/* ---- what actions do and how they may end ---- */

static void reach_phase(const World *w, uint8_t phase, void (*change)(World *, int), int slot)
{
        World next = *w;

        next.phase = phase;
        if (change)
                change(&next, slot);
        reach(&next);
}

static void write_slot(World *w, int content)
{
        promise(w, w->booted == A && w->confirmed == A, "an install from an unconfirmed slot");
        w->content = (uint8_t)content;
        if (content == BROKEN) /* RAUC's first deed */
                mark_bad(w, B);
}

static void install(const World *w)
{
        if (w->phase == 0) {
                reach_phase(w, 1, write_slot, BROKEN);
                reach_by(w, EV_INSTALLED_DATA);
                reach_by(w, EV_BUNDLE_REFUSED);
        } else if (w->phase == 1) {
                reach_phase(w, 2, write_slot, OURS);
        } else if (w->phase == 2) {
                reach_phase(w, 3, mark_active, B);
        } else {
                reach_by(w, EV_INSTALLED);
        }
        reach_by(w, EV_INSTALL_FAILED); /* also after the primary was switched: measured */
}

static void resume(const World *w)
{
        World next = *w;

        if (w->content == OURS && primary(w) == B) {
                reach_by(w, EV_INSTALLED);
        } else if (w->installs >= 2) {
                reach_by(w, EV_INSTALL_FAILED);
        } else {
                next.installs++;
                next.action = (uint8_t)__builtin_ctz(DO_INSTALL);
                reach(&next);
                reach_by(w, EV_FILE_LOST);
        }
}

static void reboot(const World *w)
{
        World next = *w;

        power_cut(w);
        if (w->reboots >= 2) {
                reach_by(w, w->state == JOB_ROLLBACK_REBOOTING && primary(w) != A
                                    ? EV_NO_WAY_BACK
                                    : EV_REBOOT_FAILED);
                return;
        }
        next.reboots++;
        reach(&next);
}

/* Marks B good, then says so; only what runs may be marked. */
static void mark(const World *w)
{
        promise(w, w->booted == B, "a slot is marked good that does not run");
        if (w->phase == 0)
                reach_phase(w, 1, mark_good, B);
        else
                reach_by(w, EV_MARKED);
        reach_by(w, EV_MARK_FAILED);
}

static void undo(const World *w)
{
        if (primary(w) == w->booted)
                reach_by(w, EV_UNDONE);
        else if (w->phase == 0)
                reach_phase(w, 1, mark_active, w->booted);
        if (w->phase == 1)
                reach_phase(w, 2, mark_bad, B);
        reach_by(w, EV_UNDO_OWED);
}

static void roll_back(const World *w)
{
        World next = *w;

        if (w->phase == 0 && w->rolls < 2) {
                next.rolls++;
                next.phase = 1;
                mark_active(&next, A);
                reach(&next);
        } else if (w->phase == 1) {
                reach_phase(w, 2, mark_bad, B);
        } else if (w->phase == 2) {
                promise(w, primary(w) == A, "the way back leads elsewhere");
                reach_by(w, EV_ROLLED_BACK);
        }
        reach_by(w, EV_NO_WAY_BACK);
}

/* Back without an answer: once, and only to a slot that is good. */
static void notify_boot(const World *w)
{
        reach_by(w, EV_BOOT_ANSWERED);
        if (w->rolls == 0 && can_boot(w, A))
                reach_by(w, EV_CSMS_AWAY);
}

static void mark_target_bad(const World *w)
{
        if (w->booted == B || w->phase == 1)
                reach_by(w, EV_MARKED);
        else
                reach_phase(w, 1, mark_bad, B);
        reach_by(w, EV_MARK_FAILED);
}

/* Actions that end in one of some events and change nothing but by these. */
/* clang-format off */
static const struct {
        JobAction action;
        JobEvent ends[5];
        size_t count;
} ends[] = {
        {DO_ASK_DOWNLOAD,   {EV_DUE, EV_NOT_YET, EV_CANCELED}, 3},
        {DO_WAIT_RETRIEVE,  {EV_DUE, EV_CANCELED}, 2},
        {DO_FETCH,          {EV_FETCHED, EV_ATTEMPT_FAILED, EV_DOWNLOAD_FAILED, EV_PAUSED, EV_CANCELED}, 5},
        {DO_WAIT_RETRY,     {EV_DUE, EV_OFFLINE, EV_PAUSED, EV_CANCELED}, 4},
        {DO_VERIFY,         {EV_SIGNATURE_GOOD, EV_SIGNATURE_BAD, EV_UNSIGNED, EV_FILE_LOST, EV_CANCELED}, 5},
        {DO_ASK_INSTALL,    {EV_INSTALL_NOW, EV_INSTALL_LATER, EV_CANCELED}, 3},
        {DO_WAIT_INSTALL,   {EV_INSTALL_NOW, EV_INSTALL_FAILED, EV_CANCELED}, 3},
        {DO_WAIT_REBOOT,    {EV_REBOOT_NOW, EV_INSTALL_FAILED, EV_CANCELED}, 3},
        {DO_ANNOUNCE,       {EV_ANNOUNCED, EV_REBOOT_HELD, EV_CANCELED}, 3},
        {DO_HEALTH,         {EV_HEALTH_GOOD, EV_HEALTH_BAD}, 2},
        {DO_AWAIT_ACCEPTED, {EV_BOOT_ACCEPTED}, 1},
        {DO_RECONNECT,      {EV_BOOT_ACCEPTED}, 1},
};

static const struct {
        JobAction action;
        void (*perform)(const World *w);
} deeds[] = {
        {DO_INSTALL,         install},
        {DO_RESUME_INSTALL,  resume},
        {DO_REBOOT,          reboot},
        {DO_MARK_NAME,       mark},
        {DO_NOTIFY_BOOT,     notify_boot},
        {DO_CONFIRM,         mark},
        {DO_MARK_UNPROVEN,   mark},
        {DO_UNDO,            undo},
        {DO_ROLL_BACK,       roll_back},
        {DO_MARK_TARGET_BAD, mark_target_bad},
};
/* clang-format on */

static void prepare(const World *w)
{
        if (w->confirmed == w->booted && w->booted == A)
                reach_by(w, EV_PREPARED);
        reach_by(w, EV_INSTALL_LATER);
        reach_by(w, EV_INSTALL_FAILED);
        reach_by(w, EV_FILE_LOST);
}

static void go_on(const World *w)
{
        JobAction action = w->action == NOTHING ? DO_NOTHING : (JobAction)(1u << w->action);

        for (size_t i = 0; i < ELEMENTSOF(ends); i++)
                for (size_t e = 0; ends[i].action == action && e < ends[i].count; e++)
                        if (job_step(w->state, ends[i].ends[e]))
                                reach_by(w, ends[i].ends[e]);
        for (size_t i = 0; i < ELEMENTSOF(deeds); i++)
                if (deeds[i].action == action)
                        deeds[i].perform(w);
        if (action == DO_PREPARE)
                prepare(w);
        if (w->state == JOB_PAUSED) {
                reach_by(w, EV_RESUMED);
                reach_by(w, EV_CANCELED);
        }
}

/* ---- the walk ---- */

static void begin(Loader loader, bool crashes, JobEvent event)
{
        World w = {.loader = (uint8_t)loader, .first = A, .next = NO_SLOT, .crashes = crashes};

        memset(w.left, ATTEMPTS(&w), sizeof(w.left));
        w.left[A]--;
        mark_good(&w, A);
        take(&w, event);
        current = add_world(&w);
}

static void check_end(const World *w)
{
        if (w->state != JOB_IDLE)
                return;
        promise(w, w->final_said, "an end without a final status");
        promise(w, w->confirmed == A || w->booted == B || primary(w) == B,
                "a proof of what never ran");
}

static void walk(void)
{
        for (size_t i = 0; i < world_count; i++) {
                World w = worlds[i];

                current = (uint32_t)i;
                check_end(&w);
                if (w.state == JOB_IDLE)
                        continue;
                go_on(&w);
                by_accident = true;
                power_cut(&w);
                start(&w);
                by_accident = false;
        }
}

/* From every situation there is a way to the end that needs no accident: back from all ends along
 * the edges. */
static size_t without_end(void)
{
        uint8_t *ends_somewhere = calloc(world_count, 1);
        size_t missing = 0;
        bool more = true;

        assert_non_null(ends_somewhere);
        for (size_t i = 0; i < world_count; i++)
                ends_somewhere[i] = worlds[i].state == JOB_IDLE;
        while (more) {
                more = false;
                for (size_t i = edge_count; i-- > 0;)
                        if (ends_somewhere[edges_to[i]] && !ends_somewhere[edges_from[i]]) {
                                ends_somewhere[edges_from[i]] = 1;
                                more = true;
                        }
        }
        for (size_t i = 0; i < world_count; i++) {
                if (!ends_somewhere[i] && missing++ == 0)
                        print_error("no end: loader %u, job %s, booted %u, content %u, action %u\n",
                                    worlds[i].loader, job_state_to_string(worlds[i].state),
                                    worlds[i].booted, worlds[i].content, worlds[i].action);
        }
        free(ends_somewhere);
        return missing;
}

static void job_keeps_its_promises_in_every_world(void **state _unused_)
{
        worlds = calloc(WORLDS_MAX, sizeof(*worlds));
        table = calloc(2 * (size_t)WORLDS_MAX, sizeof(*table));
        assert_true(worlds && table);
        for (Loader loader = 0; loader < LOADER_MAX; loader++)
                for (int crashes = 0; crashes < 2; crashes++) {
                        begin(loader, crashes, EV_REQUESTED_NOW);
                        begin(loader, crashes, EV_REQUESTED_LATER);
                        begin(loader, crashes, EV_REQUESTED_CHECK);
                }
        walk();
        print_message("             %zu situations, %zu ways between them\n", world_count,
                      edge_count);
        assert_true(world_count > 1000);
        assert_int_equal(without_end(), 0);
        free(worlds);
        free(table);
        free(edges_from);
        free(edges_to);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(job_keeps_its_promises_in_every_world),
        };

        return cmocka_run_group_tests_name("job-world", tests, NULL, NULL);
}
