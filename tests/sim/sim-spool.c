/* The spool's three files, of which only content or size matters, and the folders around them: the
 * file functions that core calls. */
#include <sys/stat.h>

#include "sim.h"

int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_stat(const char *path, struct stat *ret);
int __real_stat(const char *path, struct stat *ret);
int __wrap_chmod(const char *path, mode_t mode);
int __wrap_unlink(const char *path);
int __wrap_file_rename(const char *from, const char *to);
int __wrap_file_write_atomic(const char *path, const void *data, size_t size, unsigned mode);
int __wrap_file_write_over(const char *path, size_t at, const void *data, size_t size);
int __real_file_write_atomic(const char *path, const void *data, size_t size, unsigned mode);

static int *spool_file(const char *path)
{
        const char *name = strrchr(path, '/');

        if (name && streq(name, "/bundle.part"))
                return &sim.world.spool_part;
        if (name && streq(name, "/logs.tar.gz"))
                return &sim.world.archive;
        return name && streq(name, "/bundle.raucb") ? &sim.world.spool_file : NULL;
}

int spool_content(const char *path)
{
        const int *file = spool_file(path);

        return file ? *file : CONTENT_NONE;
}

void spool_write(int content, int64_t bytes)
{
        sim.world.spool_part = content;
        sim.world.part_bytes = bytes;
        sim.world.spool_fresh = false; /* the worker syncs what it wrote */
}

int __wrap_stat(const char *path, struct stat *ret)
{
        const int *file = spool_file(path);

        if (!file)
                return __real_stat(path, ret);
        if (*file == CONTENT_NONE) {
                errno = ENOENT;
                return -1;
        }
        *ret = (struct stat){.st_size = file == &sim.world.spool_part ? sim.world.part_bytes
                                        : file == &sim.world.archive  ? MAX(*file, 0)
                                                                      : FILE_BYTES};
        return 0;
}

/* errno is set where it fails. */
static bool file_may(const char *what)
{
        if (!effect(what)) {
                errno = EIO;
                return false;
        }
        if (!fault(FAULT_SPOOL))
                return true;
        story("the spool's disk fails: %s", what);
        errno = chance(500) ? EROFS : EIO;
        return false;
}

int __wrap_mkdir(const char *path _unused_, mode_t mode _unused_)
{
        return file_may("making a folder") ? 0 : -1;
}

int __wrap_chmod(const char *path _unused_, mode_t mode _unused_)
{
        return 0;
}

int __wrap_unlink(const char *path)
{
        int *file = spool_file(path);

        if (!file || *file == CONTENT_NONE) {
                errno = ENOENT;
                return -1;
        }
        if (!file_may("deleting a file"))
                return -1;
        *file = CONTENT_NONE;
        return 0;
}

int __wrap_file_rename(const char *from, const char *to)
{
        int *old = spool_file(from), *new = spool_file(to);

        if (!old || !new || *old == CONTENT_NONE)
                return -ENOENT;
        if (!file_may("renaming the file"))
                return -errno;
        *new = sim.world.part_bytes == FILE_BYTES ? *old : CONTENT_BROKEN;
        *old = CONTENT_NONE;
        return 0;
}

/* The copy beside the database: no database is damaged here, so nobody reads it. The simulation's
 * own files are real. */
int __wrap_file_write_atomic(const char *path, const void *data, size_t size, unsigned mode)
{
        const char *name = strrchr(path, '/');

        if (!name || !streq(name, "/update.copy"))
                return __real_file_write_atomic(path, data, size, mode);
        return file_may("writing the copy") ? 0 : -errno;
}

int __wrap_file_write_over(const char *path _unused_, size_t at _unused_, const void *data _unused_,
                           size_t size _unused_)
{
        return file_may("writing over the copy") ? 0 : -errno;
}
