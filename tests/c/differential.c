/* Programs that call back and tell all that they see around it: tests/differential.rs compares what
   they tell with what they tell of a callback without the attribute. */
#define _GNU_SOURCE
#include "callers.h"
#include <errno.h>
#include <fenv.h>
#include <ftw.h>
#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of registers.c and exception.cpp. */
int c_call_with_registers(callback f, void *arg);
int c_call_catching(callback f, void *arg);

static __thread int of_this_thread = 1;
static sigjmp_buf target;

#if defined __x86_64__
/* What only this architecture has: MXCSR whole; of the x87 unit the control word, with precision
 * and exception masks, and the flags. */
static void tell_registers(void) {
    uint16_t control, status;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    __asm__ volatile("fnstsw %0" : "=m"(status));
    dprintf(2, " mxcsr %x x87 %x %x", __builtin_ia32_stmxcsr(), control, status);
}

static void set_registers(int kind) {
    static const uint16_t control[] = {0x027f, 0x0c7b, 0x0b7f, 0x037f};
    /* Rounding, FTZ and DAZ, masks and sticky flags, in other patterns each time. Nothing is
     * divided by zero meanwhile. */
    static const unsigned mxcsr[] = {0x5da0, 0xfdc1, 0x3f90, 0x1fbf};
    __asm__ volatile("fnclex; fldcw %0" : : "m"(control[kind & 3]));
    __builtin_ia32_ldmxcsr(mxcsr[kind & 3]);
}

static void unmask_division(void) { __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() & ~0x200U); }
#else
static void tell_registers(void) {}

static void set_registers(int kind) {
    static const int rounding[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
    fesetround(rounding[kind & 3]);
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(kind & 1 ? FE_INEXACT : FE_OVERFLOW);
}

/* Not every architecture has traps: the signal is sent instead. */
static void unmask_division(void) { raise(SIGFPE); }
#endif

static unsigned long bits(const sigset_t *set) {
    unsigned long result = 0;
    for (int i = 1; i < 32; i++)
        result |= (unsigned long)(sigismember(set, i) == 1) << i;
    return result;
}

/* One line on standard error, which has no buffer. Leaves everything as it is. */
void c_tell(const char *when) {
    int error = errno, state, type;
    sigset_t mask, pending;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    sigpending(&pending);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    dprintf(2, "%s: errno %d mask %lx pending %lx cancel %d %d", when, error, bits(&mask),
            bits(&pending), state, type);
    dprintf(2, " thread %d codeset %s round %d flags %x", of_this_thread, nl_langinfo(CODESET),
            fegetround(), (unsigned)fetestexcept(FE_ALL_EXCEPT));
    tell_registers();
    dprintf(2, "\n");
    pthread_setcanceltype(type, NULL);
    pthread_setcancelstate(state, NULL);
    errno = error;
}

static void change_mask(int how, int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(how, &set, NULL);
}

/* An unusual state, another one for each `kind`. */
void c_change(int kind) {
    change_mask(kind & 1 ? SIG_UNBLOCK : SIG_BLOCK, SIGUSR2);
    change_mask(kind & 2 ? SIG_UNBLOCK : SIG_BLOCK, SIGHUP);
    change_mask(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    pthread_setcancelstate(kind & 1 ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE, NULL);
    pthread_setcanceltype(kind & 2 ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, NULL);
    of_this_thread += 10 + kind;
    uselocale(newlocale(LC_ALL_MASK, kind & 1 ? "C.UTF-8" : "C", (locale_t)0));
    set_registers(kind);
    errno = 70 + kind;
}

/* What a body does, inside. Some of it does not return. */
enum act {
    ACT_TELL,
    ACT_CHANGE,
    ACT_JUMP = 4,
    ACT_EXIT,
    ACT_EXIT_AT_ONCE,
    ACT_ABORT,
    ACT_RAISE_FPE,
    ACT_RAISE_SEGV,
    ACT_DIVIDE,
    ACT_WRITE_NOWHERE,
    ACT_UNMASK,
    ACT_SIGNALS,
    ACT_END_THREAD,
    ACT_CANCEL,
    ACT_NOTHING,
};

static volatile double zero;
static volatile char *volatile nowhere;

int c_act(int act) {
    c_tell("body");
    printf("the body does %d\n", act);
    switch (act) {
    case ACT_CHANGE: case ACT_CHANGE + 1: case ACT_CHANGE + 2: c_change(act); break;
    case ACT_JUMP: change_mask(SIG_BLOCK, SIGHUP), siglongjmp(target, 40 + of_this_thread); break;
    case ACT_EXIT: exit(33); break;
    case ACT_EXIT_AT_ONCE: _exit(34); break;
    case ACT_ABORT: abort(); break;
    case ACT_RAISE_FPE: raise(SIGFPE); break;
    case ACT_RAISE_SEGV: raise(SIGSEGV); break;
    case ACT_DIVIDE: unmask_division(), of_this_thread = 1 / zero > 1; break;
    case ACT_WRITE_NOWHERE: *nowhere = 1; break;
    case ACT_UNMASK: unmask_division(); break;
    case ACT_SIGNALS: raise(SIGUSR1), change_mask(SIG_BLOCK, SIGUSR2), raise(SIGUSR2); break;
    case ACT_END_THREAD: pthread_exit((void *)7); break;
    case ACT_CANCEL:
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL), pthread_cancel(pthread_self());
        break;
    }
    c_tell("body at its end");
    return act == ACT_NOTHING ? 0 : 1000 + act;
}

/* Calls back with an act and tells what is seen before and after. */
static int call(callback f, int act) {
    c_tell("before");
    volatile int result = f((void *)(intptr_t)act);
    c_tell("after");
    printf("result %d\n", result);
    return result;
}

/* The programs: each makes its first callbacks on a thread, and others after them. */

int c_program_state(callback f, int first) {
    for (int i = first; i < first + 5; i++) {
        c_change(i);
        call(f, ACT_TELL);
    }
    return 0;
}

int c_program_changed_state(callback f, int unused) {
    (void)unused;
    for (int i = 0; i < 9; i++)
        call(f, ACT_CHANGE + i % 3);
    return 0;
}

/* The body does what may end the process, when others have been called before it or none. */
int c_program_act(callback f, int act) {
    /* Rust's handler would take one for its own. */
    signal(SIGSEGV, SIG_DFL);
    for (int i = 0; i < act / 100; i++)
        call(f, ACT_TELL);
    c_tell("before the last");
    volatile int result = f((void *)(intptr_t)(act % 100));
    c_tell("after the last");
    printf("result %d\n", result);
    return 0;
}

/* Traps that a body has switched on stay on. */
int c_program_divide(callback f, int unused) {
    (void)unused;
    call(f, ACT_UNMASK);
    zero = 0;
    volatile double result = 1 / zero;
    printf("%f\n", result);
    return 0;
}

static void tell_signal(int signal) {
    dprintf(2, "handler of signal %d, errno %d\n", signal, errno);
}

int c_program_signals(callback f, int unused) {
    (void)unused;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = tell_signal;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    for (int i = 0; i < 3; i++) {
        errno = 50 + i;
        call(f, ACT_SIGNALS);
        change_mask(SIG_UNBLOCK, SIGUSR2);
        c_tell("unblocked");
    }
    return 0;
}

/* Over one activation, with and without the signal mask. */
int c_program_jumps(callback f, int unused) {
    (void)unused;
    for (volatile int i = 0; i < 6; i++) {
        of_this_thread = i;
        int jumped = sigsetjmp(target, i & 1);
        c_tell("setjmp");
        printf("jumped %d, turn %d\n", jumped, i);
        if (jumped == 0)
            call(f, ACT_JUMP);
        change_mask(SIG_UNBLOCK, SIGHUP);
    }
    return call(f, ACT_TELL);
}

int c_program_registers(callback f, int unused) {
    (void)unused;
    for (int i = 0; i < 3; i++) {
        int changed = c_call_with_registers(f, (void *)(intptr_t)ACT_NOTHING);
        printf("registers changed: %d\n", changed);
        if (changed != 0)
            exit(60);
    }
    return 0;
}

int c_program_catches(callback f, int act) {
    for (int i = 0; i < 3; i++) {
        printf("caught %d\n", c_call_catching(f, (void *)(intptr_t)act));
        c_tell("caught");
    }
    return 0;
}

/* Disabled by the body, cancellation waits until C allows it. */
int c_program_cancels(callback f, int unused) {
    (void)unused;
    call(f, ACT_CANCEL);
    dprintf(2, "still there\n");
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pthread_testcancel();
    return 0;
}

/* Callbacks that the C library calls. */

static int numbers[200];

int c_program_sorts(int (*compare)(const void *, const void *), int unused) {
    (void)unused;
    unsigned seed = 1;
    for (size_t i = 0; i < 200; i++)
        numbers[i] = (int)((seed = seed * 1103515245 + 12345) >> 16) % 100;
    errno = 9;
    qsort(numbers, 200, sizeof *numbers, compare);
    c_tell("sorted");
    for (size_t i = 0; i < 200; i++)
        printf("%d ", numbers[i]);
    for (int key = -1; key < 101; key += 3) {
        int *found = bsearch(&key, numbers, 200, sizeof *numbers, compare);
        printf("%d at %td ", key, found ? found - numbers : -1);
    }
    c_tell("searched");
    return 0;
}

int c_program_walks(int (*visit)(const char *, const struct stat *, int), int unused) {
    (void)unused;
    /* Where cargo runs the tests there is the folder of this file. */
    printf("walked %d\n", ftw("c", visit, 4));
    printf("walked %d\n", ftw("c/none", visit, 4));
    c_tell("walked");
    return 0;
}

int c_program_at_exit(void (*f)(void), int code) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, f);
    atexit(f);
    atexit(f);
    printf("leaving\n");
    exit(code);
}

/* Runs a program on a thread so small that callbacks of every mode switch. */
struct program {
    int (*run)(callback, int);
    callback f;
    int act;
};

static void *run_program(void *value) {
    struct program *program = value;
    return (void *)(intptr_t)program->run(program->f, program->act);
}

int c_run_program(int (*run)(callback, int), callback f, int act) {
    struct program program = {run, f, act};
    pthread_t thread;
    pthread_attr_t attr;
    void *ended = NULL;
    size_t least = (size_t)sysconf(_SC_THREAD_STACK_MIN);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, least > 120 * 1024 ? least : 120 * 1024);
    if (pthread_create(&thread, &attr, run_program, &program) != 0)
        return 1;
    pthread_attr_destroy(&attr);
    pthread_join(thread, &ended);
    printf("the thread ended with %ld\n", (long)(intptr_t)ended);
    fflush(stdout);
    return 0;
}
