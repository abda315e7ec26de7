/* See state-firmware.h. */
#include "state-firmware.h"
#include "state-private.h"

/* Ids are never used again: a station may still hold the URL of one that was deleted. */
const char state_firmware_schema[] = "CREATE TABLE firmware ("
                                     " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                                     " name TEXT NOT NULL,"
                                     " file TEXT UNIQUE,"
                                     " url TEXT,"
                                     " size INTEGER,"
                                     " sha256 TEXT,"
                                     " sha384 TEXT,"
                                     " added INTEGER NOT NULL,"
                                     " inspected INTEGER NOT NULL,"
                                     " kind TEXT,"
                                     " version TEXT,"
                                     " compatible TEXT,"
                                     " description TEXT,"
                                     " build TEXT,"
                                     " format TEXT,"
                                     " manifest_hash TEXT,"
                                     " verified INTEGER NOT NULL,"
                                     " note TEXT,"
                                     " scheme TEXT,"
                                     " certificate TEXT,"
                                     " signature TEXT"
                                     ")";

/* All columns but the id, in the order of the table below, and as many values. */
#define COLUMNS                                                                                    \
        "name, file, url, size, sha256, sha384, added, inspected, kind, version, compatible, "     \
        "description, build, format, manifest_hash, verified, note, scheme, certificate, "         \
        "signature"
#define VALUES                                                                                     \
        "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "   \
        "?20"

typedef struct Column {
        size_t offset; /* of the member */
        bool number;   /* int64_t or usec_t; else char * */
} Column;

/* clang-format off */
static const Column columns[] = {
        { offsetof(Firmware, name), false },        { offsetof(Firmware, file), false },
        { offsetof(Firmware, url), false },         { offsetof(Firmware, size), true },
        { offsetof(Firmware, sha256), false },      { offsetof(Firmware, sha384), false },
        { offsetof(Firmware, added), true },        { offsetof(Firmware, inspected), true },
        { offsetof(Firmware, kind), false },        { offsetof(Firmware, version), false },
        { offsetof(Firmware, compatible), false },  { offsetof(Firmware, description), false },
        { offsetof(Firmware, build), false },       { offsetof(Firmware, format), false },
        { offsetof(Firmware, manifest_hash), false }, { offsetof(Firmware, verified), true },
        { offsetof(Firmware, note), false },        { offsetof(Firmware, scheme), false },
        { offsetof(Firmware, signing_certificate), false }, { offsetof(Firmware, signature), false },
};
/* clang-format on */

static char **text_of(const Firmware *firmware, const Column *c)
{
        return (char **)((uintptr_t)firmware + c->offset);
}

static int64_t *number_of(const Firmware *firmware, const Column *c)
{
        return (int64_t *)((uintptr_t)firmware + c->offset);
}

void firmware_free(Firmware *firmware)
{
        if (!firmware)
                return;
        for (size_t i = 0; i < ELEMENTSOF(columns); i++)
                if (!columns[i].number)
                        free(*text_of(firmware, &columns[i]));
        free(firmware);
}

static void bind(Statement q, const Firmware *firmware)
{
        for (size_t i = 0; i < ELEMENTSOF(columns); i++) {
                const Column *c = &columns[i];
                if (!c->number)
                        bind_text(q, (int)i + 1, *text_of(firmware, c));
                else if (*number_of(firmware, c) != NO_INT)
                        sqlite3_bind_int64(q, (int)i + 1, *number_of(firmware, c));
        }
}

/* A row: the id, then the columns. 0, -ENOMEM. */
static int read_row(Statement q, Firmware **ret)
{
        _cleanup_(firmware_freep) Firmware *firmware = calloc(1, sizeof(*firmware));
        if (!firmware)
                return -ENOMEM;
        *firmware = (Firmware)FIRMWARE_INIT;
        firmware->id = sqlite3_column_int64(q, 0);
        for (size_t i = 0; i < ELEMENTSOF(columns); i++) {
                const Column *c = &columns[i];
                if (sqlite3_column_type(q, (int)i + 1) == SQLITE_NULL)
                        continue;
                if (c->number)
                        *number_of(firmware, c) = sqlite3_column_int64(q, (int)i + 1);
                else if (!(*text_of(firmware, c) = column_text(q, (int)i + 1)))
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(firmware);
        return 0;
}

int state_firmware_add(State *state, const Firmware *firmware, int64_t *ret_id)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(
                state, "INSERT INTO firmware (" COLUMNS ") VALUES (" VALUES ") RETURNING id", &q);
        if (r < 0)
                return r;
        bind(q, firmware);
        r = state_step(state, q);
        if (r < 0)
                return r;
        *ret_id = sqlite3_column_int64(q, 0);
        return 0;
}

int state_firmware_save(State *state, const Firmware *firmware)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(
                state,
                "UPDATE firmware SET (" COLUMNS ") = (" VALUES ") WHERE id = ?21 RETURNING id", &q);
        if (r < 0)
                return r;
        bind(q, firmware);
        sqlite3_bind_int64(q, (int)ELEMENTSOF(columns) + 1, firmware->id);
        r = state_step(state, q);
        return r < 0 ? r : r == 0 ? -ENOENT : 0;
}

int state_firmware_get(State *state, int64_t id, Firmware **ret)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state, "SELECT id, " COLUMNS " FROM firmware WHERE id = ?", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, id);
        r = state_step(state, q);
        return r < 0 ? r : r == 0 ? -ENOENT : read_row(q, ret);
}

int state_firmware_each(State *state, int64_t after, int64_t limit,
                        int (*each)(void *userdata, const Firmware *firmware), void *userdata)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state,
                              "SELECT id, " COLUMNS " FROM firmware WHERE id > ? ORDER BY id "
                              "LIMIT ?",
                              &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, after);
        sqlite3_bind_int64(q, 2, limit);
        while ((r = state_step(state, q)) > 0) {
                _cleanup_(firmware_freep) Firmware *firmware = NULL;
                r = read_row(q, &firmware);
                if (r == 0)
                        r = each(userdata, firmware);
                if (r != 0)
                        return r;
        }
        return r;
}

int state_firmware_delete(State *state, int64_t id)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state, "DELETE FROM firmware WHERE id = ?", &q);
        if (r < 0)
                return r;
        sqlite3_bind_int64(q, 1, id);
        return state_step(state, q);
}
