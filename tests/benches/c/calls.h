/* Shared by the C files of the benchmark. */
#ifndef BENCHES_CALLS_H
#define BENCHES_CALLS_H

#include <stdint.h>

typedef uint64_t (*on_value)(void *user, uint64_t value);

uint64_t bench_value(void *function, uint64_t count);

#endif
