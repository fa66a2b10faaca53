/* What every program and every DLL in Microsoft's ABI brings along of the C library: the parts that
 * cannot be in a DLL. Written from the documented formats (PE/COFF, the thread environment block);
 * no code or header of Microsoft's. Enough for Rust's std and the tests, in Wine. */
#include "start.h"

/* Code that uses floating point names this. */
int _fltused = 1;

/* The directory of thread-local variables. The linker puts what lies between the two marks of .tls,
 * in the order of the sections' names, into each thread's block, and calls what lies in .CRT$XL*
 * when a thread begins and ends; std's destructors are there. */
unsigned _tls_index = 0;
__attribute__((section(".tls"))) char _tls_start = 0;
__attribute__((section(".tls$ZZZ"))) char _tls_end = 0;
typedef void(STDCALL *tls_callback)(void *, unsigned long, void *);
__attribute__((section(".CRT$XLA"))) tls_callback tls_callbacks_begin = 0;
__attribute__((section(".CRT$XLZ"))) tls_callback tls_callbacks_end = 0;
struct tls_directory {
    const char *start, *end;
    unsigned *index;
    tls_callback *callbacks;
    unsigned long zero_fill, characteristics;
};
__attribute__((section(".rdata$T"))) const struct tls_directory _tls_used = {
    &_tls_start, &_tls_end, &_tls_index, &tls_callbacks_begin + 1, 0, 0};

/* Initialisers: C's, which may fail, and then C++'s. */
typedef int (*c_initialiser)(void);
typedef void (*initialiser)(void);
__attribute__((section(".CRT$XIA"))) c_initialiser c_begin = 0;
__attribute__((section(".CRT$XIZ"))) c_initialiser c_end = 0;
__attribute__((section(".CRT$XCA"))) initialiser cpp_begin = 0;
__attribute__((section(".CRT$XCZ"))) initialiser cpp_end = 0;

void start_run_initialisers(void) {
    /* Volatile: the compiler takes the marks for lonely variables, but the linker puts others
     * between them. */
    for (c_initialiser volatile *f = &c_begin + 1; f < &c_end; f++)
        if (*f && (*f)() != 0)
            __builtin_trap();
    for (initialiser volatile *f = &cpp_begin + 1; f < &cpp_end; f++)
        if (*f)
            (*f)();
}

#if defined __i386__
/* 64-bit division, which 32-bit code calls: the argument is popped by the callee. */
typedef unsigned long long u64;
static u64 divided(u64 a, u64 b, u64 *rest) {
    u64 quotient = 0, r = 0;
    for (int bit = 63; bit >= 0; bit--) {
        r = r << 1 | (a >> bit & 1);
        if (r >= b)
            r -= b, quotient |= 1ull << bit;
    }
    *rest = r;
    return quotient;
}
STDCALL u64 divide(u64 a, u64 b) __asm__("__aulldiv");
STDCALL u64 remainder(u64 a, u64 b) __asm__("__aullrem");
STDCALL long long divide_signed(long long a, long long b) __asm__("__alldiv");
STDCALL long long remainder_signed(long long a, long long b) __asm__("__allrem");
static u64 magnitude(long long a) { return a < 0 ? 0 - (u64)a : (u64)a; }
STDCALL u64 divide(u64 a, u64 b) {
    u64 rest;
    return divided(a, b, &rest);
}
STDCALL u64 remainder(u64 a, u64 b) {
    u64 rest;
    divided(a, b, &rest);
    return rest;
}
STDCALL long long divide_signed(long long a, long long b) {
    u64 rest, quotient = divided(magnitude(a), magnitude(b), &rest);
    return (long long)((a < 0) != (b < 0) ? 0 - quotient : quotient);
}
STDCALL long long remainder_signed(long long a, long long b) {
    u64 rest;
    divided(magnitude(a), magnitude(b), &rest);
    return (long long)(a < 0 ? 0 - rest : rest);
}
#endif
