/* The job's table: all states × all events, and the laws that hold whatever happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dialect.h"
#include "doc-table.h"
#include "job.h"
#include "ocpp16.h"
#include "ocpp201.h"

/* What an agent may meet when it starts. */
static const JobEvent starts_before_install[] = {EV_RESTORED};
static const JobEvent starts_after_install[] = {EV_TARGET_UP, EV_TARGET_BROKEN, EV_ORIGIN_UP,
                                                EV_ELSEWHERE_UP};
/* A start in the same boot as the install: the trial and what follows it are always in another. */
static const JobState same_boot[] = {JOB_INSTALLING,  JOB_DATA_HEALTH, JOB_DATA_RECONNECT,
                                     JOB_REBOOT_HELD, JOB_ANNOUNCING,  JOB_REBOOTING,
                                     JOB_UNDOING,     JOB_OWING};

static bool same_boot_is_possible(JobState state)
{
        for (size_t i = 0; i < ELEMENTSOF(same_boot); i++)
                if (same_boot[i] == state)
                        return true;
        return false;
}

static void job_has_one_row_for_a_state_and_event(void **unused _unused_)
{
        size_t n;
        const JobStep *s = job_steps(&n);

        for (size_t i = 0; i < n; i++) {
                assert_in_range(s[i].state, 0, JOB_STATE_MAX - 1);
                assert_in_range(s[i].event, 0, JOB_EVENT_MAX - 1);
                assert_in_range(s[i].next, 0, JOB_STATE_MAX - 1);
                assert_ptr_equal(job_step(s[i].state, s[i].event), &s[i]);
        }
}

static void job_finds_each_row_of_the_table(void **unused _unused_)
{
        size_t n, found = 0;

        job_steps(&n);
        for (JobState state = 0; state < JOB_STATE_MAX; state++)
                for (JobEvent event = 0; event < JOB_EVENT_MAX; event++)
                        if (job_step(state, event)) {
                                assert_int_equal(job_step(state, event)->state, state);
                                assert_int_equal(job_step(state, event)->event, event);
                                found++;
                        }
        assert_int_equal(found, n);
}

static void job_knows_a_way_on_after_every_start(void **unused _unused_)
{
        for (JobState state = JOB_IDLE + 1; state < JOB_INSTALLING; state++)
                for (size_t i = 0; i < ELEMENTSOF(starts_before_install); i++)
                        assert_non_null(job_step(state, starts_before_install[i]));
        for (JobState state = JOB_INSTALLING; state < JOB_STATE_MAX; state++) {
                for (size_t i = 0; i < ELEMENTSOF(starts_after_install); i++)
                        assert_non_null(job_step(state, starts_after_install[i]));
                assert_int_equal(job_step(state, EV_RESTORED) != NULL,
                                 same_boot_is_possible(state));
        }
}

static bool can_reach_idle(JobState from, bool seen[JOB_STATE_MAX])
{
        if (from == JOB_IDLE)
                return true;
        if (seen[from])
                return false;
        seen[from] = true;
        for (JobEvent event = 0; event < JOB_EVENT_MAX; event++) {
                const JobStep *step = job_step(from, event);

                if (step && can_reach_idle(step->next, seen))
                        return true;
        }
        return false;
}

static void job_has_no_dead_state(void **unused _unused_)
{
        for (JobState state = 0; state < JOB_STATE_MAX; state++) {
                bool seen[JOB_STATE_MAX] = {0};

                assert_true(can_reach_idle(state, seen));
        }
}

/* ---- walking all paths: what was said, what the row holds ---- */

typedef struct Walk {
        JobState state;
        FirmwareStatus last, verdict;
        bool final_said;
} Walk;

static FirmwareStatus said_by(const Walk *w, const JobStep *step)
{
        FirmwareStatus verdict = w->verdict != FW_NONE ? w->verdict : (FirmwareStatus)step->verdict;
        FirmwareStatus status = step->say == FW_VERDICT ? verdict : (FirmwareStatus)step->say;

        return status == w->last ? FW_NONE : status;
}

static Walk walk_on(const Walk *w, const JobStep *step)
{
        FirmwareStatus said = said_by(w, step);
        Walk next = *w;

        next.state = step->next;
        if (next.verdict == FW_NONE)
                next.verdict = (FirmwareStatus)step->verdict;
        if (said != FW_NONE)
                next.last = said;
        next.final_said = w->final_said || firmware_status_is_final(said);
        return next;
}

/* The order of the specification's figure; what may follow what. 0: never. */
static bool may_follow(FirmwareStatus before, FirmwareStatus after)
{
        /* clang-format off */
        static const int rank[FW_STATUS_MAX] = {
                [FW_NONE] = 0, [FW_DOWNLOAD_SCHEDULED] = 1, [FW_DOWNLOADING] = 2, [FW_DOWNLOADED] = 3,
                [FW_SIGNATURE_VERIFIED] = 4, [FW_INSTALL_SCHEDULED] = 5, [FW_INSTALLING] = 6,
                [FW_INSTALL_REBOOTING] = 7,
                [FW_DOWNLOAD_FAILED] = 10, [FW_INVALID_SIGNATURE] = 10, [FW_INSTALLATION_FAILED] = 10,
                [FW_INSTALL_VERIFICATION_FAILED] = 10, [FW_INSTALLED] = 10,
        };
        /* clang-format on */
        if (before == FW_DOWNLOAD_PAUSED || after == FW_DOWNLOAD_PAUSED) /* and Downloading again */
                return before == FW_DOWNLOADING || after == FW_DOWNLOADING ||
                       (after == FW_DOWNLOAD_FAILED && before == FW_DOWNLOAD_PAUSED);
        return rank[before] < rank[after];
}

#define WALKS (JOB_STATE_MAX * FW_STATUS_MAX * FW_STATUS_MAX * 2)

static size_t walk_index(const Walk *w)
{
        return ((w->state * (size_t)FW_STATUS_MAX + w->last) * FW_STATUS_MAX + w->verdict) * 2 +
               w->final_said;
}

/* One accepted request: from the first row to idle, each edge taken from each situation that can be
 * reached. */
static size_t explore(JobEvent first,
                      void (*check)(const Walk *before, const JobStep *step, const Walk *after))
{
        static bool seen[WALKS];
        static Walk queue[WALKS];
        size_t head = 0, tail = 0;
        Walk start = {.state = JOB_IDLE}, next;

        memset(seen, 0, sizeof(seen));
        next = walk_on(&start, job_step(JOB_IDLE, first));
        check(&start, job_step(JOB_IDLE, first), &next);
        seen[walk_index(&next)] = true;
        queue[tail++] = next;
        while (head < tail) {
                Walk w = queue[head++];

                if (w.state == JOB_IDLE)
                        continue;
                for (JobEvent event = 0; event < JOB_EVENT_MAX; event++) {
                        const JobStep *step = job_step(w.state, event);

                        if (!step)
                                continue;
                        next = walk_on(&w, step);
                        check(&w, step, &next);
                        if (!seen[walk_index(&next)])
                                queue[tail++] = next;
                        seen[walk_index(&next)] = true;
                }
        }
        return tail;
}

static void check_one_final(const Walk *before, const JobStep *step, const Walk *after)
{
        if (before->final_said)
                assert_int_equal(said_by(before, step), FW_NONE);
        if (after->state == JOB_IDLE && step->event != EV_SUPERSEDED)
                assert_true(after->final_said);
        if (step->event == EV_SUPERSEDED)
                assert_false(after->final_said);
}

static void check_order(const Walk *before, const JobStep *step, const Walk *after _unused_)
{
        FirmwareStatus said = said_by(before, step);

        if (said != FW_NONE)
                assert_true(may_follow(before->last, said));
}

static void check_installed_is_proven(const Walk *before, const JobStep *step,
                                      const Walk *after _unused_)
{
        if (said_by(before, step) != FW_INSTALLED)
                return;
        assert_true(before->state == JOB_TRIAL_ACCEPT || before->state == JOB_DATA_RECONNECT);
        assert_int_equal(step->event, EV_BOOT_ACCEPTED);
        assert_true(step->actions & DO_TELL_UPDATED);
}

static void check_failure_has_a_verdict(const Walk *before, const JobStep *step, const Walk *after)
{
        if (step->say == FW_VERDICT && !before->final_said) {
                assert_true(firmware_status_is_final(after->last));
                assert_int_not_equal(after->last, FW_INSTALLED);
        }
}

/* InstallBundle is called from JOB_INSTALLING alone, and that is entered by EV_PREPARED alone. */
static void check_install_is_verified(const Walk *before, const JobStep *step, const Walk *after)
{
        if (after->state == JOB_INSTALLING && before->state != JOB_INSTALLING) {
                assert_int_equal(before->state, JOB_PREPARING);
                assert_int_equal(step->event, EV_PREPARED);
        }
        if (after->state == JOB_PREPARING && before->state != JOB_PREPARING)
                assert_true(before->state == JOB_READY || before->state == JOB_INSTALL_SCHEDULED);
        if (after->state == JOB_READY && before->state != JOB_READY)
                assert_int_equal(before->state, JOB_VERIFYING);
        if (before->state >= JOB_INSTALLING)
                assert_int_not_equal(step->event, EV_SUPERSEDED);
}

static void check_every_version_says_it(const Walk *before, const JobStep *step,
                                        const Walk *after _unused_)
{
        static const Dialect *const dialects[] = {&ocpp16, &ocpp201, &ocpp21};
        FirmwareStatus said = said_by(before, step);

        for (size_t i = 0; i < ELEMENTSOF(dialects); i++)
                for (int plain = 0; plain < 2; plain++)
                        if (firmware_status_is_final(said))
                                assert_true(firmware_status_is_final(
                                        dialect_firmware_word(dialects[i], plain, said)));
}

static void explore_all(void (*check)(const Walk *, const JobStep *, const Walk *))
{
        size_t n = explore(EV_REQUESTED_NOW, check) + explore(EV_REQUESTED_LATER, check) +
                   explore(EV_REQUESTED_NO_URL, check) + explore(EV_REQUESTED_CHECK, check);

        print_message("             %zu situations\n", n);
        assert_true(n > 50);
}

static void job_ends_in_exactly_one_final_status(void **unused _unused_)
{
        explore_all(check_one_final);
}

static void job_says_statuses_in_order(void **unused _unused_)
{
        explore_all(check_order);
}

static void job_says_installed_only_when_proven(void **unused _unused_)
{
        explore_all(check_installed_is_proven);
}

static void job_failure_always_has_its_verdict(void **unused _unused_)
{
        explore_all(check_failure_has_a_verdict);
}

static void job_installs_only_what_was_verified(void **unused _unused_)
{
        explore_all(check_install_is_verified);
}

static void job_end_has_a_word_in_each_version(void **unused _unused_)
{
        explore_all(check_every_version_says_it);
}

static void job_can_be_superseded_until_installing(void **unused _unused_)
{
        for (JobState state = 0; state < JOB_STATE_MAX; state++)
                assert_int_equal(job_can_be_superseded(state), state < JOB_INSTALLING);
}

static void job_is_on_trial_from_target_up_to_the_way_back(void **unused _unused_)
{
        static const JobState trial[] = {
                JOB_TRIAL_HEALTH, JOB_TRIAL_MARK,    JOB_TRIAL_BOOT,         JOB_TRIAL_CONFIRM,
                JOB_ROLLING_BACK, JOB_ROLLBACK_HELD, JOB_ROLLBACK_REBOOTING, JOB_STAYING};
        size_t n = 0;

        for (JobState state = 0; state < JOB_STATE_MAX; state++)
                n += job_is_on_trial(state);
        assert_int_equal(n, ELEMENTSOF(trial));
        for (size_t i = 0; i < ELEMENTSOF(trial); i++)
                assert_true(job_is_on_trial(trial[i]));
}

/* Until RAUC writes, and again until the reboot is asked for; never in the trial. */
static void job_can_be_canceled_where_nothing_is_at_stake(void **unused _unused_)
{
        for (JobState state = 0; state < JOB_STATE_MAX; state++) {
                const JobStep *step = job_step(state, EV_CANCELED);
                bool may = (state > JOB_IDLE && state < JOB_INSTALLING) ||
                           state == JOB_REBOOT_HELD || state == JOB_ANNOUNCING;

                assert_int_equal(step != NULL, may);
                if (step && state < JOB_VERIFYING)
                        assert_int_equal(step->say, FW_DOWNLOAD_FAILED);
                else if (step && state < JOB_INSTALLING)
                        assert_int_equal(step->say, FW_INSTALLATION_FAILED);
                else if (step)
                        assert_int_equal(step->verdict, FW_INSTALLATION_FAILED);
        }
}

/* The reboot is asked for only from where the charger was asked whether it may. */
static void job_reboots_only_when_nothing_holds(void **unused _unused_)
{
        size_t n;
        const JobStep *s = job_steps(&n);

        for (size_t i = 0; i < n; i++) {
                if (s[i].next == JOB_ANNOUNCING && s[i].state != JOB_ANNOUNCING)
                        assert_int_equal(s[i].event, EV_REBOOT_NOW);
                if (s[i].next == JOB_REBOOTING && s[i].state != JOB_REBOOTING)
                        assert_int_equal(s[i].event, EV_ANNOUNCED);
                if (s[i].next == JOB_ROLLBACK_REBOOTING && s[i].state != JOB_ROLLBACK_REBOOTING)
                        assert_int_equal(s[i].event, EV_REBOOT_NOW);
        }
}

/* A file whose trial failed is counted once a job, whichever way it failed. */
static void job_counts_a_failed_trial_once(void **unused _unused_)
{
        size_t n, counted = 0;
        const JobStep *s = job_steps(&n);

        for (size_t i = 0; i < n; i++) {
                bool counts = s[i].actions & DO_COUNT_TRIAL;

                counted += counts;
                if (counts)
                        assert_true(s[i].next == JOB_ROLLING_BACK || s[i].next == JOB_RETURNED);
                if (s[i].state == JOB_ROLLING_BACK || s[i].state == JOB_RETURNED ||
                    s[i].state < JOB_INSTALLING)
                        assert_false(counts);
                if (s[i].state >= JOB_TRIAL_HEALTH && s[i].event == EV_HEALTH_BAD)
                        assert_true(counts);
        }
        assert_true(counted > 0);
}

/* What costs ten starts without progress still has its one end. */
static void job_that_is_worn_out_has_an_end(void **unused _unused_)
{
        size_t working = 0;

        for (JobState state = 0; state < JOB_STATE_MAX; state++) {
                JobEvent event = job_worn_out(state);
                const JobStep *step = job_step(state, event);

                if (event == EV_RESTORED)
                        continue;
                working++;
                assert_non_null(step);
                assert_true(firmware_status_is_final((FirmwareStatus)step->say) ||
                            step->verdict != FW_NONE);
        }
        assert_int_equal(working, 7);
        assert_int_equal(job_worn_out(JOB_DOWNLOAD_SCHEDULED), EV_RESTORED);
        assert_int_equal(job_worn_out(JOB_PAUSED), EV_RESTORED);
        assert_int_equal(job_worn_out(JOB_INSTALL_SCHEDULED), EV_RESTORED);
}

static void job_words_come_back(void **unused _unused_)
{
        for (JobState state = 0; state < JOB_STATE_MAX; state++)
                assert_int_equal(job_state_from_string(job_state_to_string(state)), state);
        assert_int_equal(job_state_from_string("no such state"), JOB_STATE_MAX);
        assert_string_equal(job_state_to_string(JOB_STATE_MAX), "?");
        for (JobEvent event = 0; event < JOB_EVENT_MAX; event++)
                assert_string_not_equal(job_event_to_string(event), "?");
}

/* Those who read JobState on D-Bus find each word explained, in the order of the life of an update.
 */
static void job_documentation_has_every_state(void **state)
{
        _cleanup_(freep) char *text = doc_read("docs/interfaces.md");
        _cleanup_(freep) char *xml = doc_read("data/dbus/org.raucocpp.Agent1.xml");
        const char *row = doc_table(text, "| JobState | meaning |");
        const char *listed = strstr(xml, "<!-- What the update is doing: ");

        (void)state;
        assert_non_null(listed);
        for (int s = 0; s < JOB_STATE_MAX; s++) {
                const char *word = job_state_to_string((JobState)s);
                _cleanup_(freep) char *cells = str_printf("| %s | ", word);

                row = doc_row(row, cells);
                do {
                        listed += strcspn(listed, " ");
                        listed += strspn(listed, " \n");
                } while (*listed && !startswith(listed, word));
                if (!*listed || !strchr(",. ", listed[strlen(word)]))
                        fail_msg("the D-Bus interface does not list %s", word);
        }
        doc_end(row);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(job_has_one_row_for_a_state_and_event),
                cmocka_unit_test(job_finds_each_row_of_the_table),
                cmocka_unit_test(job_knows_a_way_on_after_every_start),
                cmocka_unit_test(job_has_no_dead_state),
                cmocka_unit_test(job_ends_in_exactly_one_final_status),
                cmocka_unit_test(job_says_statuses_in_order),
                cmocka_unit_test(job_says_installed_only_when_proven),
                cmocka_unit_test(job_failure_always_has_its_verdict),
                cmocka_unit_test(job_installs_only_what_was_verified),
                cmocka_unit_test(job_end_has_a_word_in_each_version),
                cmocka_unit_test(job_can_be_superseded_until_installing),
                cmocka_unit_test(job_is_on_trial_from_target_up_to_the_way_back),
                cmocka_unit_test(job_can_be_canceled_where_nothing_is_at_stake),
                cmocka_unit_test(job_reboots_only_when_nothing_holds),
                cmocka_unit_test(job_counts_a_failed_trial_once),
                cmocka_unit_test(job_that_is_worn_out_has_an_end),
                cmocka_unit_test(job_words_come_back),
                cmocka_unit_test(job_documentation_has_every_state),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
