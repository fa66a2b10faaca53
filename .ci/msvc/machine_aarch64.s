// What Microsoft's compilers and clang call or name on aarch64 and no DLL has.

// Touches the pages of a frame of x15 * 16 bytes that is about to be made, from the limit of the
// stack down: the system commits a stack page by page. Keeps all registers but x16 and x17.
    .text
    .globl __chkstk
    .p2align 2
__chkstk:
    subs x16, sp, x15, uxtx #4
    csel x16, x16, xzr, hs      // larger than all memory: let it fault
    and x16, x16, #-4096
    ldr x17, [x18, #0x10]       // StackLimit: above it all is committed
1:  cmp x17, x16
    b.ls 2f
    sub x17, x17, #4096
    strb wzr, [x17]
    b 1b
2:  ret

// The virtual table of std::type_info: objects of that type name it, nobody here looks into it.
    .section .rdata, "dr"
    .globl "??_7type_info@@6B@"
    .p2align 3
"??_7type_info@@6B@":
    .zero 24

// What mingw's headers make of setjmp: the frame is the second argument. The DLL has it under
// another name.
    .text
    .globl _setjmpex
    .p2align 2
_setjmpex:
    adrp x16, __imp___intrinsic_setjmpex
    ldr x16, [x16, :lo12:__imp___intrinsic_setjmpex]
    br x16
