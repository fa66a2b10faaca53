/* Memory and limits. */
#include "loader.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* macOS has pages of 16 KiB on arm64: addresses and sizes that are no multiples of that are refused
 * or rounded as there. */
size_t page_bytes(void) {
#ifdef __aarch64__
    return 16384;
#else
    return 4096;
#endif
}

static size_t in_pages(size_t bytes) { return (bytes + page_bytes() - 1) & ~(page_bytes() - 1); }
static int is_page(const void *address) { return (uintptr_t)address % page_bytes() == 0; }

enum { APPLE_MAP_FIXED = 0x10, APPLE_MAP_NORESERVE = 0x40, APPLE_MAP_ANON = 0x1000 };

static void *map(void *wish, size_t bytes, int protection, int apple_flags, int fd, off_t offset) {
    int flags = apple_flags & (MAP_SHARED | MAP_PRIVATE);
    size_t whole = in_pages(bytes), extra = page_bytes() - 4096;
    if (apple_flags & APPLE_MAP_NORESERVE)
        flags |= MAP_NORESERVE;
    if (apple_flags & APPLE_MAP_ANON)
        flags |= MAP_ANONYMOUS, fd = -1;
    if (bytes == 0 || ((apple_flags & APPLE_MAP_FIXED) && !is_page(wish))) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    if ((apple_flags & APPLE_MAP_FIXED) || extra == 0 || fd >= 0) {
        void *result = mmap(wish, fd >= 0 ? bytes : whole, protection,
                            flags | (apple_flags & APPLE_MAP_FIXED ? MAP_FIXED : 0), fd, offset);
        return result == MAP_FAILED ? (void *)fail_as_apple(-1) : result;
    }
    /* More than is asked for, and what stands out of whole pages goes back. */
    char *start = mmap(wish, whole + extra, protection, flags, fd, offset);
    if (start == MAP_FAILED)
        return (void *)fail_as_apple(-1);
    char *result = (char *)in_pages((size_t)start);
    if (result > start)
        munmap(start, result - start);
    if (result < start + extra)
        munmap(result + whole, start + extra - result);
    return result;
}

static int unmap(void *start, size_t bytes) {
    if (!is_page(start) || bytes == 0) {
        errno = EINVAL;
        return -1;
    }
    return fail_as_apple(munmap(start, in_pages(bytes)));
}

static int protect(void *start, size_t bytes, int protection) {
    if (!is_page(start)) {
        errno = EINVAL;
        return -1;
    }
    return fail_as_apple(mprotect(start, in_pages(bytes), protection));
}

static int advise(void *start, size_t bytes, int apple_advice) {
    enum {
        APPLE_MADV_FREE = 5,
        APPLE_MADV_ZERO_WIRED = 6,
        APPLE_MADV_FREE_REUSABLE = 7,
        APPLE_MADV_FREE_REUSE = 8
    };
    switch (apple_advice) {
    /* The memory is there until somebody needs it, as there; but the tests look at what a process
     * holds. */
    case APPLE_MADV_FREE: case APPLE_MADV_FREE_REUSABLE: apple_advice = MADV_DONTNEED; break;
    case APPLE_MADV_ZERO_WIRED: case APPLE_MADV_FREE_REUSE: return 0;
    }
    return fail_as_apple(madvise(start, in_pages(bytes), apple_advice));
}

static int in_core(void *start, size_t bytes, char *pages) {
    enum { MOST = 4 };
    if (!is_page(start)) {
        errno = EINVAL;
        return -1;
    }
    if (page_bytes() == 4096)
        return fail_as_apple(mincore(start, bytes, (unsigned char *)pages));
    for (size_t at = 0; at < bytes; at += page_bytes()) {
        unsigned char parts[MOST] = {0};
        if (fail_as_apple(mincore((char *)start + at, page_bytes(), parts)) != 0)
            return -1;
        pages[at / page_bytes()] = (parts[0] | parts[1] | parts[2] | parts[3]) & 1;
    }
    return 0;
}

/* The heap is Linux's, so that a page may be mapped in part: then it is there. */
static int synchronize(void *start, size_t bytes, int flags) {
    if (!is_page(start)) {
        errno = EINVAL;
        return -1;
    }
    for (size_t at = 0; at < bytes; at += page_bytes()) {
        size_t part = 0;
        while (part < page_bytes() && msync((char *)start + at + part, 4096, flags) != 0)
            part += 4096;
        if (part == page_bytes())
            return fail_as_apple(-1);
    }
    return 0;
}

static int bytes_per_page(void) { return page_bytes(); }

static long configured(int apple_name) {
    enum {
        IOV_MAX = 56,
        OPEN_MAX = 5,
        PAGESIZE = 29,
        NPROCESSORS_CONF = 57,
        NPROCESSORS_ONLN = 58,
        GETPW_R_SIZE_MAX = 71,
        THREAD_STACK_MIN = 93
    };
    switch (apple_name) {
    case PAGESIZE: return page_bytes();
    case NPROCESSORS_CONF: return sysconf(_SC_NPROCESSORS_CONF);
    case NPROCESSORS_ONLN: return sysconf(_SC_NPROCESSORS_ONLN);
    case GETPW_R_SIZE_MAX: return 4096;
    case THREAD_STACK_MIN: return 16384;
    case IOV_MAX: return 1024;
    case OPEN_MAX: return 256;
    }
    errno = EINVAL;
    return -1;
}

/* Limits: CPU, FSIZE, DATA, STACK and CORE have the same numbers. */
static int linux_limit(int apple_limit) {
    static const int limits[] = {
        [5] = RLIMIT_AS, [6] = RLIMIT_MEMLOCK, [7] = RLIMIT_NPROC, [8] = RLIMIT_NOFILE};
    return apple_limit >= 5 && apple_limit <= 8 ? limits[apple_limit] : apple_limit;
}

static const rlim_t APPLE_INFINITY = INT64_MAX;

static int limit(int apple_limit, struct rlimit *result) {
    if (getrlimit(linux_limit(apple_limit), result) != 0)
        return fail_as_apple(-1);
    if (result->rlim_cur == RLIM_INFINITY)
        result->rlim_cur = APPLE_INFINITY;
    if (result->rlim_max == RLIM_INFINITY)
        result->rlim_max = APPLE_INFINITY;
    return 0;
}

static int set_limit(int apple_limit, const struct rlimit *wish) {
    struct rlimit limit = *wish;
    if (limit.rlim_cur == APPLE_INFINITY)
        limit.rlim_cur = RLIM_INFINITY;
    if (limit.rlim_max == APPLE_INFINITY)
        limit.rlim_max = RLIM_INFINITY;
    return fail_as_apple(setrlimit(linux_limit(apple_limit), &limit));
}

/* What proc_pidinfo tells of this process: where the mapping at or after an address is, how much
 * memory is in use, and whether a thread is there. */
struct region {
    uint32_t protection, words[5];
    uint32_t more[14];
    uint64_t address, size;
};
_Static_assert(sizeof(struct region) == 96, "struct proc_regioninfo");
struct task {
    uint64_t virtual_bytes, resident_bytes, rest[10];
};
_Static_assert(sizeof(struct task) == 96, "struct proc_taskinfo");

static int process_info(int pid, int what, uint64_t argument, void *buffer, int bytes) {
    enum { TASK = 4, REGION = 7, THREAD = 15, THREAD_BYTES = 112 };
    int found = 0;
    if (pid != getpid() || bytes < (what == THREAD ? THREAD_BYTES : 96)) {
        errno = EINVAL;
        return 0;
    }
    if (what == THREAD) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/task/%llu", (unsigned long long)argument);
        if (access(path, F_OK) == 0)
            return THREAD_BYTES;
        errno = ESRCH;
        return 0;
    }
    memset(buffer, 0, 96);
    FILE *list = fopen(what == REGION ? "/proc/self/maps" : "/proc/self/statm", "r");
    if (list == NULL)
        return 0;
    if (what == TASK) {
        unsigned long whole, resident;
        struct task *task = buffer;
        found = fscanf(list, "%lu %lu", &whole, &resident) == 2;
        task->virtual_bytes = whole * 4096, task->resident_bytes = resident * 4096;
    }
    char line[512];
    while (what == REGION && !found && fgets(line, sizeof line, list) != NULL) {
        unsigned long low, high;
        struct region *region = buffer;
        if (sscanf(line, "%lx-%lx", &low, &high) == 2 && high > argument)
            region->address = low, region->size = high - low, found = 1;
    }
    fclose(list);
    return found ? 96 : 0;
}

const struct import memory_imports[] = {
    IMPORT("mmap", map),
    IMPORT("munmap", unmap),
    IMPORT("mprotect", protect),
    IMPORT("madvise", advise),
    IMPORT("mincore", in_core),
    IMPORT("msync", synchronize),
    IMPORT("getpagesize", bytes_per_page),
    IMPORT("sysconf", configured),
    IMPORT("getrlimit", limit),
    IMPORT("setrlimit", set_limit),
    IMPORT("proc_pidinfo", process_info),
    {NULL, NULL},
};
