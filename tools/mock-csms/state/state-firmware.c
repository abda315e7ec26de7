/* See state-firmware.h. */
#include "state-firmware.h"
#include "state-columns.h"

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

/* clang-format off */
static const Column columns[] = {
        { COLUMN_TEXT,   offsetof(Firmware, name) },
        { COLUMN_TEXT,   offsetof(Firmware, file) },
        { COLUMN_TEXT,   offsetof(Firmware, url) },
        { COLUMN_NUMBER, offsetof(Firmware, size) },
        { COLUMN_TEXT,   offsetof(Firmware, sha256) },
        { COLUMN_TEXT,   offsetof(Firmware, sha384) },
        { COLUMN_TIME,   offsetof(Firmware, added) },
        { COLUMN_NUMBER, offsetof(Firmware, inspected) },
        { COLUMN_TEXT,   offsetof(Firmware, kind) },
        { COLUMN_TEXT,   offsetof(Firmware, version) },
        { COLUMN_TEXT,   offsetof(Firmware, compatible) },
        { COLUMN_TEXT,   offsetof(Firmware, description) },
        { COLUMN_TEXT,   offsetof(Firmware, build) },
        { COLUMN_TEXT,   offsetof(Firmware, format) },
        { COLUMN_TEXT,   offsetof(Firmware, manifest_hash) },
        { COLUMN_NUMBER, offsetof(Firmware, verified) },
        { COLUMN_TEXT,   offsetof(Firmware, note) },
        { COLUMN_TEXT,   offsetof(Firmware, scheme) },
        { COLUMN_TEXT,   offsetof(Firmware, signing_certificate) },
        { COLUMN_TEXT,   offsetof(Firmware, signature) },
};
/* clang-format on */

void firmware_free(Firmware *firmware)
{
        if (!firmware)
                return;
        columns_done(columns, ELEMENTSOF(columns), firmware);
        free(firmware);
}

/* A row: the id, then the columns. 0, -ENOMEM. */
static int read_row(Statement q, Firmware **ret)
{
        _cleanup_(firmware_freep) Firmware *firmware = calloc(1, sizeof(*firmware));
        if (!firmware)
                return -ENOMEM;
        *firmware = (Firmware)FIRMWARE_INIT;
        firmware->id = sqlite3_column_int64(q, 0);
        if (columns_read(q, 1, columns, ELEMENTSOF(columns), firmware) < 0)
                return -ENOMEM;
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
        columns_bind(q, 1, columns, ELEMENTSOF(columns), firmware);
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
        columns_bind(q, 1, columns, ELEMENTSOF(columns), firmware);
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

int state_firmware_has_file(State *state, const char *file)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state, "SELECT 1 FROM firmware WHERE file = ?", &q);
        if (r < 0)
                return r;
        bind_text(q, 1, file);
        return state_step(state, q);
}

int64_t state_firmware_count(State *state)
{
        return state_number(state, "SELECT count(*) FROM firmware");
}

int state_firmware_delete(State *state, int64_t id)
{
        return state_delete(state, "DELETE FROM firmware WHERE id = ?", id);
}
