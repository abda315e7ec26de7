/* The store of firmware files: their folder and their rows, kept together. See firmware.h. */
#include "firmware-private.h"
#include "log.h"
#include <fcntl.h>
#include <sys/stat.h>

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
        if (fstatat(store->folder.fd, firmware->file, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
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
        int r = firmware->file ? folder_hide(&store->folder, firmware->file) : 0;
        if (r < 0 && r != -ENOENT)
                return r;
        r = state_firmware_delete(store->options.state, firmware->id);
        if (r == 0)
                r = state_flush(store->options.state);
        if (r < 0) {
                if (firmware->file)
                        (void)folder_show(&store->folder, firmware->file);
                return r;
        }
        if (firmware->file)
                folder_remove_hidden(&store->folder, firmware->file);
        firmware_tell(store, firmware->id, "deleted");
        return 0;
}

static int has_row(void *userdata, const char *file)
{
        const FirmwareStore *store = userdata;
        return state_firmware_has_file(store->options.state, file);
}

static int tell_if_missing(void *userdata, const Firmware *firmware)
{
        if (firmware_presence(userdata, firmware) == FIRMWARE_MISSING)
                log_warning("The file of firmware %lld (%s) is missing", (long long)firmware->id,
                            firmware->name);
        return 0;
}

int firmware_folder(FirmwareStore *store)
{
        return folder_fd(&store->folder);
}

int firmware_open(const FirmwareOptions *options, FirmwareStore **ret)
{
        _cleanup_(firmware_closep) FirmwareStore *store = calloc(1, sizeof(*store));
        if (!store)
                return -ENOMEM;
        store->options = *options;
        store->folder = (Folder)FOLDER_INIT;
        int r = folder_open(options->folder, &store->folder);
        store->options.folder = store->folder.path; /* the option's may not live as long */
        if (r == -EBUSY)
                return log_error_errno(r, "Another mock-csms has the firmware folder %s",
                                       options->folder);
        if (r < 0)
                return log_error_errno(r, "Can't use the firmware folder %s", options->folder);
        folder_tidy(&store->folder, has_row, store);
        r = state_firmware_each(options->state, 0, ALL_ROWS, tell_if_missing, store);
        if (r < 0)
                return r;
        firmware_inspect_next(store);
        *ret = TAKE_PTR(store);
        return 0;
}

void firmware_close(FirmwareStore *store)
{
        if (!store)
                return;
        firmware_stop(store);
        folder_close(&store->folder);
        free(store);
}
