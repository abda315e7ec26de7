/* Job "collect": what is to be looked at by others, into one tar.gz.
 *
 * Newest first: files by the time of their last change, between them the journal in pieces, each in
 * order in itself. When the archive is full, what is left is the oldest; the manifest, for which
 * room was kept, says so. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cage.h"
#include "collect-copy.h"
#include "collect-journal-match.h"
#include "collect-journal.h"
#include "collect-manifest.h"
#include "collect-rauc.h"
#include "failpoint.h"

#define DIAGNOSTICS "diagnostics"
#define SECURITY "security"

typedef struct Collect {
        const Task *task;
        usec_t since, until;
        Pack *pack;
        FileList files;
        size_t next_file;
        Journal *journal; /* NULL: none is to be read, or there is no more room for it */
        unsigned pieces;
        cJSON *manifest;
        cJSON *told; /* the journal in the manifest */
        Failure failure;
} Collect;

static int fail(Collect *c, bool final, const char *code, const char *sentence)
{
        c->failure = (Failure){.final = final};
        snprintf(c->failure.code, sizeof(c->failure.code), "%s", code);
        snprintf(c->failure.message, sizeof(c->failure.message), "%s", sentence);
        return -EIO;
}

static int no_memory(Collect *c)
{
        return fail(c, false, "file", "out of memory");
}

/* What can't be read of RAUC is told, and no failure. */
static int find_files(Collect *c)
{
        const Task *t = c->task;
        const cJSON *item;
        int r = 0;

        cJSON_ArrayForEach (item, t->files) {
                if (item->valuestring[0] != '/')
                        return fail(c, true, "job", "a file's path is not absolute");
                if (r == 0)
                        r = files_find(&c->files, item->valuestring, false);
        }
        cJSON_ArrayForEach (item, t->secrets) {
                if (r == 0)
                        r = files_leave_out(&c->files, item->valuestring, "it may hold secrets");
        }
        if (r < 0)
                return no_memory(c);
        if (t->rauc_config && streq(t->kind, DIAGNOSTICS))
                r = rauc_files_find(&c->files, t->rauc_config);
        if (r < 0 && !cJSON_AddStringToObject(c->manifest, "rauc_left_out", strerror(-r)))
                return no_memory(c);
        if (c->files.full &&
            !cJSON_AddNumberToObject(c->manifest, "files_looked_at", (double)c->files.count))
                return no_memory(c);
        files_sort(&c->files);
        return 0;
}

/* A journal that can't be read is told, and no failure. */
static int find_journal(Collect *c)
{
        const Task *t = c->task;
        const JournalQuery query = {t->journal, t->journal_units, c->since, c->until};
        cJSON *damaged = NULL;
        int r;

        if (!streq(t->kind, DIAGNOSTICS) || cJSON_GetArraySize(t->journal_units) == 0)
                return 0;
        c->told = cJSON_AddObjectToObject(c->manifest, "journal");
        if (c->told)
                damaged = cJSON_AddArrayToObject(c->told, "files_left_out");
        if (!damaged ||
            !cJSON_AddItemToObject(c->told, "units", cJSON_Duplicate(t->journal_units, true)) ||
            journal_judge_files(t->journal, damaged) < 0)
                return no_memory(c);
        r = journal_open(&query, &c->journal);
        if (r < 0 &&
            !cJSON_AddStringToObject(c->told, "left_out",
                                     r == -ENODATA ? "there is no such unit in it" : strerror(-r)))
                return no_memory(c);
        return 0;
}

static int add_notes(Collect *c)
{
        const cJSON *note;

        cJSON_ArrayForEach (note, c->task->notes) {
                const char *name = cJSON_GetObjectItemCaseSensitive(note, "name")->valuestring;
                const char *text = cJSON_GetObjectItemCaseSensitive(note, "text")->valuestring;
                size_t size = strlen(text);
                cJSON *told;

                if (!*name || name[0] == '.' || strchr(name, '/'))
                        return fail(c, true, "job", "a note's name is no file name");
                told = manifest_add_file(c->manifest, name, NULL);
                if (!told || !cJSON_AddNumberToObject(told, "size", (double)size))
                        return no_memory(c);
                if (pack_text(c->pack, name, text, size, &c->failure) < 0)
                        return -EIO;
        }
        return 0;
}

/* In the order of their names the pieces are in the order of time. */
static int add_piece(Collect *c)
{
        uint64_t room = pack_room(c->pack);
        char name[64], start[32];
        JournalPiece piece;
        time_t second;
        struct tm tm;

        if (room < COLLECT_ROOM_MIN || journal_piece(c->journal, room, &piece) <= 0) {
                if (!cJSON_AddStringToObject(c->told, "left_out", COLLECT_FULL) ||
                    journal_tell(c->journal, c->told) < 0)
                        return no_memory(c);
                journal_free(TAKE_PTR(c->journal));
                return 0;
        }
        second = (time_t)(piece.oldest / USEC_PER_SEC);
        strftime(start, sizeof(start), "%Y%m%dT%H%M%S", gmtime_r(&second, &tm));
        snprintf(name, sizeof(name), "journal/%s.%06uZ-%04u.log", start,
                 (unsigned)(piece.oldest % USEC_PER_SEC), ++c->pieces);
        if (pack_begin(c->pack, name, piece.size, piece.newest, &c->failure) < 0)
                return -EIO;
        return pack_data(c->pack, piece.text, piece.size, &c->failure);
}

static int add_file(Collect *c, const FoundFile *file)
{
        c->next_file++;
        return collect_copy(c->pack, file, c->since, c->manifest, &c->failure);
}

/* Files and journal, always the newest of what there still is. */
static int add_all(Collect *c)
{
        int r = 0;

        while (r == 0) {
                const FoundFile *file =
                        c->next_file < c->files.count ? &c->files.files[c->next_file] : NULL;
                usec_t at = 0;
                bool entry = c->journal && journal_next(c->journal, &at) > 0;

                if (file && (file->state || !entry || file->modified >= at))
                        r = add_file(c, file);
                else if (entry)
                        r = add_piece(c);
                else
                        break;
        }
        if (r == 0 && c->journal && journal_tell(c->journal, c->told) < 0)
                r = no_memory(c);
        return r;
}

static int add_manifest(Collect *c)
{
        _cleanup_(freep) char *text = cJSON_Print(c->manifest);

        if (!text)
                return no_memory(c);
        pack_reserve(c->pack, 0);
        return pack_text(c->pack, "manifest.json", text, strlen(text), &c->failure);
}

static int write_archive(Collect *c, uint64_t *ret_size_bytes)
{
        int r;

        pack_reserve(c->pack, manifest_size_max(c->manifest, &c->files));
        fail_point("worker", "collect-begin");
        r = add_notes(c);
        if (r == 0)
                r = add_all(c);
        if (r == 0 && pack_content(c->pack) == 0)
                r = fail(c, true, "nothing", "there is nothing of that kind");
        if (r == 0)
                r = add_manifest(c);
        if (r == 0)
                r = pack_finish(c->pack, ret_size_bytes, &c->failure);
        return r;
}

static int collect(Collect *c, uint64_t *ret_size_bytes)
{
        const Task *t = c->task;
        int r;

        if (!streq(t->kind, DIAGNOSTICS) && !streq(t->kind, SECURITY))
                return fail(c, true, "job", "there is no such kind of log");
        if (manifest_new(t, &c->manifest) < 0)
                return no_memory(c);
        r = find_files(c);
        if (r == 0)
                r = find_journal(c);
        if (r == 0)
                r = pack_open(t, &c->pack, &c->failure);
        if (r < 0)
                return r;
        r = write_archive(c, ret_size_bytes);
        if (r < 0)
                (void)unlink(t->file);
        return r;
}

int collect_run(const Task *task)
{
        Collect c = {
                .task = task,
                .since = (usec_t)task->since_usec,
                .until = task->until_usec > 0 ? (usec_t)task->until_usec : NO_TIME,
        };
        uint64_t size_bytes = 0;

        if (cage_enter(CAGE_COLLECT, task) < 0)
                return EXIT_SUCCESS;
        if (collect(&c, &size_bytes) < 0)
                say_failed(&c.failure);
        else
                say_done(size_bytes);
        pack_freep(&c.pack);
        journal_freep(&c.journal);
        files_done(&c.files);
        cJSON_Delete(c.manifest);
        return EXIT_SUCCESS;
}
