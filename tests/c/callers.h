/* C code that calls back: the other side of every test. */
#ifndef CALLERS_H
#define CALLERS_H

#include <stddef.h>
#ifdef _WIN32
#include <malloc.h>
#elif defined __FreeBSD__
#include <stdlib.h>
#else
#include <alloca.h>
#endif

typedef int (*callback)(void *);

/* Makes the function that it stands in keep v20 to v31, which swapcontext loses on powerpc64
 * (glibc 2.36 in qemu 7.2, seen with plain C). */
#ifdef __powerpc64__
#define KEEP_VECTORS()                                                                             \
    __asm__ volatile("" ::                                                                         \
                         : "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",   \
                           "v30", "v31")
#else
#define KEEP_VECTORS() ((void)0)
#endif

#endif
