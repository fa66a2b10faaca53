/* A program at a fixed address, which takes the address of dlclose: that is then one of its own. It
   closes a library while a thread that called back lives. */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t has_called, is_closed;

static void *call_and_wait(void *f) {
    int result = ((int (*)(void *))f)(NULL);
    sem_post(&has_called);
    sem_wait(&is_closed);
    return result == 0 ? f : NULL;
}

int main(int count, char **arguments) {
    int (*volatile closes)(void *) = dlclose;
    void *library = dlopen(count > 1 ? arguments[1] : "", RTLD_NOW), *result = NULL;
    pthread_t thread;
    if (library == NULL) {
        puts(dlerror());
        return 2;
    }
    sem_init(&has_called, 0, 0);
    sem_init(&is_closed, 0, 0);
    pthread_create(&thread, NULL, call_and_wait, dlsym(library, "plugin_always"));
    sem_wait(&has_called);
    closes(library);
    sem_post(&is_closed);
    pthread_join(thread, &result);
    return result == NULL;
}
