/* Files, time, errors, and standard input and output. */
#include "freebsd.h"
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* ---- Errors: the first 34 are the same but for one. ---- */

static const struct {
    int of_linux, of_bsd;
} errors[] = {
    {EAGAIN, 35},     {EINPROGRESS, 36}, {EALREADY, 37},     {EOPNOTSUPP, 45},
    {EADDRINUSE, 48}, {ETIMEDOUT, 60},   {ECONNREFUSED, 61}, {ELOOP, 62},
    {ENOTEMPTY, 66},  {ENOLCK, 77},      {ENAMETOOLONG, 63}, {ENOSYS, 78},
    {EOVERFLOW, 84},  {ECANCELED, 85},   {EDEADLK, 11},
};

int bsd_errno(int error) {
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].of_linux == error)
            return errors[i].of_bsd;
    return error;
}
static int linux_errno(int error) {
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].of_bsd == error)
            return errors[i].of_linux;
    return error;
}
long fail(long result) {
    if (result == -1)
        errno = bsd_errno(errno);
    return result;
}
int fail_with(int error) {
    errno = bsd_errno(error);
    return -1;
}

/* The program's errno is the C library's own. */
int *__error(void) { return &errno; }

int WRAP(strerror_r)(int error, char *text, size_t bytes) {
    snprintf(text, bytes, "%s", strerrordesc_np(linux_errno(error)));
    return 0;
}

/* ---- Files ---- */

int open_flags(int bsd_flags) {
    static const struct {
        int of_bsd, of_linux;
    } flags[] = {{0x4, O_NONBLOCK},      {0x8, O_APPEND},       {0x100, O_NOFOLLOW},
                 {0x200, O_CREAT},       {0x400, O_TRUNC},      {0x800, O_EXCL},
                 {0x20000, O_DIRECTORY}, {0x100000, O_CLOEXEC}};
    int result = bsd_flags & O_ACCMODE;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (bsd_flags & flags[i].of_bsd)
            result |= flags[i].of_linux;
    return result;
}

/* Variable arguments are passed as others are, on x86_64 and i686. */
int WRAP(open)(const char *path, int flags, int mode) {
    return fail(open(path, open_flags(flags), mode));
}
int WRAP(openat)(int folder, const char *path, int flags, int mode) {
    return fail(openat(folder, path, open_flags(flags), mode));
}
int WRAP(unlinkat)(int folder, const char *path, int flags) {
    enum { BSD_AT_REMOVEDIR = 0x800 };
    return fail(unlinkat(folder, path, flags & BSD_AT_REMOVEDIR ? AT_REMOVEDIR : 0));
}
int WRAP(pipe2)(int *fds, int flags) { return fail(pipe2(fds, open_flags(flags))); }

int WRAP(fcntl)(int fd, int command, long argument) {
    enum { DUPFD_CLOEXEC = 17 };
    int flags;
    switch (command) {
    case F_DUPFD: case F_GETFD: case F_SETFD: return fail(fcntl(fd, command, argument));
    case F_GETFL:
        flags = fcntl(fd, F_GETFL);
        return flags < 0 ? (int)fail(-1)
                         : (flags & O_ACCMODE) | (flags & O_NONBLOCK ? 4 : 0) |
                               (flags & O_APPEND ? 8 : 0);
    case F_SETFL: return fail(fcntl(fd, F_SETFL, open_flags(argument)));
    case DUPFD_CLOEXEC: return fail(fcntl(fd, F_DUPFD_CLOEXEC, argument));
    }
    return fail_with(EINVAL);
}
int WRAP(ioctl)(int fd, unsigned long request, void *argument) {
    enum { FIOCLEX = 0x20006601 };
    const unsigned long FIONBIO = 0x8004667e;
    if (request == FIOCLEX)
        return fail(fcntl(fd, F_SETFD, FD_CLOEXEC));
    if (request == FIONBIO) {
        int flags = fcntl(fd, F_GETFL);
        return fail(
            fcntl(fd, F_SETFL, *(int *)argument ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
    }
    return fail_with(ENOTTY);
}

ssize_t WRAP(read)(int fd, void *buffer, size_t bytes) { return fail(read(fd, buffer, bytes)); }
ssize_t WRAP(readv)(int fd, const struct iovec *parts, int count) {
    return fail(readv(fd, parts, count));
}
ssize_t WRAP(write)(int fd, const void *buffer, size_t bytes) {
    return fail(write(fd, buffer, bytes));
}
ssize_t WRAP(writev)(int fd, const struct iovec *parts, int count) {
    return fail(writev(fd, parts, count));
}
off_t WRAP(lseek)(int fd, off_t offset, int from) {
    off_t result = lseek(fd, offset, from);
    if (result == -1)
        fail(-1);
    return result;
}
int WRAP(ftruncate)(int fd, off_t bytes) { return fail(ftruncate(fd, bytes)); }
int WRAP(poll)(struct pollfd *all, unsigned count, int timeout) {
    return fail(poll(all, count, timeout));
}

struct bsd_time {
#ifdef __i386__
    int32_t extension;
#endif
    time_t seconds;
    long nanoseconds;
};
struct bsd_stat {
    uint64_t device, inode, links;
    uint16_t mode, pad;
    uint32_t user, group, more_pad;
    uint64_t special_device;
    struct bsd_time accessed, modified, changed, born;
    int64_t size, blocks;
    int32_t block_size;
    uint32_t flags;
    uint64_t generation, spare[10];
};
#ifdef __x86_64__
_Static_assert(sizeof(struct bsd_stat) == 224, "struct stat of FreeBSD 12");
#else
_Static_assert(sizeof(struct bsd_stat) == 208, "struct stat of FreeBSD 12");
#endif

static struct bsd_time time_of(struct timespec from) {
    return (struct bsd_time){.seconds = from.tv_sec, .nanoseconds = from.tv_nsec};
}
static int converted(int result, const struct stat *from, struct bsd_stat *to) {
    if (result != 0)
        return fail(-1);
    *to = (struct bsd_stat){.device = from->st_dev,
                            .inode = from->st_ino,
                            .links = from->st_nlink,
                            .mode = from->st_mode,
                            .user = from->st_uid,
                            .group = from->st_gid,
                            .special_device = from->st_rdev,
                            .accessed = time_of(from->st_atim),
                            .modified = time_of(from->st_mtim),
                            .changed = time_of(from->st_ctim),
                            .size = from->st_size,
                            .blocks = from->st_blocks,
                            .block_size = from->st_blksize};
    return 0;
}
int WRAP(stat)(const char *path, struct bsd_stat *to) {
    struct stat from;
    return converted(stat(path, &from), &from, to);
}
int WRAP(lstat)(const char *path, struct bsd_stat *to) {
    struct stat from;
    return converted(lstat(path, &from), &from, to);
}
int WRAP(fstat)(int fd, struct bsd_stat *to) {
    struct stat from;
    return converted(fstat(fd, &from), &from, to);
}
int WRAP(fstatat)(int folder, const char *path, struct bsd_stat *to, int flags) {
    enum { BSD_NOFOLLOW = 0x200 };
    struct stat from;
    return converted(fstatat(folder, path, &from, flags & BSD_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0),
                     &from, to);
}

struct bsd_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t record_bytes;
    uint8_t type, pad;
    uint16_t name_bytes, more_pad;
    char name[256];
};
struct bsd_entry *WRAP(readdir)(DIR *folder) {
    static __thread struct bsd_entry entry;
    const struct dirent *found = readdir(folder);
    if (found == NULL)
        return NULL;
    entry = (struct bsd_entry){.inode = found->d_ino,
                               .record_bytes = sizeof entry,
                               .name_bytes = strlen(found->d_name),
                               .type = found->d_type};
    memcpy(entry.name, found->d_name, entry.name_bytes);
    return &entry;
}

/* ---- Time ---- */

static clockid_t linux_clock(int bsd_clock) {
    enum { REALTIME = 0, THREAD_CPUTIME = 14, PROCESS_CPUTIME = 15 };
    return bsd_clock == REALTIME          ? CLOCK_REALTIME
           : bsd_clock == PROCESS_CPUTIME ? CLOCK_PROCESS_CPUTIME_ID
           : bsd_clock == THREAD_CPUTIME  ? CLOCK_THREAD_CPUTIME_ID
                                          : CLOCK_MONOTONIC;
}
int WRAP(clock_gettime)(int clock, struct timespec *time) {
    return fail(clock_gettime(linux_clock(clock), time));
}
int WRAP(clock_nanosleep)(int clock, int flags, const struct timespec *wish,
                          struct timespec *rest) {
    return bsd_errno(clock_nanosleep(linux_clock(clock), flags, wish, rest));
}

/* ---- Libraries: what is opened, and what is looked for ---- */

void *WRAP(dlopen)(const char *name, int flags) {
    enum { BSD_NOLOAD = 0x2000 };
    int rest = flags & ~BSD_NOLOAD;
    return dlopen(name, flags & BSD_NOLOAD ? rest | RTLD_NOLOAD : rest);
}
void *WRAP(dlsym)(void *handle, const char *name) {
    enum { BSD_NEXT = -1, BSD_DEFAULT = -2, BSD_SELF = -3 };
    char wrapped[256];
    snprintf(wrapped, sizeof wrapped, "__wrap_%s", name);
    switch ((intptr_t)handle) {
    case BSD_NEXT: handle = RTLD_NEXT; break;
    case BSD_DEFAULT: case BSD_SELF: handle = RTLD_DEFAULT; break;
    }
    void *found = dlsym(handle, wrapped);
    return found ? found : dlsym(handle, name);
}

/* ---- Variables that point to files, and what assert calls ---- */

FILE *__stdinp, *__stdoutp, *__stderrp;
int __isthreaded = 1;
long __stack_chk_guard[8] = {0x595e9fbd};
__attribute__((constructor)) static void open_standard_files(void) {
    __stdinp = stdin, __stdoutp = stdout, __stderrp = stderr;
}
void WRAP(__assert)(const char *function, const char *file, int line, const char *text) {
    fprintf(stderr, "Assertion failed: (%s), function %s, file %s, line %d.\n", text, function,
            file, line);
    abort();
}
