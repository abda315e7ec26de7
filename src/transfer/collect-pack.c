/* A tar.gz by libarchive, into a Sink: see collect-pack.h. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>

#include "collect-pack.h"
#include "sink.h"

#define ENTRY_MODE 0640
/* In a tar a file takes a header, sometimes a second one for a long name, and is filled up to 512
 * bytes. */
#define ENTRY_OVERHEAD 3072
/* The empty blocks at the end, which compress to next to nothing; gzip's head and tail. */
#define ARCHIVE_OVERHEAD 256
/* What zlib and libarchive hold back at most before they write: the window, a block of symbols, two
 * buffers. */
#define HELD_BACK_MAX (256 * 1024)
/* Deflate stores what it can't compress: 5 bytes more for 16 KiB. */
#define INCOMPRESSIBLE(size) ((size) + (size) / 2048 + 64)

struct Pack {
        struct archive *archive;
        Sink *sink;
        uint64_t max_size_bytes;
        uint64_t reserved_bytes;
        uint64_t content_bytes;
        uint64_t tar_bytes; /* at most, all headers included */
        bool given_up;      /* nothing more is written; failure says why */
        Failure failure;
};

/* libarchive does not free all that it has after a failure here: judge() sees it instead. */
static la_ssize_t on_write(struct archive *a _unused_, void *userdata, const void *data,
                           size_t size)
{
        Pack *p = userdata;

        if (!p->given_up && sink_write(p->sink, data, size, &p->failure) < 0)
                p->given_up = true;
        return (la_ssize_t)size;
}

/* r is what libarchive answered; a warning is one we can live with. */
static int judge(Pack *p, int r, Failure *reterr)
{
        if (r >= ARCHIVE_WARN && !p->given_up)
                return 0;
        *reterr = (Failure){.final = false, .code = "file"};
        snprintf(reterr->message, sizeof(reterr->message), "the archive can't be written: %s",
                 strempty(archive_error_string(p->archive)));
        if (p->given_up)
                *reterr = p->failure;
        return -EIO;
}

int pack_open(const Task *task, Pack **ret, Failure *reterr)
{
        _cleanup_(pack_freep) Pack *p = calloc(1, sizeof(*p));
        int r;

        if (p)
                p->archive = archive_write_new();
        if (!p || !p->archive) {
                *reterr = (Failure){false, "file", "out of memory", 0};
                return -EIO;
        }
        p->max_size_bytes = task->max_size_bytes > 0 ? (uint64_t)task->max_size_bytes : INT64_MAX;
        if (sink_open(task->file, p->max_size_bytes, (uint64_t)task->reserve_bytes, &p->sink,
                      reterr) < 0 ||
            sink_cut(p->sink, 0, reterr) < 0)
                return -EIO;
        r = archive_write_set_format_pax_restricted(p->archive);
        if (r == ARCHIVE_OK)
                r = archive_write_add_filter_gzip(p->archive);
        if (r == ARCHIVE_OK)
                r = archive_write_open(p->archive, p, NULL, on_write, NULL);
        if (judge(p, r, reterr) < 0)
                return -EIO;
        *ret = TAKE_PTR(p);
        return 0;
}

void pack_free(Pack *p)
{
        if (!p)
                return;
        p->given_up = true; /* freeing would write the end */
        archive_write_free(p->archive);
        sink_free(p->sink);
        free(p);
}

void pack_reserve(Pack *p, uint64_t size_bytes)
{
        p->reserved_bytes = size_bytes > 0 ? INCOMPRESSIBLE(size_bytes) + ENTRY_OVERHEAD : 0;
}

/* Nobody knows how far what was given compresses until it is written: it is at most what was given,
 * and at most what is written plus what is held back. */
uint64_t pack_room(const Pack *p)
{
        uint64_t used = MIN(INCOMPRESSIBLE(p->tar_bytes), sink_size(p->sink) + HELD_BACK_MAX);
        uint64_t room;

        used += p->reserved_bytes + ARCHIVE_OVERHEAD + INCOMPRESSIBLE((uint64_t)ENTRY_OVERHEAD);
        if (used >= p->max_size_bytes)
                return 0;
        room = p->max_size_bytes - used;
        return room - MIN(room, room / 2048 + 64);
}

int pack_begin(Pack *p, const char *name, uint64_t size_bytes, usec_t modified, Failure *reterr)
{
        struct archive_entry *entry = archive_entry_new();
        int r = ARCHIVE_FATAL;

        if (entry) {
                archive_entry_set_pathname(entry, name);
                archive_entry_set_filetype(entry, AE_IFREG);
                archive_entry_set_perm(entry, ENTRY_MODE);
                archive_entry_set_size(entry, (la_int64_t)size_bytes);
                archive_entry_set_mtime(entry, (time_t)(modified / USEC_PER_SEC), 0);
                r = archive_write_header(p->archive, entry);
                archive_entry_free(entry);
        }
        p->tar_bytes += size_bytes + ENTRY_OVERHEAD;
        p->content_bytes += size_bytes;
        return judge(p, r, reterr);
}

int pack_data(Pack *p, const void *data, size_t size, Failure *reterr)
{
        la_ssize_t n = archive_write_data(p->archive, data, size);

        return judge(p, n == (la_ssize_t)size ? ARCHIVE_OK : ARCHIVE_FATAL, reterr);
}

int pack_text(Pack *p, const char *name, const char *text, size_t size, Failure *reterr)
{
        int r = pack_begin(p, name, size, wallclock_now(), reterr);

        return r < 0 ? r : pack_data(p, text, size, reterr);
}

uint64_t pack_content(const Pack *p)
{
        return p->content_bytes;
}

int pack_finish(Pack *p, uint64_t *ret_size_bytes, Failure *reterr)
{
        int r = judge(p, archive_write_close(p->archive), reterr);

        if (r < 0)
                return r;
        *ret_size_bytes = sink_size(p->sink);
        return sink_finish(p->sink, reterr);
}
