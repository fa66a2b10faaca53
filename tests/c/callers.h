/* C code that calls back: the other side of every test. */
#ifndef CALLERS_H
#define CALLERS_H

#include <stddef.h>
#ifdef _WIN32
#include <malloc.h>
#else
#include <alloca.h>
#endif

typedef int (*callback)(void *);

#endif
