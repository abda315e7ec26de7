/* See state-station.h. */
#include "state-station.h"
#include "log.h"
#include "state-private.h"
#include "station.h"
#include "update-steps.h"

/* A station's row is written when it comes, goes or changes, and each time when so many frames have
 * passed: after a kill, this is how many of its numbers may have been used since. It is for a later
 * start alone: a temporary state is spared it. */
#define FRAMES_A_WRITE 64

struct StateStations {
        State *state;
        Csms *csms;
        Observer observer;
};

/* connected is NULL but while there is a connection: of a station that has one when the database is
 * opened we were killed. Times are the wall clock's, in usec. */
const char state_station_schema[] =
        "CREATE TABLE station ("
        " key INTEGER PRIMARY KEY,"
        " id TEXT NOT NULL UNIQUE,"
        " protocol TEXT NOT NULL,"
        " vendor TEXT, model TEXT, serial TEXT, version TEXT, slot TEXT,"
        " reason TEXT, status TEXT, request_id INTEGER,"
        " status_since INTEGER, steps TEXT, tags TEXT, timezone TEXT,"
        " first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
        " connected INTEGER, last_frame INTEGER NOT NULL)";

static const char select_all[] =
        "SELECT key, id, protocol, vendor, model, serial, version, slot, reason, status, "
        "request_id,"
        " status_since, steps, tags, timezone, first_seen, last_seen, connected, last_frame,"
        " (SELECT number FROM frame WHERE station = key ORDER BY number DESC LIMIT 1),"
        " (SELECT time FROM frame WHERE station = key ORDER BY number DESC LIMIT 1)"
        " FROM station ORDER BY id";

static const char upsert[] =
        "INSERT INTO station VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET protocol = excluded.protocol, vendor = excluded.vendor,"
        " model = excluded.model, serial = excluded.serial, version = excluded.version,"
        " slot = excluded.slot,"
        " reason = excluded.reason, status = excluded.status, request_id = excluded.request_id,"
        " status_since = excluded.status_since, steps = excluded.steps, tags = excluded.tags,"
        " timezone = excluded.timezone, first_seen = excluded.first_seen, last_seen = "
        "excluded.last_seen,"
        " connected = excluded.connected, last_frame = excluded.last_frame";

/* Columns of both. */
enum {
        KEY,
        ID,
        PROTOCOL,
        VENDOR,
        MODEL,
        SERIAL,
        VERSION,
        SLOT,
        REASON,
        STATUS,
        REQUEST_ID,
        STATUS_SINCE,
        STEPS,
        TAGS,
        TIMEZONE,
        FIRST_SEEN,
        LAST_SEEN,
        CONNECTED,
        LAST_FRAME,
        NEWEST_NUMBER,
        NEWEST_TIME
};

/* clang-format off */
static const struct { int column; size_t offset, max; } texts[] = {
        { VENDOR,  offsetof(Station, vendor),        FIELD_TEXT_MAX  },
        { MODEL,   offsetof(Station, model),         FIELD_TEXT_MAX  },
        { SERIAL,  offsetof(Station, serial),        FIELD_TEXT_MAX  },
        { VERSION, offsetof(Station, version),       FIELD_TEXT_MAX  },
        { SLOT,    offsetof(Station, slot),          FIELD_TEXT_MAX  },
        { REASON,  offsetof(Station, reason),        FIELD_TEXT_MAX  },
        { STATUS,  offsetof(Station, update.status), STATUS_WORD_MAX },
};
static const struct { int column; size_t offset; } numbers[] = {
        { STATUS_SINCE, offsetof(Station, update.since)    },
        { FIRST_SEEN,   offsetof(Station, first_seen)      },
        { LAST_SEEN,    offsetof(Station, last_seen)       },
        { LAST_FRAME,   offsetof(Station, last_frame)      },
};
/* clang-format on */

/* As text; without memory as if there were none. */
static void bind_steps(Statement q, const Station *station)
{
        _cleanup_(cJSON_Deletep) cJSON *list = station->steps ? steps_describe(station) : NULL;
        sqlite3_bind_text(q, STEPS + 1, list ? cJSON_PrintUnformatted(list) : NULL, -1, free);
}

static void bind_row(Statement q, const Station *station)
{
        sqlite3_bind_int64(q, KEY + 1, station->key);
        bind_text(q, ID + 1, station->id);
        bind_text(q, PROTOCOL + 1, station->dialect->subprotocol);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                bind_text(q, texts[i].column + 1, (const char *)station + texts[i].offset);
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                sqlite3_bind_int64(q, numbers[i].column + 1,
                                   *(const int64_t *)(const void *)((const char *)station +
                                                                    numbers[i].offset));
        if (station->update.request_id != NO_INT)
                sqlite3_bind_int64(q, REQUEST_ID + 1, station->update.request_id);
        if (station->connected_since > 0)
                sqlite3_bind_int64(q, CONNECTED + 1, (int64_t)station->connected_since);
        bind_steps(q, station);
        bind_text(q, TAGS + 1, station->tags);
        bind_text(q, TIMEZONE + 1, station->timezone);
}

static int write(State *state, const Station *station)
{
        _statement_ Statement q = NULL;
        int r = state_prepare_write(state, upsert, &q);
        if (r < 0)
                return r;
        bind_row(q, station);
        return state_step(state, q);
}

static void write_row(void *userdata, const Station *station)
{
        const StateStations *stations = userdata;
        (void)write(stations->state, station);
}

int state_station_save(State *state, const Station *station)
{
        if (!state_outlives(state))
                return 0;
        int r = write(state, station);
        return r < 0 ? r : state_flush(state);
}

static void write_sometimes(void *userdata, const Station *station, uint64_t number,
                            const TraceMessage *message _unused_)
{
        const StateStations *stations = userdata;
        _statement_ Statement q = NULL;
        if (number % FRAMES_A_WRITE != 0 ||
            state_prepare_write_later(stations->state, upsert, &q) < 0)
                return;
        bind_row(q, station);
        (void)state_step(stations->state, q);
}

static const char *text_of(Statement q, int column)
{
        return strempty((const char *)sqlite3_column_text(q, column));
}

/* 0, -ENOMEM. */
static int take_text(Statement q, int column, char **out)
{
        return str_replace(out, *text_of(q, column) ? text_of(q, column) : NULL);
}

/* We were killed while it was connected: the newest of its numbers, and when it was seen, are what
 * its newest frame says, or else guessed. */
static void mend(Station *station, Statement q)
{
        if (sqlite3_column_type(q, CONNECTED) == SQLITE_NULL)
                return;
        uint64_t number = (uint64_t)sqlite3_column_int64(q, NEWEST_NUMBER);
        station->last_frame = number > 0 ? MAX(station->last_frame, number)
                                         : station->last_frame + FRAMES_A_WRITE - 1;
        station->last_seen = MAX(station->last_seen, (usec_t)sqlite3_column_int64(q, NEWEST_TIME));
}

static int read_row(Csms *csms, Statement q)
{
        Station *station = NULL;
        const Dialect *dialect = csms_dialect(text_of(q, PROTOCOL));
        int64_t key = sqlite3_column_int64(q, KEY);
        if (!dialect || !station_id_valid(text_of(q, ID)) || key <= 0)
                return -EUCLEAN;
        int r = csms_restore(csms, text_of(q, ID), key, &station);
        if (r < 0)
                return r;
        station->dialect = dialect;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                const char *text = text_of(q, texts[i].column);
                size_t n = strlen(text);
                if (n > texts[i].max || !utf8_valid(text, n))
                        return -EUCLEAN;
                memcpy((char *)station + texts[i].offset, text, n + 1);
        }
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                *(int64_t *)(void *)((char *)station + numbers[i].offset) =
                        sqlite3_column_int64(q, numbers[i].column);
        station->update.request_id = sqlite3_column_type(q, REQUEST_ID) == SQLITE_NULL
                                             ? NO_INT
                                             : sqlite3_column_int64(q, REQUEST_ID);
        station->tells_slot = station->slot[0] != '\0';
        mend(station, q);
        if (sqlite3_column_type(q, STEPS) != SQLITE_NULL)
                r = steps_restore(station, text_of(q, STEPS));
        if (r < 0)
                return r == -ENOMEM ? r : -EUCLEAN;
        r = take_text(q, TAGS, &station->tags);
        return r < 0 ? r : take_text(q, TIMEZONE, &station->timezone);
}

static int read_all(State *state, Csms *csms)
{
        _statement_ Statement q = NULL;
        int r = state_prepare(state, select_all, &q);
        while (r == 0 && (r = state_step(state, q)) == 1) {
                r = read_row(csms, q);
                if (r < 0)
                        return log_error_errno(r, "State %s is damaged: station %lld",
                                               state_path(state), sqlite3_column_int64(q, KEY));
        }
        return r;
}

int state_stations_open(State *state, Csms *csms, StateStations **ret)
{
        _cleanup_(state_stations_freep) StateStations *stations = calloc(1, sizeof(*stations));
        if (!stations)
                return -ENOMEM;
        int r = read_all(state, csms);
        if (r < 0)
                return r;
        stations->state = state;
        stations->csms = csms;
        stations->observer = (Observer){
                .joined = write_row,
                .left = write_row,
                .changed = write_row,
                .frame_passed = write_sometimes,
                .userdata = stations,
        };
        if (state_outlives(state))
                csms_add_observer(csms, &stations->observer);
        *ret = TAKE_PTR(stations);
        return 0;
}

void state_stations_free(StateStations *stations)
{
        free(stations);
}
