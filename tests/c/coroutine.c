/* Coroutines on stacks of the caller's choice. */
#define _GNU_SOURCE
#include "callers.h"
#include <stdint.h>
#include <stdlib.h>

#ifdef __GLIBC__
#include <ucontext.h>

struct coroutine {
    ucontext_t self, resumer;
    callback f;
    void *arg;
    int result, done;
};

static void coroutine_start(unsigned high, unsigned low) {
    struct coroutine *c = (void *)(uintptr_t)(((uint64_t)high << 32) | low);
    c->result = c->f(c->arg);
    c->done = 1;
}

static void prepare(struct coroutine *c, void *stack, size_t bytes) {
    uint64_t address = (uintptr_t)c;
    getcontext(&c->self);
    c->self.uc_stack.ss_sp = stack;
    c->self.uc_stack.ss_size = bytes;
    c->self.uc_link = &c->resumer;
    makecontext(&c->self, (void (*)(void))coroutine_start, 2, (unsigned)(address >> 32), (unsigned)address);
}

static void enter(struct coroutine *c) { swapcontext(&c->resumer, &c->self); }
static void leave(struct coroutine *c) { swapcontext(&c->self, &c->resumer); }
#else
/* musl has no ucontext functions: SP and what a callee must keep, exchanged by hand. */
#include "exchange.h"

struct coroutine {
    void *self, *resumer;
    callback f;
    void *arg;
    int result, done;
};

static __thread struct coroutine *starting;

static void coroutine_start(void) {
    struct coroutine *c = starting;
    c->result = c->f(c->arg);
    c->done = 1;
    exchange(&c->self, c->resumer);
}

static void prepare(struct coroutine *c, void *stack, size_t bytes) {
    c->self = first_exchange((char *)stack + bytes, coroutine_start);
}

static void enter(struct coroutine *c) {
    starting = c;
    exchange(&c->resumer, c->self);
}
static void leave(struct coroutine *c) { exchange(&c->self, c->resumer); }
#endif

struct coroutine *c_coroutine_new(void *stack, size_t bytes, callback f, void *arg) {
    struct coroutine *c = calloc(1, sizeof *c);
    c->f = f;
    c->arg = arg;
    prepare(c, stack, bytes);
    return c;
}

/* Runs it until it suspends or ends. 1: ended. */
int c_coroutine_resume(struct coroutine *c) {
    if (!c->done)
        enter(c);
    return c->done;
}

/* To be called by code that runs in the coroutine, on whatever stack. */
void c_coroutine_suspend(struct coroutine *c) { leave(c); }

int c_coroutine_result(struct coroutine *c) { return c->result; }

void c_coroutine_free(struct coroutine *c) { free(c); }
