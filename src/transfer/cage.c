/* Three ways to lock a process up, the strongest first: see cage.h.
 *
 * Seccomp's strict mode alone would not do: the kernel refuses it (EINVAL) to a process that a
 * filter already rules, and every service with SystemCallFilter= hands one on to its children. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cage.h"
#include "util.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#ifdef ARCHITECTURE
#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define ALLOW(call)                                                                                \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1),                                     \
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static bool cage_by_filter(void)
{
        static struct sock_filter rules[] = {
                LOAD(arch),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
                LOAD(nr),
                ALLOW(read),
                ALLOW(write),
                ALLOW(exit),
                ALLOW(rt_sigreturn),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        };
        static const struct sock_fprog program = {.len = ELEMENTSOF(rules), .filter = rules};

        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
               prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
#else
static bool cage_by_filter(void)
{
        return false;
}
#endif

static bool cage_by_strict_mode(void)
{
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) == 0;
}

/* A kernel without seccomp: no network at least. */
static bool cage_by_namespace(void)
{
        return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

int cage_enter(void)
{
        static bool (*const ways[])(void) = {cage_by_filter, cage_by_strict_mode,
                                             cage_by_namespace};

        for (size_t i = 0; i < ELEMENTSOF(ways); i++) {
                if (ways[i]())
                        return 0;
        }
        return -EOPNOTSUPP;
}
