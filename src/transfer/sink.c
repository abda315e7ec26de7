/* The file a download goes to: see sink.h. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sink.h"

/* RAUC's group may read, nobody else. */
#define FILE_MODE 0640
/* Room is looked for after each of so many bytes: others write too, and not every length is told.
 */
#define LOOK_BYTES (1U << 20)

struct Sink {
        int fd;
        uint64_t max_size_bytes, reserve_bytes;
        uint64_t size_bytes;
        uint64_t looked_bytes; /* the size at which room was looked for last */
};

/* What an error of the file system means. */
static const struct {
        int error;
        bool final;
        const char *code, *sentence;
} troubles[] = {
        {ENOSPC, true, "no-space", "there is no room left for the file"},
        {EDQUOT, true, "no-space", "the quota leaves no room for the file"},
        {EFBIG, true, "too-large", "the file system can't hold a file that large"},
};

int sink_trouble(int error, const char *what, Failure *reterr)
{
        for (size_t i = 0; i < ELEMENTSOF(troubles); i++) {
                if (troubles[i].error != error)
                        continue;
                *reterr = (Failure){.final = troubles[i].final};
                snprintf(reterr->code, sizeof(reterr->code), "%s", troubles[i].code);
                snprintf(reterr->message, sizeof(reterr->message), "%s", troubles[i].sentence);
                return -EIO;
        }
        *reterr = (Failure){.final = false, .code = "file"};
        snprintf(reterr->message, sizeof(reterr->message), "%s: %s", what, strerror(error));
        return -EIO;
}

static int too_large(const Sink *s, Failure *reterr)
{
        *reterr = (Failure){.final = true, .code = "too-large"};
        snprintf(reterr->message, sizeof(reterr->message),
                 "the file is larger than the %llu bytes allowed",
                 (unsigned long long)s->max_size_bytes);
        return -EIO;
}

int sink_open(const char *path, uint64_t max_size_bytes, uint64_t reserve_bytes, Sink **ret,
              Failure *reterr)
{
        _cleanup_(sink_freep) Sink *s = calloc(1, sizeof(*s));
        struct stat st;

        if (!s)
                return sink_trouble(ENOMEM, "the file can't be opened", reterr);
        s->max_size_bytes = max_size_bytes;
        s->reserve_bytes = reserve_bytes;
        /* O_NONBLOCK: a FIFO of that name must not hold us up. */
        s->fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                     FILE_MODE);
        if (s->fd < 0 || fstat(s->fd, &st) < 0)
                return sink_trouble(errno, "the file can't be opened", reterr);
        if (!S_ISREG(st.st_mode))
                return sink_trouble(EEXIST, "the file's place is taken", reterr);
        /* The size after the wait: until then another may have written. */
        if (flock(s->fd, LOCK_EX) < 0 || fchmod(s->fd, FILE_MODE) < 0 || fstat(s->fd, &st) < 0 ||
            lseek(s->fd, 0, SEEK_END) < 0)
                return sink_trouble(errno, "the file can't be opened", reterr);
        s->size_bytes = (uint64_t)st.st_size;
        *ret = TAKE_PTR(s);
        return 0;
}

void sink_free(Sink *s)
{
        if (!s)
                return;
        closep(&s->fd);
        free(s);
}

int sink_cut(Sink *s, uint64_t size_bytes, Failure *reterr)
{
        uint64_t size = MIN(size_bytes, s->size_bytes);

        if (ftruncate(s->fd, (off_t)size) < 0 || lseek(s->fd, (off_t)size, SEEK_SET) < 0)
                return sink_trouble(errno, "the file can't be cut", reterr);
        s->size_bytes = s->looked_bytes = size;
        return 0;
}

int sink_expect(const Sink *s, uint64_t more_bytes, Failure *reterr)
{
        struct statvfs v;
        uint64_t blocks;

        if (s->size_bytes > s->max_size_bytes || more_bytes > s->max_size_bytes - s->size_bytes)
                return too_large(s, reterr);
        if (fstatvfs(s->fd, &v) < 0)
                return sink_trouble(errno, "the file system can't be asked", reterr);
        blocks = more_bytes / v.f_frsize + s->reserve_bytes / v.f_frsize + 2; /* rounded up */
        return blocks > v.f_bavail ? sink_trouble(ENOSPC, "", reterr) : 0;
}

int sink_write(Sink *s, const void *data, size_t size, Failure *reterr)
{
        const char *p = data;

        if (s->size_bytes > s->max_size_bytes || size > s->max_size_bytes - s->size_bytes)
                return too_large(s, reterr);
        if (s->size_bytes - s->looked_bytes >= LOOK_BYTES) {
                if (sink_expect(s, size, reterr) < 0)
                        return -EIO;
                s->looked_bytes = s->size_bytes;
        }
        for (size_t left = size; left > 0;) {
                ssize_t n = write(s->fd, p, left);

                if (n < 0 && errno != EINTR)
                        return sink_trouble(errno, "the file can't be written", reterr);
                if (n > 0) {
                        p += n;
                        left -= (size_t)n;
                }
        }
        s->size_bytes += size;
        return 0;
}

uint64_t sink_size(const Sink *s)
{
        return s->size_bytes;
}

int sink_sync(Sink *s, Failure *reterr)
{
        return fdatasync(s->fd) < 0 ? sink_trouble(errno, "the file can't be made durable", reterr)
                                    : 0;
}

int sink_finish(Sink *s, Failure *reterr)
{
        if (fsync(s->fd) < 0)
                return sink_trouble(errno, "the file can't be made durable", reterr);
        if (close(TAKE_FD(s->fd)) < 0)
                return sink_trouble(errno, "the file can't be closed", reterr);
        return 0;
}
