/* Maps a Mach-O program, binds what it imports, and runs it.
 *
 *     loader PROGRAM [ARGUMENT..]
 *
 * GUARDED_CALLBACK_LOADER_SAYS=all tells what is bound to what. */
#include "loader.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The format, as far as it is used here. */
enum {
    MAGIC_64 = 0xfeedfacf,
    LC_SYMTAB = 0x2,
    LC_SEGMENT_64 = 0x19,
    LC_DYLD_INFO = 0x22,
    LC_MAIN = 0x28,
    LC_DYLD_CHAINED_FIXUPS = 0x34,
    REQUIRED_BY_DYLD = 1u << 31,
    SECTION_TYPE = 0xff,
    S_MOD_INIT_FUNC_POINTERS = 0x9,
    S_INIT_FUNC_OFFSETS = 0x16,
};
struct header {
    uint32_t magic, cpu, subtype, file_type, command_count, commands_bytes, flags, reserved;
};
struct command {
    uint32_t command, bytes;
};
struct segment {
    struct command command;
    char name[16];
    uint64_t address, bytes, file_offset, file_bytes;
    uint32_t most_protection, protection, section_count, flags;
};
struct dyld_info {
    struct command command;
    uint32_t rebase, rebase_bytes, bind, bind_bytes, weak, weak_bytes, lazy, lazy_bytes, exported,
        exported_bytes;
};
struct main_command {
    struct command command;
    uint64_t entry_offset, stack_bytes;
};
struct linkedit {
    struct command command;
    uint32_t offset, bytes;
};
struct symtab {
    struct command command;
    uint32_t symbols, symbol_count, strings, strings_bytes;
};
struct symbol {
    uint32_t name;
    uint8_t type, section;
    uint16_t description;
    uint64_t value;
};

struct image image;
static const uint8_t *file;
static const struct segment *segments[32];
static int segment_count, is_verbose;
static const struct dyld_info *dyld_info;
static const struct linkedit *chained;
static const struct main_command *main_command;
static const struct symtab *symtab;

static void fatal(const char *what) {
    fprintf(stderr, "loader: %s: %s\n", image.path, what);
    exit(127);
}

/* ---- What is where in the program ---- */

int is_in_image(const void *address) {
    return (uintptr_t)address >= (uintptr_t)image.header && (uintptr_t)address < image.end;
}

int each_section(int (*visit)(const struct section *, void *), void *argument) {
    for (int i = 0; i < segment_count; i++) {
        const struct section *section = (const void *)(segments[i] + 1);
        for (uint32_t k = 0; k < segments[i]->section_count; k++) {
            int result = visit(&section[k], argument);
            if (result != 0)
                return result;
        }
    }
    return 0;
}

struct wanted {
    const char *segment, *name;
    const struct section *found;
};
static int is_wanted(const struct section *section, void *argument) {
    struct wanted *wanted = argument;
    if (strncmp(section->name, wanted->name, 16) != 0 ||
        strncmp(section->segment, wanted->segment, 16) != 0)
        return 0;
    wanted->found = section;
    return 1;
}

const struct section *find_section(const char *segment, const char *name) {
    struct wanted wanted = {segment, name, NULL};
    each_section(is_wanted, &wanted);
    return wanted.found;
}

/* Symbols of debuggers (stabs) and those that another image defines are none of the program's. */
static int is_defined(const struct symbol *symbol) {
    enum { STAB = 0xe0, TYPE = 0x0e, IN_SECTION = 0x0e };
    return (symbol->type & STAB) == 0 && (symbol->type & TYPE) == IN_SECTION;
}

const char *nearest_symbol(const void *address, void **start) {
    if (symtab == NULL || !is_in_image(address))
        return NULL;
    const struct symbol *symbols = (const void *)(file + symtab->symbols), *best = NULL;
    uint64_t value = (uintptr_t)address - image.slide;
    for (uint32_t i = 0; i < symtab->symbol_count; i++)
        if (is_defined(&symbols[i]) && symbols[i].value <= value &&
            (best == NULL || symbols[i].value > best->value))
            best = &symbols[i];
    if (best == NULL)
        return NULL;
    *start = (void *)(best->value + image.slide);
    const char *name = (const char *)file + symtab->strings + best->name;
    return name[0] == '_' ? name + 1 : name;
}

void *find_symbol(const char *name) {
    const struct symbol *symbols = symtab ? (const void *)(file + symtab->symbols) : NULL;
    for (uint32_t i = 0; symtab && i < symtab->symbol_count; i++) {
        const char *its = (const char *)file + symtab->strings + symbols[i].name;
        if (is_defined(&symbols[i]) && its[0] == '_' && strcmp(its + 1, name) == 0)
            return (void *)(symbols[i].value + image.slide);
    }
    return NULL;
}

/* ---- Imports ---- */

void *find_import(const char *name) {
    static const struct import *const tables[] = {dyld_imports,    file_imports,   memory_imports,
                                                  process_imports, signal_imports, thread_imports};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct import *import = tables[i]; import->name; import++)
            if (strcmp(import->name, name) == 0)
                return import->address;
    void *found = dlsym(RTLD_DEFAULT, name);
    const char *dollar = strchr(name, '$');
    if (found == NULL && dollar != NULL) {
        /* A variant of a function: `open$NOCANCEL`, `stat$INODE64`, `realpath$DARWIN_EXTSN`. */
        char plain[256] = "";
        memcpy(plain, name, (size_t)(dollar - name) < sizeof plain ? (size_t)(dollar - name) : 0);
        return find_import(plain);
    }
    return found;
}

static void missing(const char *name) {
    fprintf(stderr, "loader: the program calls `%s`, which is not there\n", name);
    abort();
}

/* Code that calls `missing` with the name: what a program may import and never call. */
static void *stand_in(const char *name) {
    enum { BYTES = 32, MOST = 2048 };
    static uint8_t *code;
    static int used;
    if (code == NULL)
        code = mmap(NULL, BYTES * MOST, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED || used == MOST)
        fatal("too much is missing");
    uint8_t *here = code + BYTES * used++;
    void (*target)(const char *) = missing;
    const char *text = strdup(name);
#ifdef __x86_64__
    static const uint8_t template[] = {0x48, 0xbf, 0, 0, 0, 0, 0, 0, 0, 0,    0x48,
                                       0xb8, 0,    0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0};
    memcpy(here, template, sizeof template); /* mov rdi, text; mov rax, target; jmp rax */
    memcpy(here + 2, &text, 8);
    memcpy(here + 12, &target, 8);
#else
    static const uint32_t template[] = {0x58000080, 0x580000b0, 0xd61f0200, 0xd503201f};
    memcpy(here, template, sizeof template); /* ldr x0, text; ldr x16, target; br x16; nop */
    memcpy(here + 16, &text, 8);
    memcpy(here + 24, &target, 8);
    __builtin___clear_cache((char *)here, (char *)here + BYTES);
#endif
    return here;
}

static void *bind(const char *name) {
    const char *plain = name[0] == '_' ? name + 1 : name;
    void *found = find_import(plain);
    if (is_verbose)
        fprintf(stderr, "loader: %s: %s\n", plain, found ? "found" : "missing");
    return found ? found : stand_in(plain);
}

/* ---- Addresses in the program that are to be changed: two formats ---- */

static uint64_t read_uleb(const uint8_t **at) {
    uint64_t value = 0;
    int shift = 0;
    uint8_t byte;
    do {
        byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return value;
}

static int64_t read_sleb(const uint8_t **at) {
    int64_t value = 0;
    int shift = 0;
    uint8_t byte;
    do {
        byte = *(*at)++;
        value |= (int64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return (byte & 0x40) && shift < 64 ? value | -((int64_t)1 << shift) : value;
}

static uint64_t in_segment(int number, const uint8_t **at) {
    return segments[number]->address + image.slide + read_uleb(at);
}

/* A small machine: an address, and instructions that add the slide there. */
static void rebase(const uint8_t *at, const uint8_t *end) {
    uint64_t address = 0, count, skip;
    while (at < end) {
        uint8_t byte = *at++, small = byte & 15;
        switch (byte & 0xf0) {
        case 0x00: return;
        case 0x10: continue; /* the kind: pointers are the only one */
        case 0x20: address = in_segment(small, &at); continue;
        case 0x30: address += read_uleb(&at); continue;
        case 0x40: address += small * 8; continue;
        case 0x50: count = small, skip = 0; break;
        case 0x60: count = read_uleb(&at), skip = 0; break;
        case 0x70: count = 1, skip = read_uleb(&at); break;
        case 0x80: count = read_uleb(&at), skip = read_uleb(&at); break;
        default: fatal("an unknown way to rebase");
        }
        for (; count > 0; count--, address += 8 + skip)
            *(uint64_t *)address += image.slide;
    }
}

/* Another: an address, a name and an addend, and instructions that write what the name stands for.
 * A list of lazy ones has an end after each. */
static void bind_all(const uint8_t *at, const uint8_t *end, int is_lazy) {
    uint64_t address = 0, count, skip;
    int64_t addend = 0;
    void *target = NULL;
    while (at < end) {
        uint8_t byte = *at++, small = byte & 15;
        switch (byte & 0xf0) {
        case 0x00:
            if (!is_lazy)
                return;
            continue;
        case 0x10: case 0x30: case 0x50: continue; /* from which library, and the kind */
        case 0x20: read_uleb(&at); continue;
        case 0x40:
            target = bind((const char *)at);
            at += strlen((const char *)at) + 1;
            continue;
        case 0x60: addend = read_sleb(&at); continue;
        case 0x70: address = in_segment(small, &at); continue;
        case 0x80: address += read_uleb(&at); continue;
        case 0x90: count = 1, skip = 0; break;
        case 0xa0: count = 1, skip = read_uleb(&at); break;
        case 0xb0: count = 1, skip = small * 8; break;
        case 0xc0: count = read_uleb(&at), skip = read_uleb(&at); break;
        default: fatal("an unknown way to bind");
        }
        for (; count > 0; count--, address += 8 + skip)
            *(uint64_t *)address = (uint64_t)target + addend;
    }
}

/* Chains of pointers: each tells what it stands for and where the next one is. */
static void follow_chains(const uint8_t *data) {
    enum { IMPORT_PLAIN = 1, IMPORT_WITH_ADDEND = 2, POINTER_64_OFFSET = 6, NO_CHAIN = 0xffff };
    const struct {
        uint32_t version, starts, imports, symbols, import_count, imports_format, symbols_format;
    } *head = (const void *)data;
    void **targets = calloc(head->import_count + 1, sizeof *targets);
    int64_t *addends = calloc(head->import_count + 1, sizeof *addends);
    for (uint32_t i = 0; i < head->import_count; i++) {
        const uint32_t *import = (const uint32_t *)(data + head->imports) +
                                 i * (head->imports_format == IMPORT_WITH_ADDEND ? 2 : 1);
        if (head->imports_format > IMPORT_WITH_ADDEND)
            fatal("an unknown format of imports");
        targets[i] = bind((const char *)data + head->symbols + (import[0] >> 9));
        addends[i] = head->imports_format == IMPORT_WITH_ADDEND ? (int32_t)import[1] : 0;
    }
    const uint32_t *starts = (const void *)(data + head->starts);
    for (uint32_t i = 0; i < starts[0]; i++) {
        if (starts[1 + i] == 0)
            continue;
        const uint8_t *segment = (const uint8_t *)starts + starts[1 + i];
        uint16_t page = *(const uint16_t *)(segment + 4), format = *(const uint16_t *)(segment + 6),
                 count = *(const uint16_t *)(segment + 20);
        uint64_t offset = *(const uint64_t *)(segment + 8);
        const uint16_t *first = (const void *)(segment + 22);
        for (uint16_t k = 0; k < count; k++) {
            if (first[k] == NO_CHAIN)
                continue;
            uint64_t *pointer = (uint64_t *)(image.header + offset + (uint64_t)k * page + first[k]);
            for (uint32_t next = 1; next != 0; pointer += next / 2) {
                uint64_t value = *pointer;
                next = value >> 51 & 0xfff;
                if (value >> 63) {
                    uint32_t ordinal = value & 0xffffff;
                    *pointer = (uint64_t)targets[ordinal] + addends[ordinal] + (value >> 24 & 0xff);
                } else {
                    uint64_t low = value & 0xfffffffff, high = value >> 36 & 0xff;
                    *pointer = (format == POINTER_64_OFFSET ? (uint64_t)image.header + low
                                                            : low + image.slide) |
                               high << 56;
                }
            }
        }
    }
    free(targets);
    free(addends);
}

/* ---- From the file to its first instruction ---- */

static void read_file(const char *path) {
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        fatal(strerror(errno));
    file = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    const struct header *header = (const void *)file;
    if (file == MAP_FAILED || header->magic != MAGIC_64)
        fatal("no Mach-O program of 64 bits");
    const struct command *command = (const void *)(header + 1);
    for (uint32_t i = 0; i < header->command_count;
         i++, command = (const void *)((const uint8_t *)command + command->bytes))
        switch (command->command & ~REQUIRED_BY_DYLD) {
        case LC_SEGMENT_64: segments[segment_count++] = (const void *)command; break;
        case LC_DYLD_INFO: dyld_info = (const void *)command; break;
        case LC_DYLD_CHAINED_FIXUPS: chained = (const void *)command; break;
        case LC_MAIN: main_command = (const void *)command; break;
        case LC_SYMTAB: symtab = (const void *)command; break;
        }
}

/* The first segment only keeps the addresses around zero free. */
static int is_mapped(const struct segment *segment) {
    return segment->bytes != 0 && (segment->protection != 0 || segment->file_bytes != 0);
}

static void map_segments(void) {
    enum { ALIGNMENT = 0x10000 };
    uint64_t low = UINT64_MAX, high = 0;
    for (int i = 0; i < segment_count; i++)
        if (is_mapped(segments[i])) {
            low = segments[i]->address < low ? segments[i]->address : low;
            high = segments[i]->address + segments[i]->bytes > high
                       ? segments[i]->address + segments[i]->bytes
                       : high;
        }
    uint8_t *place = mmap(NULL, high - low + ALIGNMENT, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED)
        fatal(strerror(errno));
    image.header = (uint8_t *)(((uintptr_t)place + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
    image.slide = (intptr_t)image.header - (intptr_t)low;
    image.end = high + image.slide;
    for (int i = 0; i < segment_count; i++)
        if (is_mapped(segments[i])) {
            void *start = (void *)(segments[i]->address + image.slide);
            mprotect(start, segments[i]->bytes, PROT_READ | PROT_WRITE);
            memcpy(start, file + segments[i]->file_offset, segments[i]->file_bytes);
        }
}

/* What reads Apple's thread pointer reads Linux's (thread.c). */
static void replace_thread_pointer(void) {
#ifdef __aarch64__
    enum { REGISTER = 31, MRS_TPIDRRO = (int)0xd53bd060, MRS_TPIDR = (int)0xd53bd040 };
    const struct section *text = find_section("__TEXT", "__text");
    int *code = text ? (int *)(text->address + image.slide) : NULL;
    for (uint64_t i = 0; text && i < text->size / 4; i++)
        if ((code[i] & ~REGISTER) == MRS_TPIDRRO)
            code[i] = MRS_TPIDR | (code[i] & REGISTER);
#endif
}

static void bind_program(void) {
    if (dyld_info != NULL) {
        rebase(file + dyld_info->rebase, file + dyld_info->rebase + dyld_info->rebase_bytes);
        bind_all(file + dyld_info->bind, file + dyld_info->bind + dyld_info->bind_bytes, 0);
        bind_all(file + dyld_info->lazy, file + dyld_info->lazy + dyld_info->lazy_bytes, 1);
        /* The weak ones are defined in the program itself: there is no other to take them from. */
    }
    if (chained != NULL)
        follow_chains(file + chained->offset);
}

static void protect_segments(void) {
    for (int i = 0; i < segment_count; i++)
        if (is_mapped(segments[i]))
            mprotect((void *)(segments[i]->address + image.slide), segments[i]->bytes,
                     segments[i]->protection);
    __builtin___clear_cache((char *)image.header, (char *)image.end);
}

typedef void (*initialiser)(int, char **, char **);

static int initialise(const struct section *section, void *unused) {
    const uint8_t *start = (const uint8_t *)section->address + image.slide;
    if ((section->flags & SECTION_TYPE) == S_MOD_INIT_FUNC_POINTERS)
        for (uint64_t at = 0; at < section->size; at += 8)
            (*(const initialiser *)(start + at))(image.argc, image.argv, environ);
    if ((section->flags & SECTION_TYPE) == S_INIT_FUNC_OFFSETS)
        for (uint64_t at = 0; at < section->size; at += 4)
            ((initialiser)(image.header + *(const uint32_t *)(start + at)))(image.argc, image.argv,
                                                                            environ);
    return 0;
}

int main(int argc, char **argv) {
    static char path[4096];
    const char *words = getenv("GUARDED_CALLBACK_LOADER_SAYS");
    is_verbose = words != NULL && strcmp(words, "all") == 0;
    image.path = argc > 1 ? argv[1] : "no program";
    if (argc < 2)
        fatal("say which program to run");
    if (realpath(argv[1], path) != NULL)
        image.path = path;
    image.argc = argc - 1;
    image.argv = argv + 1;
    read_file(argv[1]);
    map_segments();
    replace_thread_pointer();
    bind_program();
    prepare_thread_locals();
    protect_segments();
    each_section(initialise, NULL);
    if (main_command == NULL)
        fatal("no main function");
    exit(((int (*)(int, char **, char **))(image.header + main_command->entry_offset))(
        image.argc, image.argv, environ));
}
