/* Other processes. */
#include "freebsd.h"
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static int converted(int status) {
    if (WIFSIGNALED(status))
        return bsd_signal(WTERMSIG(status)) | (WCOREDUMP(status) ? 0x80 : 0);
    return status;
}
pid_t WRAP(waitpid)(pid_t process, int *status, int options) {
    int reported;
    pid_t result = waitpid(process, &reported, options);
    if (result > 0 && status != NULL)
        *status = converted(reported);
    return fail(result);
}
pid_t WRAP(wait)(int *status) { return WRAP(waitpid)(-1, status, 0); }
int WRAP(execvp)(const char *program, char *const *arguments) {
    return fail(execvp(program, arguments));
}

/* What posix_spawn is told is behind a pointer there. */
int WRAP(posix_spawn_file_actions_init)(posix_spawn_file_actions_t **actions) {
    *actions = malloc(sizeof **actions);
    return posix_spawn_file_actions_init(*actions);
}
int WRAP(posix_spawn_file_actions_destroy)(posix_spawn_file_actions_t **actions) {
    int result = posix_spawn_file_actions_destroy(*actions);
    free(*actions);
    return result;
}
int WRAP(posix_spawn_file_actions_adddup2)(posix_spawn_file_actions_t **actions, int from,
                                           int to) {
    return posix_spawn_file_actions_adddup2(*actions, from, to);
}
int WRAP(posix_spawn_file_actions_addchdir_np)(posix_spawn_file_actions_t **actions,
                                               const char *path) {
    return posix_spawn_file_actions_addchdir_np(*actions, path);
}
int WRAP(posix_spawnattr_init)(posix_spawnattr_t **attributes) {
    *attributes = malloc(sizeof **attributes);
    return posix_spawnattr_init(*attributes);
}
int WRAP(posix_spawnattr_destroy)(posix_spawnattr_t **attributes) {
    int result = posix_spawnattr_destroy(*attributes);
    free(*attributes);
    return result;
}
int WRAP(posix_spawnattr_setflags)(posix_spawnattr_t **attributes, short flags) {
    enum { BSD_SETSIGDEF = 0x10, BSD_SETSIGMASK = 0x20 };
    int result = flags & POSIX_SPAWN_SETPGROUP;
    if (flags & BSD_SETSIGDEF)
        result |= POSIX_SPAWN_SETSIGDEF;
    if (flags & BSD_SETSIGMASK)
        result |= POSIX_SPAWN_SETSIGMASK;
    return posix_spawnattr_setflags(*attributes, result);
}
int WRAP(posix_spawnattr_setpgroup)(posix_spawnattr_t **attributes, pid_t group) {
    return posix_spawnattr_setpgroup(*attributes, group);
}
int WRAP(posix_spawnattr_setsigdefault)(posix_spawnattr_t **attributes,
                                        const struct bsd_mask *mask) {
    sigset_t set;
    linux_mask(mask, &set);
    return posix_spawnattr_setsigdefault(*attributes, &set);
}
int WRAP(posix_spawnattr_setsigmask)(posix_spawnattr_t **attributes, const struct bsd_mask *mask) {
    sigset_t set;
    linux_mask(mask, &set);
    return posix_spawnattr_setsigmask(*attributes, &set);
}
int WRAP(posix_spawnp)(pid_t *process, const char *program, posix_spawn_file_actions_t **actions,
                       posix_spawnattr_t **attributes, char *const *arguments,
                       char *const *environment) {
    return bsd_errno(posix_spawnp(process, program, actions ? *actions : NULL,
                                  attributes ? *attributes : NULL, arguments, environment));
}
int WRAP(posix_spawn)(pid_t *process, const char *program, posix_spawn_file_actions_t **actions,
                      posix_spawnattr_t **attributes, char *const *arguments,
                      char *const *environment) {
    return bsd_errno(posix_spawn(process, program, actions ? *actions : NULL,
                                 attributes ? *attributes : NULL, arguments, environment));
}
