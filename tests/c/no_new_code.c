/* A program whose stacks are executable, though it has forbidden itself to make more memory so. */
#include <dlfcn.h>
#include <stdio.h>
#include <sys/prctl.h>

/* PR_SET_MDWE and PR_MDWE_REFUSE_EXEC_GAIN of Linux 6.3, which headers may lack. */
enum { SET_MDWE = 65, REFUSE_EXEC_GAIN = 1 };

struct below {
    int (*f)(void *);
    void *arg;
};

static int nothing(void *arg) { return arg != NULL; }

int main(int count, char **arguments) {
    void *library = dlopen(count > 1 ? arguments[1] : "", RTLD_NOW);
    if (library == NULL) {
        puts(dlerror());
        return 2;
    }
    if (prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) != 0)
        puts("skipped: the kernel has no such prohibition");
    struct below below = {nothing, NULL};
    int (*callback)(void *) = (int (*)(void *))dlsym(library, "plugin_always");
    return callback(&below);
}
