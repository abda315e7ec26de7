/* Finding and opening files: see collect-files.h. */
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "collect-files.h"

static const char not_there[] = "there is no such file";

/* File systems whose files are the kernel's own words. */
static const long kernels_own[] = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,      DEBUGFS_MAGIC,
                                   TRACEFS_MAGIC,       SECURITYFS_MAGIC, CGROUP_SUPER_MAGIC,
                                   CGROUP2_SUPER_MAGIC, SELINUX_MAGIC,    BPF_FS_MAGIC,
                                   PSTOREFS_MAGIC,      EFIVARFS_MAGIC};

/* The folder's real path, so that one file has one name. NULL: it is not there, or no memory. */
static char *real_path(const char *path)
{
        const char *name = strrchr(path, '/');
        _cleanup_(freep) char *folder = NULL, *real = NULL;

        if (!name)
                return NULL;
        folder = str_printf("%.*s", (int)MAX(name - path, 1), path);
        real = folder ? realpath(folder, NULL) : NULL;
        return real ? str_printf("%s%s", streq(real, "/") ? "" : real, name) : NULL;
}

static bool is_known(const FileList *list, const struct stat *st)
{
        for (size_t i = 0; i < list->count; i++) {
                const FoundFile *f = &list->files[i];

                if (!f->left_out && f->device == st->st_dev && f->inode == st->st_ino)
                        return true;
        }
        return false;
}

static int add(FileList *list, const char *path, bool state)
{
        struct stat st = {0};
        _cleanup_(freep) char *real = real_path(path);
        bool there = real && stat(real, &st) == 0;
        const char *why = there                     ? NULL
                          : real && errno != ENOENT ? "it can't be looked at"
                                                    : not_there;
        FoundFile *f;

        if (there && is_known(list, &st))
                return 0;
        if (list->count == FILES_MAX) {
                list->full = true;
                return 0;
        }
        f = reallocarray(list->files, list->count + 1, sizeof(*f));
        if (!f)
                return -ENOMEM;
        list->files = f;
        f += list->count;
        *f = (FoundFile){
                .path = there ? TAKE_PTR(real) : strdup(path),
                .state = state,
                .modified = st.st_mtim.tv_sec > 0 ? (usec_t)st.st_mtim.tv_sec * USEC_PER_SEC : 0,
                .left_out = why,
                .device = st.st_dev,
                .inode = st.st_ino,
        };
        if (!f->path)
                return -ENOMEM;
        list->count++;
        return 0;
}

int files_find(FileList *list, const char *pattern, bool state)
{
        glob_t found;
        int r = glob(pattern, GLOB_NOSORT | GLOB_BRACE, NULL, &found);

        if (r == GLOB_NOSPACE)
                return -ENOMEM;
        if (r != 0)
                return add(list, pattern, state);
        for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
                r = add(list, found.gl_pathv[i], state);
        globfree(&found);
        return r;
}

int files_leave_out(FileList *list, const char *pattern, const char *why)
{
        glob_t found;
        int r = glob(pattern, GLOB_NOSORT, NULL, &found);

        if (r != 0)
                return r == GLOB_NOSPACE ? -ENOMEM : 0;
        for (size_t i = 0; i < found.gl_pathc; i++) {
                struct stat st;
                bool there = stat(found.gl_pathv[i], &st) == 0;

                for (size_t k = 0; there && k < list->count; k++) {
                        FoundFile *f = &list->files[k];

                        if (f->device == st.st_dev && f->inode == st.st_ino)
                                f->left_out = why;
                }
        }
        globfree(&found);
        return 0;
}

static int compare(const void *a, const void *b)
{
        const FoundFile *f = a, *g = b;

        if (f->state != g->state)
                return f->state ? -1 : 1;
        if (f->modified != g->modified)
                return f->modified > g->modified ? -1 : 1;
        return strcmp(f->path, g->path);
}

void files_sort(FileList *list)
{
        if (list->count > 0)
                qsort(list->files, list->count, sizeof(list->files[0]), compare);
}

void files_done(FileList *list)
{
        for (size_t i = 0; i < list->count; i++)
                free(list->files[i].path);
        free(list->files);
        *list = (FileList){0};
}

static int refuse(const char *why, const char **reterr)
{
        *reterr = why;
        return -EIO;
}

static bool is_kernels_own(int fd)
{
        struct statfs fs;

        if (fstatfs(fd, &fs) < 0)
                return true;
        for (size_t i = 0; i < ELEMENTSOF(kernels_own); i++) {
                if ((long)fs.f_type == kernels_own[i])
                        return true;
        }
        return false;
}

/* Where the link leads to, and whether another link may stand there. */
static int link_follow(int link, const struct stat *st, char target[static PATH_MAX],
                       int *ret_flags, const char **reterr)
{
        ssize_t n = readlinkat(link, "", target, PATH_MAX - 1);

        if (n < 0)
                return refuse("its symbolic link can't be read", reterr);
        target[n] = '\0';
        if (st->st_uid != 0 && strchr(target, '/'))
                return refuse("it is a symbolic link out of its folder that root did not make",
                              reterr);
        *ret_flags = st->st_uid == 0 ? 0 : O_NOFOLLOW;
        return 0;
}

/* Looked at before it is opened: opening alone makes some devices do things. */
static int open_in(int folder, const char *name, int flags, struct stat *ret_stat, int *ret,
                   const char **reterr)
{
        _cleanup_(closep) int fd = -1;
        struct stat st;

        if (fstatat(folder, name, &st, flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0) < 0)
                return refuse(errno == ENOENT ? not_there : "it can't be looked at", reterr);
        if (!S_ISREG(st.st_mode))
                return refuse("it is no regular file", reterr);
        fd = openat(folder, name, flags | O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return refuse(errno == EACCES ? "it may not be read" : "it can't be opened",
                              reterr);
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || is_kernels_own(fd))
                return refuse("it is no regular file", reterr);
        *ret_stat = st;
        *ret = TAKE_FD(fd);
        return 0;
}

int file_open_carefully(const char *path, int *ret, struct stat *ret_stat, const char **reterr)
{
        const char *name = strrchr(path, '/') + 1;
        _cleanup_(freep) char *folder_path = str_printf("%.*s", (int)(name - path), path);
        _cleanup_(closep) int folder = -1, link = -1;
        char target[PATH_MAX];
        struct stat st;
        int flags = O_NOFOLLOW;

        if (folder_path)
                folder = open(folder_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (folder >= 0)
                link = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (link < 0 || fstat(link, &st) < 0)
                return refuse(errno == ENOENT ? not_there : "it can't be looked at", reterr);
        if (!S_ISLNK(st.st_mode))
                return open_in(folder, name, flags, ret_stat, ret, reterr);
        if (link_follow(link, &st, target, &flags, reterr) < 0)
                return -EIO;
        return open_in(folder, target, flags, ret_stat, ret, reterr);
}
