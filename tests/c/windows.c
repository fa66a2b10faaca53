/* What stacks.c, coroutine.c and ending.c are on POSIX systems, by the means of Windows; and
 * callers that only Windows has. */
#include "callers.h"
#include <errno.h>
#include <fenv.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <windows.h>

/* The lowest address that the thread in use may touch, with room for an overflow's handler. */
static uintptr_t lowest(void) {
    ULONG_PTR low, high;
    ULONG guarantee = 0;
    GetCurrentThreadStackLimits(&low, &high);
    SetThreadStackGuarantee(&guarantee);
    return low + (sizeof(void *) == 8 ? 3 : 2) * 4096 + ((guarantee + 4095) & ~4095u);
}

struct start {
    size_t stack_bytes;
    callback f;
    void *arg;
    int result;
};

/* Windows rounds sizes up (zero is what the executable says), Wine to 1 MiB: what is too much is
 * used up by a frame before the call. */
static __attribute__((noinline)) int run_with(struct start *start) {
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), low = lowest();
    if (start->stack_bytes != 0 && here > low + start->stack_bytes) {
        volatile char *frame = alloca(here - low - start->stack_bytes);
        frame[0] = 1;
    }
    volatile int result = start->f(start->arg);
    return result;
}

static DWORD WINAPI run(void *arg) {
    struct start *start = arg;
    start->result = run_with(start);
    return 0;
}

/* Stacks are made above the one in use, with free addresses below, as Windows does in 64-bit
   processes, and Wine does not: what is free below is taken meanwhile. Not on aarch64, where
   Wine puts stacks high and notes a byte for each page below: 4 GB. */
enum { MOST_TAKEN = 256 };

static int take_below(void **taken) {
    MEMORY_BASIC_INFORMATION region;
    uintptr_t here = (uintptr_t)&region, at = 65536;
    int count = 0;
#ifdef __aarch64__
    at = here;
#endif
    while (count < MOST_TAKEN && at < here && VirtualQuery((void *)at, &region, sizeof region)) {
        uintptr_t end = (uintptr_t)region.BaseAddress + region.RegionSize;
        if (region.State == MEM_FREE && at < end)
            taken[count++] = VirtualAlloc((void *)at, end - at, MEM_RESERVE, PAGE_NOACCESS);
        at = (end + 65535) & ~(uintptr_t)65535;
    }
    return count;
}

static void leave_below(void **taken, int count) {
    while (count > 0)
        if (taken[--count] != NULL)
            VirtualFree(taken[count], 0, MEM_RELEASE);
}

static HANDLE start_thread(struct start *start) {
    size_t bytes = start->stack_bytes == 0 ? 0 : start->stack_bytes + 65536;
    void *taken[MOST_TAKEN];
    int count = take_below(taken);
    /* It begins when the addresses are free again. */
    HANDLE thread = CreateThread(NULL, bytes, run, start,
                                 STACK_SIZE_PARAM_IS_A_RESERVATION | CREATE_SUSPENDED, NULL);
    leave_below(taken, count);
    if (thread != NULL)
        ResumeThread(thread);
    return thread;
}

/* -3000: no thread could be made; -3001: the thread ended by ExitThread(1). */
int c_call_on_thread(size_t stack_bytes, callback f, void *arg) {
    struct start start = {stack_bytes, f, arg, -3002};
    DWORD ended = 0;
    HANDLE thread = start_thread(&start);
    if (thread == NULL)
        return -3000;
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &ended);
    CloseHandle(thread);
    return ended == 1 ? -3001 : start.result;
}

/* `count` threads at the same time. Returns how many results were not `expected`. */
int c_call_on_threads(int count, size_t stack_bytes, callback f, void *arg, int expected) {
    struct start start[64];
    HANDLE thread[64];
    int wrong = 0, made = 0;
    for (; made < count && made < 64; made++) {
        start[made] = (struct start){stack_bytes, f, arg, -3002};
        if ((thread[made] = start_thread(&start[made])) == NULL)
            break;
    }
    for (int i = 0; i < made; i++) {
        WaitForSingleObject(thread[i], INFINITE);
        CloseHandle(thread[i]);
        wrong += start[i].result != expected;
    }
    return wrong + (count - made);
}

/* Nobody chooses where a thread's stack lies. */
int c_call_on_thread_at(size_t address, size_t stack_bytes, callback f, void *arg) {
    (void)address, (void)stack_bytes, (void)f, (void)arg;
    return -3003;
}

void c_exit_thread(void) { ExitThread(1); }

/* Sets an unusual state, calls, and compares. Returns the bits of what differs: 1 errno, 2
 * rounding, 8 FP exceptions, 16 last error. */
int c_state_differs(void) {
    int differs = GetLastError() != 99 ? 16 : 0;
    if (errno != 77)
        differs |= 1;
    if (fegetround() != FE_UPWARD)
        differs |= 2;
    if (fetestexcept(FE_ALL_EXCEPT) != FE_INEXACT)
        differs |= 8;
    SetLastError(99);
    return differs;
}

int c_call_comparing_state(callback f, void *arg) {
    fesetround(FE_UPWARD);
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_INEXACT);
    errno = 77;
    SetLastError(99);
    f(arg);
    int differs = c_state_differs();
    fesetround(FE_TONEAREST);
    return differs;
}

/* Coroutines are fibers, whose stacks the system makes: `bytes` of a fiber's own stack are left to
 * `f`. */
struct coroutine {
    void *self, *resumer;
    struct start start;
    int done;
};

static void CALLBACK coroutine_start(void *arg) {
    struct coroutine *c = arg;
    c->start.result = run_with(&c->start);
    c->done = 1;
    SwitchToFiber(c->resumer);
}

struct coroutine *c_coroutine_new(void *stack, size_t bytes, callback f, void *arg) {
    (void)stack;
    struct coroutine *c = calloc(1, sizeof *c);
    c->start = (struct start){bytes, f, arg, -3002};
    void *taken[MOST_TAKEN];
    int count = take_below(taken);
    c->self = CreateFiberEx(65536, bytes + 65536, FIBER_FLAG_FLOAT_SWITCH, coroutine_start, c);
    leave_below(taken, count);
    return c;
}

int c_coroutine_resume(struct coroutine *c) {
    if (c->done)
        return 1;
    c->resumer = IsThreadAFiber() ? GetCurrentFiber()
                                  : ConvertThreadToFiberEx(NULL, FIBER_FLAG_FLOAT_SWITCH);
    SwitchToFiber(c->self);
    return c->done;
}

void c_coroutine_suspend(struct coroutine *c) { SwitchToFiber(c->resumer); }

int c_coroutine_result(struct coroutine *c) { return c->start.result; }

void c_coroutine_free(struct coroutine *c) {
    DeleteFiber(c->self);
    free(c);
}

static callback exit_callback;
static void at_exit(void) { exit_callback(NULL); }

void c_call_at_exit(callback f) {
    exit_callback = f;
    atexit(at_exit);
}

/* A thread that does nothing, and calls back when its fiber-local storage is destroyed. */
static void CALLBACK at_thread_end(void *arg) {
    struct start *start = arg;
    start->result = start->f(start->arg);
}

static DWORD end_slot = FLS_OUT_OF_INDEXES;

static DWORD WINAPI end_at_once(void *arg) {
    FlsSetValue(end_slot, arg);
    return 0;
}

int c_call_at_fls_end(callback f, void *arg) {
    struct start start = {0, f, arg, -3002};
    if (end_slot == FLS_OUT_OF_INDEXES)
        end_slot = FlsAlloc(at_thread_end);
    HANDLE thread =
        CreateThread(NULL, 65536, end_at_once, &start, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (thread == NULL)
        return -3000;
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    return start.result;
}

/* A callback of the system's thread pool. */
static void CALLBACK work(PTP_CALLBACK_INSTANCE instance, void *arg, PTP_WORK self) {
    (void)instance;
    (void)self;
    struct start *start = arg;
    start->result = start->f(start->arg);
}

int c_call_in_pool(callback f, void *arg) {
    struct start start = {0, f, arg, -3002};
    PTP_WORK self = CreateThreadpoolWork(work, &start, NULL);
    if (self == NULL)
        return -3000;
    SubmitThreadpoolWork(self);
    WaitForThreadpoolWorkCallbacks(self, FALSE);
    CloseThreadpoolWork(self);
    return start.result;
}

/* A C frame that the compiler probes page by page. */
__attribute__((noinline)) int c_use_frame(size_t bytes) {
    volatile unsigned char *frame = alloca(bytes);
    int wrong = 0;
    frame[0] = 1;
    frame[bytes - 1] = 2;
    wrong += frame[0] != 1 || frame[bytes - 1] != 2;
    return wrong;
}

/* The same from high to low, as Microsoft's __chkstk does it: not at all above StackLimit, and page
 * by page below. */
__attribute__((noinline)) int c_use_frame_by_limit(size_t bytes) {
    NT_TIB *tib = (NT_TIB *)NtCurrentTeb();
    uintptr_t target = (uintptr_t)__builtin_frame_address(0) - bytes;
    uintptr_t page = (uintptr_t)tib->StackLimit & ~(uintptr_t)4095;
    while (page > target) {
        page -= 4096;
        *(volatile char *)page = 0;
    }
    *(volatile char *)target = 3;
    return *(volatile char *)target != 3;
}

/* What the TEB says of the stack: words that must be the same before and after a callback. */
void c_stack_fields(size_t fields[4]) {
    char *teb = (char *)NtCurrentTeb();
    NT_TIB *tib = (NT_TIB *)teb;
    fields[0] = (size_t)tib->StackBase;
    fields[1] = (size_t)tib->StackLimit;
    fields[2] = *(size_t *)(teb + (sizeof(void *) == 8 ? 0x1478 : 0xE0C));
    fields[3] = *(ULONG *)(teb + (sizeof(void *) == 8 ? 0x1748 : 0xF78));
}

/* An exception of our own, handled by a vectored handler, raised and survived where the caller

 * is. */
static volatile LONG handled;

static LONG CALLBACK survive(EXCEPTION_POINTERS *pointers) {
    if (pointers->ExceptionRecord->ExceptionCode != 0xE0001234)
        return EXCEPTION_CONTINUE_SEARCH;
    InterlockedIncrement(&handled);
    return EXCEPTION_CONTINUE_EXECUTION;
}

int c_raise_and_survive(void) {
    LONG before = handled;
    void *handler = AddVectoredExceptionHandler(1, survive);
    RaiseException(0xE0001234, 0, 0, NULL);
    RemoveVectoredExceptionHandler(handler);
    return handled == before + 1 ? 0 : 1;
}

/* Calls conventions that only i686 tells apart. */
typedef int(__stdcall *stdcall_callback)(int, int);
typedef int(__fastcall *fastcall_callback)(int, int, int);
typedef int(__thiscall *thiscall_callback)(void *, int);

int c_call_stdcall(stdcall_callback f) { return f(1, 20); }
int c_call_fastcall(fastcall_callback f) { return f(1, 20, 300); }
int c_call_thiscall(thiscall_callback f) {
    int object = 4;
    return f(&object, 50);
}

/* A longjmp that unwinds by RtlUnwindEx on 64-bit systems; that of jump.c only loads registers. */
static __thread jmp_buf unwinding_target;

void c_jump_unwinding(void) { longjmp(unwinding_target, 1); }

__attribute__((noinline)) int c_call_jumped_unwinding(callback f, void *arg) {
    if (setjmp(unwinding_target) != 0)
        return 1;
    volatile int result = f(arg);
    (void)result;
    return 0;
}

/* A call in a frame with a structured handler: -5000 when it has handled an access violation or an
 * exception of our own. */
static int is_handled(DWORD code) {
    return code == EXCEPTION_ACCESS_VIOLATION || code == 0xE0005678;
}

#ifndef __i386__
long c_filter(EXCEPTION_POINTERS *pointers, void *frame) {
    (void)frame;
    return is_handled(pointers->ExceptionRecord->ExceptionCode) ? EXCEPTION_EXECUTE_HANDLER
                                                                : EXCEPTION_CONTINUE_SEARCH;
}

/* What __try makes where a compiler has it. */
#ifdef __x86_64__
__asm__(".text\n"
        ".globl c_call_handling\n"
        ".seh_proc c_call_handling\n"
        "c_call_handling:\n"
        ".seh_handler __C_specific_handler, @except\n"
        "sub $40, %rsp\n"
        ".seh_stackalloc 40\n"
        ".seh_endprologue\n"
        "mov %rcx, %rax\n"
        "mov %rdx, %rcx\n"
        "c_call_handling_try:\n"
        "call *%rax\n"
        "nop\n"
        "c_call_handling_end:\n"
        "add $40, %rsp\n"
        "ret\n"
        "c_call_handling_except:\n"
        "mov $-5000, %eax\n"
        "jmp c_call_handling_end\n"
        ".seh_handlerdata\n"
        ".long 1\n"
        ".rva c_call_handling_try, c_call_handling_end, c_filter, c_call_handling_except\n"
        ".text\n"
        ".seh_endproc\n");
#else
__asm__(".text\n"
        ".p2align 2\n"
        ".globl c_call_handling\n"
        ".seh_proc c_call_handling\n"
        "c_call_handling:\n"
        ".seh_handler __C_specific_handler, @except\n"
        "stp x29, x30, [sp, #-16]!\n"
        ".seh_save_fplr_x 16\n"
        "mov x29, sp\n"
        ".seh_set_fp\n"
        ".seh_endprologue\n"
        "mov x8, x0\n"
        "mov x0, x1\n"
        "c_call_handling_try:\n"
        "blr x8\n"
        "nop\n"
        "c_call_handling_end:\n"
        ".seh_startepilogue\n"
        "ldp x29, x30, [sp], #16\n"
        ".seh_save_fplr_x 16\n"
        ".seh_endepilogue\n"
        "ret\n"
        "c_call_handling_except:\n"
        "mov w0, #-5000\n"
        "b c_call_handling_end\n"
        ".seh_handlerdata\n"
        ".long 1\n"
        ".rva c_call_handling_try, c_call_handling_end, c_filter, c_call_handling_except\n"
        ".text\n"
        ".seh_endproc\n");
#endif
#else
struct handling {
    EXCEPTION_REGISTRATION_RECORD record;
    void *here[5];
};

static EXCEPTION_DISPOSITION NTAPI handle(EXCEPTION_RECORD *exception, void *frame,
                                          CONTEXT *context, void *dispatch) {
    struct handling *handling = frame;
    (void)context;
    (void)dispatch;
    if ((exception->ExceptionFlags & 6) != 0 || !is_handled(exception->ExceptionCode))
        return ExceptionContinueSearch;
    RtlUnwind(frame, NULL, exception, NULL);
    __builtin_longjmp(handling->here, 1);
}

__attribute__((noinline)) int c_call_handling(callback f, void *arg) {
    NT_TIB *tib = (NT_TIB *)NtCurrentTeb();
    struct handling handling;
    volatile int result = -5000;
    handling.record.Next = tib->ExceptionList;
    handling.record.Handler = (PEXCEPTION_ROUTINE)handle;
    if (__builtin_setjmp(handling.here) == 0) {
        *(void *volatile *)&tib->ExceptionList = &handling;
        result = f(arg);
    }
    *(void *volatile *)&tib->ExceptionList = handling.record.Next;
    return result;
}
#endif

#ifdef __x86_64__
/* A callback with a trap after each of its instructions: a handler calls back there, and unwinds
 * what it has interrupted up to here. */
static struct {
    callback handler;
    int is_on, wrong;
    long traps;
} stepping;

/* Whether a frame of the function that begins at `function` is found. */
static int is_in(CONTEXT context, uintptr_t function) {
    for (int depth = 0; depth < 100 && context.Rip != 0; depth++) {
        DWORD64 image, frame;
        void *data;
        RUNTIME_FUNCTION *entry = RtlLookupFunctionEntry(context.Rip, &image, NULL);
        if (entry == NULL) {
            context.Rip = *(DWORD64 *)context.Rsp;
            context.Rsp += 8;
        } else if (image + entry->BeginAddress == function) {
            return 1;
        } else {
            RtlVirtualUnwind(UNW_FLAG_NHANDLER, image, context.Rip, entry, &context, &data, &frame,
                             NULL);
        }
    }
    return 0;
}

int c_call_with_traps(callback f, void *arg);

static LONG CALLBACK after_instruction(EXCEPTION_POINTERS *pointers) {
    if (pointers->ExceptionRecord->ExceptionCode != EXCEPTION_SINGLE_STEP)
        return EXCEPTION_CONTINUE_SEARCH;
    CONTEXT *context = pointers->ContextRecord;
    context->EFlags &= ~0x100u;
    if (stepping.is_on) {
        stepping.traps++;
        stepping.wrong += stepping.handler(NULL) != 0;
        stepping.wrong += !is_in(*context, (uintptr_t)c_call_with_traps);
        context->EFlags |= 0x100;
    }
    return EXCEPTION_CONTINUE_EXECUTION;
}

__attribute__((noinline)) int c_call_with_traps(callback f, void *arg) {
    stepping.is_on = 1;
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
    volatile int result = f(arg);
    stepping.is_on = 0;
    return result;
}

/* What was wrong; `traps` becomes the number of instructions. */
int c_call_interrupted(callback f, void *arg, callback handler, long *traps) {
    stepping.handler = handler;
    stepping.wrong = 0, stepping.traps = 0;
    void *vectored = AddVectoredExceptionHandler(1, after_instruction);
    int result = c_call_with_traps(f, arg);
    RemoveVectoredExceptionHandler(vectored);
    *traps = stepping.traps;
    return result + stepping.wrong;
}
#endif

void c_raise(void) { RaiseException(0xE0005678, EXCEPTION_NONCONTINUABLE, 0, NULL); }
