/* The functions of context.h, for C libraries that do not have them. Signal masks are not
 * exchanged. */
#include "context.h"

#ifndef __GLIBC__
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* Stores what the ABI makes a callee's to keep on this stack and SP to `from`, and takes it from
 * where SP was `to`. */
void exchange(void **from, void *to) __asm__("exchange");

#ifdef __ELF__
#define BEGIN ".text\n.type exchange, %function\nexchange:\n"
#else
#define BEGIN ".text\nexchange:\n"
#endif

#if defined(__x86_64__)
/* Words kept; which of them is the return address; words more, so that SP at the start is as after
 * a call. */
enum { KEPT = 6, RETURN = 6, ODD = 1 };
__asm__(BEGIN
        "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "mov %rsp, (%rdi)\nmov %rsi, %rsp\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\nret\n");
#elif defined(__i386__)
enum { KEPT = 4, RETURN = 4, ODD = 1 };
__asm__(BEGIN
        "push %ebp\npush %ebx\npush %esi\npush %edi\n"
        "mov 20(%esp), %eax\nmov 24(%esp), %ecx\nmov %esp, (%eax)\nmov %ecx, %esp\n"
        "pop %edi\npop %esi\npop %ebx\npop %ebp\nret\n");
#elif defined(__aarch64__)
enum { KEPT = 19, RETURN = 11, ODD = 0 };
__asm__(BEGIN
        "stp x19, x20, [sp, #-160]!\nstp x21, x22, [sp, #16]\n"
        "stp x23, x24, [sp, #32]\nstp x25, x26, [sp, #48]\n"
        "stp x27, x28, [sp, #64]\nstp x29, x30, [sp, #80]\n"
        "stp d8, d9, [sp, #96]\nstp d10, d11, [sp, #112]\n"
        "stp d12, d13, [sp, #128]\nstp d14, d15, [sp, #144]\n"
        "mov x9, sp\nstr x9, [x0]\nmov sp, x1\n"
        "ldp d14, d15, [sp, #144]\nldp d12, d13, [sp, #128]\n"
        "ldp d10, d11, [sp, #112]\nldp d8, d9, [sp, #96]\n"
        "ldp x29, x30, [sp, #80]\nldp x27, x28, [sp, #64]\n"
        "ldp x25, x26, [sp, #48]\nldp x23, x24, [sp, #32]\n"
        "ldp x21, x22, [sp, #16]\nldp x19, x20, [sp], #160\nret\n");
#elif defined(__arm__)
enum { KEPT = 24, RETURN = 24, ODD = 0 };
__asm__(".text\n.arm\n" BEGIN
        "push {r4-r11, lr}\nvpush {d8-d15}\nstr sp, [r0]\n"
        "mov sp, r1\nvpop {d8-d15}\npop {r4-r11, pc}\n");
#else
#error "no exchange for this architecture"
#endif

/* What lies above the first frame of a context. */
struct start {
    void (*function)(int, int);
    int arguments[2];
    ucontext_t *link;
};

static struct start *start_of(const ucontext_t *context) {
    uintptr_t top =
        ((uintptr_t)context->uc_stack.ss_sp + context->uc_stack.ss_size) & ~(uintptr_t)63;
    return (struct start *)(top - 64);
}

/* Read by the context that `swapcontext` enters for the first time. */
static __thread ucontext_t *starting;

static void begin(void) {
    ucontext_t *self = starting;
    struct start *start = start_of(self);
    start->function(start->arguments[0], start->arguments[1]);
    setcontext(start->link);
}

int getcontext(ucontext_t *context) {
    memset(context, 0, sizeof *context);
    return 0;
}

void makecontext(ucontext_t *context, void (*function)(void), int count, ...) {
    struct start *start = start_of(context);
    va_list arguments;
    start->function = (void (*)(int, int))function;
    start->link = context->uc_link;
    va_start(arguments, count);
    for (int i = 0; i < 2 && i < count; i++)
        start->arguments[i] = va_arg(arguments, int);
    va_end(arguments);
    /* The words that `exchange` takes from the stack. */
    void **sp = (void **)start - (KEPT + 1 + ODD);
    memset(sp, 0, (KEPT + 1 + ODD) * sizeof *sp);
    sp[RETURN] = (void *)begin;
    context->sp = sp;
}

/* Neither is inlined: their callers may be on another thread when they return, and the compiler
 * knows only one `starting`. */
__attribute__((noinline)) int swapcontext(ucontext_t *from, const ucontext_t *to) {
    starting = (ucontext_t *)to;
    exchange(&from->sp, starting->sp);
    return 0;
}
__attribute__((noinline)) int setcontext(const ucontext_t *to) {
    void *left;
    starting = (ucontext_t *)to;
    exchange(&left, starting->sp);
    return -1;
}
#else
typedef int not_needed;
#endif
