/* A library that calls back from threads of its own, of 64 KiB, as device and audio libraries
 * do. */
#include <pthread.h>

enum { THREAD_BYTES = 64 * 1024 };

struct call {
    int count;
    int (*each)(int index, void *user);
    void *user;
};

static void *run(void *argument) {
    struct call *call = argument;
    for (int i = 0; i < call->count; i++)
        if (call->each(i, call->user) != 0) break;
    return 0;
}

/* Calls `each` with 0 .. count - 1 on a thread of its own, until one of the calls does not return
 * 0. Returns 0, or -1 when there is no thread. */
int library_each(int count, int (*each)(int index, void *user), void *user) {
    struct call call = {count, each, user};
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0) return -1;
    int error = pthread_attr_setstacksize(&attributes, THREAD_BYTES);
    if (error == 0) error = pthread_create(&thread, &attributes, run, &call);
    pthread_attr_destroy(&attributes);
    if (error != 0) return -1;
    return pthread_join(thread, 0) == 0 ? 0 : -1;
}
