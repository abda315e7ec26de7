/* See trace.h. */
#include "trace.h"
#include "codec.h"
#include <stdio.h>

struct Trace {
        FILE *file;
};

int trace_open(const char *path, Trace **ret)
{
        Trace *trace = calloc(1, sizeof(*trace));
        if (!trace)
                return -ENOMEM;
        trace->file = fopen(path, "ae");
        if (!trace->file) {
                int r = -errno;
                free(trace);
                return r;
        }
        *ret = trace;
        return 0;
}

void trace_free(Trace *trace)
{
        if (!trace)
                return;
        fclose(trace->file);
        free(trace);
}

/* Length of the valid UTF-8 sequence at s (no NUL), 0 if there is none. */
static size_t sequence_length(const char *s, size_t size)
{
        for (size_t n = 1; n <= 4 && n <= size; n++)
                if (*s && utf8_valid(s, n))
                        return n;
        return 0;
}

char *trace_readable(const char *text, size_t size)
{
        static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
        char *out = malloc(size * 3 + 1), *p = out;
        if (!out)
                return NULL;
        for (size_t i = 0; i < size;) {
                size_t n = sequence_length(text + i, size - i);
                memcpy(p, n ? text + i : replacement, n ? n : 3);
                p += n ? n : 3;
                i += n ? n : 1;
        }
        *p = '\0';
        return out;
}

/* As a JSON string with its quotes. */
static char *quoted(const char *s)
{
        _cleanup_(cJSON_Deletep) cJSON *string = cJSON_CreateString(s);
        return string ? cJSON_PrintUnformatted(string) : NULL;
}

/* JSON text on one line: line breaks are white space there, never part of a string. */
static char *one_line(const char *text, size_t size)
{
        char *copy = strndup(text, size);
        for (char *p = copy; p && *p; p++)
                if (*p == '\n' || *p == '\r')
                        *p = ' ';
        return copy;
}

char *trace_line(const TraceMessage *m)
{
        char now[TIME_TEXT_MAX];
        _cleanup_(freep) char *body = NULL, *plain = NULL;
        _cleanup_(freep) char *id = quoted(m->station);
        if (m->is_json) {
                body = one_line(m->text, m->size);
        } else {
                plain = trace_readable(m->text, m->size);
                body = plain ? quoted(plain) : NULL;
        }
        if (!id || !body)
                return NULL;
        return str_printf(
                "{\"time\":\"%s\",\"station\":%s,\"protocol\":\"%s\",\"from\":\"%s\",\"%s\":%s}",
                time_format(m->time, now), id, m->protocol, m->from_csms ? "csms" : "station",
                m->is_json ? "frame" : "raw", body);
}

int trace_write(Trace *trace, const TraceMessage *message)
{
        if (!trace)
                return 0;
        _cleanup_(freep) char *line = trace_line(message);
        if (!line)
                return -ENOMEM;
        return fprintf(trace->file, "%s\n", line) < 0 ? -errno : 0;
}

void trace_flush(Trace *trace)
{
        if (trace)
                (void)fflush(trace->file);
}
