/* A dbghelp.dll that passes everything on to Wine's, which is there as dbghelp_wine.dll
 * (.ci/toolchains.sh writes the list). Wine 8 finds no names for frames without inlined functions:
 * std asks for those with the context 0, which Windows takes for "whatever is there". And on i686
 * it stays on one frame for ever where the linker has described frames in the PDB, also in programs
 * that are none of ours. */
#include <windows.h>
#include <dbghelp.h>

enum { WHATEVER_IS_THERE = 0xffffffff }; /* INLINE_FRAME_CONTEXT_IGNORE */

static FARPROC of_wine(const char *name) {
    static HMODULE library;
    if (library == NULL)
        library = LoadLibraryA("dbghelp_wine.dll");
    return GetProcAddress(library, name);
}

__declspec(dllexport) BOOL WINAPI SymFromInlineContextW(HANDLE process, DWORD64 address,
                                                        ULONG context, DWORD64 *offset,
                                                        void *symbol) {
    typedef BOOL(WINAPI *function)(HANDLE, DWORD64, ULONG, DWORD64 *, void *);
    function f = (function)(void *)of_wine("SymFromInlineContextW");
    return f(process, address, context ? context : WHATEVER_IS_THERE, offset, symbol);
}

__declspec(dllexport) BOOL WINAPI SymGetLineFromInlineContextW(HANDLE process, DWORD64 address,
                                                               ULONG context, DWORD64 base,
                                                               DWORD *offset, void *line) {
    typedef BOOL(WINAPI *function)(HANDLE, DWORD64, ULONG, DWORD64, DWORD *, void *);
    function f = (function)(void *)of_wine("SymGetLineFromInlineContextW");
    return f(process, address, context ? context : WHATEVER_IS_THERE, base, offset, line);
}

#ifdef __i386__
/* Along the frame pointers, which all code here has: Rust's is not optimised, and C is compiled
 * with them. */
__declspec(dllexport) BOOL WINAPI StackWalkEx(DWORD machine, HANDLE process, HANDLE thread,
                                              STACKFRAME_EX *frame, void *context,
                                              PREAD_PROCESS_MEMORY_ROUTINE64 read,
                                              PFUNCTION_TABLE_ACCESS_ROUTINE64 table,
                                              PGET_MODULE_BASE_ROUTINE64 base,
                                              PTRANSLATE_ADDRESS_ROUTINE64 translate, DWORD flags) {
    enum { BEGUN = 1 };
    const DWORD *record = (const DWORD *)(DWORD_PTR)frame->AddrFrame.Offset;
    (void)machine, (void)process, (void)thread, (void)context, (void)read, (void)table, (void)base,
        (void)translate, (void)flags;
    frame->InlineFrameContext = 0;
    if (frame->Reserved[0] != BEGUN) {
        frame->Reserved[0] = BEGUN;
        return TRUE;
    }
    /* The caller's frame pointer, and where it goes on. */
    if (record == NULL || IsBadReadPtr(record, 2 * sizeof *record) || record[1] == 0)
        return FALSE;
    frame->AddrPC.Offset = record[1];
    frame->AddrStack.Offset = (DWORD_PTR)(record + 2);
    frame->AddrFrame.Offset = record[0];
    return TRUE;
}
#endif
