/* A worker's output, any bytes of it. The first byte says what it was started for and how it ends,
 * the second where its writes are cut. Its owner hears the last word exactly once, or nothing more
 * once it cancelled, and how the bytes were cut makes no difference. */
#include <fcntl.h>
#include <sys/ioctl.h>

/* For the reader without a process. */
#include "core/transfer.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A pipe takes as much at once. */
#define OUTPUT_MAX 65536
#define HEAD_SIZE 2
#define MAX_BYTES 1000000

typedef enum Ending { EXIT_WELL, EXIT_BADLY, BY_SIGNAL, CANCEL_IN_PROGRESS, ENDING_MAX } Ending;

/* What the owner heard. */
typedef struct Owner {
        Transfer *transfer;
        Ending ending;
        AnswerKind wanted;
        bool cancelled;
        unsigned last_words, progresses;
        uint64_t now_bytes, size_bytes, retry_after_seconds;
        int64_t total_bytes;
        FileDigest digest;
        char addresses[TRANSFER_ADDRESSES_MAX][TRANSFER_ADDRESS_TEXT_MAX];
        bool final;
        char code[TRANSFER_CODE_MAX], message[TRANSFER_MESSAGE_MAX];
} Owner;

static void require(bool fine)
{
        if (!fine)
                abort();
}

static void require_printable(const char *text)
{
        for (; *text; text++)
                require(*text >= ' ' && *text <= '~');
}

static void on_progress(void *userdata, uint64_t now_bytes, int64_t total_bytes)
{
        Owner *o = userdata;

        require(o->last_words == 0 && !o->cancelled);
        require(total_bytes == -1 || (uint64_t)total_bytes >= now_bytes);
        o->progresses++;
        o->now_bytes = now_bytes;
        o->total_bytes = total_bytes;
        if (o->ending == CANCEL_IN_PROGRESS) {
                o->cancelled = true;
                transfer_cancel(TAKE_PTR(o->transfer));
        }
}

static void last_word(Owner *o, AnswerKind kind)
{
        require(!o->cancelled);
        require(kind == ANSWER_FAILED || (o->wanted == kind && o->ending != EXIT_BADLY));
        o->last_words++;
}

static void on_done(void *userdata, uint64_t size_bytes)
{
        Owner *o = userdata;

        last_word(o, ANSWER_DONE);
        require(size_bytes <= MAX_BYTES);
        o->size_bytes = size_bytes;
}

static void on_digest(void *userdata, const FileDigest *digest)
{
        Owner *o = userdata;

        last_word(o, ANSWER_DIGEST);
        o->digest = *digest;
}

static void on_addresses(void *userdata, const char *const *addresses, size_t count)
{
        Owner *o = userdata;

        last_word(o, ANSWER_ADDRESSES);
        require(count > 0 && count <= TRANSFER_ADDRESSES_MAX);
        for (size_t i = 0; i < count; i++) {
                require_printable(addresses[i]);
                memcpy(o->addresses[i], addresses[i], strlen(addresses[i]) + 1);
        }
}

static void on_failed(void *userdata, const TransferFailure *failure)
{
        Owner *o = userdata;

        last_word(o, ANSWER_FAILED);
        require(*failure->code && strlen(failure->code) < sizeof(o->code));
        require_printable(failure->code);
        require_printable(failure->message);
        o->final = failure->final;
        o->retry_after_seconds = failure->retry_after_seconds;
        memcpy(o->code, failure->code, strlen(failure->code) + 1);
        memcpy(o->message, failure->message, strlen(failure->message) + 1);
}

static Transfer *transfer_by_pipe(sd_event *event, Owner *o, int *ret_writer)
{
        static const TransferHandlers handlers = {on_progress, on_done, on_digest, on_addresses,
                                                  on_failed};
        Transfer *t = calloc(1, sizeof(*t));
        int fds[2];

        require(t && pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0);
        t->refs = 1;
        t->wanted = o->wanted;
        t->max_bytes = MAX_BYTES;
        t->begun_usec = boottime_now();
        t->handlers = handlers;
        t->userdata = o;
        require(sd_event_add_io(event, &t->output, fds[0], EPOLLIN, on_output, t) == 0);
        require(sd_event_source_set_io_fd_own(t->output, true) == 0);
        *ret_writer = fds[1];
        return t;
}

static siginfo_t end_of(Ending ending)
{
        siginfo_t si = {.si_code = ending == BY_SIGNAL ? CLD_KILLED : CLD_EXITED};

        si.si_status = ending == BY_SIGNAL ? SIGKILL : ending == EXIT_BADLY;
        return si;
}

static void read_all(Owner *o)
{
        int waiting = 1;

        while (o->transfer && o->transfer->output && waiting > 0) {
                require(ioctl(sd_event_source_get_io_fd(o->transfer->output), FIONREAD, &waiting) ==
                        0);
                if (waiting > 0)
                        (void)on_output(NULL, -1, 0, o->transfer);
        }
}

/* The loop is not run: what it would call is called here. */
static void run(sd_event *event, Owner *o, const uint8_t *output, size_t size, size_t step)
{
        siginfo_t si = end_of(o->ending);
        int writer;

        o->transfer = transfer_by_pipe(event, o, &writer);
        for (size_t n = 0; n < size && o->transfer && o->transfer->output; n += step) {
                size_t piece = MIN(step, size - n);

                require(write(writer, output + n, piece) == (ssize_t)piece);
                if (step < size)
                        read_all(o);
        }
        close(writer);
        if (o->transfer)
                (void)on_exit_of_child(NULL, &si, o->transfer);
        require(o->last_words + o->cancelled == 1);
        transfer_cancel(TAKE_PTR(o->transfer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const AnswerKind kinds[] = {ANSWER_DONE, ANSWER_DIGEST, ANSWER_ADDRESSES};
        static sd_event *event;
        Owner whole = {0}, cut;

        if (size < HEAD_SIZE || size - HEAD_SIZE > OUTPUT_MAX)
                return 0;
        require(event || sd_event_new(&event) == 0);
        whole.wanted = kinds[data[0] / ENDING_MAX % ELEMENTSOF(kinds)];
        whole.ending = data[0] % ENDING_MAX;
        cut = whole;
        run(event, &whole, data + HEAD_SIZE, size - HEAD_SIZE, OUTPUT_MAX);
        run(event, &cut, data + HEAD_SIZE, size - HEAD_SIZE, 1 + data[1] * (size_t)16);
        require(memcmp(&whole, &cut, sizeof(whole)) == 0);
        return 0;
}
