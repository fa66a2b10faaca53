/* calls: a C program's inner loop, to measure what one callback costs. */
#ifndef CALLS_H
#define CALLS_H

#include <stdint.h>

typedef uint64_t (*calls_function)(uint64_t value);

/* Calls `function` `count` times, each time with what the call before returned, and returns the
 * last value. */
uint64_t calls_repeat(calls_function function, uint64_t count);

#endif
