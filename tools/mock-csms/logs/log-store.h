/* Logs of many stations: asks for them, hears what becomes of them, keeps what comes. Rows are in
 * the state, files in a folder of their own. No network in here but what the CSMS has. */
#pragma once

#include "events.h"
#include "state-log.h"
#include "upload.h"
#include <uv.h>

/* Where stations upload: "/logs/TOKEN/NAME". */
#define LOGS_PATH "/logs/"
/* Bytes of a file, of all of them, if nothing else is said: MiB. */
#define LOG_MAX_DEFAULT 128
#define LOGS_MAX_DEFAULT 10240
/* What may be told of these. */
#define LOG_MAX_MAX 4096
#define LOGS_MAX_MAX (1 << 30)
/* Bytes of a sentence. */
#define LOGS_SENTENCE_MAX 256

/* What a log comes to. */
#define LOG_WAITING "waiting"   /* the station is still to be asked */
#define LOG_ASKED "asked"       /* it has not answered */
#define LOG_ACCEPTED "accepted" /* it has; nothing has come yet */
#define LOG_UPLOADED "uploaded" /* it says so, but there is no file here */
#define LOG_RECEIVED "received" /* there is a file here */
#define LOG_FAILED "failed"     /* it refused, did not answer or could not upload */

typedef struct Logs Logs;

typedef struct LogsOptions {
        Csms *csms; /* borrowed, as all of these */
        State *state;
        Events *events;
        uv_loop_t *loop;
        const char *folder;     /* made if there is none; NULL: a temporary one */
        uint64_t size_max;      /* bytes of a file */
        uint64_t total_max;     /* of all */
        const char *ftp_url;    /* of the folder ftp_folder, as stations know it; NULL: no FTP */
        const char *ftp_folder; /* where a FTP server keeps what stations bring */
        /* logs_tick() is to be called at this boottime or earlier. */
        void (*wake_at)(void *userdata, usec_t when);
        void *userdata;
} LogsOptions;

/* Opens the folder and removes what a process before has left unfinished. csms must outlive it,
 * but for its end: then its stations may have gone. 0 and *ret; negative errno, logged. */
int logs_open(const LogsOptions *options, Logs **ret);
void logs_close(Logs *logs);
DEFINE_CLEANUP(Logs *, logs_close)
/* Asks those whose turn it is, and takes in what came by FTP, a slice at a time. Returns the
 * boottime of the next time. */
usec_t logs_tick(Logs *logs, usec_t now);

typedef struct LogAsking LogAsking;

typedef struct LogAskingOptions {
        const cJSON *body; /* the schema LogsRequest of openapi.json; borrowed until logs_request()
                              returns */
        /* All rows are on the disk, and the stations are asked as the loop goes on: error 0 and
         * answer, the schema LogsRequested, owned by who is told; or a negative errno. Called once,
         * from the loop. */
        void (*done)(void *userdata, int error, cJSON *answer);
        void *userdata;
} LogAskingOptions;

/* Asks many. 0 and *ret, valid until done; -EINVAL and sentence; negative errno. */
int logs_request(Logs *logs, const LogAskingOptions *options, LogAsking **ret,
                 char sentence[static LOGS_SENTENCE_MAX]);
/* Whoever waited has gone. The request takes its course. */
void logs_forget_request(LogAsking *request);
/* 0 and *ret, owned by the caller; -ENOENT; negative errno. */
int logs_find(Logs *logs, int64_t id, LogRow **ret);
/* The rows of a choice as an array of the schema Log; owned by the caller, NULL when out of memory.
 */
cJSON *logs_list(Logs *logs, const LogChoice *choice);
/* Whether a log may come to this: one of the words above. */
bool logs_state_known(const char *word);
/* How many a choice has; negative errno. */
int64_t logs_count(Logs *logs, const LogChoice *choice);
/* The schema Log of openapi.json; owned by the caller, NULL when out of memory. */
cJSON *logs_describe(const LogRow *row);
/* Forgets a log with its file; what the station still uploads for it is refused. 0; negative errno.
 */
int logs_delete(Logs *logs, const LogRow *row);

/* Bytes that are read of one thing at a time, if nothing else is said, and at most; where it may
 * begin. */
#define LOG_READ_DEFAULT ((int64_t)256 << 10)
#define LOG_READ_MAX ((int64_t)1 << 20)
#define LOG_READ_AT_MAX ((int64_t)1 << 30)
/* Files that are being read at a time. */
#define LOG_READINGS_MAX 4

typedef struct LogReading LogReading;

/* What was read of a file, by the program mock-csms-archive, which is not believed. */
typedef struct LogRead {
        int error; /* 0; -ENOENT: no such entry; -EBADMSG: broken there; -ETIMEDOUT: it takes too
                      long; negative errno */
        cJSON *entries; /* the schema LogEntries; owned by who is told, NULL when out of memory */
        char *text;     /* of an entry, UTF-8; owned by who is told, NULL when out of memory */
        int64_t next;   /* where what is behind it begins; 0: nothing is */
        bool broken;    /* it goes on, but can't be read */
} LogRead;

/* Lists what is in a row's file (entry NULL), or reads max bytes of an entry from at on. done is
 * called once, from the loop. 0 and *ret, valid until then; -EBUSY: LOG_READINGS_MAX; -ENOENT: the
 * file has gone; negative errno. */
typedef struct LogPiece {
        const char *entry;
        int64_t at, max;
} LogPiece;
int logs_read(Logs *logs, const LogRow *row, const LogPiece *piece,
              void (*done)(void *userdata, const LogRead *read), void *userdata, LogReading **ret);
/* Whoever waited has gone. */
void logs_forget_reading(LogReading *reading);

/* The descriptor of the folder, in which a file lies by its row's member file; bytes that one may
 * have. */
int logs_folder(const Logs *logs);
uint64_t logs_size_max(const Logs *logs);
/* Whether stations may upload by FTP, too. */
bool logs_take_ftp(const Logs *logs);
/* Begins the upload of so many bytes to a path behind LOGS_PATH, "TOKEN/NAME". 0 and *ret; -ENOENT:
 * there is no such place; -EDQUOT: with it there would be more than total_max; negative errno. */
int logs_begin(Logs *logs, const char *path, uint64_t size_bytes, Upload *ret);
/* Where a file has come from. Borrowed. */
typedef struct LogOrigin {
        const char *path;   /* behind LOGS_PATH */
        const char *name;   /* told otherwise, for a path without; NULL: none */
        const char *method; /* "PUT", "POST", "ftp" */
} LogOrigin;
/* It is whole: the row's file from now on, in the place of an older one, and on the disk when this
 * returns. 0; -ENOENT: the log was deleted meanwhile; negative errno. */
int logs_take(Logs *logs, const LogOrigin *origin, Upload *upload);
