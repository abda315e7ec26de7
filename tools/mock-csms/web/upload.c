/* See upload.h. */
#include "upload.h"
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Others than the group have no business with logs. */
#define FOLDER_MODE 0750
#define FILE_MODE 0640
/* Bytes after which what has come is sent on its way to the disk, so that the sync at the end has
 * little to wait for. */
#define SYNC_STEP ((uint64_t)8 << 20)
#define UUID_SIZE 36

bool upload_name_valid(const char *name)
{
        static const char allowed[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                ".-_";
        size_t size = strlen(name);
        return size > 0 && size <= UPLOAD_NAME_MAX && *name != '.' && strspn(name, allowed) == size;
}

/* folder_fd is consumed; name NULL: that of the part. */
static int begin(int folder_fd, const char *name, Upload *ret)
{
        char uuid[UUID_SIZE + 1];
        _cleanup_(closep) int folder = folder_fd;
        Upload upload = UPLOAD_INIT;
        int r = uuid_make(uuid);
        if (r < 0)
                return r;
        snprintf(upload.name, sizeof(upload.name), "%s", name ? name : uuid);
        snprintf(upload.part, sizeof(upload.part), ".%s", uuid);
        upload.fd = openat(folder, upload.part,
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
        if (upload.fd < 0)
                return -errno;
        upload.folder_fd = TAKE_FD(folder);
        *ret = upload;
        return 0;
}

int upload_begin(int files_fd, const char *name, Upload *ret)
{
        if (files_fd < 0)
                return -ENOENT;
        if (!upload_name_valid(name))
                return -EINVAL;
        if (mkdirat(files_fd, UPLOADS_FOLDER, FOLDER_MODE) < 0 && errno != EEXIST)
                return -errno;
        int folder =
                openat(files_fd, UPLOADS_FOLDER, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return folder < 0 ? -errno : begin(folder, name, ret);
}

int upload_begin_hashed(int folder_fd, Upload *ret)
{
        _cleanup_(upload_done) Upload upload = UPLOAD_INIT;
        int folder = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
        int r = folder < 0 ? -errno : begin(folder, NULL, &upload);
        if (r < 0)
                return r;
        upload.sha256 = EVP_MD_CTX_new();
        upload.sha384 = EVP_MD_CTX_new();
        if (!upload.sha256 || !upload.sha384 ||
            EVP_DigestInit_ex(upload.sha256, EVP_sha256(), NULL) != 1 ||
            EVP_DigestInit_ex(upload.sha384, EVP_sha384(), NULL) != 1)
                return -ENOMEM;
        *ret = upload;
        upload = (Upload)UPLOAD_INIT;
        return 0;
}

void upload_reserve(Upload *upload, uint64_t *budget, uint64_t size_bytes)
{
        upload->budget = budget;
        upload->reserved = size_bytes;
        *budget += size_bytes;
}

int upload_write(Upload *upload, const void *data, size_t size)
{
        uint64_t steps = upload->size_bytes / SYNC_STEP;
        if (upload->sha256 && (EVP_DigestUpdate(upload->sha256, data, size) != 1 ||
                               EVP_DigestUpdate(upload->sha384, data, size) != 1))
                return -EIO;
        upload->size_bytes += size;
        for (const char *p = data; size > 0;) {
                ssize_t n = write(upload->fd, p, size);
                if (n < 0)
                        return -errno;
                p += n;
                size -= (size_t)n;
        }
        if (upload->sha256 && upload->size_bytes / SYNC_STEP > steps)
                (void)sync_file_range(upload->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
        return 0;
}

int upload_seal(Upload *upload, FileDigest *ret)
{
        FileDigest digest = {.has_sha384 = true, .size_bytes = upload->size_bytes};
        if (EVP_DigestFinal_ex(upload->sha256, digest.sha256, NULL) != 1 ||
            EVP_DigestFinal_ex(upload->sha384, digest.sha384, NULL) != 1)
                return -EIO;
        if (fsync(upload->fd) < 0)
                return -errno;
        *ret = digest;
        return 0;
}

int upload_finish(Upload *upload)
{
        if (renameat(upload->folder_fd, upload->part, upload->folder_fd, upload->name) < 0)
                return -errno;
        closep(&upload->fd);
        /* the folder's own descriptor may be a path alone, which can't be synced */
        if (upload->sha256 && fsync(upload->folder_fd) < 0)
                return -errno;
        return 0;
}

void upload_done(Upload *upload)
{
        if (upload->fd >= 0)
                (void)unlinkat(upload->folder_fd, upload->part, 0);
        closep(&upload->fd);
        closep(&upload->folder_fd);
        if (upload->budget)
                *TAKE_PTR(upload->budget) -= upload->reserved;
        EVP_MD_CTX_free(TAKE_PTR(upload->sha256));
        EVP_MD_CTX_free(TAKE_PTR(upload->sha384));
}

const UploadRefusal *upload_refusal(int error)
{
        /* clang-format off */
        static const UploadRefusal refusals[] = {
                { -EINVAL,      400, "A name has 1 to 128 letters, digits, dots, hyphens and underscores, and no dot first." },
                { -ENOENT,      404, "There is no folder for uploads: that needs --files." },
                { -EBADMSG,     400, "The form has no whole file." },
                { -EMEDIUMTYPE, 415, "The body must be the file itself, not a form." },
                { -EACCES,      403, "mock-csms may not write into the folder for uploads." },
                { -EROFS,       403, "The folder for uploads can only be read." },
                { -EDQUOT,      507, "The folder of logs is full: that is --logs-max." },
                { -ENOSPC,      507, "There is no room for the file." },
                { 0,            500, "The file can not be stored." }, /* whatever else */
        };
        /* clang-format on */
        const UploadRefusal *refusal = refusals;
        while (refusal->error && refusal->error != error)
                refusal++;
        return refusal;
}
