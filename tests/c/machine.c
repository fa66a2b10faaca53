/* The driver of the random machine: eight coroutines on two threads, which call back, suspend,
   resume, jump, throw and end as they are told, in any order and depth. Only one thread runs at a
   time; the other waits for the baton. */
#define _GNU_SOURCE
#include "context.h"
#include "machine.h"
#include <pthread.h>
#ifdef __FreeBSD__
#include <pthread_np.h>
#endif
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#if defined __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef VALGRIND_STACK_REGISTER
#define VALGRIND_STACK_REGISTER(low, high) 0
#endif

enum { THREADS = 2, COROUTINES = 8, STACK_BYTES = 256 * 1024, SIGNAL_STACK_BYTES = 64 * 1024 };

struct coroutine {
    ucontext_t self, resumer;
    char *stack;
};

static struct coroutine coroutines[COROUTINES];
/* A signal that stays until somebody has waited for it. Not every system has semaphores without a
 * name. */
struct flag {
    pthread_mutex_t mutex;
    pthread_cond_t raised;
    int is_raised;
};

#define NOT_RAISED {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}
static struct flag baton[THREADS] = {NOT_RAISED, NOT_RAISED}, ended = NOT_RAISED;
static int ended_thread;

static void raise_flag(struct flag *flag) {
    pthread_mutex_lock(&flag->mutex);
    flag->is_raised = 1;
    pthread_cond_signal(&flag->raised);
    pthread_mutex_unlock(&flag->mutex);
}

static void await(struct flag *flag) {
    pthread_mutex_lock(&flag->mutex);
    while (!flag->is_raised)
        pthread_cond_wait(&flag->raised, &flag->mutex);
    flag->is_raised = 0;
    pthread_mutex_unlock(&flag->mutex);
}

/* One level of C: between the beginning of a thread, of a coroutine or of a body, and the callbacks
 * that it makes. */
struct level {
    jmp_buf here;
    uintptr_t canary[16];
};

static void fill(struct level *level) {
    for (int i = 0; i < 16; i++)
        ((volatile uintptr_t *)level->canary)[i] = (uintptr_t)level * 31 + i;
}

static void look(struct level *level) {
    for (int i = 0; i < 16; i++)
        if (((volatile uintptr_t *)level->canary)[i] != (uintptr_t)level * 31 + i)
            machine_broken("a level of C has lost its canary");
}

static __attribute__((noinline)) void call(const struct step *step) {
    volatile unsigned char *frame = alloca(step->frame + 16);
    frame[0] = frame[step->frame] = (unsigned char)step->number;
    int result = step->kind == CALL
                     ? step->f((void *)(intptr_t)step->number)
                     : c_machine_call_catching(step->f, (void *)(intptr_t)step->number);
    if (frame[0] != (unsigned char)step->number ||
        frame[step->frame] != (unsigned char)step->number)
        machine_broken("a caller's frame has changed");
    machine_returned(step->number, result);
}

static void coroutine_begins(unsigned number);

static void resume(int number) {
    struct coroutine *coroutine = &coroutines[number];
    if (!machine_is_begun(number)) {
        static unsigned begun;
        /* Every other time on new memory: whatever was suspended there is freed. */
        if (++begun % 2 == 0 && mmap(coroutine->stack, STACK_BYTES, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
            machine_broken("no memory");
        getcontext(&coroutine->self);
        coroutine->self.uc_stack.ss_sp = coroutine->stack;
        coroutine->self.uc_stack.ss_size = STACK_BYTES;
        makecontext(&coroutine->self, (void (*)(void))coroutine_begins, 1, (unsigned)number);
    }
    swapcontext(&coroutine->resumer, &coroutine->self);
    KEEP_VECTORS();
}

static void suspend(int number) {
    swapcontext(&coroutines[number].self, &coroutines[number].resumer);
    KEEP_VECTORS();
}

/* Gives the baton to the other thread and waits until it comes back. */
static void pass(int other) {
    raise_flag(&baton[other]);
    await(&baton[1 - other]);
}

/* Called by bodies, and as the first thing of threads and coroutines. Returns when it is told

 * to. */
__attribute__((noinline)) void c_machine_level(void) {
    struct level level;
    struct step step;
    fill(&level);
    machine_enters(&level);
    if (setjmp(level.here) != 0)
        machine_landed(&level);
    for (;;) {
        look(&level);
        machine_next(&level, &step);
        switch (step.kind) {
        case CALL:
        case CALL_CATCHING: call(&step); break;
        case RETURN: return;
        case SUSPEND: suspend(step.number); break;
        case RESUME: resume(step.number); break;
        case PASS: pass(step.number); break;
        case JUMP: longjmp(((struct level *)step.target)->here, 1);
        case THROW: c_machine_throw(step.number); break;
        case PANIC: machine_panic(step.number); break;
        case EXIT:
            machine_signals_end(step.number);
            ended_thread = step.number;
            raise_flag(&ended);
            pthread_exit(NULL);
        default: machine_broken("an unknown step");
        }
    }
}

static void coroutine_begins(unsigned number) {
    c_machine_level();
    setcontext(&coroutines[number].resumer);
}

/* The bounds of the calling thread, asked apart from the code under test. */
static void bounds(size_t *low, size_t *high) {
#ifdef __APPLE__
    *high = (size_t)pthread_get_stackaddr_np(pthread_self());
    *low = *high - pthread_get_stacksize_np(pthread_self());
#else
    pthread_attr_t attr;
    void *start;
    size_t bytes;
#ifdef __FreeBSD__
    pthread_attr_init(&attr);
    pthread_attr_get_np(pthread_self(), &attr);
#else
    pthread_getattr_np(pthread_self(), &attr);
#endif
    pthread_attr_getstack(&attr, &start, &bytes);
    pthread_attr_destroy(&attr);
    *low = (size_t)start;
    *high = (size_t)start + bytes;
#endif
}

static void *thread_begins(void *arg) {
    int thread = (int)(intptr_t)arg;
    size_t low, high;
    /* The first baton, which the maker of the thread gives. */
    await(&baton[thread]);
    bounds(&low, &high);
    machine_thread_begins(thread, low, high);
    machine_signals_begin(thread, alloca(SIGNAL_STACK_BYTES));
    c_machine_level();
    machine_signals_end(thread);
    machine_thread_ends(thread);
    ended_thread = thread;
    raise_flag(&ended);
    return NULL;
}

size_t c_machine_coroutine_stack(int number) { return (size_t)coroutines[number].stack; }

/* Whatever was on the stacks of the coroutines is gone. */
void c_machine_wipe(void) {
    for (int i = 0; i < COROUTINES; i++)
        memset(coroutines[i].stack, 0, STACK_BYTES);
}

size_t c_machine_coroutine_stack_bytes(void) { return STACK_BYTES; }

static pthread_t begin(int thread) {
    pthread_t id;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 2 * STACK_BYTES);
    if (pthread_create(&id, &attr, thread_begins, (void *)(intptr_t)thread) != 0)
        machine_broken("no thread");
    pthread_attr_destroy(&attr);
    return id;
}

void c_machine_prepare(void) {
    for (int i = 0; i < COROUTINES; i++) {
        coroutines[i].stack =
            mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        (void)VALGRIND_STACK_REGISTER(coroutines[i].stack, coroutines[i].stack + STACK_BYTES);
    }
}

/* Runs until `goes_on` says that a thread which has ended is not to be followed by another, for
 * both. */
void c_machine_run(int (*goes_on)(void)) {
    pthread_t ids[THREADS] = {begin(0), begin(1)};
    int running = THREADS;
    raise_flag(&baton[0]);
    for (;;) {
        await(&ended);
        int thread = ended_thread;
        pthread_join(ids[thread], NULL);
        if (goes_on())
            ids[thread] = begin(thread);
        else if (--running > 0)
            thread = 1 - thread;
        else
            break;
        raise_flag(&baton[thread]);
    }
}
