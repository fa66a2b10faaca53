/* Threads made in C: the first callback on each, many that stay after one callback, several that
 * call at once. */
#define _GNU_SOURCE
#include "calls.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static double nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Nanoseconds of one call, here. */
double first_here(void *function) {
    nanoseconds(CLOCK_MONOTONIC);
    double start = nanoseconds(CLOCK_MONOTONIC);
    ((on_value)function)(NULL, 1);
    return nanoseconds(CLOCK_MONOTONIC) - start;
}

/* Where threads wait for each other; macOS has no pthread_barrier_t. */
struct meeting {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned arrived;
};
#define NOBODY_YET {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}

/* Returns when this was called `all` times. */
static void meet(struct meeting *meeting, unsigned all) {
    pthread_mutex_lock(&meeting->mutex);
    if (++meeting->arrived == all)
        pthread_cond_broadcast(&meeting->changed);
    while (meeting->arrived < all)
        pthread_cond_wait(&meeting->changed, &meeting->mutex);
    pthread_mutex_unlock(&meeting->mutex);
}

struct one {
    void *function;
    uint64_t calls;
    double nanoseconds;
    struct meeting *meeting;
    unsigned threads;
};

static void *first(void *argument) {
    struct one *one = argument;
    one->nanoseconds = first_here(one->function);
    return NULL;
}

/* The same on a new thread, which has ended when this returns; negative when there was none. */
double first_on_thread(void *function) {
    struct one one = {function, 1, -1.0, NULL, 1};
    pthread_t thread;
    if (pthread_create(&thread, NULL, first, &one) != 0)
        return -1.0;
    pthread_join(thread, NULL);
    return one.nanoseconds;
}

static void *stay(void *argument) {
    struct one *one = argument;
    ((on_value)one->function)(NULL, 1);
    meet(one->meeting, one->threads + 1);
    meet(one->meeting, 2 * one->threads + 2);
    return NULL;
}

/* Calls `look(argument)` while `count` threads exist that have each made one call of `function`.
 * Returns 0 if they all did. */
int while_threads_stay(void *function, unsigned count, void (*look)(void *), void *argument) {
    struct meeting meeting = NOBODY_YET;
    struct one one = {function, 1, 0.0, &meeting, count};
    pthread_t *threads = calloc(count, sizeof *threads);
    if (threads == NULL)
        return -1;
    for (unsigned i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, stay, &one) != 0)
            return -1;
    meet(&meeting, count + 1);
    look(argument);
    meet(&meeting, 2 * count + 2);
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return 0;
}

static void *repeat(void *argument) {
    struct one *one = argument;
    bench_value(one->function, one->calls / 10);
    meet(one->meeting, one->threads);
    double start = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    bench_value(one->function, one->calls);
    one->nanoseconds = nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start;
    return NULL;
}

/* Nanoseconds of processor time that a thread needs for `calls` calls, on average of `count` that
 * make them at the same time. */
double on_threads(void *function, unsigned count, uint64_t calls) {
    struct meeting meeting = NOBODY_YET;
    struct one *ones = calloc(count, sizeof *ones);
    pthread_t *threads = calloc(count, sizeof *threads);
    if (ones == NULL || threads == NULL)
        abort();
    for (unsigned i = 0; i < count; i++) {
        ones[i] = (struct one){function, calls, 0.0, &meeting, count};
        if (pthread_create(&threads[i], NULL, repeat, &ones[i]) != 0)
            abort();
    }
    double sum = 0.0;
    for (unsigned i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        sum += ones[i].nanoseconds;
    }
    free(threads);
    free(ones);
    return sum / count;
}
