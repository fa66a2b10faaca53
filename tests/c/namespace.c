/* A program that opens the library in a namespace of its own, where it has another C library: the
   values of the program's thread-specific keys must stay. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

enum { KEYS = 8 };
static pthread_key_t keys[KEYS];
static int values[KEYS];

static void *call(void *f) {
    for (int i = 0; i < KEYS; i++)
        pthread_setspecific(keys[i], &values[i]);
    int wrong = ((int (*)(void *))f)(NULL);
    for (int i = 0; i < KEYS; i++)
        wrong += pthread_getspecific(keys[i]) != &values[i];
    return wrong == 0 ? f : NULL;
}

int main(int count, char **arguments) {
    for (int i = 0; i < KEYS; i++)
        pthread_key_create(&keys[i], NULL);
    void *library = dlmopen(LM_ID_NEWLM, count > 1 ? arguments[1] : "", RTLD_NOW), *result = NULL;
    pthread_t thread;
    if (library == NULL) {
        puts(dlerror());
        return 2;
    }
    pthread_create(&thread, NULL, call, dlsym(library, "plugin_always"));
    pthread_join(thread, &result);
    return result == NULL;
}
