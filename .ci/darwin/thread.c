/* Threads, and what they wait with. */
#include "loader.h"
#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- Threads and their stacks ---- */

enum { USUAL_STACK = 512 * 1024 };

static int attr_init(pthread_attr_t *attr) {
    int result = pthread_attr_init(attr);
    return result ? result : pthread_attr_setstacksize(attr, USUAL_STACK);
}

static int create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *argument) {
    pthread_attr_t usual;
    if (attr == NULL)
        attr_init(&usual);
    return apple_errno(pthread_create(thread, attr ? attr : &usual, start, argument));
}

static int attr_setstacksize(pthread_attr_t *attr, size_t bytes) {
    return bytes % page_bytes() || bytes < 16384 ? EINVAL : pthread_attr_setstacksize(attr, bytes);
}

/* High end and size. Those of the main thread are what the program was started with. */
static pthread_t main_thread;
static void *main_high;
static size_t main_bytes;

static int is_main_thread(void) { return pthread_equal(pthread_self(), main_thread); }

static void stack_of(pthread_t thread, void **high, size_t *bytes) {
    pthread_attr_t attr;
    void *low = NULL;
    if (main_high != NULL && pthread_equal(thread, main_thread)) {
        *high = main_high, *bytes = main_bytes;
        return;
    }
    *bytes = 0;
    if (pthread_getattr_np(thread, &attr) == 0) {
        pthread_attr_getstack(&attr, &low, bytes);
        pthread_attr_destroy(&attr);
    }
    *high = (char *)low + *bytes;
}

__attribute__((constructor)) static void look_at_main_thread(void) {
    struct rlimit limit;
    char line[512];
    unsigned long low, high;
    FILE *list = fopen("/proc/self/maps", "r");
    /* The C library tells a lower end: the page above its first frame. */
    while (list != NULL && fgets(line, sizeof line, list) != NULL)
        if (strstr(line, "[stack]") != NULL && sscanf(line, "%lx-%lx", &low, &high) == 2)
            main_high = (void *)(high & ~(page_bytes() - 1));
    if (list != NULL)
        fclose(list);
    getrlimit(RLIMIT_STACK, &limit);
    main_bytes = limit.rlim_cur == RLIM_INFINITY ? 8 << 20 : limit.rlim_cur & ~(page_bytes() - 1);
    main_thread = pthread_self();
}

static void *stack_high(pthread_t thread) {
    void *high;
    size_t bytes;
    stack_of(thread, &high, &bytes);
    return high;
}
static size_t stack_bytes(pthread_t thread) {
    void *high;
    size_t bytes;
    stack_of(thread, &high, &bytes);
    return bytes;
}

static int set_name(const char *name) {
    char short_name[16];
    snprintf(short_name, sizeof short_name, "%s", name);
    return pthread_setname_np(pthread_self(), short_name);
}
static int thread_id(pthread_t thread, uint64_t *id) {
    *id = syscall(SYS_gettid);
    return 0;
}

/* A key has eight bytes there. */
static int key_create(unsigned long *key, void (*destructor)(void *)) {
    pthread_key_t made;
    int result = pthread_key_create(&made, destructor);
    *key = made;
    return apple_errno(result);
}

/* Destructors of thread-local variables. */
extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
extern void *__dso_handle;
static void at_thread_end(void (*destructor)(void *), void *object) { __cxa_thread_atexit_impl(destructor, object, &__dso_handle); }

/* Calls f once; another thread waits meanwhile. A word of eight bytes and the state. */
static int once(long *state, void (*f)(void)) {
    enum { FRESH = 0x30B1BCBA };
    static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    pthread_mutex_lock(&mutex);
    if (*state == FRESH) {
        *state = 0;
        f();
    }
    pthread_mutex_unlock(&mutex);
    return 0;
}

/* ---- Mutexes and the like: those that are not ours yet begin with a signature, and become ours at first use ---- */

enum { MUTEX = 0x32AAABA7, COND = 0x3CB0B1BB, RWLOCK = 0x2DA8B3B4 };

static void *ours(void *object, long signature, size_t bytes) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    if (__atomic_load_n((long *)object, __ATOMIC_ACQUIRE) == signature) {
        pthread_mutex_lock(&mutex);
        if (*(long *)object == signature)
            memset(object, 0, bytes);
        pthread_mutex_unlock(&mutex);
    }
    return object;
}
static pthread_mutex_t *mutex_at(void *object) { return ours(object, MUTEX, sizeof(pthread_mutex_t)); }
static pthread_cond_t *cond_at(void *object) { return ours(object, COND, sizeof(pthread_cond_t)); }
static pthread_rwlock_t *rwlock_at(void *object) { return ours(object, RWLOCK, sizeof(pthread_rwlock_t)); }

static int mutexattr_settype(pthread_mutexattr_t *attr, int apple_type) {
    static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_RECURSIVE};
    return apple_type < 0 || apple_type > 2 ? EINVAL : pthread_mutexattr_settype(attr, types[apple_type]);
}
static int mutex_lock(void *mutex) { return apple_errno(pthread_mutex_lock(mutex_at(mutex))); }
static int mutex_trylock(void *mutex) { return apple_errno(pthread_mutex_trylock(mutex_at(mutex))); }
static int mutex_unlock(void *mutex) { return apple_errno(pthread_mutex_unlock(mutex_at(mutex))); }
static int mutex_destroy(void *mutex) { return apple_errno(pthread_mutex_destroy(mutex_at(mutex))); }
static int cond_wait(void *cond, void *mutex) { return apple_errno(pthread_cond_wait(cond_at(cond), mutex_at(mutex))); }
static int cond_signal(void *cond) { return pthread_cond_signal(cond_at(cond)); }
static int cond_broadcast(void *cond) { return pthread_cond_broadcast(cond_at(cond)); }
static int cond_destroy(void *cond) { return pthread_cond_destroy(cond_at(cond)); }
static int cond_timedwait(void *cond, void *mutex, const struct timespec *until) {
    return apple_errno(pthread_cond_timedwait(cond_at(cond), mutex_at(mutex), until));
}
static struct timespec from_now(int64_t nanoseconds) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    nanoseconds += time.tv_nsec;
    return (struct timespec){time.tv_sec + nanoseconds / 1000000000, nanoseconds % 1000000000};
}
static int cond_timedwait_relative(void *cond, void *mutex, const struct timespec *wait) {
    struct timespec until = from_now(wait->tv_sec * INT64_C(1000000000) + wait->tv_nsec);
    return cond_timedwait(cond, mutex, &until);
}
static int rwlock_rdlock(void *lock) { return apple_errno(pthread_rwlock_rdlock(rwlock_at(lock))); }
static int rwlock_wrlock(void *lock) { return apple_errno(pthread_rwlock_wrlock(rwlock_at(lock))); }
static int rwlock_unlock(void *lock) { return apple_errno(pthread_rwlock_unlock(rwlock_at(lock))); }

/* Semaphores of Grand Central Dispatch, with which std parks threads. Times are those of the clock in nanoseconds. */
static void *semaphore_create(long value) {
    sem_t *semaphore = malloc(sizeof *semaphore);
    sem_init(semaphore, 0, value);
    return semaphore;
}
static uint64_t dispatch_time(uint64_t when, int64_t nanoseconds) {
    struct timespec until = from_now(nanoseconds);
    return until.tv_sec * UINT64_C(1000000000) + until.tv_nsec;
}
static long semaphore_wait(sem_t *semaphore, uint64_t until) {
    struct timespec time = {until / 1000000000, until % 1000000000};
    int result;
    do
        result = until == UINT64_MAX ? sem_wait(semaphore) : sem_timedwait(semaphore, &time);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : 49;
}
static long semaphore_signal(sem_t *semaphore) { return sem_post(semaphore); }
static void release(void *object) { free(object); }

const struct import thread_imports[] = {
    IMPORT("pthread_attr_init", attr_init),
    IMPORT("pthread_attr_setstacksize", attr_setstacksize),
    IMPORT("pthread_create", create),
    IMPORT("pthread_main_np", is_main_thread),
    IMPORT("pthread_get_stackaddr_np", stack_high),
    IMPORT("pthread_get_stacksize_np", stack_bytes),
    IMPORT("pthread_setname_np", set_name),
    IMPORT("pthread_threadid_np", thread_id),
    IMPORT("pthread_key_create", key_create),
    IMPORT("_tlv_atexit", at_thread_end),
    IMPORT("pthread_once", once),
    IMPORT("pthread_mutexattr_settype", mutexattr_settype),
    IMPORT("pthread_mutex_lock", mutex_lock),
    IMPORT("pthread_mutex_trylock", mutex_trylock),
    IMPORT("pthread_mutex_unlock", mutex_unlock),
    IMPORT("pthread_mutex_destroy", mutex_destroy),
    IMPORT("pthread_cond_wait", cond_wait),
    IMPORT("pthread_cond_timedwait", cond_timedwait),
    IMPORT("pthread_cond_timedwait_relative_np", cond_timedwait_relative),
    IMPORT("pthread_cond_signal", cond_signal),
    IMPORT("pthread_cond_broadcast", cond_broadcast),
    IMPORT("pthread_cond_destroy", cond_destroy),
    IMPORT("pthread_rwlock_rdlock", rwlock_rdlock),
    IMPORT("pthread_rwlock_wrlock", rwlock_wrlock),
    IMPORT("pthread_rwlock_unlock", rwlock_unlock),
    IMPORT("dispatch_semaphore_create", semaphore_create),
    IMPORT("dispatch_semaphore_wait", semaphore_wait),
    IMPORT("dispatch_semaphore_signal", semaphore_signal),
    IMPORT("dispatch_time", dispatch_time),
    IMPORT("dispatch_release", release),
    {NULL, NULL},
};
