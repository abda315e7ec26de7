/* mock-csms-archive: lists what is in a log that a station has uploaded, or reads one thing of it.
 *
 *   mock-csms-archive SELF list              a line of JSON for each entry, then {"end":…}
 *   mock-csms-archive SELF read NAME AT MAX  its bytes from AT on, MAX of them at most
 *
 * The file is the standard input. Nothing is unpacked to the disk; before the first byte is read,
 * this process gives up everything but what it has open: the archive may be made to break it. What
 * is no archive is one entry, SELF, unless gzip has kept another name of it. */
#include "cage.h"
#include "json.h"
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

/* Entries that are listed, code points of a name. */
#define ENTRIES_MAX 10000
#define NAME_MAX_POINTS 1024
/* Bytes that are unpacked at most: a small file may hold very much. */
#define UNPACKED_MAX ((int64_t)1 << 30)
#define READ_SIZE 65536

/* How it ends. */
enum {
        END_ALL = 0,      /* nothing is left */
        END_WRONG = 2,    /* the arguments */
        END_CAGE = 3,     /* it can't be locked up */
        END_MORE = 10,    /* read: there is more of it */
        END_NO_SUCH = 11, /* read: there is no such entry */
        END_BROKEN = 12,  /* the archive is no good from here on */
};

/* Length of the UTF-8 sequence that begins here, 0: there is none. */
static size_t sequence_length(const char *s, size_t size)
{
        for (size_t n = 1; n <= 4 && n <= size; n++)
                if (utf8_valid(s, n))
                        return n;
        return 0;
}

/* An archive, or what is none. */
typedef struct Source {
        struct archive *archive;
        const char *self; /* what it is called where it is none */
} Source;

/* What libarchive calls the one entry of what is no archive. */
#define NAME_OF_NONE "data"

/* The name as people see it: UTF-8 of a limited length. NULL: out of memory. */
static char *name_of(const Source *s, struct archive_entry *entry)
{
        static const char unknown[] = "\xef\xbf\xbd"; /* U+FFFD */
        const char *raw = archive_entry_pathname_utf8(entry);
        if (!raw)
                raw = strempty(archive_entry_pathname(entry));
        if (archive_format(s->archive) == ARCHIVE_FORMAT_RAW && streq(raw, NAME_OF_NONE))
                raw = s->self;
        size_t size = strnlen(raw, (size_t)NAME_MAX_POINTS * 4);
        char *out = malloc(size * 3 + 1), *p = out;
        if (!out)
                return NULL;
        for (size_t i = 0; i < size;) {
                size_t n = sequence_length(raw + i, size - i);
                p = mempcpy(p, n ? raw + i : unknown, n ? n : strlen(unknown));
                i += n ? n : 1;
        }
        *p = '\0';
        char *name = utf8_clip(out, NAME_MAX_POINTS);
        free(out);
        return name;
}

static int say(cJSON *json)
{
        _cleanup_(cJSON_Deletep) cJSON *owned = json;
        _cleanup_(freep) char *text = json ? cJSON_PrintUnformatted(json) : NULL;
        return text && dprintf(STDOUT_FILENO, "%s\n", text) > 0 ? 0 : -EIO;
}

static const char *type_of(struct archive_entry *entry)
{
        if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) == AE_IFLNK)
                return "link";
        return archive_entry_filetype(entry) == AE_IFREG   ? "file"
               : archive_entry_filetype(entry) == AE_IFDIR ? "folder"
                                                           : "other";
}

static int say_entry(const Source *s, struct archive_entry *entry)
{
        _cleanup_(freep) char *name = name_of(s, entry);
        cJSON *o = name ? cJSON_CreateObject() : NULL;
        if (!o)
                return -ENOMEM;
        cJSON_AddStringToObject(o, "name", name);
        cJSON_AddStringToObject(o, "type", type_of(entry));
        if (archive_entry_size_is_set(entry) && archive_entry_size(entry) >= 0)
                cJSON_AddNumberToObject(o, "size", (double)archive_entry_size(entry));
        if (archive_entry_mtime_is_set(entry))
                cJSON_AddNumberToObject(o, "modified", (double)archive_entry_mtime(entry));
        return say(o);
}

/* The last line; note NULL: that was all. */
static int say_end(struct archive *a, const char *note)
{
        cJSON *o = cJSON_CreateObject();
        if (!o)
                return -ENOMEM;
        cJSON_AddStringToObject(o, "end", strempty(archive_format_name(a)));
        if (note)
                cJSON_AddStringToObject(o, "note", note);
        return say(o);
}

static bool is_too_much(struct archive *a)
{
        return archive_filter_bytes(a, 0) > UNPACKED_MAX;
}

static int list(const Source *s)
{
        struct archive *a = s->archive;
        struct archive_entry *entry;
        int r = ARCHIVE_OK;
        for (size_t n = 0; n < ENTRIES_MAX; n++) {
                r = archive_read_next_header(a, &entry);
                if (r == ARCHIVE_EOF)
                        return say_end(a, NULL) < 0 ? END_BROKEN : END_ALL;
                if (r < ARCHIVE_WARN)
                        return say_end(a, "The archive is broken: only its beginning is told.") < 0
                                       ? END_WRONG
                                       : END_BROKEN;
                if (say_entry(s, entry) < 0)
                        return END_BROKEN;
                if (is_too_much(a))
                        break;
        }
        (void)say_end(a, "The archive holds too much: only its beginning is told.");
        return END_MORE;
}

/* Writes all of it. 0, -EPIPE. */
static int put(const char *data, size_t size)
{
        while (size > 0) {
                ssize_t n = write(STDOUT_FILENO, data, size);
                if (n <= 0)
                        return -EPIPE;
                data += n;
                size -= (size_t)n;
        }
        return 0;
}

/* Passes over so many bytes of the entry, then writes so many. */
static int copy(struct archive *a, int64_t at, int64_t max)
{
        char buffer[READ_SIZE];
        for (;;) {
                la_ssize_t n = archive_read_data(a, buffer, sizeof(buffer));
                if (n < 0)
                        return END_BROKEN;
                if (n == 0)
                        return END_ALL;
                if (is_too_much(a))
                        return END_BROKEN;
                int64_t skipped = MIN(at, (int64_t)n), rest = (int64_t)n - skipped;
                at -= skipped;
                if (put(buffer + skipped, (size_t)MIN(rest, max)) < 0)
                        return END_BROKEN;
                if (rest > max)
                        return END_MORE;
                max -= rest;
        }
}

static int read_entry(const Source *s, const char *wanted, int64_t at, int64_t max)
{
        struct archive *a = s->archive;
        struct archive_entry *entry;
        for (size_t n = 0; n < ENTRIES_MAX && !is_too_much(a); n++) {
                int r = archive_read_next_header(a, &entry);
                if (r == ARCHIVE_EOF)
                        return END_NO_SUCH;
                if (r < ARCHIVE_WARN)
                        return END_BROKEN;
                _cleanup_(freep) char *name = name_of(s, entry);
                if (name && streq(name, wanted) && streq(type_of(entry), "file"))
                        return copy(a, at, max);
        }
        return END_BROKEN;
}

/* What stations pack with. No other reader than these sees a byte. */
static struct archive *open_archive(void)
{
        struct archive *a = archive_read_new();
        if (!a)
                return NULL;
        archive_read_support_filter_gzip(a);
        archive_read_support_filter_bzip2(a);
        archive_read_support_filter_xz(a);
        archive_read_support_filter_zstd(a);
        archive_read_support_format_tar(a);
        archive_read_support_format_zip(a);
        archive_read_support_format_raw(a);
        archive_read_support_format_empty(a);
        return a;
}

static bool read_number(const char *text, int64_t *ret)
{
        char *end;
        errno = 0;
        *ret = strtoll(text, &end, 10);
        return *text >= '0' && *text <= '9' && !*end && errno == 0;
}

int main(int argc, char **argv)
{
        int64_t at = 0, max = 0;
        bool lists = argc == 3 && streq(argv[2], "list");
        if (!lists && (argc != 6 || !streq(argv[2], "read") || !read_number(argv[4], &at) ||
                       !read_number(argv[5], &max))) {
                fputs("usage: mock-csms-archive SELF list | SELF read NAME AT MAX\n", stderr);
                return END_WRONG;
        }
        (void)setlocale(LC_CTYPE, "C.UTF-8"); /* names are converted by it */
        const Source source = {.archive = open_archive(), .self = argv[1]};
        if (!source.archive)
                return END_CAGE;
        int r = cage_lock(CAGE_LOOK, &(Task){0});
        if (r < 0) {
                fprintf(stderr, "mock-csms-archive: %s\n", strerror(-r));
                archive_read_free(source.archive);
                return END_CAGE;
        }
        if (archive_read_open_fd(source.archive, STDIN_FILENO, READ_SIZE) != ARCHIVE_OK)
                r = END_BROKEN;
        else
                r = lists ? list(&source) : read_entry(&source, argv[3], at, max);
        archive_read_free(source.archive);
        return r;
}
