/* Looks into the files of logs, by a program of its own that has nothing but the file: what
 * stations upload may be made to break who reads it. What that program says is not believed either:
 * see log-store.h. */
#include "child.h"
#include "fields.h"
#include "log-store-private.h"
#include "log.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PROGRAM "mock-csms-archive"
#define TIME_MAX (20 * USEC_PER_SEC)
/* Bytes of a list; entries of it; code points of a text. */
#define LIST_BYTES_MAX ((size_t)4 << 20)
#define ENTRIES_MAX 10000
#define TEXT_MAX 1024
/* Bytes of the longest UTF-8 sequence. */
#define SEQUENCE_MAX 4

/* How the program ends: see tools/mock-csms-archive. */
enum { END_ALL = 0, END_MORE = 10, END_NO_SUCH = 11, END_BROKEN = 12 };

struct LogReading {
        Logs *logs;
        Child *child;
        bool lists;
        int64_t at, max;
        void (*done)(void *userdata, const LogRead *read);
        void *userdata;
};

/* A line of the list: of an entry, or the last one. */
typedef struct Line {
        char *name, *type, *end, *note;
} Line;

/* clang-format off */
static const Field fields[] = {
        STRING_FIELD(  "name",     OPTIONAL, Line, name, TEXT_MAX),
        STRING_FIELD(  "type",     OPTIONAL, Line, type, TEXT_MAX),
        IGNORED_MEMBER("size",     OPTIONAL, JSON_NUMBER),
        IGNORED_MEMBER("modified", OPTIONAL, JSON_NUMBER),
        STRING_FIELD(  "end",      OPTIONAL, Line, end,  TEXT_MAX),
        STRING_FIELD(  "note",     OPTIONAL, Line, note, TEXT_MAX),
};
static const char *const types[] = { "file", "folder", "link", "other" };
/* clang-format on */
static const Table table = TABLE("line", fields);

static void line_done(Line *line)
{
        codec_done(&table, line);
}

static bool is_type(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(types[i], word))
                        return true;
        return false;
}

/* A whole number of zero or more, else null. */
static bool add_number(cJSON *o, const char *name, const cJSON *json)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
        bool good = item && item->valuedouble >= 0 && item->valuedouble <= 9e15;
        return good ? cJSON_AddNumberToObject(o, name, (double)(int64_t)item->valuedouble)
                    : cJSON_AddNullToObject(o, name);
}

static bool add_time(cJSON *o, const cJSON *json)
{
        char text[TIME_TEXT_MAX];
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "modified");
        if (!item || item->valuedouble < 0 || item->valuedouble >= 253402300800.0) /* year 10000 */
                return cJSON_AddNullToObject(o, "modified");
        usec_t time = (usec_t)item->valuedouble * USEC_PER_SEC;
        return cJSON_AddStringToObject(o, "modified", time_format(time, text));
}

static bool add_entry(cJSON *entries, const Line *line, const cJSON *json)
{
        cJSON *o = cJSON_CreateObject();
        if (!o || !cJSON_AddStringToObject(o, "name", line->name) ||
            !cJSON_AddStringToObject(o, "type", line->type) || !add_number(o, "size", json) ||
            !add_time(o, json)) {
                cJSON_Delete(o);
                return false;
        }
        return cJSON_AddItemToArray(entries, o);
}

static bool add_text(cJSON *o, const char *name, const char *text)
{
        return text && *text ? cJSON_AddStringToObject(o, name, text)
                             : cJSON_AddNullToObject(o, name);
}

/* A line of what the program has said. 1: the last one, and its member end and note are in *answer;
 * 0: another; -EBADMSG: none that it may say; -ENOMEM. */
static int read_line(const char *text, size_t size, cJSON *answer, cJSON *entries)
{
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        _cleanup_(line_done) Line line = {0};
        CodecError error;
        const CodecRules rules = {.unknown_is_violation = true};
        int r = json_parse(text, size, &json);
        if (r == 0)
                r = codec_decode(&table, rules, json, &line, &error);
        if (r < 0)
                return r == -ENOMEM ? r : -EBADMSG;
        if (line.end)
                return add_text(answer, "format", line.end) && add_text(answer, "note", line.note)
                               ? 1
                               : -ENOMEM;
        if (!line.name || !line.type || !is_type(line.type) ||
            cJSON_GetArraySize(entries) >= ENTRIES_MAX)
                return -EBADMSG;
        return add_entry(entries, &line, json) ? 0 : -ENOMEM;
}

/* What there is of a list; a program that was killed in its midst has an end missing. NULL when out
 * of memory. */
static cJSON *read_list(const ChildEnd *end)
{
        _cleanup_(cJSON_Deletep) cJSON *answer = cJSON_CreateObject();
        cJSON *entries = answer ? cJSON_AddArrayToObject(answer, "entries") : NULL;
        int r = entries ? 0 : -ENOMEM;
        for (const char *p = end->out, *eol; r == 0 && (eol = strchr(p, '\n')); p = eol + 1)
                r = read_line(p, (size_t)(eol - p), answer, entries);
        if (r == -ENOMEM)
                return NULL;
        if (r <= 0 && (!cJSON_AddNullToObject(answer, "format") ||
                       !cJSON_AddStringToObject(
                               answer, "note",
                               "The archive can't be read to its end: this is its beginning.")))
                return NULL;
        return TAKE_PTR(answer);
}

/* Bytes at the end that are the beginning of a UTF-8 sequence. */
static size_t unfinished(const char *text, size_t size)
{
        for (size_t n = 1; n < SEQUENCE_MAX && n <= size; n++) {
                unsigned char c = (unsigned char)text[size - n];
                if (c >= 0xc0)
                        return (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) > n ? n : 0;
                if (c < 0x80)
                        return 0;
        }
        return 0;
}

static LogRead read_text(const LogReading *reading, const ChildEnd *end)
{
        LogRead read = {.broken = end->status != END_ALL && end->status != END_MORE};
        size_t size = MIN(end->out_size, (size_t)reading->max);
        if (end->status == END_NO_SUCH)
                return (LogRead){.error = -ENOENT};
        if (read.broken && size == 0)
                return (LogRead){.error = end->timed_out ? -ETIMEDOUT : -EBADMSG};
        if (end->status == END_MORE && size > unfinished(end->out, size))
                size -= unfinished(end->out, size);
        if (end->status == END_MORE)
                read.next = reading->at + (int64_t)size;
        read.text = trace_readable(end->out, size);
        return read;
}

static void on_ended(void *userdata, const ChildEnd *end)
{
        LogReading *reading = userdata;
        LogRead read =
                reading->lists ? (LogRead){.entries = read_list(end)} : read_text(reading, end);
        if (end->err_size > 0)
                log_debug(PROGRAM ": %.*s", (int)MIN(end->err_size, (size_t)200), end->err);
        reading->logs->readings--;
        reading->done(reading->userdata, &read);
        free(reading);
}

/* It lies beside this program. NULL: out of memory, or nobody knows where. */
static char *find_program(void)
{
        char self[1024];
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (n <= 0)
                return NULL;
        self[n] = '\0';
        char *slash = strrchr(self, '/');
        return str_printf("%.*s/" PROGRAM, (int)(slash - self), self);
}

/* What the file is called where it is no archive: as it came, less what a packer has put behind it.
 * NULL: out of memory. */
static char *name_of(const LogRow *row)
{
        static const char *const endings[] = {".gz", ".bz2", ".xz", ".zst"};
        const char *name = strempty(row->name);
        size_t size = strlen(name);
        for (size_t i = 0; i < ELEMENTSOF(endings); i++) {
                size_t n = strlen(endings[i]);
                if (size > n && strcasecmp(name + size - n, endings[i]) == 0) {
                        size -= n;
                        break;
                }
        }
        return size > 0 ? strndup(name, size) : strdup("log");
}

int logs_read(Logs *logs, const LogRow *row, const LogPiece *piece,
              void (*done)(void *userdata, const LogRead *read), void *userdata, LogReading **ret)
{
        char at[24], max[24];
        if (logs->readings >= LOG_READINGS_MAX)
                return -EBUSY;
        _cleanup_(closep) int fd =
                openat(logs->folder.fd, row->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        _cleanup_(freep) char *program = find_program(), *name = name_of(row);
        _cleanup_(freep) LogReading *reading = calloc(1, sizeof(*reading));
        if (!program || !name || !reading)
                return -ENOMEM;
        *reading = (LogReading){.logs = logs,
                                .lists = !piece->entry,
                                .at = piece->at,
                                .max = piece->max,
                                .done = done,
                                .userdata = userdata};
        snprintf(at, sizeof(at), "%lld", (long long)piece->at);
        snprintf(max, sizeof(max), "%lld", (long long)piece->max);
        const char *words[] = {program, name, piece->entry ? "read" : "list", piece->entry, at,
                               max,     NULL};
        int r = child_start(
                logs->options.loop,
                &(ChildOptions){.words = words,
                                .timeout = TIME_MAX,
                                .output_max = piece->entry ? (size_t)LOG_READ_MAX : LIST_BYTES_MAX,
                                .input = fd,
                                .limits_itself = true},
                on_ended, reading, &reading->child);
        if (r < 0)
                return log_error_errno(r, "Can't start %s", program);
        logs->readings++;
        *ret = TAKE_PTR(reading);
        return 0;
}

void logs_forget_reading(LogReading *reading)
{
        child_kill(reading->child);
        reading->logs->readings--;
        free(reading);
}
