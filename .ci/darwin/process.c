/* Other processes. A program for macOS that this one starts is started through the loader, where
 * the machine can run the loader by itself. */
#include "loader.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static int wait_status(int status) {
    if (WIFSIGNALED(status))
        return apple_signal(WTERMSIG(status)) | (WCOREDUMP(status) ? 0x80 : 0);
    return status;
}
static pid_t wait_process(pid_t process, int *status, int options) {
    int reported;
    pid_t result = waitpid(process, &reported, options);
    if (result > 0 && status != NULL)
        *status = wait_status(reported);
    return fail_as_apple(result);
}
static pid_t wait_any(int *status) { return wait_process(-1, status, 0); }

/* The loader with the program as its first argument, or what was asked for. To be freed. */
static char **command_of(const char *program, char *const *arguments, const char **path) {
    static char loader[4096];
    uint32_t magic = 0;
    int fd = open(program, O_RDONLY | O_CLOEXEC), count = 0;
    ssize_t got = fd < 0 ? 0 : read(fd, &magic, sizeof magic);
    ssize_t length = readlink("/proc/self/exe", loader, sizeof loader - 1);
    if (fd >= 0)
        close(fd);
    while (arguments[count] != NULL)
        count++;
    char **result = calloc(count + 3, sizeof *result), **at = result;
    int is_for_us = got == sizeof magic && magic == 0xfeedfacf && length > 0;
    *path = is_for_us ? loader : program;
    if (is_for_us)
        *at++ = loader;
    for (int i = 0; i < count; i++)
        *at++ = is_for_us && i == 0 ? (char *)program : arguments[i];
    return result;
}

/* What posix_spawn is told is behind a pointer there. */
static int actions_init(posix_spawn_file_actions_t **actions) {
    *actions = malloc(sizeof **actions);
    return posix_spawn_file_actions_init(*actions);
}
static int actions_destroy(posix_spawn_file_actions_t **actions) {
    int result = posix_spawn_file_actions_destroy(*actions);
    free(*actions);
    return result;
}
static int actions_dup2(posix_spawn_file_actions_t **actions, int from, int to) {
    return posix_spawn_file_actions_adddup2(*actions, from, to);
}
static int actions_chdir(posix_spawn_file_actions_t **actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(*actions, path);
}
static int attributes_init(posix_spawnattr_t **attributes) {
    *attributes = malloc(sizeof **attributes);
    return posix_spawnattr_init(*attributes);
}
static int attributes_destroy(posix_spawnattr_t **attributes) {
    int result = posix_spawnattr_destroy(*attributes);
    free(*attributes);
    return result;
}
/* SETPGROUP, SETSIGDEF and SETSIGMASK have the same numbers. */
static int attributes_flags(posix_spawnattr_t **attributes, short flags) {
    return posix_spawnattr_setflags(*attributes, flags & 0xf);
}
static int attributes_group(posix_spawnattr_t **attributes, pid_t group) {
    return posix_spawnattr_setpgroup(*attributes, group);
}
static int attributes_default(posix_spawnattr_t **attributes, const uint32_t *mask) {
    sigset_t set;
    linux_mask(*mask, &set);
    return posix_spawnattr_setsigdefault(*attributes, &set);
}
static int attributes_mask(posix_spawnattr_t **attributes, const uint32_t *mask) {
    sigset_t set;
    linux_mask(*mask, &set);
    return posix_spawnattr_setsigmask(*attributes, &set);
}
static int spawn(pid_t *process, const char *program, posix_spawn_file_actions_t **actions,
                 posix_spawnattr_t **attributes, char *const *arguments, char *const *environment) {
    const char *path;
    char **command = command_of(program, arguments, &path);
    int result = posix_spawnp(process, path, actions ? *actions : NULL,
                              attributes ? *attributes : NULL, command, environment);
    free(command);
    return apple_errno(result);
}
static int replace(const char *program, char *const *arguments) {
    const char *path;
    char **command = command_of(program, arguments, &path);
    execvp(path, command);
    int error = errno;
    free(command);
    errno = apple_errno(error);
    return -1;
}

const struct import process_imports[] = {
    IMPORT("waitpid", wait_process),
    IMPORT("wait", wait_any),
    IMPORT("execvp", replace),
    IMPORT("posix_spawn", spawn),
    IMPORT("posix_spawnp", spawn),
    IMPORT("posix_spawn_file_actions_init", actions_init),
    IMPORT("posix_spawn_file_actions_destroy", actions_destroy),
    IMPORT("posix_spawn_file_actions_adddup2", actions_dup2),
    IMPORT("posix_spawn_file_actions_addchdir_np", actions_chdir),
    IMPORT("posix_spawnattr_init", attributes_init),
    IMPORT("posix_spawnattr_destroy", attributes_destroy),
    IMPORT("posix_spawnattr_setflags", attributes_flags),
    IMPORT("posix_spawnattr_setpgroup", attributes_group),
    IMPORT("posix_spawnattr_setsigdefault", attributes_default),
    IMPORT("posix_spawnattr_setsigmask", attributes_mask),
    {NULL, NULL},
};
