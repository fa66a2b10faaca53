/* The ucontext functions that the tests use. musl declares them and has none; Apple's headers call
 * them deprecated, and not every version has them. */
#ifndef CONTEXT_H
#define CONTEXT_H
/* Defines __GLIBC__ where that is so. */
#include <stdlib.h>

#ifdef __GLIBC__
#include <ucontext.h>
#else
/* Not the names of the C library. */
#define ucontext_t struct tests_context
#define getcontext tests_getcontext
#define makecontext tests_makecontext
#define swapcontext tests_swapcontext
#define setcontext tests_setcontext

struct tests_context {
    struct {
        void *ss_sp;
        size_t ss_size;
    } uc_stack;
    struct tests_context *uc_link;
    /* Where SP is while the context is left. */
    void *sp;
};

int getcontext(ucontext_t *context);
void makecontext(ucontext_t *context, void (*function)(void), int count, ...);
int swapcontext(ucontext_t *from, const ucontext_t *to);
int setcontext(const ucontext_t *to);
#endif

#endif
