/* Coroutines on stacks of the caller's choice. */
#define _GNU_SOURCE
#include "callers.h"
#include "context.h"
#include <stdint.h>
#include <stdlib.h>
#if defined __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef VALGRIND_STACK_REGISTER
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

struct coroutine {
    ucontext_t self, resumer;
    callback f;
    void *arg;
    int result, done;
    unsigned valgrind;
};

static void coroutine_start(unsigned high, unsigned low) {
    struct coroutine *c = (void *)(uintptr_t)(((uint64_t)high << 32) | low);
    c->result = c->f(c->arg);
    c->done = 1;
}

struct coroutine *c_coroutine_new(void *stack, size_t bytes, callback f, void *arg) {
    struct coroutine *c = calloc(1, sizeof *c);
    c->f = f;
    c->arg = arg;
    getcontext(&c->self);
    c->valgrind = VALGRIND_STACK_REGISTER(stack, (char *)stack + bytes);
    c->self.uc_stack.ss_sp = stack;
    c->self.uc_stack.ss_size = bytes;
    c->self.uc_link = &c->resumer;
    makecontext(&c->self, (void (*)(void))coroutine_start, 2,
                (unsigned)((uint64_t)(uintptr_t)c >> 32), (unsigned)(uintptr_t)c);
    return c;
}

/* Runs it until it suspends or ends. 1: ended. */
int c_coroutine_resume(struct coroutine *c) {
    if (!c->done)
        swapcontext(&c->resumer, &c->self);
    KEEP_VECTORS();
    return c->done;
}

/* To be called by code that runs in the coroutine, on whatever stack. */
void c_coroutine_suspend(struct coroutine *c) {
    swapcontext(&c->self, &c->resumer);
    KEEP_VECTORS();
}

int c_coroutine_result(struct coroutine *c) { return c->result; }

void c_coroutine_free(struct coroutine *c) {
    VALGRIND_STACK_DEREGISTER(c->valgrind);
    free(c);
}
