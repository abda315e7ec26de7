/* Fields of an entry, put together: see collect-line.h. */
#include <stdio.h>
#include <time.h>

#include "blank.h"
#include "collect-line.h"

#define MESSAGE_MAX 16384
#define WORD_MAX 128
#define EXTRAS_MAX 4096
/* Of a field in braces. */
#define VALUE_MAX 128

typedef struct Word {
        char text[WORD_MAX];
        size_t size;
} Word;

typedef enum WordKind {
        WORD_UNIT,
        WORD_IDENTIFIER,
        WORD_COMMAND,
        WORD_PID,
        WORD_PRIORITY,
        WORD_KIND_MAX
} WordKind;

struct Line {
        Word words[WORD_KIND_MAX];
        char message[MESSAGE_MAX];
        size_t message_size, message_whole; /* kept, and as it was */
        char extras[EXTRAS_MAX];            /* " NAME=value" each */
        size_t extras_size;
        time_t second; /* of day, which is costly to make */
        char day[WORD_MAX];
        char text[COLLECT_LINE_MAX];
        size_t size;
};

/* Where the words come from. */
static const char *const word_fields[WORD_KIND_MAX] = {
        [WORD_UNIT] = "_SYSTEMD_UNIT", [WORD_IDENTIFIER] = "SYSLOG_IDENTIFIER",
        [WORD_COMMAND] = "_COMM",      [WORD_PID] = "_PID",
        [WORD_PRIORITY] = "PRIORITY",
};

/* Fields that are no words of a program's own, or too much of them: COREDUMP_* has its
 * environment. */
static const char *const left_out[] = {"_",     "SYSLOG_", "CODE_",          "COREDUMP_",
                                       "GLIB_", "TID=",    "INVOCATION_ID=", "USER_INVOCATION_ID="};

/* syslog(3) */
static const char *const levels[] = {"emergency", "alert",  "critical", "error",
                                     "warning",   "notice", "info",     "debug"};

int line_new(Line **ret)
{
        *ret = calloc(1, sizeof(**ret));
        return *ret ? 0 : -ENOMEM;
}

void line_free(Line *l)
{
        free(l);
}

/* Data of the journal need not be text, nor end. */
static bool is_called(const char *data, size_t name_size, const char *name)
{
        return strlen(name) == name_size && memcmp(data, name, name_size) == 0;
}

static bool is_left_out(const char *data, size_t size)
{
        for (size_t i = 0; i < ELEMENTSOF(left_out); i++) {
                size_t n = strlen(left_out[i]);

                if (size >= n && memcmp(data, left_out[i], n) == 0)
                        return true;
        }
        return false;
}

static bool take_word(Line *l, const char *data, size_t name_size, size_t size)
{
        for (size_t i = 0; i < WORD_KIND_MAX; i++) {
                Word *word = &l->words[i];

                if (!is_called(data, name_size, word_fields[i]))
                        continue;
                word->size = MIN(size - name_size - 1, sizeof(word->text));
                memcpy(word->text, data + name_size + 1, word->size);
                return true;
        }
        return false;
}

static void take_field(Line *l, const char *data, size_t size)
{
        const char *sign = memchr(data, '=', size);
        size_t name_size = sign ? (size_t)(sign - data) : size;

        if (!sign || take_word(l, data, name_size, size))
                return;
        if (is_called(data, name_size, "MESSAGE")) {
                l->message_whole = size - name_size - 1;
                l->message_size = MIN(l->message_whole, sizeof(l->message));
                memcpy(l->message, sign + 1, l->message_size);
        } else if (size - name_size <= VALUE_MAX && !is_left_out(data, size) &&
                   size + 1 <= sizeof(l->extras) - l->extras_size) {
                l->extras[l->extras_size++] = ' ';
                memcpy(l->extras + l->extras_size, data, size);
                l->extras_size += size;
        }
}

static void put(Line *l, const char *data, size_t size)
{
        memcpy(l->text + l->size, data, size); /* the parts' limits leave room for all */
        l->size += size;
}

/* Nothing in an entry can look like the beginning of another one. */
static void put_clean(Line *l, const char *data, size_t size)
{
        for (size_t i = 0; i < size; i++) {
                unsigned char c = (unsigned char)data[i];

                if (c == '\n')
                        put(l, "\n\t", 2);
                else
                        l->text[l->size++] = (c < ' ' && c != '\t') || c == 0x7f ? '?' : (char)c;
        }
}

static void put_word(Line *l, const Word *word)
{
        if (word->size == 0)
                put(l, "-", 1);
        put_clean(l, word->text, word->size);
}

static void put_time(Line *l, usec_t at)
{
        time_t second = (time_t)(at / USEC_PER_SEC);
        struct tm tm;

        if (second != l->second || !l->day[0]) {
                l->second = second;
                strftime(l->day, sizeof(l->day), "%Y-%m-%dT%H:%M:%S", gmtime_r(&second, &tm));
        }
        l->size = (size_t)snprintf(l->text, sizeof(l->text), "%s.%06uZ ", l->day,
                                   (unsigned)(at % USEC_PER_SEC));
}

static void put_level(Line *l)
{
        const Word *priority = &l->words[WORD_PRIORITY];
        unsigned level = priority->size == 1 ? (unsigned)(priority->text[0] - '0') : UINT32_MAX;
        const char *word = level < ELEMENTSOF(levels) ? levels[level] : "-";

        put(l, word, strlen(word));
        put(l, ": ", 2);
}

static void put_all(Line *l, usec_t at)
{
        const Word *w = l->words;

        put_time(l, at);
        put_word(l, &w[WORD_UNIT]);
        put(l, " ", 1);
        put_word(l, &w[w[WORD_IDENTIFIER].size > 0 ? WORD_IDENTIFIER : WORD_COMMAND]);
        if (w[WORD_PID].size > 0) {
                put(l, "[", 1);
                put_word(l, &w[WORD_PID]);
                put(l, "]", 1);
        }
        put(l, " ", 1);
        put_level(l);
        put_clean(l, l->message, l->message_size);
        if (l->message_size < l->message_whole)
                l->size += (size_t)snprintf(l->text + l->size, WORD_MAX, " (cut: %zu bytes)",
                                            l->message_whole);
        if (l->extras_size > 0) {
                l->extras[0] = '{';
                put(l, " ", 1);
                put_clean(l, l->extras, l->extras_size);
                put(l, "}", 1);
        }
        put(l, "\n", 1);
}

int line_read(Line *l, sd_journal *j, usec_t at)
{
        const void *data;
        size_t size;
        int r;

        for (size_t i = 0; i < WORD_KIND_MAX; i++)
                l->words[i].size = 0;
        l->message_size = l->message_whole = l->extras_size = 0;
        sd_journal_restart_data(j);
        while ((r = sd_journal_enumerate_available_data(j, &data, &size)) > 0)
                take_field(l, data, size);
        if (r < 0)
                return r;
        put_all(l, at);
        blank_urls(l->text, l->size);
        return 0;
}

const char *line_text(const Line *l, size_t *ret_size)
{
        *ret_size = l->size;
        return l->text;
}
