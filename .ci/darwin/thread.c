/* Threads, and what they wait with. */
#include "loader.h"
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- Threads and their stacks ----
 *
 * A thread's code runs on a stack of our own, as large as the program has asked for, with a guard
 * page below: the C library of Linux asks for more than macOS does, and keeps its own data at the
 * end. Only the thread's first frame is on a stack of the C library's. What happens at the end of a
 * thread happens on the program's stack, too, so destructors of keys and of thread-local variables
 * are called from here. */

enum { USUAL_STACK = 512 * 1024, LEAST_STACK = 16384 };

struct attributes {
    size_t stack_bytes;
    void *stack; /* the low end, when the program has given one */
    int is_detached;
};
_Static_assert(sizeof(struct attributes) <= 64, "pthread_attr_t");

struct destructor {
    void (*function)(void *);
    void *object;
    struct destructor *next;
};

struct thread {
    void *(*start)(void *);
    void *argument;
    char *high;
    size_t bytes;
    void *mapping; /* ours, to be unmapped at the end */
    size_t mapping_bytes;
    pthread_t id;
    void **pointer; /* the thread pointer */
    struct thread *next;
};

static struct thread main_thread, *threads = &main_thread;
static pthread_mutex_t threads_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t end_key;
static __thread struct thread *this_thread __attribute__((tls_model("initial-exec")));
static __thread struct destructor *destructors;

/* Calls f(argument) with SP at `top`. */
extern void *call_at(void *(*f)(void *), void *argument, void *top);
#ifdef __x86_64__
__asm__("call_at: pushq %rbp\n movq %rsp, %rbp\n movq %rdx, %rsp\n"
        " movq %rdi, %rax\n movq %rsi, %rdi\n call *%rax\n"
        " movq %rbp, %rsp\n popq %rbp\n retq\n");
#else
__asm__("call_at: stp x29, x30, [sp, #-16]!\n mov x29, sp\n mov sp, x2\n"
        " mov x9, x0\n mov x0, x1\n blr x9\n"
        " mov sp, x29\n ldp x29, x30, [sp], #16\n ret\n");
#endif

static int attr_init(struct attributes *attributes) {
    *attributes = (struct attributes){.stack_bytes = USUAL_STACK};
    return 0;
}
static int attr_destroy(struct attributes *attributes) { return 0; }
static int attr_setstacksize(struct attributes *attributes, size_t bytes) {
    if (bytes < LEAST_STACK || bytes % page_bytes() != 0)
        return EINVAL;
    attributes->stack_bytes = bytes;
    return 0;
}
static int attr_getstacksize(const struct attributes *attributes, size_t *bytes) {
    return *bytes = attributes->stack_bytes, 0;
}
static int attr_setstack(struct attributes *attributes, void *stack, size_t bytes) {
    if (bytes < LEAST_STACK || bytes % page_bytes() != 0 || (uintptr_t)stack % page_bytes() != 0)
        return EINVAL;
    attributes->stack = stack, attributes->stack_bytes = bytes;
    return 0;
}
static int attr_setdetachstate(struct attributes *attributes, int state) {
    enum { APPLE_DETACHED = 2 };
    attributes->is_detached = state == APPLE_DETACHED;
    return 0;
}

/* ---- Keys, whose destructors are called at a thread's end ---- */

enum { KEYS = 512, ROUNDS = 4 };

/* The value of a key is the word of that number behind the thread pointer. */
#ifdef __x86_64__
#include <asm/prctl.h>
/* gs is free on Linux. The words before those of programs are the system's, and the first of them
 * is the thread. */
enum { FIRST_KEY = 256 };
static __thread void *values[FIRST_KEY + KEYS] __attribute__((tls_model("initial-exec")));
static void **thread_pointer(void) { return values; }
static void set_thread_pointer(void) {
    values[0] = (void *)pthread_self();
    syscall(SYS_arch_prctl, ARCH_SET_GS, values);
}
#else
/* Apple's register (tpidrro_el0) cannot be written on Linux. Programs read Linux's own in its place
 * (loader.c), so the first key is where our values begin behind that. */
static __thread void *values[KEYS] __attribute__((tls_model("initial-exec")));
static void **thread_pointer(void) { return __builtin_thread_pointer(); }
#define FIRST_KEY ((unsigned long)((void **)values - thread_pointer()))
static void set_thread_pointer(void) {}
#endif

static void (*key_destructors[KEYS])(void *);
static char key_is_used[KEYS];

/* A key has eight bytes there. */
static int key_create(unsigned long *key, void (*destructor)(void *)) {
    for (unsigned long i = 0; i < KEYS; i++)
        if (!__atomic_exchange_n(&key_is_used[i], 1, __ATOMIC_ACQ_REL)) {
            key_destructors[i] = destructor;
            *key = FIRST_KEY + i;
            return 0;
        }
    return 35;
}
static int is_key(unsigned long key) {
    return key >= FIRST_KEY && key < FIRST_KEY + KEYS && key_is_used[key - FIRST_KEY];
}
/* No thread keeps its value. */
static int key_delete(unsigned long key) {
    if (!is_key(key))
        return EINVAL;
    pthread_mutex_lock(&threads_mutex);
    for (struct thread *thread = threads; thread != NULL; thread = thread->next)
        thread->pointer[key] = NULL;
    pthread_mutex_unlock(&threads_mutex);
    key_destructors[key - FIRST_KEY] = NULL;
    __atomic_store_n(&key_is_used[key - FIRST_KEY], 0, __ATOMIC_RELEASE);
    return 0;
}
static void *get_value(unsigned long key) { return thread_pointer()[key]; }
static int set_value(unsigned long key, const void *value) {
    if (!is_key(key))
        return EINVAL;
    thread_pointer()[key] = (void *)value;
    return 0;
}

extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
extern void *__dso_handle;

/* Destructors of thread-local variables: the last first. Those of the main thread are called by
 * exit. */
static void at_thread_end(void (*function)(void *), void *object) {
    if (this_thread == &main_thread) {
        __cxa_thread_atexit_impl(function, object, &__dso_handle);
        return;
    }
    struct destructor *destructor = malloc(sizeof *destructor);
    *destructor = (struct destructor){function, object, destructors};
    destructors = destructor;
}

static void destroy_variables(void) {
    while (destructors != NULL) {
        struct destructor *last = destructors;
        destructors = last->next;
        last->function(last->object);
        free(last);
    }
}

static void end_thread(void) {
    destroy_variables();
    for (int round = 0, any = 1; round < ROUNDS && any; round++) {
        any = 0;
        for (int i = 0; i < KEYS; i++) {
            void **place = &thread_pointer()[FIRST_KEY + i], *value = *place;
            if (value == NULL || key_destructors[i] == NULL)
                continue;
            *place = NULL;
            any = 1;
            key_destructors[i](value);
        }
    }
    destroy_variables();
}

/* ---- From the first frame of a thread to its last ---- */

static void *run(void *thread) {
    this_thread = thread;
    void *result = this_thread->start(this_thread->argument);
    end_thread();
    return result;
}

static void *begin(void *argument) {
    struct thread *thread = argument;
    thread->id = pthread_self();
    thread->pointer = thread_pointer();
    set_thread_pointer();
    pthread_setspecific(end_key, thread);
    pthread_mutex_lock(&threads_mutex);
    thread->next = threads;
    threads = thread;
    pthread_mutex_unlock(&threads_mutex);
    return call_at(run, thread, thread->high);
}

/* Back on the C library's stack, also after pthread_exit. */
static void forget(void *argument) {
    struct thread *thread = argument, **link;
    pthread_mutex_lock(&threads_mutex);
    for (link = &threads; *link != thread; link = &(*link)->next)
        ;
    *link = thread->next;
    pthread_mutex_unlock(&threads_mutex);
    if (thread->mapping != NULL)
        munmap(thread->mapping, thread->mapping_bytes);
    free(thread);
}

static int create(pthread_t *id, const struct attributes *wish, void *(*start)(void *),
                  void *argument) {
    struct attributes usual;
    pthread_attr_t attr;
    attr_init(&usual);
    if (wish == NULL)
        wish = &usual;
    struct thread *thread = calloc(1, sizeof *thread);
    *thread = (struct thread){.start = start, .argument = argument, .bytes = wish->stack_bytes};
    if (wish->stack != NULL)
        thread->high = (char *)wish->stack + wish->stack_bytes;
    else {
        /* One page more than the guard, so that the stack can begin at a page of macOS. */
        size_t page = page_bytes(), whole = wish->stack_bytes + 2 * page;
        thread->mapping = mmap(NULL, whole, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        if (thread->mapping == MAP_FAILED) {
            free(thread);
            return 35;
        }
        char *low = (char *)(((uintptr_t)thread->mapping + 2 * page - 1) & ~(page - 1));
        mprotect(thread->mapping, low - (char *)thread->mapping, PROT_NONE);
        thread->mapping_bytes = whole;
        thread->high = low + wish->stack_bytes;
    }
    pthread_attr_init(&attr);
    /* Room for our variables of the thread and for pthread_exit. */
    pthread_attr_setstacksize(&attr, sysconf(_SC_THREAD_STACK_MIN) + 64 * 1024);
    if (wish->is_detached)
        pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    int result = pthread_create(id, &attr, begin, thread);
    pthread_attr_destroy(&attr);
    if (result != 0) {
        if (thread->mapping != NULL)
            munmap(thread->mapping, thread->mapping_bytes);
        free(thread);
    }
    return apple_errno(result);
}

static void leave(void *result) {
    end_thread();
    pthread_exit(result);
}

static int is_main_thread(void) { return this_thread == &main_thread; }

/* What the program was started with. */
__attribute__((constructor)) static void look_at_main_thread(void) {
    struct rlimit limit;
    char line[512];
    unsigned long low, high;
    FILE *list = fopen("/proc/self/maps", "r");
    /* The C library tells a lower end: the page above its first frame. */
    while (list != NULL && fgets(line, sizeof line, list) != NULL)
        if (strstr(line, "[stack]") != NULL && sscanf(line, "%lx-%lx", &low, &high) == 2)
            main_thread.high = (char *)(high & ~(page_bytes() - 1));
    if (list != NULL)
        fclose(list);
    getrlimit(RLIMIT_STACK, &limit);
    main_thread.bytes =
        limit.rlim_cur == RLIM_INFINITY ? 8 << 20 : limit.rlim_cur & ~(page_bytes() - 1);
    main_thread.id = pthread_self();
    main_thread.pointer = thread_pointer();
    set_thread_pointer();
    this_thread = &main_thread;
    pthread_key_create(&end_key, forget);
}

static struct thread about(pthread_t id) {
    struct thread result = {0};
    if (this_thread != NULL && pthread_equal(id, pthread_self()))
        return *this_thread;
    pthread_mutex_lock(&threads_mutex);
    for (struct thread *thread = threads; thread != NULL; thread = thread->next)
        if (pthread_equal(thread->id, id))
            result = *thread;
    pthread_mutex_unlock(&threads_mutex);
    return result;
}
static void *stack_high(pthread_t id) { return about(id).high; }
static size_t stack_bytes(pthread_t id) { return about(id).bytes; }

static int set_name(const char *name) {
    char short_name[16];
    snprintf(short_name, sizeof short_name, "%s", name);
    return pthread_setname_np(pthread_self(), short_name);
}
static int thread_id(pthread_t thread, uint64_t *id) {
    *id = syscall(SYS_gettid);
    return 0;
}

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

/* ---- Mutexes and the like: those that are not ours yet begin with a signature, and become ours at
 * first use ---- */

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
static pthread_mutex_t *mutex_at(void *object) {
    return ours(object, MUTEX, sizeof(pthread_mutex_t));
}
static pthread_cond_t *cond_at(void *object) { return ours(object, COND, sizeof(pthread_cond_t)); }
static pthread_rwlock_t *rwlock_at(void *object) {
    return ours(object, RWLOCK, sizeof(pthread_rwlock_t));
}

static int mutexattr_settype(pthread_mutexattr_t *attr, int apple_type) {
    static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ERRORCHECK,
                                PTHREAD_MUTEX_RECURSIVE};
    return apple_type < 0 || apple_type > 2 ? EINVAL
                                            : pthread_mutexattr_settype(attr, types[apple_type]);
}
static int mutex_lock(void *mutex) { return apple_errno(pthread_mutex_lock(mutex_at(mutex))); }
static int mutex_trylock(void *mutex) {
    return apple_errno(pthread_mutex_trylock(mutex_at(mutex)));
}
static int mutex_unlock(void *mutex) { return apple_errno(pthread_mutex_unlock(mutex_at(mutex))); }
static int mutex_destroy(void *mutex) {
    return apple_errno(pthread_mutex_destroy(mutex_at(mutex)));
}
static int cond_wait(void *cond, void *mutex) {
    return apple_errno(pthread_cond_wait(cond_at(cond), mutex_at(mutex)));
}
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

/* Semaphores of Grand Central Dispatch, with which std parks threads. Times are those of the clock
 * in nanoseconds. */
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
    IMPORT("pthread_attr_destroy", attr_destroy),
    IMPORT("pthread_attr_setstacksize", attr_setstacksize),
    IMPORT("pthread_attr_getstacksize", attr_getstacksize),
    IMPORT("pthread_attr_setstack", attr_setstack),
    IMPORT("pthread_attr_setdetachstate", attr_setdetachstate),
    IMPORT("pthread_create", create),
    IMPORT("pthread_exit", leave),
    IMPORT("pthread_main_np", is_main_thread),
    IMPORT("pthread_get_stackaddr_np", stack_high),
    IMPORT("pthread_get_stacksize_np", stack_bytes),
    IMPORT("pthread_setname_np", set_name),
    IMPORT("pthread_threadid_np", thread_id),
    IMPORT("pthread_key_create", key_create),
    IMPORT("pthread_key_delete", key_delete),
    IMPORT("pthread_getspecific", get_value),
    IMPORT("pthread_setspecific", set_value),
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
