/* Contexts that a signal handler takes off a thread, at any instruction, and that any thread goes
 * on with. */
#define _GNU_SOURCE
#include "callers.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
/* After the headers that use its names. */
#include "context.h"
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 2, CONTEXTS = 8, STACK_BYTES = 64 * 1024 };

struct moved {
    ucontext_t context;
    callback f;
    atomic_int may_move;
};

struct mover {
    ucontext_t context;
    struct moved *volatile current;
    callback f;
};

static _Thread_local struct mover *here;
static atomic_flag lock = ATOMIC_FLAG_INIT;
static struct moved *waiting[CONTEXTS];
static atomic_int waiting_count, ends, wrong;
static atomic_long moves_done;

/* Never inlined: the caller may be on another thread the next time it asks. */
__attribute__((noinline)) static struct mover *mover_here(void) {
    return here;
}

static void lock_waiting(void) {
    while (atomic_flag_test_and_set(&lock))
        sched_yield();
}

static void moved_wait(struct moved *moved) {
    lock_waiting();
    waiting[waiting_count++] = moved;
    atomic_flag_clear(&lock);
}

static void moved_leave(struct moved *moved) {
    struct mover *mover = mover_here();
    mover->current = NULL;
    swapcontext(&moved->context, &mover->context);
}

static void on_move(int signal) {
    (void)signal;
    struct mover *mover = mover_here();
    struct moved *moved = mover ? mover->current : NULL;
    if (moved && atomic_exchange(&moved->may_move, 0)) {
        moves_done++;
        moved_leave(moved);
        moved->may_move = 1;
    }
}

static void moved_start(unsigned high, unsigned low) {
    struct moved *moved = (void *)(uintptr_t)(((uint64_t)high << 32) | low);
    sigset_t all;
    sigfillset(&all);
    moved->may_move = 1;
    pthread_sigmask(SIG_UNBLOCK, &all, NULL);
    while (!ends)
        wrong |= moved->f(moved) != 0;
    moved->may_move = 0;
    moved->f = NULL;
    moved_leave(moved);
}

static void *mover_start(void *arg) {
    struct mover *mover = arg;
    sigset_t all, before;
    sigfillset(&all);
    here = mover;
    for (unsigned round = 0; !ends || waiting_count; round++) {
        for (int i = 0; i < 400; i++)
            wrong |= mover->f(mover) != 0;
        pthread_sigmask(SIG_BLOCK, &all, &before);
        lock_waiting();
        struct moved *moved = NULL;
        if (waiting_count) {
            unsigned at = round % waiting_count;
            moved = waiting[at];
            waiting[at] = waiting[--waiting_count];
        }
        atomic_flag_clear(&lock);
        if (moved) {
            mover->current = moved;
            swapcontext(&mover->context, &moved->context);
        }
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (moved && moved->f)
            moved_wait(moved);
    }
    return NULL;
}

static void moved_make(struct moved *moved, callback f) {
    uintptr_t address = (uintptr_t)moved;
    moved->f = f;
    getcontext(&moved->context);
    moved->context.uc_stack.ss_sp = malloc(STACK_BYTES);
    moved->context.uc_stack.ss_size = STACK_BYTES;
    makecontext(&moved->context, (void (*)(void))moved_start, 2,
                (unsigned)((uint64_t)address >> 32), (unsigned)address);
    moved_wait(moved);
}

/* Each context calls `moved` again and again, and each of two threads calls `own` on its own stack
 * before it goes on with another context, until contexts were moved that often. 1 if a callback has
 * returned something else than 0. */
int c_contexts_that_are_moved(callback moved, callback own, long moves) {
    static struct moved contexts[CONTEXTS];
    static struct mover movers[THREADS];
    pthread_t threads[THREADS];
    struct sigaction action = {.sa_handler = on_move, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < CONTEXTS; i++)
        moved_make(&contexts[i], moved);
    for (int i = 0; i < THREADS; i++) {
        movers[i].f = own;
        pthread_create(&threads[i], NULL, mover_start, &movers[i]);
    }
    while (moves_done < moves) {
        usleep(50);
        for (int i = 0; i < THREADS; i++)
            pthread_kill(threads[i], SIGUSR1);
    }
    ends = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return wrong;
}
