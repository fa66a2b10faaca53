/* The callers: a loop for each signature, which calls through a pointer as C libraries do. Each
   result goes into the next call or a sum, so that no call can be left out. */
#include "calls.h"
#include <setjmp.h>
#include <stdlib.h>

struct reading {
    uint64_t number;
    double value;
    uint64_t flags[3];
};

typedef uint64_t (*on_reading)(void *user, struct reading reading);
typedef uint64_t (*on_eight)(void *user, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
                             uint64_t g, uint64_t h);

uint64_t bench_value(void *function, uint64_t count) {
    on_value call = (on_value)function;
    uint64_t value = 1;
    for (uint64_t i = 0; i < count; i++)
        value = call(NULL, value);
    return value;
}

uint64_t bench_reading(void *function, uint64_t count) {
    on_reading call = (on_reading)function;
    struct reading reading = {1, 1.0, {0, 0, 0}};
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += call(NULL, reading);
    return sum;
}

uint64_t bench_eight(void *function, uint64_t count) {
    on_eight call = (on_eight)function;
    uint64_t value = 1;
    for (uint64_t i = 0; i < count; i++)
        value = call(NULL, value, i, 3, 4, 5, 6, 7);
    return value;
}

static jmp_buf before;

static void jump_back(void *user) {
    (void)user;
    longjmp(before, 1);
}

void bench_jump_over_body(void (*on_system_stack)(void (*)(void *), void *)) {
    if (!setjmp(before))
        on_system_stack(jump_back, NULL);
}

enum { NUMBERS = 1000000 };
static int numbers[NUMBERS];

/* Fills the array with the same numbers each time (xorshift, seed 2463534242). */
void prepare_sort(void) {
    uint32_t state = 2463534242u;
    for (int i = 0; i < NUMBERS; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        numbers[i] = (int)state;
    }
}

/* Sorts the first `count` numbers; 0 if they are in order then. */
uint64_t bench_sort(void *function, uint64_t count) {
    qsort(numbers, count, sizeof numbers[0], (int (*)(const void *, const void *))function);
    uint64_t wrong = 0;
    for (uint64_t i = 1; i < count; i++)
        wrong += numbers[i - 1] > numbers[i];
    return wrong;
}
