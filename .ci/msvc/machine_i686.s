# What Microsoft's compilers and clang call or name on i686 and no DLL has.

# Makes a frame of eax bytes: touches one page after the other, from high to low, and returns with
# esp below them. Keeps ecx.
    .text
    .globl __chkstk, __alloca_probe
    .p2align 4
__chkstk:
__alloca_probe:
    pushl %ecx
    leal 8(%esp), %ecx          # esp of the caller
1:  cmpl $4096, %eax
    jb 2f
    subl $4096, %ecx
    orl $0, (%ecx)
    subl $4096, %eax
    jmp 1b
2:  subl %eax, %ecx
    orl $0, (%ecx)
    movl %esp, %eax             # ecx and the return address are there
    movl %ecx, %esp
    movl (%eax), %ecx
    pushl 4(%eax)
    retl

# Offsets in the thread environment block, which code names to reach thread-local variables and the
# chain of handlers.
    .globl __tls_array, __except_list
    .set __tls_array, 0x2c
    .set __except_list, 0
# This object keeps the rules of safe exception handlers: it has none.
    .globl @feat.00
    .set @feat.00, 1

# The virtual table of std::type_info: objects of that type name it, nobody here looks into it.
    .section .rdata, "dr"
    .globl "??_7type_info@@6B@"
    .p2align 3
"??_7type_info@@6B@":
    .zero 24
