/* Fail points, and what there is of them: see failpoint.h. */
#include "failpoint.h"

#ifdef TEST_SEAMS

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "job.h"
#include "store.h"

#define VARIABLE "RAUC_OCPP_FAILPOINT"
#define VARIABLE_FILE VARIABLE "_FILE"
#define RECORD_MAX (1 << 20)
#define LINE_MAX_SIZE 96

typedef struct ActionWord {
        unsigned action;
        const char *word;
} ActionWord;

/* clang-format off */
static const ActionWord action_words[] = {
        {DO_ASK_DOWNLOAD,       "ask-download"},
        {DO_WAIT_RETRIEVE,      "wait-retrieve"},
        {DO_FETCH,              "fetch"},
        {DO_WAIT_RETRY,         "wait-retry"},
        {DO_VERIFY,             "verify"},
        {DO_ASK_INSTALL,        "ask-install"},
        {DO_WAIT_INSTALL,       "wait-install"},
        {DO_PREPARE,            "prepare"},
        {DO_INSTALL,            "install"},
        {DO_RESUME_INSTALL,     "resume-install"},
        {DO_ANNOUNCE,           "announce"},
        {DO_REBOOT,             "reboot"},
        {DO_HEALTH,             "health"},
        {DO_MARK_NAME,          "mark-name"},
        {DO_NOTIFY_BOOT,        "notify-boot"},
        {DO_CONFIRM,            "confirm"},
        {DO_AWAIT_ACCEPTED,     "await-accepted"},
        {DO_UNDO,               "undo"},
        {DO_ROLL_BACK,          "roll-back"},
        {DO_MARK_UNPROVEN,      "mark-unproven"},
        {DO_MARK_TARGET_BAD,    "mark-target-bad"},
        {DO_RECONNECT,          "reconnect"},
        {DO_STOP_WORK,          "stop-work"},
        {DO_DROP_FILE,          "drop-file"},
        {DO_CONFIRMED,          "confirmed"},
        {DO_WAIT_REBOOT,        "wait-reboot"},
};

static const ActionWord log_action_words[] = {
        {LOGDO_COLLECT,         "log-collect"},
        {LOGDO_UPLOAD,          "log-upload"},
        {LOGDO_WAIT,            "log-wait"},
        {LOGDO_STOP,            "log-stop"},
        {LOGDO_DROP,            "log-drop"},
};

static const char *const log_state_words[LOGJOB_STATE_MAX] = {
        [LOGJOB_IDLE]       = "log-idle",
        [LOGJOB_COLLECTING] = "log-collecting",
        [LOGJOB_UPLOADING]  = "log-uploading",
        [LOGJOB_RETRYING]   = "log-retrying",
};
/* clang-format on */

/* What is stored besides the job's states: named values, the outbox, an event by itself. */
static const char *const stored[] = {
        STORE_CONFIRMED_SLOT, STORE_CSMS_TIME, STORE_SIGNED_LATCH,   STORE_BOOT_REASON,
        STORE_BOOT_ID,        STORE_CSMS,      STORE_HEALTH_SINCE,   STORE_HOLDERS,
        STORE_RESET,          STORE_STARTED,   STORE_INOPERATIVE,    "outbox-remove",
        "outbox-update",      "outbox-trim",   "outbox-trim-events", "outbox-drop",
        "security-event",     "setting",
};

static const char *const of_the_worker[] = {
        "resolve-begin", "resolve-end",   "fetch-begin",  "fetch-bytes",  "fetch-end",
        "hash-begin",    "collect-begin", "upload-begin", "upload-bytes", "upload-end",
};

static const char *find_word(const ActionWord *words, size_t count, unsigned action)
{
        for (size_t i = 0; i < count; i++)
                if (words[i].action == action)
                        return words[i].word;
        return "?";
}

const char *fail_point_value(const char *name)
{
        return startswith(name, "var:") || startswith(name, "network-") ? "setting" : name;
}

const char *fail_point_action(unsigned action)
{
        return find_word(action_words, ELEMENTSOF(action_words), action);
}

const char *fail_point_log_action(unsigned action)
{
        return find_word(log_action_words, ELEMENTSOF(log_action_words), action);
}

const char *fail_point_log_state(LogJobState state)
{
        return log_state_words[state];
}

/* How many lines of the record end in this name. */
static unsigned long passings(const char *path, const char *name)
{
        _cleanup_(freep) char *text = NULL;
        size_t n = strlen(name);
        unsigned long count = 0;

        if (file_read(path, RECORD_MAX, &text, NULL) < 0)
                return 0;
        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                const char *word = line + strcspn(line, " \n");

                if (*word == ' ' && strcspn(word + 1, "\n") == n && startswith(word + 1, name))
                        count++;
        }
        return count;
}

/* One write, so that agent and worker may have one record. */
static bool record(const char *path, const char *name)
{
        _cleanup_(closep) int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        char line[LINE_MAX_SIZE + 16];
        int n = snprintf(line, sizeof(line), "%d %s\n", (int)getpid(), name);

        return fd >= 0 && write(fd, line, (size_t)n) == n;
}

void fail_point(const char *moment, const char *what)
{
        const char *path = getenv(VARIABLE_FILE), *wanted = getenv(VARIABLE), *number;
        char name[LINE_MAX_SIZE];

        if (!path)
                return;
        snprintf(name, sizeof(name), "%s/%s", moment, what);
        if (!record(path, name) || !wanted)
                return;
        number = startswith(wanted, name);
        if (number && *number == ':' && passings(path, name) == strtoul(number + 1, NULL, 10))
                raise(SIGSTOP);
}

void fail_points_pass_on(char *ret[static FAIL_POINT_VARIABLES + 1])
{
        size_t n = 0;

        for (char **line = environ; *line && n < FAIL_POINT_VARIABLES; line++)
                if (startswith(*line, VARIABLE))
                        ret[n++] = *line;
        ret[n] = NULL;
}

static void print_around(const char *deed, const char *what)
{
        printf("before-%s/%s\nafter-%s/%s\n", deed, what, deed, what);
}

/* A message that several dialects have is told once. */
static bool told_before(const Dialect *const *dialects, const Dialect *const *end,
                        const char *action)
{
        for (; dialects < end; dialects++)
                for (size_t kind = 0; kind < OUTGOING_MAX; kind++)
                        if (str_equal(dialect_outgoing(*dialects, kind)->action, action))
                                return true;
        return false;
}

void fail_points_print(const Dialect *const *dialects)
{
        for (JobState state = 0; state < JOB_STATE_MAX; state++)
                print_around("store", job_state_to_string(state));
        for (size_t i = 0; i < ELEMENTSOF(stored); i++)
                print_around("store", stored[i]);
        for (size_t i = 0; i < ELEMENTSOF(action_words); i++)
                print_around("do", action_words[i].word);
        for (size_t i = 0; i < ELEMENTSOF(log_state_words); i++)
                print_around("store", log_state_words[i]);
        for (size_t i = 0; i < ELEMENTSOF(log_action_words); i++)
                print_around("do", log_action_words[i].word);
        for (const Dialect *const *d = dialects; *d; d++)
                for (size_t kind = 0; kind < OUTGOING_MAX; kind++) {
                        const char *action = dialect_outgoing(*d, kind)->action;

                        if (action && !told_before(dialects, d, action))
                                printf("sent/%s\n", action);
                }
        for (size_t i = 0; i < ELEMENTSOF(of_the_worker); i++)
                printf("worker/%s\n", of_the_worker[i]);
}

#else
typedef int nothing_here;
#endif
