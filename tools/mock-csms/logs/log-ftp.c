/* Logs that a FTP server has taken: each has a folder of its own in that server's, and when the
 * station says that it has uploaded, its file is copied from there, a piece at a time. Whoever may
 * write there may be hostile: names have no "/", links are not followed. See log-store-private.h.
 */
#include "log-store-private.h"
#include "log.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes copied in one go, of a file. */
#define PIECE ((size_t)1 << 20)

struct LogIntake {
        LogIntake *next;
        char *token;    /* of the row */
        int folder, fd; /* owned */
        char *name;     /* of the file */
        uint64_t left;  /* bytes that it may still have */
        Upload upload;
};

static void intake_free(LogIntake *intake)
{
        upload_done(&intake->upload);
        closep(&intake->fd);
        closep(&intake->folder);
        free(intake->name);
        free(intake->token);
        free(intake);
}
DEFINE_CLEANUP(LogIntake *, intake_free)

/* Whoever owns the server's folder owns this one. Where that can't be given away, its rights must
 * do. */
int log_ftp_place(const Logs *logs, LogRow *row)
{
        struct stat st;
        const char *url = logs->options.ftp_url;
        size_t n = strlen(url);
        if (fstat(logs->ftp_fd, &st) < 0 ||
            (mkdirat(logs->ftp_fd, row->token, 0700) < 0 && errno != EEXIST))
                return -errno;
        _cleanup_(closep) int fd =
                openat(logs->ftp_fd, row->token, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        int r = fchown(fd, st.st_uid, st.st_gid);
        if (fchmod(fd, st.st_mode & 0777) < 0)
                return -errno;
        if (r < 0)
                log_debug("The FTP server's folder belongs to somebody else");
        free(row->location);
        row->location =
                str_printf("%.*s/%s/", (int)(n - (n && url[n - 1] == '/')), url, row->token);
        return row->location ? 0 : -ENOMEM;
}

static int open_file(int folder, const char *name)
{
        struct stat st;
        _cleanup_(closep) int fd =
                strchr(name, '/') || *name == '.'
                        ? -1
                        : openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return -ENOENT;
        return TAKE_FD(fd);
}

/* The file that the station named, else the only one that there is. */
static int find_file(int folder, const char *told, char **ret_name)
{
        _cleanup_(freep) char *only = NULL;
        int fd = told ? open_file(folder, told) : -ENOENT;
        if (fd >= 0)
                return (*ret_name = strdup(told)) ? fd : -ENOMEM;
        int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *list = copy < 0 ? NULL : fdopendir(copy);
        if (!list) {
                closep(&copy);
                return -ENOENT;
        }
        size_t count = 0;
        for (const struct dirent *entry; (entry = readdir(list));)
                if (*entry->d_name != '.' && count++ == 0)
                        only = strdup(entry->d_name);
        closedir(list);
        fd = count == 1 && only ? open_file(folder, only) : -ENOENT;
        if (fd >= 0)
                *ret_name = TAKE_PTR(only);
        return fd;
}

static int begin(Logs *logs, const LogRow *row, LogIntake **ret)
{
        struct stat st;
        _cleanup_(intake_freep) LogIntake *intake = calloc(1, sizeof(*intake));
        if (!intake)
                return -ENOMEM;
        *intake = (LogIntake){
                .token = strdup(row->token), .folder = -1, .fd = -1, .upload = UPLOAD_INIT};
        if (!intake->token)
                return -ENOMEM;
        intake->folder =
                openat(logs->ftp_fd, row->token, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (intake->folder < 0)
                return -ENOENT;
        intake->fd = find_file(intake->folder, row->told_name, &intake->name);
        if (intake->fd < 0)
                return intake->fd;
        if (fstat(intake->fd, &st) < 0)
                return -errno;
        intake->left = logs->options.size_max;
        if ((uint64_t)st.st_size > intake->left)
                return -EFBIG;
        int r = logs_begin(logs, row->token, (uint64_t)st.st_size, &intake->upload);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(intake);
        return 0;
}

/* Says in the row why the file is not here. */
static void give_up(Logs *logs, LogRow *row, int error)
{
        log_note(row, error == -ENOENT   ? "The file is not in the FTP server's folder."
                      : error == -EFBIG  ? "The file in the FTP server's folder is too long."
                      : error == -EDQUOT ? "There is no room for the file among the logs."
                                         : "The file can't be taken from the FTP server's folder.");
        log_warning_errno(error, "The log %lld of %s by FTP", (long long)row->id, row->station);
        (void)log_changed(logs, row);
}

void log_ftp_fetch(Logs *logs, LogRow *row)
{
        LogIntake *intake = NULL;
        int r = logs->ftp_fd < 0 ? -ENOENT : begin(logs, row, &intake);
        if (!intake) {
                give_up(logs, row, r);
                return;
        }
        intake->next = logs->intakes;
        logs->intakes = intake;
        logs->options.wake_at(logs->options.userdata, boottime_now());
}

/* 1: there is more; 0: it is here; negative errno. */
static int copy_piece(Logs *logs, LogIntake *intake)
{
        _cleanup_(freep) char *buffer = malloc(PIECE);
        ssize_t n = buffer ? read(intake->fd, buffer, PIECE) : -1;
        if (n < 0)
                return buffer ? -errno : -ENOMEM;
        if ((uint64_t)n > intake->left)
                return -EFBIG;
        intake->left -= (uint64_t)n;
        if (n > 0) {
                int r = upload_write(&intake->upload, buffer, (size_t)n);
                return r < 0 ? r : 1;
        }
        _cleanup_(freep) char *path = str_printf("%s/%s", intake->token, intake->name);
        return path ? logs_take(logs, &(LogOrigin){path, NULL, "ftp"}, &intake->upload) : -ENOMEM;
}

void log_ftp_slice(Logs *logs)
{
        int r = logs->intakes ? copy_piece(logs, logs->intakes) : 1;
        if (r > 0)
                return;
        _cleanup_(intake_freep) LogIntake *intake = logs->intakes;
        _cleanup_(log_row_freep) LogRow *row = NULL;
        logs->intakes = intake->next;
        if (state_log_by_token(logs->options.state, intake->token, &row) < 0)
                return;
        if (r < 0) {
                give_up(logs, row, r);
                return;
        }
        (void)unlinkat(intake->folder, intake->name, 0);
        (void)unlinkat(logs->ftp_fd, row->token, AT_REMOVEDIR);
}

void log_ftp_forget(Logs *logs)
{
        for (LogIntake *intake = logs->intakes, *next; intake; intake = next) {
                next = intake->next;
                intake_free(intake);
        }
        logs->intakes = NULL;
}

void log_ftp_clear(const Logs *logs, const LogRow *row)
{
        if (logs->ftp_fd >= 0 && streq(row->via, "ftp"))
                (void)unlinkat(logs->ftp_fd, row->token, AT_REMOVEDIR);
}
