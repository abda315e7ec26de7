/* Log files of lines: see linelog.h. The file is opened for each line, so that whoever moves it
 * away gets all of it, and nothing has to be told to us. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "linelog.h"
#include "log.h"

int linelog_init(LineLog *l, const char *path, uint64_t max_bytes)
{
        *l = (LineLog){.max_bytes = max_bytes};
        return max_bytes == 0 ? 0 : str_replace(&l->path, path);
}

void linelog_done(LineLog *l)
{
        free(l->path);
        *l = (LineLog){0};
}

char *linelog_older(const LineLog *l)
{
        return l->path ? str_printf("%s.1", l->path) : NULL;
}

/* O_NONBLOCK: opening a FIFO that somebody left there must not stop us. */
static int file_open(const char *path, uint64_t *ret_size)
{
        _cleanup_(closep) int fd =
                open(path,
                     O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                     0640);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        *ret_size = (uint64_t)st.st_size;
        return TAKE_FD(fd);
}

/* Not synced: a log may lose its last lines with the power. */
static int turn(const LineLog *l)
{
        _cleanup_(freep) char *older = linelog_older(l);

        if (!older)
                return -ENOMEM;
        return rename(l->path, older) < 0 ? -errno : 0;
}

/* In one write, so that a line is there or not; of a full disk it may be half. */
static int write_line(int fd, const char *line, size_t n)
{
        struct iovec parts[] = {{(char *)line, n}, {(char *)"\n", 1}};
        ssize_t written = writev(fd, parts, ELEMENTSOF(parts));

        if (written < 0)
                return -errno;
        return (size_t)written == n + 1 ? 0 : -ENOSPC;
}

static int add(const LineLog *l, const char *line)
{
        size_t n = strlen(line);
        uint64_t size = 0;
        _cleanup_(closep) int fd = file_open(l->path, &size);
        int r;

        if (fd < 0)
                return fd;
        if (size > 0 && size + n + 1 > l->max_bytes) {
                closep(&fd);
                r = turn(l);
                if (r < 0)
                        return r;
                fd = file_open(l->path, &size);
                if (fd < 0)
                        return fd;
        }
        return write_line(fd, line, n);
}

void linelog_add(LineLog *l, const char *line)
{
        int r = l->path ? add(l, line) : 0;

        if (r < 0 && !l->failing)
                log_warning_errno(r, "Can't write to the log %s", l->path);
        l->failing = r < 0;
}

bool linelog_has_lines(const LineLog *l)
{
        _cleanup_(freep) char *older = linelog_older(l);

        return older && (access(l->path, R_OK) == 0 || access(older, R_OK) == 0);
}
