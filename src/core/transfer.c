/* Starts, watches and ends worker processes: see transfer.h. A worker is believed only when it gave
 * one whole answer and then exited with 0; the last call back comes when it is gone, never before,
 * so that nobody writes to the file any more. One that babbles, hangs or says what can't be so is
 * killed. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "transfer-spawn.h"
#include "transfer-start.h"

/* After its answer, or when it closed its output, a worker has this long to exit. */
#define EXIT_GRACE_USEC (5 * USEC_PER_SEC)
/* Each line costs us something. A worker writes two a second. */
#define LINES_AT_ONCE 32
#define LINES_A_SECOND 4

struct Transfer {
        unsigned refs; /* the owner's, and one while we are inside a call back */
        bool over;     /* cancelled, or the last call back was made */
        AnswerKind wanted;
        TransferHandlers handlers;
        void *userdata;
        sd_event_source *child, *output, *grace, *silence;
        usec_t silence_usec, limit_usec, begun_usec;
        uint64_t max_bytes;
        uint64_t lines, now_bytes; /* told so far */
        char line[TRANSFER_LINE_MAX];
        size_t line_size;
        bool answered;
        Answer answer;     /* once answered */
        const char *fault; /* why the worker is not believed */
};

static void transfer_unref(Transfer *t)
{
        if (--t->refs == 0)
                free(t);
}

static void watches_drop(Transfer *t)
{
        t->output = sd_event_source_disable_unref(t->output);
        t->grace = sd_event_source_disable_unref(t->grace);
        t->silence = sd_event_source_disable_unref(t->silence);
}

static void child_kill(Transfer *t)
{
        if (t->child)
                (void)sd_event_source_send_child_signal(t->child, SIGKILL, NULL, 0);
}

/* The worker is not believed any more; on_exit() tells the owner. */
static void transfer_fault(Transfer *t, const char *fault)
{
        t->fault = fault;
        watches_drop(t);
        child_kill(t);
}

static int on_grace(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        transfer_fault(userdata, "the worker did not exit");
        return 0;
}

static void grace_begin(Transfer *t)
{
        if (t->grace || !t->child)
                return;
        if (sd_event_add_time_relative(sd_event_source_get_event(t->child), &t->grace,
                                       CLOCK_MONOTONIC, EXIT_GRACE_USEC, 0, on_grace, t) < 0)
                transfer_fault(t, "the worker could not be timed");
}

static int on_silence(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        transfer_fault(userdata, "the worker was silent for too long");
        return 0;
}

/* The same once more is no sign of life. Going back is one: a server's other file begins anew. */
static void progress_take(Transfer *t, const Answer *a)
{
        if (t->limit_usec > 0 && boottime_now() - t->begun_usec > t->limit_usec) {
                transfer_fault(t, "the worker went on for too long");
                return;
        }
        if (t->silence && a->now_bytes != t->now_bytes &&
            sd_event_source_set_time_relative(t->silence, t->silence_usec) < 0) {
                transfer_fault(t, "the worker could not be timed");
                return;
        }
        t->now_bytes = a->now_bytes;
        if (t->handlers.on_progress)
                t->handlers.on_progress(t->userdata, a->now_bytes, a->total_bytes);
}

static bool is_too_large(const Transfer *t, const Answer *a)
{
        return a->kind == ANSWER_DONE && t->max_bytes > 0 && a->size_bytes > t->max_bytes;
}

static void answer_take(Transfer *t, const Answer *a)
{
        if (a->kind != t->wanted && a->kind != ANSWER_FAILED) {
                transfer_fault(t, "the worker answered another question");
        } else if (is_too_large(t, a)) {
                transfer_fault(t, "the worker has done more than it may");
        } else {
                t->answer = *a;
                t->answered = true;
                grace_begin(t);
        }
}

static bool is_babble(Transfer *t)
{
        usec_t seconds = (boottime_now() - t->begun_usec) / USEC_PER_SEC;

        return ++t->lines > LINES_AT_ONCE + LINES_A_SECOND * seconds;
}

static void line_take(Transfer *t, const char *line, size_t size)
{
        Answer a;

        if (t->answered)
                transfer_fault(t, "the worker went on after its answer");
        else if (is_babble(t))
                transfer_fault(t, "the worker babbles");
        else if (answer_parse(line, size, &a) < 0)
                transfer_fault(t, "the worker wrote what is no answer");
        else if (a.kind == ANSWER_PROGRESS)
                progress_take(t, &a);
        else
                answer_take(t, &a);
}

/* Whole lines out of the buffer; a call back may cancel us. */
static void lines_take(Transfer *t)
{
        size_t begin = 0;

        while (!t->over && !t->fault) {
                const char *end = memchr(t->line + begin, '\n', t->line_size - begin);

                if (!end)
                        break;
                line_take(t, t->line + begin, (size_t)(end - t->line) - begin);
                begin = (size_t)(end - t->line) + 1;
        }
        t->line_size -= begin;
        memmove(t->line, t->line + begin, t->line_size);
        if (!t->over && !t->fault && t->line_size == sizeof(t->line))
                transfer_fault(t, "the worker wrote a line that is too long");
}

/* Returns whether there may be more. */
static bool output_read(Transfer *t)
{
        int fd = sd_event_source_get_io_fd(t->output);
        ssize_t n = read(fd, t->line + t->line_size, sizeof(t->line) - t->line_size);

        if (n < 0)
                return errno == EINTR;
        if (n == 0) {
                t->output = sd_event_source_disable_unref(t->output);
                grace_begin(t);
                return false;
        }
        t->line_size += (size_t)n;
        lines_take(t);
        return true;
}

static int on_output(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
                     void *userdata)
{
        Transfer *t = userdata;

        t->refs++;
        (void)output_read(t);
        transfer_unref(t);
        return 0;
}

static void deliver_answer(Transfer *t)
{
        const Answer *a = &t->answer;
        TransferFailure failure = {.final = a->final,
                                   .code = a->code,
                                   .message = a->message,
                                   .retry_after_seconds = a->retry_after_seconds};
        const char *addresses[TRANSFER_ADDRESSES_MAX];

        if (a->kind == ANSWER_FAILED) {
                t->handlers.on_failed(t->userdata, &failure);
        } else if (a->kind == ANSWER_DONE) {
                t->handlers.on_done(t->userdata, a->size_bytes);
        } else if (a->kind == ANSWER_DIGEST) {
                t->handlers.on_digest(t->userdata, &a->digest);
        } else {
                for (size_t i = 0; i < a->address_count; i++)
                        addresses[i] = a->addresses[i];
                t->handlers.on_addresses(t->userdata, addresses, a->address_count);
        }
}

static void deliver_worker_failure(Transfer *t, const siginfo_t *si)
{
        char message[TRANSFER_MESSAGE_MAX];
        TransferFailure failure = {.final = false, .code = "worker", .message = message};

        if (t->fault)
                snprintf(message, sizeof(message), "%s", t->fault);
        else if (si->si_code == CLD_EXITED)
                snprintf(message, sizeof(message), "the worker exited with %d and no answer",
                         si->si_status);
        else
                snprintf(message, sizeof(message), "the worker was ended by signal %d",
                         si->si_status);
        t->handlers.on_failed(t->userdata, &failure);
}

/* sd-event reaps the process after this returns. */
static int on_exit_of_child(sd_event_source *source, const siginfo_t *si, void *userdata)
{
        Transfer *t = userdata;

        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (!t) { /* cancelled: nothing is left but to let the source go */
                (void)sd_event_source_set_floating(source, false);
                return 0;
        }
        t->refs++;
        t->child = sd_event_source_disable_unref(t->child);
        while (!t->over && !t->fault && t->output && output_read(t))
                ;
        if (!t->over) {
                t->over = true;
                watches_drop(t);
                if (!t->fault && t->line_size > 0)
                        t->fault = "the worker's last line is cut off";
                if (!t->fault && t->answered && si->si_code == CLD_EXITED && si->si_status == 0)
                        deliver_answer(t);
                else
                        deliver_worker_failure(t, si);
        }
        transfer_unref(t);
        return 0;
}

void transfer_cancel(Transfer *t)
{
        if (!t)
                return;
        t->over = true;
        watches_drop(t);
        if (t->child) {
                /* The loop keeps the source until the child is gone: a worker can hang in fsync for
                 * seconds after SIGKILL, and the loop must not. */
                child_kill(t);
                (void)sd_event_source_set_userdata(t->child, NULL);
                (void)sd_event_source_set_floating(t->child, true);
                t->child = sd_event_source_unref(t->child);
        }
        transfer_unref(t);
}

/* Takes *output over on success. */
static int transfer_watch(Transfer *t, sd_event *event, pid_t pid, int *output)
{
        int r = child_watch(event, pid, on_exit_of_child, t, &t->child);

        if (r < 0) {
                (void)kill(pid, SIGKILL);
                (void)waitpid(pid, NULL, 0);
                return r;
        }
        (void)sd_event_source_set_child_process_own(t->child, true);
        r = sd_event_add_io(event, &t->output, *output, EPOLLIN, on_output, t);
        if (r < 0)
                return r;
        (void)sd_event_source_set_io_fd_own(t->output, true);
        *output = -1;
        return t->silence_usec == 0
                       ? 0
                       : sd_event_add_time_relative(event, &t->silence, CLOCK_MONOTONIC,
                                                    t->silence_usec, 0, on_silence, t);
}

int transfer_start(const TransferStart *s, const TransferHandlers *handlers, void *userdata,
                   Transfer **ret)
{
        _cleanup_(transfer_cancelp) Transfer *t = calloc(1, sizeof(*t));
        _cleanup_(closep) int output = -1;
        pid_t pid;
        int r;

        if (!t)
                return -ENOMEM;
        t->refs = 1;
        t->wanted = s->wanted;
        t->silence_usec = s->silence_usec;
        t->limit_usec = s->limit_usec;
        t->max_bytes = s->max_bytes;
        t->begun_usec = boottime_now();
        t->handlers = *handlers;
        t->userdata = userdata;
        r = worker_spawn(s->worker, s->job, s->file, &pid, &output);
        if (r == 0)
                r = transfer_watch(t, s->event, pid, &output);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}
