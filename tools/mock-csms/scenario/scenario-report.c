/* See scenario-report.h. */
#include "scenario-report.h"
#include "json.h"
#include <stdarg.h>
#include <stdio.h>

#define GROUP_MAX 300

typedef struct Case {
        CaseResult result;
        char group[GROUP_MAX];
        char *reason, *output; /* owned */
        size_t size;
} Case;

struct Report {
        Case *cases; /* owned */
        size_t count, room;
};

int report_new(size_t cases_max, Report **ret)
{
        _cleanup_(report_freep) Report *report = calloc(1, sizeof(*report));
        if (!report || !(report->cases = calloc(cases_max + 1, sizeof(*report->cases))))
                return -ENOMEM;
        report->room = cases_max;
        *ret = TAKE_PTR(report);
        return 0;
}

void report_free(Report *report)
{
        for (size_t i = 0; i < report->count; i++) {
                free(report->cases[i].reason);
                free(report->cases[i].output);
        }
        free(report->cases);
        free(report);
}

void report_begin(Report *report, const char *group, const char *name, const char *title)
{
        if (report->count == report->room)
                return;
        Case *c = &report->cases[report->count++];
        snprintf(c->group, sizeof(c->group), "%s", group);
        c->result = (CaseResult){.group = c->group, .name = name, .title = title};
        printf("%s: %s (%s)\n", name, title, group);
        fflush(stdout);
}

/* What a terminal would obey becomes "?". */
static void tame(char *line)
{
        for (char *p = line; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f)
                        *p = '?';
}

/* Out of memory, or beyond REPORT_BYTES_MAX, a line is printed only. */
static void keep(Case *c, const char *line)
{
        size_t n = strlen(line) + 1;
        if (n > REPORT_BYTES_MAX - c->size)
                return;
        char *more = realloc(c->output, c->size + n + 1);
        if (!more)
                return;
        memcpy(more + c->size, line, n - 1);
        more[c->size + n - 1] = '\n';
        more[c->size + n] = '\0';
        c->output = more;
        c->size += n;
}

void report_line(Report *report, const char *format, ...)
{
        _cleanup_(freep) char *text = NULL;
        va_list arguments;
        va_start(arguments, format);
        int n = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (n < 0) {
                text = NULL;
                return;
        }
        _cleanup_(freep) char *line = utf8_clip(text, 0);
        if (!line || report->count == 0)
                return;
        tame(line);
        printf("  %s\n", line);
        fflush(stdout);
        keep(&report->cases[report->count - 1], line);
}

void report_end(Report *report, CaseEnd end, usec_t took, const char *reason)
{
        static const char *const words[] = {
                [CASE_PASSED] = "passed", [CASE_FAILED] = "FAILED", [CASE_SKIPPED] = "skipped"};
        if (report->count == 0)
                return;
        Case *c = &report->cases[report->count - 1];
        c->result.end = end;
        c->result.took = took;
        (void)str_replace(&c->reason, reason);
        printf("%s: %s after %.3f s\n", c->result.name, words[end],
               (double)took / (double)USEC_PER_SEC);
        fflush(stdout);
}

int report_finish(Report *report, const char *junit)
{
        size_t ended[CASE_SKIPPED + 1] = {0};
        _cleanup_(freep) CaseResult *results = calloc(report->count + 1, sizeof(*results));
        if (!results)
                return -ENOMEM;
        for (size_t i = 0; i < report->count; i++) {
                Case *c = &report->cases[i];
                results[i] = c->result;
                results[i].reason = c->reason;
                results[i].output = c->output;
                ended[c->result.end]++;
        }
        printf("%zu passed, %zu failed, %zu skipped\n", ended[CASE_PASSED], ended[CASE_FAILED],
               ended[CASE_SKIPPED]);
        fflush(stdout);
        int r = junit ? junit_write(junit, results, report->count) : 0;
        return r < 0 ? r : ended[CASE_FAILED] > 0 || ended[CASE_PASSED] == 0;
}
