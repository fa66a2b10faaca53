#include "library.h"

#ifdef WITHOUT_PTHREADS

enum unpack_status unpack_on_thread(const uint8_t *packed, size_t length, unpack_sink sink,
                                    void *user) {
    (void)packed, (void)length, (void)sink, (void)user;
    return UNPACK_UNSUPPORTED;
}

#else

#include <limits.h>
#include <pthread.h>
#include <unistd.h>

/* For the decoder's other locals and for what it calls. */
#define SPARE_BYTES (8 * 1024)

struct job {
    const uint8_t *packed;
    size_t length;
    unpack_sink sink;
    void *user;
    enum unpack_status status;
};

static enum unpack_status unpack(const struct job *job) {
    uint8_t window[UNPACK_WINDOW_BYTES];
    size_t filled = 0;
    for (size_t at = 0; at < job->length; at += 2) {
        if (at + 1 == job->length)
            return UNPACK_TRUNCATED;
        for (unsigned left = job->packed[at]; left > 0; left--) {
            window[filled++] = job->packed[at + 1];
            if (filled == sizeof window) {
                job->sink(window, filled, job->user);
                filled = 0;
            }
        }
    }
    if (filled > 0)
        job->sink(window, filled, job->user);
    return UNPACK_OK;
}

static void *thread_main(void *argument) {
    struct job *job = argument;
    job->status = unpack(job);
    return NULL;
}

static size_t stack_bytes(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = (size_t)PTHREAD_STACK_MIN + UNPACK_WINDOW_BYTES + SPARE_BYTES;
    return (bytes + page - 1) / page * page;
}

enum unpack_status unpack_on_thread(const uint8_t *packed, size_t length, unpack_sink sink,
                                    void *user) {
    struct job job = {packed, length, sink, user, UNPACK_OK};
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0)
        return UNPACK_NO_THREAD;
    int failed = pthread_attr_setstacksize(&attributes, stack_bytes()) != 0
              || pthread_create(&thread, &attributes, thread_main, &job) != 0;
    pthread_attr_destroy(&attributes);
    if (failed)
        return UNPACK_NO_THREAD;
    pthread_join(thread, NULL);
    return job.status;
}

#endif
