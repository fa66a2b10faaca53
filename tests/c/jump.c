/* longjmp over callbacks. Compiled twice: FORTIFIED with the glibc check of the direction. */
#include "callers.h"
#include <setjmp.h>

#ifdef FORTIFIED
#define NAME(name) name##_fortified
#else
#define NAME(name) name
#endif

#if defined _WIN32 && defined __x86_64__
/* The C library's unwinds, unless it is told of no frame. (What clang makes of __builtin_longjmp
 * leaves a wrong frame pointer there.) */
static __thread jmp_buf target;
#undef setjmp
#define setjmp(target) _setjmp(target, NULL)
#elif defined _WIN32
/* The C library's unwinds, which calls for a system stack below the calling stack; windows.c has
 * that kind. */
static __thread void *target[5];
#undef setjmp
#define setjmp(target) __builtin_setjmp(target)
#undef longjmp
#define longjmp(target, result) __builtin_longjmp(target, result)
#else
static __thread jmp_buf target;
#endif

/* To be called by the body: leaves it for good. */
void NAME(c_jump)(void) { longjmp(target, 1); }

static __attribute__((noinline)) int call_at_depth(size_t depth, callback f, void *arg) {
    volatile char *gap = alloca(depth + 16);
    gap[0] = 1;
    volatile int result = f(arg);
    return result;
}

/* Calls at the given depth below here. 1: the callback was jumped over. */
__attribute__((noinline)) int NAME(c_call_jumped)(size_t depth, callback f, void *arg) {
    if (setjmp(target) != 0)
        return 1;
    call_at_depth(depth, f, arg);
    return 0;
}
