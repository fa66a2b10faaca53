/* Linux: system calls that are refused, or take long. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "callers.h"

static int filter_calls(struct sock_filter *filter, size_t statements) {
    struct sock_fprog program = {(unsigned short)statements, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
/* From now on the calling thread makes its system calls through this array of statements. */
#define FILTER(filter) filter_calls(filter, sizeof(filter) / sizeof *(filter))

/* From now on sigaction refuses to change the action of `signal`, with EPERM. */
int c_forbid_handling(int signal) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigaction, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)signal, 0, 3),
        /* The low half of the pointer to the new action: zero when the caller only asks. */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return FILTER(filter);
}

/* From now on a system call is refused, with EPERM. */
int c_forbid_call(int number) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return FILTER(filter);
}

/* From now on the process dies of every system call of this thread but those with which the C
   library ends it. */
int c_allow_the_end_of_threads_only(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return FILTER(filter);
}

static int masks_changed;

static void take_long(int signal) {
    struct timespec time = {0, 200 * 1000 * 1000};
    (void)signal;
    __atomic_add_fetch(&masks_changed, 1, __ATOMIC_SEQ_CST);
    nanosleep(&time, NULL);
}

/* From now on the calling thread changes its signal mask in vain, and takes 200 ms for it. */
int c_slow_down_masks(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sigaction action = {.sa_handler = take_long};
    return sigaction(SIGSYS, &action, NULL) || FILTER(filter);
}

/* How often that was. */
int c_masks_changed(void) { return __atomic_load_n(&masks_changed, __ATOMIC_SEQ_CST); }

#ifdef __x86_64__
static callback asked;
static int answers;

/* The offset says that the call was looked at; anonymous memory has none. */
enum { LOOKED_AT = 4096 };

static void look_at_mapping(int signal, siginfo_t *info, void *context) {
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)signal;
    (void)info;
    answers += 1 + 100 * asked(NULL);
    r[REG_RAX] = syscall(SYS_mmap, r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], -1, LOOKED_AT);
}

/* From now on `f` is asked about each mapping of anonymous memory, by a handler on whatever stack
   that is made on. */
int c_ask_about_mappings(callback f) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LOOKED_AT, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sigaction action = {.sa_sigaction = look_at_mapping, .sa_flags = SA_SIGINFO};
    asked = f;
    return sigaction(SIGSYS, &action, NULL) || FILTER(filter);
}

/* How many answers were 0, and 100 times how many were 1. */
int c_answers_about_mappings(void) { return answers; }
#endif
