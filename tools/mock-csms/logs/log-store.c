/* The logs' life, files and rows. See log-store.h. */
#include "log-store-private.h"
#include "log.h"
#include "verify.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define SHA256_HEX (2 * SHA256_SIZE)

/* clang-format off */
/* What a log comes to, by the last status and by the answer; what is in neither has failed. */
static const struct { const char *word, *state; } states[] = {
        { "Uploading",        LOG_ACCEPTED },
        { "Idle",             LOG_ACCEPTED },
        { "Uploaded",         LOG_UPLOADED },
        { "Accepted",         LOG_ACCEPTED },
        { "AcceptedCanceled", LOG_ACCEPTED }, /* an answer; as a status it is an end */
};
/* clang-format on */

static const char *state_of(const LogRow *row)
{
        const char *word = row->status ? row->status : row->answer;
        if (row->file)
                return LOG_RECEIVED;
        if (!word)
                return row->asked == NO_TIME ? LOG_WAITING : LOG_ASKED;
        if (row->status && streq(row->status, "AcceptedCanceled"))
                return LOG_FAILED;
        for (size_t i = 0; i < ELEMENTSOF(states); i++)
                if (streq(states[i].word, word))
                        return states[i].state;
        return LOG_FAILED;
}

bool logs_state_known(const char *word)
{
        static const char *const words[] = {LOG_WAITING,  LOG_ASKED,    LOG_ACCEPTED,
                                            LOG_UPLOADED, LOG_RECEIVED, LOG_FAILED};
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (streq(words[i], word))
                        return true;
        return false;
}

int log_changed(Logs *logs, LogRow *row)
{
        int r = str_replace(&row->state, state_of(row));
        if (r == 0)
                r = state_log_save(logs->options.state, row);
        if (r == 0)
                log_tell(logs, row, "changed");
        return r;
}

void log_note(LogRow *row, const char *sentence)
{
        (void)str_replace(&row->note, sentence);
}

int logs_find(Logs *logs, int64_t id, LogRow **ret)
{
        return state_log_get(logs->options.state, id, ret);
}

int64_t logs_count(Logs *logs, const LogChoice *choice)
{
        return state_log_count(logs->options.state, choice);
}

int logs_folder(const Logs *logs)
{
        return logs->folder.fd;
}

uint64_t logs_size_max(const Logs *logs)
{
        return logs->options.size_max;
}

bool logs_take_ftp(const Logs *logs)
{
        return logs->options.ftp_url;
}

/* The row of the place that a path begins with. */
static int find_place(Logs *logs, const char *path, LogRow **ret)
{
        _cleanup_(freep) char *token = strndup(path, strcspn(path, "/"));
        return token ? state_log_by_token(logs->options.state, token, ret) : -ENOMEM;
}

int logs_begin(Logs *logs, const char *path, uint64_t size_bytes, Upload *ret)
{
        _cleanup_(log_row_freep) LogRow *row = NULL;
        _cleanup_(upload_done) Upload upload = UPLOAD_INIT;
        int r = find_place(logs, path, &row);
        if (r < 0)
                return r;
        if (size_bytes > logs->options.total_max ||
            logs->used_bytes > logs->options.total_max - size_bytes)
                return -EDQUOT;
        int folder = folder_fd(&logs->folder);
        r = folder < 0 ? -EIO : upload_begin_hashed(folder, &upload);
        if (r < 0)
                return r;
        upload_reserve(&upload, &logs->used_bytes, size_bytes);
        *ret = upload;
        upload = (Upload)UPLOAD_INIT;
        return 0;
}

/* The name by which a file came, of printable ASCII: the last of its path, or told with it or in
 * the answer, or "log". NULL: out of memory. */
static char *name_of(const LogRow *row, const LogOrigin *origin)
{
        const char *slash = strrchr(origin->path, '/'), *last = slash ? slash + 1 : "";
        const char *const others[] = {origin->name, row->told_name, "log"};
        for (size_t i = 0; !*last && i < ELEMENTSOF(others); i++)
                last = strempty(others[i]);
        char *name = strndup(last, LOG_NAME_MAX);
        for (char *p = name; p && *p; p++)
                if (*p < ' ' || *p > '~' || strchr("\"\\/%", *p))
                        *p = '_';
        return name;
}

/* The row's file is another one from now on. */
static int write_row(Logs *logs, LogRow *row, const Upload *upload, const FileDigest *digest)
{
        char sha256[SHA256_HEX + 1];
        int r = str_replace(&row->file, upload->name);
        if (r == 0)
                r = str_replace(&row->sha256, hex_encode(digest->sha256, SHA256_SIZE, sha256));
        row->size = (int64_t)digest->size_bytes;
        row->received = wallclock_now();
        if (r == 0)
                r = log_changed(logs, row);
        return r < 0 ? r : state_flush(logs->options.state);
}

/* What the row's file was is hidden first: a hidden file goes at the next start, unless the row has
 * it still. */
static int replace_file(Logs *logs, LogRow *row, Upload *upload, const FileDigest *digest)
{
        uint64_t old_size = row->file ? (uint64_t)row->size : 0;
        _cleanup_(freep) char *old = row->file ? strdup(row->file) : NULL;
        int r = row->file && !old ? -ENOMEM : old ? folder_hide(&logs->folder, old) : 0;
        if (r < 0 && r != -ENOENT)
                return r;
        r = write_row(logs, row, upload, digest);
        if (r < 0) {
                if (old)
                        (void)folder_show(&logs->folder, old);
                return r;
        }
        r = upload_finish(upload);
        if (r < 0)
                return r;
        if (old)
                folder_remove_hidden(&logs->folder, old);
        logs->used_bytes += digest->size_bytes;
        logs->used_bytes -= MIN(old_size, logs->used_bytes);
        return 0;
}

int logs_take(Logs *logs, const LogOrigin *origin, Upload *upload)
{
        _cleanup_(log_row_freep) LogRow *row = NULL;
        FileDigest digest = {0};
        int r = find_place(logs, origin->path, &row);
        if (r == 0)
                r = upload_seal(upload, &digest);
        if (r < 0)
                return r;
        free(row->name);
        row->name = name_of(row, origin);
        if (!row->name)
                return -ENOMEM;
        r = str_replace(&row->method, origin->method);
        return r < 0 ? r : replace_file(logs, row, upload, &digest);
}

int logs_delete(Logs *logs, const LogRow *row)
{
        int r = row->file ? folder_hide(&logs->folder, row->file) : 0;
        if (r < 0 && r != -ENOENT)
                return r;
        r = state_log_delete(logs->options.state, row->id);
        if (r == 0)
                r = state_flush(logs->options.state);
        if (r < 0) {
                if (row->file)
                        (void)folder_show(&logs->folder, row->file);
                return r;
        }
        if (row->file) {
                folder_remove_hidden(&logs->folder, row->file);
                logs->used_bytes -= MIN((uint64_t)row->size, logs->used_bytes);
        }
        log_ftp_clear(logs, row);
        log_tell(logs, row, "deleted");
        return 0;
}

static int has_row(void *userdata, const char *file)
{
        const Logs *logs = userdata;
        _cleanup_(log_row_freep) LogRow *row = NULL;
        int r = state_log_by_file(logs->options.state, file, &row);
        return r == 0 ? 1 : r == -ENOENT ? 0 : r;
}

static int open_folders(Logs *logs)
{
        const LogsOptions *options = &logs->options;
        int r = folder_open(options->folder, &logs->folder);
        if (r == -EBUSY)
                return log_error_errno(r, "Another mock-csms has the folder of logs %s",
                                       options->folder);
        if (r < 0)
                return log_error_errno(r, "Can't use the folder of logs %s",
                                       strempty(options->folder));
        if (!options->ftp_folder)
                return 0;
        logs->ftp_fd = open(options->ftp_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (logs->ftp_fd < 0)
                return log_error_errno(-errno, "Can't open the FTP server's folder %s",
                                       options->ftp_folder);
        return 0;
}

int logs_open(const LogsOptions *options, Logs **ret)
{
        _cleanup_(logs_closep) Logs *logs = calloc(1, sizeof(*logs));
        if (!logs)
                return -ENOMEM;
        logs->options = *options;
        logs->folder = (Folder)FOLDER_INIT;
        logs->ftp_fd = -1;
        int r = open_folders(logs);
        if (r == 0)
                r = state_log_give_up(options->state);
        if (r < 0)
                return r;
        folder_tidy(&logs->folder, has_row, logs);
        int64_t used = state_log_bytes(options->state);
        if (used < 0)
                return -EIO;
        logs->used_bytes = (uint64_t)used;
        log_listen(logs);
        *ret = TAKE_PTR(logs);
        return 0;
}

usec_t logs_tick(Logs *logs, usec_t now)
{
        log_request_slice(logs);
        log_ask_slice(logs);
        log_ftp_slice(logs);
        if (logs->requests || logs->intakes)
                return now;
        return logs->may_wait ? MAX(now, logs->ask_at) : USEC_INFINITY;
}

void logs_close(Logs *logs)
{
        if (!logs)
                return;
        log_forget_requests(logs);
        log_forget_calls(logs);
        log_ftp_forget(logs);
        folder_close(&logs->folder);
        closep(&logs->ftp_fd);
        free(logs);
}
