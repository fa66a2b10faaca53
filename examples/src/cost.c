#include "cost.h"

uint64_t calls_repeat(calls_function function, uint64_t count) {
    uint64_t value = 0;
    for (uint64_t i = 0; i < count; i++)
        value = function(value);
    return value;
}
