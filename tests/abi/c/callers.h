// What the generated callers include.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct Opaque;
typedef int32_t (*Callee)(int32_t);
