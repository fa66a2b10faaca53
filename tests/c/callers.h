/* C code that calls back: the other side of every test. */
#ifndef CALLERS_H
#define CALLERS_H

#include <stddef.h>

typedef int (*callback)(void *);

#endif
