/* Callbacks from signal handlers: at an instruction of choice, at every instruction, by timers, and
 * out of a handler by siglongjmp. */
#define _GNU_SOURCE
#include "callers.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

/* What the handlers of the calling thread do. */
struct plan {
    callback f;
    void *arg;
    /* Steps that found other signals blocked. */
    long held_back;
    /* Signals so far, callbacks made, callbacks that did not return 0 or changed errno. */
    long signals, calls, wrong;
    /* Leaves by siglongjmp at this signal, and calls back at that one alone; 0: never, and at
     * each. */
    long jump_at, call_at;
    /* Steps: the code that is stepped through has blocked other signals. */
    int stop, strict, blocked;
    sigjmp_buf target;
};

static __thread struct plan plan;
static __thread volatile sig_atomic_t in_handler;

/* Whether the calling thread is in a handler's callback and may call nothing there that is not
 * async-signal-safe. */
int c_in_handler(void) { return in_handler && plan.strict; }

void c_forbid_unsafe_calls(int forbid) { plan.strict = forbid; }

static void call_back(void) {
    int was_in_handler = in_handler, error = errno;
    errno = 77;
    in_handler = 1;
    plan.calls++;
    if (plan.f(plan.arg) != 0 || errno != 77)
        plan.wrong++;
    in_handler = was_in_handler;
    errno = error;
}

static void on_signal(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    plan.signals++;
    call_back();
}

/* With SA_SIGINFO: without it the kernel of i686 makes a frame of an older kind, which keeps no
   alternate stack, and does not give a stack back that it has disarmed (SS_AUTODISARM). */
static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = flags | SA_SIGINFO;
    sigaction(signal, &action, NULL);
}

/* What handlers on this thread call from now on. */
void c_plan(callback f, void *arg) {
    memset(&plan, 0, sizeof plan);
    plan.f = f;
    plan.arg = arg;
}

long c_plan_calls(void) { return plan.calls; }
long c_plan_wrong(void) { return plan.wrong; }

void c_handle(int signal, int flags) {
    handle(signal, on_signal, flags);
}

#ifdef __aarch64__
static uint32_t *broken, whole;

static void write_code(uint32_t *at, uint32_t instruction) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *low = (char *)((uintptr_t)at & ~(page - 1));
    mprotect(low, page, PROT_READ | PROT_WRITE | PROT_EXEC);
    *at = instruction;
    __builtin___clear_cache((char *)at, (char *)(at + 1));
    mprotect(low, page, PROT_READ | PROT_EXEC);
}

static void on_break(int signal, siginfo_t *info, void *context) {
    if (!broken)
        return;
    write_code(broken, whole);
    broken = NULL;
    on_signal(signal, info, context);
}

/* A breakpoint instead of the instruction, until it is met once. */
void c_break_at(uint32_t *at, int flags) {
    handle(SIGTRAP, on_break, flags);
    whole = *at;
    broken = at;
    write_code(at, 0xd4200000);
}

/* Whether the breakpoint was met; if not, the instruction is put back. */
int c_mend(void) {
    if (!broken)
        return 1;
    write_code(broken, whole);
    broken = NULL;
    return 0;
}
#endif

/* The smallest size of an alternate stack that the kernel accepts here. qemu 7.2 does not tell
   AT_MINSIGSTKSZ; the kernel's own constant is larger where the frame of a signal is. */
#if defined __aarch64__
enum { LEAST_SIGNAL_STACK = 5120 };
#elif defined __powerpc64__
enum { LEAST_SIGNAL_STACK = 8192 };
#else
enum { LEAST_SIGNAL_STACK = 2048 };
#endif
size_t c_smallest_signal_stack(void) {
    size_t bytes = getauxval(AT_MINSIGSTKSZ);
    return bytes < LEAST_SIGNAL_STACK ? LEAST_SIGNAL_STACK : bytes;
}

/* Gives the thread an alternate stack with an inaccessible page right below. Returns its

 * mapping. */
void *c_signal_stack(size_t bytes, int autodisarm) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (bytes + page - 1) / page * page;
    char *base =
        mmap(NULL, page + whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    mprotect(base, page, PROT_NONE);
    stack_t stack = {
        .ss_sp = base + page, .ss_size = bytes, .ss_flags = autodisarm ? (int)SS_AUTODISARM : 0};
    return sigaltstack(&stack, NULL) == 0 ? base : NULL;
}

/* Takes it away and unmaps it, or overwrites it instead. */
void c_no_signal_stack(void *base, size_t bytes, int overwrite) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    if (overwrite)
        memset((char *)base + page, 0xee, bytes);
    else
        munmap(base, page + (bytes + page - 1) / page * page);
}

static unsigned char canary_of(unsigned long i) { return (unsigned char)(i * 13 + 5); }

/* A handler that keeps half a KiB of locals over a callback. */
static void on_signal_with_locals(int signal, siginfo_t *info, void *context) {
    volatile unsigned char local[512];
    (void)signal, (void)info, (void)context;
    for (unsigned long i = 0; i < sizeof local; i++)
        local[i] = canary_of(i);
    plan.signals++;
    call_back();
    for (unsigned long i = 0; i < sizeof local; i++)
        if (local[i] != canary_of(i)) {
            plan.wrong++;
            return;
        }
}

void c_handle_with_locals(int signal, int flags) {
    handle(signal, on_signal_with_locals, flags);
}

/* A handler that calls back twice. */
static void on_signal_calls_twice(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    plan.signals++;
    call_back();
    call_back();
}

void c_handle_twice(int signal, int flags) {
    handle(signal, on_signal_calls_twice, flags);
}

/* A handler that calls nothing, and writes over what it finds below. */
static void on_signal_scribbles(int signal, siginfo_t *info, void *context) {
    volatile unsigned char local[512];
    (void)signal, (void)info, (void)context;
    for (unsigned long i = 0; i < sizeof local; i++)
        local[i] = 0xee;
}

void c_handle_by_scribbling(int signal, int flags) {
    handle(signal, on_signal_scribbles, flags);
}

/* Gives the thread the alternate stack of these bytes. */
int c_set_signal_stack(void *memory, size_t bytes, int autodisarm) {
    stack_t stack = {
        .ss_sp = memory, .ss_size = bytes, .ss_flags = autodisarm ? (int)SS_AUTODISARM : 0};
    return sigaltstack(&stack, NULL);
}

/* Where the alternate stack of the thread lies, and its size; 0 when the kernel has none for it. */
size_t c_signal_stack_now(size_t *low) {
    stack_t now;
    if (sigaltstack(NULL, &now) != 0 || (now.ss_flags & SS_DISABLE))
        return 0;
    *low = (size_t)now.ss_sp;
    return now.ss_size;
}

/* A timer that sends `signal` to the calling thread each `nanoseconds`. */
int c_start_timer(int signal, long nanoseconds, timer_t *timer) {
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signal;
#ifdef sigev_notify_thread_id
    event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
#else
    event._sigev_un._tid = (int)syscall(SYS_gettid);
#endif
    struct itimerspec every = {{0, nanoseconds}, {0, nanoseconds}};
    if (timer_create(CLOCK_MONOTONIC, &event, timer) != 0)
        return -1;
    return timer_settime(*timer, 0, &every, NULL);
}

void c_stop_timer(timer_t *timer) { timer_delete(*timer); }

/* siglongjmp out of the next handler of `signal`, if it comes while `f` runs. 1: jumped, 0: `f`
 * returned 0, -1: otherwise. */
static void on_signal_jumps(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    call_back();
    siglongjmp(plan.target, 1);
}

void c_handle_by_jumping(int signal, int flags) {
    handle(signal, on_signal_jumps, flags);
}

int c_call_jumped_by_handler(callback f, void *arg) {
    if (sigsetjmp(plan.target, 1) != 0)
        return 1;
    return f(arg) == 0 ? 0 : -1;
}

/* For a body that a handler has called: leaves both. */
void c_jump_out_of_handler(void) {
    in_handler = 0;
    siglongjmp(plan.target, 1);
}

#if defined __x86_64__ && defined __linux__

/* Single steps: with the trap flag set the processor raises SIGTRAP after each instruction.

   SIGTRAP is not blocked where others are, and stands for those. So the handler makes the system
   calls that change the mask by itself, and keeps to what they ask for. A signal that is blocked
   arrives as soon as it is not blocked any more. */
enum { TRAP_FLAG = 0x100 };

/* Makes the system call that is next, if it is rt_sigprocmask. */
static int change_mask(ucontext_t *context) {
    greg_t *registers = context->uc_mcontext.gregs;
    const unsigned char *next = (const unsigned char *)registers[REG_RIP];
    const unsigned long trap = 1UL << (SIGTRAP - 1), other = 1UL << (SIGUSR1 - 1);
    if (next[0] != 0x0f || next[1] != 0x05 || registers[REG_RAX] != SYS_rt_sigprocmask)
        return 0;
    unsigned long *mask = (unsigned long *)&context->uc_sigmask, before = *mask, after = before;
    if (registers[REG_RSI] != 0) {
        unsigned long given = *(unsigned long *)registers[REG_RSI];
        after = registers[REG_RDI] == SIG_BLOCK     ? before | given
                : registers[REG_RDI] == SIG_UNBLOCK ? before & ~given
                                                    : given;
    }
    if (registers[REG_RDX] != 0)
        *(unsigned long *)registers[REG_RDX] = before;
    *mask = after & ~trap;
    plan.blocked = (after & other) != 0;
    registers[REG_RAX] = 0;
    registers[REG_RIP] += 2;
    registers[REG_RCX] = registers[REG_RIP];
    return 1;
}

static void on_trap(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)info;
    greg_t *flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];
    /* Threads inherit the flag from their maker. */
    if (plan.stop || plan.f == NULL) {
        *flags &= ~(greg_t)TRAP_FLAG;
        return;
    }
    do {
        plan.signals++;
        if (plan.blocked) {
            plan.held_back++;
            continue;
        }
        if (plan.call_at != 0) {
            if (plan.signals >= plan.call_at) {
                *flags &= ~(greg_t)TRAP_FLAG;
                call_back();
                return;
            }
        } else if (plan.jump_at != 0) {
            if (plan.signals >= plan.jump_at) {
                call_back();
                siglongjmp(plan.target, 1);
            }
        } else
            call_back();
    } while (change_mask(context));
}

static void count_step(int signal) { plan.signals += signal == SIGTRAP; }

/* Calls in single steps, of which the handler has nothing to do. */
int c_call_in_steps(callback f, void *arg) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = count_step;
    sigaction(SIGTRAP, &action, NULL);
    plan.signals = 0;
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
    int result = f(arg);
    __asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
    return result;
}

void c_step(int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_trap;
    action.sa_flags = flags | SA_SIGINFO;
    sigaction(SIGTRAP, &action, NULL);
}

static inline __attribute__((always_inline)) void set_trap_flag(void) {
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
}

static inline __attribute__((always_inline)) void clear_trap_flag(void) {
    __asm__ volatile("pushfq; andq $-0x101, (%%rsp); popfq" ::: "memory", "cc");
}

/* Calls `f` with a signal after each instruction. */
__attribute__((noinline)) int c_call_stepped(callback f, void *arg) {
    set_trap_flag();
    volatile int result = f(arg);
    clear_trap_flag();
    return result;
}

/* As c_call_stepped; the handler of the signal number `jump_at` leaves by siglongjmp. -4000: it
 * did; any other: `f` returned that. */
__attribute__((noinline)) int c_call_stepped_until(long jump_at, callback f, void *arg) {
    plan.signals = 0;
    plan.jump_at = jump_at;
    if (sigsetjmp(plan.target, 1) != 0)
        return -4000;
    set_trap_flag();
    volatile int result = f(arg);
    clear_trap_flag();
    return result;
}

/* As c_call_stepped, with a callback after the instruction number `call_at` alone. */
__attribute__((noinline)) int c_call_stepped_at(long call_at, callback f, void *arg) {
    plan.signals = 0;
    plan.call_at = call_at;
    set_trap_flag();
    volatile int result = f(arg);
    clear_trap_flag();
    plan.call_at = 0;
    return result;
}

long c_plan_signals(void) { return plan.signals; }
long c_plan_held_back(void) { return plan.held_back; }

/* For code that does not come back: from now on there is a callback after the instruction number
 * `call_at` alone. */
void c_begin_steps(long call_at) {
    plan.signals = 0;
    plan.call_at = call_at;
    set_trap_flag();
}

struct stepped_end {
    callback first;
    void *arg;
    callback handler;
    size_t signal_stack_bytes;
    pthread_key_t last;
    int result;
    long signals, wrong;
    void *signal_stack;
};

/* The destructor of a key made after all others runs after theirs in each round. Only in the last
 * round it stops the steps. */
static void last_destructor(void *value) {
    struct stepped_end *end = value;
    if (++end->result < 4) {
        pthread_setspecific(end->last, end);
        return;
    }
    plan.stop = 1;
    end->signals = plan.signals;
    end->wrong = plan.wrong;
}

static void *run_to_stepped_end(void *value) {
    struct stepped_end *end = value;
    if (end->signal_stack_bytes != 0)
        end->signal_stack = c_signal_stack(end->signal_stack_bytes, 0);
    if (end->first(end->arg) != 0)
        return (void *)1;
    c_plan(end->handler, NULL);
    pthread_key_create(&end->last, last_destructor);
    pthread_setspecific(end->last, end);
    set_trap_flag();
    return NULL;
}

/* A thread that calls `first` and ends, with a signal after each instruction of its end up to the
   last round of key destructors. The number of signals; -1: something went wrong. */
long c_step_thread_end(size_t stack_bytes, size_t signal_stack_bytes, callback first, void *arg,
                       callback handler) {
    struct stepped_end end = {
        .first = first, .arg = arg, .handler = handler, .signal_stack_bytes = signal_stack_bytes};
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, stack_bytes);
    void *ended = (void *)1;
    if (pthread_create(&thread, &attr, run_to_stepped_end, &end) == 0)
        pthread_join(thread, &ended);
    pthread_attr_destroy(&attr);
    if (ended != NULL)
        return -1;
    pthread_key_delete(end.last);
    if (end.signal_stack != NULL) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        munmap(end.signal_stack, page + (signal_stack_bytes + page - 1) / page * page);
    }
    return end.wrong == 0 ? end.signals : -1;
}

#endif
