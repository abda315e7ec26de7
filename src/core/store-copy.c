/* Opening, and what survives a damaged database: the open update, or a status that is still to be
 * said, as one line beside it, renewed at each step. Never the location, which may hold a password,
 * and nothing as long as a certificate.
 *
 * The file has two records. Each step writes over the older one, in place: one sync, and no new
 * blocks. Each has a number and a check sum, so one that a power cut tore is not taken for one, and
 * the other is what was true a step before. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "store-internal.h"

#define COPY_HEAD "rauc-ocpp-agent 1"
/* A record's, with the check sum of what follows. */
#define RECORD_HEAD COPY_HEAD "\tcheck=%016" PRIx64 "\t"
#define RECORD_HEAD_SIZE (sizeof(COPY_HEAD "\tcheck=0123456789abcdef\t") - 1)
/* The newest status that the CSMS has not answered. */
#define UNSENT "unsent"

static char *copy_path(const Store *s)
{
        return str_printf("%s/update.copy", s->folder);
}

/* "\tname=value"; a value that has lines or tabs is for people alone and loses them. */
static void put_pair(FILE *line, const char *name, const char *value)
{
        fputc('\t', line);
        fputs(name, line);
        fputc('=', line);
        for (; *value; value++)
                fputc((unsigned char)*value < ' ' ? ' ' : *value, line);
}

/* The columns of a one-row answer by their names; 1, 0: there is no row. */
static int put_row(Statement *q, FILE *line)
{
        int r = sqlite3_step(q);

        for (int i = 0; r == SQLITE_ROW && i < sqlite3_column_count(q); i++) {
                const char *value = (const char *)sqlite3_column_text(q, i);

                if (value)
                        put_pair(line, sqlite3_column_name(q, i), value);
        }
        return r == SQLITE_ROW ? 1 : store_to_errno(r);
}

/* "" in *ret: there is nothing that would have to survive. */
static int make_line(Store *s, char **ret)
{
        _cleanup_(store_statement_done) Statement *job = NULL, *newest = NULL;
        _cleanup_(freep) char *text = NULL;
        size_t size;
        FILE *line;
        int unsent = 0, r = store_row_prepare(s, &store_job_table, STORE_SELECT_SHORT, &job);

        if (r == 0)
                r = store_prepare(s,
                                  "SELECT value AS " UNSENT
                                  " FROM outbox WHERE kind = 0 ORDER BY id DESC LIMIT 1",
                                  &newest);
        if (r < 0)
                return r;
        line = open_memstream(&text, &size);
        if (!line)
                return -ENOMEM;
        r = put_row(job, line);
        if (r >= 0)
                unsent = put_row(newest, line);
        if (fclose(line) != 0)
                return -ENOMEM;
        if (r < 0 || unsent < 0)
                return MIN(r, unsent);
        if (r == 0 || (unsent == 0 && strstr(text, "\tstate=idle")))
                *text = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

/* FNV-1a: against a torn write, not against a person. */
static uint64_t check_sum(const char *text)
{
        uint64_t sum = UINT64_C(0xcbf29ce484222325);

        for (; *text; text++)
                sum = (sum ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
        return sum;
}

/* The rest of the record is NUL: an older agent, which knows one record, reads the first so. */
static int write_record(Store *s, const char *path, const char *line)
{
        _cleanup_(freep) char *text = str_printf("written=%" PRIu64 "%s", ++s->copy_number, line);
        char data[COPY_SIZE] = "";
        size_t slot = 1 - s->copy_slot;
        int n, r = -ENOENT;

        if (!text)
                return -ENOMEM;
        n = snprintf(data, COPY_SLOT_SIZE, RECORD_HEAD "%s\n", check_sum(text), text);
        if (n >= COPY_SLOT_SIZE)
                return -E2BIG;
        if (s->copy_known)
                r = file_write_over(path, slot * COPY_SLOT_SIZE, data, COPY_SLOT_SIZE);
        if (r < 0) { /* it is made anew: the first since the start, or it was deleted */
                slot = 0;
                r = file_write_atomic(path, data, sizeof(data), 0600);
        }
        s->copy_slot = slot;
        return r;
}

void store_copy_renew(Store *s)
{
        _cleanup_(freep) char *path = copy_path(s), *line = NULL;
        int r = path ? make_line(s, &line) : -ENOMEM;

        if (r == 0 && s->copy_known && str_equal(line, s->copy))
                return;
        if (r == 0)
                r = write_record(s, path, line);
        if (r < 0)
                log_warning_errno(r,
                                  "Can't renew %s; should the database be damaged, the update "
                                  "would be told as it was before",
                                  strempty(path));
        s->copy_known = r == 0 && str_replace(&s->copy, line) == 0;
}

/* The text and *ret_number of a record, if it is one to the last byte. */
static char *read_record(char *record, uint64_t *ret_number)
{
        char *end = memchr(record, '\n', COPY_SLOT_SIZE), *text = record + RECORD_HEAD_SIZE;
        char head[RECORD_HEAD_SIZE + 1];

        if (!end || end < text)
                return NULL;
        *end = '\0';
        snprintf(head, sizeof(head), RECORD_HEAD, check_sum(text));
        if (strncmp(record, head, RECORD_HEAD_SIZE) != 0 ||
            sscanf(text, "written=%" SCNu64, ret_number) != 1)
                return NULL;
        return strchrnul(text, '\t');
}

char *store_copy_newest(char *data, size_t size)
{
        char *newest = NULL;
        uint64_t number, newest_number = 0;

        if (size != COPY_SIZE)
                return str_equal(strsep(&data, "\t\n"), COPY_HEAD) ? data : NULL;
        for (char *record = data; record < data + COPY_SIZE; record += COPY_SLOT_SIZE) {
                char *text = read_record(record, &number);

                if (text && number > newest_number) {
                        newest = text;
                        newest_number = number;
                }
        }
        return newest;
}

/* Text in every column: SQLite turns it into numbers where they are read. */
static int put_value(Store *s, const char *name, const char *value)
{
        _cleanup_(freep) char *sql = store_row_has(&store_job_table, name)
                                             ? str_printf("UPDATE job SET %s = ?", name)
                                             : NULL;
        _cleanup_(store_statement_done) Statement *q = NULL;
        int r = sql ? store_prepare(s, sql, &q) : 0;

        if (!q) /* a newer agent's */
                return r;
        sqlite3_bind_text(q, 1, value, -1, SQLITE_STATIC);
        return store_finish(q);
}

static int put_unsent(Store *s, const char *word)
{
        Job job;
        OutboxRow row = {.kind = OUTBOX_FIRMWARE_STATUS,
                         .value = (int)firmware_status_from_string(word),
                         .timestamp = wallclock_now()};
        int r;

        job_init(&job);
        r = store_load_job(s, &job);
        row.plain = job.plain;
        row.request_id = job.request.request_id;
        if (firmware_status_is_failure((FirmwareStatus)row.value)) {
                row.tech_info = job.reason;
                row.reason_code = job.reason_code;
        }
        if (r > 0 && row.value != FW_NONE && job.silent != 1)
                r = store_row_commit(s, &row, 0);
        job_done(&job);
        return MIN(r, 0);
}

static int copy_take(Store *s)
{
        _cleanup_(freep) char *path = copy_path(s), *text = NULL;
        char *rest, *item, *unsent = NULL;
        size_t size;
        Job none;
        int r = path ? file_read(path, COPY_SIZE, &text, &size) : -ENOMEM;

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        rest = store_copy_newest(text, size);
        if (!rest)
                return -EBADMSG;
        if (!*rest) /* no update, nothing to say */
                return 0;
        job_init(&none);
        r = store_commit(s, &(StoreChange){.job = &none, .keep_copy = true});
        while (r == 0 && (item = strsep(&rest, "\t\n"))) {
                char *value = strchr(item, '=');

                if (!value)
                        continue;
                *value++ = '\0';
                if (streq(item, UNSENT))
                        unsent = value;
                else
                        r = put_value(s, item, value);
        }
        return r == 0 && unsent ? put_unsent(s, unsent) : r;
}

/* One is kept, for whoever wants to know what happened to the disk. */
static int set_aside(const char *folder)
{
        static const char *const files[][2] = {
                {"agent.db", "agent.db.damaged"},
                {"agent.db-wal", "agent.db.damaged-wal"},
                {"agent.db-shm", "agent.db.damaged-shm"},
        };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_(freep) char *from = str_printf("%s/%s", folder, files[i][0]);
                _cleanup_(freep) char *to = str_printf("%s/%s", folder, files[i][1]);
                int r = from && to ? file_rename(from, to) : -ENOMEM;

                if (r < 0 && r != -ENOENT)
                        return r;
        }
        return 0;
}

/* What could be read of it is in its WAL too: nothing of it is mixed with the fresh one. */
static int open_fresh(const char *folder, Store **ret, char **reterr)
{
        int r = set_aside(folder);

        if (r == 0)
                r = store_open_database(folder, ret, reterr);
        if (r < 0)
                return r;
        r = copy_take(*ret);
        if (r < 0)
                log_error_errno(r,
                                "Can't read %s/update.copy; what became of the last update is "
                                "not told",
                                folder);
        return 1;
}

int store_open(const char *folder, Store **ret, char **reterr)
{
        Store *s = NULL;
        int r;

        if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
                r = -errno;
                *reterr = str_printf("can't make the folder %s", folder);
                return r;
        }
        r = store_open_database(folder, &s, reterr);
        if (r == -EUCLEAN) {
                log_error("The database is damaged (%s): kept as agent.db.damaged, a fresh one is "
                          "begun",
                          strempty(*reterr));
                free(TAKE_PTR(*reterr));
                r = open_fresh(folder, &s, reterr);
        }
        if (r < 0) {
                store_free(s);
                return r;
        }
        store_forget_statements(s); /* most of these are never needed again */
        store_copy_renew(s);
        *ret = s;
        return r;
}
