/* Enters the cage of a job, as it is shipped, and tries one thing: cage-probe DEED [ARGUMENT] with
 * the job as a line on stdin, for tests/e2e/test_cage.py; "look": the cage of mock-csms-archive; an
 * empty line: outside of any cage. Exits with 0 where it could be done, else with the errno; what a
 * filter kills is killed. Built without sanitizers and test seams, whatever the rest is. */
#include <arpa/inet.h>
#include <asm/sockios.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cage.h"
#include "transfer.h"

#define NO_SUCH_DEED 255
#define LANDLOCK_VERSION_FLAG 1
/* mseal() of Linux 6.10, and what no Linux has. */
#define CALL_TOO_NEW 462
#define CALL_OF_NOBODY 100000
/* For the arguments below: the argument of the command line as a text, process ids, two numbers. */
#define TEXT LONG_MIN
#define PARENT (LONG_MIN + 1)
#define SELF (LONG_MIN + 2)
#define PLACE (LONG_MIN + 3)
#define ARGUMENTS_MAX 6

static const char *deed_name, *argument;

/* Deeds that are one system call. */
/* clang-format off */
static const struct {
        const char *name;
        long call, arguments[ARGUMENTS_MAX];
} calls[] = {
        {"read",              SYS_openat, {AT_FDCWD, TEXT, O_RDONLY}},
        {"list",              SYS_openat, {AT_FDCWD, TEXT, O_RDONLY | O_DIRECTORY}},
        {"write",             SYS_openat, {AT_FDCWD, TEXT, O_WRONLY}},
        {"create",            SYS_openat, {AT_FDCWD, TEXT, O_WRONLY | O_CREAT, 0640}},
        {"truncate",          SYS_truncate, {TEXT, 0}},
        {"remove",            SYS_unlinkat, {AT_FDCWD, TEXT, 0}},
        {"link",              SYS_symlinkat, {TEXT, AT_FDCWD, TEXT}},
        {"mkdir",             SYS_mkdirat, {AT_FDCWD, TEXT, 0700}},
        {"mknod",             SYS_mknodat, {AT_FDCWD, TEXT, S_IFCHR | 0600, 0x103}},
        {"chmod",             SYS_fchmodat, {AT_FDCWD, TEXT, 0666}},
        {"widen",             SYS_fchmod, {STDERR_FILENO, 0666}},
        {"narrow",            SYS_fchmod, {STDERR_FILENO, 0640}},
        {"chown",             SYS_fchownat, {AT_FDCWD, TEXT, 0, 0, 0}},
        {"setxattr",          SYS_setxattr, {TEXT, TEXT, TEXT, 0, 0}},
        {"handle",            SYS_open_by_handle_at, {AT_FDCWD, 0, O_RDONLY}},
        {"execute",           SYS_execve, {TEXT, 0, 0}},
        {"fork",              SYS_clone, {SIGCHLD}},
        {"clone3",            SYS_clone3, {0, 0}},
        {"trace",             SYS_ptrace, {PTRACE_TRACEME}},
        {"peek",              SYS_process_vm_readv, {PARENT, 0, 0, 0, 0, 0}},
        {"signal-parent",     SYS_kill, {PARENT, 0}},
        {"signal-thread",     SYS_tgkill, {PARENT, PARENT, 0}},
        {"signal-self",       SYS_tgkill, {SELF, SELF, 0}},
        {"limit-parent",      SYS_prlimit64, {PARENT, RLIMIT_CORE, 0, 0}},
        {"limit-self",        SYS_prlimit64, {0, RLIMIT_CORE, 0, 0}},
        {"unshare",           SYS_unshare, {CLONE_NEWUSER}},
        {"mount",             SYS_mount, {0, 0, 0, 0, 0}},
        {"chroot",            SYS_chroot, {TEXT}},
        {"bpf",               SYS_bpf, {0, 0, 0}},
        {"io-uring",          SYS_io_uring_setup, {1, 0}},
        {"key-ring",          SYS_keyctl, {0, -3, 0}},
        {"userfaultfd",       SYS_userfaultfd, {O_CLOEXEC}},
        {"shared-memory",     SYS_shmget, {0, 4096, 0600}},
        {"type-on-terminal",  SYS_ioctl, {STDIN_FILENO, TIOCSTI, TEXT}},
        {"call-too-new",      CALL_TOO_NEW, {0, 0, 0}},
        {"call-of-nobody",    CALL_OF_NOBODY, {0}},
        {"socket-inet",       SYS_socket, {AF_INET, SOCK_STREAM, 0}},
        {"socket-inet6",      SYS_socket, {AF_INET6, SOCK_DGRAM, 0}},
        {"socket-netlink",    SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
        {"socket-unix",       SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
        {"socket-packet",     SYS_socket, {AF_PACKET, SOCK_RAW, 0}},
        {"socket-crypto",     SYS_socket, {AF_ALG, SOCK_SEQPACKET, 0}},
        {"socket-raw",        SYS_socket, {AF_INET, SOCK_RAW, IPPROTO_ICMP}},
        {"pair",              SYS_socketpair, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, PLACE}},
        {"pair-of-datagrams", SYS_socketpair, {AF_UNIX, SOCK_DGRAM, 0, PLACE}},
        {"write-output",      SYS_write, {STDOUT_FILENO, TEXT, 0}},
        {"shared-map",        SYS_mmap, {0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0}},
        {"memory-file",       SYS_memfd_create, {TEXT, 0}},
        {"affinity",          SYS_sched_setaffinity, {PARENT, 0, 0}},
        {"own-by-ioctl",      SYS_ioctl, {STDOUT_FILENO, FIOSETOWN, PLACE}},
        {"date",              SYS_utimensat, {STDERR_FILENO, 0, 0, 0}},
        {"cut",               SYS_ftruncate, {STDERR_FILENO, 0}},
        {"sync",              SYS_fsync, {STDERR_FILENO}},
        {"seek",              SYS_lseek, {STDERR_FILENO, 0, SEEK_CUR}},
};
/* clang-format on */

static long value_of(long a)
{
        static int numbers[2];

        return a == TEXT     ? (long)argument
               : a == PARENT ? getppid()
               : a == SELF   ? getpid()
               : a == PLACE  ? (long)numbers
                             : a;
}

static int call_try(size_t i)
{
        long a[ARGUMENTS_MAX];

        for (size_t k = 0; k < ARGUMENTS_MAX; k++)
                a[k] = value_of(calls[i].arguments[k]);
        return syscall(calls[i].call, a[0], a[1], a[2], a[3], a[4], a[5]) < 0 ? errno : 0;
}

/* As a file is made whole: written under another name first. */
static int deed_replace(void)
{
        return -file_write_atomic(argument, "new", 3, 0640);
}

static void *thread_main(void *p)
{
        return p;
}

static int deed_thread(void)
{
        pthread_t thread;
        int r = pthread_create(&thread, NULL, thread_main, NULL);

        return r ? r : pthread_join(thread, NULL);
}

static int tcp(int (*what)(int, const struct sockaddr *, socklen_t))
{
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        a.sin_port = htons((uint16_t)atoi(argument));
        return fd < 0 || what(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ? errno : 0;
}

static int deed_connect(void)
{
        return tcp(connect);
}

static int deed_bind(void)
{
        return tcp(bind);
}

static int listen_at(int fd, const struct sockaddr *a _unused_, socklen_t size _unused_)
{
        return listen(fd, 1);
}

static int deed_listen(void)
{
        return tcp(listen_at);
}

/* One byte of the file that is stderr, behind so many. */
static int deed_write_behind(void)
{
        return pwrite(STDERR_FILENO, "x", 1, atoll(argument)) < 0 ? errno : 0;
}

static int deed_descriptors(void)
{
        for (int wanted = atoi(argument); wanted > 0; wanted--) {
                if (dup(STDIN_FILENO) < 0)
                        return errno;
        }
        return 0;
}

/* MiB. Written to, or the compiler would do without. */
static int deed_memory(void)
{
        char *volatile p = malloc((size_t)atoi(argument) << 20);

        if (p)
                p[0] = 1;
        return p ? 0 : errno;
}

static int deed_raise_limit(void)
{
        return setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) < 0 ? errno
                                                                                           : 0;
}

/* The kernel sends the owner of a descriptor any signal that was asked for when it is ready: here
 * the parent, to which it is nothing. */
static int deed_owner(void)
{
        return fcntl(STDOUT_FILENO, F_SETOWN, getppid()) < 0 ||
                               fcntl(STDOUT_FILENO, F_SETSIG, SIGURG) < 0
                       ? errno
                       : 0;
}

/* So many seconds of the processor's time. */
static int deed_burn(void)
{
        while (clock() / CLOCKS_PER_SEC < atoi(argument))
                ;
        return 0;
}

/* Stays until its input ends, to be looked at. */
static int deed_stay(void)
{
        char c;

        return write(STDOUT_FILENO, "here\n", 5) == 5 && read(STDIN_FILENO, &c, 1) == 0 ? 0 : EIO;
}

static const struct {
        const char *name;
        int (*run)(void);
} deeds[] = {
        {"replace", deed_replace},
        {"thread", deed_thread},
        {"connect", deed_connect},
        {"bind", deed_bind},
        {"listen", deed_listen},
        {"write-behind", deed_write_behind},
        {"descriptors", deed_descriptors},
        {"memory", deed_memory},
        {"raise-limit", deed_raise_limit},
        {"stay", deed_stay},
        {"burn", deed_burn},
        {"owner", deed_owner},
};

/* exit_group() is more than some cages allow. */
static int try_in(CageKind kind, const Task *task)
{
        int r = NO_SUCH_DEED;

        if (kind < CAGE_KIND_MAX && cage_enter(kind, task) < 0)
                return NO_SUCH_DEED;
        for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
                if (streq(calls[i].name, deed_name))
                        r = call_try(i);
        }
        for (size_t i = 0; i < ELEMENTSOF(deeds); i++) {
                if (streq(deeds[i].name, deed_name))
                        r = deeds[i].run();
        }
        (void)syscall(SYS_exit, r);
        return r;
}

/* The jobs' own functions, for task.c's table. */
#define JOB(name, kind)                                                                            \
        int name##_run(const Task *task)                                                           \
        {                                                                                          \
                return try_in(kind, task);                                                         \
        }
JOB(hash, CAGE_HASH)
JOB(copy, CAGE_COPY)
JOB(resolve, CAGE_RESOLVE)
JOB(fetch, CAGE_FETCH)
JOB(upload, CAGE_UPLOAD)
JOB(collect, CAGE_COLLECT)

int main(int argc, char *argv[])
{
        static char line[TRANSFER_JOB_MAX];
        _cleanup_(task_done) Task task = {0};
        const char *wrong;

        if (argc == 2 && streq(argv[1], "landlock")) {
                printf("%ld\n",
                       syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION_FLAG));
                return 0;
        }
        deed_name = argc > 1 ? argv[1] : "";
        argument = argc > 2 ? argv[2] : "";
        setvbuf(stdin, NULL, _IONBF, 0); /* what follows the line stays in the pipe */
        if (!fgets(line, sizeof(line), stdin))
                return NO_SUCH_DEED;
        if (streq(line, "\n") || streq(line, "look\n"))
                return try_in(*line == 'l' ? CAGE_LOOK : CAGE_KIND_MAX, &task);
        if (task_parse(line, strcspn(line, "\n"), &task, &wrong) < 0)
                return NO_SUCH_DEED;
        return task.run(&task);
}
