/* Signals, alternate stacks, and the jumps of setjmp, which keep the signal mask. */
#include "freebsd.h"
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

/* ---- Numbers and masks ---- */

static const uint8_t of_linux[32] = {
    [SIGHUP] = 1,   [SIGINT] = 2,    [SIGQUIT] = 3,  [SIGILL] = 4,   [SIGTRAP] = 5,
    [SIGABRT] = 6,  [SIGFPE] = 8,    [SIGKILL] = 9,  [SIGBUS] = 10,  [SIGSEGV] = 11,
    [SIGSYS] = 12,  [SIGPIPE] = 13,  [SIGALRM] = 14, [SIGTERM] = 15, [SIGURG] = 16,
    [SIGSTOP] = 17, [SIGTSTP] = 18,  [SIGCONT] = 19, [SIGCHLD] = 20, [SIGTTIN] = 21,
    [SIGTTOU] = 22, [SIGIO] = 23,    [SIGXCPU] = 24, [SIGXFSZ] = 25, [SIGVTALRM] = 26,
    [SIGPROF] = 27, [SIGWINCH] = 28, [SIGUSR1] = 30, [SIGUSR2] = 31,
};

int bsd_signal(int signal) { return signal > 0 && signal < 32 ? of_linux[signal] : 0; }
int linux_signal(int signal) {
    for (int i = 1; i < 32; i++)
        if (of_linux[i] == signal)
            return i;
    return 0;
}
void linux_mask(const struct bsd_mask *from, void *set) {
    sigemptyset(set);
    for (int i = 1; i < 32; i++)
        if (of_linux[i] && (from->bits[0] >> (of_linux[i] - 1) & 1))
            sigaddset(set, i);
}
void bsd_mask(const void *set, struct bsd_mask *to) {
    *to = (struct bsd_mask){{0}};
    for (int i = 1; i < 32; i++)
        if (of_linux[i] && sigismember(set, i) == 1)
            to->bits[0] |= 1u << (of_linux[i] - 1);
}

/* ---- Handlers ---- */

struct bsd_action {
    void *handler;
    int flags;
    struct bsd_mask mask;
};
struct bsd_stack {
    void *start;
    size_t bytes;
    int flags;
};
struct bsd_info {
    int signal, error, code, process;
    uint32_t user;
    int status;
    void *address, *value;
    long pad;
    int more_pad[7];
};
#ifdef __x86_64__
_Static_assert(sizeof(struct bsd_info) == 80, "siginfo_t");
struct bsd_machine {
    long is_on_stack, registers[15];
    uint32_t trap;
    uint16_t fs, gs;
    long address;
    uint32_t flags;
    uint16_t es, ds;
    long error, rip, cs, rflags, rsp, ss, bytes, float_format, float_owner;
    long floats[64] __attribute__((aligned(16)));
    long fs_base, gs_base, more_floats, more_floats_bytes, spare[4];
};
_Static_assert(sizeof(struct bsd_machine) == 800, "mcontext_t");
static const int registers[] = {REG_RDI, REG_RSI, REG_RDX, REG_RCX, REG_R8,
                                REG_R9,  REG_RAX, REG_RBX, REG_RBP, REG_R10,
                                REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
#else
_Static_assert(sizeof(struct bsd_info) == 64, "siginfo_t");
struct bsd_machine {
    int is_on_stack, gs, fs, es, ds, registers[8];
    int trap, error, eip, cs, eflags, esp, ss, bytes, float_format, float_owner, flags;
    int floats[128] __attribute__((aligned(16)));
    int fs_base, gs_base, more_floats, more_floats_bytes, spare[4];
};
_Static_assert(sizeof(struct bsd_machine) == 640, "mcontext_t");
/* The fourth is SP as the kernel has it. */
static const int registers[] = {REG_EDI, REG_ESI, REG_EBP, REG_ESP,
                                REG_EBX, REG_EDX, REG_ECX, REG_EAX};
#endif
struct bsd_context {
    struct bsd_mask mask;
    struct bsd_machine machine;
    struct bsd_context *next;
    struct bsd_stack stack;
    int flags, spare[4];
};
_Static_assert(offsetof(struct bsd_context, machine) == 16, "ucontext_t");

enum {
    ON_STACK = 1,
    RESTART = 2,
    RESET_HANDLER = 4,
    NO_CHILD_STOP = 8,
    NO_DEFER = 0x10,
    NO_CHILD_WAIT = 0x20,
    SIGINFO = 0x40
};

/* The program's, by FreeBSD's numbers. */
static struct bsd_action actions[32];

static void read_registers(const ucontext_t *from, struct bsd_machine *to) {
    const greg_t *all = from->uc_mcontext.gregs;
    for (size_t i = 0; i < sizeof registers / sizeof *registers; i++)
        to->registers[i] = all[registers[i]];
    to->trap = all[REG_TRAPNO], to->error = all[REG_ERR], to->bytes = sizeof *to;
#ifdef __x86_64__
    to->rip = all[REG_RIP], to->rsp = all[REG_RSP], to->rflags = all[REG_EFL];
#else
    to->eip = all[REG_EIP], to->esp = all[REG_ESP], to->eflags = all[REG_EFL];
#endif
}
static void write_registers(const struct bsd_machine *from, ucontext_t *to) {
    greg_t *all = to->uc_mcontext.gregs;
    for (size_t i = 0; i < sizeof registers / sizeof *registers; i++)
        all[registers[i]] = from->registers[i];
#ifdef __x86_64__
    all[REG_RIP] = from->rip, all[REG_RSP] = from->rsp, all[REG_EFL] = from->rflags;
#else
    all[REG_EIP] = from->eip, all[REG_ESP] = from->esp, all[REG_EFL] = from->eflags;
#endif
}

/* What Linux calls. The frame of a signal there has about the size of this one. */
static void deliver(int signal, siginfo_t *info, void *context) {
    enum { BY_KILL = 0x10001, BY_THREAD = 0x10007 };
    int number = of_linux[signal], is_fault = 0;
    struct bsd_action action = actions[number];
    ucontext_t *of_linux_context = context;
    struct bsd_info converted = {.signal = number, .code = info->si_code};
    if (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL)
        is_fault = info->si_code > 0;
    if (info->si_code <= 0)
        converted.code = info->si_code == SI_TKILL ? BY_THREAD : BY_KILL;
    if (is_fault)
        converted.address = info->si_addr;
    else
        converted.process = info->si_pid, converted.user = info->si_uid;
    struct bsd_context shown = {
        .stack = {of_linux_context->uc_stack.ss_sp, of_linux_context->uc_stack.ss_size, 0}};
    bsd_mask(&of_linux_context->uc_sigmask, &shown.mask);
    read_registers(of_linux_context, &shown.machine);
#ifdef __x86_64__
    shown.machine.address = (long)converted.address;
#endif
    if (action.flags & RESET_HANDLER)
        actions[number].handler = NULL;
    ((void (*)(int, struct bsd_info *, struct bsd_context *))action.handler)(number, &converted,
                                                                             &shown);
    write_registers(&shown.machine, of_linux_context);
    linux_mask(&shown.mask, &of_linux_context->uc_sigmask);
}

int WRAP(sigaction)(int number, const struct bsd_action *wish, struct bsd_action *before) {
    static const int flags[][2] = {
        {ON_STACK, SA_ONSTACK},        {RESTART, SA_RESTART},  {RESET_HANDLER, SA_RESETHAND},
        {NO_CHILD_STOP, SA_NOCLDSTOP}, {NO_DEFER, SA_NODEFER}, {NO_CHILD_WAIT, SA_NOCLDWAIT}};
    int signal = linux_signal(number);
    if (signal == 0)
        return fail_with(EINVAL);
    struct bsd_action old = actions[number];
    if (wish != NULL) {
        struct sigaction action = {.sa_flags = 0};
        struct bsd_action copy = *wish;
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
            if (copy.flags & flags[i][0])
                action.sa_flags |= flags[i][1];
        linux_mask(&copy.mask, &action.sa_mask);
        int is_handled = (uintptr_t)copy.handler > 1;
        if (is_handled) {
            action.sa_flags |= SA_SIGINFO;
            action.sa_sigaction = deliver;
            /* Before the handler is there, which looks here. */
            actions[number] = copy;
        } else
            action.sa_handler = (void (*)(int))copy.handler;
        if (sigaction(signal, &action, NULL) != 0) {
            actions[number] = old;
            return fail(-1);
        }
        actions[number] = copy;
    }
    if (before != NULL)
        *before = old;
    return 0;
}
void *WRAP(signal)(int number, void *handler) {
    struct bsd_action wish = {handler, RESTART, {{0}}}, before;
    return WRAP(sigaction)(number, &wish, &before) == 0 ? before.handler : (void *)-1;
}

int WRAP(sigaltstack)(const struct bsd_stack *wish, struct bsd_stack *before) {
    enum { IN_USE = 1, DISABLED = 4 };
    stack_t to, from;
    if (wish != NULL)
        to = (stack_t){.ss_sp = wish->start,
                       .ss_size = wish->bytes,
                       .ss_flags = wish->flags & DISABLED ? SS_DISABLE : 0};
    if (sigaltstack(wish ? &to : NULL, &from) != 0)
        return fail(-1);
    if (before != NULL)
        *before = (struct bsd_stack){from.ss_sp, from.ss_size,
                                     (from.ss_flags & SS_DISABLE ? DISABLED : 0) |
                                         (from.ss_flags & SS_ONSTACK ? IN_USE : 0)};
    return 0;
}

int WRAP(pthread_sigmask)(int how, const struct bsd_mask *wish, struct bsd_mask *before) {
    static const int ways[] = {[1] = SIG_BLOCK, [2] = SIG_UNBLOCK, [3] = SIG_SETMASK};
    sigset_t to, from;
    if (wish != NULL)
        linux_mask(wish, &to);
    int result = pthread_sigmask(how >= 1 && how <= 3 ? ways[how] : -1, wish ? &to : NULL, &from);
    if (before != NULL)
        bsd_mask(&from, before);
    return result;
}
int WRAP(sigprocmask)(int how, const struct bsd_mask *wish, struct bsd_mask *before) {
    int error = WRAP(pthread_sigmask)(how, wish, before);
    return error ? fail_with(error) : 0;
}
int WRAP(sigpending)(struct bsd_mask *mask) {
    sigset_t set;
    int result = sigpending(&set);
    bsd_mask(&set, mask);
    return result;
}
int WRAP(sigwait)(const struct bsd_mask *mask, int *number) {
    sigset_t set;
    int signal, result;
    linux_mask(mask, &set);
    result = sigwait(&set, &signal);
    *number = bsd_signal(signal);
    return result;
}
int WRAP(sigemptyset)(struct bsd_mask *mask) { return memset(mask, 0, sizeof *mask), 0; }
int WRAP(sigfillset)(struct bsd_mask *mask) { return memset(mask, 0xff, sizeof *mask), 0; }
int WRAP(sigaddset)(struct bsd_mask *mask, int number) {
    return mask->bits[(number - 1) / 32] |= 1u << (number - 1) % 32, 0;
}
int WRAP(sigdelset)(struct bsd_mask *mask, int number) {
    return mask->bits[(number - 1) / 32] &= ~(1u << (number - 1) % 32), 0;
}
int WRAP(sigismember)(const struct bsd_mask *mask, int number) {
    return mask->bits[(number - 1) / 32] >> (number - 1) % 32 & 1;
}

int WRAP(raise)(int number) { return raise(linux_signal(number)); }
int WRAP(kill)(pid_t process, int number) {
    return fail(kill(process, number ? linux_signal(number) : 0));
}
int WRAP(pthread_kill)(pthread_t thread, int number) {
    return pthread_kill(thread, number ? linux_signal(number) : 0);
}

/* ---- setjmp: FreeBSD's buffers are smaller than ours. Registers first; then the signal mask, and
 * behind a buffer of sigsetjmp, which is longer, whether there is one. ---- */

#ifdef __x86_64__
enum { MASK_AT = 72, KEPT_AT = 96 };
__asm__(".globl __wrap_setjmp, __wrap__setjmp, __wrap_sigsetjmp, __wrap__longjmp\n"
        /* On entry: rdi = the buffer. */
        "__wrap_setjmp: pushq %rdi\n call jump_keep_mask\n popq %rdi\n jmp 2f\n"
        /* On entry: rdi = the buffer, esi = whether to keep the mask. */
        "__wrap_sigsetjmp: pushq %rdi\n call jump_keep_flag\n popq %rdi\n"
        "__wrap__setjmp:\n"
        "2: movq %rbx, (%rdi)\n movq %rbp, 8(%rdi)\n leaq 8(%rsp), %rax\n"
        " movq %rax, 16(%rdi)\n movq %r12, 24(%rdi)\n movq %r13, 32(%rdi)\n"
        " movq %r14, 40(%rdi)\n movq %r15, 48(%rdi)\n movq (%rsp), %rax\n"
        " movq %rax, 56(%rdi)\n stmxcsr 64(%rdi)\n fnstcw 68(%rdi)\n"
        " xorl %eax, %eax\n retq\n"
        /* On entry: rdi = the buffer, esi = the result. */
        "__wrap__longjmp: movl %esi, %eax\n testl %eax, %eax\n jne 1f\n movl $1, %eax\n"
        "1: movq (%rdi), %rbx\n movq 8(%rdi), %rbp\n movq 24(%rdi), %r12\n"
        " movq 32(%rdi), %r13\n movq 40(%rdi), %r14\n movq 48(%rdi), %r15\n"
        " ldmxcsr 64(%rdi)\n fldcw 68(%rdi)\n movq 16(%rdi), %rsp\n jmpq *56(%rdi)\n");
#else
enum { MASK_AT = 28, KEPT_AT = 44 };
__asm__(".globl __wrap_setjmp, __wrap__setjmp, __wrap_sigsetjmp, __wrap__longjmp\n"
        /* On entry: 4(%esp) = the buffer, and for sigsetjmp 8(%esp) = whether to keep the mask. */
        "__wrap_setjmp: subl $8, %esp\n pushl 12(%esp)\n call jump_keep_mask\n"
        " addl $12, %esp\n jmp 2f\n"
        "__wrap_sigsetjmp: subl $4, %esp\n pushl 12(%esp)\n pushl 12(%esp)\n"
        " call jump_keep_flag\n addl $12, %esp\n"
        "__wrap__setjmp:\n"
        "2: movl 4(%esp), %eax\n movl (%esp), %edx\n movl %edx, (%eax)\n"
        " movl %ebx, 4(%eax)\n leal 4(%esp), %edx\n movl %edx, 8(%eax)\n movl %ebp, 12(%eax)\n"
        " movl %esi, 16(%eax)\n movl %edi, 20(%eax)\n fnstcw 24(%eax)\n xorl %eax, %eax\n ret\n"
        /* On entry: 4(%esp) = the buffer, 8(%esp) = the result. */
        "__wrap__longjmp: movl 4(%esp), %edx\n movl 8(%esp), %eax\n testl %eax, %eax\n jne 1f\n"
        " movl $1, %eax\n"
        "1: movl 4(%edx), %ebx\n movl 12(%edx), %ebp\n movl 16(%edx), %esi\n"
        " movl 20(%edx), %edi\n fldcw 24(%edx)\n movl 8(%edx), %esp\n jmp *(%edx)\n");
#endif
extern void WRAP(_longjmp)(void *, int) __attribute__((noreturn));

__attribute__((used, visibility("hidden"))) void jump_keep_mask(char *buffer) {
    struct bsd_mask mask;
    WRAP(pthread_sigmask)(1, NULL, &mask);
    memcpy(buffer + MASK_AT, &mask, sizeof mask);
}
__attribute__((used, visibility("hidden"))) void jump_keep_flag(char *buffer, int is_kept) {
    if (is_kept)
        jump_keep_mask(buffer);
    memcpy(buffer + KEPT_AT, &is_kept, sizeof is_kept);
}
void WRAP(longjmp)(char *buffer, int result) {
    struct bsd_mask mask;
    memcpy(&mask, buffer + MASK_AT, sizeof mask);
    WRAP(pthread_sigmask)(3, &mask, NULL);
    WRAP(_longjmp)(buffer, result);
}
void WRAP(siglongjmp)(char *buffer, int result) {
    int is_kept;
    memcpy(&is_kept, buffer + KEPT_AT, sizeof is_kept);
    if (is_kept)
        WRAP(longjmp)(buffer, result);
    WRAP(_longjmp)(buffer, result);
}
