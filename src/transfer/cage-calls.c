/* Which system calls a caged process may make: see cage-calls.h.
 *
 * What is our own code from beginning to end gets a list of all that it calls, and dies of any
 * other. Libraries call what they like, and another version calls something else: theirs is a list
 * of what no transfer needs and who broke in would want. It answers with an error, which they know
 * how to live with. The tables are short, and the process that hashes should load no library for
 * them: so they are put into BPF here. */
#include <asm/sockios.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cage-calls.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
/* none: the lower half of an argument lies elsewhere */
#elif defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#ifdef ARCHITECTURE

/* Instructions of the longest program. */
#define PROGRAM_MAX 512
/* The newest call that was looked at is set_mempolicy_home_node() of Linux 5.17. Newer ones, which
 * have the same number everywhere, and those of other ABIs don't exist in a cage. */
#define CALL_KNOWN_MAX 450

#define FINE SECCOMP_RET_ALLOW
#define REFUSED (SECCOMP_RET_ERRNO | EPERM)
#define MISSING (SECCOMP_RET_ERRNO | ENOSYS)

/* The first rule that fits decides. */
typedef struct CallRule {
        uint32_t call, verdict;
        bool looks;       /* fits only if of this argument, of which the lower 32 bits count, … */
        uint8_t argument; /* counted from 0 */
        uint32_t mask;    /* … what the mask leaves is the value */
        uint32_t value;
        bool value_is_own_pid;
} CallRule;

#define ALLOW(name)                                                                                \
        {                                                                                          \
                SYS_##name, FINE                                                                   \
        }
#define REFUSE(name)                                                                               \
        {                                                                                          \
                SYS_##name, REFUSED                                                                \
        }
#define ALLOW_IF(name, ...)                                                                        \
        {                                                                                          \
                SYS_##name, FINE, true, __VA_ARGS__                                                \
        }
#define REFUSE_IF(name, ...)                                                                       \
        {                                                                                          \
                SYS_##name, REFUSED, true, __VA_ARGS__                                             \
        }
#define ALL_BITS UINT32_MAX

/* clang-format off */
static const CallRule hash_rules[] = {
        ALLOW(read), ALLOW(write), ALLOW(exit), ALLOW(rt_sigreturn),
};

/* It looks at the room that is left. Where a clock can't be read without the kernel's help, that is
 * a call too. */
static const CallRule copy_rules[] = {
        ALLOW(read), ALLOW(write), ALLOW(exit), ALLOW(rt_sigreturn),
        ALLOW(fsync), ALLOW(fdatasync), ALLOW(close), ALLOW(fstatfs), ALLOW(clock_gettime),
#ifdef SYS_clock_gettime64
        ALLOW(clock_gettime64), ALLOW(fstatfs64),
#endif
};

/* Threads are looked for by clone() where clone3() is missing: its flags stand in memory, where no
 * filter sees them. LeakSanitizer is a process that traces this one. */
static const CallRule process_rules[] = {
#ifndef __SANITIZE_ADDRESS__
        ALLOW_IF(clone, 0, CLONE_THREAD, CLONE_THREAD), REFUSE(clone), REFUSE(ptrace),
#endif
        {SYS_clone3, MISSING},
#ifdef SYS_fork
        REFUSE(fork), REFUSE(vfork),
#endif
        REFUSE(execve), REFUSE(execveat),
        ALLOW_IF(tgkill, 0, ALL_BITS, .value_is_own_pid = true), REFUSE(tgkill),
        REFUSE(kill), REFUSE(tkill), REFUSE(rt_sigqueueinfo), REFUSE(rt_tgsigqueueinfo),
        REFUSE(pidfd_open), REFUSE(pidfd_getfd), REFUSE(pidfd_send_signal),
        ALLOW_IF(prlimit64, 0, ALL_BITS, 0), REFUSE(prlimit64),
        REFUSE(process_vm_readv), REFUSE(process_vm_writev), REFUSE(process_madvise),
        REFUSE(process_mrelease), REFUSE(kcmp), REFUSE(migrate_pages), REFUSE(move_pages),
        REFUSE(setpriority), REFUSE(ioprio_set), REFUSE(sched_setscheduler), REFUSE(sched_setattr),
        REFUSE(sched_setparam), REFUSE(sched_setaffinity),
        /* a descriptor that is ready would send its owner, whoever that is, any signal */
        REFUSE_IF(fcntl, 1, ALL_BITS, F_SETOWN), REFUSE_IF(fcntl, 1, ALL_BITS, F_SETOWN_EX),
        REFUSE_IF(fcntl, 1, ALL_BITS, F_SETSIG),
#ifdef SYS_fcntl64
        REFUSE_IF(fcntl64, 1, ALL_BITS, F_SETOWN), REFUSE_IF(fcntl64, 1, ALL_BITS, F_SETOWN_EX),
        REFUSE_IF(fcntl64, 1, ALL_BITS, F_SETSIG),
#endif
        REFUSE_IF(ioctl, 1, ALL_BITS, FIOSETOWN), REFUSE_IF(ioctl, 1, ALL_BITS, SIOCSPGRP),
};

/* Memory that RLIMIT_DATA does not count. */
#define SHARED_BY_NOBODY (MAP_SHARED | MAP_ANONYMOUS)
static const CallRule memory_rules[] = {
#ifdef SYS_mmap2
        REFUSE_IF(mmap2, 3, SHARED_BY_NOBODY, SHARED_BY_NOBODY),
#else
        REFUSE_IF(mmap, 3, SHARED_BY_NOBODY, SHARED_BY_NOBODY),
#endif
        REFUSE(memfd_create),
#ifdef SYS_memfd_secret
        REFUSE(memfd_secret),
#endif
};

/* A terminal that the daemon was started from must not be typed on. */
static const CallRule kernel_rules[] = {
        REFUSE(unshare), REFUSE(setns), REFUSE(chroot), REFUSE(pivot_root),
        REFUSE(mount), REFUSE(umount2), REFUSE(mount_setattr), REFUSE(move_mount),
        REFUSE(open_tree), REFUSE(fsopen), REFUSE(fsconfig), REFUSE(fsmount), REFUSE(fspick),
        REFUSE(swapon), REFUSE(swapoff), REFUSE(quotactl), REFUSE(quotactl_fd),
        REFUSE(bpf), REFUSE(perf_event_open), REFUSE(userfaultfd), REFUSE(fanotify_init),
        REFUSE(io_uring_setup), REFUSE(io_uring_enter), REFUSE(io_uring_register),
        REFUSE(io_setup), REFUSE(vmsplice), REFUSE(personality),
        REFUSE(add_key), REFUSE(request_key), REFUSE(keyctl),
        REFUSE(init_module), REFUSE(finit_module), REFUSE(delete_module), REFUSE(kexec_load),
        REFUSE(reboot), REFUSE(acct), REFUSE(syslog), REFUSE(vhangup),
        REFUSE(settimeofday), REFUSE(clock_settime), REFUSE(adjtimex), REFUSE(clock_adjtime),
        REFUSE(sethostname), REFUSE(setdomainname),
        REFUSE(shmget), REFUSE(shmat), REFUSE(msgget), REFUSE(semget), REFUSE(mq_open),
#ifdef SYS_clock_settime64
        REFUSE(clock_settime64), REFUSE(clock_adjtime64),
#endif
#ifdef SYS_kexec_file_load
        REFUSE(kexec_file_load),
#endif
#ifdef SYS_iopl
        REFUSE(iopl), REFUSE(ioperm), REFUSE(modify_ldt),
#endif
        REFUSE_IF(ioctl, 1, ALL_BITS, TIOCSTI), REFUSE_IF(ioctl, 1, ALL_BITS, TIOCLINUX),
};

/* What Landlock does not look at: who owns a file and who may open it. Rights may be taken, and a
 * handle would go round the paths. */
#define MODE_KEPT 0640
static const CallRule file_rules[] = {
        ALLOW_IF(fchmod, 1, (uint32_t)~MODE_KEPT, 0), REFUSE(fchmod), REFUSE(fchmodat),
        REFUSE(fchown), REFUSE(fchownat),
#ifdef SYS_chmod
        REFUSE(chmod), REFUSE(chown), REFUSE(lchown), REFUSE(mknod),
#endif
#ifdef SYS_chown32
        REFUSE(chown32), REFUSE(fchown32), REFUSE(lchown32),
#endif
        REFUSE(mknodat), REFUSE(setxattr), REFUSE(lsetxattr), REFUSE(fsetxattr),
        REFUSE(removexattr), REFUSE(lremovexattr), REFUSE(fremovexattr),
        REFUSE(name_to_handle_at), REFUSE(open_by_handle_at),
};

/* Nothing more is opened and nothing has a name any more, whether the kernel has Landlock or not;
 * what is open stays as it is, and there is one thread. Sanitizers and coverage look around when a
 * program ends. */
static const CallRule shut_rules[] = {
#if !defined(__SANITIZE_ADDRESS__) && !defined(COVERAGE_DIR)
        REFUSE(clone), REFUSE(openat), REFUSE(openat2), REFUSE(truncate), REFUSE(chdir),
        REFUSE(fchdir), REFUSE(unlinkat), REFUSE(renameat2), REFUSE(linkat), REFUSE(symlinkat),
        REFUSE(mkdirat), REFUSE(readlinkat), REFUSE(statfs), REFUSE(faccessat), REFUSE(faccessat2),
        REFUSE(inotify_init1), REFUSE(inotify_add_watch),
#ifdef SYS_renameat
        REFUSE(renameat),
#endif
#ifdef SYS_open
        REFUSE(open), REFUSE(creat), REFUSE(unlink), REFUSE(rename), REFUSE(link), REFUSE(symlink),
        REFUSE(mkdir), REFUSE(rmdir), REFUSE(readlink), REFUSE(access),
        REFUSE(utimes), REFUSE(futimesat),
#endif
#ifdef SYS_utime
        REFUSE(utime),
#endif
#ifdef SYS_utimensat_time64
        REFUSE(utimensat_time64), REFUSE(truncate64), REFUSE(statfs64),
#endif
#endif
#ifdef SYS_ftruncate64
        REFUSE(ftruncate64), REFUSE_IF(fcntl64, 1, ALL_BITS, F_SETLEASE),
#endif
        REFUSE(fchmod), REFUSE(utimensat), REFUSE(ftruncate), REFUSE(fallocate),
        REFUSE_IF(fcntl, 1, ALL_BITS, F_SETLEASE),
};

static const CallRule no_socket_rules[] = {
        REFUSE(socket), REFUSE(socketpair),
};

/* A local socket would reach the system bus, and there the daemon's user is somebody. libcurl wakes
 * itself by a connected pair; one of datagrams could be connected anew. Netlink: getaddrinfo()
 * looks at routes and addresses. */
#define SOCKET_TYPE_MASK 0xf
static const CallRule socket_rules[] = {
        ALLOW_IF(socket, 0, ALL_BITS, AF_INET), ALLOW_IF(socket, 0, ALL_BITS, AF_INET6),
        ALLOW_IF(socket, 0, ALL_BITS, AF_NETLINK), REFUSE(socket),
        ALLOW_IF(socketpair, 1, SOCKET_TYPE_MASK, SOCK_STREAM), REFUSE(socketpair),
        REFUSE(listen), REFUSE(accept4),
#ifdef SYS_accept
        REFUSE(accept),
#endif
};

#define RULES(table) {table, ELEMENTSOF(table)}
static const struct {
        uint32_t otherwise;
        struct {
                const CallRule *rules;
                size_t count;
        } parts[6];
} sets[CALL_SET_MAX] = {
        [CALLS_HASH]    = {SECCOMP_RET_KILL_PROCESS, {RULES(hash_rules)}},
        [CALLS_COPY]    = {SECCOMP_RET_KILL_PROCESS, {RULES(copy_rules)}},
        [CALLS_SHUT]    = {FINE, {RULES(shut_rules), RULES(process_rules), RULES(memory_rules),
                                  RULES(kernel_rules), RULES(file_rules), RULES(no_socket_rules)}},
        [CALLS_QUIET]   = {FINE, {RULES(process_rules), RULES(memory_rules), RULES(kernel_rules),
                                  RULES(file_rules), RULES(no_socket_rules)}},
        [CALLS_NETWORK] = {FINE, {RULES(process_rules), RULES(memory_rules), RULES(kernel_rules),
                                  RULES(file_rules), RULES(socket_rules)}},
};
/* clang-format on */

typedef struct Program {
        struct sock_filter code[PROGRAM_MAX];
        unsigned short size;
        bool full;
} Program;

static void put(Program *p, uint16_t code, uint8_t if_so, uint8_t if_not, uint32_t k)
{
        if (p->size == PROGRAM_MAX)
                p->full = true;
        else
                p->code[p->size++] = (struct sock_filter)BPF_JUMP(code, k, if_so, if_not);
}

static void put_load(Program *p, size_t offset)
{
        put(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void put_verdict(Program *p, uint32_t verdict)
{
        put(p, BPF_RET | BPF_K, 0, 0, verdict);
}

/* The accumulator holds the call's number, before and behind it. */
static void put_rule(Program *p, const CallRule *rule)
{
        uint32_t value = rule->value_is_own_pid ? (uint32_t)getpid() : rule->value;

        put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, rule->looks ? 5 : 1, rule->call);
        if (rule->looks) {
                put_load(p, offsetof(struct seccomp_data, args[0]) +
                                    rule->argument * sizeof(uint64_t));
                put(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, rule->mask);
                put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
        }
        put_verdict(p, rule->verdict);
        if (rule->looks)
                put_load(p, offsetof(struct seccomp_data, nr));
}

int calls_limit(CallSet set)
{
        Program p = {0};
        struct sock_fprog program = {.filter = p.code};

        put_load(&p, offsetof(struct seccomp_data, arch));
        put(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
        put_verdict(&p, SECCOMP_RET_KILL_PROCESS);
        put_load(&p, offsetof(struct seccomp_data, nr));
        if (sets[set].otherwise == FINE) {
                put(&p, BPF_JMP | BPF_JGT | BPF_K, 0, 1, CALL_KNOWN_MAX);
                put_verdict(&p, MISSING);
        }
        for (size_t i = 0; i < ELEMENTSOF(sets[set].parts); i++) {
                for (size_t k = 0; k < sets[set].parts[i].count; k++)
                        put_rule(&p, &sets[set].parts[i].rules[k]);
        }
        put_verdict(&p, sets[set].otherwise);
        if (p.full)
                return -E2BIG;
        program.len = p.size;
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : -errno;
}

#else
int calls_limit(CallSet set _unused_)
{
        return -EOPNOTSUPP;
}
#endif
