/* A dbghelp.dll that passes everything on to Wine's, which is there as dbghelp_wine.dll (.ci/toolchains.sh writes the list). Wine 8 finds no
 * names for frames without inlined functions: std asks for those with the context 0, which Windows takes for "whatever is there". */
#include <windows.h>

enum { WHATEVER_IS_THERE = 0xffffffff }; /* INLINE_FRAME_CONTEXT_IGNORE */

static FARPROC of_wine(const char *name) {
    static HMODULE library;
    if (library == NULL)
        library = LoadLibraryA("dbghelp_wine.dll");
    return GetProcAddress(library, name);
}

__declspec(dllexport) BOOL WINAPI SymFromInlineContextW(HANDLE process, DWORD64 address, ULONG context, DWORD64 *offset, void *symbol) {
    typedef BOOL(WINAPI *function)(HANDLE, DWORD64, ULONG, DWORD64 *, void *);
    function f = (function)(void *)of_wine("SymFromInlineContextW");
    return f(process, address, context ? context : WHATEVER_IS_THERE, offset, symbol);
}

__declspec(dllexport) BOOL WINAPI SymGetLineFromInlineContextW(HANDLE process, DWORD64 address, ULONG context, DWORD64 base,
                                                               DWORD *offset, void *line) {
    typedef BOOL(WINAPI *function)(HANDLE, DWORD64, ULONG, DWORD64, DWORD *, void *);
    function f = (function)(void *)of_wine("SymGetLineFromInlineContextW");
    return f(process, address, context ? context : WHATEVER_IS_THERE, base, offset, line);
}
