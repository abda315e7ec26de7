/* Job "copy": the file that is descriptor 3 into one of ours, for an update from a file that is on
 * the charger already. The daemon must not read it itself: its disk may be slow or broken. */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cage.h"
#include "say.h"
#include "sink.h"
#include "task.h"

#define SOURCE_FD 3
#define BLOCK_BYTES 65536
/* At most two lines a second. */
#define PROGRESS_INTERVAL_USEC (500 * USEC_PER_MSEC)

static const Failure no_memory = {false, "file", "out of memory"};
static const Failure not_read = {true, "file", "the file to be copied could not be read"};

static int copy_all(Sink *sink, uint8_t block[static BLOCK_BYTES], int64_t total, Failure *reterr)
{
        usec_t told = 0;

        for (;;) {
                ssize_t n = read(SOURCE_FD, block, BLOCK_BYTES);
                usec_t now = boottime_now();

                if (n == 0)
                        return 0;
                if (n < 0 && errno != EINTR) {
                        *reterr = not_read;
                        return -EIO;
                }
                if (n > 0 && sink_write(sink, block, (size_t)n, reterr) < 0)
                        return -EIO;
                if (now - told >= PROGRESS_INTERVAL_USEC) {
                        told = now;
                        say_progress(sink_size(sink), total);
                }
        }
}

/* In the cage: what is open already. Exits, as hash_caged() does and for its reasons. */
static void copy_caged(Sink *sink, uint8_t *block, int64_t total)
{
        Failure failure;
        int r = copy_all(sink, block, total, &failure);

        if (r == 0) {
                say_progress(sink_size(sink), total);
                r = sink_finish(sink, &failure);
        }
        if (r == 0)
                say_done(sink_size(sink));
        else
                say_failed(&failure);
        (void)syscall(SYS_exit, EXIT_SUCCESS);
}

int copy_run(const Task *task)
{
        _cleanup_(freep) uint8_t *block = malloc(BLOCK_BYTES);
        _cleanup_(sink_freep) Sink *sink = NULL;
        Failure failure = no_memory;
        struct stat st;
        int r = block ? 0 : -ENOMEM;

        if (r == 0 && (fstat(SOURCE_FD, &st) < 0 || !S_ISREG(st.st_mode))) {
                failure = not_read;
                r = -EIO;
        }
        if (r == 0)
                r = sink_open(task->file, (uint64_t)task->max_size_bytes,
                              (uint64_t)task->reserve_bytes, &sink, &failure);
        if (r == 0)
                r = sink_cut(sink, 0, &failure);
        if (r == 0)
                r = sink_expect(sink, (uint64_t)st.st_size, &failure);
        if (r < 0)
                say_failed(&failure);
        else if (cage_enter(CAGE_COPY, task) == 0)
                copy_caged(sink, block, st.st_size);
        return EXIT_SUCCESS;
}
