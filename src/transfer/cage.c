/* The cage's table, and its layers from the outermost on: see cage.h. */
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cage-calls.h"
#include "cage-places.h"
#include "cage.h"
#include "say.h"

/* What any file of who may write at all may hold: there are notes beside a download. */
#define FILE_BYTES_MIN (1U << 20)
/* A process that wants more has lost its way, and shall not take the others' memory. */
#define MEMORY_BYTES_MAX (256U << 20)
#define CAPABILITY(name) (UINT64_C(1) << CAP_##name)
/* What a small file can make us do has no end otherwise. */
#define LOOK_SECONDS_MAX 10

typedef enum Writes {
        WRITES_NOTHING,
        WRITES_NOTES,
        WRITES_FILE, /* of as many bytes as the task allows */
} Writes;

/* clang-format off */
static const struct Cage {
        CallSet calls;
        bool only_caged;       /* without a filter of calls the job is not done */
        Writes writes;
        Places places;
        rlim_t descriptors;
        uint64_t capabilities; /* kept, where we have them */
        rlim_t seconds;        /* of the processor's time; 0: no limit */
} cages[CAGE_KIND_MAX] = {
        [CAGE_HASH]    = {CALLS_HASH,    true,  WRITES_NOTES, PLACES_NONE, 16, 0, 0},
        [CAGE_COPY]    = {CALLS_COPY,    false, WRITES_FILE,  PLACES_NONE, 16, 0, 0},
        [CAGE_RESOLVE] = {CALLS_NETWORK, false, WRITES_NOTES, PLACES_SYSTEM | PLACES_CONNECT, 64, 0, 0},
        [CAGE_FETCH]   = {CALLS_NETWORK, false, WRITES_FILE,
                          PLACES_SYSTEM | PLACES_CONNECT | PLACES_NAMED | PLACES_FOLDER, 64, 0, 0},
        [CAGE_UPLOAD]  = {CALLS_NETWORK, false, WRITES_NOTES,
                          PLACES_SYSTEM | PLACES_CONNECT | PLACES_NAMED | PLACES_FILE, 64, 0, 0},
        /* Logs belong to whom they belong to. A journal has many files. */
        [CAGE_COLLECT] = {CALLS_QUIET,   false, WRITES_FILE,  PLACES_ALL | PLACES_FOLDER, 4096,
                          CAPABILITY(DAC_READ_SEARCH), 0},
        [CAGE_LOOK]    = {CALLS_SHUT,    true,  WRITES_NOTHING, PLACES_NONE, 16, 0, LOOK_SECONDS_MAX},
};
/* clang-format on */

/* Those who write a file have no limit where the job has none. Coverage's counters are files. */
static rlim_t file_bytes_most(const struct Cage *cage, const Task *task)
{
#ifndef COVERAGE_DIR
        if (cage->writes == WRITES_NOTHING)
                return 0;
#endif
        if (cage->writes == WRITES_FILE && task->max_size_bytes == 0)
                return RLIM_INFINITY;
        return MAX((rlim_t)task->max_size_bytes, (rlim_t)FILE_BYTES_MIN);
}

/* Too large a file is an error of write(), not a signal. Sanitizers take terabytes of addresses. */
static int limits_set(const struct Cage *cage, const Task *task)
{
        const struct {
                int resource;
                rlim_t most;
        } limits[] = {
                {RLIMIT_FSIZE, file_bytes_most(cage, task)},
                {RLIMIT_NOFILE, cage->descriptors},
                {RLIMIT_CORE, 0},
                {RLIMIT_CPU, cage->seconds ? cage->seconds : RLIM_INFINITY},
#ifndef __SANITIZE_ADDRESS__
                {RLIMIT_DATA, MEMORY_BYTES_MAX},
#endif
        };

        if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                struct rlimit limit;

                if (getrlimit(limits[i].resource, &limit) < 0)
                        return -errno;
                limit.rlim_max = limit.rlim_cur = MIN(limit.rlim_max, limits[i].most);
                if (setrlimit(limits[i].resource, &limit) < 0)
                        return -errno;
        }
        return 0;
}

/* What an execve() could bring back. Only who has CAP_SETPCAP may give that up; to others
 * no_new_privs brings nothing back either. */
static void later_capabilities_drop(uint64_t kept)
{
        for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++) {
                if (c >= 64 || !(kept >> c & 1))
                        (void)prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
        }
        (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        (void)prctl(PR_SET_SECUREBITS,
                    SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                            SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                            SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
                    0, 0, 0);
}

static int capabilities_drop(uint64_t kept)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

        later_capabilities_drop(kept);
        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(data); i++) {
                data[i].permitted &= (uint32_t)(kept >> 32 * i);
                data[i].effective = data[i].permitted;
                data[i].inheritable = 0;
        }
        return syscall(SYS_capset, &header, data) == 0 ? 0 : -errno;
}

/* The filter, or what comes near it: the kernel's own filter of four calls, which it refuses
 * (EINVAL) to whom a filter rules already, as in a service with SystemCallFilter=; or no network at
 * least. */
static bool calls_limit_somehow(CallSet set)
{
        return calls_limit(set) == 0 ||
               (set == CALLS_HASH && (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) == 0 ||
                                      unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0));
}

static int refuse(int error)
{
        Failure failure = {.final = true, .code = "worker"};

        snprintf(failure.message, sizeof(failure.message),
                 "the kernel has no cage for this process: %s", strerror(-error));
        say_failed(&failure);
        return error;
}

static void tell_missing(const char *what)
{
        fprintf(stderr, "%s: the kernel offers no %s: the cage lacks a wall\n",
                program_invocation_short_name, what);
}

int cage_lock(CageKind kind, const Task *task)
{
        const struct Cage *cage = &cages[kind];
        int r = limits_set(cage, task);

        if (r == 0)
                r = capabilities_drop(cage->capabilities);
        if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                r = -errno;
        if (r < 0)
                return r;
        if (places_limit(cage->places, task) < 0 && kind != CAGE_RESOLVE)
                tell_missing("Landlock");
        if (calls_limit_somehow(cage->calls))
                return 0;
        if (cage->only_caged)
                return -EOPNOTSUPP;
        if (kind != CAGE_RESOLVE)
                tell_missing("seccomp");
        return 0;
}

int cage_enter(CageKind kind, const Task *task)
{
        int r = cage_lock(kind, task);

        return r < 0 ? refuse(r) : 0;
}
