/* The logs from the inside: log-store.c has the files and their rows, log-request.c has requests
 * and makes rows of them, log-ask.c asks stations and hears their answers, log-hear.c their
 * statuses, log-ftp.c takes in what came by FTP, log-tell.c tells. */
#pragma once

#include "folder.h"
#include "log-store.h"

/* Code points kept of what a station says. */
#define LOG_NAME_MAX 255
#define LOG_WORD_MAX 64

/* A station that was asked and has not answered. */
typedef struct LogCall LogCall;
/* A file that is being taken in from the FTP server's folder. */
typedef struct LogIntake LogIntake;

struct Logs {
        LogsOptions options;
        Observer observer;
        Folder folder;
        int ftp_fd;          /* of ftp_folder; -1: none */
        uint64_t used_bytes; /* of all files here, and of those on their way */
        int64_t waiting;     /* all rows up to this id were told */
        bool may_wait;       /* there may be some behind it */
        usec_t ask_at;       /* boottime: they are not asked before; 0: now */
        LogAsking *requests; /* their rows are still to be written */
        LogCall *calls;
        LogIntake *intakes;
        size_t readings; /* being done */
};

/* Saves the row, with its state, and tells the event. 0, negative errno. */
int log_changed(Logs *logs, LogRow *row);
/* Puts a note into the row; the sentence is copied, NULL takes the note away. */
void log_note(LogRow *row, const char *sentence);
/* Publishes the event of a row: what is "added", "changed", "deleted". */
void log_tell(const Logs *logs, const LogRow *row, const char *what);

/* Writes the next few rows of a request. */
void log_request_slice(Logs *logs);
void log_forget_requests(Logs *logs);

/* Asks the next few. */
void log_ask_slice(Logs *logs);
/* Forgets all calls. */
void log_forget_calls(Logs *logs);
/* Watches the stations of the CSMS. */
void log_listen(Logs *logs);

/* Makes the place for a row's upload by FTP and sets its location. 0, negative errno. */
int log_ftp_place(const Logs *logs, LogRow *row);
/* The station says that it has uploaded by FTP: its file is taken in as the loop goes on. */
void log_ftp_fetch(Logs *logs, LogRow *row);
/* Takes in a piece. */
void log_ftp_slice(Logs *logs);
void log_ftp_forget(Logs *logs);
/* Removes what is left of a row's place. */
void log_ftp_clear(const Logs *logs, const LogRow *row);
