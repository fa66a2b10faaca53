/* Doubling and replacing the process, from inside of callbacks. */
#define _GNU_SOURCE
#include "callers.h"
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

/* Apple's headers would have posix_spawn instead of vfork, which programs call all the same. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

extern char **environ;

static int status_of(pid_t child) {
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

static char *const nothing[] = {"true", NULL};

/* The exit status of `true`, started by vfork and exec. */
int c_vfork_and_exec(void) {
    pid_t child = vfork();
    if (child == 0) {
        execvp(nothing[0], nothing);
        _exit(127);
    }
    return status_of(child);
}

/* The same by posix_spawn. */
int c_spawn(void) {
    pid_t child;
    if (posix_spawnp(&child, nothing[0], NULL, NULL, nothing, environ) != 0)
        return -1;
    return status_of(child);
}

/* Calls back in the child of a vfork, which shares memory and thread with the parent. What `f`
 * returned there. */
int c_call_in_vfork(callback f, void *arg) {
    static __thread volatile int result;
    result = -3002;
    pid_t child = vfork();
    if (child == 0) {
        result = f(arg);
        _exit(0);
    }
    return status_of(child) == 0 ? result : -1;
}
