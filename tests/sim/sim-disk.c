/* The disk: SQLite's files in memory by a VFS of our own, and the spool's two files. What was
 * written since the last sync is lost at a power cut in part: nothing, all, the end, or any of the
 * writes, torn at a sector. A killed agent loses nothing. */
#include <sqlite3.h>
#include <sys/stat.h>

#include "sim.h"

#define FOLDER "/state"
#define FILES_MAX 4
#define WRITES_MAX 256
#define SECTOR 512

typedef struct Bytes {
        unsigned char *data;
        size_t size, room;
} Bytes;

/* What was done since the last sync: a write, or a new length (data NULL). */
typedef struct Change {
        size_t at, size;
        unsigned char *data;
} Change;

typedef struct File {
        char name[32];
        bool exists;
        Bytes now, synced;
        Change changes[WRITES_MAX];
        size_t change_count;
        Bytes shared; /* the -shm: never on a disk */
} File;

typedef struct Handle {
        sqlite3_file base;
        File *file;
} Handle;

static File files[FILES_MAX];
static Bytes template;

/* ---- bytes ---- */

static void bytes_resize(Bytes *b, size_t size)
{
        if (size > b->room) {
                b->room = size + 16384;
                b->data = realloc(b->data, b->room);
                if (!b->data)
                        abort();
        }
        if (size > b->size)
                memset(b->data + b->size, 0, size - b->size);
        b->size = size;
}

static void bytes_write(Bytes *b, size_t at, const void *data, size_t size)
{
        if (at + size > b->size)
                bytes_resize(b, at + size);
        if (size > 0)
                memcpy(b->data + at, data, size);
}

static void bytes_copy(const Bytes *from, Bytes *to)
{
        to->size = 0;
        bytes_write(to, 0, from->data, from->size);
}

static void bytes_done(Bytes *b)
{
        free(b->data);
        *b = (Bytes){0};
}

/* ---- what is not synced ---- */

static void changes_forget(File *f)
{
        for (size_t i = 0; i < f->change_count; i++)
                free(f->changes[i].data);
        f->change_count = 0;
}

static void change_apply(Bytes *b, const Change *c, size_t size)
{
        if (!c->data)
                bytes_resize(b, c->size);
        else
                bytes_write(b, c->at, c->data, size);
}

static void file_sync(File *f)
{
        for (size_t i = 0; i < f->change_count; i++)
                change_apply(&f->synced, &f->changes[i], f->changes[i].size);
        changes_forget(f);
}

static void change_add(File *f, size_t at, const void *data, size_t size)
{
        Change c = {.at = at, .size = size};

        if (f->change_count == WRITES_MAX) /* long ago: the disk has done it by itself */
                file_sync(f);
        if (data) {
                c.data = malloc(size + 1);
                if (!c.data)
                        abort();
                memcpy(c.data, data, size);
        }
        change_apply(&f->now, &c, size);
        f->changes[f->change_count++] = c;
}

static void file_crash(File *f)
{
        enum { NONE, ALL, BEGIN, ANY } kept = (int)rnd(4);
        size_t begin = rnd(f->change_count + 1);

        for (size_t i = 0; i < f->change_count; i++) {
                const Change *c = &f->changes[i];
                bool keep = kept == ALL || (kept == BEGIN && i < begin) || (kept == ANY && rnd(2));
                bool torn = keep && c->data && kept != ALL && c->size > SECTOR && chance(100);

                if (keep)
                        change_apply(&f->synced, c,
                                     torn ? rnd(c->size / SECTOR) * SECTOR : c->size);
        }
        bytes_copy(&f->synced, &f->now);
        changes_forget(f);
}

void disk_crash(void)
{
        for (size_t i = 0; i < FILES_MAX; i++)
                file_crash(&files[i]);
        if (sim.world.spool_fresh && chance(500))
                sim.world.spool_file = sim.world.spool_part = CONTENT_NONE;
        if (fault(FAULT_SPOOL) && sim.world.spool_file >= 0) {
                story("the bundle in the spool is not what it was");
                sim.world.spool_file = CONTENT_BROKEN;
        }
        if (chance(500))
                sim.world.part_bytes = (int64_t)rnd((uint64_t)sim.world.part_bytes + 1);
        sim.world.spool_fresh = false;
}

/* ---- SQLite's VFS ---- */

static File *file_find(const char *name, bool make)
{
        for (size_t i = 0; i < FILES_MAX; i++)
                if (streq(files[i].name, name))
                        return &files[i];
        for (size_t i = 0; make && i < FILES_MAX; i++)
                if (!*files[i].name) {
                        snprintf(files[i].name, sizeof(files[i].name), "%s", name);
                        return &files[i];
                }
        return NULL;
}

/* What the disk says to a write: SQLITE_OK if it is done. */
static int disk_answers(const char *what, int error)
{
        static const int others[] = {SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY};

        if (!effect(what))
                return SQLITE_IOERR;
        if (!fault(FAULT_DISK))
                return SQLITE_OK;
        sim.disk_was_bad = true;
        sim.figures.disk_faults++;
        story("the disk fails: %s", what);
        return chance(500) ? error : others[rnd(ELEMENTSOF(others))];
}

static int on_close(sqlite3_file *h _unused_)
{
        return SQLITE_OK;
}

static int on_read(sqlite3_file *h, void *to, int size, sqlite3_int64 at)
{
        const Bytes *b = &((Handle *)(void *)h)->file->now;
        size_t have = (size_t)at < b->size ? MIN((size_t)size, b->size - (size_t)at) : 0;

        if (fault(FAULT_DISK) && chance(20) && sim.death == ALIVE) {
                sim.disk_was_bad = true;
                sim.figures.reads_failed++;
                story("the disk fails: a read");
                return SQLITE_IOERR_READ;
        }
        if (have > 0)
                memcpy(to, b->data + at, have);
        if (have == (size_t)size)
                return SQLITE_OK;
        memset((char *)to + have, 0, (size_t)size - have);
        return SQLITE_IOERR_SHORT_READ;
}

static int on_write(sqlite3_file *h, const void *from, int size, sqlite3_int64 at)
{
        int r = disk_answers("a write to the store", SQLITE_IOERR_WRITE);

        if (r == SQLITE_OK)
                change_add(((Handle *)(void *)h)->file, (size_t)at, from, (size_t)size);
        return r;
}

static int on_truncate(sqlite3_file *h, sqlite3_int64 size)
{
        int r = disk_answers("a truncation of the store", SQLITE_IOERR_TRUNCATE);

        if (r == SQLITE_OK)
                change_add(((Handle *)(void *)h)->file, 0, NULL, (size_t)size);
        return r;
}

static int on_sync(sqlite3_file *h, int flags _unused_)
{
        int r = disk_answers("a sync of the store", SQLITE_IOERR_FSYNC);

        if (r == SQLITE_OK)
                file_sync(((Handle *)(void *)h)->file);
        return r;
}

static int on_size(sqlite3_file *h, sqlite3_int64 *ret)
{
        *ret = (sqlite3_int64)((Handle *)(void *)h)->file->now.size;
        return SQLITE_OK;
}

static int on_lock(sqlite3_file *h _unused_, int level _unused_)
{
        return SQLITE_OK;
}

static int on_check_lock(sqlite3_file *h _unused_, int *ret)
{
        *ret = 0;
        return SQLITE_OK;
}

static int on_control(sqlite3_file *h _unused_, int op _unused_, void *arg _unused_)
{
        return SQLITE_NOTFOUND;
}

static int on_sector(sqlite3_file *h _unused_)
{
        return SECTOR;
}

static int on_characteristics(sqlite3_file *h _unused_)
{
        return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as SQLite's own VFS takes for granted */
}

static int on_shm_map(sqlite3_file *h, int page, int size, int extend, void volatile **ret)
{
        Bytes *b = &((Handle *)(void *)h)->file->shared;
        size_t end = (size_t)(page + 1) * (size_t)size;

        *ret = NULL;
        if (b->size < end && !extend)
                return SQLITE_OK;
        if (b->room == 0) { /* must not move: room for all that the store ever needs */
                bytes_resize(b, 8 * 32768);
                b->size = 0;
        }
        if (end > b->room)
                return SQLITE_NOMEM;
        if (end > b->size)
                bytes_resize(b, end);
        *ret = b->data + (size_t)page * (size_t)size;
        return SQLITE_OK;
}

static int on_shm_lock(sqlite3_file *h _unused_, int offset _unused_, int n _unused_,
                       int flags _unused_)
{
        return SQLITE_OK;
}

static void on_shm_barrier(sqlite3_file *h _unused_)
{
}

static int on_shm_unmap(sqlite3_file *h, int delete _unused_)
{
        ((Handle *)(void *)h)->file->shared.size = 0;
        return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = on_close,
        .xRead = on_read,
        .xWrite = on_write,
        .xTruncate = on_truncate,
        .xSync = on_sync,
        .xFileSize = on_size,
        .xLock = on_lock,
        .xUnlock = on_lock,
        .xCheckReservedLock = on_check_lock,
        .xFileControl = on_control,
        .xSectorSize = on_sector,
        .xDeviceCharacteristics = on_characteristics,
        .xShmMap = on_shm_map,
        .xShmLock = on_shm_lock,
        .xShmBarrier = on_shm_barrier,
        .xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *v _unused_, const char *name, sqlite3_file *h, int flags,
                   int *ret_flags)
{
        File *f = name ? file_find(name, true) : NULL;

        h->pMethods = NULL;
        if (!f || (!f->exists && !(flags & SQLITE_OPEN_CREATE)))
                return SQLITE_CANTOPEN;
        if (!f->exists) {
                if (disk_answers("making a file of the store", SQLITE_CANTOPEN) != SQLITE_OK)
                        return SQLITE_CANTOPEN;
                f->exists = true;
                f->now.size = f->synced.size = 0;
        }
        ((Handle *)(void *)h)->file = f;
        h->pMethods = &methods;
        if (ret_flags)
                *ret_flags = flags;
        return SQLITE_OK;
}

/* A file that was deleted stays so: SQLite has the folder synced, or does not mind. */
static int on_delete(sqlite3_vfs *v _unused_, const char *name, int sync _unused_)
{
        File *f = file_find(name, false);
        int r = disk_answers("deleting a file of the store", SQLITE_IOERR_DELETE);

        if (r != SQLITE_OK)
                return r;
        if (!f || !f->exists)
                return SQLITE_IOERR_DELETE_NOENT;
        f->exists = false;
        f->now.size = f->synced.size = 0;
        changes_forget(f);
        return SQLITE_OK;
}

static int on_access(sqlite3_vfs *v _unused_, const char *name, int flags _unused_, int *ret)
{
        File *f = file_find(name, false);

        *ret = f && f->exists && f->now.size > 0;
        return SQLITE_OK;
}

static int on_full_path(sqlite3_vfs *v _unused_, const char *name, int size, char *ret)
{
        snprintf(ret, (size_t)size, "%s", name);
        return SQLITE_OK;
}

static int on_randomness(sqlite3_vfs *v _unused_, int size, char *ret)
{
        for (int i = 0; i < size; i++)
                ret[i] = (char)(sim.seed >> 8 * (unsigned)(i % 8));
        return size;
}

static int on_sleep(sqlite3_vfs *v _unused_, int usec)
{
        return usec;
}

static int on_time(sqlite3_vfs *v _unused_, double *ret)
{
        *ret = 2467000.0;
        return SQLITE_OK;
}

static sqlite3_vfs vfs = {.iVersion = 1,
                          .szOsFile = sizeof(Handle),
                          .mxPathname = 64,
                          .zName = "sim",
                          .xOpen = on_open,
                          .xDelete = on_delete,
                          .xAccess = on_access,
                          .xFullPathname = on_full_path,
                          .xRandomness = on_randomness,
                          .xSleep = on_sleep,
                          .xCurrentTime = on_time};

/* ---- the disk of a seed ---- */

void disk_reset(bool with_template)
{
        for (size_t i = 0; i < FILES_MAX; i++) {
                changes_forget(&files[i]);
                files[i].exists = false;
                files[i].now.size = files[i].synced.size = files[i].shared.size = 0;
        }
        sqlite3_randomness(0, NULL); /* begins anew, from the seed */
        if (with_template) {
                File *f = file_find(FOLDER "/agent.db", true);

                f->exists = true;
                bytes_copy(&template, &f->now);
                bytes_copy(&template, &f->synced);
        }
}

int disk_init(void)
{
        _cleanup_(freep) char *error = NULL;
        Store *s = NULL;
        int r;

        if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
            sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK ||
            sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
                return -EIO;
        disk_reset(false);
        r = store_open(FOLDER, &s, &error);
        store_free(s);
        if (r == 0)
                bytes_copy(&file_find(FOLDER "/agent.db", true)->now, &template);
        return r;
}

void disk_done(void)
{
        for (size_t i = 0; i < FILES_MAX; i++) {
                changes_forget(&files[i]);
                bytes_done(&files[i].now);
                bytes_done(&files[i].synced);
                bytes_done(&files[i].shared);
        }
        bytes_done(&template);
        sqlite3_shutdown();
}
