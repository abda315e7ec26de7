/* See files.h. */
#include "files.h"
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* O_NONBLOCK: opening a FIFO must not block. */
static int open_beneath(int folder_fd, const char *path)
{
        struct open_how how = {
                .flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
        };
        long fd = syscall(SYS_openat2, folder_fd, path, &how, sizeof(how));
        return fd < 0 ? -errno : (int)fd;
}

static void format_date(time_t t, char out[static HTTP_DATE_MAX])
{
        struct tm tm;
        gmtime_r(&t, &tm);
        if (strftime(out, HTTP_DATE_MAX, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
                *out = '\0';
}

/* Digits to a number, *p moved behind them; false if there are none or too many. */
static bool take_number(const char **p, off_t *ret)
{
        char *end;
        if (**p < '0' || **p > '9')
                return false;
        errno = 0;
        intmax_t value = strtoimax(*p, &end, 10);
        if (errno != 0)
                value = INT64_MAX; /* beyond every file */
        *p = end;
        *ret = value;
        return true;
}

/* One byte range of a file of this size. 0 and the part; -ERANGE: unsatisfiable; -EINVAL: to be
 * ignored, as are several ranges at once (14.2 leaves that to the server). */
static int parse_range(const char *range, off_t total, off_t *ret_start, off_t *ret_length)
{
        off_t first = -1, last = total - 1;
        const char *p = startswith(range, "bytes=");
        if (!p)
                return -EINVAL;
        bool has_first = take_number(&p, &first);
        if (*p++ != '-')
                return -EINVAL;
        bool has_last = take_number(&p, &last);
        if (*p || (!has_first && !has_last) || (has_first && has_last && last < first))
                return -EINVAL;
        if (!has_first) { /* the last so many bytes */
                if (last == 0)
                        return -ERANGE;
                first = last >= total ? 0 : total - last;
                last = total - 1;
        }
        if (first >= total)
                return -ERANGE;
        *ret_start = first;
        *ret_length = MIN(last, total - 1) - first + 1;
        return 0;
}

/* Whether the file is still the one of which the client has a part. */
static bool unchanged(const char *if_range, const FileReply *reply)
{
        return !if_range || streq(if_range, reply->etag) || streq(if_range, reply->modified);
}

static void choose_part(const char *range, const char *if_range, FileReply *reply)
{
        reply->status = 200;
        reply->start = 0;
        reply->length = reply->total;
        if (!range || !unchanged(if_range, reply))
                return;
        int r = parse_range(range, reply->total, &reply->start, &reply->length);
        if (r == 0)
                reply->status = 206;
        else if (r == -ERANGE) {
                reply->status = 416;
                reply->length = 0;
        }
}

int files_open(int folder_fd, const char *path, const char *range, const char *if_range,
               FileReply *ret)
{
        struct stat st;
        _cleanup_(closep) int fd = folder_fd < 0 ? -ENOENT : open_beneath(folder_fd, path);
        if (fd < 0)
                return -ENOENT;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -ENOENT;
        FileReply reply = {.total = st.st_size};
        snprintf(reply.etag, sizeof(reply.etag), "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 ".%lx\"",
                 (uint64_t)st.st_ino, (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec,
                 (unsigned long)st.st_mtim.tv_nsec);
        format_date(st.st_mtim.tv_sec, reply.modified);
        choose_part(range, if_range, &reply);
        reply.fd = TAKE_FD(fd);
        *ret = reply;
        return 0;
}

ssize_t files_read(FileReply *reply, void *buffer, size_t room)
{
        size_t want = (off_t)room < reply->length ? room : (size_t)reply->length;
        if (want == 0)
                return 0;
        ssize_t n = pread(reply->fd, buffer, want, reply->start);
        if (n <= 0)
                return -EIO;
        reply->start += n;
        reply->length -= n;
        return n;
}

void files_done(FileReply *reply)
{
        closep(&reply->fd);
}
