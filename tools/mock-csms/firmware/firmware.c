/* The store of firmware files: their folder and their rows, kept together. See firmware.h.
 *
 * A file has a UUID for a name, hidden by a dot until it is whole. Its row is written before the
 * dot goes, and the dot comes back before the row goes: whenever a process ends, a hidden file with
 * a row is whole, and one without is rubbish. */
#include "firmware-private.h"
#include "log.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0750
#define SHA256_HEX (2 * SHA256_SIZE)
#define SHA384_HEX (2 * SHA384_SIZE)
/* Rows looked at in one go at the start. */
#define ALL_ROWS INT64_MAX

int firmware_find(FirmwareStore *store, int64_t id, Firmware **ret)
{
        return state_firmware_get(store->options.state, id, ret);
}

FirmwarePresence firmware_presence(const FirmwareStore *store, const Firmware *firmware)
{
        struct stat st;
        if (!firmware->file)
                return FIRMWARE_ELSEWHERE;
        if (fstatat(store->folder_fd, firmware->file, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(st.st_mode) || st.st_size != firmware->size)
                return FIRMWARE_MISSING;
        return FIRMWARE_READY;
}

uint64_t firmware_size_max(const FirmwareStore *store)
{
        return store->options.size_max;
}

void firmware_add_user(FirmwareStore *store, const FirmwareUser *user)
{
        if (store->users_count < FIRMWARE_USERS_MAX)
                store->users[store->users_count++] = user;
        else
                log_error("Too many may need firmware");
}

bool firmware_digest(const Firmware *firmware, FileDigest *ret)
{
        FileDigest digest = {0};
        if (!firmware->sha256 || strlen(firmware->sha256) != SHA256_HEX ||
            hex_decode(firmware->sha256, digest.sha256, SHA256_SIZE) < 0)
                return false;
        digest.has_sha384 = firmware->sha384 && strlen(firmware->sha384) == SHA384_HEX &&
                            hex_decode(firmware->sha384, digest.sha384, SHA384_SIZE) == 0;
        digest.size_bytes = firmware->size == NO_INT ? 0 : (uint64_t)firmware->size;
        *ret = digest;
        return true;
}

bool firmware_url_valid(const char *url)
{
        static const char *const schemes[] = {"http://", "https://", "ftp://", "ftps://",
                                              "sftp://"};
        for (const char *p = url; *p; p++)
                if (*p <= ' ' || *p == 0x7f)
                        return false;
        for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
                const char *rest = startswith(url, schemes[i]);
                if (rest && *rest && *rest != '/')
                        return true;
        }
        return false;
}

/* Hides a file behind a dot, or shows it. 0, negative errno. */
static int set_hidden(const FirmwareStore *store, const char *file, bool hidden)
{
        char part[UPLOAD_PART_SIZE];
        snprintf(part, sizeof(part), ".%s", file);
        const char *from = hidden ? file : part, *to = hidden ? part : file;
        if (renameat(store->folder_fd, from, store->folder_fd, to) < 0 ||
            fsync(store->folder_fd) < 0)
                return -errno;
        return 0;
}

static int add(FirmwareStore *store, const Firmware *row, int64_t *ret_id)
{
        int r = state_firmware_add(store->options.state, row, ret_id);
        if (r == 0)
                r = state_flush(store->options.state);
        if (r == 0)
                firmware_tell(store, *ret_id, "added");
        return r;
}

int firmware_add_url(FirmwareStore *store, const Firmware *firmware, int64_t *ret_id)
{
        char kind[] = "unknown";
        Firmware row = *firmware;
        row.added = wallclock_now();
        row.inspected = 1;
        row.kind = kind;
        return add(store, &row, ret_id);
}

int firmware_add_upload(FirmwareStore *store, Upload *upload, const Firmware *firmware,
                        int64_t *ret_id)
{
        char sha256[SHA256_HEX + 1], sha384[SHA384_HEX + 1], kind[] = "unknown";
        FileDigest digest;
        Firmware row = *firmware;
        int64_t id = 0;
        int r = upload_seal(upload, &digest);
        if (r < 0)
                return r;
        row.file = upload->name;
        row.size = (int64_t)digest.size_bytes;
        row.sha256 = hex_encode(digest.sha256, SHA256_SIZE, sha256);
        row.sha384 = hex_encode(digest.sha384, SHA384_SIZE, sha384);
        row.added = wallclock_now();
        row.kind = kind;
        r = add(store, &row, &id);
        if (r == 0)
                r = upload_finish(upload);
        if (r < 0) {
                if (id)
                        (void)state_firmware_delete(store->options.state, id);
                return r;
        }
        *ret_id = id;
        firmware_inspect_next(store);
        return 0;
}

int firmware_set_signature(FirmwareStore *store, Firmware *firmware, SignScheme scheme,
                           const char *certificate, const char *signature)
{
        int r = str_replace(&firmware->scheme, sign_scheme_to_string(scheme));
        if (r == 0)
                r = str_replace(&firmware->signing_certificate, certificate);
        if (r == 0)
                r = str_replace(&firmware->signature, signature);
        if (r == 0)
                r = state_firmware_save(store->options.state, firmware);
        if (r == 0)
                r = state_flush(store->options.state);
        if (r == 0)
                firmware_tell(store, firmware->id, "changed");
        return r;
}

int firmware_delete(FirmwareStore *store, const Firmware *firmware, char **ret_who)
{
        for (size_t i = 0; i < store->users_count; i++) {
                int r = store->users[i]->needs(store->users[i]->userdata, firmware->id, ret_who);
                if (r != 0)
                        return r < 0 ? r : -EBUSY;
        }
        int r = firmware->file ? set_hidden(store, firmware->file, true) : 0;
        if (r < 0 && r != -ENOENT)
                return r;
        r = state_firmware_delete(store->options.state, firmware->id);
        if (r == 0)
                r = state_flush(store->options.state);
        if (r < 0) {
                if (firmware->file)
                        (void)set_hidden(store, firmware->file, false);
                return r;
        }
        if (firmware->file) {
                char part[UPLOAD_PART_SIZE];
                snprintf(part, sizeof(part), ".%s", firmware->file);
                (void)unlinkat(store->folder_fd, part, 0);
        }
        firmware_tell(store, firmware->id, "deleted");
        return 0;
}

/* A row's file that is still hidden is whole: see the top. */
static int show_if_hidden(void *userdata, const Firmware *firmware)
{
        FirmwareStore *store = userdata;
        if (firmware->file && firmware_presence(store, firmware) == FIRMWARE_MISSING) {
                int r = set_hidden(store, firmware->file, false);
                if (r < 0)
                        log_warning_errno(r, "The file of firmware %lld (%s) is missing",
                                          (long long)firmware->id, firmware->name);
        }
        return 0;
}

/* Removes files: the hidden ones, or (temporary) all. */
static void sweep(const FirmwareStore *store, bool all)
{
        int fd = openat(store->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *folder = fd < 0 ? NULL : fdopendir(fd);
        if (!folder) {
                closep(&fd);
                return;
        }
        for (const struct dirent *entry; (entry = readdir(folder));)
                if (all || upload_is_part(entry->d_name))
                        (void)unlinkat(store->folder_fd, entry->d_name, 0);
        closedir(folder);
}

static int open_folder(FirmwareStore *store, const char *path)
{
        if (mkdir(path, FOLDER_MODE) < 0 && errno != EEXIST)
                return -errno;
        store->path = realpath(path, NULL);
        store->folder_fd = store->path ? open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (store->folder_fd < 0)
                return -errno;
        return flock(store->folder_fd, LOCK_EX | LOCK_NB) < 0
                       ? (errno == EWOULDBLOCK ? -EBUSY : -errno)
                       : 0;
}

/* Only when there is something to put there: who is killed leaves a folder behind. */
static int open_temporary_folder(FirmwareStore *store)
{
        const char *place = getenv("TMPDIR");
        _cleanup_(freep) char *path = str_printf("%s/mock-csms-XXXXXX", place ? place : "/tmp");
        if (!path)
                return -ENOMEM;
        if (!mkdtemp(path))
                return -errno;
        store->temporary = true;
        return open_folder(store, path);
}

int firmware_folder(FirmwareStore *store)
{
        int r = store->folder_fd < 0 && !store->options.folder ? open_temporary_folder(store) : 0;
        if (r < 0)
                log_warning_errno(r, "There can be no temporary folder for firmware");
        return store->folder_fd;
}

int firmware_open(const FirmwareOptions *options, FirmwareStore **ret)
{
        _cleanup_(firmware_closep) FirmwareStore *store = calloc(1, sizeof(*store));
        if (!store)
                return -ENOMEM;
        store->options = *options;
        store->folder_fd = -1;
        int r = options->folder ? open_folder(store, options->folder) : 0;
        store->options.folder = store->path; /* the option's may not live as long */
        if (r == -EBUSY)
                return log_error_errno(r, "Another mock-csms has the firmware folder %s",
                                       options->folder);
        if (r < 0)
                return log_error_errno(r, "Can't use the firmware folder %s", options->folder);
        r = state_firmware_each(options->state, 0, ALL_ROWS, show_if_hidden, store);
        if (r < 0)
                return r;
        if (store->folder_fd >= 0)
                sweep(store, false);
        firmware_inspect_next(store);
        *ret = TAKE_PTR(store);
        return 0;
}

void firmware_close(FirmwareStore *store)
{
        if (!store)
                return;
        firmware_stop(store);
        if (store->temporary && store->folder_fd >= 0) {
                sweep(store, true);
                (void)rmdir(store->path);
        }
        closep(&store->folder_fd);
        free(store->path);
        free(store);
}
