/* Signals, alternate stacks, and the jumps of setjmp, which keep the signal mask. */
#include "loader.h"
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
enum { APPLE_SIGBUS = 10, APPLE_SIGSEGV = 11 };

int apple_signal(int signal) { return signal > 0 && signal < 32 ? of_linux[signal] : 0; }
int linux_signal(int signal) {
    for (int i = 1; i < 32; i++)
        if (of_linux[i] == signal)
            return i;
    return 0;
}
void linux_mask(uint32_t apple, void *set) {
    sigemptyset(set);
    for (int i = 1; i < 32; i++)
        if (of_linux[i] && (apple >> (of_linux[i] - 1) & 1))
            sigaddset(set, i);
}
uint32_t apple_mask(const void *set) {
    uint32_t mask = 0;
    for (int i = 1; i < 32; i++)
        if (of_linux[i] && sigismember(set, i) == 1)
            mask |= 1u << (of_linux[i] - 1);
    return mask;
}

/* ---- Handlers ---- */

struct apple_action {
    void *handler;
    uint32_t mask;
    int flags;
};
struct apple_stack {
    void *start;
    uint64_t bytes;
    int flags;
};
struct apple_info {
    int signal, error, code, process;
    uint32_t user;
    int status;
    void *address, *value;
    long band;
    unsigned long pad[7];
};
_Static_assert(sizeof(struct apple_info) == 104, "siginfo_t");
#ifdef __x86_64__
struct apple_machine {
    uint16_t trap, cpu;
    uint32_t error;
    uint64_t address, registers[21], floats[64];
};
static const int registers[] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RDI, REG_RSI,
                                REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP, REG_EFL};
#else
struct apple_machine {
    uint64_t address;
    uint32_t syndrome, exception;
    uint64_t registers[34], floats[66];
};
#endif
struct apple_context {
    int is_on_stack;
    uint32_t mask;
    struct apple_stack stack;
    struct apple_context *next;
    uint64_t machine_bytes;
    struct apple_machine *machine;
};
_Static_assert(offsetof(struct apple_context, machine) == 48, "ucontext_t");

enum {
    ON_STACK = 1,
    RESTART = 2,
    RESET_HANDLER = 4,
    NO_CHILD_STOP = 8,
    NO_DEFER = 0x10,
    NO_CHILD_WAIT = 0x20,
    SIGINFO = 0x40
};

/* The program's, by Apple's numbers. */
static struct apple_action actions[32];

static void read_registers(const ucontext_t *from, struct apple_machine *to) {
#ifdef __x86_64__
    for (size_t i = 0; i < sizeof registers / sizeof *registers; i++)
        to->registers[i] = from->uc_mcontext.gregs[registers[i]];
#else
    memcpy(to->registers, from->uc_mcontext.regs, 31 * 8);
    to->registers[31] = from->uc_mcontext.sp, to->registers[32] = from->uc_mcontext.pc,
    to->registers[33] = from->uc_mcontext.pstate;
#endif
}
static void write_registers(const struct apple_machine *from, ucontext_t *to) {
#ifdef __x86_64__
    for (size_t i = 0; i < sizeof registers / sizeof *registers; i++)
        to->uc_mcontext.gregs[registers[i]] = from->registers[i];
#else
    memcpy(to->uc_mcontext.regs, from->registers, 31 * 8);
    to->uc_mcontext.sp = from->registers[31], to->uc_mcontext.pc = from->registers[32];
#endif
}

/* Memory that is mapped and may not be touched is a bus error there. So the handler of faults is
   ours from the beginning to the end, also where the program has none. */
static int is_bus_error(int signal, const siginfo_t *info) {
    return signal == SIGSEGV && info->si_code == SEGV_ACCERR;
}
static int is_fault(int number) { return number == APPLE_SIGBUS || number == APPLE_SIGSEGV; }

static void change_blocked(int how, int signal) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, signal);
    pthread_sigmask(how, &mask, NULL);
}

static void end_by(int signal) {
    struct sigaction none = {.sa_handler = SIG_DFL};
    sigaction(signal, &none, NULL);
    change_blocked(SIG_UNBLOCK, signal);
    raise(signal);
}

/* What Linux calls. The frame of a signal there has about the size of this one. */
static void deliver(int signal, siginfo_t *info, void *context) {
    int number = is_bus_error(signal, info) ? APPLE_SIGBUS : of_linux[signal], error = errno;
    struct apple_action action = actions[number];
    if (action.handler == SIG_IGN && info->si_code <= 0)
        return;
    if ((uintptr_t)action.handler <= 1)
        end_by(linux_signal(number));
    if (number != of_linux[signal] && !(action.flags & NO_DEFER)) {
        change_blocked(SIG_BLOCK, SIGBUS);
        change_blocked(SIG_UNBLOCK, SIGSEGV);
    }
    ucontext_t *of_linux_context = context;
    struct apple_machine machine = {0};
    struct apple_info converted = {.signal = number, .code = info->si_code};
    /* What was sent, by another process or by raise: the kernel has no code for a fault that is
     * none. */
    if (info->si_code <= 0)
        converted.code = signal == SIGSEGV ? 0 : 0x10001;
    if (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL)
        converted.address = info->si_code > 0 ? info->si_addr : NULL;
    else
        converted.process = info->si_pid, converted.user = info->si_uid;
    machine.address = (uint64_t)converted.address;
    struct apple_context shown = {
        .mask = apple_mask(&of_linux_context->uc_sigmask),
        .stack = {of_linux_context->uc_stack.ss_sp, of_linux_context->uc_stack.ss_size, 0},
        .machine_bytes = sizeof machine,
        .machine = &machine,
    };
    read_registers(of_linux_context, &machine);
    if (action.flags & RESET_HANDLER)
        actions[number].handler = NULL;
    errno = error;
    ((void (*)(int, struct apple_info *, struct apple_context *))action.handler)(number, &converted,
                                                                                 &shown);
    write_registers(&machine, of_linux_context);
    linux_mask(shown.mask, &of_linux_context->uc_sigmask);
}

static int set_action(int number, const struct apple_action *wish, struct apple_action *before) {
    int signal = linux_signal(number);
    if (signal == 0 || signal == SIGKILL || signal == SIGSTOP) {
        errno = EINVAL;
        return -1;
    }
    struct apple_action old = actions[number];
    if (wish != NULL) {
        static const int flags[][2] = {
            {ON_STACK, SA_ONSTACK},        {RESTART, SA_RESTART},  {RESET_HANDLER, SA_RESETHAND},
            {NO_CHILD_STOP, SA_NOCLDSTOP}, {NO_DEFER, SA_NODEFER}, {NO_CHILD_WAIT, SA_NOCLDWAIT}};
        struct sigaction action = {.sa_flags = SA_SIGINFO};
        struct apple_action copy = *wish;
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
            if (copy.flags & flags[i][0])
                action.sa_flags |= flags[i][1];
        linux_mask(copy.mask, &action.sa_mask);
        action.sa_sigaction = deliver;
        int is_handled = (uintptr_t)copy.handler > 1;
        /* Before the handler is there, which looks here. */
        if (is_handled || is_fault(number))
            actions[number] = copy;
        if (is_fault(number)) {
            action.sa_flags &= ~SA_RESETHAND;
            if (is_handled &&
                (sigaction(SIGSEGV, &action, NULL) != 0 || sigaction(SIGBUS, &action, NULL) != 0))
                return fail_as_apple(-1);
        } else {
            if (!is_handled) {
                action.sa_flags &= ~SA_SIGINFO;
                action.sa_handler = (void (*)(int))copy.handler;
            }
            if (sigaction(signal, &action, NULL) != 0)
                return fail_as_apple(-1);
        }
        actions[number] = copy;
    }
    if (before != NULL)
        *before = old;
    return 0;
}

__attribute__((constructor)) static void handle_faults(void) {
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK, .sa_sigaction = deliver};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

static void *set_handler(int number, void *handler) {
    struct apple_action wish = {handler, 0, RESTART}, before;
    return set_action(number, &wish, &before) == 0 ? before.handler : (void *)-1;
}

static int alternate_stack(const struct apple_stack *wish, struct apple_stack *before) {
    enum { IN_USE = 1, DISABLED = 4, LEAST = 32768 };
    stack_t to, from;
    if (wish != NULL) {
        if (!(wish->flags & DISABLED) && wish->bytes < LEAST) {
            errno = ENOMEM;
            return -1;
        }
        to = (stack_t){.ss_sp = wish->start,
                       .ss_size = wish->bytes,
                       .ss_flags = wish->flags & DISABLED ? SS_DISABLE : 0};
    }
    if (sigaltstack(wish ? &to : NULL, &from) != 0)
        return fail_as_apple(-1);
    if (before != NULL)
        *before = (struct apple_stack){from.ss_sp, from.ss_size,
                                       (from.ss_flags & SS_DISABLE ? DISABLED : 0) |
                                           (from.ss_flags & SS_ONSTACK ? IN_USE : 0)};
    return 0;
}

static int change_mask(int how, const uint32_t *wish, uint32_t *before) {
    static const int ways[] = {[1] = SIG_BLOCK, [2] = SIG_UNBLOCK, [3] = SIG_SETMASK};
    sigset_t to, from;
    if (wish != NULL)
        linux_mask(*wish, &to);
    int result = pthread_sigmask(how >= 1 && how <= 3 ? ways[how] : -1, wish ? &to : NULL, &from);
    if (before != NULL)
        *before = apple_mask(&from);
    return result;
}
static int pending(uint32_t *mask) {
    sigset_t set;
    int result = sigpending(&set);
    *mask = apple_mask(&set);
    return result;
}
static int wait_for(const uint32_t *mask, int *number) {
    sigset_t set;
    int signal, result;
    linux_mask(*mask, &set);
    result = sigwait(&set, &signal);
    *number = apple_signal(signal);
    return result;
}
static int mask_empty(uint32_t *mask) { return *mask = 0, 0; }
static int mask_fill(uint32_t *mask) { return *mask = UINT32_MAX, 0; }
static int mask_add(uint32_t *mask, int number) { return *mask |= 1u << (number - 1), 0; }
static int mask_remove(uint32_t *mask, int number) { return *mask &= ~(1u << (number - 1)), 0; }
static int mask_has(const uint32_t *mask, int number) { return *mask >> (number - 1) & 1; }

static int raise_number(int number) { return raise(linux_signal(number)); }
static int kill_process(pid_t process, int number) {
    return fail_as_apple(kill(process, number ? linux_signal(number) : 0));
}
static int kill_thread(pthread_t thread, int number) {
    return pthread_kill(thread, number ? linux_signal(number) : 0);
}

/* ---- setjmp: Apple's buffers are smaller than ours. Registers first; then the signal mask, and
 * whether there is one. ---- */

#ifdef __x86_64__
enum { MASK_AT = 72, KEPT_AT = 76 };
__asm__(".globl jump_set, jump_set_plain, jump_set_signals, jump_to_plain\n"
        /* On entry: rdi = the buffer, and for signals esi = whether to keep the mask. */
        "jump_set: movl $1, %esi\n"
        "jump_set_signals: pushq %rdi\n call jump_keep_mask\n popq %rdi\n jmp 1f\n"
        "jump_set_plain:\n"
        "1: movq %rbx, (%rdi)\n movq %rbp, 8(%rdi)\n leaq 8(%rsp), %rax\n"
        " movq %rax, 16(%rdi)\n movq %r12, 24(%rdi)\n movq %r13, 32(%rdi)\n"
        " movq %r14, 40(%rdi)\n movq %r15, 48(%rdi)\n movq (%rsp), %rax\n"
        " movq %rax, 56(%rdi)\n stmxcsr 64(%rdi)\n fnstcw 68(%rdi)\n"
        " xorl %eax, %eax\n retq\n"
        /* On entry: rdi = the buffer, esi = the result. */
        "jump_to_plain: movl %esi, %eax\n testl %eax, %eax\n jne 1f\n movl $1, %eax\n"
        "1: movq (%rdi), %rbx\n movq 8(%rdi), %rbp\n movq 24(%rdi), %r12\n"
        " movq 32(%rdi), %r13\n movq 40(%rdi), %r14\n movq 48(%rdi), %r15\n"
        " ldmxcsr 64(%rdi)\n fldcw 68(%rdi)\n movq 16(%rdi), %rsp\n jmpq *56(%rdi)\n");
#else
enum { MASK_AT = 168, KEPT_AT = 172 };
__asm__(".globl jump_set, jump_set_plain, jump_set_signals, jump_to_plain\n"
        /* On entry: x0 = the buffer, and for signals w1 = whether to keep the mask. */
        "jump_set: mov w1, #1\n"
        "jump_set_signals: stp x0, x30, [sp, #-16]!\n bl jump_keep_mask\n ldp x0, x30, [sp], #16\n"
        "jump_set_plain: stp x19, x20, [x0]\n stp x21, x22, [x0, #16]\n"
        " stp x23, x24, [x0, #32]\n stp x25, x26, [x0, #48]\n"
        " stp x27, x28, [x0, #64]\n stp x29, x30, [x0, #80]\n mov x9, sp\n"
        " str x9, [x0, #96]\n stp d8, d9, [x0, #104]\n"
        " stp d10, d11, [x0, #120]\n stp d12, d13, [x0, #136]\n stp d14, d15, [x0, #152]\n"
        " mov w0, #0\n ret\n"
        /* On entry: x0 = the buffer, w1 = the result. */
        "jump_to_plain: ldp x19, x20, [x0]\n ldp x21, x22, [x0, #16]\n"
        " ldp x23, x24, [x0, #32]\n ldp x25, x26, [x0, #48]\n"
        " ldp x27, x28, [x0, #64]\n ldp x29, x30, [x0, #80]\n ldr x9, [x0, #96]\n"
        " ldp d8, d9, [x0, #104]\n ldp d10, d11, [x0, #120]\n"
        " ldp d12, d13, [x0, #136]\n ldp d14, d15, [x0, #152]\n mov sp, x9\n"
        " cmp w1, #0\n csinc w0, w1, wzr, ne\n ret\n");
#endif
extern void jump_set(void), jump_set_plain(void), jump_set_signals(void),
    jump_to_plain(void *, int) __attribute__((noreturn));

void jump_keep_mask(char *buffer, int is_kept) {
    uint32_t mask = 0;
    if (is_kept)
        change_mask(1, NULL, &mask);
    memcpy(buffer + MASK_AT, &mask, sizeof mask);
    memcpy(buffer + KEPT_AT, &is_kept, sizeof is_kept);
}

static void jump_to(char *buffer, int result) {
    uint32_t mask;
    int is_kept;
    memcpy(&mask, buffer + MASK_AT, sizeof mask);
    memcpy(&is_kept, buffer + KEPT_AT, sizeof is_kept);
    if (is_kept)
        change_mask(3, &mask, NULL);
    jump_to_plain(buffer, result);
}

const struct import signal_imports[] = {
    IMPORT("sigaction", set_action),
    IMPORT("signal", set_handler),
    IMPORT("sigaltstack", alternate_stack),
    IMPORT("sigprocmask", change_mask),
    IMPORT("pthread_sigmask", change_mask),
    IMPORT("sigpending", pending),
    IMPORT("sigwait", wait_for),
    IMPORT("sigemptyset", mask_empty),
    IMPORT("sigfillset", mask_fill),
    IMPORT("sigaddset", mask_add),
    IMPORT("sigdelset", mask_remove),
    IMPORT("sigismember", mask_has),
    IMPORT("raise", raise_number),
    IMPORT("kill", kill_process),
    IMPORT("pthread_kill", kill_thread),
    IMPORT("setjmp", jump_set),
    IMPORT("_setjmp", jump_set_plain),
    IMPORT("sigsetjmp", jump_set_signals),
    IMPORT("longjmp", jump_to),
    IMPORT("siglongjmp", jump_to),
    IMPORT("_longjmp", jump_to_plain),
    {NULL, NULL},
};
