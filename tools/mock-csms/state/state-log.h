/* Logs that stations were asked for: a row for each station of each request. Their files are
 * logs/'s business. */
#pragma once

#include "state.h"

/* One station's log. All texts are owned; NULL, NO_INT, NO_TIME: there is none (yet). */
typedef struct LogRow {
        int64_t id;     /* 0: has none yet */
        char *station;  /* its identity */
        char *token;    /* names its place for uploads */
        char *via;      /* "http", "ftp", "elsewhere" */
        char *state;    /* what it comes to, a word: see log-store.h */
        char *location; /* where the station was told to upload; with "elsewhere" from the start */
        char *action;   /* "GetLog", "GetDiagnostics" */
        int64_t request_id; /* GetDiagnostics has none */
        char *log_type, *oldest, *latest;
        int64_t retries, retry_interval;
        usec_t created, asked, answered; /* wall clock */
        char *answer;    /* its status, or "CALLERROR", "timeout", "gone", "offline", "lost" */
        char *note;      /* what went wrong, a sentence */
        char *told_name; /* of the file, in the answer */
        char *status;    /* the last LogStatusNotification or DiagnosticsStatusNotification */
        usec_t status_since;
        char *file;   /* its name in the folder of logs */
        char *name;   /* by which it came */
        char *method; /* "PUT", "POST", "ftp" */
        int64_t size;
        char *sha256; /* hex */
        usec_t received;
        int64_t request; /* the id of the first log that the same call has asked for; 0 where a new
                          * row is that itself */
} LogRow;
#define LOG_ROW_INIT                                                                               \
        {                                                                                          \
                .request_id = NO_INT, .retries = NO_INT, .retry_interval = NO_INT,                 \
                .created = NO_TIME, .asked = NO_TIME, .answered = NO_TIME,                         \
                .status_since = NO_TIME, .size = NO_INT, .received = NO_TIME, .request = NO_INT    \
        }

/* NULL is fine. */
void log_row_free(LogRow *row);
DEFINE_CLEANUP(LogRow *, log_row_free)

/* Adds a row. 0 and *ret_id; negative errno. */
int state_log_add(State *state, const LogRow *row, int64_t *ret_id);
/* Writes all of a row that is there. 0; -ENOENT; negative errno. */
int state_log_save(State *state, const LogRow *row);
/* 0 and *ret, owned by the caller; -ENOENT; negative errno. So do the next four. */
int state_log_get(State *state, int64_t id, LogRow **ret);
/* By the token of its place for uploads. */
int state_log_by_token(State *state, const char *token, LogRow **ret);
/* By the name of its file in the folder. */
int state_log_by_file(State *state, const char *file, LogRow **ret);
/* The newest of a station with this request id. */
int state_log_by_request(State *state, const char *station, int64_t request_id, LogRow **ret);
/* A station's GetDiagnostics, the last one that has not come to its end. */
int state_log_by_diagnostics(State *state, const char *station, LogRow **ret);
/* 0, also if there was none; negative errno. */
int state_log_delete(State *state, int64_t id);

/* Which logs are meant. */
typedef struct LogChoice {
        const char *station; /* NULL: all */
        const char *state;   /* NULL: any */
        int64_t after;       /* an id above this one */
        int64_t limit;
} LogChoice;
/* Hands over rows in the order of their ids until each() gives another number than 0. each() may
 * write. 0, that number, negative errno. */
int state_log_each(State *state, const LogChoice *choice, int (*each)(void *userdata, LogRow *row),
                   void *userdata);
/* How many there are, limit and after left aside; negative errno. */
int64_t state_log_count(State *state, const LogChoice *choice);
/* Bytes of all files; negative errno. */
int64_t state_log_bytes(State *state);
/* At the start: whoever waited to be asked, or for an answer, waits in vain. 0, negative errno. */
int state_log_give_up(State *state);
