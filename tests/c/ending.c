/* Callbacks at the end: of a thread, from key destructors; of the process, from atexit. */
#define _GNU_SOURCE
#include "callers.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct ending {
    callback f;
    void *arg;
    int first, last, round, sum;
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void at_thread_end(void *value) {
    struct ending *ending = value;
    int round = ++ending->round;
    if (round < ending->last)
        pthread_setspecific(key, ending);
    if (round >= ending->first)
        ending->sum += ending->f(ending->arg);
}

static void make_key(void) { pthread_key_create(&key, at_thread_end); }

static void *end_at_once(void *value) {
    pthread_setspecific(key, value);
    return NULL;
}

/* A thread that does nothing, and calls back from its key destructor in the rounds first..=last.
 * The sum of the results. */
int c_call_at_thread_end(size_t stack_bytes, int first, int last, callback f, void *arg) {
    struct ending ending = {f, arg, first, last, 0, 0};
    pthread_t thread;
    pthread_attr_t attr;
    pthread_once(&once, make_key);
    pthread_attr_init(&attr);
    size_t least = (size_t)sysconf(_SC_THREAD_STACK_MIN);
    pthread_attr_setstacksize(&attr, stack_bytes > least ? stack_bytes : least);
    int made = pthread_create(&thread, &attr, end_at_once, &ending) == 0;
    pthread_attr_destroy(&attr);
    if (!made)
        return -3000;
    pthread_join(thread, NULL);
    return ending.sum;
}

static callback exit_callback;
static void at_exit(void) { exit_callback(NULL); }

void c_call_at_exit(callback f) {
    exit_callback = f;
    atexit(at_exit);
}

/* Cancellation. */
struct cancelled {
    callback f;
    void *arg;
    int cleaned;
};

static __thread struct cancelled *cancelled;

static void clean(void *value) { ((struct cancelled *)value)->cleaned++; }

static void *run_to_cancellation(void *value) {
    cancelled = value;
    pthread_cleanup_push(clean, cancelled);
    cancelled->f(cancelled->arg);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *go_on(void *value) {
    struct cancelled *waiting = value;
    pthread_cancel(pthread_self());
    waiting->cleaned = 1 + waiting->f(waiting->arg);
    pthread_testcancel();
    return NULL;
}

/* A thread that was cancelled, but calls no cancellation point yet. 1: it went on, the callback
 * returned 0, and the thread was cancelled afterwards. */
int c_call_with_cancellation_pending(size_t stack_bytes, callback f, void *arg) {
    struct cancelled waiting = {f, arg, 0};
    pthread_t thread;
    pthread_attr_t attr;
    void *result;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, stack_bytes);
    int made = pthread_create(&thread, &attr, go_on, &waiting) == 0;
    pthread_attr_destroy(&attr);
    if (!made)
        return -3000;
    pthread_join(thread, &result);
    return result == PTHREAD_CANCELED ? waiting.cleaned : -2000;
}

/* Whether SP was on the thread's own stack, as far as the C library tells, when a thread was about
 * to end in one of the following functions. */
int c_ended_on_own_stack;

#ifdef __linux__
int c_told_bounds(size_t *low, size_t *high);
#endif

static void note_stack(void) {
#ifdef __linux__
    size_t low, high, here = (size_t)__builtin_frame_address(0);
    c_ended_on_own_stack = c_told_bounds(&low, &high) == 0 && low <= here && here < high;
#endif
}

void c_exit_thread_here(void) {
    note_stack();
    pthread_exit((void *)1);
}

/* To be called by a body: waits for the cancellation below a cleanup handler. */
void c_wait_to_be_cancelled(void) {
    note_stack();
    pthread_cleanup_push(clean, cancelled);
    pthread_cancel(pthread_self());
    pthread_testcancel();
    pthread_cleanup_pop(0);
}

/* The same by a thread that lets itself be cancelled at any instruction, and does nothing
 * meanwhile. */
void c_spin_to_be_cancelled(void) {
    int before;
    pthread_cleanup_push(clean, cancelled);
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before);
    pthread_cancel(pthread_self());
    for (;;)
        __asm__ volatile("" ::: "memory");
    pthread_cleanup_pop(0);
}

/* Calls on a thread that is cancelled meanwhile. How many cleanup handlers ran; -1: the thread
 * ended otherwise. */
int c_call_cancelled(size_t stack_bytes, callback f, void *arg) {
    struct cancelled call = {f, arg, 0};
    pthread_t thread;
    pthread_attr_t attr;
    void *ended = NULL;
    pthread_attr_init(&attr);
    size_t least = (size_t)sysconf(_SC_THREAD_STACK_MIN);
    pthread_attr_setstacksize(&attr, stack_bytes > least ? stack_bytes : least);
    if (pthread_create(&thread, &attr, run_to_cancellation, &call) == 0)
        pthread_join(thread, &ended);
    pthread_attr_destroy(&attr);
    return ended == PTHREAD_CANCELED ? call.cleaned : -1;
}

/* Many threads alive at once. */
struct crowd {
    callback f;
    void *arg;
    pthread_mutex_t mutex;
    pthread_cond_t counted, ended;
    int done, wrong, may_end;
};

static void *run_in_crowd(void *value) {
    struct crowd *crowd = value;
    int result = crowd->f(crowd->arg);
    pthread_mutex_lock(&crowd->mutex);
    crowd->wrong += result != 0;
    crowd->done++;
    pthread_cond_signal(&crowd->counted);
    while (!crowd->may_end)
        pthread_cond_wait(&crowd->ended, &crowd->mutex);
    pthread_mutex_unlock(&crowd->mutex);
    return NULL;
}

/* Calls once on each of `count` threads, all of which stay until `meanwhile` has been called.
   Returns how many results were not 0; -3000: not all threads could be made. */
int c_call_in_crowd(int count, size_t stack_bytes, callback f, void *arg, callback meanwhile) {
    struct crowd crowd = {
        f, arg, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, 0,
        0, 0};
    pthread_t *thread = calloc((size_t)count, sizeof *thread);
    pthread_attr_t attr;
    int made = 0;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, stack_bytes);
    while (made < count && pthread_create(&thread[made], &attr, run_in_crowd, &crowd) == 0) {
        pthread_mutex_lock(&crowd.mutex);
        while (crowd.done <= made)
            pthread_cond_wait(&crowd.counted, &crowd.mutex);
        pthread_mutex_unlock(&crowd.mutex);
        made++;
    }
    pthread_attr_destroy(&attr);
    meanwhile(arg);
    pthread_mutex_lock(&crowd.mutex);
    crowd.may_end = 1;
    pthread_cond_broadcast(&crowd.ended);
    pthread_mutex_unlock(&crowd.mutex);
    for (int i = 0; i < made; i++)
        pthread_join(thread[i], NULL);
    free(thread);
    return made == count ? crowd.wrong : -3000;
}

static void exit_well(void) { exit(0); }

/* Ends the process on the memory below `high`, in a function that was called from nowhere, as a
 * coroutine's first one is in some libraries. */
__attribute__((noreturn)) void c_exit_from_nowhere(void *high) {
#if defined __x86_64__
    __asm__ volatile("mov %0, %%rsp\n\tpushq $0x5a5a5a5a\n\tjmp *%1"
                     :: "r"(high), "r"(exit_well) : "memory");
#elif defined __aarch64__
    __asm__ volatile("mov sp, %0\n\tmov x30, #0x5a5a\n\tbr %1"
                     :: "r"(high), "r"(exit_well) : "x30", "memory");
#else
    (void)high;
    exit_well();
#endif
    __builtin_unreachable();
}
