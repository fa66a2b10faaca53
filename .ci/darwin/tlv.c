/* Thread-local variables. Code reaches one through its descriptor, three words: a function that
 * returns the variable's address in the calling thread, and two words for it. The function keeps
 * all registers but that of its result, so it is in assembly, and calls C only when the thread has
 * no variables yet. */
#include "loader.h"

struct descriptor {
    void (*function)(void);
    uint64_t key, offset;
};

enum { TYPE = 0xff, S_TLV_REGULAR = 0x11, S_TLV_ZEROFILL = 0x12, S_TLV_VARIABLES = 0x13 };

/* The thread's variables, NULL before the first is asked for. */
__thread uint8_t *tlv_block __attribute__((tls_model("initial-exec")));

/* They lie among our own, so that they are there until the thread is gone, whatever its destructors
   do: a block that a destructor of a key frees is made again by the next one, and stays. */
enum { MOST_BYTES = 4096 };
static __thread uint8_t memory[MOST_BYTES] __attribute__((aligned(64), tls_model("initial-exec")));

static const uint8_t *first_values;
static size_t values_bytes;

void *tlv_allocate(const struct descriptor *descriptor) {
    memcpy(memory, first_values, values_bytes);
    tlv_block = memory;
    return memory + descriptor->offset;
}

extern void tlv_address(void);
#ifdef __x86_64__
/* On entry: rdi = the descriptor. */
__asm__(".globl tlv_address\n"
        "tlv_address:\n"
        " movq tlv_block@gottpoff(%rip), %rax\n"
        " movq %fs:(%rax), %rax\n"
        " testq %rax, %rax\n"
        " je 1f\n"
        " addq 16(%rdi), %rax\n"
        " retq\n"
        "1: pushq %rbp\n movq %rsp, %rbp\n"
        " pushq %rcx\n pushq %rdx\n pushq %rsi\n pushq %rdi\n"
        " pushq %r8\n pushq %r9\n pushq %r10\n pushq %r11\n"
        " subq $512, %rsp\n andq $-16, %rsp\n fxsave64 (%rsp)\n"
        " call tlv_allocate\n"
        " fxrstor64 (%rsp)\n leaq -64(%rbp), %rsp\n"
        " popq %r11\n popq %r10\n popq %r9\n popq %r8\n popq %rdi\n"
        " popq %rsi\n popq %rdx\n popq %rcx\n popq %rbp\n"
        " retq\n");
#else
/* On entry: x0 = the descriptor. x16 and x17 are free. */
__asm__(".globl tlv_address\n"
        "tlv_address:\n"
        " adrp x16, :gottprel:tlv_block\n ldr x16, [x16, #:gottprel_lo12:tlv_block]\n"
        " mrs x17, tpidr_el0\n ldr x16, [x17, x16]\n"
        " cbz x16, 1f\n"
        " ldr x17, [x0, #16]\n add x0, x16, x17\n ret\n"
        "1: stp x29, x30, [sp, #-16]!\n mov x29, sp\n sub sp, sp, #640\n"
        " stp x1, x2, [sp]\n stp x3, x4, [sp, #16]\n stp x5, x6, [sp, #32]\n"
        " stp x7, x8, [sp, #48]\n stp x9, x10, [sp, #64]\n"
        " stp x11, x12, [sp, #80]\n stp x13, x14, [sp, #96]\n stp x15, x18, [sp, #112]\n"
        " stp q0, q1, [sp, #128]\n stp q2, q3, [sp, #160]\n"
        " stp q4, q5, [sp, #192]\n stp q6, q7, [sp, #224]\n"
        " stp q16, q17, [sp, #256]\n stp q18, q19, [sp, #288]\n"
        " stp q20, q21, [sp, #320]\n stp q22, q23, [sp, #352]\n"
        " stp q24, q25, [sp, #384]\n stp q26, q27, [sp, #416]\n"
        " stp q28, q29, [sp, #448]\n stp q30, q31, [sp, #480]\n"
        " bl tlv_allocate\n"
        " ldp q0, q1, [sp, #128]\n ldp q2, q3, [sp, #160]\n"
        " ldp q4, q5, [sp, #192]\n ldp q6, q7, [sp, #224]\n"
        " ldp q16, q17, [sp, #256]\n ldp q18, q19, [sp, #288]\n"
        " ldp q20, q21, [sp, #320]\n ldp q22, q23, [sp, #352]\n"
        " ldp q24, q25, [sp, #384]\n ldp q26, q27, [sp, #416]\n"
        " ldp q28, q29, [sp, #448]\n ldp q30, q31, [sp, #480]\n"
        " ldp x1, x2, [sp]\n ldp x3, x4, [sp, #16]\n ldp x5, x6, [sp, #32]\n"
        " ldp x7, x8, [sp, #48]\n ldp x9, x10, [sp, #64]\n"
        " ldp x11, x12, [sp, #80]\n ldp x13, x14, [sp, #96]\n ldp x15, x18, [sp, #112]\n"
        " mov sp, x29\n ldp x29, x30, [sp], #16\n ret\n");
#endif

struct extent {
    uint64_t low, values_end, high;
};

static int look(const struct section *section, void *argument) {
    struct extent *extent = argument;
    uint32_t type = section->flags & TYPE;
    if (type == S_TLV_VARIABLES)
        for (uint64_t at = 0; at + sizeof(struct descriptor) <= section->size;
             at += sizeof(struct descriptor))
            ((struct descriptor *)(section->address + image.slide + at))->function = tlv_address;
    if (type != S_TLV_REGULAR && type != S_TLV_ZEROFILL)
        return 0;
    uint64_t end = section->address + section->size;
    if (extent->low == 0)
        extent->low = extent->values_end = section->address;
    if (type == S_TLV_REGULAR)
        extent->values_end = end;
    extent->high = end;
    return 0;
}

/* While the segments can be written. */
void prepare_thread_locals(void) {
    struct extent extent = {0, 0, 0};
    each_section(look, &extent);
    first_values = (const uint8_t *)extent.low + image.slide;
    values_bytes = extent.values_end - extent.low;
    if (extent.high - extent.low > MOST_BYTES) {
        fprintf(stderr, "loader: %llu bytes of thread-local variables are too many\n",
                (unsigned long long)(extent.high - extent.low));
        exit(127);
    }
}
