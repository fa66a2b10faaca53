/* Memory, limits, and what the system tells by name. */
#include "freebsd.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    BSD_MAP_FIXED = 0x10,
    BSD_MAP_ANON = 0x1000,
    BSD_MAP_GUARD = 0x2000,
    BSD_MAP_EXCL = 0x4000,
    BSD_MAP_ALIGNED = 24, /* from this bit on, the logarithm of an alignment */
    PAGE = 4096,
};

void *WRAP(mmap)(void *wish, size_t bytes, int protection, int bsd_flags, int fd, off_t offset) {
    int flags = bsd_flags & (MAP_SHARED | MAP_PRIVATE), shift = bsd_flags >> BSD_MAP_ALIGNED & 0xff;
    if (bsd_flags & BSD_MAP_ANON)
        flags |= MAP_ANONYMOUS, fd = -1;
    if (bsd_flags & BSD_MAP_GUARD)
        flags |= MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, protection = PROT_NONE, fd = -1;
    if (bsd_flags & BSD_MAP_FIXED)
        flags |= bsd_flags & BSD_MAP_EXCL ? MAP_FIXED_NOREPLACE : MAP_FIXED;
    size_t alignment = (size_t)1 << (shift == 1 ? 21 : shift);
    if (alignment <= PAGE || fd >= 0 || (bsd_flags & BSD_MAP_FIXED)) {
        void *result = mmap(wish, bytes, protection, flags, fd, offset);
        return result == MAP_FAILED ? (void *)fail(-1) : result;
    }
    /* More than is asked for, and what stands out goes back. */
    size_t whole = (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
    char *start = mmap(wish, whole + alignment, protection, flags, fd, offset);
    if (start == MAP_FAILED)
        return (void *)fail(-1);
    char *result = (char *)(((uintptr_t)start + alignment - 1) & ~(alignment - 1));
    if (result > start)
        munmap(start, result - start);
    munmap(result + whole, start + alignment - result);
    return result;
}
int WRAP(munmap)(void *start, size_t bytes) { return fail(munmap(start, bytes)); }
int WRAP(mprotect)(void *start, size_t bytes, int protection) {
    return fail(mprotect(start, bytes, protection));
}
int WRAP(madvise)(void *start, size_t bytes, int advice) {
    enum { BSD_MADV_DONTNEED = 4, BSD_MADV_FREE = 5 };
    switch (advice) {
    /* What is in the pages stays there. */
    case BSD_MADV_DONTNEED: return 0;
    /* The memory is there until somebody needs it, as there; but the tests look at what a process
     * holds. */
    case BSD_MADV_FREE: return fail(madvise(start, bytes, MADV_DONTNEED));
    }
    return advice <= 3 ? fail(madvise(start, bytes, advice)) : 0;
}
int WRAP(mincore)(const void *start, size_t bytes, char *pages) {
    return fail(mincore((void *)start, bytes, (unsigned char *)pages));
}
int WRAP(msync)(void *start, size_t bytes, int flags) {
    enum { BSD_ASYNC = 1, BSD_INVALIDATE = 2 };
    return fail(msync(start, bytes,
                      flags & BSD_ASYNC        ? MS_ASYNC
                      : flags & BSD_INVALIDATE ? MS_INVALIDATE
                                               : MS_SYNC));
}

long WRAP(sysconf)(int name) {
    enum {
        OPEN_MAX = 5,
        PAGESIZE = 47,
        IOV_MAX = 56,
        NPROCESSORS_CONF = 57,
        NPROCESSORS_ONLN = 58,
        GETPW_R_SIZE_MAX = 71,
        THREAD_STACK_MIN = 93
    };
    switch (name) {
    case PAGESIZE: return PAGE;
    case NPROCESSORS_CONF: return sysconf(_SC_NPROCESSORS_CONF);
    case NPROCESSORS_ONLN: return sysconf(_SC_NPROCESSORS_ONLN);
    case GETPW_R_SIZE_MAX: return 4096;
    case THREAD_STACK_MIN: return 2048;
    case IOV_MAX: return 1024;
    case OPEN_MAX: return 256;
    }
    return fail_with(EINVAL);
}

/* Limits: CPU, FSIZE, DATA, STACK, CORE and RSS have the same numbers. */
static int linux_limit(int bsd_limit) {
    static const int limits[] = {
        [6] = RLIMIT_MEMLOCK, [7] = RLIMIT_NPROC, [8] = RLIMIT_NOFILE, [10] = RLIMIT_AS};
    return bsd_limit >= 6 && bsd_limit <= 10 ? limits[bsd_limit] : bsd_limit;
}
static const int64_t BSD_INFINITY = INT64_MAX;
struct bsd_limit {
    int64_t now, most;
};
static int64_t bsd_value(rlim_t value) {
    return value == RLIM_INFINITY ? BSD_INFINITY : (int64_t)value;
}
static rlim_t linux_value(int64_t value) { 
    return value == BSD_INFINITY ? RLIM_INFINITY : (rlim_t)value;
}

int WRAP(getrlimit)(int which, struct bsd_limit *result) {
    struct rlimit limit;
    if (getrlimit(linux_limit(which), &limit) != 0)
        return fail(-1);
    *result = (struct bsd_limit){bsd_value(limit.rlim_cur), bsd_value(limit.rlim_max)};
    return 0;
}
int WRAP(setrlimit)(int which, const struct bsd_limit *wish) {
    struct rlimit limit = {linux_value(wish->now), linux_value(wish->most)};
    return fail(setrlimit(linux_limit(which), &limit));
}

/* ---- sysctl ---- */

static int answer(const void *value, size_t bytes, void *to, size_t *room) {
    if (to != NULL && *room < bytes)
        return fail_with(ENOMEM);
    if (to != NULL)
        memcpy(to, value, bytes);
    *room = bytes;
    return 0;
}
static int answer_number(int value, void *to, size_t *room) {
    return answer(&value, sizeof value, to, room);
}
int WRAP(sysctl)(const int *name, unsigned count, void *to, size_t *room, const void *new,
                 size_t new_bytes) {
    enum { KERN = 1, KERN_PROC = 14, KERN_PROC_PATHNAME = 12, HW = 6, HW_NCPU = 3 };
    if (count == 4 && name[0] == KERN && name[1] == KERN_PROC && name[2] == KERN_PROC_PATHNAME) {
        char path[1024];
        ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
        if (length < 0)
            return fail(-1);
        path[length] = 0;
        return answer(path, length + 1, to, room);
    }
    if (count == 2 && name[0] == HW && name[1] == HW_NCPU)
        return answer_number(sysconf(_SC_NPROCESSORS_ONLN), to, room);
    return fail_with(ENOENT);
}
int sysctlbyname(const char *name, void *to, size_t *room, const void *new, size_t new_bytes) {
    if (strcmp(name, "security.bsd.stack_guard_page") == 0)
        return answer_number(1, to, room);
    return fail_with(ENOENT);
}
/* Then std takes what sysconf says. */
int cpuset_getaffinity(int level, int which, int64_t id, size_t bytes, void *set) {
    return fail_with(ENOSYS);
}

/* The mappings of this process: what libutil makes of a sysctl. */
struct entry {
    int bytes, type;
    uint64_t start, end, offset, file;
    uint32_t device;
    int flags, resident, private_resident, protection;
    char rest[1100];
};
_Static_assert(offsetof(struct entry, resident) == 48, "struct kinfo_vmentry");
_Static_assert(sizeof(struct entry) == 1160, "struct kinfo_vmentry");

struct entry *kinfo_getvmmap(int process, int *count) {
    struct entry *result = NULL;
    char line[512];
    unsigned long low, high, resident;
    FILE *list = process == getpid() ? fopen("/proc/self/smaps", "r") : NULL;
    *count = 0;
    while (list != NULL && fgets(line, sizeof line, list) != NULL)
        if (sscanf(line, "%lx-%lx %*s", &low, &high) == 2) {
            result = realloc(result, (*count + 1) * sizeof *result);
            result[*count] = (struct entry){.bytes = sizeof *result, .start = low, .end = high};
            *count += 1;
        } else if (sscanf(line, "Rss: %lu kB", &resident) == 1)
            result[*count - 1].resident = resident / 4;
    if (list != NULL)
        fclose(list);
    return result;
}
