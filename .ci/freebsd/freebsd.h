/* FreeBSD's C library as Linux has it, for programs of the same architecture: what its parts know
 * of each other.
 *
 * A program compiled for FreeBSD is linked by the linker of Linux (.ci/freebsd/libraries). What has
 * other numbers, structures or meanings in FreeBSD's libc and libthr is answered by a function
 * here; the rest is that of glibc. So this proves machine code, thread-local variables, unwinding,
 * layouts and arithmetic; it does not prove what FreeBSD's kernel and libraries do. */
#ifndef FREEBSD_H
#define FREEBSD_H
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* A function that the program calls by this name. The linker is told to take this one
   (`--wrap=NAME`); glibc and the functions here go on calling glibc's. */
#define WRAP(name) __wrap_##name

/* file.c: numbers of errors. errno itself holds FreeBSD's after a call of a function of ours. */
int bsd_errno(int error);
/* -1 with FreeBSD's number in errno, or the result. */
long fail(long result);
/* -1 with FreeBSD's number of this error of Linux. */
int fail_with(int error);
int open_flags(int bsd_flags);

/* signal.c: numbers of signals, zero where there is none. */
struct bsd_mask {
    uint32_t bits[4];
};
int bsd_signal(int signal);
int linux_signal(int signal);
void linux_mask(const struct bsd_mask *from, void *sigset);
void bsd_mask(const void *sigset, struct bsd_mask *to);

#endif
