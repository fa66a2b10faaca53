/* A loader of macOS programs, for Linux on the same architecture: what its parts know of each
 * other.
 *
 * A program is mapped, bound and run in the loader's own process (loader.c). What it imports from
 * Apple's system library is answered by a function of ours where numbers, structures or calling
 * conventions differ, and by the C library of Linux where they do not. So this proves machine code,
 * thread-local variables, unwinding, layouts and arithmetic; it does not prove what Apple's kernel
 * and libraries
 * do. */
#ifndef LOADER_H
#define LOADER_H
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* An import and what answers it. Names have no underscore in front, as in C. A table ends with an
 * empty line. */
struct import {
    const char *name;
    void *address;
};
#define IMPORT(name, address) {name, (void *)(address)}

extern const struct import dyld_imports[], file_imports[], memory_imports[], process_imports[],
    signal_imports[], thread_imports[];

/* The address of what a program or dlsym asks for by that name; NULL where nothing has it. */
void *find_import(const char *name);

/* loader.c: the program. */
struct image {
    const uint8_t
        *header; /* where the file's first segment was mapped, which has the Mach-O header */
    uintptr_t end;
    intptr_t slide; /* what is added to addresses in the file */
    const char *path;
    int argc;
    char **argv;
};
extern struct image image;
int is_in_image(const void *address);

struct section {
    char name[16], segment[16];
    uint64_t address, size;
    uint32_t offset, align, relocations, relocation_count, flags, reserved[3];
};
const struct section *find_section(const char *segment, const char *name);
/* Calls `visit` for each until it returns something else than zero. */
int each_section(int (*visit)(const struct section *, void *), void *argument);

/* The nearest symbol at or below the address, and where it is; NULL where none is. */
const char *nearest_symbol(const void *address, void **start);
/* A symbol that the program defines. */
void *find_symbol(const char *name);

/* tlv.c: thread-local variables. */
void prepare_thread_locals(void);

/* memory.c: the size of a page of macOS, which is larger than ours on arm64. */
size_t page_bytes(void);

/* file.c: numbers of errors. errno itself holds Apple's after a call of a function of ours. */
int apple_errno(int error);
/* -1 with Apple's number in errno, or the result. */
long fail_as_apple(long result);

/* signal.c: numbers of signals, zero where there is none. */
int apple_signal(int signal);
int linux_signal(int signal);
void linux_mask(uint32_t apple, void *sigset);
uint32_t apple_mask(const void *sigset);

/* Apple's arm64 passes variable arguments on the stack only. Declares `name`, which calls
   `function` with the first of them, an integer, as the argument after `fixed` others. */
#ifdef __aarch64__
#define VARIADIC(name, fixed, function) \
    __asm__(".globl " #name "\n" #name ":\n ldr x" #fixed ", [sp]\n b " #function "\n"); \
    extern void name(void)
#else
#define VARIADIC(name, fixed, function)                                                            \
    extern __typeof__(function) name __attribute__((alias(#function)))
#endif

#endif
