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

struct walk {
    uintptr_t function;
    int met;
};

static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *arg) {
    struct walk *walk = arg;
    uintptr_t ip = _Unwind_GetIP(context);
    if (ip != 0 && (uintptr_t)_Unwind_FindEnclosingFunction((void *)(ip - 1)) == walk->function)
        walk->met++;
    return _URC_NO_REASON;
}

/* How often the unwinder meets `function` on its way to the end of the stack; -1 if it does not come to the end. */
__attribute__((noinline)) int c_unwind_over(void *function) {
    struct walk walk = {(uintptr_t)function, 0};
    _Unwind_Reason_Code ended = _Unwind_Backtrace(look, &walk);
    return ended == _URC_END_OF_STACK ? walk.met : -1;
}
