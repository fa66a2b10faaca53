/* A program whose stacks are executable, as it passes a function that is nested in another one: the
   compiler writes code for that onto the stack that the function runs on. */
#include <dlfcn.h>
#include <stdio.h>

struct below {
    int (*f)(void *);
    void *arg;
};

static int apply(int (*f)(int)) { return f(2); }

static int __attribute__((noinline)) passes_a_nested_function(void *arg) {
    volatile int three = 3;
    int times(int n) { return n * three; }
    return apply(times) - 6 + (arg != NULL);
}

int main(int count, char **arguments) {
    void *library = dlopen(count > 1 ? arguments[1] : "", RTLD_NOW);
    if (library == NULL) {
        puts(dlerror());
        return 2;
    }
    struct below below = {passes_a_nested_function, NULL};
    int (*callback)(void *) = (int (*)(void *))dlsym(library, "plugin_always");
    return callback(&below);
}
