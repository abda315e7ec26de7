/* See junit.h. */
#include "junit.h"
#include "json.h"
#include <stdio.h>

/* Text in an attribute or an element. What XML 1.0 can't hold (2.2) becomes "?". */
static void put_text(FILE *f, const char *text)
{
        _cleanup_(freep) char *clean = utf8_clip(strempty(text), 0);
        for (const char *p = strempty(clean); *p; p++) {
                if (*p == '<')
                        fputs("&lt;", f);
                else if (*p == '>')
                        fputs("&gt;", f);
                else if (*p == '&')
                        fputs("&amp;", f);
                else if (*p == '"')
                        fputs("&quot;", f);
                else if (startswith(p, "\xef\xbf\xbe") || startswith(p, "\xef\xbf\xbf"))
                        p += fprintf(f, "???") - 1;
                else
                        fputc((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t' ? '?' : *p, f);
        }
}

static void put_attribute(FILE *f, const char *name, const char *value)
{
        fprintf(f, " %s=\"", name);
        put_text(f, value);
        fputc('"', f);
}

static double seconds(usec_t span)
{
        return (double)span / (double)USEC_PER_SEC;
}

static void put_case(FILE *f, const CaseResult *c)
{
        fputs("    <testcase", f);
        put_attribute(f, "classname", c->group);
        put_attribute(f, "name", c->name);
        fprintf(f, " time=\"%.3f\">\n", seconds(c->took));
        if (c->end != CASE_PASSED) {
                fputs(c->end == CASE_FAILED ? "      <failure" : "      <skipped", f);
                put_attribute(f, "message", c->reason);
                fputs("/>\n", f);
        }
        fputs("      <system-out>", f);
        put_text(f, c->title);
        fputc('\n', f);
        put_text(f, c->output);
        fputs("</system-out>\n    </testcase>\n", f);
}

int junit_write(const char *path, const CaseResult *cases, size_t count)
{
        size_t ended[CASE_SKIPPED + 1] = {0}, size = 0;
        _cleanup_(freep) char *text = NULL;
        usec_t took = 0;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++) {
                ended[cases[i].end]++;
                took += cases[i].took;
        }
        fprintf(f,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                "  <testsuite name=\"mock-csms\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
                "skipped=\"%zu\" time=\"%.3f\">\n",
                count, ended[CASE_FAILED], ended[CASE_SKIPPED], seconds(took));
        for (size_t i = 0; i < count; i++)
                put_case(f, &cases[i]);
        fputs("  </testsuite>\n</testsuites>\n", f);
        bool bad = ferror(f);
        if (fclose(f) != 0 || bad)
                return -ENOMEM;
        return file_write_atomic(path, text, size, 0644);
}
