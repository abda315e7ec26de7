/* See folder.h. */
#include "folder.h"
#include "log.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0750
#define UUID_SIZE 36
/* A dot and a UUID. */
#define HIDDEN_SIZE (UUID_SIZE + 2)

static bool is_uuid(const char *name)
{
        return strlen(name) == UUID_SIZE && strspn(name, "0123456789abcdef-") == UUID_SIZE;
}

static int take(const char *path, Folder *folder)
{
        folder->path = realpath(path, NULL);
        folder->fd = folder->path ? open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (folder->fd < 0)
                return -errno;
        if (flock(folder->fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -EBUSY : -errno;
        return 0;
}

int folder_open(const char *path, Folder *ret)
{
        ret->temporary = !path;
        if (!path)
                return 0;
        if (mkdir(path, FOLDER_MODE) < 0 && errno != EEXIST)
                return -errno;
        return take(path, ret);
}

int folder_fd(Folder *folder)
{
        if (folder->fd >= 0 || !folder->temporary)
                return folder->fd;
        const char *place = getenv("TMPDIR");
        _cleanup_(freep) char *path = str_printf("%s/mock-csms-XXXXXX", place ? place : "/tmp");
        int r = path ? 0 : -ENOMEM;
        if (r == 0)
                r = mkdtemp(path) ? take(path, folder) : -errno;
        if (r < 0)
                log_warning_errno(r, "There can be no temporary folder");
        return folder->fd;
}

static int set_hidden(const Folder *folder, const char *file, bool hidden)
{
        char part[HIDDEN_SIZE];
        snprintf(part, sizeof(part), ".%s", file);
        if (renameat(folder->fd, hidden ? file : part, folder->fd, hidden ? part : file) < 0 ||
            fsync(folder->fd) < 0)
                return -errno;
        return 0;
}

int folder_hide(const Folder *folder, const char *file)
{
        return set_hidden(folder, file, true);
}

int folder_show(const Folder *folder, const char *file)
{
        return set_hidden(folder, file, false);
}

void folder_remove_hidden(const Folder *folder, const char *file)
{
        char part[HIDDEN_SIZE];
        snprintf(part, sizeof(part), ".%s", file);
        (void)unlinkat(folder->fd, part, 0);
}

/* NULL: it can't be read. */
static DIR *open_list(const Folder *folder)
{
        int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *list = fd < 0 ? NULL : fdopendir(fd);
        if (!list)
                closep(&fd);
        return list;
}

void folder_tidy(const Folder *folder, int (*has_row)(void *userdata, const char *file),
                 void *userdata)
{
        DIR *list = open_list(folder);
        for (const struct dirent *entry; list && (entry = readdir(list));) {
                bool hidden = *entry->d_name == '.';
                const char *file = entry->d_name + hidden;
                int r = hidden && is_uuid(file) ? has_row(userdata, file) : -EINVAL;
                if (r == 0)
                        (void)unlinkat(folder->fd, entry->d_name, 0);
                else if (r > 0)
                        (void)folder_show(folder, file);
        }
        if (list)
                closedir(list);
}

void folder_close(Folder *folder)
{
        DIR *list = folder->temporary && folder->fd >= 0 ? open_list(folder) : NULL;
        for (const struct dirent *entry; list && (entry = readdir(list));)
                (void)unlinkat(folder->fd, entry->d_name, 0);
        if (list) {
                closedir(list);
                (void)rmdir(folder->path);
        }
        closep(&folder->fd);
        free(TAKE_PTR(folder->path));
}
