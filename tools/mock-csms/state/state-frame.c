/* See state-frame.h. */
#include "state-frame.h"
#include "log.h"
#include "state-private.h"
#include "station.h"
#include <stdio.h>

/* How many are forgotten at a time. */
#define FORGET_AT_A_TIME 64
/* Frames wait in memory until no more have come for a while, and at most so long: to write one
 * takes longer than to answer it, and stations come first. */
#define WRITE_WHEN_QUIET (50 * USEC_PER_MSEC)
#define WRITE_AFTER USEC_PER_SEC
#define WRITE_AT_A_TIME 500
/* Bytes that may wait. */
#define WAITING_MAX ((size_t)16 << 20)

/* seq counts the frames of all stations: the oldest have the lowest. Of what a number is in kind:
 * FROM_CSMS, IS_JSON. */
const char state_frame_schema[] = "CREATE TABLE frame ("
                                  " seq INTEGER PRIMARY KEY,"
                                  " station INTEGER NOT NULL,"
                                  " number INTEGER NOT NULL,"
                                  " time INTEGER NOT NULL,"
                                  " protocol TEXT NOT NULL,"
                                  " kind INTEGER NOT NULL,"
                                  " text BLOB NOT NULL);"
                                  "CREATE INDEX frame_of_station ON frame (station, number)";

enum { FROM_CSMS = 1, IS_JSON = 2 };

/* A frame that is to be written. */
typedef struct Waiting {
        struct Waiting *next;
        usec_t came; /* boottime */
        int64_t station, number;
        usec_t time;
        const char *protocol; /* one of the dialects', so it stays */
        int kind;
        size_t size;
        char text[];
} Waiting;

struct StateFrames {
        State *state;
        Csms *csms;
        int64_t max;
        int64_t first, next; /* seq of the oldest there may be, and of the next */
        int64_t bytes;       /* of the texts */
        Waiting *oldest, *newest;
        size_t waiting; /* bytes of those that wait */
        Observer observer;
};

static int64_t ask(const StateFrames *frames, const char *sql, int64_t a, int64_t b)
{
        _statement_ Statement q = NULL;
        if (state_prepare(frames->state, sql, &q) < 0)
                return 0;
        if (sqlite3_bind_parameter_count(q) == 2) {
                sqlite3_bind_int64(q, 1, a);
                sqlite3_bind_int64(q, 2, b);
        }
        return state_step(frames->state, q) == 1 ? sqlite3_column_int64(q, 0) : 0;
}

/* Forgets the oldest, up to this seq. */
static void forget(StateFrames *frames, int64_t end)
{
        _statement_ Statement q = NULL;
        frames->bytes -=
                ask(frames, "SELECT total(length(text)) FROM frame WHERE seq >= ? AND seq < ?",
                    frames->first, end);
        if (state_prepare_write_later(frames->state, "DELETE FROM frame WHERE seq >= ? AND seq < ?",
                                      &q) < 0)
                return;
        sqlite3_bind_int64(q, 1, frames->first);
        sqlite3_bind_int64(q, 2, end);
        if (state_step(frames->state, q) == 0)
                frames->first = end;
        if (frames->first == frames->next)
                frames->bytes = 0; /* whatever was lost on the way */
}

static void keep_within(StateFrames *frames)
{
        if (frames->next - frames->first > frames->max)
                forget(frames, frames->next - frames->max + MIN(frames->max / 2, FORGET_AT_A_TIME));
        while (frames->bytes > FRAMES_BYTES_MAX && frames->first < frames->next) {
                int64_t before = frames->first;
                forget(frames, MIN(frames->next, before + FORGET_AT_A_TIME));
                if (frames->first == before)
                        return;
        }
}

static void write_frame(StateFrames *frames, const Waiting *frame)
{
        _statement_ Statement q = NULL;
        if (state_prepare_write_later(frames->state,
                                      "INSERT INTO frame VALUES (?, ?, ?, ?, ?, ?, ?)", &q) < 0)
                return;
        sqlite3_bind_int64(q, 1, frames->next);
        sqlite3_bind_int64(q, 2, frame->station);
        sqlite3_bind_int64(q, 3, frame->number);
        sqlite3_bind_int64(q, 4, (int64_t)frame->time);
        bind_text(q, 5, frame->protocol);
        sqlite3_bind_int(q, 6, frame->kind);
        sqlite3_bind_blob64(q, 7, frame->text, frame->size, SQLITE_STATIC);
        if (state_step(frames->state, q) < 0)
                return;
        frames->next++;
        frames->bytes += (int64_t)frame->size;
        keep_within(frames);
}

/* Writes the oldest of those that wait, until so many bytes are left, and count at most. */
static void write_waiting(StateFrames *frames, size_t left, size_t count)
{
        for (; frames->waiting > left && count > 0; count--) {
                _cleanup_(freep) Waiting *frame = frames->oldest;
                write_frame(frames, frame);
                frames->oldest = frame->next;
                frames->waiting -= sizeof(*frame) + frame->size;
        }
}

static void keep(void *userdata, const Station *station, uint64_t number,
                 const TraceMessage *message)
{
        StateFrames *frames = userdata;
        Waiting *frame = frames->max > 0 ? malloc(sizeof(*frame) + message->size) : NULL;
        if (!frame)
                return;
        *frame = (Waiting){.came = boottime_now(),
                           .station = station->key,
                           .number = (int64_t)number,
                           .time = message->time,
                           .protocol = message->protocol,
                           .kind = (message->from_csms ? FROM_CSMS : 0) |
                                   (message->is_json ? IS_JSON : 0),
                           .size = message->size};
        if (message->size > 0)
                memcpy(frame->text, message->text, message->size);
        if (frames->oldest) {
                frames->newest->next = frame;
        } else {
                frames->oldest = frame;
                frames->csms->options.wake_at(frames->csms->options.userdata,
                                              frame->came + WRITE_WHEN_QUIET);
        }
        frames->newest = frame;
        frames->waiting += sizeof(*frame) + message->size;
        write_waiting(frames, WAITING_MAX, SIZE_MAX);
}

usec_t state_frames_tick(StateFrames *frames, usec_t now)
{
        if (!frames->oldest)
                return USEC_INFINITY;
        usec_t due =
                MIN(frames->newest->came + WRITE_WHEN_QUIET, frames->oldest->came + WRITE_AFTER);
        if (now < due)
                return due;
        write_waiting(frames, 0, WRITE_AT_A_TIME);
        return frames->oldest ? now : USEC_INFINITY;
}

int state_frames_delete_station(StateFrames *frames, const Station *station)
{
        State *state = frames->state;
        write_waiting(frames, 0, SIZE_MAX);
        int64_t bytes = ask(
                frames, "SELECT total(length(text)) FROM frame WHERE station = ? AND number >= ?",
                station->key, 0);
        int r = state_savepoint(state);
        if (r < 0)
                return r;
        r = state_delete(state, "DELETE FROM frame WHERE station = ?", station->key);
        if (r == 0)
                r = state_delete(state, "DELETE FROM station WHERE key = ?", station->key);
        r = state_end_savepoint(state, r);
        if (r == 0)
                r = state_flush(state);
        frames->bytes -= r == 0 ? bytes : 0;
        return r;
}

int state_frames_open(State *state, Csms *csms, int64_t max, StateFrames **ret)
{
        _cleanup_(state_frames_freep) StateFrames *frames = calloc(1, sizeof(*frames));
        if (!frames)
                return -ENOMEM;
        frames->state = state;
        frames->csms = csms;
        frames->max = max;
        frames->first = ask(frames, "SELECT coalesce(min(seq), 1) FROM frame", 0, 0);
        frames->next = ask(frames, "SELECT coalesce(max(seq), 0) + 1 FROM frame", 0, 0);
        frames->bytes = ask(frames, "SELECT total(length(text)) FROM frame", 0, 0);
        keep_within(frames);
        frames->observer = (Observer){
                .frame_passed = keep,
                .userdata = frames,
        };
        csms_add_observer(csms, &frames->observer);
        *ret = TAKE_PTR(frames);
        return 0;
}

void state_frames_free(StateFrames *frames)
{
        if (frames)
                write_waiting(frames, 0, SIZE_MAX);
        free(frames);
}

/* The number before the first of the newest ones that fit into an answer. */
static int64_t newest(const StateFrames *frames, const Station *station, int64_t limit)
{
        _statement_ Statement q = NULL;
        int64_t since = (int64_t)station->last_frame;
        size_t bytes = 0;
        if (state_prepare(frames->state,
                          "SELECT number, length(text) FROM frame WHERE station = ?"
                          " ORDER BY number DESC LIMIT ?",
                          &q) < 0)
                return since;
        sqlite3_bind_int64(q, 1, station->key);
        sqlite3_bind_int64(q, 2, limit);
        while (state_step(frames->state, q) == 1) {
                bytes += (size_t)sqlite3_column_int64(q, 1);
                if (bytes > FRAMES_ANSWER_BYTES_MAX)
                        break;
                since = sqlite3_column_int64(q, 0) - 1;
        }
        return since;
}

/* The line of a row: time, protocol, kind, text. */
static char *read_line(Statement q, const Station *station)
{
        int kind = sqlite3_column_int(q, 3);
        return trace_line(&(TraceMessage){
                .station = station->id,
                .time = (usec_t)sqlite3_column_int64(q, 1),
                .protocol = strempty((const char *)sqlite3_column_text(q, 2)),
                .from_csms = kind & FROM_CSMS,
                .is_json = kind & IS_JSON,
                .text = strempty(sqlite3_column_blob(q, 4)),
                .size = (size_t)sqlite3_column_bytes(q, 4),
        });
}

static int write_lines(const StateFrames *frames, const Station *station, Statement q, FILE *out,
                       uint64_t *last)
{
        int r = 0;
        while (ftell(out) <= (long)FRAMES_ANSWER_BYTES_MAX &&
               (r = state_step(frames->state, q)) == 1) {
                _cleanup_(freep) char *line = read_line(q, station);
                if (!line || fprintf(out, "%s\n", line) < 0)
                        return -ENOMEM;
                *last = (uint64_t)sqlite3_column_int64(q, 0);
        }
        return MIN(r, 0);
}

int state_frames_read(StateFrames *frames, const Station *station, int64_t since, int64_t limit,
                      char **ret, uint64_t *ret_last)
{
        _cleanup_(freep) char *text = NULL;
        _statement_ Statement q = NULL;
        size_t size;
        uint64_t last = station->last_frame;
        write_waiting(frames, 0, SIZE_MAX);
        int r = state_prepare(frames->state,
                              "SELECT number, time, protocol, kind, text FROM frame WHERE station"
                              " = ? AND number > ? ORDER BY number LIMIT ?",
                              &q);
        if (r < 0)
                return r;
        if (since < 0)
                since = newest(frames, station, limit);
        sqlite3_bind_int64(q, 1, station->key);
        sqlite3_bind_int64(q, 2, since);
        sqlite3_bind_int64(q, 3, limit);
        FILE *out = open_memstream(&text, &size);
        if (!out)
                return -ENOMEM;
        r = write_lines(frames, station, q, out, &last);
        if (fclose(out) != 0)
                return -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(text);
        *ret_last = last;
        return 0;
}
