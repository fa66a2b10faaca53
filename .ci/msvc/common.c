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

#if defined __x86_64__
/* Control flow guard: where compiled code calls through a pointer it asks the function at
 * __guard_dispatch_icall_fptr (machine_x86_64.s), which the system would exchange for its own. The
 * linker lists what may be called so. */
extern char __ImageBase[];
extern const unsigned char __guard_fids_table[];
extern const char __guard_fids_count[], __guard_flags[];
static const char *const volatile guard_count = __guard_fids_count;
static const char *const volatile guard_flags = __guard_flags;
void guard_dispatch(void);
void *const __guard_dispatch_icall_fptr = guard_dispatch;
void *const __guard_check_icall_fptr = guard_dispatch;

struct load_configuration {
    unsigned size, unused[27];
    const void *check, *dispatch, *table, *count;
    const char *flags;
    unsigned long long more[20];
};
const struct load_configuration _load_config_used = {
    sizeof(struct load_configuration), {0}, &__guard_check_icall_fptr,
    &__guard_dispatch_icall_fptr, __guard_fids_table, __guard_fids_count, __guard_flags, {0}};

/* Whether the address may be called: it is listed, or lies in another image. */
void guard_check(const char *target) {
    unsigned long long count = (unsigned long long)guard_count;
    unsigned stride = 4 + (unsigned)((unsigned long long)guard_flags >> 28 & 15);
    unsigned headers = *(const unsigned *)(__ImageBase + 0x3c);
    unsigned bytes = *(const unsigned *)(__ImageBase + headers + 0x50);
    unsigned long long offset = (unsigned long long)(target - __ImageBase);
    if (count == 0 || offset >= bytes)
        return;
    for (unsigned long long low = 0, high = count; low < high;) {
        unsigned long long middle = (low + high) / 2;
        unsigned at = *(const unsigned *)(__guard_fids_table + middle * stride);
        if (at == offset)
            return;
        if (at < offset)
            low = middle + 1;
        else
            high = middle;
    }
    /* As the system does it: FAST_FAIL_GUARD_ICALL_CHECK_FAILURE. */
    __asm__ volatile("int $0x29" ::"c"(10));
}
#endif
