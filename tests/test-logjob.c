/* The log job's table: all states × all events, and the laws that hold whatever happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logjob.h"

static void logjob_has_one_row_for_a_state_and_event(void **unused _unused_)
{
        size_t n, found = 0;
        const LogJobStep *s = logjob_steps(&n);

        for (size_t i = 0; i < n; i++)
                assert_ptr_equal(logjob_step(s[i].state, s[i].event), &s[i]);
        for (LogJobState state = 0; state < LOGJOB_STATE_MAX; state++)
                for (LogJobEvent event = 0; event < LOGJOB_EVENT_MAX; event++)
                        found += logjob_step(state, event) != NULL;
        assert_int_equal(found, n);
}

/* Whatever it finds, a start and a retry go on, and another request can come at any time. */
static void logjob_knows_a_way_on_from_every_state(void **unused _unused_)
{
        static const LogJobEvent always[] = {LOGEV_ARCHIVE_READY, LOGEV_ARCHIVE_LOST,
                                             LOGEV_SUPERSEDED};

        for (LogJobState state = LOGJOB_COLLECTING; state < LOGJOB_STATE_MAX; state++)
                for (size_t i = 0; i < ELEMENTSOF(always); i++)
                        assert_non_null(logjob_step(state, always[i]));
        for (LogJobEvent event = 0; event < LOGJOB_EVENT_MAX; event++)
                assert_int_equal(logjob_step(LOGJOB_IDLE, event) != NULL,
                                 event == LOGEV_REQUESTED || event == LOGEV_REQUESTED_NO_URL);
}

/* ---- walking all paths of one request ---- */

typedef struct Walk {
        LogJobState state;
        LogStatus last;
        bool final_said, archive, worker;
} Walk;

#define WALKS (LOGJOB_STATE_MAX * LOG_STATUS_MAX * 8)
#define FAILURE LOG_STATUS_PERMISSION_DENIED

static LogStatus said_by(const Walk *w, const LogJobStep *step)
{
        LogStatus status = step->say == LOGJOB_VERDICT ? FAILURE : (LogStatus)step->say;

        return status == w->last ? LOG_STATUS_NONE : status; /* each once */
}

static Walk walk_on(const Walk *w, const LogJobStep *step)
{
        LogStatus said = said_by(w, step);
        Walk next = *w;

        next.state = step->next;
        if (said != LOG_STATUS_NONE)
                next.last = said;
        next.final_said |= log_status_is_final(said);
        next.archive = (w->archive || step->event == LOGEV_COLLECTED) &&
                       step->event != LOGEV_ARCHIVE_LOST && !(step->actions & LOGDO_DROP);
        next.worker = step->actions & (LOGDO_COLLECT | LOGDO_UPLOAD);
        return next;
}

/* What the agent never says: that an archive is there which was never made. */
static bool can_happen(const Walk *w, const LogJobStep *step)
{
        return step->event != LOGEV_ARCHIVE_READY || w->archive;
}

static void check(const Walk *before, const LogJobStep *step, const Walk *after)
{
        LogStatus said = said_by(before, step);

        assert_false(before->final_said);
        if (said == LOG_STATUS_UPLOADING)
                assert_int_equal(before->last, LOG_STATUS_NONE);
        if (said == LOG_STATUS_UPLOADED)
                assert_int_equal(before->last, LOG_STATUS_UPLOADING);
        if (step->event == LOGEV_SUPERSEDED)
                assert_int_equal(said, LOG_STATUS_ACCEPTED_CANCELED);
        /* Idle, and nothing is left behind, exactly when it was said how it ended. */
        assert_int_equal(after->state == LOGJOB_IDLE, after->final_said);
        if (after->state == LOGJOB_IDLE)
                assert_false(after->archive || after->worker);
        /* A worker exactly in the states that wait for one; it sends only what is whole. */
        assert_int_equal(after->worker,
                         after->state == LOGJOB_COLLECTING || after->state == LOGJOB_UPLOADING);
        if (step->actions & LOGDO_UPLOAD)
                assert_true(after->archive && after->last == LOG_STATUS_UPLOADING);
        if (after->state == LOGJOB_RETRYING)
                assert_true(step->actions & LOGDO_WAIT);
        if (before->state != LOGJOB_IDLE && after->state == LOGJOB_IDLE)
                assert_int_equal(step->actions, LOGDO_STOP | LOGDO_DROP);
}

static size_t walk_index(const Walk *w)
{
        return ((size_t)w->state * LOG_STATUS_MAX + w->last) * 8 + w->final_said * 4U +
               w->archive * 2U + w->worker;
}

static size_t explore(LogJobEvent first)
{
        bool seen[WALKS] = {0};
        Walk queue[WALKS], start = {.state = LOGJOB_IDLE};
        size_t head = 0, tail = 0;

        queue[tail++] = walk_on(&start, logjob_step(LOGJOB_IDLE, first));
        check(&start, logjob_step(LOGJOB_IDLE, first), &queue[0]);
        while (head < tail) {
                Walk w = queue[head++], next;

                if (w.state == LOGJOB_IDLE)
                        continue;
                for (LogJobEvent event = 0; event < LOGJOB_EVENT_MAX; event++) {
                        const LogJobStep *step = logjob_step(w.state, event);

                        if (!step || !can_happen(&w, step))
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

static void logjob_ends_in_one_final_status_after_uploading(void **unused _unused_)
{
        assert_true(explore(LOGEV_REQUESTED) > 8);
        assert_int_equal(explore(LOGEV_REQUESTED_NO_URL), 1);
}

static void logjob_can_always_reach_its_end(void **unused _unused_)
{
        for (LogJobState state = LOGJOB_COLLECTING; state < LOGJOB_STATE_MAX; state++) {
                const LogJobStep *on = logjob_step(state, LOGEV_ARCHIVE_LOST);

                assert_int_equal(on->next, LOGJOB_COLLECTING);
                assert_int_equal(logjob_step(on->next, LOGEV_FAILED)->next, LOGJOB_IDLE);
                assert_int_equal(logjob_step(on->next, LOGEV_COLLECTED)->next, LOGJOB_UPLOADING);
                assert_int_equal(logjob_step(LOGJOB_UPLOADING, LOGEV_UPLOADED)->next, LOGJOB_IDLE);
        }
}

static void logjob_names_failures_by_their_code(void **unused _unused_)
{
        /* clang-format off */
        static const struct {
                const char *code;
                LogStatus status;
        } cases[] = {
                {"http-401",   LOG_STATUS_PERMISSION_DENIED},
                {"http-403",   LOG_STATUS_PERMISSION_DENIED},
                {"ftp-530",    LOG_STATUS_PERMISSION_DENIED},
                {"login",      LOG_STATUS_PERMISSION_DENIED},
                {"http-400",   LOG_STATUS_BAD_MESSAGE},
                {"http-415",   LOG_STATUS_BAD_MESSAGE},
                {"http-422",   LOG_STATUS_BAD_MESSAGE},
                {"http-405",   LOG_STATUS_NOT_SUPPORTED_OPERATION},
                {"http-501",   LOG_STATUS_NOT_SUPPORTED_OPERATION},
                {"scheme",     LOG_STATUS_NOT_SUPPORTED_OPERATION},
                {"http-404",   LOG_STATUS_UPLOAD_FAILURE},
                {"http-500",   LOG_STATUS_UPLOAD_FAILURE},
                {"ftp-550",    LOG_STATUS_UPLOAD_FAILURE},
                {"http-4010",  LOG_STATUS_UPLOAD_FAILURE},
                {"connection", LOG_STATUS_UPLOAD_FAILURE},
                {"nothing",    LOG_STATUS_UPLOAD_FAILURE},
                {"worker",     LOG_STATUS_UPLOAD_FAILURE},
                {"",           LOG_STATUS_UPLOAD_FAILURE},
        };
        /* clang-format on */

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(logjob_status_of(cases[i].code), cases[i].status);
}

static void logjob_knows_the_same_request_again(void **unused _unused_)
{
        LogRequest one = {.kind = LOGS_SECURITY,
                          .request_id = 3,
                          .location = (char *)"https://h/",
                          .oldest = 5,
                          .latest = 6,
                          .retries = 1,
                          .retry_interval = 2};
        LogRequest others[] = {one, one, one, one, one, one, one};
        char same[] = "https://h/";
        LogRequest again = one;

        again.location = same;
        assert_true(logjob_request_equal(&one, &again));
        others[0].kind = LOGS_DIAGNOSTICS;
        others[1].request_id = 4;
        others[2].location = (char *)"https://h/x";
        others[3].oldest = NO_TIME;
        others[4].latest = 7;
        others[5].retries = NO_INT;
        others[6].retry_interval = 0;
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                assert_false(logjob_request_equal(&one, &others[i]));
}

static void logjob_words_come_back(void **unused _unused_)
{
        for (LogJobState state = 0; state < LOGJOB_STATE_MAX; state++)
                assert_int_equal(logjob_state_from_string(logjob_state_to_string(state)), state);
        assert_int_equal(logjob_state_from_string("no such state"), LOGJOB_STATE_MAX);
        assert_string_equal(logjob_state_to_string(LOGJOB_STATE_MAX), "?");
        for (LogJobEvent event = 0; event < LOGJOB_EVENT_MAX; event++)
                assert_string_not_equal(logjob_event_to_string(event), "?");
        assert_string_equal(logjob_event_to_string(LOGJOB_EVENT_MAX), "?");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(logjob_has_one_row_for_a_state_and_event),
                cmocka_unit_test(logjob_knows_a_way_on_from_every_state),
                cmocka_unit_test(logjob_ends_in_one_final_status_after_uploading),
                cmocka_unit_test(logjob_can_always_reach_its_end),
                cmocka_unit_test(logjob_names_failures_by_their_code),
                cmocka_unit_test(logjob_knows_the_same_request_again),
                cmocka_unit_test(logjob_words_come_back),
        };

        return cmocka_run_group_tests_name("logjob", tests, NULL, NULL);
}
