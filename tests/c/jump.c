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
#elif defined _WIN32 && defined __aarch64__
/* The C library's unwinds, in Wine whatever it is told: x19 to x30, sp, and d8 to d15. */
static __thread unsigned long long target[21];
__attribute__((returns_twice)) int note_registers(unsigned long long *);
__attribute__((noreturn)) void load_registers(const unsigned long long *, int);
__asm__(".text\n.p2align 2\n"
        "note_registers:\n"
        "stp x19, x20, [x0, #0]\nstp x21, x22, [x0, #16]\nstp x23, x24, [x0, #32]\n"
        "stp x25, x26, [x0, #48]\nstp x27, x28, [x0, #64]\nstp x29, x30, [x0, #80]\n"
        "mov x9, sp\nstr x9, [x0, #96]\n"
        "stp d8, d9, [x0, #104]\nstp d10, d11, [x0, #120]\n"
        "stp d12, d13, [x0, #136]\nstp d14, d15, [x0, #152]\n"
        "mov w0, #0\nret\n"
        "load_registers:\n"
        "ldp x19, x20, [x0, #0]\nldp x21, x22, [x0, #16]\nldp x23, x24, [x0, #32]\n"
        "ldp x25, x26, [x0, #48]\nldp x27, x28, [x0, #64]\nldp x29, x30, [x0, #80]\n"
        "ldr x9, [x0, #96]\nmov sp, x9\n"
        "ldp d8, d9, [x0, #104]\nldp d10, d11, [x0, #120]\n"
        "ldp d12, d13, [x0, #136]\nldp d14, d15, [x0, #152]\n"
        "mov w0, w1\nret\n");
#undef setjmp
#define setjmp(target) note_registers(target)
#undef longjmp
#define longjmp(target, result) load_registers(target, result)
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
