/* Walkers of other kinds than Rust's: the chain of frame pointers, as profilers follow it, and the unwinder of C and C++. */
#define _GNU_SOURCE
#include "callers.h"
#include <stdint.h>
#include <unwind.h>

/* How many frames lie between here and the one at `outermost`, by the chain of frame pointers; -1 if it does not lead there. */
__attribute__((noinline)) int c_walk_frame_pointers(size_t outermost) {
    const uintptr_t *frame = __builtin_frame_address(0);
    for (int steps = 0; steps < 100; steps++) {
        if ((uintptr_t)frame == outermost)
            return steps;
        /* A frame record: the caller's frame pointer, and the return address, which is never null. */
        if (frame == NULL || (uintptr_t)frame % sizeof *frame != 0 || frame[1] == 0)
            return -1;
        frame = (const uintptr_t *)frame[0];
    }
    return -1;
}

/* The EHABI's libgcc has no _Unwind_FindEnclosingFunction, and tells the function of the frame that it is at. It also tells the end of the
   stack, a function that cannot be unwound, as it tells tables that are missing: on 32-bit Arm only what is met on the way is checked. */
#if defined(__arm__) && defined(__GLIBC__)
static uintptr_t function_of(struct _Unwind_Context *context) {
    return _Unwind_GetRegionStart(context);
}
#define END_OF_WALK _URC_FAILURE
/* Addresses of Thumb functions are odd, those in tables are not. */
#define CODE(address) ((address) & ~(uintptr_t)1)
#else
static uintptr_t function_of(struct _Unwind_Context *context) {
    uintptr_t ip = _Unwind_GetIP(context);
    return ip == 0 ? 0 : (uintptr_t)_Unwind_FindEnclosingFunction((void *)(ip - 1));
}
#define END_OF_WALK _URC_END_OF_STACK
#define CODE(address) (address)
#endif

struct walk {
    uintptr_t function;
    int met;
};

static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *arg) {
    struct walk *walk = arg;
    if (function_of(context) == walk->function)
        walk->met++;
    return _URC_NO_REASON;
}

/* How often the unwinder meets `function` on its way to the end of the stack; -1 if it does not come to the end. */
__attribute__((noinline)) int c_unwind_over(void *function) {
    struct walk walk = {CODE((uintptr_t)function), 0};
    _Unwind_Reason_Code ended = _Unwind_Backtrace(look, &walk);
    return ended == END_OF_WALK ? walk.met : -1;
}
