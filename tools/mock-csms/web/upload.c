/* See upload.h. */
#include "upload.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Others than the group have no business with logs. */
#define FOLDER_MODE 0750
#define FILE_MODE 0640

static bool name_valid(const char *name)
{
        static const char allowed[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                ".-_";
        size_t size = strlen(name);
        return size > 0 && size <= UPLOAD_NAME_MAX && *name != '.' && strspn(name, allowed) == size;
}

int upload_begin(int files_fd, const char *name, Upload *ret)
{
        char uuid[37];
        Upload upload = UPLOAD_INIT;
        if (files_fd < 0)
                return -ENOENT;
        if (!name_valid(name))
                return -EINVAL;
        int r = uuid_make(uuid);
        if (r < 0)
                return r;
        if (mkdirat(files_fd, UPLOADS_FOLDER, FOLDER_MODE) < 0 && errno != EEXIST)
                return -errno;
        snprintf(upload.name, sizeof(upload.name), "%s", name);
        snprintf(upload.part, sizeof(upload.part), ".%s", uuid);
        upload.folder_fd =
                openat(files_fd, UPLOADS_FOLDER, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (upload.folder_fd < 0)
                return -errno;
        upload.fd = openat(upload.folder_fd, upload.part,
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
        if (upload.fd < 0) {
                r = -errno;
                closep(&upload.folder_fd);
                return r;
        }
        *ret = upload;
        return 0;
}

int upload_write(Upload *upload, const void *data, size_t size)
{
        for (const char *p = data; size > 0;) {
                ssize_t n = write(upload->fd, p, size);
                if (n < 0)
                        return -errno;
                p += n;
                size -= (size_t)n;
        }
        return 0;
}

int upload_finish(Upload *upload)
{
        if (renameat(upload->folder_fd, upload->part, upload->folder_fd, upload->name) < 0)
                return -errno;
        closep(&upload->fd);
        return 0;
}

void upload_done(Upload *upload)
{
        if (upload->fd >= 0)
                (void)unlinkat(upload->folder_fd, upload->part, 0);
        closep(&upload->fd);
        closep(&upload->folder_fd);
}

const UploadRefusal *upload_refusal(int error)
{
        /* clang-format off */
        static const UploadRefusal refusals[] = {
                { -EINVAL,      400, "A name has 1 to 128 letters, digits, dots, hyphens and underscores, and no dot first." },
                { -ENOENT,      404, "There is no folder for uploads: that needs --files." },
                { -EMEDIUMTYPE, 415, "The body must be the file itself, not a form." },
                { -EACCES,      403, "mock-csms may not write into the folder for uploads." },
                { -EROFS,       403, "The folder for uploads can only be read." },
                { -ENOSPC,      507, "There is no room for the file." },
                { 0,            500, "The file can not be stored." }, /* whatever else */
        };
        /* clang-format on */
        const UploadRefusal *refusal = refusals;
        while (refusal->error && refusal->error != error)
                refusal++;
        return refusal;
}
