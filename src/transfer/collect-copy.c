/* From a file that somebody else may be writing into an archive that must know sizes first: see
 * collect-copy.h. */
#include <stdio.h>
#include <unistd.h>

#include "blank.h"
#include "collect-copy.h"
#include "collect-manifest.h"

#define BLOCK_BYTES 65536

typedef struct Copy {
        Pack *pack;
        int fd;
        off_t from, end; /* what of the file is taken */
        char *block;     /* BLOCK_BYTES */
        bool packed;     /* no text: must not be changed */
        cJSON *told;     /* the file in the manifest */
} Copy;

/* How compressed files begin. */
static const struct {
        const char *bytes;
        size_t count;
} magics[] = {{"\x1f\x8b", 2},
              {"\xfd"
               "7zXZ",
               5},
              {"\x28\xb5\x2f\xfd", 4},
              {"BZh", 3}};

static int no_memory(Failure *reterr)
{
        *reterr = (Failure){false, "file", "out of memory", 0};
        return -EIO;
}

static ssize_t read_at(int fd, void *data, size_t size, off_t offset)
{
        ssize_t n;

        do
                n = pread(fd, data, size, offset);
        while (n < 0 && errno == EINTR);
        return n;
}

static void judge_content(Copy *c)
{
        char start[8];
        ssize_t n = read_at(c->fd, start, sizeof(start), 0);

        for (size_t i = 0; i < ELEMENTSOF(magics); i++) {
                if (n >= (ssize_t)magics[i].count &&
                    memcmp(start, magics[i].bytes, magics[i].count) == 0)
                        c->packed = true;
        }
}

/* The last lines, as many as there is room for. Of what has no lines nothing is of use. */
static int take_tail(Copy *c, uint64_t room)
{
        char *newline = NULL;
        ssize_t n;

        c->from = c->end - (off_t)room;
        n = read_at(c->fd, c->block, MIN(BLOCK_BYTES, room), c->from);
        if (n > 0 && !c->packed)
                newline = memchr(c->block, '\n', (size_t)n);
        if (room < COLLECT_ROOM_MIN || !newline)
                return -ENOSPC;
        c->from += newline + 1 - c->block;
        return 0;
}

/* Text goes out up to where no URL can be cut; the rest waits for what comes. */
static int copy_block(Copy *c, size_t have, bool last, size_t *ret_rest, Failure *reterr)
{
        size_t cut = last ? have : blank_cut(c->block, have);
        int r;

        if (!c->packed)
                blank_urls(c->block, cut);
        r = pack_data(c->pack, c->block, cut, reterr);
        *ret_rest = have - cut;
        memmove(c->block, c->block + cut, *ret_rest);
        return r;
}

static int copy_all(Copy *c, const char **ret_trouble, Failure *reterr)
{
        size_t rest = 0;
        off_t at = c->from;
        int r = 0;

        while (r == 0 && at < c->end) {
                size_t want = MIN(BLOCK_BYTES - rest, (size_t)(c->end - at));
                ssize_t n = read_at(c->fd, c->block + rest, want, at);

                if (n <= 0) {
                        *ret_trouble = n < 0 ? "it can't be read to its end" : "it got shorter";
                        return copy_block(c, rest, true, &rest, reterr);
                }
                at += n;
                r = copy_block(c, rest + (size_t)n, at == c->end, &rest, reterr);
        }
        return r;
}

static bool tell(cJSON *told, const char *name, const char *why)
{
        return told && cJSON_AddStringToObject(told, name, why);
}

static bool tell_copied(const Copy *c, const struct stat *st)
{
        usec_t modified = (usec_t)MAX(st->st_mtim.tv_sec, 0) * USEC_PER_SEC;
        char time[TIME_TEXT_MAX];

        return cJSON_AddNumberToObject(c->told, "size", (double)(c->end - c->from)) &&
               cJSON_AddStringToObject(c->told, "modified", time_format(modified, time)) &&
               (c->from == 0 ||
                (cJSON_AddNumberToObject(c->told, "bytes_left_out", (double)c->from) &&
                 tell(c->told, "left_out", COLLECT_FULL)));
}

static int copy_opened(Copy *c, const FoundFile *file, const struct stat *st, cJSON *manifest,
                       Failure *reterr)
{
        _cleanup_(freep) char *name = str_printf("files%s", file->path);
        const char *trouble = NULL;
        int r;

        c->told = name ? manifest_add_file(manifest, name, file->path) : NULL;
        if (!c->told || !tell_copied(c, st))
                return no_memory(reterr);
        r = pack_begin(c->pack, name, (uint64_t)(c->end - c->from), file->modified, reterr);
        if (r == 0)
                r = copy_all(c, &trouble, reterr);
        if (r == 0 && trouble && !tell(c->told, "cut_short", trouble))
                return no_memory(reterr);
        return r;
}

int collect_copy(Pack *pack, const FoundFile *file, usec_t since, cJSON *manifest, Failure *reterr)
{
        _cleanup_(freep) char *block = malloc(BLOCK_BYTES);
        _cleanup_(closep) int fd = -1;
        const char *why = file->left_out;
        uint64_t room = pack_room(pack);
        Copy c = {.pack = pack, .block = block};
        struct stat st;

        if (!block)
                return no_memory(reterr);
        if (!why && !file->state && file->modified < since)
                why = "it was last changed before the time span";
        if (!why && file_open_carefully(file->path, &fd, &st, &why) == 0) {
                c.fd = fd;
                c.end = st.st_size;
                judge_content(&c);
                if ((uint64_t)c.end > room && take_tail(&c, room) < 0)
                        why = COLLECT_FULL;
        }
        if (!why)
                return copy_opened(&c, file, &st, manifest, reterr);
        return tell(manifest_add_file(manifest, NULL, file->path), "left_out", why)
                       ? 0
                       : no_memory(reterr);
}
