/* Files, time, errors, and the text that C prints. */
#include "loader.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* ---- Errors: the first 34 are the same but for one. ---- */

static const struct {
    int of_linux, of_apple;
} errors[] = {
    {EAGAIN, 35},  {EINPROGRESS, 36},  {EALREADY, 37},  {EOPNOTSUPP, 102},
    {ENOTSUP, 45}, {EADDRINUSE, 48},   {ETIMEDOUT, 60}, {ECONNREFUSED, 61},
    {ELOOP, 62},   {ENAMETOOLONG, 63}, {ENOTEMPTY, 66}, {ENOLCK, 77},
    {ENOSYS, 78},  {EOVERFLOW, 84},    {ECANCELED, 89}, {EDEADLK, 11},
};

int apple_errno(int error) {
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].of_linux == error)
            return errors[i].of_apple;
    return error;
}

static int linux_errno(int error) {
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].of_apple == error)
            return errors[i].of_linux;
    return error;
}

long fail_as_apple(long result) {
    if (result == -1)
        errno = apple_errno(errno);
    return result;
}

/* The program's errno is the C library's own. */
static int *error_place(void) { return &errno; }

static int describe_error(int error, char *text, size_t bytes) {
    char buffer[128];
    snprintf(text, bytes, "%s", strerror_r(linux_errno(error), buffer, sizeof buffer));
    return 0;
}

/* ---- Files ---- */

static int open_flags(int apple_flags) {
    static const struct {
        int of_apple, of_linux;
    } flags[] = {{0x4, O_NONBLOCK},       {0x8, O_APPEND},       {0x100, O_NOFOLLOW},
                 {0x200, O_CREAT},        {0x400, O_TRUNC},      {0x800, O_EXCL},
                 {0x100000, O_DIRECTORY}, {0x1000000, O_CLOEXEC}};
    int result = apple_flags & O_ACCMODE;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (apple_flags & flags[i].of_apple)
            result |= flags[i].of_linux;
    return result;
}

int file_open(const char *path, int flags, int mode) {
    return fail_as_apple(open(path, open_flags(flags), mode));
}
int file_openat(int folder, const char *path, int flags, int mode) {
    enum { APPLE_AT_FDCWD = -2 };
    return fail_as_apple(
        openat(folder == APPLE_AT_FDCWD ? AT_FDCWD : folder, path, open_flags(flags), mode));
}
static int unlink_at(int folder, const char *path, int flags) {
    enum { APPLE_AT_FDCWD = -2, APPLE_AT_REMOVEDIR = 0x80 };
    return fail_as_apple(unlinkat(folder == APPLE_AT_FDCWD ? AT_FDCWD : folder, path,
                                  flags & APPLE_AT_REMOVEDIR ? AT_REMOVEDIR : 0));
}
VARIADIC(open_variadic, 2, file_open);
VARIADIC(openat_variadic, 3, file_openat);

int file_control(int fd, int command, long argument) {
    enum { DUPFD_CLOEXEC = 67, GETPATH = 50 };
    char link[64];
    ssize_t length;
    switch (command) {
    case F_DUPFD: case F_GETFD: case F_SETFD: return fail_as_apple(fcntl(fd, command, argument));
    case F_GETFL: {
        int flags = fcntl(fd, F_GETFL);
        return flags < 0 ? (int)fail_as_apple(-1)
                         : (flags & O_ACCMODE) | (flags & O_NONBLOCK ? 4 : 0) |
                               (flags & O_APPEND ? 8 : 0);
    }
    case F_SETFL: return fail_as_apple(fcntl(fd, F_SETFL, open_flags(argument)));
    case DUPFD_CLOEXEC: return fail_as_apple(fcntl(fd, F_DUPFD_CLOEXEC, argument));
    case GETPATH:
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        length = readlink(link, (char *)argument, 1023);
        if (length < 0)
            return fail_as_apple(-1);
        ((char *)argument)[length] = 0;
        return 0;
    }
    errno = EINVAL;
    return -1;
}
VARIADIC(fcntl_variadic, 2, file_control);

int device_control(int fd, unsigned long request, void *argument) {
    enum { FIOCLEX = 0x20006601, FIONBIO = 0x8004667e };
    if (request == FIOCLEX)
        return fail_as_apple(fcntl(fd, F_SETFD, FD_CLOEXEC));
    if (request == FIONBIO) {
        int flags = fcntl(fd, F_GETFL);
        return fail_as_apple(
            fcntl(fd, F_SETFL, *(int *)argument ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
    }
    errno = ENOTTY;
    return -1;
}
VARIADIC(ioctl_variadic, 2, device_control);

static ssize_t read_some(int fd, void *buffer, size_t bytes) {
    return fail_as_apple(read(fd, buffer, bytes));
}
static ssize_t read_vector(int fd, const struct iovec *parts, int count) {
    return fail_as_apple(readv(fd, parts, count));
}
static ssize_t write_some(int fd, const void *buffer, size_t bytes) {
    return fail_as_apple(write(fd, buffer, bytes));
}
static ssize_t write_vector(int fd, const struct iovec *parts, int count) {
    return fail_as_apple(writev(fd, parts, count));
}
static int poll_all(struct pollfd *all, unsigned count, int timeout) {
    return fail_as_apple(poll(all, count, timeout));
}

struct apple_stat {
    int32_t device;
    uint16_t mode, links;
    uint64_t inode;
    uint32_t user, group;
    int32_t special_device;
    struct timespec accessed, modified, changed, born;
    int64_t size, blocks;
    int32_t block_size;
    uint32_t flags, generation;
    int32_t spare;
    int64_t spares[2];
};
_Static_assert(sizeof(struct apple_stat) == 144, "struct stat with 64-bit inodes");

static int converted(int result, const struct stat *from, struct apple_stat *to) {
    if (result != 0)
        return fail_as_apple(-1);
    *to = (struct apple_stat){.device = from->st_dev,
                              .mode = from->st_mode,
                              .links = from->st_nlink,
                              .inode = from->st_ino,
                              .user = from->st_uid,
                              .group = from->st_gid,
                              .special_device = from->st_rdev,
                              .accessed = from->st_atim,
                              .modified = from->st_mtim,
                              .changed = from->st_ctim,
                              .size = from->st_size,
                              .blocks = from->st_blocks,
                              .block_size = from->st_blksize};
    return 0;
}
static int stat_path(const char *path, struct apple_stat *to) {
    struct stat from;
    return converted(stat(path, &from), &from, to);
}
static int stat_link(const char *path, struct apple_stat *to) {
    struct stat from;
    return converted(lstat(path, &from), &from, to);
}
static int stat_file(int fd, struct apple_stat *to) {
    struct stat from;
    return converted(fstat(fd, &from), &from, to);
}

struct apple_entry {
    uint64_t inode, offset;
    uint16_t record_bytes, name_bytes;
    uint8_t type;
    char name[1024];
};

static int fill_entry(DIR *folder, struct apple_entry *entry) {
    errno = 0;
    const struct dirent *found = readdir(folder);
    if (found == NULL)
        return 0;
    *entry = (struct apple_entry){.inode = found->d_ino,
                                  .record_bytes = sizeof *entry,
                                  .name_bytes = strlen(found->d_name),
                                  .type = found->d_type};
    snprintf(entry->name, sizeof entry->name, "%s", found->d_name);
    return 1;
}
static int next_entry_r(DIR *folder, struct apple_entry *entry, struct apple_entry **result) {
    *result = fill_entry(folder, entry) ? entry : NULL;
    return *result ? 0 : apple_errno(errno);
}
static struct apple_entry *next_entry(DIR *folder) {
    static __thread struct apple_entry entry;
    return fill_entry(folder, &entry) ? &entry : NULL;
}

/* ---- Time and chance ---- */

static int clock_time(int apple_clock, struct timespec *time) {
    enum { REALTIME = 0, PROCESS_CPUTIME = 12, THREAD_CPUTIME = 16 };
    clockid_t clock = apple_clock == REALTIME          ? CLOCK_REALTIME
                      : apple_clock == PROCESS_CPUTIME ? CLOCK_PROCESS_CPUTIME_ID
                      : apple_clock == THREAD_CPUTIME  ? CLOCK_THREAD_CPUTIME_ID
                                                       : CLOCK_MONOTONIC;
    return fail_as_apple(clock_gettime(clock, time));
}
static uint64_t absolute_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}
static int time_base(uint32_t *ratio) {
    ratio[0] = ratio[1] = 1;
    return 0;
}
static int random_bytes(void *bytes, size_t count) {
    return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -1;
}
static void zero_bytes(void *bytes, size_t count) { memset(bytes, 0, count); }

/* ---- Standard input and output: variables that point to files ---- */

static FILE *input, *output, *error_output;
__attribute__((constructor)) static void open_standard_files(void) {
    input = stdin, output = stdout, error_output = stderr;
}

#ifdef __aarch64__
/* The caller's variable arguments, on its stack, as a va_list whose registers are used up. */
static va_list as_list(void *stack) {
    struct {
        void *stack, *general_end, *vector_end;
        int general_offset, vector_offset;
    } fields = {stack, NULL, NULL, 0, 0};
    va_list list;
    _Static_assert(sizeof fields == sizeof list, "va_list of AAPCS64");
    memcpy(&list, &fields, sizeof list);
    return list;
}
/* Apple's va_list is that pointer. */
int print_to(FILE *file, const char *format, void *stack) {
    return vfprintf(file, format, as_list(stack));
}
int print(const char *format, void *stack) { return vfprintf(stdout, format, as_list(stack)); }
int print_in(char *text, size_t bytes, const char *format, void *stack) {
    return vsnprintf(text, bytes, format, as_list(stack));
}
extern void print_variadic(void), print_to_variadic(void), print_in_variadic(void);
__asm__(".globl print_variadic\nprint_variadic:\n mov x1, sp\n b print\n"
        ".globl print_to_variadic\nprint_to_variadic:\n mov x2, sp\n b print_to\n"
        ".globl print_in_variadic\nprint_in_variadic:\n mov x3, sp\n b print_in\n");
#endif

const struct import file_imports[] = {
    IMPORT("__error", error_place),
    IMPORT("strerror_r", describe_error),
    IMPORT("open", open_variadic),
    IMPORT("openat", openat_variadic),
    IMPORT("unlinkat", unlink_at),
    IMPORT("fcntl", fcntl_variadic),
    IMPORT("ioctl", ioctl_variadic),
    IMPORT("read", read_some),
    IMPORT("readv", read_vector),
    IMPORT("write", write_some),
    IMPORT("writev", write_vector),
    IMPORT("poll", poll_all),
    IMPORT("stat", stat_path),
    IMPORT("lstat", stat_link),
    IMPORT("fstat", stat_file),
    IMPORT("readdir_r", next_entry_r),
    IMPORT("readdir", next_entry),
    IMPORT("clock_gettime", clock_time),
    IMPORT("mach_absolute_time", absolute_time),
    IMPORT("mach_timebase_info", time_base),
    IMPORT("CCRandomGenerateBytes", random_bytes),
    IMPORT("getentropy", random_bytes),
    IMPORT("__bzero", zero_bytes),
    IMPORT("__stdinp", &input),
    IMPORT("__stdoutp", &output),
    IMPORT("__stderrp", &error_output),
#ifdef __aarch64__
    IMPORT("printf", print_variadic),
    IMPORT("fprintf", print_to_variadic),
    IMPORT("snprintf", print_in_variadic),
    IMPORT("vfprintf", print_to),
    IMPORT("vsnprintf", print_in),
#endif
    {NULL, NULL},
};
