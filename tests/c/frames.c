/* Walkers of other kinds than Rust's: the chain of frame pointers, as profilers follow it, and the
 * unwinder of C and C++. */
#define _GNU_SOURCE
#include "callers.h"
#include <pthread.h>
#include <stdint.h>
#include <unwind.h>

/* How many frames lie between here and the one at `outermost`, by the chain of frame pointers; -1
 * if it does not lead there. */
__attribute__((noinline)) int c_walk_frame_pointers(size_t outermost) {
    const uintptr_t *frame = __builtin_frame_address(0);
    for (int steps = 0; steps < 100; steps++) {
        if ((uintptr_t)frame == outermost)
            return steps;
        /* A frame record: the caller's frame pointer, and the return address, which is never
         * null. */
        if (frame == NULL || (uintptr_t)frame % sizeof *frame != 0 || frame[1] == 0)
            return -1;
        frame = (const uintptr_t *)frame[0];
    }
    return -1;
}

/* The EHABI's libgcc has no _Unwind_FindEnclosingFunction, and tells the function of the frame that
 * it is at. */
#if defined(__arm__) && defined(__GLIBC__)
static uintptr_t function_of(struct _Unwind_Context *context) {
    return _Unwind_GetRegionStart(context);
}
/* Addresses of Thumb functions are odd, those in tables are not. */
#define CODE(address) ((address) & ~(uintptr_t)1)
#else
static uintptr_t function_of(struct _Unwind_Context *context) {
    uintptr_t ip = _Unwind_GetIP(context);
    return ip == 0 ? 0 : (uintptr_t)_Unwind_FindEnclosingFunction((void *)(ip - 1));
}
#define CODE(address) (address)
#endif

struct walk {
    uintptr_t function;
    int met;
    _Unwind_Reason_Code ended;
};

static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *arg) {
    struct walk *walk = arg;
    if (function_of(context) == walk->function)
        walk->met++;
    return _URC_NO_REASON;
}

static void *walk_to_the_end(void *arg) {
    struct walk *walk = arg;
    walk->ended = _Unwind_Backtrace(look, walk);
    return NULL;
}

/* How often the unwinder meets `function` on its way to the end of the stack; -1 if it ends
   otherwise than on a thread of C alone. That end is not always told as one: where the C library's
   first function of a thread has no tables, it is told as those are that are missing. */
__attribute__((noinline)) int c_unwind_over(void *function) {
    struct walk walk = {CODE((uintptr_t)function), 0, _URC_NO_REASON}, of_c = {0};
    walk_to_the_end(&walk);
    pthread_t thread;
    if (pthread_create(&thread, NULL, walk_to_the_end, &of_c) != 0)
        return -2;
    pthread_join(thread, NULL);
    return walk.ended == of_c.ended ? walk.met : -1;
}
