// Measures how many bytes of the caller's stack a callback writes.
//
// The memory below the stack pointer is painted, the callback is called, and the lowest byte that
// has lost its paint is found. Compiled so that nothing but the call itself writes there: no red
// zone, and room for outgoing arguments reserved before.
#include <stddef.h>
#include <stdint.h>

enum { DEPTH = 512 * 1024, PAINT = 0xA5 };

struct big {
    uint64_t words[8192];
};

static struct big big;

#define MEASURE(call)                                                     \
    do {                                                                  \
        volatile unsigned char *top, *at;                                 \
        __asm__ volatile("mov %%rsp, %0" : "=r"(top));                    \
        for (at = top - DEPTH; at < top; at++) *at = PAINT;               \
        call;                                                             \
        for (at = top - DEPTH; at < top && *at == PAINT;) at++;           \
        return (size_t)(top - at);                                        \
    } while (0)

size_t measure_plain(void (*callback)(void *)) { MEASURE(callback(&big)); }

size_t measure_take(void (*callback)(struct big)) { MEASURE(callback(big)); }

size_t measure_give(struct big (*callback)(void)) { MEASURE(big = callback()); }

size_t measure_both(struct big (*callback)(struct big, int), int number) {
    MEASURE(big = callback(big, number));
}
