/* A download that survives: see fetch-part.h.
 *
 * After a crash of this process alone the page cache still holds every byte that was written, so
 * all of NAME.part is good. After a power cut only what was synced is: file systems may keep a
 * length whose bytes never reached the disk. So the side-car tells in which boot it was written and
 * how far the data was synced by then, and what is not proven by one of the two is cut off.
 *
 * A sync wears flash and stops the transfer, a power cut costs what came since the last: one each
 * 16 MiB, or on a slow link each minute. The side-car is written whole once a version, and before
 * the version's first byte is; then only its first 80 bytes are renewed in place, within one
 * sector, so that a power cut leaves the old ones or the new ones. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch-part.h"
#include "json.h"

#define SYNC_BYTES_MAX (UINT64_C(16) << 20)
#define SYNC_BYTES_MIN (UINT64_C(1) << 20)
#define SYNC_INTERVAL_USEC USEC_PER_MIN
#define NOTES_MODE 0600
#define NOTES_SIZE_MAX (256U << 10)
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
/* The part that is renewed in place: always of one length. */
#define HEAD_FORMAT "{\"synced\":%20llu,\"boot\":\"%36s\","
#define HEAD_MAX 96

struct Part {
        Sink *sink;
        char *notes_path;
        int notes; /* the side-car */
        const char *url;
        char boot_id[PART_BOOT_ID_MAX];
        Version version;
        bool provable; /* version has a validator, and the side-car holds it */
        uint64_t synced_bytes;
        usec_t synced_usec; /* when */
};

void version_done(Version *v)
{
        free(v->etag);
        free(v->last_modified);
        *v = (Version){.length_bytes = -1};
}

void part_boot_id(char out[static PART_BOOT_ID_MAX])
{
        _cleanup_(freep) char *text = NULL;
        bool good = file_read(BOOT_ID_FILE, PART_BOOT_ID_MAX, &text, NULL) == 0 &&
                    strlen(str_strip(text)) == PART_BOOT_ID_MAX - 1;

        snprintf(out, PART_BOOT_ID_MAX, "%s", good ? text : "");
}

/* ---- the side-car ---- */

static const char *text_of(const cJSON *tree, const char *name)
{
        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, name));
}

static int64_t number_of(const cJSON *tree, const char *name)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, name);

        return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 0x1p53
                       ? (int64_t)item->valuedouble
                       : -1;
}

static int head_write(Part *p)
{
        char head[HEAD_MAX];
        int n = snprintf(head, sizeof(head), HEAD_FORMAT, (unsigned long long)p->synced_bytes,
                         p->boot_id);

        if (pwrite(p->notes, head, (size_t)n, 0) != n || fdatasync(p->notes) < 0)
                return errno ? -errno : -EIO;
        return n;
}

/* Without a validator the side-car is empty: nothing could be gone on with. */
static int notes_write(Part *p)
{
        _cleanup_(cJSON_Deletep) cJSON *tree = cJSON_CreateObject();
        _cleanup_(freep) char *text = NULL;
        const Version *v = &p->version;
        size_t size;

        if (ftruncate(p->notes, 0) < 0)
                return -errno;
        if (!v->etag && !v->last_modified)
                return fdatasync(p->notes) < 0 ? -errno : 0;
        if (!cJSON_AddStringToObject(tree, "url", p->url) ||
            !cJSON_AddStringToObject(tree, "etag", strempty(v->etag)) ||
            !cJSON_AddStringToObject(tree, "last_modified", strempty(v->last_modified)) ||
            !cJSON_AddNumberToObject(tree, "length", (double)v->length_bytes))
                return -ENOMEM;
        text = cJSON_PrintUnformatted(tree);
        size = text ? strlen(text + 1) : 0;
        if (!text || size + HEAD_MAX > NOTES_SIZE_MAX)
                return -ENOMEM;
        if (pwrite(p->notes, text + 1, size, snprintf(NULL, 0, HEAD_FORMAT, 0ULL, "")) !=
            (ssize_t)size)
                return errno ? -errno : -EIO;
        p->provable = true;
        return head_write(p);
}

/* What the side-car says; NULL: nothing, or nothing that can be read. Freed by the caller. */
static cJSON *notes_read(int fd)
{
        _cleanup_(freep) char *text = malloc(NOTES_SIZE_MAX);
        ssize_t n = text ? pread(fd, text, NOTES_SIZE_MAX, 0) : 0;
        cJSON *tree = NULL;

        return n > 0 && n < NOTES_SIZE_MAX && json_parse(text, (size_t)n, &tree) == 0 ? tree : NULL;
}

/* How many bytes of the file are for sure those of url's version. */
static int notes_take(Part *p, uint64_t *ret_bytes)
{
        _cleanup_(cJSON_Deletep) cJSON *tree = notes_read(p->notes);
        const char *etag = text_of(tree, "etag"), *modified = text_of(tree, "last_modified");
        int64_t synced = number_of(tree, "synced"), length = number_of(tree, "length");
        bool same_boot = *p->boot_id && str_equal(text_of(tree, "boot"), p->boot_id);
        uint64_t size = sink_size(p->sink);

        *ret_bytes = 0;
        if (!str_equal(text_of(tree, "url"), p->url) || synced < 0 ||
            (length >= 0 && size > (uint64_t)length) || (!*strempty(etag) && !*strempty(modified)))
                return 0;
        p->version.length_bytes = length;
        if ((*strempty(etag) && str_replace(&p->version.etag, etag) < 0) ||
            (*strempty(modified) && str_replace(&p->version.last_modified, modified) < 0))
                return -ENOMEM;
        p->provable = true;
        p->synced_bytes = MIN(size, (uint64_t)synced);
        *ret_bytes = same_boot ? size : p->synced_bytes;
        return 0;
}

static int notes_open(const char *path, int *ret)
{
        _cleanup_(closep) int fd =
                open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                     NOTES_MODE);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EEXIST;
        *ret = TAKE_FD(fd);
        return 0;
}

/* ---- the file ---- */

int part_open(const Task *task, const char *url, const char *boot_id, Part **ret, Failure *reterr)
{
        _cleanup_(part_freep) Part *p = calloc(1, sizeof(*p));
        uint64_t good_bytes = 0;
        int r;

        if (!p)
                return sink_trouble(ENOMEM, "the file can't be opened", reterr);
        p->notes = -1;
        p->url = url;
        p->version.length_bytes = -1;
        p->synced_usec = boottime_now();
        snprintf(p->boot_id, sizeof(p->boot_id), "%s", boot_id);
        if (sink_open(task->file, (uint64_t)task->max_size_bytes, (uint64_t)task->reserve_bytes,
                      &p->sink, reterr) < 0)
                return -EIO;
        p->notes_path = str_printf("%s.json", task->file);
        r = p->notes_path ? notes_open(p->notes_path, &p->notes) : -ENOMEM;
        r = r < 0 ? r : notes_take(p, &good_bytes);
        if (r < 0)
                return sink_trouble(-r, "the file's side-car can't be opened", reterr);
        if (sink_cut(p->sink, good_bytes, reterr) < 0)
                return -EIO;
        *ret = TAKE_PTR(p);
        return 0;
}

/* Nothing is noted that isn't durable, so errors only cost a part of the download. */
static int part_sync(Part *p, Failure *reterr)
{
        uint64_t size = sink_size(p->sink);
        int r;

        if (size == p->synced_bytes || !p->provable)
                return 0;
        if (sink_sync(p->sink, reterr) < 0)
                return -EIO;
        p->synced_bytes = size;
        p->synced_usec = boottime_now();
        r = head_write(p);
        return r < 0 ? sink_trouble(-r, "the file's side-car can't be written", reterr) : 0;
}

void part_free(Part *p)
{
        Failure ignored;

        if (!p)
                return;
        if (p->sink && p->notes >= 0)
                (void)part_sync(p, &ignored);
        sink_free(p->sink);
        closep(&p->notes);
        version_done(&p->version);
        free(p->notes_path);
        free(p);
}

const Version *part_version(const Part *p)
{
        return p->provable && sink_size(p->sink) > 0 ? &p->version : NULL;
}

uint64_t part_size(const Part *p)
{
        return sink_size(p->sink);
}

static int part_expect(Part *p, Failure *reterr)
{
        int64_t length = p->version.length_bytes;
        uint64_t size = sink_size(p->sink);

        return sink_expect(
                p->sink, length >= 0 ? (uint64_t)length - MIN((uint64_t)length, size) : 0, reterr);
}

int part_begin(Part *p, Version *version, Failure *reterr)
{
        int r;

        version_done(&p->version);
        p->version = *version;
        *version = (Version){.length_bytes = -1};
        p->provable = false;
        p->synced_bytes = 0;
        /* In this order: bytes of one version never stand beside the side-car of another. */
        if (sink_cut(p->sink, 0, reterr) < 0 || part_expect(p, reterr) < 0)
                return -EIO;
        r = notes_write(p);
        return r < 0 ? sink_trouble(-r, "the file's side-car can't be written", reterr) : 0;
}

/* From now on it is this boot's page cache that holds what isn't synced. */
int part_go_on(Part *p, Failure *reterr)
{
        int r;

        if (part_expect(p, reterr) < 0)
                return -EIO;
        r = head_write(p);
        return r < 0 ? sink_trouble(-r, "the file's side-car can't be written", reterr) : 0;
}

int part_write(Part *p, const void *data, size_t size, Failure *reterr)
{
        uint64_t new_bytes;

        if (sink_write(p->sink, data, size, reterr) < 0)
                return -EIO;
        new_bytes = sink_size(p->sink) - p->synced_bytes;
        if (new_bytes >= SYNC_BYTES_MAX ||
            (new_bytes >= SYNC_BYTES_MIN && boottime_now() - p->synced_usec >= SYNC_INTERVAL_USEC))
                return part_sync(p, reterr);
        return 0;
}

int part_finish(Part *p, Failure *reterr)
{
        if (sink_finish(p->sink, reterr) < 0)
                return -EIO;
        sink_free(TAKE_PTR(p->sink));
        /* One that stays is harmless: it says what is true. */
        (void)unlink(p->notes_path);
        return 0;
}
