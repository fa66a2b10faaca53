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

/* A thread that does nothing, and calls back from its key destructor in the rounds first..=last. The sum of the results. */
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
