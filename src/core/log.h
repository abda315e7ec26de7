/* Logging: to the journal with fields where stderr is the journal, else readable lines on stderr. A
 * line is written for the person who must act: err = somebody must act, warning = we went on,
 * notice = the life of an update, info, debug = frames. */
#pragma once

#include "util.h"
#include <syslog.h>

/* What a machine looks for: each has a 128-bit MESSAGE_ID and an entry in
 * data/rauc-ocpp-agent.catalog. */
typedef enum LogEvent {
        EVENT_REQUEST_ACCEPTED,
        EVENT_REQUEST_REFUSED,
        EVENT_STATUS,
        EVENT_INSTALLED,
        EVENT_UPDATE_FAILED,
        EVENT_ROLLED_BACK,
        EVENT_CONNECTED,
        EVENT_DISCONNECTED,
        EVENT_UNPROVEN,
        LOG_EVENT_MAX,
} LogEvent;

/* Journal fields that go with an event; NULL members are left out. Borrowed. */
typedef struct LogFields {
        const char *request_id;   /* OCPP_REQUEST_ID= */
        const char *action;       /* OCPP_ACTION= */
        const char *status;       /* OCPP_STATUS= */
        const char *firmware_uri; /* FIRMWARE_URI=, without user and password */
} LogFields;

/* The highest level written (LOG_ERR … LOG_DEBUG): the word in $RAUC_OCPP_LOG_LEVEL, else LOG_INFO.
 */
int log_get_max_level(void);

/* Writes one line. error is 0 or a negative errno, whose text is appended. Returns error, so that
 * "return log_full(…)" works. */
int log_full(int level, int error, const char *format, ...) _printf_(3, 4);
/* The same with a MESSAGE_ID and fields (NULL: none). */
void log_event(int level, LogEvent event, const LogFields *fields, const char *format, ...)
        _printf_(4, 5);

#define log_error(...) log_full(LOG_ERR, 0, __VA_ARGS__)
#define log_warning(...) log_full(LOG_WARNING, 0, __VA_ARGS__)
#define log_notice(...) log_full(LOG_NOTICE, 0, __VA_ARGS__)
#define log_info(...) log_full(LOG_INFO, 0, __VA_ARGS__)
#define log_debug(...) log_full(LOG_DEBUG, 0, __VA_ARGS__)
#define log_error_errno(e, ...) log_full(LOG_ERR, (e), __VA_ARGS__)
#define log_warning_errno(e, ...) log_full(LOG_WARNING, (e), __VA_ARGS__)
