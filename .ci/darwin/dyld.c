/* What a program asks Apple's loader: which images there are, where their unwind tables and symbols
 * lie, what its arguments were. */
#include "loader.h"
#include <unistd.h>

static uint32_t image_count(void) { return 1; }
static const void *image_header(uint32_t number) { return number == 0 ? image.header : NULL; }
static intptr_t image_slide(uint32_t number) { return number == 0 ? image.slide : 0; }
static const char *image_name(uint32_t number) { return number == 0 ? image.path : NULL; }
static void never_called(void *function) {}

struct unwind_sections {
    const void *header, *dwarf;
    uintptr_t dwarf_bytes;
    const void *compact;
    uintptr_t compact_bytes;
};
static const void *find_bytes(const char *name, uintptr_t *bytes) {
    const struct section *section = find_section("__TEXT", name);
    *bytes = section ? section->size : 0;
    return section ? (const void *)(section->address + image.slide) : NULL;
}
static int find_unwind_sections(const void *address, struct unwind_sections *result) {
    if (!is_in_image(address))
        return 0;
    result->header = image.header;
    result->dwarf = find_bytes("__eh_frame", &result->dwarf_bytes);
    result->compact = find_bytes("__unwind_info", &result->compact_bytes);
    return 1;
}

struct info {
    const char *file;
    const void *base;
    const char *symbol;
    void *address;
};
static int about_address(const void *address, struct info *info) {
    if (!is_in_image(address))
        return 0;
    *info = (struct info){image.path, image.header, NULL, NULL};
    info->symbol = nearest_symbol(address, &info->address);
    return 1;
}
/* Whatever the handle: the program's own, and what it could import. */
static void *symbol_by_name(void *handle, const char *name) {
    void *found = find_symbol(name);
    return found ? found : find_import(name);
}

static int executable_path(char *buffer, uint32_t *bytes) {
    uint32_t needed = strlen(image.path) + 1;
    if (*bytes < needed) {
        *bytes = needed;
        return -1;
    }
    memcpy(buffer, image.path, needed);
    return 0;
}
static int *argument_count(void) { return &image.argc; }
static char ***arguments(void) { return &image.argv; }
static char ***environment(void) { return &environ; }

/* atexit is a part of each program here, not of the C library. */
extern int __cxa_atexit(void (*)(void *), void *, void *);
static int at_exit(void (*function)(void)) {
    return __cxa_atexit((void (*)(void *))(void *)function, NULL, NULL);
}

/* Lazy imports are bound before the program starts. */
static void bind_lazily(void) { abort(); }
extern void tlv_address(void);

static uint64_t stack_guard = UINT64_C(0x595e9fbd94fda766);
static void stack_is_smashed(void) {
    fprintf(stderr, "loader: a stack has been smashed\n");
    abort();
}

const struct import dyld_imports[] = {
    IMPORT("dyld_stub_binder", bind_lazily),
    IMPORT("_tlv_bootstrap", tlv_address),
    IMPORT("_dyld_image_count", image_count),
    IMPORT("_dyld_get_image_header", image_header),
    IMPORT("_dyld_get_image_vmaddr_slide", image_slide),
    IMPORT("_dyld_get_image_name", image_name),
    IMPORT("_dyld_register_func_for_remove_image", never_called),
    IMPORT("_dyld_find_unwind_sections", find_unwind_sections),
    IMPORT("dladdr", about_address),
    IMPORT("dlsym", symbol_by_name),
    IMPORT("_NSGetExecutablePath", executable_path),
    IMPORT("_NSGetArgc", argument_count),
    IMPORT("_NSGetArgv", arguments),
    IMPORT("_NSGetEnviron", environment),
    IMPORT("atexit", at_exit),
    IMPORT("__stack_chk_guard", &stack_guard),
    IMPORT("__stack_chk_fail", stack_is_smashed),
    {NULL, NULL},
};
