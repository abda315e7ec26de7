/* One line of log to where it can be read: see log.h. */
/* It would always name this file. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "log.h"

/* Longer lines are cut. */
#define LOG_LINE_MAX 2048
#define LOG_FIELDS_MAX 12

/* Ids never change and are never used again: machines look for them. */
/* clang-format off */
static const char *const event_ids[LOG_EVENT_MAX] = {
        [EVENT_REQUEST_ACCEPTED] = "2535d02f912a462ea74872625a26f350",
        [EVENT_REQUEST_REFUSED]  = "c46fc86b2cd84bd3a0048ae78effe8d9",
        [EVENT_STATUS]           = "91f6f59c58aa45bbab33b344c4c9d4b2",
        [EVENT_INSTALLED]        = "d8f2b2190ee34ad7a810b2cf0fb1b61d",
        [EVENT_UPDATE_FAILED]    = "43ec7db440c944bfafb632fee730c2c2",
        [EVENT_ROLLED_BACK]      = "89c322b4d3514ab4a9900f5ad6d1adc1",
        [EVENT_CONNECTED]        = "0293d2e4e11c4efdbe77254d65771f2c",
        [EVENT_DISCONNECTED]     = "44f381b83c22406dab5acbe953e09c2e",
        [EVENT_UNPROVEN]         = "88817791c12948738657b24cd9f9b2ab",
};

/* How a level looks to a person, and its colour on a terminal. */
static const struct Level {
        const char *word;   /* what $RAUC_OCPP_LOG_LEVEL calls it */
        const char *prefix;
        const char *colour;
} levels[] = {
        [LOG_ERR]     = { "err",     "error: ",   "\x1b[1;31m" },
        [LOG_WARNING] = { "warning", "warning: ", "\x1b[1;33m" },
        [LOG_NOTICE]  = { "notice",  "",          "\x1b[1m"    },
        [LOG_INFO]    = { "info",    "",          ""           },
        [LOG_DEBUG]   = { "debug",   "debug: ",   "\x1b[2m"    },
};
/* clang-format on */

typedef struct Line {
        int level;
        int error; /* 0 or negative errno */
        const char *event_id;
        const LogFields *fields; /* NULL: none */
        char text[LOG_LINE_MAX];
} Line;

static int max_level = -1; /* not asked for yet */

int log_get_max_level(void)
{
        const char *word;

        if (max_level >= 0)
                return max_level;
        max_level = LOG_INFO;
        word = strempty(secure_getenv("RAUC_OCPP_LOG_LEVEL"));
        for (int i = LOG_ERR; i <= LOG_DEBUG; i++)
                if (streq(word, levels[i].word))
                        return max_level = i;
        if (*word)
                log_warning("RAUC_OCPP_LOG_LEVEL is \"%s\", which is none of err, warning, notice, "
                            "info, debug: info is taken",
                            word);
        return max_level;
}

/* systemd names stderr's device and inode in $JOURNAL_STREAM where the journal reads it; a
 * redirection inherits the variable but not the file. */
static bool stderr_is_journal(void)
{
        const char *stream = secure_getenv("JOURNAL_STREAM");
        char *end;
        unsigned long long device, inode;
        struct stat st;

        if (!stream || fstat(STDERR_FILENO, &st) < 0)
                return false;
        device = strtoull(stream, &end, 10);
        if (*end != ':')
                return false;
        inode = strtoull(end + 1, &end, 10);
        return !*end && device == st.st_dev && inode == st.st_ino;
}

/* The text of one journal entry, piece by piece. */
typedef struct Entry {
        struct iovec pieces[LOG_FIELDS_MAX];
        char *owned[LOG_FIELDS_MAX];
        int count;
} Entry;

static void entry_done(Entry *e)
{
        for (int i = 0; i < e->count; i++)
                free(e->owned[i]);
}

/* A field that finds no memory is left out: the line matters more. */
static void entry_add(Entry *e, const char *name, const char *value)
{
        char *s;

        if (!value || e->count == LOG_FIELDS_MAX || !(s = str_printf("%s=%s", name, value)))
                return;
        e->owned[e->count] = s;
        e->pieces[e->count++] = (struct iovec){.iov_base = s, .iov_len = strlen(s)};
}

static int write_journal(const Line *line)
{
        _cleanup_(entry_done) Entry e = {0};
        const LogFields none = {0}, *f = line->fields ? line->fields : &none;
        char priority[12], number[12];

        snprintf(priority, sizeof(priority), "%i", line->level);
        snprintf(number, sizeof(number), "%i", -line->error);
        entry_add(&e, "MESSAGE", line->text);
        entry_add(&e, "PRIORITY", priority);
        entry_add(&e, "SYSLOG_IDENTIFIER", program_invocation_short_name);
        entry_add(&e, "ERRNO", line->error ? number : NULL);
        entry_add(&e, "MESSAGE_ID", line->event_id);
        entry_add(&e, "OCPP_REQUEST_ID", f->request_id);
        entry_add(&e, "OCPP_ACTION", f->action);
        entry_add(&e, "OCPP_STATUS", f->status);
        entry_add(&e, "FIRMWARE_URI", f->firmware_uri);
        return sd_journal_sendv(e.pieces, e.count);
}

/* One write, so that lines of several processes don't mix. Control characters could come from a
 * peer and would talk to the terminal. */
static void write_stderr(Line *line)
{
        const struct Level *level = &levels[line->level];
        bool colour = isatty(STDERR_FILENO) && *level->colour;

        for (char *p = line->text; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        *p = *p == '\n' || *p == '\t' ? ' ' : '?';
        dprintf(STDERR_FILENO, "%s%s%s%s\n", colour ? level->colour : "", level->prefix, line->text,
                colour ? "\x1b[0m" : "");
}

_printf_(2, 0) static void write_line(Line *line, const char *format, va_list ap)
{
        int saved = errno, n;

        n = vsnprintf(line->text, sizeof(line->text), format, ap);
        if (n < 0)
                line->text[n = 0] = '\0';
        if (line->error && (size_t)n < sizeof(line->text))
                snprintf(line->text + n, sizeof(line->text) - (size_t)n, ": %s",
                         strerror(-line->error));
        if (!stderr_is_journal() || write_journal(line) < 0)
                write_stderr(line);
        errno = saved;
}

int log_full(int level, int error, const char *format, ...)
{
        Line line = {.level = MIN(MAX(level, LOG_ERR), LOG_DEBUG), .error = error};
        va_list ap;

        if (level > log_get_max_level())
                return error;
        va_start(ap, format);
        write_line(&line, format, ap);
        va_end(ap);
        return error;
}

void log_event(int level, LogEvent event, const LogFields *fields, const char *format, ...)
{
        Line line = {.level = MIN(MAX(level, LOG_ERR), LOG_DEBUG),
                     .event_id = event < LOG_EVENT_MAX ? event_ids[event] : NULL,
                     .fields = fields};
        va_list ap;

        if (level > log_get_max_level())
                return;
        va_start(ap, format);
        write_line(&line, format, ap);
        va_end(ap);
}
