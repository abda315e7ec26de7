/* docs/life-cycle.dot and .svg are the job's table, drawn: generated from it, and checked here to
 * be what it says now. With the argument "print" the drawing goes to stdout (./dev life-cycle). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "job.h"

#define DRAWING_MAX 65536

/* clang-format off */
static const struct {
        const char *title, *colour;
        JobState first, last;
} phases[] = {
        {"before RAUC writes",            "#e8f0fb", JOB_CHECKING,           JOB_PREPARING},
        {"RAUC writes, then the reboot",  "#fdf1d8", JOB_INSTALLING,         JOB_REBOOTING},
        {"the new system on trial",       "#e5f5ea", JOB_TRIAL_HEALTH,       JOB_TRIAL_ACCEPT},
        {"going back",                    "#fbe6e4", JOB_UNDOING,            JOB_RETURNED},
};
/* clang-format on */

/* A start finds the job where it is: drawn once, dashed. */
static bool is_start(JobEvent event)
{
        return event == EV_TARGET_UP || event == EV_TARGET_BROKEN || event == EV_ORIGIN_UP ||
               event == EV_ELSEWHERE_UP || event == EV_RESTORED || event == EV_ORIGIN_MOVED;
}

/* Idle is drawn twice: where it begins, and where it ends. */
static const char *name_of(JobState from)
{
        return from == JOB_IDLE ? "ordered" : job_state_to_string(from);
}

static bool is_drawn(JobState from, JobState to)
{
        return from != to || from == JOB_IDLE;
}

static const char *said_by(const JobStep *step)
{
        if (step->say == FW_NONE)
                return NULL;
        return step->say == FW_VERDICT ? "the failure"
                                       : firmware_status_to_string((FirmwareStatus)step->say);
}

/* All events that lead from one state to another, one arrow. */
static void draw_arrow(FILE *out, JobState from, JobState to, bool starts)
{
        bool any = false;

        for (JobEvent event = 0; event < JOB_EVENT_MAX; event++) {
                const JobStep *step = job_step(from, event);

                if (!step || step->next != to || !is_drawn(from, to) || is_start(event) != starts)
                        continue;
                if (!any)
                        fprintf(out, "  \"%s\" -> \"%s\" [%slabel=\"", name_of(from),
                                job_state_to_string(to), starts ? "style=dashed, " : "");
                fprintf(out, "%s%s", any ? "\\n" : "", job_event_to_string(event));
                if (said_by(step))
                        fprintf(out, ": %s", said_by(step));
                any = true;
        }
        if (any)
                fputs("\"];\n", out);
}

static void draw(FILE *out)
{
        fputs("// Generated from src/core/job.c by ./dev life-cycle; don't edit.\n"
              "digraph life_cycle {\n"
              "  graph [fontname=\"sans-serif\", labelloc=t, label=\"The life of an update: event: "
              "status that the CSMS is told. Dashed: what a start of the agent finds.\"];\n"
              "  node [fontname=\"sans-serif\", shape=box, style=\"rounded,filled\", "
              "fillcolor=white];\n"
              "  edge [fontname=\"sans-serif\", fontsize=10];\n",
              out);
        for (size_t i = 0; i < ELEMENTSOF(phases); i++) {
                fprintf(out,
                        "  subgraph cluster_%zu {\n    label=\"%s\"; style=filled; color=\"%s\";\n",
                        i, phases[i].title, phases[i].colour);
                for (JobState s = phases[i].first; s <= phases[i].last; s++)
                        fprintf(out, "    \"%s\";\n", job_state_to_string(s));
                fputs("  }\n", out);
        }
        for (JobState from = 0; from < JOB_STATE_MAX; from++)
                for (JobState to = 0; to < JOB_STATE_MAX; to++) {
                        draw_arrow(out, from, to, false);
                        draw_arrow(out, from, to, true);
                }
        fputs("}\n", out);
}

static char *read_doc(const char *name)
{
        _cleanup_(freep) char *path = str_printf("%s/docs/%s", getenv("SOURCE_DIR"), name);
        char *text = NULL;

        assert_int_equal(file_read(path, 8 * DRAWING_MAX, &text, NULL), 0);
        return text;
}

static void life_cycle_is_drawn_as_it_is(void **state _unused_)
{
        _cleanup_(freep) char *documented = read_doc("life-cycle.dot");
        static char now[DRAWING_MAX];
        FILE *out = fmemopen(now, sizeof(now), "w");

        assert_non_null(out);
        draw(out);
        fclose(out);
        if (!streq(documented, now))
                fail_msg("docs/life-cycle.dot is not what job.c says: run ./dev life-cycle");
}

/* The picture has an arrow for each pair of states that the table connects, and no other. */
static void life_cycle_picture_has_its_arrows(void **state _unused_)
{
        _cleanup_(freep) char *picture = read_doc("life-cycle.svg");
        size_t wanted = 0, drawn = 0;

        for (JobState from = 0; from < JOB_STATE_MAX; from++)
                for (JobState to = 0; to < JOB_STATE_MAX; to++) {
                        char title[128];
                        bool plain = false, dashed = false;

                        for (JobEvent event = 0; event < JOB_EVENT_MAX; event++)
                                if (is_drawn(from, to) && job_step(from, event) &&
                                    job_step(from, event)->next == to)
                                        *(is_start(event) ? &dashed : &plain) = true;
                        wanted += (size_t)plain + (size_t)dashed;
                        snprintf(title, sizeof(title), "<title>%s&#45;&gt;%s</title>",
                                 name_of(from), job_state_to_string(to));
                        for (char *p = title; (p = strchr(p, '-')); p++) {
                                memmove(p + 5, p + 1, strlen(p + 1) + 1);
                                memcpy(p, "&#45;", 5);
                        }
                        for (const char *p = picture; (p = strstr(p, title)); p++)
                                drawn++;
                }
        assert_true(wanted > 50);
        assert_int_equal(drawn, wanted);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(life_cycle_is_drawn_as_it_is),
                cmocka_unit_test(life_cycle_picture_has_its_arrows),
        };

        if (argc == 2 && streq(argv[1], "print")) {
                draw(stdout);
                return 0;
        }
        return cmocka_run_group_tests_name("life-cycle", tests, NULL, NULL);
}
