# What Microsoft's compilers and clang call or name on x86_64 and no DLL has.

# Touches the pages of a frame of rax bytes that is about to be made, from the limit of the stack
# down: the system commits a stack page by page. Keeps all registers but the flags.
    .text
    .globl __chkstk
    .p2align 4
__chkstk:
    pushq %r10
    pushq %r11
    leaq 24(%rsp), %r10         # SP of the caller
    subq %rax, %r10
    jae 1f
    xorl %r10d, %r10d           # larger than all memory: let it fault
1:  movq %gs:0x10, %r11         # StackLimit: above it all is committed
    andq $-4096, %r10
2:  cmpq %r10, %r11
    jbe 3f
    subq $4096, %r11
    movb $0, (%r11)
    jmp 2b
3:  popq %r11
    popq %r10
    retq

# What mingw's headers make of setjmp: the frame is the second argument. The DLL has it under
# another name.
    .globl _setjmp, _setjmpex
_setjmp:
_setjmpex:
    jmpq *__imp___intrinsic_setjmpex(%rip)

# The virtual table of std::type_info: objects of that type name it, nobody here looks into it.
    .section .rdata, "dr"
    .globl "??_7type_info@@6B@"
    .p2align 3
"??_7type_info@@6B@":
    .zero 24

# Calls the function at rax, if control flow guard allows it: see common.c. Keeps all registers.
    .text
    .globl guard_dispatch
    .p2align 4
guard_dispatch:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    subq $128, %rsp             # aligned to 16, and 32 bytes for the callee
    movups %xmm0, 32(%rsp)
    movups %xmm1, 48(%rsp)
    movups %xmm2, 64(%rsp)
    movups %xmm3, 80(%rsp)
    movups %xmm4, 96(%rsp)
    movups %xmm5, 112(%rsp)
    movq %rax, %rcx
    callq guard_check
    movups 32(%rsp), %xmm0
    movups 48(%rsp), %xmm1
    movups 64(%rsp), %xmm2
    movups 80(%rsp), %xmm3
    movups 96(%rsp), %xmm4
    movups 112(%rsp), %xmm5
    addq $128, %rsp
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdx
    popq %rcx
    popq %rax
    jmpq *%rax
