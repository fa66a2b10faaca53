/* Callers on the stacks that Rust did not choose: small threads, big frames, threads of given
 * memory. */
#define _GNU_SOURCE
#include "callers.h"
#include <stdint.h>
#include <string.h>
#ifndef _WIN32
#include <errno.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
/* Where the system does not know the flag the address is a wish. */
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0
#endif
#endif

/* The volatile keeps the frame: the call is no tail call. */
__attribute__((noinline)) int c_call(callback f, void *arg) {
    volatile int result = f(arg);
    return result;
}

/* Makes a frame of `bytes` and uses all of it before the call and looks at it after. -1000 if the
 * frame was changed. */
__attribute__((noinline)) int c_call_with_frame(size_t bytes, callback f, void *arg) {
    volatile unsigned char *frame = alloca(bytes);
    for (size_t i = 0; i < bytes; i++)
        frame[i] = (unsigned char)(i * 7);
    int result = f(arg);
    for (size_t i = 0; i < bytes; i++)
        if (frame[i] != (unsigned char)(i * 7))
            return -1000;
    return result;
}

/* Leaves about `left` bytes above `low` and calls. The memory in between is not touched. */
__attribute__((noinline)) int c_call_with_left(size_t left, size_t low, callback f, void *arg) {
    size_t here = (size_t)__builtin_frame_address(0);
    if (here < low + left + 256)
        return -2000;
    volatile char *frame = alloca(here - low - left - 128);
    frame[0] = 1;
    volatile int result = f(arg);
    return result;
}

static inline __attribute__((always_inline)) unsigned char *stack_pointer(void) {
    unsigned char *sp;
#if defined(__x86_64__)
    __asm__ volatile("mov %%rsp, %0" : "=r"(sp));
#elif defined(__i386__)
    __asm__ volatile("mov %%esp, %0" : "=r"(sp));
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("mov %0, sp" : "=r"(sp));
#elif defined(__riscv)
    __asm__ volatile("mv %0, sp" : "=r"(sp));
#elif defined(__s390x__)
    __asm__ volatile("lgr %0, %%r15" : "=r"(sp));
#elif defined(__powerpc64__)
    __asm__ volatile("mr %0, 1" : "=r"(sp));
#elif defined(__loongarch64)
    __asm__ volatile("move %0, $sp" : "=r"(sp));
#endif
    return sp;
}

/* SP low in the frame below: how far down `f` and what it calls have written, in bytes below SP. */
__attribute__((noinline)) int c_call_painted(callback f, void *arg, size_t *used) {
    enum { DEPTH = 12 * 1024 };
    unsigned char *sp = stack_pointer();
    /* From high to low, as systems want it that grow a stack page by page. */
    for (volatile unsigned char *p = sp; p > sp - DEPTH;)
        *--p = 0xa5;
    volatile int result = f(arg);
    volatile unsigned char *p = sp - DEPTH;
    while (p < sp && *p == 0xa5)
        p++;
    *used = (size_t)(sp - p);
    return result;
}

/* windows.c has its own. */
#ifndef _WIN32
struct start {
    callback f;
    void *arg;
    int result;
};

static void *run(void *arg) {
    struct start *start = arg;
    start->result = start->f(start->arg);
    return NULL;
}

/* In whole pages, as macOS wants stacks. */
static size_t in_pages(size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

/* A thread's stack of that size, or of the least that the C library allows: 16 KiB on most
   architectures, 128 KiB on aarch64 and powerpc64. Zero leaves the size that threads usually
   have. */
static int set_stack_bytes(pthread_attr_t *attr, size_t bytes) {
    if (bytes == 0)
        return 0;
    size_t least = (size_t)sysconf(_SC_THREAD_STACK_MIN);
    return pthread_attr_setstacksize(attr, in_pages(bytes > least ? bytes : least));
}

/* -3000: no thread could be made; -3001: the thread ended by pthread_exit(1). */
int c_call_on_thread(size_t stack_bytes, callback f, void *arg) {
    struct start start = {f, arg, -3002};
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    void *ended = NULL;
    int made = set_stack_bytes(&attr, stack_bytes) == 0 &&
               pthread_create(&thread, &attr, run, &start) == 0;
    pthread_attr_destroy(&attr);
    if (!made)
        return -3000;
    pthread_join(thread, &ended);
    return ended == (void *)1 ? -3001 : start.result;
}

/* `count` threads at the same time. Returns how many results were not `expected`. */
int c_call_on_threads(int count, size_t stack_bytes, callback f, void *arg, int expected) {
    struct start start[64];
    pthread_t thread[64];
    pthread_attr_t attr;
    int wrong = 0, made = 0;
    pthread_attr_init(&attr);
    set_stack_bytes(&attr, stack_bytes);
    for (; made < count && made < 64; made++) {
        start[made] = (struct start){f, arg, -3002};
        if (pthread_create(&thread[made], &attr, run, &start[made]) != 0)
            break;
    }
    pthread_attr_destroy(&attr);
    for (int i = 0; i < made; i++) {
        pthread_join(thread[i], NULL);
        wrong += start[i].result != expected;
    }
    return wrong + (count - made);
}

/* A thread with a stack and a guard area of these sizes; SIZE_MAX leaves the guard that threads
   usually have. With `base` the stack is that memory. -3000: no such thread can be made. */
int c_call_on_thread_with(char *base, size_t stack_bytes, size_t guard_bytes, callback f,
                          void *arg) {
    struct start start = {f, arg, -3002};
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    int error = base ? pthread_attr_setstack(&attr, base, stack_bytes)
                     : pthread_attr_setstacksize(&attr, stack_bytes);
    if (guard_bytes != SIZE_MAX)
        error |= pthread_attr_setguardsize(&attr, guard_bytes);
    int made = error == 0 && pthread_create(&thread, &attr, run, &start) == 0;
    pthread_attr_destroy(&attr);
    if (made)
        pthread_join(thread, NULL);
    return made ? start.result : -3000;
}

#ifdef __linux__
/* What the C library says of the calling thread's stack. */
int c_told_bounds(size_t *low, size_t *high) {
    pthread_attr_t attr;
    void *address;
    size_t bytes;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return -1;
    int error = pthread_attr_getstack(&attr, &address, &bytes);
    pthread_attr_destroy(&attr);
    *low = (size_t)address;
    *high = (size_t)address + bytes;
    return error;
}
#endif

/* A thread whose stack lies at `address` if it can. -3003: something else is there. */
int c_call_on_thread_at(size_t address, size_t stack_bytes, callback f, void *arg) {
    void *stack = mmap((void *)address, stack_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (stack != (void *)address) {
        /* qemu takes the address for a wish, too. */
        if (stack != MAP_FAILED)
            munmap(stack, stack_bytes);
        return -3003;
    }
    int result = c_call_on_thread_with(stack, stack_bytes, SIZE_MAX, f, arg);
    munmap(stack, stack_bytes);
    return result;
}

/* A thread whose stack is part of the caller's. */
int c_call_on_thread_in_frame(size_t stack_bytes, callback f, void *arg) {
    size_t page = in_pages(1);
    char *frame = alloca(stack_bytes + page);
    return c_call_on_thread_with(frame + (page - (size_t)frame % page), stack_bytes, SIZE_MAX, f,
                                 arg);
}

void c_exit_thread(void) { pthread_exit((void *)1); }

#endif

/* A place for breakpoints. */
__attribute__((noinline)) void c_breakpoint(void) { __asm__ volatile("" ::: "memory"); }

#ifndef _WIN32
/* Sets an unusual state, calls, and compares. Returns the bits of what differs: 1 errno, 2
 * rounding, 4 signal mask, 8 FP exceptions. */
int c_call_comparing_state(callback f, void *arg) {
    sigset_t set, before, after;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    fesetround(FE_UPWARD);
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_INEXACT);
    errno = 77;
    f(arg);
    int differs = errno != 77;
    if (fegetround() != FE_UPWARD)
        differs |= 2;
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int i = 1; i < 32; i++)
        if (sigismember(&before, i) != sigismember(&after, i))
            differs |= 4;
    if (fetestexcept(FE_ALL_EXCEPT) != FE_INEXACT)
        differs |= 8;
#if defined __x86_64__ && !defined _WIN32
    /* fegetround asks the x87 unit alone. */
    if (__builtin_ia32_stmxcsr() >> 13 != 2)
        differs |= 2;
#endif
    fesetround(FE_TONEAREST);
    return differs;
}

/* The same state seen from inside a body: the same bits. */
int c_state_differs(void) {
    sigset_t now;
    int differs = errno != 77;
    if (fegetround() != FE_UPWARD)
        differs |= 2;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    if (!sigismember(&now, SIGUSR2))
        differs |= 4;
    if (fetestexcept(FE_ALL_EXCEPT) != FE_INEXACT)
        differs |= 8;
    return differs;
}

#endif

struct big {
    unsigned char bytes[64 * 1024];
};

static struct big big_in, big_out;

/* Passes and takes 64 KiB by value. The number of bytes that came back other than one more than
 * they were. */
__attribute__((noinline)) int c_call_with_big_value(struct big (*f)(struct big)) {
    for (size_t i = 0; i < sizeof big_in.bytes; i++)
        big_in.bytes[i] = (unsigned char)(i * 11);
    big_out = f(big_in);
    int wrong = 0;
    for (size_t i = 0; i < sizeof big_in.bytes; i++)
        wrong += big_out.bytes[i] != (unsigned char)(i * 11 + 1);
    return wrong;
}
