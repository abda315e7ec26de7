/* Job "hash": digests of the file that is descriptor 3, in a cage. Whoever fetched the file may
 * have been taken over by what it fetched; this process never talks to anybody but the daemon, so
 * its word counts. */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cage.h"
#include "digest.h"
#include "failpoint.h"
#include "say.h"
#include "task.h"

#define FILE_FD 3
#define BLOCK_BYTES 65536

static const Failure no_memory = {false, "hash", "out of memory"};
static const Failure not_read = {false, "hash", "the file could not be read"};

static int hash_all(Digest *d, uint8_t block[static BLOCK_BYTES], FileDigest *ret)
{
        for (;;) {
                ssize_t n = read(FILE_FD, block, BLOCK_BYTES);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        return digest_final(d, ret);
                if (n > 0 && digest_update(d, block, (size_t)n) < 0)
                        return -EIO;
        }
}

/* No clock and no progress in the cage: on some machines reading a clock is a system call. Exits,
 * but must not look so to the compiler: before what does not return ASan makes system calls that
 * the cage forbids. */
static void hash_caged(Digest *d, uint8_t *block)
{
        FileDigest digest;

        if (hash_all(d, block, &digest) < 0)
                say_failed(&not_read);
        else
                say_digest(&digest);
        (void)syscall(SYS_exit, EXIT_SUCCESS);
}

int hash_run(const Task *task)
{
        _cleanup_(digest_freep) Digest *d = NULL;
        _cleanup_(freep) uint8_t *block = malloc(BLOCK_BYTES);

        fail_point("worker", "hash-begin"); /* in the cage there is none */
        if (!block || digest_new(task->sha384, &d) < 0)
                say_failed(&no_memory);
        else if ((void)posix_fadvise(FILE_FD, 0, 0, POSIX_FADV_SEQUENTIAL),
                 cage_enter(CAGE_HASH, task) == 0)
                hash_caged(d, block);
        return EXIT_SUCCESS;
}
